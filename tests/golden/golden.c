/* Reads files of golden cases.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing is written past an array of a case; the first thing wrong with the text stays
 * in file->error and ends the reading. */
#include "golden/golden.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINE_BYTES = 8192
};

/* What is left of a line. */
typedef struct words {
    golden_file *file;
    char *rest;
} words;

static bool fail(golden_file *file, const char *error)
{
    if (file->error == NULL) {
        file->error = error;
    }
    return false;
}

/* The next word, or NULL at the end of the line. */
static const char *next_word(words *w)
{
    char *word = w->rest + strspn(w->rest, " \n");
    size_t length = strcspn(word, " \n");
    if (length == 0) {
        return NULL;
    }
    w->rest = word + length;
    if (*w->rest != '\0') {
        *w->rest++ = '\0';
    }
    return word;
}

static bool take_text(words *w, char *out, size_t bytes)
{
    const char *word = next_word(w);
    if (word == NULL || strlen(word) >= bytes) {
        return fail(w->file, "a name is missing or too long");
    }
    memcpy(out, word, strlen(word) + 1);
    return true;
}

static bool take_int(words *w, int64_t *out)
{
    const char *word = next_word(w);
    char *end = NULL;
    *out = word != NULL ? strtoll(word, &end, 10) : 0;
    return (word != NULL && *end == '\0') || fail(w->file, "an integer is missing");
}

static bool take_real(words *w, double *out)
{
    const char *word = next_word(w);
    char *end = NULL;
    *out = word != NULL ? strtod(word, &end) : 0.0;
    return (word != NULL && *end == '\0') || fail(w->file, "a number is missing");
}

static bool take_end(words *w)
{
    return next_word(w) == NULL || fail(w->file, "there is more in the line than belongs there");
}

static bool take_values(words *w, double *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!take_real(w, &out[i])) {
            return false;
        }
    }
    return take_end(w);
}

static bool take_kind(words *w, wg_dtype *out)
{
    static const struct {
        const char *name;
        wg_dtype dtype;
    } kinds[] = {{"real", WG_F64}, {"i64", WG_I64}, {"bool", WG_BOOL}, {"u8", WG_U8}};
    const char *word = next_word(w);
    for (size_t i = 0; word != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(word, kinds[i].name) == 0) {
            *out = kinds[i].dtype;
            return true;
        }
    }
    return fail(w->file, "a kind is none");
}

static bool take_dims(words *w, golden_tensor *out)
{
    int64_t rank = 0;
    if (!take_int(w, &rank) || rank < 0 || rank > WG_MAX_RANK) {
        return fail(w->file, "a rank is none");
    }
    out->rank = (int32_t)rank;
    out->count = 1;
    for (int64_t i = 0; i < rank; i++) {
        if (!take_int(w, &out->dims[i]) || out->dims[i] < 0 || out->dims[i] > GOLDEN_VALUES) {
            return fail(w->file, "a size is none");
        }
        out->count *= out->dims[i];
        if (out->count > GOLDEN_VALUES) {
            return fail(w->file, "a tensor is too large");
        }
    }
    return true;
}

static bool take_tensor(words *w, golden_tensor *out, int32_t *n, int32_t most)
{
    if (*n >= most) {
        return fail(w->file, "a case has too many tensors");
    }
    golden_tensor *t = &out[(*n)++];
    return take_kind(w, &t->dtype) && take_dims(w, t) && take_values(w, t->values, t->count);
}

/* ---- lines of a case ---------------------------------------------------------------------- */

static bool take_list(words *w, golden_attribute *out)
{
    for (out->length = 0; w->rest[strspn(w->rest, " \n")] != '\0'; out->length++) {
        if (out->length == GOLDEN_LIST || !take_int(w, &out->list[out->length])) {
            return fail(w->file, "a list is too long");
        }
    }
    return true;
}

static bool take_value(words *w, const char *kind, golden_attribute *out)
{
    if (strcmp(kind, "list") == 0) {
        out->kind = WG_ATTRIBUTE_LIST;
        return take_list(w, out);
    }
    if (strcmp(kind, "real") == 0) {
        out->kind = WG_ATTRIBUTE_REAL;
        return take_real(w, &out->real) && take_end(w);
    }
    if (strcmp(kind, "text") == 0) {
        out->kind = WG_ATTRIBUTE_TEXT;
        return take_text(w, out->text, sizeof out->text) && take_end(w);
    }
    out->kind = WG_ATTRIBUTE_INTEGER;
    out->is_dtype = strcmp(kind, "dtype") == 0;
    return out->is_dtype ? take_end(w) : take_int(w, &out->integer) && take_end(w);
}

static bool read_attribute(words *w, golden *c)
{
    char kind[8];
    if (c->n_attributes == GOLDEN_ATTRIBUTES) {
        return fail(w->file, "there are too many attributes");
    }
    golden_attribute *out = &c->attributes[c->n_attributes++];
    return take_text(w, out->name, sizeof out->name) && take_text(w, kind, sizeof kind) &&
           take_value(w, kind, out);
}

static bool read_in(words *w, golden *c)
{
    return take_tensor(w, c->in, &c->n_in, GOLDEN_INPUTS);
}

static bool read_out(words *w, golden *c)
{
    return take_tensor(w, c->out, &c->n_out, GOLDEN_OUTPUTS);
}

static bool read_up(words *w, golden *c)
{
    int64_t k = 0;
    if (!take_int(w, &k) || k < 0 || k >= c->n_out) {
        return fail(w->file, "there is no such output");
    }
    c->has_up[k] = true;
    return take_values(w, c->up[k], c->out[k].count);
}

static bool read_gradient(words *w, golden *c)
{
    int64_t k = 0;
    if (!take_int(w, &k) || k < 0 || k >= c->n_in) {
        return fail(w->file, "there is no such operand");
    }
    c->has_gradient[k] = true;
    return take_values(w, c->gradient[k], c->in[k].count);
}

static bool read_line(words *w, golden *c)
{
    static const struct {
        const char *name;
        bool (*read)(words *w, golden *c);
    } readers[] = {{"attr", read_attribute},
                   {"in", read_in},
                   {"out", read_out},
                   {"up", read_up},
                   {"grad", read_gradient}};
    const char *word = next_word(w);
    for (size_t i = 0; word != NULL && i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (strcmp(word, readers[i].name) == 0) {
            return readers[i].read(w, c);
        }
    }
    return fail(w->file, "a line begins with no word of this format");
}

/* ---- files -------------------------------------------------------------------------------- */

static bool next_line(golden_file *file, char *buffer)
{
    do {
        if (fgets(buffer, LINE_BYTES, file->stream) == NULL) {
            return false;
        }
        file->line++;
    } while (buffer[0] == '#');
    return strchr(buffer, '\n') != NULL || fail(file, "a line is too long");
}

static bool read_key(words *w, golden_key *key)
{
    int64_t numbers[3];
    const char *word = next_word(w);
    if (word == NULL || strcmp(word, "key") != 0) {
        return fail(w->file, "the file does not begin with a key");
    }
    for (int i = 0; i < 3; i++) {
        if (!take_int(w, &numbers[i])) {
            return false;
        }
    }
    *key = (golden_key){(uint64_t)numbers[0], (uint64_t)numbers[1], (uint64_t)numbers[2]};
    return take_end(w);
}

bool golden_open(golden_file *file, const char *path)
{
    char buffer[LINE_BYTES];
    *file = (golden_file){.stream = fopen(path, "r")};
    if (file->stream == NULL) {
        return fail(file, "the file cannot be opened");
    }
    words w = {file, buffer};
    return next_line(file, buffer) ? read_key(&w, &file->key) : fail(file, "the file is empty");
}

bool golden_next(golden_file *file, golden *out)
{
    char buffer[LINE_BYTES];
    memset(out, 0, sizeof *out);
    if (file->error != NULL || !next_line(file, buffer)) {
        return false;
    }
    words w = {file, buffer};
    const char *word = next_word(&w);
    out->is_hard = word != NULL && strcmp(word, "hard") == 0;
    if (word == NULL || (!out->is_hard && strcmp(word, "case") != 0)) {
        return fail(file, "a case does not begin with its name");
    }
    if (!take_text(&w, out->op, sizeof out->op) || !take_text(&w, out->name, sizeof out->name)) {
        return false;
    }
    while (next_line(file, buffer)) {
        w = (words){file, buffer};
        if (strcmp(buffer, "end\n") == 0) {
            return true;
        }
        if (!read_line(&w, out)) {
            return false;
        }
    }
    return fail(file, "the last case does not end");
}

void golden_close(golden_file *file)
{
    if (file->stream != NULL) {
        fclose(file->stream);
        file->stream = NULL;
    }
}
