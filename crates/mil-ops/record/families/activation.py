"""Activations."""

import numpy as np
import torch
import torch.nn.functional as F
from recorder import Value


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain(compute, note):
    def record(op):
        for version in op.versions:
            for dtype in version.dtypes("x"):
                for shape in ((2, 3, 4), (7,)):
                    x = op.draw(dtype, shape, -4, 9 if op.name == "relu6" else 4)
                    op.add(version, note, {"x": x}, Value(dtype, compute(x.array)))
                x = Value(dtype, [-200, -60, -20, 20, 60, 200])
                op.add(version, note + ", large", {"x": x}, Value(dtype, compute(x.array)))

    return record


def scalars(compute, note, **numbers):
    """Those with numbers for the whole tensor."""

    def record(op):
        for version in op.versions:
            for dtype, other in version.pairs("x", "alpha"):
                x = op.draw(dtype, (2, 3, 4), -4, 4)
                given = {name: Value(other, number) for name, number in numbers.items()}
                wanted = compute(x.array, *(g.array for g in given.values()))
                op.add(version, note, {"x": x} | given, Value(dtype, wanted))

    return record


def channels(compute, note, *names):
    """Those with numbers for each channel."""

    def record(op):
        for version in op.versions:
            for dtype, other in version.pairs("x", "alpha"):
                x = op.draw(dtype, (2, 3, 2, 2), -4, 4)
                given = {name: op.draw(other, (3,), 0.25, 2) for name in names}
                shaped = [g.array.reshape(3, 1, 1) for g in given.values()]
                op.add(version, note, {"x": x} | given, Value(dtype, compute(x.array, *shaped)))

    return record


def gelu(op):
    modes = {
        "EXACT": ("torch.nn.functional.gelu", lambda x: F.gelu(torch.tensor(x)).numpy()),
        "TANH_APPROXIMATION": ("torch.nn.functional.gelu(approximate='tanh')", lambda x: F.gelu(torch.tensor(x), approximate="tanh").numpy()),
        "SIGMOID_APPROXIMATION": ("numpy: x * sigmoid(1.702 x)", lambda x: x * sigmoid(1.702 * x)),
        None: ("torch.nn.functional.gelu", lambda x: F.gelu(torch.tensor(x)).numpy()),
    }
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for mode, (note, compute) in modes.items():
                x = op.draw(dtype, (2, 5), -4, 4)
                op.add(version, note, {"x": x, "mode": mode}, Value(dtype, compute(x.array)))


def softmax(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for axis in (None, 0, 1, -2):
                x = op.draw(dtype, (2, 3, 4), -4, 4)
                wanted = torch.softmax(torch.tensor(x.array), -1 if axis is None else axis).numpy()
                op.add(version, "torch.softmax", {"x": x, "axis": axis}, Value(dtype, wanted))
            x = Value(dtype, [[600.0, -60, 0], [-600, -601, -599], [-np.inf, 1, 2]])
            op.add(version, "torch.softmax, large", {"x": x}, Value(dtype, torch.softmax(torch.tensor(x.array), -1).numpy()))


OPS = {
    "relu": plain(lambda x: np.maximum(x, 0), "numpy.maximum(x, 0)"),
    "relu6": plain(lambda x: np.clip(x, 0, 6), "numpy.clip(x, 0, 6)"),
    "sigmoid": plain(sigmoid, "numpy: 1 / (1 + exp(-x))"),
    "silu": plain(lambda x: x * sigmoid(x), "numpy: x * sigmoid(x)"),
    "softplus": plain(lambda x: np.log1p(np.exp(x)), "numpy.log1p(exp(x))"),
    "softsign": plain(lambda x: x / (1 + np.abs(x)), "numpy: x / (1 + abs(x))"),
    "clamped_relu": scalars(lambda x, a, b: np.minimum(np.where(x >= 0, x, a * x), b), "numpy: the formula", alpha=0.25, beta=1.5),
    "elu": scalars(lambda x, a: np.where(x >= 0, x, a * np.expm1(x)), "numpy: the formula", alpha=1.5),
    "leaky_relu": scalars(lambda x, a: np.where(x >= 0, x, a * x), "numpy: the formula", alpha=0.125),
    "linear_activation": scalars(lambda x, a, b: a * x + b, "numpy: the formula", alpha=2.5, beta=-0.75),
    "scaled_tanh": scalars(lambda x, a, b: a * np.tanh(b * x), "numpy: the formula", alpha=1.5, beta=0.75),
    "sigmoid_hard": scalars(lambda x, a, b: np.clip(a * x + b, 0, 1), "numpy: the formula", alpha=0.25, beta=0.5),
    "thresholded_relu": scalars(lambda x, a: np.where(x >= a, x, 0), "numpy: the formula", alpha=1.0),
    "prelu": channels(lambda x, a: np.where(x >= 0, x, a * x), "numpy: the formula", "alpha"),
    "softplus_parametric": channels(lambda x, a, b: a * np.log1p(np.exp(b * x)), "numpy: the formula", "alpha", "beta"),
    "gelu": gelu,
    "softmax": softmax,
}
