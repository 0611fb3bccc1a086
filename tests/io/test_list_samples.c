/* Every op's samples as text and back: the same text, and the same list byte for byte.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"
#include "support/sink.h"

#include <wengert/tools.h>

#include <string.h>

#include "graph/graph.h"

/* What a visit works with: a second graph, and what was written of both. */
typedef struct round_trip {
    wg_graph *g;
    wgt_sink first;
    wgt_sink second;
    bool has_gradients;
    int n_lists;
    int n_equal;
} round_trip;

static int write_to(const wgt_sample_graph *s, wg_graph *g, wgt_sink *sink)
{
    const wg_list_writing options = {.size = sizeof options, .has_data = true};
    const wg_writer writer = wgt_sink_writer(sink);
    wgt_sink_clear(sink);
    const wg_status status = wg_graph_write(g, &options, &writer);
    return status == WG_OK ? 0 : wgt_sample_complain(s, "not written: %s", wg_status_name(status));
}

/* Whether the first `n` bytes of both texts are the same, line for line; the first other line. */
static int compare_texts(const wgt_sample_graph *s, const round_trip *t)
{
    const char *a = wgt_sink_text(&t->first);
    const char *b = wgt_sink_text(&t->second);
    while (*a != '\0' || *b != '\0') {
        const size_t n = strcspn(a, "\n");
        const size_t m = strcspn(b, "\n");
        if (n != m || memcmp(a, b, n) != 0) {
            return wgt_sample_complain(s, "'%.*s' was read as '%.*s'", (int)(n < 120 ? n : 120), a,
                                       (int)(m < 120 ? m : 120), b);
        }
        a += n + (a[n] == '\n' ? 1 : 0);
        b += m + (b[m] == '\n' ? 1 : 0);
    }
    return 0;
}

/* Gradients share numbers and derive them, which calls by name do not: there the text is all. */
static int compare_lists(const wgt_sample_graph *s, round_trip *t)
{
    const wgi_list_extent extent = wgi_list_extent_of(&t->g->list);
    const bool is_equal = wgi_list_hash(&s->g->list) == wgi_list_hash(&t->g->list) &&
                          wgi_list_equal(&s->g->list, &extent, &t->g->list);
    t->n_equal += is_equal ? 1 : 0;
    return is_equal || t->has_gradients ? 0 : wgt_sample_complain(s, "another list was read");
}

static int add_gradients(wgt_sample_graph *s)
{
    wg_node gradients[WGT_MAX_LEAVES];
    if (s->loss.graph == NULL || wg_grad(s->loss, s->leaves, s->n_leaves, gradients) == WG_OK) {
        return 0;
    }
    return wgt_sample_complain(s, "no gradients: %s", wg_graph_error(s->g));
}

static int visit(wgt_sample_graph *s, void *user)
{
    round_trip *t = user;
    wg_node_info info;
    const bool learns = wg_node_describe(s->loss, &info) == WG_OK && info.wants_gradient;
    if (t->has_gradients && (!learns || add_gradients(s) != 0)) {
        return learns ? 1 : 0;
    }
    int n_failures = write_to(s, s->g, &t->first);
    t->n_lists++;
    if (wg_graph_read(t->g, wgt_sink_text(&t->first), t->first.used, NULL) != WG_OK) {
        return n_failures + wgt_sample_complain(s, "%s", wg_context_error(wg_graph_context(t->g)));
    }
    n_failures += write_to(s, t->g, &t->second);
    n_failures += compare_texts(s, t) + compare_lists(s, t);
    assert_int_equal(wg_graph_reset(t->g), WG_OK);
    return n_failures;
}

static void visit_all(bool has_gradients, int least)
{
    wg_context *ctx = wgt_context(0);
    round_trip t = {.has_gradients = has_gradients};
    wgt_sink_start(&t.first);
    wgt_sink_start(&t.second);
    assert_int_equal(wg_graph_create(ctx, &t.g), WG_OK);
    assert_int_equal(wgt_samples_visit(ctx, WG_F32, visit, &t), 0);
    assert_int_equal(wgt_samples_visit(ctx, WG_F64, visit, &t), 0);
    print_message("%d lists, %d equal byte for byte\n", t.n_lists, t.n_equal);
    assert_true(t.n_lists >= least);
    wg_graph_destroy(t.g);
    wgt_sink_finish(&t.first);
    wgt_sink_finish(&t.second);
    wg_context_destroy(ctx);
}

static void test_samples_survive_the_text(void **state)
{
    (void)state;
    visit_all(false, 600);
}

static void test_gradients_survive_the_text(void **state)
{
    (void)state;
    visit_all(true, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_survive_the_text),
        cmocka_unit_test(test_gradients_survive_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
