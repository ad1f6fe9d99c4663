"""Time and memory of `run`, `compress` and `eval` from Python beside the command: `python against_command.py MILOPT`.

The same work on the same package, by turns; of each the best of several runs. "from Python" is the whole process,
"of it" what milopt itself took there, without the start of the interpreter and the imports.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import big_package
from test_model import digest

import milopt

CONFIG = '{"config_type": "OpPalettizerConfig", "global_config": {"nbits": 4, "mode": "kmeans", "enable_per_channel_scale": False}}'
PIPELINE = "add_fp16_cast,cleanup"
ROUNDS = 5

# What Python does, between two looks at the clock. `folder` is where outputs go.
WORK = {
    "run": "model = milopt.open(package); model.run(PIPELINE); model.save(folder + '/python.mlpackage')",
    "compress": f"model = milopt.open(package); model.compress({CONFIG}); model.save(folder + '/python.mlpackage')",
    "eval": "model = milopt.open(package); out = model.eval(dict(np.load(folder + '/x.npz'))); np.savez(folder + '/python.npz', **out)",
}
SCRIPT = """
import json, sys, time
import numpy as np
import milopt
package, folder, PIPELINE = sys.argv[1:]
wall, cpu = time.perf_counter(), time.process_time()
{work}
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


def measured(arguments):
    """Seconds by the clock, seconds of processors, mebibytes, and what was printed."""
    start = time.perf_counter()
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, arguments
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out


def main(command):
    with tempfile.TemporaryDirectory() as folder:
        package = os.path.join(folder, "big.mlpackage")
        big_package.make(package)
        model = milopt.open(package)
        Path(folder, "x.npz").write_bytes(milopt.model.pack(model.random_inputs(0)))
        native = {
            "run": ["run", package, "-o", f"{folder}/command.mlpackage", "--pipeline", PIPELINE],
            "compress": ["compress", package, "-o", f"{folder}/command.mlpackage", "--palettize", "4"],
            "eval": ["eval", package, "--inputs", f"{folder}/x.npz", "-o", f"{folder}/command.npz"],
        }
        print(f"{'':10} {'clock s':>9} {'CPU s':>9} {'MiB':>9}   milopt, from Python, of it; ratio of it to milopt")
        for name, work in WORK.items():
            runs = {"command": [], "python": [], "inside": []}
            for _ in range(ROUNDS):
                runs["command"].append(measured([command, *native[name]])[:3])
                script = SCRIPT.format(work=work)
                *whole, out = measured([sys.executable, "-c", script, package, folder, PIPELINE])
                runs["python"].append(whole)
                runs["inside"].append([*json.loads(out.splitlines()[-1]), whole[2]])
            best = {who: [min(column) for column in zip(*rows, strict=True)] for who, rows in runs.items()}
            for who, numbers in best.items():
                print(f"{name if who == 'command' else '':10} " + " ".join(f"{it:9.3f}" for it in numbers) + f"   {who}")
            ratios = [a / b for a, b in zip(best["inside"], best["command"], strict=True)]
            print(f"{'':10} " + " ".join(f"{it:9.3f}" for it in ratios) + "   ratio")
            if name == "eval":
                import numpy as np

                one, other = np.load(f"{folder}/command.npz"), np.load(f"{folder}/python.npz")
                assert set(one) == set(other) and all((one[key] == other[key]).all() for key in one)
            else:
                assert digest(Path(folder, "command.mlpackage")) == digest(Path(folder, "python.mlpackage"))
        print("the same bytes")


if __name__ == "__main__":
    main(sys.argv[1])
