"""`python -m dream_sft.train.rank_agent`: torchrun, without a stack trace when a rank ends.

The ranks have told what happened; torchrun's own report would bury it.
"""

from __future__ import annotations

import os
import sys

from dream_sft.io.parent_watch import watch_parent


def main(arguments: list[str]) -> int:
    """Run torchrun; 0, or the exit code of the first rank that failed (a signal: negative)."""
    watch_parent()
    os.environ.setdefault("LOGLEVEL", "CRITICAL")  # read when torch's elastic part is loaded
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    try:
        run.main(arguments)
    except ChildFailedError as error:
        _rank, failure = error.get_first_failure()
        return int(failure.exitcode)
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # A status holds no signal: whoever started the ranks gets 1, as for any other crash.
    sys.exit(code if code >= 0 else 1)
