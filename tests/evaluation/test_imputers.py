"""What stands in for removed features: closed forms, a sparse solver and pytorch-grad-cam's."""

import math

import numpy as np
import pytest
import torch
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

import xaicourse as xc
from xaicourse.evaluation import (
    ChannelMean,
    Counterpart,
    Donor,
    Flip,
    Given,
    NoisyLinear,
    Uniform,
    deletion,
    make_imputer,
)
from xaicourse.evaluation.retraining import filler

EXACT = NoisyLinear(noise=0.0, tol=1e-13)


def photos(n=2, channels=3, height=9, width=7):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, channels, height, width, generator=generator, dtype=torch.float64)


def masks(n, height, width, share, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, 1, height, width, generator=generator, dtype=torch.float64) > share


def ramp(height=9, width=7):
    rows, columns = torch.arange(height).double()[:, None], torch.arange(width).double()
    return (2 * rows + 3 * columns)[None, None]


def sparse_fill(image, keep):
    """Return the paper's system, solved by scipy: image (C, H, W), keep (H, W), both NumPy."""
    height, width = keep.shape
    places = [tuple(p) for p in np.argwhere(~keep)]
    number = {place: k for k, place in enumerate(places)}
    rows, columns, values = [], [], []
    b = np.zeros((len(places), len(image)))
    for k, (i, j) in enumerate(places):
        total = 0.0
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                a, c = i + di, j + dj
                if (di, dj) == (0, 0) or not (0 <= a < height and 0 <= c < width):
                    continue
                w = 1 / 6 if di == 0 or dj == 0 else 1 / 12
                total += w
                if keep[a, c]:
                    b[k] += w * image[:, a, c]
                else:
                    rows, columns, values = [*rows, k], [*columns, number[a, c]], [*values, -w]
        rows, columns, values = [*rows, k], [*columns, k], [*values, total]
    system = csc_matrix((values, (rows, columns)), shape=(len(places), len(places)))
    filled = image.copy()
    filled[:, ~keep] = spsolve(system, b).reshape(len(places), -1).T
    return filled


# ---- noisy linear -------------------------------------------------------------------------------


def test_a_ramp_and_a_constant_are_filled_exactly(close):
    keep = torch.ones(1, 1, 9, 7, dtype=torch.bool)
    keep[..., 2:6, 2:5] = False  # inside: weights are symmetric there
    close(EXACT(ramp(), keep), ramp(), 1e-12)
    flat = torch.full((1, 2, 9, 7), 0.3, dtype=torch.float64)
    close(EXACT(flat, masks(1, 9, 7, 0.7)), flat, 1e-12)
    black = torch.zeros(1, 2, 9, 7, dtype=torch.float64)
    assert torch.equal(EXACT(black, masks(1, 9, 7, 0.7)), black)


def test_a_corner_has_the_weights_of_the_neighbours_that_it_has():
    keep = torch.ones(1, 1, 9, 7, dtype=torch.bool)
    keep[..., 0, 0] = False
    x = ramp()
    corner = (x[0, 0, 0, 1] / 6 + x[0, 0, 1, 0] / 6 + x[0, 0, 1, 1] / 12) / (5 / 12)
    found = EXACT(x, keep)[0, 0, 0, 0]
    assert float(found) == pytest.approx(float(corner), rel=1e-12)
    assert float(found) == pytest.approx(3.0, rel=1e-12)
    without_renormalising = x[0, 0, 0, 1] / 6 + x[0, 0, 1, 0] / 6 + x[0, 0, 1, 1] / 12
    assert float(without_renormalising) == pytest.approx(1.25)


def test_everything_removed_is_the_channels_mean(close):
    x = photos()
    keep = torch.zeros(2, 1, 9, 7, dtype=torch.bool)
    keep[1, 0, 0, 0] = True
    found = EXACT(x, keep)
    close(found[0], x[0].mean(dim=(1, 2), keepdim=True).expand_as(x[0]), 1e-12)
    # one pixel alone spreads everywhere
    close(found[1], x[1, :, :1, :1].expand_as(x[1]), 1e-10)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_many_systems_at_once_equal_scipys_one_by_one(share, close):
    x, keep = photos(4, height=13, width=10), masks(4, 13, 10, share)
    keep[3] = True
    keep[3, :, 2:10, 1:9] = False  # one large hole
    found = EXACT(x, keep)
    for i in range(4):
        close(found[i], torch.tensor(sparse_fill(x[i].numpy(), keep[i, 0].numpy())), 1e-10)


def test_a_channel_of_its_own_holes(close):
    x, keep = photos(1), masks(3, 9, 7, 0.6).transpose(0, 1)
    found = EXACT(x, keep)
    for c in range(3):
        expected = sparse_fill(x[0, c : c + 1].numpy(), keep[0, c].numpy())
        close(found[0, c], torch.tensor(expected[0]), 1e-10)


def test_at_its_default_tolerance_the_error_is_below_the_noise():
    x = torch.nn.functional.interpolate(photos(2), size=(64, 64), mode="bicubic").clamp(0, 1)
    keep = masks(2, 64, 64, 0.6)
    keep[1, :, 12:52, 10:54] = False
    found = NoisyLinear(noise=0.0)(x.float(), keep)
    for i in range(2):
        error = found[i].double() - torch.tensor(sparse_fill(x[i].numpy(), keep[i, 0].numpy()))
        assert float(error.square().mean().sqrt()) < NoisyLinear().noise / 2


def test_rows_do_not_know_each_other():
    x, keep = photos(3), masks(3, 9, 7, 0.8)
    keep[1] = True  # solved before it begins
    together = NoisyLinear()(x, keep)
    alone = torch.cat([NoisyLinear()(x[i : i + 1], keep[i : i + 1]) for i in range(3)])
    assert float((together - alone).abs().max()) < 1e-12


def test_removed_pixels_are_not_read():
    x, keep = photos(1), masks(1, 9, 7, 0.5)
    other = torch.where(keep, x, 1 - x)
    assert torch.equal(EXACT(x, keep), EXACT(other, keep))
    blur = make_imputer("blur")
    assert not torch.equal(blur(x, keep), blur(other, keep))


def test_noise_lies_on_removed_pixels_the_same_for_every_row():
    x, keep = photos(1).expand(2, -1, -1, -1), masks(1, 9, 7, 0.5).expand(2, -1, -1, -1)
    noise = NoisyLinear(tol=1e-13)(x, keep) - EXACT(x, keep)
    assert torch.equal(noise[0], noise[1])
    assert torch.equal(noise != 0, ~keep.expand_as(x))
    assert 0.005 < float(noise[noise != 0].std()) < 0.015
    other = NoisyLinear(tol=1e-13, seed=1)(x, keep) - EXACT(x, keep)
    assert not torch.equal(noise, other)
    with pytest.raises(ValueError, match="NoisyLinear is for images"):
        NoisyLinear()(x.flatten(1), x.flatten(1))


def test_equals_pytorch_grad_cams_system(close):
    from pytorch_grad_cam.metrics.road import NoisyLinearImputer, neighbors_weights

    x, keep = photos(2, height=8, width=8), masks(2, 8, 8, 0.5)
    found = EXACT(x, keep)
    for i in range(2):
        mask = keep[i, 0].double().numpy()
        system, b = NoisyLinearImputer.setup_sparse_system(mask, x[i].numpy(), neighbors_weights)
        theirs = torch.tensor(spsolve(csc_matrix(system), b))  # (removed, C)
        close(found[i][:, ~keep[i, 0]].T, theirs, 1e-10)


# ---- the others ---------------------------------------------------------------------------------


def test_channel_mean(close):
    x = photos()
    keep = masks(2, 9, 7, 0.5)
    found = ChannelMean()(x, keep)
    close(found, torch.where(keep, x, x.mean(dim=(2, 3), keepdim=True)), 1e-12)
    with pytest.raises(ValueError, match="ChannelMean is for images"):
        ChannelMean()(x.flatten(1), x.flatten(1))


def test_flip():
    x = torch.tensor([[0.0, 0.25, 1.0]])
    assert Flip().background(x).tolist() == [[1.0, 0.75, 0.0]]
    assert Flip(-1, 1).background(x).tolist() == [[0.0, -0.25, -1.0]]


def test_uniform_is_drawn_once_for_all_rows():
    x = photos()
    found = Uniform(2, 5).background(x)
    assert torch.equal(found[0], found[1])
    assert 2 <= float(found.min()) < 2.2
    assert 4.8 < float(found.max()) < 5
    draws = {float(one.background(x)[0, 0, 0, 0]) for one in Uniform(repeats=4).draws()}
    others = {float(one.background(x)[0, 0, 0, 0]) for one in Uniform(repeats=4, seed=1).draws()}
    assert len(draws | others) == 8  # seeds next to each other share no draw
    with pytest.raises(ValueError, match="repeats must be at least 1"):
        deletion(lambda x: x.sum((1, 2, 3)), x, x, imputer=Uniform(repeats=0), output="logit")


def test_scores_are_averaged_over_draws_not_inputs(close):
    x = photos(2, 1, 3, 3)
    squares = lambda x: x.square().sum((1, 2, 3))  # noqa: E731
    found = deletion(squares, x, x, imputer=Uniform(repeats=5), output="logit")
    ends = torch.stack([squares(one.background(x)) for one in Uniform(repeats=5).draws()])
    close(found.curve[:, -1], ends.mean(0), 1e-12)
    of_the_mean = squares(
        torch.stack([d.background(x) for d in Uniform(repeats=5).draws()]).mean(0)
    )
    assert float((found.curve[:, -1] - of_the_mean).abs().max()) > 0.3


def test_a_tensor_stands_in_as_it_is():
    x, other = photos(), photos().flip(0)
    keep = masks(2, 9, 7, 0.5)
    assert torch.equal(make_imputer(other)(x, keep), torch.where(keep, x, other))
    colour = torch.tensor([1.0, 2.0, 3.0])[:, None, None]
    assert make_imputer(colour).background(x)[1, :, 4, 4].tolist() == [1.0, 2.0, 3.0]
    assert repr(make_imputer(other)) == "Given()"
    with pytest.raises(ValueError, match=r"imputer has shape \(3,\), which does not broadcast"):
        Given(torch.zeros(3)).background(x)


def test_a_row_is_never_its_own_donor():
    data = photos(5)
    for seed in range(6):
        donors = Donor(data, seed=seed).background(data)
        assert bool((donors != data).flatten(1).any(1).all())
        for one in donors:
            assert any(torch.equal(one, row) for row in data)
        alone = torch.cat([Donor(data, seed=seed).background(data[i : i + 1]) for i in range(5)])
        assert torch.equal(alone, donors)
    turns = [one.background(data[:1]) for one in Donor(data, repeats=4).draws()]
    assert len({float(one[0, 0, 0, 0]) for one in turns}) == 4  # each of the others once
    with pytest.raises(ValueError, match="too few for 5 donor"):
        Donor(data, repeats=5).draws()[-1].background(data[:1])
    with pytest.raises(ValueError, match="samples of shape"):
        Donor(data[..., 1:]).background(data)


def test_donors_are_on_record_by_their_numbers():
    one, other = Donor(photos(3)), Donor(photos(3) + 1e-3)
    assert repr(one) != repr(other)
    assert repr(one) == repr(Donor(photos(3)))
    assert "3 samples" in repr(one)


# ---- the adversarial counterpart ----------------------------------------------------------------


def linear_net():
    net = torch.nn.Linear(3, 2, bias=False).double().eval()
    net.weight.data = torch.tensor([[3.0, -1.0, 2.0], [1.0, 1.0, 0.0]], dtype=torch.float64)
    return net


def test_a_counterpart_of_a_linear_net_by_hand(close):
    # margin 2 x1 - 2 x2 + 2 x3, its sign (+, -, +)
    x = torch.tensor([[0.46, 0.4, 0.01], [0.9, 0.1, 0.9]], dtype=torch.float64)
    found = Counterpart(linear_net(), radius=0.1, steps=5).background(x)
    step = 2.5 * 0.1 / 5
    # .14 -> -.08 with one step, x3 stays in [0, 1]; the other row is never turned: to the edge
    one = torch.tensor([0.46 - step, 0.4 + step, 0.0], dtype=torch.float64)
    other = x[1] + 0.1 * torch.tensor([-1, 1, -1]).double()
    close(found, torch.stack([one, other]), 1e-12)
    margins = linear_net()(found).detach() @ torch.tensor([1.0, -1.0], dtype=torch.float64)
    assert (margins > 0).tolist() == [False, True]


def test_a_counterpart_stays_near_and_turns_the_prediction():
    net, x = xc.zoo.load("fashion_cnn"), xc.datasets.fashion_mnist("test", 6).x
    found = Counterpart(net, radius=0.1).background(x)
    assert float((found - x).abs().max()) <= 0.1 + 1e-6
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    with torch.no_grad():
        assert int((net(found).argmax(1) != net(x).argmax(1)).sum()) >= 4
    small = Counterpart(net, radius=0.1, batch_size=1).background(x)
    assert float((small - found).abs().max()) < 1e-6
    heat = xc.gradient(net, x) * x
    settings = {"imputer": Counterpart(net, radius=0.1), "unit": 4, "steps": 7}
    right = xc.evaluation.abpc(net, x, heat, **settings)
    assert right.protocol.imputer.startswith("Counterpart(radius=0.1")
    close_by = (found - x) * xc.gradient(net, x)  # what the counterpart takes away, to first order
    assert xc.evaluation.abpc(net, x, -close_by, **settings).mean() > 0


@pytest.mark.fault("K9")
@pytest.mark.parametrize(
    ("imputer", "error", "says"),
    [
        (math.nan, ValueError, "imputer holds NaN or infinite values"),
        (torch.tensor([math.inf]), ValueError, "imputer holds NaN or infinite values"),
        (
            lambda: 1,
            TypeError,
            r"imputer must be a function \(x, keep\), got a lambda that takes \(\)",
        ),
        (lambda x, keep: None, ValueError, r"imputer must return x's shape.*returns NoneType"),
        (
            lambda x, keep: x[:, :1],
            ValueError,
            r"imputer must return x's shape, \(\d+, 4\), .*, 1\)",
        ),
    ],
    ids=["NaN", "infinite tensor", "no arguments", "nothing", "another shape"],
)
@pytest.mark.parametrize("metric", ["deletion", "faithfulness_correlation"])
def test_what_cannot_stand_in_is_refused(imputer, error, says, metric):
    x = torch.ones(2, 4, dtype=torch.float64)
    with pytest.raises(error, match=says):
        getattr(xc.evaluation, metric)(lambda z: z.sum(1), x, x, imputer=imputer, output="logit")


# ---- names that need [0, 1] ----------------------------------------------------------------------


def of_pixels(x):
    return x.flatten(1)


@pytest.mark.parametrize("name", ["black", "grey", "white", "flip", "uniform"])
@pytest.mark.parametrize(("low", "high"), [(-2.0, 0.9), (0.1, 2.4)])
def test_normalised_images_have_no_black(name, low, high):
    x = low + (high - low) * photos(1, 3, 4, 4)
    with pytest.raises(ValueError, match=f"imputer '{name}' is for images in .0, 1., x goes from"):
        deletion(of_pixels, x, x, 0, imputer=name, output="logit")
    assert make_imputer(name, photos()) == make_imputer(name)


def test_the_defaults_of_metrics_are_refused_alike():
    x = 4 * photos(1, 3, 4, 4) - 2
    for metric in (deletion, xc.evaluation.pixel_flipping):
        with pytest.raises(ValueError, match=r"imputer '(black|flip)' is for images in \[0, 1\]"):
            metric(of_pixels, x, x, 0)
    with pytest.raises(ValueError, match=r"baselines\[0\] 'black' is for images in \[0, 1\]"):
        xc.xrai(of_pixels, x, 0)
    with pytest.raises(ValueError, match="imputer 'grey' is for images"):
        filler("grey", x)


def test_tables_have_no_black_but_a_zero(close):
    x = 4 * photos(1, 3, 4, 4)[:, :, 0, 0] - 2
    settings = {"target": 0, "output": "logit"}
    zero = deletion(of_pixels, x, x, imputer=0, **settings).values
    close(deletion(of_pixels, x, x, **settings).values, zero)
    with pytest.raises(ValueError, match=r"imputer 'flip' is for values in \[0, 1\].*Flip\(low="):
        deletion(of_pixels, x, x, imputer="flip", **settings)
    with pytest.raises(ValueError, match="out of the range from 0 to 1"):
        deletion(of_pixels, x, x, imputer=Flip(), **settings)
    assert deletion(of_pixels, x, x, imputer=Flip(-2, 2), **settings).values.isfinite().all()
