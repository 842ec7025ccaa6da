# %% [markdown] tags=["header"]
r"""
# 02 · Exercises on DeconvNet and Guided Backprop

| | |
|---|---|
| **Core** | tasks 02.4, 02.5: 22 minutes |
| **More** | task 02.6: 10 minutes |

Tasks 02.1, 02.2 and 02.3 stand in the lesson. Here you use what you built there: say where hooks look away, and break
Guided Backprop.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("02.4")` in a new cell: there are three hints for each task. Leave a task open and go on:
none needs another one.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

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
## Task 02.4 · Where hooks look away

**Goal** G3 · **Level** 2 of 5 · **Minutes** 10 · **Importance** 4 of 5

Six nets use two ReLUs each. `hooked_guided` is the function of section 3: its hooks are put on each module for which `isinstance(module, nn.ReLU)` is true, and each module notes *one* gate.

| net | how its two ReLUs are written |
|---|---|
| A | `nn.ReLU()` and `nn.ReLU()` |
| B | `torch.relu` and `torch.relu` |
| C | one `nn.ReLU()`, called twice (both times on three numbers, so its note has the right shape) |
| D | `nn.ReLU6()` and `nn.ReLU6()` (no value is above 6, so it computes the same as `nn.ReLU`) |
| E | `MyReLU()` and `MyReLU()`, with `class MyReLU(nn.ReLU): pass` |
| F | `nn.ReLU(inplace=True)` and `nn.ReLU(inplace=True)` |

What does `hooked_guided` give? `"right"`: the map of Guided Backprop. `"wrong"`: another map, without a warning. `"error"`: it stops. Think first. Then try: for D and F the lesson is not enough, they ask how PyTorch is built. In a cell of lesson 02, behind
section 3: `hooked_guided(Net(nn.ReLU6(), nn.ReLU6()), x_toy)`.

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

# %% [markdown]
r"""
## Task 02.5 · Break it: the map upside down

**Goal** G5 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

Find a function and an input $x$ at which the map of Guided Backprop is upside down: it **shows** a feature that the function does not use, and **hides** one that it uses.

Hand in `(f, x, unused, used)`:

| part | meaning |
|---|---|
| `f` | a function (N, D) -> (N,), D at least 2, made of sums, products with numbers, and ReLUs; (N, 1) will do |
| `x` | one input: a list `[[...]]` or a tensor (1, D), numbers from -10 to 10; the outer brackets may be left out |
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
