"""Values with Core ML's element types, the op table's type domains, and the files that cases are written to."""

import json
import math
import pathlib
import zlib

import numpy as np

CRATE = pathlib.Path(__file__).resolve().parent.parent
FACTS = json.loads((CRATE / "tests/facts/ops.json").read_text())["ops"]
# The release whose parameters hold, and the oldest opset of an ML Program that has them.
OPSETS = {
    "iOS13": "CoreML5", "iOS14": "CoreML5", "iOS15": "CoreML5", "iOS16": "CoreML6", "iOS17": "CoreML7",
    "iOS18": "CoreML8", "iOS26": "CoreML9",
}
FLOATS = ("fp16", "fp32")
# How far an fp16 or fp32 result may be from the float64 one that was rounded: one unit in the last place of fp16; in fp32 a
# few, because functions of `f32` are not correctly rounded. `atol` is for sums whose terms cancel.
TOLERANCES = {"fp16": (1e-3, 1e-6), "fp32": (2e-6, 2e-6)}


def bits(dtype):
    return int(dtype.lstrip("uint"))


def span(dtype):
    """The least and the greatest integer of a type."""
    if dtype.startswith("u"):
        return 0, 2 ** bits(dtype) - 1
    return -(2 ** (bits(dtype) - 1)), 2 ** (bits(dtype) - 1) - 1


class Value:
    """An array with an element type. `array` holds it wider: float64, int64, bool or str."""

    def __init__(self, dtype, array):
        self.dtype = dtype
        if dtype in FLOATS:
            narrow = np.float16 if dtype == "fp16" else np.float32
            with np.errstate(over="ignore"):
                self.array = np.asarray(array, np.float64).astype(narrow).astype(np.float64)
        elif dtype == "bool":
            self.array = np.asarray(array, bool)
        elif dtype == "string":
            self.array = np.asarray(array, object)
        else:
            self.array = np.asarray(array)
            assert self.array.size == 0 or self.array.dtype.kind in "iub", (dtype, self.array.dtype)
            self.array = self.array.astype(np.int64)
            low, high = span(dtype)
            assert ((self.array >= low) & (self.array <= high)).all(), (dtype, self.array)

    @property
    def shape(self):
        return self.array.shape

    def record(self):
        return {"type": self.dtype, "shape": list(self.shape), "values": [plain(x, self.dtype) for x in self.array.ravel()]}


def plain(x, dtype):
    if dtype not in FLOATS:
        return x.item() if hasattr(x, "item") else x
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    short = float(str(np.float32(x)))
    return int(short) if short == int(short) and abs(short) < 1e6 and math.copysign(1, short) > 0 else short


class ListOf:
    """A list of arrays; an element that was never written is `None`."""

    def __init__(self, dtype, elements, growing=False):
        self.dtype, self.elements, self.growing = dtype, elements, growing

    def record(self):
        elements = [element and element.record() for element in self.elements]
        return {"list": self.dtype, "growing": self.growing, "elements": elements}


class State:
    """A state with its contents."""

    def __init__(self, value):
        self.value = value

    def record(self):
        return {"state": self.value.record()}


class Dictionary:
    """Labels and probabilities."""

    def __init__(self, labels, numbers):
        self.labels, self.numbers = labels, numbers

    def record(self):
        return {"dictionary": [[label, plain(x, "fp32")] for label, x in zip(self.labels, self.numbers)]}


class Named:
    """A value of a block, by name."""

    def __init__(self, name):
        self.name = name

    def record(self):
        return {"value": self.name}


def value(given):
    """What an operand is recorded from: a value, or a plain Python constant in the type that Core ML gives it."""
    if isinstance(given, list) and given and all(hasattr(one, "record") for one in given):
        return given
    if isinstance(given, (Value, ListOf, State, Named)):
        return given
    array = np.asarray(given)
    kinds = {"b": "bool", "i": "int32", "U": "string", "f": "fp32"}
    return Value(kinds[array.dtype.kind] if array.size else "int32", array)


def recorded(operands):
    made = {param: value(given) for param, given in sorted(operands.items()) if given is not None}
    return {p: [one.record() for one in v] if isinstance(v, list) else v.record() for p, v in made.items()}


class Version:
    """An op from one release on."""

    def __init__(self, op, since):
        self.op, self.since, self.opset = op, since, OPSETS[since]
        facts = FACTS[op][since] if op in FACTS else {"params": {}}
        self.params, self.domains = facts["params"], facts.get("type_domains", {})

    def at_least(self, since):
        return int(self.since[3:]) >= int(since[3:])

    def dtypes(self, param):
        """The element types that a parameter may have."""
        types = self.params[param].get("types")
        return self.domains[types] if isinstance(types, str) else types

    def pairs(self, x, other):
        """Types of `x` and of another parameter: every type of each; equal ones where they share a domain."""
        own, others = self.dtypes(x), self.dtypes(other)
        if self.params[x]["types"] == self.params[other]["types"]:
            return [(t, t) for t in own]
        n = max(len(own), len(others))
        return sorted({(own[i % len(own)], others[(i + shift) % len(others)]) for i in range(n) for shift in (0, 1)})


class Op:
    """The cases of one op."""

    def __init__(self, family, name):
        self.family, self.name, self.cases = family, name, []
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        # The facts are coremltools', which does not count write_state among the ops that one builds.
        self.versions = [Version(name, since) for since in FACTS.get(name, ["iOS18"])]

    def add(self, version, source, operands, results, rtol=None, atol=None, **more):
        """Records a call. `source` says what computed the results, always in float64 or with integers."""
        results = [results] if not isinstance(results, list) else results
        kinds = [r.dtype for r in results if isinstance(r, Value) and r.dtype in FLOATS]
        bounds = TOLERANCES["fp16" if "fp16" in kinds else "fp32"] if kinds else (0, 0)
        case = {"source": source, "opset": version.opset, "operands": recorded(operands)}
        case |= {"results": [result and result.record() for result in results]}
        case |= {"rtol": bounds[0] if rtol is None else rtol, "atol": bounds[1] if atol is None else atol}
        self.cases.append(case | more)

    def draw(self, dtype, shape, low=-3.0, high=3.0):
        """Random elements that every float type has: multiples of 1/32."""
        if dtype in FLOATS:
            return Value(dtype, np.round(self.random.uniform(low, high, shape) * 32) / 32)
        if dtype == "bool":
            return Value(dtype, self.random.random(shape) < 0.5)
        least, most = span(dtype)
        least, most = max(least, math.ceil(low), -9), min(most, max(math.floor(high), math.ceil(low) + 1))
        return Value(dtype, self.random.integers(least, most + 1, shape))

    def distinct(self, dtype, shape):
        """Random elements of which no two are equal."""
        count = math.prod(shape)
        least, most = span(dtype) if dtype not in FLOATS else (-60, 60)
        least, most = max(least, -60), min(most, 60)
        values = self.random.choice(np.arange(least, most + 1), count, replace=False).reshape(shape)
        return Value(dtype, values / 4 if dtype in FLOATS else values)

    def write(self, versions):
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in self.cases)
        head = json.dumps(versions, separators=(",", ":"))
        path = CRATE / "src" / self.family / self.name / "recorded.json"
        path.write_text(f'{{"recorded_with":{head},"cases":[\n{lines}\n]}}\n')
        return path.stat().st_size
