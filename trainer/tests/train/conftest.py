from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.train.builders import Workshop, write_dataset, write_model


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
