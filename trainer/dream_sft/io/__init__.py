"""The process interface: run specs in, event lines out, files written whole or not at all."""
