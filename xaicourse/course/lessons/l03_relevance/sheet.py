# %% [markdown] tags=["header"]
r"""
# 03 · Exercises on relevance

| | |
|---|---|
| **Core** | tasks 03.1, 03.2, 03.3: 42 minutes |
| **More** | task 03.4: 10 minutes |
| **Extend** | task 03.5: 15 minutes |

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("03.2")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

toy = xc.zoo.toy()  # (N, 2) -> (N,)
at = torch.tensor([[1.0, 3.0]], dtype=torch.float64)
clothes = xc.zoo.load("fashion_cnn", device="cpu")  # (N, 1, 28, 28) -> (N, 10)
boot = xc.datasets.fashion_mnist(n=1).x
BOOT = 9

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
## Task 03.1 · Share out the score by hand

**Goal** G1 · **Level** 1 of 5 · **Minutes** 12

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

The lesson took $(3, 1)$. Now take $x = (1, 3)$, where $f = 10$. Use paper.

1. `hidden`: the relevance of the three hidden units (LRP, epsilon = 0).
2. `inputs`: the relevance of $x_1$ and $x_2$.
3. `absorbed`: what the biases keep, four numbers: those of hidden units 1, 2, 3, then that of the output.
4. `deeplift`: the two contributions of DeepLIFT Rescale from the reference $(0, 0)$.

Fractions such as `3 / 4` are fine.

*Look back:* lesson 03, section 2 (By hand: LRP-epsilon) and section 4 (DeepLIFT: against a reference).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: hidden = None  # three numbers
# STUB: inputs = None  # two numbers
# STUB: absorbed = None  # four numbers
# STUB: deeplift = None  # two numbers
hidden = (0, 3 * 4, -1 * 3)
inputs = (-1 / 4 * 12 + 1 / 3 * -3, 6 / 4 * 12 + 3 / 3 * -3)
absorbed = (0, -1 / 4 * 12, -1 / 3 * -3, 1)
deeplift = (1 * (-12 / 5 - 3 / 4), 3 * (24 / 5 - 3 / 4))
### END SOLUTION

# %% tags=["check"]
xc.check("03.1", (hidden, inputs, absorbed, deeplift))

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The hidden sums are $-2, 4, 3$, so $f = 0 + 12 - 3 + 1$: these parts are `hidden` and the output's bias. Unit 2 has $4 = -1 + 6 - 1$ and hands
$-3$ to $x_1$, $18$ to $x_2$, $-3$ to its bias. Unit 3 has $3 = 1 + 3 - 1$, received $-3$, and hands on $-1$, $-3$ and $+1$. The inputs hold
$(-4, 15)$, sum 11, the biases $-1$: together 10.

DeepLIFT: from $(0, 0)$ the sums were $0, -1, -1$. Quotients: 0, $4/5$, $3/4$. So $m = \frac{12}{5}(-1, 2) - \frac34 (1, 1) = (-3.15, 4.05)$, times $(1, 3)$. The sum 9 is
the rise $10 - 1$.
"""

# %%
part = xc.or_reference("03.1", (hidden, inputs, absorbed, deeplift))
shares = part["inputs"] if isinstance(part, dict) else part[1]
product = at * xc.gradient(toy, at, target=None)  # one score: no target
gap = max(abs(float(a) - b) for a, b in zip(shares, product[0].tolist(), strict=True))
xc.show("the shares of the inputs are gradient x input", gap < 0.01)
trace = xc.widgets.trace_relevance(toy, at)

trace.bars(
    title="TOY net at (1, 3)",
    alt="Three blue bars: the score, what is left after the output layer, the sum of "
    "the map. Between them orange bars for what the biases kept.",
)

# %% [markdown]
r"""
## Task 03.2 · Write LRP-epsilon yourself

**Goal** G2 · **Level** 2 of 5 · **Minutes** 15

For nets of dense layers with a relu between two layers (none at the end), and a batch.

$$R_i = \sum_j \frac{x_i w_{ij}}{z_j + \epsilon\, \mathrm{sign}(z_j)}\, R_j, \qquad z_j = \sum_i x_i w_{ij} + b_j, \qquad \mathrm{sign}(0) = 1$$

| argument | meaning |
|---|---|
| `weights` | list of matrices, each (out, in) |
| `biases` | list of vectors, each (out,) |
| `x` | inputs, (N, D) |
| `target` | the class of each input, a tensor (N,) |
| `epsilon` | a number |
| **returns** | the relevance of the inputs, (N, D) |

Start with the score of the target at the target's output, and 0 at all others.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 03, section 2 (By hand: LRP-epsilon).
"""


# %% tags=["task"]
def lrp_epsilon(weights, biases, x, target, epsilon):
    """Return the relevance of each input, (N, D)."""
    ### BEGIN SOLUTION
    # STUB: inputs = [x]  # of each layer: run forward first
    # STUB: ...
    # STUB: R = ...  # the score at the target's output
    # STUB: for W, b, a in reversed(list(zip(weights, biases, inputs))):
    # STUB:     ...
    # STUB: return R
    inputs = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        inputs.append((inputs[-1] @ W.T + b).relu())
    logits = inputs[-1] @ weights[-1].T + biases[-1]
    places = torch.arange(len(x))
    R = torch.zeros_like(logits)
    R[places, target] = logits[places, target]
    for W, b, a in reversed(list(zip(weights, biases, inputs, strict=True))):
        z = a @ W.T + b
        s = R / (z + epsilon * torch.where(z >= 0, 1.0, -1.0))
        R = a * (s @ W)
    return R
    ### END SOLUTION


# %% tags=["check"]
xc.check("03.2", lrp_epsilon)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** `s @ W` adds up $w_{ij} s_j$ over the outputs $j$, which is what the formula asks for; the multiplication by `a` comes last. The bias stands in $z$ only: its
own share is computed by nobody, so it stays there. `torch.sign(0)` is 0, and 0 / 0 is not a number, hence `torch.where`.
"""

# %%
lrp = xc.or_reference("03.2", lrp_epsilon)
weights = [toy.hidden.weight, toy.output.weight]
biases = [toy.hidden.bias, toy.output.bias]
for epsilon in (1e-9, 0.1, 1.0, 10.0):
    left = lrp(weights, biases, at, torch.tensor([0]), epsilon).sum()
    xc.show(f"epsilon {epsilon:g}: sum of the map, of 10", float(left))

# %% [markdown]
r"""
## Task 03.3 · Write DeepLIFT Rescale yourself

**Goal** G3 · **Level** 3 of 5 · **Minutes** 15

The same nets. A relu with the sum $z$ (for `x`) and $z'$ (for the reference) has the multiplier

$$m = \frac{\mathrm{relu}(z) - \mathrm{relu}(z')}{z - z'}$$

Where $z$ does not change, take the slope of the relu at $z$: 1 if $z > 0$, else 0. Chain the multipliers as a gradient is chained. Start with 1 at the target.

| argument | meaning |
|---|---|
| `weights`, `biases`, `x` | as for 03.2 |
| `baseline` | the references, (N, D) |
| `target` | as for 03.2 |
| **returns** | $(x - x') \cdot m$, (N, D) |

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 03, section 4 (DeepLIFT: against a reference).
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
**The reasoning.** `weights[-1][target]` picks one row for each input. The last layer has no relu, so it has no quotient. Biases stand in $z$ and in $z'$, and drop out of
the difference; still both sums need them, because relu bends at 0. A unit whose sum does not change gives 0 / 0: there the quotient becomes the slope.
"""

# %%
lift = xc.or_reference("03.3", rescale)
found = lift(weights, biases, at, 0 * at, torch.tensor([0]))
path = xc.integrated_gradients(toy, at, target=None, baseline=0.0, steps=400)
one_layer = (found - path).norm() / path.norm() < 1e-2
xc.show("one hidden layer: Rescale equals Integrated Gradients", bool(one_layer))

# %% [markdown]
r"""
## Task 03.4 · How alike are the maps of different classes?

**Goal** G4 · **Level** 2 of 5 · **Minutes** 10

Write `likeness(maps)`. `maps` has shape (K, ...): the maps of one input for K classes. Return the mean of $|\cos|$ over all pairs of two different maps. A map and its negative
count as alike.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 03, section 7 (Ten classes of one boot).
"""


# %% tags=["task"]
def likeness(maps):
    """Return the mean |cosine| over all pairs of different maps."""
    ### BEGIN SOLUTION
    rows = maps.flatten(1)
    rows = rows / rows.norm(dim=1, keepdim=True)
    table, K = (rows @ rows.T).abs(), len(maps)
    return (table.sum() - table.trace()) / (K * (K - 1))
    ### END SOLUTION


# %% tags=["check"]
xc.check("03.4", likeness)

# %% [markdown] tags=["answer"]
# Which rule would you not show to anybody, and why?
#
# ### BEGIN SOLUTION
# z_plus: its maps for ten classes are almost one map, so it explains none of them.
# ### END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Size before mean: two opposite maps have the cosine $-1$ and show the same picture. The diagonal compares each map with itself; leave it out. z+ has 0.97 here, epsilon 0.28.
"""

# %%
alike = xc.or_reference("03.4", likeness)
ten = boot.expand(10, -1, -1, -1)
for rule in ("epsilon", "z_plus"):
    found = xc.lrp(clothes, ten, target=torch.arange(10), rules=rule)
    xc.show(f"{rule}: likeness of ten classes", float(alike(found)))

# %% [markdown] tags=["deeper"]
r"""
## Task 03.5 · Build twins

**Goal** G3 · **Level** 4 of 5 · **Minutes** 15

Build two nets that compute **the same function** for all inputs from $-10$ to 10, and an input `x` of shape (1, D) for which DeepLIFT (Rescale, reference 0) gives them different maps: the
length of the difference is at least a tenth of the longer map's length.

A net is a list of at most six layers `[(W, b), ...]`, with `W` of shape (out, in), and a relu between two layers. The last layer has one output.

Hand in `(first, second, x)`. The pair of the lesson passes, but find one of your own.

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
## Where you are now

| you can | task |
|---|---|
| share out a score and keep the account of the biases | 03.1 |
| write LRP-epsilon | 03.2 |
| write DeepLIFT Rescale, and say when it equals Integrated Gradients | 03.3, 03.5 |
| test whether a map that adds up sees the class | 03.4 |

Next: lesson 05 asks only for the function, not for how it is written.
"""
