/* What an embedding program does first: record, run, read.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <wengert/wengert.h>

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    if (wg_context_create(NULL, &ctx) != WG_OK || wg_graph_create(ctx, &g) != WG_OK) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    wg_node y = wg_add(wg_number(g, WG_F32, 3.0), wg_number(g, WG_F32, 4.0));
    printf("wengert %s: %g\n", wg_version(), wg_item(y));
    int status = wg_graph_status(g) == WG_OK ? 0 : 1;
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
    return status;
}
