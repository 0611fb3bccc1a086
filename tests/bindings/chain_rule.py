"""f = (x + y) z at x = -2, y = 5, z = -4: gradients -4, -4, 3; and what goes wrong is raised.

Nested lists, names, text and errors go through the same flat interface as the ops.
"""
# SPDX-License-Identifier: Apache-2.0
import wengert as w

ctx = w.Context(threads=1)
g = w.Graph(ctx)
x, y, z = (g.variable(v, "f64").name_as(n) for v, n in ((-2, "x"), (5, "y"), (-4, "z")))
f = (x + y) * z
f.backward()
assert f.item() == -12
assert (x.gradient(), y.gradient(), z.gradient()) == (-4, -4, 3)

text = g.write(has_data=True)
assert text.splitlines()[1] == '%0 = variable f64 [] data [-2] "x"'
g.reset()
nodes = g.read(text)
assert nodes[-1].item() == -12
assert g.write(has_data=True) == text

g.reset()
a = g.variable([[1, 2, 3], [4, 5, 6]])
assert a.shape == (2, 3) and a.dtype == w.F32
assert a.sum(axes=[1], keepdims=True).value() == [[6], [15]]
assert w.permute(a, axes=[1, 0]).value() == [[1, 4], [2, 5], [3, 6]]
assert (1 - a / 2).value() == [[0.5, 0, -0.5], [-1, -1.5, -2]]
assert g.full(dtype="i64", dims=[2], value=7).value() == [7, 7]
assert w.cast(a, dtype="i64").dtype == w.I64
assert a.stop_gradient().gradient() is None


def expect_error(call, *words):
    try:
        call()
    except w.Error as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError("nothing was raised")
    g.reset()


expect_error(lambda: w.matmul(a, a), "matmul: inner sizes differ: 3 (a, axis 1) vs 2 (b, axis 0)")
expect_error(lambda: a.softmax(axis=1), "before a reset")
a = g.variable([[1.0, 2.0]])
expect_error(lambda: a.softmax(axis=2), "softmax: axis 2 is out of range")
expect_error(lambda: g.read("wengert-list 1\n%0 = nothing()\n"), "line 2, column 6")
expect_error(lambda: g.input([[1, 2], [3]]), "rectangular")
expect_error(lambda: w.add(1, 2), "an input is missing")
print("f = -12; df/dx, df/dy, df/dz = -4, -4, 3")
