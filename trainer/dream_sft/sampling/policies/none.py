"""none: nothing is kept; the whole row at every step, as the official sampler."""

from dream_sft.sampling.policies.protocol import Policy

NONE = Policy(every_step=True, every_block=True, commits=False)
