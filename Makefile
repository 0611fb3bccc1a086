# Thin wrappers around CMake; the build itself is in CMakeLists.txt and CMakePresets.json.
# SPDX-License-Identifier: Apache-2.0
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
MAKEFLAGS += --no-print-directory

.PHONY: demo test asan bench mutants coverage format lint install-deps clean ops-doc

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
# honest and costs nothing on an idle one. WORKLOADS=W1,W4 PEERS=none ROUNDS=9 THREADS=1,2 choose;
# CONTENTION=1 times one workload beside a program that spins. bench/README.md says more.
WORKLOADS ?= all
PEERS ?= all
ROUNDS ?= 9
THREADS ?= 1,2
bench:
	@tools/install-deps demo
	cmake --preset release --log-level=NOTICE -B build/bench \
		-DWENGERT_TESTS=OFF -DWENGERT_EXAMPLES=OFF
	cmake --build build/bench --target bench_programs --parallel $(JOBS)
	@if command -v python3 >/dev/null; then \
		GOMP_SPINCOUNT=2000 python3 bench/run.py --workloads "$(WORKLOADS)" --peers "$(PEERS)" \
			--rounds "$(ROUNDS)" --threads "$(THREADS)" $(if $(CONTENTION),--contention); \
	else \
		echo "without python3: the library alone, on one thread"; \
		mkdir -p build/bench/bench/data; \
		build/bench/bench/wengert_bench --write-data build/bench/bench/data && \
		GOMP_SPINCOUNT=2000 build/bench/bench/wengert_bench --data build/bench/bench/data; \
	fi

# Are the tests any good? Plants MUTANTS faults in rules, shapes and kernels and names those that no
# test noticed; then the catalogue of named faults, and programs that must raise no alarm.
MUTANTS ?= 300
mutants:
	@tools/install-deps test
	cmake --preset dev -B build/mutants -DCMAKE_C_COMPILER_LAUNCHER=
	cmake --build build/mutants --parallel $(JOBS)
	build/mutants/tests/programs/test_faults
	build/mutants/tests/inspect/test_check_faults
	build/mutants/tests/programs/test_programs 10000
	tools/mutants.py --build build/mutants --count $(MUTANTS) --jobs $(JOBS)

coverage:
	@tools/install-deps coverage
	@tools/coverage

# docs/ops.md anew from the headers; a test holds that it is what they say.
ops-doc:
	cmake --preset release --log-level=NOTICE
	cmake --build --preset release --target wengert_ops_files --parallel $(JOBS)
	cp build/release/share/wengert/ops.md docs/ops.md

format:
	@git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format -i

lint:
	cmake --preset dev
	@git ls-files --cached --others --exclude-standard 'src/*.c' | xargs clang-tidy -p build/dev --quiet

install-deps:
	@tools/install-deps all

clean:
	rm -rf build
