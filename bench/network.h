/* The networks of the workloads, and the files they start from.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everybody who runs a network reads the same file, so that losses can be compared: x f32
 * [batch, in]; the targets, i64 [batch] or, of XOR, f32 [batch, 1]; then for each layer the weight
 * f32 [in, out] and the bias f32 [out]. Bytes as the machine has them, nothing between. */
#ifndef WG_BENCH_NETWORK_H
#define WG_BENCH_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BENCH_MAX_LAYERS 3

typedef struct bench_network {
    const char *name;
    int64_t batch;
    int32_t n_layers;
    int64_t sizes[BENCH_MAX_LAYERS + 1]; /* of the input and of each layer */
    double rate;                         /* of SGD */
    bool is_xor;                         /* tanh, sigmoid and mse instead of relu and classes */
    bool is_f64;                         /* runs in f64, from the same f32 file; tanh, classes */
} bench_network;

/* The i-th network, or the one of a name; NULL where there is none. */
const bench_network *bench_network_at(size_t i);
const bench_network *bench_network_find(const char *name);

/* Opens a network's file; NULL on failure. */
FILE *bench_network_file(const bench_network *n, const char *folder, const char *mode);

/* Opens it for reading, or says why not. */
FILE *bench_network_open(const bench_network *n, const char *folder);

/* Writes the files of all networks that are not there yet (data.c, for the library alone). */
bool bench_network_write_all(const char *folder);

#endif
