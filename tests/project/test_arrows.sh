#!/bin/sh
# Holds the arrows between the rooms, and proves that planted violations are caught.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_arrows.sh SOURCE_DIR
set -u
root=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

check() {
    (
        cd "$1" || exit 2
        ops=$(sed -n 's/^WGI_\(OP\|INTERNAL\)(\([a-z0-9_]*\),.*/\2/p' src/ops/ops.def | tr '\n' ' ')
        find src include examples bench -name '*.[ch]' 2>/dev/null | sort |
            xargs awk -f "$here/arrows.awk" -v ops="$ops"
    )
}

failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# A small tree in which every arrow is allowed.
plant_good_tree() {
    tree=$scratch/tree
    rm -rf "$tree"
    mkdir -p "$tree/include/wengert" "$tree/examples" "$tree/src/core" "$tree/src/graph" \
        "$tree/src/ops" "$tree/src/backends/native" "$tree/src/backends/onednn" "$tree/src/io" \
        "$tree/src/cli" "$tree/bench"
    printf 'WGI_OP(add, pointwise)\nWGI_OP(relu, pointwise)\n' >"$tree/src/ops/ops.def"
    echo '#include <stdint.h>' >"$tree/include/wengert/base.h"
    echo '#include <math.h>' >"$tree/include/wengert/check.h"
    echo '#include <wengert/base.h>' >"$tree/include/wengert/ops.h"
    echo '#include <wengert/wengert.h>' >"$tree/examples/demo.c"
    echo '#include <wengert/ops.h>' >"$tree/bench/bench.h"
    printf '#include "bench/bench.h"\n#include <oneapi/dnnl/dnnl.h>\n' >"$tree/bench/floor.c"
    echo '#include <wengert/base.h>' >"$tree/src/core/op.h"
    echo '#include "core/op.h"' >"$tree/src/graph/list.h"
    echo '#include "graph/list.h"' >"$tree/src/graph/list.c"
    echo 'const char *hint = "reduce it with wg_relu";' >>"$tree/src/graph/list.c"
    echo '#include "core/op.h"' >"$tree/src/ops/params.h"
    echo '#include "core/op.h"' >"$tree/src/ops/table.h"
    printf '#define WGI_PASS_FILE "ops/params.h"\n#include WGI_PASS_FILE\n' >"$tree/src/ops/sum.c"
    echo '#include "ops/params.h"' >"$tree/src/backends/native/relu.c"
    echo '#include <oneapi/dnnl/dnnl.h>' >"$tree/src/backends/onednn/engine.h"
    echo '#include <zlib.h>' >"$tree/src/core/gz.c"
    echo '#include <wengert/base.h>' >"$tree/src/cli/main.c"
    echo '#include "backends/onednn/engine.h"' >"$tree/src/context.c"
}

# expect_caught FILE LINE MESSAGE: LINE planted in FILE must be reported there with MESSAGE.
expect_caught() {
    plant_good_tree
    mkdir -p "$(dirname "$tree/$1")"
    printf '%s\n' "$2" >>"$tree/$1"
    if output=$(check "$tree"); then
        fail "not caught: $2 in $1"
    elif ! echo "$output" | grep -qF "$1:" || ! echo "$output" | grep -qF "$3"; then
        fail "caught, but not as '$3': $output"
    fi
}

plant_good_tree
output=$(check "$tree") || fail "a false alarm: $output"

expect_caught src/core/op.h '#include "graph/list.h"' 'room core must not include'
expect_caught src/core/op.h '# include  "ops/params.h"' 'room core must not include'
expect_caught src/core/op.h '#include "core/absent.h"' 'not a path inside src'
expect_caught src/core/op.h '#include "op.h"' 'room core must not include'
expect_caught src/core/op.h '#include SOMETHING' 'cannot be read'
expect_caught src/ops/table.h '#define WGI_KERNEL_FILE "graph/list.c"' 'must not include'
expect_caught src/io/op.h '#include <zlib.h>' 'room io must not include'
expect_caught src/io/gz.c '#include <nlopt.h>' 'room io must not include'
expect_caught src/core/op.h '#include <Python.h>' 'room core must not include'
expect_caught src/ops/table.h '#include "graph/list.h"' 'room ops must not include'
expect_caught src/ops/table.h '#include "backends/native/relu.h"' 'room ops must not include'
expect_caught src/graph/list.c '#include "ops/params.h"' 'room graph must not include'
expect_caught src/graph/list.c '#include "backends/native/relu.h"' 'room graph must not include'
expect_caught src/graph/list.c '#include <wengert/ops.h>' 'must not include <wengert/ops.h>'
expect_caught src/graph/list.c '    wg_node y = wg_relu(x);' 'must not name the op relu'
expect_caught src/graph/list.c '    if (op == WGI_OP_RELU) {' 'must not name the op relu'
expect_caught src/graph/list.c '    if (strcmp(name, "relu") == 0) {' 'must not name the op relu'
expect_caught src/backends/native/relu.c '#include "graph/list.h"' 'must not include'
expect_caught src/backends/native/relu.c '#include "ops/table.h"' 'must not include'
expect_caught src/backends/native/relu.c '#include "backends/onednn/engine.h"' 'must not include'
expect_caught src/backends/native/relu.c '#include <oneapi/dnnl/dnnl.h>' 'must not include'
expect_caught src/backends/user/kernel.c '#include "ops/params.h"' 'must not include'
expect_caught src/context.c '#include <oneapi/dnnl/dnnl.h>' 'room root must not include'
expect_caught src/io/gz.c '#include "graph/list.h"' 'room io must not include'
expect_caught src/io/gz.c '#include "ops/params.h"' 'room io must not include'
expect_caught src/model/linear.c '#include "graph/list.h"' 'room model must not include'
expect_caught src/data/csv.c '#include "io/gz.h"' 'room data must not include'
expect_caught src/inspect/check.c '#include "graph/list.h"' 'room inspect must not include'
expect_caught src/train/train.c '#include "graph/list.h"' 'room train must not include'
expect_caught src/train/train.c '#include "model/model.h"' 'room train must not include'
expect_caught src/model/linear.c '#include "train/train.h"' 'room model must not include'
expect_caught src/cli/main.c '#include "core/op.h"' 'room cli must not include'
expect_caught src/attic/main.c '#include <stdio.h>' 'room attic has no rule'
expect_caught examples/demo.c '#include "core/op.h"' 'room examples must not include'
expect_caught examples/demo.c '#include <wengert/base.h>' 'an example includes'
expect_caught bench/floor.c '#include "core/op.h"' 'room bench must not include'
expect_caught bench/floor.c '#include "bench/absent.h"' 'not a path inside the tree'
expect_caught bench/floor.c '#include <omp.h>' 'room bench must not include'
expect_caught include/wengert/base.h '#include "core/op.h"' 'room include must not include'
expect_caught include/wengert/check.h '#include <wengert/base.h>' 'check.h stands alone'

check "$root" || fail "the arrows of $root"
[ "$failures" -eq 0 ]
