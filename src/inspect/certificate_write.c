/* Certificates written: a table, and JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include <wengert/certificate.h>

#include <math.h>

#include "core/text.h"
#include "inspect/printer.h"

#define NUMBER_BYTES 32

/* A number in so many digits, whatever the locale; "-" for NaN. */
static const char *number_text(double x, const char *none, char *out)
{
    wgi_text text = wgi_text_make(out, NUMBER_BYTES);
    if (isnan(x)) {
        wgi_text_add(&text, "%s", none);
    } else {
        wgi_text_add_number(&text, x, 3);
    }
    return out;
}

static void print_row(wgi_printer *p, const wg_certificate *c)
{
    char first[NUMBER_BYTES];
    char second[NUMBER_BYTES];
    char distance[NUMBER_BYTES];
    wgi_print(
        p, "%-26s %8d %9lld %12s %12s %12s  %s%s%s\n", c->op, (int)c->n_samples,
        (long long)c->n_elements, number_text(c->first_order, "-", first),
        number_text(c->second_order, "-", second), number_text(c->f32_distance, "-", distance),
        c->verdict == WG_CHECK_UNDECIDABLE ? "no gradient" : wg_check_verdict_name(c->verdict),
        c->n_wrong > 0 ? ": " : "", c->n_wrong > 0 ? c->worst : "");
}

wg_status wg_certificate_write(const wg_certificate *certificates, size_t n,
                               const wg_writer *writer)
{
    wgi_printer p;
    if ((certificates == NULL && n > 0) || writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wgi_printer_open(&p, writer);
    wgi_print(&p, "%-26s %8s %9s %12s %12s %12s\n", "op", "samples", "elements", "1st, ulp",
              "2nd, ulp", "f32 to f64");
    for (size_t i = 0; i < n; i++) {
        print_row(&p, &certificates[i]);
    }
    return wgi_printer_close(&p);
}

/* JSON has no infinity: null stands for what is no number. */
static void print_field(wgi_printer *p, const char *name, double x)
{
    char text[NUMBER_BYTES];
    wgi_print(p, ", \"%s\": %s", name, number_text(isfinite(x) ? x : (double)NAN, "null", text));
}

static void print_object(wgi_printer *p, const wg_certificate *c)
{
    wgi_print(p, "  {\"op\": \"%s\", \"verdict\": \"%s\", \"samples\": %d, \"kinks\": %d", c->op,
              wg_check_verdict_name(c->verdict), (int)c->n_samples, (int)c->n_kinks);
    wgi_print(p, ", \"elements\": %lld, \"wrong\": %lld", (long long)c->n_elements,
              (long long)c->n_wrong);
    print_field(p, "first_order_ulp", c->first_order);
    print_field(p, "second_order_ulp", c->second_order);
    print_field(p, "f32_distance", c->f32_distance);
    wgi_print(p, ", \"worst\": \"");
    wgi_print_text(p, c->worst, WGI_ESCAPE_ASCII, 63);
    wgi_print(p, "\"}");
}

wg_status wg_certificate_write_json(const wg_certificate *certificates, size_t n,
                                    const wg_writer *writer)
{
    wgi_printer p;
    if ((certificates == NULL && n > 0) || writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wgi_printer_open(&p, writer);
    wgi_print(&p, "[\n");
    for (size_t i = 0; i < n; i++) {
        print_object(&p, &certificates[i]);
        wgi_print(&p, i + 1 < n ? ",\n" : "\n");
    }
    wgi_print(&p, "]\n");
    return wgi_printer_close(&p);
}
