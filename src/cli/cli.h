/* The command `wengert`: its parts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A part is a function that gets its own name and its arguments, prints, and returns the exit
 * status: 0, 1 where what was asked for failed, WGC_USAGE where the arguments are wrong. */
#ifndef WGC_CLI_H
#define WGC_CLI_H

#include <stdbool.h>
#include <stddef.h>

#define WGC_USAGE 2

int wgc_check(int argc, char **argv);
int wgc_ops(int argc, char **argv);
int wgc_version(int argc, char **argv);
int wgc_help(int argc, char **argv);

/* Says on stderr what is wrong with an argument; returns WGC_USAGE. */
int wgc_misuse(const char *part, const char *argument);

/* Sweeps one op, by its place among all, in f32: prints a row, and returns 0 or 1. What is no
 * function to sweep is passed over, unless it was asked for. The head names the columns. */
struct wg_context;
void wgc_exhaustive_head(void);
int wgc_exhaustive(struct wg_context *ctx, size_t op, long every, bool is_asked_for);

/* Texts that the build makes from the headers: pieces up to a NULL. */
extern const char *const wgc_ops_json[];
extern const char *const wgc_ops_markdown[];

#endif
