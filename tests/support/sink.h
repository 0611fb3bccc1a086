/* A writer into memory that fails on demand.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_SUPPORT_SINK_H
#define WG_SUPPORT_SINK_H

#include <wengert/base.h>

/* Invariant: text is NULL or holds `used` bytes and a 0 after them. */
typedef struct wgt_sink {
    char *text;
    size_t used;
    size_t room;
    size_t n_writes;
    size_t fail_at;   /* 1 is the first write; 0: none fails */
    size_t after_end; /* writes after one that failed */
} wgt_sink;

void wgt_sink_start(wgt_sink *sink);
void wgt_sink_finish(wgt_sink *sink);

/* Forgets what was written and what was counted. */
void wgt_sink_clear(wgt_sink *sink);

/* A writer into the sink; a write that is to fail gives WG_ERR_IO and takes nothing. */
wg_writer wgt_sink_writer(wgt_sink *sink);

/* What was written, as a string. */
const char *wgt_sink_text(const wgt_sink *sink);

#endif
