"""What does not go together in a data set's view; src/contracts/training-rules.ts says the same."""

from __future__ import annotations

from typing import Any


def view_mistakes(view: dict[str, Any]) -> list[str]:
    """d1's way alone: a response that is cut from the right does not end with its answer."""
    if view["overLong"] != "cut_right" or view["view"] == "trace":
        return []
    return [
        "overLong: cut_right is for the recipe of d1 alone (view trace), since what is cut ends "
        "before its answer: take attempt_only or drop"
    ]
