/* What explanations and checks ask of a shadow alike.
 * SPDX-License-Identifier: Apache-2.0 */
#include "inspect/way.h"

void wgi_mark_way(wg_node loss, uint8_t *on_way)
{
    on_way[loss.index] = 1;
    for (uint32_t i = loss.index + 1; i > 0; i--) {
        wg_node n = wg_graph_node(loss.graph, i - 1);
        wg_node_info info;
        if (!on_way[i - 1] || wg_node_describe(n, &info) != WG_OK) {
            continue;
        }
        for (int32_t k = 0; k < info.n_inputs; k++) {
            on_way[wg_node_input(n, k).index] = 1;
        }
    }
}

wg_status wgi_copy_of(wg_context *ctx, const wg_tensor *t, wg_tensor **out)
{
    return wg_tensor_from(ctx, wg_tensor_dtype(t), wg_tensor_rank(t), wg_tensor_dims(t),
                          wg_tensor_dtype(t), wg_tensor_data(t), out);
}
