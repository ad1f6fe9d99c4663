"""Matrix products."""

import numpy as np
from recorder import Value


def bounds(dtype):
    """Sums whose terms cancel, and integers that are not rounded."""
    return {"fp16": {"atol": 1e-5}, "fp32": {"atol": 1e-5}}.get(dtype, {})


def linear(op):
    for version in op.versions:
        for dtype, other in version.pairs("x", "weight"):
            for shape, has_bias in (((2, 3), True), ((2, 1, 3), False), ((3,), True)):
                if "int32" in (dtype, other) and dtype != other:
                    continue
                if len(shape) == 1 and version.since == "iOS13":
                    shape = (1, 3)
                x, weight = op.draw(dtype, shape), op.draw(other, (4, 3))
                bias = op.draw(other, (4,)) if has_bias else None
                y = x.array @ weight.array.T + (bias.array if has_bias else 0)
                operands = {"x": x, "weight": weight, "bias": bias}
                op.add(version, "numpy.matmul", operands, Value(dtype, y), **bounds(dtype))


def matmul(op):
    calls = [
        ((2, 3), (3, 4), None, None), ((2, 3, 2), (2, 3, 4), True, False), ((1, 2, 3), (2, 4, 3), False, True),
        ((3, 2), (4, 3), True, True), ((2, 1, 2, 3), (2, 3, 2), None, None), ((3,), (3, 2), None, None),
    ]
    for version in op.versions:
        for dtype, other in version.pairs("x", "y"):
            if "int32" in (dtype, other) and dtype != other:
                continue
            for first, second, swap_x, swap_y in calls:
                x, y = op.draw(dtype, first), op.draw(other, second)
                a = x.array.swapaxes(-1, -2) if swap_x else x.array
                b = y.array.swapaxes(-1, -2) if swap_y else y.array
                operands = {"x": x, "y": y, "transpose_x": swap_x, "transpose_y": swap_y}
                op.add(version, "numpy.matmul", operands, Value(dtype, a @ b), **bounds(dtype))


def einsum(op):
    calls = [
        ("nchw,nwhr->nchr", (1, 2, 3, 2), (1, 2, 3, 4)), ("chw,whr->chr", (2, 3, 2), (2, 3, 4)),
        ("abc,cd->abd", (2, 3, 2), (2, 4)), ("ij,kj->ik", (2, 3), (4, 3)), ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
        ("i,j->ij", (2,), (3,)), ("ij,ij->", (2, 3), (2, 3)), ("ab,ab->ba", (2, 3), (2, 3)),
        ("iij,jk->ik", (2, 2, 3), (3, 2)), ("ij,k->i", (2, 3), (2,)),
    ]
    for dtype in ("fp16", "fp32", "int32"):
        for equation, first, second in calls:
            x, y = op.draw(dtype, first), op.draw(dtype, second)
            wanted = np.einsum(equation, x.array, y.array)
            operands = {"values": [x, y], "equation": equation}
            op.add(op.versions[0], "numpy.einsum", operands, Value(dtype, wanted), **bounds(dtype))


OPS = {"einsum": einsum, "linear": linear, "matmul": matmul}
