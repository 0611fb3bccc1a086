/* Models in files: saving, loading, what does not fit, and processes that die.
 * SPDX-License-Identifier: Apache-2.0 */
#include "file_case.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <wengert/model.h>

#include "core/tensor.h"
#include "io/model_file.h"

typedef struct fixture {
    wgt_plain p;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    wg_model *m;
} fixture;

static wg_param *add(wg_model *m, const char *name, wg_dtype dtype, int32_t rank, int64_t first)
{
    int64_t dims[] = {first, 2};
    wg_param *param;
    wg_init init = {.kind = WG_INIT_NORMAL, .b = 1};
    assert_int_equal(wg_param_create(m, name, dtype, rank, dims, &init, &param), WG_OK);
    return param;
}

static void start(fixture *f)
{
    wgt_plain_start(&f->p);
    assert_true(wgt_folder_create(&f->folder));
    wgt_folder_join(f->folder.path, "m.safetensors", f->path);
    assert_int_equal(wg_model_create(&f->p.ctx, &f->m), WG_OK);
    add(f->m, "fc.weight", WG_F32, 2, 3);
    add(f->m, "fc.bias", WG_F64, 1, 2);
}

static void finish(fixture *f)
{
    wg_model_destroy(f->m);
    wgt_folder_remove(&f->folder);
    wgt_plain_finish(&f->p);
}

/* All values of all parameters, one after the other. */
static size_t snapshot(const wg_model *m, double out[16])
{
    size_t n = 0;
    for (size_t i = 0; i < wg_model_count(m); i++) {
        const wg_tensor *value = wg_param_value(wg_model_param(m, i));
        for (int64_t k = 0; k < wg_tensor_count(value); k++) {
            out[n++] = wg_tensor_get(value, k);
        }
    }
    return n;
}

static void change(wg_model *m)
{
    for (size_t i = 0; i < wg_model_count(m); i++) {
        wg_tensor *value = wg_param_value(wg_model_param(m, i));
        for (int64_t k = 0; k < wg_tensor_count(value); k++) {
            assert_int_equal(wg_tensor_set(value, k, 100), WG_OK);
        }
    }
}

static void test_model_file_round_trip(void **state)
{
    (void)state;
    fixture f;
    double before[16];
    double after[16];
    start(&f);
    size_t n = snapshot(f.m, before);
    assert_int_equal(n, 8);
    assert_int_equal(wg_model_save(f.m, f.path), WG_OK);
    change(f.m);
    uint64_t version = wg_param_value(wg_model_param(f.m, 0))->version;
    assert_int_equal(wg_model_load(f.m, f.path), WG_OK);
    snapshot(f.m, after);
    assert_memory_equal(before, after, n * sizeof *before);
    /* Graphs that recorded the parameter must notice. */
    assert_true(wg_param_value(wg_model_param(f.m, 0))->version > version);
    finish(&f);
}

static void test_model_file_of_an_empty_model(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_model *empty;
    assert_int_equal(wg_model_create(&f.p.ctx, &empty), WG_OK);
    assert_int_equal(wg_model_save(empty, f.path), WG_OK);
    assert_int_equal(wg_model_load(empty, f.path), WG_OK);
    wg_model_destroy(empty);
    finish(&f);
}

/* ---- other dtypes ------------------------------------------------------------------------- */

/* Writes a file of one tensor of two elements. */
static void write_pair(fixture *f, const char *dtype, const void *data, size_t bytes)
{
    unsigned char file[160] = {0};
    int n =
        snprintf((char *)file + 8, sizeof file - 8,
                 "{\"w\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[0,%zu]}}", dtype, bytes);
    file[0] = (unsigned char)n;
    memcpy(file + 8 + n, data, bytes);
    assert_true(wgt_file_write(f->path, file, 8 + (size_t)n + bytes));
}

typedef struct conversion {
    const char *stored;
    const char *bytes;
    size_t n_bytes;
    double values[2];
    bool fits_f32;
    bool fits_f64;
} conversion;

static const conversion conversions[] = {
    {"F16", "\x00\x3C\x01\x00", 4, {1, 0x1p-24}, true, true},
    {"BF16", "\x80\x3F\x00\xC0", 4, {1, -2}, true, true},
    {"F32", "\x00\x00\x80\x3F\x00\x00\x00\xC0", 8, {1, -2}, true, true},
    {"F64", "\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\x00\xC0", 16, {1, -2}, true, true},
    {"U8", "\x01\xFF", 2, {1, 255}, true, true},
    {"I8", "\x01\xFF", 2, {1, -1}, true, true},
    {"I16", "\x01\x00\x00\x80", 4, {1, -32768}, true, true},
    {"U16", "\x01\x00\xFF\xFF", 4, {1, 65535}, true, true},
    {"I32", "\x01\0\0\0\xFF\xFF\xFF\x7F", 8, {1, 2147483647}, false, true},
    {"U32", "\x01\0\0\0\xFF\xFF\xFF\xFF", 8, {1, 4294967295}, false, true},
    {"I64", "\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 16, {0, 0}, false, false},
    {"U64", "\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0", 16, {0, 0}, false, false},
    {"BOOL", "\x01\0", 2, {0, 0}, false, false},
};

static void check_conversion(fixture *f, const conversion *c, wg_dtype dtype, bool fits)
{
    wg_model *m;
    assert_int_equal(wg_model_create(&f->p.ctx, &m), WG_OK);
    const wg_tensor *value = wg_param_value(add(m, "w", dtype, 1, 2));
    write_pair(f, c->stored, c->bytes, c->n_bytes);
    assert_int_equal(wg_model_load(m, f->path), fits ? WG_OK : WG_ERR_DTYPE);
    for (int i = 0; i < 2 && fits; i++) {
        assert_true(wg_tensor_get(value, i) == c->values[i]);
    }
    wg_model_destroy(m);
}

static void test_model_file_converts_dtypes(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    for (size_t i = 0; i < sizeof conversions / sizeof *conversions; i++) {
        check_conversion(&f, &conversions[i], WG_F32, conversions[i].fits_f32);
        check_conversion(&f, &conversions[i], WG_F64, conversions[i].fits_f64);
    }
    finish(&f);
}

/* ---- what does not fit -------------------------------------------------------------------- */

/* Saves another model to the path. */
static void save_other(fixture *f, int n_params, const char *const *names, const wg_dtype *dtypes)
{
    wg_model *other;
    assert_int_equal(wg_model_create(&f->p.ctx, &other), WG_OK);
    for (int i = 0; i < n_params; i++) {
        add(other, names[i], dtypes[i], 1, 2);
    }
    assert_int_equal(wg_model_save(other, f->path), WG_OK);
    wg_model_destroy(other);
}

static void check_refused(fixture *f, wg_status status, const char *text)
{
    double before[16];
    double after[16];
    size_t n = snapshot(f->m, before);
    assert_int_equal(wg_model_load(f->m, f->path), status);
    snapshot(f->m, after);
    assert_memory_equal(before, after, n * sizeof *before);
    assert_non_null(strstr(f->p.ctx.error, text));
}

static void test_model_file_tells_all_that_does_not_fit(void **state)
{
    (void)state;
    static const char *const names[] = {"fc.weight", "c1", "c2", "c3", "c4", "c5"};
    static const wg_dtype dtypes[] = {WG_F32, WG_F32, WG_F32, WG_F32, WG_F32, WG_F32};
    fixture f;
    start(&f);
    save_other(&f, 6, names, dtypes);
    check_refused(&f, WG_ERR_NAME,
                  ": it does not fit the model\n"
                  "  missing     fc.bias\n"
                  "  unexpected  c1, c2, c3 and 2 more\n"
                  "  shape       fc.weight [2], wanted [3, 2]");
    finish(&f);
}

static void test_model_file_of_other_shapes(void **state)
{
    (void)state;
    static const char *const names[] = {"fc.weight", "fc.bias"};
    static const wg_dtype dtypes[] = {WG_F32, WG_F64};
    fixture f;
    start(&f);
    save_other(&f, 2, names, dtypes);
    check_refused(&f, WG_ERR_SHAPE, ": it does not fit the model\n  shape       fc.weight [2]");
    finish(&f);
}

static void test_model_file_that_is_broken(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    assert_true(wgt_file_write(f.path, "xx", 2));
    check_refused(&f, WG_ERR_FORMAT, "shorter than the 8 bytes");
    assert_int_equal(unlink(f.path), 0);
    check_refused(&f, WG_ERR_IO, strerror(ENOENT));
    finish(&f);
}

static void test_model_file_bounds_its_text(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    for (int i = 0; i < 6; i++) {
        name[0] = (char)('a' + i);
        add(f.m, name, WG_F32, 1, 2);
    }
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, NULL, 0, NULL, 0), WG_OK);
    assert_int_equal(wg_model_load(f.m, f.path), WG_ERR_NAME);
    assert_true(strlen(f.p.ctx.error) < 400);
    assert_non_null(strstr(f.p.ctx.error, "and 5 more"));
    finish(&f);
}

static void test_model_file_of_a_shared_model(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_model *view;
    assert_int_equal(wg_model_save(f.m, f.path), WG_OK);
    assert_int_equal(wg_model_share(f.m, &f.p.ctx, &view), WG_OK);
    assert_int_equal(wg_model_load(view, f.path), WG_ERR_STATE);
    assert_int_equal(wg_model_save(view, f.path), WG_OK);
    wg_model_destroy(view);
    finish(&f);
}

static void test_model_file_bad_calls(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    assert_int_equal(wg_model_save(NULL, f.path), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_save(f.m, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_load(NULL, f.path), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_load(f.m, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_save(f.m, ""), WG_ERR_IO);
    assert_int_equal(wg_model_load(f.m, ""), WG_ERR_IO);
    finish(&f);
}

/* ---- failures around it ------------------------------------------------------------------- */

static void fail_each_allocation(fixture *f, bool is_persistent)
{
    wg_status status = WG_ERR_MEMORY;
    size_t n_live = f->p.allocator.n_live;
    for (size_t k = 1; status != WG_OK; k++) {
        wgt_allocator_fail(&f->p.allocator, k, is_persistent);
        status = wg_model_save(f->m, f->path);
        if (status == WG_OK) {
            status = wg_model_load(f->m, f->path);
        }
        wgt_allocator_fail(&f->p.allocator, 0, false);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true(status != WG_OK || k > 7);
        assert_int_equal(f->p.allocator.n_live, n_live);
    }
}

static void test_model_file_without_memory(void **state)
{
    (void)state;
    fixture f;
    double before[16];
    double after[16];
    start(&f);
    size_t n = snapshot(f.m, before);
    fail_each_allocation(&f, false);
    fail_each_allocation(&f, true);
    snapshot(f.m, after);
    assert_memory_equal(before, after, n * sizeof *before);
    finish(&f);
}

static void test_model_file_load_when_the_system_fails(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    assert_int_equal(wg_model_save(f.m, f.path), WG_OK);
    for (size_t k = 1; k <= 3; k++) {
        wgt_faults faults;
        double before[16];
        double after[16];
        size_t n = snapshot(f.m, before);
        wgt_faults_start(&faults, WGT_FAULT_ONCE, k, EIO);
        assert_int_equal(wgi_model_load(f.m, &faults.calls, f.path, NULL, NULL), WG_ERR_IO);
        snapshot(f.m, after);
        assert_memory_equal(before, after, n * sizeof *before);
        assert_int_equal(faults.n_open, 0);
    }
    finish(&f);
}

/* Saves for ever, all parameters one number, the next one each time. */
static void save_for_ever(fixture *f)
{
    for (double x = 1;; x++) {
        for (size_t i = 0; i < 2; i++) {
            wg_tensor *value = wg_param_value(wg_model_param(f->m, i));
            for (int64_t k = 0; k < wg_tensor_count(value); k++) {
                (void)wg_tensor_set(value, k, x);
            }
        }
        if (wg_model_save(f->m, f->path) != WG_OK) {
            _exit(1);
        }
    }
}

static void kill_saver(fixture *f, long nanoseconds)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        save_for_ever(f);
    }
    struct timespec pause = {.tv_nsec = nanoseconds};
    nanosleep(&pause, NULL);
    int how;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
}

/* At whatever moment the saver dies, the file is whole and of one save. */
static void test_model_file_survives_kills(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    change(f.m);
    assert_int_equal(wg_model_save(f.m, f.path), WG_OK);
    wg_rng rng = wg_rng_make(6, 0);
    for (int i = 0; i < 50; i++) {
        double values[16];
        kill_saver(&f, (long)wg_rng_below(&rng, 3000000));
        assert_int_equal(wg_model_load(f.m, f.path), WG_OK);
        size_t n = snapshot(f.m, values);
        for (size_t k = 1; k < n; k++) {
            assert_true(values[k] == values[0]);
        }
    }
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file_round_trip),
        cmocka_unit_test(test_model_file_of_an_empty_model),
        cmocka_unit_test(test_model_file_converts_dtypes),
        cmocka_unit_test(test_model_file_tells_all_that_does_not_fit),
        cmocka_unit_test(test_model_file_of_other_shapes),
        cmocka_unit_test(test_model_file_that_is_broken),
        cmocka_unit_test(test_model_file_bounds_its_text),
        cmocka_unit_test(test_model_file_of_a_shared_model),
        cmocka_unit_test(test_model_file_bad_calls),
        cmocka_unit_test(test_model_file_without_memory),
        cmocka_unit_test(test_model_file_load_when_the_system_fails),
        cmocka_unit_test(test_model_file_survives_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
