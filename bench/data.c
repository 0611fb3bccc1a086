/* The numbers that the networks start from.
 * SPDX-License-Identifier: Apache-2.0
 *
 * They are those of the library's random streams under a fixed seed, one stream for each file.
 * Inputs are in [-1, 1), weights He uniform, biases small and not zero: a peer that forgets one
 * must not agree. */
#include <math.h>

#include <wengert/wengert.h>

#include "bench/gpt.h"
#include "bench/network.h"

#define SEED 20240229

/* Writes `count` numbers in [center - limit, center + limit). */
static bool write_around(FILE *f, wg_rng *rng, int64_t count, double center, double limit)
{
    bool ok = true;
    for (int64_t i = 0; ok && i < count; i++) {
        float v = (float)(center + (2 * wg_rng_uniform(rng) - 1) * limit);
        ok = fwrite(&v, sizeof v, 1, f) == 1;
    }
    return ok;
}

static bool write_uniform(FILE *f, wg_rng *rng, int64_t count, double limit)
{
    return write_around(f, rng, count, 0, limit);
}

static bool write_labels(FILE *f, wg_rng *rng, int64_t count, int64_t classes)
{
    bool ok = true;
    for (int64_t i = 0; ok && i < count; i++) {
        int64_t v = (int64_t)wg_rng_below(rng, (uint64_t)classes);
        ok = fwrite(&v, sizeof v, 1, f) == 1;
    }
    return ok;
}

static bool write_xor(FILE *f)
{
    static const float x[] = {0, 0, 0, 1, 1, 0, 1, 1};
    static const float y[] = {0, 1, 1, 0};
    return fwrite(x, sizeof x, 1, f) == 1 && fwrite(y, sizeof y, 1, f) == 1;
}

static bool write_samples(FILE *f, wg_rng *rng, const bench_network *n)
{
    if (n->is_xor) {
        return write_xor(f);
    }
    return write_uniform(f, rng, n->batch * n->sizes[0], 1) &&
           write_labels(f, rng, n->batch, n->sizes[n->n_layers]);
}

static bool write_network(FILE *f, wg_rng *rng, const bench_network *n)
{
    bool ok = write_samples(f, rng, n);
    for (int32_t i = 0; ok && i < n->n_layers; i++) {
        int64_t in = n->sizes[i];
        int64_t out = n->sizes[i + 1];
        ok = write_uniform(f, rng, in * out, sqrt(6. / (double)in)) &&
             write_uniform(f, rng, out, .1);
    }
    return ok;
}

/* Writes a network's file unless it is there. */
static bool write_missing(const char *folder, wg_rng *rng, const bench_network *n)
{
    FILE *f = bench_network_file(n, folder, "rb");
    if (f != NULL) {
        return fclose(f) == 0;
    }
    f = bench_network_file(n, folder, "wb");
    bool ok = f != NULL && write_network(f, rng, n);
    return (f == NULL || fclose(f) == 0) && ok;
}

bool bench_network_write_all(const char *folder)
{
    bool ok = true;
    for (size_t i = 0; ok && bench_network_at(i) != NULL; i++) {
        wg_rng rng = wg_rng_make(SEED, i);
        ok = write_missing(folder, &rng, bench_network_at(i));
    }
    if (!ok) {
        fprintf(stderr, "%s: the networks' files cannot be written\n", folder);
    }
    return ok;
}

/* ---- the GPT ------------------------------------------------------------------------------ */

/* Apart from the networks' streams. */
#define GPT_STREAM 1000

static bool write_gpt(FILE *f, wg_rng *rng)
{
    bool ok = write_labels(f, rng, BENCH_GPT_ROWS, BENCH_GPT_VOCABULARY) &&
              write_labels(f, rng, BENCH_GPT_ROWS, BENCH_GPT_VOCABULARY);
    for (int i = 0; ok && i < BENCH_GPT_PARAMS; i++) {
        bench_gpt_shape shape = bench_gpt_shape_at(i);
        int64_t count = shape.columns > 0 ? shape.rows * shape.columns : shape.rows;
        ok = write_around(f, rng, count, shape.center, shape.spread);
    }
    return ok;
}

bool bench_gpt_write(const char *folder)
{
    FILE *f = bench_gpt_file(folder, "rb");
    if (f != NULL) {
        return fclose(f) == 0;
    }
    wg_rng rng = wg_rng_make(SEED, GPT_STREAM);
    f = bench_gpt_file(folder, "wb");
    bool ok = f != NULL && write_gpt(f, &rng);
    ok = (f == NULL || fclose(f) == 0) && ok;
    if (!ok) {
        fprintf(stderr, "%s: the GPT's file cannot be written\n", folder);
    }
    return ok;
}
