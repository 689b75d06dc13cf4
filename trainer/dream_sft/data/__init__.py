"""Rows of s1K to token ids: tokenizers, conversion, the converted dataset, validation."""
