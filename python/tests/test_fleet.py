"""Fleets: many jobs, and one big package in parts, on executors of several kinds."""

import concurrent.futures
import contextlib
import csv
import os
import shutil
import signal
import subprocess
import sys
import time

import big_package
import pytest
from test_model import command, digest

import milopt
from milopt import fleet

PIPELINE = 'palettize_weights{config={"global_config": {"nbits": 4}}}'


def processes(count):
    # Not forked: other libraries have threads of their own.
    import multiprocessing

    return concurrent.futures.ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


@contextlib.contextmanager
def dask():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            yield client.get_executor(pure=False)


@contextlib.contextmanager
def ray(monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    # Workers are sent functions of this file by their names.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")]))
    with fleet.ray(num_cpus=1, init={"num_cpus": 2}) as executor:
        yield executor


def die_once(flag, fn, *arguments):
    """Ends the first process that gets here, as a machine that is switched off."""
    try:
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return fn(*arguments)
    os._exit(9)


class DiesOnce(concurrent.futures.Executor):
    """An executor of which one worker dies."""

    def __init__(self, inner, flag):
        self.inner, self.flag = inner, flag

    def submit(self, fn, /, *arguments):
        return self.inner.submit(die_once, str(self.flag), fn, *arguments)


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A package of 64 MiB, and the digest of what the command alone makes of it."""
    folder = tmp_path_factory.mktemp("big")
    big_package.make(folder / "big.mlpackage")
    done = command("compress", folder / "big.mlpackage", "-o", folder / "alone.mlpackage", "--palettize", 4)
    assert done.returncode == 0, done.stderr
    weights = folder / "big.mlpackage/Data/com.apple.CoreML/weights/weight.bin"
    assert weights.stat().st_size > 64 << 20
    return folder / "big.mlpackage", digest(folder / "alone.mlpackage")


def merged(plan, parts, tmp_path):
    report = plan.merge(parts, tmp_path / "merged.mlpackage")
    assert report.weight_bytes_after < report.weight_bytes_before / 3
    return digest(tmp_path / "merged.mlpackage")


def on(executor, big, tmp_path):
    """The digest of what workers and a merge make of the package."""
    plan = milopt.plan(big[0], PIPELINE)
    assert len(plan.tasks) == 40
    told = []
    done = plan.map(executor, tmp_path / "parts", progress=lambda *it: told.append(it))
    assert done == list(range(40)) and len(told) == 40
    assert plan.map(executor, tmp_path / "parts") == []
    return merged(plan, tmp_path / "parts", tmp_path)


def test_a_process_pool_makes_the_same_bytes(big, tmp_path):
    with processes(2) as executor:
        assert on(executor, big, tmp_path) == big[1]


def test_ray_makes_the_same_bytes_though_a_worker_is_killed(big, tmp_path, monkeypatch):
    with ray(monkeypatch) as executor:
        assert on(DiesOnce(executor, tmp_path / "died"), big, tmp_path) == big[1]
    assert (tmp_path / "died").exists()


def test_dask_makes_the_same_bytes(big, tmp_path):
    with dask() as executor:
        assert on(executor, big, tmp_path) == big[1]


def test_shards_of_the_command_make_the_same_bytes(big, tmp_path):
    plan, parts, out = tmp_path / "plan.json", tmp_path / "parts", tmp_path / "out.mlpackage"
    ran = [command("plan", big[0], "-o", plan, "--palettize", 4)]
    ran += [command("work", plan, "--shard", f"{shard}/3", "-o", parts) for shard in range(3)]
    ran += [command("merge", plan, parts, "-o", out)]
    assert all(one.returncode == 0 for one in ran), [one.stderr for one in ran]
    assert digest(out) == big[1]
    assert len(milopt.Plan.read(plan).tasks) == 40
    (parts / "7.bin").write_bytes(b"")
    failed = command("merge", plan, parts, "-o", out)
    assert failed.returncode == 2 and "7.bin is damaged" in failed.stderr


@pytest.fixture
def zoo(fixture, tmp_path):
    """Eleven models, and two packages that are damaged."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    for size in range(2, 13):
        ty = f"tensor<fp32, [1, {size}]>"
        source = f'func main<ios17>({ty} x) {{ {ty} y = relu(x = x)[name = string("y")]; {ty} z = relu(x = y)[name = string("z")]; }} -> (z);'
        milopt.Model.from_text(f"program(1.3)\n{{ {source} }}").save(folder / f"{size:02}.mlpackage")
    for name, file, keep in [
        ("message", "Data/com.apple.CoreML/model.mlmodel", 1000),
        ("weights", "Data/com.apple.CoreML/weights/weight.bin", 100),
    ]:
        shutil.copytree(fixture("star_hourglass.mlpackage"), tmp_path / f"{name}.mlpackage")
        with (tmp_path / f"{name}.mlpackage" / file).open("r+b") as damaged:
            damaged.truncate(keep)
    return sorted(folder.glob("*.mlpackage")), [tmp_path / "message.mlpackage", tmp_path / "weights.mlpackage"]


def all_jobs(zoo):
    good, damaged = zoo
    jobs = fleet.jobs(good, ["", "default", ["merge_consecutive_relus"]], ["M1", "M2", "M4", "A15", "A17Pro", "A18"])
    return jobs + fleet.jobs(damaged, ["default"], ["M1"])


def test_a_fleet_is_done_once(zoo, tmp_path):
    jobs = all_jobs(zoo)
    assert len(jobs) == 200
    told = []
    with processes(2) as executor:
        table = fleet.run(jobs, executor, cache=tmp_path / "cache", progress=lambda *it: told.append(it))
        assert (len(table), table.done, len(table.errors)) == (200, 200, 2)
        assert told[-1][:2] == (200, 200)
        again = fleet.run(jobs, executor, cache=tmp_path / "cache")
    assert (len(again), again.done) == (200, 0)
    assert again.rows == table.rows
    message, weights = table.errors
    assert message["model"].endswith("message.mlpackage") and message["error_code"] == "package-message"
    assert weights["error_code"] == "package-program" and weights["error_place"].startswith("function main")
    first, second = table[1], table[6]
    assert (first["model"], first["chip"], first["ops"]) == (jobs[1].model, "M2", 2)
    assert (second["pipeline"], second["ops"], second["ops_before"]) == ("default", 1, 2)
    assert second["ms"] > 0 and second["segments"] >= 1 and second["error"] is None
    # The same bytes under another name are known.
    shutil.copytree(zoo[0][0], tmp_path / "copy.mlpackage")
    copy = fleet.run(fleet.jobs([tmp_path / "copy.mlpackage"], ["default"], ["M1"]), cache=tmp_path / "cache")
    assert copy.done == 0 and copy[0]["model"].endswith("copy.mlpackage")


@pytest.mark.parametrize("engine", ["ray", "dask"])
def test_a_fleet_on_an_engine(engine, zoo, tmp_path, monkeypatch):
    jobs = all_jobs(zoo)[:198:9] + all_jobs(zoo)[198:]
    with ray(monkeypatch) if engine == "ray" else dask() as executor:
        table = fleet.run(jobs, executor, cache=tmp_path / "cache")
        assert len(table.errors) == 2 and table.done == len(jobs)
        assert fleet.run(jobs, executor, cache=tmp_path / "cache").done == 0
    alone = fleet.run(jobs)
    assert [row | {"seconds": 0} for row in alone] == [row | {"seconds": 0} for row in table]


def test_tables_are_written_read_and_compared(zoo, tmp_path):
    jobs = all_jobs(zoo)[:198:13] + all_jobs(zoo)[-1:]
    table = fleet.run(jobs)
    table.to_csv(tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(jobs)
    assert fleet.read(tmp_path / "a.csv").rows == table.rows
    assert fleet.compare(table, tmp_path / "a.csv") == []
    assert "<table>" in table._repr_html_()
    slower = [dict(row) for row in table]
    slower[0]["ms"] *= 1.5
    slower[1]["error"] = "gone"
    worse = fleet.compare(slower[:-2] + slower[-1:], table, max_ms_ratio=1.4)
    assert [row["why"][:5] for row in worse[1:]] == ["fails", "the j"] and worse[0]["ms"] > worse[0]["ms_before"]
    assert fleet.compare(slower[:1], table[:1], max_ms_ratio=1.6) == []
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match="pip install pyarrow"):
            table.to_parquet(tmp_path / "a.parquet")
    else:
        table.to_parquet(tmp_path / "a.parquet")
        assert fleet.read(tmp_path / "a.parquet").rows == table.rows


def test_what_is_not_there_is_a_row_and_is_not_kept(tmp_path):
    jobs = fleet.jobs([tmp_path / "nothing.mlpackage"])
    for _ in range(2):
        table = fleet.run(jobs, cache=tmp_path / "cache")
        assert table.errors[0]["error_code"] == "package-io" and table.errors[0]["key"] is None
    assert not list((tmp_path / "cache").iterdir())
    table = fleet.run([fleet.Job(str(tmp_path), "no_such_pass")])
    assert "no_such_pass" in table[0]["error"]


def die(*_):
    os._exit(9)


def test_a_worker_that_dies_is_a_row(zoo, tmp_path, monkeypatch):
    jobs = fleet.jobs(zoo[0][:2])
    monkeypatch.setattr(fleet, "_do", die)
    with processes(1) as executor:
        table = fleet.run(jobs, executor, cache=tmp_path / "cache")
    assert [row["error_kind"] for row in table] == ["lost", "lost"]
    assert not list((tmp_path / "cache").iterdir())


def test_ctrl_c_ends_work_and_keeps_what_is_done(big, tmp_path):
    script = (
        "import sys, milopt\n"
        "if __name__ == '__main__':\n"
        f"    plan = milopt.plan({str(big[0])!r}, {PIPELINE!r})\n"
        "    print('planned', flush=True)\n"
        f"    plan.work([task['id'] for task in plan.tasks] * 1, {str(tmp_path / 'parts')!r})\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "planned\n"
    deadline = time.monotonic() + 60
    while not list((tmp_path / "parts").glob("*.json")) and time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    if child.returncode == 0:
        pytest.skip("it was done before it was told to end")
    assert "KeyboardInterrupt" in errors
    plan = milopt.plan(big[0], PIPELINE)
    done = len(list((tmp_path / "parts").glob("*.json")))
    assert 0 < done < 40
    assert len(plan.work(range(40), tmp_path / "parts")) == 40 - done
    assert merged(plan, tmp_path / "parts", tmp_path) == big[1]
