/* Fuzzes the reader of lists of ops. What was read must survive the text once more.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_case.h"

#include <wengert/wengert.h>

/* What leaves without data may have. */
#define LEAVES ((size_t)1 << 12)

typedef struct sink {
    char *text;
    size_t used;
    size_t room;
} sink;

static wg_status put(void *user, const char *data, size_t bytes)
{
    sink *s = user;
    if (s->used + bytes > s->room) {
        s->room = 2 * (s->used + bytes);
        s->text = realloc(s->text, s->room);
    }
    if (s->text == NULL) {
        abort();
    }
    memcpy(s->text + s->used, data, bytes);
    s->used += bytes;
    return WG_OK;
}

static void write_list(wg_graph *g, sink *s)
{
    const wg_list_writing options = {.size = sizeof options, .has_data = true};
    const wg_writer writer = {.write = put, .user = s};
    if (wg_graph_write(g, &options, &writer) != WG_OK) {
        abort();
    }
}

static void write_twice(wg_graph *g)
{
    sink first = {0};
    sink second = {0};
    write_list(g, &first);
    if (wg_graph_reset(g) != WG_OK || wg_graph_read(g, first.text, first.used, NULL) != WG_OK) {
        abort();
    }
    write_list(g, &second);
    if (first.used != second.used || memcmp(first.text, second.text, first.used) != 0) {
        abort();
    }
    free(first.text);
    free(second.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const wg_list_reading options = {.size = sizeof options, .max_bytes = LEAVES};
    const wg_config config = {.size = sizeof config, .threads = 1};
    wg_context *ctx;
    wg_graph *g;
    if (wg_context_create(&config, &ctx) != WG_OK || wg_graph_create(ctx, &g) != WG_OK) {
        abort();
    }
    if (wg_graph_read(g, (const char *)data, bytes, &options) == WG_OK) {
        write_twice(g);
    } else if (wg_graph_count(g) != 0 || wg_graph_status(g) != WG_OK) {
        abort();
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return 0;
}
