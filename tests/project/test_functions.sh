#!/bin/sh
# Holds the size of functions and files, and proves that planted giants are caught.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_functions.sh SOURCE_DIR
#
# Everywhere: at most 60 lines and 7 parameters per function, 800 lines per file; but wg_apply takes
# three arrays and their lengths, for callers from other languages. In src: a median
# of at most 12 lines, nine functions in ten at most 30. src/inspect/check.c alone may be longer: it
# and its header are to build by themselves, so it cannot be divided.
set -u
root=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

measure() {
    find "$@" -name '*.[ch]' | sort | xargs awk -f "$here/functions.awk"
}

# Prints what is too large; succeeds when there is nothing.
judge() {
    measure "$@" | awk '
        $1 == "function" && $2 > 60 { print $4 ": " $5 ": " $2 " lines, over 60"; bad = 1 }
        $1 == "function" && $3 > 7 && $5 != "wg_apply" { print $4 ": " $5 ": " $3 " parameters, over 7"; bad = 1 }
        $1 == "file" && $3 ~ /src\/inspect\/check\.c$/ { next }
        $1 == "file" && $2 > 800 { print $3 ": " $2 " lines, over 800"; bad = 1 }
        END { exit bad }'
}

# Prints "N MEDIAN NINETIETH MAXIMUM" of the lengths of functions.
distribution() {
    measure "$@" | sed -n 's/^function \([0-9]*\) .*/\1/p' | sort -n |
        awk '{ a[NR] = $1 } END { print NR, a[int((NR + 1) / 2)], a[int(NR * 0.9 + 0.5)], a[NR] }'
}

failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# function_of LINES SIGNATURE: a function of that many lines, signature and braces included.
function_of() {
    printf '%s\n{\n' "$2"
    awk -v n="$1" 'BEGIN { for (i = 0; i < n - 3; i++) print "    x += " i ";" }'
    printf '}\n'
}

plant() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree"
    cat >"$scratch/tree/planted.c"
}

expect_caught() {
    if output=$(judge "$scratch/tree"); then
        fail "not caught: $1"
    elif ! echo "$output" | grep -qF "$1"; then
        fail "caught, but not as '$1': $output"
    fi
}

{
    printf '/* A banner that (looks, like, a signature)\n * { */\n#include <math.h>\n\n'
    printf 'static const int table[] = {\n'
    awk 'BEGIN { for (i = 0; i < 100; i++) print "    1," }'
    printf '};\n\n'
    function_of 60 'int edge(int a, int b, int c, int d, int e, int f, int g)'
    echo
    function_of 20 'static void callbacks(int (*f)(int, int, int, int), void (*g)(int, int, int))'
} | plant
output=$(judge "$scratch/tree") || fail "a false alarm: $output"
[ "$(distribution "$scratch/tree")" = "2 20 60 60" ] || fail "the distribution is misread"

function_of 61 'int giant(void)' | plant
expect_caught 'planted.c:1: giant: 61 lines'
{
    printf 'int before;\n\nint wrapped(int a,\n            int b)\n{\n'
    awk 'BEGIN { for (i = 0; i < 56; i++) print "    a++;" }'
    printf '}\n'
} | plant
output=$(judge "$scratch/tree") || fail "a false alarm: $output"
{
    printf 'int before;\n\nint wrapped(int a,\n            int b)\n{\n'
    awk 'BEGIN { for (i = 0; i < 57; i++) print "    a++;" }'
    printf '}\n'
} | plant
expect_caught 'planted.c:3: wrapped: 61 lines'
function_of 5 'int greedy(int a, int b, int c, int d, int e, int f, int g, int (*h)(int, int))' | plant
expect_caught 'greedy: 8 parameters'
awk 'BEGIN { print "#define GIANT(x) \\"; for (i = 0; i < 60; i++) print "    x + \\"; print "    x" }' |
    plant
expect_caught 'planted.c:1: GIANT: 62 lines'
awk 'BEGIN { for (i = 0; i < 801; i++) print "" }' | plant
expect_caught 'planted.c: 801 lines'

cd "$root" || exit 2
judge include src examples bench tests || fail "sizes, above"
# shellcheck disable=SC2046
set -- $(distribution include src)
echo "$1 functions: median $2 lines, nine in ten at most $3, longest $4"
[ "$2" -le 12 ] || fail "the median is over 12"
[ "$3" -le 30 ] || fail "the ninth decile is over 30"
[ "$failures" -eq 0 ]
