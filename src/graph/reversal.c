/* Reversal: in which order steps run, and which run again, so that little is held at a time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The state of a level is what steps past it, forward or backward, want of the ones up to it. A
 * checkpoint holds a state; the lowest one, level 0, holds nothing. The walk keeps a stack of them:
 * it advances from the last one to a level above it and holds that state too, until it stands at
 * the highest level whose backward steps have not run; it runs those, and takes the checkpoint off.
 *
 * How far to advance is what Revolve answers for states of one size, with binomial numbers. Here
 * every level in reach is tried, and its cost estimated by the same numbers on either side of it
 * with the mean sizes there: on a chain of equal steps that is Revolve's own choice, elsewhere it
 * prefers levels with small states. Where all that is wanted fits, all is held.
 *
 * Invariant: what a step between a checkpoint and the level above it reads from before the
 * checkpoint is held by it. */
#include "graph/reversal.h"

#include <string.h>

/* Of more levels than this not each is tried: so many of them, evenly, and so many on either side
 * of the best. */
#define MOST_TRIED 128
#define N_EVENLY 32
#define N_BESIDE 16

/* So far above a checkpoint what it holds itself is taken off the sizes level by level. */
#define MOST_MEASURED 512

typedef struct checkpoint {
    uint32_t level;
    uint32_t first_held; /* into held */
    double bytes;
} checkpoint;

/* ---- access --------------------------------------------------------------------------------- */

static wgi_reversal_value *value_at(const wgi_reversal *r, uint32_t i)
{
    return (wgi_reversal_value *)r->values.data + i;
}

static wgi_reversal_level *level_at(const wgi_reversal *r, uint32_t i)
{
    return (wgi_reversal_level *)r->levels.data + i;
}

static uint32_t word_at(const wgi_array *array, uint32_t i)
{
    return ((const uint32_t *)array->data)[i];
}

static uint8_t *mark_at(const wgi_reversal *r, uint32_t step)
{
    return (uint8_t *)r->marks.data + step;
}

static uint32_t top_level(const wgi_reversal *r)
{
    return (uint32_t)r->levels.count - 1;
}

/* n zeroed elements in place of what was there. */
static bool make_room(const wgi_reversal *r, wgi_array *array, size_t n, size_t size)
{
    array->count = 0;
    if (!wgi_array_reserve(r->memory, array, n, size)) {
        return false;
    }
    if (n > 0) {
        memset(array->data, 0, n * size);
    }
    array->count = n;
    return true;
}

/* ---- counting ------------------------------------------------------------------------------- */

double wgi_reversal_count(double n, double q)
{
    const double steps = n + 1;
    if (n <= 0) {
        return 0;
    }
    if (q < 2) {
        return n * (n + 1) / 2;
    }
    if (q >= n) {
        return n;
    }
    double reach = 1; /* the binomial number (q + r, q) */
    double r = 0;
    while (reach < steps) {
        r++;
        reach = reach * (q + r) / r;
    }
    return r * steps - reach * r / (q + 1);
}

/* ---- what is wanted where ------------------------------------------------------------------- */

/* Sorts the reads by value. */
static bool index_uses(wgi_reversal *r)
{
    if (!make_room(r, &r->uses, r->reads.count, sizeof(uint32_t))) {
        return false;
    }
    const uint32_t *reads = r->reads.data;
    for (size_t i = 0; i < r->reads.count; i++) {
        value_at(r, reads[i])->n_uses++;
    }
    uint32_t total = 0;
    for (uint32_t v = 0; v < r->values.count; v++) {
        wgi_reversal_value *value = value_at(r, v);
        value->first_use = total;
        total += value->n_uses;
        value->n_uses = 0;
    }
    for (uint32_t s = 1; s <= r->n_steps; s++) {
        for (uint32_t i = word_at(&r->first_read, s); i < word_at(&r->first_read, s + 1); i++) {
            wgi_reversal_value *value = value_at(r, reads[i]);
            ((uint32_t *)r->uses.data)[value->first_use + value->n_uses++] = s;
        }
    }
    return true;
}

/* The place up to which a step past the turn wants steps to have run. */
static uint32_t place_wanted(const wgi_reversal *r, uint32_t step)
{
    uint32_t place = 0;
    for (uint32_t i = word_at(&r->first_read, step); i < word_at(&r->first_read, step + 1); i++) {
        const wgi_reversal_value *v = value_at(r, word_at(&r->reads, i));
        place = !v->is_lasting && v->maker > place ? v->maker : place;
    }
    return place;
}

/* The steps past the turn by the places they want, which fall along the row: a step that wants a
 * higher place than one before it lifts that. */
static bool find_levels(wgi_reversal *r)
{
    uint32_t place = 0;
    r->levels.count = 0;
    wgi_reversal_level *level = wgi_array_push(r->memory, &r->levels, sizeof *level);
    if (level == NULL) {
        return false;
    }
    level->first = r->n_steps + 1;
    level->last = r->n_steps;
    for (uint32_t s = r->n_steps; s > r->turn; s--) {
        const uint32_t wanted = place_wanted(r, s);
        if (wanted > place) {
            place = wanted;
            level = wgi_array_push(r->memory, &r->levels, sizeof *level);
            if (level == NULL) {
                return false;
            }
            level->place = place;
            level->last = s;
        }
        level->first = s;
    }
    if (place < r->turn) {
        level = wgi_array_push(r->memory, &r->levels, sizeof *level);
        if (level == NULL) {
            return false;
        }
        level->place = r->turn;
        level->first = r->turn + 1;
        level->last = r->turn;
    }
    return true;
}

/* The lowest level at or above a place. */
static uint32_t level_above(const wgi_reversal *r, uint32_t place)
{
    uint32_t low = 0;
    uint32_t high = top_level(r);
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (level_at(r, middle)->place >= place) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* The level of a step past the turn: levels fall along the row. */
static uint32_t level_of_step(const wgi_reversal *r, uint32_t step)
{
    uint32_t low = 0;
    uint32_t high = top_level(r);
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (level_at(r, middle)->first <= step) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* The levels of a value, and the one at which a step past the turn wants it last, or top + 1. */
static uint32_t find_span(const wgi_reversal *r, wgi_reversal_value *v)
{
    uint32_t lowest = top_level(r) + 1;
    v->level = level_above(r, v->maker);
    v->last_level = v->level - 1;
    for (uint32_t i = v->first_use; i < v->first_use + v->n_uses; i++) {
        const uint32_t step = word_at(&r->uses, i);
        uint32_t last;
        if (step <= r->turn) {
            const uint32_t above = level_above(r, step);
            last = above > 0 ? above - 1 : 0;
        } else {
            last = level_of_step(r, step);
            lowest = last < lowest ? last : lowest;
        }
        v->last_level = last > v->last_level ? last : v->last_level;
    }
    return lowest;
}

static bool find_spans(wgi_reversal *r)
{
    const size_t n = r->levels.count;
    if (!make_room(r, &r->first_of_level, n + 1, sizeof(uint32_t)) ||
        !make_room(r, &r->first_of_last, n + 2, sizeof(uint32_t)) ||
        !make_room(r, &r->by_last, r->values.count, sizeof(uint32_t))) {
        return false;
    }
    uint32_t *by_level = r->first_of_level.data;
    uint32_t *by_last = r->first_of_last.data;
    for (uint32_t i = 0; i < r->values.count; i++) {
        wgi_reversal_value *v = value_at(r, i);
        const uint32_t lowest = find_span(r, v);
        by_level[v->level + 1]++;
        by_last[v->last_level + 2]++;
        if (!v->is_lasting && lowest <= top_level(r)) {
            level_at(r, lowest)->taped += v->bytes;
        }
    }
    for (size_t k = 1; k < n + 1; k++) {
        by_level[k] += by_level[k - 1];
        by_last[k + 1] += by_last[k];
    }
    for (uint32_t i = 0; i < r->values.count; i++) {
        ((uint32_t *)r->by_last.data)[by_last[value_at(r, i)->last_level + 1]++] = i;
    }
    return true;
}

static double bytes_of_level(const wgi_reversal *r, uint32_t k)
{
    double bytes = 0;
    for (uint32_t i = word_at(&r->first_of_level, k); i < word_at(&r->first_of_level, k + 1); i++) {
        bytes += value_at(r, i)->is_lasting ? 0 : value_at(r, i)->bytes;
    }
    return bytes;
}

/* The bytes of values above `low` that level k is the last to hold. */
static double bytes_that_end(const wgi_reversal *r, uint32_t low, uint32_t k)
{
    double bytes = 0;
    for (uint32_t i = word_at(&r->first_of_last, k); i < word_at(&r->first_of_last, k + 1); i++) {
        const wgi_reversal_value *v = value_at(r, word_at(&r->by_last, i));
        bytes += v->level > low && !v->is_lasting ? v->bytes : 0;
    }
    return bytes;
}

static void add_up(const wgi_reversal *r)
{
    const double *costs = r->costs.data;
    double cost = 0;
    double taped = 0;
    double held = 0;
    double size = 0;
    uint32_t step = 0;
    for (uint32_t k = 0; k <= top_level(r); k++) {
        wgi_reversal_level *level = level_at(r, k);
        while (step < level->place) {
            cost += costs[++step];
        }
        taped += level->taped;
        held += bytes_of_level(r, k) - (k > 0 ? bytes_that_end(r, 0, k - 1) : 0);
        size += held;
        level->cost = cost;
        level->taped = taped;
        level->size = size;
    }
}

/* What is read when nothing may run again any more lasts. */
static void note_lasting(const wgi_reversal *r)
{
    for (uint32_t i = word_at(&r->first_read, r->end); i < r->reads.count; i++) {
        value_at(r, word_at(&r->reads, i))->is_lasting = true;
    }
}

bool wgi_reversal_prepare(wgi_reversal *r)
{
    note_lasting(r);
    if (!index_uses(r) || !find_levels(r) || !find_spans(r) ||
        !make_room(r, &r->marks, (size_t)r->n_steps + 1, sizeof(uint8_t)) ||
        !make_room(r, &r->sizes, r->levels.count, sizeof(double))) {
        return false;
    }
    add_up(r);
    return true;
}

double wgi_reversal_most(const wgi_reversal *r)
{
    return level_at(r, top_level(r))->taped;
}

/* ---- how far -------------------------------------------------------------------------------- */

/* The levels above the last checkpoint that are still to be reversed, and the bytes for them. */
typedef struct range {
    uint32_t low; /* the checkpoint */
    uint32_t high;
    double bytes;
} range;

static double taped_between(const wgi_reversal *r, uint32_t low, uint32_t high)
{
    return level_at(r, high)->taped - level_at(r, low)->taped;
}

/* The sizes of the states above `low` up to `high`, added up, without what the checkpoint of the
 * range that was measured holds. */
static double size_between(const wgi_reversal *r, uint32_t low, uint32_t high)
{
    const double *sizes = r->sizes.data;
    double size = 0;
    if (high > r->measured) {
        const uint32_t from = low > r->measured ? low : r->measured;
        size = level_at(r, high)->size - level_at(r, from)->size - r->shared * (high - from);
        high = from;
    }
    return low < high ? size + sizes[high] - sizes[low] : size;
}

/* Adds up the sizes of the states of a range, without what its checkpoint holds; far above it that
 * is taken to be what it is at the last level measured. */
static void measure(wgi_reversal *r, const range *at)
{
    double *sizes = r->sizes.data;
    double size = 0;
    const uint32_t n = at->high - at->low;
    r->measured = n > MOST_MEASURED ? at->low + MOST_MEASURED : at->high;
    sizes[at->low] = 0;
    for (uint32_t k = at->low + 1; k <= r->measured; k++) {
        size += bytes_of_level(r, k) - bytes_that_end(r, at->low, k - 1);
        sizes[k] = sizes[k - 1] + size;
    }
    const uint32_t k = r->measured;
    r->shared = level_at(r, k)->size - level_at(r, k - 1)->size - size;
}

/* What it costs to reverse the levels of a range, about. Not feasible: below 0. */
static double estimate(const wgi_reversal *r, const range *at)
{
    const double n = (double)at->high - at->low;
    if (n < 1) {
        return 0;
    }
    const double cost = level_at(r, at->high)->cost - level_at(r, at->low)->cost;
    if (taped_between(r, at->low, at->high) <= at->bytes) {
        return cost;
    }
    const double size = size_between(r, at->low, at->high) / n;
    const double room = size > 0 ? at->bytes / size : n;
    if (room < 1) {
        return -1;
    }
    return cost / n * wgi_reversal_count(n, (double)(int64_t)(room < n ? room : n));
}

typedef struct choice {
    uint32_t level;
    double cost; /* below 0: none yet */
} choice;

static void try_level(const wgi_reversal *r, const range *at, uint32_t level, choice *best)
{
    const range above = {level, at->high, at->bytes - size_between(r, level - 1, level)};
    const range below = {at->low, level - 1, at->bytes};
    const double after = estimate(r, &above);
    const double before = estimate(r, &below);
    if (after < 0 || (before < 0 && level < at->high)) {
        return;
    }
    const double way = level_at(r, level)->cost - level_at(r, at->low)->cost;
    const double rest = before < 0 ? way * ((double)level - at->low) / 2 : before;
    const double cost = way + after + rest;
    if (best->cost < 0 || cost < best->cost) {
        *best = (choice){level, cost};
    }
}

/* Revolve's own choice for n levels above the checkpoint and room for q states. */
static uint32_t binomial_choice(double n, double q)
{
    const double steps = n + 1;
    double reach = 1; /* the binomial number (q + r, q) */
    double r = 0;
    while (reach < steps) {
        r++;
        reach = reach * (q + r) / r;
    }
    const double below = reach * r / (q + r); /* (q + r - 1, q): the most that is left below */
    const double above = reach * q / (q + r); /* (q + r - 1, q - 1): the most that is left above */
    const double most = steps - above * r / (q + r - 1);
    const double level = below < most ? below : most;
    return (uint32_t)(level > steps - above ? level : steps - above);
}

static void try_binomial(const wgi_reversal *r, const range *at, choice *best)
{
    const uint32_t n = at->high - at->low;
    const double size = size_between(r, at->low, at->high) / n;
    const double room = size > 0 ? at->bytes / size : n;
    if (room >= 2 && room < n) {
        const uint32_t k = at->low + binomial_choice(n, (double)(int64_t)room);
        try_level(r, at, k > at->low && k <= at->high ? k : at->high, best);
    }
}

/* The level to advance to, which is at->high where there is room for one state alone. */
static uint32_t choose_level(wgi_reversal *r, const range *at)
{
    const uint32_t n = at->high - at->low;
    choice best = {at->high, -1};
    if (n == 1) {
        return at->high;
    }
    measure(r, at);
    const uint32_t stride = n <= MOST_TRIED ? 1 : n / N_EVENLY;
    for (uint32_t k = at->low + 1; k <= at->high; k += stride) {
        try_level(r, at, k, &best);
    }
    try_level(r, at, at->high, &best);
    if (n <= MOST_TRIED) {
        return best.level;
    }
    try_binomial(r, at, &best);
    const uint32_t first = best.level - at->low > N_BESIDE ? best.level - N_BESIDE : at->low + 1;
    const uint32_t last = at->high - best.level > N_BESIDE ? best.level + N_BESIDE : at->high;
    for (uint32_t k = first; k <= last; k++) {
        try_level(r, at, k, &best);
    }
    return best.level;
}

/* ---- the walk ------------------------------------------------------------------------------- */

typedef struct walk {
    wgi_reversal *r;
    wgi_array *schedule;
    size_t longest;
    uint32_t front; /* the steps that have run */
    double bytes;   /* that may still be held */
    bool has_failed;
} walk;

static void emit(walk *w, uint32_t step)
{
    if (w->has_failed || !wgi_array_reserve(w->r->memory, w->schedule, 1, sizeof(uint32_t))) {
        w->has_failed = true;
        return;
    }
    *(uint32_t *)wgi_array_next(w->schedule, sizeof(uint32_t)) = step;
}

static bool is_over(const walk *w)
{
    return w->has_failed || w->schedule->count > w->longest;
}

/* Whether one of the uses, which are in order, is that of a step from first to last. */
static bool is_used_between(const wgi_reversal *r, const wgi_reversal_value *v, uint32_t first,
                            uint32_t last)
{
    uint32_t low = v->first_use;
    uint32_t high = low + v->n_uses;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (word_at(&r->uses, middle) >= first) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low < v->first_use + v->n_uses && word_at(&r->uses, low) <= last;
}

/* Whether the backward steps from level `high` down to `level` want a value. */
static bool is_taped(const wgi_reversal *r, const wgi_reversal_value *v, uint32_t level,
                     uint32_t high)
{
    return is_used_between(r, v, level_at(r, high)->first, level_at(r, level)->last);
}

/* Whether the state of a level has a value when the levels up to `high` are to be reversed. */
static bool is_in_state(const wgi_reversal *r, const wgi_reversal_value *v, uint32_t level,
                        uint32_t high)
{
    return is_taped(r, v, level, high) ||
           is_used_between(r, v, level_at(r, level)->place + 1, level_at(r, high)->place);
}

static bool is_there(const walk *w, const wgi_reversal_value *v)
{
    return v->is_held || (v->is_lasting && v->maker <= w->front);
}

/* Marks the steps from a checkpoint to a level that are to run for its state. */
static void mark_steps(const walk *w, uint32_t low, uint32_t level, uint32_t high)
{
    const wgi_reversal *r = w->r;
    for (uint32_t s = level_at(r, level)->place; s > level_at(r, low)->place; s--) {
        bool runs = s > w->front;
        for (uint32_t i = word_at(&r->first_value, s); i < word_at(&r->first_value, s + 1); i++) {
            const wgi_reversal_value *v = value_at(r, i);
            runs = runs || (!is_there(w, v) && (v->is_missed || is_in_state(r, v, level, high)));
        }
        *mark_at(r, s) = runs;
        for (uint32_t i = word_at(&r->first_read, s); runs && i < word_at(&r->first_read, s + 1);
             i++) {
            wgi_reversal_value *v = value_at(r, word_at(&r->reads, i));
            v->is_missed = v->maker > level_at(r, low)->place;
        }
    }
}

static bool hold(walk *w, uint32_t value, checkpoint *c)
{
    wgi_reversal *r = w->r;
    if (!wgi_array_reserve(r->memory, &r->held, 1, sizeof(uint32_t))) {
        return false;
    }
    *(uint32_t *)wgi_array_next(&r->held, sizeof(uint32_t)) = value;
    value_at(r, value)->is_held = true;
    c->bytes += value_at(r, value)->bytes;
    return true;
}

/* Runs what was marked, and lets the new checkpoint hold the state. */
static void run_marked(walk *w, uint32_t low, checkpoint *c, uint32_t high)
{
    wgi_reversal *r = w->r;
    for (uint32_t s = level_at(r, low)->place + 1; s <= level_at(r, c->level)->place; s++) {
        if (*mark_at(r, s)) {
            emit(w, s);
        }
        *mark_at(r, s) = 0;
        for (uint32_t i = word_at(&r->first_value, s); i < word_at(&r->first_value, s + 1); i++) {
            wgi_reversal_value *v = value_at(r, i);
            v->is_missed = false;
            if (!v->is_lasting && !v->is_held && is_in_state(r, v, c->level, high)) {
                w->has_failed = w->has_failed || !hold(w, i, c);
            }
        }
    }
}

static void advance(walk *w, uint32_t low, uint32_t level, uint32_t high)
{
    wgi_reversal *r = w->r;
    checkpoint c = {.level = level, .first_held = (uint32_t)r->held.count};
    mark_steps(w, low, level, high);
    run_marked(w, low, &c, high);
    const uint32_t place = level_at(r, level)->place;
    w->front = place > w->front ? place : w->front;
    w->bytes -= c.bytes;
    if (w->has_failed || !wgi_array_reserve(r->memory, &r->stack, 1, sizeof c)) {
        w->has_failed = true;
        return;
    }
    *(checkpoint *)wgi_array_next(&r->stack, sizeof c) = c;
}

/* Runs the backward steps of the level that was reached, and lets go of its state. */
static void reverse_level(walk *w, uint32_t level)
{
    wgi_reversal *r = w->r;
    for (uint32_t s = level_at(r, level)->first; s <= level_at(r, level)->last; s++) {
        emit(w, s);
    }
    const checkpoint *c = (const checkpoint *)r->stack.data + --r->stack.count;
    while (r->held.count > c->first_held) {
        value_at(r, word_at(&r->held, (uint32_t)--r->held.count))->is_held = false;
    }
    w->bytes += c->bytes;
}

static void advance_to_next(walk *w, uint32_t low, uint32_t high)
{
    const range at = {low, high, w->bytes};
    if (taped_between(w->r, low, high) > w->bytes) {
        advance(w, low, choose_level(w->r, &at), high);
        return;
    }
    for (uint32_t k = low; k < high && !is_over(w); k++) {
        advance(w, k, k + 1, high);
    }
}

/* Between two walks nothing is held, missed or marked; a walk that was given up may have left it.
 */
static void clear(wgi_reversal *r)
{
    for (uint32_t i = 0; i < r->values.count; i++) {
        value_at(r, i)->is_held = false;
        value_at(r, i)->is_missed = false;
    }
    r->held.count = 0;
    r->stack.count = 0;
}

bool wgi_reversal_schedule(wgi_reversal *r, double bytes, size_t longest, wgi_array *schedule)
{
    walk w = {.r = r, .schedule = schedule, .longest = longest, .bytes = bytes};
    uint32_t high = top_level(r);
    schedule->count = 0;
    clear(r);
    if (!wgi_array_reserve(r->memory, &r->stack, 1, sizeof(checkpoint))) {
        return false;
    }
    *(checkpoint *)wgi_array_next(&r->stack, sizeof(checkpoint)) = (checkpoint){.level = 0};
    while (r->stack.count > 0 && !is_over(&w)) {
        const uint32_t low = ((const checkpoint *)r->stack.data)[r->stack.count - 1].level;
        if (low < high) {
            advance_to_next(&w, low, high);
        } else {
            reverse_level(&w, high);
            high -= high > 0;
        }
    }
    if (schedule->count > longest) {
        schedule->count = 0;
    }
    return !w.has_failed;
}

void wgi_reversal_free(wgi_reversal *r)
{
    const wg_allocator *a = r->memory;
    wgi_array_free(a, &r->costs, sizeof(double));
    wgi_array_free(a, &r->values, sizeof(wgi_reversal_value));
    wgi_array_free(a, &r->first_value, sizeof(uint32_t));
    wgi_array_free(a, &r->reads, sizeof(uint32_t));
    wgi_array_free(a, &r->first_read, sizeof(uint32_t));
    wgi_array_free(a, &r->uses, sizeof(uint32_t));
    wgi_array_free(a, &r->levels, sizeof(wgi_reversal_level));
    wgi_array_free(a, &r->by_last, sizeof(uint32_t));
    wgi_array_free(a, &r->first_of_level, sizeof(uint32_t));
    wgi_array_free(a, &r->first_of_last, sizeof(uint32_t));
    wgi_array_free(a, &r->sizes, sizeof(double));
    wgi_array_free(a, &r->marks, sizeof(uint8_t));
    wgi_array_free(a, &r->held, sizeof(uint32_t));
    wgi_array_free(a, &r->stack, sizeof(checkpoint));
}
