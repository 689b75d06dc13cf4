from __future__ import annotations

import pytest

from dream_sft.evaluation.boxes import last_box


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        (r"\boxed{a{b}c} d", "a{b}c"),
        (r"\boxed{1} or \fbox{2}", "2"),
        (r"\boxed{1} then \boxed{2", "1"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed {5}", "5"),
        (r"\boxed{}", ""),
        (r"\boxed{a", None),
        ("boxed 5", None),
    ],
)
def test_last_box(text: str, inside: str | None) -> None:
    assert last_box(text) == inside
