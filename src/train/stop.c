/* The flag that ends a training, and why one ended.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the flag is read and written as an atomic without a lock, or a signal handler could
 * wait for what it has interrupted. */
#include <wengert/train.h>

#include <stdatomic.h>

_Static_assert(sizeof(atomic_int) == sizeof(int32_t), "a flag holds an atomic");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "atomics of a signal handler have no lock");

void wg_stop_raise(wg_stop *stop)
{
    if (stop != NULL) {
        atomic_store((atomic_int *)&stop->is_raised, 1);
    }
}

void wg_stop_clear(wg_stop *stop)
{
    if (stop != NULL) {
        atomic_store((atomic_int *)&stop->is_raised, 0);
    }
}

bool wg_stop_is_raised(const wg_stop *stop)
{
    return stop != NULL && atomic_load((const atomic_int *)&stop->is_raised) != 0;
}

const char *wg_stop_reason_text(wg_stop_reason reason)
{
    switch (reason) {
    case WG_STOPPED_AT_END:
        return "all is done";
    case WG_STOPPED_BY_FLAG:
        return "the flag was raised";
    case WG_STOPPED_EARLY:
        return "nothing improved any more";
    case WG_STOPPED_BY_CALLBACK:
        return "the callback asked for it";
    case WG_STOPPED_BY_LOSS:
        return "a loss was not finite";
    }
    return "?";
}
