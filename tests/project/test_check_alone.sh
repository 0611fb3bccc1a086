#!/bin/sh
# The gradient checker builds from its two files and libm alone, and works so.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_check_alone.sh SOURCE_DIR C_COMPILER
set -u
root=$1
cc=$2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/wengert"
cp "$root/include/wengert/check.h" "$scratch/wengert"
cp "$root/src/inspect/check.c" "$scratch"
cat >"$scratch/main.c" <<'END'
#include <math.h>
#include <stdio.h>
#include <wengert/check.h>

static double f(const double *x, size_t n, void *user)
{
    (void)user;
    return n == 2 ? sin(x[0]) * x[1] : 0;
}

static void g(const double *x, double *gradient, size_t n, void *user)
{
    double sign = *(const double *)user;
    gradient[0] = cos(x[0]) * x[1];
    gradient[n - 1] = sign * sin(x[0]);
}

int main(void)
{
    const double x[] = {0.5, 2.0};
    double signs[] = {1, -1};
    wg_check_report report[2];
    for (int i = 0; i < 2; i++) {
        if (wg_check_function(f, g, x, 2, &signs[i], NULL, &report[i]) != WG_CHECK_OK) {
            return 1;
        }
    }
    puts(wg_check_verdict_name(report[0].verdict));
    puts(wg_check_verdict_name(report[1].verdict));
    return 0;
}
END
cd "$scratch" || exit 2
"$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror -I. main.c check.c -lm -o alone || {
    echo "FAIL: it does not build"
    exit 1
}
said=$(./alone | tr '\n' ' ')
if [ "$said" != "RIGHT WRONG " ]; then
    echo "FAIL: of a right and a wrong gradient it said: $said"
    exit 1
fi
