# %% [markdown] tags=["header", "goals"]
r"""
# 04 · Class activation maps (2016): where in the network is the class?

| | |
|---|---|
| **Papers** | B. Zhou and others, *Learning Deep Features for Discriminative Localization* (CAM), [arXiv:1512.04150](https://arxiv.org/abs/1512.04150); R. R. Selvaraju and others, *Grad-CAM*, [arXiv:1610.02391](https://arxiv.org/abs/1610.02391); R. L. Draelos, L. Carin, *HiResCAM*, [arXiv:2011.08891](https://arxiv.org/abs/2011.08891) |
| **Time** | 60 minutes. The core path takes 40; "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient, logit, the truth strip) |
| **Repairs** | the failure of lesson 01: a gradient map hardly depends on the class, and its sum misses the score. Here we stop the gradient at a late layer. |
| **Practise** | the sheet `exercises/04_class_activation_maps.ipynb`: core tasks 33 minutes, all 60 |

After this lesson

- **G1** you can compute CAM, Grad-CAM and HiResCAM by hand, and say when they are equal.
- **G2** you can implement Grad-CAM for any layer, with the right class for each input.
- **G3** you can tell a bright cell from a cell that matters, by switching it off.
- **G4** you can read such a map: its scale, its layer, its resolution, and an empty one.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
collage = xc.datasets.collage(device=device)  # a cat on the left, coffee on the right
left, right = xc.datasets.collage_masks(device=device)
EGYPTIAN_CAT, ESPRESSO, HUNTING_DOG, WORM_FENCE = 285, 967, 275, 912

residual = xc.zoo.load("fashion_residual", device=device)  # small: it ends with a mean
cnn = xc.zoo.load("fashion_cnn", device=device)  # small: it ends with dense layers
clothes = xc.datasets.fashion_mnist(n=200, device=device).x  # (200, 1, 28, 28)


def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


# %% [markdown]
r"""
## 1 · A map that knows its class

In lesson 01 the maps of two classes looked alike. Here are two maps of the collage by **Grad-CAM**, from one forward and one backward pass each.
One colour scale for both.
"""

# %% tags=["demo"]
both = collage.repeat(2, 1, 1, 1)
classes = torch.tensor([EGYPTIAN_CAT, ESPRESSO], device=device)
cat, coffee = xc.grad_cam(model, both, target=classes)  # each (1, 224, 224)
for name, one, half in (("Egyptian cat", cat, left), ("espresso", coffee, right)):
    xc.show(f"{name}: share of the map in its own half", one[0, half].sum() / one.sum())
xc.show("cosine of the two maps", round(cosine(cat, coffee), 1))

xc.plot.maps(
    {"Egyptian cat": cat, "espresso": coffee},
    photo=collage,
    reduce="abs_sum",
    overlay=True,
    percentile=100,
    unit="Grad-CAM, parts of the logit",
    alt="The collage of a cat and a cup of coffee, and two Grad-CAM maps over it on "
    "one scale, for the classes Egyptian cat and espresso.",
)

# %% [markdown] tags=["symbols"]
r"""
Nine tenths of each map lie in its own half. The saliency map of lesson 01 got 0.6, and 0.5 is what a map without any knowledge gets. What did we pay? The map is a
smooth cloud: it was made of 7 x 7 numbers.

## 2 · From weights to slopes

A convolutional network makes **feature maps**: small pictures, one for each feature that it looks for. Many networks end in the simplest possible way:
take the mean of each feature map, then one linear layer. Three symbols:

- $A_k$ is feature map number $k$ of a layer: $h \times w$ numbers, its **cells**.
- $w_k$ is the weight of the class for feature $k$.
- $g_k$ is the slope of $F$ with respect to each cell of $A_k$: a picture of slopes, as large as $A_k$.

With such an ending, $F = \sum_k w_k\, \mathrm{mean}(A_k) + b$, with the bias $b$ of the class. The mean and the sum may change places, and the paper of 2016 does just that:

$$M = \sum_k w_k A_k \qquad\Rightarrow\qquad \mathrm{mean}(M) = F - b .$$

$M$ is the **class activation map** (CAM). Nothing is lost: its mean is the logit, up to the bias. Let us do it by hand, on a net for small pictures of clothes. It
ends in this way, so no gradient is needed.
"""

# %%
boot = clothes[:1]
kind = int(residual(boot).argmax())
A = boot
for part in ("normalise", "conv", "norm", "relu", "block1", "block2"):
    A = getattr(residual, part)(A)  # at last (1, 64, 7, 7)
w, b = residual.classifier.weight[kind], residual.classifier.bias[kind]  # (64,), ()
cam = (w.view(1, -1, 1, 1) * A).sum(1)  # (1, 7, 7)

logit = residual(boot)[0, kind]
xc.show("class", xc.datasets.FASHION_MNIST_CLASSES[kind])
xc.show("mean of the map, plus bias", cam.mean() + b)
xc.show("logit", logit)
package = xc.cam(residual, boot, target=kind, upsample=None)  # upsample: later
assert torch.allclose(package[0], cam, rtol=1e-4, atol=1e-4)

# %% [markdown]
r"""
But what if a network ends in another way? **Grad-CAM** (2017) replaces the weight by the *mean slope*, which every network has at every layer.
It also cuts off what speaks against the class:

$$M = \mathrm{relu}\Big( \sum_k \mathrm{mean}(g_k)\, A_k \Big)$$

**HiResCAM** (2020) takes no mean. Each cell is multiplied by its own slope, and the sign stays:

$$M = \sum_k g_k \odot A_k \qquad (\odot: \text{cell by cell})$$

It is gradient x input (lesson 01) with the layer in the place of the photo. Both are a few lines:
"""

# %%
start = A.detach().requires_grad_()  # the layer is now the input
score = residual.classifier(start.mean((2, 3)))[0, kind]
(g,) = torch.autograd.grad(score, start)  # (1, 64, 7, 7)
grad_cam = (g.mean((2, 3), keepdim=True) * A).sum(1)  # still without the relu
hires_cam = (g * A).sum(1)
for ours, method in ((grad_cam, xc.grad_cam), (hires_cam, xc.hires_cam)):
    package = method(residual, boot, target=kind, relu=False, upsample=None)
    assert torch.allclose(package[0], ours, rtol=1e-4, atol=1e-4)

same = torch.allclose(grad_cam, hires_cam, atol=1e-5)
xc.show("last layer: Grad-CAM without relu equals HiResCAM", same)
xc.show("and both equal CAM / 49", torch.allclose(hires_cam, cam / 49, atol=1e-5))
xc.show("sum of the cells, plus bias", hires_cam.sum() + b)

# %% [markdown]
r"""
At the last layer all three are **one map**, up to the relu and the factor 49, the number of cells. The reason: a mean gives every cell of $A_k$ the same slope, $w_k / 49$. So
the mean slope *is* each cell's slope. Our photo network ends in the same way.

## 3 · Where the two part

Now a head that treats its cells differently. One feature map of 2 x 2 cells, and a linear score:

$$A = \begin{pmatrix} 4 & 1 \\ 2 & 1 \end{pmatrix}, \qquad F = 0 \cdot a_{11} + 3\, a_{12} - 1\, a_{21} + 2\, a_{22} = 3 - 2 + 2 = 3 .$$

The slopes are the four weights: 0, 3, $-1$, 2.

**Predict (04.P1).** Which cell is the brightest in Grad-CAM?
(a) the one with 4, which $F$ never reads · (b) the one with slope 3 · (c) none, the map is empty
"""

# %% tags=["question"]
xc.predict("04.P1", None)  # replace None by "a", "b" or "c", then run

# %%
A = torch.tensor([[4.0, 1.0], [2.0, 1.0]])
g = torch.tensor([[0.0, 3.0], [-1.0, 2.0]])
print("mean slope:", float(g.mean()))
print("Grad-CAM:", (g.mean() * A).relu().tolist())
print("HiResCAM:", (g * A).tolist())
for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
    off = A.clone()
    off[i, j] = 0
    change = float((g * off).sum() - (g * A).sum())
    print(f"a{i + 1}{j + 1} = {A[i, j]:.0f} off: F changes by {change + 0.0:+.0f}")

# %% [markdown]
r"""
<details><summary>Answer to 04.P1</summary>

(a). The mean slope is 1, so Grad-CAM is $A$ itself: it lights the 4, which has no effect, and next the 2, which *lowers* $F$. HiResCAM is
$\begin{pmatrix} 0 & 3 \\ -2 & 2 \end{pmatrix}$: each cell's part of $F$, and they add up to 3.
</details>

This is what HiResCAM's paper proves: where **one linear layer** follows $A$, the cells of HiResCAM add up to $F - b$, and each cell is exactly what the score loses when this cell is
switched off. And the paper warns that Grad-CAM can light places that the model did not use.

## 4 · Does it happen in a trained network?

Our small CNN does not end with a mean. Its last feature maps (32 maps of 7 x 7 cells) go through two dense layers. So the proof does not cover it. But we can measure: switch
off each cell in turn (0 in all 32 maps), run the rest of the net, read the logit. This is lesson 00's occlusion, inside the network.

**Predict (04.P2).** Take 200 pictures and the class that the net chooses. In how many of 100 does the logit **rise** when we switch off the *brightest* cell of Grad-CAM?
(a) 0 · (b) about 15 · (c) about 50
"""

# %% tags=["question"]
xc.predict("04.P2", None)


# %%
def rest(A):
    """The part of the small CNN behind its last feature maps."""
    return cnn.classifier(cnn.relu3(cnn.dense(A.flatten(1))))


kinds = cnn(clothes).argmax(1)  # (200,)
A = clothes
for part in ("normalise", "conv1", "relu1", "pool1", "conv2", "relu2", "pool2"):
    A = getattr(cnn, part)(A)  # at last (200, 32, 7, 7)
rows = torch.arange(200, device=device)
effects = torch.zeros(200, 49, device=device)
for cell in range(49):
    off = A.clone()
    off[:, :, cell // 7, cell % 7] = 0
    effects[:, cell] = (rest(A) - rest(off))[rows, kinds]

made = {}
for name, method in {"Grad-CAM": xc.grad_cam, "HiResCAM": xc.hires_cam}.items():
    made[name] = method(cnn, clothes, target=kinds, layer="pool2", upsample=None)
    flat = made[name].flatten(1)  # (200, 49)
    rises = effects[rows, flat.argmax(1)] < 0  # (200,)
    for least in (0, 0.1):
        bright = flat.amax(1) > least  # above 0: the map is not empty
        percent = 100 * rises[bright].double().mean()
        xc.show(f"{name}, brightest cell above {least}: rises, percent", percent)

# %% tags=["demo"]
centred = {name: one.flatten(1) for name, one in {**made, "effects": effects}.items()}
centred = {n: one - one.mean(1, keepdim=True) for n, one in centred.items()}
for name in made:
    each = torch.nn.functional.cosine_similarity(centred[name], centred["effects"])
    xc.show(f"{name}: correlation with the effects", round(float(each.mean()), 1))
flat = made["Grad-CAM"].flatten(1)
xc.show("empty maps of Grad-CAM, of 200", int((flat.amax(1) == 0).sum()))

harm = -flat.amax(1) * effects[rows, flat.argmax(1)]  # light times harm
worst = int(harm.argmax())
xc.plot.maps(
    {"effect of switching off": effects[worst].view(1, 7, 7)}
    | {name: one[worst] for name, one in made.items()},
    photo=clothes[worst],
    percentile=100,
    unit="parts of the logit",
    alt="A small picture of clothes and three maps of 7 x 7 cells on one scale: the "
    "measured effect of switching off each cell, Grad-CAM, and HiResCAM.",
)

# %% [markdown]
r"""
<details><summary>Answer to 04.P2</summary>

(b). In about one picture of seven the brightest cell of Grad-CAM speaks *against* the class (empty maps left out). For HiResCAM it is none of 200. To be fair: most of these Grad-CAM maps are
dim. Where the brightest cell is above 0.1, it is about one map of eighteen. The figure shows the worst case: look for the faint
brightest cell of Grad-CAM in the lowest line, fifth from the left, and for the true effect at this place.
</details>

So the paper's claim holds on our net: **Grad-CAM can light what the model did not use, or what it used against the class.** Over all cells Grad-CAM has hardly any correlation with the true effects; that of HiResCAM is nearly
1, although two dense layers follow, so that the proof does not apply. That is a property of this net, not a law. Grad-CAM's maps are also far too weak, because slopes of both signs cancel in the mean.

## 5 · Another layer

Back to the photo network. Nobody forces us to take the last layer. Earlier layers have finer maps: 14 x 14, 28 x 28, up to 112 x 112 cells. Is a finer map a better one?

**Predict (04.P3).** Walk from the last layer back towards the image. Which share of Grad-CAM's map of the *cat* lies on the cat?
(a) it grows: finer maps are more exact · (b) it stays above half · (c) at some layers it is below half
"""

# %% tags=["question"]
xc.predict("04.P3", None)

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

# %% tags=["drive"]
own = {"Egyptian cat": "cat half", "espresso": "coffee half"}
curves = {f"{m}: {k}": [] for k in own for m in ("grad_cam", "hires_cam")}
for layer in layers:
    for name in curves:
        method, kind = name.split(": ")
        panel.set(layer=layer, method=method, **{"class": kind})
        curves[name].append(panel.result.shares[own[kind]])
assert panel.error is None
for name, shares in curves.items():
    xc.show(f"{name}, smallest share in its own half", min(shares))

xc.plot.series(
    torch.arange(1, 9),
    {name: torch.tensor(shares) for name, shares in curves.items()},
    levels={"no knowledge": 0.5},
    doubling=True,
    x_name="layer 1 (112 x 112 cells) to 8 (the last, 7 x 7)",
    y_name="share in own half",
    alt="Four curves over eight layers, from the image to the score: the share of the "
    "positive map in the class's own half, for two methods and two classes.",
)

# %% [markdown]
r"""
<details><summary>Answer to 04.P3</summary>

(c). At layer 6 (`blocks.13` in the panel) Grad-CAM puts less than a third of the cat's map on the cat, and about a quarter of the espresso's on the coffee. At layer 1 hardly
anything is left on the cat. At layer 4 the cat's map lies on the cat almost completely, but the espresso's is then at 0.6: one class is no proof.
</details>

The *same* formula, photo, class and network. At layer 8 the slopes are the same in all cells, so the mean loses nothing. Further back a slope depends on the place: the same feature may
help the cat on the left and harm it on the right. The mean gives both places one weight. **HiResCAM stays above one half at all eight layers and for both classes.** But its margin is small at early
layers: there it is close to gradient x input, with its noise.

**Explore the panel** (4 minutes). Run its cell to get the controls. Find: the layers at which the cat's map lies on the coffee; what "with sign" adds at the last layer; a class whose map is empty; what the own scale does to it.

## 6 · Nothing that looks like something

Many programs divide each map by its own largest value before they draw it. So do many figures in papers. Here are three maps of the collage drawn in this way.

**Predict (04.P4).** One of the three belongs to a class that the network rejects: its logit is below $-2$. Which one?
(a) A · (b) B · (c) C
"""

# %% tags=["demo"]
four = torch.tensor([HUNTING_DOG, EGYPTIAN_CAT, ESPRESSO, WORM_FENCE], device=device)
light = xc.grad_cam(model, collage.repeat(4, 1, 1, 1), target=four)  # (4, 1, 224, 224)
scaled = {name: one / one.max() for name, one in zip("ABC", light, strict=False)}

xc.plot.maps(
    scaled,
    photo=collage,
    reduce="abs_sum",
    overlay=True,
    percentile=100,
    unit="share of the map's own maximum",
    alt="The collage and three Grad-CAM maps over it, A, B and C, each divided by its "
    "own largest value.",
)

# %% tags=["question"]
xc.predict("04.P4", None)

# %% tags=["demo"]
names = ["A: African hunting dog", "B: Egyptian cat", "C: espresso", "worm fence"]
logits = model(collage)[0, four]
for name, one, logit in zip(names, light, logits, strict=True):
    xc.show(f"{name}: logit, and largest value of the map", [float(logit), one.max()])
xc.show("cosine of A and C", round(cosine(light[0], light[2]), 1))
signed = xc.grad_cam(model, collage, target=HUNTING_DOG, relu=False, upsample=None)
xc.show("hunting dog: cells above 0, of 49", int((signed > 0).sum()))
xc.show("worm fence: its map is empty", not bool(light[3].any()))

xc.plot.maps(
    dict(zip(names, light, strict=True)),
    reduce="abs_sum",
    percentile=100,
    unit="Grad-CAM, one scale for all",
    alt="Four Grad-CAM maps of the collage on one common scale: African hunting dog, "
    "Egyptian cat, espresso, and worm fence.",
)

# %% [markdown]
r"""
<details><summary>Answer to 04.P4</summary>

(a): A is the map of *African hunting dog*. It looks like the map of espresso (their cosine is close to 1), and nobody can see that its strongest cell is six times weaker than the cat's.
</details>

First the relu cuts off all that speaks *against* the class: for the dog that is 30 of the 49 cells. Then the scaling blows up whatever is left. So a class that the network rejects gets a fine map of its own.
For *worm fence* not one cell is positive: the map is empty. At the last layer this is an **answer** ("no cell speaks for it"). At other
layers it is none: in section 4 the maps of 11 pictures were empty, for the class that the net *chose*, because slopes cancelled in the mean.

A program that divides an empty map by its maximum gives NaN, or noise. So: print the largest value and the logit beside a map, use one scale, and look at the signed map before the relu.

## 7 · What has a cell seen?

The map has 49 cells. Drawn over the photo it has 50,176 pixels: the rest was filled in between. Smooth edges look exact, but **enlarging adds no information**. And there is a second, deeper point. Each cell is drawn on
its own square of 32 x 32 pixels. Which pixels did the network look at to compute it?

**Predict (04.P5).** Take the brightest cell of the cat's map. Its value has a slope with respect to every pixel. Which share of the (absolute) slopes lies on the cell's own square?
(a) above 90 % · (b) about half · (c) below 10 %
"""

# %% tags=["question"]
xc.predict("04.P5", None)


# %%
def brightest_cell(photos):
    """The value of the cat's brightest cell in the last layer, (N,)."""
    A = model.head(model.blocks(model.stem((photos * 255 - 127) / 128)))
    return (model.classifier.weight[EGYPTIAN_CAT].view(-1, 1, 1) * A).sum(1)[:, i, j]


raw = xc.grad_cam(model, collage, target=EGYPTIAN_CAT, upsample=None)[0, 0]  # (7, 7)
i, j = divmod(int(raw.argmax()), 7)
slopes = xc.gradient(brightest_cell, collage, target=None).abs().sum(1)  # one number
square = slopes[0, 32 * i : 32 * (i + 1), 32 * j : 32 * (j + 1)]
xc.show("line and column of the cell, from 1", [i + 1, j + 1])
xc.show("share of its slopes on its own square", square.sum() / slopes.sum())
xc.show("share on the coffee", slopes[0, right].sum() / slopes.sum())

looks = slopes.view(28, 8, 28, 8).sum((1, 3))  # squares of 8 x 8 pixels
drawn = torch.zeros_like(looks)
drawn[4 * i : 4 * (i + 1), 4 * j : 4 * (j + 1)] = 1
xc.plot.maps(
    {"where the cell is drawn": drawn, "what the cell looks at": looks / looks.max()},
    reduce="abs_sum",
    percentile=100,
    unit="share of the maximum",
    alt="Two maps of the collage: the place where the brightest cell of the cat's map "
    "is drawn, and the sizes of the slopes of this cell with respect to the pixels.",
)

# %% [markdown]
r"""
<details><summary>Answer to 04.P5</summary>

(c): about 7 %, on a fiftieth of the area. The slopes are stronger around the cell than far away, but they reach everywhere: about a quarter lies on the coffee.
</details>

The map says *where in the layer* the evidence sits. Each cell there has seen most of the photo. That the position in the layer still tells something about the position in the photo is a habit of trained networks,
and the collage shows that it holds well here. It is no theorem.

## 8 · Is it right? The truth strip

The three tests of lesson 01, for Grad-CAM at the last layer. A map that knows nothing gets: share 0.5; deletion 0, give or take the spread; and an absolute cosine like that of its own shuffled pixels.
"""

# %% tags=["demo"]
strip = xc.truth_strip("grad_cam", model=model)
xc.show("own half, mean of cat and espresso", strip.own_share.mean())
xc.show("deletion minus random, cat and espresso", strip.deletion)
xc.show("spread of the random orders", strip.random_spread)
xc.show("ruined network: cosine", round(strip.cosine, 1))
xc.show("control, own pixels shuffled", round(strip.shuffled_cosine, 1))

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* About 0.91, where saliency got 0.6 in lesson 01. (At layer 6 it would have failed.)
- *Deletion.* Espresso: better than random by about four times the spread. Cat: by less than the spread, no verdict. A map of 49 cells can order patches of 14 pixels only roughly.
- *A ruined network.* With the last layer drawn anew the map is no more like ours than our own pixels in random places: it does depend on what the last layer has learnt.
"""

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
| Score-CAM | 2020 | softmax of the scores of the photo seen through $A_k$: no slope at all | relu | `xc.score_cam` |
| Eigen-CAM | 2020 | first principal direction of the feature maps: no slope, no score | | `xc.eigen_cam` |

**Predict (04.P6).** Which of these maps is the same for every class? (a) LayerCAM · (b) XGrad-CAM · (c) Eigen-CAM
"""

# %% tags=["question"]
xc.predict("04.P6", None)

# %%
other = (kinds + 1) % 10  # another class for each picture
names = "grad_cam grad_cam_plus_plus xgrad_cam hires_cam layer_cam score_cam eigen_cam"
for name in names.split():
    settings = {"layer": "pool2", "upsample": None}
    one = xc.METHODS[name].method(cnn, clothes, target=kinds, **settings)
    two = xc.METHODS[name].method(cnn, clothes, target=other, **settings)
    flat = one.flatten(1)
    lit = flat.amax(1) > 0
    rises = effects[rows, flat.argmax(1)][lit] < 0
    alike = torch.nn.functional.cosine_similarity(flat, two.flatten(1))
    xc.show(name + ", logit rises in percent", 100 * rises.double().mean())
    xc.show("   cosine with the map of another class", round(float(alike.mean()), 1))

# %% [markdown]
r"""
<details><summary>Answer to 04.P6</summary>

(c). Eigen-CAM never asks for a class: its cosine with the map of another class is 1. It shows where the feature maps are strong. On a photo with one object this *looks* like an explanation.
</details>

Which family members would you use after this table? For HiResCAM and LayerCAM the brightest cell is never a harmful one here. But LayerCAM and Grad-CAM++ leave out all negative slopes. So nothing can speak against a class, and
their maps for two classes are alike: a cosine of about 0.7, and of almost 1. Only HiResCAM passes both tests.

### B · Guided Grad-CAM: sharp, and right?

The paper of Grad-CAM multiplies the enlarged map by guided backprop (lesson 02), to get fine detail *and* the class.
"""

# %% tags=["demo"]
strip = xc.truth_strip("guided_grad_cam", model=model)
xc.show("own half, mean of cat and espresso", strip.own_share.mean())
xc.show("deletion minus random, cat and espresso", strip.deletion)
xc.show("spread of the random orders", strip.random_spread)
xc.show("ruined network: cosine", round(strip.cosine, 1))
xc.show("control, own pixels shuffled", round(strip.shuffled_cosine, 1))

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
The own half is right, because Grad-CAM cuts the other half out. But look at deletion: *above* 0. Patches ranked by this signed map are worse than patches in random order. The fine signs come from guided
backprop, which hardly depends on the class (lesson 02). The third test fails as well: with the last layer drawn anew the map is still more like ours than our own pixels shuffled.
Sharper is not truer.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- CAM, Grad-CAM and HiResCAM weigh a layer's feature maps. If only a mean and one linear layer follow, they are **one map** (up to relu and a factor), and its cells add up to the logit without the bias.
- Elsewhere they part. Grad-CAM's mean slope can light a cell that the model did not use, or used against the class. HiResCAM keeps each cell's own slope.
- The **layer** is part of the question. Name it. Grad-CAM is at home at the last layer.
- At the last layer an empty map is an answer. Scaling each map to its own maximum hides a weak one. Print the logit.
- A 7 x 7 map enlarged to 224 x 224 has 49 numbers, and each of them has seen far more than its own square.

**Where it fails next.** These maps explain a layer, not the photo, and they choose the scale of detail for you. Lesson 05 goes back to the pixels and makes the sum right there.

## References

- B. Zhou, A. Khosla, A. Lapedriza, A. Oliva, A. Torralba. *Learning Deep Features for Discriminative Localization*. 2016. [arXiv:1512.04150](https://arxiv.org/abs/1512.04150)
- R. R. Selvaraju and others. *Grad-CAM*. 2017. [arXiv:1610.02391](https://arxiv.org/abs/1610.02391)
- R. L. Draelos, L. Carin. *Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks*. 2020. [arXiv:2011.08891](https://arxiv.org/abs/2011.08891). Read for: which networks does its proof cover, and does yours belong to them?
- A. Chattopadhay and others. *Grad-CAM++*. 2018. [arXiv:1710.11063](https://arxiv.org/abs/1710.11063); R. Fu and others. *XGrad-CAM*. 2020. [arXiv:2008.02312](https://arxiv.org/abs/2008.02312); H. Wang and others. *Score-CAM*. 2020. [arXiv:1910.01279](https://arxiv.org/abs/1910.01279); M. B. Muhammad, M. Yeasin. *Eigen-CAM*. 2020. [arXiv:2008.00299](https://arxiv.org/abs/2008.00299); P.-T. Jiang and others. *LayerCAM*. 2021.
"""
