from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes started by these tests find the package wherever the tests run."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
