/* Bad calls of inspect.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <string.h>

#include "support/sink.h"

static void refuse(wg_node loss, const wg_gradcheck_options *options)
{
    wg_gradcheck_report report;
    memset(&report, 0x55, sizeof report);
    assert_int_not_equal(wg_gradcheck(loss, options, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_NONE);
    assert_int_equal(report.n_tensors, 0);
    assert_null(report.kink_op);
}

static void check_gradcheck(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_gradcheck_options);
    wg_gradcheck_report report;
    (void)row;
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        refuse(bad_handle(w, which), NULL);
    }
    bad_world_record(w);
    refuse(w->x, NULL);
    refuse(w->labels, NULL);
    refuse(wg_number(w->g, WG_F32, 1), NULL);
    wg_node loss = wg_sum_all(wg_square(w->x));
    assert_int_not_equal(wg_gradcheck(loss, NULL, NULL), WG_OK);
    refuse(loss, &(wg_gradcheck_options){.size = 0});
    refuse(loss, &(wg_gradcheck_options){.size = SIZE_MAX});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        refuse(loss, &(wg_gradcheck_options){.size = size, .tolerance = bad_number(i)});
    }
    assert_status(wg_graph_status(w->g), WG_OK);
    assert_status(wg_gradcheck(loss, NULL, &report), WG_OK);
    assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
    assert_status(wg_tensor_set(w->t, 0, 9), WG_OK);
    refuse(loss, NULL);
}

static void check_write(bad_world *w, const bad_row *row)
{
    wg_gradcheck_report report;
    const wg_writer no_write = {NULL, NULL};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    (void)row;
    memset(&report, 0, sizeof report);
    assert_int_not_equal(wg_gradcheck_write(NULL, &writer), WG_OK);
    assert_int_not_equal(wg_gradcheck_write(&report, NULL), WG_OK);
    assert_int_not_equal(wg_gradcheck_write(&report, &no_write), WG_OK);
    assert_status(wg_gradcheck_write(&report, &writer), WG_OK);
    assert_status(wg_gradcheck(wg_sum_all(wg_square(w->x)), NULL, &report), WG_OK);
    wgt_sink_clear(&sink);
    assert_status(wg_gradcheck_write(&report, &writer), WG_OK);
    const size_t n_writes = sink.n_writes;
    for (size_t k = 1; k <= n_writes; k++) {
        wgt_sink_clear(&sink);
        sink.fail_at = k;
        assert_status(wg_gradcheck_write(&report, &writer), WG_ERR_IO);
        assert_int_equal(sink.after_end, 0);
    }
    wgt_sink_finish(&sink);
}

static void refuse_compare(wg_node loss, const wg_param *p, const wg_tensor *mine)
{
    wg_check_report report;
    memset(&report, 0x55, sizeof report);
    assert_int_not_equal(wg_compare_gradient(loss, p, mine, &report), WG_OK);
    assert_int_equal(report.verdict, WG_CHECK_NONE);
    assert_int_equal(report.counts.checked, 0);
}

static void check_compare(bad_world *w, const bad_row *row)
{
    wg_check_report report;
    wg_tensor *other_shape;
    (void)row;
    assert_status(wg_tensor_create(w->ctx, WG_F32, 1, (int64_t[]){6}, &other_shape), WG_OK);
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        refuse_compare(bad_handle(w, which), w->p, w->t);
    }
    bad_world_record(w);
    wg_node without = wg_sum_all(wg_square(w->x));
    wg_node loss = wg_sum_all(wg_square(wg_use(w->g, w->p)));
    refuse_compare(loss, NULL, w->t);
    refuse_compare(loss, w->p, NULL);
    refuse_compare(loss, w->p_foreign, w->t);
    refuse_compare(without, w->p, w->t);
    refuse_compare(loss, w->p, other_shape);
    refuse_compare(loss, w->p, w->indices);
    refuse_compare(w->x, w->p, w->t);
    assert_int_not_equal(wg_compare_gradient(loss, w->p, w->t, NULL), WG_OK);
    assert_status(wg_compare_gradient(loss, w->p, w->t, &report), WG_OK);
    assert_int_equal(report.verdict, WG_CHECK_WRONG);
    const wg_tensor *value = wg_value(wg_exp(w->x));
    bad_world_record(w);
    loss = wg_sum_all(wg_square(wg_use(w->g, w->p)));
    refuse_compare(loss, w->p, value); /* past its reset */
    wg_tensor_destroy(other_shape);
}

const bad_row bad_rows_of_gradcheck[] = {
    {.name = "wg_gradcheck", .check = check_gradcheck},
    {.name = "wg_gradcheck_write", .check = check_write},
    {.name = "wg_compare_gradient", .check = check_compare},
    {NULL, NULL, NULL},
};
