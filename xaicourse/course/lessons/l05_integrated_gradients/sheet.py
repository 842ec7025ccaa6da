# %% [markdown] tags=["header"]
r"""
# 05 · Exercises on Integrated Gradients

| | |
|---|---|
| **Core** | tasks 05.1, 05.2, 05.3: 35 minutes |
| **More** | tasks 05.4, 05.5, 05.6: 45 minutes |
| **Extend** | task 05.7: 15 minutes |

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("05.2")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
# The network takes photos (N, 3, 224, 224) and returns logits (N, 1000).
model = xc.zoo.load("efficientnet_lite0", device=device)
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
camera = xc.datasets.photo("camera", device=device)  # (1, 3, 224, 224) in [0, 1]
collage = xc.datasets.collage(device=device)
ESPRESSO, TRIPOD = 967, 872

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
## Task 05.1 · The TOY net on paper

**Goal** G1 · **Level** 1 of 5 · **Minutes** 10

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

Work out the Integrated Gradients of $f$ at $x = (3, 1)$ from the baseline $x' = (0, 0)$. Use paper, not code, and do not look back:
start with the path point $(3\alpha, \alpha)$.

$$\mathrm{IG}_i = (x_i - x'_i) \cdot (\text{average of } \partial f / \partial x_i \text{ on the path})$$

Hand in three numbers: both attributions, and the $\alpha$ at which the path meets the kink. Fractions such as `1 / 3` are fine.

*Look back:* lesson 05, section 2 (The rise is the area under the slope).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: ig_1, ig_2 = None, None  # the attributions of x1 and x2
# STUB: alpha_kink = None  # a number between 0 and 1
alpha_kink = 1 / 4
before, after = (2, -2), (1, -3)  # the gradient on the two pieces
ig_1 = 3 * (alpha_kink * before[0] + (1 - alpha_kink) * after[0])
ig_2 = 1 * (alpha_kink * before[1] + (1 - alpha_kink) * after[1])
### END SOLUTION

# %% tags=["check"]
xc.check("05.1", (ig_1, ig_2), alpha_kink)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** On the path the three sums are $2\alpha$, $-\alpha - 1$ and $4\alpha - 1$. The first relu is on all the way, the second is
never on, the third switches on where $4\alpha - 1 = 0$: at $\alpha = 1/4$. Before it the gradient is $2 \cdot (1, -1) = (2, -2)$, after it
$(2, -2) - (1, 1) = (1, -3)$. The average is $\frac14 (2, -2) + \frac34 (1, -3) = (1.25, -2.75)$; times the distance $(3, 1)$ this is
$(3.75, -2.75)$. The sum 1 is $f(3, 1) - f(0, 0) = 2 - 1$.

Three wrong ways lead to the same $(3, -3)$: gradient x input, one step, and not seeing the kink. That is why the kink is asked as well.
"""

# %%
shares, kink = xc.or_reference("05.1", ((ig_1, ig_2), alpha_kink))
middles = torch.tensor([kink / 2, (1 + kink) / 2], dtype=torch.float64)
points = middles[:, None] * x_toy
# target=None: the TOY net has one score only, so there is no class to choose.
slopes = (xc.gradient(toy, points, target=None) * x_toy).sum(1)
fine = torch.linspace(0, 1, 101, dtype=torch.float64)

xc.plot.curve(
    middles,
    toy(points),
    slopes,
    torch.tensor([kink, 1 - kink]),
    line=(fine, toy(fine[:, None] * x_toy)),
    score_name="f of the TOY net",
    tangent=0.4,  # short tangents, so that f stays visible
    alt="The TOY net's f along the path, cut into two pieces at the kink, and one "
    "bar for each piece whose height is the slope there.",
)

# %% [markdown]
r"""
## Task 05.2 · Write Integrated Gradients yourself

**Goal** G2 · **Level** 2 of 5 · **Minutes** 15

The lesson's loop explains one input of a function with one output. Now write it for a real classifier and a batch.

$$\mathrm{IG}_i(x) = (x_i - x'_i) \int_0^1 \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha$$

| argument | meaning |
|---|---|
| `model` | maps a batch (N, ...) to scores (N, K), one for each class |
| `x` | inputs, (N, ...): vectors (N, D) or images (N, C, H, W) |
| `target` | the class: one int for all inputs, or a tensor (N,) with one int for each |
| `baseline` | $x'$, same shape as `x` |
| `steps` | the number of steps on the path |
| **returns** | the map, same shape as `x`, with signs |

$F$ is the score of the target class. Any rule for the sum is fine: left, right, middle, trapezoid.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 05, section 3 (The definition).
"""


# %% tags=["task"]
def my_ig(model, x, target, baseline, steps):
    """Return the Integrated Gradients of the target's score, with the shape of x."""
    ### BEGIN SOLUTION
    # STUB: total = torch.zeros_like(x)
    # STUB: for step in range(steps):
    # STUB:     ...  # a point on the path, the gradient there, add it to the total
    # STUB: return ...
    inputs = torch.arange(len(x), device=x.device)
    total = torch.zeros_like(x)
    for step in range(steps):
        alpha = (step + 0.5) / steps
        point = (baseline + alpha * (x - baseline)).detach().requires_grad_()
        chosen = model(point)[inputs, target]  # (N,), one score for each input
        total += torch.autograd.grad(chosen.sum(), point)[0]
    return (x - baseline) * total / steps
    ### END SOLUTION


# %% tags=["check"]
xc.check("05.2", my_ig)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- `.detach().requires_grad_()`: the gradient belongs to the *point on the path*. A gradient with respect to `x` has a factor
  $\alpha$ too much, by the chain rule; on a linear model that is exactly half.
- `[inputs, target]` picks one score for each input. `[:, target]` with a tensor of targets would pick all of them for each.
- `chosen.sum()`: the inputs of a batch do not influence each other, so the gradient of the sum holds each one's own gradient.
  `mean()` would divide by N.
- `torch.autograd.grad` returns the gradient. `.backward()` would *add* it to `.grad`, step after step.
- `(x - baseline)` and not `x`: both agree only for a baseline of 0. Test with another one.
"""

# %%
ig = xc.or_reference("05.2", my_ig)
espresso = ig(model, collage, ESPRESSO, torch.zeros_like(collage), 32)
left, right = xc.datasets.collage_masks(device=device)
for name, half in {"cat half": left, "coffee half": right}.items():
    xc.show(f"{name} speaks for espresso", bool(espresso[..., half].sum() > 0))
ends = torch.cat([torch.zeros_like(collage), collage])
start, end = xc.scores(model, ends, target=ESPRESSO).tolist()
percent = 100 * (float(espresso.sum()) - (end - start)) / (end - start)

xc.plot.maps(
    {f"espresso, 32 steps\ngap {percent:.0f} % of the rise": espresso},
    photo=collage,
    tile=8,
    alt="The collage of cat and coffee beside the map of the logit of espresso. Red "
    "pixels raise the logit, blue ones lower it.",
)

# %% [markdown]
r"""
## Task 05.3 · Choose the number of steps by evidence

**Goal** G3 · **Level** 2 of 5 · **Minutes** 10

The gap is the sum of the map minus the rise $F(x) - F(x')$. It can be small by luck. So we accept a number of steps only if the gap is
small there **and at every larger number that was tried**.

Write `steps_needed(gaps, rise, limit)`:

| argument | meaning |
|---|---|
| `gaps` | a dictionary: number of steps n -> gap, **with its sign**; n grows |
| `rise` | $F(x) - F(x')$; it may be negative |
| `limit` | a share of the rise, such as 0.05 for five percent |
| **returns** | the smallest tried n with \|gap\| <= limit · \|rise\| there and at every larger tried n; `None` if there is no such n, or if \|rise\| < 1e-6 |

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 05, section 5 (How many steps?).
"""


# %% tags=["task"]
def steps_needed(gaps, rise, limit):
    """Return the smallest number of steps from which on all gaps are small, or None."""
    ### BEGIN SOLUTION
    if abs(rise) < 1e-6:
        return None
    needed = None
    for n in sorted(gaps, reverse=True):  # from the most steps down
        if abs(gaps[n]) > limit * abs(rise):
            break
        needed = n
    return needed
    ### END SOLUTION


# %% tags=["check"]
xc.check("05.3", steps_needed)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Walk from the most steps downwards and stop at the first gap that is too large: what was good before it is the answer.
Both absolute values matter: a negative gap is not small, and with a negative rise `limit * rise` would be negative. A share of a rise of
(almost) 0 has no meaning, hence the first line.

Walking upwards and stopping at the first small gap finds the lucky ones.
"""

# %%
ig = xc.or_reference("05.2", my_ig)
needed = xc.or_reference("05.3", steps_needed)
gaps = {}
for n in range(2, 41):
    share = ig(lambda p: toy(p)[:, None], x_toy, 0, torch.zeros_like(x_toy), n)
    gaps[n] = float(share.sum()) - 1.0  # the TOY net's rise is 1
print("TOY net, limit 0.06: use", needed(gaps, 1.0, 0.06), "steps")

xc.plot.series(
    torch.tensor(list(gaps), dtype=torch.float64),
    {"gap": torch.tensor(list(gaps.values()), dtype=torch.float64)},
    levels={"limit": 0.06, " ": -0.06},
    x_name="n, number of steps",
    y_name="gap on the TOY net",
    alt="The gap on the TOY net, with its sign, for n = 2 to 40 steps, and two "
    "lines at plus and minus the limit.",
)

# %% [markdown] tags=["deeper"]
r"""
## Task 05.4 · Convict three wrong functions

**Goal** G2 · **Level** 3 of 5 · **Minutes** 15

The next cell prints three functions that claim to compute Integrated Gradients. Each contains **one** mistake. Find an input for each
that proves it: an input on which the result is wrong by at least 5 percent, while a right function with as many steps is at least four times
nearer to the truth.

Hand in a dictionary with the keys `"a"`, `"b"`, `"c"`. Each value is `(f, x, baseline, steps)`:

| part | meaning |
|---|---|
| `f` | a function of a batch: (N, D) -> (N,), made of torch operations |
| `x`, `baseline` | lists of N inputs with D numbers each, or tensors (N, D) |
| `steps` | a whole number, at most 2000 |

*Look back:* lesson 05, section 3 (The definition), and part A of "Go deeper".
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

# %% [markdown] tags=["deeper"]
r"""
## Task 05.6 · Break it: a 0 that matters

**Goal** G5 · **Level** 3 of 5 · **Minutes** 15

Find a case in which Integrated Gradients gives a feature **exactly 0**, although the feature matters: setting it to another value changes $f$
by more than 0.5.

Hand in `(f, x, baseline, feature, value)`:

| part | meaning |
|---|---|
| `f` | a continuous function (N, D) -> (N,), made of torch operations |
| `x`, `baseline` | one input each: a list `[[...]]` or a tensor (1, D) |
| `feature` | the index of the feature, from 0 |
| `value` | the value to which the feature is set in `x` |

All numbers lie between -10 and 10. The 0 must be a true 0 of the method: one that software makes up (a jump, `detach`, a path exactly on a
kink) does not count.

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
**The reasoning.** The attribution is (distance) x (average slope on the path), so there are two families of answers.

- *Distance 0:* the feature equals its baseline. For $f = x_1 x_2$ at $(2, 3)$ with the baseline $(2, 0)$ feature 0 gets 0, but setting it to 0
  changes $f$ from 6 to 0. This is the black coat.
- *Average slope 0:* in $\min(x_1, x_2)$ at $(3, 2)$ the smaller one is $x_2$ all along the path from $(0, 0)$, so $x_1$ gets 0. Set $x_1$ to 0 and $f$ falls
  from 2 to 0. Slopes that cancel along the path also count.

A 0 in a map says "no contribution on this path from this baseline". It does not say "not used".
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 05.7 · Explain the probability

**Goal** G4 · **Level** 4 of 5 · **Minutes** 15

Write `my_ig_probability(model, x, target, baseline, steps)`: Integrated Gradients of the target's **softmax probability** instead of its score. The
arguments and the result are those of task 05.2. You may call your own `my_ig`.

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
