#!/bin/sh
# A build inside the source folder is refused, and told why.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_in_source.sh SOURCE_DIR CMAKE C_COMPILER
set -u
root=$1
cmake=$2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# A copy, so that a refusal that fails cannot litter the sources.
cp -r "$root/CMakeLists.txt" "$root/cmake" "$scratch"
cd "$scratch" || exit 2
if output=$("$cmake" -DCMAKE_C_COMPILER="$3" . 2>&1); then
    echo "FAIL: an in-source build was accepted"
    exit 1
fi
if ! echo "$output" | grep -q 'In-source builds are refused'; then
    echo "FAIL: refused for another reason: $output"
    exit 1
fi
