#!/bin/sh
# Compiles each public header alone, as C11 and as C++17, with and without the location macros.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_headers.sh SOURCE_DIR GENERATED_INCLUDE_DIR C_COMPILER
set -u
include=$1/include
generated=$2
cc=$3
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

cxx=""
for candidate in c++ g++ clang++; do
    if command -v "$candidate" >/dev/null 2>&1; then
        cxx=$candidate
        break
    fi
done
[ -n "$cxx" ] || echo "no C++ compiler: C++17 is not tried"

failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# compile_as LANGUAGE FILE FLAGS...
compile_as() {
    language=$1
    file=$2
    shift 2
    if [ "$language" = c ]; then
        "$cc" -std=c11 -x c "$@" -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
            -fsyntax-only -I"$include" -I"$generated" "$file"
    else
        "$cxx" -std=c++17 -x c++ "$@" -Wall -Wextra -Wpedantic -Wshadow -Werror \
            -fsyntax-only -I"$include" -I"$generated" "$file"
    fi
}

languages="c${cxx:+ c++}"

# The check itself must be able to fail: C that is not C++, and a header that leans on another.
echo 'int f(void *p); int f(void *p) { int *q = p; return *q; }' >"$scratch/planted.c"
echo 'size_t wg_planted(void);' >"$scratch/leaning.c"
for language in $languages; do
    if compile_as "$language" "$scratch/leaning.c" 2>/dev/null; then
        fail "a planted fault compiles as $language"
    fi
done
if [ -n "$cxx" ] && compile_as c++ "$scratch/planted.c" 2>/dev/null; then
    fail "a planted fault compiles as c++"
fi

for path in "$include"/wengert/*.h "$generated"/wengert/*.h; do
    header=wengert/$(basename "$path")
    [ "$header" = wengert/wengert.h ] ||
        grep -qF "#include <$header>" "$include/wengert/wengert.h" "$include/wengert/ops.h" ||
        fail "wengert.h does not include $header"
    # Twice: the guard is part of standing alone.
    printf '#include <%s>\n#include <%s>\nint wg_test_unit;\n' "$header" "$header" \
        >"$scratch/unit.c"
    for language in $languages; do
        compile_as "$language" "$scratch/unit.c" || fail "$header as $language"
        compile_as "$language" "$scratch/unit.c" -DWG_NO_LOCATIONS ||
            fail "$header as $language without locations"
    done
done

# The macros must expand to calls, and leave the functions' names usable.
cat >"$scratch/use.c" <<'END'
#include <wengert/wengert.h>

wg_node use(wg_node x);
wg_node use(wg_node x)
{
    wg_node (*relu)(wg_node) = wg_relu;
    return relu((wg_tanh)(wg_add(x, wg_scale(x, 2.0))));
}
END
for language in $languages; do
    compile_as "$language" "$scratch/use.c" || fail "the location macros as $language"
done
[ "$failures" -eq 0 ]
