/* Freezing: the part of a list that some outputs need, as a list of its own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the copy's entries are in the order of the source's, all outputs of an op together,
 * and none wants a gradient; a copied number was derived from copied numbers. Random ops keep their
 * ordinals, so that they draw what they drew in the source. */
#include <string.h>

#include "core/param.h"
#include "graph/function.h"
#include "graph/record.h"

/* place and number map from the source's entries and numbers to the copy's; WGI_NONE: not needed.
 * Before the copy is made what is needed maps to 0. */
typedef struct freeze {
    wg_graph *source;
    wg_graph *copy;
    wg_function *f;
    uint32_t *place;
    uint32_t *number;
    wg_tensor **shell; /* by leaf of the source: of an input, else NULL */
} freeze;

static const wg_allocator *memory_of(const freeze *z)
{
    return &z->source->ctx->memory;
}

static size_t place_bytes(const freeze *z)
{
    return wgi_list_count(&z->source->list) * sizeof *z->place;
}

/* One more than there may be, for a list without numbers. */
static size_t number_bytes(const freeze *z)
{
    return (z->source->list.numbers.count + 1) * sizeof *z->number;
}

static bool open_maps(freeze *z)
{
    z->place = wgi_alloc(memory_of(z), place_bytes(z));
    z->number = wgi_alloc(memory_of(z), number_bytes(z));
    z->shell = wgi_alloc_zeroed(memory_of(z), z->source->list.leaves.count, sizeof *z->shell);
    if (z->place == NULL || z->number == NULL || z->shell == NULL) {
        return false;
    }
    memset(z->place, 0xFF, place_bytes(z));
    memset(z->number, 0xFF, number_bytes(z));
    return true;
}

static void close_maps(freeze *z)
{
    wgi_release(memory_of(z), z->place, place_bytes(z));
    wgi_release(memory_of(z), z->number, number_bytes(z));
    wgi_release(memory_of(z), z->shell, z->source->list.leaves.count * sizeof *z->shell);
}

/* ---- what is needed ----------------------------------------------------------------------- */

static const wgi_op *op_of(const freeze *z, const wgi_entry *r)
{
    return z->source->ctx->ops->ops[r->op];
}

/* Marks what entry i needs: an output its op, an op its operands, numbers and all its outputs. */
static void mark_needs(const freeze *z, uint32_t i)
{
    const wgi_list *list = &z->source->list;
    const wgi_entry *r = wgi_record_at(list, i);
    if (wgi_record_is_leaf(r)) {
        return;
    }
    if (r->part > 0) {
        z->place[i - r->part] = 0;
        return;
    }
    const wgi_op *op = op_of(z, r);
    const uint32_t *in = wgi_inputs_of(list, r);
    for (uint32_t k = 0; k < (uint32_t)op->n_out; k++) {
        z->place[i + k] = 0;
    }
    for (uint32_t k = 0; k < r->n_in; k++) {
        z->place[in[k]] = 0;
    }
    for (uint32_t k = 0; k < (uint32_t)op->n_numbers; k++) {
        z->number[r->number + k] = 0;
    }
}

static void mark(const freeze *z)
{
    const wgi_number_entry *numbers = z->source->list.numbers.data;
    for (size_t i = 0; i < z->f->n_in; i++) {
        z->place[z->f->inputs[i].node] = 0;
    }
    for (size_t i = 0; i < z->f->n_out; i++) {
        z->place[z->f->outputs[i].node] = 0;
    }
    for (uint32_t i = wgi_list_count(&z->source->list); i > 0; i--) {
        if (z->place[i - 1] != WGI_NONE) {
            mark_needs(z, i - 1);
        }
    }
    for (size_t i = z->source->list.numbers.count; i > 0; i--) {
        if (z->number[i - 1] != WGI_NONE && numbers[i - 1].how != WGI_GIVEN) {
            z->number[numbers[i - 1].from] = 0;
        }
    }
}

/* ---- copying ------------------------------------------------------------------------------ */

static bool copy_numbers(const freeze *z)
{
    const wgi_number_entry *from = z->source->list.numbers.data;
    wgi_array *to = &z->copy->list.numbers;
    for (size_t i = 0; i < z->source->list.numbers.count; i++) {
        if (z->number[i] == WGI_NONE) {
            continue;
        }
        wgi_number_entry *entry = wgi_array_push(memory_of(z), to, sizeof *entry);
        if (entry == NULL) {
            return false;
        }
        z->number[i] = (uint32_t)to->count - 1;
        *entry = from[i];
        entry->from = from[i].how != WGI_GIVEN ? z->number[from[i].from] : 0;
    }
    return true;
}

static bool push_name(const freeze *z, uint32_t node, const char *text)
{
    wgi_node_name *name = wgi_array_push(memory_of(z), &z->copy->list.names, sizeof *name);
    if (name == NULL) {
        return false;
    }
    const size_t length = strlen(text);
    name->node = node;
    memcpy(name->text, text, length < sizeof name->text ? length : sizeof name->text - 1);
    return true;
}

static bool copy_names(const freeze *z)
{
    const wgi_node_name *names = z->source->list.names.data;
    bool ok = true;
    for (size_t i = 0; ok && i < z->source->list.names.count; i++) {
        const uint32_t node = z->place[names[i].node];
        ok = node == WGI_NONE || push_name(z, node, names[i].text);
    }
    return ok;
}

/* What a leaf that is no input holds now, in a tensor of the copy's own. */
static wg_status capture(const freeze *z, const wgi_leaf *leaf, wg_tensor **out)
{
    const wg_tensor *t = leaf->tensor;
    *out = NULL;
    if (leaf->version != t->version) {
        wg_status status = wgi_run_fail(z->source, WG_ERR_STALE, "function",
                                        "a leaf changed since it was recorded");
        wgi_run_operand(z->source, leaf->node);
        return status;
    }
    wg_status status = wgi_tensor_new(z->copy->ctx, &t->type, false, out);
    if (status == WG_OK && t->type.count > 0) {
        memcpy((*out)->data, t->data, wgi_type_bytes(&t->type));
    }
    return status;
}

static wg_status copy_leaf(const freeze *z, uint32_t i)
{
    const uint32_t at = wgi_record_at(&z->source->list, i)->in[0];
    const wgi_leaf *leaf = wgi_leaf_at(&z->source->list, at);
    wg_tensor *t = wg_tensor_retain(z->shell[at]);
    wg_status status = t != NULL ? WG_OK : capture(z, leaf, &t);
    if (status != WG_OK) {
        return status;
    }
    const wgi_leaf_kind kind = z->shell[at] != NULL ? WGI_LEAF_INPUT : WGI_LEAF_CONSTANT;
    const wg_node n = wgi_leaf_append(z->copy, kind, t, NULL);
    wg_tensor_destroy(t);
    z->place[i] = n.index;
    if (z->copy->failure.status == WG_OK && leaf->param != NULL &&
        !push_name(z, n.index, leaf->param->name)) {
        return WG_ERR_MEMORY;
    }
    return z->copy->failure.status;
}

/* Dims of a result are those of one of its first two operands where they agree. */
static uint32_t place_dims(const freeze *z, const wgi_entry *op, const wgi_type *type)
{
    wgi_list *list = &z->copy->list;
    const uint32_t *in = wgi_inputs_of(&z->source->list, op);
    for (uint32_t k = 0; k < op->n_in && k < 2; k++) {
        const wgi_entry *x = wgi_record_at(list, z->place[in[k]]);
        if (wgi_same_shape(x->rank, wgi_dims_of(list, x), type->rank, type->dims)) {
            return x->dims;
        }
    }
    return wgi_list_append_dims(list, type->rank, type->dims);
}

/* Operands under the copy's indices. */
static void place_operands(const freeze *z, const wgi_entry *from, wgi_entry *to)
{
    wgi_list *list = &z->copy->list;
    const uint32_t *in = wgi_inputs_of(&z->source->list, from);
    if (from->n_in > 3) {
        to->in[0] = (uint32_t)list->operands.count;
    }
    for (uint32_t k = 0; k < from->n_in; k++) {
        const uint32_t x = z->place[in[k]];
        if (from->n_in > 3) {
            list->hash.operands = wgi_hash_place(list->hash.operands, list->operands.count, x);
            *(uint32_t *)wgi_array_next(&list->operands, sizeof x) = x;
        } else {
            to->in[k] = x;
        }
    }
}

static wg_status copy_op(const freeze *z, uint32_t i)
{
    wgi_list *list = &z->copy->list;
    const wgi_entry *from = wgi_record_at(&z->source->list, i);
    const wgi_op *op = op_of(z, from);
    wgi_type types[WGI_MAX_OUT];
    for (int32_t k = 0; k < op->n_out; k++) {
        types[k] = wgi_record_type(&z->source->list, from + k);
    }
    if (!wgi_list_reserve(memory_of(z), list, op, from->n_in, types)) {
        return WG_ERR_MEMORY;
    }
    for (int32_t k = 0; k < op->n_out; k++) {
        const uint32_t dims = place_dims(z, from, &types[k]);
        z->place[i + (uint32_t)k] = wgi_list_count(list);
        wgi_entry *r = wgi_list_next(list);
        *r = from[k];
        r->dims = dims;
        r->flags = 0;
        if (k == 0) {
            place_operands(z, from, r);
            r->attr =
                wgi_list_append_attrs(list, wgi_attrs_of(&z->source->list, from), op->attr_bytes);
            r->number = op->n_numbers > 0 ? z->number[from->number] : from->number;
        }
        wgi_list_seal(list, r);
    }
    return WG_OK;
}

static wg_status copy_entries(const freeze *z)
{
    wg_status status = WG_OK;
    for (uint32_t i = 0; i < wgi_list_count(&z->source->list) && status == WG_OK; i++) {
        const wgi_entry *r = wgi_record_at(&z->source->list, i);
        if (z->place[i] != WGI_NONE && r->part == 0) {
            status = wgi_record_is_leaf(r) ? copy_leaf(z, i) : copy_op(z, i);
        }
    }
    z->copy->list.n_random = z->source->list.n_random;
    return status;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static wg_status fail_input(const freeze *z, size_t i, const char *why)
{
    wg_status status = wgi_run_fail(z->source, WG_ERR_ARGUMENT, "function", "input %zu %s", i, why);
    wgi_run_operand(z->source, z->f->inputs[i].node);
    return status;
}

static wg_status take_inputs(const freeze *z)
{
    for (size_t i = 0; i < z->f->n_in; i++) {
        const wgi_slot *slot = &z->f->inputs[i];
        const wgi_entry *r = wgi_record_at(&z->source->list, slot->node);
        if (!wgi_record_is_leaf(r)) {
            return fail_input(z, i, "is no leaf but the result of an op");
        }
        if (z->shell[r->in[0]] != NULL) {
            return fail_input(z, i, "is there twice");
        }
        z->shell[r->in[0]] = slot->at;
    }
    return WG_OK;
}

static wg_status fill_copy(const freeze *z)
{
    wg_status status = take_inputs(z);
    if (status != WG_OK) {
        return status;
    }
    mark(z);
    status = copy_numbers(z) ? copy_entries(z) : WG_ERR_MEMORY;
    if (status == WG_OK && !copy_names(z)) {
        status = WG_ERR_MEMORY;
    }
    for (size_t i = 0; status == WG_OK && i < z->f->n_in; i++) {
        z->f->inputs[i].node = z->place[z->f->inputs[i].node];
    }
    for (size_t i = 0; status == WG_OK && i < z->f->n_out; i++) {
        z->f->outputs[i].node = z->place[z->f->outputs[i].node];
    }
    return status;
}

wg_status wgi_freeze(wg_graph *source, wg_graph *copy, wg_function *f)
{
    freeze z = {.source = source, .copy = copy, .f = f};
    wg_status status = open_maps(&z) ? fill_copy(&z) : WG_ERR_MEMORY;
    close_maps(&z);
    return status;
}
