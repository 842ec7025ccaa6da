"""IROF: a closed form, no batch mate in the score, a loop over the paper's words."""

import numpy as np
import pytest
import torch

from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import irof, superpixels

LABELS = torch.tensor([[0, 0, 0, 1], [0, 0, 0, 1], [2, 2, 1, 1], [2, 3, 3, 3]])
OTHERS = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 2, 2]])
COLOURS = torch.tensor([[0.9, 0.1, 0.4], [0.2, 0.8, 0.5], [0.7, 0.7, 0.1], [0.3, 0.2, 0.6]])
WEIGHT = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
PLAIN = {"output": "logit", "imputer": 0.0}


def voronoi(labels):
    """Return an image (1, 3, H, W) with one colour a piece."""
    return COLOURS.double()[labels].permute(2, 0, 1)[None]


def head(labels):
    """Return a model with one weight a segment: what is left of its colour, times the weight."""
    pieces = torch.stack([labels == k for k in labels.unique()]).double()  # (S, H, W)
    colour = COLOURS.double()[labels.unique()].sum(1)

    def model(x):
        left = (x[:, None] * pieces[:, None]).sum((2, 3, 4)) / pieces.sum((1, 2)) / colour
        return left @ WEIGHT[: len(pieces)]

    return model


def exact(labels):
    return WEIGHT[labels][None, None]


def photos(n=3, size=8):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, 3, size, size, generator=generator, dtype=torch.float64)


def photo_model(x):
    height = torch.arange(x.shape[2], dtype=x.dtype)[:, None]
    a = (x * height).sum(dim=(1, 2, 3))
    return torch.stack([(a / 40).sin(), (a / 90).cos()], dim=1)


def test_the_ratio_is_one_minus_the_running_share(close):
    found = irof(head(LABELS), voronoi(LABELS), exact(LABELS), unit=LABELS, **PLAIN)
    curve = torch.tensor([[1.0, 0.6, 0.3, 0.1, 0.0]], dtype=torch.float64)
    close(found.curve, curve, 1e-12)
    close(found.values, 1 - torch.trapezoid(curve, dx=0.25), 1e-12)
    close(found.values, [0.625], 1e-12)
    upside = irof(head(LABELS), voronoi(LABELS), -exact(LABELS), unit=LABELS, **PLAIN)
    close(upside.values, [0.375], 1e-12)


def test_the_number_of_segments_does_not_set_the_scale(close):
    """Quantus 0.6.0 does not divide by it: one and the same curve, cut twice as finely."""
    halves = torch.tensor([[0, 0, 1, 1]] * 4)
    quarters = torch.tensor([[0, 1, 2, 3]] * 4)
    x = torch.ones(1, 3, 4, 4, dtype=torch.float64)
    heat = torch.tensor([4.0, 3.0, 2.0, 1.0]).double().expand(1, 1, 4, 4)
    total = lambda x: x.sum((1, 2, 3))  # noqa: E731
    coarse = irof(total, x, heat, unit=halves, **PLAIN)
    fine = irof(total, x, heat, unit=quarters, **PLAIN)
    close(fine.values, coarse.values, 1e-12)
    undivided = [float(torch.trapezoid(1 - r.curve[0])) for r in (coarse, fine)]
    assert undivided[1] > 1.9 * undivided[0]


def test_a_shorter_image_is_not_padded(close):
    """Quantus 0.6.0 pads it with zeros before the trapezoid: its score depends on batch mates."""
    x = torch.cat([voronoi(LABELS), voronoi(OTHERS)])
    heat = torch.cat([exact(LABELS), exact(OTHERS)])
    model = lambda x: x.sum((1, 2, 3))  # noqa: E731
    together = irof(model, x, heat, unit=torch.stack([LABELS, OTHERS]), **PLAIN)
    alone = [irof(model, x[i : i + 1], heat[i : i + 1], unit=u, **PLAIN) for i, u in
             enumerate((LABELS, OTHERS))]  # fmt: skip
    close(together.values, torch.cat([one.values for one in alone]), 1e-12)
    ratios = [one.curve[0] for one in alone]
    padded = torch.cat([1 - ratios[1], torch.zeros(1)])
    assert len(padded) == len(ratios[0])
    assert float(torch.trapezoid(padded) - torch.trapezoid(1 - ratios[1])) == pytest.approx(0.5)


def test_colour_images_are_measured():
    """Quantus 0.6.0 raises on them."""
    found = irof(photo_model, photos(), photos().flip(0), 0, unit=LABELS.repeat(2, 2))
    assert found.valid.all()
    assert found.curve[:, 0].tolist() == [1.0, 1.0, 1.0]  # l = 0 is there


def test_a_large_segment_does_not_go_first_for_its_size(close):
    labels = torch.zeros(1, 4, dtype=torch.long)
    labels[0, 3] = 1
    x = torch.ones(1, 1, 1, 4, dtype=torch.float64)
    heat = torch.tensor([0.5, 0.5, 0.5, 1.0]).double().view(1, 1, 1, 4)
    last = lambda x: x[:, 0, 0, 3]  # noqa: E731
    close(irof(last, x, heat, unit=labels, **PLAIN).curve, [[1.0, 0, 0]])  # mean .5 against 1
    by_the_sum = [1.0, 1.0, 0.0]  # 1.5 against 1
    assert by_the_sum != irof(last, x, heat, unit=labels, **PLAIN).curve[0].tolist()


@pytest.mark.parametrize("value", [0.1, 0.0, -0.7])
def test_segments_of_a_flat_map_are_tied_whatever_their_size(value):
    flat = torch.full((1, 1, 4, 4), value, dtype=torch.float64)
    found = irof(head(LABELS), voronoi(LABELS), flat, unit=LABELS, **PLAIN)
    assert found.tie_fraction.tolist() == [1.0]  # .1 + .1 + .1 over 3 is not .1


def test_a_score_that_is_not_above_0_has_no_value():
    x = torch.cat([voronoi(LABELS), -voronoi(LABELS), 0 * voronoi(LABELS)])
    found = irof(head(LABELS), x, exact(LABELS).expand(3, -1, -1, -1), unit=LABELS, **PLAIN)
    assert found.valid.tolist() == [True, False, False]
    assert found.interval().images == 1


@pytest.mark.parametrize("imputer", ["channel_mean", "grey"])
def test_equals_a_loop_over_segments(imputer, close):
    x, heat = photos(), photos().flip(0) - 0.4
    labels = torch.stack([LABELS.repeat(2, 2), OTHERS.repeat(2, 2), LABELS.repeat(2, 2).T])
    found = irof(photo_model, x, heat, 0, imputer=imputer, unit=labels)
    for i in range(3):
        worth = heat[i].sum(0).numpy()
        segments = sorted(np.unique(labels[i]), key=lambda k: -worth[labels[i].numpy() == k].mean())
        image, p = x[i].clone(), []
        fill = x[i].mean((1, 2)) if imputer == "channel_mean" else torch.full((3,), 0.5).double()
        for k in [None, *segments]:
            if k is not None:
                image[:, labels[i] == k] = fill[:, None]
            p.append(float(photo_model(image[None]).softmax(1)[0, 0]))
        ratio = np.array(p) / p[0]
        close(found.values[i], 1 - np.trapezoid(ratio, dx=1 / len(segments)), 1e-12)


def test_without_labels_it_cuts_the_image_itself():
    x = torch.zeros(2, 3, 32, 32, dtype=torch.float64)
    x[..., 16:] = 0.8
    x[1, :, :16] += 0.2
    rows = []

    def counted(x):
        if not is_asking():
            rows.append(len(x))
        return torch.stack([x.mean((1, 2, 3)), 0 * x[:, 0, 0, 0]], 1)

    found = irof(counted, x, x, 0, output="logit")
    pieces = [len(labels.unique()) for labels in superpixels(x)]
    assert sum(rows) == sum(pieces) + 2
    assert found.protocol.unit == "superpixel"
    assert found.valid.all()
