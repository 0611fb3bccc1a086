/* Tables of text to data sets.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the text is walked twice. The first walk holds every line to the form and counts, so
 * that the tensors are allocated once, at a size that the text itself has paid for; the second
 * reads the numbers. */
#include "data/csv.h"

#include <math.h>

#include "core/context.h"
#include "core/inflate.h"
#include "data/csv_text.h"
#include "data/dataset.h"
#include "data/decimal.h"

#define DEFAULT_MAX_BYTES ((size_t)256 << 20)

typedef struct table {
    wg_context *ctx;
    const char *path;
    const wgi_block *block;
    wg_csv_options o; /* resolved: no zero stands for a default */
    int64_t n_rows;   /* without the header, once that is known */
    int64_t n_columns;
    int64_t label; /* 0 is the first column; -1: there is none */
    bool has_header;
    wg_tensor *x;
    wg_tensor *y;
    wgi_classes *classes;
} table;

/* A walk over the text; `field` is the one last taken. */
typedef struct walk {
    wgi_csv_text text;
    wgi_csv_field field;
} walk;

static void begin_walk(const table *t, walk *w)
{
    w->text = wgi_csv_text_make(t->ctx, t->path, t->block->data, t->block->bytes, t->o.separator);
    w->field.bytes = 0;
    w->field.is_last = true;
}

static wg_status fail_whole(const table *t, wg_status status, const char *what)
{
    return wgi_context_fail(t->ctx, status, "%.600s: %s", t->path, what);
}

/* ---- the first walk: form and counts ------------------------------------------------------ */

static wg_status count_row(table *t, walk *w)
{
    int64_t n = 0;
    do {
        if (!wgi_csv_next(&w->text, &w->field)) {
            return w->text.status;
        }
        n++;
        if (t->n_rows > 0 && n > t->n_columns) {
            wgi_csv_fail(&w->text, "more fields than the first row has", &w->field);
            return w->text.status;
        }
    } while (!w->field.is_last);
    if (t->n_rows > 0 && n < t->n_columns) {
        wgi_csv_fail(&w->text, "fewer fields than the first row has, the last is", &w->field);
        return w->text.status;
    }
    t->n_columns = n;
    t->n_rows++;
    return WG_OK;
}

static wg_status count_rows(table *t)
{
    walk w;
    begin_walk(t, &w);
    while (wgi_csv_has_row(&w.text)) {
        wg_status status = count_row(t, &w);
        if (status != WG_OK) {
            return status;
        }
    }
    return t->n_rows > 0 ? WG_OK : fail_whole(t, WG_ERR_FORMAT, "there are no rows in it");
}

/* ---- what the columns hold ---------------------------------------------------------------- */

static wg_status place_label(table *t)
{
    if (t->o.labels == WG_CSV_LABELS_NONE) {
        t->label = -1;
        return WG_OK;
    }
    if (t->o.label_column > t->n_columns) {
        return wgi_context_fail(t->ctx, WG_ERR_RANGE, "%.600s: label column %d of %lld", t->path,
                                (int)t->o.label_column, (long long)t->n_columns);
    }
    t->label = t->o.label_column == 0 ? t->n_columns - 1 : t->o.label_column - 1;
    if (t->n_columns == 1) {
        return fail_whole(t, WG_ERR_FORMAT, "there is no column beside the labels");
    }
    return WG_OK;
}

/* Whether a row has a feature that is not a number; whether its label is an integer. */
static bool look_at_row(const table *t, walk *w, bool *is_integer)
{
    bool has_text = false;
    for (int64_t c = 0; c < t->n_columns && wgi_csv_next(&w->text, &w->field); c++) {
        float number;
        int64_t integer;
        const wgi_csv_field *f = &w->field;
        if (c == t->label) {
            *is_integer = wgi_decimal_i64(f->text, f->bytes, &integer) != WGI_DECIMAL_NOT;
        } else if (wgi_decimal_f32(f->text, f->bytes, &number) == WGI_DECIMAL_NOT) {
            has_text = true;
        }
    }
    return has_text;
}

/* Settles header and kind of labels from the first row, or two. */
static wg_status detect(table *t)
{
    walk w;
    begin_walk(t, &w);
    bool is_integer = false;
    bool has_text = look_at_row(t, &w, &is_integer);
    t->has_header =
        t->o.header == WG_CSV_HEADER_YES || (t->o.header == WG_CSV_HEADER_AUTO && has_text);
    if (t->has_header) {
        t->n_rows--;
        if (t->n_rows == 0) {
            return fail_whole(t, WG_ERR_FORMAT, "there are no rows below the header");
        }
        look_at_row(t, &w, &is_integer);
    }
    if (t->o.labels == WG_CSV_LABELS_AUTO) {
        t->o.labels = is_integer ? WG_CSV_LABELS_INTEGERS : WG_CSV_LABELS_NAMES;
    }
    return WG_OK;
}

/* ---- the second walk: numbers ------------------------------------------------------------- */

static wg_status create_tensors(table *t)
{
    int64_t x_dims[] = {t->n_rows, t->n_columns - (t->label >= 0 ? 1 : 0)};
    int64_t y_dims[] = {t->n_rows, 1};
    wg_status status = wg_tensor_create(t->ctx, WG_F32, 2, x_dims, &t->x);
    if (status == WG_OK && t->label >= 0) {
        bool is_number = t->o.labels == WG_CSV_LABELS_NUMBERS;
        status =
            wg_tensor_create(t->ctx, is_number ? WG_F32 : WG_I64, is_number ? 2 : 1, y_dims, &t->y);
    }
    if (status == WG_OK && t->o.labels == WG_CSV_LABELS_NAMES) {
        t->classes = wgi_classes_create(&t->ctx->memory);
        status = t->classes != NULL ? WG_OK : fail_whole(t, WG_ERR_MEMORY, "no memory for names");
    }
    return status;
}

static float take_number(walk *w, double scale)
{
    float x;
    wgi_decimal result = wgi_decimal_f32(w->field.text, w->field.bytes, &x);
    if (result == WGI_DECIMAL_NOT) {
        wgi_csv_fail(&w->text, "not a number", &w->field);
        return 0.0F;
    }
    float scaled = (float)(scale * (double)x);
    if (result != WGI_DECIMAL_OK || !isfinite(scaled)) {
        wgi_csv_fail(&w->text, "out of the range of f32", &w->field);
        return 0.0F;
    }
    return scaled;
}

static int64_t take_integer(walk *w)
{
    int64_t x;
    wgi_decimal result = wgi_decimal_i64(w->field.text, w->field.bytes, &x);
    if (result != WGI_DECIMAL_OK) {
        wgi_csv_fail(&w->text, result == WGI_DECIMAL_NOT ? "not an integer" : "out of 64 bits",
                     &w->field);
    }
    return x;
}

static int64_t take_name(const table *t, walk *w)
{
    int64_t number = wgi_classes_number(&t->ctx->memory, t->classes, w->field.text, w->field.bytes);
    if (number < 0) {
        w->text.status = fail_whole(t, WG_ERR_MEMORY, "no memory for the names of classes");
    }
    return number;
}

static void take_label(table *t, walk *w, void *y, int64_t row)
{
    if (t->o.labels == WG_CSV_LABELS_NUMBERS) {
        ((float *)y)[row] = take_number(w, 1.0);
    } else if (t->o.labels == WG_CSV_LABELS_NAMES) {
        ((int64_t *)y)[row] = take_name(t, w);
    } else {
        ((int64_t *)y)[row] = take_integer(w);
    }
}

static wg_status take_row(table *t, walk *w, float *x, void *y, int64_t row)
{
    for (int64_t c = 0; c < t->n_columns && wgi_csv_next(&w->text, &w->field); c++) {
        if (c == t->label) {
            take_label(t, w, y, row);
        } else {
            *x++ = take_number(w, t->o.scale);
        }
        if (w->text.status != WG_OK) {
            break;
        }
    }
    return w->text.status;
}

static wg_status take_rows(table *t)
{
    walk w;
    begin_walk(t, &w);
    if (t->has_header) {
        bool unused;
        look_at_row(t, &w, &unused);
    }
    float *x = wg_tensor_data_mutable(t->x);
    void *y = wg_tensor_data_mutable(t->y);
    int64_t width = wg_tensor_dims(t->x)[1];
    wg_status status = WG_OK;
    for (int64_t row = 0; row < t->n_rows && status == WG_OK; row++) {
        status = take_row(t, &w, x + row * width, y, row);
    }
    return status;
}

static wg_status read_table(table *t, wg_dataset **out)
{
    wg_status status = count_rows(t);
    if (status == WG_OK) {
        status = place_label(t);
    }
    if (status == WG_OK) {
        status = detect(t);
    }
    if (status == WG_OK) {
        status = create_tensors(t);
    }
    if (status == WG_OK) {
        status = take_rows(t);
    }
    if (status == WG_OK) {
        status = wgi_dataset_create(t->ctx, t->x, t->y, t->classes, out);
    }
    wg_tensor_destroy(t->x);
    wg_tensor_destroy(t->y);
    wgi_classes_release(&t->ctx->memory, t->classes);
    return status;
}

/* ---- options and files -------------------------------------------------------------------- */

static bool are_valid(const wg_csv_options *o)
{
    return o->size == sizeof *o && (int)o->header >= 0 && o->header <= WG_CSV_HEADER_NO &&
           (int)o->labels >= 0 && o->labels <= WG_CSV_LABELS_NUMBERS && o->label_column >= 0 &&
           o->separator != '"' && o->separator != '\n' && o->separator != '\r' &&
           isfinite(o->scale);
}

static wg_status resolve(wg_context *ctx, const wg_csv_options *options, wg_csv_options *out)
{
    *out = options == NULL ? (wg_csv_options){.size = sizeof *out} : *options;
    if (!are_valid(out)) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "csv: an option is out of its domain");
    }
    out->separator = (char)(out->separator == '\0' ? ',' : out->separator);
    out->scale = out->scale == 0.0 ? 1.0 : out->scale;
    out->max_bytes = out->max_bytes == 0 ? DEFAULT_MAX_BYTES : out->max_bytes;
    return WG_OK;
}

static wg_status read_block(wg_context *ctx, const char *path, const wgi_block *block,
                            const wg_csv_options *resolved, wg_dataset **out)
{
    table t = {.ctx = ctx, .path = path, .block = block, .o = *resolved};
    if (!wgi_gzip_is(block)) {
        return read_table(&t, out);
    }
    wgi_block inflated;
    wg_status status = wgi_gzip_inflate(ctx, path, block, resolved->max_bytes, &inflated);
    if (status == WG_OK) {
        t.block = &inflated;
        status = read_table(&t, out);
        wgi_block_release(ctx, &inflated);
    }
    return status;
}

wg_status wgi_csv_read_block(wg_context *ctx, const char *path, const wgi_block *block,
                             const wg_csv_options *options, wg_dataset **out)
{
    *out = NULL;
    wg_csv_options resolved;
    wg_status status = resolve(ctx, options, &resolved);
    return status == WG_OK ? read_block(ctx, path, block, &resolved, out) : status;
}

wg_status wgi_csv_read(wg_context *ctx, const wgi_file_calls *calls, const char *path,
                       const wg_csv_options *options, wg_dataset **out)
{
    *out = NULL;
    wg_csv_options resolved;
    wg_status status = resolve(ctx, options, &resolved);
    if (status != WG_OK) {
        return status;
    }
    wgi_block block;
    status = wgi_file_read(ctx, calls, path, resolved.max_bytes, &block);
    if (status == WG_OK) {
        status = read_block(ctx, path, &block, &resolved, out);
        wgi_block_release(ctx, &block);
    }
    return status;
}

wg_status wg_csv_read(wg_context *ctx, const char *path, const wg_csv_options *options,
                      wg_dataset **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || path == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "csv: an argument is missing");
    }
    return wgi_csv_read(ctx, &wgi_file_system, path, options, out);
}
