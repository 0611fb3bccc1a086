/* The list: compact records of ops in order of recording, with what they refer to beside them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariants: a record's operands come before it, so the order is a topological one; the parts of
 * an op with several outputs stand right after its record; records, dims, attrs and operands are a
 * function of the calls that recorded them, byte for byte, so that equal bytes mean equal lists.
 * Numbers, leaves, names and sites stand beside the list and take no part in that. */
#ifndef WG_GRAPH_LIST_H
#define WG_GRAPH_LIST_H

#include "core/memory.h"
#include "core/op.h"
#include "core/tensor.h"

/* No entry: also the end of every walk. Handles of failed calls lie above. */
#define WGI_NONE UINT32_MAX
#define WGI_MAX_RECORDS (UINT32_MAX - 16U)

enum {
    WGI_WANTS_GRADIENT = 1
};

typedef struct wgi_entry {
    uint16_t op; /* WGI_OP_LEAF: in[0] is the leaf's place, attr its kind */
    uint16_t n_in;
    uint8_t dtype;
    uint8_t rank;
    uint8_t part; /* which output of the op that stands `part` records before */
    uint8_t flags;
    uint32_t in[3]; /* operands; when n_in > 3, in[0] is their place in `operands` */
    uint32_t dims;
    uint32_t attr; /* in 8-byte words */
    uint32_t number;
    int64_t count;
} wgi_entry;

_Static_assert(sizeof(wgi_entry) == 40, "records stay compact");

/* A derived number's value is current: it was derived when it was made or last updated. */
typedef struct wgi_number_entry {
    double value;
    uint32_t from;
    uint32_t how; /* wgi_derivation */
} wgi_number_entry;

typedef enum wgi_leaf_kind {
    WGI_LEAF_INPUT = 0,
    WGI_LEAF_VARIABLE,
    WGI_LEAF_PARAM,
    WGI_LEAF_CONSTANT,
    WGI_LEAF_GRADIENT /* in plans alone: the gradient that a leaf holds already */
} wgi_leaf_kind;

typedef struct wgi_leaf {
    uint32_t node;
    wgi_leaf_kind kind;
    wg_tensor *tensor; /* retained */
    wg_param *param;
    wg_tensor *gradient; /* a variable's; NULL while empty */
    uint64_t version;    /* the tensor's when recorded or refreshed */
} wgi_leaf;

typedef struct wgi_site {
    const char *file;
    int32_t line;
} wgi_site;

typedef struct wgi_node_name {
    uint32_t node;
    char text[64];
} wgi_node_name;

typedef struct wgi_list {
    wgi_array records;  /* wgi_entry */
    wgi_array dims;     /* int64_t */
    wgi_array attrs;    /* uint64_t */
    wgi_array operands; /* uint32_t */
    wgi_array numbers;  /* wgi_number_entry */
    wgi_array leaves;   /* wgi_leaf */
    wgi_array sites;    /* wgi_site, as many as the last stamped node needs */
    wgi_array names;    /* wgi_node_name */
    uint32_t n_random;
} wgi_list;

static inline uint32_t wgi_list_count(const wgi_list *list)
{
    return (uint32_t)list->records.count;
}

static inline wgi_entry *wgi_record_at(const wgi_list *list, uint32_t i)
{
    return (wgi_entry *)list->records.data + i;
}

static inline wgi_leaf *wgi_leaf_at(const wgi_list *list, uint32_t i)
{
    return (wgi_leaf *)list->leaves.data + i;
}

static inline const uint32_t *wgi_inputs_of(const wgi_list *list, const wgi_entry *r)
{
    return r->n_in <= 3 ? r->in : (const uint32_t *)list->operands.data + r->in[0];
}

static inline const void *wgi_attrs_of(const wgi_list *list, const wgi_entry *r)
{
    return r->attr < list->attrs.count ? (const uint64_t *)list->attrs.data + r->attr : NULL;
}

static inline const int64_t *wgi_dims_of(const wgi_list *list, const wgi_entry *r)
{
    return r->rank > 0 ? (const int64_t *)list->dims.data + r->dims : NULL;
}

static inline bool wgi_record_is_leaf(const wgi_entry *r)
{
    return r->op == WGI_OP_LEAF;
}

/* The type of a record: as a view without data, and by itself. */
wgi_view wgi_record_view(const wgi_list *list, const wgi_entry *r);
wgi_type wgi_record_type(const wgi_list *list, const wgi_entry *r);

/* Room for one op of n_out records; nothing changes on failure. */
WGI_NODISCARD bool wgi_list_reserve(const wg_allocator *a, wgi_list *list, const wgi_op *op,
                                    int32_t n_in, const wgi_type *out);

/* Appends one record of a type after a reserve; the caller fills the rest, which is zero. */
wgi_entry *wgi_list_append(wgi_list *list, const wgi_type *type);

/* Appends a leaf record of a kind that refers to leaf number `place`; NULL, and nothing changed,
 * when memory is short. */
WGI_NODISCARD wgi_entry *wgi_list_append_leaf(const wg_allocator *a, wgi_list *list,
                                              wgi_leaf_kind kind, uint32_t place,
                                              const wgi_type *type);

/* Empties the list and keeps its memory. The leaves' tensors are the caller's to release. */
void wgi_list_clear(wgi_list *list);
void wgi_list_free(const wg_allocator *a, wgi_list *list);

/* Makes dst a copy of src's records, dims, attrs, operands, numbers and leaves (shallow: tensors
 * are not retained), without names and sites. */
WGI_NODISCARD bool wgi_list_copy(const wg_allocator *a, wgi_list *dst, const wgi_list *src);

/* How long the arrays of a list are: a plan's list starts with the list it was made from. */
typedef struct wgi_list_extent {
    size_t records;
    size_t dims;
    size_t attrs;
    size_t operands;
    size_t numbers;
} wgi_list_extent;

wgi_list_extent wgi_list_extent_of(const wgi_list *list);

/* Whether `list` is the same program as the first `extent` of `whole`, and a hash that is equal
 * then. */
bool wgi_list_equal(const wgi_list *whole, const wgi_list_extent *extent, const wgi_list *list);
uint64_t wgi_list_hash(const wgi_list *list);

/* Mixes words into a hash. */
uint64_t wgi_hash_bytes(uint64_t h, const void *data, size_t bytes);

/* The value of a number derived from another; all derived ones made current again, in order. */
double wgi_number_derived(const wgi_list *list, uint32_t how, uint32_t from);
void wgi_numbers_update(wgi_list *list);

/* Values of the entries from `first` on, derived from the values before them. */
void wgi_numbers_extend(const wgi_list *list, size_t first, double *values);

/* The name of an entry, or NULL; a parameter's own where no other was given. */
const char *wgi_list_name(const wgi_list *list, uint32_t node);
const wgi_site *wgi_list_site(const wgi_list *list, uint32_t node);

#endif
