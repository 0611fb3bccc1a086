/* The names and texts of statuses, and the version.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every function answers with static text for every value, also for one that is none. */
#include <wengert/base.h>

#define STRING(x) #x
#define VERSION_TEXT(major, minor, patch) STRING(major) "." STRING(minor) "." STRING(patch)

const char *wg_status_name(wg_status status)
{
    switch (status) {
#define STATUS_NAME(name, value, text)                                                             \
    case WG_##name:                                                                                \
        return "WG_" #name;
        WG_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
    }
    return "WG_ERR_?";
}

const char *wg_status_text(wg_status status)
{
    switch (status) {
#define STATUS_TEXT(name, value, text)                                                             \
    case WG_##name:                                                                                \
        return text;
        WG_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "an unknown status";
}

const char *wg_version(void)
{
    return VERSION_TEXT(WG_VERSION_MAJOR, WG_VERSION_MINOR, WG_VERSION_PATCH);
}
