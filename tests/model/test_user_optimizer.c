/* Optimizers of users: they get what the library's own get, and give the same bits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/bare.h"

#include <math.h>
#include <stdio.h>

#include <wengert/wengert.h>

#define N 8
#define N_A 5
#define N_B (N - N_A)

static const double start_values[N] = {1.0, -2.0, 0.5, 3.0, -0.25, 0.75, -1.5, 2.0};
static const double gradients[N] = {0.5, 0.25, -1.0, 2.0, 0.125, -0.5, 1.5, 1.0};

/* What a callback has seen, and how it is to behave. */
typedef struct witness {
    int n_calls;
    int n_releases;
    size_t n_updates;
    int64_t steps[4];
    double rate;
    wg_status answer;
    const char *message;
    wg_optimizer *again; /* to be stepped from within */
    wg_status again_status;
} witness;

typedef struct fixture {
    bare base;
    wg_model *model;
    wg_param *a;
    wg_param *b;
    wg_optimizer *optimizer;
    witness seen;
} fixture;

static wg_param *add(fixture *f, const char *name, wg_dtype dtype, int64_t n, const double *values)
{
    wg_param *p = NULL;
    assert_int_equal(wg_param_create(f->model, name, dtype, 1, &n, NULL, &p), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(wg_tensor_set(wg_param_value(p), i, values[i]), WG_OK);
    }
    return p;
}

static void start(fixture *f)
{
    memset(f, 0, sizeof *f);
    bare_start(&f->base);
    assert_int_equal(wg_model_create(&f->base.ctx, &f->model), WG_OK);
    f->a = add(f, "a", WG_F64, N_A, start_values);
    f->b = add(f, "b", WG_F64, N_B, start_values + N_A);
}

static void finish(fixture *f)
{
    wg_optimizer_destroy(f->optimizer);
    wg_model_destroy(f->model);
    bare_finish(&f->base);
}

static void set_gradients(fixture *f)
{
    bare_set_gradient(f->a, gradients);
    bare_set_gradient(f->b, gradients + N_A);
}

static double value(const wg_param *p, int64_t i)
{
    return wg_tensor_get(wg_param_value(p), i);
}

/* ---- callbacks ---------------------------------------------------------------------------- */

static void note(witness *w, const wg_step *step)
{
    w->n_calls++;
    w->n_updates = step->n;
    w->rate = step->rate;
    for (size_t i = 0; i < step->n && i < 4; i++) {
        w->steps[i] = step->updates[i].step;
    }
}

/* Momentum, by the operations that core/backend.h prescribes to sgd in f64. */
static wg_status step_momentum(const wg_step *step)
{
    witness *w = step->user;
    note(w, step);
    for (size_t i = 0; i < step->n; i++) {
        const wg_update *u = &step->updates[i];
        double *x = u->value;
        double *velocity = u->state[0];
        const double *g = u->gradient;
        assert_int_equal(u->dtype, WG_F64);
        assert_null(u->state[1]);
        assert_int_equal(u->n, wg_tensor_count(wg_param_value(u->param)));
        for (int64_t k = 0; k < u->n; k++) {
            assert_true(u->step > 1 || velocity[k] == 0.0);
            velocity[k] = u->step == 1 ? g[k] : 0.9 * velocity[k] + g[k];
            x[k] -= step->rate * velocity[k];
        }
    }
    return w->answer;
}

/* Writes the first parameter, then fails. */
static wg_status step_and_fail(const wg_step *step)
{
    witness *w = step->user;
    note(w, step);
    ((double *)step->updates[0].value)[0] = 77.0;
    if (w->message != NULL) {
        (void)snprintf(step->message, step->message_bytes, "%s", w->message);
    }
    return WG_ERR_RANGE;
}

static wg_status step_again(const wg_step *step)
{
    witness *w = step->user;
    note(w, step);
    w->again_status = wg_optimizer_step(w->again);
    return WG_OK;
}

static void note_release(void *user)
{
    ((witness *)user)->n_releases++;
}

static wg_optimizer_definition momentum(fixture *f)
{
    return (wg_optimizer_definition){.size = sizeof(wg_optimizer_definition),
                                     .name = "momentum",
                                     .n_states = 1,
                                     .rate = 0.1,
                                     .step = step_momentum,
                                     .release = note_release,
                                     .user = &f->seen};
}

static void create(fixture *f, wg_optimizer_definition definition)
{
    assert_int_equal(wg_optimizer_create(f->model, &definition, &f->optimizer), WG_OK);
}

/* ---- equal terms -------------------------------------------------------------------------- */

static void test_user_optimizer_gives_the_bits_of_ours(void **state)
{
    (void)state;
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 0.1, .momentum = 0.9};
    fixture own;
    fixture user;
    start(&own);
    start(&user);
    assert_int_equal(wg_sgd_create(own.model, &sgd, &own.optimizer), WG_OK);
    create(&user, momentum(&user));
    for (int t = 1; t <= 20; t++) {
        set_gradients(&own);
        set_gradients(&user);
        if (t % 3 == 0) {
            wg_param_clear_gradient(own.b);
            wg_param_clear_gradient(user.b);
        }
        assert_int_equal(wg_optimizer_step(own.optimizer), WG_OK);
        assert_int_equal(wg_optimizer_step(user.optimizer), WG_OK);
        assert_int_equal(user.seen.n_updates, t % 3 == 0 ? 1 : 2);
        assert_int_equal(user.seen.steps[0], t);
    }
    assert_int_equal(user.seen.n_calls, 20);
    for (int64_t i = 0; i < N_A; i++) {
        assert_true(value(own.a, i) == value(user.a, i));
        assert_true(value(user.a, i) != start_values[i]);
    }
    for (int64_t i = 0; i < N_B; i++) {
        assert_true(value(own.b, i) == value(user.b, i));
    }
    finish(&user);
    finish(&own);
}

static void test_user_optimizer_empties_gradients_and_bumps_versions(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    create(&f, momentum(&f));
    set_gradients(&f);
    assert_int_equal(wg_param_set_frozen(f.b, true), WG_OK);
    const uint64_t version_a = wgi_tensor_version(f.a->value);
    const uint64_t version_b = wgi_tensor_version(f.b->value);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK);
    assert_null(wg_param_gradient(f.a));
    assert_non_null(wg_param_gradient(f.b));
    assert_true(wgi_tensor_version(f.a->value) != version_a);
    assert_true(wgi_tensor_version(f.b->value) == version_b);
    assert_true(value(f.b, 0) == start_values[N_A]);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK); /* nothing is due */
    assert_int_equal(f.seen.n_calls, 1);
    finish(&f);
}

static void test_user_optimizer_has_a_rate(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    create(&f, momentum(&f));
    assert_true(wg_optimizer_rate(f.optimizer) == 0.1);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, 0.5), WG_OK);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, (double)NAN), WG_ERR_ARGUMENT);
    set_gradients(&f);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK);
    assert_true(f.seen.rate == 0.5);
    assert_true(value(f.a, 0) == 0.75);
    finish(&f);
}

static void test_user_optimizer_takes_in_parameters_added_later(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    create(&f, momentum(&f));
    set_gradients(&f);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK);
    wg_param *late = add(&f, "late", WG_F64, 2, start_values);
    wg_param *empty = add(&f, "empty", WG_F64, 0, NULL);
    bare_set_gradient(late, gradients);
    bare_set_gradient(empty, NULL);
    set_gradients(&f);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK);
    assert_int_equal(f.seen.n_updates, 4);
    assert_int_equal(f.seen.steps[0], 2);
    assert_int_equal(f.seen.steps[2], 1);
    assert_true(value(late, 0) == start_values[0] - 0.1 * gradients[0]);
    finish(&f);
}

static void test_user_optimizer_is_released_once(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    create(&f, momentum(&f));
    assert_int_equal(f.seen.n_releases, 0);
    wg_optimizer_destroy(f.optimizer);
    assert_int_equal(f.seen.n_releases, 1);
    wg_optimizer_definition silent = momentum(&f);
    silent.release = NULL;
    create(&f, silent);
    finish(&f);
    assert_int_equal(f.seen.n_releases, 1);
}

/* ---- failing callbacks -------------------------------------------------------------------- */

static void expect_failed_step(fixture *f, const char *message)
{
    const uint64_t version_a = wgi_tensor_version(f->a->value);
    const uint64_t version_b = wgi_tensor_version(f->b->value);
    f->seen.message = message;
    assert_int_equal(wg_optimizer_step(f->optimizer), WG_ERR_RANGE);
    assert_true(value(f->a, 0) == 77.0);
    assert_true(value(f->b, 0) == start_values[N_A]);
    assert_non_null(wg_param_gradient(f->a));
    assert_non_null(wg_param_gradient(f->b));
    assert_true(wgi_tensor_version(f->a->value) != version_a);
    assert_true(wgi_tensor_version(f->b->value) != version_b);
    assert_int_equal(f->seen.steps[0], 1); /* no step is counted */
}

static void test_user_optimizer_that_fails_tells_why(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_optimizer_definition failing = momentum(&f);
    failing.step = step_and_fail;
    create(&f, failing);
    set_gradients(&f);
    expect_failed_step(&f, "the norm is not finite");
    assert_string_equal(wg_context_error(&f.base.ctx), "momentum: the norm is not finite");
    expect_failed_step(&f, NULL);
    assert_memory_equal(wg_context_error(&f.base.ctx), "momentum: an axis", 17);
    finish(&f);
}

/* From within a step no other step of the model starts. */
static void test_user_optimizer_does_not_step_within_a_step(void **state)
{
    (void)state;
    fixture f;
    wg_optimizer *adam = NULL;
    start(&f);
    wg_optimizer_definition nested = momentum(&f);
    nested.step = step_again;
    create(&f, nested);
    assert_int_equal(wg_adam_create(f.model, NULL, &adam), WG_OK);
    set_gradients(&f);
    f.seen.again = adam;
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK);
    assert_int_equal(f.seen.again_status, WG_ERR_STATE);
    f.seen.again = f.optimizer;
    set_gradients(&f);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK);
    assert_int_equal(f.seen.again_status, WG_ERR_STATE);
    assert_int_equal(wg_optimizer_step(adam), WG_OK);
    wg_optimizer_destroy(adam);
    finish(&f);
}

/* ---- arguments ---------------------------------------------------------------------------- */

static void refuse(fixture *f, wg_optimizer_definition definition, wg_status status)
{
    wg_optimizer *o = (wg_optimizer *)f;
    assert_int_equal(wg_optimizer_create(f->model, &definition, &o), status);
    assert_null(o);
    assert_true(strlen(wg_context_error(&f->base.ctx)) > 0);
}

static void test_user_optimizer_refuses_bad_definitions(void **state)
{
    (void)state;
    static const double rates[] = {-1.0, (double)NAN, (double)INFINITY};
    fixture f;
    char name[65];
    memset(name, 'n', sizeof name);
    name[64] = '\0';
    start(&f);
    const wg_optimizer_definition good = momentum(&f);
    wg_optimizer_definition bad = good;
    bad.size--;
    refuse(&f, bad, WG_ERR_ARGUMENT);
    bad = good;
    bad.step = NULL;
    refuse(&f, bad, WG_ERR_ARGUMENT);
    for (size_t i = 0; i < 3; i++) {
        bad = good;
        bad.rate = rates[i];
        refuse(&f, bad, WG_ERR_ARGUMENT);
    }
    bad = good;
    bad.n_states = -1;
    refuse(&f, bad, WG_ERR_ARGUMENT);
    bad.n_states = WG_MAX_STATES + 1;
    refuse(&f, bad, WG_ERR_ARGUMENT);
    const char *const names[] = {NULL, "", "tab\t", name};
    for (size_t i = 0; i < 4; i++) {
        bad = good;
        bad.name = names[i];
        refuse(&f, bad, WG_ERR_NAME);
    }
    assert_int_equal(f.seen.n_releases, 0);
    finish(&f);
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Creation and two steps. The k-th allocation of the creation and the first step fails: what
 * follows is bit for bit what would have been. Returns whether it was asked for. */
static bool train(size_t k, bool is_persistent, double out[N])
{
    fixture f;
    start(&f);
    set_gradients(&f);
    const wg_optimizer_definition definition = momentum(&f);
    wgt_allocator_fail(&f.base.allocator, k, is_persistent);
    wg_status status = wg_optimizer_create(f.model, &definition, &f.optimizer);
    if (status == WG_OK) {
        status = wg_optimizer_step(f.optimizer);
    }
    wgt_allocator_fail(&f.base.allocator, 0, false);
    if (status != WG_OK) {
        assert_int_equal(status, WG_ERR_MEMORY);
        assert_int_equal(f.seen.n_calls + f.seen.n_releases, 0);
        assert_true(value(f.a, 0) == start_values[0] && value(f.b, 0) == start_values[N_A]);
        if (f.optimizer == NULL) {
            create(&f, definition);
        }
        assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK);
    }
    set_gradients(&f);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_OK);
    for (int64_t i = 0; i < N; i++) {
        out[i] = i < N_A ? value(f.a, i) : value(f.b, i - N_A);
    }
    finish(&f);
    return status != WG_OK;
}

static void test_user_optimizer_survives_each_failed_allocation(void **state)
{
    (void)state;
    double expected[N];
    double out[N];
    assert_false(train(0, false, expected));
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        size_t k = 1;
        while (train(k, is_persistent != 0, out)) {
            assert_memory_equal(out, expected, sizeof out);
            k++;
        }
        assert_true(k > 6);
    }
}

/* ---- in a graph --------------------------------------------------------------------------- */

/* Plain descent whose rate falls with the norm of all gradients: it needs every update at once. */
static wg_status step_by_norm(const wg_step *step)
{
    double squares = 0.0;
    for (size_t i = 0; i < step->n; i++) {
        const float *g = step->updates[i].gradient;
        for (int64_t k = 0; k < step->updates[i].n; k++) {
            squares += (double)g[k] * (double)g[k];
        }
    }
    const float rate = (float)(step->rate / fmax(1.0, sqrt(squares)));
    for (size_t i = 0; i < step->n; i++) {
        float *x = step->updates[i].value;
        const float *g = step->updates[i].gradient;
        for (int64_t k = 0; k < step->updates[i].n; k++) {
            x[k] -= rate * g[k];
        }
    }
    return WG_OK;
}

static void test_user_optimizer_trains_and_makes_values_stale(void **state)
{
    (void)state;
    static const float x[] = {1, 2, -1, 0.5F};
    static const float t[] = {3, 5, -1, 2};
    const int64_t dims[] = {4, 1};
    const wg_optimizer_definition definition = {
        .size = sizeof definition, .name = "clipped", .rate = 0.1, .step = step_by_norm};
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
    wg_linear line;
    wg_optimizer *o;
    double loss_value = 1.0;
    assert_int_equal(wg_context_create(NULL, &ctx), WG_OK);
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    assert_int_equal(wg_model_create(ctx, &m), WG_OK);
    assert_int_equal(wg_linear_create(m, "line", 1, 1, NULL, &line), WG_OK);
    assert_int_equal(wg_optimizer_create(m, &definition, &o), WG_OK);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(wg_graph_reset(g), WG_OK);
        wg_node y = wg_linear_apply(&line, wg_constant(g, WG_F32, 2, dims, x));
        wg_node loss = wg_mse(y, wg_constant(g, WG_F32, 2, dims, t));
        assert_int_equal(wg_backward(loss), WG_OK);
        loss_value = wg_item(loss);
        assert_int_equal(wg_optimizer_step(o), WG_OK);
        const wg_tensor *value_of_y = NULL;
        assert_int_equal(wg_get(y, &value_of_y), WG_ERR_STALE);
    }
    assert_true(loss_value < 1e-6);
    wg_optimizer_destroy(o);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_optimizer_gives_the_bits_of_ours),
        cmocka_unit_test(test_user_optimizer_empties_gradients_and_bumps_versions),
        cmocka_unit_test(test_user_optimizer_has_a_rate),
        cmocka_unit_test(test_user_optimizer_takes_in_parameters_added_later),
        cmocka_unit_test(test_user_optimizer_is_released_once),
        cmocka_unit_test(test_user_optimizer_that_fails_tells_why),
        cmocka_unit_test(test_user_optimizer_does_not_step_within_a_step),
        cmocka_unit_test(test_user_optimizer_refuses_bad_definitions),
        cmocka_unit_test(test_user_optimizer_survives_each_failed_allocation),
        cmocka_unit_test(test_user_optimizer_trains_and_makes_values_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
