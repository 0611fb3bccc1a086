# The version has one home: the public header.
# SPDX-License-Identifier: Apache-2.0

# Sets <out> to "major.minor.patch" as `header` defines it.
function(wengert_read_version header out)
    file(STRINGS "${header}" lines REGEX "^#define WG_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$")
    foreach(part MAJOR MINOR PATCH)
        if(NOT "${lines}" MATCHES "WG_VERSION_${part} ([0-9]+)")
            message(FATAL_ERROR "${header} does not define WG_VERSION_${part}")
        endif()
        list(APPEND parts ${CMAKE_MATCH_1})
    endforeach()
    list(JOIN parts "." version)
    set(${out} ${version} PARENT_SCOPE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
endfunction()
