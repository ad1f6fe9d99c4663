"""milopt as a pass of coremltools: a program written to a package, rewritten there, and read back."""

import os
import tempfile
from typing import Any

import coremltools as ct
from coremltools.converters.mil.backend.mil import load as backend
from coremltools.converters.mil.frontend.milproto import load as milproto
from coremltools.converters.mil.mil import types
from coremltools.converters.mil.mil.passes.graph_pass import AbstractGraphPass
from coremltools.proto import FeatureTypes_pb2, Model_pb2

from .model import Model, open

class Run(AbstractGraphPass):
    """Rewrites a program by a pipeline of milopt's, given by the option `pipeline`."""

    def __init__(self) -> None:
        self.pipeline = "default"

    def apply(self, prog: Any) -> None:
        """Replaces the functions of the program by what the pipeline makes of them."""
        with tempfile.TemporaryDirectory(prefix="milopt-") as folder:
            path = os.path.join(folder, "model.mlpackage")
            version = _write(prog, path)
            model: Model = open(path)
            model.run(self.pipeline)
            model.save(path)
            weights = os.path.join(path, "Data/com.apple.CoreML/weights")
            new = milproto.load(ct.models.utils.load_spec(path), version, weights)
        prog.functions.clear()
        prog.functions.update(new.functions)


def _write(prog: Any, path: str) -> int:
    """Writes a program as a package; gives its specification version."""
    targets = [function.opset_version for function in prog.functions.values()]
    version = max([ct.target.iOS15.value, *(target.value for target in targets if target is not None)])
    with tempfile.TemporaryDirectory(prefix="milopt-weights-") as weights:
        exporter = backend.MILProtoExporter(prog=prog, weights_dir=weights, specification_version=version)
        model = Model_pb2.Model(specificationVersion=version)
        model.mlProgram.CopyFrom(exporter.export())
        functions = list(prog.functions.items())
        if len(functions) == 1:
            _describe(model.description, functions[0][1])
        else:
            model.description.defaultFunctionName = prog.default_function_name
            for name, function in functions:
                _describe(model.description.functions.add(name=name), function)
        ct.models.utils.save_spec(model, path, weights_dir=weights)
    return version


def _describe(description: Any, function: Any) -> None:
    """The interface of a function, as a file must have one."""
    for name, var in function.inputs.items():
        features = description.state if types.is_state(var.sym_type) else description.input
        features.add().CopyFrom(_feature(name, var))
    for var in function.outputs:
        description.output.add().CopyFrom(_feature(var.name, var))


def _feature(name: str, var: Any) -> Any:
    """One feature. An open size is one of any number from one on."""
    of = FeatureTypes_pb2.ArrayFeatureType
    known = {types.fp16: of.FLOAT16, types.int32: of.INT32}
    feature = Model_pb2.FeatureDescription(name=name)
    is_state = types.is_state(var.sym_type)
    array = feature.type.stateType.arrayType if is_state else feature.type.multiArrayType
    array.dataType = known.get(var.dtype, of.FLOAT32)
    sizes = list(getattr(var, "shape", ()))
    array.shape.extend(size if isinstance(size, int) else 1 for size in sizes)
    if any(not isinstance(size, int) for size in sizes):
        for size in sizes:
            fixed = isinstance(size, int)
            array.shapeRange.sizeRanges.add(lowerBound=size if fixed else 1, upperBound=size if fixed else -1)
    return feature
