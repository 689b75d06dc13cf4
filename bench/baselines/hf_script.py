"""The script itself: transformers' Qwen2 with peft's LoRA, its loss and its steps (hf_peft.py).

Shape letters: B documents, L positions, D hidden width, V vocabulary, M masked positions.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

# Everything is drawn here; a hub that does not answer must not delay it.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import peft
import torch
import transformers
from torch import Tensor

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass
class Rows:
    """One padded micro-batch. ids, masked [B, L]; weight [B]: 1/t; mask [B, 1, L, L] or None."""

    ids: Tensor
    noised: Tensor
    masked: Tensor
    weight: Tensor
    mask: Tensor | None
    document_tokens: int


class Script:
    """The model, its optimizer, and steps of a global batch in micro-batches."""

    def __init__(self, shape: dict[str, Any], device: torch.device, head: str) -> None:
        self.device, self.head, self.mask_id = device, head, shape["vocab_size"] - 1
        config = transformers.Qwen2Config(**shape)
        with torch.device(device):
            torch.manual_seed(0)
            model = transformers.AutoModelForCausalLM.from_config(
                config, dtype=torch.bfloat16, attn_implementation="sdpa"
            )
        for layer in model.model.layers:
            layer.self_attn.is_causal = False
        lora = peft.LoraConfig(r=16, lora_alpha=32, target_modules=MODULES, task_type="CAUSAL_LM")
        self.model: Any = peft.get_peft_model(model, lora)
        self.model.enable_input_require_grads()
        self.model.train()
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=5e-5, fused=device.type == "cuda")

    def checkpointing(self, on: bool) -> None:
        if on:
            self.model.gradient_checkpointing_enable({"use_reentrant": False})
        else:
            self.model.gradient_checkpointing_disable()

    def rows(self, documents: list[np.ndarray[Any, Any]], draw: np.random.Generator) -> Rows:
        """Pad, and mask each response token with its document's own t."""
        longest, count = max(len(ids) for ids in documents), len(documents)
        ids_BL = np.full((count, longest), self.mask_id - 1, np.int64)
        keep_BL = np.zeros((count, longest), np.bool_)
        response_BL = np.zeros((count, longest), np.bool_)
        for row, ids in enumerate(documents):
            ids_BL[row, : len(ids)] = ids
            keep_BL[row, : len(ids)] = True
            response_BL[row, len(ids) // 4 : len(ids)] = True
        t_B = draw.uniform(1e-3, 1.0, count)
        masked_BL = response_BL & (draw.random((count, longest)) < t_B[:, None])
        noised_BL = np.where(masked_BL, self.mask_id, ids_BL)
        mask = None
        if not keep_BL.all():
            whole = np.broadcast_to(keep_BL[:, None, None, :], (count, 1, longest, longest))
            mask = torch.from_numpy(whole.copy()).to(self.device)
        return Rows(
            *(torch.from_numpy(array).to(self.device) for array in (ids_BL, noised_BL, masked_BL)),
            torch.from_numpy((1.0 / t_B).astype(np.float32)).to(self.device),
            mask,
            int(keep_BL.sum()),
        )

    def loss(self, rows: Rows) -> Tensor:
        """The sum over masked positions; the token at i is predicted from position i - 1."""
        masked_BL = rows.masked[:, 1:]
        with torch.autocast(self.device.type, torch.bfloat16):
            # A mapping is taken as it is: a plain None would become a causal mask where needed.
            given = {"attention_mask": {"full_attention": rows.mask}}
            if self.head == "masked":
                hidden_BLD = self.model.base_model.model.model(rows.noised, **given)[0]
                logits_MV = self.model.base_model.model.lm_head(hidden_BLD[:, :-1][masked_BL])
            else:
                logits_BLV = self.model(input_ids=rows.noised, **given).logits
                logits_MV = logits_BLV[:, :-1][masked_BL]
        nll_M = torch.nn.functional.cross_entropy(
            logits_MV.float(), rows.ids[:, 1:][masked_BL], reduction="none"
        )
        return (nll_M * rows.weight[:, None].expand_as(masked_BL)[masked_BL]).sum()

    def backward(self, micro_batches: list[Rows]) -> None:
        masked = sum(int(rows.masked.sum()) for rows in micro_batches)
        for rows in micro_batches:
            (self.loss(rows) / max(masked, 1)).backward()

    def step(self, micro_batches: list[Rows]) -> None:
        self.backward(micro_batches)
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
