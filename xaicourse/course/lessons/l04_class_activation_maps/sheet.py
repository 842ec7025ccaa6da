# %% [markdown] tags=["header"]
r"""
# 04 · Exercises on class activation maps

| | |
|---|---|
| **Core** | tasks 04.1, 04.2, 04.3: 33 minutes |
| **More** | tasks 04.4, 04.5: 27 minutes |

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("04.2")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
# Both take pictures of clothes (N, 1, 28, 28) and return 10 scores for each.
residual = xc.zoo.load("fashion_residual", device=device)  # ends with a mean
cnn = xc.zoo.load("fashion_cnn", device=device)  # ends with two dense layers
clothes, labels = xc.datasets.fashion_mnist(n=40, device=device)
NAMES = xc.datasets.FASHION_MNIST_CLASSES


def features(x):
    """Pictures (N, 1, 28, 28) to feature maps (N, 32, 7, 7)."""
    x = cnn.pool1(cnn.relu1(cnn.conv1(cnn.normalise(x))))
    return cnn.pool2(cnn.relu2(cnn.conv2(x)))


def head(A):
    """The rest of the CNN: feature maps to scores (N, 10)."""
    return cnn.classifier(cnn.relu3(cnn.dense(A.flatten(1))))


# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1 (lesson 01).** Gradient x input on the TOY net at $(3, 1)$ gives $(3, -3)$, and $f = 2$. What is missing in the sum 0?

<details><summary>Answer</summary>

The parts of the biases. The slopes say nothing about the constants in the network, and here they add up to 2.
</details>

**2 (lesson 00).** You grey the coffee half of the collage, and the logit of the cat *rises*. What does this say about the coffee?

<details><summary>Answer</summary>

The coffee speaks against the cat. Removal is an experiment on the network, so its sign means something.
</details>
"""

# %% [markdown]
r"""
## Task 04.1 · Two feature maps on paper

**Goal** G1 · **Level** 1 of 5 · **Minutes** 10

A layer has two feature maps with 2 x 2 cells. The slopes of the score with respect to them are $g_1$ and $g_2$:

$$A_1 = \begin{pmatrix} 4 & 0 \\ 2 & 2 \end{pmatrix}, \quad A_2 = \begin{pmatrix} 1 & 3 \\ 0 & 2 \end{pmatrix}, \quad
g_1 = \begin{pmatrix} 0 & 2 \\ 1 & 1 \end{pmatrix}, \quad g_2 = \begin{pmatrix} -3 & 1 \\ -1 & -1 \end{pmatrix}$$

By hand: the two **weights** of Grad-CAM, the map of **Grad-CAM** (with its relu), and the map of **HiResCAM** (without relu).

$$\text{Grad-CAM} = \mathrm{relu}\Big(\sum_k \mathrm{mean}(g_k)\, A_k\Big), \qquad \text{HiResCAM} = \sum_k g_k \odot A_k$$

*Look back:* lesson 04, section 2 (From weights to slopes).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: weights = None  # two numbers
# STUB: grad_cam = None  # [[., .], [., .]]
# STUB: hires_cam = None  # [[., .], [., .]]
weights = [(0 + 2 + 1 + 1) / 4, (-3 + 1 - 1 - 1) / 4]
grad_cam = [[4 - 1, 0], [2 - 0, 2 - 2]]  # 0 - 3 is cut off
hires_cam = [[0 * 4 - 3 * 1, 2 * 0 + 1 * 3], [1 * 2 - 1 * 0, 1 * 2 - 1 * 2]]
### END SOLUTION

# %% tags=["check"]
xc.check("04.1", weights, grad_cam, hires_cam)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The mean slopes are $4/4 = 1$ and $-4/4 = -1$. So Grad-CAM is $\mathrm{relu}(A_1 - A_2)$: the differences are 3, $-3$, 2, 0, and the $-3$ is cut off.
HiResCAM multiplies first: the cells of the first map give 0, 0, 2, 2, those of the second $-3$, 3, 0, $-2$.

Compare the two maps. The cell that Grad-CAM lights most, top left, has $-3$ in HiResCAM. The cell that it leaves dark, top right, has 3. One mean for the whole feature map hides
that the second feature speaks *for* the class at one place and *against* it at another.
"""

# %% [markdown]
r"""
## Task 04.2 · Write Grad-CAM yourself

**Goal** G2 · **Level** 2 of 5 · **Minutes** 15

The network comes in two parts, so you need no tricks to get at a layer.

| argument | meaning |
|---|---|
| `features` | maps inputs `x` to feature maps A, (N, K, h, w) |
| `head` | maps feature maps to scores, (N, classes) |
| `x` | inputs, (N, ...) |
| `target` | the class: one int for all inputs, or a tensor (N,) with one int for each |
| **returns** | relu of the sum of all feature maps, each times the mean of its slopes, (N, h, w) |

$F$ is the score of the target class. The map is neither rescaled nor enlarged.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 04, section 2 (From weights to slopes).
"""


# %% tags=["task"]
def my_grad_cam(features, head, x, target):
    """Return the Grad-CAM map of each input, (N, h, w)."""
    ### BEGIN SOLUTION
    # STUB: A = features(x)  # (N, K, h, w)
    # STUB: g = ...  # the slopes of the target's scores with respect to A
    # STUB: return ...
    A = features(x).detach().requires_grad_()  # (N, K, h, w)
    inputs = torch.arange(len(x), device=A.device)
    chosen = head(A)[inputs, target]  # (N,), one score for each input
    (g,) = torch.autograd.grad(chosen.sum(), A)
    weights = g.mean((2, 3), keepdim=True)  # (N, K, 1, 1)
    return (weights * A).sum(1).relu().detach()
    ### END SOLUTION


# %% tags=["check"]
xc.check("04.2", my_grad_cam)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- `.detach().requires_grad_()` makes A a starting point. What lies before it plays no part.
- `[inputs, target]` picks one score for each input, and `sum()` leaves each input its own slopes. `mean()` would divide by N.
- `keepdim=True` keeps the shape (N, K, 1, 1), so that each weight multiplies its own feature map. Dims 2 and 3 are the cells.
- First add, then relu: a feature that speaks against the class at a cell must be able to cancel one that speaks for it.

A name for the HiResCAM of this task: leave out the mean and the relu, `(g * A).sum(1)`.
"""

# %%
cam = xc.or_reference("04.2", my_grad_cam)
kinds = cnn(clothes).argmax(1)
light = cam(features, head, clothes, kinds)  # (40, 7, 7)
xc.show("empty maps, of 40", int((light.flatten(1).amax(1) <= 0).sum()))

names = {k: f"picture {k}: {NAMES[int(kinds[k])]}" for k in (0, 1, 2)}
xc.plot.maps(
    {name: light[k] for k, name in names.items()},
    reduce="abs_sum",
    percentile=100,
    unit="Grad-CAM, parts of the logit",
    alt="Grad-CAM maps of 7 x 7 cells on one scale for three pictures of clothes.",
)

# %% [markdown]
r"""
## Task 04.3 · One scale, and an empty map stays empty

**Goal** G4 · **Level** 2 of 5 · **Minutes** 8

You have Grad-CAM maps of several classes for one photo and want to draw them side by side. Write `one_scale(maps)`:

| argument | meaning |
|---|---|
| `maps` | (M, h, w), one map for each class, no negative values |
| **returns** | (M, h, w) in [0, 1]: all maps divided by **one common** number, so that the largest value of all becomes 1 |

0 stays 0. If all maps are empty, return zeros.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 04, section 6 (Nothing that looks like something).
"""


# %% tags=["task"]
def one_scale(maps):
    """Return the maps on one common scale from 0 to 1."""
    ### BEGIN SOLUTION
    largest = maps.max()
    return maps / largest if largest > 0 else maps.clone()
    ### END SOLUTION


# %% tags=["check"]
xc.check("04.3", one_scale)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** One factor keeps the proportions between the classes; a factor for each map loses them. Subtracting the smallest value would move the zero, and "0" means "no evidence". The condition is
needed: $0 / 0$ is NaN, and many programs hide it by adding a small number, which turns rounding noise into a picture.
"""

# %%
scale = xc.or_reference("04.3", one_scale)
cam = xc.or_reference("04.2", my_grad_cam)
boot = clothes[:1].expand(10, -1, -1, -1)
every = cam(features, head, boot, torch.arange(10, device=device))  # all ten classes
shown = scale(every)
peaks = shown.flatten(1).amax(1)  # (10,)
logits = cnn(clothes[:1])[0]
chosen, strongest, weakest = (
    int(k) for k in (logits.argmax(), peaks.argmax(), logits.argmin())
)
for k in (chosen, strongest, weakest):
    xc.show(f"{NAMES[k]}: logit, largest value", [float(logits[k]), float(peaks[k])])

xc.plot.maps(
    {NAMES[k]: shown[k] for k in (chosen, strongest, weakest)},
    photo=clothes[:1],
    reduce="abs_sum",
    percentile=100,
    unit="share of the largest value of all",
    alt="A picture of an item of clothing and Grad-CAM maps on one scale: of the class "
    "with the highest score, of the class with the strongest map, of the lowest score.",
)

# %% [markdown]
r"""
Look at the numbers: the strongest map does **not** belong to the class that the network chooses. This net does not end with a mean, so the cells of Grad-CAM do not add up to
the logit, and the strength of the map is no measure of it. Print the logit beside the map.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 04.4 · Switch off every cell

**Goal** G3 · **Level** 2 of 5 · **Minutes** 12

A bright cell is a claim. Test it: set all feature maps to 0 at one cell and run the rest of the network again. Write `cell_effects(head, A, target)`:

| argument | meaning |
|---|---|
| `head` | maps feature maps (N, K, h, w) to scores (N, classes) |
| `A` | the feature maps of **one** photo, (1, K, h, w) |
| `target` | the class, an int |
| **returns** | for each cell $F(A) - F(A \text{ without this cell})$, (h, w), with signs |

The caller's `A` stays as it is.

*Look back:* lesson 04, section 4 (Does it happen in a trained network?), and lesson 00, section 3.
"""


# %% tags=["task"]
def cell_effects(head, A, target):
    """Return what the score loses when a cell is switched off, (h, w)."""
    ### BEGIN SOLUTION
    h, w = A.shape[2:]
    start = head(A)[0, target]
    effects = torch.zeros(h, w)
    for i in range(h):
        for j in range(w):
            changed = A.clone()
            changed[:, :, i, j] = 0
            effects[i, j] = start - head(changed)[0, target]
    return effects
    ### END SOLUTION


# %% tags=["check"]
xc.check("04.4", cell_effects)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** A cell is a column through all K feature maps, hence `[:, :, i, j]`. Each turn starts from a fresh copy, otherwise the cells stay off and the effects mix. Only the head has to run again, so this
costs little. Where the head is linear the result *is* HiResCAM. Where it is curved, the two differ, and the experiment is the judge.
"""

# %%
effects_of = xc.or_reference("04.4", cell_effects)
cam = xc.or_reference("04.2", my_grad_cam)
lit = cam(features, head, clothes, kinds)
against = 0
for k in range(40):
    effects = effects_of(head, features(clothes[k : k + 1]), int(kinds[k]))
    brightest = int(lit[k].argmax())
    against += bool(lit[k].max() > 0) and float(effects.flatten()[brightest]) < 0
xc.show(
    "pictures of 40 whose brightest Grad-CAM cell speaks against the class", against
)

# %% [markdown] tags=["deeper"]
r"""
## Task 04.5 · Break it: the brightest cell speaks against

**Goal** G3 · **Level** 3 of 5 · **Minutes** 15

In the lesson the brightest cell of Grad-CAM was one that the score never reads. It can be worse. Build a case in which the **brightest** cell speaks *against* the class: switching this cell off **raises** the score.

Hand in `(A, head)`:

| part | meaning |
|---|---|
| `A` | feature maps of one photo, (K, h, w): a list or a tensor, no negative numbers, none above 10, at most 64 cells |
| `head` | a function of (N, K, h, w) that returns one score each, (N,), made of torch operations |

The brightest cell must be 5 percent ahead of the next one. The slopes must be true ones: `detach`, jumps, and a point exactly on a kink do not count.

*Look back:* lesson 04, section 3 (Where the two part).
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: case = None  # (A, head)
def against(A):
    """A score that the cell (0, 0) lowers; the mean of its slopes is 1."""
    return 3 * A[:, 0, 0, 1] - A[:, 0, 0, 0] + 2 * A[:, 0, 1, 1]


case = ([[[4.0, 1.0], [2.0, 1.0]]], against)
### END SOLUTION

# %% tags=["check"]
xc.check("04.5", case)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Grad-CAM gives every cell of a feature map the *mean* slope. So take a cell with a large activation and a negative slope, and give the other cells slopes so large that the mean is positive. The head must treat its cells
differently: behind a mean over all cells, all slopes are equal, and no such case exists.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** A colleague shows a bright Grad-CAM map for "wolf" and says: "So the model sees a wolf." Which two things do you ask for?

<details><summary>A good answer</summary>

The logit of wolf (or the map on one scale with other classes), because each map can be scaled to its own maximum. And the layer: away from the last layer the mean slope may light cells that
do not help. Best: switch the bright cells off and read the logit.
</details>

**2.** When are CAM, Grad-CAM and HiResCAM the same map, and why?

<details><summary>A good answer</summary>

When only a mean over the cells and one linear layer follow the feature maps. Then the slope is the same in every cell, so the mean slope is each cell's own slope, the weight divided by the number of cells.
</details>
"""
