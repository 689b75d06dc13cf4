"""The Dream network, its configuration and its weights on disk."""
