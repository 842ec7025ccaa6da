"""Averages over noise: on the input (SmoothGrad and its kin) or on the weights (NoiseGrad)."""
