#!/bin/sh
# Runs a script against a generated module; skipped where the interpreter or the module is not there.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: run_binding.sh INTERPRETER SCRIPT SHARED LIBRARY
set -u
interpreter=$1
script=$2
shared=$3
if ! command -v "$interpreter" >/dev/null 2>&1; then
    echo "skipped: $interpreter is not there"
    exit 77
fi
if [ ! -f "$shared/wengert.py" ] || [ ! -f "$shared/wengert.lua" ]; then
    echo "skipped: the build found no Python to make the modules with"
    exit 77
fi
export WENGERT_LIBRARY="$4" PYTHONPATH="$shared" LUA_PATH="$shared/?.lua" PYTHONDONTWRITEBYTECODE=1
exec "$interpreter" "$script" "$shared/ops.json"
