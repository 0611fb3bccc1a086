/* One loop shared by threads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_SHARE_H
#define WG_NATIVE_SHARE_H

#include "core/backend.h"

/* Does items [begin, end), which nobody else does. */
typedef void (*wgi_task)(const void *context, int64_t begin, int64_t end);

/* How many threads a problem gets that has work for `worth` of them: at least 1. */
static inline int32_t wgi_threads_worth(const wgi_problem *problem, int64_t worth)
{
    const int64_t n = worth < problem->threads ? worth : problem->threads;
    return n > 1 ? (int32_t)n : 1;
}

/* Does items [0, n), each thread one contiguous part. On one thread this is a call. */
void wgi_share(int32_t threads, int64_t n, wgi_task task, const void *context);

#endif
