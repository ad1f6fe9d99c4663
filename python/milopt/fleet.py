"""Many models, pipelines and chips, on as many machines as there are.

    from concurrent.futures import ProcessPoolExecutor
    from milopt import fleet

    jobs = fleet.jobs(glob("zoo/*.mlpackage"), ["default", "default,palettize_weights"], ["M1", "A17Pro"])
    with ProcessPoolExecutor() as executor:
        table = fleet.run(jobs, executor, cache="results")
    table.to_csv("today.csv")
    worse = fleet.compare(table, "yesterday.csv", max_ms_ratio=1.02)

A job is a function of bytes: of a model, what is done with it, and what it is for. Any executor in the sense of
`concurrent.futures` runs it: a process pool, `fleet.ray(...)`, `client.get_executor(pure=False)` of Dask. What was done
before is found by its key, and not done again.
"""

import contextlib
import csv
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, overload

from . import _milopt
from ._errors import MiloptError
from ._plan import Plan, plan
from .model import Progress, open
from .reports import _table

__all__ = ["Job", "Plan", "Table", "compare", "jobs", "plan", "ray", "read", "run"]

Row = dict[str, Any]

# The columns, with what their numbers are. A field that a row has nothing for is None.
_COLUMNS: dict[str, type] = {
    "key": str,
    "model": str,
    "pipeline": str,
    "chip": str,
    "os": str,
    "units": str,
    "ms": float,
    "segments": int,
    "ane_share": float,
    "ops": int,
    "ops_before": int,
    "weight_bytes": int,
    "weight_bytes_before": int,
    "seconds": float,
    "error": str,
    "error_kind": str,
    "error_code": str,
    "error_place": str,
}


@dataclass(frozen=True)
class Job:
    """A model, what is done with it, and what it is for."""

    model: str
    pipeline: str = ""
    chip: str = "M4"
    os: str = "26"
    units: str = "cpu-and-ne"
    target: str | None = None

    def key(self, content: str) -> str:
        """The key of its result, for a model of this content."""
        return _milopt.key(content, self.pipeline, ["fleet", self.chip, self.os, self.units, self.target or ""])


def jobs(
    models: Iterable[str | os.PathLike[str]],
    pipelines: Iterable[Any] = ("",),
    chips: Iterable[str] = ("M4",),
    *,
    os: str = "26",  # noqa: A002, as `Model.estimate` calls it
    units: str = "cpu-and-ne",
    target: str | None = None,
) -> list[Job]:
    """Every pipeline on every model for every chip.

    A pipeline is text or a list, as `Model.run` takes it; "" leaves the model as it is. `target` is the release to
    make models ones for first.
    """
    texts = [it if isinstance(it, str) else json.dumps(list(it)) for it in pipelines]
    chips = list(chips)
    return [Job(str(model), text, chip, os, units, target) for model in models for text in texts for chip in chips]


class Table(Sequence[Row]):
    """A row for each job, in their order: plain dictionaries.

    `key`, the job (`model`, `pipeline`, `chip`, `os`, `units`), what the planner believes (`ms`, `segments`,
    `ane_share`), sizes (`ops`, `weight_bytes`, and `_before`), `seconds`; and of a job that failed `error`, with
    `error_kind` ("input", "pass", "lost", "other"), `error_code` and `error_place`.
    """

    def __init__(self, rows: Iterable[Row], done: int = 0) -> None:
        self.rows = list(rows)
        self.done = done
        """Jobs that were done for it; the others were known."""

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def errors(self) -> list[Row]:
        """The rows of jobs that failed."""
        return [row for row in self.rows if row["error"] is not None]

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Writes it as CSV."""
        with _new_file(path) as file:
            writer = csv.DictWriter(file, list(_COLUMNS))
            writer.writeheader()
            writer.writerows(self.rows)

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Writes it as Parquet, which needs pyarrow."""
        arrow, parquet = _arrow()
        kinds = {str: arrow.string(), float: arrow.float64(), int: arrow.int64()}
        schema = arrow.schema([(name, kinds[kind]) for name, kind in _COLUMNS.items()])
        parquet.write_table(arrow.Table.from_pylist(self.rows, schema=schema), os.fspath(path))

    def __repr__(self) -> str:
        return f"<Table: {len(self)} rows, {self.done} done, {len(self.errors)} failed>"

    def _repr_html_(self) -> str:
        names = ["model", "pipeline", "chip", "ms", "segments", "ane_share", "ops", "weight_bytes"]
        names += ["error"] if self.errors else []
        rows = [dict(row, model=Path(row["model"]).name) for row in self.rows]
        return _table(names, [[_cell(name, row[name]) for name in names] for row in rows])


def run(
    jobs: Iterable[Job],
    executor: Executor | None = None,
    *,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Table:
    """Does jobs on an executor, or one after another without one.

    Whatever happens to a job is its row: a package that is damaged gives an error with its place, and so does a
    worker that is gone. Rows are kept in the folder `cache` by their keys as they come in, and jobs whose rows are
    there are not done; jobs of one key are done once. `progress(done, total, model)` is told of each row; what it
    raises, and Ctrl-C, end the run, and what is done stays in the cache.
    """
    todo = list(jobs)
    folder = None if cache is None else Path(cache)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row | None] = [None] * len(todo)
    # Jobs by their key: those of one key have one result.
    waiting: dict[str, list[int]] = {}
    contents: dict[str, str | MiloptError] = {}
    for at, job in enumerate(todo):
        key = _key(job, contents)
        if isinstance(key, MiloptError):
            rows[at] = _failed(job, None, key)
            continue
        known = _cached(folder, key)
        if known is not None:
            rows[at] = _as(known, job)
        else:
            waiting.setdefault(key, []).append(at)
    told = len(todo) - sum(map(len, waiting.values()))
    with _results(executor, [(todo[places[0]], key) for key, places in waiting.items()]) as results:
        for key, row in results:
            if folder is not None and row["error_kind"] not in ("lost", "other") and row["error_code"] != "package-io":
                _keep(folder, key, row)
            for at in waiting[key]:
                rows[at] = _as(row, todo[at])
                told += 1
                if progress is not None:
                    progress(told, len(todo), todo[at].model)
    return Table((row for row in rows if row is not None), done=len(waiting))


@contextlib.contextmanager
def _results(executor: Executor | None, work: list[tuple[Job, str]]) -> Iterator[Iterator[tuple[str, Row]]]:
    """Keys and rows as they come in. What is not begun when the block is left is not begun any more."""
    if executor is None:
        yield ((key, _do(job, key)) for job, key in work)
        return
    futures: dict[Future[Row], tuple[Job, str]] = {}

    def rows() -> Iterator[tuple[str, Row]]:
        for future in as_completed(futures):
            job, key = futures[future]
            error = future.exception()
            yield key, future.result() if error is None else _failed(job, key, error)

    try:
        for job, key in work:
            try:
                futures[executor.submit(_do, job, key)] = (job, key)
            except RuntimeError as error:
                # A pool whose workers are gone takes nothing more.
                gone: Future[Row] = Future()
                gone.set_exception(error)
                futures[gone] = (job, key)
        yield rows()
    finally:
        for future in futures:
            future.cancel()


def _do(job: Job, key: str) -> Row:
    """Does one job. Raises nothing but what ends the process."""
    start = time.perf_counter()
    try:
        model = open(job.model)
        report = model.run(job.pipeline or [], target=job.target)
        found = model.estimate(job.chip, os=job.os, units=job.units)
        return _row(job, key) | {
            "ms": found.cost_ms,
            "segments": found.segments,
            "ane_share": found.ane_share,
            "ops": report.ops_after,
            "ops_before": report.ops_before,
            "weight_bytes": report.weight_bytes_after,
            "weight_bytes_before": report.weight_bytes_before,
            "seconds": time.perf_counter() - start,
        }
    except Exception as error:  # noqa: BLE001, whatever it is: the row says it
        return _failed(job, key, error, seconds=time.perf_counter() - start)


def _row(job: Job, key: str | None) -> Row:
    fields = asdict(job)
    return {name: fields.get(name) for name in _COLUMNS} | {"key": key}


def _failed(job: Job, key: str | None, error: BaseException, seconds: float | None = None) -> Row:
    """The row of a job that failed."""
    row = _row(job, key) | {"error": str(error) or type(error).__name__, "seconds": seconds}
    if isinstance(error, MiloptError):
        return row | {"error_kind": error.kind, "error_code": error.code, "error_place": error.place}
    # Not said by the job itself: its worker is gone.
    return row | {"error_kind": "lost" if seconds is None else "other", "error_code": type(error).__name__}


def _as(row: Row, job: Job) -> Row:
    """A row that was made for another job of the same key."""
    fields = asdict(job)
    return {name: fields.get(name, row.get(name)) for name in _COLUMNS}


def _key(job: Job, contents: dict[str, str | MiloptError]) -> str | MiloptError:
    """The key of a job, or why there is none. Each model is read once."""
    if job.model not in contents:
        try:
            contents[job.model] = _milopt.content(job.model)
        except MiloptError as error:
            contents[job.model] = MiloptError(str(error), kind=error.kind, code="package-io", place=job.model)
    content = contents[job.model]
    if isinstance(content, MiloptError):
        return content
    try:
        return job.key(content)
    except MiloptError as error:
        return error


def _cached(folder: Path | None, key: str) -> Row | None:
    """A row that was kept."""
    if folder is None:
        return None
    try:
        row = json.loads(_file(folder, key).read_text())
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) and row.get("key") == key else None


def _keep(folder: Path, key: str, row: Row) -> None:
    with _new_file(_file(folder, key)) as file:
        json.dump(row, file)


def _file(folder: Path, key: str) -> Path:
    return folder / f"{key.removeprefix('blake3:')}.json"


@contextlib.contextmanager
def _new_file(path: str | os.PathLike[str]) -> Iterator[Any]:
    """A file that is there whole or not at all."""
    place = Path(path)
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        os.chmod(name, 0o644)
        os.replace(name, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _cell(name: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case float() if name == "ane_share":
            return f"{value:.0%}"
        case float():
            return f"{value:.4g}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def read(path: str | os.PathLike[str]) -> Table:
    """A table that was written by `to_csv` or `to_parquet`."""
    if Path(path).suffix == ".parquet":
        _, parquet = _arrow()
        rows = parquet.read_table(os.fspath(path)).to_pylist()
        return Table({name: row.get(name) for name in _COLUMNS} for row in rows)
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # A job may have no pipeline; of all else, nothing is None.
    kept = ("model", "pipeline", "chip", "os", "units")
    return Table(
        {name: _COLUMNS[name](row[name]) if row.get(name) or name in kept else None for name in _COLUMNS}
        for row in rows
    )


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet needs pyarrow: pip install pyarrow, or write CSV") from error
    return pyarrow, pyarrow.parquet


def compare(
    table: Iterable[Row], earlier: Iterable[Row] | str | os.PathLike[str], *, max_ms_ratio: float = 1.02
) -> list[Row]:
    """The jobs that are worse than in an earlier table, or a file of one: empty where all is well.

    Jobs are the same by model, pipeline, chip, system and units. Worse is one that costs more milliseconds by more
    than this ratio, falls into more segments, fails where it did not, or is gone. Each row says `why`.
    """
    if isinstance(earlier, (str, os.PathLike)):
        earlier = read(earlier)
    names = ("model", "pipeline", "chip", "os", "units")
    now = {tuple(row[name] for name in names): row for row in table}
    worse = []
    for before in earlier:
        job = tuple(before[name] for name in names)
        row = now.get(job)
        why = _worse(before, row, max_ms_ratio)
        if why is not None:
            found = dict(zip(names, job, strict=True)) | {"why": why, "ms_before": before["ms"]}
            worse.append(found | {"ms": None if row is None else row["ms"]})
    return worse


def _worse(before: Row, now: Row | None, max_ms_ratio: float) -> str | None:
    if before["error"] is not None:
        return None
    if now is None:
        return "the job is not in the table"
    if now["error"] is not None:
        return f"fails: {now['error']}"
    if now["ms"] > before["ms"] * max_ms_ratio:
        return f"{before['ms']:.4g} -> {now['ms']:.4g} ms"
    if now["segments"] > before["segments"]:
        return f"{before['segments']} -> {now['segments']} segments"
    return None


@contextlib.contextmanager
def ray(
    address: str | None = None,
    *,
    num_cpus: float = 1,
    memory: int | None = None,
    resources: dict[str, float] | None = None,
    retries: int = 3,
    init: dict[str, Any] | None = None,
) -> Iterator[Executor]:
    """An executor over Ray, which must be installed.

    `num_cpus`, `memory` (bytes) and `resources` are what one job takes; a job whose worker is lost is tried
    `retries` times again. A cluster at `address` is joined, or the one that this process is in; else one is started
    here with the options `init` of `ray.init`, and ended with the block.
    """
    try:
        import ray as engine
    except ImportError as error:
        raise ImportError("fleet.ray needs Ray: pip install ray, or take another executor") from error
    is_own = not engine.is_initialized()
    if is_own:
        local = {"include_dashboard": False} if address is None else {}
        engine.init(address=address, **{"log_to_driver": False, **local, **(init or {})})
    takes = {"num_cpus": num_cpus, "memory": memory, "resources": resources}
    options = {name: value for name, value in takes.items() if value is not None}
    executor = _Ray(engine, {**options, "max_retries": retries})
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)
        if is_own:
            engine.shutdown()


class _Ray(Executor):
    """Tasks of Ray as futures."""

    def __init__(self, engine: Any, options: dict[str, Any]) -> None:
        self._engine, self._options = engine, options
        self._functions: dict[Callable[..., Any], Any] = {}
        self._futures: set[Future[Any]] = set()
        self._is_open = True

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not self._is_open:
            raise RuntimeError("the executor takes no more jobs")
        if fn not in self._functions:
            self._functions[fn] = self._engine.remote(**self._options)(fn)
        reference = self._functions[fn].remote(*args, **kwargs)
        future = _RayFuture(self._engine, reference)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        reference.future().add_done_callback(future.take)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._is_open = False
        for future in list(self._futures):
            if cancel_futures:
                future.cancel()
            elif wait:
                future.exception()


class _RayFuture(Future[Any]):
    """What comes of a task; it can be cancelled as long as it runs."""

    def __init__(self, engine: Any, reference: Any) -> None:
        super().__init__()
        self._engine, self._reference = engine, reference

    def cancel(self) -> bool:
        is_cancelled = super().cancel()
        if is_cancelled:
            with contextlib.suppress(Exception):
                self._engine.cancel(self._reference, force=False)
        return is_cancelled

    def take(self, inner: Future[Any]) -> None:
        """Takes over what Ray's own future holds."""
        if not self.set_running_or_notify_cancel():
            return
        error = inner.exception()
        if error is None:
            self.set_result(inner.result())
        else:
            self.set_exception(error)
