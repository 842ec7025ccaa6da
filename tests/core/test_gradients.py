"""One question, asked in chunks: fixed once, cut anywhere, never the caller's tensors."""

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse import targets
from xaicourse.core.gradients import ask, gradients, in_chunks
from xaicourse.core.row_guard import is_asking


class Net(nn.Module):
    """A smooth net 4 -> 3 in float64, the same every time."""

    def __init__(self) -> None:
        super().__init__()
        ramp = torch.arange(24, dtype=torch.float64)
        self.a = nn.Parameter(torch.sin(1 + 1.3 * ramp[:20]).view(5, 4))
        self.b = nn.Parameter(torch.cos(2 + 0.7 * ramp[:15]).view(3, 5))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x @ self.a.T.to(x)) @ self.b.T.to(x)


NET = Net()
X = torch.cos(torch.arange(28, dtype=torch.float64)).view(7, 4)


def finite_differences(function, x: Tensor, h: float = 1e-6) -> Tensor:
    """Return the gradient of a function (N, D) -> (N,) by central differences."""
    columns = []
    for j in range(x.shape[1]):
        step = torch.zeros_like(x)
        step[:, j] = h
        columns.append((function(x + step) - function(x - step)) / (2 * h))
    return torch.stack(columns, dim=1)


# ---- chunks ------------------------------------------------------------------------------------


class Limited:
    """A model that runs out of memory above `most` rows."""

    def __init__(self, most: int, error: Exception) -> None:
        self.most, self.error = most, error
        self.sizes: list[int] = []

    def __call__(self, x: Tensor) -> Tensor:
        if not is_asking():
            self.sizes.append(len(x))
        if len(x) > self.most:
            raise self.error
        return NET(x)


OUT_OF_MEMORY = {
    "GPU": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB"),
    "CPU": RuntimeError(
        "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
    ),
    "Apple": RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    "Python": MemoryError(),
}


@pytest.mark.parametrize("error", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY)
@pytest.mark.parametrize("target", [None, 1, [0, 1, 2, 0, 1, 2, 0]], ids=["None", "1", "list"])
@pytest.mark.parametrize("output", ["logit", "margin"])
def test_chunks_are_halved_when_memory_runs_out(error, target, output, close):
    model = Limited(2, error)
    got = xc.integrated_gradients(model, X, target, output=output, steps=6, batch_size=7)
    close(got, xc.integrated_gradients(NET, X, target, output=output, steps=6))
    assert 7 in model.sizes
    small = [size for size in model.sizes if size <= 2]
    assert len(small) > 20
    close(xc.scores(Limited(3, error), X, target), xc.scores(NET, X, target))


def test_a_chunk_stays_small_once_memory_ran_out():
    model = Limited(2, OUT_OF_MEMORY["GPU"])
    xc.gradient(model, X, 1, batch_size=7)
    assert model.sizes == [7, 3, 1, 1, 1, 1, 1, 1, 1]


def test_one_row_too_many_raises():
    for error in OUT_OF_MEMORY.values():
        with pytest.raises(type(error)):
            xc.gradient(Limited(0, error), X, 1)


def test_other_errors_are_not_taken_for_memory():
    model = Limited(2, RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(ValueError, match="shapes cannot be multiplied"):
        xc.gradient(model, X, 1)
    assert model.sizes == [7]


def test_in_chunks_covers_everything_once():
    for total, size in ((7, 3), (7, 7), (7, 100), (1, 1), (0, 3)):
        seen: list[int] = []
        in_chunks(lambda a, b, seen=seen: seen.extend(range(a, b)), total, size)
        assert seen == list(range(total))


def test_default_chunks(monkeypatch):
    sizes = []

    def model(x: Tensor) -> Tensor:
        sizes.append(len(x))
        return x.flatten(1).sum(1)

    photo = torch.zeros(1, 3, 224, 224)
    for environment, expected in (
        ({}, 5),
        ({"XAICOURSE_LAB": "1"}, 4),
        ({"XAICOURSE_BATCH_SIZE": "3"}, 3),
    ):
        monkeypatch.delenv("XAICOURSE_BATCH_SIZE", raising=False)
        monkeypatch.delenv("XAICOURSE_LAB", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        sizes.clear()
        xc.integrated_gradients(model, photo, steps=12)
        assert max(sizes) == expected
    for bad in ("0", "many", "-2", "2.5"):
        monkeypatch.setenv("XAICOURSE_BATCH_SIZE", bad)
        with pytest.raises(ValueError, match="XAICOURSE_BATCH_SIZE must be"):
            xc.scores(model, photo)
    xc.scores(model, photo, batch_size=1)  # the argument goes first


# ---- the question is fixed once ----------------------------------------------------------------


def test_the_class_is_the_one_predicted_at_x():
    """Along the path another class wins; F stays the class of x."""

    def model(x: Tensor) -> Tensor:
        return torch.cat([x, 1 - x], dim=1)  # class 0 at 1, class 1 at 0

    found = xc.integrated_gradients(model, torch.ones(1, 1), return_details=True)
    assert found.target.classes == (0,)
    assert float(found.values) == pytest.approx(1)
    assert float(found.f_start) == 0


def test_forward_passes_are_not_wasted():
    calls = []

    def model(x: Tensor) -> Tensor:
        if not is_asking():
            calls.append(len(x))
        return NET(x)

    xc.gradient(model, X, 1)
    assert calls == [7]
    calls.clear()
    xc.gradient(model, X)  # one more, to find the class
    assert calls == [7, 7]
    calls.clear()
    xc.integrated_gradients(model, X, 1, steps=5)
    assert calls == [14, 35]  # baseline and x together; nodes
    calls.clear()
    xc.integrated_gradients(model, X, steps=5)
    assert calls == [7, 7, 35]  # x, to find the class; baseline; nodes


def test_gradients_equal_finite_differences(close):
    for output in ("logit", "probability", "log_probability", "margin"):
        rival = NET(X).scatter(1, torch.full((7, 1), 1), -torch.inf).argmax(1)

        def score(x: Tensor, output=output, rival=rival) -> Tensor:
            if output == "margin":
                y = NET(x)
                return (y[:, 1] - y.gather(1, rival[:, None])[:, 0]).detach()
            return xc.scores(NET, x, 1, output=output)

        close(xc.gradient(NET, X, 1, output=output), finite_differences(score, X), 1e-8)


def test_scores_are_plain_numbers():
    for mode in (torch.no_grad, torch.inference_mode, torch.enable_grad):
        with mode():
            found = xc.scores(NET, X.clone(), 1)
        assert found.shape == (7,)
        assert not found.requires_grad
        assert not found.is_inference()


# ---- differentiable ----------------------------------------------------------------------------


def test_a_differentiable_map_passes_gradgradcheck():
    x = X[:2].clone().requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda x: xc.gradient(NET, x, 1, differentiable=True), (x,), raise_exception=True
    )
    assert torch.autograd.gradcheck(
        lambda x: xc.input_x_gradient(NET, x, 1, baseline=0.3, differentiable=True), (x,)
    )


def test_a_map_can_be_trained_through():
    """An attribution prior: the loss on the map reaches the model's weights."""
    net = Net()
    values = xc.gradient(net, X, 1, differentiable=True, batch_size=2)
    values.square().sum().backward()
    assert net.a.grad is not None
    assert float(net.a.grad.norm()) > 0


def test_a_map_is_detached_unless_asked():
    x = X.clone().requires_grad_(True)
    for name in ("gradient", "input_x_gradient", "integrated_gradients"):
        found = xc.METHODS[name].method(NET, x, 1, return_details=True)
        assert not found.values.requires_grad
        assert all(not e.requires_grad for e in found.endpoints or ())
    with torch.no_grad():  # asked for in a place without gradients: the asking counts
        assert xc.gradient(NET, x, 1, differentiable=True).requires_grad


# ---- precision ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_sums_in_float32(dtype):
    """100 terms of 0.1 in half precision would be off by a percent; points stay in float32 too."""
    seen = set()

    def model(x: Tensor) -> Tensor:
        seen.add(x.dtype)
        return x.sum(1)

    x = torch.full((1, 4), 10.0, dtype=dtype)
    found = xc.integrated_gradients(model, x, steps=100, quadrature="midpoint", return_details=True)
    assert seen == {dtype}
    assert found.values.dtype == dtype
    assert found.values.tolist() == [[10.0] * 4]
    assert found.f_end.dtype in (torch.float32, torch.float64)
    for target in (None, targets.single()):
        assert xc.scores(model, x, target).dtype == torch.float32
    assert found.endpoints[1].dtype == torch.float32
    assert abs(float(found.gap)) < 1e-5  # of 40


def test_autocast_changes_little(close):
    net, x = Net().float(), X.float()
    expected = xc.integrated_gradients(net, x, 1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = xc.integrated_gradients(net, x, 1)
    assert got.dtype == torch.float32
    close(got, expected, 3e-2)


def test_long_sums_keep_their_digits(close):
    """1000 float32 terms are added in float64: what is left is the model's own rounding."""
    net, x = Net(), X
    expected = xc.integrated_gradients(net, x, 1, steps=1000, quadrature="midpoint")
    got = xc.integrated_gradients(net.float(), x.float(), 1, steps=1000, quadrature="midpoint")
    net.double()
    close(got, expected, 1e-6)


# ---- models that must be refused, or must not disturb ------------------------------------------


def test_a_model_that_works_in_place_leaves_x_alone(close):
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 2)).double()
    x = X.clone()
    close(xc.gradient(model, x, 1), model[1].weight[1].detach() * (X > 0))
    xc.scores(model, x)
    xc.integrated_gradients(model, x, baseline=x)
    assert torch.equal(x, X)


def test_single_example_without_batch_axis():
    image = torch.rand(3, 8, 8)
    nets = {
        "fails": nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 5)),
        # as many classes as channels: torch takes it and returns one number for each "row"
        "runs": nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(-3), nn.Linear(4, 3)
        ),
    }
    for net in nets.values():
        for target in (None, 0):
            with pytest.raises(ValueError, match=r"pass x\[None\]"):
                xc.gradient(net.eval(), image, target)
            assert xc.gradient(net, image[None], target).shape == (1, 3, 8, 8)
    # a model that takes its batch apart itself may use unbatched convolutions
    looped = xc.gradient(lambda x: torch.stack([nets["runs"](row) for row in x]), image[None], 1)
    assert torch.equal(looped, xc.gradient(nets["runs"], image[None], 1))


def test_a_model_that_squeezes_its_batch_is_refused():
    def model(x: Tensor) -> Tensor:
        return NET(x).squeeze()

    xc.gradient(model, X, 1)
    with pytest.raises(ValueError, match=r"returns shape \(3,\) for inputs of shape \(1, 4\)"):
        xc.gradient(model, X, 1, batch_size=3)  # the last chunk has one row


def test_nan_gradients_are_named():
    def model(x: Tensor) -> Tensor:  # the slope of sqrt at 0 is infinite
        return x.sqrt().sum(1)

    x = torch.tensor([[1.0, 4.0], [1.0, 0.0]], dtype=torch.float64)
    with pytest.raises(ValueError, match="gradient of row 1 is NaN or infinite at x"):
        xc.gradient(model, x)
    with pytest.raises(
        ValueError, match=r"gradient of row 0 is NaN or infinite at step 0 .*alpha = 0;"
    ):
        xc.integrated_gradients(model, x, quadrature="trapezoid")
    with pytest.raises(ValueError, match=r"row 1 .* at step 0 .*alpha = 0\.005"):
        # row 1 does not move in its second place, where the slope is infinite all along
        xc.integrated_gradients(model, x, quadrature="midpoint", steps=100)


def test_infinite_scores_are_named():
    with pytest.raises(ValueError, match="F is -inf at the baseline of row 0"):
        xc.integrated_gradients(lambda x: x.log().sum(1), torch.ones(2, 2))


def test_question_by_hand(close):
    question = ask(NET, X, 1, batch_size=2)
    grad, score = gradients(question)
    close(score, NET(X)[:, 1].detach())
    close(grad, xc.gradient(NET, X, 1))
    elsewhere, _ = gradients(question, X + 1)
    close(elsewhere, xc.gradient(NET, X + 1, 1))
    assert question.gradient_calls == 14


def test_numbers_whose_sum_overflows_are_finite(close):
    x = torch.full((1, 4), 3e38)
    close(xc.gradient(lambda x: (x * 1e-38).sum(1), x), torch.full((1, 4), 1e-38), 1e-6)
    for bad in (torch.nan, torch.inf):
        x[0, 2] = bad
        with pytest.raises(ValueError, match="holds 1 NaN or infinite"):
            xc.gradient(lambda x: x.sum(1), x)


def test_a_model_that_works_in_place_is_asked_about_rows_that_are_all_zero():
    """The guard moves such rows away from 0, and must not hand out what it still needs."""
    zeros = torch.zeros(2, 3, dtype=torch.float64)
    got = xc.gradient(lambda x: x.mul_(2).add(1).square().sum(1), zeros)
    assert torch.equal(got, torch.full_like(zeros, 4.0))
