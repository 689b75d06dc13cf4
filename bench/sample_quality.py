"""What cached decoding costs in right answers, on a tiny model that has learned worked addition.

Held-out questions in either order (1474 in all), blocks of 4 (answers span five) unless --block
says otherwise, each cache policy against the uncached
sampler at the same reveal and tokens a step: paired difference with its lower one-sided 95 %
bound (Wald with half a count added to each cell, Agresti and Min 2005), how many tokens before
the end agree, and the passes that stopping at the end saves.

    PYTHONPATH=trainer python bench/sample_quality.py [--model FOLDER] [--questions 1474]
        [--block 4] [--only per_block] [--seeds 1 2 3]

Without --model the base in trainer/assets is fine-tuned first, with plans/tiny.yaml's settings
(minutes on two cores), once for each of --seeds; --keep FOLDER leaves the models there. Several
models are asked the same questions, so a line over all of them counts each question once, with
its mean over the models (`lower`: normal approximation over questions). One JSON line a case.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dream_sft.commands import train
from dream_sft.data import arithmetic, convert
from dream_sft.data.tokenizer import load_tokenizer
from dream_sft.diffusion.noise import sample_id_of
from dream_sft.evaluation.grading import last_number
from dream_sft.evaluation.run import prompt_ids
from dream_sft.io.spec import load_spec
from dream_sft.model.weights import load_dream
from dream_sft.sampling.config import SamplingConfig
from dream_sft.sampling.engine import Request, Sampler
from dream_sft.sampling.requests import Decoded

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / "trainer" / "assets" / "tiny-base"
CANVAS, SLOTS = 24, 50
POLICIES = ("every_step", "per_block", "commit_pass")
ONE_SIDED_95 = 1.6448536269514722


def fine_tuned(folder: Path, steps: int, seed: int) -> Path:
    """The tiny base after plans/tiny.yaml's training."""
    rows = folder / "rows.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    made = arithmetic.generate_rows(4000, 0)
    rows.write_text("".join(json.dumps(row) + "\n" for row in made))
    common = {"runDir": str(folder / "run"), "threads": torch.get_num_threads()}
    converting = {
        "command": "convert", **common, "dataset": str(rows), "tokenizer": str(BASE),
        "view": "attempt", "overLong": "drop", "maxLength": 48, "output": str(folder / "data"),
    }  # fmt: skip
    training = {
        "steps": steps, "documentsPerStep": 64, "documentsPerMicroBatch": 64,
        "learningRate": 0.004, "warmup": 0.1, "finalLearningRate": 0, "t": "uniform",
        "weighting": "none", "eosTail": [0, 2], "seed": seed,
    }  # fmt: skip
    fitting = {
        "command": "train", **common, "base": str(BASE), "dataset": str(folder / "data"),
        "training": training, "output": str(folder / "model"),
        "checkpoints": {"everySteps": steps, "folder": str(folder / "checkpoints"), "keep": 1},
    }  # fmt: skip
    for command, spec in ((convert, converting), (train, fitting)):
        path = folder / f"{spec['command']}.json"
        path.write_text(json.dumps(spec))
        command.run(load_spec(str(spec["command"]), path), lambda _event: None)
    return folder / "model"


def questions(count: int) -> list[tuple[int, int]]:
    """Held-out pairs in either order."""
    pairs = arithmetic.held_out_pairs()
    both = [*pairs, *[(b, a) for a, b in pairs if a != b]]
    return random.Random("sample quality").sample(both, count)


# Of a case, the change of each question in right answers, model by model.
Changes = dict[tuple[str, str, int], list[np.ndarray]]


class Quality:
    def __init__(self, folder: Path, count: int, block: int, changes: Changes) -> None:
        self.block, self.changes = block, changes
        self.model, self.tokenizer = (
            load_dream(folder).eval(),
            load_tokenizer(str(folder)),
        )
        self.pairs = questions(count)
        self.requests = []
        for a, b in self.pairs:
            text = arithmetic.question(a, b)
            prompt = prompt_ids(self.tokenizer, text, None)
            self.requests.append(Request(prompt, sample_id_of(text)))

    def decode(self, **changes: Any) -> tuple[list[Decoded], dict[str, int], float]:
        config = SamplingConfig(max_new_tokens=CANVAS, block_length=self.block, **changes)
        sampler = Sampler(self.model, config, slots=SLOTS)
        begun = time.perf_counter()
        answers = sorted(sampler.decode(self.requests), key=lambda answer: answer.index)
        return answers, sampler.passes, time.perf_counter() - begun

    def right(self, answers: list[Decoded]) -> np.ndarray:
        texts = [self.tokenizer.decode(answer.kept()) for answer in answers]
        return np.array(
            [last_number(text) == a + b for text, (a, b) in zip(texts, self.pairs, strict=True)]
        )

    def compare(self, reveal: str, tokens: int, policies: Sequence[str]) -> None:
        settings = {"block": self.block, "reveal": reveal, "tokens_per_step": tokens}
        exact, _, seconds = self.decode(cache="none", reveal=reveal, tokens_per_step=tokens)
        right = self.right(exact)
        lengths = [len(answer.kept()) + 1 for answer in exact]
        blocks = float(np.mean([-(-length // self.block) for length in lengths]))
        say(
            case="none", **settings, score=round(float(right.mean()), 4),
            blocksPerAnswer=round(blocks, 2), seconds=round(seconds, 1),
        )  # fmt: skip
        for cache in policies:
            kept, _, seconds = self.decode(cache=cache, reveal=reveal, tokens_per_step=tokens)
            same = [
                bool(a.tokens[at] == b.tokens[at])
                for a, b, length in zip(exact, kept, lengths, strict=True)
                for at in range(min(length, CANVAS))
            ]
            ours = self.right(kept)
            difference, lower = paired(right, ours)
            of_case = self.changes.setdefault((cache, reveal, tokens), [])
            of_case.append(ours.astype(float) - right)
            say(
                case=cache, **settings, score=round(float(ours.mean()), 4),
                difference=round(difference, 4), lower=round(lower, 4), wanted=lower > -0.01,
                won=int((ours & ~right).sum()), lost=int((right & ~ours).sum()),
                tokensThatAgree=round(float(np.mean(same)), 4), seconds=round(seconds, 1),
            )  # fmt: skip

    def ends(self) -> None:
        """Passes of rows with and without the stop, at the same settings."""
        for cache in ("none", "per_block", "commit_pass"):
            early, _, _ = self.decode(cache=cache, steps=CANVAS)
            whole, _, _ = self.decode(cache=cache, steps=CANVAS, stop_at_end=False)
            passes = [sum(answer.passes for answer in answers) for answers in (early, whole)]
            equal = all(a.kept() == b.kept() for a, b in zip(early, whole, strict=True))
            saved = round(1 - passes[0] / passes[1], 4)
            say(
                case="end",
                cache=cache,
                rowPasses=passes,
                saved=saved,
                sameAnswers=equal,
            )


def paired(exact: np.ndarray, ours: np.ndarray) -> tuple[float, float]:
    """Mean difference ours - exact, and its lower one-sided 95 % bound."""
    won, lost = int((ours & ~exact).sum()), int((exact & ~ours).sum())
    n, b, c = len(exact) + 2, won + 0.5, lost + 0.5
    middle = (b - c) / n
    deviation = math.sqrt(b + c - (b - c) ** 2 / n) / n
    return (won - lost) / len(exact), middle - ONE_SIDED_95 * deviation


def over_models(case: tuple[str, str, int], changes: Sequence[np.ndarray]) -> None:
    """One line for all models; a question's changes are averaged first, for they are no
    independent samples."""
    mean = np.mean(changes, axis=0)
    difference = float(mean.mean())
    # Two questions more whose squares are those of the half counts of `paired`.
    more = np.append(mean, (math.sqrt(0.5), -math.sqrt(0.5)))
    lower = float(more.mean()) - ONE_SIDED_95 * float(more.std()) / math.sqrt(len(more))
    cache, reveal, tokens = case
    won, lost = (int(sum((sign * one > 0).sum() for one in changes)) for sign in (1, -1))
    say(
        case=cache, reveal=reveal, tokens_per_step=tokens, models=len(changes),
        questions=len(mean), won=won, lost=lost,
        difference=round(difference, 4), lower=round(lower, 4), wanted=lower > -0.01,
    )  # fmt: skip


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--block", type=int, default=4)
    parser.add_argument("--only", nargs="+", choices=POLICIES, default=POLICIES)
    parser.add_argument("--reveals", nargs="+", default=("left_to_right", "confidence"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of the fine-tunings")
    parser.add_argument("--steps", type=int, default=600, help="of the fine-tuning")
    arguments = parser.parse_args()
    if arguments.model and len(arguments.seeds) > 1:
        parser.error("--model is one model: leave --seeds out")
    changes: Changes = {}
    with tempfile.TemporaryDirectory() as name:
        for seed in arguments.seeds:
            folder = arguments.model or fine_tuned(
                (arguments.keep or Path(name)) / f"seed-{seed}", arguments.steps, seed
            )
            say(seed=seed)
            ask_all(Quality(folder, arguments.questions, arguments.block, changes), arguments)
    for case, of_models in changes.items():
        if len(of_models) > 1:
            over_models(case, of_models)


def ask_all(quality: Quality, arguments: argparse.Namespace) -> None:
    for reveal, tokens in (("left_to_right", 1), ("left_to_right", 4), ("confidence", 1)):
        if reveal in arguments.reveals:
            quality.compare(reveal, tokens, arguments.only)
    if arguments.only == POLICIES:
        quality.ends()


if __name__ == "__main__":
    main()
