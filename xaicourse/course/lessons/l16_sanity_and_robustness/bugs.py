"""Three wrong tools of a sanity check and of an attack. Task 16.5: convict each of them."""

import torch

__all__ = ["bug_a", "bug_b", "bug_c"]


def bug_a(shapes, seed):
    """Draw the weights of all layers anew, one matrix for each shape."""
    weights = []
    for rows, columns in shapes:
        draw = torch.Generator().manual_seed(seed)
        weights.append(torch.randn(rows, columns, generator=draw))
    return weights


def bug_b(maps):
    """Mean cosine with the map of the trained net; maps[k]: k layers were drawn anew."""
    maps = torch.as_tensor(maps, dtype=torch.float64)
    first = maps[0].expand_as(maps)
    return float(torch.cosine_similarity(first, maps, dim=1).mean())


def bug_c(net, stand_in, x, twin):
    """Say whether the twin keeps the class that the net gives to x."""
    return bool(stand_in(x).argmax(1) == stand_in(twin).argmax(1))
