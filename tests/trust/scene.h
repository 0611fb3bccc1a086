/* Scenes: pieces of work whose every allocation is made to fail once.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a scene's act, done without failures, gives the same digest each time; done after a
 * failed act on the same objects, too. */
#ifndef WG_TRUST_SCENE_H
#define WG_TRUST_SCENE_H

#include "support/cmocka_all.h"

#include <wengert/wengert.h>

#include "support/allocator.h"
#include "support/files.h"

#define SCENE_ROWS 32
#define SCENE_FEATURES 64
#define SCENE_CLASSES 10

/* What a scene works with; made anew for every allocation that fails. */
typedef struct stage {
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_linear first;
    wg_linear second;
    wg_recurrent_layer lstm; /* of scenes that make them */
    wg_transformer_block block;
    wg_norm_layer norm;
    wg_optimizer *o;
    wg_function *f;
    wg_tensor *x;      /* f32 [SCENE_ROWS, SCENE_FEATURES] */
    wg_tensor *labels; /* i64 [SCENE_ROWS] */
    wg_node loss;
    wg_node logits;
    int phase;          /* how far an act in several steps has come */
    const char *folder; /* holds model.safetensors and table.csv */
    uint64_t digest;
} stage;

typedef struct scene {
    const char *name;
    bool is_eager;
    /* Without failures, before the act; NULL: nothing. */
    void (*build)(stage *s);
    /* WG_OK or WG_ERR_MEMORY, with all that can fail in it; adds what it delivers to s->digest. */
    wg_status (*act)(stage *s);
} scene;

/* Each ends with a row of zeros. */
extern const scene scenes_of_graphs[];
extern const scene scenes_of_models[];
extern const scene scenes_of_files[];
extern const scene scenes_of_derivatives[];

/* Records the network on s->g, after a reset to the same random step. */
wg_status stage_record(stage *s);

/* Adds bytes, or a tensor's elements, to the digest. */
void stage_digest(stage *s, const void *data, size_t bytes);
void stage_digest_tensor(stage *s, const wg_tensor *t);
void stage_digest_params(stage *s);

/* The status of a call that returns NULL on failure. */
wg_status stage_status(const stage *s, const void *made);

#endif
