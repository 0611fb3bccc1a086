/* Damages seeds: readers must take every good one, and refuse or survive the rest.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_SUPPORT_DAMAGE_H
#define WG_SUPPORT_DAMAGE_H

#include "support/plain_context.h"

/* Reads bytes that may be anything, gives back all it made, and says how that went. */
typedef wg_status (*wgt_damage_read)(wgt_plain *p, const unsigned char *data, size_t bytes);

/* Hands every file of a folder to `read`: whole, which succeeds for those named good-... and for no
 * other; cut at every byte, which fails; and with every single bit flipped, where nothing must be
 * left behind and no block be larger than `times` the bytes and `slack`. Returns how many files
 * there were. */
size_t wgt_damage_folder(const char *folder, wgt_damage_read read, size_t times, size_t slack);

#endif
