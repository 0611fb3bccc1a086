#!/bin/sh
# Runs the program of a page; fails unless it exits with 0 and prints what the page says.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: run_page.sh EXPECTED TOLERANCE PROGRAM [ARGUMENTS]
#
# Line by line and word by word; two numbers a and b agree where |a - b| <= TOLERANCE max(1, |a|).
# A line "..." stands for any number of lines, none included.
set -u
expected=$1
tolerance=$2
shift 2
output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT

"$@" >"$output"
status=$?
cat "$output"
if [ "$status" -ne 0 ]; then
    echo "FAIL: exit status $status"
    exit 1
fi

awk -v tolerance="$tolerance" '
    function size(x) { return x < 0 ? -x : x }
    function is_number(word) { return word ~ /^[-+]?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?[,;:%]?$/ }
    function same(a, b) {
        if (a == b) {
            return 1
        }
        if (!is_number(a) || !is_number(b) || substr(a, length(a)) !~ tail(b)) {
            return 0
        }
        return size(a - b) <= tolerance * (size(a) > 1 ? size(a) : 1)
    }
    # Punctuation behind a number must be the same; digits may differ.
    function tail(b) { return b ~ /[0-9]$/ ? "[0-9]" : "[" substr(b, length(b)) "]" }
    function fits(line, want,    n, m, i, a, b) {
        n = split(line, a, " ")
        m = split(want, b, " ")
        for (i = 1; i <= n && n == m && same(a[i], b[i]); i++) {
        }
        return n == m && i > n
    }
    NR == FNR { want[++n] = $0; next }
    { got[++m] = $0 }
    END {
        i = 1
        for (j = 1; j <= m; j++) {
            if (want[i] == "..." && i <= n) {
                skipping = 1
                i++
            }
            if (i <= n && fits(got[j], want[i])) {
                skipping = 0
                i++
            } else if (!skipping) {
                print "FAIL: line " j " is\n  " got[j] "\nthe page says\n  " (i <= n ? want[i] : "the end")
                exit 1
            }
        }
        if (i <= n && want[i] == "...") {
            i++
        }
        if (i <= n) {
            print "FAIL: the output ends before\n  " want[i]
            exit 1
        }
    }' "$expected" "$output"
