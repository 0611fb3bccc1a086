/* Bad calls of every op and form of the table, made from their samples and attributes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A refused constructor gives an invalid node and leaves its error on the graph it could tell;
 * whatever an attribute is, nothing crashes and the graph can be reset. */
#include "bad_calls.h"

#include <math.h>
#include <string.h>

#include "ops/op_ids.h"
#include "ops/sample_graph.h"
#include "ops/table.h"

/* ---- bad handles -------------------------------------------------------------------------- */

static wg_node leaf_of(bad_world *w, const wgi_sample_input *how)
{
    const wg_dtype dtype = how->dtype != 0 ? (wg_dtype)how->dtype : WG_F32;
    wg_tensor *t = wgt_random_tensor(w->ctx, dtype, how, 1);
    const wg_node n = wgi_is_floating((int)dtype) ? wg_variable(w->g, t) : wg_input(w->g, t);
    wg_tensor_destroy(t);
    return n;
}

/* Records the world anew, and the operands of a sample. */
static void record_operands(bad_world *w, const wgi_sample *s, wg_node *in)
{
    bad_world_record(w);
    for (int32_t i = 0; i < s->n_in; i++) {
        in[i] = s->in[i].same_as > 0 ? in[s->in[i].same_as - 1] : leaf_of(w, &s->in[i]);
    }
}

static bool is_living(const bad_world *w, wg_node n)
{
    return n.graph != NULL && n.graph != w->dead;
}

/* An error begins with the name of what was called, which may be NULL. */
static void expect_name(const char *error, const char *name)
{
    if (name != NULL && (strncmp(error, name, strlen(name)) != 0 || error[strlen(name)] != ':')) {
        fail_msg("\"%s\" does not speak of %s", error, name);
    }
}

/* The name of the op or form where the sample calls nothing but its constructor. */
static const char *only_call(const wgi_op *op, const wgi_sample *s)
{
    const char *text = s->text;
    const bool is_plain = text != NULL && strncmp(text, "wg_", 3) == 0;
    return is_plain && strstr(text + 3, "wg_") == NULL &&
                   strncmp(text + 3, op->name, strlen(op->name)) == 0 &&
                   text[3 + strlen(op->name)] == '('
               ? op->name
               : NULL;
}

/* The first operand that tells a living graph says where the error must be found. A node that lives
 * elsewhere has a shape, with which a constructor may find fault first. */
static void expect_error(const bad_world *w, const wg_node *in, int32_t n, bool is_elsewhere,
                         const char *name)
{
    for (int32_t i = 0; i < n; i++) {
        if (is_living(w, in[i])) {
            const wg_status status = wg_graph_status(in[i].graph);
            assert_true(status == WG_ERR_HANDLE || status == WG_ERR_STALE ||
                        (is_elsewhere && status != WG_OK));
            assert_string_not_equal(wg_graph_error(in[i].graph), "");
            expect_name(wg_graph_error(in[i].graph), name);
            return;
        }
    }
}

static void check_one_handle(bad_world *w, const wgi_op *op, const wgi_sample *s, int32_t at,
                             int which)
{
    wg_node in[WGI_SAMPLE_INPUTS];
    record_operands(w, s, in);
    in[at] = bad_handle(w, which);
    const wg_node y = s->build(w->g, WG_F32, in);
    assert_false(wg_is_valid(y));
    expect_error(w, in, s->n_in, which >= BAD_OTHER, only_call(op, s));
    assert_false(wg_is_valid(wg_neg(y)));
}

static void check_all_handles(bad_world *w, const wgi_sample *s)
{
    wg_node in[WGI_SAMPLE_INPUTS];
    for (int which = 0; which < BAD_OTHER; which++) {
        record_operands(w, s, in);
        for (int32_t i = 0; i < s->n_in; i++) {
            in[i] = bad_handle(w, which);
        }
        assert_false(wg_is_valid(s->build(w->g, WG_F32, in)));
    }
}

static void check_handles(bad_world *w, const wgi_op *op, const wgi_sample *s)
{
    wg_node in[WGI_SAMPLE_INPUTS];
    record_operands(w, s, in);
    assert_true(wg_is_valid(s->build(w->g, WG_F32, in)));
    for (int32_t at = 0; at < s->n_in; at++) {
        /* Alone, a node of another graph is a good one, there. */
        const int end = s->n_in > 1 ? BAD_HANDLES : BAD_OTHER;
        for (int which = 0; which < end; which++) {
            check_one_handle(w, op, s, at, which);
        }
    }
    if (s->n_in > 0) {
        check_all_handles(w, s);
    }
    record_operands(w, s, in);
    assert_true(wg_is_valid(s->build(w->g, WG_F32, in)));
}

/* ---- bad attributes ----------------------------------------------------------------------- */

static const int64_t bad_integers[] = {INT64_MIN,
                                       INT32_MIN,
                                       -9,
                                       -1,
                                       0,
                                       1,
                                       9,
                                       INT32_MAX,
                                       (int64_t)INT32_MAX + 1,
                                       ((int64_t)1 << 32) - 1,
                                       ((int64_t)1 << 32) + 1,
                                       (int64_t)1 << 62,
                                       INT64_MAX};

enum {
    N_INTEGERS = sizeof bad_integers / sizeof *bad_integers,
    LONGEST = 9
};

/* Calls with the attribute at `place` as given and the others at what a good call has; then runs
 * what was recorded. */
static void apply_with(bad_world *w, const wgi_op *op, int32_t place, const wg_attribute *bad)
{
    static const int64_t ones[] = {1, 1};
    wg_attribute all[16];
    wg_node in[WGI_SAMPLE_INPUTS];
    uint32_t inputs[WGI_SAMPLE_INPUTS];
    const wgi_sample *s = &op->samples[0];
    record_operands(w, s, in);
    for (int32_t i = 0; i < s->n_in; i++) {
        inputs[i] = in[i].index;
    }
    size_t n = 0;
    for (int32_t i = 0; i < op->n_attributes; i++) {
        const wgi_attribute *a = &op->attributes[i];
        if (i == place) {
            all[n] = *bad;
            all[n++].name = a->name;
        } else if (!a->is_optional) {
            const wg_attribute_kind kind = a->kind == WGI_ATTR_REAL  ? WG_ATTRIBUTE_REAL
                                           : a->kind < WGI_ATTR_REAL ? WG_ATTRIBUTE_INTEGER
                                           : a->kind < WGI_ATTR_TEXT ? WG_ATTRIBUTE_LIST
                                                                     : WG_ATTRIBUTE_TEXT;
            all[n++] = (wg_attribute){a->name, kind, 1, 0.5, ones, 2, ""};
        }
    }
    uint32_t out = 0;
    size_t n_out = 1;
    const wg_status status =
        wg_apply(w->g, op->name, inputs, (size_t)s->n_in, all, n, &out, &n_out);
    assert_int_equal(status, wg_graph_status(w->g));
    if (status == WG_OK && n_out == 1) {
        const wg_node y = wg_graph_node(w->g, out);
        (void)!wg_run(&y, 1);
    }
}

static bool is_list(const wgi_attribute *a)
{
    return a->kind >= WGI_ATTR_AXES && a->kind < WGI_ATTR_TEXT;
}

/* Lists that go together are of one length, and the message tells both; the others have 2. */
static void check_pairs(bad_world *w, const wgi_op *op, int32_t place)
{
    static const int64_t one[] = {1};
    const wg_attribute shorter = {.kind = WG_ATTRIBUTE_LIST, .list = one, .length = 1};
    for (int32_t i = 0; i < op->n_attributes; i++) {
        const wgi_attribute *other = &op->attributes[i];
        if (i != place && is_list(other) && !other->is_optional) {
            apply_with(w, op, place, &shorter);
            assert_int_equal(wg_graph_status(w->g), WG_ERR_ARGUMENT);
            assert_non_null(strstr(wg_graph_error(w->g), " has 1"));
            assert_non_null(strstr(wg_graph_error(w->g), " has 2"));
        }
    }
}

static void check_lists(bad_world *w, const wgi_op *op, int32_t place)
{
    for (size_t length = 0; length <= LONGEST; length++) {
        for (int i = 0; i < N_INTEGERS; i++) {
            int64_t list[LONGEST] = {0, 1, 1, 1, 1, 1, 1, 1, 1};
            if (length > 0) {
                list[(size_t)i % length] = bad_integers[i];
            }
            const wg_attribute bad = {.kind = WG_ATTRIBUTE_LIST, .list = list, .length = length};
            apply_with(w, op, place, &bad);
        }
    }
    const wg_attribute none = {.kind = WG_ATTRIBUTE_LIST, .length = 3};
    apply_with(w, op, place, &none);
    assert_int_equal(wg_graph_status(w->g), WG_ERR_ARGUMENT);
}

static void check_attribute(bad_world *w, const wgi_op *op, int32_t place)
{
    const wgi_attribute_kind kind = op->attributes[place].kind;
    for (int i = 0; i < N_INTEGERS; i++) {
        const wg_attribute bad = {.kind = WG_ATTRIBUTE_INTEGER, .integer = bad_integers[i]};
        apply_with(w, op, place, &bad);
    }
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const wg_attribute bad = {.kind = WG_ATTRIBUTE_REAL, .real = bad_number(i)};
        apply_with(w, op, place, &bad);
        assert_true(kind == WGI_ATTR_REAL || wg_graph_status(w->g) == WG_ERR_ARGUMENT);
    }
    const wg_attribute text = {.kind = WG_ATTRIBUTE_TEXT, .text = "\xff no such word"};
    apply_with(w, op, place, &text);
    assert_int_not_equal(wg_graph_status(w->g), WG_OK);
    const wg_attribute no_text = {.kind = WG_ATTRIBUTE_TEXT};
    apply_with(w, op, place, &no_text);
    assert_int_equal(wg_graph_status(w->g), WG_ERR_ARGUMENT);
    check_lists(w, op, place);
    if (is_list(&op->attributes[place])) {
        check_pairs(w, op, place);
    }
}

/* ---- rows --------------------------------------------------------------------------------- */

static void check_op(bad_world *w, const bad_row *row)
{
    const wgi_op *op = row->op;
    for (int32_t i = 0; i < op->n_samples && i < 3; i++) {
        check_handles(w, op, &op->samples[i]);
    }
    for (int32_t i = 0; i < op->n_attributes; i++) {
        if (op->attributes[i].kind <= WGI_ATTR_TEXT) {
            check_attribute(w, op, i);
        }
    }
}

#define WGI_OP(op_name, file) extern const wgi_op wgi_op_##op_name;
#define WGI_FORM(op_name, file) extern const wgi_op wgi_op_##op_name;
#include "ops/ops.def"

const bad_row bad_rows_of_ops[] = {
#define WGI_OP(op_name, file) {"wg_" #op_name, check_op, &wgi_op_##op_name},
#define WGI_FORM(op_name, file) {"wg_" #op_name, check_op, &wgi_op_##op_name},
#include "ops/ops.def"
    {NULL, NULL, NULL},
};
