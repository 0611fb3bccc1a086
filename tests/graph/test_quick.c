/* The quick way to record: the bytes of the long way, for every row that it serves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph_fixture.h"

#include "graph/graph.h"
#include "ops/op_ids.h"

enum {
    MOST_BYTES = 4096
};

typedef struct shape {
    int32_t rank;
    int64_t dims[3];
} shape;

static const shape shapes[] = {
    {0, {0}},    {1, {1}},    {1, {3}},    {1, {0}},    {2, {2, 3}},    {2, {2, 3}},
    {2, {1, 3}}, {2, {2, 1}}, {2, {0, 3}}, {2, {3, 2}}, {3, {4, 2, 3}}, {3, {1, 2, 1}},
};

static const wg_dtype dtypes[] = {WG_F32, WG_F64, WG_I64, WG_BOOL, WG_U8};

enum {
    N_SHAPES = sizeof shapes / sizeof *shapes,
    N_DTYPES = sizeof dtypes / sizeof *dtypes
};

/* What a list is compared by, and how the recording ended. */
typedef struct picture {
    unsigned char bytes[MOST_BYTES];
    size_t n_bytes;
    uint64_t hash;
    wg_status status;
    char error[WGI_ERROR_BYTES];
} picture;

static void add_bytes(picture *p, const wgi_array *array, size_t size)
{
    assert_true(p->n_bytes + array->count * size <= MOST_BYTES);
    if (array->count > 0) {
        memcpy(p->bytes + p->n_bytes, array->data, array->count * size);
    }
    p->n_bytes += array->count * size;
}

static void take_picture(const fixture *f, picture *p)
{
    const wgi_list *list = &f->g->list;
    memset(p, 0, sizeof *p);
    add_bytes(p, &list->records, sizeof(wgi_entry));
    add_bytes(p, &list->dims, sizeof(int64_t));
    add_bytes(p, &list->attrs, sizeof(uint64_t));
    add_bytes(p, &list->numbers, sizeof(wgi_number_entry));
    p->hash = wgi_list_hash(list);
    p->status = wg_graph_status(f->g);
    (void)snprintf(p->error, sizeof p->error, "%s", wg_graph_error(f->g));
}

static wg_node leaf(fixture *f, const shape *s, wg_dtype dtype, bool learns)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(f->ctx, dtype, s->rank, s->dims, &t), WG_OK);
    wg_node n = learns && wgi_is_floating((int)dtype) ? wg_variable(f->g, t) : wg_input(f->g, t);
    wg_tensor_destroy(t);
    return n;
}

static wg_node record_quickly(uint16_t id, const wgi_op *op, const wg_node *in, double number)
{
    if (op->max_in == 2) {
        return wgi_record_two(in[0], in[1], id);
    }
    return op->n_numbers == 0 ? wgi_record_one(in[0], id) : wgi_record_one_given(in[0], number, id);
}

static wg_node record_at_length(uint16_t id, const wgi_op *op, const wg_node *in, double number)
{
    return wgi_record(&(wgi_draft){
        .op = id, .n_in = op->max_in, .in = in, .numbers = op->n_numbers == 0 ? NULL : &number});
}

/* One op on two leaves, twice, so that the second meets dims that are shared already. */
static void record_case(fixture *f, uint16_t id, const shape *const s[2], const wg_dtype dtype[2],
                        bool is_quick, picture *p)
{
    const wgi_op *op = f->ctx->ops->ops[id];
    assert_int_equal(wg_graph_reset(f->g), WG_OK);
    assert_true(wgi_array_reserve(&f->ctx->memory, &f->g->list.records, 8, sizeof(wgi_entry)));
    wg_node in[2];
    for (int i = 0; i < 2; i++) {
        in[i] = leaf(f, s[i], dtype[i], i == 1);
    }
    for (int i = 0; i < 2; i++) {
        in[0] = is_quick ? record_quickly(id, op, in, 0.5) : record_at_length(id, op, in, 0.5);
    }
    take_picture(f, p);
}

static void check_case(fixture *f, uint16_t id, const shape *const s[2], const wg_dtype dtype[2])
{
    picture quick;
    picture at_length;
    record_case(f, id, s, dtype, true, &quick);
    record_case(f, id, s, dtype, false, &at_length);
    assert_int_equal(quick.status, at_length.status);
    assert_string_equal(quick.error, at_length.error);
    assert_int_equal(quick.n_bytes, at_length.n_bytes);
    assert_memory_equal(quick.bytes, at_length.bytes, quick.n_bytes);
    assert_true(quick.hash == at_length.hash);
}

static void check_row(fixture *f, uint16_t id)
{
    for (int i = 0; i < N_SHAPES * N_SHAPES; i++) {
        const shape *s[] = {&shapes[i / N_SHAPES], &shapes[i % N_SHAPES]};
        for (int k = 0; k < N_DTYPES; k++) {
            check_case(f, id, s, (wg_dtype[]){dtypes[k], dtypes[k]});
            check_case(f, id, s, (wg_dtype[]){dtypes[k], WG_F64});
        }
    }
}

static void test_quick_records_what_the_long_way_records(void **state)
{
    fixture *f = *state;
    int n_rows = 0;
    for (uint16_t id = 1; id < f->ctx->ops->count; id++) {
        const wgi_op *op = f->ctx->ops->ops[id];
        if (op->like_dtypes != 0) {
            assert_int_equal(op->n_out, 1);
            assert_int_equal(op->attr_bytes, 0);
            assert_true(op->min_in == op->max_in && op->max_in >= 1 && op->max_in <= 2);
            assert_true(op->n_numbers <= (op->max_in == 1));
            assert_false(op->traits & (WGI_STOP | WGI_RANDOM));
            check_row(f, id);
            n_rows++;
        }
    }
    assert_true(n_rows > 10);
}

/* With a rule that refuses, what is recorded was not asked of it. */
static wg_status refuse(wgi_infer *q)
{
    return wgi_infer_fail(q, WG_ERR_INTERNAL, "asked");
}

typedef struct refusing {
    const wgi_op *ops[512];
    wgi_op rows[3];
    wgi_op_table table;
    const wgi_op_table *before;
} refusing;

static void start_refusing(fixture *f, refusing *r)
{
    const uint16_t ids[] = {WGI_OP_add, WGI_OP_neg, WGI_OP_scale};
    r->before = f->ctx->ops;
    r->table = *r->before;
    assert_true(r->table.count <= 512);
    memcpy(r->ops, r->before->ops, r->table.count * sizeof *r->ops);
    for (int i = 0; i < 3; i++) {
        r->rows[i] = *r->before->ops[ids[i]];
        r->rows[i].infer = refuse;
        r->ops[ids[i]] = &r->rows[i];
    }
    r->table.ops = r->ops;
    f->ctx->ops = &r->table;
}

static void test_quick_asks_no_rule(void **state)
{
    fixture *f = *state;
    refusing r;
    start_refusing(f, &r);
    assert_true(
        wgi_array_reserve(&f->ctx->memory, &f->g->list.numbers, 4, sizeof(wgi_number_entry)));
    wg_node m = leaf(f, &shapes[4], WG_F32, true);
    wg_node row = leaf(f, &shapes[6], WG_F32, false);
    wg_node x = wg_scale(wg_neg(wg_add(wg_add(row, m), m)), 2);
    x = wgi_record_one_with(x, (wgi_number){0}, WGI_OP_scale);
    assert_true(wg_is_valid(x));
    assert_int_equal(wg_node_dim(x, 0), 2);
    assert_int_equal(f->g->list.dims.count, 4);
    wg_node outer = wg_add(leaf(f, &shapes[7], WG_F32, false), row);
    assert_false(wg_is_valid(outer));
    assert_non_null(strstr(wg_graph_error(f->g), "add: asked"));
    f->ctx->ops = r.before;
}

/* A derived or shared number that is none is told as ever. */
static void test_quick_refuses_a_number_that_is_not_there(void **state)
{
    fixture *f = *state;
    wg_node x = scalar_variable(f, 1);
    assert_true(wg_is_valid(wg_scale(x, 2)));
    assert_false(wg_is_valid(wgi_record_one_with(x, (wgi_number){1}, WGI_OP_scale)));
    assert_int_equal(wg_graph_status(f->g), WG_ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(test_quick_records_what_the_long_way_records),
        GRAPH_TEST(test_quick_asks_no_rule),
        GRAPH_TEST(test_quick_refuses_a_number_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
