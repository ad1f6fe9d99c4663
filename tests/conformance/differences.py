#!/usr/bin/env python3
"""What coremltools' passes leave and what the program said, by NumPy alone.

A case of a pass holds, behind the line `// wrong`, the program that coremltools 9.0 makes of the first one. milopt's
interpreter runs both when the cases are tested. This script computes both once more, by formulas written for NumPy on
inputs chosen by hand, and prints them side by side. It fails if the two agree, or if there is such a case without its
numbers here. (That what is not a number must stay so cannot be said in a case.)

    tests/conformance/differences.py
"""
import math
import pathlib
import sys

import numpy as np

PASSES = pathlib.Path(__file__).resolve().parents[2] / "passes"
erf = np.vectorize(math.erf)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gelu(x):
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def gelu_tanh(x, cube=0.044715):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + cube * x**3)))


def relu(x):
    return np.maximum(x, 0)


def f32(*values):
    return np.array(values, np.float32)


def loose_gelu():
    x = f32(-3)
    return x * 0.4995 * (erf(0.7075 * x) + 1.0009), gelu(x)


def loose_gelu_tanh():
    x = f32(2)
    return gelu_tanh(x, 0.0455), gelu_tanh(x)


def nearly_equal_constants():
    a, b = f32(1e-8), f32(0)
    return a * 1e8 - b * 1e8, a * 1e8 - a * 1e8


def floor_of_floats():
    x = f32(1.5)
    return np.floor_divide(x, 1), x


def constant_over_convolution():
    x, weight = f32(1), f32(3)
    return 2 / (weight * x), weight / 2 * x


def convolution_over_zero():
    x, weight = f32(1, 1), f32(1, -3)
    return (weight * x).sum() / np.float32(0), (weight / np.float32(0) * x).sum()


def root_of_square():
    x = f32(-3)
    return np.sqrt(x**2), x


def square_of_root():
    x = f32(-3)
    return np.sqrt(x) ** 2, x


def another_mean():
    x = f32(1, 1, 1, 1)
    return x.sum() / np.float32(4.009), x.mean()


def vector_power():
    x, y = f32(2, 3, 4, 5).reshape(2, 2), f32(1, 2)
    return (x.T**y).T, x**y


def constant_minus_product():
    x, weight, c = f32(1, 1), f32(1, 2, 3, 4).reshape(2, 2), f32(5, 5)
    return c - x @ weight, x @ weight - c


def constant_left_of_product():
    x, weight, c = np.zeros((2, 2), np.float32), f32(1, 2, 3, 4).reshape(2, 2), f32(5, 7)
    return weight @ x + c, (x.T @ weight.T + c).T


def negative_rows():
    weight, index = f32(0.5, 0.25), -1
    one_hot = (np.arange(2) == index).astype(np.float32)
    return one_hot @ weight, weight[index]


def finite_mask():
    x, mask = np.zeros(4, np.float32), np.full(4, -3.4028235e38, np.float32)
    return softmax(x + mask), softmax(x.astype(np.float16) + mask.astype(np.float16))


def vanishing_before_bool():
    x = f32(1e-9)
    return x.astype(np.float16).astype(bool), x.astype(bool)


def int8_by_way_of_floats():
    x = np.array([16777217], np.int32)
    return x.astype(np.float32).astype(np.int32).astype(np.int8), x.astype(np.int8)


def negative_scale_before_relu():
    a, b = np.int8(8), np.int8(-8)
    said = relu(a * np.float32(0.25) + b * np.float32(-0.5))
    return np.round(said), np.round(relu(a * np.float32(-0.5) + b * np.float32(1)) / np.float32(-2)) + 0.0


NUMBERS = {
    "activation/fuse_gelu_exact/gelu_refuses_loose_constants": loose_gelu,
    "activation/fuse_gelu_tanh/gelu_refuses_loose_constants": loose_gelu_tanh,
    "cleanup/const_deduplication/refuses_nearly_equal": nearly_equal_constants,
    "cleanup/noop_elimination/arithmetic_refuses_floor_of_floats": floor_of_floats,
    "conv/fuse_conv_scale/conv_scale_refuses_constant_over_convolution": constant_over_convolution,
    "conv/fuse_conv_scale/conv_scale_refuses_convolution_over_zero": convolution_over_zero,
    "elementwise/fuse_pow2_sqrt/root_of_power_root_of_square": root_of_square,
    "elementwise/fuse_pow2_sqrt/square_of_root_refuses_negative": square_of_root,
    "elementwise/fuse_reduce_mean/mean_refuses_another_number": another_mean,
    "layout/reduce_transposes/elements_vector_power": vector_power,
    "linear/fuse_matmul_weight_bias/weight_and_bias_constant_minus_product": constant_minus_product,
    "linear/fuse_matmul_weight_bias/weight_and_bias_refuses_constant_left_of_product": constant_left_of_product,
    "linear/fuse_onehot_matmul_to_gather/rows_refuses_negative": negative_rows,
    "precision/add_fp16_cast/finite_mask": finite_mask,
    "precision/cast_optimization/pair_refuses_int8_by_way_of_floats": int8_by_way_of_floats,
    "precision/cast_optimization/pair_refuses_vanishing_before_bool": vanishing_before_bool,
    "quantization/normalize_quantized_binary_scale/sum_relu_and_a_negative_scale": negative_scale_before_relu,
}


def cases():
    for file in sorted(PASSES.glob("*/*/cases/*.mil")):
        if "\n// wrong\n" in file.read_text():
            theme, name, _, case = file.relative_to(PASSES).with_suffix("").parts
            yield f"{theme}/{name}/{case}"


def file_of(case):
    folder, name = case.rsplit("/", 1)
    return PASSES / folder / "cases" / f"{name}.mil"


def show(array):
    return np.array2string(np.asarray(array), separator=", ", precision=5).replace("\n", "")


def main():
    faults = [f"{case}: a case, but no numbers" for case in cases() if case not in NUMBERS]
    faults += [f"{case}: numbers, but no case" for case in NUMBERS if not file_of(case).exists()]
    np.seterr(all="ignore")
    for case, compute in NUMBERS.items():
        said, left = compute()
        print(f"{case}\n    the program    {show(said)}\n    coremltools    {show(left)}")
        if np.allclose(said, left, rtol=1e-5, atol=0, equal_nan=True):
            faults.append(f"{case}: both are the same")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
