"""Ensembles of decision trees as a torch module, read from scikit-learn."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

__all__ = ["Tree", "TreeEnsemble"]


class Tree(NamedTuple):
    """A decision tree of M nodes, the root first.

    Parameters
    ----------
    feature, threshold : sequence of numbers (M,)
        At node k a row with x[feature] <= threshold goes left.
    left, right : sequence of int (M,)
        The nodes to the left and right. A leaf is its own left and right.
    value : sequence of numbers (M, K)
        What a leaf adds to the K outputs.

    Examples
    --------
    >>> import xaicourse as xc
    >>> stump = xc.Tree([0, 0, 0], [0.5, 0, 0], [1, 1, 2], [2, 1, 2], [[0], [0], [3]])
    """

    feature: ArrayLike
    threshold: ArrayLike
    left: ArrayLike
    right: ArrayLike
    value: ArrayLike


class TreeEnsemble(nn.Module):
    """The sum of decision trees: (N, d) -> (N, K), a step function without a gradient.

    Parameters
    ----------
    trees : list of Tree, or a fitted estimator of scikit-learn
        A decision tree, random forest, extra trees (outputs: class probabilities, or the mean), or
        gradient boosting (outputs: raw scores, one column for two classes).
    features : int, optional
        d; an estimator knows it.
    bias : sequence of float, optional
        What is added to the sum, (K,).

    Raises
    ------
    ValueError, TypeError
        If there is no tree, or the estimator is none that is a sum of trees with one target.

    Notes
    -----
    In float64, as scikit-learn's thresholds are. Its estimators look at x rounded to float32, so
    give ``x.float().double()``.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> stump = xc.Tree([0, 0, 0], [0.5, 0, 0], [1, 1, 2], [2, 1, 2], [[0], [0], [3]])
    >>> xc.TreeEnsemble([stump], features=1)(torch.tensor([[0.4], [0.6]]).double())
    tensor([[0.],
            [3.]], dtype=torch.float64)
    """

    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    value: Tensor
    bias: Tensor

    def __init__(
        self, trees: Any, features: int | None = None, bias: Sequence[float] = (0.0,)
    ) -> None:
        super().__init__()
        if hasattr(trees, "n_features_in_") or not isinstance(trees, Sequence):
            trees, features, bias = _read(trees)
        if not trees or features is None:
            raise ValueError("trees must hold at least one Tree, with features=, the length of x")
        self.features = features
        size = max(len(np.asarray(t.feature)) for t in trees)
        for name in ("feature", "left", "right"):
            columns = [_filled(getattr(t, name), size, np.int64) for t in trees]
            self.register_buffer(name, torch.from_numpy(np.stack(columns)))  # (T, M)
        for name in ("threshold", "value"):
            columns = [_filled(getattr(t, name), size, np.float64) for t in trees]
            self.register_buffer(name, torch.from_numpy(np.stack(columns)))
        self.register_buffer("bias", torch.tensor(bias, dtype=torch.float64))
        self.depth = max(map(_depth, trees))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, K)."""
        if x.dim() != 2 or x.shape[1] != self.features or x.dtype != self.threshold.dtype:
            raise ValueError(
                f"these trees take (N, {self.features}) in {self.threshold.dtype}, got "
                f"{tuple(x.shape)} in {x.dtype}; give x.float().double(), or trees.to(x.dtype)"
            )
        tree = torch.arange(len(self.feature), device=x.device)  # (T,)
        node = torch.zeros(len(x), len(tree), dtype=torch.long, device=x.device)  # (N, T)
        for _ in range(self.depth):
            left = x.gather(1, self.feature[tree, node]) <= self.threshold[tree, node]
            node = torch.where(left, self.left[tree, node], self.right[tree, node])
        return self.value[tree, node].sum(1) + self.bias

    def thresholds(self) -> list[tuple[int, float]]:
        """Return where the outputs may jump: pairs (feature, threshold), each once."""
        inner = self.left != torch.arange(self.left.shape[1], device=self.left.device)
        pairs = zip(self.feature[inner].tolist(), self.threshold[inner].tolist(), strict=True)
        return sorted(set(pairs))


def _filled(numbers: ArrayLike, size: int, dtype: Any) -> np.ndarray:
    """Return (M, ...) filled up with zeros to (size, ...)."""
    array = np.asarray(numbers, dtype=dtype)
    return np.concatenate([array, np.zeros((size - len(array), *array.shape[1:]), dtype)])


def _depth(tree: Tree) -> int:
    """Return how many steps it takes to the deepest leaf."""
    left, right = np.asarray(tree.left), np.asarray(tree.right)
    level, depth = {0}, 0
    while any(left[k] != k for k in level):
        level = {int(child) for k in level for child in (left[k], right[k])}
        depth += 1
    return depth


# ---- scikit-learn's estimators -------------------------------------------------------------------


def _read(estimator: Any) -> tuple[list[Tree], int, list[float]]:
    """Return trees, number of features and bias of a fitted estimator."""
    if hasattr(estimator, "tree_"):
        parts, scale = [estimator], 1.0
    elif isinstance(found := getattr(estimator, "estimators_", None), np.ndarray):
        return _boosted(estimator, found)
    elif isinstance(found, list) and all(hasattr(part, "tree_") for part in found):
        parts, scale = found, 1 / len(found)
    else:
        raise TypeError(
            "trees must be a list of Tree or a fitted decision tree, forest, extra trees or "
            f"gradient boosting of scikit-learn, got {type(estimator).__name__}"
        )
    trees = [_tree(part.tree_, scale) for part in parts]
    return trees, estimator.n_features_in_, [0.0] * np.asarray(trees[0].value).shape[1]


def _tree(tree: Any, scale: float) -> Tree:
    """Return a tree of scikit-learn, its values times `scale`."""
    if tree.n_outputs != 1:
        raise ValueError(f"trees with one target are needed, these have {tree.n_outputs}")
    value = tree.value[:, 0]  # (M, K), of a classifier the shares of its classes
    here = np.arange(tree.node_count)
    leaf = tree.children_left < 0
    left, right = (np.where(leaf, here, c) for c in (tree.children_left, tree.children_right))
    feature, threshold = (np.where(leaf, 0, t) for t in (tree.feature, tree.threshold))
    return Tree(feature, threshold, left, right, value * scale)


def _boosted(estimator: Any, stages: np.ndarray) -> tuple[list[Tree], int, list[float]]:
    """Return the same of gradient boosting: (stages, K) regression trees beside a constant."""
    if getattr(estimator, "init", None) not in (None, "zero"):
        raise ValueError("gradient boosting with an init estimator of its own is no sum of trees")
    outputs = stages.shape[1]
    trees = []
    for stage in stages:
        for k, part in enumerate(stage):
            one = _tree(part.tree_, estimator.learning_rate)
            value = np.zeros((len(np.asarray(one.value)), outputs))
            value[:, k] = np.asarray(one.value)[:, 0]
            trees.append(one._replace(value=value))
    # the constant is what the estimator says of any row more than its trees do
    row = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    said = getattr(estimator, "decision_function", estimator.predict)(row)
    alone = TreeEnsemble(trees, estimator.n_features_in_, [0.0] * outputs)
    bias = said.reshape(-1) - alone(torch.from_numpy(row).double())[0].numpy()
    return trees, estimator.n_features_in_, bias.tolist()
