"""The loss of an attribution prior, what students write instead, and the cases of task 09.7."""

import torch
from torch.nn.functional import cross_entropy

from xaicourse.course.grading.calling import call
from xaicourse.course.grading.cases import CaseGrader, case, waves
from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.leaves import Modules
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.shared_mistakes import pick

__all__ = [
    "CASES",
    "TrainableGrader",
    "all_pairs",
    "filling",
    "fit_without_graph",
    "freezing",
    "plain_number",
    "prior_loss",
    "slopes_of_loss",
    "untrainable",
    "without_graph",
]


def prior_loss(
    model,
    x,
    labels,
    references,
    alphas,
    where,
    weight,
    *,
    score=pick,
    place=lambda x, b, alpha: b + alpha * (x - b),
    share=lambda x, b, alpha, slope: (x - b) * slope,
    penalty=lambda shares: shares.square().sum(1).mean(),
    fit=lambda z, labels: cross_entropy(z, labels),
    seen=lambda x, point: x,
    join=lambda fit, penalty, weight: fit + weight * penalty,
):
    """Return cross-entropy plus weight times the mean penalty, one number."""
    alpha = alphas[:, None]
    point = place(x, references, alpha).detach().requires_grad_()
    (slope,) = torch.autograd.grad(score(model(point), labels).sum(), point, create_graph=True)
    shares = share(x, references, alpha, slope)[:, where]
    return join(fit(model(seen(x, point.detach())), labels), penalty(shares), weight)


class TrainableGrader(CaseGrader):
    """Asks in the end for the slopes of the loss with respect to the weights."""

    def __call__(self, answer):
        """Return the outcome of the numbers; if they are right, that of the slopes."""
        outcome = super().__call__(answer)
        if outcome.status != "passed":
            return outcome
        name = untrainable(answer, self.cases[1])
        if name:
            refuse(f"tasks/{self.task}/misconceptions/{name}", diagnosis=name)
        return outcome


def untrainable(answer, case):
    """Return the mistake that keeps a training from following the whole loss, if there is one."""
    yours = slopes_of_loss(answer, case)
    right, fit = slopes_of_loss(prior_loss, case), slopes_of_loss(without_graph, case)
    if yours is None or right is None or fit is None:  # the last two are ours: never None
        return "freezes_weights"
    known = {"": right, "plain_number": 0 * right, "fit_without_graph": right - fit}
    for name, slopes in known.items():
        if float((yours - slopes).norm()) <= 1e-3 * float(right.norm()):
            return name
    return "no_graph"


def slopes_of_loss(answer, case):
    """Return the gradient of the loss with respect to all weights; None if some are frozen."""
    arguments = case.arguments()
    weights, before = list(arguments["model"].parameters()), Modules(arguments)
    before.ask_for_gradients()
    try:
        with torch.enable_grad():
            loss = call(answer, arguments, "a training")
        if not all(each.requires_grad for each in weights):
            return None
        if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
            return torch.cat([0 * each.detach().flatten() for each in weights])
        found = torch.autograd.grad(loss.sum(), weights, allow_unused=True)
    finally:
        before.restore()
    parts = zip(found, weights, strict=True)
    return torch.cat([(0 * w.detach() if g is None else g).flatten() for g, w in parts])


def without_graph(model, x, labels, references, alphas, where, weight):
    """Return a loss with the right value whose penalty cannot be differentiated."""
    plain = cross_entropy(model(x), labels)
    right = prior_loss(model, x, labels, references, alphas, where, weight)
    return plain + (right - plain).detach()


def fit_without_graph(model, x, labels, references, alphas, where, weight):
    """Return a loss with the right value whose cross-entropy cannot be differentiated."""
    with torch.no_grad():
        plain = cross_entropy(model(x), labels)
    right = prior_loss(model, x, labels, references, alphas, where, weight)
    return plain + right - cross_entropy(model(x), labels)


def plain_number(model, x, labels, references, alphas, where, weight):
    """Return the right loss as a plain number."""
    return prior_loss(model, x, labels, references, alphas, where, weight).item()


def freezing(model, x, labels, references, alphas, where, weight):
    """Return the right loss, and leave the weights frozen."""
    loss = prior_loss(model, x, labels, references, alphas, where, weight)
    model.requires_grad_(False)
    return loss


def filling(model, x, labels, references, alphas, where, weight):
    """Return the right loss after a backward() that fills .grad of the weights."""
    loss = prior_loss(model, x, labels, references, alphas, where, weight)
    if loss.requires_grad:
        loss.backward(retain_graph=True)
    return loss


def all_pairs(model, x, labels, references, alphas, where, weight):
    """Return the loss with a mean over the draws of all inputs."""
    found = []
    for b, alpha in zip(references, alphas, strict=True):
        point = (b + alpha * (x - b)).detach().requires_grad_()
        score = pick(model(point), labels).sum()
        found.append((x - b) * torch.autograd.grad(score, point, create_graph=True)[0])
    shares = torch.stack(found).mean(0)[:, where]
    return cross_entropy(model(x), labels) + weight * shares.square().sum(1).mean()


# ---------------------------------------------------------------- cases


def bent(x, weight, bias):
    """Return scores (N, K) with slopes that change."""
    sums = x @ weight + bias
    return sums + 0.5 * sums.square()


def batch(name, says, inputs, places, where, weight, turn):
    """Return a case: a small net and a batch with a reference for each input."""
    return case(
        name,
        says,
        model=ProbeModel((places,), bent, waves(turn, places, 3).tolist(), [0.3, -0.2, 0.1]),
        x=0.8 * waves(turn + 0.4, inputs, places),
        labels=(torch.arange(inputs) + 1) % 3,
        references=waves(turn + 0.9, inputs, places),
        alphas=0.5 + 0.4 * waves(turn + 1.3, inputs),
        where=torch.tensor(where),
        weight=weight,
    )


CASES = (
    batch("one", "one input with four numbers, two places punished", 1, 4, [0, 2], 2.0, 1.1),
    batch("batch", "four inputs with five numbers, three places", 4, 5, [1, 2, 4], 2.0, 2.2),
    batch("more", "six inputs with three numbers, one place", 6, 3, [1], 5.0, 0.6),
)
