/* The module's own structure, shared by graph (which shows it) and model (which owns it).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: neither changes while the model lives. */
#ifndef WG_CORE_MODULE_H
#define WG_CORE_MODULE_H

#include <wengert/graph.h>

struct wg_module {
    struct wg_module *next; /* of those that were taken out of the model again */
    char *name;             /* whole */
    char *kind;
};

#endif
