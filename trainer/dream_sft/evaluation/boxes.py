r"""What \boxed{...} holds, braces balanced."""

from __future__ import annotations

import re

_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")


def last_box(text: str) -> str | None:
    r"""What the last closed \boxed{...} (or \fbox) holds, or None."""
    for opening in reversed(list(_BOX.finditer(text))):
        depth = 1
        for place in range(opening.end(), len(text)):
            escaped = text[place - 1] == "\\"
            depth += 0 if escaped else {"{": 1, "}": -1}.get(text[place], 0)
            if depth == 0:
                return text[opening.end() : place]
    return None
