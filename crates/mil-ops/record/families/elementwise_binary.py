"""Functions of two elements, broadcast to each other."""

import numpy as np
from recorder import FLOATS, Value

FUNCTIONS = {
    "add": np.add, "equal": np.equal, "floor_div": np.floor_divide, "greater": np.greater,
    "greater_equal": np.greater_equal, "less": np.less, "less_equal": np.less_equal, "logical_and": np.logical_and,
    "logical_or": np.logical_or, "logical_xor": np.logical_xor, "maximum": np.maximum, "minimum": np.minimum,
    "mod": np.mod, "mul": np.multiply, "not_equal": np.not_equal, "pow": np.power, "real_div": np.divide,
    "sub": np.subtract,
}
SHAPES = [((2, 3), (2, 3)), ((2, 3, 4), (3, 1)), ((1, 4), (3, 1)), ((), (3,))]


def record(op):
    compute = FUNCTIONS[op.name]
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for first, second in SHAPES:
                x, y = operands(op, dtype, first, second)
                wanted = compute(x.array, y.array)
                note = f"numpy.{compute.__name__}"
                if op.name == "real_div" and dtype == "int32":
                    wanted, note = np.trunc(wanted).astype(np.int64), note + ", truncated"
                result = Value(dtype if wanted.dtype != bool else "bool", wanted)
                op.add(version, note, {"x": x, "y": y}, result)
    edges(op, compute)


def edges(op, compute):
    """Infinities, NaN and quotients of zero; integers that overflow and wrap."""
    version = op.versions[-1]
    if op.name in ("add", "sub", "mul"):
        x, y = (np.array(row, np.int32) for row in ([2**31 - 1, -(2**31), 65536, 7], [1, 1, 65537, -9]))
        with np.errstate(over="ignore"):
            wrapped = Value("int32", compute(x, y))
        op.add(version, "numpy.int32", {"x": Value("int32", x), "y": Value("int32", y)}, wrapped)
    if op.name.startswith("logical") or op.name in ("floor_div", "mod", "maximum", "minimum"):
        return
    x, y = np.meshgrid([np.inf, -np.inf, np.nan, 0.0, 2.0, -2.0], [np.inf, -np.inf, np.nan, 0.0, 2.0, -2.0])
    for dtype in FLOATS:
        with np.errstate(all="ignore"):
            wanted = compute(x, y)
        result = Value(dtype if wanted.dtype != bool else "bool", wanted)
        op.add(version, f"numpy.{compute.__name__}, edges", {"x": Value(dtype, x), "y": Value(dtype, y)}, result)


def operands(op, dtype, first, second):
    if op.name == "pow":
        bounds = ((-3, 3), (0, 4)) if dtype == "int32" else ((0.25, 3), (-2, 3))
        return op.draw(dtype, first, *bounds[0]), op.draw(dtype, second, *bounds[1])
    x, y = op.draw(dtype, first, -6, 6), op.draw(dtype, second, -3, 3)
    if op.name in ("floor_div", "mod", "real_div"):
        y = Value(dtype, np.where(np.abs(y.array) < 0.5, 2, y.array))
    if op.name.endswith("equal") and dtype in FLOATS:
        x, y = Value(dtype, np.round(x.array / 3)), Value(dtype, np.round(y.array / 3))
    return x, y


OPS = {name: record for name in FUNCTIONS}
