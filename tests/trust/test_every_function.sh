#!/bin/sh
# Every function that the shared library exports is called by test_bad_calls.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_every_function.sh SHARED_LIBRARY TEST_BAD_CALLS C_COMPILER
set -u
shared=$1
bad_calls=$2
cc=$3
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
if ! command -v nm >/dev/null 2>&1; then
    echo "skipped: nm is not there"
    exit 77
fi

# The functions of a library that no row names.
unnamed() {
    nm -D --defined-only "$1" | awk '$(NF - 1) == "T" && $NF ~ /^wg_/ { print $NF }' | sort -u |
        comm -23 - "$scratch/rows"
}

"$bad_calls" --list | sort -u >"$scratch/rows" || exit 1
if [ "$(wc -l <"$scratch/rows")" -lt 100 ]; then
    echo "FAIL: test_bad_calls lists hardly any function"
    exit 1
fi

# The check itself must be able to fail.
cat >"$scratch/planted.c" <<'END'
int wg_version(void);
int wg_planted(void);
int wg_version(void)
{
    return 1;
}
int wg_planted(void)
{
    return 2;
}
END
"$cc" -shared -fPIC "$scratch/planted.c" -o "$scratch/planted.so" || exit 1
if [ "$(unnamed "$scratch/planted.so")" != wg_planted ]; then
    echo "FAIL: a planted function was not missed"
    exit 1
fi

missing=$(unnamed "$shared")
if [ -n "$missing" ]; then
    echo "FAIL: no bad call of:"
    echo "$missing"
    exit 1
fi
