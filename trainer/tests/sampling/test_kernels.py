from __future__ import annotations

import pytest

from dream_sft.sampling.kernels import (
    CompilerMissingError,
    Kernels,
    choose_kernels,
    obstacle_to_compiling,
)


@pytest.mark.parametrize(
    ("device", "wanted", "obstacle", "expected"),
    [
        ("cuda", None, None, Kernels(compiled=True, graphs=True)),
        ("cuda", None, "no compiler", Kernels(compiled=False, graphs=True)),
        ("cuda", False, None, Kernels(compiled=False, graphs=True)),
        ("cuda", True, None, Kernels(compiled=True, graphs=True)),
        ("cpu", None, None, Kernels(compiled=False, graphs=False)),
        ("cpu", None, "no compiler", Kernels(compiled=False, graphs=False)),
        ("cpu", True, None, Kernels(compiled=True, graphs=False)),
    ],
)
def test_chosen_by_device_wish_and_toolchain(
    device: str, wanted: bool | None, obstacle: str | None, expected: Kernels
) -> None:
    assert choose_kernels(device, wanted, obstacle) == expected


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_what_is_asked_for_and_cannot_be_had_is_an_error(device: str) -> None:
    with pytest.raises(CompilerMissingError, match="no compiler"):
        choose_kernels(device, True, "there is no compiler gcc")


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert obstacle_to_compiling("cpu") == "there is no compiler no-such-compiler"
