# Thin wrappers around CMake; the build itself is in CMakeLists.txt and CMakePresets.json.
# SPDX-License-Identifier: Apache-2.0
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
MAKEFLAGS += --no-print-directory

.PHONY: demo test asan bench coverage format lint install-deps clean

# The library and one example: trains a digit classifier and shows what it did.
demo:
	@tools/install-deps demo
	@cmake --preset demo --log-level=NOTICE
	@cmake --build --preset demo --parallel $(JOBS)
	@cd build/demo && examples/digits "$(CURDIR)/examples/data/digits.csv"

test:
	@tools/install-deps test
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)
	ctest --preset release --parallel $(JOBS)

asan:
	@tools/install-deps test
	cmake --preset asan
	cmake --build --preset asan --parallel $(JOBS)
	ctest --preset asan --parallel $(JOBS)

# libgomp reads its spin count when it is loaded: short spinning keeps a shared machine's numbers
# honest and costs nothing on an idle one.
bench:
	@tools/install-deps demo
	cmake --preset release -DWENGERT_TESTS=OFF -B build/bench
	cmake --build build/bench --target wengert_bench --parallel $(JOBS)
	GOMP_SPINCOUNT=2000 build/bench/bench/wengert_bench

coverage:
	@tools/install-deps coverage
	@tools/coverage

format:
	@git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format -i

lint:
	cmake --preset dev
	@git ls-files --cached --others --exclude-standard 'src/*.c' | xargs clang-tidy -p build/dev --quiet

install-deps:
	@tools/install-deps all

clean:
	rm -rf build
