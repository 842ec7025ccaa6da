# %% [markdown] tags=["header"]
r"""
# 16 · Exercises: sanity and robustness

| | |
|---|---|
| **Core** | tasks 16.4, 16.5: 25 minutes |
| **More** | task 16.7: 10 minutes |
| **Extend** | task 16.6: 15 minutes |

Tasks 16.1, 16.2 and 16.3 stand in the lesson. Here you use what you built there: against a metric, against other people's tools, on
another network, and on a number that surprises.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("16.4")` in a new cell: there are three hints for each task. Leave a task open and go on: none needs another one.
"""

# %% tags=["setup"]
import copy

import torch

import xaicourse as xc

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1 (lesson 02).** The last layer of a network is drawn anew, and guided backprop shows the same cat. What do you conclude, and what not?

<details><summary>Answer</summary>

That this map does not need the last layer, so it can say little about the class. Not that the network does not look at the cat.
</details>

**2 (lesson 05).** A map of Integrated Gradients adds up to the rise of the score. The score of a neighbour is another one. Can both have the same map?

<details><summary>Answer</summary>

No: the maps have other sums. A complete map has to move where the score moves.
</details>
"""

# %% [markdown]
r"""
## Task 16.4 · Break it: a map with sensitivity 0

**Goal** G2 · **Level** 2 of 5 · **Minutes** 10 · **Importance** 5 of 5

"The lower the sensitivity, the better the map." Build a map that wins this contest and explains nothing about $x$.

Write `stable(model, x, target)`:

| argument | meaning |
|---|---|
| `model` | a smooth network, (N, D) to (N, K), made of torch operations |
| `x` | the inputs, (N, D) |
| `target` | the class that is explained, a number |
| **returns** | maps, (N, D) |

Its max-sensitivity must be 0, but it must pass the two sanity checks of the lesson: another **model** has another map, and another **class** has another map. A map of zeros, or one with all numbers alike, does not count.

Leave the model and the other arguments as they are.

*Look back:* lesson 16, sections 2 and 6.
"""


# %% tags=["task"]
def stable(model, x, target):
    """Return maps that never move when x does, (N, D)."""
    ### BEGIN SOLUTION
    start = torch.zeros_like(x).requires_grad_()
    return torch.autograd.grad(model(start)[:, target].sum(), start)[0]
    ### END SOLUTION


# %% tags=["check"]
xc.check("16.4", stable)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The gradient at one fixed place, whatever $x$ is. It knows the model and the class, so both sanity checks pass, and it cannot move.

Could such a map be complete? No. If it adds up to $F(x)$ minus a constant, it has to move as soon as $F$ does. So ask for sensitivity *and* for something that needs $x$, and print the change of $F$ beside the change of the map.
"""

# %% [markdown]
r"""
## Task 16.5 · Convict three wrong tools

**Goals** G4, G5 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 5 of 5

The next cell prints three functions. Each is used in a sanity check or an attack, contains **one** mistake, and is right on some inputs. Hand in an input for each that proves the mistake: a dictionary with the keys `"a"`, `"b"`, `"c"`.

| part | what you hand in | proved if |
|---|---|---|
| `a` | `shapes`, a list of pairs: the layers of a network | two layers get the same weights |
| `b` | `maps`, a list of maps (lists of numbers): that of the trained network, then with 1, 2, ... layers drawn anew | the mean is wrong by at least 0.1 |
| `c` | `(net, stand_in, x, twin)`: two functions (P, D) to (P, K), two points (lists of numbers) | the answer about the twin is wrong |

The stand-in must be a fair one: at both points its scores are at most 0.2 away from those of the net. The numbers of `x` and `twin` lie between -10 and 10.

*Look back:* lesson 16, sections 3 and 6.
"""

# %%
functions = xc.exercise.bugs("16.5")


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: evidence = {"a": None, "b": None, "c": None}  # c: (net, stand_in, x, twin)
def kinked(p):
    """The second class wins where relu(p - 1) is above 0.02."""
    return torch.stack([0 * p[:, 0] + 0.02, torch.relu(p[:, 0] - 1)], 1)


def rounded(p):
    """The same with softplus in place of the ReLU."""
    softplus = torch.nn.functional.softplus(p[:, 0] - 1, 5)
    return torch.stack([0 * p[:, 0] + 0.02, softplus], 1)


evidence = {
    "a": [[3, 3], [3, 3]],
    "b": [[1.0, 0.0], [0.0, 1.0]],
    "c": (kinked, rounded, [0.9], [1.1]),
}
### END SOLUTION

# %% tags=["check"]
xc.check("16.5", evidence)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- **a** sets the same seed before every layer. Two layers of the same shape get the *same* weights: the "ruined" network has a pattern that no random network has. A well-known library does this.
- **b** averages over all stages **and the trained network itself**, whose correlation with itself is 1. With few layers this gift is large: of one layer with correlation 0 it makes 0.5.
- **c** watches the class on the stand-in. Near a border the stand-in may keep a class that the real network loses. Then "the prediction was kept" is not true.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 16.6 · Another network

**Goals** G1, G4 · **Level** 4 of 5 · **Minutes** 15

Section 3 attacked one network. Write `twins(model, x, target)`, an attack on the gradient of any ReLU network of small pictures:

| argument | meaning |
|---|---|
| `model` | a network with ReLU modules, (N, 1, 28, 28) to (N, 10) |
| `x` | pictures, in [0, 1], which the model gets right |
| `target` | their classes, (N,) |
| **returns** | a twin of each picture: at most 8 grey levels of 255 away, in [0, 1], with its class |

Of the 50 strongest pixels of each gradient (by size), at most 0.3 may still be among the 50 strongest of the twin, in the mean over the pictures. The check takes `fashion_residual`, a network with batch norms and shortcuts, and four pictures.

Your own `move` from the lesson will do; the next cell has ours, and the lesson's stand-in. Leave the model and the pictures as they are.

*Look back:* lesson 16, section 3.
"""

# %%
move = xc.or_reference("16.2", None)  # or your own: copy it from the lesson


def stand_in(model, beta):
    """The same network with softplus in place of every ReLU."""
    smooth = copy.deepcopy(model)
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.ReLU):
            parent, _, last = name.rpartition(".")
            softplus = torch.nn.Softplus(beta, threshold=40)
            setattr(smooth.get_submodule(parent), last, softplus)
    return smooth


# %% tags=["task"]
def twins(model, x, target):
    """Return a twin of each picture with other strongest pixels, (N, 1, 28, 28)."""

    ### BEGIN SOLUTION
    # STUB: return move(...)
    def shares(net, p):
        p = p if p.requires_grad else p.detach().requires_grad_()
        logits = net(p)[torch.arange(len(p)), target]
        sizes = torch.autograd.grad(logits.sum(), p, create_graph=True)[0].abs()
        return sizes.flatten(1) / sizes.flatten(1).sum(1, keepdim=True)

    strongest, smooth = shares(model, x).topk(50, dim=1).indices, stand_in(model, 20)

    def on_strongest(net, p):
        return shares(net, p).gather(1, strongest).sum(1)

    def slope(p):
        p = p.detach().requires_grad_()
        return torch.autograd.grad(on_strongest(smooth, p).sum(), p)[0]

    return move(
        x, slope, lambda p: on_strongest(model, p).detach(),
        lambda p: model(p).argmax(1) == target, 8 / 255, 1 / 255, 20,
    )  # fmt: skip
    ### END SOLUTION


# %% tags=["check"]
xc.check("16.6", twins)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Nothing in `move` knows the network. What changes is the stand-in: it must round *every* ReLU, also those in the blocks with shortcuts, so it is built by walking through all modules. Score and class are those of the real network.

The control: random signs of this size leave about half of the 50 pixels.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 16.7 · Explain a surprise: the centre that does not move

**Goal** G2 · **Level** 2 of 5 · **Minutes** 10

The attack may also aim at the map's **centre of mass**: the mean place of its pixels, weighed by their sizes. The next cell tries it on pictures of 28 x 28 pixels. The strongest pixels change, but the centre moves by a few pixels only. Is the map robust?

Find out on paper. Two maps of ten places, 0 to 9, all other places are 0:

- before, in both cases: 5 at place 3 and 5 at place 5;
- **A**, after: 5 at place 1 and 5 at place 7;
- **B**, after: 4 at place 3, 4 at place 5, and 2 at place 9.

Hand in

- `centre`: the centre of mass after A, and after B;
- `kept`: which share of the **two strongest places** is still among the two strongest, after A, and after B;
- `sees`: one word. Which of the two numbers, `centre` or `kept`, notices that in A nothing is where it was? (`centre`, `kept`, `both` or `none`)

*Look back:* lesson 16, section 3.
"""

# %%
net = xc.zoo.load("fashion_cnn", device="cpu")
pictures = xc.datasets.fashion_mnist(n=8).x
rows, columns = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")


def centre(maps):
    """Mean place of the size of each map, (N, 2)."""
    size = maps.abs().sum(1)
    whole = size.flatten(1).sum(1)
    return torch.stack(
        [(size * way).flatten(1).sum(1) / whole for way in (rows, columns)], 1
    )


ask = {"eps": 8 / 255, "steps": 20, "beta": 20.0}
attack = xc.robustness.attack_map(net, pictures, goal="mass_centre", **ask)
chance = xc.gradient(
    net, xc.robustness.random_twin(pictures, 8 / 255), target=net(pictures).argmax(1)
)
far = (centre(attack.after) - centre(attack.before)).norm(dim=1).mean()
near = (centre(chance) - centre(attack.before)).norm(dim=1).mean()
xc.show("centre moved, in pixels of 28", far, control={"random signs": near})

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: answer = {"centre": (None, None), "kept": (None, None), "sees": None}
answer = {"centre": (4, 5), "kept": (0, 1), "sees": "kept"}
### END SOLUTION

# %% tags=["check"]
xc.check("16.7", answer)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The centre is a mean. In A everything moves, half of it to the left and half to the right: $(5 \cdot 1 + 5 \cdot 7) / 10 = 4$, as before. In B only a fifth of the map moves, but far: $(4 \cdot 3 + 4 \cdot 5 + 2 \cdot 9) / 10 = 5$.

So a centre that hardly moves does not show a robust map. Each number on a map sees some changes and is blind to others: choose it by the harm that you fear, and print a second one.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "Under attack our map keeps 0.8 of its strongest pixels, the gradient keeps 0.2." What do you ask?

<details><summary>A good answer</summary>

Was the attack made for your map, with everything that it knows of your method? And what do random signs of the same size leave?
</details>

**2.** "The map of a ruined network is still like ours, correlation 0.9. So the method is worthless." What do you ask for?

<details><summary>A good answer</summary>

The correlation with the bare picture, and the same test with signs. If both maps are like the picture, the number says that the pictures are alike.
</details>
"""
