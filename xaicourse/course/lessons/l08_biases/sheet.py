# %% [markdown] tags=["header"]
r"""
# 08 · Exercises on biases

| | |
|---|---|
| **Core** | tasks 08.4, 08.5: 20 minutes |

Tasks 08.1, 08.2 and 08.3 stand in the lesson. Here you look closely at what the paper draws, and prove that no map can do what the split does.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("08.4")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

toy = xc.zoo.toy()  # (N, 2) -> (N,)

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
## Task 08.4 · What the paper draws

**Goal** G4 · **Level** 2 of 5 · **Minutes** 10 · **Importance** 3 of 5

Write `picture(terms)`, the heart of $\psi$, for the signed terms (N, C, h, w) of one layer: absolute values; for each photo, over all channels and places, subtract the smallest and divide by (largest - smallest); add up
the channels. Return (N, h, w). A photo whose absolute values are all equal gets zeros, and only such a photo: the terms of a layer may be as small as 1e-7.

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

# %% [markdown]
r"""
## Task 08.5 · Break it: no vector fits

**Goal** G3 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 5 of 5

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

**1.** "In this net the pixels bring nearly nothing of the logit. So the photo plays no part." What do you answer?

<details><summary>A good answer</summary>

The photo opens and closes the gates, and the gates decide what each bias brings. The split holds within one linear piece, and the choice of the piece is in no share.
</details>

**2.** A colleague shows a FullGrad picture: "It is complete, so these pixels explain 40 % of the score." What is wrong?

<details><summary>A good answer</summary>

Complete is the decomposition: signed shares with a sum. The picture has absolute values, each layer is rescaled, and so its numbers have no unit and no sum that means anything.
</details>
"""
