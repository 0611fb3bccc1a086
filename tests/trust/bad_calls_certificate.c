/* Bad calls of certificate.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include "support/sink.h"

#include <string.h>

static void check_make(bad_world *w, const bad_row *row)
{
    static const wg_certificate zero;
    wg_certificate c;
    (void)row;
    memset(&c, 1, sizeof c);
    assert_status(wg_certificate_make(w->ctx, "no_such_op", &c), WG_ERR_NAME);
    assert_memory_equal(&c, &zero, sizeof c);
    assert_string_not_equal(wg_context_error(w->ctx), "");
    assert_status(wg_certificate_make(w->ctx, "", &c), WG_ERR_NAME);
    assert_status(wg_certificate_make(w->ctx, NULL, &c), WG_ERR_ARGUMENT);
    assert_status(wg_certificate_make(NULL, "exp", &c), WG_ERR_ARGUMENT);
    assert_status(wg_certificate_make(w->ctx, "exp", NULL), WG_ERR_ARGUMENT);
    assert_status(wg_certificate_make(w->ctx, "neg", &c), WG_OK);
    assert_int_equal(wg_certificate_count(NULL), 0);
    assert_null(wg_certificate_name(NULL, 0));
    assert_null(wg_certificate_name(w->ctx, SIZE_MAX));
    (void)wg_certificate_is_wide();
}

static void check_write(bad_world *w, const bad_row *row)
{
    static const wg_certificate none;
    wgt_sink sink;
    (void)w, (void)row;
    wgt_sink_start(&sink);
    wg_writer writer = wgt_sink_writer(&sink);
    assert_status(wg_certificate_write(NULL, 1, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_certificate_write(&none, 1, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_certificate_write(NULL, 0, &writer), WG_OK);
    assert_status(wg_certificate_write_json(NULL, 1, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_certificate_write_json(&none, 1, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_certificate_write_json(NULL, 0, &writer), WG_OK);
    sink.fail_at = sink.n_writes + 1;
    assert_status(wg_certificate_write(&none, 1, &writer), WG_ERR_IO);
    writer.write = NULL;
    assert_status(wg_certificate_write(&none, 1, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_certificate_write_json(&none, 1, &writer), WG_ERR_ARGUMENT);
    wgt_sink_finish(&sink);
}

#define ROW(function, by)                                                                          \
    {                                                                                              \
        .name = "wg_certificate_" #function, .check = (by)                                         \
    }

const bad_row bad_rows_of_certificates[] = {
    ROW(make, check_make),    ROW(count, check_make),  ROW(name, check_make),
    ROW(is_wide, check_make), ROW(write, check_write), ROW(write_json, check_write),
    {NULL, NULL, NULL},
};
