"""Task 01.2: the right function, the nets and inputs on which it is tried, and some wrong ones."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.mistakes import after, own
from xaicourse.course.grading.path_probe import ProbeModel

__all__ = ["CASES", "LONG_STEPS", "OF_THE_BATCH", "my_gradient", "pick"]


def pick(scores, target):
    """Return each input's own score, for one class or one for each."""
    return scores[torch.arange(len(scores)), target]


def my_gradient(model, x, target, *, number=lambda scores, target: pick(scores, target).sum()):
    """Return the gradient of each input's own score, shaped as x."""
    with torch.enable_grad():
        point = x.detach().clone().requires_grad_()
        return torch.autograd.grad(number(model(point), target), point)[0]


# ---------------------------------------------------------------- models and cases


def _bent(x, first, bias, second):
    return 2 * torch.tanh(x.flatten(1) @ first + bias) @ second  # (N, K)


def net(name, says, shape, classes, target, turn):
    """Return a case: a smooth model of `classes` scores and a batch of inputs."""
    size, hidden = torch.Size(shape[1:]).numel(), 6
    model = ProbeModel(
        tuple(shape[1:]),
        _bent,
        (1.5 * waves(turn, size * hidden) / size**0.5).reshape(size, hidden).tolist(),
        waves(turn + 1, hidden, size=0.5).tolist(),
        waves(turn + 2, hidden, classes).tolist(),
    )
    return case(name, says, model=model, x=waves(turn + 3, *shape, size=1.5), target=target)


CASES = (
    net(
        "one_class",
        "three inputs with four numbers, four classes, one target for all",
        (3, 4),
        4,
        2,
        2.2,
    ),
    net(
        "own_classes",
        "three inputs with four numbers, four classes, a target for each",
        (3, 4),
        4,
        torch.tensor([2, 3, 1]),
        0.7,
    ),
    net(
        "pictures",
        "two small pictures (3, 2, 4), five classes, a target for each",
        (2, 3, 2, 4),
        5,
        torch.tensor([4, 1]),
        1.3,
    ),
)


# ---------------------------------------------------------------- wrong answers


def each(target, scores):
    """Return one target for each input, (N,)."""
    return torch.as_tensor(target).expand(len(scores))


def sizes(numbers, like):
    """Give one number for each input the shape that multiplies x."""
    return numbers.reshape(-1, *[1] * (like.ndim - 1))


def best_class(model, x, target):
    return my_gradient(model, x, model(x).argmax(1))


def own_class_only(model, x, target):
    p = pick(model(x).softmax(1), target)
    return sizes(p * (1 - p), x) * my_gradient(model, x, target)


def accumulates(model, x, target):
    """Right at the first call; at the second, the gradient of the first is still there."""
    x.requires_grad_()
    pick(model(x), target).sum().backward()
    return x.grad


def leaves_grad(model, x, target):
    """The right numbers, but the caller's x asks for gradients from now on."""
    x.requires_grad_()
    return torch.autograd.grad(pick(model(x), target).sum(), x)[0]


def model_left_changed(model, x, target):
    """The right numbers, but the model is left in training mode."""
    model.train()
    return my_gradient(model, x, target)


def fills_weights(model, x, target):
    """The right numbers, but the weights of the model have a .grad now."""
    point = x.detach().clone().requires_grad_()
    pick(model(point), target).sum().backward()
    return point.grad


OF_THE_BATCH = [
    after(
        "mean_over_batch",
        "Your numbers are too small by the number of inputs. mean() divides by N: use sum().",
        lambda slope: slope / len(slope),
    ),
    after(
        "first_input_only",
        "Only the first input has a gradient. Differentiate the sum of all inputs' chosen scores.",
        lambda slope: torch.cat([slope[:1], torch.zeros_like(slope[1:])]),
    ),
    after(
        "first_for_all",
        "All inputs get the gradient of the first one. Each input has its own: differentiate "
        "the sum of all chosen scores.",
        lambda slope: slope[:1].expand_as(slope),
    ),
    after(
        "mean_for_all",
        "All inputs get one gradient, the mean over the batch. Each input has its own.",
        lambda slope: slope.mean(0, keepdim=True).expand_as(slope),
    ),
]


def differences(step, back):
    """Return a mistake: differences of the score over a long step, from x or from both sides."""

    def wrong(model, x, target):
        moves = step * torch.eye(x[0].numel()).reshape(-1, 1, *x.shape[1:])  # (D, 1, ...)
        rise = [pick(model(x + m), target) - pick(model(x - back * m), target) for m in moves]
        return (torch.stack(rise, 1) / (step * (1 + back))).reshape(x.shape)

    return wrong


LONG_STEPS = [
    own(
        "long_step",
        "Near, but these are differences over a long step, not slopes: use torch.autograd.grad.",
        differences(0.5, 0),
    ),
    *[
        own("long_step", "", differences(step, back))
        for step, back in ((1.0, 0), (0.1, 0), (1.0, 1), (0.5, 1))  # nearer ones are right
    ],
]


def no_graph(model, x, target):
    """The model is called on x, not on the copy that asks for gradients."""
    point = x.detach().clone().requires_grad_()
    return torch.autograd.grad(pick(model(x), target).sum(), point)[0]
