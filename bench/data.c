/* The numbers that the networks start from.
 * SPDX-License-Identifier: Apache-2.0
 *
 * They are those of the library's random streams under a fixed seed, one stream for each file.
 * Inputs are in [-1, 1), weights He uniform, biases small and not zero: a peer that forgets one
 * must not agree. */
#include <math.h>

#include <wengert/wengert.h>

#include "bench/network.h"
#include "bench/trained.h"

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

/* ---- models ------------------------------------------------------------------------------- */

static bool write_array(FILE *f, wg_rng *rng, const bench_array *a)
{
    const int64_t count = bench_array_count(a);
    return a->classes > 0 ? write_labels(f, rng, count, a->classes)
                          : write_around(f, rng, count, a->center, a->spread);
}

static bool write_model(FILE *f, wg_rng *rng, const bench_model *model)
{
    bool ok = true;
    for (int i = 0; ok && i < model->n_inputs; i++) {
        const bench_array a = model->input(i);
        ok = write_array(f, rng, &a);
    }
    for (int i = 0; ok && i < model->n_params; i++) {
        const bench_array a = model->param(i);
        ok = write_array(f, rng, &a);
    }
    return ok;
}

static bool write_missing_model(const char *folder, const bench_model *model)
{
    FILE *f = bench_model_file(model, folder, "rb");
    if (f != NULL) {
        return fclose(f) == 0;
    }
    wg_rng rng = wg_rng_make(SEED, model->stream);
    f = bench_model_file(model, folder, "wb");
    bool ok = f != NULL && write_model(f, &rng, model);
    return (f == NULL || fclose(f) == 0) && ok;
}

bool bench_model_write_all(const char *folder)
{
    bool ok = true;
    for (size_t i = 0; ok && bench_model_at(i) != NULL; i++) {
        ok = write_missing_model(folder, bench_model_at(i));
    }
    if (!ok) {
        fprintf(stderr, "%s: the models' files cannot be written\n", folder);
    }
    return ok;
}
