# %% [markdown] tags=["header"]
r"""
# 06 · Exercises on patterns

| | |
|---|---|
| **Core** | tasks 06.4, 06.5: 23 minutes |

Tasks 06.1, 06.2 and 06.3 stand in the lesson. Here you take patterns through a whole net, and then find data that make a pattern point at the wrong place.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("06.4")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
net = xc.zoo.load("fashion_mlp", device=device)  # (N, 1, 28, 28) -> 10 logits

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1 (lesson 01).** A linear model is $y = 3 x_1 - x_2$. What is its gradient at $(10, 10)$?

<details><summary>Answer</summary>

$(3, -1)$, at this input and at every other one: the gradient of a linear model is its weights.
</details>

**2 (lesson 02).** On the way back through a relu that was closed for this input, what does the plain gradient let through?

<details><summary>Answer</summary>

Nothing. The slope of a closed relu is 0.
</details>
"""

# %% [markdown]
r"""
## Another net

The network reads 28 x 28 pixels of a piece of clothing. Here are two maps for its logit of "ankle boot": its mean gradient, and the pattern of the logit in the pixels, computed with the
function of task 06.2.
"""

# %%
pattern = xc.or_reference("06.2", None)
photos, _ = xc.datasets.fashion_mnist(n=300, device=device)[:2]
values = net(photos)[:, 9]  # the logit of ankle boot
boots = pattern(photos.flatten(1), values)
boots = torch.as_tensor(boots).view(1, 1, 28, 28)
slope = xc.gradient(net, photos, 9).mean(0, keepdim=True)
pair = {"mean gradient": slope, "pattern of the logit": boots}

xc.plot.maps(
    {name: v / v.abs().max() for name, v in pair.items()},
    unit="each divided by its largest size",
    alt="Two maps of 28 x 28 pixels for the logit of ankle boot: the mean gradient "
    "over 300 pictures, and the pattern of the logit in the pixels.",
)

# %% [markdown]
r"""
Which of the two maps looks like a boot? And which one would you add to a picture, with a small factor, to lift the logit most?
"""

# %% [markdown]
r"""
## Task 06.4 · PatternAttribution

**Goal** G3 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 4 of 5

A net of dense layers with a relu between them (none after the last). Start with the logit of the target, and hand it down:

$$R_i = \sum_j w_{ji}\, a_{ji}\, R_j$$

At a closed relu $R$ becomes 0.

| argument | meaning |
|---|---|
| `weights`, `biases` | lists of L tensors: (out, in) and (out,) |
| `patterns` | a list of L tensors (out, in) |
| `x` | inputs, (N, D) |
| `target` | (N,), one class for each input |
| **returns** | $R$ at the inputs, (N, D) |

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 06, section 4 (Through a network).
"""


# %% tags=["task"]
def attribution(weights, biases, patterns, x, target):
    """Return the relevance of each input, (N, D)."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    sums, units = [], x
    for W, b in zip(weights, biases, strict=True):
        sums.append(units @ W.T + b)
        units = torch.relu(sums[-1])
    inputs = torch.arange(len(x), device=x.device)
    R = torch.zeros_like(sums[-1])
    R[inputs, target] = sums[-1][inputs, target]  # the logit, not its relu
    for k in reversed(range(len(weights))):
        R = R @ (weights[k] * patterns[k])
        if k > 0:
            R = R * (sums[k - 1] > 0)
    return R
    ### END SOLUTION


# %% tags=["check"]
xc.check("06.4", attribution)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The forward pass is needed twice: for the open relus, and for the logit. On the way down each layer is one product with
$W \odot A$. Because $\sum_i w_{ji} a_{ji} = 1$, an open neuron hands on what it received, no more and no less.
"""

# %% [markdown]
r"""
## Task 06.5 · A pattern on an input that is not used

**Goal** G4 · **Level** 3 of 5 · **Minutes** 8 · **Importance** 5 of 5

The model is $y = x_1$. It does not look at $x_2$ at all: its weight is 0. Find data for which the linear pattern has $|a_2| \ge 2$. ($a_1$ is always 1.)

Hand in inputs `x`, (M, 2), with M from 4 to 200 and numbers from $-100$ to $100$.

*Look back:* lesson 06, section 5 (A trained network with a known answer).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: x = None  # a list of inputs, such as [[1, 2], [3, 4], ...]
x = [[-1, -3], [0, 0], [1, 3], [2, 6]]
### END SOLUTION

# %% tags=["check"]
xc.check("06.5", x)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** $a_2 = \mathrm{cov}[x_2, y] / \mathrm{var}[y]$ with $y = x_1$. If $x_2 = 3 x_1$, this is 3. The model would not notice if $x_2$ were
removed. So PatternNet shows what *goes along* with the output in the data, not what the model uses. The gradient gives $x_2$ exactly 0:
for the question "what does the model use?" it is the better of the two.
"""

# %% [markdown] tags=["answer"]
r"""
PatternAttribution multiplies weight and pattern. What does it give to $x_2$ in task 06.5, and why?

### BEGIN SOLUTION
It gives exactly 0: the weight is 0, and so is weight times pattern. For one linear neuron it gives an unused input nothing.
### END SOLUTION
"""

# %% [markdown]
r"""
## Where you are now

- You can say in two directions what a linear model does: how to push it, and how its data move.
- You can estimate a pattern, with and without a relu, and you know a test for it: $w \cdot a = 1$.
- You know the price: a pattern needs data, and it shows what goes along with the output.

Next: lesson 07 (Noise). Patterns come back in lesson 11.
"""
