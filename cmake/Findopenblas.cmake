# Finds OpenBLAS with its LAPACK; other libraries of that interface do not tell their threads.
# SPDX-License-Identifier: Apache-2.0
#
# Looks under openblas_ROOT first. Defines openblas_FOUND and the target wengert::openblas.
include(FindPackageHandleStandardArgs)
include(CheckLibraryExists)

find_library(openblas_LIBRARY openblas)
if(openblas_LIBRARY)
    check_library_exists("${openblas_LIBRARY}" dgesdd_ "" openblas_HAS_LAPACK)
    check_library_exists("${openblas_LIBRARY}" openblas_get_num_threads "" openblas_TELLS_THREADS)
endif()

find_package_handle_standard_args(openblas
    REQUIRED_VARS openblas_LIBRARY openblas_HAS_LAPACK openblas_TELLS_THREADS)
mark_as_advanced(openblas_LIBRARY)

if(openblas_FOUND AND NOT TARGET wengert::openblas)
    add_library(wengert::openblas UNKNOWN IMPORTED)
    set_target_properties(wengert::openblas PROPERTIES IMPORTED_LOCATION "${openblas_LIBRARY}")
endif()
