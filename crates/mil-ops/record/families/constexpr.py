"""Compressed weights, decompressed in NumPy."""

import numpy as np
from families.quantization import shaped
from recorder import FLOATS, Value, bits, span


def numbers(op, dtype, shape):
    """Elements from all of a narrow type's range."""
    if dtype in FLOATS:
        return op.draw(dtype, shape)
    low, high = span(dtype)
    return Value(dtype, op.random.integers(low, high + 1, shape))


def packed(values, width):
    """Numbers of `width` bits each in bytes, least significant bits first."""
    spread = (np.ravel(values)[:, None] >> np.arange(width)) & 1
    return Value("uint8", np.packbits(spread.ravel().astype(np.uint8), bitorder="little").astype(np.int64))


def blocks(x, shape):
    """Repeats each element over its block."""
    for axis, size in enumerate(shape):
        x = np.repeat(x, size // x.shape[axis], axis)
    return x


def looked_up(indices, lut, axis):
    """`lut` is `[blocks along each axis…, entries, vector length]`."""
    groups = np.stack(np.meshgrid(*[np.arange(n) * g // n for n, g in zip(indices.shape, lut.shape)], indexing="ij"), 0)
    vectors = lut[(*groups, indices)]
    if lut.shape[-1] == 1:
        return vectors[..., 0]
    axis %= indices.ndim
    shape = [n * (lut.shape[-1] if a == axis else 1) for a, n in enumerate(indices.shape)]
    return np.moveaxis(vectors, -1, axis + 1).reshape(shape)


def affine(op):
    for version in op.versions:
        for dtype in version.dtypes("quantized_data"):
            for zero_type in version.dtypes("zero_point"):
                for target in version.dtypes("scale"):
                    for axis, vector in ((0, True), (-1, False)):
                        data, count = numbers(op, dtype, (3, 4)), (3,) if vector else ()
                        zero = op.draw(zero_type, count, -9, 9)
                        scale = op.draw(target, count, 0.25, 2)
                        y = shaped(scale.array, axis, 2) * (data.array - shaped(zero.array, axis, 2))
                        operands = {"quantized_data": data, "zero_point": zero, "scale": scale, "axis": axis}
                        op.add(version, "numpy: scale * (data - zero_point)", operands, Value(target, y))


def blockwise(op):
    shapes = [((4, 6), (2, 3)), ((2, 4, 2), (2, 1, 1)), ((4,), (1,))]
    for version in op.versions:
        for dtype in version.dtypes("data"):
            for target in version.dtypes("scale"):
                for turn, offset_type in enumerate((*version.dtypes("offset"), None)):
                    shape, per = shapes[turn % 3]
                    data, scale = numbers(op, dtype, shape), op.draw(target, per, 0.25, 2)
                    offset = offset_type and numbers(op, offset_type, per)
                    y = blocks(scale.array, shape) * (data.array - (blocks(offset.array, shape) if offset else 0))
                    operands = {"data": data, "scale": scale, "offset": offset}
                    op.add(version, "numpy: scale * (data - offset) per block", operands, Value(target, y), atol=1e-5)


def sparse_blockwise(op):
    for version in op.versions:
        for dtype in version.dtypes("nonzero_data"):
            for target in version.dtypes("scale"):
                for offset_type in (*version.dtypes("offset"), None):
                    mask = op.draw("bool", (4, 4)).array
                    mask[0, 0] = True
                    data = numbers(op, dtype, (int(mask.sum()),))
                    scale, offset = op.draw(target, (2, 4), 0.25, 2), offset_type and numbers(op, offset_type, (2, 4))
                    shift = blocks(offset.array, (4, 4))[mask] if offset else 0
                    y = blocks(scale.array, (4, 4))[mask] * (data.array - shift)
                    mask = Value("uint1", mask.astype(int))
                    operands = {"data_mask": mask, "nonzero_data": data, "scale": scale, "offset": offset}
                    op.add(version, "numpy: scale * (data - offset) per block", operands, [mask, Value(target, y)], atol=1e-5)


def cast(op):
    for version in op.versions:
        x = Value("fp16", [[1.5, -2.25, 65504], [6e-8, -0.0, 0.333]])
        op.add(version, "numpy.ndarray.astype", {"source_val": x, "output_dtype": "fp32"}, Value("fp32", x.array), rtol=0, atol=0)


def lut_to_dense(op):
    for version in op.versions:
        for dtype in version.dtypes("lut"):
            if not version.at_least("iOS18"):
                for width in (1, 2, 4, 6, 8):
                    lut = numbers(op, dtype, (2**width,))
                    indices = op.random.integers(0, 2**width, (3, 5))
                    operands = {"indices": packed(indices, width), "lut": lut, "shape": Value("uint32", [3, 5])}
                    op.add(version, "numpy.packbits, numpy.take", operands, Value(dtype, lut.array[indices]))
                continue
            for kind in version.dtypes("indices"):
                width = bits(kind)
                for groups, vector, axis in (((1, 1), 1, None), ((2, 1), 1, 0), ((1, 2), 2, 0), ((2, 1), 3, -1)):
                    if width > 4 and (vector > 1 or groups != (1, 1)) and dtype != "int8":
                        continue
                    # A table may be shorter than its indices reach; 256 entries are no better a test than 9.
                    entries = 9 if width > 4 else 2**width
                    indices = Value(kind, op.random.integers(0, entries, (4, 2)))
                    lut = numbers(op, dtype, (*groups, 2**width if width <= 6 and vector == 1 else entries, vector))
                    y = looked_up(indices.array, lut.array, axis or 0)
                    operands = {"indices": indices, "lut": lut, "vector_axis": axis}
                    op.add(version, "numpy", operands, Value(dtype, y))


def lut_to_sparse(op):
    for version in op.versions:
        for dtype in version.dtypes("lut"):
            for kind in version.dtypes("indices_nonzero_data"):
                width = bits(kind)
                for groups, vector, axis in (((1, 1), 1, None), ((2, 1), 1, 0), ((1, 2), 2, 0), ((2, 1), 3, -1)):
                    if width > 4 and (vector > 1 or groups != (1, 1)) and dtype != "int8":
                        continue
                    entries = 9 if width > 4 else 2**width
                    mask = op.draw("bool", (4, 2)).array
                    mask[1, 1] = True
                    indices = np.where(mask, op.random.integers(0, entries, (4, 2)), 0)
                    lut = numbers(op, dtype, (*groups, entries, vector))
                    wide = mask if vector == 1 else np.repeat(mask, vector, axis)
                    y = looked_up(indices, lut.array, axis or 0)[wide]
                    operands = {"indices_mask": Value("uint1", mask.astype(int)), "indices_nonzero_data": Value(kind, indices[mask])}
                    results = [Value("uint1", wide.astype(int)), Value(dtype, y)]
                    op.add(version, "numpy", operands | {"lut": lut, "vector_axis": axis}, results)


def sparse_to_dense(op):
    for version in op.versions:
        for dtype in version.dtypes("nonzero_data"):
            for shape in ((3, 5), (2, 2, 4)):
                mask = op.draw("bool", shape).array
                mask.ravel()[2] = True
                data = numbers(op, dtype, (int(mask.sum()),))
                y = np.zeros(shape, data.array.dtype)
                y[mask] = data.array
                stored = {"mask": Value("uint1", mask.astype(int))}
                if not version.at_least("iOS18"):
                    stored = {"mask": packed(mask.astype(int), 1), "shape": Value("uint32", shape)}
                op.add(version, "numpy.packbits" if "shape" in stored else "numpy", {"nonzero_data": data} | stored, Value(dtype, y))


OPS = {
    "constexpr_affine_dequantize": affine, "constexpr_blockwise_shift_scale": blockwise, "constexpr_cast": cast,
    "constexpr_lut_to_dense": lut_to_dense, "constexpr_lut_to_sparse": lut_to_sparse,
    "constexpr_sparse_blockwise_shift_scale": sparse_blockwise, "constexpr_sparse_to_dense": sparse_to_dense,
}
