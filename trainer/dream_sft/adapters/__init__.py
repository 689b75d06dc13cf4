"""LoRA adapters: the layers, their files, and merging them into the base."""
