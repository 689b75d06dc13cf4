"""The trainer half of dream-sft: model, diffusion, data, sampling, evaluation, training."""
