# %% [markdown] tags=["header"]
r"""
# 04 · Class activation maps (2016): where in the network is the class?

| | |
|---|---|
| **Papers** | B. Zhou and others, *Learning Deep Features for Discriminative Localization* (CAM), [arXiv:1512.04150](https://arxiv.org/abs/1512.04150); R. R. Selvaraju and others, *Grad-CAM*, [arXiv:1610.02391](https://arxiv.org/abs/1610.02391); R. L. Draelos, L. Carin, *HiResCAM*, [arXiv:2011.08891](https://arxiv.org/abs/2011.08891) |
| **Time** | 65 minutes: 33 to read and try, 32 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 00 (occlusion), lesson 01 (gradient, logit, the truth strip) |
| **Repairs** | the failure of lesson 01: a gradient map hardly depends on the class. Here we stop the gradient at a late layer. |
| **Practise** | the sheet `exercises/04_class_activation_maps.ipynb` |
"""

# %% tags=["setup", "workshop"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
collage = xc.datasets.collage(device=device)  # a cat on the left, coffee on the right
left, right = xc.datasets.collage_masks(device=device)
EGYPTIAN_CAT, ESPRESSO, HUNTING_DOG, WORM_FENCE = 285, 967, 275, 912
TABBY, COFFEE_MUG = 281, 504

# %% [markdown]
r"""
## 1 · A map that knows its class

In lesson 01 the maps of two classes looked alike. Here are two by **Grad-CAM**, for the cat and for the espresso, on one colour scale.
"""

# %% tags=["demo"]
both = collage.repeat(2, 1, 1, 1)
classes = torch.tensor([EGYPTIAN_CAT, ESPRESSO], device=device)
cat, coffee = xc.grad_cam(model, both, target=classes)  # each (1, 224, 224)
xc.plot.maps(
    {"Egyptian cat": cat, "espresso": coffee}, photo=collage, overlay=True,
    reduce="abs_sum", percentile=100, unit="Grad-CAM",
    alt="The collage of a cat and a cup of coffee, and two Grad-CAM maps over it on "
    "one scale, for the classes Egyptian cat and espresso.",
)  # fmt: skip

# %% [markdown] tags=["goals"]
r"""
After this lesson

- **G1** you can compute CAM, Grad-CAM and HiResCAM by hand, and say when they are equal.
- **G2** you can implement Grad-CAM for any layer, with the right class for each input.
- **G3** you can tell a bright cell from a cell that matters, by switching it off.
- **G4** you can read such a map: its scale, its layer, its resolution, and an empty one.

One picture is no proof. So we glue five collages from four photos, explain both classes of each, and ask which share of the map lies in
the half of its own class.
"""

# %% tags=["machinery"]
BEST = {"chelsea": 285, "coffee": 967, "camera": 872, "rocket": 657}  # photo: class
PAIRS = ["chelsea coffee", "coffee chelsea", "camera chelsea", "rocket coffee"]
PAIRS = [pair.split() for pair in [*PAIRS, "coffee camera"]]
halves = torch.stack([left, right]).float()  # (2, 224, 224)


def own_share(maps):
    """Which share of two maps (2, 224, 224) lies in the left, and in the right half."""
    maps = maps.clamp(min=0)
    return (maps * halves).sum((1, 2)) / maps.sum((1, 2))  # (2,)


# %% tags=["machinery"]
five = []  # each collage twice, with its two classes
for names in PAIRS:
    two = xc.datasets.collage(*names, device=device).repeat(2, 1, 1, 1)
    five.append((two, torch.tensor([BEST[name] for name in names], device=device)))

shares, slopes, alike, alike_slopes = [], [], [], []
for two, classes in five:
    light = xc.grad_cam(model, two, target=classes)[:, 0]  # (2, 224, 224)
    size = xc.gradient(model, two, target=classes).abs().sum(1)
    shares += own_share(light).tolist()
    slopes += own_share(size).tolist()
    alike.append(float(torch.cosine_similarity(*light.flatten(1), dim=0)))
    alike_slopes.append(float(torch.cosine_similarity(*size.flatten(1), dim=0)))

control = {"half of the area": 0.5, "lowest of the gradient": min(slopes)}
xc.show("lowest share in the own half, ten maps", min(shares), control=control)
control = {"the gradient": max(alike_slopes)}
xc.show("largest cosine of two classes, five collages", max(alike), control=control)

# %% [markdown] tags=["symbols"]
r"""
All ten maps lie mainly in the half of their own class. What did we pay? Each map is a smooth cloud: it was made of $7 \times 7$ numbers.

## 2 · From weights to slopes

A convolutional network makes **feature maps**: small pictures, one for each feature that it looks for. Many networks end in the most plain
way: take the mean of each feature map, then one linear layer. Three symbols:

- $A_k$ is feature map number $k$ of a layer: height x width numbers, its **cells**. (In shapes: h, w.)
- $w_k$ is the weight of the class for feature $k$.
- $g_k$ is the slope of $F$, the logit of the class, with respect to each cell of $A_k$: a picture of slopes, as large as $A_k$.

With such an ending, $F = \sum_k w_k\, \mathrm{mean}(A_k) + b$, with the bias $b$ of the class. The mean and the sum may change places:

$$M = \sum_k w_k A_k \qquad\Rightarrow\qquad \mathrm{mean}(M) = F - b .$$

$M$ is the **class activation map** (CAM). Nothing is lost: its mean is the logit, up to the bias.

But what if a network ends in another way? **Grad-CAM** replaces the weight by the *mean slope*, which every network has at every layer.
It also cuts off what speaks against the class:

$$\text{Grad-CAM} = \mathrm{relu}\Big( \sum_k \mathrm{mean}(g_k)\, A_k \Big)$$

**HiResCAM** takes no mean. Each cell is multiplied by its own slope, and the sign stays. It is gradient x input (lesson 01) with the layer in the place of the photo:

$$\text{HiResCAM} = \sum_k g_k \odot A_k \qquad (\odot: \text{cell by cell})$$

A small example: one feature map of $2 \times 2$ cells, and a linear score.

$$A = \begin{pmatrix} 4 & 1 \\ 2 & 1 \end{pmatrix}, \qquad F = 0 \cdot a_{11} + 3\, a_{12} - 1\, a_{21} + 2\, a_{22} = 3 - 2 + 2 = 3 .$$

**Predict (04.P1).** Which of the four cells is the brightest in Grad-CAM?
"""

# %% tags=["question"]
xc.predict("04.P1")

# %%
A = torch.tensor([[4.0, 1.0], [2.0, 1.0]])
g = torch.tensor([[0.0, 3.0], [-1.0, 2.0]])
print("mean slope:", float(g.mean()))
print("Grad-CAM:", (g.mean() * A).relu().tolist())
print("HiResCAM:", (g * A).tolist())
print("F without each cell:", ((g * A).sum() - g * A).tolist())

# %% [markdown]
r"""
<details><summary>Answer to 04.P1</summary>

(a), the 4. The mean slope is 1, so Grad-CAM is $A$ itself: it lights the 4, which has no effect, and next the 2, which *lowers* $F$. HiResCAM is
each cell's part of $F$.
</details>

Compare the last two lines that were printed: where **one linear layer** follows $A$, a cell of HiResCAM is exactly what the score loses without this cell. HiResCAM's paper
proves it.
"""

# %% [markdown]
r"""
### Task 04.1 · Two feature maps on paper

**Goal** G1 · **Level** 1 of 5 · **Minutes** 8 · **Importance** 4 of 5

A layer has two feature maps with 2 x 2 cells. The slopes of the score with respect to them are $g_1$ and $g_2$:

$$A_1 = \begin{pmatrix} 4 & 0 \\ 2 & 2 \end{pmatrix}, \quad A_2 = \begin{pmatrix} 1 & 3 \\ 0 & 2 \end{pmatrix}, \quad
g_1 = \begin{pmatrix} 0 & 2 \\ 1 & 1 \end{pmatrix}, \quad g_2 = \begin{pmatrix} -3 & 1 \\ -1 & -1 \end{pmatrix}$$

On paper, not in code: the two **weights** of Grad-CAM, the map of **Grad-CAM** (with its relu), and the map of **HiResCAM** (without relu).

$$\text{Grad-CAM} = \mathrm{relu}\Big(\sum_k \mathrm{mean}(g_k)\, A_k\Big), \qquad \text{HiResCAM} = \sum_k g_k \odot A_k$$
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

# %% [markdown] tags=["fold"]
r"""
The mean slopes are $4/4 = 1$ and $-4/4 = -1$. So Grad-CAM is $\mathrm{relu}(A_1 - A_2)$: the differences are 3, $-3$, 2, 0, and the $-3$ is cut off.
HiResCAM multiplies first: the cells of the first map give 0, 0, 2, 2, those of the second $-3$, 3, 0, $-2$.

The cell that Grad-CAM lights most, top left, has $-3$ in HiResCAM. The cell that it leaves dark, top right, has 3. One mean hides
that the second feature speaks *for* the class at one place and *against* it at another.
"""

# %% [markdown]
r"""
### Task 04.2 · Write Grad-CAM yourself

**Goal** G2 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

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

# %% [markdown] tags=["fold"]
r"""
- `.detach().requires_grad_()` makes A a starting point. What lies before it plays no part.
- `[inputs, target]` picks one score for each input, and `sum()` leaves each input its own slopes. `mean()` would divide by N.
- `keepdim=True` keeps the shape (N, K, 1, 1), so that each weight multiplies its own feature map. Dims 2 and 3 are the cells.
- First add, then relu: a feature that speaks against the class at a cell must be able to cancel one that speaks for it.
"""

# %% [markdown]
r"""
## 3 · One map at the last layer

Your function on a net for small pictures of clothes that ends with a mean and one linear layer. Ten pictures, and
for each the class that the net chooses.
"""


# %%
def cut(net, layer, x):
    """A net cut in two at a layer: photos to feature maps, feature maps to scores."""
    rest, _ = xc.at_layer(net, layer, x[:1])  # here nothing passes beside the layer
    return lambda photos: xc.at_layer(net, layer, photos)[1], rest


grad_cam = xc.or_reference("04.2", my_grad_cam)
residual = xc.zoo.load("fashion_residual", device=device)  # ends with a mean
clothes = xc.datasets.fashion_mnist(n=200, device=device).x  # (200, 1, 28, 28)
ten = clothes[:10]
kinds = residual(ten).argmax(1)  # (10,)
front, rest = cut(residual, "block2", ten)
A = front(ten)  # (10, 64, 7, 7)

w, b = residual.classifier.weight[kinds], residual.classifier.bias[kinds]
cam = (w[:, :, None, None] * A).sum(1)  # (10, 7, 7), by the weights
logits = residual(ten).gather(1, kinds[:, None])[:, 0]
print("mean of CAM, plus bias:", [round(v, 2) for v in (cam.mean((1, 2)) + b).tolist()])
print("logit:                 ", [round(v, 2) for v in logits.tolist()])

yours = grad_cam(front, rest, ten, kinds)
hires = xc.hires_cam(residual, ten, target=kinds, layer="block2", upsample=None)[:, 0]
for name, maps in {"CAM": cam, "49 x Grad-CAM": 49 * yours}.items():
    print(f"{name}, largest cell:", [round(v, 1) for v in maps.amax((1, 2)).tolist()])

# %% tags=["machinery"]
package = xc.grad_cam(residual, ten, target=kinds, layer="block2", upsample=None)
assert torch.allclose(package[:, 0], yours, rtol=1e-4, atol=1e-4)
assert torch.allclose(cam.relu() / 49, yours, rtol=1e-4, atol=1e-4)
assert torch.allclose(cam / 49, hires, rtol=1e-4, atol=1e-4)
print("CAM / 49 = HiResCAM, and its relu = Grad-CAM, in every cell of ten pictures")

# %% [markdown]
r"""
At the last layer all three are **one map**, up to the relu and a factor, the number of cells. The reason: a mean gives every cell of $A_k$ the same slope, $w_k / 49$. So
the mean slope *is* each cell's slope. Our photo network ends in the same way.

## 4 · A bright cell is a claim

Now a net that does not end with a mean: behind the last feature maps of our small CNN come two dense layers. The proof of section 2 does not cover it. But we can
**measure** what a cell does: switch it off and run the rest of the net. This is the occlusion of lesson 00, inside the network.
"""

# %% [markdown]
r"""
### Task 04.4 · Switch off every cell

**Goal** G3 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 4 of 5

A bright cell is a claim. Test it: set all feature maps to 0 at one cell and run the rest of the network again. Write `cell_effects(head, A, target)`:

| argument | meaning |
|---|---|
| `head` | maps feature maps (N, K, h, w) to scores (N, classes) |
| `A` | the feature maps of **one** photo, (1, K, h, w) |
| `target` | the class, an int |
| **returns** | for each cell $F(A) - F(A \text{ without this cell})$, (h, w), with signs |

The caller's `A` stays as it is.
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

# %% [markdown] tags=["fold"]
r"""
A cell is a column through all K feature maps, hence `[:, :, i, j]`. Each turn starts from a fresh copy, otherwise the cells stay off and the effects mix. Only the head has to run again, so this
costs little. Where the head is linear the result *is* HiResCAM. Where it is curved, the two differ, and the experiment is the judge.
"""

# %%
effects_of = xc.or_reference("04.4", cell_effects)
cnn = xc.zoo.load("fashion_cnn", device=device)  # ends with two dense layers
kinds = cnn(clothes).argmax(1)  # (200,), the classes that the net chooses
front, _ = cut(cnn, "pool2", clothes)
A = front(clothes)  # (200, 32, 7, 7)


def dense(A):
    """The part of the small CNN behind its last feature maps."""
    return cnn.classifier(cnn.relu3(cnn.dense(A.flatten(1))))


with torch.no_grad():
    each = [effects_of(dense, A[k : k + 1], int(kinds[k])) for k in range(200)]
effects = torch.stack(each).to(device).flatten(1)  # (200, 49), what each cell adds
print(
    "cells in all:", effects.numel(), "  against the class:", int((effects < 0).sum())
)

# %% [markdown]
r"""
A map should tell which cells add much and which add little. We take the correlation of each map with the measured effects, picture by picture: 1 for the same pattern, 0 for nothing in
common. Three maps:

- **A**: Grad-CAM;
- **B**: a control that is **class-blind**, the length of the activations in a cell, $\sqrt{\sum_k A_k^2}$. It never asks for a class;
- **C**: HiResCAM.

**Predict (04.P2).** In which order do they follow the effects, the best first?
"""

# %% tags=["question"]
xc.predict("04.P2")


# %% tags=["machinery"]
def correlation(maps):
    """Mean correlation of maps (200, 49) with the effects, picture by picture."""
    centred = [v - v.mean(1, keepdim=True) for v in (maps, effects)]
    return float(torch.cosine_similarity(*centred, dim=1).mean())


def against(maps):
    """Of 100 maps that are not empty: whose brightest cell speaks against the class?"""
    brightest = effects.gather(1, maps.argmax(1, keepdim=True))[:, 0]
    return 100 * float((brightest < 0)[maps.amax(1) > 0].double().mean())


# %%
made = {
    "Grad-CAM": grad_cam(front, dense, clothes, kinds).flatten(1),
    "class-blind map": A.norm(dim=1).flatten(1),
    "HiResCAM": xc.hires_cam(
        cnn, clothes, target=kinds, layer="pool2", upsample=None
    ).flatten(1),
}
found = {name: round(correlation(maps), 2) for name, maps in made.items()}
xc.show("correlation of Grad-CAM", found.pop("Grad-CAM"), control=found)
harmful = {name: against(maps) for name, maps in made.items()}
control = {"any cell": 100 * float((effects < 0).double().mean()), **harmful}
ours = control.pop("Grad-CAM")
xc.show("its brightest cell speaks against, percent", ours, control=control)
empty = {name: int((maps.amax(1) <= 0).sum()) for name, maps in made.items()}
xc.show("empty maps of 200", empty.pop("Grad-CAM"), control=empty)

# %% tags=["demo", "machinery"]
flat = made["Grad-CAM"]
place = flat.argmax(1, keepdim=True)
worst = int((flat.amax(1) * -effects.gather(1, place)[:, 0]).argmax())
i, j = divmod(int(place[worst]), 7)
added = float(effects[worst, 7 * i + j])
print(f"brightest cell of Grad-CAM: line {i + 1}, column {j + 1}; it adds {added:.2f}")
pictures = {"what each cell adds": effects, **made}
del pictures["class-blind map"]
chosen = {name: maps[worst].view(1, 7, 7) for name, maps in pictures.items()}
xc.plot.maps(
    {
        f"{name}\nlargest {one.max():.2f}": one / one.max()
        for name, one in chosen.items()
    },
    photo=clothes[worst],
    percentile=100,
    unit="parts of each map's largest value",
    alt="A small picture of clothes and three maps of 7 x 7 cells, each on a scale of "
    "its own: what each cell adds to the logit, measured by switching it off, "
    "Grad-CAM, and HiResCAM.",
)

# %% [markdown]
r"""
<details><summary>Answer to 04.P2</summary>

(d). On this net Grad-CAM follows the effects *less* than a map that never asks for the class. HiResCAM follows them almost perfectly, although its proof does not cover this net. That is no law.
</details>

Read the second line with its control. The brightest cell of Grad-CAM speaks against the class for about one picture of seven. That is half of what a cell drawn at
random does, and no better than the class-blind map. So do not say "Grad-CAM is harmful". Say: **what is right in it here comes from $A$; its weights, the mean slopes, add nothing.** Slopes of both
signs cancel in the mean. This also makes its maps weak, and sometimes empty.

The figure shows the picture where the brightest cell does most harm. Each map has a scale of its own (see the titles): on one scale Grad-CAM would look empty.
"""

# %% [markdown]
r"""
## 5 · Another layer

Back to the photo network. Nobody forces us to take the last layer. Earlier layers have finer maps, up to 112 cells in a line.

Take the ten maps of section 1 (five collages, both classes) and walk in eight stops: stop 1 is near the image, stop 8 is the last layer. At each stop we ask again which share of the map lies in the
half of its class. A map that does not know the class gets about 0.5.

**Predict (04.P3).** For how many of the ten does the share of **Grad-CAM** fall below one half at some stop?
"""

# %% tags=["question"]
xc.predict("04.P3")

# %% tags=["panel"]
layers = "blocks.0 blocks.2 blocks.4 blocks.7 blocks.10 blocks.13 blocks head".split()
panel = xc.widgets.LayerPanel(
    model,
    collage,
    {"Egyptian cat": EGYPTIAN_CAT, "espresso": ESPRESSO, "worm fence": WORM_FENCE},
    layers=layers,
    regions={"cat half": left, "coffee half": right},
)
panel

# %% tags=["drive", "machinery"]
# About ten seconds: the shares of ten maps at eight stops, by both methods.
own = {"Grad-CAM": torch.zeros(8, 10), "HiResCAM": torch.zeros(8, 10)}
for stop, layer in enumerate(layers):
    front, rest = cut(model, layer, collage)
    for number, (two, classes) in enumerate(five):
        maps = {
            "Grad-CAM": grad_cam(front, rest, two, classes)[:, None],
            "HiResCAM": xc.hires_cam(
                model, two, target=classes, layer=layer, upsample=None
            ),
        }
        for name, cells in maps.items():
            large = torch.nn.functional.interpolate(cells, size=224, mode="bilinear")
            own[name][stop, 2 * number : 2 * number + 2] = own_share(large[:, 0]).cpu()
below = {name: int((share.amin(0) < 0.5).sum()) for name, share in own.items()}
ours = below.pop("Grad-CAM")
xc.show("Grad-CAM, below one half at some stop, of 10", ours, control=below)

# %% tags=["demo", "machinery"]
panel.set(layer="blocks.13", method="grad_cam")
assert panel.error is None
assert abs(panel.result.shares["cat half"] - float(own["Grad-CAM"][5, 0])) < 0.02
curves = {
    f"{name}, median of ten": share.quantile(0.5, dim=1) for name, share in own.items()
}
curves |= {f"{name}, lowest of ten": share.amin(1) for name, share in own.items()}
xc.plot.series(
    torch.arange(1, 9),
    curves,
    levels={"no knowledge": 0.5},
    doubling=True,
    x_name="stop 1 (112 x 112 cells) to 8 (the last layer, 7 x 7)",
    y_name="share in own half",
    alt="Four curves over eight layers, from the image to the score: the share of the "
    "positive map in the class's own half, median and lowest of ten, for two methods.",
    height=2.8,
)

# %% [markdown]
r"""
<details><summary>Answer to 04.P3</summary>

(d), nine of the ten. At the last layer all ten lie in their own half. Two stops earlier the median of Grad-CAM is *below* what a map without knowledge gets. HiResCAM falls below one half for two of the ten, each time just so, at the first stop.
</details>

Why does it fail at stop 6? Grad-CAM gives a feature one weight for the whole photo. Is one weight enough? Compare a feature's mean slope in the left half with that in the right half.
"""

# %% tags=["machinery"]
# Each feature's mean slope on the cat, and on the coffee: does the sign turn?
turned = {}
for layer in ("blocks.13", "head"):
    rest, A = xc.at_layer(model, layer, collage)
    g = xc.gradient(rest, A, target=EGYPTIAN_CAT)[0]  # (K, 7, 7)
    west, east = (
        g[:, :, :3].mean((1, 2)),
        g[:, :, 4:].mean((1, 2)),
    )  # the middle left out
    turned[layer] = 100 * float((west * east < 0).double().mean())
    if layer == "blocks.13":
        k = int((west * east).argmin())
        print(
            f"feature {k}: mean slope on the cat {west[k]:+.4f}, on the coffee", end=""
        )
        print(f" {east[k]:+.4f}, of all cells {g[k].mean():+.4f}")
control = {"last layer": turned["head"], "signs by chance": 50}
xc.show("features whose sign turns, percent", turned["blocks.13"], control=control)

# %% [markdown]
r"""
At stop 6 the sign of nearly every second feature turns between the halves, as often as if signs were drawn by lot. Such a feature helps the cat on one side and harms it on the other, and its mean is right for neither. At the last
layer the slope is the same in all cells. HiResCAM needs no mean. But its margin is small at early layers: there it is close to gradient x input, with its noise.

**Explore the panel** (4 minutes). Run its cell to get the controls. Find: a layer at which the cat's map lies on the coffee; what "with sign" adds at the last layer; a class whose map is empty; what the own scale does to it.
"""

# %% [markdown] tags=["workshop"]
r"""
## 6 · Nothing that looks like something

Many programs divide each map by its own largest value before they draw it. So do many figures in papers. Here are three maps of the collage drawn in this way, in an order drawn by lot.
"""

# %% tags=["demo", "machinery", "workshop"]
TRIO = {"tabby": TABBY, "coffee mug": COFFEE_MUG, "hunting dog": HUNTING_DOG}
lots = torch.randperm(3, generator=torch.Generator().manual_seed(3)).tolist()
order = [list(TRIO)[k] for k in lots]
four = torch.tensor([TRIO[name] for name in order] + [WORM_FENCE], device=device)
light = xc.grad_cam(model, collage.repeat(4, 1, 1, 1), target=four)  # (4, 1, 224, 224)
xc.plot.maps(
    {name: one / one.max() for name, one in zip("ABC", light[:3], strict=True)},
    photo=collage, overlay=True, reduce="abs_sum", percentile=100,
    unit="share of the map's own maximum",
    alt="The collage and three Grad-CAM maps over it, A, B and C, each divided by its "
    "own largest value.",
)  # fmt: skip

# %% [markdown] tags=["workshop"]
r"""
**Predict (04.P4).** Does one of the three belong to a class that the network rejects, with a logit below $-2$? Which one?
"""

# %% tags=["question", "workshop"]
xc.predict("04.P4")

# %% tags=["demo", "workshop"]
names = [f"{letter}: {name}" for letter, name in zip("ABC", order, strict=True)]
names.append("worm fence")
logits = model(collage)[0, four]
for name, one, logit in zip(names, light, logits, strict=True):
    print(f"{name}: logit {logit:.1f}, largest value of the map {one.max():.2f}")
signed = xc.grad_cam(model, collage, target=HUNTING_DOG, relu=False, upsample=None)
helpful = xc.grad_cam(model, collage, target=TABBY, relu=False, upsample=None)
control = {"tabby": int((helpful > 0).sum())}
xc.show("hunting dog: cells above 0, of 49", int((signed > 0).sum()), control=control)

# %% tags=["demo", "machinery", "workshop"]
xc.plot.maps(
    dict(zip(names, light, strict=True)),
    reduce="abs_sum",
    percentile=100,
    unit="Grad-CAM, one scale for all",
    alt="Four Grad-CAM maps of the collage on one common scale: three animals and "
    "things in the order A, B, C, and worm fence.",
)

# %% [markdown] tags=["workshop"]
r"""
<details><summary>Answer to 04.P4</summary>

(c): C is the map of *African hunting dog*. It looks like that of the mug, and on its own scale nobody can see that its strongest cell is five times weaker than the tabby's.
</details>

First the relu cuts off all that speaks *against* the class. Then the scaling blows up whatever is left.

For *worm fence* not one cell is positive: the map is empty. At the last layer this is an **answer** ("no cell speaks for it"). At other
layers it is none: in section 4 some maps were empty for the class that the net *chose*, because slopes cancelled in the mean.

So: print the largest value and the logit beside a map, use one scale, and look at the signed map before the relu.
"""

# %% [markdown]
r"""
## 7 · What has a cell seen?

The map has 49 cells. Drawn over the photo it has 50,176 pixels, filled in between. **Enlarging adds no information.**

And each cell is drawn on its own square of 32 x 32 pixels. Which pixels did the network use to compute it? The slopes are no good witness (lesson 01). So we
hide squares of the photo, one after the other, behind the mean colour, and watch the value of the cat's brightest cell.

**Predict (04.P5).** How many of the 49 squares change the cell's value by more than a hundredth of that value when they are hidden?
"""

# %% tags=["question"]
xc.predict("04.P5")


# %%
raw = xc.grad_cam(model, collage, target=EGYPTIAN_CAT, upsample=None)[0, 0]  # (7, 7)
down, across = divmod(int(raw.argmax()), 7)


def brightest_cell(photos):
    """The value of the cat's brightest cell in the last layer, (N,)."""
    scaled = (photos * 255 - 127) / 128  # as the model does it itself
    A = model.head(model.blocks(model.stem(scaled)))
    return A[:, :, down, across] @ model.classifier.weight[EGYPTIAN_CAT]


value = float(brightest_cell(collage)[0])
print(f"line {down + 1}, column {across + 1}: {value:.1f} = 49 x {raw.max():.2f}")
for fill in ("mean", "blur", 0.0):
    found = xc.occlusion(
        brightest_cell, collage, target=None, patch=32, fill=fill, return_details=True
    )
    change = found.extra["drops"][0].reshape(7, 7).abs()  # one number for each square
    part = change[down, across] / change.sum()
    xc.show(f"{fill}: part of its own square", part, control={"of the area": 1 / 49})
    counts = int((change > 0.01 * value).sum())
    control = {"squares on which it is drawn": 1}
    xc.show("   squares of 49 that change it by 1 percent", counts, control=control)
    if fill == "mean":
        seen = (change / change.max())[None]

# %% tags=["demo", "machinery"]
drawn = torch.zeros(1, 7, 7)
drawn[0, down, across] = 1
xc.plot.maps(
    {"where the cell is drawn": drawn, "what it depends on": seen},
    photo=collage,
    reduce="abs_sum",
    percentile=100,
    unit="share of the maximum",
    alt="The collage and two maps of 7 x 7 squares: the place where the brightest "
    "cell of the cat's map is drawn, and how much its value changes when each "
    "square is hidden.",
)

# %% [markdown]
r"""
<details><summary>Answer to 04.P5</summary>

(c), for each of the three ways of hiding: most of the photo, the coffee with it. Its own square counts for three to six times what its area would get, and the square below it for more (see the figure). Most of the change comes from elsewhere.
</details>

The map says *where in the layer* the evidence sits. That this place still tells something about the place in the photo is a habit of trained networks.
The collages of section 1 show that it holds well here. It is no theorem.

## 8 · Is it right? The truth strip

The three tests of lesson 01, for Grad-CAM at the last layer, each beside what a map without knowledge gets. It is one photo. We draw the ruined network three times.
"""

# %% tags=["demo", "machinery"]
strip = xc.truth_strip("grad_cam", model=model)
own_half = strip.own_share.mean()
xc.show("own half's share of the map", own_half, control={"half of the area": 0.5})
spread = {"spread of random orders": strip.random_spread}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=spread)
ruins = [strip.cosine]
for seed in (1, 2):
    ruined = xc.evaluation.randomise_last_layer(model, seed)
    again = xc.grad_cam(ruined, collage, target=EGYPTIAN_CAT)[0].sum(0).cpu()
    pair = strip.maps[0, 0].flatten(), again.flatten()
    ruins.append(float(torch.cosine_similarity(*pair, dim=0)))
places = {"own pixels in random places": strip.shuffled_cosine}
xc.show("three ruined networks: cosine", ruins, control=places)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* Nine tenths, where saliency got 0.6 in lesson 01. (At stop 6 it would have failed.)
- *Deletion.* Below 0 is better than random. Espresso: by about four times the spread. Cat: by less than the spread, no verdict. A map of 49 cells can order patches of 14 pixels only roughly.
- *Ruined networks.* Two of the three maps are no more like ours than our own pixels in random places, the third is a little more. So the map does change with the last layer. (Two clouds without negative values never
  have a cosine near 0.)

## 9 · Your model

Torchvision's ResNet-18, with **random** weights, so that the cell runs offline. Exchange them for trained ones, or for yours, and run it again.

What to doubt, with your own weights: Is the best class right, and its probability far above chance? Does your network end with a mean and one linear layer, so that the three maps are one? Is the map of
the second class another one? A random network gives a fine cloud, too: which of the printed lines tells you that it knows nothing?

<details><summary>Which line? (Read the output first.)</summary>

The names: none of them is a cat. And the last two lines say that the map asks for no class: two classes have nearly one map, the class-blind one. The probability, well above chance, says nothing.
</details>
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
photo = xc.datasets.photo("chelsea", device=device)
chances, classes = mine(photo)[0].softmax(0).topk(5)
print("best five:", ", ".join(xc.zoo.labels()[k] for k in classes))
xc.show("probability of the best", chances[0], control={"chance": 0.001})

twice = photo.repeat(2, 1, 1, 1)  # for the best and the second class
front, rest = cut(mine, "model.layer4", twice)
light = grad_cam(front, rest, twice, classes[:2])  # yours, (2, 7, 7)
control = {"trained Lite0, cat and espresso": alike[0]}
cosine = float(torch.cosine_similarity(*light.flatten(1), dim=0))
xc.show("cosine of the maps of two classes", cosine, control=control)
length = front(photo).norm(dim=1).flatten()
blind = float(torch.cosine_similarity(light[0].flatten(), length, dim=0))
xc.show("cosine with the class-blind map", blind, control={"the same map": 1})

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · The family

All members weigh the feature maps and add them; they differ in the weights. In the table all sums run over the cells, and $g_k$ are the slopes.

| map | year | weight of feature map $k$ | afterwards | in the package |
|---|---|---|---|---|
| CAM | 2016 | $w_k$ of the linear layer | | `xc.cam` |
| Grad-CAM | 2017 | mean of $g_k$ | relu | `xc.grad_cam` |
| Grad-CAM++ | 2018 | $\sum \alpha\, \mathrm{relu}(g_k)$, with $\alpha = 1 / (2 + g_k \sum A_k)$ where $g_k > 0$ | relu | `xc.grad_cam_plus_plus` |
| XGrad-CAM | 2020 | $\sum g_k A_k / \sum A_k$: the mean slope *where the map is active* | relu | `xc.xgrad_cam` |
| HiResCAM | 2020 | $g_k$, cell by cell | | `xc.hires_cam` |
| LayerCAM | 2021 | $\mathrm{relu}(g_k)$, cell by cell | relu | `xc.layer_cam` |
| Score-CAM | 2020 | softmax of the scores of the photo seen through $A_k$ | relu | `xc.score_cam` |
| Eigen-CAM | 2020 | first principal direction of the feature maps | | `xc.eigen_cam` |

Eigen-CAM asks for no class, so its maps of two classes are the same, with the cosine 1. Six others on our CNN: Grad-CAM, Grad-CAM++, XGrad-CAM, HiResCAM, LayerCAM, Score-CAM.

The cosine is that of the class which the net chooses with one other class, the mean of the 200 pictures of section 4.

**Predict (04.P6).** For how many of these six is the cosine of two classes above a half?
"""

# %% tags=["question"]
xc.predict("04.P6")

# %%
chosen = cnn(clothes).argmax(1)  # as in section 4
other = (chosen + 1) % 10  # another class for each picture
members = (
    "grad_cam grad_cam_plus_plus xgrad_cam hires_cam layer_cam score_cam eigen_cam"
)
any_cell = round(100 * float((effects < 0).double().mean()))
mixed = torch.randperm(49, generator=torch.Generator().manual_seed(0))
for name in members.split():
    settings = {"layer": "pool2", "upsample": None}
    one = xc.METHODS[name].method(cnn, clothes, target=chosen, **settings).flatten(1)
    two = xc.METHODS[name].method(cnn, clothes, target=other, **settings).flatten(1)
    pair, shuffled = (
        float(torch.cosine_similarity(one, them, dim=1).mean())
        for them in (two, two[:, mixed.to(device)])
    )
    text = f"against {against(one):.0f} % (any cell {any_cell} %)"
    print(f"{name}: {text}, cosine with another class {pair:.2f}", end=" ")
    print(f"(its cells shuffled {shuffled:.2f})")

# %% [markdown]
r"""
<details><summary>Answer to 04.P6</summary>

(c): those whose weights cannot be negative. Grad-CAM++ and LayerCAM leave out all negative slopes, a softmax (Score-CAM) is positive anyway. So nothing can speak against a class. The maps of Grad-CAM++ hardly depend on the class.
</details>

Which members would you use after this table? For HiResCAM and LayerCAM the brightest cell is never a harmful one here. But LayerCAM leaves out negative slopes, too: its maps of two classes are
more alike than with their cells shuffled. Only HiResCAM does no harm *and* tells classes apart, on this net. (It keeps signs, so its cosine may be below 0.)

### B · Guided Grad-CAM: sharp, and right?

The paper of Grad-CAM multiplies the enlarged map by guided backprop (lesson 02), to get fine detail *and* the class.
"""

# %% tags=["demo"]
strip = xc.truth_strip("guided_grad_cam", model=model)
own_half = strip.own_share.mean()
xc.show("own half's share of the map", own_half, control={"half of the area": 0.5})
spread = {"spread of random orders": strip.random_spread}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=spread)
places = {"own pixels in random places": strip.shuffled_cosine}
xc.show("ruined network: cosine", strip.cosine, control=places)

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
The own half is right, because Grad-CAM cuts the other half out. But deletion is *above* 0: patches ranked by this signed map are worse than patches in random order. The fine signs come from guided
backprop, which hardly depends on the class (lesson 02). The third test fails as well. Sharper is not truer.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- CAM, Grad-CAM and HiResCAM weigh a layer's feature maps. If only a mean and one linear layer follow, they are **one map** (up to relu and a factor), and its cells add up to the logit without the bias.
- Elsewhere they part. On our CNN Grad-CAM followed the measured effects less than a map that never asked for the class. HiResCAM keeps each cell's own slope.
- "In one of seven the brightest cell is harmful" says nothing without its base rate. Here any cell would have been worse, and a class-blind map just as good.
- The **layer** is part of the question. Name it. Grad-CAM is at home at the last layer.
- At the last layer an empty map is an answer. Scaling each map to its own maximum hides a weak one. Print the logit.
- An enlarged map has no more numbers than before, and each of them has seen far more than its own square.

**Where it fails next.** These maps explain a layer, not the photo, and they choose the scale of detail for you. Lesson 05 goes back to the pixels and makes the sum right there.

## References

- B. Zhou, A. Khosla, A. Lapedriza, A. Oliva, A. Torralba. *Learning Deep Features for Discriminative Localization*. 2016. [arXiv:1512.04150](https://arxiv.org/abs/1512.04150)
- R. R. Selvaraju and others. *Grad-CAM*. 2017. [arXiv:1610.02391](https://arxiv.org/abs/1610.02391)
- R. L. Draelos, L. Carin. *Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks*. 2020. [arXiv:2011.08891](https://arxiv.org/abs/2011.08891).
- A. Chattopadhay and others. *Grad-CAM++*. 2018. [arXiv:1710.11063](https://arxiv.org/abs/1710.11063); R. Fu and others. *XGrad-CAM*. 2020. [arXiv:2008.02312](https://arxiv.org/abs/2008.02312); H. Wang and others. *Score-CAM*. 2020. [arXiv:1910.01279](https://arxiv.org/abs/1910.01279); M. B. Muhammad, M. Yeasin. *Eigen-CAM*. 2020. [arXiv:2008.00299](https://arxiv.org/abs/2008.00299); P.-T. Jiang and others. *LayerCAM*. 2021.
"""
