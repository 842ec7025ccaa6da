# %% [markdown] tags=["header", "goals"]
r"""
# 03 · Relevance (2015-2017): where does the score go?

| | |
|---|---|
| **Papers** | LRP: S. Bach and others, 2015, [doi:10.1371/journal.pone.0130140](https://doi.org/10.1371/journal.pone.0130140); Deep Taylor: G. Montavon and others, 2017, [arXiv:1512.02479](https://arxiv.org/abs/1512.02479); DeepLIFT: A. Shrikumar and others, 2017, [arXiv:1704.02685](https://arxiv.org/abs/1704.02685) |
| **Time** | 65 minutes. The core path takes 40; "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient, gradient x input, the TOY net), lesson 02 (rules for the way back) |
| **Repairs** | a failure of lesson 02: a changed backward pass gave a pretty map, but nobody could say what its numbers add up to. |
| **Practise** | the sheet `exercises/03_relevance.ipynb`: core tasks 42 minutes, all 67 |

**The goals of this lesson**

- **G1** you can share out a score by hand and keep the account.
- **G2** you can write LRP-epsilon.
- **G3** you can write DeepLIFT Rescale, say when it equals Integrated Gradients, and test both methods on twins.
- **G4** you can test whether a map that adds up sees the class.
"""

# %% tags=["setup"]
import torch
from torch import nn

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
coffee = xc.datasets.photo("coffee", device=device)  # (1, 3, 224, 224), in [0, 1]
collage = xc.datasets.collage(device=device)
halves = xc.datasets.collage_masks(device=device)  # the cat's, the coffee's
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
clothes = xc.zoo.load("fashion_cnn", device="cpu")  # a small net, 28 x 28 pixels
boot = xc.datasets.fashion_mnist(n=1).x  # (1, 1, 28, 28), an ankle boot
EGYPTIAN_CAT, ESPRESSO, BOOT, BAG = 285, 967, 9, 8


def linear(weight, bias):
    """A layer with the given numbers."""
    layer = nn.Linear(len(weight[0]), len(weight)).double().requires_grad_(False)
    layer.weight[:], layer.bias[:] = torch.tensor(weight), torch.tensor(bias)
    return layer


def cosine(a, b):  # 1: the same direction, 0: nothing in common
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


# %% [markdown]
r"""
## 1 · Sharing out a score

The network gives the espresso a logit of about 11. Think of it as an amount to share out. The output hands it to the units
that made it. Each unit hands what it got to *its* inputs, in proportion to what each contributed. At the end each pixel holds its
**relevance**. If nothing is lost, the map adds up to 11. Is nothing lost?

**Predict (03.P1).** 60 operations share out. How much of the logit reaches the pixels?
(a) all of it · (b) less than a fifth · (c) about half
"""

# %% tags=["question"]
xc.predict("03.P1", None)  # replace None by "a", "b" or "c", then run

# %% tags=["demo"]
trace = xc.widgets.trace_relevance(model, coffee, ESPRESSO)
xc.show("the score", trace.score)
xc.show("the highest bar on the way", trace.left.max())
xc.show("the sum of the map", trace.total)

trace.bars(
    title="espresso, LRP-epsilon",
    alt="Blue bars from the output to the input: what is left of the score after each "
    "of 60 operations. Between them orange bars: what the biases of each kept.",
)

# %% [markdown] tags=["symbols"]
r"""
<details><summary>Answer to 03.P1</summary>

(b): of the score of 11, about 1 arrives. And on the way the amount jumps: up to 31, almost three times the score, and down to $-19$. The orange bars
say who did it. **Biases** take part in each sum, so they keep a share, positive or negative. No pixel gets it.
</details>

Two methods learn from this. The first, LRP, keeps an account. The second, DeepLIFT, asks the question so that biases drop out.

## 2 · By hand: LRP-epsilon

Three new symbols:

- $R_j$ is the **relevance** that unit $j$ has received, in units of the score.
- $\epsilon$ ("epsilon") is a small number that keeps a divisor away from 0.
- $\Delta$ ("delta", from section 4 on) is a change: value at the input minus value at the reference.

A unit adds up $z_j = \sum_i x_i w_{ij} + b_j$. Its inputs get

$$R_i = \sum_j \frac{x_i w_{ij}}{z_j + \epsilon\, \mathrm{sign}(z_j)}\, R_j.$$

In words: **my part of the sum, divided by the sum, times what the sum received.** A relu passes on what it gets. We start with the score itself.
Now the TOY net at $(3, 1)$, with $\epsilon$ almost 0:

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1 = 4 + 0 - 3 + 1 = 2$$

| who shares | received | $x_1$ gets | $x_2$ gets | the bias keeps |
|---|---|---|---|---|
| output, $2 = 4 + 0 - 3 + 1$ | 2 | | | 1 |
| unit 1, $2 = 3 - 1$ | 4 | $\frac{3}{2} \cdot 4 = 6$ | $\frac{-1}{2} \cdot 4 = -2$ | 0 |
| unit 2, off | 0 | 0 | 0 | 0 |
| unit 3, $3 = 3 + 1 - 1$ | $-3$ | $\frac{3}{3} \cdot (-3) = -3$ | $\frac{1}{3} \cdot (-3) = -1$ | $\frac{-1}{3} \cdot (-3) = 1$ |
| **sum** | | **3** | **$-3$** | **2** |

The inputs together get 0. The whole score of 2 stays in the biases: 1 in the hidden layer, 1 at the output.

**Predict (03.P2).** You have met the map $(3, -3)$ before. It is
(a) the gradient · (b) gradient x input · (c) Integrated Gradients
"""

# %% tags=["question"]
xc.predict("03.P2", None)


# %%
def lrp_by_hand(layers, x, target, epsilon=1e-9):
    """LRP-epsilon for a list of linear layers with relus between them."""
    inputs = [x]
    for layer in layers[:-1]:
        inputs.append(layer(inputs[-1]).relu())
    logits = layers[-1](inputs[-1])
    R = torch.zeros_like(logits)
    R[:, target] = logits[:, target]  # start: the score itself
    for layer, a in zip(layers[::-1], inputs[::-1], strict=True):
        z = layer(a)  # with its bias
        s = R / (z + epsilon * torch.where(z >= 0, 1.0, -1.0))
        R = a * (s @ layer.weight)
    return R


ours = lrp_by_hand([toy.hidden, toy.output], x_toy, 0)
assert torch.allclose(ours, xc.lrp(toy, x_toy, target=None, epsilon=1e-9), atol=1e-6)
print("LRP-epsilon on the TOY net:", [round(v, 3) for v in ours[0].tolist()])

times_input = boot * xc.gradient(clothes, boot, target=BOOT)
relevance = xc.lrp(clothes, boot, target=BOOT, epsilon=1e-9)
same = (relevance - times_input).norm() / times_input.norm() < 1e-4
xc.show("boot: LRP with epsilon near 0 is gradient x input", bool(same))
product = coffee * xc.gradient(model, coffee, target=ESPRESSO)
xc.show("espresso: cosine of both", round(cosine(trace.values, product.cpu()), 1))

# %% [markdown]
r"""
<details><summary>Answer to 03.P2</summary>

(b). And it is no accident. A relu that is on has $\mathrm{relu}(z) = z$. What a unit received is (its output) x (the slope of $f$ there); divided by $z$ only
the slope remains. Layer after layer, **LRP with $\epsilon = 0$ is gradient x input** in every net of layers, relus and max pools.
</details>

(The large network cuts its relus off at 6. There the gradient is 0, while relevance passes on. So on the espresso both are similar, cosine 0.9, but not equal.)

So LRP-epsilon adds no new map here. Its gift is the account. You can see **where** the score went.

## 3 · What the biases keep

A larger epsilon makes each divisor larger. Let it grow from $10^{-6}$ to 0.1 and to 1, and look at the sum of the espresso's map. Then a second rule.
"""

# %%
shares = {}
for epsilon in (0.1, 1.0):
    found = xc.widgets.trace_relevance(model, coffee, ESPRESSO, epsilon=epsilon)
    shares[epsilon] = abs(found.share)
xc.show("epsilon 0.1: at most 2 % of the score arrive", shares[0.1] < 0.02)
xc.show("epsilon 1: at most 0.1 % arrive", shares[1.0] < 0.001)
plus = xc.widgets.trace_relevance(model, coffee, ESPRESSO, rules="epsilon_plus")
xc.show("composite epsilon_plus: at most 0.1 % arrive", abs(plus.share) < 0.001)

plus.bars(
    title="espresso, epsilon_plus (z+ in the convolutions)",
    alt="Blue bars of what is left of the score after each of 60 operations, and "
    "orange bars of what the biases of each kept, with the rule epsilon_plus.",
)

# %% [markdown]
r"""
Epsilon keeps a part at each of 60 operations. After a chain of such losses nearly nothing is left.

The figure shows a popular rule, `epsilon_plus`. It counts only positive parts of a sum, positive biases among them. No bar is above the score
now: calm. But this network has its batch norms folded in, and they leave large positive biases. They keep nearly **all** of the espresso. What arrives is
less than a thousandth. A picture that is scaled to its own maximum would not show it.

> **A good habit.** Print the sum of an LRP map beside the score. The difference stayed in biases and epsilon.

## 4 · DeepLIFT: against a reference

DeepLIFT compares with a **reference** input $x'$ (read: the reference), for example black. It shares out the *rise* $F(x) - F(x')$. A bias is the same on both sides: in
differences it drops out. For a relu with sum $z$ the rule **Rescale** replaces the slope by the quotient of both changes:

$$m = \frac{\Delta \mathrm{relu}}{\Delta z} = \frac{\mathrm{relu}(z) - \mathrm{relu}(z')}{z - z'}, \qquad \text{contribution of } x_i = \Delta x_i \cdot m_i$$

The multipliers $m$ are chained as slopes are. The TOY net from $(0, 0)$:

| unit | $z'$ | $z$ | $\Delta z$ | $\Delta$ relu | quotient | weight x quotient x hidden weights |
|---|---|---|---|---|---|---|
| 1 | 0 | 2 | 2 | 2 | 1 | $2 \cdot 1 \cdot (1, -1)$ |
| 2 | $-1$ | $-2$ | $-1$ | 0 | 0 | $(0, 0)$ |
| 3 | $-1$ | 3 | 4 | 3 | $\frac34$ | $-\frac34 \cdot (1, 1)$ |

Sum of the last column: $(1.25, -2.75)$. Times $(3, 1)$: $(3.75, -2.75)$. It adds up to 1, the rise $2 - 1$. No bias keeps anything.

Lesson 05 will give exactly these numbers to Integrated Gradients (IG), which walks from $x'$ to $x$ and averages the slopes. **Why the same?** With one hidden layer each
$z$ changes evenly on the straight way. The average slope of a relu on an even way is (change of relu) / (change of $z$): the quotient. With a second
hidden layer its $z$ no longer changes evenly, and the equality may end. One such net, at $(3, 1)$:
"""


# %%
def rescale_by_hand(layers, x, reference):
    """DeepLIFT Rescale, one output, for linear layers with relus between them."""
    z, z0, sums = x, reference, []
    for layer in layers[:-1]:
        z, z0 = layer(z), layer(z0)
        sums.append((z, z0))
        z, z0 = z.relu(), z0.relu()
    m = layers[-1].weight
    for layer, (z, z0) in zip(layers[-2::-1], sums[::-1], strict=True):
        m = (m * (z.relu() - z0.relu()) / (z - z0)) @ layer.weight
    return (x - reference) * m


black = torch.zeros_like(x_toy)
ours = rescale_by_hand([toy.hidden, toy.output], x_toy, black)
assert torch.allclose(ours, xc.deeplift(toy, x_toy, target=None, baseline=0.0))
both = [linear([[1, 0], [0, 1]], [-1, 0]), linear([[1, -1]], [0]), linear([[1]], [0])]
deep = nn.Sequential(both[0], nn.ReLU(), both[1], nn.ReLU(), both[2])
for name, net in {"TOY, one hidden layer": toy, "two hidden layers": deep}.items():
    target = None if net is toy else 0
    lift = xc.deeplift(net, x_toy, target=target, baseline=0.0)[0].tolist()
    path = xc.integrated_gradients(net, x_toy, target=target, steps=1200)[0].tolist()
    print(f"{name}: DeepLIFT", [round(v, 2) for v in lift], end=", ")
    print("IG", [round(v, 2) for v in path])

# %% [markdown]
r"""
Both maps of the deep net add up to 1. Only the shares differ. So **two complete methods can disagree**, and adding up does not say who is right.

## 5 · Twins

The deep net was $\mathrm{relu}(\mathrm{relu}(x_1 - 1) - \mathrm{relu}(x_2))$. Its twin is $\mathrm{relu}(\mathrm{relu}(x_1) - 1 - \mathrm{relu}(x_2))$: the 1 moves
to the second layer. Below $x_1 = 1$ both give 0, above it both give the same. They are one function, written twice.

A second pair, for inputs that are not negative (as pixels are): $\mathrm{relu}(x_1)$, and $\mathrm{relu}(x_1 + x_2) - \mathrm{relu}(x_2)$. Both are $x_1$. Nobody needs $x_2$.

**Predict (03.P3).** Must one function get one map?
(a) both methods do that · (b) DeepLIFT does, LRP does not · (c) neither needs to
"""

# %% tags=["question"]
xc.predict("03.P3", None)

# %%
first = [linear([[1, 0], [0, 1]], [0, 0]), linear([[1, -1]], [-1]), linear([[1]], [0])]
other = nn.Sequential(first[0], nn.ReLU(), first[1], nn.ReLU(), first[2])
plain = nn.Sequential(
    linear([[1, 0], [0, 1]], [0, 0]), nn.ReLU(), linear([[1, 0]], [0])
)
mixed = nn.Sequential(
    linear([[1, 1], [0, 1]], [0, 0]), nn.ReLU(), linear([[1, -1]], [0])
)
cloud = 4 * torch.rand(1000, 2, generator=torch.Generator().manual_seed(0)).double()
pairs = {"pair 1": (deep, other), "pair 2": (plain, mixed)}
ways = {
    "gradient": xc.gradient,
    "LRP, epsilon 1e-6": xc.lrp,
    "LRP, epsilon 0.5": xc.spec("lrp", epsilon=0.5),
    "LRP, z+": xc.spec("lrp", rules="z_plus"),
    "DeepLIFT": xc.deeplift,
}
for pair, (a, b) in pairs.items():
    xc.show(f"{pair}: one function", bool(torch.allclose(a(cloud), b(cloud))))
    for name, way in ways.items():
        rows = [way(net, x_toy, target=0)[0].tolist() for net in (a, b)]
        text = "  and  ".join(f"({p:.2f}, {q:.2f})" for p, q in rows)
        print(f"  {name}: {text}".replace("-0.00", "0.00"))

# %% [markdown]
r"""
<details><summary>Answer to 03.P3</summary>

(c). Pair 1: DeepLIFT gives $(2, -1)$ to one and $(1.5, -0.5)$ to its twin. Pair 2: z+ gives $x_2$ a quarter of the score, although the function does not use $x_2$. LRP with
epsilon 0.5 differs as well. Only the gradient, and LRP with almost no epsilon (gradient x input), give twins one map.
</details>

Giving one function one map is called **implementation invariance**. The IG paper asks for it. **We confirm its claim for DeepLIFT and for LRP rules**, with numbers that you
can check on paper. Whether it matters is your decision: do you explain the *function*, or the *computation*?

## 6 · A photo with a known answer

The collage again: the evidence for the cat is in the left half, that for espresso in the right one. DeepLIFT needs one backward pass, IG (lesson 05) here 32.
"""

# %% tags=["demo"]
two, classes = torch.cat([collage, collage]), [EGYPTIAN_CAT, ESPRESSO]
maps = {
    "LRP-epsilon": xc.lrp(model, two, target=classes),
    "DeepLIFT": xc.deeplift(model, two, target=classes, baseline="black"),
}
for name, values in maps.items():
    for label, row in zip(("cat", "espresso"), values, strict=True):
        parts = [row[..., half].sum() for half in halves]
        xc.show(f"{name}, {label}: left half, right half", parts)
path = xc.integrated_gradients(model, collage, target=EGYPTIAN_CAT, steps=32)
xc.show("IG, cat: left half, right half", [path[..., half].sum() for half in halves])
xc.show("cosine of DeepLIFT and IG, cat", round(cosine(maps["DeepLIFT"][:1], path), 1))

cat_lrp, cat_lift, espresso = maps["LRP-epsilon"][:1], *maps["DeepLIFT"].split(1)
shown = {"LRP, cat": cat_lrp, "DeepLIFT, cat": cat_lift, "DeepLIFT, espresso": espresso}
xc.plot.maps(
    {name: values / values.norm() for name, values in shown.items()},
    photo=collage,
    tile=8,
    unit="each map has length 1",
    alt="A photo, half cat and half coffee, and three signed maps, each divided by its "
    "length: LRP for cat, DeepLIFT for cat, DeepLIFT for espresso.",
)

# %% [markdown]
r"""
DeepLIFT and IG give the halves almost the same amounts: about 13 and $-5$. Pixel by pixel they have nearly nothing in common (cosine 0.1). So trust the coarse
answer, not the grain. The signs of LRP are right, too, but its amounts are small: most of the score is in the biases.

## 7 · Ten classes of one boot

A rule that conserves the score holds the full amount at every layer. That *looks* like the truth. We now test three rules on the boot, for **ten classes**.
`z_plus` shares out by positive parts only. `flat` gives equal shares to all inputs of a unit. (In nets without biases all three conserve.)

**Predict (03.P4).** Each rule draws ten maps of one picture, one for each class. For how many of the three rules are the ten (nearly) one map?
(a) for none · (b) for one · (c) for two
"""

# %% tags=["question"]
xc.predict("03.P4", None)


# %%
def likeness(maps):
    """The mean |cosine| over all pairs of different maps (K, ...)."""
    rows = torch.nn.functional.normalize(maps.flatten(1))
    table, K = (rows @ rows.T).abs(), len(maps)
    return float((table.sum() - table.trace()) / (K * (K - 1)))


ten = boot.expand(10, -1, -1, -1)
others = xc.datasets.fashion_mnist(n=10).x
by_class = {}
for rule in ("epsilon", "z_plus", "flat"):
    found = xc.lrp(
        clothes, ten, target=torch.arange(10), rules=rule, return_details=True
    )
    by_class[rule] = found.values
    xc.show(
        f"{rule}: share of the score",
        float(found.values[BOOT].sum() / found.f_end[BOOT]),
    )
    xc.show("  one picture, ten classes: likeness", likeness(found.values))
    control = xc.lrp(clothes, others, target=BOOT, rules=rule)
    xc.show("  control, ten pictures, one class", likeness(control))

# %% tags=["demo"]
named = {
    f"{rule}, {name}": values[[k]] / values[[k]].norm()
    for rule, values in by_class.items()
    for name, k in {"boot": BOOT, "bag": BAG}.items()
}
xc.plot.maps(
    named,
    photo=boot,
    columns=7,
    unit="each map has length 1",
    alt="A picture of a boot and six signed maps, each divided by its length: the "
    "rules epsilon, z_plus and flat, each for the classes boot and bag.",
)

# %% [markdown]
r"""
<details><summary>Answer to 03.P4</summary>

(c), `flat` and `z_plus`. `flat` conserves every digit and shows one grid for every class *and* every picture. `z_plus` sees the picture, but hardly the class: likeness 0.97, where epsilon has 0.28.
The bag's map is the boot's with the other sign, that of its score.
</details>

Here is the trap of this lesson: **it adds up, and is blind.** **Why?** A positive rule multiplies by a matrix of positive shares at each layer. Such products forget where they started: after a few of them all columns are
nearly multiples of one column (the product tends to **rank one**). A deep net shows it best. Random weights, no biases, ten outputs:
"""

# %%
generator = torch.Generator().manual_seed(0)
stack = [(2 / 64) ** 0.5 * torch.randn(64, 64, generator=generator) for _ in range(8)]
stack.append(torch.randn(10, 64, generator=generator))
inside = [torch.rand(1, 64, generator=generator)]
for W in stack[:-1]:
    inside.append((inside[-1] @ W.T).relu())
curves = {}
for rule in ("epsilon", "z_plus"):
    R, alike = torch.eye(10), []  # ten classes, each with relevance 1
    for W, a in zip(stack[::-1], inside[::-1], strict=True):
        V = W.clamp_min(0) if rule == "z_plus" else W
        R = a * ((R / (a @ V.T)) @ V)
        alike.append(likeness(R))
    curves[rule] = torch.tensor(alike)
    kept = (R.sum(1) - 1).abs().max() < 0.01
    xc.show(f"{rule}: each class still has 1, up to a hundredth", bool(kept))

xc.plot.series(
    torch.arange(1, 10),
    curves,
    x_name="layers below the output",
    y_name="likeness of ten classes",
    alt="Two curves over one to nine layers: the likeness of the relevance of ten "
    "classes, for the rules epsilon and z_plus.",
)

# %% [markdown]
r"""
Both rules conserve. After three layers z+ has nearly one map for all ten classes. (This was shown in 2020 by L. Sixt and others, arXiv:1912.09818; **we find it too**.) Conservation checks **one number**.
It cannot tell which class was explained.

**Explore the panel** (4 minutes). Find: the rule whose map is the same for all classes; the operation that keeps most of the boot's score; the epsilon at which less than half of it arrives; a rule that
turns the TOY net's $x_2$ to 0.
"""

# %% tags=["panel"]
names = xc.datasets.FASHION_MNIST_CLASSES
in_order = {names[k]: k for k in (9, 7, 5, 8, 0, 1, 2, 3, 4, 6)}
panel = xc.widgets.RelevancePanel(
    {"clothes": (clothes, boot, in_order), "TOY": (toy, x_toy, {"f": None})}
)
panel

# %% tags=["drive"]
for rule in ("epsilon", "z_plus", "flat"):
    panel.set(rule=rule)
    view = panel.result
    xc.show(f"{rule}: sum of the map", view.trace.total)
    xc.show("  likeness to the other classes' maps", view.likeness)
panel.set(net="TOY", rule="z_plus")
print("TOY, z_plus:", [round(v, 2) for v in panel.result.trace.values[0].tolist()])
assert panel.error is None

# %% [markdown]
r"""
## 8 · Is it right? The truth strip

The same three tests as in every lesson, for both methods. A map that knows nothing gets 0.5 in its own half, 0 in deletion (give or take the spread), and the cosine of its shuffled pixels.
"""

# %% tags=["demo"]
for name in ("lrp", "deeplift"):
    strip = xc.truth_strip(name)
    xc.show(f"{name}: own half, mean of cat and espresso", strip.own_share.mean())
    xc.show("  deletion minus random, cat and espresso", strip.deletion)
    xc.show("  spread of the random orders", strip.random_spread)
    xc.show("  ruined network, absolute maps: cosine", round(strip.absolute_cosine, 1))
    xc.show("  control, own pixels shuffled", round(strip.shuffled_cosine, 1))

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
DeepLIFT (in the picture) puts 0.74 of its map into the class's own half, and its deletion beats the random orders by more than three times their spread. LRP-epsilon gets 0.61 and beats them by about one spread or less.
In absolute values both still look like the map of a ruined network, more than shuffled pixels do. With signs DeepLIFT's map does not.
"""

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · The family of rules

All rules share $R_j$ in proportion to *something*. They differ in what counts as a part of $z_j$. Write $z_{ij} = x_i w_{ij}$, and $^+$, $^-$ for positive and negative parts.

| rule | parts | for |
|---|---|---|
| `epsilon` | $z_{ij}$ | dense layers near the output |
| `gamma` | $z_{ij} + \gamma z_{ij}^+$ (for $z_j > 0$) | convolutions in the middle |
| `alpha_beta` | $\alpha$ shares of $z_{ij}^+$ minus $\beta$ shares of $z_{ij}^-$, with $\alpha - \beta = 1$ | the 2015 paper |
| `z_plus` | $z_{ij}^+$ | alpha 1, beta 0 |
| `w_square` | $w_{ij}^2$ | a first layer without limits |
| `flat` | 1 | a first layer, to blur |
| `z_box` | $z_{ij} - l_i w_{ij}^+ - h_i w_{ij}^-$ for pixels between $l$ and $h$ | a first layer of pixels |

A **composite** gives each depth its own rule: `epsilon_plus`, `epsilon_gamma_box`, `epsilon_alpha2_beta1`. **Deep Taylor** derives z+ (hidden layers) and the box rule (pixels) from one Taylor expansion for each unit,
at a root in the space where the unit's inputs can lie. Its biases take no part.

Here are more of them on the boot: does it add up, and does it see the class? (`z_box` takes z+ for all layers but the first.)
"""

# %%
for rule in (
    "gamma", "alpha2_beta1", "z_box", "w_square", "epsilon_plus", "epsilon_gamma_box"
):  # fmt: skip
    found = xc.lrp(
        clothes, ten, target=torch.arange(10), rules=rule, return_details=True
    )
    share = float(found.values[BOOT].sum() / found.f_end[BOOT])
    xc.show(f"{rule}: share of the score, likeness", [share, likeness(found.values)])
found = xc.deep_taylor(clothes, ten, target=torch.arange(10), return_details=True)
share = float(found.values[BOOT].sum() / found.f_end[BOOT])
xc.show("Deep Taylor: share of the score, likeness", [share, likeness(found.values)])
one_sign = bool((found.values[BOOT] >= -1e-6).all())
xc.show("Deep Taylor: the boot's map has one sign", one_sign)

both = xc.deep_taylor(model, two, target=classes)
xc.show("collage, Deep Taylor: cosine of cat and espresso", cosine(both[0], both[1]))
lift = maps["DeepLIFT"]
xc.show("collage, DeepLIFT: cosine of cat and espresso", cosine(lift[0], lift[1]))

# %% [markdown]
r"""
Three of the four that add up (`z_box`, `w_square`, Deep Taylor) are blind. The fourth, `epsilon_gamma_box`, sees the classes on this net as well. On the large network it
loses its score in the biases, as you saw for `epsilon_plus`. So there is no best rule. There is the account, and the test with two classes.

### B · RevealCancel

Rescale looks at the sum of a unit only. If positive and negative parts cancel, it cannot see them. $\min(x_1, x_2)$ can be written $x_1 - \mathrm{relu}(x_1 - x_2)$.

**Predict (03.P5).** At $(3, 2)$, from the reference $(0, 0)$, Rescale gives $x_1$
(a) 2 · (b) 1 · (c) 0
"""

# %% tags=["question"]
xc.predict("03.P5", None)


# %%
class Smaller(nn.Module):
    """min(x1, x2), written as x1 - relu(x1 - x2)."""

    def __init__(self):
        super().__init__()
        self.top = linear([[1, -1]], [0])
        self.keep = linear([[1, 0]], [0])

    def forward(self, x):
        return self.keep(x) - torch.relu(self.top(x))


at = torch.tensor([[3.0, 2.0]], dtype=torch.float64)
smaller = Smaller().eval()
for rule in ("rescale", "reveal_cancel"):
    found = xc.deeplift(smaller, at, target=0, rule=rule)[0].tolist()
    print(f"{rule}:", [round(v, 3) + 0.0 for v in found])
found = xc.integrated_gradients(smaller, at, target=0)[0].tolist()
print("IG:", [round(v, 3) + 0.0 for v in found])

# %% [markdown]
r"""
<details><summary>Answer to 03.P5</summary>

(c). Rescale says: $x_2$ did it all, and so does IG. **RevealCancel** treats the positive part $+3$ and the negative part $-2$ of the relu's sum as two players: what does each add, alone and after the other, on average? Both inputs get 1.
</details>

### C · Many references: DeepSHAP

One reference is one question. DeepSHAP averages DeepLIFT over a set of them. The map then adds up to the score minus the *mean* score of the set.
"""

# %%
references = xc.datasets.fashion_mnist(n=11).x[1:]  # ten other pictures
average = xc.deep_shap(
    clothes, boot, target=BOOT, baselines=references, return_details=True
)
black = xc.deeplift(clothes, boot, target=BOOT, baseline="black")
rise = float(average.f_end - average.f_start)
adds_up = abs(float(average.values.sum()) - rise) < 1e-3 * abs(rise)
xc.show("DeepSHAP adds up to the rise from the mean", adds_up)
xc.show("cosine with DeepLIFT from black", round(cosine(average.values, black), 1))
background = boot == 0
xc.show("black: the background gets", float(black[background].abs().sum()))
share = average.values[background].abs().sum() / average.values.abs().sum()
xc.show("DeepSHAP: share of |map| on the background", float(share))

# %% [markdown] tags=["references"]
r"""
## What to remember

- LRP shares out the score. With epsilon near 0 it *is* gradient x input. Its gift is the account: **print what the biases keep**.
- On a deep network the amounts on the way can be far above the score, and the map's sum far below it.
- DeepLIFT shares out the rise from a reference. One backward pass, complete. With one hidden layer Rescale equals Integrated Gradients.
- Twins (one function, two programs) can get two maps from DeepLIFT and from most LRP rules.
- **Conservation is no proof.** A rule can conserve and be blind for the class, as flat and z+ are. Always compare the maps of two classes.

**Where it fails next.** DeepLIFT depends on how the net is written. Lesson 05 walks from the reference to the input instead, and asks only for the function. Lesson 08 gives the biases a picture of their own.

## References

- S. Bach, A. Binder, G. Montavon, F. Klauschen, K.-R. Mueller, W. Samek. *On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation*. PLOS ONE, 2015. [doi:10.1371/journal.pone.0130140](https://doi.org/10.1371/journal.pone.0130140)
- G. Montavon, S. Lapuschkin, A. Binder, W. Samek, K.-R. Mueller. *Explaining NonLinear Classification Decisions with Deep Taylor Decomposition*. 2017. [arXiv:1512.02479](https://arxiv.org/abs/1512.02479)
- A. Shrikumar, P. Greenside, A. Kundaje. *Learning Important Features Through Propagating Activation Differences*. 2017. [arXiv:1704.02685](https://arxiv.org/abs/1704.02685)
- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks* (implementation invariance). 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
- L. Sixt, M. Granz, T. Landgraf. *When Explanations Lie: Why Many Modified BP Attributions Fail*. 2020. [arXiv:1912.09818](https://arxiv.org/abs/1912.09818)
- S. M. Lundberg, S.-I. Lee. *A Unified Approach to Interpreting Model Predictions* (DeepSHAP). 2017. [arXiv:1705.07874](https://arxiv.org/abs/1705.07874)
"""
