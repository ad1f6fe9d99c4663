"""Convolutions, by PyTorch; padding that it has not is added to `x`, or cut from the result, first."""

import numpy as np
import torch
import torch.nn.functional as F
from recorder import Value
from windows import padding

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
# Shapes of x and weight, then parameters, by what they try.
CALLS = [
    ((1, 2, 6), (3, 2, 3), {"bias": True}),
    ((2, 2, 5, 4), (2, 2, 2, 3), {"strides": [2, 1], "pad_type": "custom", "pad": [1, 0, 2, 1]}),
    ((1, 4, 5, 5), (2, 2, 3, 2), {"groups": 2, "dilations": [1, 2], "pad_type": "same"}),
    ((1, 2, 3, 3, 4), (1, 2, 2, 2, 2), {"strides": [1, 1, 2], "pad_type": "valid"}),
    ((1, 1, 6, 5), (2, 1, 2, 2), {"strides": [2, 2], "pad_type": "same_lower", "bias": True}),
]


def convolved(x, weight, bias, given):
    rank = x.ndim - 2
    strides, dilations = given.get("strides", [1] * rank), given.get("dilations", [1] * rank)
    around = padding(given.get("pad_type"), x.shape[2:], weight.shape[2:], strides, dilations, given.get("pad"))
    x = torch.tensor(np.pad(x, [(0, 0), (0, 0), *around]))
    bias = None if bias is None else torch.tensor(bias)
    return CONV[rank](x, torch.tensor(weight), bias, tuple(strides), 0, tuple(dilations), given.get("groups", 1)).numpy()


def conv(op):
    for version in op.versions:
        for dtype, other in version.pairs("x", "weight"):
            for shape, kernel, given in CALLS:
                x, weight = op.draw(dtype, shape), op.draw(other, kernel, -1, 1)
                bias = op.draw(other, kernel[:1]) if given.get("bias") else None
                y = convolved(x.array, weight.array, bias and bias.array, given)
                more = {"opset": "CoreML6"} if given.get("pad_type") == "same_lower" and version.since == "iOS13" else {}
                note = f"torch.nn.functional.conv{len(shape) - 2}d"
                op.add(version, note, {"x": x, "weight": weight} | given | {"bias": bias}, Value(dtype, y), **more)


def conv_quantized(op):
    calls = [dict(given, nbits=bits) if bits else given for (_, _, given), bits in zip(CALLS, (None, 8, 4, None, None))]
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for (shape, kernel, _), given in zip(CALLS, calls):
                x = op.draw(dtype, shape)
                weight = Value("uint8", op.random.integers(0, 2 ** given.get("nbits", 8), kernel))
                scale, shift = op.draw(dtype, kernel[:1], 0.03, 0.1), op.draw(dtype, kernel[:1], -1, 1)
                bias = Value("uint8", op.random.integers(0, 9, kernel[:1])) if given.get("bias") else None
                column = (-1, *[1] * (len(kernel) - 1))
                dense = weight.array * scale.array.reshape(column) + shift.array.reshape(column)
                y = convolved(x.array, dense, bias and bias.array.astype(np.float64), given)
                more = {"opset": "CoreML6"} if given.get("pad_type") == "same_lower" else {}
                operands = {"x": x, "weight": weight} | given | {"bias": bias, "quantization_type": "linear"}
                operands |= {"quant_scale": scale, "quant_bias": shift}
                note = f"torch.nn.functional.conv{len(shape) - 2}d of weight * quant_scale + quant_bias"
                op.add(version, note, operands, Value(dtype, y), rtol=1e-3 if dtype == "fp16" else 1e-5, atol=1e-4, **more)


def conv_transpose(op):
    calls = [
        ((1, 2, 4), (2, 3, 3), {"bias": True}),
        ((1, 2, 3, 4), (2, 2, 2, 3), {"strides": [2, 1], "pad_type": "custom", "pad": [1, 0, 2, 1]}),
        ((1, 4, 3, 3), (4, 1, 3, 2), {"groups": 2, "dilations": [1, 2], "pad_type": "valid"}),
        ((1, 2, 2, 3, 2), (2, 1, 2, 2, 2), {"strides": [1, 1, 2]}),
        ((1, 1, 3, 4), (1, 2, 3, 3), {"strides": [2, 2], "pad_type": "same", "bias": True}),
        ((1, 1, 3, 4), (1, 2, 3, 3), {"strides": [2, 2], "pad_type": "same_lower"}),
        ((1, 2, 3, 3), (2, 1, 3, 3), {"strides": [2, 2], "pad_type": "custom", "pad": [1, 1, 1, 1], "output_shape": [1, 1, 6, 6]}),
    ]
    for version in op.versions:
        for dtype, other in version.pairs("x", "weight"):
            for shape, kernel, given in calls:
                x, weight = op.draw(dtype, shape), op.draw(other, kernel, -1, 1)
                bias = op.draw(other, (kernel[1] * given.get("groups", 1),)) if given.get("bias") else None
                rank = len(shape) - 2
                strides, dilations = given.get("strides", [1] * rank), given.get("dilations", [1] * rank)
                output = given.get("output_shape")
                # An output shape that is larger than the formula gives asks for PyTorch's output_padding.
                extra = [0] * rank
                if output:
                    reach = [s * (n - 1) + d * (k - 1) + 1 for s, n, d, k in zip(strides, shape[2:], dilations, kernel[2:])]
                    cut = given["pad"]
                    extra = [output[2 + i] - (reach[i] - cut[2 * i] - cut[2 * i + 1]) for i in range(rank)]
                compute = TRANSPOSED[rank]
                y = compute(
                    torch.tensor(x.array), torch.tensor(weight.array), bias and torch.tensor(bias.array), tuple(strides),
                    0, tuple(extra), given.get("groups", 1), tuple(dilations),
                ).numpy()
                kind = given.get("pad_type")
                for axis in range(rank):
                    size, wanted = y.shape[2 + axis], strides[axis] * shape[2 + axis]
                    total = size - wanted if kind in ("same", "same_lower") else 0
                    before = total // 2 if kind == "same" else total - total // 2
                    if kind == "custom":
                        before, total = given["pad"][2 * axis], sum(given["pad"][2 * axis : 2 * axis + 2])
                    y = np.take(y, range(before, size - total + before), 2 + axis)
                assert output is None or list(y.shape) == output, (y.shape, output)
                more = {"opset": "CoreML6"} if kind == "same_lower" and version.since == "iOS13" else {}
                note = f"torch.nn.functional.conv_transpose{rank}d"
                op.add(version, note, {"x": x, "weight": weight} | given | {"bias": bias}, Value(dtype, y), **more)


OPS = {"conv": conv, "conv_quantized": conv_quantized, "conv_transpose": conv_transpose}
