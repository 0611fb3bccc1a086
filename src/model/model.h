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
#include "core/module.h"
#include "core/param.h"

/* Bytes of the longest name of a parameter, without its terminator. */
#define WGI_MAX_NAME 255

/* The model as it was when a module began. */
typedef struct wgi_frame {
    size_t path_bytes;
    size_t n_params;
    size_t n_modules;
    wg_rng rng;
} wgi_frame;

struct wg_model {
    wg_context *ctx;
    wgi_array params; /* wg_param * */
    uint32_t *slots;
    size_t n_slots;          /* a power of two, or 0 */
    wg_rng rng;              /* where parameters without a stream of their own draw */
    bool is_shared;          /* a view of another model */
    struct wg_model *source; /* of a view, the model that it shows; else NULL */
    atomic_uint n_views;     /* that show this model; those of other threads come and go */
    wg_tensor *flat_value;   /* NULL until the model is flattened */
    wg_tensor *flat_gradient;
    size_t n_flat;
    wgi_array modules;           /* wg_module * */
    wgi_array frames;            /* wgi_frame: of the modules that have begun and not ended */
    char path[WGI_MAX_NAME + 1]; /* the whole name of the innermost one of them */
    size_t path_bytes;
    wg_param *removed; /* what failing modules took out again */
    wg_module *removed_modules;
};

/* Whether a step or clipping is to change it: it learns, and has a gradient. */
static inline bool wgi_has_gradient(const wg_param *p)
{
    return !p->is_frozen && !p->is_gradient_empty && p->gradient != NULL;
}

/* Room in m for one more parameter, and that parameter without a value, not yet in the model. */
WGI_NODISCARD wg_status wgi_param_new(wg_model *m, const char *name, wg_param **out);

/* Releases a parameter that is in no model. */
void wgi_param_free(wg_param *p);

/* Appends a parameter made by the latest wgi_param_new; never fails. */
void wgi_model_link(wg_model *m, wg_param *p);

/* Takes parameters out until n are left. */
void wgi_model_cut(wg_model *m, size_t n);

/* The whole name of what is made now under that name; false where that is none. */
bool wgi_model_join(const wg_model *m, const char *name, char out[WGI_MAX_NAME + 1]);

/* Whether a name is the path or stands below it; all do below NULL and "". */
bool wgi_is_below(const char *name, const char *path);

/* WG_ERR_STATE, which `who` tells, where a module has begun and not ended. */
wg_status wgi_model_settled(const wg_model *m, const char *who);

/* Fills a matrix, which has elements. Errors: WG_ERR_OVERFLOW, WG_ERR_MEMORY. */
wg_status wgi_init_orthogonal(wg_tensor *t, double gain, wg_rng *rng);

/* Releases modules and frames. */
void wgi_modules_free(wg_model *m);

#endif
