# %% [markdown] tags=["header", "goals"]
r"""
# 01 · Saliency (2013): what does a gradient promise, and how far does it hold?

| | |
|---|---|
| **Paper** | K. Simonyan, A. Vedaldi, A. Zisserman, *Deep Inside Convolutional Networks*, [arXiv:1312.6034](https://arxiv.org/abs/1312.6034); gradient x input: A. Shrikumar and others, 2016, [arXiv:1605.01713](https://arxiv.org/abs/1605.01713) |
| **Time** | 60 minutes. The core path takes 40; "Go deeper" is optional. |
| **Needs** | lesson 00 (which number, sign, scale, zero) |
| **Repairs** | the price of lesson 00: occlusion needs one forward pass for each patch. Here one backward pass serves all pixels. |
| **Practise** | the sheet `exercises/01_saliency.ipynb`: core tasks 30 minutes, all 66 |

After this lesson

- **G1** you can work out the gradient of a ReLU net by hand.
- **G2** you can compute the gradient of the right number, and the paper's map.
- **G3** you can say what a gradient predicts, and how far the prediction holds.
- **G4** you can derive the gradient of a probability from those of the logits.
- **G5** you can build a case in which the gradient is 0 and the feature decides.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
labels = xc.zoo.labels()
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
cat = xc.datasets.photo("chelsea", device=device)  # (1, 3, 224, 224), in [0, 1]
coffee = xc.datasets.photo("coffee", device=device)
TIGER_CAT, EGYPTIAN_CAT, ESPRESSO, CLIFF_DWELLING = 282, 285, 967, 500
GREY_LEVEL = 1 / 255  # an image file stores 256 brightnesses


def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


# %% [markdown]
r"""
## 1 · Poke the network

This network has two inputs, three hidden units and no secrets. We call it the TOY net:

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

Our input is $x = (3, 1)$. Before any theory, poke it: turn $x_1$, leave $x_2 = 1$, and read $f$.
"""

# %% tags=["demo"]
x1 = torch.arange(0, 5.5, 0.5, dtype=torch.float64)
poked = torch.stack([x1, torch.ones_like(x1)], dim=1)  # (11, 2): x2 stays 1
for a in (0, 1, 2, 3, 4):
    print(f"f({a}, 1) = {float(toy(torch.tensor([[a, 1.0]]).double())):.0f}")

xc.plot.series(
    x1,
    {"straight on from x1 = 3": x1 - 1, "f(x1, 1)": toy(poked)},
    x_name="x1   (our input has x1 = 3)",
    y_name="f",
    alt="The TOY net's f over x1 from 0 to 5, with x2 = 1: a line that falls to 0 at "
    "x1 = 1 and then rises with slope 1; and the straight line that it follows at 3.",
)

# %% [markdown] tags=["symbols"]
r"""
Near $x_1 = 3$ the line is straight: one step to the right adds 1. That number is the **slope** of $f$ with respect to $x_1$. But look
at the left end. *Deleting* $x_1$ (setting it to 0) raises $f$ from 2 to 4, although the slope is positive. A slope knows its
neighbourhood. It knows nothing of the far end of the line.

## 2 · The gradient by hand

A relu passes its sum on if the sum is positive. Then its **gate** is on, and the slope of the relu is 1. Otherwise it gives 0, and its slope is 0. At
$x = (3, 1)$:

| unit | sum inside | gate | output weight | slope of the sum | adds to the gradient |
|---|---|---|---|---|---|
| 1 | $3 - 1 = 2$ | on | 2 | $(1, -1)$ | $(2, -2)$ |
| 2 | $-3 + 2 - 1 = -2$ | off | 3 | $(-1, 2)$ | $(0, 0)$ |
| 3 | $3 + 1 - 1 = 3$ | on | $-1$ | $(1, 1)$ | $(-1, -1)$ |
| sum | | | | | $(1, -3)$ |

The value of an open unit plays no part: only *whether* it is open. And a closed unit contributes nothing, however large its weights are.

Three symbols for this lesson:

- $\nabla F(x)$ ("the gradient of F at x") is the list of all slopes of $F$, the number that we explain: one for each number of the input.
- $d$ is a direction: how each number of the input moves in one step.
- $z_k$ and $p_k$ are the logit and the probability of class $k$; $t$ is the class that we explain.

## 3 · Promise and truth

A gradient is a **promise**: take $s$ steps along $d$, and $F$ changes by $s$ times the sum of slope times movement,

$$F(x + s\,d) \;\approx\; F(x) + s\, \nabla F(x) \cdot d .$$

**Predict (01.P1).** Raise $x_2$ of the TOY net from 1 to 2, then to 3. The slope is $-3$, so the gradient promises $f = -1$, then $f = -4$. Which
promise is kept? (a) both · (b) the first only · (c) neither
"""

# %% tags=["question"]
xc.predict("01.P1", None)  # replace None by "a", "b" or "c", then run

# %%
for x2 in (1.0, 1.5, 2.0, 2.5, 3.0):
    promise = 2 - 3 * (x2 - 1)
    truth = float(toy(torch.tensor([[3.0, x2]], dtype=torch.float64)))
    print(f"x2 = {x2}: promised {promise:4.1f}, true {truth:4.1f}")

# %% [markdown]
r"""
<details><summary>Answer to 01.P1</summary>

(b). At $x_2 = 2$ the second gate opens. From there on $f$ has another gradient, and it rises again: $f = 2$ at $x_2 = 3$, not $-4$. On a ReLU net
the promise is exact until a gate changes, and worth nothing certain afterwards.
</details>

So **"large gradient" does not mean "large contribution"**. The gradient answers: *what does a small step do?* It does not answer:
*what did this input add?* Deleting $x_1$ is a step of length 3 to the left, through a gate.

Nobody differentiates a large network by hand. Software does it in two lines, and the package adds batches, targets and checks. All three agree:
"""

# %%
point = x_toy.clone().requires_grad_()
(slopes,) = torch.autograd.grad(toy(point).sum(), point)  # the two lines

# target=None: the TOY net has one score only, so there is no class to choose.
package = xc.gradient(toy, x_toy, target=None)
print("by autograd:", slopes[0].tolist(), " by the package:", package[0].tolist())
assert torch.equal(slopes, package)

# %% [markdown]
r"""
## 4 · The map of a photo

A photo has 150,528 numbers, so its gradient has 150,528 slopes, from **one** backward pass. The paper makes a picture of them: at each pixel the
largest *absolute* slope of its three channels. That is the **saliency map**.

We take the photo of a cat. The model's first choice is *tiger cat*. We also ask for a class that has nothing to do with the photo: *cliff dwelling*.

**Predict (01.P2).** The map of *cliff dwelling* is, compared with that of *tiger cat*,
(a) almost empty · (b) weaker, but bright in similar places · (c) bright in other places
"""

# %% tags=["question"]
xc.predict("01.P2", None)

# %% tags=["demo"]
tiger = xc.gradient(model, cat, target=TIGER_CAT)  # (1, 3, 224, 224), with signs
cliff = xc.gradient(model, cat, target=CLIFF_DWELLING)
tiger_map, cliff_map = tiger.abs().amax(dim=1), cliff.abs().amax(dim=1)  # (1, 224, 224)
generator = torch.Generator().manual_seed(0)
order = torch.randperm(tiger_map.numel(), generator=generator).to(device)
mixed = tiger_map.flatten()[order]  # the same numbers in random places
xc.show("saliency maps, cosine", round(cosine(tiger_map, cliff_map), 1))
xc.show("control, one with its pixels shuffled", round(cosine(mixed, cliff_map), 1))
xc.show("gradients with sign: cosine below 0", cosine(tiger, cliff) < 0)
stronger = tiger_map.norm() / cliff_map.norm()
xc.show("the map of tiger cat is stronger, times", stronger)

xc.plot.maps(
    {
        "tiger cat": tiger_map[0],
        "cliff dwelling": cliff_map[0],
        "the same, brightened": stronger * cliff_map[0],
    },
    photo=cat,
    reduce="max_abs",
    tile=4,
    unit="largest |slope| of the channels",
    alt="The photo of a cat and saliency maps without signs on one scale: tiger cat, "
    "cliff dwelling, and cliff dwelling brightened to the strength of the first.",
)

# %% [markdown]
r"""
<details><summary>Answer to 01.P2</summary>

(b). The slopes of *cliff dwelling* are weaker, on the whole about 2.5 times. Brightened, much of it lies in the same places, such as the eye: cosine about 0.7, which no
brightness changes. But most of the 0.7 is no secret of the cat: shuffle the pixels, and about 0.5 is left. And with their signs the gradients point in rather opposite directions.
</details>

The absolute value throws away **which way** a slope points, and the maximum throws away **two channels of three**. What is left says: *here the
network is sensitive*. It hardly says *to which class*. (Lesson 02 makes a test of this.)

**Your turn (1 minute).** Find a bright place of the tiger cat map in the photo. Is it an edge, or an area of one colour?

## 5 · Honest for how far?

Back to promises. The photo is now the espresso. The direction $d$ goes **up its slope**: every number of the photo moves by one grey level (1/255), up where
its slope is positive, down where it is negative. The eye does not see a step of 1.

**Predict (01.P3).** For one step the gradient promises that the logit rises by about 19. How much does it really rise?
(a) about 19 · (b) about 4 · (c) almost not at all
"""

# %% tags=["question"]
xc.predict("01.P3", None)

# %% tags=["demo"]
slopes = xc.gradient(model, coffee, target=ESPRESSO)
up = GREY_LEVEL * slopes.sign()  # the direction d, one grey level long
steps = torch.linspace(-2, 2, 81, device=device)
truth = xc.scores(model, coffee + steps.view(-1, 1, 1, 1) * up, target=ESPRESSO)

at = torch.tensor([-1.0, 0.0, 1.0], device=device)  # where we draw a tangent
points = coffee + at.view(-1, 1, 1, 1) * up  # (3, 3, 224, 224)
rates = (xc.gradient(model, points, target=ESPRESSO) * up).sum((1, 2, 3))  # (3,)
xc.show("one step up, promised", rates[1])
xc.show("one step up, true", truth[60] - truth[40])

xc.plot.tangents(
    steps,
    truth,
    at,
    rates,
    photos={"the photo": coffee, "one step up": (coffee + up).clamp(0, 1)},
    x_name="step: at 1, every number has moved by 1 grey level",
    score_name="logit of espresso",
    marks={"1 grey level": 1.0},
    reach=0.5,
    alt="Two photos of an espresso, as it is and one step up. Right: the logit over "
    "the step from -2 to 2, with tangents at -1, 0 and 1.",
)

# %%
trace = xc.widgets.trace_tangent(
    model, coffee, ESPRESSO, direction=up, unit=1.0, steps=[0.01, 0.03, 0.1, 0.3, 1.0]
)
xc.show("up the slope, grey levels", trace.steps)
xc.show("  promised", trace.promised)
xc.show("  true", trace.actual)

coins = torch.randint(0, 2, up.shape, generator=generator)  # 0 or 1
others = {
    "each number up or down at random": GREY_LEVEL * (2 * coins - 1).to(up),
    "all brighter": torch.full_like(up, GREY_LEVEL),
}
for name, d in others.items():
    promised = (slopes * d).sum()
    change = xc.scores(model, torch.cat([coffee, coffee + d]), target=ESPRESSO).diff()
    xc.show(f"{name}, 1 grey level: promised, below 0.1", abs(promised) < 0.1)
    xc.show("  true, below 0.1", bool(abs(change) < 0.1))

# %% [markdown]
r"""
<details><summary>Answer to 01.P3</summary>

(b): about 4, a fifth of the promise. The truth is an S. Exactly at the photo it is steep, and within half a grey level it bends away. The tangents at $-1$ and 1
are almost flat. Three photos that look alike, and along the same line three slopes that differ by a factor of about 20 and more.
</details>

Read the numbers. Up the slope, the promise holds to within 10 % only for steps of a few *hundredths* of a grey level, far below anything that an image file can
store. In the other two directions a whole grey level hardly matters, and the gradient says so, too: what the slopes
add in some of the 150,528 numbers, they take away in others. The steep promise needs all of them to move at once, each in its own direction.

So what does the map describe? **The network's answer to changes that no camera can make.** This is no bug of the software. It is what a derivative is.
Each method of the following lessons changes the question: average over noise (07), follow a path (05), replace the slope by shares (03).

**Explore the panel** (4 minutes). Find: the largest step that is kept within 10 %; which promise breaks first, that of the logit or of the probability; a direction
that is kept for a whole grey level; how the gradient map changes while the photo does not.
"""

# %% tags=["panel"]
panel = xc.widgets.TangentExplorer(model, coffee, target=ESPRESSO, labels=labels)
panel

# %% tags=["drive"]
for output in ("logit", "probability"):
    panel.set(output=output, direction="up its slope", step=0.1)
    kept = panel.result.trace.kept
    xc.show(f"{output}: kept within 10 % up to", kept, "grey levels")
panel.set(output="logit", direction="random up and down", step=1.0)
xc.show("gradient after 1 random grey level, cosine", round(panel.result.likeness, 1))
panel.set(direction="one pixel brighter", down=4, across=4)
assert panel.error is None
xc.show("one pixel: kept for a whole grey level", panel.result.trace.kept >= 1)

# %% [markdown]
r"""
## 6 · Logit or probability?

$F$ may be a logit or a probability. Softmax makes $p_t = e^{z_t} / \sum_k e^{z_k}$. Take logarithms, differentiate, multiply by $p_t$:

$$\log p_t = z_t - \log \sum_k e^{z_k} \quad\Rightarrow\quad
\nabla p_t = p_t \,\Big( \nabla z_t - \sum_k p_k \nabla z_k \Big)$$

Own slope **minus the mean slope of all classes**, weighted by their probabilities. The logit says "more of this class". The probability
says "more of this class *than of its rivals*". And if $p_t$ is almost 1, the mean is almost $\nabla z_t$ itself.

**Predict (01.P4).** Espresso has a probability of 0.95. The gradient of its probability is, compared with that of its logit,
(a) more than ten times smaller · (b) about as large · (c) larger
"""

# %% tags=["question"]
xc.predict("01.P4", None)

# %%
point = cat.clone().requires_grad_()
z = model(point)[0]  # (1000,)
p = z.softmax(dim=0).detach()
(mean,) = torch.autograd.grad(p @ z, point)  # sum of p_k times the slope of z_k
for name, x, k in (("espresso", coffee, ESPRESSO), ("tiger cat", cat, TIGER_CAT)):
    of_logit = xc.gradient(model, x, target=k)
    of_chance = xc.gradient(model, x, target=k, output="probability")
    share = of_chance.norm() / of_logit.norm()
    xc.show(f"{name}: length, in lengths of the logit's gradient", share)
    xc.show(f"{name}: cosine of the two gradients", cosine(of_logit, of_chance))
by_formula = p[TIGER_CAT] * (of_logit - mean)
error = float((by_formula - of_chance).norm() / of_chance.norm())
xc.show("the formula gives the same gradient", error < 1e-3)

rival = xc.gradient(model, cat, target=EGYPTIAN_CAT)
difference = cosine(of_logit - rival, of_chance)
xc.show("cosine with tiger cat minus Egyptian cat", difference)

# %% [markdown]
r"""
<details><summary>Answer to 01.P4</summary>

(a): about 0.036 times as long. Where the model is sure, the probability is flat: it cannot rise above 1.
</details>

The cat is the more telling photo. The model wavers between *tiger cat* (0.39) and *Egyptian cat* (0.36). The gradient of the probability has a cosine of only 0.57
with that of the logit, but 0.96 with the **difference** of the two cats' logits. It explains "tiger *rather than* Egyptian". Neither is wrong.
Say which one you show.

## 7 · When the slope is gone

The simplest failure has one input: $f(x) = 1 - \mathrm{relu}(1 - x)$. From 0 to 1 it rises to 1, then it is flat. At $x = 2$ the slope is 0. Yet without
$x$ the score would be 0 instead of 1. The score is **saturated**: the feature has done its work already. An attribution of 0
for the one thing that decided: sensitivity, the first axiom of lesson 05, is broken.

Photos do the same. We dim two of them to 5 % of their light.
"""


# %%
def saturated(points):
    """Rises from 0 to 1, then stays."""
    return 1 - torch.relu(1 - points[:, 0])


at_two = torch.tensor([[2.0]])
xc.show("slope at 2", xc.gradient(saturated, at_two, target=None)[0, 0])
xc.show("effect of deleting x", saturated(at_two)[0] - saturated(0 * at_two)[0])

for name, x, k in (("cat", cat, TIGER_CAT), ("espresso", coffee, ESPRESSO)):
    both = torch.cat([0.05 * x, x])
    black, dim, full = xc.scores(model, torch.cat([0 * x, both]), target=k).tolist()
    lengths = xc.gradient(model, both, target=k).flatten(1).norm(dim=1)
    xc.show(f"{name} at 5 % light: share of the rise", (dim - black) / (full - black))
    xc.show("  length of the gradient at 5 % and at full light", lengths)

# %% [markdown]
r"""
At 5 % of its light the cat has over 90 % of its logit's rise from black, and the gradient is six times as long as at full light. At full light,
where we make the map, little is left to gain. Lesson 05 goes all the way from black and collects the slopes on the way.

## 8 · Gradient times input

In 2016 came a repair that looks natural: multiply each slope by its input. Then a slope on a black pixel counts nothing, and the map has the
unit of a score. Along the tangent, this is *what the gradient promises for deleting everything*. So one hopes that the shares add up to the score.

**Predict (01.P5).** On the TOY net at $(3, 1)$, with $f = 2$ and $\nabla f = (1, -3)$: what is the sum of gradient x input?
(a) 2, the score · (b) 1, the rise from $f(0, 0) = 1$ · (c) 0
"""

# %% tags=["question"]
xc.predict("01.P5", None)

# %%
shares = xc.input_x_gradient(toy, x_toy, target=None)
print("TOY net, f = 2. Shares:", shares[0].tolist(), "sum:", float(shares.sum()))

shares = xc.input_x_gradient(model, coffee, target=ESPRESSO)
black, score = xc.scores(
    model, torch.cat([0 * coffee, coffee]), target=ESPRESSO
).tolist()
xc.show("espresso: sum of the shares", shares.sum())
xc.show("espresso: logit, and its rise from black", [score, score - black])
# Stored as 2x - 1, the photo has half the slopes, so its product is (x - 0.5) * slope.
shifted = xc.input_x_gradient(model, coffee, target=ESPRESSO, baseline=0.5)
xc.show("the same photo stored in [-1, 1]: cosine", cosine(shares, shifted))

# %% [markdown]
r"""
<details><summary>Answer to 01.P5</summary>

(c): $3 \cdot 1 + 1 \cdot (-3) = 0$. Neither the score nor the rise. And deleting $x_1$, whose share is $+3$, *raises* $f$ to 4.
</details>

For the espresso the shares add up to about $-0.8$, and the logit is 11. Where is the rest? In the **biases** (task 01.6, and lesson 08). And there is a second
problem: what is an input of 0? Store the same photo with values from $-1$ to 1, as many programs do, and 0 is grey instead of black. The gradient
only becomes half as long, but the product becomes another map: the two have a cosine of about 0.3. Multiplying by the input asks "compared with 0?", and 0 is a choice (lessons 05 and 09).

## 9 · Is it right? The truth strip

Every lesson from here on ends with the same three tests of its method. The first uses the collage of lesson 00, cat left and espresso right.
In each test we know what a map that **knows nothing** would get:

| test | the question | a map that knows nothing gets |
|---|---|---|
| known answer | what share of the absolute map lies in the explained class's own half of the collage? | 0.5 |
| deletion | blur patches, the most important first: does the logit fall faster than in random orders? | 0, give or take the spread of random orders |
| ruined network | draw the last layer anew: does the map change? | a cosine as large as its own shuffled pixels get, or larger |
"""

# %% tags=["demo"]
strip = xc.truth_strip("saliency")
xc.show("own half, mean of cat and espresso", strip.own_share.mean())
xc.show("deletion minus random, cat and espresso", strip.deletion)
xc.show("spread of the random orders", strip.random_spread)
xc.show("ruined network, absolute maps: cosine", round(strip.absolute_cosine, 1))
xc.show("control, own pixels shuffled", round(strip.shuffled_cosine, 1))

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
Saliency is a little better than nothing, and not much. Its own half gets about 0.59 instead of 0.5. Deletion beats random orders for the cat by twice their spread, for the
espresso by less than the spread. The absolute map of a network that has forgotten its classes looks like ours (about 0.7), where shuffled pixels get about 0.6: **most of
this map has nothing to do with the class.**

| what we asked of the gradient | verdict |
|---|---|
| predicts small steps | yes, up to a few hundredths of a grey level |
| shares add up to the score | no: 0 instead of 2, $-0.8$ instead of 11 |
| a feature that decides gets more than 0 | no: saturation |
| the map of another class looks different | with signs yes, without signs hardly |
| cheap | yes: one backward pass |
"""

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · Contrast

**Predict (01.P6).** You double the contrast of the cat photo. The gradient map
(a) doubles · (b) stays the same · (c) becomes another map
"""

# %% tags=["question"]
xc.predict("01.P6", None)

# %%
for name, factor in {"half": 0.5, "double": 2.0}.items():
    other = (0.5 + factor * (cat - 0.5)).clamp(0, 1)
    changed = xc.gradient(model, other, target=TIGER_CAT)
    rate = changed.norm() / tiger.norm()
    xc.show(f"{name} contrast: length of the gradient, as a multiple", rate)
    xc.show("  cosine with the map before", round(cosine(changed, tiger), 1))

# %% [markdown]
r"""
<details><summary>Answer to 01.P6</summary>

(c). With double contrast the gradient is *shorter*, and it points elsewhere: cosine about 0.2. A slope is a property of the function at a place. It is not
proportional to the photo.
</details>

### B · One grey level of noise

Add noise with a spread of one grey level. No eye sees it, and the logit hardly moves. The map?
"""

# %%
for name, x, k in (("espresso", coffee, ESPRESSO), ("cat", cat, TIGER_CAT)):
    noise = GREY_LEVEL * torch.randn(x.shape, generator=generator).to(device)
    both = xc.scores(model, torch.cat([x, x + noise]), target=k)
    clean, noisy = xc.gradient(model, torch.cat([x, x + noise]), target=k)
    xc.show(f"{name}: the logit changes by less than 0.2", abs(both[1] - both[0]) < 0.2)
    xc.show("  cosine of the two gradients", round(cosine(clean, noisy), 1))

# %% [markdown]
r"""
About 0.5 for the espresso and 0.7 for the cat. So a part of what you see in a gradient map is an accident of the last grey level. Lesson 07 averages over such
accidents, and asks what the average means.

### C · Slope and removal

Lesson 00 measured the effect of greying each patch. The gradient was meant to do the same for less. Does it?

**Predict (01.P7).** On $8 \times 8$ patches: the effects of occlusion, and the sums of absolute slopes. Their correlation is, on each of three photos,
(a) above 0.8 · (b) between 0.4 and 0.8 · (c) below 0.4
"""

# %% tags=["question"]
xc.predict("01.P7", None)


# %%
def effects(x, k):
    """Effect of greying each of 8 x 8 patches on the logit of class k, (64,)."""
    changed = x.repeat(64, 1, 1, 1)
    for n in range(64):
        i, j = divmod(n, 8)
        changed[n, :, 28 * i : 28 * (i + 1), 28 * j : 28 * (j + 1)] = 0.5
    scores = xc.scores(model, torch.cat([x, changed]), target=k)
    return scores[0] - scores[1:]


camera = xc.datasets.photo("camera", device=device)
three = {"espresso": (coffee, 967), "tiger cat": (cat, 282), "tripod": (camera, 872)}
for name, (x, k) in three.items():
    size = xc.gradient(model, x, target=k).abs().sum(1)[0]  # (224, 224)
    size = size.reshape(8, 28, 8, 28).sum((1, 3)).flatten()  # (64,)
    both = torch.stack([effects(x, k), size])
    signed, plain = torch.corrcoef(both)[0, 1], torch.corrcoef(both.abs())[0, 1]
    xc.show(f"{name}: correlation with the effects", round(float(signed), 1))
    xc.show("  with the sizes of the effects", round(float(plain), 1))

# %% [markdown]
r"""
<details><summary>Answer to 01.P7</summary>

(c). From about $-0.6$ (tripod) to 0.3 (espresso). With the *sizes* of the effects it is a little better, up to 0.5. A patch without a sign cannot tell
support from opposition, and greying a patch is a step of up to 128 grey levels, not of a hundredth.
</details>

### D · Climb: the picture that a class likes best

The paper of 2013 used the same gradient for a second thing. Start with a black picture and take many small steps *up* the gradient of one class, with a pull back to small values:

$$x \leftarrow x + \eta\, (\nabla F(x) - 2\lambda x)$$

We do it on the small net for pictures of clothes (lesson 00 has met it), and keep each pixel between black and white. Its training pictures get a logit of about 9.

**Predict (01.P8).** After 100 steps for the class *trousers* the net gives this picture a probability of 1.00. What does a person see in it?
(a) a pair of trousers · (b) a blurred mean of many trousers · (c) hardly any trousers
"""

# %% tags=["question"]
xc.predict("01.P8", None)

# %% tags=["demo"]
small = xc.zoo.load("fashion_cnn", device=device)
kinds = torch.tensor([1, 7, 8, 9], device=device)
names = [xc.datasets.FASHION_MNIST_CLASSES[k] for k in kinds]
black = torch.zeros(4, 1, 28, 28, device=device)
liked = xc.class_model(
    small, black, kinds, penalty=0.05, step_size=0.1, steps=100, bounds=(0.0, 1.0)
)
logits = small(liked)
best = logits.gather(1, kinds[:, None])[:, 0]
xc.show("smallest of the four probabilities", logits.softmax(1).amax(1).min())
xc.show("smallest of the four logits above 30", bool(best.min() > 30))

xc.plot.maps(
    dict(zip(names, liked, strict=True)),
    reduce="abs_sum",
    unit="brightness",
    alt="Four pictures of 28 x 28 pixels, climbed for the classes trousers, "
    "sneaker, bag and ankle boot.",
)

# %% [markdown]
r"""
<details><summary>Answer to 01.P8</summary>

(c). With good will one finds two bright bars, or the rim of a shoe. Most of it is a pattern that no piece of clothing has, and the net likes it far better than any photo.
</details>

So a gradient, followed far, leaves the pictures that the net has learnt from. There a high score means little. Keep it in mind for every method that asks the net about pictures
which nobody has ever taken (lesson 05 walks through many of them).
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- A gradient is a **promise about small steps**. On a ReLU net it is exact until a gate changes. On our photo it held for a few hundredths of a grey level.
- Large slope is not large contribution, and slope 0 is not "unimportant" (saturation).
- Gradient of the **logit**: more of this class. Gradient of the **probability**: more of it than of its rivals.
- Absolute values throw the class away. A similarity needs a control beside it.
- Gradient x input does not add up to the score. It depends on where 0 lies.

**Where it fails next.** The map is noisy, and hardly depends on the class. Lesson 02 shows two methods (2013, 2014) that make it *clean*. Is it then also *right*? Lesson 05 repairs
the sum.

## References

- K. Simonyan, A. Vedaldi, A. Zisserman. *Deep Inside Convolutional Networks*. 2013. [arXiv:1312.6034](https://arxiv.org/abs/1312.6034). Read section 3; then ask: which of its claims does our section 5 bear on?
- A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje. *Not Just a Black Box* (gradient x input). 2016. [arXiv:1605.01713](https://arxiv.org/abs/1605.01713)
- J. Adebayo and others. *Sanity Checks for Saliency Maps*. 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
"""
