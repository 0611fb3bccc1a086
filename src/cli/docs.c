/* The docstrings of the public headers, taken apart.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cli/docs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const labels[WGC_N_SECTIONS] = {
    [WGC_GRADIENT] = "Gradient",
    [WGC_NUMERICS] = "Numerics",
    [WGC_ERRORS] = "Errors",
    [WGC_SOURCE] = "Source",
};

void wgc_docs_start(wgc_docs *docs)
{
    *docs = (wgc_docs){.families = NULL};
    docs->last_family = &docs->families;
    docs->last_doc = &docs->docs;
}

static void free_doc(wgc_doc *doc)
{
    wgc_text_free(&doc->function);
    wgc_text_free(&doc->signature);
    wgc_text_free(&doc->whole);
    for (int i = 0; i < WGC_N_SECTIONS; i++) {
        wgc_text_free(&doc->section[i]);
    }
    for (int i = 0; i < doc->n_parameters; i++) {
        wgc_text_free(&doc->parameters[i].names);
        wgc_text_free(&doc->parameters[i].text);
    }
    free(doc);
}

void wgc_docs_finish(wgc_docs *docs)
{
    for (wgc_doc *doc = docs->docs; doc != NULL;) {
        wgc_doc *next = doc->next;
        free_doc(doc);
        doc = next;
    }
    for (wgc_family *family = docs->families; family != NULL;) {
        wgc_family *next = family->next;
        wgc_text_free(&family->name);
        wgc_text_free(&family->title);
        free(family);
        family = next;
    }
    wgc_docs_start(docs);
}

const wgc_doc *wgc_docs_find(const wgc_docs *docs, const char *op)
{
    const wgc_doc *doc = docs->docs;
    while (doc != NULL && strcmp(wgc_text_string(&doc->function) + 3, op) != 0) {
        doc = doc->next;
    }
    return doc;
}

/* ---- sections ----------------------------------------------------------------------------- */

/* Adds words to a text, one blank between what was there and what comes. */
static void add_words(wgc_text *text, const char *words, size_t n)
{
    while (n > 0 && isspace((unsigned char)*words)) {
        words++;
        n--;
    }
    while (n > 0 && isspace((unsigned char)words[n - 1])) {
        n--;
    }
    if (n > 0 && text->used > 0) {
        wgc_text_puts(text, " ");
    }
    wgc_text_add(text, words, n);
}

/* The section whose label stands at `at`, with the place behind it. Errors may say when they
 * happen, "Errors when run:", which is then part of what is said: "when run: ...". */
static int label_at(const char *at, const char **behind)
{
    for (int i = WGC_GRADIENT; i < WGC_N_SECTIONS; i++) {
        const size_t n = strlen(labels[i]);
        if (strncmp(at, labels[i], n) != 0) {
            continue;
        }
        const size_t more = strcspn(at + n, ":.;");
        if (at[n] == ':') {
            *behind = at + n + 1;
            return i;
        }
        if (i == WGC_ERRORS && at[n] == ' ' && at[n + more] == ':' && more < 24) {
            *behind = at + n + 1;
            return i;
        }
    }
    return -1;
}

/* The next label in a paragraph, at its beginning or at that of a sentence; its end where there is
 * none. */
static const char *next_label(const char *paragraph, const char *from, int *section,
                              const char **behind)
{
    for (const char *at = from; *at != '\0'; at++) {
        const bool begins = at == paragraph ||
                            (at[-1] == ' ' && at - paragraph >= 2 && strchr(".;)", at[-2]) != NULL);
        *section = begins ? label_at(at, behind) : -1;
        if (*section >= 0) {
            return at;
        }
    }
    *section = -1;
    return from + strlen(from);
}

/* Where the first sentence ends: behind a point that a capital or nothing follows. */
static size_t first_sentence(const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] == '.' &&
            (text[i + 1] == '\0' || (text[i + 1] == ' ' && isupper((unsigned char)text[i + 2])))) {
            return i + 1;
        }
    }
    return strlen(text);
}

/* What has no label is the formula, if it is the first sentence of all, or the rule. */
static void add_plain(wgc_doc *doc, const char *text, size_t n)
{
    wgc_text copy = {0};
    add_words(&copy, text, n);
    const char *words = wgc_text_string(&copy);
    const size_t end = doc->section[WGC_FORMULA].used == 0 ? first_sentence(words) : 0;
    add_words(&doc->section[WGC_FORMULA], words, end);
    add_words(&doc->section[WGC_RULE], words + end, copy.used - end);
    doc->signature.has_failed = doc->signature.has_failed || copy.has_failed;
    wgc_text_free(&copy);
}

static void add_paragraph(wgc_doc *doc, const char *paragraph)
{
    int section;
    const char *behind = paragraph;
    const char *at = next_label(paragraph, paragraph, &section, &behind);
    add_plain(doc, paragraph, (size_t)(at - paragraph));
    while (section >= 0) {
        int following;
        const char *begin = behind;
        const char *from = behind > at ? behind : at + 1;
        at = next_label(paragraph, from, &following, &behind);
        add_words(&doc->section[section], begin, (size_t)(at - begin));
        section = following;
    }
}

/* ---- lines -------------------------------------------------------------------------------- */

static bool is_of_name(char c)
{
    return islower((unsigned char)c) || isdigit((unsigned char)c) || c == '_';
}

/* The length of the names of "name  text" or "a, b  text"; 0 where a line is of another form. */
static size_t parameter_names(const char *line, size_t n)
{
    size_t i = 0;
    while (i < n && (is_of_name(line[i]) || (i > 0 && line[i] == ',') ||
                     (i > 0 && line[i] == ' ' && line[i - 1] == ','))) {
        i++;
    }
    return i > 0 && i + 2 < n && line[i] == ' ' && line[i + 1] == ' ' ? i : 0;
}

/* What the lines of a docstring are gathered in: a paragraph, or the last parameter. */
typedef struct gathering {
    wgc_doc *doc;
    wgc_text paragraph;
    bool is_parameter;
} gathering;

static void end_paragraph(gathering *g)
{
    add_paragraph(g->doc, wgc_text_string(&g->paragraph));
    g->doc->signature.has_failed = g->doc->signature.has_failed || g->paragraph.has_failed;
    wgc_text_free(&g->paragraph);
    g->is_parameter = false;
}

static void gather_line(gathering *g, const char *line, size_t n)
{
    wgc_doc *doc = g->doc;
    const size_t names = parameter_names(line, n);
    if (n == 0) {
        end_paragraph(g);
    } else if (names > 0 && doc->n_parameters < WGC_MAX_PARAMETERS) {
        end_paragraph(g);
        wgc_parameter *parameter = &doc->parameters[doc->n_parameters++];
        wgc_text_add(&parameter->names, line, names);
        add_words(&parameter->text, line + names, n - names);
        g->is_parameter = true;
    } else if (g->is_parameter && n > 2 && line[0] == ' ' && line[1] == ' ') {
        add_words(&doc->parameters[doc->n_parameters - 1].text, line, n);
    } else {
        if (g->is_parameter) {
            end_paragraph(g);
        }
        add_words(&g->paragraph, line, n);
    }
}

/* The lines of a comment without their stars, in `whole`, and taken apart. */
static void take_lines(wgc_doc *doc, const char *comment, size_t n)
{
    gathering g = {.doc = doc};
    const char *end = comment + n;
    for (const char *at = comment; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end;
        const char *line = at + strspn(at, " ");
        line += line < stop && *line == '*' ? 1 : 0;
        line += line < stop && *line == ' ' ? 1 : 0;
        size_t length = line < stop ? (size_t)(stop - line) : 0;
        while (length > 0 && line[length - 1] == ' ') {
            length--;
        }
        if (doc->whole.used > 0 || length > 0) {
            wgc_text_add(&doc->whole, line, length);
            wgc_text_puts(&doc->whole, "\n");
        }
        gather_line(&g, line, length);
        at = stop + 1;
    }
    end_paragraph(&g);
    while (doc->whole.used > 0 && doc->whole.data[doc->whole.used - 1] == '\n') {
        doc->whole.data[--doc->whole.used] = '\0';
    }
}

/* ---- prototypes --------------------------------------------------------------------------- */

/* A prototype on one line, without the words of the header. */
static void take_signature(wgc_doc *doc, const char *prototype, size_t n)
{
    static const char *const words[] = {"WG_NODISCARD ", "WG_API "};
    for (size_t i = 0; i < 2; i++) {
        const size_t length = strlen(words[i]);
        if (n > length && strncmp(prototype, words[i], length) == 0) {
            prototype += length;
            n -= length;
        }
    }
    for (size_t i = 0; i < n; i++) {
        const bool is_space = isspace((unsigned char)prototype[i]) != 0;
        if (!is_space) {
            wgc_text_add(&doc->signature, prototype + i, 1);
        } else if (i > 0 && !isspace((unsigned char)prototype[i - 1])) {
            wgc_text_puts(&doc->signature, " ");
        }
    }
}

/* The name before the bracket, if it is one of the library's. */
static bool take_function(wgc_doc *doc)
{
    const char *signature = wgc_text_string(&doc->signature);
    const char *end = strchr(signature, '(');
    const char *name = end;
    while (name != NULL && name > signature &&
           (isalnum((unsigned char)name[-1]) || name[-1] == '_')) {
        name--;
    }
    if (name == NULL || strncmp(name, "wg_", 3) != 0) {
        return false;
    }
    wgc_text_add(&doc->function, name, (size_t)(end - name));
    return true;
}

static bool has_failed(const wgc_doc *doc)
{
    bool failed = doc->function.has_failed || doc->signature.has_failed || doc->whole.has_failed;
    for (int i = 0; i < WGC_N_SECTIONS; i++) {
        failed = failed || doc->section[i].has_failed;
    }
    for (int i = 0; i < doc->n_parameters; i++) {
        failed =
            failed || doc->parameters[i].names.has_failed || doc->parameters[i].text.has_failed;
    }
    return failed;
}

static bool add_doc(wgc_docs *docs, const wgc_family *family, const char *comment, size_t n_comment,
                    const char *prototype, size_t n_prototype)
{
    wgc_doc *doc = calloc(1, sizeof *doc);
    if (doc == NULL) {
        return false;
    }
    doc->family = family;
    take_signature(doc, prototype, n_prototype);
    if (!take_function(doc)) {
        free_doc(doc);
        return true;
    }
    take_lines(doc, comment, n_comment);
    *docs->last_doc = doc;
    docs->last_doc = &doc->next;
    return !has_failed(doc);
}

/* Adds the prototypes that follow a comment without an empty line. */
static bool take_prototypes(wgc_docs *docs, const wgc_family *family, const char *comment,
                            size_t n_comment, const char *at)
{
    bool is_good = true;
    while (is_good && at[0] == '\n' && strncmp(at + 1, "WG_", 3) == 0) {
        const char *end = strchr(at, ';');
        if (end == NULL) {
            break;
        }
        is_good = add_doc(docs, family, comment, n_comment, at + 1, (size_t)(end - at) - 1);
        at = end + 1;
    }
    return is_good;
}

/* ---- headers ------------------------------------------------------------------------------ */

/* "activation" of ".../ops_activation.h", "graph" of ".../graph.h". */
static void take_family_name(wgc_family *family, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    name += strncmp(name, "ops_", 4) == 0 ? 4 : 0;
    wgc_text_add(&family->name, name, strcspn(name, "."));
}

static wgc_family *add_family(wgc_docs *docs, const char *path, const char *text)
{
    wgc_family *family = calloc(1, sizeof *family);
    if (family == NULL) {
        return NULL;
    }
    *docs->last_family = family;
    docs->last_family = &family->next;
    take_family_name(family, path);
    const char *title = text + strspn(text, "/* ");
    wgc_text_add(&family->title, title, strcspn(title, ".\n"));
    return family;
}

static bool read_file(const char *path, wgc_text *out)
{
    char piece[4096];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) {
        wgc_text_add(out, piece, n);
    }
    const bool is_good = ferror(file) == 0;
    return fclose(file) == 0 && is_good && !out->has_failed;
}

static bool take_header(wgc_docs *docs, const char *path, const char *text)
{
    const wgc_family *family = add_family(docs, path, text);
    bool is_good = family != NULL;
    const char *at = text;
    while (is_good && (at = strstr(at, "/**")) != NULL) {
        const char *comment = at + 3;
        const char *end = strstr(comment, "*/");
        if (end == NULL) {
            break;
        }
        if (*comment != '<') {
            is_good = take_prototypes(docs, family, comment, (size_t)(end - comment), end + 2);
        }
        at = end + 2;
    }
    return is_good;
}

bool wgc_docs_read(wgc_docs *docs, const char *path)
{
    wgc_text text = {0};
    const bool is_good = read_file(path, &text) && take_header(docs, path, wgc_text_string(&text));
    wgc_text_free(&text);
    return is_good;
}
