/* Checkpoints: names of their parts, and saving and loading through other calls to the system.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_IO_CHECKPOINT_H
#define WG_IO_CHECKPOINT_H

#include <wengert/checkpoint.h>

#include "core/file.h"
#include "io/model_match.h"

/* The one version of the form. */
#define WGI_CHECKPOINT_VERSION "1"

#define WGI_PART(name) WGI_CHECKPOINT_PREFIX name
#define WGI_PART_OPTIMIZER WGI_PART("optimizer") /* a key of the metadata; with a dot a prefix */
#define WGI_PART_RATE WGI_PART("rate")
#define WGI_PART_COUNTS WGI_PART("schedule.counts")
#define WGI_PART_RATES WGI_PART("schedule.rates")
#define WGI_PART_BATCHES WGI_PART("batches")
#define WGI_PART_STREAMS WGI_PART("streams")
#define WGI_PART_GRAPH WGI_PART("graph")
#define WGI_PART_RNGS WGI_PART("rngs")
#define WGI_PART_NUMBER WGI_PART("number.")
#define WGI_PART_TENSOR WGI_PART("tensor.")

/* Numbers in each. */
enum {
    WGI_N_COUNTS = 4,
    WGI_N_RATES = 3,
    WGI_N_BATCHES = 5,
    WGI_N_GRAPH = 3,
    WGI_N_RNG = 4
};

/* Bytes of the longest name of a number or tensor, and of a part's. */
#define WGI_MAX_PART_NAME 255
#define WGI_PART_BYTES 512

/* Whether all in it is in its domain and of ctx. WG_ERR_ARGUMENT, WG_ERR_NAME, with the context's
 * message set. */
WGI_NODISCARD wg_status wgi_checkpoint_check(wg_context *ctx, const wg_checkpoint *c);

/* As wg_checkpoint_save and wg_checkpoint_load of a checkpoint that has been checked. */
WGI_NODISCARD wg_status wgi_checkpoint_save(wg_context *ctx, const wgi_file_calls *calls,
                                            const char *path, const wg_checkpoint *c);
WGI_NODISCARD wg_status wgi_checkpoint_load(wg_context *ctx, const wgi_file_calls *calls,
                                            const char *path, const wg_checkpoint *c);

/* The second half of loading: what a file that has been read holds. */
WGI_NODISCARD wg_status wgi_checkpoint_apply(const wg_safetensors *file, const char *path,
                                             const wg_checkpoint *c);

#endif
