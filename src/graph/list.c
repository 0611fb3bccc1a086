/* The list: appending, copying, comparing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/list.h"

#include <string.h>

#include "core/checked.h"
#include "core/param.h"

wgi_type wgi_record_type(const wgi_list *list, const wgi_entry *r)
{
    wgi_type type = {.dtype = r->dtype, .rank = r->rank, .count = r->count};
    const int64_t *dims = wgi_dims_of(list, r);
    if (dims != NULL) {
        memcpy(type.dims, dims, (size_t)r->rank * sizeof *dims);
    }
    return type;
}

static size_t attr_words(const wgi_op *op)
{
    return (op->attr_bytes + 7) / 8;
}

bool wgi_list_reserve(const wg_allocator *a, wgi_list *list, const wgi_op *op, int32_t n_in,
                      const wgi_type *out)
{
    size_t n_dims = (size_t)out->rank;
    for (int32_t i = 1; i < op->n_out; i++) {
        n_dims += (size_t)out[i].rank;
    }
    return wgi_list_reserve_typed(a, list, (size_t)op->n_out, n_dims) &&
           list->attrs.count < UINT32_MAX - 64 &&
           wgi_array_reserve(a, &list->attrs, attr_words(op), sizeof(uint64_t)) &&
           wgi_array_reserve(a, &list->operands, n_in > 3 ? (size_t)n_in : 0, sizeof(uint32_t)) &&
           wgi_array_reserve(a, &list->numbers, (size_t)op->n_numbers, sizeof(wgi_number_entry));
}

/* Whether the last dims of the list are these. */
static bool ends_with(const wgi_list *list, int32_t rank, const int64_t *dims)
{
    const int64_t *last = (const int64_t *)list->dims.data + list->dims.count;
    for (int32_t i = 1; i <= rank; i++) {
        if (last[-i] != dims[rank - i]) {
            return false;
        }
    }
    return true;
}

uint32_t wgi_list_append_dims(wgi_list *list, int32_t rank, const int64_t *dims)
{
    size_t count = list->dims.count;
    if (rank == 0) {
        return 0;
    }
    if (count >= (size_t)rank && ends_with(list, rank, dims)) {
        return (uint32_t)(count - (size_t)rank);
    }
    for (int32_t i = 0; i < rank; i++) {
        list->hash.dims = wgi_hash_place(list->hash.dims, list->dims.count, (uint64_t)dims[i]);
        *(int64_t *)wgi_array_next(&list->dims, sizeof(int64_t)) = dims[i];
    }
    return (uint32_t)count;
}

uint32_t wgi_list_append_attrs(wgi_list *list, const void *attr, size_t bytes)
{
    if (bytes == 0) {
        return WGI_NO_ATTR;
    }
    size_t place = list->attrs.count;
    size_t n = bytes / sizeof(uint64_t);
    uint64_t h = list->hash.attrs;
    uint64_t *words = (uint64_t *)list->attrs.data + place;
    for (size_t i = 0; i < n; i++) {
        memcpy(&words[i], (const uint64_t *)attr + i, sizeof(uint64_t));
        h = wgi_hash_place(h, place + i, words[i]);
    }
    if (bytes % sizeof(uint64_t) > 0) {
        words[n] = 0;
        memcpy(&words[n], (const uint64_t *)attr + n, bytes % sizeof(uint64_t));
        h = wgi_hash_place(h, place + n, words[n]);
        n++;
    }
    list->hash.attrs = h;
    list->attrs.count = place + n;
    return (uint32_t)place;
}

uint32_t wgi_list_append_operands(wgi_list *list, const wg_node *in, int32_t n_in)
{
    uint32_t place = (uint32_t)list->operands.count;
    for (int32_t i = 0; i < n_in; i++) {
        list->hash.operands =
            wgi_hash_place(list->hash.operands, list->operands.count, in[i].index);
        *(uint32_t *)wgi_array_next(&list->operands, sizeof(uint32_t)) = in[i].index;
    }
    return place;
}

bool wgi_list_add_leaf(const wg_allocator *a, wgi_list *list, wgi_leaf_kind kind, uint32_t place,
                       uint8_t flags, const wgi_type *type)
{
    if (!wgi_list_reserve_typed(a, list, 1, (size_t)type->rank)) {
        return false;
    }
    wgi_entry *r = wgi_list_next(list);
    r->op = WGI_OP_LEAF;
    r->n_in = 0;
    r->dtype = (uint8_t)type->dtype;
    r->rank = (uint8_t)type->rank;
    r->part = 0;
    r->flags = flags;
    r->in[0] = place;
    r->in[1] = 0;
    r->in[2] = 0;
    r->dims = wgi_list_append_dims(list, type->rank, type->dims);
    r->attr = kind;
    r->number = 0;
    r->count = type->count;
    wgi_list_seal(list, r);
    return true;
}

wgi_entry *wgi_list_append_leaf(const wg_allocator *a, wgi_list *list, wgi_leaf_kind kind,
                                uint32_t place, const wgi_type *type)
{
    bool ok = wgi_list_add_leaf(a, list, kind, place, 0, type);
    return ok ? wgi_record_at(list, wgi_list_count(list) - 1) : NULL;
}

void wgi_list_clear(wgi_list *list)
{
    list->records.count = 0;
    list->dims.count = 0;
    list->attrs.count = 0;
    list->operands.count = 0;
    list->numbers.count = 0;
    list->leaves.count = 0;
    list->sites.count = 0;
    list->names.count = 0;
    list->hash = (wgi_list_hashes){0};
    list->n_random = 0;
}

void wgi_list_free(const wg_allocator *a, wgi_list *list)
{
    wgi_array_free(a, &list->records, sizeof(wgi_entry));
    wgi_array_free(a, &list->dims, sizeof(int64_t));
    wgi_array_free(a, &list->attrs, sizeof(uint64_t));
    wgi_array_free(a, &list->operands, sizeof(uint32_t));
    wgi_array_free(a, &list->numbers, sizeof(wgi_number_entry));
    wgi_array_free(a, &list->leaves, sizeof(wgi_leaf));
    wgi_array_free(a, &list->sites, sizeof(wgi_site));
    wgi_array_free(a, &list->names, sizeof(wgi_node_name));
    wgi_list_clear(list);
}

static bool copy_array(const wg_allocator *a, wgi_array *dst, const wgi_array *src, size_t size)
{
    dst->count = 0;
    if (!wgi_array_reserve(a, dst, src->count, size)) {
        return false;
    }
    if (src->count > 0) {
        memcpy(dst->data, src->data, src->count * size);
    }
    dst->count = src->count;
    return true;
}

bool wgi_list_copy(const wg_allocator *a, wgi_list *dst, const wgi_list *src)
{
    wgi_list_clear(dst);
    bool ok = copy_array(a, &dst->records, &src->records, sizeof(wgi_entry)) &&
              copy_array(a, &dst->dims, &src->dims, sizeof(int64_t)) &&
              copy_array(a, &dst->attrs, &src->attrs, sizeof(uint64_t)) &&
              copy_array(a, &dst->operands, &src->operands, sizeof(uint32_t)) &&
              copy_array(a, &dst->numbers, &src->numbers, sizeof(wgi_number_entry)) &&
              copy_array(a, &dst->leaves, &src->leaves, sizeof(wgi_leaf));
    if (!ok) {
        wgi_list_clear(dst);
        return false;
    }
    dst->hash = src->hash;
    dst->n_random = src->n_random;
    return true;
}

wgi_list_extent wgi_list_extent_of(const wgi_list *list)
{
    return (wgi_list_extent){
        .records = list->records.count,
        .dims = list->dims.count,
        .attrs = list->attrs.count,
        .operands = list->operands.count,
        .numbers = list->numbers.count,
    };
}

static bool same_array(const wgi_array *whole, size_t n, const wgi_array *b, size_t size)
{
    return n == b->count && (n == 0 || memcmp(whole->data, b->data, n * size) == 0);
}

bool wgi_list_equal(const wgi_list *whole, const wgi_list_extent *extent, const wgi_list *list)
{
    return same_array(&whole->records, extent->records, &list->records, sizeof(wgi_entry)) &&
           same_array(&whole->dims, extent->dims, &list->dims, sizeof(int64_t)) &&
           same_array(&whole->attrs, extent->attrs, &list->attrs, sizeof(uint64_t)) &&
           same_array(&whole->operands, extent->operands, &list->operands, sizeof(uint32_t)) &&
           extent->numbers == list->numbers.count;
}

uint64_t wgi_hash_bytes(uint64_t h, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    while (bytes > 0) {
        uint64_t word = 0;
        size_t n = bytes < sizeof word ? bytes : sizeof word;
        memcpy(&word, p, n);
        h = wgi_hash_word(h, word);
        p += n;
        bytes -= n;
    }
    return h;
}

uint64_t wgi_list_hash(const wgi_list *list)
{
    const wgi_list_hashes *hash = &list->hash;
    uint64_t h = wgi_hash_word(list->records.count, hash->records);
    h = wgi_hash_word(h, hash->dims);
    h = wgi_hash_word(h, hash->attrs);
    return wgi_hash_word(h, hash->operands);
}

void wgi_list_rehash(wgi_list *list)
{
    wgi_list_hashes hash = {0};
    const uint64_t *dims = list->dims.data;
    const uint64_t *attrs = list->attrs.data;
    const uint32_t *operands = list->operands.data;
    for (uint32_t i = 0; i < wgi_list_count(list); i++) {
        hash.records = wgi_hash_record(hash.records, wgi_record_at(list, i));
    }
    for (size_t i = 0; i < list->dims.count; i++) {
        hash.dims = wgi_hash_place(hash.dims, i, dims[i]);
    }
    for (size_t i = 0; i < list->attrs.count; i++) {
        hash.attrs = wgi_hash_place(hash.attrs, i, attrs[i]);
    }
    for (size_t i = 0; i < list->operands.count; i++) {
        hash.operands = wgi_hash_place(hash.operands, i, operands[i]);
    }
    list->hash = hash;
}

static double derive(uint32_t how, double v)
{
    switch ((wgi_derivation)how) {
    case WGI_NEGATE:
        return -v;
    case WGI_RECIPROCAL:
        return 1.0 / v;
    case WGI_MINUS_ONE:
        return v - 1.0;
    case WGI_GIVEN:
    case WGI_SAME:
        break;
    }
    return v;
}

double wgi_number_derived(const wgi_list *list, uint32_t how, uint32_t from)
{
    return derive(how, ((const wgi_number_entry *)list->numbers.data)[from].value);
}

void wgi_numbers_update(wgi_list *list)
{
    wgi_number_entry *entries = list->numbers.data;
    for (size_t i = 0; i < list->numbers.count; i++) {
        if (entries[i].how != WGI_GIVEN) {
            entries[i].value = derive(entries[i].how, entries[entries[i].from].value);
        }
    }
}

void wgi_numbers_extend(const wgi_list *list, size_t first, double *values)
{
    const wgi_number_entry *entries = list->numbers.data;
    for (size_t i = first; i < list->numbers.count; i++) {
        bool is_given = entries[i].how == WGI_GIVEN;
        values[i] = is_given ? entries[i].value : derive(entries[i].how, values[entries[i].from]);
    }
}

const char *wgi_list_name(const wgi_list *list, uint32_t node)
{
    const wgi_node_name *names = list->names.data;
    for (size_t i = list->names.count; i > 0; i--) {
        if (names[i - 1].node == node) {
            return names[i - 1].text;
        }
    }
    const wgi_entry *r = wgi_record_at(list, node);
    if (wgi_record_is_leaf(r) && r->attr == WGI_LEAF_PARAM) {
        return wgi_leaf_at(list, r->in[0])->param->name;
    }
    return NULL;
}

const wgi_site *wgi_list_site(const wgi_list *list, uint32_t node)
{
    if (node >= list->sites.count) {
        return NULL;
    }
    const wgi_site *site = (const wgi_site *)list->sites.data + node;
    return site->file != NULL ? site : NULL;
}

/* ---- arithmetic --------------------------------------------------------------------------- */

/* No op that counts its arithmetic has more operands. */
#define MOST_COUNTED 16

double wgi_record_flops(const wgi_list *list, const wgi_entry *r, const wgi_op *op)
{
    wgi_view in[MOST_COUNTED];
    wgi_view out[WGI_MAX_OUT];
    if (op->flops == NULL || r->n_in > MOST_COUNTED) {
        return 0.0;
    }
    for (uint32_t k = 0; k < r->n_in; k++) {
        in[k] = wgi_record_view(list, wgi_record_at(list, wgi_inputs_of(list, r)[k]));
    }
    for (int32_t k = 0; k < op->n_out; k++) {
        out[k] = wgi_record_view(list, r + k);
    }
    return op->flops(in, out, wgi_attrs_of(list, r));
}
