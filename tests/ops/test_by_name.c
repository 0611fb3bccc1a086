/* Calls by name with the attributes that a record holds: they record an equal one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every record of every sample is read through its op's attributes alone and recorded once more.
 * Random ops are left out: no two draws are equal. */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/ops.h>
#include <wengert/tools.h>

#include "core/context.h"
#include "graph/graph.h"
#include "graph/list.h"
#include "ops/table.h"

#include <string.h>

enum {
    MOST = 16
};

/* What a record's attributes are read into. */
typedef struct reading {
    wg_attribute given[MOST];
    int64_t lists[MOST][32];
    char words[MOST][32];
    size_t n;
} reading;

static int64_t length_at(const char *attr, const wgi_held *held)
{
    int32_t narrow;
    int64_t wide;
    if (held->length_bytes == 4) {
        memcpy(&narrow, attr + held->length_offset, 4);
        return narrow;
    }
    memcpy(&wide, attr + held->length_offset, 8);
    return wide;
}

/* The integers that an attribute holds: one, or a list. */
static size_t read_integers(const char *attr, const wgi_held *held, int64_t *out)
{
    int32_t narrow[WG_MAX_RANK];
    uint32_t bits;
    size_t n = 0;
    switch (held->how) {
    case WGI_HELD_I32:
        memcpy(narrow, attr + held->offset, 4);
        out[n++] = narrow[0];
        break;
    case WGI_HELD_I64:
        memcpy(out, attr + held->offset, 8);
        n = 1;
        break;
    case WGI_HELD_BITS:
        memcpy(&bits, attr + held->offset, 4);
        for (int64_t i = 0; i < 32; i++) {
            if ((bits >> i & 1u) != 0) {
                out[n++] = i;
            }
        }
        break;
    case WGI_HELD_I32_LIST:
        n = (size_t)length_at(attr, held);
        memcpy(narrow, attr + held->offset, sizeof narrow);
        for (size_t i = 0; i < n; i++) {
            out[i] = narrow[i];
        }
        break;
    case WGI_HELD_I64_LIST:
        n = (size_t)length_at(attr, held);
        memcpy(out, attr + held->offset, n * sizeof *out);
        break;
    case WGI_HELD_NOWHERE:
    case WGI_HELD_NUMBER:
        break;
    }
    return n;
}

/* The word of a choice, copied. */
static const char *word_of(const char *choices, int64_t place, char *out)
{
    const char *at = choices;
    for (; place > 0; place--) {
        at = strchr(at, '|') + 1;
    }
    const size_t n = strcspn(at, "|");
    assert_true(n < 32);
    memcpy(out, at, n);
    out[n] = '\0';
    return out;
}

static void read_one(const wgi_list *list, const wgi_entry *r, const wgi_attribute *a, reading *to)
{
    wg_attribute *given = &to->given[to->n];
    int64_t *integers = to->lists[to->n];
    *given = (wg_attribute){.name = a->name, .kind = WG_ATTRIBUTE_INTEGER};
    if (a->place.how == WGI_HELD_NOWHERE) {
        return;
    }
    if (a->place.how == WGI_HELD_NUMBER) {
        const wgi_number_entry *all = list->numbers.data;
        given->kind = WG_ATTRIBUTE_REAL;
        given->real = all[r->number + a->place.offset].value;
        to->n++;
        return;
    }
    const size_t n = read_integers(wgi_attrs_of(list, r), &a->place, integers);
    given->integer = n > 0 ? integers[0] : 0;
    if (a->kind == WGI_ATTR_CHOICE) {
        given->kind = WG_ATTRIBUTE_TEXT;
        given->text = word_of(a->range, integers[0], to->words[to->n]);
    } else if (a->kind == WGI_ATTR_AXES || a->kind == WGI_ATTR_DIMS ||
               a->kind == WGI_ATTR_INTEGERS) {
        given->kind = WG_ATTRIBUTE_LIST;
        given->list = integers;
        given->length = n;
    }
    to->n++;
}

/* Whether two records are equal in everything but the places of what they refer to. */
static bool is_equal(const wgi_list *list, const wgi_op *op, const wgi_entry *a, const wgi_entry *b)
{
    const wgi_number_entry *numbers = list->numbers.data;
    bool is_same = a->op == b->op && a->n_in == b->n_in && a->dtype == b->dtype &&
                   a->rank == b->rank && a->part == b->part && a->flags == b->flags;
    is_same = is_same && (a->rank == 0 || memcmp(wgi_dims_of(list, a), wgi_dims_of(list, b),
                                                 a->rank * sizeof(int64_t)) == 0);
    is_same = is_same && (a->n_in == 0 || memcmp(wgi_inputs_of(list, a), wgi_inputs_of(list, b),
                                                 a->n_in * sizeof(uint32_t)) == 0);
    is_same =
        is_same && (op->attr_bytes == 0 ||
                    memcmp(wgi_attrs_of(list, a), wgi_attrs_of(list, b), op->attr_bytes) == 0);
    for (uint32_t i = 0; is_same && i < (uint32_t)op->n_numbers; i++) {
        is_same = memcmp(&numbers[a->number + i].value, &numbers[b->number + i].value,
                         sizeof(double)) == 0;
    }
    return is_same;
}

static int judge_entry(wgt_sample_graph *s, uint32_t i)
{
    const wgi_list *list = &s->g->list;
    const wgi_entry before = *wgi_record_at(list, i);
    const wgi_op *op = s->g->ctx->ops->ops[before.op];
    uint32_t inputs[MOST];
    uint32_t output = 0;
    size_t n_outputs = 1;
    reading r = {.n = 0};
    assert_true(before.n_in <= MOST && op->n_attributes <= MOST);
    memcpy(inputs, wgi_inputs_of(list, &before), before.n_in * sizeof *inputs);
    for (int32_t k = 0; k < op->n_attributes; k++) {
        read_one(list, &before, &op->attributes[k], &r);
    }
    const wg_status status =
        wg_apply(s->g, op->name, inputs, before.n_in, r.given, r.n, &output, &n_outputs);
    if (status != WG_OK) {
        return wgt_sample_complain(s, "%s by name: %s", op->name, wg_graph_error(s->g));
    }
    return is_equal(list, op, &before, wgi_record_at(list, output))
               ? 0
               : wgt_sample_complain(s, "%s by name records something else", op->name);
}

static int visit_by_name(wgt_sample_graph *s, void *user)
{
    int *n_visited = user;
    const uint32_t count = wg_graph_count(s->g);
    int n_failures = 0;
    for (uint32_t i = 0; i < count && n_failures == 0; i++) {
        const wgi_entry *r = wgi_record_at(&s->g->list, i);
        const wgi_op *op = wgi_record_is_leaf(r) ? NULL : s->g->ctx->ops->ops[r->op];
        if (op != NULL && r->part == 0 && (op->traits & WGI_RANDOM) == 0) {
            n_failures += judge_entry(s, i);
            *n_visited += 1;
        }
    }
    return n_failures;
}

static void test_records_are_recorded_again_by_name(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    int n_visited = 0;
    assert_int_equal(wgt_samples_visit(ctx, WG_F64, visit_by_name, &n_visited), 0);
    assert_true(n_visited > 1000);
    wg_context_destroy(ctx);
}

/* Another attribute is another record. */
static void test_records_that_differ_are_seen(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    wg_graph *g = NULL;
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    const int64_t dims[] = {2, 2};
    const wg_node x = wg_constant(g, WG_F64, 2, dims, (const double[]){1, 2, 3, 4});
    const wg_node a = wg_softmax(x, 0);
    const wg_node b = wg_softmax(x, 1);
    const wg_node c = wg_softmax(x, 0);
    const wgi_entry *first = wgi_record_at(&g->list, a.index);
    const wgi_op *op = ctx->ops->ops[first->op];
    assert_false(is_equal(&g->list, op, first, wgi_record_at(&g->list, b.index)));
    assert_true(is_equal(&g->list, op, first, wgi_record_at(&g->list, c.index)));
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_are_recorded_again_by_name),
        cmocka_unit_test(test_records_that_differ_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
