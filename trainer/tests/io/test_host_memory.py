from __future__ import annotations

from pathlib import Path

from dream_sft.io import host_memory
from dream_sft.io.host_memory import available_host_bytes


def test_the_kernel_says_what_is_free_where_it_says_anything(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    assert host_memory._left_by_kernel(meminfo) == 1 << 62  # macOS has no such file
    meminfo.write_text("MemTotal:  900 kB\nMemAvailable:  300 kB\n")
    assert host_memory._left_by_kernel(meminfo) == 300 * 1024
    if Path("/proc/meminfo").exists():
        assert 0 < available_host_bytes() < 1 << 50


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 400\nfile 250\nfile_mapped 3\n")
    assert host_memory._left_in_container(tmp_path) == 550
    (tmp_path / "memory.max").write_text("max\n")
    assert host_memory._left_in_container(tmp_path) == 1 << 62
    assert host_memory._left_in_container(tmp_path / "none") == 1 << 62
