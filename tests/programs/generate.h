/* The generator's state, shared by what holds a program in bounds and by the makers of calls.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the scratch graph is eager, so every node's value is there; r.nodes[i] is what step i
 * of the program made. Steps that were taken back stay in the scratch graph's list, which is why
 * random ops are only tried where they cannot be. */
#ifndef WG_TESTS_PROGRAMS_GENERATE_H
#define WG_TESTS_PROGRAMS_GENERATE_H

#include "programs/program.h"

typedef struct wgt_generator {
    wg_rng rng;
    wgt_program *p;
    wgt_recorded r;
    int n_grads;
    bool is_over; /* no step may follow */
} wgt_generator;

/* A number below n; true once in n. */
int32_t wgt_below(wgt_generator *g, int32_t n);
bool wgt_once_in(wgt_generator *g, int32_t n);

/* What is known of a node. Sizes are over its elements: 0 and infinity where there are none. */
typedef struct wgt_facts {
    wgi_view view;
    double min;
    double max;
    double min_size;
    double max_size;
    bool is_finite;
    bool wants_gradient;
} wgt_facts;

wgt_facts wgt_facts_of(const wgt_generator *g, int32_t i);

/* Adds a step; its place, or -1 where its value is out of bounds and it was taken back. */
int32_t wgt_try(wgt_generator *g, const wgt_step *step);

/* Takes the last step back. */
void wgt_take_back(wgt_generator *g);

/* A random step that the filter lets pass, rather a late one; -1 after some attempts. */
typedef bool (*wgt_filter)(const wgt_generator *g, const wgt_facts *f);
int32_t wgt_pick(wgt_generator *g, wgt_filter filter);
bool wgt_is_float(const wgt_generator *g, const wgt_facts *f);
bool wgt_is_any(const wgt_generator *g, const wgt_facts *f);

/* A new leaf of a shape in the program's dtype; its place. */
int32_t wgt_new_leaf(wgt_generator *g, int32_t rank, const int64_t *dims, wgi_sample_fill fill);

/* Tries to add the call to some operands; its place or -1. */
int32_t wgt_make(wgt_generator *g, wgt_call call);

/* The same for a call of any row of the table, as one of its samples makes it. */
int32_t wgt_make_sample(wgt_generator *g);

#endif
