#!/usr/bin/env python3
"""What `eliminate_permutes` leaves of transposes, beside coremltools' `reduce_transposes`: a table in Markdown.

    table.py MODEL .. [--milopt PATH]             models as they are
    table.py --record FOLDER -- run ARGUMENTS ..  what stands in for milopt while coremltools' tests run: keeps each
                                                  program that a test hands to reduce_transposes, then runs milopt

Each ML Program is cleaned up (`cleanup`) and then given to each of the two, `cleanup` behind it. Transposes are counted wherever they stand, those in inner blocks once; the
bytes that they move are those of their results, a size that is not a number counting as 1. Programs of which neither
pass has anything to remove are summed up in the last line. Exit code 1: `eliminate_permutes` leaves more transposes
somewhere, or more bytes. To see the programs of coremltools' tests:

    printf '#!/bin/sh\\nMILOPT=%s exec python3 %s --record %s -- "$@"\\n' MILOPT table.py FOLDER > shim; chmod +x shim
    MILOPT=./shim tests/conformance/run --pass common::reduce_transposes; table.py FOLDER/*.mlpackage
"""
import argparse, os, re, shutil, subprocess, sys, tempfile

WIDTHS = {"fp16": 2, "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "bool": 1, "fp64": 8, "int64": 8}
PASSES = ["common::reduce_transposes", "eliminate_permutes"]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(" ".join((done.stderr or done.stdout).split())[-200:])
    return done.stdout


def transposes(milopt, model):
    """How many there are, and the bytes that they move."""
    count = moved = 0
    for dtype, sizes in re.findall(r"tensor<(\w+), \[([^\]]*)\]> \S+ = transpose\(", run(milopt, "print", model)):
        elements = 1
        for size in sizes.split(","):
            elements *= int(size) if size.strip().isdigit() else 1
        count, moved = count + 1, moved + elements * WIDTHS.get(dtype, 4)
    return count, moved


def record(folder, arguments):
    """Keeps a copy of the program, and becomes milopt."""
    if "run" in arguments and "common::reduce_transposes" in arguments:
        os.makedirs(folder, exist_ok=True)
        source = arguments[arguments.index("run") + 1]
        test = os.environ.get("PYTEST_CURRENT_TEST", "").split("::")[-1].split(" ")[0]
        prefix = re.sub(r"\W+", "_", test).removeprefix("test_") + "-"
        place = tempfile.mkdtemp(prefix=prefix, suffix=os.path.splitext(source)[1], dir=folder)
        shutil.copytree(source, place, dirs_exist_ok=True)
    os.execvp(os.environ["MILOPT"], [os.environ["MILOPT"], *arguments])


def row(milopt, model, folder):
    found = []
    start = f"{folder}/start.mlpackage"
    run(milopt, "run", model, "-o", start, "--pipeline", "cleanup")
    found.append(transposes(milopt, start))
    for number, name in enumerate(PASSES):
        out = f"{folder}/{number}.mlpackage"
        run(milopt, "run", start, "-o", out, "--pipeline", f"{name},cleanup")
        found.append(transposes(milopt, out))
    return found


def main():
    if sys.argv[1:2] == ["--record"]:
        record(sys.argv[2], sys.argv[4:])
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("models", nargs="+"); ap.add_argument("--milopt", default="target/release/milopt")
    a = ap.parse_args()
    print("| model | as it is | `reduce_transposes` | `eliminate_permutes` |\n|---|---|---|---|")
    alike = skipped = fewer = 0
    worse = []
    for model in a.models:
        name = os.path.basename(model.rstrip("/"))
        with tempfile.TemporaryDirectory() as folder:
            try:
                start, theirs, ours = row(a.milopt, model, folder)
            except RuntimeError:
                skipped += 1
                continue
        if ours[0] > theirs[0] or ours[1] > theirs[1]:
            worse.append(name)
        fewer += ours < theirs and ours[1] <= theirs[1]
        if start == ours == theirs:
            alike += 1
            continue
        cells = " | ".join(f"{count}, {moved:,} bytes" for count, moved in (start, theirs, ours))
        print(f"| {os.path.splitext(name)[0]} | {cells} |", flush=True)
    print(f"\n{len(a.models)} programs: {fewer} with fewer than `reduce_transposes` leaves, {len(worse)} with more {worse or ''}, "
          f"{alike} of which neither removes any, {skipped} that are not ML Programs or cannot be written.")
    sys.exit(1 if worse else 0)


main()
