"""Makes the tiny base model, and repeats the experiments around it. Run from `trainer/`:

    python -m tools.pretrain_tiny pretrain --out assets/tiny-base
    python -m tools.pretrain_tiny tune --base assets/tiny-base --seed 1
    python -m tools.pretrain_tiny tune --base assets/tiny-base --control

`pretrain` writes weights, config and tokenizer files in the published layout (4000 steps, 20
minutes on one core of a busy machine). `tune` fine-tunes on worked steps, or with --control on as
many steps of pretraining text, and prints one JSON line with exact match before and after on
held-out pairs.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from dream_sft.data.arithmetic import generate_rows
from dream_sft.data.character_tokenizer import CharacterTokenizer, default_vocabulary
from dream_sft.diffusion.weighting import Weighting
from dream_sft.evaluation.run import evaluate
from dream_sft.evaluation.suites import load_suite
from dream_sft.io.files import write_atomic
from dream_sft.model.config import DreamConfig
from dream_sft.model.network import Dream, init_weights
from dream_sft.model.saving import save_dream
from dream_sft.model.weights import load_dream
from dream_sft.sampling.config import SamplingConfig
from tools.tiny_loop import Recipe, documents, train
from tools.tiny_skills import examples

EXAMPLES = 100_000
CANVAS = 24


def config_of(tokenizer: CharacterTokenizer) -> DreamConfig:
    """0.54 M parameters: 3 layers, 128 wide. A start of 0.05 learns far faster than 0.02 here."""
    return DreamConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=128,
        intermediate_size=320,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        mask_token_id=tokenizer.mask_id,
        pad_token_id=tokenizer.pad_id,
        eos_token_id=tokenizer.eos_id,
        rope_theta=1e6,
        rms_norm_eps=1e-6,
        initializer_range=0.05,
    )


def pretrain(args: argparse.Namespace) -> None:
    """Train on prompted skills from a random start and write the model folder."""
    tokenizer = CharacterTokenizer(default_vocabulary(), "dream-sft tiny")
    model = Dream(config_of(tokenizer))
    init_weights(model, args.seed)
    model.to(args.device)
    recipe = Recipe(steps=args.steps, learning_rate=3e-3, tail=(0, 20), warmup=0.05, seed=args.seed)
    rows = documents(tokenizer, examples(EXAMPLES, args.seed))
    train(model, rows, recipe, report=100)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, content in tokenizer.files().items():
        write_atomic(args.out / name, json.dumps(content, indent=1) + "\n")
    save_dream(model.cpu(), args.out)


def tune(args: argparse.Namespace) -> None:
    """Fine-tune a copy of the base and print what it scored before and after."""
    tokenizer = CharacterTokenizer.load(args.base)
    model = load_dream(args.base).to(args.device)
    before = score(model, tokenizer, args.questions_seed)
    pairs = [(row["question"], row["attempt"]) for row in generate_rows(args.rows, args.seed)]
    tail = tuple(args.tail)
    if args.control:
        pairs, tail = examples(args.rows, 1000 + args.seed), (0, 20)
    recipe = Recipe(
        steps=args.steps,
        learning_rate=args.learning_rate,
        tail=tail,
        weighting=Weighting(kind=args.weighting),
        seed=args.seed,
    )
    started = time.perf_counter()
    loss = train(model, documents(tokenizer, pairs), recipe)
    seconds = time.perf_counter() - started
    after = score(model, tokenizer, args.questions_seed)
    settings = {k: v for k, v in vars(args).items() if k not in ("run", "base", "device")}
    result = {"loss": round(loss, 4), "trainSeconds": round(seconds, 1)}
    print(json.dumps({**settings, **result, "before": before, "after": after}), flush=True)


def score(model: Dream, tokenizer: CharacterTokenizer, seed: int) -> dict[str, float]:
    """Exact match on 200 held-out questions, revealed left to right."""
    sampling = SamplingConfig(
        order="maskgit_plus", max_new_tokens=CANVAS, steps=CANVAS, block_length=4
    )
    suite = load_suite({"name": "arithmetic", "questions": 200, "seed": seed})
    model.eval()
    found = evaluate(model, tokenizer, suite, sampling, batch_size=100)
    return {
        "score": round(found.score, 4),
        "unreadable": found.unreadable,
        "seconds": round(found.seconds, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    commands = parser.add_subparsers(required=True)
    first = commands.add_parser("pretrain", help="make the base model")
    first.add_argument("--out", type=Path, required=True)
    first.add_argument("--steps", type=int, default=4000)
    first.set_defaults(run=pretrain)
    second = commands.add_parser("tune", help="fine-tune the base and score it")
    second.add_argument("--base", type=Path, required=True)
    second.add_argument("--steps", type=int, default=600)
    second.add_argument("--rows", type=int, default=2560)
    second.add_argument("--learning-rate", type=float, default=4e-3)
    second.add_argument("--weighting", default="none", choices=["none", "linear", "cart"])
    second.add_argument("--tail", type=int, nargs=2, default=[4, 9], metavar=("LOW", "HIGH"))
    second.add_argument("--control", action="store_true")
    second.add_argument("--questions-seed", type=int, default=0)
    second.set_defaults(run=tune)
    for command in (first, second):
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--device", default="cpu")
        command.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.__dict__.pop("threads"))
    args.run(args)


if __name__ == "__main__":
    main()
