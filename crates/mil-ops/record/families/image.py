"""Images: PyTorch's `grid_sample` and `interpolate`; `numpy.interp` at the places that the documentation of the sampling modes
gives, where PyTorch has no such mode."""

import numpy as np
import torch
import torch.nn.functional as F
from recorder import FLOATS, Value

SAMPLING = ("DEFAULT", "STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "UNALIGN_CORNERS", "OFFSET_CORNERS")


def grid(size, count, mode):
    """Where `count` elements look on an axis that is `size` long, from 0 on."""
    i = np.arange(count)
    if mode == "ALIGN_CORNERS" and count == 1:
        places = np.array([(size - 1) / 2])
    elif mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        places = i * (size - 1) / max(count - 1, 1)
    elif mode == "DEFAULT":
        places = i * (size - size / count) / max(count - 1, 1)
    elif mode == "OFFSET_CORNERS":
        delta = max(1, size - 1) / count
        places = 0.5 * delta + i * delta
    else:
        places = (i + 0.5) * size / count - 0.5
    return np.clip(places, 0, size - 1)


def along(x, axis, places):
    """Linear interpolation along one axis."""
    return np.apply_along_axis(lambda row: np.interp(places, np.arange(len(row)), row), axis, x)


def resized(x, target, mode):
    for axis, count in zip(range(-len(target), 0), target):
        x = along(x, axis, grid(x.shape[axis], count, mode))
    return x


def resize(op):
    for version in op.versions:
        kinds, turn = version.dtypes("shape"), 0
        for dtype in version.dtypes("x"):
            for interpolation in ("LINEAR", "NEAREST_NEIGHBOR", None):
                for mode in (*SAMPLING, None):
                    # Interpolated integers would have to be rounded, which no documentation says how.
                    if dtype not in FLOATS and interpolation != "NEAREST_NEIGHBOR":
                        continue
                    kind, turn = kinds[turn % len(kinds)], turn + 1
                    x = op.draw(dtype, (1, 2, 4, 3), -9, 9)
                    target = [1, 1, 6, 5] if turn % 2 else [0, 4]
                    sizes = [n or x.shape[2] for n in target[-2:]]
                    if interpolation == "NEAREST_NEIGHBOR":
                        y = x.array
                        for axis, count in zip((-2, -1), sizes):
                            places = grid(y.shape[axis], count, mode or "DEFAULT")
                            # A place in the middle of two elements is left to other cases.
                            places = np.where(np.abs(places % 1 - 0.5) < 1e-9, np.floor(places + 0.5), np.round(places))
                            y = np.take(y, places.astype(int), axis)
                    else:
                        y = resized(x.array, sizes, mode or "DEFAULT")
                    operands = {"x": x, "shape": Value(kind, target), "resized_dims": Value("uint32", 2)}
                    operands |= {"interpolation_mode": interpolation, "sampling_mode": mode}
                    op.add(version, "numpy.interp" if interpolation != "NEAREST_NEIGHBOR" else "numpy.take", operands, Value(dtype, y))
            if dtype in FLOATS:
                x = op.draw(dtype, (2, 5))
                operands = {"x": x, "shape": Value(kinds[0], [3]), "resized_dims": Value("uint32", 1)}
                op.add(version, "numpy.interp", operands, Value(dtype, resized(x.array, [3], "DEFAULT")))


def resize_bilinear(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for mode in (*SAMPLING, None):
                for height, width in ((5, 6), (2, 1), (None, 3)):
                    x = op.draw(dtype, (1, 2, 3, 4))
                    y = resized(x.array, [height or 1, width], mode or "DEFAULT")
                    operands = {"x": x, "target_size_height": height, "target_size_width": width, "sampling_mode": mode}
                    op.add(version, "numpy.interp", operands, Value(dtype, y))
            x = op.draw(dtype, (2, 3, 4))
            op.add(version, "numpy.interp", {"x": x, "target_size_height": 4}, Value(dtype, resized(x.array, [4, 1], "DEFAULT")))


def interpolate(x, size, **options):
    return F.interpolate(torch.tensor(x), tuple(int(n) for n in size), **options).numpy()


def resize_nearest_neighbor(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for height, width in ((6, 8), (5, 3), (2, 7)):
                x = op.draw(dtype, (1, 2, 3, 4))
                y = interpolate(x.array, (height, width), mode="nearest")
                operands = {"x": x, "target_size_height": height, "target_size_width": width}
                op.add(version, "torch.nn.functional.interpolate(nearest)", operands, Value(dtype, y))


def factors(version):
    """Factors in every type that they may have, and none."""
    found = [(None, None), (Value("int32", 2), Value("int32", 3)), (Value("fp32", 1.5), Value("fp32", 2.75))]
    kinds = version.dtypes("scale_factor_height")
    return [pair for pair in found if pair[0] is None or pair[0].dtype in kinds]


def scaled(x, pair):
    return [int(np.floor(n * (1 if factor is None else factor.array))) for n, factor in zip(x.shape[-2:], pair)]


def upsample_nearest_neighbor(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for pair in factors(version):
                x = op.draw(dtype, (1, 2, 2, 4))
                y = interpolate(x.array, scaled(x, pair), mode="nearest")
                operands = {"x": x, "scale_factor_height": pair[0], "scale_factor_width": pair[1]}
                op.add(version, "torch.nn.functional.interpolate(nearest)", operands, Value(dtype, y))


def upsample_bilinear(op):
    for version in op.versions:
        centres = [(None, None), (True, False), (False, True), (False, False), (False, None)]
        choices = centres if "half_pixel_centers" in version.params else [(None, None), (True, None), (False, None)]
        for dtype in version.dtypes("x"):
            for pair in factors(version):
                for aligned, half in choices:
                    x = op.draw(dtype, (1, 1, 2, 4))
                    size = scaled(x, pair)
                    if (aligned, half) == (False, False):
                        note, y = "numpy.interp", resized(x.array, size, "DEFAULT")
                    else:
                        corners = aligned is not False
                        note = "torch.nn.functional.interpolate(bilinear)"
                        y = interpolate(x.array, size, mode="bilinear", align_corners=corners)
                    operands = {"x": x, "scale_factor_height": pair[0], "scale_factor_width": pair[1]}
                    op.add(version, note, operands | {"align_corners": aligned, "half_pixel_centers": half}, Value(dtype, y))


def crop(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for shape, (top, bottom), (left, right) in (((1, 2, 4, 5), (1, 1), (0, 2)), ((2, 3, 4), (0, 2), (1, 0))):
                x = op.draw(dtype, shape)
                y = x.array[..., top : shape[-2] - bottom, left : shape[-1] - right]
                operands = {"x": x, "crop_height": [top, bottom], "crop_width": [left, right]}
                op.add(version, "numpy", operands, Value(dtype, y))


def affine(op):
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for count, (height, width) in ((1, (3, 4)), (2, (2, 5))):
                x = op.draw(dtype, (2, 2, 4, 3))
                matrix = op.draw(dtype, (count, 6), -1, 1)
                theta = torch.tensor(np.repeat(matrix.array, 2 // count, 0).reshape(2, 2, 3))
                places = F.affine_grid(theta, (2, 2, height, width), align_corners=True)
                y = F.grid_sample(torch.tensor(x.array), places, "bilinear", "zeros", align_corners=True).numpy()
                operands = {"x": x, "transform_matrix": matrix, "output_height": height, "output_width": width}
                operands |= {"sampling_mode": "bilinear", "padding_mode": "constant", "padding_value": Value(dtype, 0)}
                operands |= {"coordinates_mode": "normalized_minus_one_to_one", "align_corners": True}
                op.add(version, "torch.nn.functional.affine_grid, grid_sample", operands, Value(dtype, y), atol=4e-6)


def resample(op):
    reading = {"unnormalized": None, "normalized_minus_one_to_one": (-1, 2), "normalized_zero_to_one": (0, 1)}
    for version in op.versions:
        kinds = version.dtypes("coordinates")
        turn = 0
        for dtype in version.dtypes("x"):
            for padding in ("constant", "border", "reflection", "symmetric"):
                for mode in reading:
                    for aligned in (True, False):
                        for kind in sorted({kinds[turn % len(kinds)], "fp32"}):
                            sampling = ("bilinear", "nearest")[turn % 2]
                            sampled(op, version, dtype, kind, padding, mode, reading[mode], aligned, sampling)
                        turn += 1
        for kind in kinds:
            sampled(op, version, "fp32", kind, "border", "unnormalized", None, False, "bilinear")


def sampled(op, version, dtype, kind, padding, mode, span, aligned, sampling):
    x = op.draw(dtype, (1, 2, 3, 4))
    sizes = np.array([4, 3])
    low, high = (-2, 6) if span is None else (span[0] - 0.75, span[0] + span[1] + 0.75)
    coordinates = op.draw(kind, (1, 2, 3, 2), 0 if kind.startswith("u") else low, high)
    if kind in FLOATS:
        # Never in the middle of two pixels.
        coordinates = Value(kind, coordinates.array + 1 / 128)
    place = coordinates.array.astype(np.float64)
    if span is not None:
        share = (place - span[0]) / span[1]
        place = share * (sizes - 1) if aligned else share * sizes - 0.5
    if sampling == "nearest" and (np.abs(place % 1 - 0.5) < 1e-6).any():
        sampling = "bilinear"
    half = padding == "symmetric"
    normal = (2 * place + 1) / sizes - 1 if half else 2 * place / (sizes - 1) - 1
    outside = 1.5 if padding == "constant" else 0.0
    known = {"constant": "zeros", "border": "border"}.get(padding, "reflection")
    y = F.grid_sample(torch.tensor(x.array - outside), torch.tensor(normal), sampling, known, align_corners=not half)
    operands = {"x": x, "coordinates": coordinates, "sampling_mode": sampling, "padding_mode": padding}
    operands |= {"padding_value": Value(dtype, outside), "coordinates_mode": mode, "align_corners": aligned}
    op.add(version, "torch.nn.functional.grid_sample", operands, Value(dtype, y.numpy() + outside), atol=1e-5)


def crop_resize(op):
    orders = {
        "CORNERS_HEIGHT_FIRST": lambda t, l, b, r: [t, l, b, r], "CORNERS_WIDTH_FIRST": lambda t, l, b, r: [l, t, r, b],
        "CENTER_SIZE_HEIGHT_FIRST": lambda t, l, b, r: [(t + b) / 2, (l + r) / 2, b - t, r - l],
        "CENTER_SIZE_WIDTH_FIRST": lambda t, l, b, r: [(l + r) / 2, (t + b) / 2, r - l, b - t], None: lambda *box: list(box),
    }
    for version in op.versions:
        listed = version.at_least("iOS17")
        kinds = version.dtypes("boxes") if listed else version.dtypes("roi")
        turn = 0
        for dtype in version.dtypes("x"):
            for order in orders:
                for mode in (*SAMPLING, None):
                    turn += 1
                    kind = kinds[turn % len(kinds)] if listed else dtype
                    # Top, left, bottom and right, in pixels of an image of 5 by 5; the second box upside down where it can be.
                    boxes = [(1, 0, 3, 4), (4, 1, 0, 3) if kind in FLOATS else (0, 1, 4, 3)]
                    normalized = turn % 3 == 0 and kind in FLOATS
                    scale = 0.5 if turn % 2 and not normalized else None
                    height, width = ((3, 2), (2, 4), (None, 3), (2, None))[turn % 4]
                    x = op.draw(dtype, (2, 1, 5, 5))
                    y = np.stack([cut(x.array, box, height or 1, width or 1, mode or "DEFAULT") for box in boxes])
                    given = np.array([orders[order](*box) for box in boxes]) * (2 if scale else 1) / (4 if normalized else 1)
                    given = given if kind in FLOATS else given.astype(int)
                    operands = {"x": x, "target_height": height, "target_width": width, "spatial_scale": scale}
                    operands |= {"normalized_coordinates": True if normalized else (None, False)[turn % 2]}
                    operands |= {"box_coordinate_mode": order, "sampling_mode": mode}
                    if version.at_least("iOS16"):
                        operands["pad_value"] = Value(dtype, 2.5) if turn % 4 == 0 else None
                    if listed:
                        operands["boxes"] = Value(kind, given)
                        images = [0, 1] if turn % 3 == 0 else [1, 1]
                        operands["box_indices"] = None if turn % 3 == 0 else Value(("int32", "uint16")[turn % 2], images)
                        y = y[[0, 1], images]
                    elif turn % 2:
                        operands["roi"] = Value(kind, given.reshape(2, 1, 4, 1, 1))
                    else:
                        numbered = np.concatenate([[[1], [0]], given], 1)
                        operands["roi"], y = Value(kind, numbered.reshape(2, 1, 5, 1, 1)), y[[0, 1], [1, 0]][:, None]
                    op.add(version, "numpy.interp", operands, Value(dtype, y), atol=1e-5)
            if version.at_least("iOS16"):
                # A column beyond the right edge.
                x = op.draw(dtype, (1, 1, 5, 5))
                y = np.concatenate([cut(x.array, (1, 3, 3, 4), 2, 2, "ALIGN_CORNERS")[..., :1], np.full((1, 1, 2, 1), 1.5)], -1)
                box = {"boxes": Value(dtype, [[1, 3, 3, 6]])} if listed else {"roi": Value(dtype, np.reshape([1, 3, 3, 6], (1, 1, 4, 1, 1)))}
                operands = {"x": x, "target_height": 2, "target_width": 2, "sampling_mode": "ALIGN_CORNERS", "pad_value": Value(dtype, 1.5)} | box
                op.add(version, "numpy.interp, padded", operands, Value(dtype, y if listed else y[None]))


def cut(x, box, height, width, mode):
    """A box of every image, resized."""
    for axis, first, last, count in ((-2, box[0], box[2], height), (-1, box[1], box[3], width)):
        places = grid(abs(last - first) + 1, count, mode)
        x = along(x, axis, first - places if last < first else first + places)
    return x


OPS = {
    "affine": affine, "crop": crop, "crop_resize": crop_resize, "resample": resample, "resize": resize,
    "resize_bilinear": resize_bilinear, "resize_nearest_neighbor": resize_nearest_neighbor,
    "upsample_bilinear": upsample_bilinear, "upsample_nearest_neighbor": upsample_nearest_neighbor,
}
