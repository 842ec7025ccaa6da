# %% [markdown] tags=["header"]
r"""
# 02 · Exercises on DeconvNet and Guided Backprop

| | |
|---|---|
| **Core** | tasks 02.1, 02.2, 02.3: 32 minutes |
| **More** | tasks 02.4, 02.5, 02.6: 32 minutes |

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("02.2")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch
from torch import nn

import xaicourse as xc

device = xc.device()
# The network takes photos (N, 3, 224, 224) and returns logits (N, 1000).
model = xc.zoo.load("efficientnet_lite0", device=device)
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
collage = xc.datasets.collage(device=device)  # cat left, coffee right
EGYPTIAN_CAT = 285

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from lessons 00 and 01

**1.** A ReLU gets $-0.5$. A signal of 7 arrives from above. What does the gradient send on?

<details><summary>Answer</summary>

0. The gate is closed, and a closed gate lets nothing through, however large the signal is.
</details>

**2.** Two absolute maps have a cosine of 0.6, and with shuffled pixels 0.5 is left. What do you conclude?

<details><summary>Answer</summary>

That they have little in common beyond having no signs. The control is almost as large.
</details>
"""

# %% [markdown]
r"""
## Task 02.1 · Two rules on paper, at another point

**Goal** G1 · **Level** 1 of 5 · **Minutes** 8

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

The lesson worked at $(3, 1)$. You work at $x = (1, 3)$, where the gates are off, on, on and the gradient is $(-4, 5)$. Use paper. Hand in three things:

| part | meaning |
|---|---|
| `deconvnet` | the map of DeconvNet, two numbers |
| `guided` | the map of Guided Backprop, two numbers |
| `never_changes` | one method's map of the TOY net is the same at **every** $x$. Which? `"gradient"`, `"deconvnet"` or `"guided_backprop"` |

*Look back:* lesson 02, section 2 (Three rules for one gate).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: deconvnet = (None, None)
# STUB: guided = (None, None)
# STUB: never_changes = None  # the name of a method, in quotes
deconvnet = (2 * 1 + 3 * -1, 2 * -1 + 3 * 2)  # the signals 2 and 3 go on
guided = (3 * -1, 3 * 2)  # only 3 is positive and meets an open gate
never_changes = "deconvnet"
### END SOLUTION

# %% tags=["check"]
xc.check("02.1", deconvnet, guided, never_changes)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The signals 2, 3 and $-1$ arrive. DeconvNet lets 2 and 3 go on: $2 \cdot (1, -1) + 3 \cdot (-1, 2) = (-1, 4)$. That is the lesson's map at $(3, 1)$, too, and it must be: no gate was asked, so $x$ was
never used. With one hidden layer DeconvNet shows the weights and not the input. Guided Backprop lets only 3 go on: $(-3, 6)$.
"""

# %%
_, _, method = xc.or_reference("02.1", (deconvnet, guided, never_changes))
for point in ((1.0, 3.0), (3.0, 1.0), (-2.0, -5.0)):
    x = torch.tensor([point], dtype=torch.float64)
    values = getattr(xc, method)(toy, x, target=None)[0].tolist()  # one score
    print(f"{method} at {point}: {values}")

# %% [markdown]
r"""
## Task 02.2 · Guided Backprop through a list of layers

**Goal** G2 · **Level** 2 of 5 · **Minutes** 14

| argument | meaning |
|---|---|
| `layers` | a list of modules (`nn.Linear`, `nn.Conv2d`, `nn.Flatten`, `nn.ReLU`), called one after the other; they turn `x` into scores (N, K). One `nn.ReLU` may stand in the list twice |
| `x` | inputs, (N, ...): vectors (N, D) or images (N, C, H, W) |
| `target` | (N,), one class for each input |
| **returns** | the map of Guided Backprop, with signs, same shape as `x` |

Any way is right: backwards through the list, an `autograd.Function`, or hooks (if they see every ReLU and are removed at the end). Do not call the package's method.

At a ReLU with input $z$: $g_z = \text{gate} \cdot \mathrm{relu}(g_a)$. Everywhere else: the chain rule.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 02, sections 2 (Three rules for one gate) and 3 (One net, three spellings).
"""


# %% tags=["task"]
def my_guided(layers, x, target):
    """Return the map of Guided Backprop, with the shape of x."""
    ### BEGIN SOLUTION
    # STUB: points = [x]  # the input of every layer, and the scores
    # STUB: ...
    # STUB: signal = ...  # 1 at each input's own class, 0 elsewhere: (N, K)
    # STUB: for layer, point in zip(layers[::-1], points[-2::-1]):
    # STUB:     ...
    # STUB: return signal
    points = [x.detach()]  # the input of every layer, and the scores
    for layer in layers:
        points.append(layer(points[-1]))
    classes = points[-1].shape[1]
    signal = nn.functional.one_hot(target, classes).to(x)  # (N, K)
    for layer, point in zip(layers[::-1], points[-2::-1], strict=True):
        if isinstance(layer, nn.ReLU):
            signal = (point > 0) * signal.clamp(min=0)
        else:
            with torch.enable_grad():
                point = point.detach().requires_grad_()
                (signal,) = torch.autograd.grad(layer(point), point, signal)
    return signal
    ### END SOLUTION


# %% tags=["check"]
xc.check("02.2", my_guided)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- `points` keeps the input of each *use* of a layer, so a ReLU that stands in the list twice has two gates. A note on the module (`module.gate = ...`) would keep the second only.
- `torch.autograd.grad(layer(point), point, signal)` is the chain rule for one layer: it multiplies the signal by the layer's slopes.
- The first signal is 1 at the target. Only *differences of classes* enter there, and the clamps soon make all classes alike.
- The map itself keeps its signs: the last step to the pixels is no ReLU.
"""

# %%
guided_of = xc.or_reference("02.2", my_guided)
generator = torch.Generator().manual_seed(0)
layers = [nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 5)]
for layer in layers:
    for weight in layer.parameters():
        weight.data = torch.randn(weight.shape, generator=generator) / 3
x = torch.randn(5, 8, generator=generator)
net = nn.Sequential(*layers).eval()
ours = guided_of(layers, x, torch.arange(5))
package = xc.guided_backprop(net, x, target=torch.arange(5))
error = (ours - package).norm() / package.norm()
xc.show("the package agrees", bool(error < 1e-4))

# %% [markdown]
r"""
## Task 02.3 · A cosine and its control

**Goal** G4 · **Level** 2 of 5 · **Minutes** 10

A cosine alone says little. Write `with_control(a, b, order)`:

| argument | meaning |
|---|---|
| `a`, `b` | two maps of one shape, with signs |
| `order` | a permutation of all their numbers, (count,) |
| **returns** | two numbers: the cosine of `a` and `b`, and the control, which is the cosine of `a.flatten()[order]` and `b` |

$$\cos(a, b) = \frac{\sum_i a_i b_i}{\sqrt{\sum_i a_i^2}\, \sqrt{\sum_i b_i^2}}$$

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 02, section 5 (Sharper or truer?).
"""


# %% tags=["task"]
def with_control(a, b, order):
    """Return the cosine of a and b, and the cosine of the shuffled a and b."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    a, b = a.flatten(), b.flatten()
    size = a.norm() * b.norm()
    return a @ b / size, a[order] @ b / size
    ### END SOLUTION


# %% tags=["check"]
xc.check("02.3", with_control)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** A cosine compares directions: the size of a map does not count. The control keeps the numbers of `a` and destroys their places; what is left is the likeness that *any* map with these numbers has. For
maps with signs that is near 0, for absolute maps it is not: two maps without negative numbers are always alike to some degree. If you shuffle **both** maps in the same way, every pixel still meets its partner, and nothing is controlled.
"""

# %%
compare = xc.or_reference("02.3", with_control)
ruined = xc.widgets.randomise_top(model, 1, seed=1)  # a last layer drawn anew
order = torch.randperm(224 * 224, generator=generator)
for name in ("gradient", "guided_backprop"):
    two = [
        getattr(xc, name)(net, collage, target=EGYPTIAN_CAT) for net in (model, ruined)
    ]
    before, after = (values[0].sum(0).cpu() for values in two)
    found, control = compare(before, after, order)
    xc.show(f"{name}: cosine above 0.9", bool(found > 0.9))
    xc.show("  control near 0", bool(abs(control) < 0.1))

# %% [markdown] tags=["deeper"]
r"""
## Task 02.4 · Where hooks look away

**Goal** G3 · **Level** 2 of 5 · **Minutes** 10

Six nets use two ReLUs each. `hooked_guided` is the function of section 3: its hooks are put on each module for which `isinstance(module, nn.ReLU)` is true, and each module notes *one* gate.

| net | how its two ReLUs are written |
|---|---|
| A | `nn.ReLU()` and `nn.ReLU()` |
| B | `torch.relu` and `torch.relu` |
| C | one `nn.ReLU()`, called twice, on layers of equal width |
| D | `nn.ReLU6()` and `nn.ReLU6()` (no value is above 6) |
| E | `MyReLU()` and `MyReLU()`, with `class MyReLU(nn.ReLU): pass` |
| F | `nn.ReLU(inplace=True)` and `nn.ReLU(inplace=True)` |

What does `hooked_guided` give? `"right"`: the map of Guided Backprop. `"wrong"`: another map, without a warning. `"error"`: it stops. Think first; then you may try it.

*Look back:* lesson 02, section 3 (One net, three spellings).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: outcomes = {"A": None, "B": None, "C": None, "D": None, "E": None, "F": None}
outcomes = {"A": "right", "B": "wrong", "C": "wrong"}
outcomes |= {"D": "wrong", "E": "right", "F": "error"}
### END SOLUTION

# %% tags=["check"]
xc.check("02.4", outcomes)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** A and E have modules that are ReLUs and are called once. B has no module. C overwrites its first gate. D: `nn.ReLU6` is made from `nn.Hardtanh`, so `isinstance` is false and the plain gradient comes out. F stops: PyTorch gives
a hooked module a view of its input, and a view must not be changed in place. The error is the *best* of the four failures: you notice it. EfficientNet-Lite0 uses ReLU6.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 02.5 · Break it: the map upside down

**Goal** G5 · **Level** 3 of 5 · **Minutes** 12

Find a function and an input $x$ at which the map of Guided Backprop is upside down: it **shows** a feature that the function does not use, and **hides** one that it uses.

Hand in `(f, x, unused, used)`:

| part | meaning |
|---|---|
| `f` | a function (N, D) -> (N,), D at least 2, made of sums, products with numbers, and ReLUs |
| `x` | one input: a list `[[...]]` or a tensor (1, D), numbers from -10 to 10 |
| `unused` | index (from 0) of a feature on which `f` does **not depend**, for no value of it. At `x` Guided Backprop gives it more than 0.5 (in size) |
| `used` | index of a feature whose *gradient* at `x` is above 0.5 (in size). Guided Backprop gives it 0 |

*Look back:* lesson 02, section 2 (Three rules for one gate).
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x, unused, used)
def upside_down(p):
    """2 x1 in one spelling minus 2 x1 in another, and minus x2: only x2 counts."""
    cancels = torch.relu(2 * p[:, 0]) - 2 * torch.relu(p[:, 0])
    return cancels - torch.relu(p[:, 1])


counterexample = (upside_down, [[1.0, 1.0]], 0, 1)
### END SOLUTION

# %% tags=["check"]
xc.check("02.5", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** One rule makes both mistakes. Any function minus itself is 0: the chain rule sees both halves, and they cancel. Guided Backprop stops the half that arrives with a minus and shows the other. And what only lowers $f$ arrives
with a minus, so it is hidden. Real networks are full of units that partly cancel, so this is no trick: a line in a clean map may be one half of a sum that comes to nothing.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 02.6 · RectGrad at one layer

**Goal** G1 · **Level** 3 of 5 · **Minutes** 10

Write RectGrad's rule for one ReLU layer:

| argument | meaning |
|---|---|
| `a` | outputs of the ReLUs, (N, ...) |
| `g` | what arrives there, (N, ...) |
| `quantile` | from 0 to 1 |
| **returns** | what goes on, (N, ...): `g` where $a\,g$ is **above** the threshold, 0 elsewhere |

The threshold is the quantile (linear between ranks, as in `Tensor.quantile`) of $a\,g$ over all units of the layer, for each input anew.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 02, Go deeper, part A (RectGrad).
"""


# %% tags=["task"]
def rect_rule(a, g, quantile):
    """Return g where a g is above the quantile of its own input, 0 elsewhere."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    relevance = (a * g).flatten(1)  # (N, units)
    tau = relevance.quantile(quantile, dim=1, keepdim=True)  # (N, 1)
    return g * (relevance > tau).view_as(g)
    ### END SOLUTION


# %% tags=["check"]
xc.check("02.6", rect_rule)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The product decides, the signal goes on. One threshold for the whole batch would make a map depend on its neighbours in the batch: the same photo would get another map in another batch.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "The guided map shows the cat's eye so clearly: the network surely looks at the eye." What do you answer, and which experiment do you propose?

<details><summary>A good answer</summary>

Clear is not true. Draw the last layer anew: if the eye stays, the map does not depend on what the network knows about cats. To learn what the eye contributes, grey it and read the logit.
</details>

**2.** A method passes the sanity check. Is its map right?

<details><summary>A good answer</summary>

Not necessarily. The check is necessary and not sufficient: a map of noise that is drawn from the weights would pass it, too.
</details>
"""
