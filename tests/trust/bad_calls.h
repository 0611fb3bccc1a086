/* Calls that no caller should make: what the checks of all rooms share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a row's check leaves the world usable; the world is made anew for every row. */
#ifndef WG_TRUST_BAD_CALLS_H
#define WG_TRUST_BAD_CALLS_H

/* Function pointers name the constructors themselves, not their macros. */
#ifndef WG_NO_LOCATIONS
#define WG_NO_LOCATIONS
#endif

#include "support/cmocka_all.h"

#include <wengert/stdio.h>
#include <wengert/wengert.h>

#include "support/allocator.h"
#include "support/files.h"

/* Bytes that a single allocation may have; larger ones fail as they would on a small machine. */
#define BAD_LARGEST_BLOCK ((size_t)1 << 24)

typedef struct bad_world {
    wgt_allocator counter;
    wg_allocator counted;
    wg_context *ctx;
    wg_context *other_ctx;
    wg_graph *g;
    wg_graph *other;   /* of ctx */
    wg_graph *foreign; /* of other_ctx */
    wg_graph *dead;    /* of ctx, destroyed */
    wg_node dead_node;
    wg_node stale;     /* of g, from before its last reset */
    wg_node x;         /* f32 [2, 3], a variable */
    wg_node labels;    /* i64 [2] */
    wg_node flags;     /* bool [2, 3] */
    wg_node x_other;   /* as x, of `other` */
    wg_node x_foreign; /* as x, of `foreign` */
    wg_tensor *t;      /* f32 [2, 3] of ctx */
    wg_tensor *t_foreign;
    wg_tensor *indices; /* i64 [2] of ctx */
    wg_model *m;
    wg_param *p; /* f32 [2, 3] of m */
    wg_model *m_foreign;
    wg_param *p_foreign;
    wgt_folder folder;
} bad_world;

struct bad_row;
typedef void (*bad_check)(bad_world *w, const struct bad_row *row);

/* One public function and a check of it; several rows may name the same one. */
typedef struct bad_row {
    const char *name;
    bad_check check;
    const struct wgi_op *op; /* of ops alone */
} bad_row;

/* Each ends with a row of zeros. */
extern const bad_row bad_rows_of_base[];
extern const bad_row bad_rows_of_tensors[];
extern const bad_row bad_rows_of_graphs[];
extern const bad_row bad_rows_of_values[];
extern const bad_row bad_rows_of_ops[];
extern const bad_row bad_rows_of_op_options[];
extern const bad_row bad_rows_of_models[];
extern const bad_row bad_rows_of_modules[];
extern const bad_row bad_rows_of_layers[];
extern const bad_row bad_rows_of_optimizers[];
extern const bad_row bad_rows_of_schedules[];
extern const bad_row bad_rows_of_checkpoints[];
extern const bad_row bad_rows_of_flat_models[];
extern const bad_row bad_rows_of_backends[];
extern const bad_row bad_rows_of_files[];
extern const bad_row bad_rows_of_data[];
extern const bad_row bad_rows_of_formats[];
extern const bad_row bad_rows_of_pictures[];
extern const bad_row bad_rows_of_metrics[];
extern const bad_row bad_rows_of_training[];
extern const bad_row bad_rows_of_plans[];
extern const bad_row bad_rows_of_derivatives[];
extern const bad_row bad_rows_of_certificates[];
extern const bad_row bad_rows_of_tools[];
extern const bad_row bad_rows_of_check[];
extern const bad_row bad_rows_of_gradcheck[];
extern const bad_row bad_rows_of_custom[];

void bad_world_open(bad_world *w);
void bad_world_close(bad_world *w);

/* Resets the living graphs and records x, labels and flags again. */
void bad_world_record(bad_world *w);

/* Handles that are none of g's, by what is wrong with them. */
enum {
    BAD_ZERO,
    BAD_DEAD,
    BAD_STALE,
    BAD_PAST_END,
    BAD_LAST_INDEX,
    BAD_FAILED_INDEX,
    BAD_OTHER, /* from here on they live, in another graph */
    BAD_FOREIGN,
    BAD_HANDLES
};

wg_node bad_handle(const bad_world *w, int which);

/* Calls `call` for every shape and dtype that is none, or too large; it returns the status it got
 * and gives back what it made. */
typedef wg_status (*bad_shape_call)(bad_world *w, wg_dtype dtype, int32_t rank,
                                    const int64_t *dims);

typedef struct bad_shapes {
    bad_shape_call call;
    bool has_dtype;
    bool is_minus_one_legal;
} bad_shapes;

void bad_shapes_check(bad_world *w, const bad_shapes *shapes);

/* The doubles that no option is. */
#define BAD_N_NUMBERS 4
double bad_number(int i);

#define assert_status(call, want) assert_int_equal((int)(call), (int)(want))

#endif
