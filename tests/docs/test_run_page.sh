#!/bin/sh
# The judge of the pages' programs is judged: what it must let pass, and what it must refuse.
# SPDX-License-Identifier: Apache-2.0
set -u
here=$(dirname "$0")
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0

# judge VERDICT TOLERANCE EXPECTED PRINTED
judge() {
    printf '%b' "$3" >"$scratch/expected"
    printf '%b' "$4" >"$scratch/printed"
    if sh "$here/run_page.sh" "$scratch/expected" "$2" cat "$scratch/printed" >/dev/null; then
        said=pass
    else
        said=fail
    fi
    [ "$said" = "$1" ] || { echo "FAIL: $4 for $3 is $said"; failures=$((failures + 1)); }
}

judge pass 0 'loss 0.25\n' 'loss 0.25\n'
judge pass 0 'loss   0.25\n' 'loss 0.25\n'
judge pass 0.01 'loss 0.25, done\n' 'loss 0.255, done\n'
judge fail 0.01 'loss 0.25, done\n' 'loss 0.27, done\n'
judge fail 0.01 'loss 0.25, done\n' 'loss 0.25; done\n'
judge pass 0.01 'rows 1000\n' 'rows 1010\n'
judge fail 0.01 'rows 1000\n' 'rows 1011\n'
judge fail 0.5 'loss 1\n' 'loss nan\n'
judge fail 0.5 'a\nb\n' 'a\n'
judge fail 0.5 'a\n' 'a\nb\n'
judge fail 0.5 'a\n' 'a b\n'
judge pass 0 'a\n...\nd\n' 'a\nb\nc\nd\n'
judge fail 0 'a\n...\nd\n' 'a\nb\nc\n'
judge pass 0 'a\n...\n' 'a\n'
sh "$here/run_page.sh" /dev/null 0 false >/dev/null && { echo "FAIL: exit status"; failures=1; }
[ "$failures" -eq 0 ]
