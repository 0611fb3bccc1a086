/* Networks for the tests of memory limits.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_GRAPH_MEMORY_NETS_H
#define WG_TESTS_GRAPH_MEMORY_NETS_H

#include "graph_fixture.h"

#define NET_PARAMS 3

typedef enum net_kind {
    NET_CHAIN = 0, /* h <- tanh(h w), n times */
    NET_POINTWISE, /* h <- tanh(h), n times */
    NET_RESIDUAL,  /* h <- h + relu(h w) v, n times */
    NET_DROPOUT,   /* h <- dropout(tanh(h w)), n times */
    NET_SKIPS,     /* n times down and n times up again, where what came down is added */
    NET_KINDS
} net_kind;

typedef struct net {
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *tensors[NET_PARAMS]; /* the start, w, v */
    wg_node leaves[NET_PARAMS];
    wg_node loss;
    wg_node middle; /* h half-way */
} net;

/* A context with that limit, the leaves [size, size] and the network recorded once. */
void net_open(net *x, net_kind kind, int n, int64_t size, size_t limit);
void net_close(net *x);

/* Records the network in the graph, which is empty. */
void net_record(net *x, net_kind kind, int n);

/* What a backward run needs, which must be possible. */
wg_plan_need net_need(const net *x);

/* The counters of its context. */
wg_stats net_stats(const net *x);

/* The smallest limit, as the error under a limit of one byte tells it. */
size_t net_smallest(net_kind kind, int n, int64_t size);

/* Whether both have the same gradients, bit by bit. */
bool net_is_same(const net *a, const net *b);

#endif
