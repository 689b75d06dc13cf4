"""Whether a server answers at all, asked without its library, whose own patience is minutes."""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request


def sign_of_life(url: str, seconds: float) -> None:
    """Returns after any HTTP answer, also a refusal. Raises OSError or ValueError."""
    # A refusal comes from a server that is there.
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(url, timeout=seconds).close()
