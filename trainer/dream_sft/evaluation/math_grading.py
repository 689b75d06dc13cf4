r"""Whether two answers to a mathematics problem are the same: `\frac12`, `0.5` and `\dfrac{1}{2}`.

In this order: equal as text once LaTeX's spacing, units and dollar signs are gone; equal as
numbers; equal by the library math-verify (the rule of Hugging Face's leaderboards; why it and at
which version: docs/decisions/0008-math-verify.md). What could keep the computer algebra busy for
ever (towers of powers, huge exponents, very long texts) is not given to it and counts as
unequal, since no interrupt reaches a big-integer power.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
import re
import threading
from typing import Any

from dream_sft.evaluation.boxes import last_box
from dream_sft.evaluation.grading import UNREADABLE, Grade
from dream_sft.evaluation.numbers import last_number, number_of, plain
from dream_sft.io.errors import SpecError

LIBRARY = "math_verify"
PIN = "math-verify==0.9.0"
SECONDS = 5  # a comparison that takes longer counts as unequal
LONGEST = 400  # characters; the longest gold answer of math500 has 53
_SAID = re.compile(
    r"(?:answer\s+is|answer:|答案(?:是|为|：|:))\s*:?\s*(?P<said>[^\n。]+?)\s*(?:\.?\s*$|\.\s|。|\n)",
    re.IGNORECASE | re.MULTILINE,
)
_SPACING = re.compile(r"\\[,!;: ]|\\q?quad|~|\\left|\\right|\\displaystyle")
_TEXT = re.compile(r"\\(?:text|mbox|textbf|mathrm)\s*\{\s*([^{}]*?)\s*\}")
_UNIT = re.compile(r"\\(?:text|mbox|mathrm)\s*\{\s*[^{}]*[a-z]{2}[^{}]*\}\s*(?:\^\{?\d\}?)?$")
# `40_9`, a numeral in base 9. The library reads over the base: right for a bare `40`, since the
# question names the base, wrong for `40_8`.
_BASED = re.compile(r"(\d+)_\{?(\d+)\}?")
_TOO_HARD = re.compile(r"\^\s*\{?\s*[-(]?\s*\d{4,}|\^\s*\{?[^{}]*\^\s*\{?[^{}]*\^|\d!\s*!|\d{3,}!")


def need_library() -> None:
    """Raises SpecError with the line that installs it when math-verify is not there."""
    if importlib.util.find_spec(LIBRARY) is None:
        raise SpecError(f"math answers are graded with math-verify: pip install {PIN}")


def grade_mathematics(answer: str, gold: str) -> Grade:
    """The last box, else what follows the last "answer is", else the last number."""
    said = _said(answer)
    return UNREADABLE if said is None else Grade(said, same(said, gold))


def _said(answer: str) -> str | None:
    box = last_box(answer)
    if box is not None and box.strip():
        return box.strip()
    found = list(_SAID.finditer(answer))
    if found:
        return found[-1]["said"].strip().strip("$*").strip()
    number = last_number(answer)
    return None if number is None else plain(number)


def same(said: str, gold: str) -> bool:
    """Whether `said` is `gold` as mathematics; case counts in symbols, not in words."""
    ours, theirs = _normalised(said), _normalised(gold)
    if ours == theirs or _word(said) == _word(gold) != "":
        return True
    based, wanted_based = _BASED.fullmatch(ours), _BASED.fullmatch(theirs)
    if based and wanted_based:
        return based.groups() == wanted_based.groups()
    number, wanted = number_of(ours), number_of(theirs)
    if number is not None and wanted is not None:
        return number == wanted
    if any(len(text) > LONGEST or _TOO_HARD.search(text) for text in (said, gold)):
        return False
    return _verified(said, gold)


def _normalised(text: str) -> str:
    text = _SPACING.sub("", text.strip().strip("$").replace("\\$", "").replace("\\%", ""))
    text = re.sub(r"\^\s*\{?\s*\\circ\s*\}?", "", text).replace("%", "")
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    without = _UNIT.sub("", text)
    text = _TEXT.sub(r"\1", without if without.strip() else text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))(?=[\d,]*$)", "", re.sub(r"\s+", "", text))
    return re.sub(r"^[a-z](?:=|\\in)(?=.)", "", text.rstrip("."))


def _word(text: str) -> str:
    """`Even`, `\\text{(B)}` and `(b)` as words; "" for anything with symbols in it."""
    word = _TEXT.sub(r"\1", text).strip(" ()$.").casefold()
    return word if re.fullmatch(r"[a-z][a-z ]*", word) and len(word) != 1 else _letter(text)


def _letter(text: str) -> str:
    """The letter of a multiple choice; a bare variable is none."""
    found = re.fullmatch(r"\$?\\(?:text|mbox)\{\(?([A-Z])\)?\}\$?|\(([A-Z])\)", text.strip())
    return "" if found is None else f"choice {found[1] or found[2]}"


def _verified(said: str, gold: str) -> bool:
    library = _library()
    # Its time limit is an alarm, which only the main thread may set.
    main = threading.current_thread() is threading.main_thread()
    limit = SECONDS if main else None

    def parsed(text: str) -> Any:
        latex = [library.LatexExtractionConfig()]
        found = library.parse(f"${text}$", latex, parsing_timeout=limit)
        return found or library.parse(text, parsing_timeout=limit)

    return bool(library.verify(parsed(gold), parsed(said), timeout_seconds=limit))


@functools.cache
def _library() -> Any:
    need_library()
    for name in ("math_verify", "math_verify.parser", "math_verify.grader"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # an unreadable answer is no warning
    return importlib.import_module(LIBRARY)
