"""Targets in tokens, segmentations, volumes, dicts and lists; and what is said where they fail."""

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse import targets

FAULT = pytest.mark.fault("K10")


def net() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        made = nn.Sequential(nn.Linear(4, 7), nn.ReLU(), nn.Linear(7, 3))
    return made.double().eval()


NET = net()
X = torch.cos(torch.arange(20, dtype=torch.float64)).view(5, 4)
CLASSES = [2, 0, 1, 1, 2]
WORDS = torch.sin(torch.arange(48, dtype=torch.float64)).view(3, 4, 4)  # (N, L, D)


def tokens(h: Tensor) -> Tensor:
    """Scores of each token, (N, L, 3)."""
    return NET(h)


def pixels(x: Tensor) -> Tensor:
    """Scores of each pixel, (N, 3, H, W), of x (N, 4, H, W)."""
    return NET(x.movedim(1, -1)).movedim(-1, 1)


IMAGES = torch.cos(torch.arange(96, dtype=torch.float64)).view(2, 4, 3, 4)
VOLUMES = torch.cos(torch.arange(192, dtype=torch.float64)).view(2, 4, 2, 3, 4)


def slope(function, x: Tensor) -> Tensor:
    """Return the gradient by autograd alone; `function` returns one number a row."""
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(function(leaf).sum(), leaf)[0]


# ---- one index a row -----------------------------------------------------------------------------

PLACES = [(3, 1), (0, 2), (2, 0)]
SPELLINGS = {
    "a list of tuples": PLACES,
    "a list of lists": [list(place) for place in PLACES],
    "a tensor": torch.tensor(PLACES),
    "an array": torch.tensor(PLACES).numpy(),
    "per_row": "per_row",
    "inside an item": None,
}


@FAULT
@pytest.mark.parametrize("batch_size", [1, 2, None])
@pytest.mark.parametrize("places", SPELLINGS.values(), ids=SPELLINGS)
def test_an_index_a_row(places, batch_size, close):
    expected = slope(lambda h: torch.stack([tokens(h)[n, t, k] for n, (t, k) in enumerate(PLACES)]),
                     WORDS)  # fmt: skip
    model, target = tokens, places
    if isinstance(places, str):
        target = targets.per_row(PLACES)
    if places is None:
        model, target = (lambda h: {"y": tokens(h)}), targets.item("y", PLACES)
    close(xc.gradient(model, WORDS, target, batch_size=batch_size), expected)
    path = xc.integrated_gradients(model, WORDS, target, batch_size=batch_size, steps=3)
    alone = [
        xc.integrated_gradients(tokens, WORDS[[n]], place, steps=3)
        for n, place in enumerate(PLACES)
    ]
    close(path, torch.cat(alone))


@FAULT
def test_an_index_a_row_of_a_segmentation(close):
    places = [(2, 1, 3), (0, 2, 0)]
    expected = slope(lambda x: torch.stack([pixels(x)[n][p] for n, p in enumerate(places)]), IMAGES)
    close(xc.gradient(pixels, IMAGES, places), expected)
    chance = xc.scores(pixels, IMAGES, places, output="probability")
    softmax = pixels(IMAGES).softmax(1).detach()
    close(chance, [softmax[n][p] for n, p in enumerate(places)])
    assert targets.per_row(places) == targets.per_row(torch.tensor(places))
    close(xc.lrp(NET, X, [(c,) for c in CLASSES]), xc.lrp(NET, X, CLASSES))


# ---- regions of any number of axes ---------------------------------------------------------------


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(IMAGES[:, :, 0], marks=FAULT, id="1-D"),
        pytest.param(IMAGES, id="2-D"),
        pytest.param(VOLUMES, marks=FAULT, id="3-D"),
    ],
)
def test_regions(x, close):
    mask = torch.sin(torch.arange(x[0, 0].numel()) ** 2.0).view(x.shape[2:]) > 0
    expected = slope(lambda z: (pixels(z)[:, 1] * mask).flatten(1).sum(1), x)
    close(xc.gradient(pixels, x, targets.region(1, mask)), expected)
    if x.dim() == 3:  # (N, 3, L) could as well be (N, tokens, classes): the axis must be named
        return
    chance = (pixels(x).softmax(1)[:, 1] * mask).flatten(1).sum(1)
    close(xc.scores(pixels, x, targets.region(1, mask), output="probability"), chance)


@FAULT
def test_a_region_of_other_axes_is_refused():
    with pytest.raises(ValueError, match=r"mask is \(3, 4\).*\(2, 3, 2, 3, 4\)"):
        xc.gradient(pixels, VOLUMES, targets.region(1, torch.ones(3, 4)))
    with pytest.raises(ValueError, match=r"mask is \(2, 3, 4\).*\(2, 3, 3, 4\)"):
        xc.gradient(pixels, IMAGES, targets.region(1, torch.ones(2, 3, 4)))


# ---- the scale inside dicts and tuples -----------------------------------------------------------

WRAPPED = {
    "dict": (lambda y: {"loss": torch.zeros(()), "logits": y}, "logits"),
    "tuple": (lambda y: (y * 2, y), 1),
    "nested": (lambda y: {"head": {"cls": y, "box": y[:, :2]}}, ("head", "cls")),
}


@FAULT
@pytest.mark.parametrize("output", ["probability", "log_probability", "margin"])
@pytest.mark.parametrize(("wrap", "key"), WRAPPED.values(), ids=WRAPPED)
def test_scales_inside_what_the_model_returns(wrap, key, output, close):
    def inside(target):
        keys = key if isinstance(key, tuple) else (key,)
        for one in reversed(keys):
            target = targets.item(one, target)
        return target

    def model(x):
        return wrap(NET(x))

    for target in (1, CLASSES):
        for name in ("gradient", "deeplift", "smoothgrad"):
            settings = {"batch_size": 2} | ({"samples": 3} if name == "smoothgrad" else {})
            method = xc.METHODS[name].method
            got = method(model, X, inside(target), output=output, **settings)
            close(got, method(NET, X, target, output=output, **settings))


@FAULT
def test_a_scale_inside_is_checked_like_one_outside(close):
    model = lambda x: {"y": NET(x).softmax(1)}  # noqa: E731
    with pytest.raises(ValueError, match=r"already probabilities.*output=lambda p: p"):
        xc.gradient(model, X, targets.item("y", 1), output="probability")
    close(
        xc.gradient(model, X, targets.item("y", 1), output=lambda p: p),  # as advised
        xc.gradient(NET, X, 1, output="probability"),
    )
    words = lambda h: {"y": tokens(h)}  # noqa: E731
    with pytest.raises(ValueError, match=r"target without targets.item.*z\[key\].softmax\(-1\)"):
        xc.gradient(words, WORDS, targets.item("y", (1, 2)), output="probability")
    got = xc.scores(words, WORDS, (1, 2), output=lambda z: z["y"].softmax(-1))  # as advised
    close(got, tokens(WORDS).softmax(-1)[:, 1, 2])


@FAULT
def test_where_the_scores_are_must_be_said(close):
    model = lambda x: {"y": NET(x)}  # noqa: E731
    for target in (None, 1, lambda o, rows: o["y"][:, 1]):
        with pytest.raises(ValueError, match=r"needs a tensor of scores, got dict.*item\(key, cl"):
            xc.gradient(model, X, target, output="probability")
    expected = xc.gradient(NET, X, 1, output="probability")
    close(xc.gradient(model, X, targets.item("y", 1), output="probability"), expected)
    close(xc.gradient(model, X, 1, output=lambda o: o["y"].softmax(1)), expected)


# ---- lists ---------------------------------------------------------------------------------------


def detector(x: Tensor) -> list[dict[str, Tensor]]:
    """One dict a row, as detectors return them, of 4 boxes, 2 sizes and 3 scores."""
    return [{"boxes": s[:2].repeat(2), "size": s[:2], "scores": s} for s in NET(x)]


def best(outputs: list, rows: Tensor) -> Tensor:
    return torch.stack([o["scores"][1] for o in outputs])


ROW_BY_ROW = [
    "gradient", "input_x_gradient", "integrated_gradients", "smoothgrad", "deeplift", "deep_shap",
    "guided_backprop", "rectgrad", "occlusion",
]  # fmt: skip


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_one_dict_a_row(name, n, close):
    method = xc.METHODS[name].method
    close(method(detector, X[:n], best), method(NET, X[:n], 1))


@FAULT
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("name", ["deeplift", "deep_shap"])
def test_one_dict_a_row_with_twice_as_many_entries_as_rows(name, n, close):
    method = xc.METHODS[name].method
    close(method(detector, X[:n], best), method(NET, X[:n], 1))


@FAULT
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", ["lrp", "deep_taylor", "bias_backprop", "fullgrad_decomposition"])
def test_methods_that_start_at_the_outputs_need_them_in_one_tensor(name, n, close):
    method = xc.METHODS[name].method
    settings = {"low": -1.0} if name == "deep_taylor" else {}  # it wants to know x's range
    with pytest.raises(ValueError, match=r"list with an entry for each row.*torch\.stack"):
        method(detector, X[:n], best, **settings)
    stacked = lambda x: torch.stack([o["scores"] for o in detector(x)])  # noqa: E731  (as advised)
    close(method(stacked, X[:n], 1, **settings), method(NET, X[:n], 1, **settings))


@pytest.mark.parametrize("name", ["deeplift", "lrp", "bias_backprop"])
@pytest.mark.parametrize("n", [1, 2])
def test_a_list_of_two_outputs_is_no_list_of_two_rows(name, n, close):
    method = xc.METHODS[name].method
    both = lambda x: [NET(x), NET(x) * 3]  # noqa: E731
    close(method(both, X[:n], targets.item(0, 1)), method(NET, X[:n], 1))


LISTS = {
    "a class of a list": (detector, 1, r"returns list, not a tensor.*torch\.stack"),
    "an item of a list": (
        detector, targets.item("scores", 1), r"list of 5 \(dict\).*torch\.stack\(\[o\['scores'\]"
    ),
    "the first of a list of rows": (
        lambda x: list(NET(x)), targets.item(0, 1), "a list with one entry for each row give a fun"
    ),
}  # fmt: skip


@FAULT
@pytest.mark.parametrize(("model", "target", "says"), LISTS.values(), ids=LISTS)
def test_lists_say_what_to_do(model, target, says):
    with pytest.raises(ValueError, match=f"(?s){says}"):
        xc.gradient(model, X, target)


# ---- what is said --------------------------------------------------------------------------------


@pytest.mark.fault("P6")
def test_segmentations_name_a_pixel_or_a_region(close):
    for target, says in (
        (1, r"target=\(k, i, j\).*targets\.region\(k, mask\)"),
        (None, r"\(k, i, j\), xaicourse\.targets\.region"),
        ([0, 1], r"one index a row, such as \[\(0, 0, 0\)"),
    ):
        with pytest.raises(ValueError, match=f"(?s){says}"):
            xc.gradient(pixels, IMAGES, target)
    assert xc.gradient(pixels, IMAGES, [(0, 0, 0)] * 2).shape == IMAGES.shape  # as advised


@FAULT
def test_indices_that_do_not_fit():
    for target, says in (
        ([(0, 1), (2,), (1, 1)], "index of the same length"),
        ([(0, 1), (2, 2)], r"2 class\(es\), but x has 3"),
        (torch.zeros(2, 2, dtype=torch.long), r"shape \(2, 2\), but x has 3"),
        (
            [(0, 1), (2, 2), (4, 0)],
            r"target 4 is out of range in \(4, 0\): axis 1 of .* goes from 0 to 3",
        ),
        (
            [(0, 1), (2, 2), (0, 3)],
            r"target 3 is out of range in \(0, 3\): axis 2 of .* goes from 0 to 2",
        ),
        ([(0, 1, 1)] * 3, r"\(0, 1, 1\) has 3 place\(s\)"),
    ):
        with pytest.raises(ValueError, match=says):
            xc.gradient(tokens, WORDS, target)
    with pytest.raises(TypeError, match=r"tuple of indices.*target=\[\(0, 1\), \(2, 2\)\]"):
        xc.gradient(tokens, WORDS, ((0, 1), (2, 2)))


@pytest.mark.fault("P3")
def test_several_inputs_name_pack_and_bind(close):
    table = torch.linspace(-1, 1, 15, dtype=torch.float64).view(5, 3)

    def two(x: Tensor, table: Tensor) -> Tensor:
        return NET(x) * table

    for given in ((X, table), [X, table], {"x": X, "table": table}):
        with pytest.raises(TypeError, match=r"(?s)2 tensor.*xaicourse\.pack.*xaicourse\.bind"):
            xc.integrated_gradients(two, given, 1)
    packed, x = xc.pack(two, (X, table))  # as advised
    whole = packed.unpack(xc.gradient(packed, x, 1))
    close(whole[0], xc.gradient(xc.bind(two, table=table), X, 1))
    for name in ("gradient", "integrated_gradients", "occlusion"):  # a closure over the rows
        with pytest.raises(ValueError, match=r"xaicourse\.bind\(model, name=tensor\)"):
            xc.METHODS[name].method(lambda x: two(x, table), X, 1)
    with pytest.raises(ValueError, match=r"xaicourse\.bind\(model, name=tensor\)"):
        xc.gradient(lambda x: two(X, table) + 0 * x.sum(), X, 1, batch_size=2)


@pytest.mark.fault("P3")
@pytest.mark.parametrize("name", ["blur_ig", "xrai", "fullgrad", "grad_cam"])
def test_methods_for_images_lead_from_packed_inputs_to_bind(name, close):
    image, table = torch.rand(2, 1, 12, 12), torch.tensor([[1.0], [2.0]])
    cnn = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def two(image: Tensor, table: Tensor) -> Tensor:
        return cnn.eval()(image) * table

    method, settings = xc.METHODS[name].method, {"layer": cnn[0]} if name == "grad_cam" else {}
    with pytest.raises(ValueError, match=r"xaicourse\.bind") as refused:
        method(*xc.pack(two, (image, table)), 1, **settings)
    assert "x has shape (2, 145)" in str(refused.value)
    assert "single" not in str(refused.value) or name == "grad_cam"
    if name == "grad_cam":
        close(
            method(xc.bind(two, table=table), image, 1, **settings)[1:],
            2 * method(cnn, image, 1, **settings)[1:],
        )
    else:
        assert method(xc.bind(two, table=table), image, 1).shape[2:] == (12, 12)


@pytest.mark.fault("P4")
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_token_ids_are_led_to_the_embedding(dtype):
    ids = torch.tensor([[1, 2, 0], [3, 3, 1]], dtype=dtype)
    model = nn.Sequential(nn.Embedding(4, 2), nn.Flatten(), nn.Linear(6, 3))
    with pytest.raises(TypeError, match=r"token ids.*rest, a = xaicourse\.at_layer\(model"):
        xc.saliency(model, ids, 1)
    rest, a = xc.at_layer(model, "0", ids)
    assert xc.saliency(rest, a, 1).shape == (2, 3, 2)
    with pytest.raises(TypeError, match=r"token ids.*rest, a = xaicourse\.at_layer\(model"):
        xc.grad_cam(model, ids, 1)
    with pytest.raises(ValueError, match=r"leave them whole.*rest, a = xaicourse\.at_layer\(model"):
        xc.saliency(model, ids.float(), 1)
