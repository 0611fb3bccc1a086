/* The networks' shapes, the same for the library and for the floor.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bench/network.h"

#define PATH_BYTES 4096

static const bench_network networks[] = {
    {"W1", 4, 2, {2, 3, 1}, .5, true, false},
    {"W2-b32", 32, 2, {784, 128, 10}, .01, false, false},
    {"W2-b128", 128, 2, {784, 128, 10}, .01, false, false},
    {"W3", 256, 3, {784, 512, 512, 10}, .01, false, false},
    {"W4", 256, 3, {1024, 4096, 4096, 1000}, .01, false, false},
    {"W10", 8, 2, {22, 30, 10}, .01, false, true},
    {"W11", 1, 2, {784, 128, 10}, .01, false, false},
};

#define N_NETWORKS (sizeof networks / sizeof networks[0])

const bench_network *bench_network_at(size_t i)
{
    return i < N_NETWORKS ? &networks[i] : NULL;
}

const bench_network *bench_network_find(const char *name)
{
    for (size_t i = 0; i < N_NETWORKS; i++) {
        if (strcmp(networks[i].name, name) == 0) {
            return &networks[i];
        }
    }
    return NULL;
}

FILE *bench_network_file(const bench_network *n, const char *folder, const char *mode)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/%s.bin", folder, n->name);
    return length > 0 && length < (int)sizeof path ? fopen(path, mode) : NULL;
}

FILE *bench_network_open(const bench_network *n, const char *folder)
{
    FILE *f = bench_network_file(n, folder, "rb");
    if (f == NULL) {
        fprintf(stderr, "%s/%s.bin: cannot be read; --write-data makes it\n", folder, n->name);
    }
    return f;
}
