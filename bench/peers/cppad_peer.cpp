// W8 in CppAD: the tape recorded anew by every pass, or kept and run again (W8-kept).
// SPDX-License-Identifier: Apache-2.0
//
// CppAD is told to hold freed memory, so that a later pass does not pay for it again.
#include <vector>

#include <cppad/cppad.hpp>

#include "serve.hpp"

namespace
{

using active = CppAD::AD<double>;
using numbers = std::vector<double>;

const numbers at = {bench::factor, bench::increment};

void record(CppAD::ADFun<double> &f)
{
    std::vector<active> inputs = {at[0], at[1]};
    CppAD::Independent(inputs);
    active h = bench::start;
    for (std::size_t i = 0; i < bench::n_pairs; i++) {
        h = h * inputs[0];
        h = h + inputs[1];
    }
    std::vector<active> outputs = {h};
    f.Dependent(inputs, outputs);
}

bench::outcome run(CppAD::ADFun<double> &f)
{
    const numbers h = f.Forward(0, at);
    const numbers d = f.Reverse(1, numbers{1.});
    return {h[0], d[0], d[1]};
}

} // namespace

int main(int argc, char **argv)
{
    CppAD::thread_alloc::hold_memory(true);
    CppAD::ADFun<double> f;
    if (bench::option(argc, argv, "--workload") == "W8-kept") {
        record(f);
        return bench::serve([&] { return run(f); });
    }
    return bench::serve([&] {
        record(f);
        return run(f);
    });
}
