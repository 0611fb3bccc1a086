"""The structs of the module are as large as those of the headers; SIZES names the program that tells.

SPDX-License-Identifier: Apache-2.0
"""
import ctypes
import os
import subprocess

import wengert

STRUCTS = {
    "wg_node": wengert._Handle,
    "wg_attribute": wengert._Attribute,
    "wg_config": wengert._Config,
    "wg_init": wengert._Init,
    "wg_sgd_options": wengert._Sgd,
    "wg_adam_options": wengert._Adam,
}

told = subprocess.run([os.environ["SIZES"]], check=True, capture_output=True, text=True).stdout
sizes = {name: int(size) for name, size in map(str.split, told.splitlines())}
assert sizes.keys() == STRUCTS.keys(), sizes
for name, struct in STRUCTS.items():
    assert ctypes.sizeof(struct) == sizes[name], (name, ctypes.sizeof(struct), sizes[name])
print(f"{len(sizes)} structs")
