"""Weights that are not trained, in the storage that the plan names."""
