# %% [markdown] tags=["header"]
r"""
# 04 · Exercises on class activation maps

| | |
|---|---|
| **Core** | tasks 04.3, 04.5: 18 minutes |

Tasks 04.1, 04.2 and 04.4 stand in the lesson. Here you use what you built there: break Grad-CAM, and draw its maps honestly.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("04.3")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
# Pictures of clothes (N, 1, 28, 28) to 10 scores; it ends with two dense layers.
cnn = xc.zoo.load("fashion_cnn", device=device)
clothes = xc.datasets.fashion_mnist(n=40, device=device).x
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
## Task 04.3 · One scale, and an empty map stays empty

**Goal** G4 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 3 of 5

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
cam = xc.or_reference("04.2", None)  # task of the lesson: the reference
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

# %% [markdown]
r"""
## Task 04.5 · Break it: the brightest cell speaks against

**Goal** G3 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 5 of 5

In task 04.1 a second feature map was needed. Now with **one**: build a case in which the **brightest** cell of Grad-CAM speaks *against* the class, so that switching this cell off **raises** the score. The net is yours, and it need not be linear.

Hand in `(A, head)`:

| part | meaning |
|---|---|
| `A` | one feature map of one photo, (1, h, w): a list or a tensor, no negative numbers, none above 10, at most 64 cells |
| `head` | a function of (N, 1, h, w) that returns one score each, (N,), made of torch operations |

The brightest cell must be 5 percent ahead of the next one. The slopes must be true ones: `detach`, jumps, and a point exactly on a kink do not count.

*Look back:* lesson 04, section 2 (From weights to slopes).
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
