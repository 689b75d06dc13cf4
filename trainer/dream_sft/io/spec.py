"""Reading a run spec: JSON, validated, defaults filled in, paths made absolute.

The schema is the contract's (`schemas/<command>-spec.schema.json`). Every mistake is reported at
once, with its place, what was expected and, for a misspelt key, the nearest known one.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from dream_sft.data.view_rules import view_mistakes
from dream_sft.io.errors import SpecError
from dream_sft.io.schemas import branch_of, branches_of, describe, load_schema
from dream_sft.train.methods.settings import setting_mistakes

Spec = dict[str, Any]
# Keys that hold a path, by their dotted place ('[]' stands for any item of a list).
_PATHS = {
    "runDir",
    "base",
    "dataset",
    "tokenizer",
    "model",
    "adapter",
    "output",
    "resumeFrom",
    "trace",
    "checkpoints.folder",
    "suites[].file",
    "suite.file",
    "items[].destination",
    "items[].source.path",
    "answers[]",
    "before[]",
    "after[]",
    "again[]",
    "anchor.published[]",
    "anchor.default[]",
    "canvases[].answers[]",
}


def load_spec(command: str, path: Path) -> Spec:
    """The spec at `path` for `command`, complete. Raises SpecError with every mistake."""
    schema = load_schema(f"{command}-spec")
    raw = _read(path)
    errors = list(_flat(Draft202012Validator(schema).iter_errors(raw)))
    mistakes = [mistake for error in errors for mistake in _explain(error, schema)]
    mistakes += _rules(command, raw)
    completed: Spec = {} if errors else _complete(schema, raw)
    if not errors:
        mistakes += _together(command, completed)
    if mistakes:
        unique = list(dict.fromkeys(mistakes))
        noun = "mistake" if len(unique) == 1 else "mistakes"
        raise SpecError(f"the spec {path} has {len(unique)} {noun}; nothing was run", unique)
    spec: Spec = _resolve_paths(completed, path.resolve().parent, "")
    return spec


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"cannot read the spec {path}: {why}", [f"{path}: {why}"]) from error
    try:
        raw = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise SpecError(f"the spec {path} is not JSON: {error}", [str(error)]) from error
    if not isinstance(raw, dict):
        raise SpecError(f"the spec {path} must be a JSON object", ["expected a JSON object"])
    return raw


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


def _flat(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    """Errors with those of a discriminated union replaced by the errors of the branch meant."""
    for error in sorted(errors, key=lambda e: list(map(str, e.absolute_path))):
        branch = branch_of(error.schema, error.instance) if error.context else None
        if branch is None:
            yield error
        else:
            number = error.validator_value.index(branch)
            yield from _flat(e for e in error.context if e.relative_schema_path[0] == number)


def _explain(error: ValidationError, schema: Spec) -> list[str]:
    place = dotted(error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = [key for key in error.instance if key not in known]
        return [_unknown(place, key, known, schema) for key in unknown]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        parts = error.schema["properties"]
        return [f"{_join(place, k)}: missing, expected {describe(parts[k])}" for k in missing]
    got = json.dumps(error.instance, ensure_ascii=False)
    shown = got if len(got) <= 60 else got[:57] + "..."
    return [f"{place or 'spec'}: expected {describe(error.schema)}, got {shown}"]


def _unknown(place: str, key: str, known: list[str], schema: Spec) -> str:
    everywhere = sorted(all_keys(schema), key=lambda place: place.count("."))
    full = next((k for k in everywhere if k.split(".")[-1] == key), None)
    if full is None:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
        far = difflib.get_close_matches(key, [k.split(".")[-1] for k in everywhere], n=1)
        full = _join(place, near[0]) if near else None
        if full is None and far:
            full = next(k for k in everywhere if k.split(".")[-1] == far[0])
    hint = f"did you mean {full}?" if full else f"known here: {', '.join(known)}"
    return f"{_join(place, key)}: unknown key, {hint}"


def all_keys(schema: Spec, place: str = "") -> list[str]:
    """Every key of objects in `schema`, by its dotted place."""
    keys = []
    for key, part in schema.get("properties", {}).items():
        keys += [_join(place, key), *all_keys(part, _join(place, key))]
    for branch in branches_of(schema):
        keys += all_keys(branch, place)
    return list(dict.fromkeys(keys))


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def dotted(path: Any) -> str:
    """`training.betas[0]` for ('training', 'betas', 0)."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def _rules(command: str, raw: Spec) -> list[str]:
    """What a schema cannot say."""
    mistakes = []
    training = raw.get("training")
    if command == "train" and isinstance(training, dict):
        given = [key for key in ("steps", "epochs") if key in training]
        if not given:
            mistakes.append("training: expected steps or epochs, got neither")
        elif len(given) == 2:
            mistakes.append("training: expected steps or epochs, got both; leave one out")
    interval = raw.get("checkpoints")
    if isinstance(interval, dict) and {"everySteps", "everySeconds"} <= interval.keys():
        mistakes.append("checkpoints: expected everySteps or everySeconds, got both; leave one out")
    suites = raw.get("suites")
    for number, suite in enumerate(suites if isinstance(suites, list) else []):
        name = suite.get("name", "arithmetic") if isinstance(suite, dict) else "arithmetic"
        if name != "arithmetic" and "file" not in suite:
            mistakes.append(f"suites[{number}].file: missing, expected the JSONL file of {name}")
    return mistakes


def _together(command: str, spec: Spec) -> list[str]:
    """What does not go together in a spec whose keys are all right on their own."""
    if command == "train":
        return setting_mistakes(spec["training"], spec["device"])
    return view_mistakes(spec) if command == "convert" else []


def _complete(schema: Spec, value: Any) -> Any:
    """A copy of `value` with the schema's defaults at every level and whole floats as integers."""
    chosen = branch_of(schema, value)
    if chosen is not None:
        return _complete(chosen, value)
    if isinstance(value, dict) and "properties" in schema:
        filled = {}
        for key, part in schema["properties"].items():
            if key in value:
                filled[key] = _complete(part, value[key])
            elif "default" in part:
                filled[key] = _complete(part, part["default"])
        return filled
    if isinstance(value, list):
        parts = schema.get("prefixItems") or [schema.get("items") or {}] * len(value)
        return [_complete(part, item) for part, item in zip(parts, value, strict=False)]
    if schema.get("type") == "integer" and isinstance(value, float):
        return int(value)
    return value


def _resolve_paths(value: Any, folder: Path, place: str) -> Any:
    if isinstance(value, dict):
        return {k: _resolve_paths(v, folder, _join(place, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolve_paths(item, folder, f"{place}[]") for item in value]
    if isinstance(value, str) and place in _PATHS:
        return str(folder / value)
    return value
