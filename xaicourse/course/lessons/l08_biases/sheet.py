# %% [markdown] tags=["header"]
r"""
# 08 · Exercises on biases

| | |
|---|---|
| **Core** | tasks 08.1, 08.2, 08.3: 33 minutes |
| **More** | tasks 08.4, 08.5: 20 minutes |

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("08.2")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
# A small net: pictures (N, 1, 28, 28) in [0, 1] -> ten logits.
mlp = xc.zoo.load("fashion_mlp", device=device)
toy = xc.zoo.toy()  # (N, 2) -> (N,)
clothes, labels = xc.datasets.fashion_mnist(n=5, device=device)

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1.** On the TOY net the gradient at $(3, 1)$ is $(1, -3)$. What is the sum of gradient x input, and what is $f$?

<details><summary>Answer</summary>

$3 - 3 = 0$, and $f = 2$. The rest is the subject of this sheet.
</details>

**2.** Up to where is the promise of a gradient exact on a ReLU net?

<details><summary>Answer</summary>

Until the first gate changes. All inputs with the same gates lie in one linear piece.
</details>
"""

# %% [markdown]
r"""
## Task 08.1 · Split the score by hand

**Goal** G1 · **Level** 1 of 5 · **Minutes** 10

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

The lesson split $f(3, 1) = 2$. You split $f(1, 3) = 10$. Then $x$ moves to $(1, 4)$, where $f = 15$; no gate changes. Use paper, not code.

| part | meaning |
|---|---|
| `inputs` | the shares of $x_1$ and $x_2$ at $(1, 3)$ |
| `hidden_biases` | the shares of the biases $0, -1, -1$ inside the three relus |
| `output_bias` | the share of the $+1$ |
| `inputs_moved` | the shares of $x_1$ and $x_2$ at $(1, 4)$ |
| `biases_moved` | the shares of all four biases at $(1, 4)$ |

*Look back:* lesson 08, section 2 (A bias is an input, too).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: inputs = (None, None)
# STUB: hidden_biases = (None, None, None)
# STUB: output_bias = None
# STUB: inputs_moved = (None, None)
# STUB: biases_moved = (None, None, None, None)
inputs = (1 * -4, 3 * 5)  # gradient 3 (-1, 2) - (1, 1) = (-4, 5)
hidden_biases = (0, -1 * 3, -1 * -1)  # the first gate is off
output_bias = 1
inputs_moved = (1 * -4, 4 * 5)
biases_moved = (0, -3, 1, 1)
### END SOLUTION

# %% tags=["check"]
parts = {
    "inputs": inputs,
    "hidden_biases": hidden_biases,
    "output_bias": output_bias,
    "inputs_moved": inputs_moved,
    "biases_moved": biases_moved,
}
xc.check("08.1", parts)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The sums at $(1, 3)$ are $-2$, $4$ and $3$: gates off, on, on. The open units give $3\,(-x_1 + 2x_2 - 1) - (x_1 + x_2 - 1) + 1 = -4x_1 + 5x_2 - 3 + 1 + 1$. Every share can be read from this line: $-4$
and $15$, then $-3$ and $1$ from the hidden biases, $1$ from the output bias; together 10. At $(1, 4)$ the line is the same. Only $5x_2$ grows, to 20. The biases' shares are a property of the **piece**,
not of the input.
"""

# %%
given = xc.or_reference("08.1", parts)


def numbers(*parts):
    """Return all numbers of several parts in one list."""
    return torch.cat(
        [torch.as_tensor(part).double().flatten() for part in parts]
    ).tolist()


first = numbers(given["inputs"], given["hidden_biases"], given["output_bias"])
then = numbers(given["inputs_moved"], given["biases_moved"])
names = ["x1", "x2", "hidden 1", "hidden 2", "hidden 3", "output"]
xc.plot.waterfall(
    {
        "f(1, 3)": dict(zip(names, first, strict=True)),
        "f(1, 4)": dict(zip(names, then, strict=True)),
    },
    alt="Two charts of your six shares, one after the other, at (1, 3) and at (1, 4).",
)

# %% [markdown]
r"""
## Task 08.2 · The split by autograd

**Goal** G2 · **Level** 2 of 5 · **Minutes** 15

Write the split for a net of dense layers, with relu between them and none after the last.

| argument | meaning |
|---|---|
| `weights` | a list of L tensors (out, in) |
| `biases` | a list of L tensors (out,) |
| `x` | inputs, (N, D) |
| `target` | a tensor (N,): the class of each input |
| **returns** | (N, 1 + L): column 0 is gradient x input, added up; column l is the share of layer l's bias |

For each input the columns add up to the target's logit. Mind the batch: all inputs use the same biases, but each input has its own slopes.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 08, section 3 (The split by autograd).
"""


# %% tags=["task"]
def split(weights, biases, x, target):
    """Return the shares of the input and of each layer's bias, (N, 1 + L)."""
    ### BEGIN SOLUTION
    # STUB: leaves = ...  # x and all biases, asking for gradients
    # STUB: ...  # run the net, pick one logit for each input
    # STUB: slopes = ...
    # STUB: return ...
    own = [b.expand(len(x), -1) for b in biases]  # (N, out): one copy for each input
    leaves = [v.detach().clone().requires_grad_() for v in (x, *own)]
    units = leaves[0]
    for k, w in enumerate(weights):
        units = units @ w.T + leaves[1 + k]
        if k < len(weights) - 1:
            units = units.relu()
    chosen = units[torch.arange(len(x), device=x.device), target]  # (N,)
    slopes = torch.autograd.grad(chosen.sum(), leaves)
    columns = [(s * v).sum(1).detach() for s, v in zip(slopes, leaves, strict=True)]
    return torch.stack(columns, dim=1)
    ### END SOLUTION


# %% tags=["check"]
xc.check("08.2", split)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** `torch.autograd.grad` adds up the slopes of everything that uses a tensor. A bias (out,) is used by all inputs of the batch, so its slope would be that of the whole batch. `b.expand(len(x), -1).clone()` gives each input its own copy. The relu
needs no bias of its own: it passes its input on, or 0. Note what this does *not* do: it removes no bias. "What happens if the bias is 0?" is another question, because gates may change on the way.
"""

# %%
shares_of = xc.or_reference("08.2", split)
x = mlp.normalise(clothes).flatten(1)  # (5, 784): what the first layer sees
dense = (mlp.dense1, mlp.dense2, mlp.classifier)
weights, biases = [d.weight for d in dense], [d.bias for d in dense]
table = torch.as_tensor(shares_of(weights, biases, x, labels))
logits = xc.scores(mlp, clothes, target=labels)
xc.show(
    "the columns add up to the logits", bool((table.sum(1) - logits).abs().max() < 1e-3)
)
xc.show("largest share of a bias", table[:, 1:].abs().max())

# %% [markdown]
r"""
## Task 08.3 · The bias that hides

**Goal** G2 · **Level** 2 of 5 · **Minutes** 8

Write `implicit_bias(f, u)`: `f` works on each number of `u` by itself. Return $b = f(u) - f'(u)\,u$ for each number, in the shape of `u`.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 08, section 4 (A photo, and biases that hide).
"""


# %% tags=["task"]
def implicit_bias(f, u):
    """Return what f adds to slope times u, number by number."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    point = u.detach().clone().requires_grad_()
    z = f(point)
    slope = torch.autograd.grad(z.sum(), point)[0]
    return (z - slope * point).detach()
    ### END SOLUTION


# %% tags=["check"]
xc.check("08.3", implicit_bias)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Around $u$ the function is a line with slope $f'(u)$. The line meets 0 at the height $f(u) - f'(u)\,u$: the bias. For a relu it is 0 on both sides. For relu6 above 6 the line is flat, and everything is bias. $f(0)$ is right only for a function that
*is* one straight line. For a batch norm, $w (u - m)/s + c$, the rule gives $c - w m / s$: more than the parameter called "bias".
"""

# %%
hidden = xc.or_reference("08.3", implicit_bias)
u = torch.linspace(-4, 9, 53)
xc.plot.series(
    u,
    {
        "relu": hidden(torch.relu, u),
        "relu6": hidden(torch.nn.functional.relu6, u),
        "u * sigmoid(u)": hidden(torch.nn.functional.silu, u),
    },
    x_name="u",
    y_name="hidden bias",
    alt="Three curves over u from -4 to 9: the hidden bias of relu, of relu6 and of u "
    "times sigmoid of u.",
)

# %% [markdown] tags=["deeper"]
r"""
## Task 08.4 · What the paper draws

**Goal** G4 · **Level** 2 of 5 · **Minutes** 10

Write `picture(terms)`, the heart of $\psi$, for the signed terms (N, C, h, w) of one layer: absolute values; for each photo, over all channels and places, subtract the smallest and divide by (largest - smallest); add up
the channels. Return (N, h, w). A photo whose absolute values are all equal gets zeros.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 08, section 6 (The picture).
"""


# %% tags=["task"]
def picture(terms):
    """Return the rescaled absolute terms, channels added up, (N, h, w)."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    a = terms.abs()
    low = a.amin((1, 2, 3), keepdim=True)
    high = a.amax((1, 2, 3), keepdim=True)
    return torch.nan_to_num((a - low) / (high - low)).sum(1)
    ### END SOLUTION


# %% tags=["check"]
xc.check("08.4", picture)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Every photo and every layer is stretched to the same range, so a layer that brings 0.01 becomes as loud as one that brings 10. That is a choice for the eye. After it the numbers are no shares any more: they have no sign, no unit and no sum that means anything.
Rescaling each *channel* by itself would go further still and make every channel equally loud.
"""

# %%
draw = xc.or_reference("08.4", picture)
terms = torch.randn((1, 3, 5, 5), generator=torch.Generator().manual_seed(0))
both = torch.as_tensor(draw(terms)), torch.as_tensor(draw(terms / 1000))
xc.show("a layer that brings 1000 times less has the same picture",
        bool((both[0] - both[1]).abs().max() < 1e-4))  # fmt: skip
xc.show(
    "sum of the terms, sum of the picture", [float(terms.sum()), float(both[0].sum())]
)

# %% [markdown] tags=["deeper"]
r"""
## Task 08.5 · Break it: no vector fits

**Goal** G3 · **Level** 3 of 5 · **Minutes** 10

The lesson showed it for the piece of $(3, 1)$. Show it for the piece of $(1, 3)$, where the gates are off, on, on: find inputs of the TOY net, all in this piece, for which **no** vector $s$ gives $s_1 x_1 + s_2 x_2 = f(x)$ at every one of them. Hand in
a list `[[x1, x2], ...]` with at least two inputs, numbers from $-10$ to 10. The checker looks for the best vector; it must miss at least one score by 0.01.

*Look back:* lesson 08, section 5 (Can a map of pixels do it?).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: points = None  # [[x1, x2], ...]
points = [[1, 3], [2, 6]]  # twice the input: s . x doubles, f does not
### END SOLUTION

# %% tags=["check"]
xc.check("08.5", points)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** In this piece $f = -4x_1 + 5x_2 - 1$. The vector has to replace the $-1$ at every input: $(s - (-4, 5)) \cdot x = -1$. That is the equation of a straight line which misses the origin. Inputs on such a line can be served by one vector; an input beside it cannot. So two
inputs are enough if they lie on one line *through* the origin, and otherwise three that do not lie on one line.
"""

# %%
given = torch.as_tensor(xc.or_reference("08.5", points), dtype=torch.float64)
scores = toy(given)
best = torch.linalg.pinv(given) @ scores
print("scores:                   ", [round(v, 2) for v in scores.tolist()])
print("what the best vector gives:", [round(v, 2) for v in (given @ best).tolist()])

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "In this net the pixels bring $-0.8$ of the logit of 11. So the photo plays no part." What do you answer?

<details><summary>A good answer</summary>

The photo opens and closes the gates, and the gates decide what each bias brings. The split holds within one linear piece, and the choice of the piece is in no share.
</details>

**2.** A colleague shows a FullGrad picture: "It is complete, so these pixels explain 40 % of the score." What is wrong?

<details><summary>A good answer</summary>

Complete is the decomposition: signed shares with a sum. The picture has absolute values, each layer is rescaled, and so its numbers have no unit and no sum that means anything.
</details>
"""
