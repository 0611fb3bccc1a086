/* The loops of attention, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_ATTENTION_HOT_H
#define WG_NATIVE_ATTENTION_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"
#include "backends/native/matmul_hot.h"

/* Queries that are worked on side by side. Twice as many were 2% faster over 512 keys without a
 * mask, but 10 to 25% slower over 64, where half of the last causal block is work for nothing. */
#define WGI_QUERIES 16

/* From one row of an operand to the next, in elements; elements of a row are dense. */
typedef struct wgi_head_rows {
    int64_t batch;
    int64_t head;
    int64_t time;
} wgi_head_rows;

/* q: [batch, heads, queries, depth], k: [..., keys, depth], v: [..., keys, width], whatever the
 * order of their axes in memory. Scores of a block of queries are [keys, WGI_QUERIES]. */
typedef struct wgi_attention {
    int64_t batch;
    int64_t heads;
    int64_t queries;
    int64_t keys;
    int64_t depth;
    int64_t width;
    wgi_head_rows q;
    wgi_head_rows k;
    wgi_head_rows v;
    wgi_head_rows y;
    int64_t mask[4]; /* strides along batch, heads, queries and keys */
    bool is_causal;
    wgi_multiply multiply; /* tiles */
    int64_t room;          /* elements of scratch for it */
} wgi_attention;

/* The operands and results of a run; of the masks at most one. */
typedef struct wgi_attention_data {
    const void *q;
    const void *k;
    const void *v;
    const void *y;
    const void *dy;
    const uint8_t *may;
    const void *bias;
    double scale;
    void *result;
    void *lse;
    void *dq;
    void *dk;
    void *dv;
} wgi_attention_data;

/* One head of the batch; block: of queries, forward alone, where each block is a call. Scratch, in
 * elements: room, then for each query of a block depth, width and twice keys. */
typedef void (*wgi_attend)(const wgi_attention *a, const wgi_attention_data *data, int64_t head,
                           int64_t block, void *scratch);

typedef struct wgi_attention_loops {
    wgi_attend forward;
    wgi_attend backward;
} wgi_attention_loops;

typedef struct wgi_attention_hot {
    wgi_attention_loops f32;
    wgi_attention_loops f64;
} wgi_attention_hot;

WGI_HOT_DECLARE(wgi_attention_hot, wgi_attention_hot);

#endif
