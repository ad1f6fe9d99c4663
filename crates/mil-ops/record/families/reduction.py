"""Reductions."""

import numpy as np
from recorder import FLOATS, Value
from scipy import special

FUNCTIONS = {
    "reduce_l1_norm": lambda x, **k: np.abs(x).sum(**k),
    "reduce_l2_norm": lambda x, **k: np.sqrt(np.square(x).sum(**k)),
    "reduce_log_sum": lambda x, **k: np.log(x.sum(**k)),
    "reduce_log_sum_exp": lambda x, axis, keepdims: special.logsumexp(x, axis=axis, keepdims=keepdims),
    "reduce_max": lambda x, **k: x.max(**k),
    "reduce_mean": lambda x, **k: x.mean(**k),
    "reduce_min": lambda x, **k: x.min(**k),
    "reduce_prod": lambda x, **k: x.prod(**k),
    "reduce_sum": lambda x, **k: x.sum(**k),
    "reduce_sum_square": lambda x, **k: np.square(x).sum(**k),
}
NOTES = {"reduce_log_sum_exp": "scipy.special.logsumexp"}
# Integers whose results are integers, where the function leaves them: one row to reduce each.
WHOLE = {
    "reduce_l2_norm": [[3, -4], [0, 5]], "reduce_log_sum": [[3, -2], [1, 0]], "reduce_log_sum_exp": [[2], [-3]],
    "reduce_mean": [[3, -1], [-4, -6]],
}


def record(op):
    compute, note = FUNCTIONS[op.name], NOTES.get(op.name, "numpy")
    for version in op.versions:
        for dtype in version.dtypes("x"):
            if dtype not in FLOATS and op.name in WHOLE:
                x = Value(dtype, WHOLE[op.name])
                wanted = np.rint(compute(x.array.astype(float), axis=1, keepdims=False)).astype(np.int64)
                op.add(version, note + ", where it is whole", {"x": x, "axes": [1]}, Value(dtype, wanted))
                continue
            for axes, keep in ((None, None), ([1], False), ([-1], True), ([0, 2], True), ([0, -1], None), ([], None)):
                low = 0.25 if op.name == "reduce_log_sum" else -2
                x = op.draw(dtype, (2, 3, 2), low, 2)
                wanted = compute(x.array, axis=None if axes is None else tuple(axes), keepdims=bool(keep))
                op.add(version, note, {"x": x, "axes": axes, "keep_dims": keep}, Value(dtype, wanted))
            if op.name == "reduce_log_sum_exp":
                x = Value(dtype, [[500, 501, -7], [-500, -501, -500]]) if dtype in FLOATS else Value(dtype, [[5], [9]])
                wanted = compute(x.array, axis=1, keepdims=False)
                op.add(version, note + ", large", {"x": x, "axes": [1]}, Value(dtype, wanted))


def position(compute, note):
    def record(op):
        for version in op.versions:
            for dtype in version.dtypes("x"):
                x = Value(dtype, [[2, 3, 3, 1], [-1, -1, 0, -1]])
                op.add(version, note + ", the first of equals", {"x": x}, Value("int32", compute(x.array, axis=1)))
                for axis, keep in ((None, None), (0, True), (1, False), (-2, True)):
                    x = op.draw(dtype, (3, 4), -2, 2)
                    along = -1 if axis is None else axis
                    wanted = compute(x.array, axis=along)
                    wanted = np.expand_dims(wanted, along) if keep else wanted
                    operands = {"x": x, "axis": axis, "keep_dims": keep}
                    op.add(version, note, operands, Value("int32", wanted))
                    for output in ("int32", "uint16") if version.at_least("iOS17") and keep else ():
                        op.add(version, note, operands | {"output_dtype": output}, Value(output, wanted))

    return record


OPS = {name: record for name in FUNCTIONS}
OPS |= {"reduce_argmax": position(np.argmax, "numpy.argmax"), "reduce_argmin": position(np.argmin, "numpy.argmin")}
