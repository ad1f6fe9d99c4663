"""Functions of one element."""

import numpy as np
from recorder import FLOATS, Value
from scipy import special

# What computes it, and the range that its operand is drawn from.
FUNCTIONS = {
    "abs": (np.abs, -3, 3), "acos": (np.arccos, -1, 1), "asin": (np.arcsin, -1, 1), "atan": (np.arctan, -5, 5),
    "atanh": (np.arctanh, -0.9, 0.9), "ceil": (np.ceil, -3, 3), "cos": (np.cos, -6, 6), "cosh": (np.cosh, -3, 3),
    "erf": (special.erf, -2, 2), "exp": (np.exp, -4, 4), "exp2": (np.exp2, 0, 7), "floor": (np.floor, -3, 3),
    "round": (np.round, -3, 3), "sign": (np.sign, -2, 2), "sin": (np.sin, -6, 6), "sinh": (np.sinh, -3, 3),
    "sqrt": (np.sqrt, 0, 9), "square": (np.square, -5, 5), "tan": (np.tan, -1.4, 1.4), "tanh": (np.tanh, -4, 4),
}


def function(name):
    compute, low, high = FUNCTIONS[name]

    def record(op):
        for version in op.versions:
            for dtype in version.dtypes("x"):
                x = op.draw(dtype, (3, 4), low, high)
                wanted = compute(x.array)
                y = Value(dtype, wanted if dtype in FLOATS else wanted.astype(np.int64))
                op.add(version, ("scipy.special." if name == "erf" else "numpy.") + compute.__name__, {"x": x}, y)

    return record


def edges(op):
    """Also halves, infinities, and what is outside the domain."""
    compute = FUNCTIONS[op.name][0]
    function(op.name)(op)
    for dtype in FLOATS:
        x = Value(dtype, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan])
        with np.errstate(all="ignore"):
            y = Value(dtype, compute(x.array))
        op.add(op.versions[-1], f"numpy.{compute.__name__}, edges", {"x": x}, y)


def with_epsilon(compute, formula):
    def record(op):
        for version in op.versions:
            for dtype, other in version.pairs("x", "epsilon"):
                x = op.draw(dtype, (3, 4), 0.5, 4)
                epsilon = Value(other, 0.25)
                op.add(version, f"numpy: {formula}", {"x": x, "epsilon": epsilon}, Value(dtype, compute(x.array, epsilon.array)))
            x = Value("fp32", [0, np.inf, 1e-30])
            op.add(version, f"numpy: {formula}, edges", {"x": x, "epsilon": Value("fp32", 1e-6)}, Value("fp32", compute(x.array, np.float64(np.float32(1e-6)))))
            default = {"log": 1e-45, "inverse": 1e-4, "rsqrt": 1e-12}[op.name]
            for dtype in version.dtypes("x"):
                x = op.draw(dtype, (5,), 0.5, 4)
                op.add(version, f"numpy: {formula}, default epsilon", {"x": x}, Value(dtype, compute(x.array, default)))

    return record


def clip(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            x = op.draw(dtype, (3, 4), -4, 4)
            bounds = {"alpha": Value(dtype, -1.5), "beta": Value(dtype, 2.25)}
            op.add(version, "numpy.clip", {"x": x} | bounds, Value(dtype, np.clip(x.array, -1.5, 2.25)))


def threshold(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            x = op.draw(dtype, (3, 4), -4, 4)
            bound = Value(dtype, 1)
            op.add(version, "numpy.maximum", {"x": x, "alpha": bound}, Value(dtype, np.maximum(x.array, 1)))


def logical_not(op):
    for shape in ((2, 3), ()):
        x = op.draw("bool", shape)
        op.add(op.versions[0], "numpy.logical_not", {"x": x}, Value("bool", np.logical_not(x.array)))


def cast(op):
    for version in op.versions:
        dtypes = version.dtypes("x")
        for source in dtypes:
            for target in dtypes:
                unsigned = target.startswith("u") or source.startswith("u")
                x = op.draw(source, (2, 4), 0 if unsigned else -5, 9)
                y = x.array
                if target == "bool":
                    y = y != 0
                elif target not in FLOATS:
                    y = np.trunc(y.astype(np.float64)).astype(np.int64)
                else:
                    y = y.astype(np.float64)
                op.add(version, "numpy.ndarray.astype", {"x": x, "dtype": target}, Value(target, y))
    x = Value("fp32", [1.0 + 2**-12, 65519.0, 70000.0, 1e-8, -0.3, 2049.0])
    op.add(op.versions[-1], "numpy.float16: nearest even, overflow", {"x": x, "dtype": "fp16"}, Value("fp16", x.array), rtol=0, atol=0, rounds=True)


OPS = {name: function(name) for name in FUNCTIONS} | {name: edges for name in FUNCTIONS if name not in ("erf", "sign")}
OPS |= {
    "inverse": with_epsilon(lambda x, e: 1 / (x + e), "1 / (x + epsilon)"),
    "log": with_epsilon(lambda x, e: np.log(x + e), "log(x + epsilon)"),
    "rsqrt": with_epsilon(lambda x, e: 1 / np.sqrt(x + e), "1 / sqrt(x + epsilon)"),
    "clip": clip, "threshold": threshold, "logical_not": logical_not, "cast": cast,
}
