#!/bin/sh
# The generator: a public op without docstring fails it, and so does what it cannot read or write.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_generate.sh GENERATOR SOURCE_DIR
set -u
generate=$1
include=$2/include/wengert
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

run() {
    "$generate" "$scratch/json" "$scratch/markdown" "$scratch/source" "$@" 2>"$scratch/err"
}

run "$include"/ops_*.h "$include/graph.h" || fail "the headers are refused: $(cat "$scratch/err")"

# Without a docstring: where its function has another name, and where an empty line separates them.
cp "$include"/ops_*.h "$include/graph.h" "$scratch"
for edit in 's/wg_tanh(/wg_other(/' 's/^WG_API wg_node wg_tanh(/\n&/'; do
    sed "$edit" "$include/ops_pointwise.h" >"$scratch/ops_pointwise.h"
    if run "$scratch"/ops_*.h "$scratch/graph.h"; then
        fail "an op without docstring goes unseen after $edit"
    fi
    grep -q 'no docstring of wg_tanh' "$scratch/err" || fail "$edit: said $(cat "$scratch/err")"
done

# Paragraphs, parameters and labels come apart; functions in a row share what is said.
sed 's/wg_tanh(/wg_other(/' "$include/ops_pointwise.h" >"$scratch/ops_pointwise.h"
cat >"$scratch/ops_planted.h" <<'END'
/* Planted: "ops". More.
 * SPDX-License-Identifier: Apache-2.0 */

/**
 * The first. The second of `a_b`
 * goes on.
 *
 * x, at  any rank,
 *        floating
 * returns  as x
 *
 * Gradient: none; Numerics: fine. Errors when
 * run: WG_ERR_RANGE.
 * Source: "A book", p. 7\8.
 */
WG_NODISCARD WG_API wg_node wg_tanh(wg_node x,
                                    const int64_t *at);
WG_API wg_node wg_planted(wg_node x);
END
run "$scratch"/ops_*.h "$scratch/graph.h" || fail "planted: $(cat "$scratch/err")"
expect() {
    grep -qF "$1" "$scratch/json" || fail "not in the JSON: $1"
}
expect '{"name": "planted", "title": "Planted: \"ops\""}'
expect '"signature": "wg_node wg_tanh(wg_node x, const int64_t *at)"'
expect '"arguments": [{"type": "wg_node", "name": "x"}, {"type": "const int64_t *", "name": "at"}]'
expect '"formula": "The first."'
expect '"rule": "The second of `a_b` goes on."'
expect '{"names": "x, at", "text": "any rank, floating"}'
expect '{"names": "returns", "text": "as x"}'
expect '"gradient": "none;"'
expect '"numerics": "fine."'
expect '"errors": "when run: WG_ERR_RANGE."'
expect '"source": "\"A book\", p. 7\\8."'

run "$scratch/absent.h" && fail "an absent header goes unseen"
run && fail "no header goes unseen"
"$generate" "$scratch/absent/json" "$scratch/markdown" "$scratch/source" "$include"/ops_*.h \
    "$include/graph.h" 2>"$scratch/err" && fail "an absent folder goes unseen"
[ "$failures" -eq 0 ]
