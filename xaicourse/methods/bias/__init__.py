"""Methods that give the biases their share: FullGrad and bias backpropagation."""
