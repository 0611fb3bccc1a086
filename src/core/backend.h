/* The contract of a backend: a table of kernels laid over the ones below it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A kernel is {op or group, accepts, prepare, run, destroy}. The planner asks each backend in turn,
 * fastest first; a refusal falls through and is never an error. The reference backend refuses
 * nothing.
 *
 *   accepts   NULL for yes, or a static reason that WENGERT_VERBOSE=dispatch prints
 *   prepare   may allocate; called once per planned step, however often that runs. WG_ERR_MEMORY
 *             fails the run; any other status falls through to the next backend
 *   run       allocates nothing of ours. Inputs never alias outputs, but as groups allow it. All
 *             data are aligned to 16 bytes at least. Outputs are uninitialised. WG_ERR_ENGINE makes
 *             the reference kernel redo the step
 *   destroy   releases what prepare made; NULL where prepare is NULL
 *
 * Kernels leave the caller's rounding mode, denormal flags and thread count as they were. */
#ifndef WG_CORE_BACKEND_H
#define WG_CORE_BACKEND_H

#include <wengert/optimizer.h>

#include "core/op.h"

/* ---- groups --------------------------------------------------------------------------------- */

/* A member's result stays inside its group. */
#define WGI_INSIDE UINT32_MAX

/* One op of a group. */
typedef struct wgi_member {
    uint16_t op; /* its place in the op table */
    uint8_t n_in;
    uint8_t dtype;   /* of its result */
    uint32_t in[3];  /* below the group's n_in: that input; else n_in + an earlier member */
    uint32_t out;    /* the output of the group that takes its result; WGI_INSIDE: none */
    uint32_t number; /* its first number, into wgi_args.numbers; WGI_NO_NUMBER */
    uint32_t
        attr; /* of its attributes: into wgi_group.attrs, in words; nothing where it has none */
} wgi_member;

_Static_assert(sizeof(wgi_member) == 28, "a list of a million scalars is one group");

/* Ops over one shape, evaluated together: block by block, so that what stays inside never leaves
 * the nearest cache. Members are in order of dependence. Each is
 *
 *   pointwise   its result has the group's shape; operands from outside broadcast to it, those
 *               from inside have it
 *   a fill      likewise, without operands; its value spreads over the group's shape, whatever
 * shape its attributes tell an end      a reduction of a value of the group's shape, its operand 0;
 * its result is always an output and no member's operand
 *
 * The bits are those of the members run one by one by the same backend. An output may share the
 * memory of an input of the group's own shape and of its element size, if no member after the one
 * that writes the output reads that input. */
typedef struct wgi_group {
    const wgi_member *members;
    uint32_t n_members;
    int32_t rank; /* of the group's shape */
    const int64_t *dims;
    int64_t count;
    const uint64_t *attrs;
} wgi_group;

/* What an op can be to a group. */
typedef enum wgi_joining {
    WGI_STAYS_OUT = 0,
    WGI_JOINS, /* pointwise or fill */
    WGI_ENDS   /* reduction */
} wgi_joining;

/* ---- kernels -------------------------------------------------------------------------------- */

/* What is to be computed: known when planning, without data. */
typedef struct wgi_problem {
    wg_context *ctx;
    void *backend;          /* the state that the backend's open made */
    const wgi_op *op;       /* NULL for a group */
    uint16_t op_id;         /* its place in the op table */
    const wgi_group *group; /* NULL for an op */
    int32_t n_in;
    int32_t n_out;
    const wgi_view *in; /* data are NULL here */
    const wgi_view *out;
    const void *attr;
    int32_t threads; /* the most a kernel may use; 1 under thread_invariant where it must */
    bool is_thread_invariant;
} wgi_problem;

/* What prepare made of it. */
typedef struct wgi_prepared {
    void *state;          /* NULL where the kernel needs none */
    size_t state_bytes;   /* counted in the plan cache */
    size_t scratch_bytes; /* wanted in wgi_args.scratch, aligned to 64 */
    int32_t threads;      /* that it runs on, where they are several */
} wgi_prepared;

typedef struct wgi_kernel {
    const char *name; /* "onednn.matmul" */
    const char *op;   /* "matmul"; NULL: asked for every op */
    const char *(*accepts)(const wgi_problem *problem);
    wg_status (*prepare)(const wgi_problem *problem, wgi_prepared *out);
    wg_status (*run)(const wgi_prepared *prepared, const wgi_args *args);
    void (*destroy)(wg_context *ctx, wgi_prepared *prepared);
} wgi_kernel;

/* Update kernels: the arrays of n tensors change in place, none overlapping another. Elements are
 * f32 or f64, and may be none. All return WG_OK, or WG_ERR_UNSUPPORTED where the dtype of one
 * tensor is not served: then nothing has changed, and the next backend is asked. None uses more
 * than `threads` threads, and no bit depends on how many.
 *
 * Every backend gives the same bits: each operation below is one rounding in the arrays' type, in
 * this order, and scalars are worked out in f64 and rounded to that type once.
 *
 *   sgd   g = gradient (+ weight_decay * value, unless weight_decay is 0)
 *         no velocity: s = g
 *         velocity:    v = step is 1 ? g : momentum * v + (1 - dampening) * g
 *                      s = is_nesterov ? g + momentum * v : v
 *         value = value - rate * s
 *
 *   adam  g = gradient (+ weight_decay * value, unless weight_decay is 0 or is_decoupled)
 *         m = beta1 * m + (1 - beta1) * g
 *         v = beta2 * v + ((1 - beta2) * g) * g
 *         is_amsgrad: x = x > v ? x : v;  t = x
 *         else:       t = v
 *         d = sqrt(t) / c + epsilon         with c = sqrt(1 - beta2^step)
 *         value = k * value - (r * m) / d   with r = rate / (1 - beta1^step) and
 *                                           k = is_decoupled ? 1 - rate * weight_decay : 1,
 *                                           by which a product is exact
 *
 *   rmsprop g = as sgd's
 *         q = alpha * q + ((1 - alpha) * g) * g
 *         is_centered: a = alpha * a + (1 - alpha) * g;  t = q - a * a, no less than 0
 *         else:        t = q
 *         s = g / (sqrt(t) + epsilon);  momentum: b = momentum * b + s;  s = b
 *         value = value - rate * s
 *
 *   adagrad g = as sgd's
 *         h = (step is 1 ? initial : h) + g * g
 *         value = value - (r * g) / (sqrt(h) + epsilon)   with r = rate / (1 + (step - 1) * decay)
 */

/* One tensor's arrays, rate and weight_decay, as every optimizer has them. The states are sgd's
 * velocity, or NULL; adam's first and second moment, and x with is_amsgrad; rmsprop's q, a where
 * centered, b where there is momentum; adagrad's h. Kernels do not ask for the parameter. */
typedef wg_update wgi_update;

typedef struct wgi_sgd_rule {
    double momentum;
    double dampening;
    bool is_nesterov;
} wgi_sgd_rule;

typedef struct wgi_adam_rule {
    double beta1;
    double beta2;
    double epsilon;
    bool is_decoupled; /* the decay shrinks the value instead (AdamW) */
    bool is_amsgrad;   /* divides by the largest second moment so far */
} wgi_adam_rule;

typedef struct wgi_rmsprop_rule {
    double alpha;
    double epsilon;
    double momentum;
    bool is_centered;
} wgi_rmsprop_rule;

typedef struct wgi_adagrad_rule {
    double rate_decay;
    double epsilon;
    double initial;
} wgi_adagrad_rule;

/* A NULL function declines all. */
typedef struct wgi_updates {
    const char *backend;
    wg_status (*sgd)(const wgi_sgd_rule *rule, const wgi_update *updates, size_t n,
                     int32_t threads);
    wg_status (*adam)(const wgi_adam_rule *rule, const wgi_update *updates, size_t n,
                      int32_t threads);
    wg_status (*rmsprop)(const wgi_rmsprop_rule *rule, const wgi_update *updates, size_t n,
                         int32_t threads);
    wg_status (*adagrad)(const wgi_adagrad_rule *rule, const wgi_update *updates, size_t n,
                         int32_t threads);
} wgi_updates;

typedef struct wgi_backend {
    const char *name;                                 /* "reference", "native", "onednn" */
    wg_status (*open)(wg_context *ctx, void **state); /* NULL: nothing to open */
    void (*close)(wg_context *ctx, void *state);
    const wgi_kernel *kernels; /* several rows of one op are asked in order */
    int32_t n_kernels;
    /* The kernel of groups, and what it takes; NULL where the backend evaluates none. The answer
     * for pointwise ops and fills depends on the op and the dtypes alone. What joins is evaluated:
     * the kernel refuses no group that was formed by these answers, but for a lack of memory. */
    const wgi_kernel *group;
    wgi_joining (*joins)(const wgi_problem *problem);
    const wgi_updates *(*updates)(const void *state); /* NULL where the backend has none */
    /* What prepared steps share, counted once against the bound of the plan cache and given back as
     * they are destroyed. NULL where they share nothing. */
    size_t (*shared_bytes)(const void *state);
} wgi_backend;

#endif
