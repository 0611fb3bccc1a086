/* How much a test may do where everything runs many times slower.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TRUST_EFFORT_H
#define WG_TRUST_EFFORT_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EFFORT_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EFFORT_IS_SANITIZED 1
#endif
#endif

/* True under a sanitizer, under valgrind (which preloads its own library), and where
 * WENGERT_TEST_SMALL is set. */
static inline bool effort_is_small(void)
{
#if defined(EFFORT_IS_SANITIZED)
    return true;
#else
    const char *preload = getenv("LD_PRELOAD");
    return getenv("WENGERT_TEST_SMALL") != NULL ||
           (preload != NULL && strstr(preload, "vgpreload") != NULL);
#endif
}

/* n, or a fraction of it where the effort is to be small. */
static inline int effort(int n, int divisor)
{
    return effort_is_small() ? (n / divisor > 1 ? n / divisor : 1) : n;
}

#endif
