"""milopt beside coremltools: an `MLModel` in, an `MLModel` out.

    import coremltools as ct
    import milopt.coreml

    smaller = milopt.coreml.optimize(mlmodel, "default")

The only part of milopt that imports coremltools, and not before it is needed: that takes seconds.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .model import Model, open
from .reports import Rewritten


def optimize(mlmodel: Any, pipeline: str | Iterable[Any] = "default", **options: Any) -> Any:
    """The model after passes, as another `MLModel`. Weights are not copied in memory.

    `options` are those of `milopt.Model.run`. What the passes did is the attribute `milopt_report` of the result.
    """
    model = open(mlmodel)
    report = model.run(pipeline, **options)
    return to_mlmodel(model, like=mlmodel, report=report)


def to_mlmodel(model: Model, *, like: Any = None, report: Rewritten | None = None) -> Any:
    """A model as an `MLModel`, with the compute units, the function and the optimization hints of another one.

    As coremltools' own passes do, it is loaded for predictions only if the other one was. coremltools removes
    the package on which it stands at the end of the process.
    """
    import coremltools as ct

    # Not cleaned up here: coremltools does, as the package is marked as temporary.
    folder = Path(tempfile.mkdtemp(suffix=".milopt"))
    package = folder / "model.mlpackage"
    model.save(package)
    options: dict[str, Any] = {"is_temp_package": True, "skip_model_load": True}
    if like is not None:
        options["skip_model_load"] = like.__proxy__ is None
        options["compute_units"] = like.compute_unit
        options["function_name"] = getattr(like, "function_name", None)
        options["optimization_hints"] = getattr(like, "optimization_hints", None)
    result = ct.models.MLModel(str(package), **options)
    result.milopt_report = report
    return result


def register() -> None:
    """Makes milopt a pass of coremltools' pass pipelines: `milopt::run`, with the option `pipeline`.

        milopt.coreml.register()
        passes = ct.PassPipeline.DEFAULT
        passes.append_pass("milopt::run")
        passes.set_options("milopt::run", {"pipeline": "default"})
        ct.convert(..., pass_pipeline=passes)

    The program goes through a file: it must be one that a file can hold, of iOS15 or later, without ops of a
    dialect. Scopes of ops are lost. Where that is in the way, convert first and call `optimize`.
    """
    from coremltools.converters.mil.mil.passes.pass_registry import PASS_REGISTRY, register_pass

    if "milopt::run" in PASS_REGISTRY.passes:
        return

    from ._pass import Run

    register_pass(namespace="milopt", override=True, name="run")(Run)


def config_as_dict(config: Any) -> dict[str, Any]:
    """A configuration of `coremltools.optimize.coreml` as the dictionary that its `from_dict` takes."""
    if not hasattr(config, "global_config"):
        raise TypeError(f"expected an OptimizationConfig or its dictionary, not {type(config).__name__}")

    def one(op_config: Any) -> dict[str, Any] | None:
        return None if op_config is None else {"config_type": type(op_config).__name__, **_fields(op_config)}

    found: dict[str, Any] = {}
    if config.global_config is not None:
        found["global_config"] = one(config.global_config)
    for key in ("op_type_configs", "op_name_configs"):
        inner = {name: one(op_config) for name, op_config in (getattr(config, key) or {}).items()}
        if inner:
            found[key] = inner
    return found


def _fields(op_config: Any) -> dict[str, Any]:
    """Fields of an op's configuration as JSON has them; what is not given is left out."""
    import attrs

    fields = {}
    for field in attrs.fields(type(op_config)):
        value = getattr(op_config, field.name)
        if field.name.startswith("_") or value is None:
            continue
        # The classes store modes in capitals, which they do not read.
        fields[field.name] = value.lower() if field.name == "mode" else _plain(value)
    return fields


def _plain(value: Any) -> Any:
    """Enumerations by their names, types of elements by theirs, tuples as lists."""
    import enum

    if isinstance(value, enum.Enum):
        return value.name.lower()
    if isinstance(value, type):
        from coremltools.converters.mil.mil import types

        return types.builtin_to_string(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
