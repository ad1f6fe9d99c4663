"""Pooling: PyTorch where it has the padding, windows in NumPy where it has not."""

import numpy as np
import torch
import torch.nn.functional as F
from recorder import Value
from windows import padding

# Shape, parameters; the last ones are PyTorch's own.
CALLS = [
    ((1, 2, 7), {"kernel_sizes": [3], "pad_type": "valid"}),
    ((1, 2, 5, 6), {"kernel_sizes": [2, 3], "strides": [2, 1], "pad_type": "custom", "pad": [0, 1, 2, 1]}),
    ((1, 1, 5, 6), {"kernel_sizes": [3, 2], "strides": [2, 2], "pad_type": "same"}),
    ((1, 1, 5, 6), {"kernel_sizes": [2, 2], "strides": [2, 2], "pad_type": "same_lower"}),
    ((1, 1, 3, 4, 3), {"kernel_sizes": [2, 2, 2], "strides": [1, 2, 1], "pad_type": "valid"}),
    ((1, 2, 6, 5), {"kernel_sizes": [3, 3], "strides": [2, 2], "pad_type": "custom", "pad": [1, 1, 1, 1], "ceil_mode": True}),
    ((1, 2, 7, 8), {"kernel_sizes": [2, 3], "strides": [3, 3], "pad_type": "valid", "ceil_mode": True}),
]


def windowed(x, given, outside, combine):
    """`combine` of every window, the last axes; padding counts as `outside`."""
    rank = x.ndim - 2
    kernel, strides = given["kernel_sizes"], given.get("strides", [1] * rank)
    around = padding(given["pad_type"], x.shape[2:], kernel, strides, None, given.get("pad"))
    padded = np.pad(x, [(0, 0), (0, 0), *around], constant_values=outside)
    axes = tuple(range(2, 2 + rank))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axes)
    windows = windows[(slice(None), slice(None), *(slice(None, None, stride) for stride in strides))]
    return combine(windows, tuple(range(-rank, 0)))


def torched(op, x, given, exclude):
    rank = x.ndim - 2
    kernel, strides = tuple(given["kernel_sizes"]), tuple(given.get("strides", [1] * rank))
    pad = tuple(given.get("pad", [0] * 2 * rank)[::2])
    x = torch.tensor(x)
    if op == "max_pool":
        return getattr(F, f"max_pool{rank}d")(x, kernel, strides, pad, ceil_mode=True).numpy()
    x = x if op == "avg_pool" else x.square()
    mean = getattr(F, f"avg_pool{rank}d")(x, kernel, strides, pad, ceil_mode=True, count_include_pad=not exclude)
    if op == "avg_pool":
        return mean.numpy()
    # Sums: the mean over an explicit divisor of 1.
    return torch.sqrt(F.avg_pool2d(x, kernel, strides, pad, ceil_mode=True, divisor_override=1)).numpy()


def record(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for shape, given in CALLS:
                if op.name == "l2_pool" and len(shape) == 5:
                    continue
                for exclude in (None, True, False) if op.name == "avg_pool" else (None,):
                    x = op.draw(dtype, shape)
                    if given.get("ceil_mode"):
                        note, y = "torch.nn.functional", torched(op.name, x.array, given, bool(exclude))
                    elif op.name == "max_pool":
                        note, y = "numpy windows", windowed(x.array, given, -np.inf, lambda w, axes: w.max(axes))
                    elif op.name == "l2_pool":
                        note, y = "numpy windows", windowed(x.array, given, 0, lambda w, axes: np.sqrt(np.square(w).sum(axes)))
                    else:
                        outside = np.nan if exclude else 0
                        mean = np.nanmean if exclude else np.mean
                        note, y = "numpy windows", windowed(x.array, given, outside, lambda w, axes: mean(w, axes))
                    more = {"opset": "CoreML6"} if given["pad_type"] == "same_lower" else {}
                    operands = {"x": x} | given | {"exclude_padding_from_average": exclude}
                    op.add(version, note, operands, Value(dtype, y), **more)
                    if "ceil_mode" not in given and exclude is None and given["pad_type"] == "valid":
                        op.add(version, note, operands | {"ceil_mode": False}, Value(dtype, y))


OPS = {"avg_pool": record, "l2_pool": record, "max_pool": record}
