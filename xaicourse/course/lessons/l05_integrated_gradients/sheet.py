# %% [markdown] tags=["header"]
r"""
# 05 · Exercises on Integrated Gradients

| | |
|---|---|
| **Core** | tasks 05.4, 05.6: 27 minutes |
| **More** | task 05.5: 15 minutes |
| **Extend** | task 05.7: 15 minutes |

Tasks 05.1, 05.2 and 05.3 stand in the lesson. Here you use what you built there: find what is wrong with other people's code, and
with Integrated Gradients itself.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("05.4")` in a new cell: there are three hints for each task. Leave a task open and go on: none needs
another one.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
# The network takes photos (N, 3, 224, 224) and returns logits (N, 1000).
model = xc.zoo.load("efficientnet_lite0", device=device)
camera = xc.datasets.photo("camera", device=device)  # (1, 3, 224, 224) in [0, 1]
TRIPOD = 872

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1 (lesson 01).** At $x = (3, 1)$ the gradient of the TOY net is $(1, -3)$ and $f = 2$. You raise $x_2$ from 1 to 3. The gradient
promises $f = 2 - 3 \cdot 2 = -4$. Can you trust that?

<details><summary>Answer</summary>

No. At $x_2 = 2$ the promise is kept ($f = -1$), at $x_2 = 3$ it is broken ($f = 2$). A gradient holds for small steps only.
</details>

**2 (lesson 00).** Two maps for two classes, each coloured up to its own maximum. In which class does the photo have the
larger effect?

<details><summary>Answer</summary>

You cannot know. Each scale was stretched on its own. Maps that are compared need one common scale.
</details>
"""

# %% [markdown]
r"""
## Task 05.4 · Convict three wrong functions

**Goal** G2 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 5 of 5

The next cell prints three functions that claim to compute Integrated Gradients. Each contains **one** mistake, and each gives the right map on some inputs.

Find an input for each that proves the mistake: an input on which the result is wrong by at least 5 percent, while a right function
with as many steps is at least four times nearer to the truth.

Hand in a dictionary with the keys `"a"`, `"b"`, `"c"`. Each value is `(f, x, baseline, steps)`:

| part | meaning |
|---|---|
| `f` | a function of a batch: (N, D) -> (N,) or (N, 1), made of torch operations |
| `x`, `baseline` | lists of N inputs with D numbers each, or tensors (N, D); one input may stand alone, and one baseline for all |
| `steps` | a whole number, at most 2000 |

*Look back:* lesson 05, section 3 (The definition).
"""

# %%
functions = xc.exercise.bugs("05.4")


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: evidence = {"a": None, "b": None, "c": None}  # each: (f, x, baseline, steps)
def linear(p):
    """The slope never changes: shows wrong weights."""
    return 2 * p[:, 0] + p[:, 1]


def curved(p):
    """The slope changes along the path: shows a wrong path."""
    return p[:, 0] * p[:, 0] * p[:, 1]


evidence = {
    "a": (linear, [[1.0, 2.0]], [[0.0, 0.0]], 4),
    "b": (curved, [[1.0, 2.0]], [[1.5, -1.0]], 100),
    "c": (linear, [[1.0, 2.0], [3.0, -1.0]], [[0.0, 0.0], [0.0, 0.0]], 10),
}
### END SOLUTION

# %% tags=["check"]
xc.check("05.4", evidence)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- **a** uses the points $1/n, \ldots, (n-1)/n$: that is $n - 1$ gradients, divided by $n$. The weights sum to $1 - 1/n$. A linear $f$ and few steps
  show it best.
- **b** walks along $x' + \alpha x$ instead of $x' + \alpha (x - x')$. A linear $f$ never shows it (the slope is the same everywhere), a baseline of 0
  never shows it. So: a curved $f$ and another baseline.
- **c** multiplies every input of the batch by the distance of the *last* one. One input never shows it; two inputs with different
  distances do.

A test is a choice of inputs on which the mistake *cannot* hide.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 05.5 · Two baselines, two questions

**Goal** G4 · **Level** 3 of 5 · **Minutes** 15

The man in the camera photo wears a dark coat. How much of the map lies on dark pixels depends on the baseline.

1. Write `coat_share(attribution, photo)`. Both have shape (1, 3, H, W). Return a number from 0 to 1: the share of |attribution| that
   lies in the **darkest fifth** of the photo's pixels. The brightness of a pixel is its mean over the channels.
   You may take |attribution| of each channel, or add the channels of a pixel first, as the lesson does: both are accepted.
2. Find one baseline with a share **below 0.05** and one with a share **above 0.20** (class "tripod"). 16 steps are enough for these shares:
   with 64 they hardly change, although the gap from black does (lesson, section 6).
3. Write down, in a sentence for each, which question this baseline asks: at least four words, and not the same twice.

Hand in `{"coat_share": coat_share, "low": (baseline, share, question), "high": (baseline, share, question)}`. A baseline is a name such as
`"blur"`, or a tensor.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 05, section 6 (Compared with what?).
"""


# %% tags=["task"]
def coat_share(attribution, photo):
    """Return the share of |attribution| in the darkest fifth of the photo's pixels."""
    ### BEGIN SOLUTION
    brightness = photo.mean(dim=1, keepdim=True)  # (1, 1, H, W)
    dark = brightness <= brightness.quantile(0.2)
    size = attribution.abs()
    return float((size * dark).sum() / size.sum())
    ### END SOLUTION


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: ask = {"target": TRIPOD, "steps": 16, "quadrature": "midpoint"}
# STUB: # ig = xc.integrated_gradients(model, camera, **ask, baseline=...)
# STUB: low = None  # (baseline, share, question)
# STUB: high = None
ask = {"target": TRIPOD, "steps": 16, "quadrature": "midpoint"}
from_black = xc.integrated_gradients(model, camera, **ask, baseline="black")
from_white = xc.integrated_gradients(model, camera, **ask, baseline="white")
low = (
    "black",
    coat_share(from_black, camera),
    "Which light pixels make the photo more of a tripod than a black picture is?",
)
high = (
    "white",
    coat_share(from_white, camera),
    "Which dark pixels make the photo more of a tripod than a white picture is?",
)
### END SOLUTION

# %% tags=["check"]
xc.check("05.5", {"coat_share": coat_share, "low": low, "high": high})

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** A pixel that equals its baseline travels no distance and gets exactly 0. The coat is almost black, so a black baseline
cannot see it. From white the coat travels furthest. Absolute values come first: with signs, positive and negative pixels
cancel. The darkest fifth is a fifth *of the pixels*: compare with the 0.2 quantile, not with the brightness 0.2.

Neither number is "the importance of the coat". Each answers its own question.
"""

# %% [markdown]
r"""
## Task 05.6 · Break it: a 0 that matters

**Goal** G5 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

Find a case in which Integrated Gradients gives a feature **exactly 0**, although the feature matters: setting it to another value changes $f$
by more than 0.5.

Hand in `(f, x, baseline, feature, value)`:

| part | meaning |
|---|---|
| `f` | a continuous function (N, D) -> (N,) or (N, 1), made of torch operations |
| `x`, `baseline` | one input each: a list `[[...]]` or `[...]`, or a tensor (1, D) |
| `feature` | the index of the feature, from 0 |
| `value` | the value to which the feature is set in `x` |

All numbers lie between -10 and 10. The 0 must be a true 0 of the method: one that software makes up (a jump, `detach`, a path exactly on a
kink) does not count.

The lesson has shown one such 0: the coat on a black baseline, which travels no distance. Extra: find one where the feature *does* travel.

*Look back:* lesson 05, section 3 (The definition): two factors are multiplied. When is each of them 0?
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x, baseline, feature, value)
def smaller(p):
    """The smaller of two inputs."""
    return torch.minimum(p[:, 0], p[:, 1])


counterexample = (smaller, [[3.0, 2.0]], [[0.0, 0.0]], 0, 0.0)
### END SOLUTION

# %% tags=["check"]
xc.check("05.6", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The attribution is (distance) x (average slope on the path), so there are three families of answers.

- *Distance 0:* the feature equals its baseline. For $f = x_1 x_2$ at $(2, 3)$ with the baseline $(2, 0)$ feature 0 gets 0, but setting it to 0
  changes $f$ from 6 to 0. This is the black coat.
- *No slope on the path at all.* In $\min(x_1, x_2)$ at $(3, 2)$ the smaller one is $x_2$ all along the path from $(0, 0)$, so $x_1$ gets 0. Set $x_1$ to 0
  and $f$ falls from 2 to 0.
- *Slopes that cancel.* $f = (x_1 - 1)^2$ from 0 to 2: the slope is negative first, then positive, and the average is 0. Set $x_1$ to 5 and $f$ rises from 1
  to 16.

A 0 in a map says "no contribution on this path from this baseline". It does not say "not used".
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 05.7 · Explain the probability

**Goal** G4 · **Level** 4 of 5 · **Minutes** 15

Write `my_ig_probability(model, x, target, baseline, steps)`: Integrated Gradients of the target's **softmax probability** instead of its score. The
arguments and the result are those of task 05.2. You may paste your own `my_ig` of
the lesson into the cell and call it.

$$p_t(x) = \frac{e^{F_t(x)}}{\sum_k e^{F_k(x)}}$$

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 05, section 3, and part C of "Go deeper".
"""


# %% tags=["task"]
def my_ig_probability(model, x, target, baseline, steps):
    """Return the Integrated Gradients of the target's probability, shaped as x."""
    ### BEGIN SOLUTION
    inputs = torch.arange(len(x), device=x.device)
    total = torch.zeros_like(x)
    for step in range(steps):
        alpha = (step + 0.5) / steps
        point = (baseline + alpha * (x - baseline)).detach().requires_grad_()
        chosen = model(point).softmax(dim=1)[inputs, target]  # (N,)
        total += torch.autograd.grad(chosen.sum(), point)[0]
    return (x - baseline) * total / steps
    ### END SOLUTION


# %% tags=["check"]
xc.check("05.7", my_ig_probability)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Only one thing changes: *which number* is differentiated. Softmax must stand inside, because a probability also
moves when other classes move. Multiplying the finished map by $p$, or by $p (1 - p)$, forgets the other classes. Shorter, with the earlier
task: `my_ig(lambda p: model(p).softmax(dim=1), x, target, baseline, steps)`.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** A colleague says: "My gap is below one percent, so my explanation is right." What do you answer?

<details><summary>A good answer</summary>

The gap says that the integral was computed well, and even that only for the sum: errors in the map can cancel. Whether the map explains
the model needs controls: a known answer, a ruined network, a random order.
</details>

**2.** A map with a white baseline gives a white shirt the value 0. Is the shirt unimportant?

<details><summary>A good answer</summary>

We cannot tell. The shirt equals the baseline, so it travels no distance and gets 0, whatever the model does with it. Ask another
question: another baseline.
</details>
"""
