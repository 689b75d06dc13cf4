from __future__ import annotations

import errno

import pytest

from dream_sft.io.errors import is_disk_full


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_full_disks_are_known_by_number_and_by_the_text_of_libraries(number: int) -> None:
    assert is_disk_full(OSError(number, "full"))
    assert is_disk_full(RuntimeError(f"I/O error: (os error {number})"))


def test_other_failures_are_not_a_full_disk() -> None:
    assert not is_disk_full(OSError(errno.EACCES, "no"))
    assert not is_disk_full(RuntimeError("os error 2"))
