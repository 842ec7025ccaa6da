"""Deletion and insertion: closed forms on an additive model, ties, controls, a loop as witness."""

from functools import partial
from itertools import permutations

import pytest
import torch

import xaicourse as xc
from xaicourse.evaluation import Constant, controls, deletion, insertion

WEIGHT = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
X = torch.ones(1, 4, dtype=torch.float64)
PLAIN = {"output": "logit", "imputer": 0.0}


def additive(x):
    return x @ WEIGHT


def image_model(x):
    """Two classes; not additive, and the place matters."""
    height = torch.arange(x.shape[2], dtype=x.dtype)[:, None]
    a = (x * height).sum(dim=(1, 2, 3))
    return torch.stack([torch.tanh(a / 20), torch.relu(a - 3) / 9], dim=1)


def photos(n=3, size=6):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, 3, size, size, generator=generator, dtype=torch.float64)


def test_closed_forms(close):
    exact = (WEIGHT * X).clone()
    close(deletion(additive, X, exact, **PLAIN).curve, [[10.0, 6, 3, 1, 0]])
    close(deletion(additive, X, exact, **PLAIN).values, [3.75])
    close(insertion(additive, X, exact, **PLAIN).curve, [[0.0, 4, 7, 9, 10]])
    close(insertion(additive, X, exact, **PLAIN).values, [6.25])
    close(deletion(additive, X, -exact, **PLAIN).values, [6.25])


def test_the_exact_map_is_the_best_of_all_orders_and_their_mean_is_half():
    areas = []
    for order in permutations([4.0, 3.0, 2.0, 1.0]):
        ranked = torch.tensor([order], dtype=torch.float64)
        removed = deletion(additive, X, ranked, **PLAIN)
        restored = insertion(additive, X, ranked, **PLAIN)
        assert float(removed.values + restored.values) == pytest.approx(10.0, rel=1e-12)
        areas.append(float(removed.values))
    assert min(areas) == 3.75
    assert max(areas) == 6.25
    assert sum(areas) / 24 == pytest.approx(5.0, rel=1e-12)


def test_a_constant_map_has_the_expectation_over_ties(close):
    flat = controls.constant(X)
    values = [float(deletion(additive, X, flat, seed=s, **PLAIN).values) for s in range(400)]
    assert sum(values) / 400 == pytest.approx(5.0, abs=0.15)  # s.e. of the mean is 0.04
    assert len(set(values)) > 10
    close(deletion(additive, X, flat, **PLAIN).tie_fraction, [1.0])


def test_ties_are_counted(close):
    ties = torch.tensor([[1.0, 0, 0, 2], [3, 2, 1, 0]], dtype=torch.float64)
    result = deletion(additive, X.expand(2, 4), ties, **PLAIN)
    close(result.tie_fraction, [0.5, 0.0])


@pytest.mark.parametrize("unit", [1, 2])
@pytest.mark.parametrize("name", ["deletion", "insertion"])
def test_equals_a_loop_over_pixels(name, unit, close):
    x, steps = photos(), 9
    attribution = photos(3).flip(0) - 0.4
    measured = getattr(xc.evaluation, name)(
        image_model, x, attribution, 1, output="probability", imputer=0.5, unit=unit, steps=steps
    )
    for i in range(3):
        side = 6 // unit
        value = {
            (r, c): float(
                sum(
                    attribution[i, k, r * unit + a, c * unit + b]
                    for k in range(3)
                    for a in range(unit)
                    for b in range(unit)
                )
            )
            for r in range(side)
            for c in range(side)
        }
        order = sorted(value, key=lambda place: -value[place])
        curve, shares = [], []
        for k in range(steps + 1):
            gone = order[: round(k * len(order) / steps)]
            changed = x[i : i + 1].clone()
            for r in range(side):
                for c in range(side):
                    if ((r, c) in gone) == (name == "deletion"):
                        changed[..., r * unit : (r + 1) * unit, c * unit : (c + 1) * unit] = 0.5
            curve.append(float(image_model(changed).softmax(1)[0, 1]))
            shares.append(len(gone) / len(order))
        area = sum(
            (curve[k] + curve[k + 1]) / 2 * (shares[k + 1] - shares[k]) for k in range(steps)
        )
        close(measured.curve[i], curve, 1e-12)
        assert float(measured.values[i]) == pytest.approx(area, rel=1e-12)


def test_only_the_order_counts(close):
    x, attribution = photos(), photos().flip(0)
    once = deletion(image_model, x, attribution, 1)
    close(deletion(image_model, x, 7 * attribution, 1).values, once.values, 0)


@pytest.mark.parametrize("batch_size", [1, 2, 7, None])
def test_batch_and_batch_mates_change_nothing(batch_size, close):
    x, attribution = photos(), photos().flip(0)
    target = torch.tensor([0, 1, 0])
    expected = [
        deletion(image_model, x[i : i + 1], attribution[i : i + 1], target[i : i + 1]).values
        for i in range(3)
    ]
    together = deletion(image_model, x, attribution, target, batch_size=batch_size)
    close(together.values, torch.cat(expected), 1e-12)


def test_a_map_of_nan_has_no_value_and_is_not_averaged_away():
    x, attribution = photos(), photos().flip(0)
    attribution[1, 0, 2, 2] = torch.nan
    result = deletion(image_model, x, attribution, 1)
    assert result.valid.tolist() == [True, False, True]
    assert torch.isnan(result.values[1])
    assert torch.isnan(result.curve).all(dim=1).tolist() == [False, True, False]
    assert result.interval().images == 2
    with pytest.raises(ValueError, match="none of the 3"):
        deletion(image_model, x, attribution * torch.nan, 1).mean()


def test_controls_rank_as_they_must():
    x = torch.ones(4, 1, 6, 6, dtype=torch.float64)
    truth = torch.zeros(6, 6)
    truth[1:3, 2:5] = 1
    model = lambda x: (x * truth).sum(dim=(1, 2, 3))  # noqa: E731

    def area(map_):
        return deletion(model, x, map_, **PLAIN).mean()

    right, wrong = controls.oracle(truth, x), controls.inverted(controls.oracle(truth, x))
    noise = [area(controls.random(x, seed)) for seed in range(20)]
    assert area(right) < min(noise)
    assert area(wrong) > max(noise)
    assert area(right) < area(controls.centre_gaussian(x)) < area(wrong)


def test_a_mask_must_hold_a_truth_for_every_image():
    x = photos(2)
    masks = torch.zeros(2, 1, 6, 6)
    masks[0, 0, 1] = 255
    with pytest.raises(ValueError, match="no foreground in row 0"):
        controls.oracle(torch.zeros(6, 6), x)
    with pytest.raises(ValueError, match="no foreground in row 1"):
        controls.oracle(masks, x)
    with pytest.raises(ValueError, match=r"mask has shape \(2, 6, 6\)"):
        controls.oracle(masks[:, 0], x)
    assert controls.oracle(masks[0, 0], x).unique().tolist() == [0, 1]


def test_half_precision_sums_do_not_overflow():
    x, attribution = photos(), photos().flip(0)
    expected = deletion(image_model, x, attribution.half().double(), 1)
    large = deletion(image_model, x, (attribution.half() * 2**15).clamp(max=6e4), 1)
    assert large.valid.all()
    small = deletion(image_model, x, attribution.half(), 1)
    assert torch.equal(small.values, expected.values)


def test_results_of_two_protocols_are_not_compared():
    x, attribution = photos(), photos().flip(0)
    black = deletion(image_model, x, attribution, 1)
    grey = deletion(image_model, x, attribution, 1, imputer="grey")
    with pytest.raises(ValueError, match="one protocol"):
        black.minus(grey)
    assert black.minus(black).mean == 0


BAD = {
    "shape": ({"attribution": torch.zeros(3, 5, 6)}, ValueError, "attribution has shape"),
    "type": ({"attribution": [1]}, TypeError, "attribution must be a tensor"),
    "integers": ({"attribution": photos().byte()}, TypeError, "attribution has dtype torch.uint8"),
    "imputer": ({"imputer": "green"}, ValueError, "imputer 'green' is unknown"),
    "imputer type": ({"imputer": None}, TypeError, "imputer must be"),
    "channels": ({"channels": "max"}, ValueError, "channels must be one of"),
    "sign": ({"sign": "negative"}, ValueError, "sign must be one of"),
    "unit": ({"unit": 4}, ValueError, "unit=4 must divide"),
    "unit 0": ({"unit": 0}, ValueError, "unit must be at least 1"),
    "steps": ({"steps": 37}, ValueError, "steps=37 is more than the 36"),
    "steps 0": ({"steps": 0}, ValueError, "steps must be at least 1"),
    "target": ({"target": 5}, ValueError, "target 5 is out of range"),
}


@pytest.mark.parametrize(("change", "error", "says"), BAD.values(), ids=BAD)
def test_bad_input(change, error, says):
    arguments = {"x": photos(), "attribution": photos(), "target": 1, **change}
    with pytest.raises(error, match=says):
        deletion(image_model, **arguments)


def test_any_callable_is_an_imputer(close):
    constant = partial(lambda x, keep, value: keep * x + (1 - keep) * value, value=0.5)
    measured = deletion(image_model, photos(), photos(), 1, imputer=constant)
    close(measured.values, deletion(image_model, photos(), photos(), 1, imputer="grey").values)
    assert measured.protocol.imputer == "a partial"


def test_imputers(close):
    x = photos(1)
    keep = torch.ones(1, 1, 6, 6, dtype=torch.float64)
    keep[..., :3] = 0
    half = Constant(0.5)(x, keep)
    close(half[..., :3], torch.full((1, 3, 6, 3), 0.5))
    close(half[..., 3:], x[..., 3:], 0)
    blurred = xc.evaluation.Blur(1.0)(x, keep)
    close(blurred[..., 3:], x[..., 3:], 0)
    assert blurred[..., :3].std() < x[..., :3].std()
    flat = torch.full((1, 3, 6, 6), 0.3, dtype=torch.float64)
    close(xc.evaluation.Blur(2.0)(flat, keep), flat, 1e-6)
    with pytest.raises(ValueError, match="Blur is for images"):
        xc.evaluation.Blur()(X, X)


def test_results_for_different_classes_are_not_compared():
    net = torch.nn.Linear(4, 3).double().eval()
    x = torch.rand(2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    one, two = (xc.evaluation.deletion(net, x, x, target) for target in (1, 2))
    with pytest.raises(ValueError, match="one metric and one protocol"):
        one.minus(two)
    same = xc.evaluation.deletion(net, x, -x, 1)
    one.minus(same)
    predicted = net(x).argmax(1)
    by_hand = xc.evaluation.deletion(net, x, x, predicted)
    assert by_hand.protocol == xc.evaluation.deletion(net, x, x).protocol
