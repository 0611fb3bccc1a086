/* A user's backend that notes what it is asked and fails on demand, and a network for it to serve.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_USER_CASE_H
#define WG_TESTS_USER_CASE_H

#include "support/cmocka_all.h"

#include <wengert/wengert.h>

#include "support/allocator.h"
#include "support/sink.h"

enum {
    USER_ROWS = 4,
    USER_N = 3
};

/* What a kernel does, and what it saw. */
typedef struct user_witness {
    int64_t least;       /* declines results of fewer elements */
    wg_status answer;    /* of every run; other than WG_OK after spoiling the outputs */
    const char *message; /* left with that */
    int n_runs;
    int n_asked;
    int n_releases;
    int n_transposed;
    int32_t threads;
    bool is_thread_invariant;
} user_witness;

typedef struct user_fixture {
    wgt_allocator allocator;
    wg_context *ctx;
    wg_graph *g;
    wgt_sink log;
    user_witness matmul;
    user_witness relu;
    user_witness add;
    user_witness scale;
} user_fixture;

#define USER_KERNELS 4

typedef struct user_net {
    wg_tensor *x;
    wg_tensor *w;
    wg_node w_node;
    wg_node y;
    wg_node loss;
} user_net;

/* Adds the first n of relu, matmul, add, scale. */
wg_status user_backend_add(user_fixture *f, const char *name, size_t n);

/* A context with its log and a graph; what a witness tells is zero. */
void user_start_with(user_fixture *f, bool is_eager, bool is_thread_invariant);
void user_start(user_fixture *f);
void user_finish(user_fixture *f);

/* How often a kernel of that name ran. */
uint64_t user_runs_of(const user_fixture *f, const char *kernel);
wg_stats user_stats_of(const user_fixture *f);

void user_net_open(user_fixture *f, user_net *n);

/* Records the network anew: loss = mean((relu(relu(tanh(x w)) w + x))^2), in which values are read
 * once, between pointwise ops, so that a plan would work in place. */
void user_net_record(user_fixture *f, user_net *n);
void user_net_close(user_net *n);
void user_net_gradient(const user_net *n, float out[USER_N * USER_N]);

/* The loss and the gradient that the library's own kernels give. */
void user_net_expect(const user_net *n);

/* The kernel of relu, and what all release with. */
wg_status user_run_relu(const wg_kernel_call *call);
void user_note_release(void *user);

#endif
