/* The contract of an op, and what an op may ask of the graph that records it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An op is a row: how many operands, its shape rule, its gradient as ops, its reference kernels and
 * the samples from which the drivers test it. Ops know no graph's insides: they record through
 * wgi_record and speak in wg_node. The graph knows no op's name but add and fill: it speaks of
 * traits.
 *
 *   infer      checks operands and attributes and fills `out`; asked once per recorded node,
 *              but for those that like_dtypes tells about
 *   gradient   emits ops, never leaves, into rule->graph and sets dx[i] for each wanted input; a
 *              zero handle means zero. Reads no data and no numbers: it passes a number on or
 *              derives one
 *   decompose  emits the same function in simpler ops and sets rule->result; used in place of a
 *              gradient, when the op itself is differentiated. Give one or both or neither: with
 *              neither, a floating output whose input wants a gradient is refused when recorded
 *   reference  plain loops, obviously right, one per dtype of the dispatch operand. Outputs are
 *              uninitialised; kernels never allocate
 *   call       the constructor for callers by name, to whom `attributes` tells the arguments */
#ifndef WG_CORE_OP_H
#define WG_CORE_OP_H

#include <wengert/graph.h>

#include "core/dtype.h"
#include "core/random.h"
#include "core/shape.h"

#include <stddef.h>

#define WGI_MAX_OUT 8

/* Op 0 of every list is no op of the table: a leaf. */
#define WGI_OP_LEAF 0

enum {
    WGI_POINTWISE = 1 << 0,   /* out[e] depends on in[e] alone, after broadcasting */
    WGI_BROADCAST = 1 << 1,   /* operands broadcast */
    WGI_REDUCTION = 1 << 2,   /* sums, means ... along axes */
    WGI_CONTRACTION = 1 << 3, /* takes an epilogue */
    WGI_LAYOUT = 1 << 4,      /* the same bytes in the same order under another shape */
    WGI_FILL = 1 << 5,        /* no operand */
    WGI_RANDOM = 1 << 6,      /* draws; never merged */
    WGI_COMMUTATIVE = 1 << 7,
    WGI_IN_PLACE = 1 << 8,  /* output 0 may be operand 0's memory */
    WGI_KINKED = 1 << 9,    /* not differentiable at some points */
    WGI_STOP = 1 << 10,     /* its outputs want no gradient */
    WGI_OPAQUE = 1 << 11,   /* calls what the program gave; the reference backend alone serves it */
    WGI_IMPURE = 1 << 12,   /* runs as often as it was recorded; never merged */
    WGI_PERMUTES = 1 << 13, /* axes in another order, told by a wgi_permute_attr */
    WGI_HINTS = 1 << 14     /* with WGI_STOP: its readers have its operand too, and give that the
                               whole gradient; tangents pass through it */
};

/* An operand or result as a kernel, shape rule or planner sees it; data are row-major. */
typedef struct wgi_view {
    void *data;
    int32_t dtype;
    int32_t rank;
    const int64_t *dims;
    int64_t count;
} wgi_view;

/* A data-dependent failure of a kernel, such as an index out of range. */
#define WGI_FAULT_BYTES 160
typedef struct wgi_fault {
    wg_status status;
    char text[WGI_FAULT_BYTES];
} wgi_fault;

/* What a kernel runs on. */
typedef struct wgi_args {
    const struct wgi_op *op; /* NULL for a group */
    const wgi_view *in;
    const wgi_view *out;
    int32_t n_in;
    int32_t n_out;
    const void *attr;
    const double *numbers;
    wgi_random_key key;            /* for random ops */
    const struct wgi_array *hooks; /* those of the graph that runs, for the op that calls them */
    void *scratch;
    wgi_fault *fault;
} wgi_args;

/* Fills args->fault and returns status. */
wg_status wgi_fault_set(const wgi_args *args, wg_status status, const char *format, ...)
    WGI_PRINTF(3, 4);

typedef wg_status (*wgi_reference)(const wgi_args *args);

/* A shape rule's question and answer. */
#define WGI_DETAIL_BYTES 160
typedef struct wgi_infer {
    const struct wgi_op *op;
    int32_t n_in;
    const wgi_view *in; /* data are NULL */
    const void *attr;
    wgi_type out[WGI_MAX_OUT]; /* one for each output; counted where the rule leaves it to that */
    char *detail;              /* WGI_DETAIL_BYTES: the message, "inner sizes differ: ..." */
    char *hint;                /* WGI_DETAIL_BYTES: "" or what to do about it */
} wgi_infer;

/* Sets the message and returns status; sets the hint. */
wg_status wgi_infer_fail(wgi_infer *q, wg_status status, const char *format, ...) WGI_PRINTF(3, 4);
void wgi_infer_hint(wgi_infer *q, const char *format, ...) WGI_PRINTF(2, 3);

/* An entry of the graph's array of numbers. */
typedef struct wgi_number {
    uint32_t index;
} wgi_number;

#define WGI_NO_NUMBER UINT32_MAX

typedef enum wgi_derivation {
    WGI_GIVEN = 0,
    WGI_SAME,
    WGI_NEGATE,
    WGI_RECIPROCAL,
    WGI_MINUS_ONE
} wgi_derivation;

/* One node being differentiated or decomposed. */
typedef struct wgi_rule {
    const struct wgi_op *op;
    wg_graph *graph; /* where to emit */
    int32_t n_in;
    int32_t n_out;
    const wg_node *x;  /* operands */
    const wg_node *y;  /* outputs */
    const wg_node *dy; /* upstream gradients; a zero handle (graph NULL) where none arrived */
    const bool *wants; /* which operands want a gradient */
    bool is_uniform;   /* every operand has the shape of the first output */
    const void *attr;
    wgi_number number; /* the op's first number */
    wg_node *dx;       /* gradient: to be set where wanted; zero handles at first */
    wg_node *result;   /* decompose: to be set, one for each output */
} wgi_rule;

static inline bool wgi_is_some(wg_node n)
{
    return n.graph != NULL;
}

/* ---- samples ------------------------------------------------------------------------------ */

typedef enum wgi_sample_fill {
    WGI_NORMAL = 0,  /* N(0,1) */
    WGI_POSITIVE,    /* [0.2, 2) */
    WGI_NONZERO,     /* +-[0.2, 2) */
    WGI_UNIT,        /* (0.05, 0.95) */
    WGI_PROBABILITY, /* positive, sums to 1 along the last axis */
    WGI_INDEX,       /* [0, limit) */
    WGI_BOOLS,       /* 0 or 1 */
    WGI_ZEROS
} wgi_sample_fill;

#define WGI_SAMPLE_RANK 4

typedef struct wgi_sample_input {
    int32_t rank;
    int64_t dims[WGI_SAMPLE_RANK];
    wgi_sample_fill fill;
    int32_t dtype;   /* 0: the floating dtype under test */
    int64_t limit;   /* of WGI_INDEX */
    int32_t same_as; /* 1 + the operand that this one is the very same node as; 0: its own */
} wgi_sample_input;

#define WGI_SAMPLE_INPUTS 8

/* A call of an op's public constructor. A good sample records without error; a bad one has the
 * status and the first line of the message it must give. */
typedef struct wgi_sample {
    const char *name;
    int32_t n_in;
    wgi_sample_input in[WGI_SAMPLE_INPUTS];
    wg_node (*build)(wg_graph *g, wg_dtype dtype, const wg_node *in);
    const char *text;   /* the call in C, over g, dtype and in; NULL: not to be printed */
    bool is_non_smooth; /* sits on a kink: values are tested, differences are not */
    wg_status status;   /* of a bad sample; also of one that fails when run */
    const char *error;
} wgi_sample;

/* ---- calls by name ------------------------------------------------------------------------ */

typedef enum wgi_attribute_kind {
    WGI_ATTR_INTEGER = 0,
    WGI_ATTR_FLAG,     /* 0 or 1 */
    WGI_ATTR_AXIS,     /* in [-rank, rank) */
    WGI_ATTR_DTYPE,    /* a wg_dtype */
    WGI_ATTR_CHOICE,   /* the place of one of the words of `range`, which | separates */
    WGI_ATTR_REAL,     /* a double */
    WGI_ATTR_AXES,     /* a list of axes */
    WGI_ATTR_DIMS,     /* a shape */
    WGI_ATTR_INTEGERS, /* another list */
    WGI_ATTR_TEXT
} wgi_attribute_kind;

typedef enum wgi_holding {
    WGI_HELD_NOWHERE = 0,
    WGI_HELD_I32,
    WGI_HELD_I64,
    WGI_HELD_BITS,     /* uint32_t: bit i is set where i is in the list */
    WGI_HELD_I32_LIST, /* int32_t[WG_MAX_RANK], and its length */
    WGI_HELD_I64_LIST, /* int64_t[WG_MAX_RANK], and its length */
    WGI_HELD_NUMBER    /* `offset` is the number's index */
} wgi_holding;

/* Where a record of the op holds the attribute: in its attributes, whose bytes are counted, or
 * among its numbers. */
typedef struct wgi_held {
    wgi_holding how;
    size_t offset;
    size_t length_offset; /* of a list */
    size_t length_bytes;  /* 4 or 8 */
} wgi_held;

#define WGI_AT_I32(type, member)                                                                   \
    {                                                                                              \
        .how = WGI_HELD_I32, .offset = offsetof(type, member)                                      \
    }
#define WGI_AT_I64(type, member)                                                                   \
    {                                                                                              \
        .how = WGI_HELD_I64, .offset = offsetof(type, member)                                      \
    }
#define WGI_AT_BITS(type, member)                                                                  \
    {                                                                                              \
        .how = WGI_HELD_BITS, .offset = offsetof(type, member)                                     \
    }
#define WGI_AT_I32_LIST(type, length, member)                                                      \
    {                                                                                              \
        .how = WGI_HELD_I32_LIST, .offset = offsetof(type, member),                                \
        .length_offset = offsetof(type, length), .length_bytes = sizeof(((type *)0)->length)       \
    }
#define WGI_AT_I64_LIST(type, length, member)                                                      \
    {                                                                                              \
        .how = WGI_HELD_I64_LIST, .offset = offsetof(type, member),                                \
        .length_offset = offsetof(type, length), .length_bytes = sizeof(((type *)0)->length)       \
    }
#define WGI_AT_NUMBER(index)                                                                       \
    {                                                                                              \
        .how = WGI_HELD_NUMBER, .offset = (index)                                                  \
    }

/* An attribute as a caller by name gives it, and as a reader of the list finds it. */
typedef struct wgi_attribute {
    const char *name;
    wgi_attribute_kind kind;
    const char *range; /* interval, "[0, 1)", or choices, "none|mean|sum"; NULL: any of its kind */
    bool is_optional;  /* then these hold; a list is not there */
    int64_t integer;
    double real;
    const char *text;
    wgi_held place; /* nowhere in forms, which have no record of their own */
} wgi_attribute;

/* The most that a list of axes or integers of a call by name has. */
#define WGI_CALL_LIST 32

/* The value of an attribute in a call; what its kind does not use is 0. */
typedef struct wgi_argument {
    bool is_given; /* by the caller; else the default holds */
    int32_t n;     /* of a list */
    int64_t integer;
    double real;
    const char *text;
    const int64_t *list;           /* NULL where a list is not given */
    int32_t narrow[WGI_CALL_LIST]; /* the list once more, of any kind but dims */
} wgi_argument;

/* A call of a row by name: one argument for each of the row's attributes, all in range of what
 * C's parameter can hold. */
typedef struct wgi_call {
    const struct wgi_op *op;
    wg_graph *graph;
    const wg_node *in;
    int32_t n_in;
    const wgi_argument *arguments;
} wgi_call;

/* ---- the row ------------------------------------------------------------------------------ */

/* A row's like_dtypes holds dtype d where operands of d alone, if their shapes broadcast, give one
 * result of d under the broadcast shape. Such a row has one or two operands, no attributes and at
 * most one number, and the graph may record it without asking infer, which would say the same. */
#define WGI_DTYPE_BIT(dtype) ((uint32_t)1 << (dtype))
#define WGI_LIKE_FLOATING                                                                          \
    (WGI_DTYPE_BIT(WG_F32) | WGI_DTYPE_BIT(WG_F64) | WGI_DTYPE_BIT(WGI_DTYPE_WIDE))
#define WGI_LIKE_NUMERIC (WGI_LIKE_FLOATING | WGI_DTYPE_BIT(WG_I64))

/* A form is a row without shape rule and kernels: its constructor records other ops. */
typedef struct wgi_op {
    const char *name;
    uint32_t traits;
    int32_t min_in;
    int32_t max_in;
    int32_t n_out;
    int32_t n_numbers;
    size_t attr_bytes;       /* attributes are compared bytewise: structs without padding */
    const char *operands[4]; /* names in messages: "a", "b" */
    int32_t dispatch;        /* operand whose dtype picks the kernel; -1: output 0 */
    uint32_t like_dtypes;    /* WGI_DTYPE_BIT of those for which infer is known, see below */
    wg_status (*infer)(wgi_infer *q);
    void (*gradient)(wgi_rule *rule);
    void (*decompose)(wgi_rule *rule);
    wgi_reference reference[WGI_N_DTYPES];
    /* The arithmetic, for plans and profiles to show; NULL: one for each element. */
    double (*flops)(const wgi_view *in, const wgi_view *out, const void *attr);
    /* The constructor by name. Given a record's own attributes it records an equal one. */
    wg_node (*call)(const wgi_call *call);
    const wgi_attribute *attributes;
    int32_t n_attributes;
    const wgi_sample *samples;
    int32_t n_samples;
    const wgi_sample *bad;
    int32_t n_bad;
} wgi_op;

static inline bool wgi_is_form(const wgi_op *op)
{
    return op->infer == NULL;
}

/* The table of all ops; entry 0 is NULL, for leaves. The two that the engine itself records are
 * named here. Forms are not numbered. */
typedef struct wgi_op_table {
    const wgi_op *const *ops;
    const wgi_op *const *forms;
    uint16_t count;
    uint16_t n_forms;
    uint16_t add;
    uint16_t fill;
} wgi_op_table;

/* The attributes of fill, which the engine records as the seed of a backward pass. */
typedef struct wgi_fill_attr {
    int32_t dtype;
    int32_t rank;
    int64_t dims[WG_MAX_RANK]; /* 0 past the rank */
} wgi_fill_attr;

/* The attributes of an op with the trait WGI_PERMUTES: axis i of the result is axis axes[i]; 0 past
 * the rank. */
typedef struct wgi_permute_attr {
    int32_t rank;
    int32_t axes[WG_MAX_RANK];
} wgi_permute_attr;

/* The i-th of all rows, ops before forms; there are wgi_row_count of them. */
static inline uint32_t wgi_row_count(const wgi_op_table *table)
{
    return (uint32_t)(table->count - 1) + table->n_forms;
}

static inline const wgi_op *wgi_row_at(const wgi_op_table *table, uint32_t i)
{
    const uint32_t n_ops = (uint32_t)table->count - 1;
    return i < n_ops ? table->ops[i + 1] : table->forms[i - n_ops];
}

/* The place of the first row of that name among all; false where there is none. */
bool wgi_row_find(const wgi_op_table *table, const char *name, uint32_t *place);

/* ---- recording: implemented by the graph -------------------------------------------------- */

typedef struct wgi_draft {
    uint16_t op;
    int32_t n_in;
    const wg_node *in;
    wg_graph *graph;       /* NULL where an operand tells it */
    const void *attr;      /* op->attr_bytes of them; copied */
    const double *numbers; /* op->n_numbers values, or NULL: */
    wgi_number number;     /* the first of op->n_numbers entries there already */
    const struct wgi_op
        *form; /* whose constructor this is, so that errors name it; NULL: the op's */
} wgi_draft;

/* Appends a node, or fails the graph and returns an invalid handle that knows it. A draft of a form
 * alone, with op 0, is one of which an operand is no node of the graph: that is then the error. */
wg_node wgi_record(const wgi_draft *draft);

/* For a form that calls other constructors, whose errors shall be its own: the first gives the
 * graph of the draft's operands, NULL where it cannot record; the second returns y, or where the
 * graph has failed since, the failure in the name of the form and of the draft's operands. */
wg_graph *wgi_form_begin(const wgi_draft *draft);
wg_node wgi_form_end(wg_graph *g, const wgi_draft *draft, wg_node y);

/* The same for an op without attributes: of one operand, of one and a number that is given or there
 * already, of two. Quick where the row has like_dtypes. */
wg_node wgi_record_one(wg_node x, uint16_t op);
wg_node wgi_record_one_given(wg_node x, double number, uint16_t op);
wg_node wgi_record_one_with(wg_node x, wgi_number number, uint16_t op);
wg_node wgi_record_two(wg_node a, wg_node b, uint16_t op);

/* Fails the graph in the name of the draft's op, from a constructor. `hint` may be NULL. */
wg_node wgi_refuse(const wgi_draft *draft, wg_status status, const char *hint, const char *format,
                   ...) WGI_PRINTF(4, 5);

/* The same for a call that names no op of the operands' context: fails the graph of the first
 * operand that has a living one, in the name of `call`. */
wg_node wgi_refuse_call(const wg_node *in, int32_t n_in, const char *call, wg_status status,
                        const char *format, ...) WGI_PRINTF(5, 6);

/* Fails a graph that can record, in the name of a call that is no op; returns status. */
wg_status wgi_fail_call(wg_graph *g, wg_status status, const char *call, const char *hint,
                        const char *format, ...) WGI_PRINTF(5, 6);

/* WG_OK where n is a floating node of g, which can record; else fails g in the name of the call. */
wg_status wgi_check_operand(wg_graph *g, const char *call, const char *name, wg_node n);

/* Room for n > 0 nodes, zero handles, until the next call for it; NULL when memory is short. */
wg_node *wgi_node_room(wg_graph *g, size_t n);

/* The type of a node; false for one that is not valid. data is NULL. */
bool wgi_view_of(wg_node n, wgi_view *out);

/* Whether two nodes of one graph have the same shape; false where one is not valid. */
bool wgi_have_same_shape(wg_node a, wg_node b);

/* The op of a node (WGI_OP_LEAF for leaves and invalid ones), its attributes and operands. */
uint16_t wgi_op_of(wg_node n);
const void *wgi_attr_of(wg_node n);

/* A number of known value; one derived from another. On failure the graph has failed. */
wgi_number wgi_number_literal(wg_graph *g, double value);
wgi_number wgi_number_derive(wg_graph *g, wgi_derivation how, wgi_number from);

/* The ordinal of the next random op of the list. */
uint32_t wgi_next_ordinal(wg_graph *g);

#endif
