#!/bin/sh
# The command: what it prints, where, and its exit status.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_command.sh COMMAND VERSION SHARED
set -u
wengert=$1
version=$2
shared=$3
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# run ARGUMENTS...: the status in $status, the streams in $scratch/out and $scratch/err.
run() {
    "$wengert" "$@" >"$scratch/out" 2>"$scratch/err"
    status=$?
}

# expect_good ARGUMENTS...: exit status 0 and nothing on stderr.
expect_good() {
    run "$@"
    [ "$status" -eq 0 ] || fail "$*: exit status $status"
    [ ! -s "$scratch/err" ] || fail "$*: said on stderr: $(cat "$scratch/err")"
}

# expect_misuse ARGUMENTS...: exit status 2, usage on stderr, nothing on stdout.
expect_misuse() {
    run "$@"
    [ "$status" -eq 2 ] || fail "'$*': exit status $status in place of 2"
    [ ! -s "$scratch/out" ] || fail "'$*': printed on stdout"
    grep -q '^usage: wengert' "$scratch/err" || fail "'$*': no usage on stderr"
}

for word in version --version; do
    expect_good $word
    [ "$(cat "$scratch/out")" = "wengert $version" ] || fail "$word: $(cat "$scratch/out")"
done
for word in help --help; do
    expect_good $word
    grep -q 'wengert ops' "$scratch/out" || fail "$word does not tell of ops"
done

expect_good ops
grep -qE '^add +op +a, b +1 +any' "$scratch/out" || fail "ops: no row of add"
grep -qE '^cross_entropy_backward +internal ' "$scratch/out" || fail "ops: no internal row"
grep -qE '^sum_all +form .* parts' "$scratch/out" || fail "ops: no row of a form"
n=$(grep -c '"signature"' "$shared/ops.json")
[ "$(wc -l <"$scratch/out")" -gt "$n" ] || fail "ops: fewer rows than ops that have a docstring"
expect_good ops --json
cmp "$scratch/out" "$shared/ops.json" || fail "ops --json is not ops.json"
expect_good ops --markdown
cmp "$scratch/out" "$shared/ops.md" || fail "ops --markdown is not ops.md"

# Certificates: one row per op, its name first, and JSON; a sweep of a function in f32.
expect_good check exp greater
grep -qE '^exp +[0-9]+ +[0-9]+ .* RIGHT$' "$scratch/out" || fail "check: no row of exp"
grep -qE '^greater .* no gradient$' "$scratch/out" || fail "check: no row of greater"
expect_good check --json --without onednn softmax
grep -qE '"op": "softmax", "verdict": "RIGHT", "samples": [0-9]+' "$scratch/out" ||
    fail "check --json: no object of softmax"
expect_good check --exhaustive --every 65521 exp
grep -qE '^exp +65[0-9]{3} +[01]\.[0-9]+ .* 0$' "$scratch/out" || fail "check --exhaustive: $(cat "$scratch/out")"
run check no_such_op
[ "$status" -eq 1 ] || fail "check no_such_op: exit status $status"
grep -q "no op 'no_such_op'" "$scratch/err" || fail "check no_such_op: $(cat "$scratch/err")"
run check --exhaustive matmul
[ "$status" -eq 1 ] || fail "check --exhaustive matmul: exit status $status"

expect_misuse check --exhaustively
expect_misuse check --without
expect_misuse check --without reference
expect_misuse check --every 0
expect_misuse
expect_misuse nothing
expect_misuse --nothing
expect_misuse ops --yaml
expect_misuse ops --json --markdown
expect_misuse version now
expect_misuse help me

# What cannot be written is an error.
if [ -w /dev/full ]; then
    if "$wengert" ops --json >/dev/full 2>"$scratch/err"; then
        fail "a full disk goes unseen"
    fi
    grep -q 'could not be written' "$scratch/err" || fail "a full disk is not told"
fi
[ "$failures" -eq 0 ]
