"""Models that tests open."""

from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture
def fixture():
    """The path of a fixture by its name."""
    return lambda name: FIXTURES / name
