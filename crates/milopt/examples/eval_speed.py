#!/usr/bin/env python3
"""The interpreter beside PyTorch's eager mode, on torchvision's ResNet-18: equal threads, median of 5 after a warm-up.

    pip install torch torchvision
    eval_speed.py MODEL.mlpackage        the same network as an ML Program
"""
import os
import statistics
import subprocess
import sys
import time

THREADS = os.cpu_count() or 1
os.environ["RAYON_NUM_THREADS"] = str(THREADS)

import torch
import torchvision

torch.set_num_threads(THREADS)
model = torchvision.models.resnet18().eval()
image = torch.randn(1, 3, 224, 224)
seconds = []
with torch.inference_mode():
    model(image)
    for _ in range(5):
        start = time.perf_counter()
        model(image)
        seconds.append(time.perf_counter() - start)
theirs = statistics.median(seconds)
cargo = ["cargo", "run", "--release", "--quiet", "--package", "milopt", "--example", "eval_speed", "--", *sys.argv[1:2]]
out = subprocess.run(cargo, stdout=subprocess.PIPE, text=True, check=True).stdout
ours = float(out.split(": ")[1].split()[0])
print(out, end="")
print(f"PyTorch {torch.__version__}: {theirs:.4f} s on {THREADS} threads; milopt takes {ours / theirs:.2f} times as long")
