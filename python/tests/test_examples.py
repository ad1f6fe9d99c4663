"""What the documentation shows of Python, run."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest


def example(name):
    path = Path(__file__).parents[1] / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_tour(fixture, tmp_path, monkeypatch, capsys):
    shutil.copytree(fixture("star_hourglass.mlpackage"), tmp_path / "in.mlpackage")
    monkeypatch.chdir(tmp_path)
    x = np.zeros((1, 3, 128, 128), np.float32)
    # docs: begin tour
    import milopt

    model = milopt.open("in.mlpackage")
    print(model.run("default", target="iOS18"))
    print(model.estimate("M1"))
    outputs = model.eval({"x0": x})
    model.compress({"config_type": "OpPalettizerConfig", "global_config": {"nbits": 4}})
    model.save("out.mlpackage")
    # docs: end tour
    assert outputs["y0"].shape == (1, 98, 2)
    assert "ops" in capsys.readouterr().out
    assert "constexpr_lut_to_dense" in str(milopt.open("out.mlpackage"))


def test_a_converter_that_hands_its_program_over(tmp_path):
    pytest.importorskip("coremltools")
    out = tmp_path / "out.mlpackage"
    example("converter").main(str(out))
    import milopt

    model = milopt.open(out)
    text = str(model)
    assert "add(" not in text and text.count("conv(") == 1 and "tensor<fp16, [4, 3, 3, 3]>" in text
    assert model.eval({"x": np.ones((1, 3, 8, 8), np.float32)})["y"].shape == (1, 4, 6, 6)
