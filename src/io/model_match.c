/* Comparing a model with a file, and telling all that does not fit at once.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what wgi_match_check counts as loaded is what wgi_match_take reads. */
#include "io/model_match.h"

#include <string.h>

#include "core/context.h"
#include "core/param.h"

/* Names told of each kind of fault; more are counted. */
#define MAX_TOLD 3

/* Bytes of the longest name of a parameter, and of a name that cannot be one. */
#define MAX_NAME 255
#define NAME_BYTES 512

static const char *or_empty(const char *prefix)
{
    return prefix != NULL ? prefix : "";
}

wgi_match wgi_match_make(wg_model *m, const wg_safetensors *file, const char *path,
                         const wg_model_load_options *options)
{
    wgi_match match = {.m = m,
                       .file = file,
                       .path = path,
                       .is_checkpoint = wg_safetensors_metadata(file, WGI_CHECKPOINT_KEY) != NULL};
    if (options != NULL) {
        match.options = *options;
    }
    match.options.prefix_in_file = or_empty(match.options.prefix_in_file);
    match.options.prefix_in_model = or_empty(match.options.prefix_in_model);
    return match;
}

/* ---- names -------------------------------------------------------------------------------- */

static bool begins_with(const char *text, const char *prefix, const char **rest)
{
    const size_t n = strlen(prefix);
    *rest = text;
    if (strncmp(text, prefix, n) != 0) {
        return false;
    }
    *rest = text + n;
    return true;
}

bool wgi_match_reaches_tensor(const wgi_match *match, const char *name, const char **rest)
{
    if (match->is_checkpoint && begins_with(name, WGI_CHECKPOINT_PREFIX, rest)) {
        return false;
    }
    return begins_with(name, match->options.prefix_in_file, rest);
}

bool wgi_match_reaches_param(const wgi_match *match, const char *name, const char **rest)
{
    return begins_with(name, match->options.prefix_in_model, rest);
}

/* Puts two halves together; false where the whole is too long to be the name of a parameter or of
 * its tensor. */
static bool join(const char *prefix, const char *rest, char out[NAME_BYTES])
{
    wgi_text text = wgi_text_make(out, NAME_BYTES);
    wgi_text_add(&text, "%s%s", prefix, rest);
    return text.used < NAME_BYTES - 1;
}

const wgi_entry *wgi_match_entry(const wgi_match *match, const wg_param *p)
{
    char name[NAME_BYTES];
    const char *rest;
    size_t found;
    if (!wgi_match_reaches_param(match, wg_param_name(p), &rest) ||
        !join(match->options.prefix_in_file, rest, name) ||
        !wgi_match_reaches_tensor(match, name, &rest) ||
        !wg_safetensors_find(match->file, name, &found)) {
        return NULL;
    }
    return &match->file->entries[found];
}

wg_param *wgi_match_param(const wgi_match *match, const char *name)
{
    char joined[NAME_BYTES];
    const char *rest;
    if (!wgi_match_reaches_tensor(match, name, &rest) || strlen(rest) > MAX_NAME ||
        !join(match->options.prefix_in_model, rest, joined)) {
        return NULL;
    }
    return wg_model_find(match->m, joined);
}

/* ---- what does not fit -------------------------------------------------------------------- */

typedef enum fault {
    FAULT_MISSING = 0, /* the model has it, the file does not */
    FAULT_UNEXPECTED,
    FAULT_SHAPE,
    FAULT_DTYPE,
    N_FAULTS
} fault;

static const char *const fault_words[N_FAULTS] = {"missing", "unexpected", "shape", "dtype"};
static const wg_status fault_statuses[N_FAULTS] = {WG_ERR_NAME, WG_ERR_NAME, WG_ERR_SHAPE,
                                                   WG_ERR_DTYPE};

/* The faults of one kind. Invariant: text tells the first MAX_TOLD of the n. */
typedef struct told {
    size_t n;
    char buffer[208];
    wgi_text text;
} told;

typedef struct comparison {
    const wgi_match *match;
    told faults[N_FAULTS];
} comparison;

/* Adds a name to a kind of fault; detail may be "". */
static void tell(comparison *c, fault kind, const char *name, const char *detail)
{
    told *t = &c->faults[kind];
    char shown[WGI_SHOWN_NAME];
    if (t->n < MAX_TOLD) {
        wgi_text_add(&t->text, "%s%s%s", t->n == 0 ? "" : ", ", wgi_show_name(name, shown), detail);
    }
    t->n++;
}

static bool has_same_shape(const wgi_match *match, const wg_param *p, const wgi_entry *entry)
{
    int64_t dims[WG_MAX_RANK];
    const int32_t rank = wgi_entry_shape(match->file, entry, dims);
    const wg_tensor *value = wg_param_value(p);
    return wgi_same_shape(rank, dims, wg_tensor_rank(value), wg_tensor_dims(value));
}

static bool has_fitting_dtype(const wg_param *p, const wgi_entry *entry)
{
    return wgi_stored_fits((wgi_stored)entry->stored, wg_tensor_dtype(wg_param_value(p)));
}

static void tell_shape(comparison *c, const wg_param *p, const wgi_entry *entry)
{
    int64_t dims[WG_MAX_RANK];
    const int32_t rank = wgi_entry_shape(c->match->file, entry, dims);
    const wg_tensor *value = wg_param_value(p);
    char stored[WGI_SHAPE_TEXT];
    char wanted[WGI_SHAPE_TEXT];
    char detail[120];
    wgi_text text = wgi_text_make(detail, sizeof detail);
    wgi_shape_text(rank, dims, stored, sizeof stored);
    wgi_shape_text(wg_tensor_rank(value), wg_tensor_dims(value), wanted, sizeof wanted);
    wgi_text_add(&text, " %s, wanted %s", stored, wanted);
    tell(c, FAULT_SHAPE, wg_param_name(p), detail);
}

static void tell_dtype(comparison *c, const wg_param *p, const wgi_entry *entry)
{
    char detail[64];
    wgi_text text = wgi_text_make(detail, sizeof detail);
    wgi_text_add(&text, " %s, wanted %s", wgi_stored_about((wgi_stored)entry->stored)->name,
                 wg_dtype_name(wg_tensor_dtype(wg_param_value(p))));
    tell(c, FAULT_DTYPE, wg_param_name(p), detail);
}

/* One parameter within reach. */
static void compare_param(comparison *c, const wg_param *p, wg_model_load_report *report)
{
    const wgi_entry *entry = wgi_match_entry(c->match, p);
    if (entry == NULL) {
        tell(c, FAULT_MISSING, wg_param_name(p), "");
        report->missing++;
        return;
    }
    const bool has_shape = has_same_shape(c->match, p, entry);
    const bool has_dtype = has_fitting_dtype(p, entry);
    if (!has_shape) {
        tell_shape(c, p, entry);
    }
    if (!has_dtype) {
        tell_dtype(c, p, entry);
    }
    report->loaded += has_shape && has_dtype;
    report->mismatched += !(has_shape && has_dtype);
}

static void compare_all(comparison *c, wg_model_load_report *report)
{
    const wgi_match *match = c->match;
    const char *rest;
    for (size_t i = 0; i < wg_model_count(match->m); i++) {
        const wg_param *p = wg_model_param(match->m, i);
        if (wgi_match_reaches_param(match, wg_param_name(p), &rest)) {
            compare_param(c, p, report);
        }
    }
    for (size_t i = 0; i < wg_safetensors_count(match->file); i++) {
        const char *name = wg_safetensors_name(match->file, i);
        if (wgi_match_reaches_tensor(match, name, &rest) && wgi_match_param(match, name) == NULL) {
            tell(c, FAULT_UNEXPECTED, name, "");
            report->unexpected++;
        }
    }
}

/* ---- the judgement ------------------------------------------------------------------------ */

/* Whether nothing was found to be read, where something was to be. */
static bool is_in_vain(const comparison *c)
{
    const wg_model_load_report *r = &c->match->report;
    return r->loaded == 0 && r->missing + r->unexpected + r->mismatched > 0;
}

/* The status of the first kind of fault that is there; of those that are not allowed, or of all. */
static wg_status judge(const comparison *c, bool is_strict)
{
    const wg_model_load_options *o = &c->match->options;
    const bool allows[N_FAULTS] = {o->allow_missing, o->allow_unexpected, o->allow_mismatched,
                                   o->allow_mismatched};
    for (int kind = 0; kind < N_FAULTS; kind++) {
        if (c->faults[kind].n > 0 && (is_strict || !allows[kind])) {
            return fault_statuses[kind];
        }
    }
    return WG_OK;
}

static void tell_kind(wgi_text *text, const told *t, const char *word)
{
    if (t->n > 0) {
        wgi_text_add(text, "\n  %-10s  %s", word, t->text.data);
    }
    if (t->n > MAX_TOLD) {
        wgi_text_add(text, " and %zu more", t->n - MAX_TOLD);
    }
}

/* The message keeps room for the hints, which come last. */
static wg_status fail(const comparison *c, wg_status status, const char *what)
{
    char hint_buffer[400];
    char buffer[WGI_ERROR_BYTES];
    wgi_text hints = wgi_text_make(hint_buffer, sizeof hint_buffer);
    wgi_match_hint(c->match, &hints);
    wgi_text text = wgi_text_make(buffer, sizeof buffer - hints.used);
    wgi_text_add(&text, "%.100s: %s", c->match->path, what);
    for (int kind = 0; kind < N_FAULTS; kind++) {
        tell_kind(&text, &c->faults[kind], fault_words[kind]);
    }
    text.bytes = sizeof buffer;
    wgi_text_add(&text, "%s", hints.data);
    return wgi_context_fail(wg_model_context(c->match->m), status, "%s", buffer);
}

wg_status wgi_match_check(wgi_match *match)
{
    comparison c = {.match = match};
    for (int kind = 0; kind < N_FAULTS; kind++) {
        told *t = &c.faults[kind];
        t->text = wgi_text_make(t->buffer, sizeof t->buffer);
    }
    match->report = (wg_model_load_report){0};
    compare_all(&c, &match->report);
    wg_status status = judge(&c, false);
    if (status != WG_OK) {
        status = fail(&c, status, "it does not fit the model");
    } else if (is_in_vain(&c)) {
        status = fail(&c, judge(&c, true), "nothing of it fits the model");
    }
    if (status != WG_OK) {
        match->report.loaded = 0;
    }
    return status;
}

void wgi_match_take(const wgi_match *match)
{
    for (size_t i = 0; i < wg_model_count(match->m); i++) {
        wg_param *p = wg_model_param(match->m, i);
        const wgi_entry *entry = wgi_match_entry(match, p);
        if (entry != NULL && has_same_shape(match, p, entry) && has_fitting_dtype(p, entry)) {
            wg_tensor *value = wg_param_value(p);
            wgi_entry_decode(match->file, entry, wg_tensor_dtype(value),
                             wg_tensor_data_mutable(value));
        }
    }
}
