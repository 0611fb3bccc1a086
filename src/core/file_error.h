/* How a failed file call is told.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CORE_FILE_ERROR_H
#define WG_CORE_FILE_ERROR_H

#include <wengert/context.h>

/* Sets "<path>: cannot <act>: <text of the errno value>" and returns WG_ERR_IO. */
wg_status wgi_file_fail(wg_context *ctx, const char *path, const char *act, int code);

#endif
