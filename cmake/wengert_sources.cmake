# How a room hands its sources to the library.
# SPDX-License-Identifier: Apache-2.0
include(ops_def)

# Adds sources of the calling folder to the library, and so to its build for the tests.
function(wengert_sources)
    foreach(source IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
        target_sources(wengert_objects PRIVATE "${source}")
    endforeach()
endfunction()

# Compiles one source of the calling folder with further options, in every build of it.
function(wengert_source_options source)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    set_property(SOURCE "${source}" TARGET_DIRECTORY wengert_objects
        APPEND PROPERTY COMPILE_OPTIONS ${ARGN})
endfunction()
