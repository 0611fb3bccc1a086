#!/bin/sh
# Stops a small program in gdb and compares what the printers of tools/wengert_gdb.py show.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_gdb.sh SOURCE_DIR PROGRAM
set -u
root=$1
program=$2
here=$root/tests/tools
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

skip() {
    echo "skipped: $*"
    exit 77
}

quiet_gdb() {
    gdb -q -nx -batch -iex "set auto-load off" -iex "set debuginfod enabled off" \
        -iex "set startup-with-shell off" -iex "set width 0" "$@" 2>&1
}

command -v gdb >/dev/null 2>&1 || skip "there is no gdb"
quiet_gdb -ex "python print(1)" | grep -qx 1 || skip "this gdb has no Python"
quiet_gdb -ex "ptype struct wg_graph" "$program" | grep -q is_alive ||
    skip "the library was built without debugging information"

set --
while IFS= read -r line; do
    set -- "$@" -ex "$line"
done <"$here/gdb_commands.txt"

quiet_gdb -ex "source $root/tools/wengert_gdb.py" -ex "break stop_here" -ex run \
    -ex "echo begin\n" "$@" "$program" >"$scratch/all"
grep -q "Breakpoint 1, stop_here" "$scratch/all" || {
    cat "$scratch/all"
    skip "gdb cannot run a program here"
}

# Addresses and folders differ from one machine to the next.
sed -n '/^begin$/,$p' "$scratch/all" | sed -e 1d \
    -e 's/0x[0-9a-f][0-9a-f]*[0-9a-f]\{6\}/ADDRESS/g' -e 's| at [^ ]*/gdb_program| at gdb_program|' \
    >"$scratch/shown"
if ! diff "$here/gdb_shown.txt" "$scratch/shown"; then
    echo "FAIL: not what tests/tools/gdb_shown.txt says"
    exit 1
fi
