// What the peers in C++ share: W8's numbers, and talk over a pipe as bench/serve.c does.
// SPDX-License-Identifier: Apache-2.0
//
// A pass builds a chain of 2 N_PAIRS scalar operations, runs it and differentiates it. A round is
// one pass; its figure is nanoseconds per operation.
#ifndef WG_BENCH_PEERS_SERVE_HPP
#define WG_BENCH_PEERS_SERVE_HPP

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

namespace bench
{

constexpr std::size_t n_pairs = 500000;
constexpr double start = .5;
constexpr double factor = 1 - 1e-6;
constexpr double increment = 1e-6;

// What all must agree on: the last value and its gradient.
struct outcome {
    double h;
    double dw;
    double dx;
};

// The value of an option, or "".
inline std::string option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (std::strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    return "";
}

// Answers until the input ends. The first pass is not timed.
template <typename Pass> int serve(Pass pass)
{
    const outcome first = pass();
    std::printf("{\"checks\": [%.9g, %.9g, %.9g]}\n", first.h, first.dw, first.dx);
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line) && line == "round";) {
        const auto begin = std::chrono::steady_clock::now();
        const outcome last = pass();
        const std::chrono::duration<double, std::nano> ns =
            std::chrono::steady_clock::now() - begin;
        // The outcome is looked at, so that no pass can be left out.
        if (last.h != first.h || last.dw != first.dw) {
            std::cout << "{\"error\": \"a pass differs from the first\"}" << std::endl;
            return 1;
        }
        std::printf("{\"value\": %.9g}\n", ns.count() / (2 * n_pairs));
        std::fflush(stdout);
    }
    return 0;
}

} // namespace bench

#endif
