#!/bin/sh
# Runs an example; fails unless it exits with 0 and prints what is expected.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: run_example.sh EXPECTED PROGRAM [ARGUMENTS]
#
# A program that says why it cannot run here exits with 77, and so does this: the test is skipped.
#
# EXPECTED holds the output line by line. A line "..." stands for any number of lines, none
# included; a line "~ REGEX" for one line that the extended regular expression matches whole, where
# numbers depend on the machine.
set -u
expected=$1
shift
output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT

"$@" >"$output"
status=$?
cat "$output"
if [ "$status" -eq 77 ]; then
    exit 77
fi
if [ "$status" -ne 0 ]; then
    echo "FAIL: exit status $status"
    exit 1
fi

awk '
    function fits(i, line) {
        if (want[i] ~ /^~ /) {
            return line ~ ("^(" substr(want[i], 3) ")$")
        }
        return line == want[i]
    }
    NR == FNR { want[++n] = $0; next }
    { got[++m] = $0 }
    END {
        i = 1
        for (j = 1; j <= m; j++) {
            if (want[i] == "...") {
                skipping = 1
                i++
            }
            if (i <= n && fits(i, got[j])) {
                skipping = 0
                i++
            } else if (!skipping) {
                print "FAIL: line " j " is\n  " got[j] "\nexpected was\n  " (i <= n ? want[i] : "the end")
                exit 1
            }
        }
        if (want[i] == "...") {
            i++
        }
        if (i <= n) {
            print "FAIL: the output ends before\n  " want[i]
            exit 1
        }
    }' "$expected" "$output"
