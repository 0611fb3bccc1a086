# Finds oneDNN, 2.6 or 3.x, with or without a package file of its own.
# SPDX-License-Identifier: Apache-2.0
#
# Looks under dnnl_ROOT first. Defines dnnl_FOUND, dnnl_VERSION and the target wengert::dnnl.
include(FindPackageHandleStandardArgs)

find_path(dnnl_INCLUDE_DIR oneapi/dnnl/dnnl.h)
find_library(dnnl_LIBRARY dnnl)

# Only the generated dnnl_version.h of the real include folder tells the version.
if(dnnl_INCLUDE_DIR AND EXISTS "${dnnl_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h")
    file(STRINGS "${dnnl_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h" dnnl_lines
        REGEX "^#define +DNNL_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
    set(dnnl_VERSION "")
    foreach(dnnl_part MAJOR MINOR PATCH)
        if("${dnnl_lines}" MATCHES "DNNL_VERSION_${dnnl_part} +([0-9]+)")
            list(APPEND dnnl_VERSION ${CMAKE_MATCH_1})
        endif()
    endforeach()
    list(JOIN dnnl_VERSION "." dnnl_VERSION)
endif()

find_package_handle_standard_args(dnnl
    REQUIRED_VARS dnnl_LIBRARY dnnl_INCLUDE_DIR
    VERSION_VAR dnnl_VERSION
    HANDLE_VERSION_RANGE)
mark_as_advanced(dnnl_INCLUDE_DIR dnnl_LIBRARY)

if(dnnl_FOUND AND NOT TARGET wengert::dnnl)
    add_library(wengert::dnnl UNKNOWN IMPORTED)
    set_target_properties(wengert::dnnl PROPERTIES
        IMPORTED_LOCATION "${dnnl_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${dnnl_INCLUDE_DIR}")
endif()
