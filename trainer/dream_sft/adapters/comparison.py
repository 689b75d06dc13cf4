"""How far a merged model is from its base with the adapter beside it.

Rounding the merged weights to the base's dtype moves them by up to half a unit in the last place;
this says what that does to predictions. Both see the same documents, half of whose tokens are
masked, and are compared at masked positions: KL(unmerged ‖ merged) in nats and how often the most
likely token is the same.

Shape letters: N compared positions, L positions of a document, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dream_sft.diffusion.noise import Purpose, uniform
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream

# Positions whose V logits are in memory in float32 at a time.
_CHUNK = 128
_DOCUMENT = 256


@dataclass(frozen=True)
class Agreement:
    """positions compared; KL in nats; share of positions with the same most likely token."""

    positions: int
    mean_kl: float
    max_kl: float
    argmax_agreement: float


def masked_documents(
    config: DreamConfig, documents: Sequence[Tensor], positions: int, seed: int = 0
) -> list[tuple[Tensor, Tensor]]:
    """(ids int64 [L] with every second token masked by chance, positions int64) for each document.

    Takes documents in their order until `positions` masked tokens are found, or as many as there
    are. The first token of a document is never asked for: nothing stands before it.
    """
    made = []
    for number, clean in enumerate(documents):
        if positions <= 0:
            break
        unit = uniform(seed, number, 0, Purpose.MASK, np.arange(len(clean)))
        masked = torch.from_numpy(np.flatnonzero(unit < 0.5))
        masked = masked[masked > 0][:positions]
        ids = clean.clone().long()
        ids[masked] = config.mask_token_id
        made.append((ids, masked))
        positions -= len(masked)
    return made


def drawn_documents(config: DreamConfig, positions: int, seed: int = 0) -> list[Tensor]:
    """Documents of tokens drawn at random, for want of real ones; enough for `positions`."""
    wide = min(config.vocab_size, config.mask_token_id, config.eos_token_id)
    documents = []
    # Half of the tokens are masked: a third more documents than that is enough with certainty
    # in practice, and `masked_documents` says how many it really found.
    for number in range(3 * positions // _DOCUMENT + 1):
        unit = uniform(seed, number, 1, Purpose.MASK, np.arange(_DOCUMENT))
        documents.append(torch.from_numpy((unit * wide).astype(np.int64)))
    return documents


@torch.no_grad()
def masked_hidden(model: Dream, rows: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Hidden states [N, D] on the CPU that score the masked tokens: row i-1 for token i."""
    device = model.model.embed_tokens.weight.device
    parts = [
        model.hidden(ids[None].to(device))[0, (masked - 1).to(device)].cpu() for ids, masked in rows
    ]
    return torch.cat(parts)


@torch.no_grad()
def compare(model: Dream, unmerged_ND: Tensor, merged_ND: Tensor) -> Agreement:
    """Agreement of two sets of hidden states; adapters leave `model`'s head as it is."""
    kl, same = [], []
    for ours, theirs in zip(
        _log_probabilities(model, unmerged_ND), _log_probabilities(model, merged_ND), strict=True
    ):
        kl.append((ours.exp() * (ours - theirs)).sum(-1).clamp_(min=0).cpu())
        same.append((ours.argmax(-1) == theirs.argmax(-1)).cpu())
    kl_N, same_N = torch.cat(kl), torch.cat(same)
    return Agreement(
        positions=len(kl_N),
        mean_kl=float(kl_N.mean()),
        max_kl=float(kl_N.max()),
        argmax_agreement=float(same_N.double().mean()),
    )


def _log_probabilities(model: Dream, hidden_ND: Tensor) -> Iterator[Tensor]:
    weight = model.lm_head.weight
    for start in range(0, len(hidden_ND), _CHUNK):
        part = hidden_ND[start : start + _CHUNK].to(weight.device, weight.dtype)
        logits = model.head(part)
        yield logits.float().log_softmax(-1)
