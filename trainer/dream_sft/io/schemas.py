"""The JSON Schemas generated from the TypeScript contracts; both halves validate by these files."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

COMMANDS = (
    "download",
    "convert",
    "validate",
    "train",
    "sample",
    "evaluate",
    "merge",
    "compare",
    "gather",
    "strategies",
    "trace",
)
_PACKAGE = Path(__file__).resolve().parents[1]


def schemas_folder() -> Path:
    """`schemas/` of the repository, or the copy inside an installed package."""
    for folder in (_PACKAGE / "schemas", _PACKAGE.parents[1] / "schemas"):
        if (folder / "event.schema.json").is_file():
            return folder
    raise FileNotFoundError(
        f"event.schema.json is in neither {_PACKAGE / 'schemas'} nor "
        f"{_PACKAGE.parents[1] / 'schemas'}; copy the repository's schemas/ to one of them"
    )


@functools.cache
def load_schema(name: str) -> dict[str, Any]:
    """The schema `schemas/<name>.schema.json`."""
    path = schemas_folder() / f"{name}.schema.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def branches_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of a oneOf or anyOf; none where there is no choice."""
    found: list[dict[str, Any]] = schema.get("oneOf", schema.get("anyOf", []))
    return found


def branch_of(schema: dict[str, Any], value: Any) -> dict[str, Any] | None:
    """The branch of a oneOf/anyOf that `value` means: by its constant keys (`kind`, `type`), or
    the only object among them (an object or null)."""
    branches = branches_of(schema)
    objects = [branch for branch in branches if "properties" in branch]
    if isinstance(value, dict) and len(objects) == 1:
        return objects[0]
    for branch in branches:
        constants = {
            key: part["const"]
            for key, part in branch.get("properties", {}).items()
            if "const" in part
        }
        if not constants or not isinstance(value, dict):
            continue
        if all(value.get(key) == constant for key, constant in constants.items()):
            chosen: dict[str, Any] = branch
            return chosen
    return None


def describe(schema: dict[str, Any]) -> str:
    """What a value must be, in words: 'integer, at least 1', 'one of "cpu", "cuda"'."""
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(value) for value in schema["enum"])
    branches = branches_of(schema)
    if branches:
        return " or ".join(_kind_of(branch) or describe(branch) for branch in branches)
    given = schema.get("type", "any")
    kinds: list[str] = [given] if isinstance(given, str) else given
    words = " or ".join("list" if k == "array" else k for k in kinds)
    if "prefixItems" in schema:
        return "list of " + ", ".join(f"({describe(part)})" for part in schema["prefixItems"])
    if isinstance(schema.get("items"), dict) and "array" in kinds:
        inner = schema["items"]
        words += f" of {describe(inner)}" if "properties" not in inner else " of objects"
    return words + "".join(_limits(schema))


def _kind_of(branch: dict[str, Any]) -> str | None:
    for key, part in branch.get("properties", {}).items():
        if "const" in part:
            return f"{{{key}: {json.dumps(part['const'])}, ...}}"
    return None


def _limits(schema: dict[str, Any]) -> list[str]:
    far = 9007199254740991
    words = []
    if "minimum" in schema and schema["minimum"] != -far:
        words.append(f", at least {schema['minimum']}")
    if "exclusiveMinimum" in schema:
        words.append(f", above {schema['exclusiveMinimum']}")
    if "maximum" in schema and schema["maximum"] != far:
        words.append(f", at most {schema['maximum']}")
    if "exclusiveMaximum" in schema:
        words.append(f", below {schema['exclusiveMaximum']}")
    if schema.get("minLength", 0) > 0:
        words.append(", not empty")
    if "pattern" in schema:
        words.append(f" that matches {schema['pattern']}")
    if schema.get("minItems", 0) > 0 and "prefixItems" not in schema:
        words.append(f", {schema['minItems']} or more")
    return words
