# Writes <wengert/locations.h>: the macros that stamp every recorded node with its place.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: cmake -DDEF=src/ops/ops.def -DLAYERS=include/wengert/layers.h -DOUT=locations.h
#     -P cmake/generate_locations.cmake
include("${CMAKE_CURRENT_LIST_DIR}/ops_def.cmake")

wengert_op_constructors("${DEF}" names)
set(text "/* Stamps what a constructor records with the caller's file and line. Generated from ops.def.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The functions stay what they are: (wg_relu)(x) and &wg_relu do not expand. Define
 * WG_NO_LOCATIONS before the first include to do without. */
#ifndef WG_LOCATIONS_H
#define WG_LOCATIONS_H

#include <wengert/graph.h>

#if !defined(WG_NO_LOCATIONS)
")
foreach(name IN LISTS names)
    string(APPEND text
        "#define wg_${name}(...) wg_at(wg_${name}(__VA_ARGS__), __FILE__, __LINE__)\n")
endforeach()
file(READ "${LAYERS}" layers)
string(REGEX MATCHALL "WG_API wg_node wg_[a-z0-9_]+_apply\\(" applies "${layers}")
foreach(apply IN LISTS applies)
    string(REGEX REPLACE "WG_API wg_node (.*)\\(" "\\1" name "${apply}")
    string(APPEND text "#define ${name}(...) wg_at(${name}(__VA_ARGS__), __FILE__, __LINE__)\n")
endforeach()
string(APPEND text "#endif\n\n#endif\n")
file(WRITE "${OUT}" "${text}")
