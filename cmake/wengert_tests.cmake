# How a test is declared.
# SPDX-License-Identifier: Apache-2.0

find_package(cmocka CONFIG QUIET)
if(NOT cmocka_FOUND)
    message(FATAL_ERROR "The tests need cmocka (Debian: libcmocka-dev). "
        "Run `make install-deps`, or configure with -DWENGERT_TESTS=OFF.")
endif()

# wengert_test(name sources... [LABELS labels...] [TIMEOUT seconds])
# A cmocka program over the library's insides, run from its build folder.
function(wengert_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS")
    add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
    target_compile_definitions(${name} PRIVATE
        _POSIX_C_SOURCE=200809L WENGERT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PRIVATE wengert_testing_support wengert_testing wengert_flags
        cmocka)
    cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME room)
    add_test(NAME ${name} COMMAND ${name})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 600)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${room};${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()
