/* What matmul.c decides about a product, and the loops that carry it out.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_MATMUL_HOT_H
#define WG_NATIVE_MATMUL_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* Where the elements are: strides in elements; the columns of y are dense. Invariant: all of batch,
 * m, n, k and k_block are > 0. */
typedef struct wgi_product {
    int64_t batch;
    int64_t m;
    int64_t n;
    int64_t k;
    int64_t a_row;
    int64_t a_column;
    int64_t a_batch;
    int64_t b_row;
    int64_t b_column;
    int64_t b_batch;
    int64_t b_span; /* elements from the first of one matrix of b that may be read */
    int64_t y_row;
    int64_t y_batch;
    int64_t k_block; /* sums of so many products are added up */
    int64_t m_block; /* rows of a, and columns of b, that are to stay in cache */
    int64_t n_block;
    int64_t a_offset; /* in scratch, in elements: after what is packed of b */
    bool is_a_packed; /* else read in place */
    bool is_b_packed; /* else read in place, but for rows that end where nothing follows */
    bool is_added;    /* tiles alone: to what y holds, in place of nothing */
} wgi_product;

/* y = a b. Tiles alone use scratch, aligned to 64 bytes: k_block rows of n_block columns of b, or
 * of one panel where b is read in place; then, at a_offset, m_block rows of a. */
typedef void (*wgi_multiply)(const wgi_product *p, const void *a, const void *b, void *y,
                             void *scratch);

/* All but `dots` add the products of one element in order, in blocks of k_block whose sums are
 * added in order. `dots` wants both operands' elements dense along k, and adds by lanes: lane l
 * takes in order the products whose place is l modulo `lanes`, and the lanes are added up in
 * halves. */
typedef struct wgi_multiply_set {
    wgi_multiply tiny;  /* no blocks: for k <= k_block */
    wgi_multiply outer; /* k = 1, b_column = 1 */
    wgi_multiply dots;  /* a_column = b_row = 1 */
    wgi_multiply tiles; /* b_column = 1 or b packed */
    int64_t lanes;
    int64_t rows;  /* of a tile */
    int64_t panel; /* columns of a tile */
} wgi_multiply_set;

typedef struct wgi_matmul_hot {
    wgi_multiply_set f32;
    wgi_multiply_set f64;
} wgi_matmul_hot;

WGI_HOT_DECLARE(wgi_matmul_hot, wgi_matmul_hot);

#endif
