# %% [markdown] tags=["header"]
r"""
# 11 · Exercises: which path?

| | |
|---|---|
| **Core** | tasks 11.4, 11.5, 11.6: 37 minutes |
| **Extend** | task 11.7: 10 minutes |

Tasks 11.1, 11.2 and 11.3 stand in the lesson. Here you use what you built there: on paper, on other people's code, and against the idea of "the" share of an input.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("11.4")` in a new cell: there are three hints for each task. Leave a task open and go on: none needs another one.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from lesson 05

**1.** A map adds up to the rise exactly. What does this say about its shares?

<details><summary>Answer</summary>

Nothing about each of them. The sum is one number; many different maps have it.
</details>

**2.** Why does Integrated Gradients not change when an input is measured in other units?

<details><summary>Answer</summary>

It multiplies distance and slope. In units ten times as large the number is a tenth, and the slope ten times as large.
</details>
"""

# %% [markdown]
r"""
## Task 11.4 · Three ways, on paper

**Goal** G1 · **Level** 2 of 5 · **Minutes** 10 · **Importance** 4 of 5

$f(x_1, x_2) = x_1^2\, x_2$. Its slopes are $2 x_1 x_2$ and $x_1^2$. Use paper, not code. Find what each input collects, a pair of numbers, on

- `x1_first`: from $(0, 0)$ to $(2, 0)$, and on to $(2, 1)$;
- `straight`: from $(0, 0)$ to $(2, 1)$;
- `loop`: from $(0, 0)$ over $(2, 0)$, $(2, 1)$ and $(0, 1)$ back to $(0, 0)$.

Fractions such as `1 / 3` are fine.

*Look back:* lesson 11, section 2 (The sum along a path).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: none = (None, None)
# STUB: answer = {"x1_first": none, "straight": none, "loop": none}
answer = {"x1_first": (0, 4), "straight": (8 / 3, 4 / 3), "loop": (-4, 4)}
### END SOLUTION

# %% tags=["check"]
xc.check("11.4", answer)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** While $x_1$ moves alone along the axis, $x_2 = 0$, so its slope is 0. Then $x_2$ moves where $x_1^2 = 4$. On the straight line the inputs are $2\alpha$ and $\alpha$: the slopes are $4\alpha^2$
both, and the ways 2 and 1. So $2 \int 4 \alpha^2 = 8/3$ and $\int 4\alpha^2 = 4/3$.

The loop goes there with $(0, 4)$ and comes back with $(-4, 0)$: on the way back $x_1$ falls from 2 to 0 at $x_2 = 1$, and the last piece gives nothing. The sum is 0, as it has to be. But the shares are not. Walk a loop before the path begins, and you can add $(-4, 4)$
to *any* map of this function.
"""

# %% [markdown]
r"""
## Task 11.5 · Convict three wrong functions

**Goals** G1, G3, G4 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 5 of 5

The next cell prints three functions. All three are our versions of mistakes in published programs, or of tempting ones:

- **a** claims to be AGI for a score $f$ whose sign is the class: from $x$ (above 0) it walks down until $f$ is below 0, and returns what is collected on the way back to $x$;
- **b** and **c** claim to collect gradients along the points of a path.

Each is right on some inputs. Find an input for each that proves the mistake: the result is wrong by at least 10 percent. (For b and c we cut each piece of your path into 40 steps first, so the quadrature is not to blame.)

Hand in a dictionary with the keys `"a"`, `"b"`, `"c"`: for a `(f, x, step)`, for b and c `(f, points)`.

| part | meaning |
|---|---|
| `f` | a function of a batch: (N, D) -> (N,) or (N, 1), made of torch operations |
| `x` | one input: a list with D numbers, or a tensor (1, D); $f(x)$ is above 0 |
| `step` | how far each input moves in a step; a right function reaches the other class within 100 steps |
| `points` | two to 30 points: a list of lists with D numbers, or a tensor (n, D) |

*Look back:* lesson 11, sections 2 (The sum along a path) and 6 (A start that the network finds).
"""

# %%
functions = xc.exercise.bugs("11.5")


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: # a: (f, x, step); b and c: (f, points)
# STUB: evidence = {"a": None, "b": None, "c": None}
def plane(p):
    """Falls evenly; the other class is many steps away."""
    return p[:, 0] + 2 * p[:, 1] - 1


def curved(p):
    """The slope for x1 depends on x1."""
    return p[:, 0] ** 2


angle = torch.linspace(0, torch.pi / 2, 10)
quarter = torch.stack([angle.cos(), angle.sin()], 1)
evidence = {
    "a": (plane, [1.0, 1.0], 0.1),
    "b": (curved, quarter),
    "c": (curved, [[0.0, 0.0], [2.0, 0.5], [1.0, 1.0]]),
}
### END SOLUTION

# %% tags=["check"]
xc.check("11.5", evidence)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- **a** says `z = x + move`: every step begins at $x$ again, so the point never gets farther than one step, but each move is added. Where one step is enough the mistake has no effect, and no picture that flips at once shows it. Its **gap** would: the sum is not
  the rise from the start to $x$.
- **b** multiplies the mean gradient by the whole way. On a straight path with equal steps both are the same. On a quarter of a circle $x_1^2$ gets $-1.27$ instead of $-1$. A linear $f$ never convicts it. And for $f = x_1 x_2 + x_1$ on the same circle the *sum* is right, and both shares are wrong: a gap of 0 acquits it.
- **c** drops the steps that lead away from the end. What was collected there has to be given back; a path without turns hides it.
"""

# %% [markdown]
r"""
## Task 11.6 · Break it: for or against

**Goals** G1, G5 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

Two ways without a turn, from the baseline to $x$: on one your input moves **first** and all others together after it, on the other it moves **last**. Find a case in which one way says that the input raises the score, and the other that it lowers it: shares of opposite sign, each at least 0.5 in size.

Hand in `(f, x, baseline, feature)`:

| part | meaning |
|---|---|
| `f` | a function (N, D) -> (N,) or (N, 1), made of torch operations |
| `x`, `baseline` | one input each: a list with D numbers, or a tensor (1, D); two inputs or more |
| `feature` | the index of the input, from 0 |

All numbers lie between -10 and 10.

*Look back:* lesson 11, section 1 (Three ways).
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x, baseline, feature)
def turns_round(p):
    """The slope for x2 is 1 at the baseline, and -1 at x."""
    return p[:, 1] * (1 - p[:, 0])


counterexample = (turns_round, [2.0, 1.0], [0.0, 0.0], 1)
### END SOLUTION

# %% tags=["check"]
xc.check("11.6", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** If an input moves first, the others stand at the baseline; if it moves last, they stand at $x$. So its share is what $f$ gains with it, *in that company*. Multiply it by something that changes its sign between baseline and $x$. No gradient is needed: on a piece
where one input moves alone its share is a difference of two scores.

"Does this word speak for the class?" has no answer without "in which company". Lesson 14 (to come) takes the mean over all orders.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 11.7 · No gradient at all

**Goal** G1 · **Level** 2 of 5 · **Minutes** 10

Write `ordered(F, x, baseline, order)`: the exact shares on the path on which one input after the other moves, in a given order.

| argument | meaning |
|---|---|
| `F` | a function: points (P, D) to scores (P,) |
| `x`, `baseline` | (D,) each |
| `order` | a list of indices: `order[0]` moves first |
| **returns** | (D,): what each input gets, at its own index |

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 11, section 4 (A path that knows nothing).
"""


# %% tags=["task"]
def ordered(F, x, baseline, order):
    """Return the share of each input, (D,)."""
    ### BEGIN SOLUTION
    # STUB: points = [baseline.clone()]
    # STUB: ...
    points = [baseline.clone()]
    for k in order:
        point = points[-1].clone()
        point[k] = x[k]
        points.append(point)
    gain = F(torch.stack(points)).detach().diff()
    shares = torch.zeros_like(gain)
    shares[torch.as_tensor(order)] = gain
    return shares
    ### END SOLUTION


# %% tags=["check"]
xc.check("11.7", ordered)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** On a piece where one input moves alone, nobody else can have changed $F$. So the line integral of its slope is a difference of two scores, and the sum telescopes to the rise. No quadrature, no gap. (That is why the random order of the lesson needed many gradients: it approximated these differences.)
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "Our path puts more of the map on the object than Integrated Gradients." What do you ask first?

<details><summary>A good answer</summary>

How large is the gap, and does the same path, with many more gradients, still do so? Then: what do a random order and a net with a new last layer reach?
</details>

**2.** Two colleagues compare paths, one from black with black fill, the other from the mean with mean fill. Their winners differ. Who is right?

<details><summary>A good answer</summary>

Both, about their own question. Start and fill belong together and decide more than the path; name them before you compare.
</details>
"""
