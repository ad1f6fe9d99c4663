#!/usr/bin/env python3
"""What `static` leaves of flexible models: a table in Markdown.

    table.py MODEL.mlpackage .. [--milopt PATH]

Of each ML Program with flexible inputs, the inputs are fixed at shapes that the interface allows: the smallest, and
larger ones, or the first and the last listed. What is left open counts every size in the printed program that is not a
number, in lists' element shapes too. Numbers are compared with the flexible program's on random inputs of that shape.
Exit code 1: something is left open, or numbers differ by more than 80 dB (45 dB where the program computes in fp16).
"""
import argparse, json, os, re, subprocess, sys, tempfile
import numpy as np


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(" ".join((done.stderr or done.stdout).split())[-300:])
    return done.stdout


def main_function(milopt, model):
    functions = json.loads(run(milopt, "inspect", model, "--json")).get("functions") or {}
    return functions.get("main") or next(iter(functions.values()), None)


def shapes(features):
    """Shapes to fix all flexible inputs at: the smallest, and larger ones. Equal ranges get equal sizes."""
    low = lambda bound: max(bound["lower"], 1)
    high = lambda bound: bound["upper"] if bound["upper"] is not None and bound["upper"] >= 0 else 1 << 30
    choices = [low, lambda bound: min(high(bound), 2 * low(bound) + 3)]
    found = []
    for choose in choices:
        one = {}
        for feature in features:
            flexible = feature["flexible"]
            if "ranges" in flexible:
                one[feature["name"]] = [choose(bound) for bound in flexible["ranges"]]
            else:
                listed = flexible["enumerated"]
                one[feature["name"]] = listed[0 if choose is low else -1]
        if one not in found:
            found.append(one)
    return found


def arrays(inputs, fixed):
    random = np.random.default_rng(1)
    dtypes = {"fp32": np.float32, "fp16": np.float16, "int32": np.int32}
    found = {}
    for feature in inputs:
        shape, dtype = fixed.get(feature["name"], feature["shape"]), dtypes[feature["type"]]
        array = random.standard_normal(shape) if dtype != np.int32 else random.integers(0, 2, shape)
        found[feature["name"]] = array.astype(dtype)
    return found


def decibels(milopt, a, b, inputs, folder):
    np.savez(f"{folder}/in.npz", **inputs)
    for model, out in ((a, "a"), (b, "b")):
        run(milopt, "eval", model, "--inputs", f"{folder}/in.npz", "-o", f"{folder}/{out}.npz")
    worst = np.inf
    with np.load(f"{folder}/a.npz") as wanted, np.load(f"{folder}/b.npz") as got:
        for name in wanted:
            x, y = wanted[name].astype(np.float64), got[name].astype(np.float64)
            if x.shape != y.shape:
                raise RuntimeError(f"{name} has shape {y.shape}, not {x.shape}")
            noise = ((x - y) ** 2).sum()
            worst = min(worst, np.inf if noise == 0 else 10 * np.log10((x ** 2).sum() / noise))
    return worst


def left_open(milopt, model):
    """Sizes that are not numbers, in types and in the element shapes of lists."""
    count = 0
    for line in run(milopt, "print", model).splitlines():
        count += len(re.findall(r"[\[ ]\?[,\]]", line.split(" = ")[0]))
        shape = re.search(r"make_list\(.*elem_shape = \(([^)]*\)?[^)]*)\)", line)
        count += len(re.findall(r'"', shape[1])) // 2 if shape else 0
    return count


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("models", nargs="+"); ap.add_argument("--milopt", default="target/release/milopt")
    a = ap.parse_args()
    print("| model | fixed at | ops before | ops after | open before | open after | dB |\n|---|---|---|---|---|---|---|")
    all_good = True
    for model in a.models:
        try:
            before = main_function(a.milopt, model)
        except RuntimeError:
            continue
        flexible = [feature for feature in (before or {}).get("inputs", []) if feature.get("flexible")]
        if not flexible or not before["ops"]:
            continue
        was_open, half = left_open(a.milopt, model), "fp16" in run(a.milopt, "print", model)
        for fixed in shapes(flexible):
            at = " ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in fixed.items())
            cells = [os.path.basename(model), at, str(sum(before["ops"].values()))]
            with tempfile.TemporaryDirectory() as folder:
                try:
                    out = f"{folder}/out.mlpackage"
                    run(a.milopt, "run", model, "-o", out, "--set", f"resolve_static_shapes.shapes={json.dumps(fixed)}", "--pipeline", "static")
                    after = main_function(a.milopt, out)
                    is_open = left_open(a.milopt, out)
                    cells += [str(sum(after["ops"].values())), str(was_open), str(is_open)]
                    all_good &= is_open == 0
                    db = decibels(a.milopt, model, out, arrays(before["inputs"], fixed), folder)
                    cells.append(f"{db:.0f}" if np.isfinite(db) else "equal")
                    all_good &= db >= (45 if half else 80)
                except (RuntimeError, KeyError) as error:
                    all_good = False
                    cells.append(f"not done: {error}")
            print("| " + " | ".join(cells) + " |", flush=True)
    sys.exit(0 if all_good else 1)


main()
