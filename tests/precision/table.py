#!/usr/bin/env python3
"""What a cast to fp16 costs whole models: a table in Markdown.

    table.py MODEL.mlpackage .. [--milopt PATH]

Each model is cast three times after `default`: as coremltools casts (`common::add_fp16_cast`), by `cast_fp16` from
what is declared, and by `cast_fp16` from samples. Inputs are those of MODEL.npz beside it (arrays x0, x1, ..) and
variations of them, or the calls of MODEL.steps.npz (arrays CALL.NAME), of which two are for the pass and three others
for the judgement. Signal over noise is that of the worst output, against the model in fp32 on milopt's interpreter:
in the worst call, and in the archive's own one. Where MODEL.json has it, `half_db` is PyTorch's own run in fp16, of
the archive's call. Ops that stay in fp32 are those that give floats, casts aside. Segments and
milliseconds are those of `estimate`, of two chips. Exit code 1: a cast by `cast_fp16` has more segments
than coremltools' has, or more noise by more than 1 dB: so much is up to how roundings fall.
"""
import argparse, json, os, re, subprocess, sys, tempfile
import numpy as np

CHIPS = {"M1": "14", "M4": "26"}
CASTS = {
    "coremltools": "default,common::add_fp16_cast,cleanup",
    "declared": "default,cast_fp16,cleanup",
    "samples": "default,cast_fp16,cleanup",
}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(" ".join((done.stderr or done.stdout).split())[-200:])
    return done.stdout


def calls(at, names, count):
    """The archive's inputs, then others like them: floats shifted and reordered, integers reordered."""
    if os.path.exists(f"{at}.steps.npz"):
        with np.load(f"{at}.steps.npz") as arrays:
            return [{name: arrays[f"{call}.{name}"] for name in names} for call in range(count)]
    with np.load(f"{at}.npz") as arrays:
        base = {name: arrays[name] for name in arrays if re.fullmatch(r"x\d+", name)}
    random = np.random.default_rng(1)

    def vary(array):
        other = random.permutation(array.ravel()).reshape(array.shape)
        if array.dtype.kind != "f":
            return other
        return (other + 0.1 * array.std() * random.standard_normal(array.shape)).astype(array.dtype)

    return [base] + [{name: vary(array) for name, array in base.items()} for _ in range(count - 1)]


def outputs(milopt, model, inputs, folder):
    found = []
    for call in inputs:
        np.savez(f"{folder}/in.npz", **call)
        run(milopt, "eval", model, "--inputs", f"{folder}/in.npz", "-o", f"{folder}/out.npz")
        with np.load(f"{folder}/out.npz") as arrays:
            found.append(dict(arrays))
    return found


def decibels(wanted, got):
    """Of the worst output in each call."""
    found = []
    for a, b in zip(wanted, got):
        worst = np.inf
        for name, signal in a.items():
            signal, other = signal.astype(np.float64), b[name].astype(np.float64)
            noise = ((signal - other) ** 2).sum() if np.isfinite(other).all() else np.inf
            worst = min(worst, np.inf if noise == 0 else 10 * np.log10((signal ** 2).sum() / noise))
        found.append(worst)
    return found


def kept(milopt, model):
    """Float ops that give fp32, of all that give floats."""
    kept, floats = 0, 0
    for line in run(milopt, "print", model).splitlines():
        found = re.match(r"\s+(.+?) = (\w+)\(", line)
        if found and found[2] not in ("const", "cast") and not found[2].startswith("constexpr_"):
            kept += "fp32" in found[1]
            floats += "fp32" in found[1] or "fp16" in found[1]
    return kept, floats


def estimate(milopt, model):
    found = {}
    for chip, system in CHIPS.items():
        functions = json.loads(run(milopt, "estimate", model, "--chip", chip, "--os", system, "--json"))["functions"]
        summary = (functions.get("main") or next(iter(functions.values())))["summary"]
        found[chip] = summary["segments"], summary["cost_ms"]
    return found


def row(milopt, model, folder):
    at = model.removesuffix(".mlpackage")
    features = json.loads(run(milopt, "inspect", model, "--json"))["functions"]["main"]["inputs"]
    inputs = calls(at, [feature["name"] for feature in features], 5)
    for_pass, judged = inputs[1:3], [inputs[0], *inputs[3:]]
    np.savez(f"{folder}/samples.npz", **{f"{n}.{name}": array for n, call in enumerate(for_pass) for name, array in call.items()})
    wanted = outputs(milopt, model, judged, folder)
    half = None
    if os.path.exists(f"{at}.json"):
        with open(f"{at}.json") as record:
            half = json.load(record).get("half_db")
    cells, good, first = [os.path.basename(at), "-" if half is None else f"{half:.1f}"], True, None
    for name, pipeline in CASTS.items():
        out = f"{folder}/{name}.mlpackage"
        samples = ["--set", f'cast_fp16.samples="{folder}/samples.npz"'] if name == "samples" else []
        run(milopt, "run", model, "-o", out, *samples, "--pipeline", pipeline)
        db = decibels(wanted, outputs(milopt, out, judged, folder))
        ops, placed = kept(milopt, out), estimate(milopt, out)
        first = first or (min(db), placed)
        good &= min(db) >= first[0] - 1.0 and all(placed[chip][0] <= first[1][chip][0] for chip in CHIPS)
        segments = "/".join(str(placed[chip][0]) for chip in CHIPS)
        cost = "/".join(f"{placed[chip][1]:.3f}" for chip in CHIPS)
        cells += [f"{min(db):.1f}, {db[0]:.1f}", f"{ops[0]} of {ops[1]}", segments, cost]
    return cells, good


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("models", nargs="+"); ap.add_argument("--milopt", default="target/release/milopt")
    a = ap.parse_args()
    heads = ["model", "PyTorch half"] + [f"{name}: {what}" for name in CASTS for what in ("dB", "fp32 ops", "segments", "ms")]
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    all_good = True
    for model in a.models:
        with tempfile.TemporaryDirectory() as folder:
            try:
                cells, good = row(a.milopt, model, folder)
            except (RuntimeError, OSError, KeyError) as error:
                cells, good = [os.path.basename(model), f"not done: {error}"], False
        all_good &= good
        print("| " + " | ".join(cells) + " |" + ("" if good else " worse"), flush=True)
    sys.exit(0 if all_good else 1)


main()
