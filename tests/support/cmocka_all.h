/* cmocka with the headers it needs first.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_SUPPORT_CMOCKA_ALL_H
#define WG_SUPPORT_CMOCKA_ALL_H

/* clang-format off: cmocka.h uses the types of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* clang-format on */

#endif
