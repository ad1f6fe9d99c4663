"""Models."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import _milopt
from ._arrays import pack, unpack
from .reports import Compression, Difference, Estimate, Rewritten, Violation

Arrays = Mapping[str, Any]
Progress = Callable[[int, int, str], Any]


def open(source: Any) -> "Model":  # noqa: A001, the name that says it
    """Opens a model.

    `source` is a path of a .mlpackage, .mlmodel, .mlmodelc or .mil; an `MLModel` of coremltools, whose weights
    are read where they are; or the bytes of a model's message, alone or with the folder of its weights.
    """
    if isinstance(source, (str, os.PathLike)):
        return Model(_milopt.Model.open(source), Path(source).name)
    if isinstance(source, bytes):
        return Model(_milopt.Model.from_bytes(source), "model")
    if isinstance(source, tuple):
        message, folder = source
        weights = Path(folder) / "weight.bin"
        contents = weights.read_bytes() if weights.exists() else None
        return Model(_milopt.Model.from_bytes(message, contents), "model")
    if hasattr(source, "get_spec"):
        path = getattr(source, "package_path", None)
        if path is not None and os.path.exists(path):
            return open(path)
        message = source.get_spec().SerializeToString()
        folder = getattr(source, "weights_dir", None)
        return open((message, folder)) if folder else open(message)
    raise TypeError(f"expected a path, an MLModel or bytes, not {type(source).__name__}")


class Model:
    """A model, open. Weights stay in its file until they are needed."""

    def __init__(self, native: _milopt.Model, title: str) -> None:
        self._native = native
        self._title = title

    @staticmethod
    def from_text(text: str) -> "Model":
        """Reads MIL text."""
        return Model(_milopt.Model.from_text(text), "model")

    @property
    def warnings(self) -> list[str]:
        """What is odd about the file, but does not keep it from being read."""
        return self._native.warnings

    def inspect(self) -> dict[str, Any]:
        """What is in it: inputs, outputs, functions, ops, weights, metadata."""
        return json.loads(self._native.inspect())

    def verify(self) -> list[Violation]:
        """The rules of Core ML that it breaks."""
        found = json.loads(self._native.verify())["violations"]
        named = [(dict(it), it["code"], it["message"]) for it in found]
        place = [{key: value for key, value in it.items() if key not in ("code", "message")} for it, *_ in named]
        return [Violation(code, message, where) for (_, code, message), where in zip(named, place, strict=True)]

    def run(
        self,
        pipeline: str | Iterable[Any],
        *,
        target: str | None = None,
        verify: bool = True,
        samples: Mapping[str, Iterable[Arrays]] | None = None,
        progress: Progress | None = None,
    ) -> Rewritten:
        """Rewrites it with passes.

        `pipeline` is text ("default", "fuse_conv_bn,noop_elimination") or a list of ids and of dictionaries
        with `pass` and `options`. `target` is the release to make it one for first, for example "iOS18".
        `samples` are calls by the name that a pass's option gives them. `progress(done, total, id)` is called
        before each pass; what it raises ends the run, and the model is as it was before that pass.
        """
        text = pipeline if isinstance(pipeline, str) else json.dumps(list(pipeline))
        return Rewritten(json.loads(self._run(text, target, verify, samples, progress)))

    def compress(
        self,
        config: Any,
        *,
        target: str | None = None,
        measure: bool = False,
        progress: Progress | None = None,
    ) -> Compression:
        """Makes its weights smaller.

        `config` is a configuration of coremltools (`OptimizationConfig`), its dictionary, or a list of them, which
        are done one after another. `measure` says what each weight loses, which reads it once more.
        """
        configs = [_config(it) for it in (config if isinstance(config, (list, tuple)) else [config])]
        steps = json.loads(self._native.compression(json.dumps(configs)))
        for step in steps:
            step["options"]["measure"] = measure
        return Compression(json.loads(self._run(json.dumps(steps), target, True, None, progress)))

    def _run(
        self,
        pipeline: str,
        target: str | None,
        verify: bool,
        samples: Mapping[str, Iterable[Arrays]] | None,
        progress: Progress | None,
    ) -> str:
        calls = [(name, [pack(call) for call in calls]) for name, calls in (samples or {}).items()]
        return self._native.run(pipeline, target, verify, calls, progress)

    def estimate(self, chip: str = "M4", os: str = "26", units: str = "cpu-and-ne") -> Estimate:
        """Where Core ML would place each op on a chip and system, and why. Nothing is changed."""
        value, text, page = self._native.estimate(chip, os, units, self._title)
        return Estimate(json.loads(value), text, page)

    def eval(
        self,
        inputs: Arrays,
        *,
        function: str | None = None,
        member: str | None = None,
        outputs: Iterable[str] = (),
    ) -> dict[str, np.ndarray]:
        """Runs it once on arrays by input name, and gives its outputs by name.

        `outputs` chooses values to give instead, intermediate ones too; `member` one of a pipeline. States
        start at zero: see `session` for several calls.
        """
        return self.session(function=function, member=member, outputs=outputs)(inputs)

    def session(
        self, *, function: str | None = None, member: str | None = None, outputs: Iterable[str] = ()
    ) -> "Session":
        """Calls that share states."""
        return Session(self._native, function, member, list(outputs))

    def random_inputs(
        self, seed: int = 0, *, function: str | None = None, member: str | None = None
    ) -> dict[str, np.ndarray]:
        """Inputs of the declared types and shapes."""
        return unpack(self._native.random_inputs(seed, function, member))

    def weights(self, min_elements: int = 1024) -> list[dict[str, Any]]:
        """A row for each weight: sizes, type, how it is stored, what its numbers are like, who uses it."""
        return json.loads(self._native.weights(min_elements))

    def weight(self, name: str, *, function: str | None = None) -> np.ndarray:
        """The numbers of a weight that stands in a function's outermost block, decompressed."""
        # Nothing else is computed for it, so that no input is needed.
        calls, _ = self._native.eval([pack(self.random_inputs(function=function))], function, None, [name], None)
        return unpack(calls[0])[name]

    def diff(self, other: "Model") -> Difference:
        """How another model differs from it."""
        differs, value, text = self._native.diff(other._native)
        return Difference(differs, json.loads(value), text)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it: .mlpackage, or .mil with its weights beside it.

        Old or new, nothing between. What the passes made of it breaks no rule that it kept when it was opened.
        """
        self._native.save(path)

    def text(self, *, full: bool = False) -> str:
        """MIL text: for people, or with `full` in the form that reads back the same to the last bit."""
        return self._native.text(full)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<milopt.Model {self._title}>"


class Session:
    """Calls of one function that share states, which start at zero."""

    def __init__(
        self, native: _milopt.Model, function: str | None, member: str | None, outputs: list[str]
    ) -> None:
        self._native, self._function, self._member, self._outputs = native, function, member, outputs
        self._states: bytes | None = None

    def __call__(self, inputs: Arrays) -> dict[str, np.ndarray]:
        """Runs the next call."""
        calls, self._states = self._native.eval(
            [pack(inputs)], self._function, self._member, self._outputs, self._states
        )
        return unpack(calls[0])

    @property
    def states(self) -> dict[str, np.ndarray]:
        """What the states hold now."""
        return {} if self._states is None else unpack(self._states)

    @states.setter
    def states(self, values: Arrays) -> None:
        self._states = pack(values)


def _config(config: Any) -> dict[str, Any]:
    """A configuration as a dictionary."""
    if isinstance(config, Mapping):
        return dict(config)
    from .coreml import config_as_dict

    return config_as_dict(config)
