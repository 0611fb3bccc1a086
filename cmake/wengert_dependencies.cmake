# What the library may use besides the C library: each behind one option, none required.
# SPDX-License-Identifier: Apache-2.0
#
# wengert_dependencies carries what was found, as libraries and WGI_HAVE_ definitions.
# WENGERT_INSTALLED_LIBRARIES lists the same libraries for who links the installed static library.

add_library(wengert_dependencies INTERFACE)
set(WENGERT_HAVE_ONEDNN FALSE)
set(WENGERT_HAVE_LAPACK FALSE)
set(WENGERT_HAVE_OPENMP FALSE)
set(WENGERT_HAVE_ZLIB FALSE)

if(WENGERT_ONEDNN)
    find_package(dnnl 2.6 MODULE)
    set(WENGERT_HAVE_ONEDNN ${dnnl_FOUND})
endif()
if(WENGERT_LAPACK)
    find_package(openblas MODULE)
    set(WENGERT_HAVE_LAPACK ${openblas_FOUND})
endif()
if(WENGERT_OPENMP)
    find_package(OpenMP COMPONENTS C)
    set(WENGERT_HAVE_OPENMP ${OpenMP_C_FOUND})
endif()
if(WENGERT_ZLIB)
    find_package(ZLIB)
    set(WENGERT_HAVE_ZLIB ${ZLIB_FOUND})
endif()

if(WENGERT_HAVE_ONEDNN)
    message(STATUS "wengert: oneDNN ${dnnl_VERSION}")
    target_link_libraries(wengert_dependencies INTERFACE wengert::dnnl)
    target_compile_definitions(wengert_dependencies INTERFACE WGI_HAVE_ONEDNN=1)
elseif(WENGERT_ONEDNN)
    message(NOTICE "wengert: oneDNN not found, built without it (Debian: libdnnl-dev)")
else()
    message(STATUS "wengert: without oneDNN, as asked")
endif()

if(WENGERT_HAVE_LAPACK)
    target_link_libraries(wengert_dependencies INTERFACE wengert::openblas)
    target_compile_definitions(wengert_dependencies INTERFACE WGI_HAVE_LAPACK=1)
elseif(WENGERT_LAPACK)
    message(NOTICE "wengert: OpenBLAS not found, built without it (Debian: libopenblas-dev)")
endif()

if(WENGERT_HAVE_OPENMP)
    target_link_libraries(wengert_dependencies INTERFACE OpenMP::OpenMP_C)
    target_compile_definitions(wengert_dependencies INTERFACE WGI_HAVE_OPENMP=1)
else()
    message(STATUS "wengert: without OpenMP, our own kernels run on one thread")
    target_compile_options(wengert_dependencies INTERFACE
        $<$<COMPILE_LANGUAGE:C>:-Wno-unknown-pragmas>)
endif()

if(WENGERT_HAVE_ZLIB)
    target_link_libraries(wengert_dependencies INTERFACE ZLIB::ZLIB)
    target_compile_definitions(wengert_dependencies INTERFACE WGI_HAVE_ZLIB=1)
else()
    message(STATUS "wengert: without zlib, gzipped files are refused")
endif()

target_link_libraries(wengert_dependencies INTERFACE m)

set(WENGERT_INSTALLED_LIBRARIES m
    $<$<BOOL:${WENGERT_HAVE_ONEDNN}>:wengert::dnnl>
    $<$<BOOL:${WENGERT_HAVE_LAPACK}>:wengert::openblas>
    $<$<BOOL:${WENGERT_HAVE_OPENMP}>:OpenMP::OpenMP_C>
    $<$<BOOL:${WENGERT_HAVE_ZLIB}>:ZLIB::ZLIB>)

# IEEE binary128 for the tests and the command: __float128, whose functions live in a library of
# their own, or long double where that is binary128.
if(WENGERT_TESTS OR WENGERT_FUZZ OR WENGERT_COMMAND)
    include(CheckCSourceCompiles)
    set(CMAKE_REQUIRED_LIBRARIES quadmath)
    check_c_source_compiles("
        __float128 expq(__float128);
        int main(int argc, char **argv) { (void)argv; return expq(argc) > 100; }"
        WENGERT_HAVE_QUADMATH)
    unset(CMAKE_REQUIRED_LIBRARIES)
    check_c_source_compiles("
        #include <float.h>
        _Static_assert(LDBL_MANT_DIG == 113, \"binary128\");
        int main(void) { return 0; }"
        WENGERT_HAVE_WIDE_LONG_DOUBLE)
    if(WENGERT_HAVE_QUADMATH)
        set(WENGERT_WIDE_LIBRARY quadmath)
    endif()
    if(WENGERT_HAVE_QUADMATH OR WENGERT_HAVE_WIDE_LONG_DOUBLE)
        set(WENGERT_HAVE_WIDE TRUE)
    endif()
endif()
