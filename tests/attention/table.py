#!/usr/bin/env python3
"""What becomes of the attention of whole models: two tables in Markdown.

    table.py MODEL.mlpackage .. [--milopt PATH]

The first is of `fuse_sdpa` for iOS18, behind `default`: the softmaxes of a model, how many become one op with their
products, why each other one does not, and the signal over noise of the result, and of that result with its attention
taken apart again by `unfuse_sdpa`. Inputs are those of MODEL.npz beside it (arrays x0, x1, ..), and what is compared
with is the model as it is, on milopt's interpreter.

The second is of `ane_attention` behind `fp16`, for three chips with the systems that came with iOS18: segments and
milliseconds of `estimate` before and after, and the signal over noise of both. Exit code 1: a model costs more or has
more segments on a chip than before, fused attention is left that `unfuse_sdpa` cannot take apart, or numbers are lost.
"""
import argparse, json, os, re, subprocess, sys, tempfile
import numpy as np

CHIPS = {"M1": "15", "A17Pro": "18", "M4": "15"}
# Below this, numbers are lost: of rewrites in fp32, and of one in fp16 beside what fp16 loses itself.
EXACT_DB, LOST_DB = 80, 3


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(" ".join((done.stderr or done.stdout).split())[-200:])
    return done.stdout + done.stderr


def count(milopt, model, kind):
    return len(re.findall(rf"(?m) = {kind}\(", run(milopt, "print", model)))


def outputs(milopt, model, folder):
    run(milopt, "eval", model, "--inputs", f"{folder}/in.npz", "-o", f"{folder}/out.npz")
    with np.load(f"{folder}/out.npz") as arrays:
        return dict(arrays)


def decibels(wanted, got):
    worst = np.inf
    for name, signal in wanted.items():
        signal, other = signal.astype(np.float64), got[name].astype(np.float64)
        if not np.isfinite(other).all():
            return -np.inf
        noise = ((signal - other) ** 2).sum()
        worst = min(worst, np.inf if noise == 0 else 10 * np.log10((signal ** 2).sum() / noise))
    return worst


def estimate(milopt, model):
    found = {}
    for chip, system in CHIPS.items():
        functions = json.loads(run(milopt, "estimate", model, "--chip", chip, "--os", system, "--json"))["functions"]
        summary = (functions.get("main") or next(iter(functions.values())))["summary"]
        found[chip] = summary["segments"], summary["cost_ms"]
    return found


def fused(milopt, model, wanted, folder):
    one, back = f"{folder}/fused.mlpackage", f"{folder}/unfused.mlpackage"
    why = run(milopt, "run", model, "-o", one, "--raise-target", "iOS18", "--pipeline", "default,fuse_sdpa,cleanup",
              "--why", "fuse_sdpa")
    reasons = re.findall(r"(\d+) x fuse_sdpa\.site: (.*)", why)
    run(milopt, "run", one, "-o", back, "--pipeline", "unfuse_sdpa,cleanup")
    name = "scaled_dot_product_attention"
    sites, left = count(milopt, one, name), count(milopt, back, name)
    db = [decibels(wanted, outputs(milopt, result, folder)) for result in (one, back)]
    cells = [str(count(milopt, model, "softmax") + count(milopt, model, name)), str(sites),
             "; ".join(f"{times} × {reason}" for times, reason in reasons) or "-", f"{db[0]:.0f}", f"{db[1]:.0f}"]
    return cells, left == 0 and min(db) >= EXACT_DB


def placed(milopt, model, wanted, folder):
    half, ane = f"{folder}/half.mlpackage", f"{folder}/ane.mlpackage"
    run(milopt, "run", model, "-o", half, "--raise-target", "iOS18", "--pipeline", "fp16")
    run(milopt, "run", half, "-o", ane, "--pass", "ane_attention")
    before, after = estimate(milopt, half), estimate(milopt, ane)
    db = [decibels(wanted, outputs(milopt, result, folder)) for result in (half, ane)]
    cells = [f"{before[chip][at]:{form}} → {after[chip][at]:{form}}" if before[chip][at] != after[chip][at] else
             f"{before[chip][at]:{form}}" for chip in CHIPS for at, form in ((0, ""), (1, ".3f"))]
    worse = any(after[chip][0] > before[chip][0] or after[chip][1] > before[chip][1] + 1e-6 for chip in CHIPS)
    return cells + [f"{db[0]:.1f}", f"{db[1]:.1f}"], not worse and db[1] >= db[0] - LOST_DB


def table(milopt, models, heads, row):
    print("| " + " | ".join(["model"] + heads) + " |\n|" + "---|" * (len(heads) + 1))
    all_good = True
    for model in models:
        at = model.removesuffix(".mlpackage")
        with tempfile.TemporaryDirectory() as folder:
            try:
                with np.load(f"{at}.npz") as arrays:
                    np.savez(f"{folder}/in.npz", **{name: arrays[name] for name in arrays if re.fullmatch(r"x\d+", name)})
                cells, good = row(milopt, model, outputs(milopt, model, folder), folder)
            except (RuntimeError, OSError, KeyError) as error:
                cells, good = [f"not done: {error}"], False
        all_good &= good
        print("| " + " | ".join([os.path.basename(at)] + cells) + " |" + ("" if good else " worse"), flush=True)
    return all_good


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("models", nargs="+"); ap.add_argument("--milopt", default="target/release/milopt")
    a = ap.parse_args()
    good = table(a.milopt, a.models, ["softmaxes", "fused", "left alone", "dB", "dB unfused"], fused)
    print()
    heads = [f"{chip}: {what}" for chip in CHIPS for what in ("segments", "ms")] + ["dB fp16", "dB"]
    sys.exit(0 if table(a.milopt, a.models, heads, placed) and good else 1)


main()
