/* The list: compact records of ops in order of recording, with what they refer to beside them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariants: a record's operands come before it, so the order is a topological one; the parts of
 * an op with several outputs stand right after its record; records of one shape may share dims, and
 * a result shares those of one of its first two operands of the same shape; records, dims, attrs
 * and operands are a function of the calls that recorded them, byte for byte, so that equal bytes
 * mean equal lists; `hash` is a function of those bytes. Numbers, leaves, names and sites stand
 * beside the list and take no part in that. */
#ifndef WG_GRAPH_LIST_H
#define WG_GRAPH_LIST_H

#include "core/memory.h"
#include "core/op.h"
#include "core/tensor.h"

/* No entry: also the end of every walk. Handles of failed calls lie above. */
#define WGI_NONE UINT32_MAX
#define WGI_MAX_RECORDS (UINT32_MAX - 16U)

/* The attributes of a record that has none. */
#define WGI_NO_ATTR UINT32_MAX

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
    uint32_t dims;  /* 0 for rank 0 */
    uint32_t attr;  /* in 8-byte words */
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

/* A hash of each array, kept as the arrays grow. */
typedef struct wgi_list_hashes {
    uint64_t records;
    uint64_t dims;
    uint64_t attrs;
    uint64_t operands;
} wgi_list_hashes;

typedef struct wgi_list {
    wgi_array records;  /* wgi_entry */
    wgi_array dims;     /* int64_t */
    wgi_array attrs;    /* uint64_t */
    wgi_array operands; /* uint32_t */
    wgi_array numbers;  /* wgi_number_entry */
    wgi_array leaves;   /* wgi_leaf */
    wgi_array sites;    /* wgi_site, as many as the last stamped node needs */
    wgi_array names;    /* wgi_node_name */
    wgi_list_hashes hash;
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
static inline void wgi_record_look(const wgi_list *list, const wgi_entry *r, wgi_view *out)
{
    out->data = NULL;
    out->dtype = r->dtype;
    out->rank = r->rank;
    out->dims = wgi_dims_of(list, r);
    out->count = r->count;
}

static inline wgi_view wgi_record_view(const wgi_list *list, const wgi_entry *r)
{
    wgi_view view;
    wgi_record_look(list, r, &view);
    return view;
}

/* The arithmetic that the op's row counts for an entry, its first output; 0 where it counts none.
 */
double wgi_record_flops(const wgi_list *list, const wgi_entry *r, const wgi_op *op);

wgi_type wgi_record_type(const wgi_list *list, const wgi_entry *r);

/* Whether two records of one list have the same shape. */
static inline bool wgi_records_agree(const wgi_list *list, const wgi_entry *a, const wgi_entry *b)
{
    return a->rank == b->rank &&
           (a->dims == b->dims ||
            memcmp(wgi_dims_of(list, a), wgi_dims_of(list, b), a->rank * sizeof(int64_t)) == 0);
}

/* ---- hashing ------------------------------------------------------------------------------ */

/* Mixes a word into a hash; a word of 0 changes it too. */
static inline uint64_t wgi_hash_word(uint64_t h, uint64_t word)
{
    h = ((h + UINT64_C(0x632BE59BD9B4E019)) ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 32);
}

/* Adds the word at a place of an array to a hash: no word waits for the one before. */
static inline uint64_t wgi_hash_place(uint64_t h, size_t place, uint64_t word)
{
    uint64_t t = (word + (place + 1) * UINT64_C(0xA0761D6478BD642F)) * UINT64_C(0x9E3779B97F4A7C15);
    return h + (t ^ (t >> 32)) * UINT64_C(0xD6E8FEB86659FD93);
}

/* Mixes a record into a hash. Its words are multiplied independently of each other and of the hash,
 * so that one record waits for the one before by a single multiplication. They pair fields that do
 * not stand together: a wide load of two fields would have to wait until both are written. */
static inline uint64_t wgi_hash_record(uint64_t h, const wgi_entry *r)
{
    uint64_t head = r->flags | (uint64_t)r->op << 8 | (uint64_t)r->rank << 24 |
                    (uint64_t)r->n_in << 32 | (uint64_t)r->part << 48 | (uint64_t)r->dtype << 56;
    uint64_t sum = head * UINT64_C(0xD6E8FEB86659FD93) +
                   (r->in[0] | (uint64_t)r->dims << 32) * UINT64_C(0xA0761D6478BD642F) +
                   (r->in[1] | (uint64_t)r->number << 32) * UINT64_C(0xE7037ED1A0B428DB) +
                   (r->in[2] | (uint64_t)r->attr << 32) * UINT64_C(0x8EBC6AF09C88C6E3) +
                   (uint64_t)r->count * UINT64_C(0x589965CC75374CC3);
    return (h ^ sum ^ (sum >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
}

/* Mixes bytes into a hash, eight at a time; the tail is padded with zeros. */
uint64_t wgi_hash_bytes(uint64_t h, const void *data, size_t bytes);

/* Equal for equal lists; costs nothing. */
uint64_t wgi_list_hash(const wgi_list *list);

/* Hashes the whole list anew, after its records were changed in place. */
void wgi_list_rehash(wgi_list *list);

/* ---- appending ---------------------------------------------------------------------------- */

/* Room for one op of n_out records; nothing changes on failure. */
WGI_NODISCARD bool wgi_list_reserve(const wg_allocator *a, wgi_list *list, const wgi_op *op,
                                    int32_t n_in, const wgi_type *out);

/* The same for n records without anything but n_dims dims. */
WGI_NODISCARD static inline bool wgi_list_reserve_typed(const wg_allocator *a, wgi_list *list,
                                                        size_t n, size_t n_dims)
{
    return list->records.count + n < WGI_MAX_RECORDS && list->dims.count + n_dims < UINT32_MAX &&
           wgi_array_reserve(a, &list->records, n, sizeof(wgi_entry)) &&
           wgi_array_reserve(a, &list->dims, n_dims, sizeof(int64_t));
}

/* The next record after a reserve, to be filled in place, field by field: a field is often read
 * soon, and a copy of the whole would have to wait for the fields it is made of. Sealed when it is
 * final. */
static inline wgi_entry *wgi_list_next(wgi_list *list)
{
    return (wgi_entry *)wgi_array_next(&list->records, sizeof(wgi_entry));
}

static inline void wgi_list_seal(wgi_list *list, const wgi_entry *r)
{
    list->hash.records = wgi_hash_record(list->hash.records, r);
}

/* Appends a number of known value after a reserve; returns its place. */
static inline uint32_t wgi_list_append_number(wgi_list *list, double value)
{
    uint32_t place = (uint32_t)list->numbers.count;
    wgi_number_entry *e = (wgi_number_entry *)wgi_array_next(&list->numbers, sizeof *e);
    *e = (wgi_number_entry){.value = value, .from = 0, .how = WGI_GIVEN};
    return place;
}

/* Append dims, attributes and operands after a reserve; return their place. Dims that the list ends
 * with are there already. */
uint32_t wgi_list_append_dims(wgi_list *list, int32_t rank, const int64_t *dims);
uint32_t wgi_list_append_attrs(wgi_list *list, const void *attr, size_t bytes);
uint32_t wgi_list_append_operands(wgi_list *list, const wg_node *in, int32_t n_in);

/* Appends a leaf of a type that refers to leaf number `place`; false, and nothing changed, when
 * memory is short. */
WGI_NODISCARD bool wgi_list_add_leaf(const wg_allocator *a, wgi_list *list, wgi_leaf_kind kind,
                                     uint32_t place, uint8_t flags, const wgi_type *type);

/* The same for one without flags: its record, or NULL. */
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

/* Whether `list` is the same program as the first `extent` of `whole`. */
bool wgi_list_equal(const wgi_list *whole, const wgi_list_extent *extent, const wgi_list *list);

/* The value of a number derived from another; all derived ones made current again, in order. */
double wgi_number_derived(const wgi_list *list, uint32_t how, uint32_t from);
void wgi_numbers_update(wgi_list *list);

/* Values of the entries from `first` on, derived from the values before them. */
void wgi_numbers_extend(const wgi_list *list, size_t first, double *values);

/* The name of an entry, or NULL; a parameter's own where no other was given. */
const char *wgi_list_name(const wgi_list *list, uint32_t node);
const wgi_site *wgi_list_site(const wgi_list *list, uint32_t node);

#endif
