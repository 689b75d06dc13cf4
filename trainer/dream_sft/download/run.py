"""download: every item of the spec into its folder, whole and verified, or not at all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dream_sft.download import (
    file_source,
    generated_source,
    hub_source,
    initialised_source,
    url_source,
)
from dream_sft.download.item import Emit, Fetch
from dream_sft.download.whole_weights import refuse_cut_weights
from dream_sft.io.errors import SpecError
from dream_sft.io.files import file_entries

SOURCES: Mapping[str, Fetch] = {
    "file": file_source.fetch,
    "url": url_source.fetch,
    "hub": hub_source.fetch,
    "generated": generated_source.fetch,
    "initialised": initialised_source.fetch,
}


def run(spec: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Fetches `spec["items"]` (schemas/download-spec.schema.json) one after another.

    The result's `folder` and `files` are those of a single item; with several, each item of the
    metrics has its own files, relative to its destination. Raises what the sources raise, and
    SpecError for two items with one name.
    """
    names = [item["name"] for item in spec["items"]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError("items: each needs a name of its own", [f"{n}: twice" for n in twice])
    items = [_fetch(item, emit) for item in spec["items"]]
    single = len(items) == 1
    return {
        "type": "result",
        "command": "download",
        "folder": str(Path(spec["items"][0]["destination"])) if single else None,
        "files": items[0]["files"] if single else [],
        "metrics": {"items": items},
    }


def _fetch(item: dict[str, Any], emit: Emit) -> dict[str, Any]:
    started = time.monotonic()
    destination = Path(item["destination"])
    source = item["source"]
    fetched = SOURCES[source["kind"]](source, destination, emit)
    origin = source.get("path") or source.get("url") or source.get("repo") or source["kind"]
    refuse_cut_weights(f"{item['name']} {origin}", fetched.paths)
    return {
        "name": item["name"],
        "revision": fetched.revision,
        "files": file_entries(destination, fetched.paths),
        "seconds": round(time.monotonic() - started, 3),
    }
