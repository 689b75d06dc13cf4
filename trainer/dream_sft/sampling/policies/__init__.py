"""Cache policies by name."""

from dream_sft.sampling.policies.commit_pass import COMMIT_PASS
from dream_sft.sampling.policies.every_step import EVERY_STEP
from dream_sft.sampling.policies.none import NONE
from dream_sft.sampling.policies.per_block import PER_BLOCK
from dream_sft.sampling.policies.protocol import Policy

POLICIES: dict[str, Policy] = {
    "none": NONE,
    "every_step": EVERY_STEP,
    "per_block": PER_BLOCK,
    "commit_pass": COMMIT_PASS,
}

__all__ = ["POLICIES", "Policy"]
