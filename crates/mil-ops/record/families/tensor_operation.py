"""Sorting, joining, filling, and what else works on whole tensors."""

import numpy as np
from recorder import FLOATS, ListOf, Value

ALL = ("bool", "fp16", "fp32", "int32")


def argsort(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for axis, ascending in ((None, None), (0, True), (-1, True), (1, False)):
                x = op.distinct(dtype, (3, 4))
                along = -1 if axis is None else axis
                order = np.argsort(x.array if ascending else -x.array, along, kind="stable")
                op.add(version, "numpy.argsort", {"x": x, "axis": axis, "ascending": ascending}, Value("int32", order))


def ties(op):
    """Equal elements keep their order, as in a stable sort."""
    op_of = {"argsort": argsort, "topk": topk}[op.name]
    op_of(op)
    version = op.versions[-1]
    for ascending in (True, False):
        x = Value("fp32", [[1, 2, 1, 2, 1], [0, 0, 0, -1, 0]])
        order = np.argsort(x.array if ascending else -x.array, -1, kind="stable")
        operands = {"x": x, "axis": 1, "ascending": ascending}
        if op.name == "argsort":
            op.add(version, "numpy.argsort(stable)", operands, Value("int32", order))
        else:
            order = order[:, :3]
            results = [Value("fp32", np.take_along_axis(x.array, order, 1)), Value("int32", order)]
            op.add(version, "numpy.argsort(stable)", operands | {"k": 3}, results)


def band_part(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for lower, upper in ((None, None), (0, 1), (1, 0), (-1, 0), (2, -1)):
                x = op.draw(dtype, (2, 3, 4))
                below, above = (9 if bound is None or bound < 0 else bound for bound in (lower, upper))
                y = np.triu(np.tril(x.array, above), -below)
                op.add(version, "numpy.tril, numpy.triu", {"x": x, "lower": lower, "upper": upper}, Value(dtype, y))


def concat(op):
    for dtype in (*ALL, "int8", "int16", "uint8", "uint16"):
        version = op.versions[0] if dtype in ALL else op.versions[-1]
        parts = [op.draw(dtype, (2, n, 2)) for n in (1, 2, 3)]
        y = np.concatenate([part.array for part in parts], 1)
        op.add(version, "numpy.concatenate", {"values": parts, "axis": 1}, Value(dtype, y))
        pair = [op.draw(dtype, (2, 3)) for _ in range(2)]
        for interleave in (True, False):
            y = np.stack([part.array for part in pair], 2).reshape(2, 6)
            y = y if interleave else np.concatenate([part.array for part in pair], -1)
            op.add(version, "numpy.stack", {"values": pair, "axis": -1, "interleave": interleave}, Value(dtype, y))


def cumsum(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for axis, exclusive, reverse in ((None, None, None), (1, True, False), (-1, False, True), (0, True, True)):
                x = op.draw(dtype, (3, 4))
                along = axis or 0
                y = np.flip(x.array, along) if reverse else x.array
                y = np.cumsum(y, along) - (y if exclusive else 0)
                y = np.flip(y, along) if reverse else y
                operands = {"x": x, "axis": axis, "exclusive": exclusive, "reverse": reverse}
                op.add(version, "numpy.cumsum", operands, Value(dtype, y))


def fill(op):
    number = {"bool": True, "fp16": 1.5, "fp32": -2.25, "int32": 7}
    for version in op.versions:
        for dtype in ALL:
            for shape in ([2, 3], [1]):
                y = Value(dtype, np.full(shape, number[dtype]))
                op.add(version, "numpy.full", {"shape": shape, "value": Value(dtype, number[dtype])}, y)
        op.add(version, "numpy.zeros", {"shape": [2, 2]}, Value("fp32", np.zeros((2, 2))))


def fill_like(op):
    number = {"bool": True, "fp16": 1.5, "fp32": -2.25, "int32": 7}
    for version in op.versions:
        for like in ALL:
            x = op.draw(like, (2, 3))
            for dtype in ALL:
                y = Value(dtype, np.full((2, 3), number[dtype]))
                op.add(version, "numpy.full", {"ref_tensor": x, "value": Value(dtype, number[dtype])}, y)
            op.add(version, "numpy.zeros", {"ref_tensor": x}, Value("fp32", np.zeros((2, 3))))


def flatten2d(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for axis in (None, 0, 2, -1):
                x = op.draw(dtype, (2, 3, 2))
                place = 1 if axis is None else axis % 3
                y = x.array.reshape(int(np.prod(x.shape[:place], dtype=int)), -1)
                op.add(version, "numpy.reshape", {"x": x, "axis": axis}, Value(dtype, y))


def identity(op):
    version = op.versions[0]
    for dtype in ALL:
        x = op.draw(dtype, (2, 2))
        op.add(version, "the operand itself", {"x": x}, x)
    x = ListOf("int32", [op.draw("int32", (2,)), None], True)
    op.add(version, "the operand itself", {"x": x}, x)


def overlap(a, b):
    """Intersection over union of boxes given as centre and size."""
    low = np.maximum(a[:2] - a[2:] / 2, b[:2] - b[2:] / 2)
    high = np.minimum(a[:2] + a[2:] / 2, b[:2] + b[2:] / 2)
    common = np.prod(np.maximum(high - low, 0))
    return common / (np.prod(a[2:]) + np.prod(b[2:]) - common)


def suppressed(boxes, scores, iou, least, most, per_class):
    """The picked boxes of one image, best first: greedy, each box with its best class."""
    best, kind = scores.max(1), scores.argmax(1)
    picked = []
    for at in np.argsort(-best, kind="stable"):
        rivals = [p for p in picked if not per_class or kind[p] == kind[at]]
        if best[at] > least and len(picked) < most and all(overlap(boxes[at], boxes[p]) <= iou for p in rivals):
            picked.append(at)
    return picked


def non_maximum_suppression(op):
    for version in op.versions:
        last = version.at_least("iOS17")
        for dtype in version.dtypes("boxes"):
            for per_class in (None, True, False):
                scores = op.distinct(dtype, (2, 6, 2))
                scores = Value(dtype, (scores.array + 15.5) / 32)
                centres = np.repeat(np.arange(3), 2)[None, :, None] * 8 + op.random.integers(0, 3, (2, 6, 2)) / 2
                boxes = Value(dtype, np.concatenate([centres, np.full((2, 6, 2), 4.0)], -1))
                limits = {"iou_threshold": Value(dtype, 0.375)} | ({} if last else {"score_threshold": Value(dtype, 0.25)})
                least = -np.inf if last else 0.25
                limits |= {"max_boxes": 4, "per_class_suppression": per_class}
                picks = [suppressed(b, s, 0.375, least, 4, bool(per_class)) for b, s in zip(boxes.array, scores.array)]
                assert all(picks)
                out = [np.zeros((2, 4, 4)), np.zeros((2, 4, 2)), np.full((2, 4), -1), np.array([len(p) for p in picks])]
                for image, pick in enumerate(picks):
                    out[0][image, : len(pick)] = boxes.array[image, pick]
                    out[1][image, : len(pick)] = scores.array[image, pick]
                    out[2][image, : len(pick)] = pick
                results = [Value(dtype, out[0]), Value(dtype, out[1]), Value("int32", out[2]), Value("int32", out[3])]
                given = [boxes, scores]
                if last:
                    given = [Value(dtype, v.array.transpose(0, 2, 1)) for v in given]
                    results = [Value(dtype, v.array.transpose(0, 2, 1)) for v in results[:2]] + results[2:3]
                operands = {"boxes": given[0], "scores": given[1]} | limits
                op.add(version, "numpy: greedy suppression", operands, results)


def non_zero(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for shape in ((3, 4), (6,)):
                x = op.draw(dtype, shape, -1, 1)
                x = Value(dtype, np.where(op.draw("bool", shape).array, x.array, 0))
                op.add(version, "numpy.argwhere", {"x": x}, Value("int32", np.argwhere(x.array)))


def one_hot(op):
    for version in op.versions:
        for dtype in version.dtypes("on_value"):
            for axis in (None, 0, -2):
                indices = Value("int32", [[0, 2, 1], [3, 0, 0]])
                on, off = (True, False) if dtype == "bool" else (5, -3)
                hot = np.eye(4)[indices.array] != 0
                hot = np.moveaxis(hot, -1, -1 if axis is None else axis)
                y = Value(dtype, np.where(hot, on, off))
                operands = {"indices": indices, "one_hot_vector_size": 4, "axis": axis}
                op.add(version, "numpy.eye", operands | {"on_value": Value(dtype, on), "off_value": Value(dtype, off)}, y)
        op.add(version, "numpy.eye", {"indices": Value("int32", [1, 4, 0]), "one_hot_vector_size": 3}, Value("int32", [[0, 1, 0], [0, 0, 0], [1, 0, 0]]))


def pad(op):
    modes = {"constant": "constant", "reflect": "reflect", "replicate": "edge", None: "constant"}
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for mode, known in modes.items():
                x = op.draw(dtype, (1, 2, 3, 4))
                for amounts in ([2, 1], [1, 2, 0, 3]):
                    around = np.array([0] * (8 - len(amounts)) + amounts).reshape(4, 2)
                    number = {"constant_values": 2.5} if mode == "constant" else {}
                    y = np.pad(x.array, around, known, **number)
                    given = Value(dtype, 2.5) if mode == "constant" else None
                    operands = {"x": x, "pad": amounts, "mode": mode, "constant_val": given}
                    op.add(version, f"numpy.pad({known})", operands, Value(dtype, y))


def range_1d(op):
    for version in op.versions:
        for dtype in version.dtypes("start"):
            calls = [(1, 7, 2), (5, -4, -3), (0, 0, 1)] + ([(0.5, 2, 0.25), (1, 2.1, 0.5)] if dtype in FLOATS else [])
            for start, end, step in calls:
                operands = {"start": Value(dtype, start), "end": Value(dtype, end), "step": Value(dtype, step)}
                y = np.arange(start, operands["end"].array, step)
                y = y if dtype in FLOATS else y.astype(np.int64)
                op.add(version, "numpy.arange", operands, Value(dtype, y))


def shape(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for sizes in ((2, 3), (1, 0, 4)):
                x = op.draw(dtype, sizes)
                op.add(version, "numpy.shape", {"x": x}, Value("int32", x.shape))


def split(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            x = op.draw(dtype, (2, 6))
            for operands, parts in (
                ({"num_splits": 3, "axis": 1}, np.split(x.array, 3, 1)),
                ({"split_sizes": [1, 3, 2], "axis": -1}, np.split(x.array, [1, 4], -1)),
                ({"num_splits": 2, "split_sizes": [1, 1], "axis": 0}, np.split(x.array, [1], 0)),
            ):
                op.add(version, "numpy.split", {"x": x} | operands, [Value(dtype, part) for part in parts])


def stack(op):
    for dtype in (*ALL, "int8", "uint16"):
        version = op.versions[0] if dtype in ALL else op.versions[-1]
        for axis in (0, 1, -1):
            parts = [op.draw(dtype, (2, 3)) for _ in range(3)]
            y = np.stack([part.array for part in parts], axis)
            op.add(version, "numpy.stack", {"values": parts, "axis": axis}, Value(dtype, y))


def tile(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for reps in ([2, 1], [1, 3], [2, 2]):
                x = op.draw(dtype, (2, 2))
                op.add(version, "numpy.tile", {"x": x, "reps": reps}, Value(dtype, np.tile(x.array, reps)))


def topk(op):
    for version in op.versions:
        kinds = version.dtypes("k") or ["int32"]
        for turn, dtype in enumerate(version.dtypes("x")):
            for shift, (k, axis, ascending) in enumerate(((None, None, None), (2, 0, True), (3, -1, False), (2, 1, True))):
                x = op.distinct(dtype, (3, 4))
                along = -1 if axis is None else axis
                order = np.argsort(x.array if ascending else -x.array, along, kind="stable")
                order = np.take(order, range(k or 1), along)
                values = Value(dtype, np.take_along_axis(x.array, order, along))
                operands = {"x": x, "k": k and Value(kinds[(turn + shift) % len(kinds)], k), "axis": axis, "ascending": ascending}
                op.add(version, "numpy.argsort", operands, [values, Value("int32", order)])
                if version.at_least("iOS16") and shift == 2:
                    op.add(version, "numpy.argsort", operands | {"return_indices": False}, [values])
                    for indices in ("uint16", "int32") if version.at_least("iOS17") else ():
                        more = {"output_indices_dtype": indices, "return_indices": True, "sort": True}
                        op.add(version, "numpy.argsort", operands | more, [values, Value(indices, order)])
                    # In any order: all elements of an axis are one.
                    whole = op.draw(dtype, (3, 1))
                    more = {"x": whole, "k": 1, "axis": 1, "sort": False}
                    op.add(version, "the only element", more, [whole, Value("int32", np.zeros((3, 1), int))])


OPS = {
    "argsort": ties, "band_part": band_part, "concat": concat, "cumsum": cumsum, "fill": fill, "fill_like": fill_like,
    "flatten2d": flatten2d, "identity": identity, "non_maximum_suppression": non_maximum_suppression,
    "non_zero": non_zero, "one_hot": one_hot, "pad": pad, "range_1d": range_1d, "shape": shape, "split": split,
    "stack": stack, "tile": tile, "topk": ties,
}
