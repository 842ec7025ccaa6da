"""AIC and SIC: closed forms with a made-up entropy, a loop after the authors' code, the codec."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.interpolate import griddata

from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import performance_information_curve as pic
from xaicourse.evaluation.performance_information_curve import always_there, webp_bytes

ONES = torch.ones(1, 1, 10, 10, dtype=torch.float64)


def share(x):
    return x.mean((1, 2, 3))


def settings(**more):
    return {"imputer": 0.0, "entropy": share, "output": "logit", **more}


def waves(n=1, size=10):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, 1, size, size, generator=generator, dtype=torch.float64)


# ---- closed forms -------------------------------------------------------------------------------


def test_a_score_that_is_the_share_kept_gives_the_diagonal(close):
    found = pic(share, ONES, waves(), **settings())
    close(found.values, [0.5], 1e-12)
    close(found.curve[0], found.shares, 1e-12)
    assert len(found.shares) == 101


def test_a_square_gives_its_integral(close):
    found = pic(lambda x: share(x) ** 2, ONES, waves(), steps=100, **settings())
    base = float(always_there(ONES, 0).sum()) / 100
    # between its ends the curve is ((b + (1 - b) e)^2 - b^2) / (1 - b^2)
    integral = ((1 - base**3) / 3 / (1 - base) - base**2) / (1 - base**2)
    assert float(found.values) == pytest.approx(integral, abs=1e-4)  # trapezoids of 95 pieces


def test_a_model_that_looks_for_the_first_tenth_is_near_one():
    heat = torch.zeros_like(ONES)
    heat[..., 1, :] = 1 + waves()[..., 1, :]

    def step(x):
        return (x[:, 0, 1].sum(1) > 9.5).to(x.dtype)

    found = pic(step, ONES, heat, **settings())
    assert 0.9 < float(found.values) < 0.95
    wrong = pic(step, ONES, -heat, **settings())
    assert float(wrong.values) < 0.2


def test_a_score_that_never_changes_has_no_value():
    found = pic(lambda x: 1 + 0 * share(x), ONES.expand(2, -1, -1, -1), waves(2), **settings())
    assert not found.valid.any()
    assert found.curve.isnan().all()
    with pytest.raises(ValueError, match="none of the 2"):
        found.mean()


def test_images_that_are_left_out_are_counted():
    x = torch.cat([ONES, 0.5 * ONES, ONES])
    entropy = lambda images: images[:, 0].flatten(1).std(1)  # noqa: E731 whole image: 0
    assert pic(share, x, waves(3), **settings()).valid.tolist() == [True, False, True]
    assert pic(share, x, waves(3), **settings(least=0.4)).valid.all()
    assert not pic(share, x, waves(3), **settings(entropy=entropy)).valid.any()


def test_the_curve_only_rises():
    def up_and_down(x):
        return (7 * share(x)).sin() + 2 * share(x)

    found = pic(up_and_down, ONES, waves(), steps=90, **settings())
    assert bool((found.curve.diff() >= 0).all())
    assert found.curve[0, -1] == 1


def test_only_the_order_counts(close):
    x, heat = waves(2).flip(0) * 0.5 + 0.5, waves(2)
    base = pic(share, x, heat, **settings(least=0.1))
    for change in (torch.exp, lambda a: a**3, lambda a: 5 * a - 9):
        close(pic(share, x, change(heat), **settings(least=0.1)).values, base.values, 0)


def test_a_sparse_map_does_not_let_the_whole_image_through():
    """The authors keep what is >= a quantile: with zeros in 80 % of a map that is everything."""
    heat = torch.zeros_like(ONES)
    heat.view(-1)[:20] = torch.arange(1, 21).double()
    kept = []

    def watch(x, keep):
        kept.append(keep.flatten(1).sum(1))
        return x * keep

    pic(share, ONES, heat, **settings(imputer=watch))
    counts = torch.cat(kept).tolist()
    assert counts == sorted(counts)
    assert counts[-2] < 82  # three quarters, and what is always there
    quantile = np.quantile(heat.numpy(), 1 - 0.34)
    assert int((heat.numpy() >= quantile).sum()) == 100


def test_what_is_always_there_is_the_same_for_all_maps_and_images():
    there = always_there(ONES, 0).view(10, 10)
    assert there[[0, 0, -1, -1], [0, -1, 0, -1]].all()
    assert 4 <= int(there.sum()) <= 5
    assert torch.equal(always_there(waves(3), 0), there.flatten())
    large = torch.zeros(1, 1, 50, 50)
    assert 25 <= int(always_there(large, 0).sum()) <= 29
    assert not torch.equal(always_there(large, 0), always_there(large, 1))


# ---- a loop after the authors' code, with Delaunay interpolation ---------------------------------


def delaunay(x, keep):
    """Fill in each image from its kept pixels, by scipy's triangles."""
    filled = []
    for image, kept in zip(x.numpy(), keep.expand_as(x).numpy() > 0, strict=True):
        places = np.argwhere(kept[0])
        grid = tuple(np.meshgrid(*map(np.arange, image.shape[1:]), indexing="ij"))
        filled.append(
            [
                griddata(places, c[tuple(places.T)], grid, "linear", fill_value=c.mean())
                for c in image
            ]
        )
    return torch.tensor(np.array(filled))


def bytes_of(image):
    """Return the size of an image (1, H, W) as a lossless WebP file."""
    colours = np.repeat((image.transpose(1, 2, 0).clip(0, 1) * 255).round().astype(np.uint8), 3, 2)
    file = io.BytesIO()
    Image.fromarray(colours).save(file, format="webp", lossless=True, quality=100)
    return len(file.getvalue())


def loop(predict, image, heat, shares, always):
    """Return the area of one image, as the authors' code has it (ties aside)."""
    order = np.argsort(-heat.ravel())
    base = delaunay(torch.tensor(image)[None], torch.tensor(always)[None, None])[0].numpy()
    e0, e1, p0, p1 = bytes_of(base), bytes_of(image), predict(base), predict(image)
    e, p, best = [0.0], [0.0], 0.0
    for share_ in shares:
        keep = always.copy().ravel()
        keep[order[: round(share_ * keep.size)]] = True
        keep = torch.tensor(keep.reshape(always.shape))[None, None]
        mixed = delaunay(torch.tensor(image)[None], keep)[0].numpy()
        best = max(best, np.clip((predict(mixed) - p0) / (p1 - p0), 0, 1))
        e.append(np.clip((bytes_of(mixed) - e0) / (e1 - e0), 0, 1))
        p.append(best)
    e, p = [*e, 1.0], [*p, 1.0]
    assert np.all(np.diff(e) >= 0), "the authors' sorting would matter"
    return np.trapezoid(p, e)


def test_equals_a_loop_after_the_authors_code(close):
    size = 24
    grid = torch.linspace(-1, 1, size, dtype=torch.float64)
    blob = torch.exp(-((grid[:, None] - 0.2) ** 2 + (grid + 0.1) ** 2) * 4)
    x = (0.5 * blob + 0.5 * waves(2, size)).clamp(0, 1)
    x = (255 * x).round() / 255
    heat = blob.expand(2, 1, size, size) + 0.3 * waves(2, size).flip(0)

    def model(x):
        return torch.stack([9 * (x * blob).mean((1, 2, 3)), 0 * x[:, 0, 0, 0] - 1], dim=1)

    def predict(image):
        return float(model(torch.tensor(image)[None]).softmax(1)[0, 0])

    found = pic(model, x, heat, 0, imputer=delaunay, least=0.0, steps=5)
    always = always_there(x, 0).view(size, size).numpy()
    for i in range(2):
        fifths = np.arange(1, 5) / 5
        expected = loop(predict, x[i].numpy(), heat[i, 0].numpy(), fifths, always)
        close(found.values[i], expected, 1e-12)


def test_aic_is_a_step(close):
    x = torch.cat([ONES, ONES])
    heat = waves(2)

    def model(x):
        return torch.stack([share(x), torch.full_like(share(x), 0.3)], dim=1)

    found = pic(model, x, heat, 0, **settings(output="accuracy", steps=50))
    assert set(found.curve.flatten().tolist()) >= {0.0, 1.0}
    # right from a share of .3 on: e is that share, less what is always there
    base = float(always_there(ONES, 0).sum()) / 100
    assert float(found.values[0]) == pytest.approx(1 - (0.3 - base) / (1 - base), abs=0.03)
    assert found.protocol.output == "accuracy"


# ---- the codec, cost, errors --------------------------------------------------------------------


def test_webp_bytes_are_those_of_pillow():
    grey, colour = waves(2, 20), waves(3, 20).view(1, 3, 20, 20)
    assert webp_bytes(grey).tolist() == [float(bytes_of(image.numpy())) for image in grey]
    file = io.BytesIO()
    pixels = (colour[0].permute(1, 2, 0) * 255).round().byte().numpy()
    Image.fromarray(pixels).save(file, "WEBP", lossless=True, quality=100)
    assert webp_bytes(colour).tolist() == [float(file.tell())]
    file.seek(0)
    assert np.array_equal(np.asarray(Image.open(file)), pixels)  # nothing is lost
    flat = torch.full((1, 1, 20, 20), 0.5)
    assert float(webp_bytes(flat)) < float(webp_bytes(grey)[0]) / 5


def test_the_cost_is_what_is_said():
    rows, files = [], []

    def counted(x):
        if not is_asking():
            rows.append(len(x))
        return torch.stack([share(x), 0 * share(x)], dim=1)

    def entropy(images):
        files.append(len(images))
        return share(images)

    x = torch.ones(2, 1, 20, 20, dtype=torch.float64)
    pic(counted, x, waves(2, 20), 0, **settings(entropy=entropy))
    assert sum(rows) == sum(files) == 2 * 15


BAD = {
    "beyond 1": ({"x": 2 * ONES}, "x must be pictures in .0, 1."),
    "two channels": ({"x": ONES.expand(1, 2, 10, 10)}, "got 2 channel"),
    "no images": ({"x": ONES[0, 0], "attribution": ONES[0, 0]}, "images .N, C, H, W. are needed"),
    "entropy of the batch": ({"entropy": lambda x: x.mean()}, "entropy must return one number an"),
    "no entropy": ({"entropy": lambda x: 3.0}, "but it returned float"),
}


@pytest.mark.parametrize(("change", "says"), BAD.values(), ids=BAD)
def test_bad_input(change, says):
    arguments = {"x": ONES, "attribution": waves(), "imputer": 0.0, "output": "logit", **change}
    with pytest.raises(ValueError, match=says):
        pic(share, **arguments)
