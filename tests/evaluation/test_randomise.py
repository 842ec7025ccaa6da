"""Copies of a model that forgot: everything learnt is drawn anew, in the order of the run."""

import copy

import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.core.gradients import ask
from xaicourse.evaluation.randomise import Randomiser


class Odd(nn.Module):
    """Layers of equal shape listed against the order of the run, bare parameters, batch norm."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.second, self.first = nn.Linear(6, 6), nn.Linear(6, 6)
        self.norm = nn.BatchNorm1d(6)
        self.token = nn.Parameter(torch.randn(6))
        self.gain = nn.Parameter(torch.tensor(1.5))
        self.register_buffer("mask", torch.ones(6))
        self.norm.weight.data.add_(torch.randn(6) / 9)
        self.norm.bias.data.copy_(torch.randn(6))
        self.norm.running_mean.copy_(torch.randn(6))
        self.norm.running_var.copy_(torch.rand(6) + 0.1)

    def forward(self, x):
        hidden = self.norm(torch.relu(self.first(x + self.token)))
        return self.head(torch.relu(self.second(hidden)) * self.mask) * self.gain


@pytest.fixture
def odd():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Odd().double().eval()


X = torch.cos(torch.arange(12, dtype=torch.float64)).view(2, 6)


def randomiser(model, seed=0, x=X):
    return Randomiser(ask(model, x, 0), model, seed)


def learnt(model):
    """Return all that a model learnt: floats that are no mask."""
    named = [*model.named_parameters(), *model.named_buffers()]
    return {n: t for n, t in named if t.is_floating_point() and n != "mask"}


def by_reset(model):
    """Randomise in the way of Quantus 0.6.0: what resets itself, after the same seed each time."""
    other = copy.deepcopy(model)
    for layer in other.modules():
        if hasattr(layer, "reset_parameters"):
            with torch.random.fork_rng():
                torch.manual_seed(0)
                layer.reset_parameters()
    return other


def test_all_that_was_learnt_is_drawn_anew_and_the_model_stays(odd):
    before = {name: t.clone() for name, t in odd.state_dict().items()}
    made = randomiser(odd)
    other = made.drawn(made.parts)
    for name, tensor in learnt(other).items():
        assert not bool((tensor == before[name]).any()), name
    assert torch.equal(other.mask, odd.mask)
    assert all(torch.equal(t, before[name]) for name, t in odd.state_dict().items())
    assert other(X).shape == (2, 3)
    wrong = by_reset(odd)  # bare parameters are as they were learnt, the batch norm is no draw
    assert torch.equal(wrong.token, odd.token)
    assert bool((wrong.norm.running_var == 1).all())


def test_layers_of_equal_shape_differ(odd):
    made = randomiser(odd)
    other, wrong = made.drawn(made.parts), by_reset(odd)
    likeness = torch.corrcoef(
        torch.stack([layer.weight.flatten() for layer in (other.first, other.second)])
    )
    assert abs(float(likeness[0, 1])) < 0.6
    assert torch.equal(wrong.first.weight, wrong.second.weight)


def test_the_order_is_that_of_the_run(odd):
    names = [part.name for part in randomiser(odd).parts]
    assert names == ["gain", "head", "second", "norm", "first", "token"]
    listed = [n for n, m in odd.named_modules() if n][::-1]  # Quantus: as listed, from the end
    assert listed == ["norm", "first", "second", "head"]


def test_mean_and_spread_are_kept_and_variances_stay_positive():
    wide = nn.Sequential(nn.Linear(100, 200), nn.BatchNorm1d(200)).double().eval()
    wide.requires_grad_(False)
    wide[0].weight.add_(3)
    wide[1].running_var.copy_(torch.rand(200) * 9 + 1e-3)
    made = randomiser(wide, x=torch.ones(1, 100, dtype=torch.float64))
    other = made.drawn(made.parts)
    old, new = wide[0].weight, other[0].weight
    assert float(new.mean() - old.mean()) == pytest.approx(0, abs=3e-3)
    assert float(new.std() / old.std()) == pytest.approx(1, abs=0.02)
    assert bool((other[1].running_var > 0).all())
    logs = [b.running_var.log() for b in (wide[1], other[1])]
    assert float(logs[1].std() / logs[0].std()) == pytest.approx(1, abs=0.2)


def test_a_tensor_of_equal_numbers_is_drawn_in_their_size_and_zeros_stay():
    norm = nn.Sequential(nn.Linear(6, 500), nn.LayerNorm(500)).double().eval()
    made = randomiser(norm)
    other = made.drawn(made.parts)
    assert float(other[1].weight.square().mean()) == pytest.approx(1, abs=0.2)
    assert float(other[1].weight.mean()) == pytest.approx(0, abs=0.2)
    assert not bool(other[1].bias.any())


def test_some_parts_leave_the_others_as_they_were(odd):
    made = randomiser(odd)
    other = made.drawn(made.parts[1:3])
    changed = [n for n, t in learnt(other).items() if not torch.equal(t, learnt(odd)[n])]
    assert sorted(changed) == ["head.bias", "head.weight", "second.bias", "second.weight"]
    more = made.drawn(made.parts[:4])  # one layer more, the same draw in those above
    assert torch.equal(more.head.weight, other.head.weight)


def test_seeds_and_global_chance(odd):
    state = torch.get_rng_state()
    one, again = (m.drawn(m.parts).head.weight for m in (randomiser(odd), randomiser(odd)))
    other = randomiser(odd, seed=1)
    assert torch.equal(one, again)
    assert not torch.equal(other.drawn(other.parts).head.weight, one)
    assert torch.equal(torch.get_rng_state(), state)


def test_tied_weights_stay_tied_and_are_drawn_at_their_last_use():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.between = nn.Linear(6, 6, bias=False), nn.Linear(6, 6)
            self.outer = nn.Linear(6, 6)
            self.outer.weight = self.inner.weight

        def forward(self, x):
            return self.outer(torch.tanh(self.between(self.inner(x))))

    tied = Tied().double().eval()
    made = randomiser(tied)
    assert [p.name for p in made.parts] == ["outer", "inner", "between"]
    other = made.drawn(made.parts)
    assert other.inner.weight is other.outer.weight
    assert not torch.equal(other.inner.weight, tied.inner.weight)


def test_a_transformer_forgets_its_token_its_places_and_its_attention():
    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Parameter(torch.randn(1, 1, 4))
            self.places = nn.Parameter(torch.randn(1, 4, 4))
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
            self.head = nn.Linear(4, 2)

        def forward(self, x):
            x = torch.cat([self.token.expand(len(x), -1, -1), x.view(len(x), 3, 4)], dim=1)
            x = x + self.places
            return self.head((x + self.attention(x, x, x)[0])[:, 0])

    net = Small().double().eval()
    x = torch.cos(torch.arange(24, dtype=torch.float64)).view(2, 12)
    made = randomiser(net, x=x)
    names = [name for part in made.parts for name in part.tensors]
    assert names[:2] == ["head.weight", "head.bias"]
    assert names[-2:] == ["places", "token"]
    assert set(names) == {n for n, _ in net.named_parameters()}
    drawn = made.drawn(made.parts)
    wrong = by_reset(net)  # in which these stay
    for name in ("token", "places", "attention.in_proj_weight"):
        assert not torch.equal(drawn.get_parameter(name), net.get_parameter(name)), name
        assert torch.equal(wrong.get_parameter(name), net.get_parameter(name)), name


def test_what_has_no_weights_is_refused():
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module"):
        xc.evaluation.parameter_randomisation(lambda x: x, X, "gradient", 0)
    with pytest.raises(ValueError, match="no parameters"):
        xc.evaluation.parameter_randomisation(nn.ReLU(), X, "gradient", 0)
