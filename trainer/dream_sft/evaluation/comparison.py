"""Before against after, suite by suite: what `compare` writes (schema `comparison`)."""

from __future__ import annotations

import statistics as plain_statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dream_sft.evaluation import judgement
from dream_sft.evaluation.answers import Answer
from dream_sft.evaluation.contamination import Held, contaminated
from dream_sft.evaluation.detectable import smallest_detectable
from dream_sft.evaluation.gathering import Suites, paired
from dream_sft.evaluation.judgement import Findings
from dream_sft.evaluation.scores import Score, score_of
from dream_sft.evaluation.statistics import (
    Flips,
    Paired,
    bootstrap,
    flip_rate,
    holm,
    paired_difference,
)
from dream_sft.io.errors import DataError

Document = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Resampling:
    """Of the paired bootstrap."""

    resamples: int = 10000
    seed: int = 0


@dataclass(frozen=True)
class _Pair:
    """One suite: the same questions in the same order on both sides."""

    name: str
    before: list[Answer]
    after: list[Answer]

    @property
    def grades(self) -> Paired:
        return paired_difference([a.correct for a in self.before], [a.correct for a in self.after])


def compare(
    before: Suites,
    after: Suites,
    *,
    again: Suites | None = None,
    rows: Rows | None = None,
    resampling: Resampling | None = None,
) -> tuple[str, list[Document]]:
    """The verdict over all suites and one document a suite.

    `again` is before asked a second time (at another batch size, of the suites that it has), `rows`
    the training rows to look for in the questions. Raises DataError when the sides do not compare.
    """
    pairs = [_Pair(name, *sides) for name, sides in paired(before, after).items()]
    adjusted = holm([pair.grades.p for pair in pairs])
    suites = []
    for pair, p_holm in zip(pairs, adjusted, strict=True):
        held = None if rows is None else contaminated(pair.before, rows)
        flips = _flips(pair, again or {})
        suites.append(_suite(pair, p_holm, held, flips, resampling or Resampling()))
    return judgement.overall([suite["verdict"] for suite in suites]), suites


def _flips(pair: _Pair, again: Suites) -> Flips | None:
    if pair.name not in again:
        return None
    first, second = paired(
        {pair.name: pair.before}, {pair.name: again[pair.name]}, same_harness=False
    )[pair.name]
    return flip_rate(
        [(a.correct, a.answer) for a in first], [(a.correct, a.answer) for a in second]
    )


def _suite(
    pair: _Pair, p_holm: float, held: list[Held] | None, flips: Flips | None, how: Resampling
) -> Document:
    grades, before, after = pair.grades, score_of(pair.before), score_of(pair.after)
    findings = Findings(
        before=before,
        after=after,
        p_holm=p_holm,
        detectable=smallest_detectable(grades.n),
        contaminated=len(held or []),
        flips=None if flips is None else flips.graded,
    )
    verdict, codes = judgement.verdict(findings), judgement.diagnosis(findings)
    return {
        "suite": pair.name,
        "version": pair.before[0].version,
        "n": grades.n,
        "before": _side(pair.before, before),
        "after": _side(pair.after, after),
        "difference": grades.difference,
        "interval": list(bootstrap(grades, how.resamples, how.seed)),
        "newcombe": list(grades.interval),
        "p": grades.p,
        "pHolm": p_holm,
        "lists": _lists(pair),
        "detectable": findings.detectable,
        "screeningOnly": grades.n <= judgement.SCREENING,
        "flips": None if flips is None else vars(flips),
        "subjects": _subjects(pair),
        "contamination": None if held is None else _contamination(pair, held, how),
        "verdict": verdict,
        "diagnosis": codes,
        "advice": judgement.advice(verdict, codes),
    }


def _side(answers: Sequence[Answer], score: Score) -> Document:
    tokens = [a.tokens for a in answers]
    ends = [a.first_eos for a in answers if a.first_eos is not None]
    return {
        "correct": score.correct,
        "score": score.score,
        "interval": list(score.interval),
        "answerTokens": _middle(tokens),
        "firstEos": {"answers": len(ends), **_middle(ends)} if ends else None,
        "empty": score.empty,
        "truncated": score.truncated,
        "unreadable": score.unreadable,
        "unreadableIds": [a.id for a in answers if not a.readable],
        "secondsPerQuestion": score.seconds / score.n,
    }


def _middle(values: Sequence[int]) -> dict[str, float]:
    return {
        "mean": float(plain_statistics.fmean(values)),
        "median": float(plain_statistics.median(values)),
    }


def _lists(pair: _Pair) -> dict[str, list[str]]:
    kinds = {
        (False, True): "won",
        (True, False): "lost",
        (True, True): "both",
        (False, False): "neither",
    }
    lists: dict[str, list[str]] = {kind: [] for kind in kinds.values()}
    for a, b in zip(pair.before, pair.after, strict=True):
        lists[kinds[a.correct, b.correct]].append(a.id)
    return lists


def _subjects(pair: _Pair) -> list[Document]:
    subjects: dict[str, list[tuple[bool, bool]]] = {}
    for a, b in zip(pair.before, pair.after, strict=True):
        if a.subject is not None:
            subjects.setdefault(a.subject, []).append((a.correct, b.correct))
    return [
        {
            "subject": subject,
            "n": len(grades),
            "before": sum(a for a, _ in grades),
            "after": sum(b for _, b in grades),
            "difference": found.difference,
            "interval": list(found.interval),
        }
        for subject, grades in sorted(subjects.items())
        for found in [paired_difference([a for a, _ in grades], [b for _, b in grades])]
    ]


def _contamination(pair: _Pair, held: Sequence[Held], how: Resampling) -> Document:
    names = {question.id for question in held}
    clean = [(a, b) for a, b in zip(pair.before, pair.after, strict=True) if a.id not in names]
    return {
        "questions": [{"id": q.id, "rows": list(q.rows), "rule": q.rule} for q in held],
        "clean": _clean(_Pair(pair.name, *map(list, zip(*clean, strict=True))), how)
        if clean
        else None,
    }


def _clean(pair: _Pair, how: Resampling) -> Document:
    grades = pair.grades
    return {
        "n": grades.n,
        "before": (grades.both + grades.worse) / grades.n,
        "after": (grades.both + grades.fixed) / grades.n,
        "difference": grades.difference,
        "interval": list(bootstrap(grades, how.resamples, how.seed)),
        "p": grades.p,
    }


def only_suite(suites: Suites, name: str, what: str) -> list[Answer]:
    """The answers of suite `name`, which must be the only one. DataError names `what` otherwise."""
    if list(suites) != [name]:
        raise DataError(f"{what}: expected answers of {name} only, found {', '.join(suites)}")
    return suites[name]
