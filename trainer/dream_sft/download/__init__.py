"""Fetches models and data: local files, URLs, the Hugging Face hub, generated questions."""
