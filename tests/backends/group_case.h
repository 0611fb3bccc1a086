/* Groups built by hand, evaluated at once and member by member.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A case holds one group: inputs first, then members, each of which gives a value. Every value has
 * memory of its own in `alone`, where the kernels of single ops put it. */
#ifndef WG_TESTS_GROUP_CASE_H
#define WG_TESTS_GROUP_CASE_H

#include "support/cmocka_all.h"

#include "core/backend.h"

typedef struct wgt_value {
    wgi_view view;
    int64_t dims[WG_MAX_RANK];
    void *alone;
    void *together; /* of inputs and outputs */
} wgt_value;

typedef struct wgt_group {
    wg_context *ctx;
    const wgi_backend *backend;
    void *backend_state;
    int32_t threads;
    int32_t rank;
    int64_t dims[WG_MAX_RANK];
    int64_t count;
    wgt_value *values;
    size_t n_values;
    size_t n_in;
    size_t n_out;
    wgi_member *members;
    size_t *outputs; /* the values that are outputs, in order */
    double *numbers;
    size_t n_numbers;
    uint64_t attrs[64];
    size_t n_attrs;
    wgi_view *in;
    wgi_view *out;
    wgi_prepared prepared;
    void *scratch;
} wgt_group;

/* A group of a shape, with room for so many values. ctx outlives it. */
void wgt_group_start(wgt_group *g, wg_context *ctx, size_t room, int32_t rank, const int64_t *dims);
void wgt_group_finish(wgt_group *g);

/* Each returns the number of its value. An input's data are to be set by the caller, in `alone`. */
uint32_t wgt_group_input(wgt_group *g, int dtype, int32_t rank, const int64_t *dims);
uint32_t wgt_group_member(wgt_group *g, const char *op, int dtype, int n_in, const uint32_t *in);
uint32_t wgt_group_numbered(wgt_group *g, const char *op, int dtype, int n_in, const uint32_t *in,
                            double number);

/* A sum over all axes, kept or not, or to a shape. */
uint32_t wgt_group_end(wgt_group *g, const char *op, uint32_t x, const void *attr,
                       size_t attr_bytes, int32_t rank, const int64_t *dims);

void wgt_group_output(wgt_group *g, uint32_t value);

/* The output takes the memory of an input. */
void wgt_group_share(wgt_group *g, uint32_t value, uint32_t input);

/* Prepares; runs; gives back what was prepared. */
wg_status wgt_group_prepare(wgt_group *g);
wg_status wgt_group_run(wgt_group *g);
void wgt_group_release(wgt_group *g);

/* All members one by one, by the kernels of single ops. */
void wgt_group_run_alone(wgt_group *g);

/* Whether all outputs are, bit for bit or NaN for NaN, what the members gave one by one. */
bool wgt_group_agrees(const wgt_group *g);

#endif
