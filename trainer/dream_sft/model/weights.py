"""Dream weights in the Hugging Face layout: reading, writing and their digest.

Both layouts are read: one `model.safetensors`, or shards with `model.safetensors.index.json`.
Everything wrong with a folder is reported at once, before any weight is loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dream_sft.model.config import ConfigError, DreamConfig
from dream_sft.model.filling import Convert, Filler
from dream_sft.model.layout import CONFIG, INDEX, SINGLE
from dream_sft.model.network import Dream, Layer
from dream_sft.model.saving import save_dream as save_dream
from dream_sft.model.tensor_files import TensorFile
from dream_sft.model.tokenizer_fit import tokenizer_mistakes

_SAMPLE = 2048  # entries
# Told of a layer whose weights have just arrived; may store them in another way.
Arrived = Callable[[Layer], None]


class WeightsError(ValueError):
    """A folder that is no usable Dream model; `mistakes` lists every reason found."""

    def __init__(self, folder: Path, mistakes: list[str]) -> None:
        self.folder, self.mistakes = folder, mistakes
        shown = "; ".join(mistakes[:12])
        more = f"; and {len(mistakes) - 12} more" if len(mistakes) > 12 else ""
        super().__init__(f"cannot use the model in {folder}: {shown}{more}")


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """What cannot be read of a folder's files inside is told as WeightsError."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise WeightsError(folder, [str(error)]) from error


def read_config(folder: Path) -> DreamConfig:
    """The folder's config.json. Raises WeightsError (absent, unreadable, wrong)."""
    try:
        raw = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(raw, dict):
            raise WeightsError(folder, [f"{CONFIG} is not a JSON object"])
        return DreamConfig.from_dict(raw)
    except ConfigError as error:
        raise WeightsError(folder, [f"{CONFIG}: {m}" for m in error.mistakes]) from error
    except FileNotFoundError as error:
        raise WeightsError(folder, [f"{CONFIG} is missing"]) from error
    except (OSError, ValueError) as error:
        if isinstance(error, WeightsError):
            raise
        raise WeightsError(folder, [f"{CONFIG} cannot be read ({error})"]) from error


def load_dream(
    folder: Path,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    convert: Convert | None = None,
    arrived: Arrived | None = None,
) -> Dream:
    """Load a model straight to `device`; host memory holds pieces of 16 MiB besides the model.

    `convert` (see filling.py) makes entries of `dtype` from stored ones; absent: a cast. A layer is
    allocated only when the one before has been given to `arrived`, however files are cut: where
    that stores it smaller, the device never holds more than one layer in `dtype`.
    Raises WeightsError, before any weight is read, naming every missing, extra or misshaped key,
    every damaged file and whatever the tokenizer files contradict.
    """
    config = read_config(folder)
    with torch.device("meta"):
        model = Dream(config)
    files = checked_files(folder, model)
    form = {name: weight.shape for name, weight in model.state_dict().items()}
    with ExitStack() as stack:
        opened = _open_all(folder, files, stack)
        for layer, names in _parts(model):
            weights = {n: torch.empty(form[n], dtype=dtype, device=device) for n in names}
            _fill(folder, Filler(weights, convert), opened, names)
            model.load_state_dict(weights, strict=False, assign=True)
            del weights  # else they would outlive what `arrived` puts in their place
            if layer is not None and arrived is not None:
                arrived(layer)
    return model.to(device)


def _parts(model: Dream) -> Iterator[tuple[Layer | None, list[str]]]:
    """Names of weights in model order, those of a layer together."""
    layers = {f"model.layers.{index}": layer for index, layer in enumerate(model.layers())}
    for prefix, names in groupby(model.state_dict(), lambda name: ".".join(name.split(".")[:3])):
        yield layers.get(prefix), list(names)


def _open_all(
    folder: Path, files: dict[Path, list[str]], stack: ExitStack
) -> list[tuple[TensorFile, set[str]]]:
    with _readable(folder):
        return [(stack.enter_context(TensorFile(path)), set(keys)) for path, keys in files.items()]


def _fill(
    folder: Path, filler: Filler, opened: list[tuple[TensorFile, set[str]]], names: list[str]
) -> None:
    with _readable(folder):
        for file, held in opened:
            if mine := [name for name in names if name in held]:
                filler.fill(file, mine)


def _placed(folder: Path) -> dict[str, Path]:
    """The file of each tensor. Raises WeightsError."""
    mistakes: list[str] = []
    place = _places(folder, mistakes)
    if mistakes:
        raise WeightsError(folder, mistakes)
    return place


def weights_sha256(folder: Path) -> str:
    """sha256 (hex) over every tensor in name order: name, dtype, shape, little-endian bytes.

    Independent of how the tensors are cut into files. Raises WeightsError.
    """
    place = _placed(folder)
    digest = hashlib.sha256()
    for key in sorted(place):
        with safe_open(place[key], framework="pt", device="cpu") as shard:
            _digest_tensor(digest, key, shard.get_tensor(key))
    return digest.hexdigest()


def sampled_sha256(folder: Path) -> str:
    """sha256 (hex) over every tensor in name order: name, dtype, shape, bytes in two places.

    Tells bases of one shape apart at the price of two short reads a tensor: 15 GB need not be read
    before a GPU is asked for. Fine-tuning of any kind changes whole matrices, so a part tells it.
    Independent of how the tensors are cut into files. Raises WeightsError.
    """
    place = _placed(folder)
    digest = hashlib.sha256()
    with _readable(folder), ExitStack() as stack:
        files = {path: stack.enter_context(TensorFile(path)) for path in set(place.values())}
        for key in sorted(place):
            _sample_tensor(digest, key, files[place[key]])
    return digest.hexdigest()


def _sample_tensor(digest: Any, key: str, file: TensorFile) -> None:
    dtype, shape = file.form(key)
    count = torch.Size(shape).numel()
    digest.update(f"{key}|{str(dtype).removeprefix('torch.')}|{list(shape)}\n".encode())
    for start in (0, count // 2):
        sample = torch.empty(min(_SAMPLE, count - start), dtype=dtype)
        file.read(key, start, sample)
        digest.update(sample.view(torch.uint8).numpy().data)


def model_sha256(model: Dream) -> str:
    """The `weights_sha256` that this model would have when saved."""
    digest = hashlib.sha256()
    for key, weight in sorted(model.state_dict().items()):
        _digest_tensor(digest, key, weight)
    return digest.hexdigest()


def _digest_tensor(digest: Any, key: str, weight: Tensor) -> None:
    head = f"{key}|{str(weight.dtype).removeprefix('torch.')}|{list(weight.shape)}\n"
    digest.update(head.encode())
    raw = weight.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    digest.update(raw.numpy().data)


def _places(folder: Path, mistakes: list[str]) -> dict[str, Path]:
    """Which file holds each key, from the files themselves; appends what is wrong."""
    index, single = folder / INDEX, folder / SINGLE
    if index.is_file():
        named = _index_map(index, mistakes)
    elif single.is_file():
        return dict.fromkeys(_shapes(single, mistakes), single)
    else:
        mistakes.append(f"neither {SINGLE} nor {INDEX} is there")
        return {}
    place: dict[str, Path] = {}
    for name in sorted(set(named.values())):
        path = folder / name
        if Path(name).name != name:
            mistakes.append(f"{INDEX} names {name!r}, which is not a plain file name")
        elif not path.is_file():
            mistakes.append(f"{name} is missing")
        else:
            held = _shapes(path, mistakes)
            place.update(dict.fromkeys(held, path))
            absent = [k for k, n in named.items() if n == name and k not in held] if held else []
            mistakes += [f"{k} is not in {name}, where {INDEX} puts it" for k in absent]
    return place


def _index_map(index: Path, mistakes: list[str]) -> dict[str, str]:
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        if named and all(isinstance(name, str) for name in named.values()):
            return dict(named)
        mistakes.append(f"{INDEX} has no usable weight_map")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        mistakes.append(f"{INDEX} cannot be read ({type(error).__name__}: {error})")
    return {}


def _shapes(path: Path, mistakes: list[str]) -> dict[str, tuple[int, ...]]:
    """Shapes in one file without reading its data; a cut file is found by its length."""
    try:
        with safe_open(path, framework="pt", device="cpu") as shard:
            return {key: tuple(shard.get_slice(key).get_shape()) for key in shard.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        mistakes.append(f"{path.name} is cut off or damaged ({error})")
        return {}


def checked_files(folder: Path, model: Dream) -> dict[Path, list[str]]:
    """Which keys each file holds, in model order. Raises WeightsError with every mistake.

    Reads headers and small JSON files only. `model` may be on the meta device.
    """
    expected = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    mistakes: list[str] = []
    place = _places(folder, mistakes)
    damaged = bool(mistakes)
    shapes: dict[str, tuple[int, ...]] = {}
    for path in set(place.values()):
        shapes.update(_shapes(path, []))
    # Keys of a file that cannot be opened are not missing as well.
    if not damaged:
        mistakes += [f"{key} is missing" for key in expected if key not in place]
    mistakes += [f"{key} is not part of a Dream model" for key in place if key not in expected]
    mistakes += [
        f"{key} has shape {list(shapes[key])}, config.json asks for {list(shape)}"
        for key, shape in expected.items()
        if key in shapes and shapes[key] != shape
    ]
    mistakes += tokenizer_mistakes(folder, model.config)
    if mistakes:
        raise WeightsError(folder, mistakes)
    files: dict[Path, list[str]] = {}
    for key in expected:
        files.setdefault(place[key], []).append(key)
    return files
