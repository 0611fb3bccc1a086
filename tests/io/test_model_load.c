/* Loading parts of models, and what is suggested where names do not agree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "file_case.h"

#include <stdio.h>
#include <time.h>

#include <wengert/model.h>

typedef struct fixture {
    wgt_plain p;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    wg_model *m;     /* to be loaded: all values 0 */
    wg_model *saved; /* what the file has: all values 1 */
} fixture;

static void start(fixture *f)
{
    wgt_plain_start(&f->p);
    assert_true(wgt_folder_create(&f->folder));
    wgt_folder_join(f->folder.path, "m.safetensors", f->path);
    assert_int_equal(wg_model_create(&f->p.ctx, &f->m), WG_OK);
    assert_int_equal(wg_model_create(&f->p.ctx, &f->saved), WG_OK);
}

static void finish(fixture *f)
{
    wg_model_destroy(f->m);
    wg_model_destroy(f->saved);
    wgt_folder_remove(&f->folder);
    wgt_plain_finish(&f->p);
}

static void add(wg_model *m, const char *name, int64_t n, double value)
{
    wg_param *p;
    assert_int_equal(wg_param_create(m, name, WG_F32, 1, &n, NULL, &p), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(wg_tensor_set(wg_param_value(p), i, value), WG_OK);
    }
}

static void add_wanted(fixture *f, const char *name, int64_t n)
{
    add(f->m, name, n, 0.0);
}

static void add_saved(fixture *f, const char *name, int64_t n)
{
    add(f->saved, name, n, 1.0);
}

static bool is_loaded(const fixture *f, const char *name)
{
    return wg_tensor_get(wg_param_value(wg_model_find(f->m, name)), 0) == 1.0;
}

/* Saves, and loads what must be refused. */
static void expect_refused(fixture *f, const wg_model_load_options *options, wg_status want,
                           const char *text)
{
    assert_int_equal(wg_model_save(f->saved, f->path), WG_OK);
    assert_int_equal(wg_model_load_with(f->m, f->path, options, NULL), want);
    if (strstr(f->p.ctx.error, text) == NULL) {
        fail_msg("'%s' is not in:\n%s", text, f->p.ctx.error);
    }
    for (size_t i = 0; i < wg_model_count(f->m); i++) {
        assert_false(is_loaded(f, wg_param_name(wg_model_param(f->m, i))));
    }
}

static void expect_loaded(fixture *f, const wg_model_load_options *options,
                          wg_model_load_report want)
{
    wg_model_load_report report;
    assert_int_equal(wg_model_save(f->saved, f->path), WG_OK);
    assert_int_equal(wg_model_load_with(f->m, f->path, options, &report), WG_OK);
    assert_int_equal(report.loaded, want.loaded);
    assert_int_equal(report.missing, want.missing);
    assert_int_equal(report.unexpected, want.unexpected);
    assert_int_equal(report.mismatched, want.mismatched);
}

/* ---- suggestions -------------------------------------------------------------------------- */

static void test_model_load_suggests_a_similar_name(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    add_wanted(&f, "encoder.0.attn.weight", 2);
    add_wanted(&f, "encoder.0.attn.bias", 2);
    add_wanted(&f, "encoder.1.attn.weight", 2);
    add_saved(&f, "encoder.0.atn.weight", 2);
    add_saved(&f, "encoder.0.attn.bias", 2);
    add_saved(&f, "encoder.1.attn.weight", 2);
    expect_refused(&f, NULL, WG_ERR_NAME,
                   ": it does not fit the model\n"
                   "  missing     encoder.0.attn.weight\n"
                   "  unexpected  encoder.0.atn.weight\n"
                   "  hint: 'encoder.0.atn.weight' is not in the model; did you mean "
                   "'encoder.0.attn.weight'?");
    finish(&f);
}

/* Of two names as similar, and of one a little less so, the one of the same shape. */
static void test_model_load_suggests_the_same_shape(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    add_wanted(&f, "block.one.weight", 3);
    add_wanted(&f, "block.onee.weighs", 4);
    add_saved(&f, "block.ona.weight", 4);
    expect_refused(&f, NULL, WG_ERR_NAME, "did you mean 'block.one.weight'?");
    add_wanted(&f, "block.onb.weight", 4);
    expect_refused(&f, NULL, WG_ERR_NAME, "did you mean 'block.onb.weight'?");
    finish(&f);
}

/* What the file has is not suggested, and names that have nothing in common are not either. */
static void test_model_load_suggests_nothing_far(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    add_wanted(&f, "fc1.weight", 2);
    add_wanted(&f, "embedding", 2);
    add_saved(&f, "fc1.weight", 2);
    add_saved(&f, "fc2.weight", 2);
    expect_refused(&f, NULL, WG_ERR_NAME, "  unexpected  fc2.weight");
    assert_null(strstr(f.p.ctx.error, "hint"));
    finish(&f);
}

/* Every name that is within two edits of "layer.weight" is found, and nothing else. */
static void test_model_load_counts_edits(void **state)
{
    static const char *const near[] = {"layer.weigh",   "layer.weightt", "ayer.weight",
                                       "xlayer.weight", "lXyer.weighT",  "layerweight",
                                       "laye.wweight",  "layer.wei",     "yer.weight"};
    static const char *const far[] = {"l", "bias", "reyal.thgiew", "layer.gamma.of.another"};
    (void)state;
    for (size_t i = 0; i < 9; i++) {
        fixture f;
        start(&f);
        add_wanted(&f, "layer.weight", 1);
        add_saved(&f, near[i], 1);
        expect_refused(&f, NULL, WG_ERR_NAME, "did you mean 'layer.weight'?");
        finish(&f);
    }
    for (size_t i = 0; i < 4; i++) {
        fixture f;
        start(&f);
        add_wanted(&f, "layer.weight", 1);
        add_saved(&f, far[i], 1);
        expect_refused(&f, NULL, WG_ERR_NAME, "  unexpected  ");
        assert_null(strstr(f.p.ctx.error, "hint"));
        finish(&f);
    }
}

static void add_pair(fixture *f, const char *in_file, const char *in_model, const char *rest)
{
    char name[256];
    snprintf(name, sizeof name, "%s%s", in_file, rest);
    add_saved(f, name, 2);
    snprintf(name, sizeof name, "%s%s", in_model, rest);
    add_wanted(f, name, 2);
}

static void check_prefixes(const char *in_file, const char *in_model, const char *hint)
{
    static const char *const rests[] = {"encoder.0.weight", "encoder.0.bias", "encoder.1.weight"};
    const wg_model_load_options options = {
        .size = sizeof options, .prefix_in_file = in_file, .prefix_in_model = in_model};
    fixture f;
    start(&f);
    for (size_t i = 0; i < 3; i++) {
        add_pair(&f, in_file, in_model, rests[i]);
    }
    expect_refused(&f, NULL, WG_ERR_NAME, hint);
    expect_loaded(&f, &options, (wg_model_load_report){.loaded = 3});
    finish(&f);
}

static void test_model_load_sees_prefixes(void **state)
{
    (void)state;
    check_prefixes("module.", "",
                   "\n  hint: all names in the file begin with 'module.', those in the model do "
                   "not; set prefix_in_file");
    check_prefixes("", "net.",
                   "\n  hint: all names in the model begin with 'net.', those in the file do not; "
                   "set prefix_in_model");
    check_prefixes("module.model.", "net.",
                   "\n  hint: names begin with 'module.model.' in the file and with 'net.' in the "
                   "model; set both prefixes");
}

/* A prefix that helps no parameter is not told. */
static void test_model_load_sees_no_idle_prefix(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    add_wanted(&f, "a.weight", 2);
    add_saved(&f, "module.b.weight", 2);
    expect_refused(&f, NULL, WG_ERR_NAME, "  unexpected  module.b.weight");
    assert_null(strstr(f.p.ctx.error, "prefix"));
    finish(&f);
}

/* Long names of every kind of fault leave room for the hints, whole. */
static void test_model_load_bounds_its_text(void **state)
{
    (void)state;
    fixture f;
    char name[256];
    start(&f);
    memset(name, 'n', 255);
    name[255] = '\0';
    for (char c = 'a'; c < 'g'; c++) {
        name[0] = c;
        name[1] = '1';
        add_wanted(&f, name, 2);
        name[1] = '2';
        add_saved(&f, name, 2);
        name[1] = '3';
        add_wanted(&f, name, 2);
        add_saved(&f, name, 3);
    }
    expect_refused(&f, NULL, WG_ERR_NAME, "did you mean 'b1nnn");
    assert_string_equal(f.p.ctx.error + strlen(f.p.ctx.error) - 2, "'?");
    finish(&f);
}

/* Twenty thousand names, none of which fits, and every pair as similar as can be: the time is that
 * of going through them. Going through pairs would take minutes. */
static void test_model_load_of_many_names(void **state)
{
    (void)state;
    fixture f;
    char name[256];
    start(&f);
    memset(name, 'n', 200);
    for (int i = 0; i < 20000; i++) {
        snprintf(name + 100, sizeof name - 100, "x%dy%d", i, i);
        add_wanted(&f, name, 1);
        snprintf(name + 100, sizeof name - 100, "y%dx%d", i, i);
        add_saved(&f, name, 1);
    }
    const clock_t before = clock();
    expect_refused(&f, NULL, WG_ERR_NAME, " and 19997 more");
    const double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    print_message("20000 names: %.2f s\n", seconds);
    assert_true(seconds < 20.0);
    finish(&f);
}

/* ---- parts -------------------------------------------------------------------------------- */

static void start_parts(fixture *f)
{
    start(f);
    add_wanted(f, "body.weight", 2);
    add_wanted(f, "head.weight", 3);
    add_wanted(f, "head.extra", 2);
    add_saved(f, "body.weight", 2);
    add_saved(f, "head.weight", 5);
    add_saved(f, "tail.gamma", 2);
}

static void test_model_load_takes_what_fits(void **state)
{
    (void)state;
    fixture f;
    start_parts(&f);
    wg_model_load_options options = {.size = sizeof options, .allow_missing = true};
    expect_refused(&f, &options, WG_ERR_NAME, "  unexpected  tail.gamma");
    options.allow_unexpected = true;
    expect_refused(&f, &options, WG_ERR_SHAPE, "  shape       head.weight [5], wanted [3]");
    options.allow_mismatched = true;
    expect_loaded(
        &f, &options,
        (wg_model_load_report){.loaded = 1, .missing = 1, .unexpected = 1, .mismatched = 1});
    assert_true(is_loaded(&f, "body.weight"));
    assert_false(is_loaded(&f, "head.weight") || is_loaded(&f, "head.extra"));
    finish(&f);
}

/* What a prefix leaves out is not counted. */
static void test_model_load_of_one_branch(void **state)
{
    (void)state;
    fixture f;
    start_parts(&f);
    const wg_model_load_options options = {
        .size = sizeof options, .prefix_in_file = "body.", .prefix_in_model = "body."};
    expect_loaded(&f, &options, (wg_model_load_report){.loaded = 1});
    assert_true(is_loaded(&f, "body.weight"));
    assert_false(is_loaded(&f, "head.extra"));
    finish(&f);
}

static void test_model_load_in_vain(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    add_wanted(&f, "a", 2);
    add_saved(&f, "b", 2);
    const wg_model_load_options options = {.size = sizeof options,
                                           .allow_missing = true,
                                           .allow_unexpected = true,
                                           .allow_mismatched = true};
    expect_refused(&f, &options, WG_ERR_NAME, ": nothing of it fits the model\n");
    add_saved(&f, "a", 3);
    expect_refused(&f, &options, WG_ERR_NAME, ": nothing of it fits the model\n");
    finish(&f);
}

/* The report of a load that was refused tells why. */
static void test_model_load_reports_a_failure(void **state)
{
    (void)state;
    fixture f;
    start_parts(&f);
    wg_model_load_report report;
    assert_int_equal(wg_model_save(f.saved, f.path), WG_OK);
    assert_int_equal(wg_model_load_with(f.m, f.path, NULL, &report), WG_ERR_NAME);
    assert_int_equal(report.loaded, 0);
    assert_int_equal(report.missing, 1);
    assert_int_equal(report.unexpected, 1);
    assert_int_equal(report.mismatched, 1);
    finish(&f);
}

/* A prefix that no name can have is one that none has. */
static void test_model_load_with_endless_prefixes(void **state)
{
    static char endless[100000];
    (void)state;
    fixture f;
    start_parts(&f);
    memset(endless, 'p', sizeof endless - 1);
    wg_model_load_options options = {.size = sizeof options, .prefix_in_file = endless};
    expect_refused(&f, &options, WG_ERR_NAME, "  missing     body.weight, head.weight");
    options = (wg_model_load_options){.size = sizeof options, .prefix_in_model = endless};
    expect_refused(&f, &options, WG_ERR_NAME, "  unexpected  body.weight, head.weight, tail.gamma");
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_load_suggests_a_similar_name),
        cmocka_unit_test(test_model_load_suggests_the_same_shape),
        cmocka_unit_test(test_model_load_suggests_nothing_far),
        cmocka_unit_test(test_model_load_counts_edits),
        cmocka_unit_test(test_model_load_sees_prefixes),
        cmocka_unit_test(test_model_load_sees_no_idle_prefix),
        cmocka_unit_test(test_model_load_bounds_its_text),
        cmocka_unit_test(test_model_load_of_many_names),
        cmocka_unit_test(test_model_load_takes_what_fits),
        cmocka_unit_test(test_model_load_of_one_branch),
        cmocka_unit_test(test_model_load_in_vain),
        cmocka_unit_test(test_model_load_reports_a_failure),
        cmocka_unit_test(test_model_load_with_endless_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
