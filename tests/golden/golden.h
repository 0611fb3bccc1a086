/* Reads files of golden cases; common.py says what their lines mean.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_GOLDEN_GOLDEN_H
#define WG_GOLDEN_GOLDEN_H

#include <stdio.h>

#include <wengert/tools.h>

enum {
    GOLDEN_VALUES = 128,
    GOLDEN_INPUTS = 7,
    GOLDEN_OUTPUTS = 4,
    GOLDEN_ATTRIBUTES = 8,
    GOLDEN_LIST = 16
};

/* Invariant: count is the product of the dims and at most GOLDEN_VALUES. */
typedef struct golden_tensor {
    wg_dtype dtype; /* WG_F64 stands for the dtype under test */
    int32_t rank;
    int64_t dims[WG_MAX_RANK];
    int64_t count;
    double values[GOLDEN_VALUES];
} golden_tensor;

typedef struct golden_attribute {
    char name[32];
    wg_attribute_kind kind;
    bool is_dtype; /* under test: then the value is not given */
    int64_t integer;
    double real;
    int32_t length;
    int64_t list[GOLDEN_LIST];
    char text[64];
} golden_attribute;

/* One case. Weights have the shape of their output, gradients that of their input. */
typedef struct golden {
    char op[64];
    char name[48];
    bool is_hard;
    int32_t n_attributes;
    golden_attribute attributes[GOLDEN_ATTRIBUTES];
    int32_t n_in;
    golden_tensor in[GOLDEN_INPUTS];
    int32_t n_out;
    golden_tensor out[GOLDEN_OUTPUTS];
    bool has_up[GOLDEN_OUTPUTS];
    double up[GOLDEN_OUTPUTS][GOLDEN_VALUES];
    bool has_gradient[GOLDEN_INPUTS];
    double gradient[GOLDEN_INPUTS][GOLDEN_VALUES];
} golden;

typedef struct golden_key {
    uint64_t seed;
    uint64_t stream;
    uint64_t step;
} golden_key;

/* An open file: its key is there, the next golden_next reads the first case. */
typedef struct golden_file {
    FILE *stream;
    golden_key key;
    const char *error; /* what was wrong with a line; NULL so far */
    int32_t line;
} golden_file;

/* False, with an error, where the file is not there or does not begin with a key. */
bool golden_open(golden_file *file, const char *path);

/* Reads the next case; false at the end, or with an error where the text is none. */
bool golden_next(golden_file *file, golden *out);

void golden_close(golden_file *file);

#endif
