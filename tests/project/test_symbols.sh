#!/bin/sh
# The shared library exports wg_ names alone, and the library keeps no mutable global.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_symbols.sh SHARED_LIBRARY STATIC_LIBRARY C_COMPILER
set -u
shared=$1
static=$2
cc=$3
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
for tool in nm objdump; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "skipped: $tool is not there"
        exit 77
    fi
done

failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# Exported names that do not begin with wg_.
foreign_exports() {
    nm -D --defined-only "$1" | awk '{ print $NF }' |
        grep -vE '^(wg_[a-z0-9_]+|_init|_fini|_end|_edata|__bss_start)$'
}

# The number of names that do.
exports() {
    nm -D --defined-only "$1" | awk '$NF ~ /^wg_/' | wc -l
}

# Variables in sections that the program may write: everything but constants, relocated or not.
mutable_globals() {
    objdump -t "$1" | awk '
        /file format/ { object = $1 }
        {
            for (i = 1; i < NF; i++) {
                if ($i ~ /^(\.(data|bss|tdata|tbss)|\*COM\*)/ && $i !~ /^\.data\.rel\.ro/ &&
                    $NF != $i) {
                    print object, $NF, $i
                }
            }
        }'
}

# The checks themselves must be able to fail.
cat >"$scratch/planted.c" <<'END'
extern int n;
int leaked(void);
__attribute__((visibility("hidden"))) const char *const names[] = {"constant", "text"};
static int counter = 1;
static _Thread_local int per_thread;
int leaked(void)
{
    static int calls;
    return counter++ + per_thread++ + calls++ + names[n % 2][0];
}
END
"$cc" -O1 -fPIC -c "$scratch/planted.c" -o "$scratch/planted.o" || exit 1
"$cc" -shared "$scratch/planted.o" -o "$scratch/planted.so" || exit 1
[ "$(foreign_exports "$scratch/planted.so")" = leaked ] || fail "a planted export was not caught"
# A compiler may add the function's name in front, or a number behind.
planted=$(mutable_globals "$scratch/planted.o" | grep -oE 'calls|counter|per_thread|names' | sort |
    tr '\n' ' ')
[ "$planted" = "calls counter per_thread " ] || fail "planted globals, caught: $planted"

foreign=$(foreign_exports "$shared") && fail "exported: $foreign"
[ "$(exports "$shared")" -gt 0 ] || fail "nothing is exported"
globals=$(mutable_globals "$static")
[ -z "$globals" ] || fail "mutable globals: $globals"
[ "$failures" -eq 0 ]
