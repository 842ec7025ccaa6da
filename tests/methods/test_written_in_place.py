"""Writes into tensors, masks, constants and gates: right numbers, or one clear refusal."""

import re
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import xaicourse as xc
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.row_guard import DependentRowsError


def waves(*shape, turn=1.0):
    count = torch.Size(shape).numel()
    return torch.sin(turn * torch.arange(1.0, count + 1, dtype=torch.float64)).view(shape)


def dense(n, m, turn):
    layer = nn.Linear(n, m).double()
    layer.weight.data, layer.bias.data = waves(m, n, turn=turn), 0.3 * waves(m, turn=turn)
    return layer


FIRST, MIDDLE, LAST = dense(6, 8, 1.7), dense(8, 8, 2.3), dense(8, 3, 0.7)
NORM = nn.BatchNorm1d(8).double().eval()
NORM.running_mean, NORM.weight.data = 0.2 * waves(8), 1 + 0.5 * waves(8, turn=3.0)
X = 0.5 + 0.45 * waves(4, 6, turn=1.3)
OTHER = 0.2 + waves(4, 8, turn=0.9)


def right_or_refused(method, written, plain, close, **settings):
    refused, found = None, None
    try:
        found = method(written, X, 1, **settings)
    except UnsupportedOperationError as error:
        refused = str(error)
    if refused is not None:
        assert re.search("in place|copy|sees x", refused)
        return
    close(found, method(plain, X, 1, **settings), 1e-9)


# ---- T1: what was written into -------------------------------------------------------------------


def steps(*names):
    """Return what is done between the normalisation and the first layer, in place."""
    return {name: STEPS[name] for name in names}


def last_rows_zero(h):
    h[:, 4:] = 0.0
    return h


def one_column_times(h):
    h[:, 3].mul_(-2.0)
    return h


def columns_shifted(h):
    for i in range(2):
        h[:, i].sub_(0.1 * i).div_(0.5)
    return h


def a_part_bent(h):
    h.narrow(1, 1, 3).relu_()
    return h


def bent_through_a_view(h):
    h.view(-1, 3).relu_()
    return h


def old_view_used(h):
    v = h.view(-1, 2, 3)
    h.clamp_(min=0)
    return v.reshape(len(h), -1)


def detour(h):
    v = h.unsqueeze(1)
    v.transpose(1, 2)[:, :2].zero_()
    return h


def set_by_list(h):
    h[:, [0, 5]] = 0.0
    return h


def copied_part(h):
    h[:, 1:3].copy_(h[:, 3:5] * 2)
    return h


def keep(h, *places):
    mask = torch.ones(h.shape[1], dtype=h.dtype)
    mask[list(places)] = 0
    return h * mask


def plainly(h, function, *places):
    chosen = [function(h[:, i]) if i in places else h[:, i] for i in range(h.shape[1])]
    return torch.stack(chosen, 1)


STEPS = {
    "slice set": (last_rows_zero, lambda h: keep(h, *range(4, h.shape[1]))),
    "column times": (
        one_column_times,
        lambda h: h * torch.tensor([1.0, 1, 1, -2] + [1] * (h.shape[1] - 4)).double(),
    ),
    "columns shifted": (
        columns_shifted,
        lambda h: torch.cat([(h[:, :2] - torch.tensor([0, 0.1]).double()) / 0.5, h[:, 2:]], 1),
    ),
    "a part bent": (a_part_bent, lambda h: plainly(h, torch.relu, 1, 2, 3)),
    "through a view": (bent_through_a_view, F.relu),
    "old view used": (old_view_used, F.relu),
    "detour": (detour, lambda h: keep(h, 0, 1)),
    "set by list": (set_by_list, lambda h: keep(h, 0, 5)),
    "copied part": (
        copied_part,
        lambda h: torch.cat([h[:, :1], h[:, 3:5] * 2, h[:, 3:]], 1),
    ),
}
RELEVANCE = {
    "lrp": (xc.lrp, {}),
    "zero": (xc.lrp, {"rules": "zero"}),
    "z_plus": (xc.lrp, {"rules": "z_plus"}),
    "deep_taylor": (xc.deep_taylor, {}),
    "reveal_cancel": (xc.deeplift, {"rule": "reveal_cancel", "baseline": 0.3}),
}


@pytest.mark.fault("T1")
@pytest.mark.parametrize(("method", "settings"), RELEVANCE.values(), ids=RELEVANCE)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("where", ["normalised x", "layer", "layer, then norm"])
def test_what_is_written_into_is_not_what_made_it(step, where, method, settings, close):
    written, plain = STEPS[step]
    if where != "normalised x" and step == "through a view":
        written = lambda h: (h.view(-1, 4).relu_(), h)[1]  # noqa: E731
    if where != "normalised x" and step == "old view used":
        return
    if method is xc.deeplift and step in ("a part bent", "column times", "columns shifted"):
        return  # spelled with cat or columns, RevealCancel is another method

    def model(change):
        if where == "normalised x":
            return lambda z: LAST(F.relu(FIRST(change((z - 0.4) / 0.3))))
        if where == "layer":
            return lambda z: LAST(F.relu(change(FIRST(z))))
        return lambda z: LAST(F.relu(NORM(change(FIRST(z)))))

    if where != "normalised x" and step in ("columns shifted", "column times"):
        settings = settings | ({"rules": "zero"} if method is xc.lrp else {})
    right_or_refused(method, model(written), model(plain), close, **settings)


@pytest.mark.fault("T1")
@pytest.mark.parametrize("method", [xc.lrp, xc.guided_backprop, xc.deeplift])
def test_a_buffer_that_is_filled_is_no_constant(method, close):
    def filled(z):
        out = torch.zeros(len(z), 8, dtype=z.dtype)
        out.add_(FIRST(z)).relu_()
        return LAST(out)

    close(method(filled, X, 1), method(lambda z: LAST(F.relu(FIRST(z))), X, 1), 1e-9)


@pytest.mark.fault("T1")
@pytest.mark.parametrize("rule", ["epsilon", "z_plus"])
def test_a_constant_that_is_overwritten_later_is_as_it_was(rule, close):
    def model(overwrite):
        def run(z):
            c = 1 + OTHER[0, :6].abs()
            h = z * c
            if overwrite:
                c.zero_()
            return LAST(F.relu(FIRST(h)))

        return run

    close(xc.lrp(model(True), X, 1, rules=rule), xc.lrp(model(False), X, 1, rules=rule), 1e-9)


@pytest.mark.fault("T1")
def test_a_source_that_is_overwritten_is_refused():
    def model(z):
        h = z * 2
        z.add_(1)
        return LAST(F.relu(FIRST(h)))

    with pytest.raises(UnsupportedOperationError, match="overwrites"):
        xc.lrp(model, X, 1)


def test_the_advice_for_writes_works(close):
    """The message proposes torch.cat, h * mask and h = h - mean."""
    model = lambda z: LAST(F.relu(FIRST(last_rows_zero((z - 0.4) / 0.3))))  # noqa: E731
    with pytest.raises(UnsupportedOperationError, match=r"torch.cat of the parts, h \* mask"):
        xc.lrp(model, X, 1)
    masked = lambda z: LAST(F.relu(FIRST(keep((z - 0.4) / 0.3, 4, 5))))  # noqa: E731
    close(xc.lrp(masked, X, 1, rules="zero"), xc.input_x_gradient(masked, X, 1), 1e-9)


@pytest.mark.fault("T1")
@pytest.mark.parametrize("method", [xc.guided_backprop, xc.lrp, xc.deeplift])
def test_a_write_where_gradients_are_off_is_refused(method):
    def model(z):
        h = FIRST(z)
        with torch.no_grad():
            h.clamp_(min=0)
        return LAST(h)

    with pytest.raises(UnsupportedOperationError, match="gradients are off"):
        method(model, X, 1)


@pytest.mark.fault("T1")
@pytest.mark.parametrize("alias", ["detach", "data"])
def test_a_write_past_the_graph_is_refused(alias):
    def model(z):
        h = FIRST(z)
        (h.detach() if alias == "detach" else h.data).clamp_(min=0)
        return LAST(h)

    with pytest.raises(UnsupportedOperationError, match=alias):
        xc.guided_backprop(model, X, 1)


@pytest.mark.fault("T1")
@pytest.mark.parametrize("method", [xc.guided_backprop, xc.lrp, xc.deeplift, xc.rectgrad])
@pytest.mark.parametrize("where", ["normalised x", "layer"])
def test_other_numbers_in_a_tensor_are_refused(where, method):
    """What t.data = ... puts there is no part of the graph, and was explained as if unchanged."""

    def model(z):
        h = FIRST(z) if where == "layer" else (z - 0.4) / 0.3
        h.data = F.relu(h.data)
        return LAST(F.relu(h if where == "layer" else FIRST(h)))

    with pytest.raises(UnsupportedOperationError, match=r"past its graph \(t\.data = \.\.\.\)"):
        method(model, X, 1)
    parameter = nn.Parameter(torch.zeros(3, dtype=torch.float64))

    def with_a_weight(z):
        parameter.data = 0.5 * torch.ones(3, dtype=torch.float64)
        return LAST(F.relu(FIRST(z))) + parameter

    method(with_a_weight, X, 1)


# ---- rows that are moved -------------------------------------------------------------------------


@pytest.mark.fault("T1")
def test_rescale_finds_the_reference_of_rows_that_were_moved_or_refuses(close):
    plain = lambda z: LAST(F.relu(FIRST(z)))  # noqa: E731
    with pytest.raises(UnsupportedOperationError, match="rows of x on the first axis"):
        xc.deeplift(lambda z: LAST(F.relu(FIRST(z).T).T), X, 1, baseline=0.2)
    stacked = lambda z: LAST(F.relu(torch.stack([FIRST(z)] * 2).mean(0)))  # noqa: E731
    turned = lambda z: LAST(F.relu(FIRST(z).T.flip(0).T.flip(1)))  # noqa: E731
    for model in (stacked, turned):
        close(xc.deeplift(model, X, 1, baseline=0.2), xc.deeplift(plain, X, 1, baseline=0.2), 1e-9)


@pytest.mark.parametrize(
    "model",
    {
        "row by row": lambda z: torch.stack([LAST(FIRST(row[None]))[0] for row in z]),
        "features first": lambda z: (LAST.weight @ F.relu(FIRST(z).T)).T,
    }.values(),
)
def test_the_books_of_lrp_are_kept_row_by_row_or_it_refuses(model, close):
    with pytest.raises(UnsupportedOperationError, match="rows of x on the first axis"):
        xc.lrp(model, X, 1)
    alone = xc.lrp(model, X[:1], 1, return_details=True)  # one row cannot be mixed up
    total = alone.values.sum(1) + alone.extra["absorbed"]
    close(total, xc.scores(model, X[:1], 1))


# ---- T4 and R5: masks, and what only looks -------------------------------------------------------


def topk_mask(h):
    mask = torch.zeros_like(h)
    mask.scatter_(1, h.topk(3, dim=1).indices, 1.0)
    return h * mask


def by_parameter(h):
    g = nn.Parameter(torch.ones(8, dtype=h.dtype)).expand(len(h), 8).clone()
    g[:, :] = h
    return g * (g > 0)


def by_table(h):
    table = nn.Parameter(torch.tensor([0.0, 1.0]).double())
    return h * table[(h > 0).long()]


def by_numpy(h):
    return h * torch.from_numpy((h.detach().numpy() > 0).astype(float))


def by_pool(h):
    _, places = F.max_pool1d(torch.stack([0 * h, h], -1), 2, return_indices=True)
    return h * places.squeeze(-1).remainder(2)


def by_set(h):
    h[h < 0] = 0.0
    return h


def by_chosen_parts(h):
    out = torch.zeros_like(h)
    out[h > 0] = h[h > 0]
    return out


def by_own_value(h):
    h[:, :4] = h[:, :4].detach().clamp(min=0)
    return h


def by_if(h):
    return h if h.sum() > 0 else h * 0.5


MASKS = {
    "top k": topk_mask,
    "min": lambda h: h * (torch.stack([h, 0 * h]).min(0).indices == 1),
    "cummax": lambda h: h * torch.stack([0 * h, h]).cummax(0).indices[1],
    "kthvalue": lambda h: h * (torch.stack([h, 0 * h]).kthvalue(2, 0).indices == 0),
    "median": lambda h: h * (torch.stack([h, 0 * h, h - 1e9]).median(0).indices == 0),
    "argsort": lambda h: h * torch.stack([0 * h, h]).argsort(0)[1],
    "max pool": by_pool,
    "item": lambda h: h * float(h.max().item() > 0.5) + h,
    "float": lambda h: h * float(h.detach().abs().max()),
    "int": lambda h: h[:, [int(h[0].argmax())] * 8],
    "numpy": by_numpy,
    "tolist": lambda h: h * torch.tensor([[v > 0 for v in row] for row in h.tolist()]),
    "if": by_if,
    "set": by_set,
    "chosen parts": by_chosen_parts,
    "own value": by_own_value,
    "parameter": by_parameter,
    "table": by_table,
    "equal": lambda h: h * (1 + torch.equal(h, h.relu())),
    "no_grad": lambda h: h * torch.no_grad()(lambda t: (t.sign() + 1) / 2)(h),
    "searchsorted": lambda h: h * torch.bucketize(h, torch.zeros(1).double()),
}


@pytest.mark.fault("T4")
@pytest.mark.parametrize(
    "method", [xc.guided_backprop, xc.deconvnet, xc.rectgrad, xc.beta_smoothing, xc.deeplift]
)
@pytest.mark.parametrize("mask", MASKS)
def test_masks_are_found_whatever_they_are_called(mask, method):
    # a number of the first row that decides over all of them is refused by the guard of rows
    with pytest.raises((UnsupportedOperationError, DependentRowsError)):
        method(lambda z: LAST(MASKS[mask](FIRST(z))), X, 1)


class Logged:
    """Keeps what it is shown, as hooks do."""

    def __init__(self):
        self.kept = []

    def __call__(self, module, inputs, output):
        self.kept.append(output.detach())
        self.kept.append(output.max().item())


def asserts(h):
    assert h.isfinite().all()
    assert (h.abs() < 1e6).all(), "too large"
    if h.abs().max() > 1e6:
        raise ValueError("too large")
    return h


LOOKS = {
    "detach": lambda h: (h.detach().mean(0), h)[1],
    "argmax": lambda h: (h.argmax(1), h)[1],
    "numbers": lambda h: (float(h.detach().mean()), h.max().item(), h[0].tolist(), h)[-1],
    "printed": lambda h: (f"{h.mean():.3f} {h[0]}", h)[1],
    "asserts": asserts,
    "numpy": lambda h: (h.detach().numpy().mean(), h)[1],
    "mask for a log": lambda h: ((h > 0).double().mean(), h)[1],
}


@pytest.mark.fault("R5")
@pytest.mark.parametrize(
    "method", [xc.guided_backprop, xc.deeplift, xc.lrp, xc.fullgrad_decomposition]
)
@pytest.mark.parametrize("look", LOOKS)
def test_what_only_looks_is_let_through(look, method, close):
    found = method(lambda z: LAST(F.relu(LOOKS[look](FIRST(z)))), X, 1)
    close(found, method(lambda z: LAST(F.relu(FIRST(z))), X, 1), 1e-12)


@pytest.mark.fault("R5")
def test_a_hook_that_keeps_outputs_and_a_second_output_are_let_through(close):
    net = nn.Sequential(FIRST, nn.ReLU(), LAST)
    plain = xc.lrp(net, X, 1)
    hook = net[0].register_forward_hook(Logged())
    try:
        model = lambda z: (net(z), net(z).argmax(1))  # noqa: E731
        close(xc.lrp(model, X, xc.targets.item(0, 1)), plain, 1e-12)
    finally:
        hook.remove()


def test_allow_lets_a_mask_be(close):
    gated = lambda z: LAST(FIRST(z) * (FIRST(z).max(1, keepdim=True).values > -9))  # noqa: E731
    with pytest.raises(UnsupportedOperationError, match=r"allow=\('comparison',\)"):
        xc.guided_backprop(gated, X, 1)
    found = xc.guided_backprop(gated, X, 1, allow=("comparison",))
    close(found, xc.gradient(gated, X, 1), 1e-12)


# ---- T8: constants with a graph of their own -----------------------------------------------------


POSITIONS = nn.Parameter(waves(8, turn=4.0)) * 0.5
WEIGHT = nn.Parameter(waves(8, 8, turn=5.0)) * 0.5


@pytest.mark.fault("T8")
@pytest.mark.parametrize(
    "method", [xc.lrp, xc.deep_taylor, xc.fullgrad_decomposition, xc.deeplift, xc.guided_backprop]
)
@pytest.mark.parametrize("constant", ["added", "weight", "joined"])
def test_constants_made_before_are_told_from_activations(constant, method, close):
    def model(positions, weight):
        if constant == "added":
            return lambda z: LAST(F.relu(MIDDLE(F.relu(FIRST(z)) + positions)))
        if constant == "weight":
            return lambda z: LAST(F.relu(F.relu(FIRST(z)) @ weight.T + positions))
        return lambda z: LAST(torch.cat([FIRST(z).relu()[:, :5], positions[:3].expand(4, 3)], 1))

    if method is xc.deeplift and constant == "joined":
        return  # twice the rows
    found = method(model(POSITIONS, WEIGHT), X, 1)
    close(found, method(model(POSITIONS.detach(), WEIGHT.detach()), X, 1), 1e-12)


# ---- T3, T9, T10: what LRP does where it has no rule ---------------------------------------------


def contracted(z):
    h = FIRST(z).relu()
    return torch.einsum("nd,kd->nk", h, LAST.weight)


ALLOWED = {
    "lp pool": lambda z: F.lp_pool1d(LAST(FIRST(z).relu())[:, None], 2, 2)[:, 0].expand(-1, 2),
    "cosine": lambda z: LAST(F.cosine_similarity(FIRST(z), OTHER[:1], 1)[:, None] * FIRST(z)),
    "softmax": lambda z: LAST(FIRST(z).softmax(1)),
    "log softmax": lambda z: LAST(F.log_softmax(FIRST(z), dim=1)),
    "logsumexp": lambda z: FIRST(z).logsumexp(1, keepdim=True) * OTHER[:1],
    "two signals": lambda z: LAST(FIRST(z) * MIDDLE(FIRST(z))),
    "bilinear": lambda z: F.bilinear(
        FIRST(z),
        MIDDLE(FIRST(z)),
        OTHER.view(1, 4, 8).mean(1).view(1, 8, 1).expand(2, 8, 8).contiguous(),
    ),
}


@pytest.mark.fault("T3")
@pytest.mark.parametrize("part", ALLOWED)
def test_allow_shares_as_the_call_is_linear_here(part, close):
    """Following the advice until it is accepted gives gradient x input, and the books are even."""
    model, allow = ALLOWED[part], ()
    for _ in range(4):
        advice = ""
        try:
            xc.lrp(model, X, 1, rules="zero", allow=allow)
        except UnsupportedOperationError as error:
            advice = str(error)
        allow += tuple(re.findall(r"allow=\('(\w+)',\)", advice))
    assert len(set(allow)) == len(allow)  # advice that was followed is not given again
    found = xc.lrp(model, X, 1, rules="zero", allow=allow, return_details=True)
    close(found.values, xc.input_x_gradient(model, X, 1), 1e-9)
    total = found.values.flatten(1).sum(1) + found.extra["absorbed"]
    close(total, xc.scores(model, X, 1), 1e-9)


@pytest.mark.fault("T3")
@pytest.mark.parametrize("rule", ["epsilon", "z_plus", "gamma"])
@pytest.mark.parametrize(
    "spelling",
    {
        "einsum": lambda h: torch.einsum("nd,kd->nk", h, LAST.weight),
        "turned einsum": lambda h: torch.einsum("kd,nd->nk", [LAST.weight, h]),
        "tensordot": lambda h: torch.tensordot(h, LAST.weight.T, 1),
        "bmm": lambda h: torch.bmm(LAST.weight.expand(len(h), 3, 8), h[:, :, None])[:, :, 0],
        "matmul": lambda h: torch.matmul(LAST.weight, h[:, :, None]).squeeze(-1),
    }.values(),
)
def test_sums_of_products_with_a_constant_are_linear_layers(spelling, rule, close):
    found = xc.lrp(lambda z: spelling(FIRST(z).relu()), X, 1, rules=rule)
    plain = xc.lrp(lambda z: F.linear(FIRST(z).relu(), LAST.weight), X, 1, rules=rule)
    close(found, plain, 1e-9)


@pytest.mark.fault("T9")
@pytest.mark.parametrize(
    "method",
    [xc.lrp, xc.deep_taylor, xc.guided_backprop, partial(xc.deeplift, rule="reveal_cancel")],
)
def test_a_gate_is_refused_however_it_is_written(method):
    for end in (lambda h: 2 * h, lambda h: torch.zeros_like(h)):
        with pytest.raises(UnsupportedOperationError):
            method(lambda z, end=end: LAST(torch.lerp(FIRST(z), end(FIRST(z)), FIRST(z))), X, 1)
    with pytest.raises(UnsupportedOperationError):
        method(lambda z: LAST(torch.lerp(OTHER[:1], FIRST(z), MIDDLE(FIRST(z)))), X, 1)


@pytest.mark.fault("T10")
@pytest.mark.parametrize("method", [xc.lrp, xc.deep_taylor])
@pytest.mark.parametrize(
    "spelling",
    {
        "alpha": lambda h, b: torch.add(h, b, alpha=1),
        "alpha 2": lambda h, b: h.add(b / 2, alpha=2),
        "turned": lambda h, b: torch.add(b, h, alpha=1),
        "sub": lambda h, b: torch.sub(h, b, alpha=-1),
        "rsub": lambda h, b: torch.rsub(-b, h, alpha=1),
        "named": lambda h, b: torch.add(input=h, other=b),
        "in place": lambda h, b: h.add_(b, alpha=1),
    }.values(),
)
def test_a_bias_is_one_in_every_spelling(spelling, method, close):
    b = waves(8, turn=6.0)
    model = lambda z: LAST(F.relu(spelling(F.linear(z, FIRST.weight), b)))  # noqa: E731
    plain = lambda z: LAST(F.relu(F.linear(z, FIRST.weight) + b))  # noqa: E731
    close(method(model, X, 1), method(plain, X, 1), 1e-9)


# ---- R10, R11 ------------------------------------------------------------------------------------


@pytest.mark.fault("R10")
@pytest.mark.parametrize("method", [xc.lrp, xc.fullgrad_decomposition, xc.deeplift])
@pytest.mark.parametrize("how", ["masked_fill", "added", "where"])
def test_infinity_on_another_class_changes_nothing(method, how, close):
    closed = torch.tensor([True, False, False])
    infinite = torch.tensor([-torch.inf, 0, 0], dtype=torch.float64)

    def masked(z):
        y = LAST(F.relu(FIRST(z)))
        if how == "masked_fill":
            return y.masked_fill(closed, -torch.inf)
        return y + infinite if how == "added" else torch.where(closed, -torch.inf, y)

    found = method(masked, X, 1)
    plain = method(lambda z: LAST(F.relu(FIRST(z))), X, 1)
    if method is xc.fullgrad_decomposition:  # the mask is an operation of its own, without a share
        found, plain = (torch.stack([t[:, :6].sum(1), t.sum(1)]) for t in (found, plain))
    close(found, plain, 1e-9)


@pytest.mark.fault("R11")
@pytest.mark.parametrize("method", [xc.guided_backprop, xc.lrp, xc.deeplift, xc.rectgrad])
@pytest.mark.parametrize(
    "relu",
    {
        "clip_": lambda h: h.clip_(min=0),
        "tensor bound": lambda h: h.clamp(min=torch.tensor(0.0)),
        "tensor bound in place": lambda h: h.clamp_(torch.zeros((), dtype=h.dtype)),
        "clamp_min of a tensor": lambda h: torch.clamp_min(h, torch.zeros(1).double()),
        "named": lambda h: torch.clamp(input=h, min=0),
        "module with a name": lambda h: F.relu(input=h, inplace=True),
        "slices": lambda h: (h[:, :4].clamp_(min=0), h[:, 4:].clamp_(min=0), h)[-1],
    }.values(),
)
def test_other_spellings_of_relu_are_read(relu, method, close):
    one_threshold = {"tau": 0.1} if method is xc.rectgrad else {}
    found = method(lambda z: LAST(relu(FIRST(z))), X, 1, **one_threshold)
    close(found, method(lambda z: LAST(F.relu(FIRST(z))), X, 1, **one_threshold), 1e-9)
