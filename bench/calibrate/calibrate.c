/* Calibrates the routes of matmul: prints the rows of src/backends/onednn/routes.def.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: GOMP_SPINCOUNT=2000 wengert_calibrate > routes.txt, on an idle machine.
 *
 * Each product of a grid of shapes is timed in two contexts, one without oneDNN and one without the
 * native kernels, in turn; the fastest round of each counts. The number of rows from which oneDNN
 * serves a product is the one that gains most over all that were tried, as a sum of the logarithms
 * of the ratios: one disturbed measurement moves it little. Where oneDNN declines a shape as too
 * small, its context falls back to the reference kernel, which loses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <wengert/wengert.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

#define N_ROUNDS 9
#define ROUND_NS 3e5

/* What oneDNN has to gain, as a logarithm: where both are alike, native serves. */
#define MARGIN 0.01

/* Beyond so many multiply-adds the answer no longer changes. */
#define MAX_MULTIPLY_ADDS ((int64_t)1 << 28)

typedef struct size_class {
    const char *limit; /* as the table has it */
    int64_t size;      /* that stands for the class */
} size_class;

static const size_class columns[] = {{"16", 10}, {"64", 48}, {"256", 160}, {"ANY", 768}};
static const size_class inner[] = {{"16", 10}, {"64", 48}, {"256", 160}, {"ANY", 768}};
static const int64_t rows[] = {2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096};
static const char *const transposes[] = {"NN", "TN", "NT", "TT"};

typedef struct shape {
    int64_t m;
    int64_t n;
    int64_t k;
    bool is_a_transposed;
    bool is_b_transposed;
} shape;

/* One product, recorded in one context. */
typedef struct route {
    wg_context *ctx;
    wg_graph *g;
    wg_tensor *a;
    wg_tensor *b;
    wg_node y;
    double best_ns;
} route;

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void stop(const char *what)
{
    fprintf(stderr, "calibrate: %s\n", what);
    exit(1);
}

static void require(wg_status status)
{
    if (status != WG_OK) {
        stop(wg_status_text(status));
    }
}

/* ---- one product -------------------------------------------------------------------------- */

static wg_tensor *new_operand(wg_context *ctx, int64_t n_rows, int64_t n_columns)
{
    wg_tensor *t = NULL;
    const int64_t dims[2] = {n_rows, n_columns};
    require(wg_tensor_create(ctx, WG_F32, 2, dims, &t));
    float *data = wg_tensor_data_mutable(t);
    for (int64_t i = 0; i < n_rows * n_columns; i++) {
        data[i] = (float)(i % 13) - 6.0F;
    }
    return t;
}

static void record(route *r, const shape *s)
{
    require(wg_graph_create(r->ctx, &r->g));
    r->a = s->is_a_transposed ? new_operand(r->ctx, s->k, s->m) : new_operand(r->ctx, s->m, s->k);
    r->b = s->is_b_transposed ? new_operand(r->ctx, s->n, s->k) : new_operand(r->ctx, s->k, s->n);
    const wg_node a = wg_input(r->g, r->a);
    const wg_node b = wg_input(r->g, r->b);
    r->y = wg_matmul(s->is_a_transposed ? wg_transpose(a) : a,
                     s->is_b_transposed ? wg_transpose(b) : b);
    r->best_ns = 1e30;
}

static void forget(route *r)
{
    wg_graph_destroy(r->g);
    wg_tensor_destroy(r->a);
    wg_tensor_destroy(r->b);
}

/* The time of one run, over `count` of them. */
static double time_runs(route *r, int count)
{
    const double begin = now_ns();
    for (int i = 0; i < count; i++) {
        require(wg_graph_refresh(r->g));
        require(wg_run(&r->y, 1));
    }
    return (now_ns() - begin) / count;
}

static void keep_best(route *r, int count)
{
    const double ns = time_runs(r, count);
    if (ns < r->best_ns) {
        r->best_ns = ns;
    }
}

/* What oneDNN gains: the logarithm of the ratio of the times, without the margin. */
static double gain_of_onednn(route *native, route *onednn, const shape *s)
{
    record(native, s);
    record(onednn, s);
    (void)time_runs(onednn, 3);
    const double estimate = time_runs(native, 3);
    const int count = estimate < ROUND_NS ? (int)(ROUND_NS / estimate) + 1 : 1;
    for (int i = 0; i < N_ROUNDS; i++) {
        keep_best(native, count);
        keep_best(onednn, count);
    }
    fprintf(stderr, "[%lld,%lld]x[%lld,%lld] %s%s native %.0f onednn %.0f ns\n", (long long)s->m,
            (long long)s->k, (long long)s->k, (long long)s->n, s->is_a_transposed ? "T" : "N",
            s->is_b_transposed ? "T" : "N", native->best_ns, onednn->best_ns);
    forget(native);
    forget(onednn);
    return log(native->best_ns / onednn->best_ns) - MARGIN;
}

/* ---- the table ---------------------------------------------------------------------------- */

/* The number of rows from which on oneDNN gains most; 0: it gains nothing. */
static int64_t rows_from(route *native, route *onednn, shape s)
{
    double gain[N_OF(rows)];
    size_t n = 0;
    while (n < N_OF(rows) && rows[n] * s.n * s.k <= MAX_MULTIPLY_ADDS) {
        s.m = rows[n];
        gain[n++] = gain_of_onednn(native, onednn, &s);
    }
    int64_t from = 0;
    double sum = 0.0;
    double best = 0.0;
    for (size_t i = n; i > 0; i--) {
        sum += gain[i - 1];
        if (sum > best) {
            best = sum;
            from = rows[i - 1];
        }
    }
    return from;
}

static void print_row(route *native, route *onednn, int kind, int32_t threads, const size_class *n)
{
    printf("ROUTE(%s, %d, %s", transposes[kind], (int)threads, n->limit);
    for (size_t i = 0; i < N_OF(inner); i++) {
        const shape s = {.n = n->size,
                         .k = inner[i].size,
                         .is_a_transposed = (kind & 1) != 0,
                         .is_b_transposed = (kind & 2) != 0};
        const int64_t from = rows_from(native, onednn, s);
        if (from > 0) {
            printf(", %lld", (long long)from);
        } else {
            printf(", NEVER");
        }
    }
    printf(")\n");
    fflush(stdout);
}

static wg_context *open_context(int32_t threads, uint32_t without)
{
    wg_context *ctx = NULL;
    const wg_config config = {.size = sizeof config, .threads = threads, .without = without};
    require(wg_context_create(&config, &ctx));
    return ctx;
}

int main(void)
{
    for (int32_t threads = 1; threads <= 2; threads++) {
        route native = {.ctx = open_context(threads, WG_BACKEND_ONEDNN)};
        route onednn = {.ctx = open_context(threads, WG_BACKEND_NATIVE)};
        if (!wg_context_has_backend(onednn.ctx, "onednn")) {
            stop("this build has no oneDNN");
        }
        for (int kind = 0; kind < (int)N_OF(transposes); kind++) {
            for (size_t n = 0; n < N_OF(columns); n++) {
                print_row(&native, &onednn, kind, threads, &columns[n]);
            }
        }
        wg_context_destroy(native.ctx);
        wg_context_destroy(onednn.ctx);
    }
    return 0;
}
