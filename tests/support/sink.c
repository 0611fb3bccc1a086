/* A writer into memory that fails on demand.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/sink.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096

void wgt_sink_start(wgt_sink *sink)
{
    *sink = (wgt_sink){0};
}

void wgt_sink_finish(wgt_sink *sink)
{
    free(sink->text);
    *sink = (wgt_sink){0};
}

void wgt_sink_clear(wgt_sink *sink)
{
    sink->used = 0;
    sink->n_writes = 0;
    sink->fail_at = 0;
    sink->after_end = 0;
    if (sink->text != NULL) {
        sink->text[0] = '\0';
    }
}

static bool make_room(wgt_sink *sink, size_t bytes)
{
    size_t room = sink->room == 0 ? FIRST_ROOM : sink->room;
    while (room - sink->used <= bytes) {
        room *= 2;
    }
    char *text = room == sink->room ? sink->text : realloc(sink->text, room);
    if (text == NULL) {
        return false;
    }
    sink->text = text;
    sink->room = room;
    return true;
}

static wg_status sink_write(void *user, const char *data, size_t bytes)
{
    wgt_sink *sink = user;
    sink->n_writes++;
    if (sink->fail_at > 0 && sink->n_writes > sink->fail_at) {
        sink->after_end++;
    }
    if (sink->n_writes == sink->fail_at || !make_room(sink, bytes)) {
        return WG_ERR_IO;
    }
    memcpy(sink->text + sink->used, data, bytes);
    sink->used += bytes;
    sink->text[sink->used] = '\0';
    return WG_OK;
}

wg_writer wgt_sink_writer(wgt_sink *sink)
{
    return (wg_writer){.write = sink_write, .user = sink};
}

const char *wgt_sink_text(const wgt_sink *sink)
{
    return sink->text == NULL ? "" : sink->text;
}
