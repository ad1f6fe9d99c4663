"""milopt beside coremltools; skipped where that is not installed."""

import numpy as np
import pytest

ct = pytest.importorskip("coremltools")

import milopt  # noqa: E402
import milopt.coreml  # noqa: E402
from coremltools.converters.mil import Builder as mb  # noqa: E402


@pytest.fixture
def program():
    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 8, 6, 6))], opset_version=ct.target.iOS16)
    def main(x):
        weight = np.random.default_rng(0).standard_normal((4, 8, 3, 3)).astype(np.float32)
        y = mb.conv(x=x, weight=weight, name="y")
        return mb.relu(x=mb.mul(x=y, y=np.float32(1.0)), name="z")

    return main


def convert(program, **options):
    return ct.convert(
        program,
        source="milinternal",
        convert_to="mlprogram",
        compute_precision=ct.precision.FLOAT32,
        minimum_deployment_target=ct.target.iOS16,
        skip_model_load=True,
        **options,
    )


def kinds(mlmodel):
    block = mlmodel.get_spec().mlProgram.functions["main"].block_specializations.popitem()[1]
    return [op.type for op in block.operations if op.type != "const"]


def test_a_model_goes_there_and_back(program):
    mlmodel = convert(program, pass_pipeline=ct.PassPipeline.EMPTY)
    assert "mul" in kinds(mlmodel)
    result = milopt.coreml.optimize(mlmodel, "default")
    assert kinds(result) == ["conv", "relu"]
    assert result.milopt_report.changed and result.compute_unit == mlmodel.compute_unit
    x = {"x": np.ones((1, 8, 6, 6), np.float32)}
    before, after = milopt.open(mlmodel).eval(x), milopt.open(result).eval(x)
    np.testing.assert_allclose(before["z"], after["z"], rtol=1e-5, atol=1e-5)


def test_milopt_is_a_pass_of_coremltools(program):
    milopt.coreml.register()
    milopt.coreml.register()
    passes = ct.PassPipeline.EMPTY
    passes.append_pass("milopt::run")
    passes.set_options("milopt::run", {"pipeline": "noop_elimination"})
    assert kinds(convert(program, pass_pipeline=passes)) == ["conv", "relu"]


@pytest.mark.parametrize(
    "config",
    [
        ct.optimize.coreml.OpPalettizerConfig(mode="kmeans", nbits=4, weight_threshold=64),
        ct.optimize.coreml.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=64),
        ct.optimize.coreml.OpMagnitudePrunerConfig(target_sparsity=0.5, weight_threshold=64),
    ],
    ids=lambda config: type(config).__name__,
)
def test_configurations_of_coremltools_are_read(program, config):
    mlmodel = convert(program)
    model = milopt.open(mlmodel)
    report = model.compress(ct.optimize.coreml.OptimizationConfig(global_config=config))
    done = [weight for weight in report.weights if "bytes_before" in weight]
    assert len(done) == 1 and done[0]["bytes_after"] < done[0]["bytes_before"]
    assert ct.models.MLModel(str(save(model)), skip_model_load=True).get_spec()


def save(model):
    import tempfile
    from pathlib import Path

    path = Path(tempfile.mkdtemp()) / "model.mlpackage"
    model.save(path)
    return path
