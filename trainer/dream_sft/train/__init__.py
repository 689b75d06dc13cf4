"""Training: global batches, optimizer, schedule, the loop, checkpoints and exact resume."""
