"""Time and memory of `run`, `compress` and `eval` from Python beside the command: `python against_command.py MILOPT`.

The same work on the same package, by turns; of each the best of several runs. `python` is the whole process, `inside`
what milopt took there: time without the start of the interpreter and the imports, and memory with what a command that
does nothing has in the place of what an interpreter that does nothing has. Linux only.
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
    # What `wait4` says of memory counts what this process had when it forked.
    most, pid = 0, 0
    while pid == 0:
        most = max(most, peak(child.pid))
        time.sleep(0.001)
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, arguments
    seconds = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - start, seconds, most / 1024, child.stdout.read()


def peak(pid):
    """The most memory that a process has had, in kibibytes; Linux only."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


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
        idle = measured([command, "--version"])[2] - measured([sys.executable, "-c", "import numpy, milopt"])[2]
        print(f"{'':10} {'clock s':>9} {'CPU s':>9} {'MiB':>9}")
        for name, work in WORK.items():
            runs = {"command": [], "python": [], "inside": []}
            for _ in range(ROUNDS):
                runs["command"].append(measured([command, *native[name]])[:3])
                script = SCRIPT.format(work=work)
                *whole, out = measured([sys.executable, "-c", script, package, folder, PIPELINE])
                runs["python"].append(whole)
                runs["inside"].append([*json.loads(out.splitlines()[-1]), whole[2] + idle])
            best = {who: [min(column) for column in zip(*rows, strict=True)] for who, rows in runs.items()}
            for who, numbers in best.items():
                print(f"{name if who == 'command' else '':10} " + " ".join(f"{it:9.3f}" for it in numbers) + f"   {who}")
            ratios = [a / b for a, b in zip(best["inside"], best["command"], strict=True)]
            print(f"{'':10} " + " ".join(f"{it:9.3f}" for it in ratios) + "   inside / command")
            if name == "eval":
                import numpy as np

                one, other = np.load(f"{folder}/command.npz"), np.load(f"{folder}/python.npz")
                assert set(one) == set(other) and all(one[key].tobytes() == other[key].tobytes() for key in one)
            else:
                assert digest(Path(folder, "command.mlpackage")) == digest(Path(folder, "python.mlpackage"))
        print("the same bytes")


if __name__ == "__main__":
    main(sys.argv[1])
