"""Floor 1: the attribution methods, in the four classes of the 2024 review."""
