"""Integrated Gradients from each baseline of a set."""

import torch
from torch import Tensor

from xaicourse.core.gradients import Question, refuse_infinite
from xaicourse.core.path import Nodes, StraightPath, path_integral
from xaicourse.core.quadrature import quadrature

__all__ = ["from_each"]


def from_each(
    question: Question, starts: Tensor, steps: int, rule: str, description: str
) -> tuple[Tensor, Tensor]:
    """Return Integrated Gradients from each baseline, (M, N, ...), and F there, (M, N)."""
    nodes = Nodes.from_rule(*quadrature(rule, steps), n_rows=len(question.x))
    maps, scores = list[Tensor](), list[Tensor]()
    for start in starts:  # (1 or N, ...)
        path = StraightPath(start.expand_as(question.x), question.x)
        maps.append(path_integral(question, path, nodes, description=description).values)
        scores.append(question.scores(path.start, question.rows))
        refuse_infinite(scores[-1], "at a baseline")
    refuse_infinite(question.scores_at_x)
    return torch.stack(maps), torch.stack(scores).to(maps[0])
