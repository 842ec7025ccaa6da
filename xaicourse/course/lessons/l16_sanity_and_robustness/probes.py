"""Slopes, scores and classes on which the search of task 16.2 is tried: found by a search."""

import torch

from xaicourse.course.grading.cases import waves


class Field:
    """A score with valleys, a slope that leads down it roughly, and a class with a border."""

    def __init__(self, size, turn, level, often):
        self.mix = 4 * waves(turn, size, size).double()
        self.lean = waves(turn + 0.3, size).double()
        self.phase = 2 * waves(turn + 0.7, size).double()
        self.wall = waves(turn + 1.1, size).double()
        self.level, self.often = level, often

    def score(self, p):
        """Return the score of each row, (N,)."""
        flat = p.flatten(1)
        waves_ = torch.sin(flat @ self.mix.to(flat) + self.phase.to(flat))
        return waves_.sum(1) + flat @ self.lean.to(flat)

    def slope(self, p):
        """Return its slope, (N, ...)."""
        flat = p.flatten(1)
        inner = torch.cos(flat @ self.mix.to(flat) + self.phase.to(flat))
        return (inner @ self.mix.to(flat).T + self.lean.to(flat)).view_as(p)

    def kept(self, p):
        """Return which rows kept their class, (N,): two borders."""
        flat = p.flatten(1)
        return torch.sin(self.often * (flat @ self.wall.to(flat))) < self.level


class Level(Field):
    """A field whose score is the same everywhere: no point is better than x."""

    def score(self, p):
        """Return 1 for each row, (N,)."""
        return torch.ones_like(p.flatten(1)[:, 0])
