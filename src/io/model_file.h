/* Models in files, through other calls to the system.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_IO_MODEL_FILE_H
#define WG_IO_MODEL_FILE_H

#include <wengert/model.h>

#include "core/file.h"

/* As wg_model_save and wg_model_load_with. */
WGI_NODISCARD wg_status wgi_model_save(const wg_model *m, const wgi_file_calls *calls,
                                       const char *path);
WGI_NODISCARD wg_status wgi_model_load(wg_model *m, const wgi_file_calls *calls, const char *path,
                                       const wg_model_load_options *options,
                                       wg_model_load_report *report);

#endif
