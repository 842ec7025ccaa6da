# %% [markdown] tags=["header"]
r"""
# 05 · Integrated Gradients (2017): how much did each pixel add?

| | |
|---|---|
| **Paper** | M. Sundararajan, A. Taly, Q. Yan, *Axiomatic Attribution for Deep Networks*, [arXiv:1703.01365](https://arxiv.org/abs/1703.01365) |
| **Time** | 75 minutes. The core path takes 50; "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient, gradient x input, the TOY net) |
| **Repairs** | the failure of lesson 01: on the TOY net, gradient x input sums to 0 although the score is 2. A gradient knows only the last small step. |
| **Practise** | the sheet `exercises/05_integrated_gradients.ipynb` |
"""

# %% tags=["setup"]
from itertools import permutations

import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
labels = xc.zoo.labels()
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # so small that the CPU is best
cat = xc.datasets.photo("chelsea", device=device)
camera = xc.datasets.photo("camera", device=device)
collage = xc.datasets.collage(device=device)
TIGER_CAT, EGYPTIAN_CAT, TRIPOD = 282, 285, 872  # the classes that we explain

# %% [markdown]
r"""
## 1 · A film from black

A gradient at the photo describes one more small step. But a photo stands at the end of a long way.
Let us walk it: start from a black image and turn the light up. At $\alpha = 0$ all is black, at
$\alpha = 1$ we see the photo. On the way we read the **logit** of one class: the class that wins at
the photo.

**Predict (05.P1).** Take five photos. Where on the way does most of the rise happen?
(a) evenly · (b) for most photos below $\alpha = 0.1$ · (c) for most photos above $\alpha = 0.5$
"""

# %% tags=["question"]
xc.predict("05.P1", None)  # replace None by "a", "b" or "c", then run

# %% tags=["demo"]
alphas = [0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1]
alphas = torch.tensor(alphas, device=device)
curves = {}
for name in ("chelsea", "coffee", "camera", "rocket", "brick"):
    photo = xc.datasets.photo(name, device=device)
    target = int(model(photo).argmax())  # chosen once, at the photo
    scores = xc.scores(model, alphas.view(-1, 1, 1, 1) * photo, target=target)
    curves[name] = (scores - scores[0]) / (scores[-1] - scores[0])

xc.plot.series(
    alphas,
    curves,
    film=(torch.zeros_like(cat), cat),
    x_name="α   (0: black, 1: photo)",
    y_name="share of the rise",
    alt="Film strip of a cat photo from almost black to full light, eight frames "
    "with their alpha. Below it five curves, one for each photo: the share of the "
    "logit's rise that is reached at each alpha.",
)

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 05.P1</summary>

(b). Chelsea, coffee and camera have more than half of their rise behind them at $\alpha = 0.05$, the
rocket at $\alpha = 0.1$. The brick wall takes longer: the network takes it for a maze, with a
probability of only about 0.2. So early saturation is common, but it is no law.
</details>

Look at the right end. There most curves are flat. A gradient taken at $\alpha = 1$ measures the flat
part and misses the steep part. That is why it says so little about the rise.

**The goals of this lesson**

- **G1** you can derive from the chain rule why the map of Integrated Gradients adds up to the rise.
- **G2** you can implement Integrated Gradients and test it on functions with a known answer.
- **G3** you can choose the number of steps by evidence.
- **G4** you can put into words the question that a baseline asks.
- **G5** you can judge a map by controls, not by its looks.

## 2 · The rise is the area under the slope

For one variable you know this from school: $F(1) - F(0) = \int_0^1 F'(\alpha)\, d\alpha$. Cut the
path into pieces, multiply each slope by the width of its piece, add up.

Now the TOY net of lesson 01, by hand:

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

We explain $f(3, 1) = 2$, starting at $f(0, 0) = 1$. The path point at $\alpha$ is $(3\alpha, \alpha)$, so
the three sums inside the relus are $2\alpha$, $-\alpha - 1$ and $4\alpha - 1$. The first is positive all
the way, the second never. The third turns positive at $\alpha = 1/4$: there the path has a **kink**.

| piece of the path | length | gates | gradient of $f$ |
|---|---|---|---|
| from 0 to 1/4 | 1/4 | on, off, off | $(2, -2)$ |
| from 1/4 to 1 | 3/4 | on, off, on | $(1, -3)$ |

The average gradient is $\frac14 (2, -2) + \frac34 (1, -3) = (1.25, -2.75)$. Multiply by the distance
travelled, $(3, 1)$, and get $(3.75, -2.75)$. The sum is 1, and 1 is the rise $f(3,1) - f(0,0)$.

Gradient x input used only the last piece: $(3, -3)$, sum 0.
"""

# %% tags=["demo"]
n = 8
middles = (torch.arange(n, dtype=torch.float64) + 0.5) / n  # the middle of each piece
points = middles[:, None] * x_toy  # (8, 2)
# target=None: the TOY net has one score only, so there is no class to choose.
slopes = (xc.gradient(toy, points, target=None) * x_toy).sum(1)  # df/dalpha, (8,)
fine = torch.linspace(0, 1, 101, dtype=torch.float64)
print("sum of slope x width:", float((slopes / n).sum()))

xc.plot.curve(
    middles,
    toy(points),
    slopes,
    torch.full((n,), 1 / n),
    line=(fine, toy(fine[:, None] * x_toy)),
    score_name="f of the TOY net",
    tangent=0.4,  # short tangents, so that f stays visible
    alt="Above, the TOY net's f along the path with a short tangent at eight nodes. "
    "Below, one bar for each node: its height is the slope, its width is one "
    "eighth.",
)

# %% [markdown] tags=["symbols"]
r"""
In the lower figure two bars have height 4 and width 1/8: their area is 1, the rise. The other six have
height 0: past the kink $f$ is flat.

## 3 · The definition

Three new symbols, then the formula of the paper:

- $\alpha$ ("alpha") is the place on the path: 0 at the start, 1 at the end.
- $x'$ (always read it **"baseline"**) is the input at the start of the path.
- **gap** is the sum of a computed map minus the true rise $F(x) - F(x')$.

As in lesson 01, $F(x)$ is the one number that we explain (here a logit), and $\partial F / \partial x_i$
is its slope with respect to pixel $i$.

$$\mathrm{IG}_i(x) = (x_i - x'_i) \int_0^1 \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha$$

In words: **the average gradient along the straight path, times the distance that the pixel has
travelled.**

**Why does the map add up to the rise?** Follow $F$ along the path. The chain rule gives its slope:

$$\frac{d}{d\alpha} F\big(x' + \alpha (x - x')\big) = \sum_i (x_i - x'_i)\, \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)$$

Integrate both sides from 0 to 1. On the left stands $F(x) - F(x')$, on the right $\sum_i \mathrm{IG}_i$.
This is **completeness**. We needed only that $F$ has no jumps, and a slope at almost every
point of the path. (Part D of "Go deeper" shows a path on a kink, where
software gets the *shares* wrong and the gap does not notice.)

A computer replaces the integral by a sum over $n$ steps. The loop below is the whole method.
"""


# %%
def ig_by_hand(F, x, baseline, n):
    """Integrated Gradients of one input, with the middle of each of n pieces."""
    total = torch.zeros_like(x)
    for k in range(n):
        alpha = (k + 0.5) / n
        point = (baseline + alpha * (x - baseline)).requires_grad_()
        total += torch.autograd.grad(F(point).sum(), point)[0]
    return (x - baseline) * total / n  # distance times average gradient


x = torch.tensor([[10.0, 5.0]])
linear = ig_by_hand(lambda p: 2 * p[:, 0] + p[:, 1], x, torch.zeros_like(x), n=1)
print("f = 2 x1 + x2 at (10, 5), one step:", linear.tolist())

# %% [markdown]
r"""
For a linear function one step is enough, because the slope never changes. The TOY net has one kink.

**Predict (05.P2).** On the TOY net, the loop is exact
(a) for every $n$ · (b) for $n = 4$, but not for $n = 5$ · (c) for no $n$, but $n = 5$ is nearer than $n = 4$
"""

# %% tags=["question"]
xc.predict("05.P2", None)

# %%
for n in (1, 2, 3, 4, 5, 8):
    a, b = ig_by_hand(toy, x_toy, torch.zeros_like(x_toy), n)[0].tolist()
    print(f"n = {n}: ({a:.2f}, {b:.2f}), sum {a + b:.2f}; the rise is 1")

# %% [markdown]
r"""
<details><summary>Answer to 05.P2</summary>

(b). The sum is exact when the kink at 1/4 lies on the border of a piece: $n = 4$ and $n = 8$. With $n = 5$
the kink lies inside a piece, and the whole piece is counted with one slope. The gap is $0.8 - 1 = -0.2$.

A real network has thousands of kinks on the path. No $n$ hits all of them, so a larger $n$ is not
always better. Keep this in mind for section 5.
</details>

The TOY net is one known answer. Here are more, each chosen to catch a different mistake. The last two
compute the same function in two ways: a fair method must give both the same map. And from now on we
use the package, so we first check that it agrees with our loop.
"""

# %%
relu = torch.relu
known = {  # function of (N, 2), input, its exact map from the baseline (0, 0)
    "2 x1 + x2": (lambda p: 2 * p[:, 0] + p[:, 1], (10, 5), (20, 5)),
    "x1 * x2": (lambda p: p[:, 0] * p[:, 1], (3, 2), (3, 3)),
    "1 - relu(1 - x1)": (lambda p: 1 - relu(1 - p[:, 0]), (2, 0), (1, 0)),
    "the TOY net": (toy, (3, 1), (3.75, -2.75)),
    "pair, first": (
        lambda p: relu(relu(p[:, 0]) - 1 - relu(p[:, 1])), (3, 1), (1.5, -0.5)
    ),
    "pair, second": (
        lambda p: relu(relu(p[:, 0] - 1) - relu(p[:, 1])), (3, 1), (1.5, -0.5)
    ),
}  # fmt: skip
for name, (F, x, exact) in known.items():
    x, exact = (torch.tensor([v], dtype=torch.float64) for v in (x, exact))
    ours = ig_by_hand(F, x, torch.zeros_like(x), n=12)
    package = xc.integrated_gradients(
        F, x, target=None, steps=12, quadrature="midpoint"
    )
    assert torch.allclose(ours, package, rtol=0, atol=1e-10), name
    xc.show(f"{name}: the known answer", torch.allclose(ours, exact, atol=1e-10))

# %% [markdown]
r"""
Look at `1 - relu(1 - x1)` at 2. Its gradient there is 0, yet the input changed the score from 0 to 1.
IG gives it the 1. The paper asks this of every method and calls it **sensitivity(a)**: an input
that differs from the baseline and alone changes the score must not get 0.

## 4 · A photo with a known answer

The collage: a cat on the left, a cup of coffee on the right. We explain the logit of "Egyptian cat".
The evidence *for* the cat must lie in the left half. `trace_path` walks the path with 32 steps and
keeps what each step adds to each half. Its rule, `gauss_legendre`, puts the 32 nodes closer together near
both ends and gives each its own width.

Read the three strips on their one $\alpha$ axis: the film, the score with its slopes, and what each half has
collected so far (16 bars, drawn at even distances).
"""

# %% tags=["demo"]
left, right = xc.datasets.collage_masks(device=device)
trace = xc.widgets.trace_path(
    model, collage, EGYPTIAN_CAT, baseline=0.0, steps=32, quadrature="gauss_legendre"
)
halves = {"cat half": left, "coffee half": right}
cat_half, coffee_half = (float(part.sum()) for part in trace.parts(halves).values())
xc.show("cat half, coffee half, rise", [cat_half, coffee_half, trace.rise])
xc.show("the cat half adds more than the whole rise", cat_half > trace.rise)
xc.show("the coffee half speaks against the cat", coffee_half < 0)
xc.show("the gap is below a tenth of the rise", abs(trace.gap) < 0.1 * trace.rise)

trace.strips(
    halves,
    score_name="logit of Egyptian cat",
    alt="Three strips over alpha. Top: the collage of cat and coffee from almost "
    "black to full light. Middle: the logit of Egyptian cat with a slope bar at "
    "each of 32 nodes. Bottom: what the cat half and the coffee half have collected so "
    "far, their sum, and the rise.",
)

# %% [markdown]
r"""
The diamonds in the lowest strip follow the curve in the middle one: you see completeness. The last
diamond meets the dashed line only up to the **gap**.

**Your turn (1 minute).** Read both halves at the last bar. Which half would you grey out to *raise* the logit?
(Lesson 00 did the experiment.)

## 5 · How many steps?

We now refine a map of the cat photo step by step and waste nothing. A trapezoid rule with $n$ intervals
uses both ends of every interval. Add the middles, take the mean of the two maps, and you have
the trapezoid with $2n$ intervals. So 129 gradients give us $n = 8, 16, 32, 64$ and $128$.

The next figure shows three of these maps on one colour scale. (The gap belongs into the title of every such
map. Here we hide it, because it is the question.)

**Predict (05.P3).** One of the three adds up to more than **twice** the true rise. Which one?
(a) A · (b) B · (c) C · (d) I cannot see it
"""

# %% tags=["demo"]
ig = xc.integrated_gradients(
    model, cat, target=TIGER_CAT, steps=8, quadrature="trapezoid"
)
refined = {8: ig}
for n in (8, 16, 32, 64):
    between = xc.integrated_gradients(
        model, cat, target=TIGER_CAT, steps=n, quadrature="midpoint"
    )
    refined[2 * n] = (refined[n] + between) / 2

xc.plot.maps(
    {"A": refined[16], "B": refined[32], "C": refined[64]},
    photo=cat,
    tile=8,
    alt="The photo of the cat and three maps of it, A, B and C, on one colour "
    "scale. Red pixels raise the logit of tiger cat, blue ones lower it.",
)

# %% tags=["question"]
xc.predict("05.P3", None)


# %%
def distance(a, b):
    """How far map a is from map b, as a share of b."""
    return float((a - b).norm() / b.norm())


ends = xc.scores(model, torch.cat([torch.zeros_like(cat), cat]), target=TIGER_CAT)
rise = float(ends[1] - ends[0])
gap = {n: abs(float(ig.sum()) - rise) / rise for n, ig in refined.items()}  # |gap|/rise
change = {n: distance(refined[n // 2], refined[n]) for n in (16, 32, 64, 128)}
xc.show("B (n = 32) is more than twice the rise", bool(refined[32].sum() > 2 * rise))
xc.show("the gap at 128 is larger than at 64", gap[128] > gap[64])
xc.show("from 64 to 128 the map changes by less than a tenth", change[128] < 0.1)

xc.plot.series(
    torch.tensor(list(change)),
    {
        "|gap| / rise": torch.tensor([100 * gap[n] for n in change]),
        "change of the map since n/2": 100 * torch.tensor(list(change.values())),
    },
    x_name="n, intervals of the trapezoid (doubling)",
    y_name="percent",
    doubling=True,
    alt="Two curves over n = 16, 32, 64, 128: the size of the gap in percent of the "
    "rise, and the change of the map in percent since half as many intervals.",
)

# %% [markdown]
r"""
<details><summary>Answer to 05.P3</summary>

(b), but (d) is the honest answer: B is only a little stronger in colour. Yet all its pixels together add up to more
than twice the rise, because one step near black, where the score climbs steeply, counts for too much.
At $n = 64$ the gap happens to be small, and at $n = 128$ it is *larger* again, although the map is better.
</details>

**The gap and the error of the map are two things.** The gap is one number, and errors of different sign
can cancel in it. The map has 150,528 numbers. So ask for both:

1. double $n$ until the gap is small **at this $n$ and at every larger $n$ that you try** (try at least one);
2. and until doubling no longer changes the map by more than you can accept, say a tenth.

By this rule even $n = 128$ is not yet enough, because of its gap. Part B of "Go deeper" goes on.

The paper advises only the first check: compare the sum with the rise, and take more steps if they differ. On
this photo one look at $n = 64$ would have passed too early.

State $n$, the gap and the change with every map. A small gap says that you solved the integral. It
does **not** say that the explanation is right.

## 6 · Compared with what?

IG explains the *rise from the baseline*. Our next photo shows a man in a dark coat behind a camera on a tripod. The
darkest fifth of all pixels is mostly his coat. The class is "tripod".

**Predict (05.P4).** What share of the map (sum of absolute values) falls on this darkest fifth, with a
**black** baseline? (a) below 5 percent · (b) about 20 percent, its share of the area · (c) above 35 percent
"""

# %% tags=["question"]
xc.predict("05.P4", None)

# %% tags=["panel"]
panel = xc.widgets.PathPanel(model, camera, target=TRIPOD, steps=16, labels=labels)
panel

# %% tags=["drive"]
brightness = camera.mean(dim=1)[0].cpu()  # (224, 224)
coat = brightness <= brightness.flatten().quantile(0.2)  # the darkest fifth
collected = {}
for baseline in ("black", "white"):
    panel.set(baseline=baseline, alpha=1.0)
    ig = panel.result.collected  # (224, 224), summed over channels
    percent = 100 * panel.result.gap / panel.result.rise
    collected[f"from {baseline}\ngap {percent:.0f} % of the rise"] = ig
    share = float(ig.abs()[coat].sum() / ig.abs().sum())
    xc.show(f"share of the darkest fifth, {baseline} baseline", round(share, 2))
panel.set(alpha=0.5)
assert not torch.equal(panel.result.collected, ig)  # the slider does something
assert panel.error is None

xc.plot.maps(
    collected,
    photo=camera,
    tile=8,
    alt="The photo of a man with a camera on a tripod, and two maps of it on one "
    "scale: one with a black baseline, one with a white baseline.",
)

# %% [markdown]
r"""
<details><summary>Answer to 05.P4</summary>

(a): about 3 percent from black, and about 39 percent from white. A pixel that equals its baseline has
travelled no distance and gets exactly 0, and the coat is almost black. The network is the same, the photo is the
same, the class is the same. Only the question changed.
</details>

| baseline | the question that the map answers |
|---|---|
| black | Which *light* made the score rise? (black things cannot answer) |
| white | Which *darkness* made the score rise? (white things cannot answer) |
| blurred photo | Which *fine detail* made the score rise? |
| mean colour of the photo | Which *difference from the mean colour* made the score rise? |

There is no neutral baseline. Name yours in the caption. Also note the gaps in the titles: from black, 16 steps are
too few for the signed sums (in the panel the orange sum overshoots $F$: a step near black counts for too much).
Are they enough for the *shares*? We tried 64 steps: the gap from black falls from 89 to 15 percent in size, and both
shares stay within 0.01 of those above. That is the evidence that you need before you use a map with a large gap.

A trap: our network takes images in [0, 1], so 0 is black. Many networks take *normalised* images. There 0 is the mean
colour of the training photos, and "baseline 0" asks another question.

**Explore the panel** (3 minutes). The saved picture has no controls: run its cell to get the sliders. Find: the $\alpha$ where most of the rise is over; a smaller number of steps with a
smaller gap; what changes when the output is a probability.

## 7 · Is it right? Test the test, then the map

A popular test is **deletion**: replace parts of the photo by grey, most important part first, and watch the score.
The mean score along the way should be **low**. Before we trust this test we try it where
the answer is known: four inputs that add 4, 3, 2 and 1 to the score.

**Predict (05.P5).** On the collage we delete 16 tiles, ordered by IG, by the size of the plain
gradient, or at random. Which maps beat **all** of ten random orders?
(a) only IG · (b) IG and the plain gradient · (c) none
"""

# %% tags=["question"]
xc.predict("05.P5", None)


# %%
def mean_score(F, x, parts, order, fill):
    """Mean score while the parts of x are replaced by `fill`, one after the other."""
    points = [x]
    for k in order:
        points.append(torch.where(parts[k], fill, points[-1]))
    scores = F(torch.cat(points))
    return float((scores[1:] + scores[:-1]).mean() / 2)  # area by the trapezoid rule


def add_up(points):
    """A score whose parts are known: input k adds exactly its own value."""
    return points.sum(1)


four = torch.tensor([[4.0, 3.0, 2.0, 1.0]])
each = torch.eye(4, dtype=torch.bool)[:, None]  # part k is input k
print("best first: ", mean_score(add_up, four, each, [0, 1, 2, 3], fill=0.0))
print("worst first:", mean_score(add_up, four, each, [3, 2, 1, 0], fill=0.0))
every = [mean_score(add_up, four, each, o, fill=0.0) for o in permutations(range(4))]
print("mean of all 24 orders:", sum(every) / len(every))


# %%
def squares(size):
    """The photo's tiles of size x size pixels, as masks (224, 224)."""
    place = torch.arange(224, device=device) // size
    number = place[:, None] * (224 // size) + place  # (224, 224), one number a tile
    return [number == k for k in range((224 // size) ** 2)]


def cat_score(points):
    """The logit of Egyptian cat."""
    return xc.scores(model, points, target=EGYPTIAN_CAT)


parts = squares(56)  # 16 tiles
ig_map = trace.sums[-1]  # (224, 224), from section 4
slope = xc.gradient(model, collage, target=EGYPTIAN_CAT)[0].cpu().abs().sum(0)
generator = torch.Generator().manual_seed(0)
draws = [torch.randperm(16, generator=generator) for _ in range(10)]
chance = torch.tensor([mean_score(cat_score, collage, parts, o, 0.5) for o in draws])
for name, values in {"IG": ig_map, "gradient": slope}.items():
    sums = torch.stack([values[part.cpu()].sum() for part in parts])
    order = sums.argsort(descending=True)
    value = mean_score(cat_score, collage, parts, order, fill=0.5)
    xc.show(f"{name}: deletion minus mean of random orders", value - chance.mean())
    xc.show(f"{name} beats all ten", bool(value < chance.min()))

# %% tags=["demo"]
strip = xc.truth_strip(xc.spec("integrated_gradients", steps=16), model=model)
xc.show("own half, mean of cat and espresso", strip.own_share.mean())
xc.show(
    "deletion minus random, cat: beyond the spread",
    bool(strip.deletion[0] < -strip.random_spread[0]),
)
xc.show("and espresso", bool(strip.deletion[1] < -strip.random_spread[1]))
xc.show("ruined network, signed maps: cosine near 0", abs(strip.cosine) < 0.1)
xc.show("ruined network, absolute maps", round(strip.absolute_cosine, 1))
xc.show("own pixels in random places", round(strip.shuffled_cosine, 1))

xc.plot.truth_strip(strip)


# %% [markdown]
r"""
<details><summary>Answer to 05.P5</summary>

(b). IG wins clearly, but the plain gradient also beats all ten random orders, although it says nothing about
shares. So "better than random" is a low bar, and one photo proves little. Go deeper, part E, shows
that the winner changes with the size of the tiles.
</details>

The test passed its own test: 3.75 for the best order, 6.25 for the worst, 5 on average. You can check these by hand.

**The truth strip.** Every lesson ends with the same three tests (lesson 01 explains them), each beside the value of a
map that knows nothing: half of the map in the own half, deletion no better than random orders, and a network whose
last layer was drawn anew.

- *Known answer.* The signed sums of section 4 are right: the cat half speaks for the cat, the coffee half against.
  But the own half holds only about 0.6 of the absolute map, and half of the area would give 0.5. The coffee is loud
  too: it lowers the score. A map of absolute values hides this.
- *Deletion minus random.* Better than random orders for the cat. For the espresso the difference is smaller than the
  spread of the random orders: no verdict.
- *A ruined network.* The signed map has nothing in common with ours, as it should be. The absolute maps look alike
  (about 0.6), but our own map with its pixels in random places gets 0.4 already. Without that control you would
  call all of it a similarity.
"""

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · A trapezoid that is wrong

This rule stands in Captum 0.9.0 (`riemann_trapezoid`; we measured it, and it returns the numbers below): $n$ nodes from 0 to 1, weights $1/n$,
the two ends halved. It looks right. Try the simplest function with a known answer, $f = 2x_1 + x_2$ at $(10, 5)$: the
map must be $(20, 5)$ for every $n$.
"""

# %%
for n in (10, 50):
    weights = torch.full((n,), 1 / n)
    weights[[0, -1]] /= 2
    total = float(weights.sum())
    wrong = [round(v * total, 2) for v in (20, 5)]  # the slope is the same everywhere
    print(f"n = {n}: {wrong}, weights sum to {total:.2f}")

# %% [markdown]
r"""
The weights must sum to 1, and here they sum to $1 - 1/n$: there are $n - 1$ intervals, not $n$. On a photo you would
see a gap of some percent and blame the network. A linear function finds the mistake in a second.

### B · Twice as many gradients, or better ones

128 more gradients give the trapezoid with 256 intervals. Was our reading of section 5 right?

**Predict (05.P6).** Does doubling $n$ always shrink the gap, or the error of the map?
(a) both · (b) the gap only · (c) here the map only · (d) neither
"""

# %% tags=["question"]
xc.predict("05.P6", None)

# %%
between = xc.integrated_gradients(
    model, cat, target=TIGER_CAT, steps=128, quadrature="midpoint"
)
best = (refined[128] + between) / 2
errors = {n: distance(ig, best) for n, ig in refined.items()}
best_gap = abs(float(best.sum()) - rise) / rise
xc.show("the gap at n = 256 is below a tenth", best_gap < 0.1)
xc.show("the map error at n = 64 is below a tenth", errors[64] < 0.1)

xc.plot.series(
    torch.tensor(list(refined)),
    {
        "|gap| / rise": torch.tensor([100 * value for value in gap.values()]),
        "error of the map, against n = 256": 100 * torch.tensor(list(errors.values())),
    },
    x_name="n, intervals of the trapezoid (doubling)",
    y_name="percent",
    doubling=True,
    alt="Two curves over n = 8 to 128: the size of the gap in percent of the rise, the "
    "distance of the map from the map with 256 intervals in percent.",
)

# %% [markdown]
r"""
<details><summary>Answer to 05.P6</summary>

(d) on this photo: from 16 to 32 both become worse. From $n = 32$ on the map improves each time, while the gap
is almost 0 at 64 by luck, with more than a tenth of the map still wrong.
</details>

Even steps waste gradients on the flat part of the path. `tol=` asks for an **adaptive** rule. It first looks at the score
along the path with a few cheap forward passes, and then puts its gradients where the score bends. At the end it
corrects its weights a little, so that the map adds up to the rise. So its gap is 0 *by construction* and tells you
nothing more. Read its estimate of the map's error.
"""

# %%
# With tol, steps is only an upper limit: it stops as soon as its estimate is below tol.
smart = xc.integrated_gradients(
    model, cat, target=TIGER_CAT, steps=300, tol=0.05, return_details=True
)
xc.show("at most 0.6 of the gradients of n = 128", int(smart.gradients) <= 0.6 * 129)
xc.show(
    "its own estimate of the map error is below 0.05", float(smart.map_error) <= 0.05
)
nearer = distance(smart.values, best) < errors[64]
xc.show("nearer to n = 256 than the trapezoid with 64", nearer)

# %% [markdown]
r"""
### C · The probability instead of the logit

`output="probability"` explains the softmax. It rises in another way along the same path: a probability also
moves when *other* classes rise. The curves below show the cat photo; the maps are those of the collage.

**Predict (05.P7).** The map of the probability is, compared with that of the logit,
(a) the same, only smaller · (b) smaller, and made later on the path · (c) larger
"""

# %% tags=["question"]
xc.predict("05.P7", None)


# %%
def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


# %% tags=["demo"]
film = alphas.view(-1, 1, 1, 1) * cat
both = {}
for output in ("logit", "probability"):
    scores = xc.scores(model, film, target=TIGER_CAT, output=output)
    both[output] = (scores - scores[0]) / (scores[-1] - scores[0])
early = model(0.03 * cat)[0]
xc.show("at alpha = 0.03 other classes are ahead", int(early.argmax()) != TIGER_CAT)
chances = xc.integrated_gradients(
    model, collage, target=EGYPTIAN_CAT, steps=16, output="probability"
)
chances = chances.sum(1)[0].cpu()  # (224, 224)
xc.show("cosine between the two maps above 0.9", cosine(ig_map, chances) > 0.9)
share = chances[left.cpu()].abs().sum() / chances.abs().sum()
xc.show("share of |map| in the cat half, probability", round(float(share), 1))

xc.plot.series(
    alphas,
    both,
    x_name="α   (0: black, 1: photo)",
    y_name="share of the rise",
    alt="Two curves over alpha for the cat photo: the share of the rise of the "
    "logit, and of the probability of tiger cat.",
)

# %% [markdown]
r"""
<details><summary>Answer to 05.P7</summary>

(b). A probability can rise by 1 at most, so the numbers are smaller. And the probability waits: at $\alpha = 0.03$ the cat's
logit has done more than half of its rise, but other classes are still ahead.
</details>

Neither is wrong. State which one you explain.

### D · What holds, and where it breaks

Completeness, sensitivity(a) and the equal answer for two equal functions held in section 3. Two surprises:

1. **A path that lies on a kink.** $f = \mathrm{relu}(x_1 - x_2) - \mathrm{relu}(x_2 - x_1)$ *is* $x_1 - x_2$. Along the
   path from $(0, 0)$ to $(1, 1)$ both relus sit exactly at 0, where software sets the slope to 0.
   The map is $(0, 0)$. Its sum is the rise, 0, so the gap is 0: it does not notice that both shares are wrong.
2. **More input, less attribution.** $f = \min(x_1, x_2)$ with $x_2 = 2$. Let $x_1$ grow from 1 to 3.

**Predict (05.P8).** In the second case, what happens to the attribution of $x_1$? And does 0 mean "unimportant"?
(a) it grows · (b) it stays · (c) it falls to 0, and $x_1$ still matters
"""

# %% tags=["question"]
xc.predict("05.P8", None)


# %%
def difference(p):
    """x1 - x2, written with two relus."""
    return relu(p[:, 0] - p[:, 1]) - relu(p[:, 1] - p[:, 0])


def smaller(p):
    """The smaller of the two inputs."""
    return torch.minimum(p[:, 0], p[:, 1])


def ig_toy(F, *x):
    """Integrated Gradients from (0, 0) with 16 nodes, as plain numbers."""
    x = torch.tensor([x], dtype=torch.float64)
    values = xc.integrated_gradients(F, x, target=None, baseline=0.0, steps=16)
    return [round(v, 3) + 0.0 for v in values[0].tolist()]


print("on the kink (1, 1):       ", ig_toy(difference, 1.0, 1.0), "must be [1, -1]")
print("beside it (1, 1.000001):  ", ig_toy(difference, 1.0, 1.000001))
for x1 in (1.0, 1.9, 2.1, 3.0):
    print(f"min(x1, 2) at x1 = {x1}:", ig_toy(smaller, x1, 2.0))

# %% [markdown]
r"""
<details><summary>Answer to 05.P8</summary>

(c). At $x_1 = 3$ the smaller input is $x_2$ all along the path, so $x_2$ gets everything. But set $x_1$ to 0 and the score falls
from 2 to 0. A zero says "no contribution on *this* path", not "unimportant".
</details>

### E · A test can change its mind

Section 7 again, with the same photo and the same maps. Only the tiles are smaller.
"""

# %%
parts = squares(28)  # 64 tiles
result = {}
for name, values in {"IG": ig_map, "gradient": slope}.items():
    sums = torch.stack([values[part.cpu()].sum() for part in parts])
    order = sums.argsort(descending=True)
    result[name] = mean_score(cat_score, collage, parts, order, fill=0.5)
xc.show("tiles of 28 pixels, the better map", min(result, key=result.get))

# %% [markdown]
r"""
With tiles of 56 pixels (section 7) IG wins. The smaller tiles turn the result round, and nothing changed in the
maps. A single deletion score is no verdict. Lesson 15 deals with this.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- IG = distance travelled x average gradient on the way. It shares out the **rise** $F(x) - F(x')$, completely.
- A pixel that equals its baseline gets 0. So the baseline is part of the question: name it.
- Report $n$, the gap **and** how much the map still changes. One can be small while the other is large.
- The signed map kept the known answer of the collage; the absolute map blurred it.
- A control beside each number: random orders, a ruined network, own pixels in random places.

**Where it fails next.** The straight path from black is full of images that nobody has ever seen, and one baseline is one
question only. Lesson 09 averages over many baselines, lesson 10 weighs the stops on the path, and lesson 11 bends it.

## References

- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks*. 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
- K. Simonyan, A. Vedaldi, A. Zisserman. *Deep Inside Convolutional Networks*. 2013. [arXiv:1312.6034](https://arxiv.org/abs/1312.6034)
- J. Adebayo and others. *Sanity Checks for Saliency Maps*. 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
- V. Petsiuk, A. Das, K. Saenko. *RISE* (deletion and insertion). 2018. [arXiv:1806.07421](https://arxiv.org/abs/1806.07421)
- P. Sturmfels, S. Lundberg, S. Lee. *Visualizing the Impact of Feature Attribution Baselines*. Distill, 2020.
"""
