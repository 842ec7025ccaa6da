# %% [markdown] tags=["header"]
r"""
# 10 · Exercises: where on the path?

| | |
|---|---|
| **Core** | tasks 10.4, 10.5, 10.6: 29 minutes |
| **Extend** | task 10.7: 12 minutes |

Tasks 10.1, 10.2 and 10.3 stand in the lesson. Here you use what you built there: on paper, on other people's code, and against one of
the methods itself.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("10.4")` in a new cell: there are three hints for each task. Leave a task open and go on: none needs another one.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from lesson 05

**1.** A map of Integrated Gradients with 16 steps has a gap of 80 percent of the rise. Is the map useless?

<details><summary>Answer</summary>

Not necessarily. The gap is one number in which errors add up. Look at how much the *map* changes with more steps.
</details>

**2.** A pixel equals its baseline. What does Integrated Gradients give it, and why?

<details><summary>Answer</summary>

Exactly 0: the distance $x - x'$ is a factor. It says nothing about whether the model uses the pixel.
</details>
"""

# %% [markdown]
r"""
## Task 10.4 · Stop and weigh, on paper

**Goals** G1, G2 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 3 of 5

The TOY net on its path from $(0, 0)$ to $(3, 1)$. At $\alpha$ its score is $1 + 4\alpha$ up to $\alpha = 1/4$, and 2 from there on. Its slopes are
$(2, -2)$ before $1/4$, and $(1, -3)$ after it.

Use paper, not code. Find

- `stop`: $\alpha^*$ for the share $s = 0.5$ of the rise;
- `left`: Left-IG for this stop, one number for each input;
- `weighted_sum`: what the map with the weight $w(\alpha) = 3\alpha^2$ adds up to.

Fractions such as `1 / 3` are fine; of a decimal number give four digits after the point.

*Look back:* lesson 10, sections 2 (Stop early) and 4 (A weight for each place).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: answer = {"stop": None, "left": (None, None), "weighted_sum": None}
answer = {"stop": 1 / 8, "left": (3 / 4, -1 / 4), "weighted_sum": 1 / 16}
### END SOLUTION

# %% tags=["check"]
xc.check("10.4", answer)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The rise is 1, and half of it is reached where $4\alpha = 1/2$, at $\alpha^* = 1/8$. Up to there the slopes are $(2, -2)$, so Left-IG is
(distance) x (slope) x (part of the path): $3 \cdot 2 / 8$ and $1 \cdot (-2) / 8$. Both add up to $1/2$, the share of the rise.

The weighted map adds up to $\int w F' = \int_0^{1/4} 3\alpha^2 \cdot 4\, d\alpha = 4 \cdot (1/4)^3 = 1/16$. Past the kink the slope of $F$ along the path is 0, and no weight
can change that.
"""

# %% [markdown]
r"""
## Task 10.5 · Convict three wrong functions

**Goals** G1, G3, G5 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 5 of 5

The next cell prints three functions:

- **a** claims to compute Left-IG for 0.9 of the rise;
- **b** claims to compute Integrated Gradients, with its gradients laid where the score changes;
- **c** claims to compute IDGI.

Each is right on some inputs. Find an input for each that proves the mistake: the result is wrong by at least 10 percent, while a right
function with as many steps is at least four times nearer to the truth. The right function takes gradients in the middles of equal steps: for **a** those
before the stop, for **b** all of them, for **c** one in each step. For **a** the first and the last score must differ.

Hand in a dictionary with the keys `"a"`, `"b"`, `"c"`. Each value is `(f, x, baseline, steps)`:

| part | meaning |
|---|---|
| `f` | a function of a batch: (N, D) -> (N,) or (N, 1), made of torch operations |
| `x`, `baseline` | one input each: a list with D numbers, or a tensor (1, D) |
| `steps` | a whole number, at most 500 |

To try one yourself, take it out, `bug = functions["a"]`, and pass tensors (1, D) and an `f` that returns (N,): `bug(f, torch.ones(1, 2), torch.zeros(1, 2), 100)`.

*Look back:* lesson 10, sections 2, 5 and 7.
"""

# %%
functions = xc.exercise.bugs("10.5")


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: evidence = {"a": None, "b": None, "c": None}  # each: (f, x, baseline, steps)
def falls(p):
    """A score that falls on the path."""
    return 3 - p[:, 0] ** 2 - p[:, 1]


def cancels(p):
    """Rises at first; later two inputs work against each other."""
    late = torch.relu(p[:, 0] + p[:, 1] - 1)
    return p[:, 0] + p[:, 1] - late + 3 * (p[:, 0] - p[:, 1]) * late


def starts_flat(p):
    """The gradient is 0 at the baseline."""
    return p[:, 0] ** 2 + p[:, 1] ** 2


evidence = {
    "a": (falls, [1.0, 2.0], [0.0, 0.0], 100),
    "b": (cancels, [1.0, 1.0], [0.0, 0.0], 20),
    "c": (starts_flat, [1.0, 2.0], [0.0, 0.0], 2),
}
### END SOLUTION

# %% tags=["check"]
xc.check("10.5", evidence)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- **a** compares the score with a bar and does not ask in which direction the score goes. If it falls, the first place is above the bar already, and nothing
  is collected. Every rising score hides it.
- **b** lays no gradient where the score does not change. If two inputs work against each other there, the score is flat and both have
  large shares, of opposite sign. No number of steps helps. A score that changes everywhere hides it.
- **c** takes the gradient at the start of each step. With a baseline where the gradient is 0, the whole change of the first step gets lost: the sum is too small.
  Many steps make the first one short and hide it; so does a linear f.

In each case the mistake is one of *places*: which places count, which are looked at, and where in a step.
"""

# %% [markdown]
r"""
## Task 10.6 · Break it: credit without a move

**Goals** G3, G4 · **Level** 2 of 5 · **Minutes** 6 · **Importance** 4 of 5

IDGI is "exact". Find a case in which it gives **more than half of the rise** to an input that does not move: it equals its baseline.

Hand in `(f, x, baseline, feature)`:

| part | meaning |
|---|---|
| `f` | a continuous function (N, D) -> (N,) or (N, 1), made of torch operations |
| `x`, `baseline` | one input each: a list with D numbers, or a tensor (1, D) |
| `feature` | the index of the input, from 0; its numbers in `x` and in the baseline are equal |

All numbers lie between -10 and 10. The rise must be at least 0.5 in size.

*Look back:* lesson 10, section 5 (An exact sum).
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x, baseline, feature)
def steep_in_the_second(p):
    """The second input is the steeper one."""
    return p[:, 0] + 3 * p[:, 1]


counterexample = (steep_in_the_second, [1.0, 0.0], [0.0, 0.0], 1)
### END SOLUTION

# %% tags=["check"]
xc.check("10.6", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The change of $f$ comes from the first input alone: the second stays where it is. But IDGI shares by squared slopes, $1 : 9$, and asks
nobody whether they moved. So the second input gets nine tenths.

The same reason makes the map depend on **units**. Measure an input in units ten times as large: its numbers become a tenth, its slope ten times as large, and its share up
to a hundred times. Integrated Gradients multiplies slope and distance, and the units cancel.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 10.7 · Decision gradients

**Goal** G4 · **Level** 3 of 5 · **Minutes** 12

Write `my_idg(F, points)`: Integrated Decision Gradients along the points of a straight path, with equal steps. The arguments are those of task 10.2.

$$A_i = \frac1n \sum_k d_i\, g_{k,i}\; \big(\textstyle\sum_j d_j\, g_{k,j}\big)$$

$g_k$ is the gradient in the middle of step $k$, and $d$ is the **whole** way, $p_n - p_0$. Return (D,).

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 10, section 6 (What squaring does).
"""


# %% tags=["task"]
def my_idg(F, points):
    """Return Integrated Decision Gradients along the points, (D,)."""
    ### BEGIN SOLUTION
    # STUB: way = ...  # (D,)
    # STUB: slopes = ...  # (n, D)
    # STUB: return ...
    way = points[-1] - points[0]
    middle = ((points[1:] + points[:-1]) / 2).detach().requires_grad_()
    slopes = torch.autograd.grad(F(middle).sum(), middle)[0]
    pulls = way * slopes  # (n, D)
    return (pulls * pulls.sum(1, keepdim=True)).mean(0)
    ### END SOLUTION


# %% tags=["check"]
xc.check("10.7", my_idg)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** $d_i\, g_{k,i}$ is what input $i$ pulls in step $k$; the sum over all inputs is the slope of $F$ along the path, the weight. Both
come from one gradient. Turn the sign of $F$ and both factors turn: the map stays. That is why it cannot say for or against.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "Our method is complete with 5 steps, yours needs 200." What do you answer?

<details><summary>A good answer</summary>

The sum may be exact by construction: random vectors in the place of the gradients would reach it, too. Show how much the map changes from 5 to 200 steps.
</details>

**2.** Integrated Decision Gradients for the class "dog" are red on a cat. Does the cat speak for "dog"?

<details><summary>A good answer</summary>

The map cannot say that. Red means that the pixel moves with the score. If the score of "dog" falls on the path, what makes it fall is red.
</details>
"""
