/* What was likely meant by names that do not agree.
 * SPDX-License-Identifier: Apache-2.0
 *
 * First a prefix that all names of one side have and the other side has not; else, for the first
 * unexpected tensors, the most similar missing parameter. Invariant: the names are gone through a
 * fixed number of times, and what comparing them costs is bounded by a budget. */
#include "io/model_match.h"

#include <string.h>

/* Bytes of the longest prefix that is looked for. */
#define MAX_PREFIX 128

/* Unexpected tensors that are looked at, and hints that are given. */
#define MAX_PROBES 3
#define MAX_HINTS 2

/* Names are similar up to so many edits. */
#define MAX_EDITS 8

/* Cells of all tables of edits together. */
#define MAX_CELLS 20000000

/* ---- prefixes ----------------------------------------------------------------------------- */

/* A prefix that ends in a dot, or is empty. */
typedef struct prefix {
    char text[MAX_PREFIX];
    size_t n;
    bool is_set;
} prefix;

static void cut_to_dot(prefix *p)
{
    while (p->n > 0 && p->text[p->n - 1] != '.') {
        p->n--;
    }
    p->text[p->n] = '\0';
}

/* Shortens p to what it has in common with one more name. */
static void narrow(prefix *p, const char *name)
{
    if (!p->is_set) {
        p->n = strlen(name) < MAX_PREFIX ? strlen(name) : MAX_PREFIX - 1;
        memcpy(p->text, name, p->n);
        p->is_set = true;
    }
    size_t n = 0;
    while (n < p->n && p->text[n] == name[n]) {
        n++;
    }
    p->n = n;
    cut_to_dot(p);
}

static prefix common_in_file(const wgi_match *match)
{
    prefix p = {.n = 0};
    const char *rest;
    for (size_t i = 0; i < wg_safetensors_count(match->file); i++) {
        const char *name = wg_safetensors_name(match->file, i);
        if (wgi_match_reaches_tensor(match, name, &rest)) {
            narrow(&p, name);
        }
    }
    return p;
}

static prefix common_in_model(const wgi_match *match)
{
    prefix p = {.n = 0};
    const char *rest;
    for (size_t i = 0; i < wg_model_count(match->m); i++) {
        const char *name = wg_param_name(wg_model_param(match->m, i));
        if (wgi_match_reaches_param(match, name, &rest)) {
            narrow(&p, name);
        }
    }
    return p;
}

/* The next longer prefix of p that ends in a dot, after one of `n` bytes; false where none is. */
static bool next_part(const prefix *p, size_t *n)
{
    const char *dot = *n < p->n ? memchr(p->text + *n, '.', p->n - *n) : NULL;
    *n = dot != NULL ? (size_t)(dot - p->text) + 1 : *n;
    return dot != NULL;
}

static wgi_match with_prefixes(const wgi_match *match, const char *in_file, const char *in_model)
{
    wgi_match trial = *match;
    trial.options.prefix_in_file = in_file;
    trial.options.prefix_in_model = in_model;
    return trial;
}

/* How many more parameters find their tensor than did. */
static size_t count_gain(const wgi_match *match, const wgi_match *trial)
{
    const size_t before = match->report.loaded + match->report.mismatched;
    size_t after = 0;
    for (size_t i = 0; i < wg_model_count(trial->m); i++) {
        after += wgi_match_entry(trial, wg_model_param(trial->m, i)) != NULL;
    }
    return after > before ? after - before : 0;
}

/* Cuts the prefixes to what differs and makes `name` a parameter's, shortest first. */
static bool find_prefixes(const wgi_match *match, const char *name, prefix *in_file,
                          prefix *in_model)
{
    size_t n_model = 0;
    do {
        prefix model = *in_model;
        size_t n_file = 0;
        model.n = n_model;
        model.text[n_model] = '\0';
        do {
            prefix file = *in_file;
            file.n = n_file;
            file.text[n_file] = '\0';
            const wgi_match trial = with_prefixes(match, file.text, model.text);
            if (n_file + n_model > 0 && wgi_match_param(&trial, name) != NULL) {
                *in_file = file;
                *in_model = model;
                return true;
            }
        } while (next_part(in_file, &n_file));
    } while (next_part(in_model, &n_model));
    return false;
}

static void tell_prefixes(const prefix *in_file, const prefix *in_model, wgi_text *text)
{
    if (in_model->n == 0) {
        wgi_text_add(text,
                     "\n  hint: all names in the file begin with '%s', those in the model do not; "
                     "set prefix_in_file",
                     in_file->text);
    } else if (in_file->n == 0) {
        wgi_text_add(text,
                     "\n  hint: all names in the model begin with '%s', those in the file do not; "
                     "set prefix_in_model",
                     in_model->text);
    } else {
        wgi_text_add(text,
                     "\n  hint: names begin with '%s' in the file and with '%s' in the model; "
                     "set both prefixes",
                     in_file->text, in_model->text);
    }
}

static bool hint_prefix(const wgi_match *match, const char *name, wgi_text *text)
{
    prefix in_file = common_in_file(match);
    prefix in_model = common_in_model(match);
    if (!find_prefixes(match, name, &in_file, &in_model)) {
        return false;
    }
    /* Where one prefix is to replace another, a single name is none that tells. */
    const wgi_match trial = with_prefixes(match, in_file.text, in_model.text);
    const size_t least = in_file.n > 0 && in_model.n > 0 ? 2 : 1;
    if (count_gain(match, &trial) < least) {
        return false;
    }
    tell_prefixes(&in_file, &in_model, text);
    return true;
}

/* ---- similar names ------------------------------------------------------------------------ */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One row of the table of edits (Levenshtein 1966): a[i] against all of b in the band of `most`
 * around the diagonal. Cells outside count as most + 1. Returns the least cell. */
static size_t fill_row(const char *a, size_t i, const char *b, size_t n_b, size_t most,
                       size_t rows[2][256])
{
    const size_t *above = rows[i % 2];
    size_t *row = rows[(i + 1) % 2];
    const size_t first = i + 1 > most ? i + 1 - most : 0;
    const size_t last = smaller(i + 1 + most, n_b);
    size_t least = most + 1;
    for (size_t k = first; k <= last; k++) {
        const size_t skipped = k < i + 1 + most ? above[k] + 1 : most + 1;
        const size_t added = k > first ? row[k - 1] + 1 : most + 1;
        const size_t same = k > 0 ? above[k - 1] + (a[i] != b[k - 1]) : i + 1;
        row[k] = smaller(smaller(skipped, added), smaller(same, most + 1));
        least = smaller(least, row[k]);
    }
    return least;
}

/* The edits between two texts, or most + 1 where there are more. */
static size_t count_edits(const char *a, const char *b, size_t most, size_t *cells)
{
    size_t rows[2][256];
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);
    while (n_a > 0 && n_b > 0 && a[n_a - 1] == b[n_b - 1]) {
        n_a--;
        n_b--;
    }
    if (n_a > n_b + most || n_b > n_a + most || n_a > 255 || n_b > 255) {
        return most + 1;
    }
    for (size_t k = 0; k <= n_b; k++) {
        rows[0][k] = k;
    }
    for (size_t i = 0; i < n_a; i++) {
        *cells += 2 * most + 1;
        if (fill_row(a, i, b, n_b, most, rows) > most) {
            return most + 1;
        }
    }
    return smaller(rows[n_a % 2][n_b], most + 1);
}

/* The edits at which a name of n bytes is still similar. */
static size_t most_edits(size_t n)
{
    return smaller(n / 3, MAX_EDITS);
}

static bool has_shape_of(const wgi_match *match, const wg_param *p, size_t entry)
{
    int64_t dims[WG_MAX_RANK];
    const int32_t rank = wgi_entry_shape(match->file, &match->file->entries[entry], dims);
    const wg_tensor *value = wg_param_value(p);
    return rank == wg_tensor_rank(value) &&
           (rank == 0 || memcmp(dims, wg_tensor_dims(value), (size_t)rank * sizeof *dims) == 0);
}

/* The missing parameter whose name, and then shape, is most like that of an entry; NULL where none
 * is similar. */
static const wg_param *find_similar(const wgi_match *match, size_t entry, size_t *cells)
{
    const wg_param *best = NULL;
    const char *wanted;
    const char *name;
    (void)wgi_match_reaches_tensor(match, wg_safetensors_name(match->file, entry), &wanted);
    size_t best_cost = 2 * most_edits(strlen(wanted)) + 2;
    for (size_t i = 0; i < wg_model_count(match->m) && *cells < MAX_CELLS; i++) {
        const wg_param *p = wg_model_param(match->m, i);
        if (!wgi_match_reaches_param(match, wg_param_name(p), &name)) {
            continue;
        }
        const size_t most = smaller(best_cost / 2, most_edits(strlen(name)));
        const size_t edits = count_edits(wanted, name, most, cells);
        const size_t cost = 2 * edits + (has_shape_of(match, p, entry) ? 0 : 3);
        if (edits <= most && cost < best_cost && wgi_match_entry(match, p) == NULL) {
            best = p;
            best_cost = cost;
        }
    }
    return best;
}

static bool hint_similar(const wgi_match *match, size_t entry, size_t *cells, wgi_text *text)
{
    char shown[WGI_SHOWN_NAME];
    char meant[WGI_SHOWN_NAME];
    const wg_param *p = find_similar(match, entry, cells);
    if (p == NULL) {
        return false;
    }
    wgi_text_add(text, "\n  hint: '%s' is not in the model; did you mean '%s'?",
                 wgi_show_name(wg_safetensors_name(match->file, entry), shown),
                 wgi_show_name(wg_param_name(p), meant));
    return true;
}

void wgi_match_hint(const wgi_match *match, wgi_text *text)
{
    int n_probes = 0;
    int n_hints = 0;
    size_t cells = 0;
    const char *rest;
    for (size_t i = 0; i < wg_safetensors_count(match->file) && match->report.missing > 0; i++) {
        const char *name = wg_safetensors_name(match->file, i);
        if (n_probes == MAX_PROBES || n_hints == MAX_HINTS) {
            break;
        }
        if (!wgi_match_reaches_tensor(match, name, &rest) || wgi_match_param(match, name) != NULL) {
            continue;
        }
        if (n_probes++ == 0 && hint_prefix(match, name, text)) {
            return;
        }
        n_hints += hint_similar(match, i, &cells, text);
    }
}
