"""What milopt answers: each report as words, as a dictionary, and in a notebook."""

import html
import math
from dataclasses import dataclass
from typing import Any


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _change(before: int, after: int, word: str) -> str:
    return _plural(after, word) if before == after else f"{before:,} -> {_plural(after, word)}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    def row(cells: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return "<table><thead>" + row(head, "th") + "</thead><tbody>" + "".join(row(it, "td") for it in rows) + "</tbody></table>"


def _loss(weight: dict[str, Any]) -> str:
    """Signal to noise of a weight, where that was measured."""
    signal, noise = weight.get("signal"), weight.get("noise")
    if signal is None or noise is None:
        return ""
    return f"{10 * math.log10(signal / noise):.1f} dB" if signal and noise else "none"


@dataclass(frozen=True)
class Violation:
    """A rule of Core ML's that a model breaks."""

    code: str
    message: str
    place: dict[str, Any]

    def __str__(self) -> str:
        where = ", ".join(f"{key} {value}" for key, value in self.place.items())
        return f"{where}: {self.message} [{self.code}]" if where else f"{self.message} [{self.code}]"


class Rewritten:
    """What passes did, program by program."""

    def __init__(self, programs: list[dict[str, Any]]) -> None:
        self._programs = programs

    @property
    def changed(self) -> bool:
        """Any pass changed anything."""
        return any(program["changed"] for program in self._programs)

    @property
    def ops_before(self) -> int:
        """Ops before, of all programs."""
        return sum(program["ops_before"] for program in self._programs)

    @property
    def ops_after(self) -> int:
        """Ops after, of all programs."""
        return sum(program["ops_after"] for program in self._programs)

    @property
    def weight_bytes_before(self) -> int:
        """Bytes of weights before."""
        return sum(program["weight_bytes_before"] for program in self._programs)

    @property
    def weight_bytes_after(self) -> int:
        """Bytes of weights after."""
        return sum(program["weight_bytes_after"] for program in self._programs)

    @property
    def notes(self) -> list[str]:
        """What else there is to say."""
        return [note for program in self._programs for note in program["notes"]]

    def to_dict(self) -> dict[str, Any]:
        """All of it: `programs`, each with ops, bytes, and what every pass counted."""
        return {"programs": self._programs}

    def __str__(self) -> str:
        ops = _change(self.ops_before, self.ops_after, "op")
        return f"{ops}, {_change(self.weight_bytes_before, self.weight_bytes_after, 'byte')} of weights"

    def __repr__(self) -> str:
        return f"<Rewritten: {self}>"

    def _repr_html_(self) -> str:
        rows = []
        for program in self._programs:
            for one in program["passes"]:
                if one["changed"]:
                    counts = ", ".join(f"{name} {count}" for name, count in one["statistics"].items())
                    rows.append([one["id"], _change(one["ops_before"], one["ops_after"], "op"), counts])
        return f"<p>{html.escape(str(self))}</p>" + (_table(["pass", "ops", "what it did"], rows) if rows else "")


class Estimate:
    """Where Core ML would place each op, and what that costs."""

    def __init__(self, value: dict[str, Any], text: str, page: str) -> None:
        self._value, self._text, self._page = value, text, page

    def _summaries(self) -> list[dict[str, Any]]:
        programs = self._value.get("programs", [self._value])
        return [function["summary"] for program in programs for function in program["functions"].values()]

    @property
    def segments(self) -> int:
        """Segments of all functions: each change of device begins one."""
        return sum(summary["segments"] for summary in self._summaries())

    @property
    def ane_share(self) -> float:
        """The part of the ops that runs on the Neural Engine, from 0 to 1."""
        ops = sum(summary["ops"] for summary in self._summaries())
        return sum(summary["ane_ops"] for summary in self._summaries()) / ops if ops else 0.0

    @property
    def cost_ms(self) -> float:
        """What the planner believes one call of each function to cost, in milliseconds."""
        return sum(summary["cost_ms"] for summary in self._summaries())

    @property
    def page(self) -> str:
        """The report as a page for a browser, in one file."""
        return self._page

    def to_dict(self) -> dict[str, Any]:
        """All of it: functions, ops with device, reason and cost, segments, risks."""
        return self._value

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Estimate: {_plural(self.segments, 'segment')}, {self.ane_share:.1%} on the Neural Engine, {self.cost_ms:.3f} ms>"

    def _repr_html_(self) -> str:
        source = html.escape(self._page, quote=True)
        return f'<iframe srcdoc="{source}" sandbox="allow-scripts" style="width: 100%; height: 640px; border: 0"></iframe>'


class Difference:
    """How two models differ."""

    def __init__(self, differs: bool, value: dict[str, Any], text: str) -> None:
        self._differs, self._value, self._text = differs, value, text

    def to_dict(self) -> dict[str, Any]:
        """All of it."""
        return self._value

    def __bool__(self) -> bool:
        return self._differs

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Difference: {'some' if self else 'none'}>"


class Compression(Rewritten):
    """What became of each weight."""

    @property
    def weights(self) -> list[dict[str, Any]]:
        """Of each weight its bytes before and after, and its form; signal and noise, where that was measured; or why it was left alone."""
        passes = [one for program in self._programs for one in program["passes"]]
        return [{"pass": one["id"], **detail} for one in passes for detail in one.get("details", [])]

    def _repr_html_(self) -> str:
        head = ["weight", "type", "bytes", "form", "loss"]
        rows = [
            [it["weight"], it["type"], _change(it["bytes_before"], it["bytes_after"], "byte"), it["form"], _loss(it)]
            for it in self.weights
            if "bytes_before" in it
        ]
        return f"<p>{html.escape(str(self))}</p>" + _table(head, rows)
