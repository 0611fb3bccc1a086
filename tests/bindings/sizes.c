/* The structs that the bindings write down anew, and their sizes in C: NAME BYTES.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <wengert/wengert.h>

#define SIZE(type) printf("%s %zu\n", #type, sizeof(type))

int main(void)
{
    SIZE(wg_node);
    SIZE(wg_attribute);
    SIZE(wg_config);
    SIZE(wg_init);
    SIZE(wg_sgd_options);
    SIZE(wg_adam_options);
    return 0;
}
