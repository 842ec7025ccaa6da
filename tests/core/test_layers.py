"""A layer inside a model: found, recorded, differentiated, and left exactly as it was."""

import re
import threading
from pathlib import Path

import pytest
import torch
from torch import nn

import xaicourse as xc
from tests.contract.checks import model_state, same_state
from xaicourse.core.gradients import activations, ask, layer_gradients
from xaicourse.core.layers import LayerError, find_layer, watch_layers
from xaicourse.core.row_guard import is_asking

PACKAGE = Path(xc.__file__).parent


def convnet(inplace: bool = False) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            *(nn.Conv2d(2, 3, 3), nn.ReLU(inplace=inplace)),
            *(nn.Conv2d(3, 4, 2), nn.ReLU(inplace=inplace), nn.Flatten(), nn.Linear(36, 3)),
        )
    return net.double().eval()


def images(n: int = 5) -> torch.Tensor:
    return torch.sin(torch.arange(n * 2 * 36, dtype=torch.float64)).view(n, 2, 6, 6)


TARGET = torch.tensor([0, 2, 1, 0, 2])


def by_hand(net: nn.Sequential, x: torch.Tensor, after: int):
    """Return A, dF/dA and F by cutting a Sequential in two."""
    activation = net[: after + 1](x).detach().clone().requires_grad_(True)
    score = net[after + 1 :](activation.clone()).gather(1, TARGET[: len(x), None])[:, 0]
    (grad,) = torch.autograd.grad(score.sum(), activation)
    return activation.detach(), grad, score.detach()


def files_with(pattern: str) -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "course" not in path.parts  # lesson 02 is about hooks
        and re.search(pattern, path.read_text(encoding="utf-8"))
    }


def test_only_one_file_has_hooks_on_modules():
    assert files_with(r"register_\w+_hook") == {"core/layers.py"}
    # hooks on tensors go with the graph of one forward pass: FullGrad reads gradients with them;
    # the other files look at those that the model sets
    watching = {"core/foreign_hooks.py", "core/training_mode.py", "core/follow_mode.py"}
    reading = {"core/bias_terms.py", "methods/bias/backpropagation.py"}
    assert files_with(r"register_hook") - watching == reading


@pytest.mark.parametrize("inplace", [False, True], ids=["", "overwritten in place"])
@pytest.mark.parametrize("batch_size", [None, 1, 2, 4])
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_activation_and_gradient_equal_a_net_cut_in_two(after, batch_size, inplace, close):
    x = images()
    expected = by_hand(convnet(), x, after)
    net = convnet(inplace)
    question = ask(net, x, TARGET, batch_size=batch_size)
    for layer in (str(after), net[after]):
        for got, right in zip(
            layer_gradients(question, find_layer(net, layer)), expected, strict=True
        ):
            close(got, right)
            assert not got.requires_grad
    activation, score = activations(question, find_layer(net, str(after)))
    close(activation, expected[0])
    close(score, expected[2])


def test_a_chunk_that_runs_out_of_memory_is_halved(close):
    net, x = convnet(), images()
    expected = by_hand(net, x, 1)
    sizes = []

    def small_memory(points):
        if not is_asking():
            sizes.append(len(points))
        outputs = net(points)
        if len(points) > 2:
            raise torch.OutOfMemoryError("out of memory, on purpose")
        return outputs

    question = ask(small_memory, x, TARGET, batch_size=5)
    activation, grad, _ = layer_gradients(question, find_layer(small_memory, net[1]))
    close(activation, expected[0])
    close(grad, expected[1])
    assert sizes == [5, 2, 2, 1]


def test_an_input_that_is_overwritten_behind_an_identity_is_kept(close):
    layer = nn.Identity()

    def model(points):
        points = points * 1
        kept = layer(points)  # the same memory as points
        points.mul_(0)
        return kept**2

    x = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    activation, grad, _ = layer_gradients(ask(model, x, 1), find_layer(model, layer))
    close(activation, x)
    close(grad, [[0.0, -4.0, 0.0]])


class Twice(nn.Module):
    """One module used twice: F = sum of w2 relu(w (relu(w x)))."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Linear(3, 3, bias=False).double()
        self.shared.weight.data = torch.tensor([[1.0, 2, 0], [0, 1, -1], [3, 0, 1]]).double()

    def forward(self, x):
        return self.shared(torch.relu(self.shared(x)))


def test_calls_of_a_shared_module_are_counted(close):
    net = Twice()
    x = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    weight = net.shared.weight.detach()
    first = x @ weight.T
    question = ask(net, x, 0)
    activation, grad, _ = layer_gradients(question, find_layer(net, "shared", 0))
    close(activation, first)
    close(grad, weight[0] * (first > 0))
    activation, grad, _ = layer_gradients(question, find_layer(net, "shared", 1))
    close(activation, first.relu() @ weight.T)
    close(grad, [[1.0, 0.0, 0.0]])
    with pytest.raises(LayerError, match=r"called 2 time\(s\).*call=2.*0 to 1"):
        layer_gradients(question, find_layer(net, "shared", 2))


def test_the_graph_to_x_is_kept_on_demand(close):
    net, x = convnet(), images(2).requires_grad_(True)
    question = ask(net, x, TARGET[:2], differentiable=True)
    activation, grad, _ = layer_gradients(question, find_layer(net, "2"), differentiable=True)
    (got,) = torch.autograd.grad((activation * grad).sum(), x)
    whole = net[:3](x)
    score = net[3:](whole).gather(1, TARGET[:2, None])
    (slope,) = torch.autograd.grad(score.sum(), whole, create_graph=True)
    (expected,) = torch.autograd.grad((whole * slope).sum(), x)
    close(got, expected)


def test_the_output_may_be_replaced(close):
    net, x = convnet(), images(2)
    with find_layer(net, "1").capture(replace=lambda a: 2 * a) as seen:
        outputs = net(x)
    close(seen.output.detach(), 2 * net[:2](x).detach())
    close(outputs.detach(), net[2:](2 * net[:2](x)).detach())


def test_the_model_is_left_bit_for_bit(close):
    net, x = convnet(inplace=True), images()
    net[1].register_forward_hook(lambda module, inputs, output: output * 2)  # the caller's own
    net[0].weight.grad = torch.ones_like(net[0].weight)
    before, alone = model_state(net), net(x)
    layer_gradients(ask(net, x, TARGET), find_layer(net, "1"))
    same_state(before, model_state(net))
    assert torch.equal(net(x), alone)
    with watch_layers(net):
        net(x)
    same_state(before, model_state(net))


def test_hooks_go_after_exceptions():
    net, x = convnet(), images()
    before = model_state(net)

    def fails(points):
        net(points)
        raise ArithmeticError("on purpose")

    question = ask(fails, x, TARGET)
    with pytest.raises(ValueError, match="on purpose"):
        layer_gradients(question, find_layer(fails, net[1]))
    with pytest.raises(KeyboardInterrupt), watch_layers(net):
        raise KeyboardInterrupt
    same_state(before, model_state(net))


def test_another_threads_forward_pass_is_not_recorded(close):
    net, x = convnet(), images(2)
    with find_layer(net, "1").capture() as seen:
        other = threading.Thread(target=lambda: net(-x))
        other.start()
        other.join()
        with pytest.raises(LayerError, match="never called"):
            _ = seen.output
        net(x)
    close(seen.output.detach(), net[:2](x).detach())


def test_bound_and_wrapped_models(close):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = convnet()

        def forward(self, x, scale):
            return self.net(x * scale[:, None, None, None])

    x, scale = images(), torch.linspace(1, 2, 5).double()
    model = xc.bind(Scaled(), scale=scale)
    question = ask(model, x, TARGET, batch_size=2)
    got = layer_gradients(question, find_layer(model, "net.1"))
    expected = by_hand(convnet(), x * scale[:, None, None, None], 1)
    close(got[0], expected[0])
    close(got[1], expected[1])


def test_names_that_are_not_there_list_near_ones():
    net = nn.ModuleDict({"features": convnet(), "classifier": nn.Linear(2, 2)})
    with pytest.raises(LayerError, match=r"'feature\.1' is not in the model.*'features\.1'"):
        find_layer(net, "feature.1")
    with pytest.raises(LayerError, match=r"'zzz'.*it has 'features', 'features\.0'"):
        find_layer(net, "zzz")


def test_bad_layers():
    net, x = convnet(), images()
    question = ask(net, x, TARGET)
    with pytest.raises(TypeError, match=r"layer must be a module.*int"):
        find_layer(net, 3)
    with pytest.raises(TypeError, match="call must be a whole number"):
        find_layer(net, "1", 0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="call must be at least 0"):
        find_layer(net, "1", -1)
    with pytest.raises(LayerError, match=r"is a name.*pass the layer itself"):
        find_layer(lambda x: net(x), "1")
    with pytest.raises(LayerError, match="'Conv2d' is never called"):
        layer_gradients(question, find_layer(net, nn.Conv2d(2, 3, 3)))


def test_layers_without_a_usable_output():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair, self.mean, self.first = nn.Identity(), nn.Identity(), nn.Identity()
            self.side = nn.Identity()

        def forward(self, x):
            self.pair((x, x))
            self.side(x * 2)
            self.first(x[:1])
            return x + self.mean(0 * x.mean())

    net, x = Odd(), torch.ones(2, 3, dtype=torch.float64)
    question = ask(net, x, 0)
    for name, message in {
        "pair": "returns tuple, but a floating point tensor",
        "mean": "returns a single number",
        "side": "does not depend on x through layer 'side'|not connected to x through",
    }.items():
        with pytest.raises(ValueError, match=message):
            layer_gradients(question, find_layer(net, name))
    with pytest.raises(ValueError, match=r"layer 'first' returns 1 row\(s\) for the 2 of x"):
        activations(question, find_layer(net, "first"))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
def test_compiled_and_scripted_models_are_refused():
    net, x = convnet(), images()
    compiled = torch.compile(net)
    for unseen in (torch.jit.trace(net, x), torch.jit.script(net), compiled):
        with pytest.raises(LayerError, match=r"compiled or scripted.*pass the original"):
            find_layer(unseen, "1")
        with pytest.raises(LayerError, match="compiled or scripted"), watch_layers(unseen):
            pass
    inside = nn.Sequential(convnet(), nn.Linear(3, 3))
    inside[0].compile()
    with pytest.raises(LayerError, match="compiled or scripted"):
        find_layer(inside, "1")


def test_watched_layers_are_in_the_order_in_which_they_end():
    net = Twice()
    with watch_layers(net) as calls:
        net(torch.ones(1, 3, dtype=torch.float64))
    assert [(c.name, c.call, c.shape) for c in calls] == [
        ("shared", 0, (1, 3)),
        ("shared", 1, (1, 3)),
    ]
