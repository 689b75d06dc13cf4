"""Services that show a run's curves, besides metrics.jsonl and TensorBoard."""
