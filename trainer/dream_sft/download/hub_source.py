"""kind: hub. A repository of the Hugging Face hub, or of the mirror that HF_ENDPOINT names.

The revision is resolved to a commit first and everything is fetched at that commit. Each file is
then checked against what the hub lists for it: sha256 (large files) or git blob id (small ones).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from dream_sft.download.hub_errors import typed_hub_errors
from dream_sft.download.item import Emit, Fetched, progress
from dream_sft.download.safe_files import choose_files
from dream_sft.io.errors import NetworkError, SpecError
from dream_sft.io.files import sha256_file

TRIES = 3
PROGRESS_BYTES = 16 << 20


def fetch(source: dict[str, Any], destination: Path, emit: Emit) -> Fetched:
    """Fetches the safe files of source["repo"] that match source["files"].

    HF_ENDPOINT (mirror) and HF_TOKEN are honoured. Raises SpecError (no such repository, revision
    or file; token needed), NetworkError (unreachable, offline, or files that stay damaged).
    """
    from huggingface_hub import HfApi

    repo, repo_type = source["repo"], source["repoType"]
    endpoint = os.environ.get("HF_ENDPOINT") or None
    api = HfApi(endpoint=endpoint)
    with typed_hub_errors(repo, source["revision"]):
        info = api.repo_info(
            repo, revision=source["revision"], repo_type=repo_type, files_metadata=True
        )
    commit = info.sha
    if not commit:
        raise NetworkError(f"{repo}: the hub names no commit for {source['revision']}; try again")
    listed = {file.rfilename: file for file in getattr(info, "siblings", None) or []}
    names = choose_files(list(listed), source.get("files"))
    if not names:
        raise SpecError(
            f"{repo}: no file to take matches {source.get('files') or 'the safe kinds'} at "
            f"{commit[:12]}; pickles and programs are never fetched"
        )
    destination.mkdir(parents=True, exist_ok=True)
    where = {"repo": repo, "repo_type": repo_type, "commit": commit, "endpoint": endpoint}
    sizes = [listed[name].size or 0 for name in names]
    arrived = _Arrived(emit, repo, sum(sizes))
    for number, name in enumerate(names, start=1):
        _fetch_file(where, listed[name], destination, arrived)
        arrived.up_to(sum(sizes[:number]))
    # What the library notes beside the files; it would be taken for a part of the model.
    shutil.rmtree(destination / ".cache" / "huggingface", ignore_errors=True)
    with contextlib.suppress(OSError):
        (destination / ".cache").rmdir()
    return Fetched([destination / name for name in names], revision=commit)


class _Arrived:
    """Bytes of all files so far, told every 16 MiB: who waits for a shard of 5 GB over a slow line
    must see that it comes."""

    def __init__(self, emit: Emit, repo: str, total: int) -> None:
        self._emit, self._repo, self._total = emit, repo, total
        self._done = self._said = 0

    def add(self, count: int) -> None:
        """More of the present file; the library counts some bytes twice."""
        self._done = min(self._done + count, self._total)
        if self._done - self._said >= PROGRESS_BYTES:
            self._tell()

    def up_to(self, done: int) -> None:
        """Files of so many bytes are whole."""
        self._done = done
        if done != self._said:
            self._tell()

    def _tell(self) -> None:
        self._said = self._done
        progress(self._emit, self._repo, self._done, self._total, "bytes")

    def bar(self) -> Any:
        """The library's progress bar, which only a terminal shows, with its bytes told as well."""
        from huggingface_hub.utils.tqdm import tqdm

        add = self.add

        class Bar(tqdm):
            def update(self, n: float | None = 1) -> bool | None:
                add(int(n or 0))
                shown: bool | None = super().update(n)
                return shown

        return Bar


def _fetch_file(where: dict[str, Any], file: Any, destination: Path, arrived: _Arrived) -> None:
    """One file, verified; what is already there and right is not fetched again."""
    from huggingface_hub import hf_hub_download

    target = destination / file.rfilename
    for tried in range(TRIES):
        if target.is_file() and matches(target, file):
            return
        with typed_hub_errors(where["repo"], where["commit"]):
            hf_hub_download(
                where["repo"],
                file.rfilename,
                repo_type=where["repo_type"],
                revision=where["commit"],
                local_dir=destination,
                endpoint=where["endpoint"],
                force_download=tried > 0,
                tqdm_class=arrived.bar(),
            )
    if not matches(target, file):
        target.unlink(missing_ok=True)
        raise NetworkError(
            f"{where['repo']}: {file.rfilename} arrived damaged {TRIES} times and was not kept; "
            "try again or another HF_ENDPOINT"
        )


def matches(path: Path, file: Any) -> bool:
    """Whether `path` has the size and digest that the hub lists (RepoSibling) for it."""
    if file.size is not None and path.stat().st_size != file.size:
        return False
    if file.lfs is not None:
        return bool(sha256_file(path) == file.lfs.sha256)
    if file.blob_id is not None:
        return bool(git_blob_id(path) == file.blob_id)
    return True


def git_blob_id(path: Path) -> str:
    """The id git gives a file's content: sha1 of "blob <size>\\0" and the bytes."""
    content = path.read_bytes()
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
