/* Groups of pointwise ops as block programs; core/backend.h is the contract.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A program evaluates its members block by block. What its instructions read and write stands in a
 * table of bases, one pointer each:
 *
 *   ports   inputs of the group's own size and all outputs, in place: they move on with the block
 *   slots   scratch memory of one block: what stays inside, and inputs that broadcast
 *
 * A slot belongs to one value from its member to its last reader. Slots of fills, and of inputs
 * that are the same in every block, are filled once in a run and belong to nobody else. An output
 * is written at its own member and nowhere else, so that it may be the memory of an input that no
 * later member reads.
 *
 * A reduction that ends the group is fed each block of its operand at its own place among the
 * members. Its segments are what threads may share, so that a share is whole segments. */
#ifndef WG_NATIVE_GROUP_H
#define WG_NATIVE_GROUP_H

#include "backends/native/native.h"
#include "backends/native/pointwise.h"
#include "backends/native/reduce.h"

/* What every prepared group begins with. */
typedef struct wgi_group_state {
    wg_status (*run)(const struct wgi_group_state *state, const wgi_args *args);
    size_t bytes; /* of the allocation */
} wgi_group_state;

typedef struct wgi_instruction {
    wgi_block_kernel kernel;
    uint32_t y; /* bases */
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t number;
    uint32_t unused;
} wgi_instruction;

/* A tensor used in place. */
typedef struct wgi_port {
    uint32_t view; /* of the inputs, or of the outputs */
    uint32_t size; /* of an element; 0 where it does not move on: the result of an end */
} wgi_port;

/* How an input that broadcasts gets to its slot. */
typedef enum wgi_feeding {
    WGI_FEED_ONE = 0, /* one element */
    WGI_FEED_ONCE,    /* the same in every block */
    WGI_FEED_WALK,    /* block by block, along the axes */
    WGI_FEED_PLACE,   /* a block lies in one row, in which the input is dense: used in place */
    WGI_FEED_SPREAD   /* a block lies in one row, in which the input is one element */
} wgi_feeding;

typedef struct wgi_feed {
    uint32_t view;
    uint32_t base;
    wgi_width width;
    wgi_feeding how;
    int64_t stride[WG_MAX_RANK]; /* along the program's axes, in elements */
} wgi_feed;

/* A reduction, fed before instruction `at` of each block. */
typedef struct wgi_end {
    wgi_reduce_plan plan;
    uint32_t at;
    uint32_t base; /* of its operand */
    uint32_t size; /* of an element */
    uint32_t out;
    size_t states; /* offset in scratch */
} wgi_end;

/* The shape, folded to the axes that the inputs tell apart, and its division into blocks: each row
 * of `row` elements is cut into blocks of `block` and what is left over. */
typedef struct wgi_grid {
    int32_t rank;
    int64_t dims[WG_MAX_RANK];
    int64_t count;
    int64_t row;
    int64_t block;
    int64_t blocks_in_row;
    int64_t n_blocks;
} wgi_grid;

/* What follows the elements of a slot. */
#define WGI_SPARE_BYTES 64

/* A prepared program: one allocation, in which the arrays follow. */
typedef struct wgi_program {
    wgi_group_state head;
    wgi_grid grid;
    int32_t threads;
    const wgi_pointwise *kernels;
    wgi_instruction *instructions; /* those of one run first, then those of each block */
    uint32_t n_once;
    uint32_t n_instructions;
    wgi_port *ports; /* base i is port i; those of inputs first */
    uint32_t n_in_ports;
    uint32_t n_ports;
    size_t *slots; /* base n_ports + i is at this offset of a share's scratch */
    uint32_t n_slots;
    wgi_feed *feeds; /* those that are fed once in a run first */
    uint32_t n_feeds;
    uint32_t n_feeds_once; /* WGI_FEED_ONE and WGI_FEED_ONCE */
    wgi_end *ends;
    uint32_t n_ends;
    int64_t segment;    /* elements that one share takes at least: a block, or a segment of ends */
    size_t share_bytes; /* of scratch, for one thread: the bases, then the slots */
} wgi_program;

/* The program of any group whose members all join. */
wg_status wgi_program_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_program_run(const wgi_group_state *state, const wgi_args *args);

/* The folded axes, and the strides of n inputs along them. */
void wgi_grid_fold(const wgi_problem *problem, wgi_grid *grid, wgi_feed *feeds, uint32_t n);

/* Divides the shape into blocks of at most `most` elements and settles how inputs are fed; returns
 * how many of them are fed once in a run. */
uint32_t wgi_grid_divide(wgi_grid *grid, int64_t most, wgi_feed *feeds, uint32_t n);

/* Puts the elements [first, first + n) of an input that broadcasts at y, which has WGI_SPARE_BYTES
 * more. */
void wgi_feed_walk(const wgi_program *program, const wgi_feed *feed, const void *x, int64_t first,
                   int64_t n, void *y);

/* The place in its input of the first element of a row. */
int64_t wgi_feed_row(const wgi_grid *grid, const wgi_feed *feed, int64_t row);

/* The kernel of groups. */
wg_status wgi_native_group_prepare(const wgi_problem *problem, wgi_prepared *out);
wg_status wgi_native_group_run(const wgi_prepared *prepared, const wgi_args *args);
void wgi_group_state_free(wg_context *ctx, wgi_prepared *prepared);

#endif
