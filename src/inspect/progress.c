/* Progress while training: one line rewritten on a terminal, few plain lines elsewhere.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: first_step <= done <= n_steps; n_steps > 0 once begun. A line is one write, so that
 * lines of several programs do not mix within. */
#include "core/text.h"

#include <wengert/pictures.h>

#include <math.h>
#include <time.h>

#define LINES 10
#define INTERVAL 0.1
#define BAR_COLUMNS 20
#define LINE_BYTES 256

static double monotonic_seconds(void *user)
{
    struct timespec now = {0, 0};
    (void)user;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double read_clock(const wg_progress *p)
{
    return p->options.clock(p->options.clock_user);
}

/* Fills in the defaults. */
static wg_status resolve(const wg_progress_options *options, wg_progress_options *out)
{
    *out = options != NULL ? *options : (wg_progress_options){.size = sizeof *out};
    if (out->size != sizeof *out) {
        return WG_ERR_ARGUMENT;
    }
    if (out->lines < 0 || !isfinite(out->interval) || out->interval < 0 || out->first_step < 0 ||
        out->samples_per_step < 0) {
        return WG_ERR_RANGE;
    }
    out->lines = out->lines == 0 ? LINES : out->lines;
    out->interval = out->interval == 0 ? INTERVAL : out->interval;
    out->clock = out->clock == NULL ? monotonic_seconds : out->clock;
    return WG_OK;
}

static double part_done(const wg_progress *p)
{
    return (double)p->done / (double)p->n_steps;
}

/* Of `lines` plain lines, those that are due by now; the last one exactly at the end. */
static int64_t lines_due(const wg_progress *p)
{
    if (p->done == p->n_steps) {
        return p->options.lines;
    }
    int64_t due = (int64_t)(part_done(p) * p->options.lines);
    return due < p->options.lines ? due : p->options.lines - 1;
}

wg_status wg_progress_begin(int64_t n_steps, const wg_writer *writer,
                            const wg_progress_options *options, wg_progress *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = (wg_progress){0};
    if (writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_progress_options resolved;
    wg_status status = resolve(options, &resolved);
    if (status != WG_OK) {
        return status;
    }
    if (n_steps < 1 || resolved.first_step > n_steps) {
        return WG_ERR_RANGE;
    }
    out->options = resolved;
    out->writer = *writer;
    out->n_steps = n_steps;
    out->done = resolved.first_step;
    out->lines_printed = out->done < n_steps ? lines_due(out) : 0;
    out->started = read_clock(out);
    out->printed_at = out->started;
    return WG_OK;
}

/* ---- the text of a line ------------------------------------------------------------------- */

static void add_duration(wgi_text *text, double seconds)
{
    if (!(seconds < 100 * 86400.0)) {
        wgi_text_add(text, "more than 99 d");
        return;
    }
    long whole = (long)ceil(seconds);
    if (whole < 60) {
        wgi_text_add(text, "%ld s", whole);
    } else if (whole < 3600) {
        wgi_text_add(text, "%ld min %02ld s", whole / 60, whole % 60);
    } else if (whole < 86400) {
        wgi_text_add(text, "%ld h %02ld min", whole / 3600, whole % 3600 / 60);
    } else {
        wgi_text_add(text, "%ld d %02ld h", whole / 86400, whole % 86400 / 3600);
    }
}

static void add_taken(wgi_text *text, double seconds)
{
    if (seconds < 60) {
        wgi_text_add_fixed(text, seconds, 1);
        wgi_text_add(text, " s");
    } else {
        add_duration(text, seconds);
    }
}

/* Three digits at least, all of them up to a million. */
static void add_rate(wgi_text *text, double rate)
{
    if (rate >= 100 && rate < 1e6) {
        wgi_text_add_fixed(text, rate, 0);
    } else {
        wgi_text_add_number(text, rate, 3);
    }
}

/* Rate, and time left or taken; nothing where no time has passed or nothing was done. */
static void add_timing(wgi_text *text, const wg_progress *p, double elapsed)
{
    int64_t n_done = p->done - p->options.first_step;
    double rate = (double)n_done / elapsed;
    if (n_done <= 0 || !(elapsed > 0) || !isfinite(rate)) {
        return;
    }
    int64_t samples = p->options.samples_per_step;
    wgi_text_add(text, "  ");
    add_rate(text, samples > 0 ? rate * (double)samples : rate);
    wgi_text_add(text, samples > 0 ? " samples/s  " : " steps/s  ");
    if (p->done < p->n_steps) {
        add_duration(text, (double)(p->n_steps - p->done) / rate);
        wgi_text_add(text, " left");
    } else {
        wgi_text_add(text, "in ");
        add_taken(text, elapsed);
    }
}

static void add_bar(wgi_text *text, const wg_progress *p)
{
    int n_full = (int)(part_done(p) * BAR_COLUMNS);
    wgi_text_add(text, "[");
    for (int i = 0; i < BAR_COLUMNS; i++) {
        wgi_text_add(text, "%c", i < n_full ? '=' : (i == n_full ? '>' : '.'));
    }
    wgi_text_add(text, "] ");
}

static int decimal_digits(int64_t n)
{
    int digits = 1;
    while (n >= 10) {
        n /= 10;
        digits++;
    }
    return digits;
}

static void add_line(wgi_text *text, const wg_progress *p, double loss, double now)
{
    if (p->options.is_terminal) {
        add_bar(text, p);
    } else {
        wgi_text_add(text, "step ");
    }
    wgi_text_add(text, "%*lld/%lld  %3d%%  loss ", decimal_digits(p->n_steps), (long long)p->done,
                 (long long)p->n_steps, (int)(part_done(p) * 100));
    wgi_text_add_number(text, loss, 4);
    add_timing(text, p, now - p->started);
}

/* ---- when to print ------------------------------------------------------------------------ */

static wg_status print_plain(wg_progress *p, double loss, double now)
{
    char line[LINE_BYTES];
    wgi_text text = wgi_text_make(line, sizeof line);
    add_line(&text, p, loss, now);
    wgi_text_add(&text, "\n");
    return p->writer.write(p->writer.user, line, text.used);
}

/* Blanks cover what a longer line left behind. */
static wg_status print_rewritten(wg_progress *p, double loss, double now)
{
    char line[LINE_BYTES];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "\r");
    add_line(&text, p, loss, now);
    size_t used = text.used;
    while (text.used < p->line_bytes && text.used + 1 < text.bytes) {
        wgi_text_add(&text, " ");
    }
    p->line_bytes = used;
    p->is_line_open = true;
    return p->writer.write(p->writer.user, line, text.used);
}

wg_status wg_progress_step(wg_progress *progress, int64_t done, double loss)
{
    wg_progress *p = progress;
    if (p == NULL || p->n_steps <= 0) {
        return WG_ERR_ARGUMENT;
    }
    bool was_done = p->done == p->n_steps;
    int64_t first = p->options.first_step;
    p->done = done < first ? first : (done > p->n_steps ? p->n_steps : done);
    if (!p->options.is_terminal) {
        int64_t due = lines_due(p);
        if (due <= p->lines_printed) {
            return WG_OK;
        }
        p->lines_printed = due;
        return print_plain(p, loss, read_clock(p));
    }
    double now = read_clock(p);
    bool is_end = p->done == p->n_steps && !was_done;
    if (p->is_line_open && !is_end && !(now - p->printed_at >= p->options.interval)) {
        return WG_OK;
    }
    p->printed_at = now;
    return print_rewritten(p, loss, now);
}

wg_status wg_progress_end(wg_progress *progress)
{
    if (progress == NULL || progress->n_steps <= 0) {
        return WG_ERR_ARGUMENT;
    }
    if (!progress->is_line_open) {
        return WG_OK;
    }
    progress->is_line_open = false;
    progress->line_bytes = 0;
    return progress->writer.write(progress->writer.user, "\n", 1);
}
