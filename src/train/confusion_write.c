/* Confusion matrices as tables of text.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: all that is written is ASCII, and columns stand below each other. */
#include "train/confusion.h"

#include <string.h>

#include "core/text.h"

#define NAME_BYTES 24
#define LINE_BYTES 160
#define COLUMN 9

/* A class's name, or its number, as it stands in tables. */
typedef struct label {
    char text[NAME_BYTES + 1];
} label;

static label label_of(const char *const *names, int64_t i)
{
    label made = {{0}};
    wgi_text text = wgi_text_make(made.text, sizeof made.text);
    const char *name = names == NULL ? NULL : names[i];
    if (name == NULL) {
        wgi_text_add(&text, "%lld", (long long)i);
        return made;
    }
    for (size_t k = 0; k < NAME_BYTES && name[k] != 0; k++) {
        wgi_text_add(&text, "%c", name[k] >= 32 && name[k] <= 126 ? name[k] : '?');
    }
    return made;
}

/* The first column is as wide as its longest label, and as the titles that stand in it. */
static int label_width(const wg_confusion *c, const char *const *names, size_t least)
{
    size_t width = least;
    for (int64_t i = 0; i < c->n_classes; i++) {
        const label name = label_of(names, i);
        const size_t n = strlen(name.text);
        width = n > width ? n : width;
    }
    return (int)width;
}

static wg_status check(const wg_confusion *c, const wg_writer *writer)
{
    return c == NULL || writer == NULL || writer->write == NULL ? WG_ERR_ARGUMENT : WG_OK;
}

/* ---- report ------------------------------------------------------------------------------- */

static void add_real(wgi_text *text, double x)
{
    char number[32];
    wgi_text digits = wgi_text_make(number, sizeof number);
    wgi_text_add_fixed(&digits, x, 4);
    wgi_text_add(text, "  %*s", COLUMN, number);
}

static wg_status write_scores(const wg_writer *writer, int width, const char *name,
                              const wg_class_scores *s)
{
    char line[LINE_BYTES];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "%*s", width, name);
    add_real(&text, s->precision);
    add_real(&text, s->recall);
    add_real(&text, s->f1);
    wgi_text_add(&text, "  %*lld\n", COLUMN, (long long)s->support);
    return writer->write(writer->user, line, text.used);
}

/* The line of the accuracy, below the column of f1, as scikit-learn has it. */
static wg_status write_accuracy(const wg_writer *writer, int width, const wg_confusion *c)
{
    char line[LINE_BYTES];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "\n%*s%*s", width, "accuracy", 2 * (COLUMN + 2), "");
    add_real(&text, wg_confusion_accuracy(c));
    wgi_text_add(&text, "  %*lld\n", COLUMN, (long long)wg_confusion_total(c));
    return writer->write(writer->user, line, text.used);
}

static wg_status write_average(const wg_writer *writer, int width, const wg_confusion *c,
                               wg_average average)
{
    wg_class_scores s;
    wg_status status = wg_confusion_average(c, average, &s);
    return status != WG_OK
               ? status
               : write_scores(writer, width,
                              average == WG_AVERAGE_MACRO ? "macro avg" : "weighted avg", &s);
}

wg_status wg_confusion_write_report(const wg_confusion *c, const char *const *names,
                                    const wg_writer *writer)
{
    wg_status status = check(c, writer);
    if (status != WG_OK) {
        return status;
    }
    const int width = label_width(c, names, strlen("weighted avg"));
    status = wgi_write(writer, "%*s  %*s  %*s  %*s  %*s\n\n", width, "", COLUMN, "precision",
                       COLUMN, "recall", COLUMN, "f1", COLUMN, "support");
    for (int64_t i = 0; status == WG_OK && i < c->n_classes; i++) {
        wg_class_scores s;
        const label name = label_of(names, i);
        status = wg_confusion_class(c, i, &s);
        status = status == WG_OK ? write_scores(writer, width, name.text, &s) : status;
    }
    if (status == WG_OK) {
        status = write_accuracy(writer, width, c);
    }
    if (status == WG_OK) {
        status = write_average(writer, width, c, WG_AVERAGE_MACRO);
    }
    return status == WG_OK ? write_average(writer, width, c, WG_AVERAGE_WEIGHTED) : status;
}

/* ---- matrix ------------------------------------------------------------------------------- */

/* Wide enough for every count, and at most for a name. */
static int count_width(const wg_confusion *c, const char *const *names)
{
    int width = label_width(c, names, strlen("none"));
    for (size_t i = 0; i < c->n_counts; i++) {
        char digits[32];
        wgi_text text = wgi_text_make(digits, sizeof digits);
        wgi_text_add(&text, "%lld", (long long)c->counts[i]);
        width = (int)text.used > width ? (int)text.used : width;
    }
    return width;
}

static wg_status write_row(const wg_confusion *c, int64_t truth, int width, const wg_writer *writer)
{
    wg_status status = WG_OK;
    for (int64_t k = 0; status == WG_OK && k <= c->n_classes; k++) {
        const int64_t predicted = k < c->n_classes ? k : -1;
        status = wgi_write(writer, "  %*lld%s", width,
                           (long long)wg_confusion_count(c, truth, predicted),
                           predicted < 0 ? "\n" : "");
    }
    return status;
}

wg_status wg_confusion_write_matrix(const wg_confusion *c, const char *const *names,
                                    const wg_writer *writer)
{
    wg_status status = check(c, writer);
    if (status != WG_OK) {
        return status;
    }
    const char *corner = "true \\ predicted";
    const int first = label_width(c, names, strlen(corner));
    const int width = count_width(c, names);
    status = wgi_write(writer, "%*s", first, corner);
    for (int64_t k = 0; status == WG_OK && k < c->n_classes; k++) {
        status = wgi_write(writer, "  %*s", width, label_of(names, k).text);
    }
    status = status == WG_OK ? wgi_write(writer, "  %*s\n", width, "none") : status;
    for (int64_t i = 0; status == WG_OK && i < c->n_classes; i++) {
        status = wgi_write(writer, "%*s", first, label_of(names, i).text);
        status = status == WG_OK ? write_row(c, i, width, writer) : status;
    }
    return status;
}
