# %% [markdown] tags=["header"]
r"""
# 09 · Exercises on baselines

| | |
|---|---|
| **Core** | tasks 09.4, 09.5: 27 minutes |
| **More** | task 09.6: 10 minutes |
| **Extend** | task 09.7: 15 minutes |

Tasks 09.1, 09.2 and 09.3 stand in the lesson. Here you use what you built there: against other people's code, against Integrated
Gradients itself, on paper, and in a training loss.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("09.4")` in a new cell: there are three hints for each task. Leave a task open and go on: none needs
another one.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1 (lesson 05).** A pixel has exactly the value of its baseline. What does Integrated Gradients give it, and does that mean that it does not matter?

<details><summary>Answer</summary>

Exactly 0: it does not travel. It may matter very much. From another baseline it would get a share.
</details>

**2 (lesson 05).** The map of a photo adds up to the rise exactly. Which question does that answer, and which not?

<details><summary>Answer</summary>

It says that the integral was computed well, at least its sum. It does not say that the start was a good one, nor that the network knows anything.
</details>
"""

# %% [markdown]
r"""
## Task 09.4 · Convict three wrong functions

**Goal** G2 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 5 of 5

The next cell prints three functions that claim to compute Expected Gradients and its standard error, as in task 09.2. Each contains **one**
mistake, and each gives the right result on some inputs.

Find an input for each that proves the mistake: the map or its error must be wrong by at least 5 percent.

Hand in a dictionary with the keys `"a"`, `"b"`, `"c"`. Each value is `(f, x, references, alphas)`:

| part | meaning |
|---|---|
| `f` | a function of a batch: (P, D) -> (P,), made of torch operations |
| `x` | one input, a list `[...]` of D numbers |
| `references` | n references, a list of n lists of D numbers, n from 2 to 50 |
| `alphas` | n places, a list of numbers from 0 to 1 |

All numbers lie between -10 and 10.

*Look back:* lesson 09, section 3 (Not one baseline, but many).
"""

# %%
functions = xc.exercise.bugs("09.4")


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: evidence = {"a": None, "b": None, "c": None}  # each: (f, x, references, alphas)
def linear(p):
    """The slope is the same everywhere: shows a wrong error."""
    return 2 * p[:, 0] + p[:, 1]


def product(p):
    """The slope of one input is the other one: shows a wrong point and wrong means."""
    return p[:, 0] * p[:, 1]


evidence = {
    "a": (product, [2.0, 1.0], [[0.0, 0.0], [1.0, 3.0], [3.0, 0.0]], [0.2, 0.6, 0.9]),
    "b": (product, [2.0, 1.0], [[0.0, 0.0], [1.0, 3.0], [3.0, 0.0]], [0.9, 0.2, 0.6]),
    "c": (linear, [1.0, 1.0], [[0.0, 0.5], [2.0, 3.0], [0.5, 1.5]], [0.5, 0.5, 0.5]),
}
### END SOLUTION

# %% tags=["check"]
xc.check("09.4", evidence)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- **a** multiplies the *mean* way by the *mean* slope. A linear f never shows it (the slope is the same in every draw), nor do equal references. So: different references and a slope that changes with them.
- **b** sorts the places first, so that draw j no longer has its own place. A linear f hides it, and so do places that are sorted already, or references that are all alike.
- **c** takes the error of the *absolute* values. Where all draws of an input have one sign, that is the same. So: references on both sides of x. A linear f will do.

Each mistake keeps the map of the *usual* test right: a linear f, one reference, references on one side.
"""

# %% [markdown]
r"""
## Task 09.5 · Break it: one score, two answers

**Goal** G1 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

"Take a baseline where the score is low, then you are safe." Show that this is not enough. Find two baselines with the **same** score from which Integrated Gradients gives opposite answers:

- from the first, feature 0 gets at least nine tenths of the rise;
- from the second, feature 1 gets at least nine tenths of the rise.

Both rises must be the same (to a hundredth) and at least 1, and from both baselines **both** features must travel at least 0.5. So no zero distance helps you.

Hand in `(f, x, first, second)`:

| part | meaning |
|---|---|
| `f` | a continuous function (P, 2) -> (P,), made of torch operations |
| `x`, `first`, `second` | one input and two baselines, lists of two numbers from -10 to 10 |

*Look back:* lesson 09, section 1, and the break-it task of lesson 05.
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x, first, second)
def smaller(p):
    """The smaller of two inputs: only that one counts on the way."""
    return torch.minimum(p[:, 0], p[:, 1])


counterexample = (smaller, [2.0, 2.0], [-4.0, 0.0], [0.0, -4.0])
### END SOLUTION

# %% tags=["check"]
xc.check("09.5", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The minimum listens to the smaller input only. From $(-4, 0)$ that is the first input all the way, from $(0, -4)$ the second. At both baselines the score is $-4$, at $x$ it is 2: the same rise of 6, once all for one, once all for the other.

So $F(x')$ is a first look, not a licence. The map depends on *where* the score is low, and why.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 09.6 · Noise around x, on paper

**Goal** G3 · **Level** 2 of 5 · **Minutes** 10

Let $f(x) = x_1^2 + 3 x_2 + x_1 x_2$, at $x = (2, 1)$. The baselines are $x' = x + \sigma z$ with $\sigma = 1$: independent normal noise on both inputs. Use the formula of section 4, without code.

Hand in

- `shares`: the map of Expected Gradients for endless draws, two numbers;
- `total`: what a right map must add up to, $f(x)$ minus the mean of $f$ over the baselines;
- `slip`: the map that the sign slip ($x' - x$ instead of $x - x'$) gives, two numbers.

*Look back:* lesson 09, section 4 (Noise around $x$ asks another question).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: shares = None  # (share of x1, share of x2)
# STUB: total = None  # one number
# STUB: slip = None  # (share of x1, share of x2)
shares = (-1.0, 0.0)  # -1 times the integral of alpha times 2
total = -1.0
slip = (1.0, 0.0)
### END SOLUTION

# %% tags=["check"]
xc.check("09.6", {"shares": shares, "total": total, "slip": slip})

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Only second slopes with respect to *one* input count: $\partial^2 f / \partial x_1^2 = 2$ everywhere, $\partial^2 f / \partial x_2^2 = 0$. So $x_1$ gets $-\sigma^2 \int_0^1 2\alpha\, d\alpha = -1$ and $x_2$ gets 0, although its slope is $3 + x_1 = 5$. The product adds nothing: noise on two inputs is independent.

The mean of $f$ over the baselines is $f(x) + 1$, from the square alone. So a right map adds up to $-1$. The slip has $+1$: its picture of |map| is the same, its sum is wrong by 2.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 09.7 · The loss of an attribution prior

**Goal** G5 · **Level** 4 of 5 · **Minutes** 15

Write the loss of section 7 for a batch: the cross-entropy (its mean over the batch) plus `weight` times the penalty. The penalty of an input is the **sum of the squared** Expected Gradients of its **own class's logit** over the places in `where`, with **one draw**: its own reference and its own place. The penalty of the batch is the mean over its inputs.

| argument | meaning |
|---|---|
| `model` | maps (N, D) to logits (N, K) |
| `x`, `labels` | the batch (N, D), and its classes (N,) |
| `references`, `alphas` | (N, D) and (N,): input i has `references[i]` and `alphas[i]` |
| `where` | numbers of the places that are punished, a tensor |
| `weight` | the weight of the penalty |
| **returns** | the loss, one number |

It must be fit for training: one has to be able to differentiate it with respect to the weights of the model. Leave the arguments as they are.

*Look back:* lesson 09, section 7 (Teach the network with its map).
"""


# %% tags=["task"]
def prior_loss(model, x, labels, references, alphas, where, weight):
    """Return cross-entropy plus weight times the mean penalty, one number."""
    ### BEGIN SOLUTION
    way = x - references  # (N, D)
    point = (references + alphas[:, None] * way).detach().requires_grad_()
    chosen = model(point)[torch.arange(len(x)), labels].sum()
    (slope,) = torch.autograd.grad(chosen, point, create_graph=True)
    penalty = (way * slope)[:, where].square().sum(1).mean()
    return torch.nn.functional.cross_entropy(model(x), labels) + weight * penalty
    ### END SOLUTION


# %% tags=["check"]
xc.check("09.7", prior_loss)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** `create_graph=True` keeps the way from the weights to the gradient, so that the penalty itself can be differentiated. Without it the loss has the same value, the optimiser follows the cross-entropy alone, and nobody gets an error message.

The square comes before the sum: shares of opposite sign must not cancel. The cross-entropy is that of `x`, not of the point on the way.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "We use the maximum distance, so that no pixel is missed." What do you answer?

<details><summary>A good answer</summary>

Look at what the network sees there: often the class itself. Then there is hardly a rise to share out. And every pixel travels far, most of them through pictures that nobody has seen.
</details>

**2.** A region map of your network and one of a ruined network have a cosine of 0.5. What do you ask for?

<details><summary>A good answer</summary>

The same regions filled with our own pixels in random places. If that gets 0.5, too, the likeness is one of the regions. And compare the maps with their signs.
</details>
"""
