from __future__ import annotations

import errno

import pytest

from dream_sft.io import exit_codes
from dream_sft.io.errors import is_disk_full, memory_that_ran_out
from dream_sft.io.rank_process import _lost


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_full_disks_are_known_by_number_and_by_the_text_of_libraries(number: int) -> None:
    assert is_disk_full(OSError(number, "full"))
    assert is_disk_full(RuntimeError(f"I/O error: (os error {number})"))


def test_other_failures_are_not_a_full_disk() -> None:
    assert not is_disk_full(OSError(errno.EACCES, "no"))
    assert not is_disk_full(RuntimeError("os error 2"))


@pytest.mark.parametrize(
    "sentence",
    [
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate",
    ],
)
def test_memory_that_other_allocators_miss_is_the_cards(sentence: str) -> None:
    assert memory_that_ran_out(RuntimeError(f"{sentence}\nCUDA kernel errors ...")) == "gpu-memory"


def test_memory_that_ran_out_is_seen_behind_what_failed_after_it() -> None:
    with pytest.raises(RuntimeError) as raised:
        try:
            raise MemoryError
        finally:
            raise RuntimeError("CUDA error: operation failed due to a previous error")
    assert memory_that_ran_out(raised.value) == "host-memory"
    assert memory_that_ran_out(RuntimeError("CUDA error: an illegal memory access")) is None


def test_an_error_that_names_itself_as_its_cause_has_an_end() -> None:
    looped = RuntimeError("CUDA error: an illegal memory access was encountered")
    looped.__cause__ = looped
    assert memory_that_ran_out(looped) is None


def test_a_rank_that_hung_is_told_as_that_and_not_as_one_that_said_nothing() -> None:
    hung, silent = _lost(exit_codes.HANGING), _lost(3)
    assert "(exit code 70) because no step came to its end" in hung.message
    assert "(exit code 3) and did not say why" in silent.message
    assert (hung.exit_code, silent.exit_code) == (70, 3)
