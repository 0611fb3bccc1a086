/* For tools on top: the ops that there are, calls by name, the attributes of recorded ops, and
 * lists as text. SPDX-License-Identifier: Apache-2.0
 *
 * With wg_graph_node, wg_node_describe, wg_node_input and wg_node_number (graph.h) all that a list
 * is made of can be read here. */
#ifndef WG_TOOLS_H
#define WG_TOOLS_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which member of a wg_attribute counts. */
typedef enum wg_attribute_kind {
    WG_ATTRIBUTE_INTEGER =
        1,                 /**< integer: integers, flags (0, 1), axes, dtypes, choices by place */
    WG_ATTRIBUTE_REAL = 2, /**< real */
    WG_ATTRIBUTE_LIST = 3, /**< list, length: axes, shapes and other lists of integers */
    WG_ATTRIBUTE_TEXT = 4  /**< text: equations, and choices by word */
} wg_attribute_kind;

/** An attribute of an op. */
typedef struct wg_attribute {
    const char *name;
    wg_attribute_kind kind;
    int64_t integer;
    double real;
    const int64_t *list; /**< `length` of them; may be NULL where there are none */
    size_t length;
    const char *text;
} wg_attribute;

/**
 * Records the op of that name, "softmax" for wg_softmax, as the constructor does; or an op that the
 * program defined in g's context (custom.h), if it has no attributes. Where both have one name, the
 * library's is meant.
 *
 * inputs        indices of nodes of g's list (wg_graph_node), in the order of the operands
 * attributes    by name, in any order; what is left out takes its default, where it has one. An
 *               integer may stand for a real
 * outputs       gets the indices of the op's outputs; NULL: none are wanted
 * n_outputs     in: how many `outputs` has room for; out: how many were written. NULL where
 *               outputs is NULL
 *
 * Errors (also of the graph): WG_ERR_NAME (no such op or attribute), WG_ERR_ARGUMENT (the number of
 * inputs, a missing attribute or one of another kind, NULL), WG_ERR_RANGE, WG_ERR_HANDLE, those of
 * the constructor.
 */
WG_NODISCARD WG_API wg_status wg_apply(wg_graph *g, const char *op, const uint32_t *inputs,
                                       size_t n_inputs, const wg_attribute *attributes,
                                       size_t n_attributes, uint32_t *outputs, size_t *n_outputs);

/* ---- the ops that there are --------------------------------------------------------------- */

/** What is known of an op besides its shape rule (bits of wg_op_info.traits). */
enum {
    WG_OP_POINTWISE = 1 << 0,   /**< an element of the result depends on one of each operand */
    WG_OP_BROADCASTS = 1 << 1,  /**< the operands broadcast */
    WG_OP_REDUCTION = 1 << 2,   /**< along axes */
    WG_OP_CONTRACTION = 1 << 3, /**< products summed up, as of matrices */
    WG_OP_LAYOUT = 1 << 4,      /**< the same elements in the same order under another shape */
    WG_OP_FILL = 1 << 5,        /**< no operand tells the shape */
    WG_OP_RANDOM = 1 << 6,      /**< draws */
    WG_OP_COMMUTATIVE = 1 << 7, /**< two operands may be swapped */
    WG_OP_KINKED = 1 << 9,      /**< not differentiable at some points */
    WG_OP_STOP = 1 << 10        /**< no gradient flows through it */
};

/** How often an op can be differentiated. */
typedef enum wg_op_orders {
    WG_ORDERS_NONE = 0,    /**< not at all: its results want no gradient */
    WG_ORDERS_ANY = 1,     /**< as often as one likes */
    WG_ORDERS_OF_PARTS = 2 /**< a form: as often as the ops that it records */
} wg_op_orders;

/** An op, or a form: a constructor that records other ops. Texts are static. */
typedef struct wg_op_info {
    const char *name; /**< "softmax" for wg_softmax */
    bool is_form;
    bool is_internal; /**< no constructor of C: gradients record it, and wg_apply */
    uint32_t traits;  /**< WG_OP_ bits; none are told of forms */
    int32_t min_inputs;
    int32_t max_inputs;
    int32_t n_input_names;
    const char *input_names[4]; /**< of the first operands; what more there are has no names */
    int32_t n_outputs;          /**< of a form: of what it returns */
    int32_t n_numbers;          /**< of a record (wg_node_number) */
    wg_op_orders orders;
    int32_t n_attributes;
} wg_op_info;

/** What an attribute of an op is. */
typedef enum wg_attribute_type {
    WG_TYPE_INTEGER = 0,
    WG_TYPE_FLAG = 1,   /**< 0 or 1 */
    WG_TYPE_AXIS = 2,   /**< in [-rank, rank) */
    WG_TYPE_DTYPE = 3,  /**< a wg_dtype */
    WG_TYPE_CHOICE = 4, /**< the place of a word, or the word */
    WG_TYPE_REAL = 5,
    WG_TYPE_AXES = 6, /**< a list of axes */
    WG_TYPE_DIMS = 7, /**< a shape */
    WG_TYPE_INTEGERS = 8,
    WG_TYPE_TEXT = 9
} wg_attribute_type;

/** An attribute of an op as wg_apply takes it. Texts are static. */
typedef struct wg_attribute_info {
    const char *name;
    wg_attribute_type type;
    wg_attribute_kind kind; /**< how it is given; a choice's word may be given as text too */
    const char *range; /**< an interval, "[0, 1)"; of a choice its words, "none|mean|sum"; NULL:
                            anything of the type */
    bool is_optional;  /**< then these hold where it is left out; a list is not there then */
    int64_t integer;
    double real;
    const char *text;
} wg_attribute_info;

/** The number of ops and forms. */
WG_API size_t wg_op_count(void);

/** Describes the i-th op: all ops, then all forms. Errors: WG_ERR_ARGUMENT, WG_ERR_RANGE (there is
 * none; *out is zeroed). */
WG_API wg_status wg_op_describe(size_t i, wg_op_info *out);

/** Describes attribute k of the i-th op. Errors: as wg_op_describe. */
WG_API wg_status wg_op_attribute(size_t i, int32_t k, wg_attribute_info *out);

/** Finds an op or form by name. Returns false, with *out 0, where there is none. */
WG_API bool wg_op_find(const char *name, size_t *out);

/* ---- the attributes of a recorded op ------------------------------------------------------ */

/** The most that a list of an op in a list of ops has. */
#define WG_ATTRIBUTE_LIST_MAX 32

/** How many attributes the op of an entry has; 0 of a leaf and of an invalid node. */
WG_API int32_t wg_node_attribute_count(wg_node n);

/**
 * Reads the i-th attribute of an entry's op. wg_apply with all attributes and the inputs of an
 * entry records an equal one.
 *
 * list  room for WG_ATTRIBUTE_LIST_MAX integers, to which out->list then points; may be NULL where
 *       no list is wanted
 * out   integers, dtypes, axes, flags and choices (by place) as integers; numbers as reals, as now
 *       bound; lists as lists. The name is static
 *
 * Errors: the handle's, WG_ERR_ARGUMENT, WG_ERR_RANGE (no such attribute); *out is zeroed.
 */
WG_API wg_status wg_node_attribute(wg_node n, int32_t i, int64_t *list, wg_attribute *out);

/* ---- lists as text ------------------------------------------------------------------------ */

/** The version of the text form, in its first line: "wengert-list 1". */
#define WG_LIST_VERSION 1

/** Options of wg_graph_write. Set `size` to sizeof(wg_list_writing). */
typedef struct wg_list_writing {
    size_t size;
    bool has_data; /**< write the elements of inputs, variables, parameters and constants */
} wg_list_writing;

/**
 * Writes a graph's list as text: after "wengert-list 1" a line for each entry, in order.
 *
 *     %0 = input f32 [2, 3] "x"
 *     %1 = param "fc1.weight" f32 [3, 4]
 *     %2 = constant f64 [] data [0.5]
 *     %3 = matmul(%0, %1) transpose_a=0 transpose_b=0
 *     %4 = dropout(%3) p=0.1 "dropped"
 *     %5 = %4.1
 *
 * An entry is a leaf with dtype and shape, an op with its operands and all its attributes, or
 * another output of an op before it. Flags, axes and other integers are decimal, lists stand in
 * brackets, dtypes and choices are words, numbers are decimal, inf, -inf or nan, and read back as
 * they were; texts and names stand in quotes, with \\, \", \n, \t, and \xHH for other bytes that do
 * not print. What follows # is not read.
 *
 * Places in the source, kept nodes and assignments, the mode, and the state of random streams are
 * not written.
 *
 * options  NULL: without data
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_NAME (an op that the program defined with wg_op_define, which no
 * reader knows; nothing is written, and wg_context_error names it), WG_ERR_STALE (the data of a
 * leaf are gone), the graph's, the writer's.
 */
WG_NODISCARD WG_API wg_status wg_graph_write(wg_graph *g, const wg_list_writing *options,
                                             const wg_writer *writer);

/** Options of wg_graph_read. Set `size` to sizeof(wg_list_reading); zeros are the defaults. */
typedef struct wg_list_reading {
    size_t size;
    const struct wg_model *model; /**< where parameters are looked up; NULL: see wg_graph_read */
    size_t max_bytes;             /**< for all leaves that are written without data; 0: 1 GiB */
} wg_list_reading;

/**
 * Records what wg_graph_write wrote, by the ops' own constructors: what these refuse is refused
 * here. Where the list has no parameters and was recorded in g's mode, the list of g is then equal
 * to the one written, and finds the same plans.
 *
 * g        empty: without entries and without error
 * text     `bytes` of them; need not end with 0
 * options  NULL: the defaults
 *
 * A parameter is that of options->model with its name, shape and dtype. Without a model it becomes
 * a variable of its name. Leaves without data are zeros; the tensors belong to the graph (wg_value
 * reads them).
 *
 * After an error g is empty again, and wg_context_error tells line, column and reason.
 * Errors: WG_ERR_ARGUMENT, WG_ERR_STATE (g is not empty), WG_ERR_FORMAT, WG_ERR_NAME (no such op,
 * attribute or parameter), WG_ERR_OVERFLOW (above max_bytes), those of the constructors,
 * WG_ERR_MEMORY.
 */
WG_NODISCARD WG_API wg_status wg_graph_read(wg_graph *g, const char *text, size_t bytes,
                                            const wg_list_reading *options);

#ifdef __cplusplus
}
#endif
#endif
