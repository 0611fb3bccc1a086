#!/bin/sh
# Proves that run_example.sh catches what it is there to catch.
# SPDX-License-Identifier: Apache-2.0
set -u
here=$(cd "$(dirname "$0")" && pwd)
expected=$(mktemp) || exit 1
trap 'rm -f "$expected"' EXIT
failures=0

# case_of VERDICT EXPECTED PRINTED STATUS, with \n for the ends of lines
case_of() {
    printf "$2" >"$expected"
    sh "$here/run_example.sh" "$expected" sh -c 'printf "$1"; exit "$2"' sh "$3" "$4" >/dev/null
    case $?:$1 in
    0:passes | 1:fails | 77:skips) ;;
    *)
        echo "FAIL: should have been '$1': expected '$2', printed '$3', status $4"
        failures=$((failures + 1))
        ;;
    esac
}

case_of passes 'a 1\nb 2\n' 'a 1\nb 2\n' 0
case_of fails 'a 1\nb 2\n' 'a 1\nb 2\n' 1
case_of fails 'a 1\nb 2\n' 'a 1\nb 3\n' 0
case_of fails 'a 1\nb 2\n' 'a 1\n' 0
case_of fails 'a 1\nb 2\n' '' 0
case_of fails 'a 1\n' 'a 1\nb 2\n' 0
case_of fails 'a.1\n' 'a 1\n' 0
case_of passes '~ a [0-9]+ us\n' 'a 17 us\n' 0
case_of fails '~ a [0-9]+ us\n' 'a x us\n' 0
case_of fails '~ a [0-9]+\n' 'a 17 us\n' 0
case_of passes 'a\n...\nb\n' 'a\n1\n2\nb\n' 0
case_of passes 'a\n...\nb\n' 'a\nb\n' 0
case_of fails 'a\n...\nb\n' 'a\n1\nc\n' 0
case_of fails 'a\n...\nb\n' 'a\n1\nb\nc\n' 0
case_of passes 'a\n...\n' 'a\n1\n2\n' 0
case_of passes 'a\n...\n' 'a\n' 0
case_of skips 'a 1\n' 'why\n' 77
[ "$failures" -eq 0 ]
