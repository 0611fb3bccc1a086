/* A clock for profiles.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CORE_CLOCK_H
#define WG_CORE_CLOCK_H

/* Seconds since some fixed moment; never goes back. */
double wgi_clock(void);

#endif
