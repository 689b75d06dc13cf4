from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.train.builders import Workshop, run, write_dataset, write_model


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    write_model(folder / "base")
    write_dataset(folder / "dataset")
    return folder


@pytest.fixture
def workshop(parts: Path, tmp_path: Path) -> Workshop:
    shutil.copytree(parts, tmp_path, dirs_exist_ok=True)
    return Workshop(tmp_path)


@pytest.fixture(scope="session")
def six_steps(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 30 steps that ended after six, with a checkpoint at step 5."""
    folder = tmp_path_factory.mktemp("six-steps")
    shutil.copytree(parts, folder, dirs_exist_ok=True)
    finished = run(Workshop(folder).spec(stopAfterSteps=6))
    assert finished.code == 0, finished.stderr
    return folder


@pytest.fixture
def begun(six_steps: Path, tmp_path: Path) -> Workshop:
    shutil.copytree(six_steps, tmp_path, dirs_exist_ok=True)
    return Workshop(tmp_path)
