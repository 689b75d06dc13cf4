"""How much host memory can still be had."""

from __future__ import annotations

from pathlib import Path

_NO_LIMIT = 1 << 62


def available_host_bytes() -> int:
    """Memory that can still be had, by the kernel and by the container's limit."""
    return min(_left_by_kernel(), _left_in_container())


def _left_by_kernel(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Where no kernel tells (macOS), there is no limit that one could know of."""
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return _NO_LIMIT
    found = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return int(next(found, "0")) * 1024


def _left_in_container(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """What a container's limit leaves (cgroup 2, then 1); file caches count as free."""
    pairs = (
        ("memory.max", "memory.current", "file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_cache"),
    )
    for limit, used, cache in pairs:
        try:
            most = (folder / limit).read_text(encoding="ascii").strip()
            if most == "max":
                break
            now = int((folder / used).read_text(encoding="ascii"))
            counts = (folder / limit).with_name("memory.stat").read_text(encoding="ascii")
        except (OSError, ValueError):
            continue
        cached = [line.split()[1] for line in counts.splitlines() if line.split()[:1] == [cache]]
        return int(most) - now + int(cached[0] if cached else 0)
    return _NO_LIMIT
