# %% [markdown] tags=["header"]
r"""
# 03 · Relevance (2015-2017): where does the score go?

| | |
|---|---|
| **Papers** | LRP: S. Bach and others, 2015, [doi:10.1371/journal.pone.0130140](https://doi.org/10.1371/journal.pone.0130140); Deep Taylor: G. Montavon and others, 2017, [arXiv:1512.02479](https://arxiv.org/abs/1512.02479); DeepLIFT: A. Shrikumar and others, 2017, [arXiv:1704.02685](https://arxiv.org/abs/1704.02685) |
| **Time** | 70 minutes: 38 to read and try, 32 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient, gradient x input, the TOY net), lesson 02 (rules for the way back) |
| **Repairs** | a failure of lesson 02: a changed backward pass gave a pretty map, but nobody could say what its numbers add up to. |
| **Practise** | the sheet `exercises/03_relevance.ipynb` |
"""

# %% tags=["setup"]
import torch
from torch import nn

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
coffee = xc.datasets.photo("coffee", device=device)  # (1, 3, 224, 224), in [0, 1]
collage = xc.datasets.collage(device=device)  # a cat on the left, coffee on the right
sides = xc.datasets.collage_masks(device=device)  # the cat's half, the coffee's
EGYPTIAN_CAT, ESPRESSO, ABSENT, BOOT, BAG = 285, 967, 500, 9, 8

# %% [markdown]
r"""
## 1 · Sharing out a score

The network gives the espresso a logit of about 11. Think of it as an amount to share out. The output hands it to the units that made it. Each
unit hands what it got to *its* inputs, in proportion to what each of them contributed. At the end each pixel holds its **relevance**.

In the figure: what is left of the logit after each of 60 operations, and what the **biases** of each operation kept.
"""

# %% tags=["demo"]
trace = xc.widgets.trace_relevance(model, coffee, ESPRESSO)
trace.bars(
    title="espresso, LRP-epsilon",
    alt="Blue bars from the output to the input: what is left of the score after each "
    "of 60 operations. Between them orange bars: what the biases of each kept.",
)

# %% [markdown] tags=["goals"]
r"""
A bias takes part in every sum, so it keeps a part of what is shared. No pixel gets it. The last bar is the sum of the
map: in this photo about a twelfth of the logit.

**The goals of this lesson**

- **G1** you can share out a score by hand and keep the account.
- **G2** you can write LRP-epsilon.
- **G3** you can say when DeepLIFT Rescale equals Integrated Gradients, and test a method on twins.
- **G4** you can test whether a map that adds up sees the class.

Look at the figure again: the orange bars point up and down, and the blue ones go below 0 more than once before the walk ends.

**Predict (03.P1).** Five photos (espresso, cat, camera, rocket, brick wall), each with its winner, whose logit is above 0. On how many of them does the map of the figure, by LRP-epsilon, add up to *less* than 0?
"""

# %% tags=["question"]
xc.predict("03.P1")

# %%
names = ("coffee", "chelsea", "camera", "rocket", "brick")
photos = torch.cat([xc.datasets.photo(name, device=device) for name in names])
ruined = [xc.evaluation.randomise_last_layer(model, seed) for seed in (0, 1, 2)]


def arrives(net, **rule):
    """For each photo the sum of its winner's LRP map, as a share of the logit, (5,)."""
    logits, winners = net(photos).max(dim=1)
    maps = xc.lrp(net, photos, target=winners, batch_size=1, **rule)
    return maps.sum((1, 2, 3)) / logits


chance = torch.stack([arrives(net) for net in ruined], dim=1)  # (5, 3)
for name, share, random in zip(names, arrives(model), chance, strict=True):
    control = {"three random last layers": random}
    xc.show(f"{name}: share that arrives", share, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 03.P1</summary>

(c). In two of the five photos the map adds up to a negative number. What a bias keeps can be negative, and it can be more than there is: then the pixels owe it.
</details>

So "the biases took nine tenths" would be a wrong reading of the figure: large amounts of both signs cancel on the way, and the last bar is what is left. And look at the
controls: a network whose last layer knows nothing lets as much, or as little, arrive. **The sum of such a map says nothing about what was learned.**

## 2 · Two ways to share

Two methods learn from this. **LRP** shares out the score, and keeps an account of what stays in the biases. **DeepLIFT** shares out a *change*
of the score: in differences a bias drops out.
"""

# %% [markdown] tags=["symbols"]
r"""
Three new symbols:

- $R_j$ is the **relevance** that unit $j$ has received, in units of the score.
- $\epsilon$ ("epsilon") is a small number that keeps a divisor away from 0.
- $\Delta$ ("delta") is a change: the value at the input $x$ minus the value at the **reference** $x'$ (in code `baseline`), for example a black image.

A unit adds up $z_j = \sum_i x_i w_{ij} + b_j$, where the $x_i$ are what goes into this layer. **LRP-epsilon** gives to its inputs

$$R_i = \sum_j \frac{x_i w_{ij}}{z_j + \epsilon\, \mathrm{sign}(z_j)}\, R_j.$$

In words: **my part of the sum, divided by the sum, times what the sum received.** A relu passes on what it gets. (A closed one has got nothing: its output is 0, so its part of each sum is 0.) The output starts with the score itself.

**DeepLIFT**, with its rule **Rescale**, does the same with changes: my part of the change, divided by the change, times what the change received. We start
with the rise $F(x) - F(x')$ of the score $F$. Written as a chain of multipliers $m$, a relu with the sum $z$ has

$$m = \frac{\Delta \mathrm{relu}}{\Delta z} = \frac{\mathrm{relu}(z) - \mathrm{relu}(z')}{z - z'}, \qquad \text{contribution of } x_i = \Delta x_i \cdot m_i.$$

The $m$ are chained as slopes are.

**A small example.** One unit: $z = x_1 + x_2 - 1$ at $(3, 1)$, so $z = 3$. It has received $-3$.

| | $x_1$ | $x_2$ | the bias |
|---|---|---|---|
| parts of $z$ | $3$ | $1$ | $-1$ |
| LRP: part / 3 · ($-3$) | $-3$ | $-1$ | $+1$ |
| changes from $(0, 0)$: $z' = -1$, $\Delta z = 4$ | $3$ | $1$ | 0 |
| DeepLIFT: change / 4 · ($-3$) | $-9/4$ | $-3/4$ | 0 |
"""

# %% [markdown]
r"""
### Task 03.1 · Share out the score by hand

**Goal** G1 · **Level** 1 of 5 · **Minutes** 12 · **Importance** 4 of 5

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

The TOY net at $x = (1, 3)$, where $f = 10$. Use paper.

| part | meaning |
|---|---|
| `hidden` | the relevance of the three hidden units (LRP, epsilon = 0) |
| `inputs` | the relevance of $x_1$ and $x_2$ |
| `absorbed` | what the biases keep: those of hidden units 1, 2, 3, then that of the output |
| `deeplift` | the two contributions of DeepLIFT Rescale from the reference $(0, 0)$ |

Fractions such as `3 / 4` are fine. Stuck? `xc.hint("03.1")`.
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: hidden = None  # three numbers
# STUB: inputs = None  # two numbers
# STUB: absorbed = None  # four numbers
# STUB: deeplift = None  # two numbers
hidden = (0, 3 * 4, -1 * 3)
inputs = (-1 / 4 * 12 + 1 / 3 * -3, 6 / 4 * 12 + 3 / 3 * -3)
absorbed = (0, -1 / 4 * 12, -1 / 3 * -3, 1)
deeplift = (1 * (-12 / 5 - 3 / 4), 3 * (24 / 5 - 3 / 4))
### END SOLUTION

# %% tags=["check"]
parts = {
    "hidden": hidden,
    "inputs": inputs,
    "absorbed": absorbed,
    "deeplift": deeplift,
}
xc.check("03.1", parts)

# %% [markdown] tags=["fold"]
r"""
The hidden sums are $-2, 4, 3$, so $f = 0 + 12 - 3 + 1$: the parts of the hidden units, and what the output's bias keeps.

| who shares | received | $x_1$ gets | $x_2$ gets | the bias keeps |
|---|---|---|---|---|
| unit 2, $4 = -1 + 6 - 1$ | $12$ | $-3$ | $18$ | $-3$ |
| unit 3, $3 = 1 + 3 - 1$ | $-3$ | $-1$ | $-3$ | $1$ |
| **sum**, with the output's bias $1$ | | $-4$ | $15$ | $-1$ |

DeepLIFT: from $(0, 0)$ the sums were $0, -1, -1$. The quotients of the relus are $0$, $4/5$ and $3/4$. So
$m = 3 \cdot \frac45 (-1, 2) - \frac34 (1, 1) = (-3.15, 4.05)$, times $(1, 3)$. The sum $9$ is the rise $10 - 1$.

The usual mistakes: the output's bias is left out, a negative part loses its sign, the quotient stands upside down.
"""

# %% tags=["demo", "machinery"]
# The two accounts as bars, one after the other.
given = xc.or_reference("03.1", parts)
shared, changed = ([float(v) for v in given[k]] for k in ("inputs", "deeplift"))
biases = sum(float(v) for v in given["absorbed"])
xc.plot.waterfall(
    {
        "LRP": {"x1": shared[0], "x2": shared[1], "biases": biases},
        "DeepLIFT": {"x1": changed[0], "x2": changed[1]},
    },
    total_name="sum",
    unit="share of the score, or of the rise",
    alt="Two charts of shares, one after the other, for the TOY net at (1, 3): LRP "
    "with x1, x2 and the biases, DeepLIFT with x1 and x2.",
)

# %% [markdown]
r"""
## 3 · What the biases keep

Now the same by program, for LRP. Run forward and keep what went into each layer. Then go back, from the last layer to the first.
"""

# %% [markdown]
r"""
### Task 03.2 · Write LRP-epsilon yourself

**Goal** G2 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

For nets of dense layers with a relu between two layers (none at the end), and a batch of $N$ inputs. $\mathrm{sign}(0)$ counts as 1.

| argument | meaning |
|---|---|
| `weights` | list of matrices, each (out, in) |
| `biases` | list of vectors, each (out,) |
| `x` | inputs, (N, D) |
| `target` | the class of each input, a tensor (N,) |
| `epsilon` | a number |
| **returns** | the relevance of the inputs, (N, D) |

Start with the score of the target at the target's output, and 0 at all others.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def lrp_epsilon(weights, biases, x, target, epsilon):
    """Return the relevance of each input, (N, D)."""
    ### BEGIN SOLUTION
    # STUB: inputs = [x]  # of each layer: run forward first
    # STUB: ...
    # STUB: R = ...  # the score at the target's output
    # STUB: for W, b, a in reversed(list(zip(weights, biases, inputs))):
    # STUB:     ...
    # STUB: return R
    inputs = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        inputs.append((inputs[-1] @ W.T + b).relu())
    logits = inputs[-1] @ weights[-1].T + biases[-1]
    places = torch.arange(len(x), device=x.device)
    R = torch.zeros_like(logits)
    R[places, target] = logits[places, target]
    for W, b, a in reversed(list(zip(weights, biases, inputs, strict=True))):
        z = a @ W.T + b
        s = R / (z + epsilon * torch.where(z >= 0, 1.0, -1.0))
        R = a * (s @ W)
    return R
    ### END SOLUTION


# %% tags=["check"]
xc.check("03.2", lrp_epsilon)

# %% [markdown] tags=["fold"]
r"""
- `s @ W` adds up $w_{ij} s_j$ over the outputs $j$, as the formula asks. The multiplication by `a` comes last.
- The bias stands in $z$ only. Its own share is computed by nobody, so it stays there.
- `R[places, target]` picks one score for each input. `R[:, target]` would start with the scores of all targets for every input.
- `torch.sign(0)` is 0, and 0 / 0 is not a number: hence `torch.where`.
"""

# %% [markdown]
r"""
From here on the lesson uses **your** function, first on the TOY net. You have met its map before, in lesson 01: it is gradient x input. Three nets:

- **A**: the TOY net at $(3, 1)$;
- **B**: a small net that sees pictures of clothes, with two convolutions, max pools and two dense layers, on a boot;
- **C**: our photo network, EfficientNet-Lite0 (in short Lite0), on the espresso. It cuts its relus off: what is above 6 becomes 6.

All of them have biases.

**Predict (03.P2).** In which of the three is LRP with $\epsilon$ almost 0 the same as gradient x input?
"""

# %% tags=["question"]
xc.predict("03.P2")

# %%
lrp = xc.or_reference("03.2", lrp_epsilon)
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
toy_net = [toy.hidden.weight, toy.output.weight], [toy.hidden.bias, toy.output.bias]
ours = lrp(*toy_net, x_toy, torch.tensor([0]), 1e-9)
assert torch.allclose(ours, xc.lrp(toy, x_toy, target=None, epsilon=1e-9), atol=1e-6)
print("TOY net at (3, 1), LRP:", [round(v, 2) for v in ours[0].tolist()])

clothes = xc.zoo.load("fashion_cnn", device="cpu")  # two convolutions, two dense layers
boot = xc.datasets.fashion_mnist(n=1).x  # (1, 1, 28, 28), an ankle boot


def distance(a, b):
    """How far map a is from map b, as a share of b."""
    return float((a - b).norm() / b.norm())


times_input = xc.input_x_gradient(clothes, boot, target=BOOT)
relevance = xc.lrp(clothes, boot, target=BOOT, epsilon=1e-9)
path = xc.integrated_gradients(clothes, boot, target=BOOT, steps=100)
control = {"Integrated Gradients": distance(path, times_input)}
near = round(distance(relevance, times_input), 3)
xc.show("boot: distance of LRP from gradient x input", near, control=control)
relevance = xc.lrp(model, coffee, target=ESPRESSO, epsilon=1e-9)
apart = distance(relevance, xc.input_x_gradient(model, coffee, target=ESPRESSO))
xc.show("Lite0, espresso: the same distance", apart, control={"boot": near})

# %% [markdown]
r"""
<details><summary>Answer to 03.P2</summary>

(b). A relu that is on has $\mathrm{relu}(z) = z$. What a unit received is its output times the slope of $f$ there. Divided by $z$ only the
slope remains, and the bias in $z$ does not change that. So it goes on, layer after layer. Where a relu is cut off the slope is 0, but relevance passes on.
</details>

So on such nets LRP-epsilon adds no new map. Its gift is the account: you see **where** the score went.

**A larger epsilon** makes each divisor larger, so at each operation a part is lost. And a popular rule, `epsilon_plus`, counts only the positive parts of
a sum in the convolutions, positive biases among them. What arrives then, in the five photos?
"""

# %%
settings = {
    "epsilon 0.001": {"epsilon": 0.001},
    "epsilon 0.1": {"epsilon": 0.1},
    "epsilon 1": {"epsilon": 1.0},
    "epsilon_plus": {"rules": "epsilon_plus"},
}
for name, rule in settings.items():
    largest = arrives(model, **rule).abs().max()
    control = {"nothing kept": 1}
    xc.show(f"{name}: largest share that arrives", largest, control=control)

# %% tags=["demo", "machinery"]
# The account of epsilon_plus for the espresso, as in section 1.
xc.widgets.trace_relevance(model, coffee, ESPRESSO, rules="epsilon_plus").bars(
    title="espresso, epsilon_plus",
    alt="Blue bars of what is left of the score after each of 60 operations, and "
    "orange bars of what the biases of each kept, with the rule epsilon_plus.",
)

# %% [markdown]
r"""
The bars of `epsilon_plus` are calm: none is above the score. But in this network the batch norms are folded in (made a part of the weights and biases of the layer before), which leaves large positive biases, and in all five photos they keep nearly **everything**. A
picture that is scaled to its own maximum would not show it.

> **A good habit.** Print the sum of an LRP map beside the score. The difference stayed in biases and epsilon.

## 4 · DeepLIFT and Integrated Gradients

Lesson 05 will walk from the reference $x'$ to $x$ on a straight line and average the slopes: **Integrated Gradients** (IG). Both methods add up to the rise. Are they the same?

With **one hidden layer**, yes. Each $z$ changes evenly on the way, and the average slope of a relu on an even way is (change of relu) / (change of $z$): the quotient $m$. With a
second hidden layer its $z$ no longer changes evenly. One such net is $\mathrm{relu}(\mathrm{relu}(x_1 - 1) - \mathrm{relu}(x_2))$.
"""


# %%
def linear(weight, bias):
    """A layer with the given numbers."""
    layer = nn.Linear(len(weight[0]), len(weight)).double().requires_grad_(False)
    layer.weight[:], layer.bias[:] = torch.tensor(weight), torch.tensor(bias)
    return layer


def chain(*layers):
    """A net of layers, with a relu between two of them."""
    parts = [part for layer in layers for part in (layer, nn.ReLU())]
    return nn.Sequential(*parts[:-1])


both, minus = [[1, 0], [0, 1]], [[1, -1]]  # weights
deep = chain(linear(both, [-1, 0]), linear(minus, [0]), linear([[1]], [0]))
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

The deep net has a twin, $\mathrm{relu}(\mathrm{relu}(x_1) - 1 - \mathrm{relu}(x_2))$: the 1 moves to the second layer. Below $x_1 = 1$ both give 0, above it both give the same. They are one function, written twice.

A second pair, for inputs that are not negative (as pixels are): $\mathrm{relu}(x_1)$, and $\mathrm{relu}(x_1 + x_2) - \mathrm{relu}(x_2)$. Both are $x_1$. Nobody needs $x_2$.

Both pairs at $(3, 1)$, DeepLIFT from $(0, 0)$. LRP with $\epsilon = 10^{-6}$ gives one map to both twins each time. And the others?

| | LRP, $\epsilon = 0.5$ | DeepLIFT |
|---|---|---|
| pair 1 | A | B |
| pair 2 | C | D |

**Predict (03.P3).** In one of the four cases both twins get the same map. In which?
"""

# %% tags=["question"]
xc.predict("03.P3")

# %%
other = chain(linear(both, [0, 0]), linear(minus, [-1]), linear([[1]], [0]))
plain = chain(linear(both, [0, 0]), linear([[1, 0]], [0]))
mixed = chain(linear([[1, 1], [0, 1]], [0, 0]), linear(minus, [0]))
cloud = 4 * torch.rand(1000, 2, generator=torch.Generator().manual_seed(0)).double()
pairs = {"pair 1": (deep, other), "pair 2": (plain, mixed)}
ways = {
    "gradient": xc.gradient,
    "LRP, epsilon 1e-6": xc.lrp,
    "LRP, epsilon 0.5": xc.spec("lrp", epsilon=0.5),
    "DeepLIFT": xc.deeplift,
}
for pair, (a, b) in pairs.items():
    xc.show(f"{pair}: one function", bool(torch.allclose(a(cloud), b(cloud))))
    for name, way in ways.items():
        maps = [way(net, x_toy, target=0)[0].tolist() for net in (a, b)]
        text = "  and  ".join(f"({p:.2f}, {q:.2f})" for p, q in maps)
        print(f"  {name}: {text}".replace("-0.00", "0.00"))

# %% [markdown]
r"""
<details><summary>Answer to 03.P3</summary>

(d). There all relus are on and begin at 0, so all quotients are 1. For pair 1 the quotients of DeepLIFT differ. A larger epsilon takes a part of *each* sum, and the twins have different sums. With almost no
epsilon LRP is gradient x input, and a gradient depends on the function only.
</details>

Giving one function one map is called **implementation invariance**. The IG paper asks for it. **We confirm its claim for DeepLIFT and for LRP with an epsilon that counts**. Whether it matters is your decision: do you explain the *function*, or the *computation*?

## 6 · A photo with a known answer

The collage again: the evidence for the cat is in the left half, that for the espresso in the right one. And five photos, each with its winner. DeepLIFT needs one backward pass, IG here 16, so DeepLIFT is sometimes
used as a quick IG. IG is a mean of true slopes, taken on the way from black, times the photo. DeepLIFT has a quotient in place of a slope at every unit, through all layers. The control is gradient x input: one pass, too.

**Predict (03.P6).** Pixel by pixel, on Lite0, measured by the cosine: on how many of the five photos is DeepLIFT's map nearer to that of IG from black than gradient x input is?
"""

# %% tags=["question"]
xc.predict("03.P6")


# %% tags=["machinery"]
# Cosine, the sums of both halves, and three maps of one input.
def cosine(a, b):
    """1 for the same direction, 0 for nothing in common."""
    return float(torch.cosine_similarity(a.flatten(), b.flatten(), dim=0))


def halves(values):
    """What the left and the right half of a map add up to, as text."""
    sums = [float(values[..., side].sum()) for side in sides]
    return f"{sums[0]:.2g} and {sums[1]:.2g}"


def three_maps(x, target):
    """The maps of DeepLIFT from black, of gradient x input, and of IG from black."""
    one = {"batch_size": 1}
    lift = xc.deeplift(model, x, target=target, baseline="black", **one)
    product = xc.input_x_gradient(model, x, target=target, **one)
    path = xc.integrated_gradients(model, x, target=target, steps=16, **one)
    return lift, product, path


# %%
two, classes = torch.cat([collage, collage]), [EGYPTIAN_CAT, ESPRESSO]
lift = xc.deeplift(model, two, target=classes, baseline="black", batch_size=1)
lrp_maps = xc.lrp(model, two, target=classes, batch_size=1)
product = xc.input_x_gradient(model, two, target=classes, batch_size=1)
for k, name in enumerate(("cat", "espresso")):
    controls = {"LRP": halves(lrp_maps[k]), "gradient x input": halves(product[k])}
    xc.show(f"{name}, halves by DeepLIFT", halves(lift[k]), control=controls)
for name, *maps in zip(
    names, *three_maps(photos, model(photos).argmax(1)), strict=True
):
    near, by_product = (round(cosine(one, maps[2]), 1) for one in maps[:2])
    control = {"gradient x input": by_product}
    xc.show(f"{name}, DeepLIFT and IG: cosine", near, control=control)

# %% tags=["demo", "machinery"]
# Each map divided by its length, since LRP holds less than DeepLIFT.
path = xc.integrated_gradients(model, collage, target=EGYPTIAN_CAT, steps=16)
shown = {"LRP, cat": lrp_maps[:1], "DeepLIFT, cat": lift[:1], "IG, cat": path}
xc.plot.maps(
    {name: values / values.norm() for name, values in shown.items()},
    photo=collage,
    tile=8,
    unit="each map has length 1",
    alt="A photo, half cat and half coffee, and three signed maps for the cat, each "
    "divided by its length: by LRP, by DeepLIFT, by Integrated Gradients.",
)

# %% [markdown]
r"""
<details><summary>Answer to 03.P6</summary>

(a). In all five photos gradient x input is nearer to IG. DeepLIFT has little in common with it, although both add up to the same rise.
</details>

The sums of the halves have the right signs for both classes: the own half speaks for its class. Gradient x input and LRP have
the signs, too, but small amounts: most of the score is in the biases. IG with 128 steps (not run here) gives $14$ and $-5$ for the cat, nearly as DeepLIFT, and $-5$ and $12$ for the espresso, where they differ. So trust the coarse answer of DeepLIFT, not the grain.

(Why? A guess that we do not test: IG is a mean of true gradients, while the quotients of DeepLIFT mix two inputs at each unit.)

## 7 · Ten classes of one picture

A rule that conserves the score holds the full amount at every layer. Does it also know *whose* score it is? The test: draw the maps of one picture for **ten classes** and ask how much they are alike.

For two maps $a$ and $b$, as long vectors, $\cos(a, b) = a \cdot b \,/\, (|a|\,|b|)$. A map and its negative show the same picture, so only the size counts. A small example: the maps $(1, 0)$, $(-2, 0)$ and $(0, 3)$ have three pairs with
the sizes 1, 0 and 0. Their mean is $1/3$.
"""

# %% [markdown]
r"""
### Task 03.4 · How alike are the maps of different classes?

**Goal** G4 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 4 of 5

Write `likeness(maps)`.

| argument | meaning |
|---|---|
| `maps` | (K, ...): the maps of one input for K classes, of any shape |
| **returns** | the mean of $\|\cos\|$ over all pairs of two *different* maps, one number |

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def likeness(maps):
    """Return the mean |cosine| over all pairs of different maps."""
    ### BEGIN SOLUTION
    flat = maps.flatten(1)
    flat = flat / flat.norm(dim=1, keepdim=True)
    table, K = (flat @ flat.T).abs(), len(maps)
    return (table.sum() - table.trace()) / (K * (K - 1))
    ### END SOLUTION


# %% tags=["check"]
xc.check("03.4", likeness)

# %% [markdown] tags=["fold"]
r"""
One product of matrices gives all cosines at once, a table (K, K). Its diagonal compares each map with itself: that is always 1 and tells nothing, so it is taken out, from the sum and from the number of pairs. The size comes before the mean:
two opposite maps have the cosine $-1$ and show the same picture. A map is one long vector; a cosine along its last axis alone would be another number.
"""

# %% [markdown]
r"""
Four rules, on a small net that sees ten pictures of clothes:

- **A**, `epsilon`: all parts with their signs, as in section 2;
- **B**, `flat`: each input of a unit gets the same, whatever its weight;
- **C**, `z_box`: positive parts only; in the first layer a rule for pixels between 0 and 1;
- **D**, `epsilon_gamma_box`: all parts, but in the convolutions positive ones count more; the same rule for pixels.

**Predict (03.P4).** For which of them are the ten classes' maps of one picture nearly one map (likeness above 0.9)?
"""

# %% tags=["question"]
xc.predict("03.P4")

# %%
alike = xc.or_reference("03.4", likeness)
pictures = xc.datasets.fashion_mnist(n=10).x
winners = clothes(pictures).argmax(1)
for rule in ("epsilon", "flat", "z_box", "epsilon_gamma_box"):
    arrived, same = [], []
    for picture, winner in zip(pictures, winners, strict=True):
        ten = picture.expand(10, -1, -1, -1)  # the same ten times, once for each class
        found = xc.lrp(
            clothes, ten, target=torch.arange(10), rules=rule, return_details=True
        )
        arrived.append(float(found.values[winner].sum() / found.f_end[winner]))
        same.append(float(alike(found.values)))
    limits = f"{min(arrived):.2g} to {max(arrived):.2g}"
    xc.show(f"{rule}: share that arrives, ten pictures", limits, control={"all": 1})
    by_picture = xc.lrp(clothes, pictures, target=BOOT, rules=rule)
    control = {"ten pictures, one class": alike(by_picture)}
    mean = sum(same) / len(same)
    xc.show("  likeness of ten classes, mean", mean, control=control)
largest = arrives(model, rules="epsilon_gamma_box").abs().max()
control = {"nothing kept": 1}
xc.show("epsilon_gamma_box on Lite0: largest share", largest, control=control)

# %% tags=["demo", "machinery"]
# The maps of the boot for two classes, by all four rules.
boots = {
    rule: xc.lrp(clothes, boot.expand(2, -1, -1, -1), target=[BOOT, BAG], rules=rule)
    for rule in ("epsilon", "flat", "z_box", "epsilon_gamma_box")
}
xc.plot.maps(
    {
        f"{rule.replace('epsilon_gamma', 'eps_gamma')}, {name}": maps[[k]]
        / maps[k].norm()
        for rule, maps in boots.items()
        for k, name in enumerate(("boot", "bag"))
    },
    columns=4,
    unit="each map has length 1",
    alt="Eight signed maps of a boot, each divided by its length: the rules epsilon, "
    "flat, z_box and epsilon_gamma_box, each for the classes boot and bag.",
)

# %% [markdown]
r"""
<details><summary>Answer to 03.P4</summary>

(b), `flat` and `z_box`. Both add up, in all ten pictures, and show nearly one map for ten classes. The controls say more: `flat` shows one grid for every *picture* as well, while `z_box` sees the picture, but not the class. (`flat` asks neither for weights nor for inputs. What is left is how the windows of the layers cover a picture.)
</details>

Here is the trap of this lesson: **it adds up, and is blind.** The bag's map is the boot's, with the sign of the bag's score. **Why?** Such a rule multiplies by a matrix of positive shares at each layer. Products of positive matrices forget where they started: after a few of them all columns
are nearly multiples of one column (part B of "Go deeper" shows it; L. Sixt and others wrote it down in 2020). Conservation checks **one number**. It cannot tell which class was explained.

But it is no law. On the small net `epsilon_gamma_box` adds up *and* sees the class, because it keeps the negative parts. On Lite0 the biases keep nearly all of its score. So test each rule on each net, with the account and with two classes.

**Explore the panel** (4 minutes). Find: the rule whose map is the same for all classes; the operation that keeps most of the boot's score; the epsilon at which less than half of it arrives; a rule that
turns the TOY net's $x_2$ to 0.
"""

# %% tags=["panel"]
labels = xc.datasets.FASHION_MNIST_CLASSES
in_order = {labels[k]: k for k in (9, 7, 5, 8, 0, 1, 2, 3, 4, 6)}
panel = xc.widgets.RelevancePanel(
    {"clothes": (clothes, boot, in_order), "TOY": (toy, x_toy, {"f": None})}
)
panel

# %% tags=["drive", "machinery"]
# The panel's numbers for three rules, as after a choice in its list.
for rule in ("epsilon", "z_plus", "flat"):
    panel.set(rule=rule)
    xc.show(f"{rule}: sum of the map", panel.result.trace.total)
panel.set(net="TOY", rule="z_plus")
print("TOY, z_plus:", [round(v, 2) for v in panel.result.trace.values[0].tolist()])
assert panel.error is None

# %% [markdown]
r"""
## 8 · Is it right? The truth strip

The same three tests as in every lesson, for both methods, each beside the value of a map that knows nothing. It is one photo. We draw the ruined network three times.
"""

# %% tags=["demo", "machinery"]
# Own half, deletion and ruined network, with their controls.
for name in ("lrp", "deeplift"):
    strip = xc.truth_strip(name, model=model)
    method = xc.spec(name)
    absent = method(model, collage, target=ABSENT).sum(1).abs()
    half = float(absent[..., sides[0].view(224, 224)].sum() / absent.sum())
    control = {"absent class": f"{half:.2g} and {1 - half:.2g}"}
    xc.show(f"{name}: own half, cat and espresso", strip.own_share, control=control)
    spread = {"spread of random orders": strip.random_spread}
    xc.show("  deletion minus random", strip.deletion, control=spread)
    signed, absolute = [strip.cosine], [strip.absolute_cosine]
    for net in ruined[1:]:
        again = method(net, collage, target=EGYPTIAN_CAT).sum(1).cpu()
        signed.append(cosine(strip.maps[0, 0].cpu(), again))
        absolute.append(cosine(strip.maps[0, 0].cpu().abs(), again.abs()))
    places = {"own pixels in random places": strip.shuffled_cosine}
    xc.show("  three ruined networks, |maps|: cosine", absolute, control=places)
    xc.show("  signed maps: cosine", signed, control={"the same map": 1})
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* DeepLIFT puts far more into the own half than the map of an absent class does, LRP-epsilon does so for the cat only.
- *Deletion.* DeepLIFT beats the random orders by more than three times their spread, LRP by about one spread or less: no verdict. Lesson 05 shows how little such a lead proves.
- *Ruined networks.* In absolute values both maps look like those of all three ruined networks, more than their own pixels in random places do. With signs they have little in common.

## 9 · Your model

Now torchvision's ResNet-18. Here its weights are **random**, so that the cell runs offline. Exchange them for trained ones, or for yours, and run the cell again. Which of the printed lines tells you that the random
network knows nothing?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
cat = photos[1:2]
chances, best = mine(cat)[0].softmax(0).topk(5)
print("best five:", ", ".join(xc.zoo.labels()[k] for k in best))
xc.show("probability of the best", chances[0], control={"chance": 0.001})

for rule in ("epsilon", "epsilon_plus"):
    shares, likenesses = [], []
    for net in (mine, model):
        top = net(cat)[0].topk(5).indices
        five = cat.expand(5, -1, -1, -1)
        maps = xc.lrp(net, five, target=top, rules=rule, batch_size=1)
        shares.append(float(maps[0].sum() / net(cat)[0, top[0]]))
        likenesses.append(float(alike(maps)))
    control = {"trained Lite0": shares[1]}
    xc.show(f"{rule}: share that arrives", shares[0], control=control)
    control = {"trained Lite0": likenesses[1]}
    xc.show("  likeness of the five", likenesses[0], control=control)

# %% [markdown]
r"""
Only the first: a cat is no spider monkey. Under `epsilon_plus` far more of the random network's score arrives than of the trained one's, whose biases have grown. And for both nets the maps of five classes are nearly one map.

What to doubt, with your own weights: a map, before you have seen it for a second class; a sum, before you have seen it on other photos.
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

A **composite** gives each depth its own rule: `epsilon_plus`, `epsilon_gamma_box`. **Deep Taylor** derives z+ (hidden layers) and the box rule (pixels) from one Taylor expansion for each unit. Its biases take no part.

More of them on the boot:
"""

# %%
ten = boot.expand(10, -1, -1, -1)
more = ("z_plus", "gamma", "alpha2_beta1", "w_square", "epsilon_plus")
methods = {rule: xc.spec("lrp", rules=rule) for rule in more}
for name, method in (methods | {"Deep Taylor": xc.deep_taylor}).items():
    found = method(clothes, ten, target=torch.arange(10), return_details=True)
    share = float(found.values[BOOT].sum() / found.f_end[BOOT])
    xc.show(f"{name}: share of the score, likeness", [share, alike(found.values)])

both_classes = xc.deep_taylor(model, two, target=classes, batch_size=1)
xc.show("collage, Deep Taylor: cosine of cat and espresso", cosine(*both_classes))
xc.show("collage, DeepLIFT: cosine of cat and espresso", cosine(*lift))

# %% [markdown]
r"""
`z_plus` is blind, and does not even add up on this net, because of its biases. `epsilon_plus` sees the class here, where two dense layers keep their negative parts; on the networks of section 9, with one dense layer, it did not. `w_square` and Deep Taylor add up and are blind. So there is no best rule. There is the account, and the test with two classes.

### B · Why positive rules go blind

Random weights, no biases, ten outputs. We hand down a relevance of 1 for each of ten classes.
"""


# %%
def handed_down(rule, seed):
    """The likeness of ten classes after each of nine layers."""
    draw = torch.Generator().manual_seed(seed)
    stack = [(2 / 64) ** 0.5 * torch.randn(64, 64, generator=draw) for _ in range(8)]
    stack.append(torch.randn(10, 64, generator=draw))
    inside = [torch.rand(1, 64, generator=draw)]
    for W in stack[:-1]:
        inside.append((inside[-1] @ W.T).relu())
    R, same = torch.eye(10), []  # ten classes, each with relevance 1
    for W, a in zip(stack[::-1], inside[::-1], strict=True):
        V = W.clamp_min(0) if rule == "z_plus" else W
        R = a * ((R / (a @ V.T)) @ V)
        same.append(float(alike(R)))
    assert (R.sum(1) - 1).abs().max() < 0.01  # both rules conserve
    return torch.tensor(same)


# %%
curves = {
    f"{rule}, seed {seed}": handed_down(rule, seed)
    for rule in ("epsilon", "z_plus")
    for seed in range(3)
}
xc.plot.series(
    torch.arange(1, 10),
    curves,
    x_name="layers below the output",
    y_name="likeness of ten classes",
    alt="Six curves over one to nine layers: the likeness of the relevance of ten "
    "classes, for the rules epsilon and z_plus and three seeds.",
)

# %% [markdown]
r"""
Both rules conserve, and z+ has nearly one map for all ten classes after three layers, with each seed. (The product of positive matrices tends to **rank one**: L. Sixt and others, 2020. **We find it too**.)

### C · RevealCancel

Rescale looks at the sum of a unit only. If positive and negative parts cancel, it cannot see them. $\min(x_1, x_2)$ can be written $x_1 - \mathrm{relu}(x_1 - x_2)$.

**Predict (03.P5).** At $(3, 2)$, from the reference $(0, 0)$, the rise is 2. What does Rescale give to $x_1$?
"""

# %% tags=["question"]
xc.predict("03.P5")


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

(a). Rescale says: $x_2$ did it all, and so does IG. **RevealCancel** treats the parts $+3$ and $-2$ of the relu's sum as two players: what does each add, alone and after the other, on average?
</details>

### D · Many references: DeepSHAP

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
- On a deep network what arrives can be any part of the score, even less than nothing: large amounts of both signs cancel on the way.
- DeepLIFT shares out the rise from a reference. One backward pass, complete. With one hidden layer Rescale equals Integrated Gradients.
- Twins (one function, two programs) can get two maps from DeepLIFT, and from LRP with an epsilon that counts.
- **Conservation is no proof.** `flat` and `z_box` add up and are blind for the class; `epsilon` sees the class and does not add up; `epsilon_gamma_box` did both on our small net. Always compare the maps of two classes.

**Where it fails next.** DeepLIFT depends on how the net is written. Lesson 05 walks from the reference to the input instead, and asks only for the function. Lesson 08 gives the biases a picture of their own.

## References

- S. Bach, A. Binder, G. Montavon, F. Klauschen, K.-R. Mueller, W. Samek. *On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation*. PLOS ONE, 2015. [doi:10.1371/journal.pone.0130140](https://doi.org/10.1371/journal.pone.0130140)
- G. Montavon, S. Lapuschkin, A. Binder, W. Samek, K.-R. Mueller. *Explaining NonLinear Classification Decisions with Deep Taylor Decomposition*. 2017. [arXiv:1512.02479](https://arxiv.org/abs/1512.02479)
- A. Shrikumar, P. Greenside, A. Kundaje. *Learning Important Features Through Propagating Activation Differences*. 2017. [arXiv:1704.02685](https://arxiv.org/abs/1704.02685)
- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks* (implementation invariance). 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
- L. Sixt, M. Granz, T. Landgraf. *When Explanations Lie: Why Many Modified BP Attributions Fail*. 2020. [arXiv:1912.09818](https://arxiv.org/abs/1912.09818)
- S. M. Lundberg, S.-I. Lee. *A Unified Approach to Interpreting Model Predictions* (DeepSHAP). 2017. [arXiv:1705.07874](https://arxiv.org/abs/1705.07874)
"""
