/* The state of optimizers, out into named tensors and in again.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What comes in is sorted into a table, one row for each parameter, and judged whole; memory is
 * taken before the first change. */
#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/shape.h"
#include "core/text.h"
#include "model/optimizer.h"

/* Bytes of the longest name of a state, its dot included. */
#define MAX_PREFIX 64

static const char STEP[] = "step";

/* Tensors of a parameter that has stepped: its steps first, then its states. */
static size_t row_length(const wg_optimizer *o)
{
    return 1 + (size_t)o->n_states;
}

static const char *column_name(const wg_optimizer *o, size_t column)
{
    return column == 0 ? STEP : o->kind->states[column - 1];
}

/* ---- out ---------------------------------------------------------------------------------- */

/* The n-th parameter that has stepped; or else how many there are. */
static wg_param *find_stepped(const wg_optimizer *o, size_t n, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < o->memory.count; i++) {
        if (wgi_param_memory_of(o, i)->n_steps > 0 && (*count)++ == n) {
            return wg_model_param(o->model, i);
        }
    }
    return NULL;
}

size_t wg_optimizer_state_count(const wg_optimizer *o)
{
    if (o == NULL) {
        return 0;
    }
    if (o->kind->count != NULL) {
        return o->kind->count(o);
    }
    size_t count;
    (void)find_stepped(o, SIZE_MAX, &count);
    return count * row_length(o);
}

/* Puts a name together. */
static wg_status write_name(const wg_optimizer *o, const char *prefix, const char *rest, char *name,
                            size_t name_bytes)
{
    if (strlen(prefix) + strlen(rest) + 2 > name_bytes) {
        return wgi_context_fail(o->model->ctx, WG_ERR_RANGE,
                                "%s: too little room for the name of a state", o->name);
    }
    wgi_text text = wgi_text_make(name, name_bytes);
    wgi_text_add(&text, "%s.%s", prefix, rest);
    return WG_OK;
}

/* The i-th of a kind that has state of its own. */
static wg_status get_own(const wg_optimizer *o, size_t i, char *name, size_t name_bytes,
                         wg_tensor **out)
{
    const char *rest = NULL;
    wg_status status = o->kind->get(o, i, &rest, out);
    if (status == WG_OK) {
        status = write_name(o, o->name, rest, name, name_bytes);
    }
    if (status != WG_OK) {
        wg_tensor_destroy(*out);
        *out = NULL;
    }
    return status;
}

static wg_status copy_out(const wg_optimizer *o, const wg_param *p, size_t column, wg_tensor **out)
{
    wg_context *ctx = o->model->ctx;
    const wgi_param_memory *memory = wgi_param_memory_of(o, p->index);
    if (column == 0) {
        return wg_tensor_from(ctx, WG_I64, 0, NULL, WG_I64, &memory->n_steps, out);
    }
    const wgi_type *type = &p->value->type;
    wg_status status = wg_tensor_create(ctx, (wg_dtype)type->dtype, type->rank, type->dims, out);
    if (status == WG_OK && memory->state_bytes > 0) {
        memcpy((*out)->data, memory->state[column - 1], memory->state_bytes);
    }
    return status;
}

wg_status wg_optimizer_state_get(const wg_optimizer *o, size_t i, char *name, size_t name_bytes,
                                 wg_tensor **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (o == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_context *ctx = o->model->ctx;
    if (name == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "%s: no place for the state", o->name);
    }
    const size_t n = wg_optimizer_state_count(o);
    if (i >= n) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "%s: state %zu of %zu", o->name, i, n);
    }
    if (o->kind->get != NULL) {
        return get_own(o, i, name, name_bytes, out);
    }
    size_t count;
    const size_t column = i % row_length(o);
    const wg_param *p = find_stepped(o, i / row_length(o), &count);
    const wg_status status = write_name(o, column_name(o, column), p->name, name, name_bytes);
    return status != WG_OK ? status : copy_out(o, p, column, out);
}

/* ---- judging ------------------------------------------------------------------------------ */

/* Ways to be wrong, in the order in which they are told. */
typedef enum fault {
    UNEXPECTED,
    TWICE,
    SHAPE,
    DTYPE,
    BELOW_ONE,
    MISSING,
    N_FAULTS
} fault;

typedef struct incoming {
    wg_optimizer *o;
    const wg_tensor **table; /* one row for each parameter */
    size_t n_cells;
    size_t n_faults[N_FAULTS];
    char first[N_FAULTS][MAX_PREFIX + WGI_MAX_NAME + 1];
} incoming;

static void note(incoming *in, fault which, const char *prefix, const char *name)
{
    if (in->n_faults[which]++ == 0) {
        wgi_text text = wgi_text_make(in->first[which], sizeof in->first[which]);
        wgi_text_add(&text, "%.60s%s%.255s", prefix, prefix[0] != '\0' ? "." : "", name);
    }
}

/* Finds the place of a name in the table. */
static const wg_param *find_place(const wg_optimizer *o, const char *name, size_t *column)
{
    for (size_t k = 0; name != NULL && k < row_length(o); k++) {
        const char *prefix = column_name(o, k);
        const size_t n = strlen(prefix);
        if (strncmp(name, prefix, n) == 0 && name[n] == '.') {
            *column = k;
            return wg_model_find(o->model, name + n + 1);
        }
    }
    return NULL;
}

static bool is_step(const wg_tensor *t)
{
    return t->type.count == 1 && *(const int64_t *)t->data >= 1;
}

static void judge(incoming *in, const wg_named_tensor *entry, const wg_param *p, size_t column)
{
    const wg_tensor *t = entry->tensor;
    const int dtype = column == 0 ? WG_I64 : p->value->type.dtype;
    const int32_t rank = column == 0 ? 0 : p->value->type.rank;
    const bool has_dims = t->type.rank == rank && memcmp(t->type.dims, p->value->type.dims,
                                                         (size_t)rank * sizeof *t->type.dims) == 0;
    if (t->type.dtype != dtype) {
        note(in, DTYPE, "", entry->name);
    } else if (!has_dims) {
        note(in, SHAPE, "", entry->name);
    } else if (column == 0 && !is_step(t)) {
        note(in, BELOW_ONE, "", entry->name);
    }
}

static void sort_in(incoming *in, const wg_named_tensor *entry)
{
    size_t column = 0;
    const wg_param *p = find_place(in->o, entry->name, &column);
    if (p == NULL || entry->tensor == NULL || entry->tensor->is_dead) {
        note(in, UNEXPECTED, "", entry->name == NULL ? "(no name)" : entry->name);
        return;
    }
    const wg_tensor **cell = &in->table[p->index * row_length(in->o) + column];
    if (*cell != NULL) {
        note(in, TWICE, "", entry->name);
        return;
    }
    *cell = entry->tensor;
    judge(in, entry, p, column);
}

static void find_missing(incoming *in)
{
    const size_t length = row_length(in->o);
    for (size_t i = 0; i < in->o->model->params.count; i++) {
        const wg_tensor **row = in->table + i * length;
        size_t n = 0;
        for (size_t k = 0; k < length; k++) {
            n += row[k] != NULL;
        }
        for (size_t k = 0; n > 0 && k < length; k++) {
            if (row[k] == NULL) {
                note(in, MISSING, column_name(in->o, k),
                     wg_param_name(wg_model_param(in->o->model, i)));
            }
        }
    }
}

static wg_status tell(const incoming *in)
{
    static const char *const what[N_FAULTS] = {"unexpected",       "there twice",
                                               "of another shape", "of another dtype",
                                               "a step below 1",   "missing"};
    static const wg_status statuses[N_FAULTS] = {WG_ERR_NAME,  WG_ERR_NAME,  WG_ERR_SHAPE,
                                                 WG_ERR_DTYPE, WG_ERR_RANGE, WG_ERR_NAME};
    char line[1024];
    wgi_text text = wgi_text_make(line, sizeof line);
    wg_status status = WG_OK;
    for (int k = 0; k < N_FAULTS; k++) {
        if (in->n_faults[k] > 0) {
            wgi_text_add(&text, "%s%zu %s ('%s'%s)", status == WG_OK ? "" : ", ", in->n_faults[k],
                         what[k], in->first[k], in->n_faults[k] > 1 ? " first" : "");
            status = status == WG_OK ? statuses[k] : status;
        }
    }
    return status == WG_OK
               ? WG_OK
               : wgi_context_fail(in->o->model->ctx, status, "%s: state: %s", in->o->name, line);
}

/* ---- in ----------------------------------------------------------------------------------- */

static bool reserve(const incoming *in)
{
    bool ok = wgi_optimizer_reserve(in->o);
    for (size_t i = 0; ok && i < in->o->model->params.count; i++) {
        if (in->table[i * row_length(in->o)] != NULL) {
            ok = wgi_param_memory_reserve(in->o, wg_model_param(in->o->model, i));
        }
    }
    return ok;
}

static void apply(const incoming *in)
{
    const size_t length = row_length(in->o);
    for (size_t i = 0; i < in->o->memory.count; i++) {
        const wg_tensor **row = in->table + i * length;
        wgi_param_memory *memory = wgi_param_memory_of(in->o, i);
        memory->n_steps = row[0] == NULL ? 0 : *(const int64_t *)row[0]->data;
        for (size_t k = 1; k < length && memory->state_bytes > 0; k++) {
            if (row[k] != NULL) {
                memcpy(memory->state[k - 1], row[k]->data, memory->state_bytes);
            } else if (memory->state[k - 1] != NULL) {
                memset(memory->state[k - 1], 0, memory->state_bytes);
            }
        }
    }
}

static wg_status set(incoming *in, const wg_named_tensor *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sort_in(in, &entries[i]);
    }
    find_missing(in);
    wg_status status = tell(in);
    if (status == WG_OK && !reserve(in)) {
        status = wgi_context_fail(in->o->model->ctx, WG_ERR_MEMORY, "%s: out of memory for state",
                                  in->o->name);
    }
    if (status == WG_OK) {
        apply(in);
    }
    return status;
}

wg_status wg_optimizer_state_set(wg_optimizer *o, const wg_named_tensor *entries, size_t n)
{
    if (o == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_context *ctx = o->model->ctx;
    if (entries == NULL && n > 0) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "%s: the state is missing", o->name);
    }
    wg_status status = wgi_model_settled(o->model, o->name);
    if (status == WG_OK && ctx->is_in_callback) {
        status = wgi_context_fail(ctx, WG_ERR_STATE, "%s: no change of state inside a callback",
                                  o->name);
    }
    if (status != WG_OK) {
        return status;
    }
    if (o->kind->set != NULL) {
        return o->kind->set(o, entries, n);
    }
    incoming in = {.o = o, .n_cells = o->model->params.count * row_length(o) + 1};
    in.table = wgi_alloc_zeroed(&ctx->memory, in.n_cells, sizeof *in.table);
    if (in.table == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "%s: out of memory for state", o->name);
    }
    status = set(&in, entries, n);
    wgi_release(&ctx->memory, in.table, in.n_cells * sizeof *in.table);
    return status;
}
