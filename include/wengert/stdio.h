/* C streams as writers; apart from the other headers, so that they need no <stdio.h>.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_STDIO_H
#define WG_STDIO_H

#include <stdio.h>

#include <wengert/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A writer to a stream, which stays the caller's and must outlive the writer's use. On a terminal
 * each write is flushed; elsewhere an error of a buffered write may show only in the caller's
 * fflush or fclose. The writer gives WG_ERR_IO when the stream fails, WG_ERR_ARGUMENT where it is
 * NULL.
 */
WG_API wg_writer wg_file_writer(FILE *file);

/** Whether a stream is a terminal; false for NULL. */
WG_API bool wg_file_is_terminal(FILE *file);

#ifdef __cplusplus
}
#endif
#endif
