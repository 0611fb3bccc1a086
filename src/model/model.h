/* The model's own structure, and what its files share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: params[i]->index is i, names are unique, and every name is found from its hash in
 * `slots`, an open-addressed table of 1 + index with a free slot always left. The first n_flat
 * parameters' values and gradients are parts of the flat blocks, if there are such. */
#ifndef WG_MODEL_MODEL_H
#define WG_MODEL_MODEL_H

#include <stdatomic.h>

#include <wengert/model.h>

#include "core/memory.h"
#include "core/param.h"

/* Bytes of the longest name of a parameter, without its terminator. */
#define WGI_MAX_NAME 255

struct wg_model {
    wg_context *ctx;
    wgi_array params; /* wg_param * */
    uint32_t *slots;
    size_t n_slots;          /* a power of two, or 0 */
    wg_rng rng;              /* where parameters without a stream of their own draw */
    bool is_shared;          /* a view of another model */
    bool is_stepping;        /* an optimizer's callback is at work */
    struct wg_model *source; /* of a view, the model that it shows; else NULL */
    atomic_uint n_views;     /* that show this model; those of other threads come and go */
    wg_tensor *flat_value;   /* NULL until the model is flattened */
    wg_tensor *flat_gradient;
    size_t n_flat;
};

/* Room in m for one more parameter, and that parameter without a value, not yet in the model. */
WGI_NODISCARD wg_status wgi_param_new(wg_model *m, const char *name, wg_param **out);

/* Releases a parameter that is in no model. */
void wgi_param_free(wg_param *p);

/* Appends a parameter made by the latest wgi_param_new; never fails. */
void wgi_model_link(wg_model *m, wg_param *p);

/* Undoes the latest wgi_model_link and releases its parameter. */
void wgi_model_remove_last(wg_model *m);

#endif
