# %% [markdown] tags=["header"]
r"""
# 03 · Exercises on relevance

| | |
|---|---|
| **Core** | tasks 03.3, 03.5, 03.6: 42 minutes |

Tasks 03.1, 03.2 and 03.4 stand in the lesson. Here you use what you built there: write the second method, and break it.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("03.3")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

toy = xc.zoo.toy()  # (N, 2) -> (N,)
at = torch.tensor([[1.0, 3.0]], dtype=torch.float64)

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1 (lesson 01).** On the TOY net at $(3, 1)$ gradient x input adds up to 0, but $f = 2$. Where is the rest?

<details><summary>Answer</summary>

In the biases. $f$ at $(3, 1)$ is the inputs' part plus the biases' part, $0 + 2$.
</details>

**2 (lesson 02).** You exchange the weights of the last layer for random ones, and the map hardly changes. What does that tell you?

<details><summary>Answer</summary>

That the map hardly depends on what the last layer has learned, so hardly on the class. It cannot explain the class.
</details>
"""

# %% [markdown]
r"""
## Task 03.3 · Write DeepLIFT Rescale yourself

**Goal** G3 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 4 of 5

For the nets of task 03.2: dense layers with a relu between two layers (none at the end), and a batch. A relu with the sum $z$ (for `x`) and $z'$ (for the reference) has the multiplier

$$m = \frac{\mathrm{relu}(z) - \mathrm{relu}(z')}{z - z'}$$

Where $z$ does not change, take the slope of the relu at $z$: 1 if $z > 0$, else 0. Chain the multipliers as a gradient is chained. Start with 1 at the target.

| argument | meaning |
|---|---|
| `weights` | list of matrices, each (out, in) |
| `biases` | list of vectors, each (out,) |
| `x` | inputs, (N, D) |
| `baseline` | the references, (N, D) |
| `target` | the class of each input, a tensor (N,) |
| **returns** | $(x - x') \cdot m$, (N, D) |

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 03, section 2 (Two ways to share).
"""


# %% tags=["task"]
def rescale(weights, biases, x, baseline, target):
    """Return the contribution of each input, (N, D)."""
    ### BEGIN SOLUTION
    # STUB: quotients = []  # of each relu: run forward with x and with the baseline
    # STUB: ...
    # STUB: m = weights[-1][target]  # (N, in of the last layer)
    # STUB: ...
    # STUB: return ...
    quotients, a, a0 = [], x, baseline
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        z, z0 = a @ W.T + b, a0 @ W.T + b
        a, a0 = z.relu(), z0.relu()
        still = (z - z0).abs() < 1e-7
        change = torch.where(still, torch.ones_like(z), z - z0)
        quotients.append(torch.where(still, (z > 0).to(z), (a - a0) / change))
    m = weights[-1][target]
    for W, q in zip(weights[-2::-1], quotients[::-1], strict=True):
        m = (m * q) @ W
    return (x - baseline) * m
    ### END SOLUTION


# %% tags=["check"]
xc.check("03.3", rescale)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** `weights[-1][target]` picks for each input the weights of its target. The last layer has no relu, so it has no quotient. Biases stand in $z$ and in $z'$, and drop out of
the difference; still both sums need them, because relu bends at 0. A unit whose sum does not change gives 0 / 0: there the quotient becomes the slope.
"""

# %%
lift = xc.or_reference("03.3", rescale)
weights = [toy.hidden.weight, toy.output.weight]
biases = [toy.hidden.bias, toy.output.bias]
found = lift(weights, biases, at, 0 * at, torch.tensor([0]))
path = xc.integrated_gradients(toy, at, target=None, baseline=0.0, steps=400)
print("Rescale, (1, 3) from (0, 0):", [round(v, 2) for v in found[0].tolist()])
one_layer = (found - path).norm() / path.norm() < 1e-2
xc.show("one hidden layer: Rescale equals Integrated Gradients", bool(one_layer))

# %% [markdown]
r"""
## Task 03.5 · Break it: build twins

**Goal** G3 · **Level** 4 of 5 · **Minutes** 15 · **Importance** 5 of 5

Build two nets that compute **the same function** for all inputs from $-10$ to 10, and an input for which DeepLIFT (Rescale, reference 0) gives them different maps.

Hand in `(first, second, x)`:

| part | meaning |
|---|---|
| `first`, `second` | a net: a list of one to six layers `[(W, b), ...]`, `W` of shape (out, in), with a relu between two layers; the last layer has one output |
| `x` | one input (1, D), numbers from $-10$ to 10 |

The length of the difference of the two maps has to be at least a tenth of the longer map's length. The function of the lesson's first pair is not accepted: find one of your own. (A change of it will do.)

*Look back:* lesson 03, section 5 (Twins).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: first = None  # [(W, b), (W, b), ...]
# STUB: second = None
# STUB: x = None
first = [
    ([[1.0, 0.0], [0.0, 2.0]], [-2.0, 0.0]),
    ([[1.0, -1.0]], [0.0]),
    ([[3.0]], [0.5]),
]
second = [
    ([[1.0, 0.0], [0.0, 2.0]], [0.0, 0.0]),
    ([[1.0, -1.0]], [-2.0]),
    ([[3.0]], [0.5]),
]
x = [[6.0, 1.0]]
### END SOLUTION

# %% tags=["check"]
xc.check("03.5", (first, second, x))

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The first net is $3\,\mathrm{relu}(\mathrm{relu}(x_1 - 2) - \mathrm{relu}(2 x_2)) + 0.5$. Moving the 2 behind the first relu changes nothing: below $x_1 = 2$ the second relu is
closed anyway. But the quotients change: in the first net the relu of $x_1$ has the quotient $4/6$, in the second one 1. With one hidden layer it cannot be done, because there Rescale equals
Integrated Gradients, which knows only the function.
"""

# %% [markdown]
r"""
## Task 03.6 · Break it: less than nothing arrives

**Goal** G1, G2 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 3 of 5

In two of the lesson's five photos the map added up to a *negative* number, although the score was positive. Build a small net that does this on purpose, with LRP-epsilon ($\epsilon = 10^{-9}$).

Hand in `(net, x)`:

| part | meaning |
|---|---|
| `net` | a list of one to six layers `[(W, b), ...]`, as in task 03.5; weights from $-10$ to 10, **biases from $-1$ to 1** |
| `x` | one input (1, D), numbers from $-10$ to 10 |

The score has to be at least 1, and the map has to add up to **at most $-10$ times the score**.

*Look back:* lesson 03, section 2 (Two ways to share): what does a unit hand on whose parts are $-9$ and 10?
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: net = None  # [(W, b), (W, b), ...]
# STUB: x = None
net = [
    ([[-0.94], [-0.94]], [1.0, 1.0]),  # two units with the sum 0.06
    ([[10.0, 10.0]], [0.0]),
]
x = [[1.0]]
### END SOLUTION

# %% tags=["check"]
xc.check("03.6", (net, x))

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Each unit has the sum $0.06 = -0.94 + 1$ and receives $10 \cdot 0.06 = 0.6$. Its input gets $-0.94 / 0.06$ of it, $-9.4$, and its bias keeps $+10$. Both inputs together hold $-18.8$ of a score of
$1.2$. So a small sum between two large parts of different sign is enough; a network of 60 operations has many. The *sum of the map* is therefore no measure of how good a map is.
"""

# %% [markdown]
r"""
## Where you are now

| you can | task |
|---|---|
| share out a score and keep the account of the biases | 03.1, 03.6 |
| write LRP-epsilon | 03.2 |
| write DeepLIFT Rescale, and say when it equals Integrated Gradients | 03.3, 03.5 |
| test whether a map that adds up sees the class | 03.4 |

Next: lesson 05 asks only for the function, not for how it is written.
"""
