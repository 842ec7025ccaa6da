"""DeepLIFT the other way round: every input's contribution is carried forwards through a program.

An oracle for the fuzzer: it shares no code with the package, has no backward pass, and takes plain
quotients. A quantity has its value at x and at x', and what each input contributes to their
difference (the contributions add up to it).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass
class Carried:
    """One row: its value (...), the reference's (...), and contributions (inputs, ...)."""

    z: Tensor
    z0: Tensor
    c: Tensor

    def affine(self, f) -> "Carried":
        """f takes a batch (n, ...) and is affine."""
        return Carried(f(self.z[None])[0], f(self.z0[None])[0], f(self.c) - f(0 * self.c))

    def each(self, g) -> "Carried":
        """g is a function of each number: Rescale."""
        y, y0, dz = g(self.z[None])[0], g(self.z0[None])[0], self.z - self.z0
        m = torch.where(dz == 0, 0.0, (y - y0) / torch.where(dz == 0, 1.0, dz))
        return Carried(y, y0, self.c * m)

    def times(self, other: "Carried", f=torch.mul) -> "Carried":
        """f is a product: c mean(v) + mean(u) c_v."""
        u, v = (self.z + self.z0) / 2, (other.z + other.z0) / 2
        c = f(self.c, v.expand(len(self.c), *v.shape)) + f(
            u.expand(len(other.c), *u.shape), other.c
        )
        return Carried(f(self.z[None], other.z[None])[0], f(self.z0[None], other.z0[None])[0], c)

    def plus(self, other: "Carried", k: float = 1.0) -> "Carried":
        return Carried(self.z + k * other.z, self.z0 + k * other.z0, self.c + k * other.c)

    def softmax(self) -> "Carried":
        """exp(z - log sum exp z), over the last axis."""
        total = self.each(torch.exp).affine(lambda t: t.sum(-1, keepdim=True)).each(torch.log)
        return self.plus(total, -1.0).each(torch.exp)

    def layer_norm(self, axes: int, eps: float) -> "Carried":
        last = tuple(range(-axes, 0))
        centred = self.affine(lambda t: t - t.mean(last, keepdim=True))
        variance = centred.times(centred).affine(lambda t: t.mean(last, keepdim=True))
        return centred.times(variance.each(lambda v: (v + eps) ** -0.5))

    def max_pool(self, size: int) -> "Carried":
        """The difference of a window goes to the winner, at x where it rose, else at x'."""
        (y, at), (y0, at0) = (
            F.max_pool2d(t, size, 1, return_indices=True) for t in (self.z, self.z0)
        )
        at = torch.where(y >= y0, at, at0).flatten(1)
        dz = (self.z - self.z0).flatten(1).gather(1, at).view_as(y)
        m = torch.where(dz == 0, 0.0, (y - y0) / torch.where(dz == 0, 1.0, dz))
        c = self.c.flatten(2).gather(2, at.expand(len(self.c), *at.shape)).view(-1, *y.shape)
        return Carried(y, y0, c * m)


def attention(t: "Carried") -> "Carried":
    """softmax(t t^T) t on the channels of each place, for (channels, places)."""
    tokens = t.affine(lambda h: h.mT)
    scores = tokens.times(t, torch.matmul)
    return scores.softmax().times(tokens, torch.matmul).affine(lambda h: h.mT)


EACH = {
    *("relu", "leaky", "relu of a part", "relu twice"),
    *("silu", "gelu", "hardswish", "bounded"),
}


def step_carried(kind: str, h: Carried, plain, layer) -> Carried:
    """Carry contributions through one step; `plain` is its plain spelling, of h alone."""
    if kind in EACH:
        return h.each(plain)
    if kind == "max pool":
        return h.max_pool(2) if h.z.dim() == 3 and h.z.shape[-1] > 2 else h
    if kind == "gate":
        return h.times(h.affine(layer).each(torch.sigmoid))
    if kind == "norm":
        return h.layer_norm(h.z.dim(), 0.1)
    if kind == "attention":
        shape = h.z.shape
        flat = h.affine(lambda t: t.reshape(len(t), 3, -1))
        return attention(flat).affine(lambda t: t.reshape(len(t), *shape))
    return h.affine(plain)


def deeplift_carried(steps, last, x: Tensor, baseline: float, target: int) -> Tensor:
    """Return DeepLIFT's map of a plain program: steps on images, a pool, steps on vectors, `last`.

    steps: for both parts a list of (kind, what it does to a batch, its layer).
    """
    rows = []
    for row in x:
        start = torch.full_like(row, baseline)
        each = torch.eye(row.numel(), dtype=row.dtype).view(-1, *row.shape) * (row - start)
        h = Carried(row, start, each)
        with torch.no_grad():
            for kind, plain, layer in steps[0]:
                h = step_carried(kind, h, plain, layer)
            h = h.affine(lambda t: F.adaptive_avg_pool2d(t, 2).flatten(1))
            for kind, plain, layer in steps[1]:
                h = step_carried(kind, h, plain, layer)
            rows.append(h.affine(last).c[:, target].view(row.shape))
    return torch.stack(rows)
