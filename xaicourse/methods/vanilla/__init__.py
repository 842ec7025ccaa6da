"""One backward pass, plain or with other rules."""
