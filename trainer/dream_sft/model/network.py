"""Dream: the Qwen2 decoder layer with bidirectional attention, in the published naming.

Shape letters: B rows, L positions, D hidden width, H query heads, G key-value heads,
K head width, F feed-forward width, V vocabulary.
Source of the arithmetic: modeling_dream.py as published with Dream-v0-Instruct-7B; parity is
tested on outputs of that file. Logits are unshifted: row i scores token i + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from dream_sft.model.attention import attend, positions_of
from dream_sft.model.config import DreamConfig
from dream_sft.model.document_bounds import DocumentBounds
from dream_sft.model.packed_attention import attend_packed


class Linear(nn.Linear):
    """Left as allocated: weights are loaded, or drawn by `init_weights`. The random start of torch
    costs about two seconds of imports in every process."""

    def reset_parameters(self) -> None:
        return None


class Embedding(nn.Embedding):
    """Left as allocated, as `Linear`."""

    def reset_parameters(self) -> None:
        return None


class RmsNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) in float32, cast back, then times the weight."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x_BLD: Tensor) -> Tensor:
        wide = x_BLD.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return self.weight * wide.to(x_BLD.dtype)


class Rotary(nn.Module):
    """Rotary positions, always computed in float32."""

    inv_freq: Tensor

    def __init__(self, head_dim: int, theta: float) -> None:
        super().__init__()
        self.head_dim, self.theta = head_dim, theta
        self.register_buffer("inv_freq", self._frequencies(), persistent=False)

    def _frequencies(self) -> Tensor:
        even = torch.arange(0, self.head_dim, 2, dtype=torch.int64, device="cpu").float()
        return 1.0 / (self.theta ** (even / self.head_dim))

    def _apply(self, fn: Any, recurse: bool = True) -> Rotary:
        # A cast to bf16 or an empty copy from the meta device would spoil the table; it is
        # built again instead, on whatever device the module went to.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.inv_freq = self._frequencies().to(self.inv_freq.device)
        return self

    def forward(self, positions_BL: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """cos and sin, each [B, L, 1, K]."""
        half = positions_BL[:, :, None, None].float() * self.inv_freq.float()
        angle = torch.cat((half, half), dim=-1)
        return angle.cos().to(dtype), angle.sin().to(dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x cos + rotate_half(x) sin over the last axis."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


# (q [B, L, H, K], k [B, L, G, K], v [B, L, G, K]) to the mixed values [B, L, H, K].
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


# Outputs of several projections of one input.
Products = Callable[[Sequence[nn.Module], Tensor], list[Tensor]]


def one_by_one(projections: Sequence[nn.Module], x: Tensor) -> list[Tensor]:
    """Each by itself."""
    return [projection(x) for projection in projections]


class SelfAttention(nn.Module):
    """Grouped-query attention; q, k and v have biases, o has none."""

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        width, kv_width = config.hidden_size, config.num_key_value_heads * config.head_dim
        self.head_dim = config.head_dim
        self.q_proj = Linear(width, width)
        self.k_proj = Linear(width, kv_width)
        self.v_proj = Linear(width, kv_width)
        self.o_proj = Linear(width, width, bias=False)
        # Replaced by adapters whose products of one input share work.
        self.products: Products = one_by_one

    def project(self, x_BLD: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries [B, L, H, K] and keys, and values, both [B, L, G, K]."""
        rows, length, _ = x_BLD.shape
        form = (rows, length, -1, self.head_dim)
        q, k, v = self.products((self.q_proj, self.k_proj, self.v_proj), x_BLD)
        return rotate(q.view(form), cos, sin), rotate(k.view(form), cos, sin), v.view(form)

    def combine(self, mixed_BLHK: Tensor) -> Tensor:
        out: Tensor = self.o_proj(mixed_BLHK.flatten(2))
        return out


class FeedForward(nn.Module):
    """down(silu(gate(x)) * up(x)), no biases."""

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.gate_proj = Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.products: Products = one_by_one

    def forward(self, x_BLD: Tensor) -> Tensor:
        gate, up = self.products((self.gate_proj, self.up_proj), x_BLD)
        out: Tensor = self.down_proj(functional.silu(gate) * up)
        return out


class Layer(nn.Module):
    """Pre-norm attention and feed-forward, each added to the stream."""

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.self_attn = SelfAttention(config)
        self.mlp = FeedForward(config)
        self.input_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = RmsNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, x_BLD: Tensor, cos: Tensor, sin: Tensor, attend: Attend) -> Tensor:
        q_BLHK, k_BLGK, v_BLGK = self.before_attention(x_BLD, cos, sin)
        return self.after_attention(x_BLD, attend(q_BLHK, k_BLGK, v_BLGK))

    def before_attention(
        self, x_BLD: Tensor, cos: Tensor, sin: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Apart from `after_attention`, so that either can be compiled whatever the kernel."""
        return self.self_attn.project(self.input_layernorm(x_BLD), cos, sin)

    def after_attention(self, x_BLD: Tensor, mixed_BLHK: Tensor) -> Tensor:
        x_BLD = x_BLD + self.self_attn.combine(mixed_BLHK)
        out: Tensor = x_BLD + self.mlp(self.post_attention_layernorm(x_BLD))
        return out


RunLayer = Callable[[Layer, Tensor, Tensor, Tensor, Attend], Tensor]


def run_layer(layer: Layer, x_BLD: Tensor, cos: Tensor, sin: Tensor, attend: Attend) -> Tensor:
    """One layer, all of its activations kept."""
    out: Tensor = layer(x_BLD, cos, sin, attend)
    return out


class Body(nn.Module):
    """Everything but the head; exists for the `model.` prefix of the published names."""

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        # padding_idx as published: the pad token is also the end token, so the end token's
        # input embedding gets no gradient (its head row does).
        self.embed_tokens = Embedding(
            config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id
        )
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        self.rotary = Rotary(config.head_dim, config.rope_theta)


class Dream(nn.Module):
    """The published network: 12 tensors a layer and 3 around them (339 for 28 layers)."""

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Body(config)
        self.lm_head = Linear(config.hidden_size, config.vocab_size, bias=False)
        self.packed_kernel = "sdpa"
        # Replaced by training to compute activations again in the backward pass.
        self.run_layer: RunLayer = run_layer

    def hidden(
        self,
        ids_BL: Tensor,
        *,
        positions_BL: Tensor | None = None,
        keep_BL: Tensor | None = None,
        bounds: DocumentBounds | None = None,
    ) -> Tensor:
        """Final hidden states [B, L, D], after the last norm.

        keep_BL (bool): the keys that may be attended; None is full attention. Positions
        default to 0..L-1, or to the count of kept tokens when keep_BL is given. bounds: the
        one row holds several documents, each of which attends itself alone; positions count
        from 0 in each.
        """
        if positions_BL is None:
            positions_BL = self._positions(ids_BL, keep_BL, bounds)
        x_BLD = self.model.embed_tokens(ids_BL)
        if torch.is_grad_enabled() and not x_BLD.requires_grad:
            # Under a frozen embedding the first layer would be compiled a second time.
            x_BLD.requires_grad_()
        cos, sin = self.model.rotary(positions_BL, x_BLD.dtype)
        attend = self.attention(keep_BL, bounds)
        for layer in self.layers():
            x_BLD = self.run_layer(layer, x_BLD, cos, sin, attend)
        out: Tensor = self.model.norm(x_BLD)
        return out

    def layers(self) -> list[Layer]:
        """The layers in order."""
        return [layer for layer in self.model.layers if isinstance(layer, Layer)]

    def attention(self, keep_BL: Tensor | None, bounds: DocumentBounds | None) -> Attend:
        """How the layers of one forward pass attend."""
        if bounds is None:
            return lambda q, k, v: attend(q, k, v, keep_BL)
        kernel, packed = self.packed_kernel, bounds
        return lambda q, k, v: attend_packed(q[0], k[0], v[0], packed, kernel)[None]

    @staticmethod
    def _positions(ids_BL: Tensor, keep_BL: Tensor | None, bounds: DocumentBounds | None) -> Tensor:
        if bounds is not None:
            counts = [torch.arange(n, device=ids_BL.device) for n in bounds.lengths]
            return torch.cat(counts)[None]
        if keep_BL is not None:
            return positions_of(keep_BL)
        return torch.arange(ids_BL.shape[1], device=ids_BL.device)[None]

    def head(self, hidden: Tensor) -> Tensor:
        """Logits [..., V] of hidden rows [..., D]; row i scores token i + 1."""
        logits: Tensor = self.lm_head(hidden)
        return logits

    def forward(
        self, ids_BL: Tensor, *, positions_BL: Tensor | None = None, keep_BL: Tensor | None = None
    ) -> Tensor:
        """Unshifted logits [B, L, V], as the published model returns them."""
        return self.head(self.hidden(ids_BL, positions_BL=positions_BL, keep_BL=keep_BL))


@torch.no_grad()
def init_weights(model: Dream, seed: int) -> None:
    """Random start as published: N(0, initializer_range), biases and pad row zero, norms one.

    Drawn on the CPU in the published key order, so a seed means the same weights everywhere.
    """
    generator = torch.Generator(device="cpu").manual_seed(seed)
    std = model.config.initializer_range
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            weight.zero_()
        elif name.endswith("norm.weight"):
            weight.fill_(1.0)
        else:
            weight.copy_(torch.randn(weight.shape, generator=generator, device="cpu") * std)
    model.model.embed_tokens.weight[model.config.pad_token_id].zero_()
