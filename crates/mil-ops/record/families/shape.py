"""Ops that move elements without computing."""

import numpy as np
import torch
import torch.nn.functional as F
from recorder import Value


def moved(calls, note="numpy"):
    """Calls as (shape of `x`, other operands, what NumPy does with `x`), for every element type of `x`."""

    def record(op):
        for version in op.versions:
            for dtype in version.dtypes("x"):
                for shape, operands, compute in calls:
                    x = op.draw(dtype, shape, -9, 9)
                    op.add(version, note, {"x": x} | operands, Value(dtype, compute(x.array)))

    return record


def over(parameter, calls, note="numpy"):
    """The same for every element type of `x` and, turn by turn, every one of the integer parameters."""

    def record(op):
        for version in op.versions:
            integers, turn = version.dtypes(parameter), 0
            for dtype in version.dtypes("x"):
                for shape, typed, operands, compute in calls:
                    if all(version.params.get(name) for name in typed):
                        of = integers[turn % len(integers)]
                        turn += 1
                        x = op.draw(dtype, shape, -9, 9)
                        typed_values = {name: Value(of, given) for name, given in typed.items()}
                        op.add(version, note, {"x": x} | typed_values | operands, Value(dtype, compute(x.array)))

    return record


def torched(compute):
    return lambda x: compute(torch.tensor(x)).numpy()


def batch_to_space(x, block, crops):
    (b0, b1), (n, c, h, w) = block, x.shape
    y = x.reshape(b0, b1, n // (b0 * b1), c, h, w).transpose(2, 3, 4, 0, 5, 1).reshape(-1, c, h * b0, w * b1)
    (top, bottom), (left, right) = crops
    return y[:, :, top : h * b0 - bottom, left : w * b1 - right]


def space_to_batch(x, block, paddings):
    b0, b1 = block
    x = np.pad(x, ((0, 0), (0, 0), *map(tuple, paddings)))
    n, c, h, w = x.shape
    y = x.reshape(n, c, h // b0, b0, w // b1, b1).transpose(3, 5, 0, 1, 2, 4)
    return y.reshape(n * b0 * b1, c, h // b0, w // b1)


def depth_to_space(x, b):
    n, c, h, w = x.shape
    y = x.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2)
    return y.reshape(n, c // b**2, h * b, w * b)


def space_to_depth(x, b):
    n, c, h, w = x.shape
    y = x.reshape(n, c, h // b, b, w // b, b).transpose(0, 3, 5, 1, 2, 4)
    return y.reshape(n, c * b**2, h // b, w // b)


def pixel_unshuffle(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for factor, shape in ((2, (1, 2, 4, 2)), (3, (1, 1, 3, 6))):
                x = op.draw(dtype, shape, -9, 9)
                wanted = F.pixel_unshuffle(torch.tensor(x.array), factor).numpy()
                operands = {"x": x, "downscale_factor": Value("uint32", factor)}
                op.add(version, "torch.nn.functional.pixel_unshuffle", operands, Value(dtype, wanted))


def reshape_like(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            x = op.draw(dtype, (2, 6), -9, 9)
            refs = [op.draw("fp32", (3, 2, 5)), op.draw("fp32", (7, 2))]
            constants = {
                "begins": [Value("int32", 0), Value("int32", 1)], "ends": [Value("int32", 2), Value("int32", 0)],
                "end_masks": [Value("bool", False), Value("bool", True)],
            }
            operands = {"x": x, "ref_tensors": refs} | constants
            op.add(version, "numpy.reshape", operands, Value(dtype, x.array.reshape(3, 2, 2)))


def reverse_sequence(op):
    for version in op.versions:
        integers = version.dtypes("lengths")
        for turn, dtype in enumerate(version.dtypes("x")):
            for shift, (seq, batch) in enumerate(((1, 0), (2, 1), (None, 1), (2, None))):
                x = op.draw(dtype, (2, 3, 4), -9, 9)
                sequence, rows = seq or 0, batch or 0
                lengths = op.random.integers(0, x.shape[sequence] + 1, x.shape[rows])
                y = x.array.copy()
                for row, length in enumerate(lengths):
                    part = np.moveaxis(y, (rows, sequence), (0, 1))[row]
                    part[:length] = part[:length][::-1].copy()
                operands = {"x": x, "lengths": Value(integers[(turn + shift) % len(integers)], lengths)}
                op.add(version, "numpy", operands | {"seq_axis": seq, "batch_axis": batch}, Value(dtype, y))


def slice_update(op):
    calls = [
        ([1, 0, 1], [3, 2, 4], {}, np.s_[1:3, 0:2, 1:4]),
        ([-1, 2, 0], [-4, 0, 4], {"stride": [-2, -1, 3]}, np.s_[-1:-4:-2, 2:0:-1, 0:4:3]),
        ([1, 1, 1], [2, 2, 2], {"begin_mask": [True, False, False], "end_mask": [False, False, True]}, np.s_[:2, 1:2, 1:]),
        ([2, 1, 0], [3, 3, 4], {"squeeze_mask": [True, False, False]}, np.s_[2, 1:3, 0:4]),
    ]
    for version in op.versions:
        integers, turn = version.dtypes("begin"), 0
        for dtype in version.dtypes("x"):
            for begin, end, more, place in calls:
                of = integers[turn % len(integers)]
                turn += 1
                x = op.draw(dtype, (4, 3, 4), -9, 9)
                y = x.array.copy()
                update = op.draw(dtype, y[place].shape, -9, 9)
                y[place] = update.array
                more = {k: Value(of, v) if k == "stride" else Value("bool", v) for k, v in more.items()}
                operands = {"x": x, "update": update, "begin": Value(of, begin), "end": Value(of, end)}
                op.add(version, "numpy", operands | more, Value(dtype, y))


def sliding(x, axis, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis)
    windows = np.moveaxis(windows, -1, axis % x.ndim + 1)
    return np.take(windows, range(0, windows.shape[axis % x.ndim], stride), axis % x.ndim)


def reshape(op):
    over("shape", [
        ((2, 3, 4), {"shape": [4, -1]}, {}, lambda x: x.reshape(4, 6)),
        ((2, 3, 4), {"shape": [0, 2, 6]}, {}, lambda x: x.reshape(2, 2, 6)),
    ])(op)
    for version in op.versions:
        if version.at_least("iOS17"):
            x = op.draw("fp32", (3, 2, 4))
            y = Value("fp32", x.array.reshape(6, 4))
            op.add(version, "numpy; 0 counts from the end", {"x": x, "shape": [-1, 0]}, y)


OPS = {
    "batch_to_space": moved([
        ((4, 1, 2, 3), {"block_shape": [2, 2], "crops": [[0, 0], [0, 0]]}, lambda x: batch_to_space(x, (2, 2), ((0, 0), (0, 0)))),
        ((6, 2, 2, 2), {"block_shape": [2, 3], "crops": [[1, 0], [1, 2]]}, lambda x: batch_to_space(x, (2, 3), ((1, 0), (1, 2)))),
    ]),
    "space_to_batch": moved([
        ((1, 1, 4, 6), {"block_shape": [2, 2], "paddings": [[0, 0], [0, 0]]}, lambda x: space_to_batch(x, (2, 2), ((0, 0), (0, 0)))),
        ((1, 2, 3, 3), {"block_shape": [2, 3], "paddings": [[1, 0], [1, 2]]}, lambda x: space_to_batch(x, (2, 3), ((1, 0), (1, 2)))),
    ]),
    "depth_to_space": moved([((1, 8, 2, 1), {"block_size": 2}, lambda x: depth_to_space(x, 2)), ((1, 9, 1, 2), {"block_size": 3}, lambda x: depth_to_space(x, 3))]),
    "space_to_depth": moved([((1, 2, 4, 2), {"block_size": 2}, lambda x: space_to_depth(x, 2)), ((1, 1, 3, 6), {"block_size": 3}, lambda x: space_to_depth(x, 3))]),
    "pixel_shuffle": moved([
        ((1, 8, 2, 1), {"upscale_factor": 2}, torched(lambda x: F.pixel_shuffle(x, 2))),
        ((1, 9, 1, 2), {"upscale_factor": 3}, torched(lambda x: F.pixel_shuffle(x, 3))),
    ], "torch.nn.functional.pixel_shuffle"),
    "pixel_unshuffle": pixel_unshuffle,
    "expand_dims": moved([
        ((2, 3), {"axes": [0]}, lambda x: np.expand_dims(x, 0)),
        ((2, 3), {"axes": [1, -1]}, lambda x: np.expand_dims(x, (1, -1))),
    ], "numpy.expand_dims"),
    "squeeze": moved([
        ((1, 2, 1, 3), {"axes": [0]}, lambda x: np.squeeze(x, 0)),
        ((1, 2, 1, 3), {"axes": [-2]}, lambda x: np.squeeze(x, -2)),
        ((1, 2, 1, 3), {}, np.squeeze),
    ], "numpy.squeeze"),
    "reverse": moved([
        ((2, 3), {"axes": [0]}, lambda x: np.flip(x, 0)),
        ((2, 2, 3), {"axes": [-1, 0]}, lambda x: np.flip(x, (-1, 0))),
        ((2, 3), {}, np.flip),
    ], "numpy.flip"),
    "transpose": moved([
        ((2, 3), {"perm": [1, 0]}, lambda x: x.T),
        ((2, 3, 2), {"perm": [-1, 0, 1]}, lambda x: x.transpose(2, 0, 1)),
    ], "numpy.transpose"),
    "sliding_windows": moved([
        ((2, 5), {"axis": 1, "size": 2}, lambda x: sliding(x, 1, 2, 1)),
        ((6, 2), {"axis": -2, "size": 3, "stride": 2}, lambda x: sliding(x, 0, 3, 2)),
    ], "numpy.lib.stride_tricks.sliding_window_view"),
    "slice_by_index": over("begin", [
        ((4, 3, 4), {"begin": [1, 0, 1], "end": [3, 2, 9]}, {}, lambda x: x[1:3, 0:2, 1:9]),
        ((4, 3), {"begin": [-1, 0], "end": [-4, 3], "stride": [-2, 2]}, {}, lambda x: x[-1:-4:-2, 0:3:2]),
        ((4, 3), {"begin": [1, 1], "end": [2, 2]}, {"begin_mask": [True, False], "end_mask": [False, True]}, lambda x: x[:2, 1:]),
        ((4, 3, 2), {"begin": [2, 0, -1], "end": [0, 3, 0]}, {"squeeze_mask": [True, False, True]}, lambda x: x[2, 0:3, -1]),
    ]),
    "slice_by_size": over("begin", [
        ((4, 3), {"begin": [1, 0], "size": [2, 3]}, {}, lambda x: x[1:3]),
        ((4, 3), {"begin": [2, 1], "size": [-1, 1]}, {}, lambda x: x[2:, 1:2]),
    ]),
    "reshape": reshape, "reshape_like": reshape_like, "reverse_sequence": reverse_sequence, "slice_update": slice_update,
}
