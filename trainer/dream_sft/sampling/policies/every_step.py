"""every_step: the cache is filled at every step; exact, and no faster. It checks the cache."""

from dream_sft.sampling.policies.protocol import Policy

EVERY_STEP = Policy(every_step=True, every_block=True, commits=False)
