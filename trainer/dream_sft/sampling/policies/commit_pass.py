"""commit_pass: filled once; then each finished block rewrites its own keys and values."""

from dream_sft.sampling.policies.protocol import Policy

COMMIT_PASS = Policy(every_step=False, every_block=False, commits=True)
