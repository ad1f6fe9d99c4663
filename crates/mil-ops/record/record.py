"""Records what every op gives, from NumPy, SciPy and PyTorch: `record.py [OP ...]`."""

import importlib
import pathlib
import platform
import sys

import numpy
import scipy
import torch

from recorder import FACTS, Op

FAMILIES = pathlib.Path(__file__).parent / "families"


def main(wanted):
    versions = {"python": platform.python_version(), "numpy": numpy.__version__, "scipy": scipy.__version__}
    versions["torch"] = torch.__version__.split("+")[0]
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    seen, size, count = set(), 0, 0
    for module in sorted(FAMILIES.glob("*.py")):
        family = module.stem
        for name, record in importlib.import_module(f"families.{family}").OPS.items():
            seen.add(name)
            if wanted and name not in wanted:
                continue
            op = Op(family, name)
            record(op)
            size += op.write(versions)
            count += len(op.cases)
    missing = (set(FACTS) | {"write_state"}) - seen
    print(f"{count} cases, {size} bytes" + (f"; nothing for {sorted(missing)}" if missing else ""))


if __name__ == "__main__":
    main(set(sys.argv[1:]))
