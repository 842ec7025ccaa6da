"""Integrated Gradients and its variants."""
