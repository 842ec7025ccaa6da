# %% [markdown] tags=["header"]
r"""
# 06 · Exercises on patterns

| | |
|---|---|
| **Core** | tasks 06.1, 06.2, 06.3: 32 minutes |
| **More** | tasks 06.4, 06.5: 23 minutes |

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("06.2")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
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
## Task 06.1 · Weights and pattern by hand

**Goal** G1 · **Level** 1 of 5 · **Minutes** 10

Inputs are $x = z\,(2, 1) + e\,(1, 1)$. The numbers $z$ and $e$ are independent, with mean 0 and variances 4 and 1. A linear model
$y = w \cdot x$ gives $y = z$, exactly and always. On paper:

| hand in | what |
|---|---|
| `weights` | $w$: two numbers |
| `covariances` | $\mathrm{cov}[x_1, y]$ and $\mathrm{cov}[x_2, y]$ |
| `pattern` | $a$: two numbers |
| `signal` | the signal $S(x)$ at $x = (8, 5)$ |
| `distractor` | the rest, $x - S(x)$ |
| `relevance` | $w_1 a_1 y$ and $w_2 a_2 y$ at $x = (8, 5)$ |

*Look back:* lesson 06, section 2 (By hand).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: answer = {
# STUB:     "weights": None,
# STUB:     "covariances": None,
# STUB:     "pattern": None,
# STUB:     "signal": None,
# STUB:     "distractor": None,
# STUB:     "relevance": None,
# STUB: }  # each: two numbers, such as (1, 2)
answer = {
    "weights": (1, -1),
    "covariances": (8, 4),
    "pattern": (2, 1),
    "signal": (6, 3),
    "distractor": (2, 2),
    "relevance": (6, -3),
}
### END SOLUTION

# %% tags=["check"]
xc.check("06.1", answer)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** $w \cdot (1, 1) = 0$ makes the model blind for $e$, so $w = c\,(1, -1)$; $w \cdot (2, 1) = 1$ gives $c = 1$. Then
$\mathrm{cov}[x_1, y] = \mathrm{cov}[2z + e, z] = 2 \cdot 4 = 8$ and $\mathrm{cov}[x_2, y] = 4$; divided by $\mathrm{var}[y] = 4$ this is $(2, 1)$: the direction of
the signal. At $(8, 5)$: $y = 3$, the signal is $(6, 3)$, the rest $(2, 2)$ is the distractor with $e = 2$. The relevances $6$ and $-3$ add up to
$y = 3$.
"""

# %% [markdown]
r"""
## Task 06.2 · The linear pattern

**Goal** G2 · **Level** 2 of 5 · **Minutes** 10

| argument | meaning |
|---|---|
| `x` | inputs of a neuron, (M, D); their mean is not 0 |
| `y` | the values of the neuron, (M,) |
| **returns** | $\mathrm{cov}[x, y] / \mathrm{var}[y]$, (D,) |

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 06, section 2 (By hand).
"""


# %% tags=["task"]
def linear_pattern(x, y):
    """Return the pattern of a linear neuron, (D,)."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    dx, dy = x - x.mean(0), y - y.mean()
    return (dx * dy[:, None]).mean(0) / (dy * dy).mean()
    ### END SOLUTION


# %% tags=["check"]
xc.check("06.2", linear_pattern)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Both differences are needed for the variance; in the covariance one of the two is enough. Divide both means by the same
number of inputs. A test that needs no reference: $w \cdot a$ must be 1.
"""

# %%
pattern = xc.or_reference("06.2", linear_pattern)
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
## Task 06.3 · The pattern of a neuron with a ReLU

**Goal** G2 · **Level** 3 of 5 · **Minutes** 12

$$a_+ = \frac{E_+[x y] - E_+[x]\, E[y]}{w \cdot \big(E_+[x y] - E_+[x]\, E[y]\big)}, \qquad y = w \cdot x + b$$

$E_+$ is the mean over the inputs with $y > 0$, $E$ the mean over all.

| argument | meaning |
|---|---|
| `x` | inputs, (M, D) |
| `w` | weights, (D,) |
| `b` | the bias, a number |
| **returns** | $a_+$, (D,) |

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 06, section 4 (Through a network).
"""


# %% tags=["task"]
def two_component(x, w, b):
    """Return the pattern of a neuron with a relu, (D,)."""
    ### BEGIN SOLUTION
    # STUB: y = x @ w + b
    # STUB: active = ...
    # STUB: return ...
    y = x @ w + b
    active = y > 0
    both = (x[active] * y[active, None]).mean(0)  # E+[x y]
    top = both - x[active].mean(0) * y.mean()
    return top / (w @ top)
    ### END SOLUTION


# %% tags=["check"]
xc.check("06.3", two_component)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Three means over three groups: $E_+$ twice over the open inputs, $E[y]$ over all. The bias decides which inputs are open.
In $y$ itself it may be left out: a constant added to $y$ adds the same to $E_+[x y]$ and to $E_+[x]\, E[y]$.
"""

# %%
relu_pattern = xc.or_reference("06.3", two_component)
layer = net.dense1
seen = net.normalise(photos).flatten(1)  # what the first layer sees
fits = xc.fit_patterns(net, photos)
ours = relu_pattern(seen.double(), layer.weight[0].double(), float(layer.bias[0]))
theirs = fits.layers[0].plus[0].to(device)
error = (torch.as_tensor(ours) - theirs).norm() / theirs.norm()
xc.show("agrees with the package", bool(error < 1e-3))

# %% [markdown] tags=["deeper"]
r"""
## Task 06.4 · PatternAttribution

**Goal** G3 · **Level** 3 of 5 · **Minutes** 15

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

# %% [markdown] tags=["deeper"]
r"""
## Task 06.5 · A pattern on an input that is not used

**Goal** G4 · **Level** 3 of 5 · **Minutes** 8

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

# %% [markdown] tags=["deeper", "answer"]
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
