"""Evaluation: suites, grading, statistics, and answers that survive an interruption."""
