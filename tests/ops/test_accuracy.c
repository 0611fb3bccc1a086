/* The pointwise functions against long double: over a sample of all floats, or all of them, and
 * over numbers of every exponent of f64.
 * SPDX-License-Identifier: Apache-2.0
 *
 * WENGERT_SWEEP_STRIDE sets which f32 bit patterns are visited: every stride-th; 1 visits all 2^32,
 * for which the program `exhaustive` is faster. */
#include "ops/oracles.h"
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include "core/context.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 4096,
    PAIR_BLOCKS = 24,
    PER_EXPONENT = 40
};

#define SEED UINT64_C(11)

/* The bound of values that are the nearest number: of half an ulp, long double may round. */
#define NEAREST 0.501

typedef struct sweep {
    const char *name;
    wg_graph *g;
    wg_dtype dtype;
    const wgt_unary *unary;
    const wgt_binary *binary; /* where unary is NULL */
    uint64_t n;
    double worst;
    double at[2];
} sweep;

static wg_node input(const sweep *s, const double *x)
{
    const int64_t n = BLOCK;
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_from(wg_graph_context(s->g), s->dtype, 1, &n, WG_F64, x, &t), WG_OK);
    const wg_node in = wg_input(s->g, t);
    wg_tensor_destroy(t);
    return in;
}

/* a and b hold numbers of the dtype; b is not looked at by ops of one operand. */
static void sweep_block(sweep *s, const double *a, const double *b)
{
    const wg_node x = input(s, a);
    const wg_tensor *y =
        wg_value(s->unary != NULL ? s->unary->record(x) : s->binary->record(x, input(s, b)));
    assert_non_null(y);
    for (int64_t i = 0; i < BLOCK; i++) {
        const long double expected = s->unary != NULL
                                         ? s->unary->value((long double)a[i])
                                         : s->binary->value((long double)a[i], (long double)b[i]);
        const double off = wgt_ulps_off(s->dtype, wg_tensor_get(y, i), expected);
        if (off > s->worst) {
            s->worst = off;
            s->at[0] = a[i];
            s->at[1] = b[i];
        }
        s->n++;
    }
    assert_int_equal(wg_graph_reset(s->g), WG_OK);
}

/* ---- one operand -------------------------------------------------------------------------- */

/* Every stride-th bit pattern of a float. */
static void sweep_f32(sweep *s, uint64_t stride)
{
    double x[BLOCK];
    uint64_t bits = 0;
    while (bits <= UINT32_MAX) {
        for (int i = 0; i < BLOCK; i++) {
            const uint32_t word = bits <= UINT32_MAX ? (uint32_t)bits : 0;
            float one;
            memcpy(&one, &word, sizeof word);
            x[i] = (double)one;
            bits += stride;
        }
        sweep_block(s, x, x);
    }
}

/* Numbers of an exponent, 2047 being that of infinities and NaN. */
static double draw_with_exponent(wg_rng *rng, uint64_t exponent)
{
    const uint64_t word = wg_rng_u64(rng);
    const uint64_t bits = (word & UINT64_C(0x800fffffffffffff)) | (exponent << 52);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* PER_EXPONENT numbers of each exponent, and as many blocks in [-32, 32] again. */
static void sweep_f64(sweep *s)
{
    double x[BLOCK];
    wg_rng rng = wg_rng_make(SEED, 1);
    const uint64_t n = UINT64_C(2048) * PER_EXPONENT;
    for (uint64_t k = 0; k < 2 * n; k++) {
        x[k % BLOCK] =
            k < n ? draw_with_exponent(&rng, k / PER_EXPONENT) : 64 * wg_rng_uniform(&rng) - 32;
        if (k % BLOCK == BLOCK - 1) {
            sweep_block(s, x, x);
        }
    }
}

static uint64_t sweep_stride(void)
{
    const char *text = getenv("WENGERT_SWEEP_STRIDE");
    const uint64_t stride = text != NULL ? strtoull(text, NULL, 10) : 0;
    return stride > 0 ? stride : 16001;
}

static void judge(const sweep *s, double bound)
{
    print_message("%s (%s): %llu values, worst %.3f ulp at %a", s->name, wg_dtype_name(s->dtype),
                  (unsigned long long)s->n, s->worst, s->at[0]);
    if (s->binary != NULL) {
        print_message(", %a", s->at[1]);
    }
    print_message("\n");
    assert_true(s->n > 90000);
    assert_true(s->worst <= bound);
}

static sweep sweep_of(wg_graph *g, const wgt_unary *unary, const wgt_binary *binary, wg_dtype dtype)
{
    return (sweep){.name = unary != NULL ? unary->name : binary->name,
                   .g = g,
                   .dtype = dtype,
                   .unary = unary,
                   .binary = binary};
}

typedef struct scene {
    wg_context *ctx;
    wg_graph *g;
} scene;

static scene scene_open(void)
{
    scene s = {.ctx = wgt_context(0)};
    assert_int_equal(wg_graph_create(s.ctx, &s.g), WG_OK);
    return s;
}

static void scene_close(scene *s)
{
    wg_graph_destroy(s->g);
    wg_context_destroy(s->ctx);
}

static bool is_wanted(const char *name)
{
    const char *only = getenv("WENGERT_TEST_OP");
    return only == NULL || strcmp(only, name) == 0;
}

static void test_accuracy_of_f32_functions(void **state)
{
    (void)state;
    scene here = scene_open();
    for (size_t i = 0; i < wgt_n_unaries; i++) {
        sweep s = sweep_of(here.g, &wgt_unaries[i], NULL, WG_F32);
        if (is_wanted(s.name)) {
            sweep_f32(&s, sweep_stride());
            judge(&s, 2);
        }
    }
    scene_close(&here);
}

/* Functions that are products of several factors, each with an error of its own. In the reference
 * the other factor of x is denormal before the product is, and loses bits that x brings up again.
 */
static double f64_bound(const char *name)
{
    static const struct {
        const char *name;
        double ulps;
        double alone;
    } rough[] = {{"sigmoid", 2, 2.1},
                 {"silu", 2.5, 3},
                 {"mish", 5, 5},
                 {"gelu", 7, 25},
                 {"gelu_tanh", 4, 25}};
    const bool is_alone = getenv("WENGERT_TEST_REFERENCE") != NULL;
    for (size_t i = 0; i < sizeof rough / sizeof *rough; i++) {
        if (strcmp(rough[i].name, name) == 0) {
            return is_alone ? rough[i].alone : rough[i].ulps;
        }
    }
    return 2;
}

static void test_accuracy_of_f64_functions(void **state)
{
    (void)state;
    scene here = scene_open();
    for (size_t i = 0; i < wgt_n_unaries; i++) {
        sweep s = sweep_of(here.g, &wgt_unaries[i], NULL, WG_F64);
        if (is_wanted(s.name)) {
            sweep_f64(&s);
            judge(&s, f64_bound(s.name));
        }
    }
    scene_close(&here);
}

/* ---- two operands ------------------------------------------------------------------------- */

/* Of any size, of moderate size, near 1, or a small integer. */
static double draw(wg_rng *rng, wg_dtype dtype)
{
    const uint64_t n_exponents = dtype == WG_F32 ? 278 : 2048;
    const uint64_t least = dtype == WG_F32 ? 1023 - 150 : 0;
    double x = 0;
    switch (wg_rng_below(rng, 4)) {
    case 0:
        x = draw_with_exponent(rng, least + wg_rng_below(rng, n_exponents));
        break;
    case 1:
        x = 32 * wg_rng_uniform(rng) - 16;
        break;
    case 2:
        x = 1 + ldexp(wg_rng_uniform(rng) - 0.5, -(int)wg_rng_below(rng, 24));
        break;
    default:
        x = (double)wg_rng_below(rng, 21) - 10;
        break;
    }
    return wgt_rounded(dtype, (long double)x);
}

static void sweep_pairs(sweep *s)
{
    double a[BLOCK];
    double b[BLOCK];
    wg_rng rng = wg_rng_make(SEED, 2);
    for (int k = 0; k < PAIR_BLOCKS; k++) {
        for (int i = 0; i < BLOCK; i++) {
            a[i] = draw(&rng, s->dtype);
            b[i] = draw(&rng, s->dtype);
        }
        sweep_block(s, a, b);
    }
}

static void test_accuracy_of_pairs(void **state)
{
    (void)state;
    scene here = scene_open();
    for (size_t i = 0; i < 2 * wgt_n_binaries; i++) {
        const wgt_binary *op = &wgt_binaries[i / 2];
        sweep s = sweep_of(here.g, NULL, op, i % 2 == 0 ? WG_F32 : WG_F64);
        if (is_wanted(s.name)) {
            sweep_pairs(&s);
            judge(&s, op->ulps > 0 ? op->ulps : NEAREST);
        }
    }
    scene_close(&here);
}

/* ---- the sweeps themselves ---------------------------------------------------------------- */

/* e^x three ulp of f32 too large, and of the other sign at 0. */
static long double exp_not_quite(long double x)
{
    return x == 0 ? -1 : expl(x) * (1 + 3 * 0x1p-23L);
}

static void test_accuracy_sees_an_error(void **state)
{
    (void)state;
    scene here = scene_open();
    wgt_unary wrong = {.name = "exp, planted", .value = exp_not_quite};
    for (size_t i = 0; i < wgt_n_unaries; i++) {
        if (strcmp(wgt_unaries[i].name, "exp") == 0) {
            wrong.record = wgt_unaries[i].record;
        }
    }
    sweep f32 = sweep_of(here.g, &wrong, NULL, WG_F32);
    sweep_f32(&f32, sweep_stride());
    assert_true(f32.worst > 2);
    assert_true(wgt_ulps_off(WG_F64, 0.0, -0.0L) == HUGE_VAL);
    assert_true(wgt_ulps_off(WG_F64, HUGE_VAL, 1.0L) == HUGE_VAL);
    assert_true(wgt_ulps_off(WG_F32, 1.0, (long double)NAN) == HUGE_VAL);
    assert_true(fabs(wgt_ulps_off(WG_F32, 1.0 + 0x1p-22, 1.0L) - 2) < 0.01);
    scene_close(&here);
}

static void test_accuracy_covers_the_pointwise_ops(void **state)
{
    (void)state;
    scene here = scene_open();
    for (uint16_t i = 1; i < here.ctx->ops->count; i++) {
        const wgi_op *op = here.ctx->ops->ops[i];
        if ((op->traits & WGI_POINTWISE) != 0 && !wgt_has_oracle(op->name)) {
            fail_msg("%s has no oracle", op->name);
        }
    }
    scene_close(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy_of_f32_functions),
        cmocka_unit_test(test_accuracy_of_f64_functions),
        cmocka_unit_test(test_accuracy_of_pairs),
        cmocka_unit_test(test_accuracy_sees_an_error),
        cmocka_unit_test(test_accuracy_covers_the_pointwise_ops),
    };
    print_message("seed %d\n", (int)SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
