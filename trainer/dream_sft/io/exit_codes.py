"""The trainer's exit codes. What follows from each is fixed in the contract (EXIT in events.ts)."""

from __future__ import annotations

FINISHED = 0
# A crash: whoever started the trainer resumes from the newest checkpoint and tries again.
CRASHED = 1
SPEC = 64
DATA = 65
DIVERGED = 66
RESOURCES = 69
STOPPED = 75
# Without a meaning in the contract: a crash, to be resumed. Its own number tells why in a log.
HANGING = 70
