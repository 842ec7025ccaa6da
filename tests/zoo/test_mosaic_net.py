"""DiFull: what a head cannot see must have exactly nothing in any map."""

import inspect

import pytest
import torch
from torch import nn

import xaicourse as xc

CELL = 1


class TinyHeads(nn.Module):
    """Four heads on an 8 x 8 picture, each a small net on its own 4 x 4 cell."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3, padding=1)
        self.relu = nn.ReLU()
        self.flat = nn.Flatten()
        self.out = nn.Linear(48, 2)
        for k, parameter in enumerate(self.parameters()):
            ramp = torch.arange(parameter.numel(), dtype=torch.float64).view_as(parameter)
            parameter.data = 0.3 * torch.sin(1.7 * ramp + k)

    def forward(self, x):
        cells = [cell for row in x.split(4, dim=2) for cell in row.split(4, dim=3)]
        return torch.cat([self.out(self.flat(self.relu(self.conv(c)))) for c in cells], dim=1)


# methods that cannot be tried on it
UNTRIED = {
    "discretized_ig": "of sentences",
    "fullgrad_decomposition": "no map",
    "gaussian_process_ig": "of rows of numbers",
    "generalized_ig": "of rows of numbers",
    "gradient_artificial_distancing": "of nets that it trains itself",
    "graph_ig": "of graphs",
    "ig_correlation": "of a data set",
    "integrated_directional_gradients": "of sentences",
    "integrated_hessians": "of pairs",
    "meta_ig": "of pairs",
}
# methods whose map is not made of a gradient at each pixel alone
LEAK = {
    "fullgrad": "stretches each layer's map over the whole picture",
    "xrai": "regions go over the borders",
}


def by_gradients():
    return [
        name
        for name, record in xc.METHODS.items()
        if "gradient" in {need.value for need in record.needs}
        and "layer" not in {need.value for need in record.needs}
        and name not in UNTRIED
    ]


def settings_for(name, model, x, target):
    """Return what a method needs beside its defaults: little work, and data where it asks."""
    known = inspect.signature(xc.METHODS[name].method).parameters
    made = {}
    if "steps" in known:
        made["steps"] = 3
    if "samples" in known:
        made["samples"] = 3
    if "patterns" in known:
        data = torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(5)).double()
        made["patterns"] = xc.fit_patterns(model, data)
    return made


@pytest.mark.parametrize("name", by_gradients())
def test_outside_the_cell_every_gradient_is_exactly_zero(name):
    model = TinyHeads().eval().requires_grad_(False)
    x = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(2)).double()
    target = torch.tensor([2 * CELL, 2 * CELL + 1])
    heat = xc.METHODS[name].method(model, x, target, **settings_for(name, model, x, target))
    assert heat.shape == x.shape
    cell = torch.zeros(8, 8, dtype=torch.bool)
    cell[:4, 4:] = True
    outside = heat.masked_select(~cell)
    assert heat.abs().sum() > 0
    assert bool((outside == 0).all()) == (name not in LEAK)


def test_probability_over_all_heads_connects_them():
    """A softmax over the heads gives each of them something to say about the others."""
    model = TinyHeads().eval().requires_grad_(False)
    x = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(2)).double()
    heat = xc.gradient(model, x, 2, output="probability")
    assert heat[..., 4:, :].abs().sum() > 0.1 * heat.abs().sum()


@pytest.fixture(scope="module")
def made():
    x, labels = xc.datasets.fashion_mnist(n=400)
    logits = xc.zoo.load("fashion_residual")(x)
    found = xc.datasets.mosaics(x, labels, n=6, logits=logits, confidence=0.9)
    return found._replace(x=found.x.double())


def share(made, name, heads, cell=CELL, **settings):
    """Return which share of the positive part of a map lies in the cell."""
    model = xc.zoo.load("fashion_mosaic", heads=heads).double()
    if "layer" in settings:
        settings["layer"] = model.assembled
    target = model.output_of(cell, made.labels[:, cell])
    heat = xc.METHODS[name].method(model, made.x, target, **settings)
    mask = made.masks[cell, 0]
    game = xc.evaluation.grid_pointing_game(None, None, heat, mask=mask, grid=2)
    return game.values


def test_full_heads_are_the_net_on_each_cell(made, close):
    net = xc.zoo.load("fashion_residual").double()
    logits = xc.zoo.load("fashion_mosaic", heads="full").double()(made.x)
    for cell, (down, right) in enumerate([(0, 0), (0, 28), (28, 0), (28, 28)]):
        part = made.x[:, :, down : down + 28, right : right + 28]
        close(logits[:, 10 * cell : 10 * cell + 10], net(part), 1e-10)


@pytest.mark.parametrize("cell", range(4))
def test_full_heads_give_the_gradient_to_their_cell(made, cell, close):
    close(share(made, "gradient", "full", cell), [1.0] * 6, 0)


def test_part_heads_see_a_little_beyond_the_border(made):
    found = share(made, "gradient", "part")
    assert ((found > 0.6) & (found < 1)).all()


def test_one_head_is_the_mean_of_the_parts(made, close):
    """The head is linear in the mean over cells: logits of one are the mean of those of part."""
    one = xc.zoo.load("fashion_mosaic", heads="one").double()(made.x)
    part = xc.zoo.load("fashion_mosaic", heads="part").double()(made.x)
    close(part.view(-1, 4, 10).mean(1), one, 1e-10)


def test_grad_cam_lends_its_weights_to_the_other_cells(made):
    """Its weights are means over all cells; where the gradient stays at its place, they are not."""
    leaking = share(made, "grad_cam", "full", layer=None)
    local = share(made, "layer_cam", "full", layer=None)
    assert (local > 0.93).all()
    assert float(leaking.mean()) < 0.9 < float(local.mean())


def test_names_and_outputs():
    names = xc.zoo.labels("fashion_mosaic")
    assert len(names) == 40
    model = xc.zoo.load("fashion_mosaic")
    place = int(model.output_of(2, torch.tensor([8]))[0])
    assert names[place] == "bag in cell 2"
    assert int(xc.zoo.load("fashion_mosaic", heads="one").output_of(2, torch.tensor([8]))[0]) == 8
    assert xc.zoo.load("fashion_mosaic", grid=3)(torch.zeros(1, 1, 84, 84)).shape == (1, 90)


@pytest.mark.parametrize("heads", ["full", "part", "one"])
def test_bad_arguments_are_refused(heads):
    with pytest.raises(ValueError, match="takes"):
        xc.zoo.load("fashion_mosaic", heads=heads)(torch.zeros(1, 1, 28, 28))
    with pytest.raises(ValueError, match="heads must be one of full, part, one, got 'all'"):
        xc.zoo.load("fashion_mosaic", heads="all")
    with pytest.raises(ValueError, match="grid must be a whole number"):
        xc.zoo.load("fashion_mosaic", grid=0, heads=heads)
