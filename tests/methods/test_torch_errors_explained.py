"""What torch cannot differentiate is said in the user's words; what it can is explained."""

import pytest
import torch
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.held_fast import W1, W3, X


def overwritten(z):
    h = F.relu(z @ W1.T)
    h[:, :3] = 2.0
    return h @ W3.T


def in_a_copy(z):
    h = F.relu(z @ W1.T).clone()
    h[:, :3] = 2.0
    return h @ W3.T


def stepped(z):
    h = z @ W1.T
    return (h * torch.heaviside(h, torch.zeros(1, dtype=h.dtype))) @ W3.T


@pytest.mark.fault("R11")
@pytest.mark.parametrize("method", [xc.gradient, xc.integrated_gradients])
@pytest.mark.parametrize(
    ("model", "words"), [(overwritten, "h.clone"), (stepped, "without a derivative")]
)
def test_what_has_no_gradient_is_said(model, words, method):
    with pytest.raises(ValueError, match=words):
        method(model, X, 1)


@pytest.mark.fault("R11")
def test_the_advice_works(close):
    keep = torch.ones(8, dtype=X.dtype)
    keep[:3] = 0
    close(
        xc.gradient(in_a_copy, X, 1),
        xc.gradient(lambda z: (F.relu(z @ W1.T) * keep) @ W3.T, X, 1),
    )


@pytest.mark.fault("T1")
def test_beta_smoothing_of_a_tensor_that_is_written_over_later(close):
    """torch's ReLU keeps its result, so that its input may change; softplus needs its input."""

    def written(z):
        h = z @ W1.T
        h[:, 2:5] = F.relu(h[:, 2:5])
        h[:, :2].relu_()
        h[:, 5:] = h[:, 5:].relu()
        return h @ W3.T

    plain = lambda z: F.relu(z @ W1.T) @ W3.T  # noqa: E731
    close(xc.beta_smoothing(written, X, 1, beta=2.0), xc.beta_smoothing(plain, X, 1, beta=2.0))
