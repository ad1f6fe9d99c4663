"""A package of 64 MiB in 40 weights, as a script: `python big_package.py OUT.mlpackage`."""

import struct
import sys
import tempfile
from pathlib import Path

import numpy as np

import milopt

LAYERS = 40
# 40 matrices of half floats in 64 MiB.
SIDE = 916


def make(path):
    """Layers one after another, each with a weight of its own."""
    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "big.mil"
        body, last, at = [], "x", 64
        weights = Path(folder) / "weights/weight.bin"
        weights.parent.mkdir()
        with weights.open("wb") as file:
            # The header of a weight file, then a record before each blob, all of 64 bytes.
            file.write(struct.pack("<II", LAYERS, 2).ljust(64, b"\0"))
            for layer in range(LAYERS):
                weight = (generator.standard_normal((SIDE, SIDE), np.float32) / 30).astype(np.float16)
                file.seek(at)
                file.write(struct.pack("<IIQQQ", 0xDEADBEEF, 1, weight.nbytes, at + 64, 0).ljust(64, b"\0"))
                file.write(weight.tobytes())
                ty, blob = f"tensor<fp16, [{SIDE}, {SIDE}]>", f'BLOBFILE(path = string("@model_path/weights/weight.bin"), offset = uint64({at}))'
                body.append(f'{ty} w{layer} = const()[name = string("w{layer}"), val = {ty}({blob})];')
                body.append(f'tensor<fp16, [1, {SIDE}]> h{layer} = linear(weight = w{layer}, x = {last})[name = string("h{layer}")];')
                last, at = f"h{layer}", -(-(at + 64 + weight.nbytes) // 64) * 64
        function = "\n".join([f"func main<ios18>(tensor<fp16, [1, {SIDE}]> x) {{", *body, f"}} -> ({last});"])
        text.write_text(f"program(1.3)\n{{\n{function}\n}}\n")
        milopt.open(text).save(path)


if __name__ == "__main__":
    make(sys.argv[1])
