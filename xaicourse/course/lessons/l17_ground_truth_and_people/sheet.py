# %% [markdown] tags=["header"]
r"""
# 17 · Exercises: ground truth and people

| | |
|---|---|
| **Core** | tasks 17.4, 17.5, 17.6, 17.7: 38 minutes |

Tasks 17.1, 17.2 and 17.3 stand in the lesson. Here you use what you built there: against the scores themselves, on other people's code, and on
another data set.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("17.4")` in a new cell: there are three hints for each task. Leave a task open and go on: none needs another one.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1.** A method's deletion score beats that of random orders. What may still have the same score? (Lesson 15.)

<details><summary>Answer</summary>

A map that never saw the network, such as edges. That is why controls stand beside each score.
</details>

**2.** Grad-CAM of a picture is 0 at many places. Why? (Lesson 04.)

<details><summary>Answer</summary>

Its last step cuts away what is below 0. All these places have equal values.
</details>
"""

# %% [markdown]
r"""
## Task 17.4 · Break it: the best rank, without a network

**Goal** G1 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 5 of 5

The pictures with planted marks again. Write `paint(x)`:

| argument | meaning |
|---|---|
| `x` | (N, 1, 32, 32): the pictures |
| **returns** | (N, 1, 32, 32): a map for each picture |

The mean **rank** of your maps must be at least 0.9. On nets A of the lesson the best of the four methods reaches 0.6. You may not use a network, a gradient or a
class: look at the pictures alone. The next cell has the shapes of the four marks that decide. Marks are brighter than 0.5, clouds are not.
Leave the argument as it is.

*Look back:* lesson 17, section 2 (Three scores of one map).
"""

# %%
SHAPES = torch.tensor(
    [
        [[pixel == "#" for pixel in line] for line in mark.split()]
        for mark in (
            "..#.. ..#.. ##### ..#.. ..#..",
            "#...# .#.#. ..#.. .#.#. #...#",
            "##### ..#.. ..#.. ..#.. ..#..",
            "#.... #.... #.... #.... #####",
        )
    ]
).float()[:, None]  # (4, 1, 5, 5)
conv2d = torch.nn.functional.conv2d
conv_transpose2d = torch.nn.functional.conv_transpose2d


# %% tags=["task"]
def paint(x):
    """Return maps (N, 1, 32, 32), made of the pictures alone."""
    ### BEGIN SOLUTION
    # STUB: return ...
    bright = (x > 0.5).float()
    fit = conv2d(bright, 2 * SHAPES - 1)  # 9 where a shape fits, and nothing beside it
    place = (fit.amax(1, keepdim=True) > 8.5).float()  # (N, 1, 28, 28): corners
    return conv_transpose2d(place, torch.ones(1, 1, 5, 5))
    ### END SOLUTION


# %% tags=["check"]
xc.check("17.4", paint)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The mask was made from the picture, so a function of the picture can find it. No explanation is involved: there is nothing to explain. A
localisation score asks whether a map lies where the *maker of the mask* would look. It is evidence about a network only together with a test that the map comes
from the network: another class, a ruined network, a cheating one.
"""

# %% [markdown]
r"""
## Task 17.5 · Convict three wrong functions

**Goals** G1, G3 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

The next cell prints three functions, as they stand in published code:

- **a** claims to compute the mass of one map on its mark;
- **b** claims to compute the hit of one map (fractions where several values are the largest);
- **c** claims to compute A's share of all answers of a forced choice.

Each is right on some inputs. Find an input for each on which it is wrong by at least 0.1.

Hand in a dictionary with the keys `"a"`, `"b"`, `"c"`:

| key | value |
|---|---|
| `"a"`, `"b"` | `(map, mask)`: two grids (H, W) of numbers, for example lists of lists; the mask holds 0 and 1 |
| `"c"` | a list of trials `(rater, item, side_of_A, picked)`, as in task 17.3 |

To try one yourself, take it out: `bug = functions["a"]`, and pass tensors: `bug(torch.ones(2, 2), torch.eye(2) > 0)`.

*Look back:* lesson 17, sections 2 (Three scores of one map) and 9 (A rater is one answer).
"""

# %%
functions = xc.exercise.bugs("17.5")

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: evidence = {"a": None, "b": None, "c": None}
mark = [[1, 0], [0, 0]]
evidence = {
    "a": ([[1.0, -0.5], [0.2, 0.1]], mark),
    "b": ([[1.0, 1.0], [1.0, 0.0]], mark),
    "c": [
        ("ann", 1, "right", "left"),
        ("ann", 2, "left", "left"),
        ("bob", 1, "right", "left"),
    ],
}
### END SOLUTION

# %% tags=["check"]
xc.check("17.5", evidence)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- **a** divides sums with signs. On our map it says $1 / 0.8 = 1.25$; the mass is $1 / 1.8$. As the sum of a map goes to 0, the "share" goes anywhere. Maps without
  negative values hide it, and so do the demos that people write.
- **b** calls it a hit if *any* of the largest values is on the mark. A constant map gets 1 on every picture. Maps with one peak hide it. After a ReLU, or for a map rounded to 8 bits, ties are common.
- **c** never looks at where A stood: it measures a taste for the left. If A always stands on the left, nobody can tell the two apart, and the function looks right.

All three fail in silence: each returns a number that looks like a score.
"""

# %% [markdown]
r"""
## Task 17.6 · Transfer: one picture, two nets

**Goal** G2 · **Level** 2 of 5 · **Minutes** 10 · **Importance** 4 of 5

BAM (Yang and Kim, 2019) pastes an **object** on a **scene**, and trains two nets on the same pictures: one names the object, one the scene. The object's
region matters for the first net and not for the second. So a map of the first should be larger *there* than a map of the second. A map that does not see the net gets 0, wherever it lies.

Write `contrast(object_maps, scene_maps, masks)`:

| argument | meaning |
|---|---|
| `object_maps` | (N, C, H, W): maps of the net that names the object |
| `scene_maps` | (N, C, H, W): maps of the net that names the scene, same pictures |
| `masks` | (N, 1, H, W): booleans, True on the object |
| **returns** | one number for each picture, (N,) |

The size of a pixel is again the sum over the channels of |map|. Scale the sizes of each map so that their **mean is 1**. Then take the mean over the
object, and subtract: object net minus scene net. Leave the arguments as they are.

*Look back:* lesson 17, sections 2 (Three scores of one map) and 4 (The wrong class).
"""


# %% tags=["task"]
def contrast(object_maps, scene_maps, masks):
    """Return how much larger the first maps are on the object, (N,)."""
    ### BEGIN SOLUTION
    # STUB: return ...
    inside = masks.flatten(1)

    def on_object(maps):
        sizes = maps.abs().sum(1).flatten(1)
        sizes = sizes / sizes.mean(1, keepdim=True)
        return (sizes * inside).sum(1) / inside.sum(1)

    return on_object(object_maps) - on_object(scene_maps)
    ### END SOLUTION


# %% tags=["check"]
xc.check("17.6", contrast)

# %% [markdown]
r"""
Now use it on clothes (the objects) that are pasted on textures (the scenes), only on pictures that both nets get right.
"""

# %%
measure = xc.or_reference("17.6", contrast)
pictures = xc.datasets.mini_bam(120, seed=5)
for start in (0, 1, 2):
    by_object, by_scene = (
        xc.zoo.load(name, seed=start, device="cpu")
        for name in ("bam_object", "bam_scene")
    )
    right = by_object(pictures.x).argmax(1) == pictures.objects
    right &= by_scene(pictures.x).argmax(1) == pictures.scenes
    x, inside = pictures.x[right], pictures.masks[right]
    pairs = [(by_object, pictures.objects[right]), (by_scene, pictures.scenes[right])]
    ask = {"steps": 16, "quadrature": "midpoint", "batch_size": 60}
    igs = [xc.integrated_gradients(net, x, target=t, **ask) for net, t in pairs]
    slopes = [xc.gradient(net, x, target=t) for net, t in pairs]
    edges = xc.evaluation.controls.edges(x)
    values = {"gradient": slopes, "edges": [edges, edges]}
    control = {n: float(measure(*maps, inside).mean()) for n, maps in values.items()}
    share = float(measure(*igs, inside).mean())
    xc.show(f"start {start}: contrast of IG", share, control=control)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The scale comes first: one net may have larger gradients than the other, everywhere. The mean (and not the sum) makes small and large objects count alike. And
the *difference* takes away all that both nets have in common: that the object is bright, or has edges. A map that ignores the net has exactly 0.

It does not say that the scene net must ignore the object. Look at its accuracy on scenes without objects first.
"""

# %% [markdown]
r"""
## Task 17.7 · Explain a surprise: four studies

**Goal** G4 · **Level** 2 of 5 · **Minutes** 6 · **Importance** 4 of 5

Four studies ask: does a map help people to say what a model answers? Each had hundreds of readers. The table has the share of right guesses, with

- the **picture** alone;
- picture and **map** of the class that the model says;
- picture and a **blind** map, made without any model;
- picture and the map of one **fixed** class, the same for all pictures;
- **drawn**: picture and the map of a class drawn by lot. Here the number says how often readers named *the drawn class*. (Chance is 0.1.)

| study | picture | map | blind | fixed | drawn |
|---|---|---|---|---|---|
| A | 0.62 | 0.91 | 0.63 | 0.61 | 0.84 |
| B | 0.62 | 0.74 | 0.75 | 0.73 | 0.11 |
| C | 0.62 | 0.76 | 0.61 | 0.70 | 0.10 |
| D | 0.62 | 0.61 | 0.62 | 0.60 | 0.12 |

Which one word fits each study?

- `"gain"`: the map told something about the model;
- `"leak"`: readers read off for which class the map was made;
- `"any map"`: a map helped, but one that knows nothing of the model helped as well;
- `"nothing"`: the map did not help.

*Look back:* lesson 17, section 10 (The leak).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: answer = {"A": None, "B": None, "C": None, "D": None}
answer = {"A": "leak", "B": "any map", "C": "gain", "D": "nothing"}
### END SOLUTION

# %% tags=["check"]
xc.check("17.7", answer)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Read from left to right. D: with the map readers are as good as without, so nothing. B: the blind map helps as much as the model's: perhaps it makes people look
again. A: the map helps and a blind one does not, but the map of a fixed class brings nothing, and with a drawn class readers name *that* class. They read the answer off. C: a blind map brings
nothing, and nobody is led to the drawn class. What helps here is what the map says about the model.

Without the last two columns A is the best study of the four.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "Our method has the highest pointing accuracy, so it is the most faithful one." What do you answer?

<details><summary>A good answer</summary>

It lies where the mask is. Show that the model uses the mask, that the map leaves it for another class, and what a map of the picture alone gets.
</details>

**2.** A study: 400 answers, 58 percent for your method, p = 0.002. Which two questions do you ask first?

<details><summary>A good answer</summary>

How many people gave these answers, and were the sides shuffled? A test over raters may say something else.
</details>
"""
