"""One big model, compressed by many machines."""

import json
import os
from collections.abc import Iterable
from concurrent.futures import Executor, as_completed
from pathlib import Path
from typing import Any

from . import _milopt
from .model import Progress
from .reports import Rewritten


def plan(model: str | os.PathLike[str], pipeline: str | Iterable[Any], *, target: str | None = None) -> "Plan":
    """Divides a pipeline that ends with passes which compress weights.

    `pipeline` is text or a list, as `Model.run` takes it; `target` the release to make the model one for first, if
    it is for an older one. Nothing is fitted; every weight is read once for its hash.
    """
    text = pipeline if isinstance(pipeline, str) else json.dumps(list(pipeline))
    return Plan(_milopt.plan(model, text, target))


class Plan:
    """What there is to fit, weight by weight. The file is that of `milopt plan`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._value: dict[str, Any] = json.loads(text)

    @staticmethod
    def read(path: str | os.PathLike[str]) -> "Plan":
        """Reads a plan from a file."""
        return Plan(Path(path).read_text(encoding="utf-8"))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it to a file, for `milopt work` and `milopt merge`."""
        Path(path).write_text(json.dumps(self._value, indent=2) + "\n", encoding="utf-8")

    @property
    def key(self) -> str:
        """What the result depends on, in one hash."""
        return str(self._value["key"])

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Each weight with its number, type, places, bytes, cost, and bytes of what it becomes where these are known."""
        return list(self._value["tasks"])

    def work(
        self,
        tasks: Iterable[int],
        parts: str | os.PathLike[str],
        *,
        model: str | os.PathLike[str] | None = None,
    ) -> list[int]:
        """Does some tasks in this process, and gives the numbers of those that were not done before.

        `model` is where it lies here, if not where it was planned.
        """
        return _work(self._text, list(tasks), os.fspath(parts), None if model is None else os.fspath(model))

    def map(
        self,
        executor: Executor,
        parts: str | os.PathLike[str],
        *,
        model: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> list[int]:
        """Does all tasks on an executor, the longest first, and gives the numbers of those that were not done before.

        All workers must see the folder `parts`, and the model. The first task that fails ends it with its exception,
        and so does Ctrl-C; what is done stays, and is not done again. `progress(done, total, weight)` is told of each.
        """
        order = sorted(self.tasks, key=lambda task: (-task["cost"], task["id"]))
        folder, place = os.path.abspath(parts), None if model is None else os.path.abspath(model)
        futures = {executor.submit(_work, self._text, [task["id"]], folder, place): task for task in order}
        done: list[int] = []
        try:
            for count, future in enumerate(as_completed(futures), 1):
                done += future.result()
                if progress is not None:
                    progress(count, len(futures), futures[future]["weight"])
        finally:
            for future in futures:
                future.cancel()
        return sorted(done)

    def merge(
        self,
        parts: str | os.PathLike[str],
        output: str | os.PathLike[str],
        *,
        model: str | os.PathLike[str] | None = None,
    ) -> Rewritten:
        """Puts the parts together: writes the bytes that one machine alone would write."""
        return Rewritten(json.loads(_milopt.merge(self._text, parts, output, model)))

    def __repr__(self) -> str:
        return f"<Plan: {len(self.tasks)} tasks>"


def _work(plan: str, tasks: list[int], parts: str, model: str | None) -> list[int]:
    """What a worker is sent."""
    return _milopt.work(plan, tasks, parts, model)[0]
