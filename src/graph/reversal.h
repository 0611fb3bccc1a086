/* Reversal: in which order steps run, and which run again, so that little is held at a time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Steps stand in a row, from 1 on. Those up to the turn may run more than once; the ones past it,
 * in the main a backward pass, run once each and in order. What one past the turn reads of the
 * steps before it is to be there then: it was held since it was made, or is made again from what is
 * held.
 *
 * The ends of a plan's memory are not known here: a schedule is made for a number of bytes that
 * values past their making may hold together, and the caller finds out what that comes to. */
#ifndef WG_GRAPH_REVERSAL_H
#define WG_GRAPH_REVERSAL_H

#include "core/memory.h"

/* What a step before the turn makes and a later one reads. */
typedef struct wgi_reversal_value {
    uint32_t maker;
    uint32_t first_use; /* into uses */
    uint32_t n_uses;
    uint32_t level;      /* the first whose state may hold it */
    uint32_t last_level; /* the last one; that before `level`: none does */
    bool is_lasting;     /* there for good once it was made; its bytes do not count */
    bool is_held;
    bool is_missed; /* to be made by the advance at hand */
    double bytes;
} wgi_reversal_value;

/* A place in the row at which steps past the turn want what was made up to it: those from `first`
 * to `last`. Level 0 is the start. */
typedef struct wgi_reversal_level {
    uint32_t place;
    uint32_t first;
    uint32_t last;
    double cost;  /* of all steps up to `place` */
    double size;  /* of the states of all levels up to this one */
    double taped; /* bytes of what is last wanted by steps past the turn at levels up to this one */
} wgi_reversal_level;

typedef struct wgi_reversal {
    const wg_allocator *memory;
    uint32_t n_steps;
    uint32_t turn;
    uint32_t end;             /* the first step past which none may run again */
    wgi_array costs;          /* double, per step; 0 is none */
    wgi_array values;         /* wgi_reversal_value, by maker */
    wgi_array first_value;    /* uint32_t, per step and one more */
    wgi_array reads;          /* uint32_t: values, by reader */
    wgi_array first_read;     /* uint32_t, per step and one more */
    wgi_array uses;           /* uint32_t: readers, by value */
    wgi_array levels;         /* wgi_reversal_level */
    wgi_array by_last;        /* uint32_t: values by their last level */
    wgi_array first_of_level; /* uint32_t, per level and one more: into values */
    wgi_array first_of_last;  /* uint32_t, per level and one more: into by_last */
    wgi_array sizes;          /* double: of the states from a checkpoint on, added up: */
    uint32_t measured;        /* up to this level; from there on those of levels are taken, */
    double shared;            /* less what each has of the checkpoint's */
    wgi_array marks;          /* uint8_t, per step */
    wgi_array held;           /* uint32_t: held values, as the checkpoints on the stack hold them */
    wgi_array stack;          /* of checkpoints */
} wgi_reversal;

/* The steps that Revolve, with room for q states, takes forward to reverse n of them: to have each
 * of the states 1 to n once, from the last to the first, where state 0 is there. The formula is
 * that of Griewank and Walther, Algorithm 799 (2000). */
double wgi_reversal_count(double n, double q);

/* Derives the rest from steps, turn, end, costs, values with maker, bytes and is_lasting, and
 * reads. False when memory is short. */
WGI_NODISCARD bool wgi_reversal_prepare(wgi_reversal *r);

/* Writes into `schedule` (uint32_t) the steps in order of running, for values of that many bytes
 * held; it is left empty where it would be longer than `longest`. False when memory is short. */
WGI_NODISCARD bool wgi_reversal_schedule(wgi_reversal *r, double bytes, size_t longest,
                                         wgi_array *schedule);

/* The bytes from which on nothing runs again. */
double wgi_reversal_most(const wgi_reversal *r);

void wgi_reversal_free(wgi_reversal *r);

#endif
