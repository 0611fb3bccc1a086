#!/bin/sh
# Installs to a temporary prefix and builds a small project against it: by find_package and by
# pkg-config, shared and static; each is run.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_install.sh SOURCE_DIR BUILD_DIR CMAKE C_COMPILER VERSION
set -u
root=$1
build=$2
cmake=$3
cc=$4
version=$5
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

failures=0
fail() {
    echo "FAIL: $*"
    [ ! -f "$scratch/log" ] || tail -n 20 "$scratch/log"
    failures=$((failures + 1))
}

# expect_runs WHAT PROGRAM [LIBRARY_PATH]
expect_runs() {
    said=$(LD_LIBRARY_PATH="${3:-}${3:+:}${LD_LIBRARY_PATH:-}" "$2" 2>&1)
    [ "$said" = "wengert $version: 7" ] || fail "$1 said: $said"
}

# The way to our library, where the loader's own folders do not lead to it.
is_linked_to_ours() {
    LD_LIBRARY_PATH="$libdir" ldd "$1" 2>/dev/null | grep -q 'libwengert\.so'
}

by_cmake() {
    if "$cmake" -S "$root/tests/consumer" -B "$scratch/$1" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$cc" -DBUILD_SHARED_LIBS="$2" >"$scratch/log" 2>&1 &&
        "$cmake" --build "$scratch/$1" >"$scratch/log" 2>&1; then
        expect_runs "$1 by find_package" "$scratch/$1/consumer"
    else
        fail "$1 by find_package does not build"
    fi
}

# by_pkg_config NAME PKG_CONFIG_FLAG LIBRARY_FLAG
by_pkg_config() {
    # shellcheck disable=SC2086
    flags=$(PKG_CONFIG_PATH="$libdir/pkgconfig" pkg-config $2 --cflags --libs wengert) ||
        { fail "pkg-config $2"; return; }
    flags=$(echo " $flags " | sed "s/ -lwengert / $3 /")
    # shellcheck disable=SC2086
    if "$cc" -std=c11 "$root/tests/consumer/main.c" -o "$scratch/$1-pc" $flags \
        >"$scratch/log" 2>&1; then
        expect_runs "$1 by pkg-config" "$scratch/$1-pc" "$libdir"
    else
        fail "$1 by pkg-config does not build: $flags"
    fi
}

"$cmake" --install "$build" --prefix "$prefix" >"$scratch/log" 2>&1 || fail "cmake --install"
pc=$(find "$prefix" -name wengert.pc)
[ -n "$pc" ] || { fail "no wengert.pc"; exit 1; }
libdir=$(dirname "$(dirname "$pc")")

cmp -s "$root/tools/wengert_gdb.py" "$prefix/share/wengert/wengert_gdb.py" ||
    fail "no printers for gdb"

# The command and what tools on top read, where they were built.
if [ -x "$build/bin/wengert" ]; then
    [ "$("$prefix/bin/wengert" version)" = "wengert $version" ] || fail "the command does not run"
    "$prefix/bin/wengert" ops --json | cmp -s - "$prefix/share/wengert/ops.json" ||
        fail "ops.json is not what the command says"
fi

by_cmake shared ON
is_linked_to_ours "$scratch/shared/consumer" || fail "the shared consumer is not linked to ours"
by_cmake static OFF
if is_linked_to_ours "$scratch/static/consumer"; then
    fail "the static consumer is linked to the shared library"
fi
if command -v pkg-config >/dev/null 2>&1; then
    by_pkg_config shared "" -lwengert
    by_pkg_config static --static -l:libwengert.a
else
    echo "no pkg-config: not tried"
fi
[ "$failures" -eq 0 ]
