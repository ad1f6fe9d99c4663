"""Models: opened, looked at, rewritten, run, written."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

import milopt


def digest(package):
    """One hash of all files of a package."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def command(*arguments):
    return subprocess.run([sys.executable, "-m", "milopt", *map(str, arguments)], capture_output=True, text=True)


def test_a_model_is_rewritten_and_computes_the_same(fixture, tmp_path):
    model = milopt.open(fixture("star_hourglass.mlpackage"))
    inputs = model.random_inputs(7)
    before = model.eval(inputs)
    report = model.run("default")
    assert report.changed and report.ops_after < report.ops_before
    assert f"{report.ops_after}" in str(report) and "<table>" in report._repr_html_()
    model.save(tmp_path / "out.mlpackage")
    again = milopt.open(tmp_path / "out.mlpackage")
    after = again.eval(inputs)
    assert before.keys() == after.keys()
    for name, array in before.items():
        assert array.dtype == after[name].dtype
        np.testing.assert_allclose(after[name], array, rtol=2e-3, atol=2e-3)


def test_the_command_writes_the_same_bytes(fixture, tmp_path):
    model = milopt.open(fixture("star_hourglass.mlpackage"))
    model.run("fp16", target="iOS18")
    model.save(tmp_path / "a.mlpackage")
    ran = command("run", fixture("star_hourglass.mlpackage"), "-o", tmp_path / "b.mlpackage",
                  "--target", "iOS18", "--pipeline", "fp16")
    assert ran.returncode == 0, ran.stderr
    assert digest(tmp_path / "a.mlpackage") == digest(tmp_path / "b.mlpackage")


def test_the_command_says_how_it_ended():
    assert command("inspect", "no/such.mlpackage").returncode == 2
    assert command("--help").returncode == 0
    assert command("no-such-command").returncode == 2


def test_a_pipeline_is_text_or_a_list(fixture):
    texts = []
    for pipeline in ("add_fp16_cast,cleanup", ["add_fp16_cast", "cleanup"], [{"pass": "add_fp16_cast"}, "cleanup"]):
        model = milopt.open(fixture("rnn_gru.mlpackage"))
        model.run(pipeline)
        texts.append(model.text(full=True))
    assert len(set(texts)) == 1 and "fp16" in texts[0]


def test_text_reads_back(fixture):
    model = milopt.open(fixture("functions.mlpackage"))
    assert str(model).startswith("program(")
    function = 'func main<ios17>(tensor<fp32, [2]> x) { tensor<fp32, [2]> y = relu(x = x)[name = string("y")]; } -> (y);'
    source = f"program(1.3)\n{{ {function} }}"
    outputs = milopt.Model.from_text(source).eval({"x": np.array([-1, 2], np.float32)})
    assert outputs["y"].tolist() == [0, 2]


def test_an_estimate_is_words_numbers_and_a_page(fixture):
    estimate = milopt.open(fixture("star_hourglass.mlpackage")).estimate("M1", os="15")
    assert estimate.segments >= 1 and 0 <= estimate.ane_share <= 1 and estimate.cost_ms > 0
    assert "M1" in str(estimate) and estimate.page.startswith("<!")
    assert "srcdoc" in estimate._repr_html_() and "functions" in estimate.to_dict()


def test_states_move_on_from_call_to_call(fixture):
    model = milopt.open(fixture("states.mlpackage"))
    session = model.session()
    inputs = model.random_inputs(1)
    first, second = session(inputs), session(inputs)
    assert any((first[name] != second[name]).any() for name in first)
    moved = session.states
    other = model.session()
    other(inputs)
    other(inputs)
    assert all((moved[name] == array).all() for name, array in other.states.items())


def test_what_is_wrong_is_said(fixture, tmp_path):
    model = milopt.open(fixture("star_hourglass.mlpackage"))
    assert model.verify() == []
    with pytest.raises(milopt.MiloptError, match="no_such_pass") as raised:
        model.run("no_such_pass")
    assert raised.value.kind == "input" and raised.value.code is None
    with pytest.raises(milopt.MiloptError, match="cannot open"):
        milopt.open(tmp_path / "nothing.mlpackage")
    with pytest.raises(milopt.MiloptError, match="iOS18"):
        model.run("cleanup", target="iOS99")
    with pytest.raises(TypeError):
        milopt.open(3)


def test_progress_is_told_and_can_end_a_run(fixture):
    model = milopt.open(fixture("star_hourglass.mlpackage"))
    seen = []
    model.run("default", progress=lambda done, total, name: seen.append((done, total, name)))
    assert len(seen) > 5 and all(total > 0 and name for _, total, name in seen)

    def stop(done, total, name):
        raise KeyboardInterrupt

    before = model.text(full=True)
    with pytest.raises(KeyboardInterrupt):
        model.run("fp16", progress=stop)
    assert model.text(full=True) == before


def test_weights_become_smaller(fixture):
    model = milopt.open(fixture("star_hourglass.mlpackage"))
    config = {"config_type": "OpPalettizerConfig", "global_config": {"mode": "kmeans", "nbits": 4, "weight_threshold": 256}}
    report = model.compress(config)
    assert report.weight_bytes_after < report.weight_bytes_before / 3
    assert any("bytes_before" in weight for weight in report.weights)
    rows = model.weights(256)
    assert any("palettized" in row["stored_as"] for row in rows)


def test_the_numbers_of_a_weight(fixture):
    model = milopt.open(fixture("star_hourglass.mlpackage"))
    row = model.weights()[0]
    array = model.weight(row["name"])
    assert list(array.shape) == row["shape"]
    assert float(array.min()) == pytest.approx(row["numbers"]["min"])


def test_models_are_compared(fixture):
    one, other = (milopt.open(fixture("star_hourglass.mlpackage")) for _ in range(2))
    assert not one.diff(other)
    other.run("default")
    assert one.diff(other) and str(one.diff(other))


def test_passes_and_pipelines_are_listed():
    assert "fuse_conv_bn" in milopt.passes()
    assert "default" in milopt.pipelines()
