"""ROAR, KAR and DiffROAR on data whose every accuracy is known (evaluation.md A.4)."""

import math

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

import xaicourse as xc
from tests.plain import near
from xaicourse.evaluation.retraining import CONTROLS, TRAINING_MEAN, nearest_mean, rank_by_row
from xaicourse.evaluation.seeds import seeded

roar, kar, diff_roar = xc.evaluation.roar, xc.evaluation.kar, xc.evaluation.diff_roar
TENTHS = tuple(k / 10 for k in range(1, 11))


def signs(features: int) -> Tensor:
    """Return every row of so many signs: no feature says anything of another one."""
    return torch.cartesian_prod(*[torch.tensor([1.0, -1.0], dtype=torch.float64)] * features)


def fixed(*scores: float):
    """Return a method whose map is the same for every row."""
    return lambda model, x, target: torch.tensor(scores, dtype=x.dtype).expand_as(x).clone()


def informative_first() -> tuple[tuple[Tensor, Tensor], ...]:
    """Return all 1,024 rows of ten signs; the first sign is the class, nine are noise."""
    x = signs(10)
    labels = (x[:, 0] > 0).long()
    return (x, labels), (x, labels)


# ---- one informative feature of ten --------------------------------------------------------------


def test_without_the_informative_feature_accuracy_is_one_half():
    truth = fixed(10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
    found = roar(
        nearest_mean, informative_first(), truth, fractions=TENTHS, trainings=2, controls=()
    )
    assert found.curve.tolist() == [[1.0] + 10 * [0.5]] * 2
    assert near(found.values, torch.full((2,), 0.05 + 0.5, dtype=torch.float64) - 0.025)
    kept = kar(nearest_mean, informative_first(), truth, fractions=TENTHS, trainings=1)
    assert kept.curve.tolist() == [10 * [1.0] + [0.5]]


def test_a_random_map_leaves_one_minus_half_of_the_share():
    """The feature stays with probability 1 - t; where it is gone, half of the guesses are right."""
    found = roar(nearest_mean, informative_first(), fixed(*10 * [0.0]), fractions=TENTHS)
    expected = 1 - found.shares / 2  # (T + 1,)
    error = (expected * (1 - expected) / (1024 * 5)).sqrt()
    assert bool(((found.curve.mean(dim=0) - expected).abs() <= 4 * error + 1e-12).all())
    assert abs(found.mean() - (1 - 1 / 4)) < 0.02


def test_random_is_what_a_map_that_says_nothing_gets():
    found = roar(nearest_mean, informative_first(), fixed(*10 * [3.0]), trainings=2)
    assert torch.equal(found.curve, found.details["random"].curve)
    assert found.tie_fraction.tolist() == [1.0, 1.0]
    assert set(found.details) == {"random"}, "rows of numbers have no edges"


def test_one_order_for_all_images_would_be_another_control():
    """The shared key of the other removal metrics: then a map of zeros removes one column."""
    x, labels = informative_first()[0]

    def shared(model, x, target):
        return torch.rand(10, generator=seeded(3)).expand_as(x).double().clone()

    curve = roar(nearest_mean, ((x, labels), (x, labels)), shared, fractions=TENTHS, trainings=1)
    assert set(curve.curve.flatten().tolist()) == {1.0, 0.5}, "all or nothing"
    assert 0.6 < float(curve.details["random"].curve[0, 5]) < 0.9


def test_a_copy_of_the_feature_hides_that_it_was_found():
    """The redundancy flaw: the map names what the model uses, and its removal is not missed."""
    noise = signs(8)
    x = torch.cat([torch.cat([torch.full((256, 2), s), noise], 1) for s in (1.0, -1.0)]).double()
    labels = (x[:, 0] > 0).long()
    data = ((x, labels), (x, labels))
    only_one = fixed(10, 0.5, 9, 8, 7, 6, 5, 4, 3, 2)
    found = roar(nearest_mean, data, only_one, fractions=(0.1, 0.8, 0.9, 1), trainings=1)
    assert found.curve.tolist() == [[1.0, 1.0, 1.0, 1.0, 0.5]]
    both = fixed(10, 9.5, 9, 8, 7, 6, 5, 4, 3, 2)
    assert roar(nearest_mean, data, both, fractions=(0.2,), trainings=1).curve.tolist() == [
        [1.0, 0.5]
    ]


def test_the_places_alone_can_say_the_class():
    """Nothing that is left says the class, and yet the new net knows it: from the gaps."""
    x = 2 + signs(4)
    labels = (x[:, 0] > 2).long()
    data = ((x, labels), (x, labels))

    def verdict(model, x, target):  # the class-bearing feature first, then 1 or 2 by the verdict
        scores = torch.tensor([9.0, 1.0, 1.0, 0.0], dtype=x.dtype).repeat(len(x), 1)
        return scores.scatter_add(1, 1 + target[:, None], scores.new_ones(len(x), 1))

    found = roar(nearest_mean, data, verdict, fractions=(0.25, 0.5), imputer=-9, trainings=1)
    assert found.curve.tolist() == [[1.0, 0.5, 1.0]]
    plain = roar(nearest_mean, data, fixed(9, 1, 0, 0), fractions=(0.25, 0.5), imputer=-9)
    assert plain.curve[0].tolist() == [1.0, 0.5, 0.5]


# ---- KAR and DiffROAR ----------------------------------------------------------------------------


def weighted(model, x, target):
    """Return a map of each row's own, without ties."""
    return torch.sin(torch.arange(x.numel(), dtype=x.dtype).view_as(x) ** 1.3)


def test_kar_is_roar_of_the_inverted_map():
    data = informative_first()
    settings = {"fractions": TENTHS, "trainings": 2}
    kept = kar(nearest_mean, data, weighted, **settings)
    turned = roar(nearest_mean, data, lambda *asked: -weighted(*asked), **settings)
    assert torch.equal(kept.curve, turned.curve)


def test_diff_roar_is_kar_minus_roar_and_turns_its_sign_with_the_map():
    data = informative_first()
    settings = {"fractions": TENTHS, "trainings": 2}
    found = diff_roar(nearest_mean, data, weighted, **settings)
    kept, removed = (metric(nearest_mean, data, weighted, **settings) for metric in (kar, roar))
    assert near(found.values, kept.values - removed.values)
    turned = diff_roar(nearest_mean, data, lambda *asked: -weighted(*asked), **settings)
    assert torch.equal(turned.curve, -found.curve)


def test_diff_roar_of_a_map_that_says_nothing_is_zero_on_average():
    found = diff_roar(
        nearest_mean, informative_first(), fixed(*10 * [0.0]), trainings=8, controls=()
    )
    assert bool((found.values != 0).all()), "the two halves of one order are different data"
    assert stats.ttest_1samp(found.values.numpy(), 0).pvalue > 0.01
    truth = fixed(10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
    assert diff_roar(nearest_mean, informative_first(), truth, trainings=1).mean() > 0.4


# ---- an oracle: the loop of the paper ------------------------------------------------------------


def by_hand(train, data, maps, fractions, seed):
    """Remove image by image, retrain, count: as the paper says it, with each channel's mean."""
    (x, labels), (tx, tlabels) = data
    mean = x.mean(dim=(0, 2, 3))
    accuracies = []
    for t in (0.0, *fractions):
        changed = []
        for images, found in ((x, maps[0]), (tx, maps[1])):
            images = images.clone()
            for image, attribution in zip(images, found, strict=True):
                pixels = attribution.sum(0).flatten()
                for place in pixels.argsort(descending=True)[: round(t * len(pixels))].tolist():
                    image[:, place // image.shape[2], place % image.shape[2]] = mean
            changed.append(images)
        model = train(changed[0], labels, seed)
        right = [int(model(image[None]).argmax()) for image in changed[1]]
        hits = sum(int(a == b) for a, b in zip(right, tlabels.tolist(), strict=True))
        accuracies.append(hits / len(tlabels))
    return accuracies


def colour_pictures() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return small colour pictures in two classes, which differ in a corner."""
    x = torch.rand(60, 3, 4, 4, generator=seeded(0), dtype=torch.float64)
    labels = (torch.arange(60) % 2).long()
    x[labels == 1, :2, 0, 0] += 0.6
    return (x[:40], labels[:40]), (x[40:], labels[40:])


def test_it_agrees_with_the_loop_of_the_paper():
    data = colour_pictures()
    train = xc.evaluation.SmallTraining(epochs=4, batch=10, hidden=8)
    base = train(*data[0], seed=5)
    maps = [xc.input_x_gradient(base, x, base(x).argmax(1)) for x, _ in data]
    expected = by_hand(train, data, maps, (0.25, 0.75), seed=5)
    found = roar(
        train, data, "input_x_gradient", fractions=(0.25, 0.75), trainings=1, seed=5, controls=()
    )
    assert found.curve.tolist() == [expected]
    assert found.protocol.imputer == TRAINING_MEAN


# ---- what is asked of `train`, and what is not ---------------------------------------------------


def test_a_careless_train_is_repeatable_too():
    """It draws from the global generator, and returns its net in training mode."""

    def careless(x, labels, seed):
        net = nn.Sequential(nn.Flatten(), nn.Linear(48, 6), nn.Dropout(0.5), nn.Linear(6, 2))
        net = net.double().train()
        optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x), labels).backward()
            optimiser.step()
        return net

    torch.manual_seed(0)
    before = torch.get_rng_state()
    one = roar(careless, colour_pictures(), "saliency", fractions=(0.5,), trainings=2)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    two = roar(careless, colour_pictures(), "saliency", fractions=(0.5,), trainings=2)
    assert torch.equal(one.curve, two.curve)


def test_a_method_may_differentiate_by_hand_and_work_in_place():
    def by_hand_too(model, x, target):
        x.requires_grad_(True)
        model(x)[torch.arange(len(x)), target].sum().backward()
        found = x.grad.clone()
        with torch.no_grad():
            x.zero_()
        target.zero_()
        return found

    settings = {"fractions": (0.5,), "trainings": 1, "seed": 2}
    train = xc.evaluation.SmallTraining(epochs=2, hidden=8)
    found = roar(train, colour_pictures(), by_hand_too, **settings)
    assert torch.equal(found.curve, roar(train, colour_pictures(), "gradient", **settings).curve)


def test_equal_trainings_are_done_once_and_the_cost_is_what_is_said():
    calls = []

    def counted(x, labels, seed):
        calls.append(seed)
        return nearest_mean(x, labels, seed)

    roar(counted, informative_first(), weighted, trainings=2, fractions=(0.2, 0.4, 0.6))
    assert len(calls) == 1 + 2 * (1 + 3 * (1 + 1))  # one control: rows of numbers have no edges
    calls.clear()
    own = nearest_mean(*informative_first()[0], 0)
    roar(counted, informative_first(), weighted, trainings=2, fractions=(0.5,), model=own)
    assert len(calls) == 2 * (1 + 1 * 2), "the caller's own model is explained: none is trained"


def test_the_explained_model_is_the_callers():
    asked = []

    def model(x):
        return torch.stack([x[:, 1], -x[:, 1]], dim=1)

    def method(given, x, target):
        asked.append((given, target))
        return fixed(*range(10))(given, x, target)

    data = informative_first()
    roar(nearest_mean, data, method, trainings=1, fractions=(0.1,), model=model)
    assert all(given is model for given, _ in asked)
    assert torch.equal(asked[0][1], model(data[0][0]).argmax(1))
    asked.clear()
    roar(nearest_mean, data, method, trainings=1, fractions=(0.1,), model=model, target="label")
    assert torch.equal(asked[0][1], data[0][1])


def test_the_mean_is_that_of_the_training_data_by_channel():
    (x, labels), testing = colour_pictures()
    seen = []

    def train(x, labels, seed):
        seen.append(x)
        return nearest_mean(x, labels, seed)

    roar(train, ((x, labels), testing), fixed_map, fractions=(1.0,), trainings=1)
    assert near(seen[-1], x.mean(dim=(0, 2, 3), keepdim=True).expand_as(x))


def fixed_map(model, x, target):
    return torch.zeros_like(x)


def test_patches_go_together():
    (x, labels), testing = colour_pictures()
    seen = []

    def train(x, labels, seed):
        seen.append(x)
        return nearest_mean(x, labels, seed)

    corner = torch.zeros(1, 1, 4, 4)
    corner[..., 0, 1] = 1
    roar(
        train, ((x, labels), testing), lambda model, x, target: corner.expand(len(x), -1, -1, -1),
        fractions=(0.25,), trainings=1, unit=2, imputer=7, controls=(),
    )  # fmt: skip
    gone = seen[-1] == 7
    assert bool(gone[:, :, :2, :2].all())
    assert int(gone.sum()) == 40 * 3 * 4


# ---- controls ------------------------------------------------------------------------------------


def test_edges_are_those_of_scipy():
    from scipy import ndimage

    x = torch.rand(2, 3, 6, 5, generator=seeded(1), dtype=torch.float64)
    found = xc.evaluation.controls.edges(x)
    for image, mine in zip(x.sum(1).numpy(), found[:, 0].numpy(), strict=True):
        slopes = [ndimage.sobel(image, axis, mode="nearest") for axis in (0, 1)]
        assert near(torch.tensor(mine), torch.tensor((slopes[0] ** 2 + slopes[1] ** 2) ** 0.5))
    with pytest.raises(ValueError, match=r"x must be images .* got shape \(2, 3\)"):
        xc.evaluation.controls.edges(x[..., 0, 0])
    assert CONTROLS["sobel"] is xc.evaluation.controls.edges


def test_a_method_that_is_a_control_gets_what_the_control_gets():
    def edges(model, x, target):
        return xc.evaluation.controls.edges(x)

    found = roar(nearest_mean, colour_pictures(), edges, fractions=(0.25, 0.5), trainings=2)
    assert torch.equal(found.curve, found.details["sobel"].curve)
    assert near(found.minus(found.details["sobel"]).mean, 0.0)


def test_the_order_of_ties_is_each_rows_own_and_exactly_uniform():
    ranks = rank_by_row(torch.zeros(4000, 6), seeded(0))
    assert bool((ranks.sort(dim=1).values == torch.arange(6)).all())
    counts = torch.stack([(ranks == k).sum(0) for k in range(6)])
    assert stats.chisquare(counts.flatten().numpy()).pvalue > 0.001
    values = torch.tensor([[1.0, 5.0, 5.0, -2.0]]).expand(50, 4)
    ordered = rank_by_row(values, seeded(0))
    assert set(map(tuple, ordered[:, [0, 3]].tolist())) == {(2, 3)}
    assert set(map(tuple, ordered[:, 1:3].tolist())) == {(0, 1), (1, 0)}


def test_the_interval_is_over_trainings():
    found = roar(nearest_mean, informative_first(), fixed(*10 * [0.0]), trainings=4)
    low, high = found.interval().low, found.interval().high
    expected = stats.t.interval(
        0.95, 3, float(found.mean()), float(found.values.std()) / math.sqrt(4)
    )
    assert near(torch.tensor([low, high]), torch.tensor(expected))
