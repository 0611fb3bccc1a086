#!/bin/sh
# Holds the format of .clang-format, where clang-format 14 is there to say.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_format.sh SOURCE_DIR
set -u
cd "$1" || exit 2

formatter=""
for candidate in clang-format-14 clang-format; do
    if "$candidate" --version 2>/dev/null | grep -q 'version 14\.'; then
        formatter=$candidate
        break
    fi
done
if [ -z "$formatter" ]; then
    echo "skipped: clang-format 14 is not there"
    exit 77
fi

# The check itself must be able to fail.
if printf 'int  f(int*p){return *p;}\n' |
    "$formatter" --dry-run -Werror --assume-filename=planted.c >/dev/null 2>&1; then
    echo "FAIL: a planted fault was not caught"
    exit 1
fi

find include src examples bench tests -name '*.[ch]' | sort |
    xargs "$formatter" --dry-run -Werror --ferror-limit=1
