"""Compiler passes for Core ML models: open, rewrite, verify, estimate, write.

    import milopt

    model = milopt.open("model.mlpackage")
    print(model.run("default"))
    print(model.estimate("M1"))
    model.save("smaller.mlpackage")

Everything works on any system, without coremltools; `milopt.coreml` stands beside it for those who use both.
"""

from . import fleet
from ._errors import MiloptError
from ._milopt import __version__
from ._milopt import passes as _passes
from ._plan import Plan, plan
from .model import Model, Session, open
from .reports import Compression, Difference, Estimate, Rewritten, Violation

__all__ = [
    "Compression",
    "Difference",
    "Estimate",
    "MiloptError",
    "Model",
    "Plan",
    "Rewritten",
    "Session",
    "Violation",
    "__version__",
    "fleet",
    "open",
    "passes",
    "pipelines",
    "plan",
]


def passes() -> list[str]:
    """Ids of all passes."""
    return _passes()[0]


def pipelines() -> dict[str, str]:
    """Named pipelines, each with its text."""
    return dict(_passes()[1])
