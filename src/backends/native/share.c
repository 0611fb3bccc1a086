/* One loop shared by threads. Products and updates divide their work by other rules, in place.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/share.h"

/* Where n / parts * i does not fit, neither does memory for n elements. */
static int64_t begin_of(int64_t n, int32_t parts, int32_t i)
{
    return n / parts * i + (n % parts < i ? n % parts : i);
}

void wgi_share(int32_t threads, int64_t n, wgi_task task, const void *context)
{
#if defined(WGI_HAVE_OPENMP)
    if (threads > 1 && n > 1) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int32_t i = 0; i < threads; i++) {
            task(context, begin_of(n, threads, i), begin_of(n, threads, i + 1));
        }
        return;
    }
#else
    (void)threads;
    (void)begin_of;
#endif
    task(context, 0, n);
}
