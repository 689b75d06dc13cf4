"""Counts the bytes of tensors that live on the CPU while code runs, and their peak."""

from __future__ import annotations

from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """Every tensor that an operator returns counts until its storage is freed; views count once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._storages: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(found):
            if isinstance(tensor, torch.Tensor) and tensor.device.type == "cpu":
                storage = tensor.untyped_storage()
                reference = StorageWeakRef(storage)  # type: ignore[no-untyped-call]
                self._storages[reference.cdata] = (reference, storage.nbytes())
        self.peak = max(self.peak, self.live())
        return found

    def live(self) -> int:
        """Bytes now."""
        self._storages = {
            key: (reference, size)
            for key, (reference, size) in self._storages.items()
            if not reference.expired()  # type: ignore[no-untyped-call]
        }
        return sum(size for _, size in self._storages.values())
