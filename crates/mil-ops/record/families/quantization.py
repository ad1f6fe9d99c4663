"""Quantised activations."""

import numpy as np
from recorder import Value, span


def shaped(value, axis, rank):
    return value if value is None or value.ndim == 0 else value.reshape([-1 if a == axis % rank else 1 for a in range(rank)])


def quantize(op):
    for version in op.versions:
        for source in version.dtypes("input"):
            for target in ("int8", "uint8"):
                for axis, has_zero in ((None, True), (None, False), (1, True), (-2, False)):
                    x = op.draw(source, (2, 3, 4), -9, 9)
                    count = () if axis is None else (x.shape[axis],)
                    scale = Value(source, 2.0 ** op.random.integers(-5, 0, count))
                    zero = op.draw(target, count, -9, 9) if has_zero else None
                    steps = np.round(x.array / shaped(scale.array, axis, 3)) + (shaped(zero.array, axis, 3) if has_zero else 0)
                    y = np.clip(steps, *span(target)).astype(np.int64)
                    operands = {"input": x, "scale": scale, "zero_point": zero, "axis": axis, "output_dtype": target}
                    op.add(version, "numpy: clip(round(x / scale) + zero_point)", operands, Value(target, y))


def dequantize(op):
    for version in op.versions:
        for source in version.dtypes("input"):
            for target in version.dtypes("scale"):
                for axis, has_zero in ((None, True), (None, False), (1, True), (-2, False)):
                    x = Value(source, op.random.integers(*span(source), (2, 3, 4)))
                    count = () if axis is None else (x.shape[axis],)
                    scale = op.draw(target, count, 0.25, 2)
                    zero = Value(source, op.random.integers(*span(source), count)) if has_zero else None
                    y = shaped(scale.array, axis, 3) * (x.array - (shaped(zero.array, axis, 3) if has_zero else 0))
                    operands = {"input": x, "scale": scale, "zero_point": zero, "axis": axis}
                    op.add(version, "numpy: scale * (x - zero_point)", operands, Value(target, y))


OPS = {"quantize": quantize, "dequantize": dequantize}
