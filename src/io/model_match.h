/* Which parameter of a model is which tensor of a file.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A parameter within reach, whose name begins with prefix_in_model, and a tensor within reach,
 * whose name begins with prefix_in_file and is not the checkpoint's own, belong together where the
 * rests of their names are equal. Everything else is passed over. */
#ifndef WG_IO_MODEL_MATCH_H
#define WG_IO_MODEL_MATCH_H

#include <wengert/model.h>

#include "core/text.h"
#include "io/safetensors.h"

/* Begins the names that are a checkpoint's own, and the key of the metadata that makes a file a
 * checkpoint. */
#define WGI_CHECKPOINT_PREFIX "wengert."
#define WGI_CHECKPOINT_KEY "wengert.checkpoint"

typedef struct wgi_match {
    wg_model *m;
    const wg_safetensors *file;
    const char *path; /* for messages */
    bool is_checkpoint;
    wg_model_load_options options; /* whose prefixes are not NULL */
    wg_model_load_report report;
} wgi_match;

/* Without a report yet. NULL options are the defaults. */
wgi_match wgi_match_make(wg_model *m, const wg_safetensors *file, const char *path,
                         const wg_model_load_options *options);

/* Compares all names, shapes and dtypes and fills the report; `loaded` counts what is to be read.
 * WG_ERR_NAME, WG_ERR_SHAPE, WG_ERR_DTYPE, with the context's message set. */
WGI_NODISCARD wg_status wgi_match_check(wgi_match *match);

/* Reads the parameters that have their tensor. Cannot fail. */
void wgi_match_take(const wgi_match *match);

/* The tensor of a parameter; NULL where it is out of reach or the file has none. */
const wgi_entry *wgi_match_entry(const wgi_match *match, const wg_param *p);

/* The parameter of a tensor; NULL likewise. */
wg_param *wgi_match_param(const wgi_match *match, const char *name);

/* Whether a name is within reach; *rest is then what follows its prefix. */
bool wgi_match_reaches_tensor(const wgi_match *match, const char *name, const char **rest);
bool wgi_match_reaches_param(const wgi_match *match, const char *name, const char **rest);

/* Adds what was likely meant where names do not agree, each line with "\n  hint: " before it.
 * Takes time that is linear in the names, but for a constant. */
void wgi_match_hint(const wgi_match *match, wgi_text *text);

#endif
