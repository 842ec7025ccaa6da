"""The gradient and gradient x input."""

import torch

import xaicourse as xc


def model(x):
    return torch.stack([(x**3).sum(1), (x[:, 0] * x[:, 1]).sin()], dim=1)


X = torch.tensor([[1.0, 2, -1], [0.5, -0.3, 2]], dtype=torch.float64)


def test_gradient_by_hand(close):
    close(xc.gradient(model, X, 0), 3 * X**2)
    slope = (X[:, 0] * X[:, 1]).cos()
    expected = torch.stack([X[:, 1] * slope, X[:, 0] * slope, 0 * slope], dim=1)
    close(xc.gradient(model, X, 1), expected)


def test_input_x_gradient_by_hand(close):
    close(xc.input_x_gradient(model, X, 0), 3 * X**3)
    close(xc.input_x_gradient(model, X, 0, baseline=0.5), 3 * X**2 * (X - 0.5))
    close(xc.input_x_gradient(model, X, 0, baseline=X), torch.zeros_like(X))


def test_toy_net_by_hand(close):
    toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    close(xc.gradient(toy, x), torch.tensor([xc.zoo.TOY_GRADIENT]), 1e-12)
    close(xc.input_x_gradient(toy, x), x * torch.tensor([xc.zoo.TOY_GRADIENT]), 1e-12)


def test_input_x_gradient_is_complete_for_a_relu_net_without_biases(close):
    w = torch.sin(torch.arange(15, dtype=torch.float64)).view(5, 3)
    found = xc.input_x_gradient(lambda x: torch.relu(x @ w.T).sum(1), X)
    close(found.sum(1), torch.relu(X @ w.T).sum(1))


def test_saturation_is_where_the_gradient_fails():
    x = torch.tensor([[2.0]])
    assert xc.gradient(lambda x: 1 - torch.relu(1 - x[:, 0]), x).tolist() == [[0.0]]


def test_details():
    found = xc.input_x_gradient(model, X, 0, baseline=0.5, return_details=True)
    assert found.gradients.tolist() == [1, 1]
    assert found.gap is None
    assert torch.equal(found.f_end, model(X)[:, 0])
    assert torch.equal(found.endpoints[0], torch.full_like(X, 0.5))
