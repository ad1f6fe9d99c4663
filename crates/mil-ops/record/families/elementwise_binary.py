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
