/* What the fuzz targets share: a context whose memory is bounded by the input.
 * SPDX-License-Identifier: Apache-2.0
 *
 * An allocation above the bound ends the process: that is the finding. */
#ifndef WG_TESTS_FUZZ_CASE_H
#define WG_TESTS_FUZZ_CASE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/context.h"
#include "core/file.h"
#include "core/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

typedef struct fuzz_case {
    struct wg_context ctx;
    size_t bound;
    size_t n_live;
} fuzz_case;

/* Plain malloc: fast, and the sanitizer sees every overrun by one byte. Nothing that reads files
 * needs more alignment than malloc's. */
static inline void *fuzz_allocate(void *user, size_t bytes, size_t alignment)
{
    fuzz_case *f = user;
    (void)alignment;
    if (bytes > f->bound) {
        abort();
    }
    f->n_live++;
    return malloc(bytes);
}

static inline void fuzz_release(void *user, void *block, size_t bytes)
{
    fuzz_case *f = user;
    (void)bytes;
    f->n_live--;
    free(block);
}

static inline void fuzz_start(fuzz_case *f, size_t bound)
{
    memset(f, 0, sizeof *f);
    f->ctx.memory = (wg_allocator){.allocate = fuzz_allocate, .release = fuzz_release, .user = f};
    f->bound = bound;
}

static inline void fuzz_finish(const fuzz_case *f)
{
    if (f->n_live != 0) {
        abort();
    }
}

#endif
