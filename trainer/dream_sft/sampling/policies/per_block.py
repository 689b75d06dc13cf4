"""per_block: refreshed when a block begins (dual cache of Fast-dLLM, arXiv 2505.22618, but no
token is committed early: the refresh is the block's first step)."""

from dream_sft.sampling.policies.protocol import Policy

PER_BLOCK = Policy(every_step=False, every_block=True, commits=False)
