"""What each command of `python -m dream_sft` does: parts put together, no work of its own."""
