"""Decoding answers from Dream: orders, strategies and the loop that joins them."""
