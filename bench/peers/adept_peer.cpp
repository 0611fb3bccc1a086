// W8 in Adept: recorded anew by every pass, on a stack that is kept or (W8-cold) a new one.
// SPDX-License-Identifier: Apache-2.0
#include <adept.h>

#include "serve.hpp"

namespace
{

bench::outcome run(adept::Stack &stack)
{
    adept::adouble w = bench::factor;
    adept::adouble x = bench::increment;
    stack.new_recording();
    adept::adouble h = bench::start;
    for (std::size_t i = 0; i < bench::n_pairs; i++) {
        h = h * w;
        h = h + x;
    }
    h.set_gradient(1.);
    stack.compute_adjoint();
    return {h.value(), w.get_gradient(), x.get_gradient()};
}

} // namespace

int main(int argc, char **argv)
{
    if (bench::option(argc, argv, "--workload") == "W8-cold") {
        return bench::serve([] {
            adept::Stack stack;
            return run(stack);
        });
    }
    adept::Stack stack;
    return bench::serve([&] { return run(stack); });
}
