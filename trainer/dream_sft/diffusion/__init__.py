"""The masked-diffusion objective: noise, times, order, masks, weights and loss."""
