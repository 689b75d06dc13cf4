"""Where tests find the shared data and a compiler, and one thread for all of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)
# How long an example takes says what else the machine does.
settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="those alone that others skip as slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --slow (npm run test:slow): what DREAM_SFT_SLOW=1 adds, nothing that ran before."""
    if config.getoption("--slow"):
        items[:] = [
            item
            for item in items
            if any(
                str(mark.kwargs.get("reason")).startswith("slow") for mark in item.iter_markers()
            )
        ]


def _data_folder() -> Path:
    named = os.environ.get("DREAM_SFT_TEST_DATA")
    return Path(named) if named else Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared data folder; skips when it is absent."""
    folder = _data_folder()
    if not folder.is_dir():
        pytest.skip("no shared data: set DREAM_SFT_TEST_DATA or put it into ../shared/data")
    return folder


@pytest.fixture(scope="session")
def parity(shared_data: Path) -> Path:
    """Outputs of the official code on a small model; skips when absent."""
    folder = shared_data / "parity" / "dream_tiny_a"
    if not folder.is_dir():
        pytest.skip("no parity fixtures in the shared data (parity/dream_tiny_a)")
    return folder


@pytest.fixture(scope="session")
def compiler() -> None:
    """Skips where torch finds no C++ compiler: only Node and Python are promised to be there."""
    name = os.environ.get("CXX", "g++")
    if shutil.which(name) is None:
        pytest.skip(f"torch.compile needs a C++ compiler on the CPU, and there is no {name}")
