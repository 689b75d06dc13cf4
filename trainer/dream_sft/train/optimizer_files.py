"""Optimizer state on disk, in files of bounded size, written and read a piece at a time.

One file is `optimizer.safetensors`; several are `optimizer-00001-of-00003.safetensors` and so on.
Tensors are written from wherever they live (device or host) and read straight to where they
belong, so that neither direction holds a second copy in host memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from dream_sft.io.closing import Closing
from dream_sft.io.errors import DataError
from dream_sft.model.filling import Filler
from dream_sft.model.tensor_files import Form, TensorFile, Write, write_tensors

SINGLE = "optimizer.safetensors"
_PATTERN = "optimizer-*-of-*.safetensors"
DEFAULT_FILE_BYTES = 5_000_000_000


def write_optimizer(
    folder: Path,
    tensors: Mapping[str, Tensor],
    *,
    max_file_bytes: int = DEFAULT_FILE_BYTES,
    write: Write = write_tensors,
) -> list[dict[str, Any]]:
    """Write all tensors into `folder`; returns {path, size, sha256} of each file, by path.

    A file passes `max_file_bytes` only when one tensor alone does. The same tensors give the same
    bytes. Raises OSError (disk full): the folder then holds half a state, so write into a
    temporary one (io.files.write_folder).
    """
    groups = list(_cut(tensors, max_file_bytes))
    entries = []
    for number, keys in enumerate(groups, 1):
        name = SINGLE if len(groups) == 1 else _name(number, len(groups))
        written = write(folder / name, {key: tensors[key] for key in keys}, None)
        entries.append({"path": name, **written})
    return entries


def _name(number: int, count: int) -> str:
    return f"optimizer-{number:05d}-of-{count:05d}.safetensors"


def _cut(tensors: Mapping[str, Tensor], limit: int) -> Iterator[list[str]]:
    keys: list[str] = []
    size = 0
    for key in sorted(tensors):
        nbytes = tensors[key].nbytes
        if keys and size + nbytes > limit:
            yield keys
            keys, size = [], 0
        keys.append(key)
        size += nbytes
    yield keys


class StoredTensors(Mapping[str, Tensor], Closing):
    """The tensors of a folder's optimizer files, read when asked for. Close it, or use `with`.

    Raises DataError, on opening and on reading, naming every file that is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: list[TensorFile] = []
        self._holder: dict[str, TensorFile] = {}
        mistakes: list[str] = []
        for path in _files(folder):
            try:
                self._files.append(TensorFile(path))
            except FileNotFoundError:
                mistakes.append(f"{path.name} is missing")
            except (ValueError, OSError) as error:
                mistakes.append(str(error))
        if mistakes:
            self.close()
            raise DataError(f"the optimizer state in {folder} is damaged", mistakes)
        for file in self._files:
            self._holder.update(dict.fromkeys(file.names(), file))

    def close(self) -> None:
        for file in self._files:
            file.close()
        self._files.clear()

    def __getitem__(self, key: str) -> Tensor:
        """A tensor in host memory of its own."""
        try:
            return self._holder[key].tensor(key)
        except (ValueError, OSError) as error:
            raise self._damaged(error) from error

    def __contains__(self, key: object) -> bool:
        return key in self._holder  # the inherited one would read the tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._holder)

    def __len__(self) -> int:
        return len(self._holder)

    def form(self, key: str) -> Form:
        """dtype and shape, without reading data."""
        return self._holder[key].form(key)

    def fill(self, targets: Mapping[str, Tensor], starts: Mapping[str, int] | None = None) -> None:
        """Copy the named tensors into `targets`, of the same shapes, on any device; or the part of
        each that begins at the flat index in `starts`."""
        filler = Filler(targets, starts=starts)
        for file in self._files:
            names = [name for name in file.names() if name in targets]
            try:
                filler.fill(file, names)
            except (ValueError, OSError) as error:
                raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DataError:
        return DataError(f"the optimizer state in {self.folder} is damaged ({error})")


def form_of(tensors: Mapping[str, Tensor], key: str) -> Form:
    """dtype and shape of an entry; a mapping that reads files answers without reading its data."""
    form: Callable[[str], Form] | None = getattr(tensors, "form", None)
    if form is not None:
        return form(key)
    return tensors[key].dtype, tuple(tensors[key].shape)


def fill_from(tensors: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> None:
    """Copy the named tensors into `targets`."""
    fill: Callable[[Mapping[str, Tensor]], None] | None = getattr(tensors, "fill", None)
    if fill is not None:
        fill(targets)
        return
    for name, target in targets.items():
        target.copy_(tensors[name])


def _files(folder: Path) -> list[Path]:
    """The files that must be there, by the count that their names tell."""
    counts = {int(p.stem.rpartition("-")[2]) for p in folder.glob(_PATTERN)}
    if not counts:
        return [folder / SINGLE]
    return [folder / _name(n, count) for count in counts for n in range(1, count + 1)]
