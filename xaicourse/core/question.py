"""The only place that calls the model and autograd.

A `Question` is what is asked of a model: which number, for which rows. It is fixed once (the class
is never chosen again along a path), and it answers in two ways: `scores` (forward passes) and
`gradients` (forward and backward), both in chunks of `batch_size` rows.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor

from xaicourse.core import checks
from xaicourse.core.at_layer import up_to_units
from xaicourse.core.backward_errors import explained_errors
from xaicourse.core.batch_norm_layout import with_safe_batch_norms
from xaicourse.core.chunks import at_least_float32, in_chunks, is_out_of_memory, plain, taken
from xaicourse.core.foreign_hooks import ModuleHooks
from xaicourse.core.inputs import belonging_to, call, check_extras, largest_input
from xaicourse.core.layers import Layer
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.output_parts import escapes, refuse_list_of_rows, tensors_in
from xaicourse.core.recomputation import hides_a_block, refusal
from xaicourse.core.row_guard import check_function, check_rows, is_known, remember, weakly
from xaicourse.core.rules import BackwardRules
from xaicourse.core.scale import check_output, check_scale, notice_squashed, transform
from xaicourse.core.target_checks import (
    as_target,
    check_target,
    has_function,
    joined,
    neurons_in,
    of_rows,
    parts_read,
    predicted,
    runner_up,
    what_is_read,
)
from xaicourse.core.training_mode import (
    TrainingModeError,
    TrainingModeProbe,
    refuse_training_modules,
)

__all__ = ["Model", "Question"]

Model = Callable[..., Any]


class Question:
    """Which number of which model is explained, for each row of x. Made by `ask`."""

    def __init__(
        self,
        model: Model,
        x: Tensor,
        target: Any,
        output: Any,
        batch_size: int | None,
        differentiable: bool = False,
        rules: BackwardRules | None = None,
    ) -> None:
        checks.check_input(x)
        checks.check_model(model)
        check_scale(output)
        self.module_hooks = ModuleHooks(refuse_training_modules(model))
        if rules is not None:
            self.module_hooks.notice(rules.method)
            rules.check_model(model)
        self.rules = rules
        self.model = model
        self.model_dtype = self.precision = x.dtype  # what is computed in may be less: autocast
        # (N, ...), at least float32; without x's own graph unless the map is to be differentiated
        self.x = plain(x) if differentiable else plain(x).detach()
        self.rows = torch.arange(len(x), device=x.device)
        self.output = output
        self.batch_size = checks.default_batch_size(largest_input(model, x), batch_size)
        self.gradient_calls = 0
        self._called = self._own_statistics = False  # the latter: met a batch norm by the batch
        self._hooks_unknown = True  # whether the model sets hooks on its tensors
        self._audited: Any = None  # x's autograd node and those of the outputs, under rules
        check_extras(model, len(x))
        self.target: Any = None if target is None else as_target(target, len(x))
        if neurons_in(self.target):
            self.model = up_to_units(model, self.target, x, output)
        self._rival: Any = None
        self._scores_at_x: Tensor | None = None
        if self.target is None or output == "margin":
            self._settle()

    # -- the two ways to answer --

    def scores(self, points: Callable[[Tensor], Tensor] | Tensor, rows: Tensor) -> Tensor:
        """Return F at points (P, ...) that belong to the original rows `rows` (P,): (P,) floats.

        `points` may be a function from positions 0..P-1 to points: not all need be in memory.
        """
        found: list[Tensor] = []

        def run(start: int, stop: int) -> None:
            with torch.no_grad():
                chunk = taken(points, start, stop, rows)
                found.append(self._score(chunk, rows[start:stop]))

        with torch.inference_mode(False):
            in_chunks(run, len(rows), self.batch_size)
        return torch.cat(found)

    def gradients(
        self,
        points: Callable[[Tensor], Tensor] | Tensor,
        rows: Tensor,
        receive: Callable[[slice, Tensor, Tensor, Tensor], None],
        differentiable: bool = False,
        layer: Layer | None = None,
    ) -> None:
        """Differentiate F at points (P, ...) and hand each chunk to `receive`.

        `receive` is called as ``receive(slice, points, grads, scores)``. With `layer` F is
        differentiated with respect to that layer's output, which is handed on in place of points.
        The rows of a chunk do not depend on each other, so the gradient of their summed scores
        holds the gradient of each.
        """
        self.module_hooks.notice()
        source = "x" if layer is None else f"x through layer {layer.name!r}"
        capture: Any = nullcontext if layer is None else partial(layer.capture, differentiable)

        def run(start: int, stop: int) -> None:
            with torch.enable_grad(), capture() as seen:
                chunk = taken(points, start, stop, rows)
                if layer is None and not (differentiable and chunk.requires_grad):
                    chunk = chunk.detach().requires_grad_(True)
                score = with_safe_batch_norms(self._score(chunk, rows[start:stop]))
                if seen is not None:
                    chunk = seen.output
                if not score.requires_grad or not chunk.requires_grad:
                    raise self._not_connected(source, taken(points, start, stop, rows))
                with explained_errors(), belonging_to(rows[start:stop]):
                    (grad,) = torch.autograd.grad(
                        score.sum(), chunk, create_graph=differentiable, allow_unused=True
                    )
            if grad is None:
                if hides_a_block(score):
                    raise refusal()
                raise ValueError(
                    f"model's output does not depend on {source} (its gradient does not exist); "
                    "explain a model that uses it"
                )
            if not differentiable:
                chunk, score = chunk.detach(), score.detach()
            receive(slice(start, stop), chunk, grad, score)
            self.gradient_calls += stop - start

        with torch.inference_mode(False):
            in_chunks(run, len(rows), self.batch_size)

    def activations(self, layer: Layer) -> tuple[Tensor, Tensor]:
        """Return a layer's output at x (N, ...) and F (N,), by forward passes alone."""
        outputs: list[Tensor] = []
        found: list[Tensor] = []

        def run(start: int, stop: int) -> None:
            with torch.no_grad(), layer.capture() as seen:
                score = self._score(self.x[start:stop], self.rows[start:stop])
                outputs.append(seen.output.detach())
                found.append(score)

        with torch.inference_mode(False):
            in_chunks(run, len(self.rows), self.batch_size)
        return torch.cat(outputs), torch.cat(found)

    @property
    def scores_at_x(self) -> Tensor:
        """F at x, (N,)."""
        if self._scores_at_x is None:
            self._scores_at_x = self.scores(self.x, self.rows)
        return self._scores_at_x

    def scores_at(self, start: Tensor) -> Tensor:
        """F at `start` (N, ...), (N,); F at x is asked in the same batch where it is not known."""
        if self._scores_at_x is not None:
            return self.scores(start, self.rows)
        both = self.scores(torch.cat([self.x, start]), self.rows.repeat(2))
        self._scores_at_x, f_start = both.chunk(2)
        return f_start

    # -- inside --

    def _not_connected(self, source: str, points: Tensor) -> ValueError:
        """Return the error for an output that no graph joins to what it is differentiated by."""
        n = len(points)
        score = self._score(points.detach().requires_grad_(True), self.rows.repeat(n)[:n])
        if hides_a_block(score):
            return refusal()
        return ValueError(
            f"model's output is not connected to {source} by a graph: it is detached, comes from "
            "NumPy, or does not depend on it; every step to the output must be a differentiable "
            "torch operation, without detach(), numpy(), item() and no_grad()"
        )

    def _score(self, points: Tensor, rows: Tensor) -> Tensor:
        """Call the model on points (P, ...) and pick the number that is explained: (P,)."""
        outputs = self._outputs(points, rows)
        if not self._called:
            check_target(self.target, self._scaled(outputs))
            self._called = True
            self._check_first(points, rows, outputs)
        score = self.read(outputs, rows)
        if self._audited is not None:
            self._check_seen(score, outputs)
        return score

    def read(self, outputs: Any, rows: Tensor) -> Tensor:
        """Return the number that is explained, (P,), from what the model says of rows (P,)."""
        scaled = self._scaled(outputs)
        score = self.target.pick(scaled, rows)
        if self._rival is not None:
            score = score - self._rival.pick(scaled, rows)
        if score.shape != rows.shape:
            raise ValueError(
                f"target and output must give one number a row, shape {tuple(rows.shape)}, but "
                f"they give {tuple(score.shape)}"
            )
        return at_least_float32(score)

    def _outputs(self, points: Tensor, rows: Tensor) -> Any:
        # a copy: a model that works in place must not change the caller's x, nor a leaf
        inputs = points.to(self.model_dtype, copy=True)
        self._audited = None
        start = None  # the autograd node of x, taken before the model can work in place on it
        if self.rules is not None and inputs.requires_grad:
            start = torch.autograd.graph.get_gradient_edge(inputs).node
        outputs = self._watched(inputs, rows)
        if isinstance(outputs, Tensor) and (outputs.dim() == 0 or outputs.shape[0] != len(points)):
            raise ValueError(
                f"model returns shape {tuple(outputs.shape)} for inputs of shape "
                f"{tuple(points.shape)}: one output for each of the {len(points)} row(s) is "
                "needed (for a single example pass x[None]; another tensor with an entry for each "
                "row goes with its rows by xaicourse.bind(model, name=tensor))"
            )
        if start is not None:
            self._audit(outputs, start)
        if self._starts_at_outputs and not self._called:  # added up for each row, then
            refuse_list_of_rows(
                outputs, len(inputs), lambda k: call(self.model, inputs[[0] * k], rows[[0] * k])
            )
        return outputs

    def _run(self, inputs: Tensor, rows: Tensor) -> Any:
        """Call the model; where a gradient will follow, under the question's backward rules."""
        if self.rules is None or not torch.is_grad_enabled():
            return call(self.model, inputs, rows)
        return self.rules.run(lambda points, rows: call(self.model, points, rows), inputs, rows)

    def _audit(self, outputs: Any, start: Any) -> None:
        """Check that no operation between x, whose autograd node is `start`, escaped the rules."""
        ends = [leaf for leaf in tensors_in(outputs) if leaf.requires_grad]
        self._audited = (start, {leaf.grad_fn for leaf in ends})
        for leaf in ends:
            if self.rules is not None:
                with explained_errors(UnsupportedOperationError):
                    self.rules.audit(leaf, start)

    def _check_seen(self, score: Tensor, outputs: Any) -> None:
        """Refuse a score that was read from outputs which the audit did not find."""
        start, ends = self._audited
        if score.requires_grad and escapes(score, start, ends):
            raise UnsupportedOperationError(
                f"the model returns {type(outputs).__name__}, in which its outputs cannot be "
                "found, so that the operations before them cannot be checked; let it return a "
                "tensor, a dict, a tuple or a dataclass of tensors"
            )

    def _watched(self, inputs: Tensor, rows: Tensor) -> Any:
        """Call the model; the first time of all and the first time with a gradient, look on."""
        if not self._called:
            outputs = self._first(inputs, rows)
        elif self._hooks_unknown and torch.is_grad_enabled():
            probe = TrainingModeProbe(inputs.dim())
            outputs = self._look_on(probe, inputs, rows)
            self._hooks_unknown = probe.hooks_set > 0  # then at each call
        else:
            outputs = self._run(inputs, rows)
        return outputs

    def _look_on(self, probe: TrainingModeProbe, inputs: Tensor, rows: Tensor) -> Any:
        """Call the model while `probe` sees its calls, and none of those that the rules make."""
        if self.rules is None or not torch.is_grad_enabled():
            with probe:
                return self._run(inputs, rows)

        def watched(points: Tensor, rows: Tensor) -> Any:
            with probe:
                return call(self.model, points, rows)

        return self.rules.run(watched, inputs, rows)

    def _first(self, inputs: Tensor, rows: Tensor) -> Any:
        """Call the model for the first time: watched, and with its error explained."""
        try:
            probe = TrainingModeProbe(inputs.dim())
            outputs = self._look_on(probe, inputs, rows)
            self._hooks_unknown = not torch.is_grad_enabled() or probe.hooks_set > 0
            if probe.low_precision:
                self.precision = torch.bfloat16
        except Exception as error:
            known = isinstance(error, TrainingModeError | UnsupportedOperationError)
            if known or is_out_of_memory(error):
                raise
            raise ValueError(
                f"model {checks.describe(self.model)} failed on x of shape "
                f"{tuple(self.x.shape)}, dtype {inputs.dtype}, on {inputs.device} (called with "
                f"{len(inputs)} point(s) at once): {error}\n"
                f"({checks.what_fits(self.model, inputs, len(self.x))})"
            ) from error
        self._own_statistics = probe.own_statistics
        self._squashed_by = probe.squashed_by(outputs)
        if not callable(self.output) and self.output != "logit":
            for part in parts_read(self.target, outputs):
                check_output(self.output, part, probe.squashed_by(part), part is not outputs)
        return outputs

    @property
    def _starts_at_outputs(self) -> bool:
        return self.rules is not None and self.rules.carries_relevance

    def _check_first(self, points: Tensor, rows: Tensor, outputs: Any) -> None:
        self._check_rows(points, rows, outputs)
        if self.rules is None:  # else a softmax is refused, or was allowed
            notice_squashed(self.output, self._squashed_by)  # as `_first` saw it

    def _check_rows(self, points: Tensor, rows: Tensor, outputs: Any) -> None:
        """Raise if what the model says of a row depends on more than the row (row_guard.py)."""
        with torch.no_grad():
            if callable(self.output) or has_function(self.target):
                check_function(self._pick, outputs, rows)
            read, name = what_is_read(self.target, outputs)
            if read is None:  # no tensor to look at: the score then
                read, name = self._pick, (weakly(self.target), weakly(self.output))
            training = getattr(self.model, "training", None)
            many = len(points) > 1
            form = (points.shape[1:], self.model_dtype, points.device, training, name)
            if is_known(self.model, form, many):
                return

            def ask(points: Tensor, rows: Tensor) -> Tensor:
                return read(call(self.model, points.to(self.model_dtype), rows), rows)

            said = read(outputs, rows)
            if check_rows(ask, points.detach(), rows, said, by_the_batch=self._own_statistics):
                remember(self.model, form, many)

    def _scaled(self, outputs: Any) -> Any:
        return transform(outputs, self.output, partial(parts_read, self.target))

    def _pick(self, outputs: Any, rows: Tensor) -> Any:
        """Return the number that is explained; the scaled outputs while the class is not fixed."""
        scaled = self._scaled(outputs)
        return scaled if self.target is None else self.target.pick(scaled, rows)

    def _settle(self) -> None:
        """Fix, by one forward pass at x, what depends on it: the predicted class, the runner-up."""
        chosen, rivals = list[Any](), list[Any]()
        found: list[Tensor] = []

        def run(start: int, stop: int) -> None:
            rows = self.rows[start:stop]
            with torch.no_grad():
                outputs = self._outputs(self.x[start:stop], rows)
                scaled = self._scaled(outputs)
                here = self.target
                if here is None:
                    here = predicted(outputs, scaled)
                else:
                    here = of_rows(here, slice(start, stop))
                check_target(here, scaled)
                if start == 0:
                    self._check_first(self.x[start:stop], rows, outputs)
                local = torch.arange(stop - start, device=rows.device)
                score = here.pick(scaled, local)
                rival = runner_up(here, outputs) if self.output == "margin" else None
                if rival is not None:
                    score = score - rival.pick(scaled, local)
                score = at_least_float32(score)
            # last, so that a chunk that ran out of memory leaves nothing behind
            chosen.append(here)
            rivals.append(rival)
            found.append(score)

        with torch.inference_mode(False):
            in_chunks(run, len(self.x), self.batch_size)
        if self.target is None:
            self.target = joined(chosen)
        if self.output == "margin":
            self._rival = joined(rivals)
        self._scores_at_x = torch.cat(found)
        self._called = True
