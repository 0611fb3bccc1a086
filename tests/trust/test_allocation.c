/* Every allocation fails once, and once for ever from then on: no crash, no leak, the right status,
 * and the same objects work afterwards with the same bits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)

/* No scene needs more allocations; a loop that goes on has lost its end. */
#define MAX_ALLOCATIONS 20000

static wgt_folder folder;

/* ---- stages ------------------------------------------------------------------------------- */

static void open_data(stage *s)
{
    const int64_t dims[] = {SCENE_ROWS, SCENE_FEATURES};
    float x[SCENE_ROWS * SCENE_FEATURES];
    int64_t labels[SCENE_ROWS];
    wg_rng rng = wg_rng_make(17, 0);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
        x[i] = (float)wg_rng_normal(&rng);
    }
    for (size_t i = 0; i < SCENE_ROWS; i++) {
        labels[i] = (int64_t)wg_rng_below(&rng, SCENE_CLASSES);
    }
    assert_int_equal(wg_tensor_from(s->ctx, WG_F32, 2, dims, WG_F32, x, &s->x), WG_OK);
    assert_int_equal(wg_tensor_from(s->ctx, WG_I64, 1, dims, WG_I64, labels, &s->labels), WG_OK);
}

static void open_stage(stage *s, const scene *what)
{
    memset(s, 0, sizeof *s);
    wgt_allocator_start(&s->counter);
    wg_allocator hooks = wgt_allocator_hooks(&s->counter);
    wg_config config = {.size = sizeof config,
                        .allocator = &hooks,
                        .seed = 23,
                        .threads = 1,
                        .eager = what->is_eager};
    s->folder = folder.path;
    s->digest = FNV_START;
    assert_int_equal(wg_context_create(&config, &s->ctx), WG_OK);
    assert_int_equal(wg_graph_create(s->ctx, &s->g), WG_OK);
    assert_int_equal(wg_model_create(s->ctx, &s->m), WG_OK);
    assert_int_equal(wg_linear_create(s->m, "first", SCENE_FEATURES, 48, NULL, &s->first), WG_OK);
    assert_int_equal(wg_linear_create(s->m, "second", 48, SCENE_CLASSES, NULL, &s->second), WG_OK);
    open_data(s);
    if (what->build != NULL) {
        what->build(s);
    }
}

static void close_stage(stage *s)
{
    wg_function_destroy(s->f);
    wg_graph_destroy(s->g);
    wg_optimizer_destroy(s->o);
    wg_model_destroy(s->m);
    wg_tensor_destroy(s->x);
    wg_tensor_destroy(s->labels);
    wg_context_destroy(s->ctx);
    assert_true(wgt_allocator_is_clean(&s->counter));
    wgt_allocator_finish(&s->counter);
}

/* ---- the loop ----------------------------------------------------------------------------- */

static uint64_t digest_without_failure(const scene *what)
{
    stage s;
    open_stage(&s, what);
    assert_int_equal(what->act(&s), WG_OK);
    uint64_t digest = s.digest;
    close_stage(&s);
    return digest;
}

/* A failed act is done again on the same objects. What the library can do without, a name or a
 * stamp, may be left out without failing. */
static void judge(stage *s, const scene *what, wg_status status, uint64_t want)
{
    if (status != WG_OK) {
        assert_int_equal(status, WG_ERR_MEMORY);
        s->digest = FNV_START;
        assert_int_equal(what->act(s), WG_OK);
    }
    assert_true(s->digest == want);
}

/* Whether the k-th allocation of the act was asked for. */
static bool fail_at(const scene *what, size_t k, bool is_persistent, uint64_t want)
{
    stage s;
    open_stage(&s, what);
    const size_t n_before = s.counter.n_failed;
    wgt_allocator_fail(&s.counter, k, is_persistent);
    wg_status status = what->act(&s);
    wgt_allocator_fail(&s.counter, 0, false);
    bool has_failed = s.counter.n_failed > n_before;
    assert_true(has_failed || status == WG_OK);
    judge(&s, what, status, want);
    close_stage(&s);
    return has_failed;
}

static void test_allocation_scene(void **state)
{
    const scene *what = *state;
    const uint64_t want = digest_without_failure(what);
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        size_t k = 1;
        while (fail_at(what, k, is_persistent != 0, want)) {
            k++;
            assert_true(k < MAX_ALLOCATIONS);
        }
        assert_true(k > 1); /* a scene that allocates nothing proves nothing */
        printf("%s: %zu allocations, %s\n", what->name, k - 1,
               is_persistent != 0 ? "for ever" : "once");
    }
}

/* ---- contexts ----------------------------------------------------------------------------- */

static bool create_fails_at(size_t k, bool is_persistent)
{
    wgt_allocator counter;
    wgt_allocator_start(&counter);
    wg_allocator hooks = wgt_allocator_hooks(&counter);
    wg_config config = {.size = sizeof config, .allocator = &hooks, .threads = 1};
    wg_context *ctx;
    wgt_allocator_fail(&counter, k, is_persistent);
    wg_status status = wg_context_create(&config, &ctx);
    bool has_failed = counter.n_failed > 0;
    assert_int_equal(status, has_failed ? WG_ERR_MEMORY : WG_OK);
    assert_int_equal(ctx == NULL, status != WG_OK);
    wg_context_destroy(ctx);
    assert_true(wgt_allocator_is_clean(&counter));
    wgt_allocator_finish(&counter);
    return has_failed;
}

static void test_allocation_of_contexts(void **state)
{
    (void)state;
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        size_t k = 1;
        while (create_fails_at(k, is_persistent != 0)) {
            k++;
            assert_true(k < MAX_ALLOCATIONS);
        }
        assert_true(k > 1);
    }
}

/* The loop itself must see a leak. */
static void test_allocation_sees_a_leak(void **state)
{
    wgt_allocator counter;
    (void)state;
    wgt_allocator_start(&counter);
    wg_allocator hooks = wgt_allocator_hooks(&counter);
    assert_non_null(hooks.allocate(hooks.user, 8, 16));
    assert_false(wgt_allocator_is_clean(&counter));
    wgt_allocator_finish(&counter);
}

/* ---- set-up ------------------------------------------------------------------------------- */

static void write_files(void)
{
    static const char table[] =
        "a,b,class\n1,2,cat\n3,4,dog\n5,6,cat\n7,8,cow\n9,10,dog\n11,12,x\n";
    static const scene none = {.name = "none"};
    char path[WGT_PATH_BYTES];
    stage s;
    wgt_folder_join(folder.path, "table.csv", path);
    assert_true(wgt_file_write(path, table, sizeof table - 1));
    open_stage(&s, &none);
    wgt_folder_join(folder.path, "model.safetensors", path);
    assert_int_equal(wg_model_save(s.m, path), WG_OK);
    close_stage(&s);
}

static int open_folder(void **state)
{
    (void)state;
    assert_true(wgt_folder_create(&folder));
    write_files();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    wgt_folder_remove(&folder);
    return 0;
}

static size_t add_scenes(struct CMUnitTest *tests, size_t n, const scene *scenes)
{
    for (; scenes->name != NULL; scenes++) {
        void *state = (void *)(uintptr_t)scenes;
        tests[n++] = (struct CMUnitTest){scenes->name, test_allocation_scene, NULL, NULL, state};
    }
    return n;
}

int main(void)
{
    static struct CMUnitTest tests[64] = {
        cmocka_unit_test(test_allocation_sees_a_leak),
        cmocka_unit_test(test_allocation_of_contexts),
    };
    size_t n = add_scenes(tests, 2, scenes_of_graphs);
    n = add_scenes(tests, n, scenes_of_models);
    n = add_scenes(tests, n, scenes_of_files);
    n = add_scenes(tests, n, scenes_of_derivatives);
    return _cmocka_run_group_tests("test_allocation", tests, n, open_folder, remove_folder);
}
