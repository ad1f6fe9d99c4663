"""Normalisations, by PyTorch."""

import numpy as np
import torch
import torch.nn.functional as F
from recorder import Value


def tensor(value):
    return None if value is None else torch.tensor(value.array)


def sweep(op, other, calls):
    """Every pair of types with every call, as (shape, whether there are gamma and beta, epsilon, other operands)."""
    for version in op.versions:
        for dtype, kind in version.pairs("x", other):
            for shape, affine, epsilon, more in calls:
                yield version, op.draw(dtype, shape), kind, affine, epsilon and Value(kind, epsilon), more


def batch_norm(op):
    calls = [((2, 3, 2, 2), True, None, {}), ((1, 3, 4), True, 0.125, {}), ((1, 2, 2, 1, 2), False, 0.25, {})]
    for version, x, kind, affine, epsilon, _ in sweep(op, "mean", calls):
        count = x.shape[1]
        given = {"mean": op.draw(kind, (count,)), "variance": op.draw(kind, (count,), 0.5, 2), "epsilon": epsilon}
        given |= {name: op.draw(kind, (count,)) for name in ("gamma", "beta") if affine}
        y = F.batch_norm(
            tensor(x), tensor(given["mean"]), tensor(given["variance"]), tensor(given.get("gamma")),
            tensor(given.get("beta")), eps=float(epsilon.array) if epsilon else 1e-5,
        )
        op.add(version, "torch.nn.functional.batch_norm", {"x": x} | given, Value(x.dtype, y.numpy()))


def instance_norm(op):
    calls = [((2, 3, 2, 2), True, None, {}), ((1, 2, 5), True, 0.125, {}), ((1, 2, 3, 2), False, 0.25, {})]
    for version, x, kind, affine, epsilon, _ in sweep(op, "gamma", calls):
        given = {name: op.draw(kind, x.shape[1:2]) for name in ("gamma", "beta") if affine}
        eps = float(epsilon.array) if epsilon else 1e-5
        y = F.instance_norm(tensor(x), weight=tensor(given.get("gamma")), bias=tensor(given.get("beta")), eps=eps)
        op.add(version, "torch.nn.functional.instance_norm", {"x": x, "epsilon": epsilon} | given, Value(x.dtype, y.numpy()), atol=4e-6)


def layer_norm(op):
    calls = [
        ((2, 3, 4), True, None, {"axes": [-1]}), ((2, 3, 4), True, 0.125, {"axes": [1, 2]}), ((2, 5), False, 0.25, {}),
        ((2, 3, 2), False, None, {"axes": [1]}),
    ]
    for version, x, kind, affine, epsilon, more in sweep(op, "gamma", calls):
        axes = more.get("axes", list(range(len(x.shape))))
        inner = [x.shape[axis] for axis in axes]
        given = {name: op.draw(kind, inner) for name in ("gamma", "beta") if affine} | more
        eps = float(epsilon.array) if epsilon else 1e-5
        if axes == [1]:
            swapped = F.layer_norm(tensor(x).transpose(1, 2), inner, eps=eps).transpose(1, 2)
        else:
            swapped = F.layer_norm(tensor(x), inner, tensor(given.get("gamma")), tensor(given.get("beta")), eps)
        op.add(version, "torch.nn.functional.layer_norm", {"x": x, "epsilon": epsilon} | given, Value(x.dtype, swapped.numpy()), atol=4e-6)


def l2_norm(op):
    calls = [((2, 3, 2), False, None, {}), ((2, 3, 2, 2), False, 0.5, {})]
    for version, x, _, _, epsilon, _ in sweep(op, "epsilon", calls):
        axes = tuple(range(len(x.shape) - 3, len(x.shape)))
        total = np.square(x.array).sum(axes, keepdims=True) + (float(epsilon.array) if epsilon else 1e-6)
        op.add(version, "numpy: x / sqrt(sum(x^2) + epsilon)", {"x": x, "epsilon": epsilon}, Value(x.dtype, x.array / np.sqrt(total)))


def local_response_norm(op):
    for version in op.versions:
        for dtype, kind in version.pairs("x", "alpha"):
            for shape, size, numbers in (((1, 5, 2, 2), 3, {"alpha": 0.5, "beta": 0.5, "k": 2.0}), ((2, 4, 3), 3, {})):
                x = op.draw(dtype, shape)
                given = {name: Value(kind, number) for name, number in numbers.items()}
                # Core ML takes an array of rank 3 as one image of channels, rows and columns.
                images = tensor(x) if len(shape) > 3 else tensor(x)[None]
                y = F.local_response_norm(images, size, numbers.get("alpha", 1e-4), numbers.get("beta", 0.75), numbers.get("k", 1.0))
                op.add(version, "torch.nn.functional.local_response_norm", {"x": x, "size": size} | given, Value(dtype, y.numpy().reshape(shape)))


OPS = {
    "batch_norm": batch_norm, "instance_norm": instance_norm, "l2_norm": l2_norm, "layer_norm": layer_norm,
    "local_response_norm": local_response_norm,
}
