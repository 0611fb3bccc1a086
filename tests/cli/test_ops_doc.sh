#!/bin/sh
# docs/ops.md is what the headers say.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_ops_doc.sh COMMITTED MADE
if ! cmp "$1" "$2"; then
    echo "FAIL: $1 is not what the headers say; make it anew with: make ops-doc"
    exit 1
fi
