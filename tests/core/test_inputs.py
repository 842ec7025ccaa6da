"""bind and pack: more than one tensor without a longer signature."""

import pytest
import torch
from torch import Tensor

import xaicourse as xc

X = torch.tensor([[1.0, 2], [3, 4], [5, 6]], dtype=torch.float64)
SCALE = torch.tensor([1.0, 10, 100], dtype=torch.float64)
MASK = torch.tensor([[1.0, 0], [0, 1], [1, 1]], dtype=torch.float64)


def model(x: Tensor, scale: Tensor, mask: Tensor) -> Tensor:
    return ((x**2) * mask).sum(1) * scale


EXPECTED = 2 * X * MASK * SCALE[:, None]
BOUND = {
    "bind": lambda: xc.bind(model, scale=SCALE, mask=MASK),
    "bind of a bind": lambda: xc.bind(xc.bind(model, scale=SCALE), mask=MASK),
    # a bound model inside anything else: it must still know which rows it is called for
    "lambda": lambda: (lambda bound: lambda x: bound(x))(xc.bind(model, scale=SCALE, mask=MASK)),
}


@pytest.mark.parametrize("batch_size", [1, 2, 3, None])
@pytest.mark.parametrize("make", BOUND.values(), ids=BOUND)
def test_extras_follow_their_rows(make, batch_size, close):
    close(xc.gradient(make(), X, batch_size=batch_size), EXPECTED)
    found = xc.integrated_gradients(make(), X, steps=4, batch_size=batch_size, return_details=True)
    close(found.values, EXPECTED * X / 2)
    close(found.f_end, model(X, SCALE, MASK))


def test_a_bound_model_can_be_called_by_hand(close):
    bound = xc.bind(model, scale=SCALE, mask=MASK)
    close(bound(X), model(X, SCALE, MASK))
    xc.gradient(bound, X.flip(0), batch_size=1)  # leaves nothing behind
    close(bound(X), model(X, SCALE, MASK))
    with pytest.raises(ValueError, match=r"bind: scale has 3 row\(s\), but x has 2"):
        bound(X[:2])


def test_nothing_is_left_behind_after_an_exception(close):
    def failing(x: Tensor, scale: Tensor) -> Tensor:
        raise ArithmeticError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        xc.gradient(xc.bind(failing, scale=SCALE), X)
    bound = xc.bind(model, scale=SCALE, mask=MASK)
    close(bound(X), model(X, SCALE, MASK))


def test_bind_refuses():
    with pytest.raises(TypeError, match=r"bind: scale must be a tensor.*functools.partial"):
        xc.bind(model, scale=3.0)
    with pytest.raises(TypeError, match="bind: scale must be a tensor"):
        xc.bind(model, scale=torch.tensor(3.0))
    for bad in (
        xc.bind(model, scale=SCALE[:2], mask=MASK),
        xc.bind(xc.bind(model, scale=SCALE[:2]), mask=MASK),
    ):
        with pytest.raises(ValueError, match=r"bind: scale has 2 row\(s\), but x has 3"):
            xc.gradient(bad, X)
    bound = xc.bind(model, scale=SCALE, mask=MASK)
    with pytest.raises(ValueError, match="a wrapper must pass all of them on"):
        xc.gradient(lambda x: torch.cat([bound(x[:1]), bound(x[1:])]), X)


def pair(a: Tensor, b: Tensor) -> Tensor:
    return (a**2).sum((1, 2)) + 3 * b.sum(1)


A, B = torch.ones(3, 2, 2, dtype=torch.float64), torch.full((3, 5), 2.0, dtype=torch.float64)


def test_pack_cuts_apart_what_it_joined(close):
    for parts in ((A, B), [A, B], {"a": A, "b": B}, {"b": B, "a": A}):
        packed, x = xc.pack(pair, parts)
        assert x.shape == (3, 9)
        found = packed.unpack(xc.gradient(packed, x))
        first, second = (found["a"], found["b"]) if isinstance(parts, dict) else found
        close(first, 2 * A)
        close(second, torch.full_like(B, 3))
        close(packed(x), pair(A, B))


def test_pack_of_a_bound_model_keeps_rows_together(close):
    def scaled(a: Tensor, b: Tensor, scale: Tensor) -> Tensor:
        return pair(a, b) * scale

    packed, x = xc.pack(xc.bind(scaled, scale=SCALE), (A, B))
    for batch_size in (1, 2, None):
        first, second = packed.unpack(xc.gradient(packed, x, batch_size=batch_size))
        close(first, 2 * A * SCALE[:, None, None])
        close(second, 3 * torch.ones_like(B) * SCALE[:, None])
    one, x = xc.pack(xc.bind(lambda a, scale: a.sum(1) * scale, scale=SCALE), (B,))
    close(xc.gradient(one, x, batch_size=1), torch.ones_like(B) * SCALE[:, None])


def test_pack_refuses():
    with pytest.raises(ValueError, match="parts is empty"):
        xc.pack(pair, [])
    with pytest.raises(TypeError, match=r"part 1 must be a tensor.*list"):
        xc.pack(pair, [A, [1.0]])
    for other in (B[:2], B.float()):
        with pytest.raises(ValueError, match=r"part 1 has .* all parts must agree"):
            xc.pack(pair, [A, other])


def test_one_tensor_is_not_several_inputs():
    with pytest.raises(TypeError, match=r"parts must be a list of tensors, .* got Tensor"):
        xc.pack(lambda a, b: a + b, torch.ones(2, 3))


def test_names_that_a_model_does_not_have():
    def two(image, table):
        return image.sum(1) + 2 * table.sum(1)

    class Module(torch.nn.Module):
        def forward(self, image, table):
            return two(image, table)

    x, other = torch.ones(2, 3), torch.ones(2, 4)
    for model in (two, Module().eval()):
        with pytest.raises(TypeError, match="bind: the model has no argument 'tabular'; it has im"):
            xc.bind(model, tabular=other)
        first = xc.bind(model, image=x)
        with pytest.raises(TypeError, match="bind: image is the model's first argument"):
            xc.gradient(first, other)
        found = xc.gradient(lambda t, bound=first: bound(table=t), other)  # the advice
        assert torch.equal(found, torch.full_like(other, 2))
        assert torch.equal(xc.gradient(xc.bind(model, table=other), x), x)
    anything = xc.bind(lambda x, **more: x.sum(1), whatever=other)
    assert torch.equal(xc.gradient(anything, x), x)
