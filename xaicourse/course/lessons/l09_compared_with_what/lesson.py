# %% [markdown] tags=["header"]
r"""
# 09 · Compared with what? (2019): the baseline is half of the question

| | |
|---|---|
| **Papers** | G. Erion and others, *Axiomatic attribution priors and expected gradients*, 2019, [arXiv:1906.10670](https://arxiv.org/abs/1906.10670); A. Kapishnikov and others, *XRAI*, 2019, [arXiv:1906.02825](https://arxiv.org/abs/1906.02825); S. Xu and others, *Attribution in Scale and Space*, 2020, [arXiv:2004.03383](https://arxiv.org/abs/2004.03383) |
| **Time** | 65 minutes: 39 to read and try, 26 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 05 (Integrated Gradients, the rise, the gap) |
| **Repairs** | a failure of lesson 05: a dark coat got almost nothing from a black baseline, and much from a white one. Which of the two was right? |
| **Practise** | the sheet `exercises/09_compared_with_what.ipynb` |
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
net = xc.zoo.load("planted_cnn", device="cpu")  # small: the CPU is best for it
cosine = xc.evaluation.likeness.cosine

# %% [markdown]
r"""
## 1 · What does the network see at the start?

A baseline $x'$ should stand for "nothing". Here are five candidates for the photo of a cat. The last one takes, for
each number, the end of the range that is farther away: "nothing is missed".
"""

# %% tags=["demo"]
cat = xc.datasets.photo("chelsea", device=device)  # (1, 3, 224, 224), in [0, 1]
TIGER_CAT = 282
b = xc.baselines
starts = {
    "black": b.black(cat),
    "uniform noise": b.uniform(cat),
    "blur, 20 pixels": b.blur(cat, sigma=20.0),
    "blur, 5 pixels": b.blur(cat, sigma=5.0),
    "maximum distance": b.max_distance(cat),
}
xc.widgets.gallery(
    {"the photo": cat, **starts},
    alt="The photo of a cat and five baselines of it: black, coloured noise, a "
    "strongly and a weakly blurred photo, and a photo of few flat colours.",
)

# %% [markdown]
r"""
**Predict (09.P1).** The network sorts its thousand classes by their scores. At how many of these five baselines does it still place "tiger cat" among its best three?
"""

# %% tags=["question"]
xc.predict("09.P1")

# %% tags=["machinery"]
# The best class of the network at each baseline, and the rank of tiger cat.
for name, start in starts.items():
    scores = model(start)[0]
    place = 1 + int((scores > scores[TIGER_CAT]).sum())
    says = xc.zoo.labels()[int(scores.argmax())]
    print(f"{name}: the network says {says}; tiger cat has rank {place}")

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 09.P1</summary>

(b), two of them: the weak blur and the maximum distance. The second is no "nothing", but a poster of the cat in false colours.
</details>

Integrated Gradients shares out the **rise** $F(x) - F(x')$. Where the network sees the cat at the start, there is hardly a rise left. Where it sees something else, such as a kite in the noise, the map also explains *how the kite went away*.

**The goals of this lesson**

- **G1** you can put the question of a baseline into words, and read $F(x')$ before the map.
- **G2** you can implement Expected Gradients, with its error.
- **G3** you can say why baselines near $x$ answer another question.
- **G4** you can build a map of regions, and test it against regions that know nothing.
- **G5** you can use a map in training, and check what the gain is due to.
"""

# %% [markdown]
r"""
### Task 09.1 · Look at the start

**Goal** G1 · **Level** 1 of 5 · **Minutes** 6 · **Importance** 4 of 5

For each input, return two numbers: the **rise**, $F(x) - F(x')$, and the **rank** of the target at the baseline. Rank 1 means that no class has a larger score there, rank 3 that two classes have.

| argument | meaning |
|---|---|
| `model` | maps a batch (N, ...) to scores (N, K) |
| `x` | inputs, (N, ...) |
| `target` | one class for each input, a tensor (N,) |
| `baseline` | one baseline for each input, (N, ...) |
| **returns** | (N, 2): column 0 the rise, column 1 the rank |

A class with the *same* score as the target is not ahead of it. Leave the arguments as they are. Stuck? `xc.hint("09.1")`.
"""


# %% tags=["task"]
def at_the_start(model, x, target, baseline):
    """Return the rise and the rank of the target at the baseline, (N, 2)."""
    ### BEGIN SOLUTION
    # STUB: scores = model(baseline)  # (N, K)
    # STUB: rank = ...
    # STUB: rise = ...
    # STUB: return torch.stack([rise, rank], dim=1)
    inputs = torch.arange(len(x), device=x.device)
    scores = model(baseline)  # (N, K)
    own = scores[inputs, target]  # (N,)
    rank = 1 + (scores > own[:, None]).sum(1)
    rise = model(x)[inputs, target] - own
    return torch.stack([rise, rank.to(rise)], dim=1)
    ### END SOLUTION


# %% tags=["check"]
xc.check("09.1", at_the_start)

# %% [markdown] tags=["fold"]
r"""
- `scores > own[:, None]` compares each of the K scores with the target's own, for each input. Its sum counts the classes ahead.
- `scores.argsort()[target]` looks alike and is something else: the class that stands at place `target`.
"""

# %%
# Five photos, each with the class that wins at it.
look = xc.or_reference("09.1", at_the_start)
names = ("chelsea", "coffee", "camera", "rocket", "brick")
photos = torch.cat([xc.datasets.photo(name, device=device) for name in names])
winners = model(photos).argmax(1)
whole = xc.scores(model, photos, target=winners)
makers = {
    "black": b.black,
    "blur, 20 pixels": b.blur,
    "maximum distance": b.max_distance,
}
for name, make in makers.items():
    rise, rank = look(model, photos, winners, make(photos)).T
    seen = int((rank <= 3).sum())
    text = f"{name}: photos of 5 with the class in the best three"
    xc.show(text, seen, control={"a class drawn by chance": 0.015})
    xc.show("   rise, as a share of F(x)", rise / whole, control={"if F(x') were 0": 1})

# %% [markdown]
r"""
At black the class is gone on all five photos. At the maximum distance it is there on **all five**, and for the brick wall the score is even higher than at the photo: a map from there shares out a *fall*.

So look first, then explain.

## 2 · Six starts and a known answer

Now we take pictures with a **known answer**: a cloudy, dark ground and four bright marks. One is a plus, a cross, a T or an L, and decides the class; the other three mean nothing. A good map lies on the mark that decides.

We read the share of |map| in the square of 5 x 5 pixels around it. Two controls: the square's share of the area, and $|x - \text{mean colour}|$, which never saw a network.
"""

# %% tags=["machinery"]
# Three sets of ten pictures. A map has a share on each mark; we take the mean of ten.
sets = [xc.datasets.planted(10, seed=seed) for seed in (1, 2, 3)]
one = xc.datasets.planted(1, seed=1)
mark = one.masks[:1]


def on_mark(values, masks):
    """Mean share of |values| (N, C, H, W) on the marks (N, 1, H, W)."""
    sizes = values.abs().sum(1, keepdim=True)
    return float(((sizes * masks).sum((1, 2, 3)) / sizes.sum((1, 2, 3))).mean())


def three(explain):
    """The share on the mark for three sets; `explain` gets pictures and classes."""
    return [on_mark(explain(x, labels), masks) for x, labels, masks in sets]


area = three(lambda x, labels: torch.ones_like(x))
blind = three(lambda x, labels: x - b.mean(x))
xc.widgets.gallery(
    {"a planted picture: a plus": one.x, "the square around it": mark.float()},
    alt="A grey cloudy picture of 32 x 32 pixels with four small bright marks, one of "
    "them a plus, and beside it a black picture with a white square at its place.",
)

# %% [markdown]
r"""
**Predict (09.P2).** We walk from black, white, the mean colour, a blur, uniform noise and the maximum distance. How many of the six put **less** on the mark than $|x - \text{mean colour}|$ does?
"""

# %% tags=["question"]
xc.predict("09.P2")

# %%
controls = {"area": max(area), "|x - mean|": blind}
for name in ("black", "white", "mean", "blur", "uniform", "max_distance"):

    def explain(x, labels, name=name):
        """Integrated Gradients from this start."""
        return xc.integrated_gradients(
            net, x, target=labels, baseline=name, steps=12, quadrature="midpoint"
        )

    xc.show(f"{name}: share on the mark, three sets", three(explain), control=controls)


# %% tags=["machinery"]
# From the mean colour: a class that is not there, and the sign of the mark's sum.
def from_mean(x, labels):
    """Integrated Gradients from the mean colour."""
    return xc.integrated_gradients(
        net, x, target=labels, baseline="mean", steps=12, quadrature="midpoint"
    )


def speaks_for(shift):
    """Share of the marks whose sum is above 0, for the class or its neighbour."""
    sums = [
        (from_mean(x, (labels + shift) % 4) * masks).sum((1, 2, 3))
        for x, labels, masks in sets
    ]
    return (torch.cat(sums) > 0).double().mean()


absent = three(lambda x, labels: from_mean(x, (labels + 1) % 4))
xc.show("mean, another class: share on the mark, three sets", absent, control=controls)
other = {"another class": speaks_for(1)}
xc.show("marks that speak for the class, share", speaks_for(0), control=other)

# %% [markdown]
r"""
<details><summary>Answer to 09.P2</summary>

(c), three: white, uniform noise and the maximum distance. From there nearly every pixel travels far, through pictures that nobody has ever seen, and most of the map is about that way.
</details>

The mean colour, the blur and black do well: pixels that look like the ground hardly travel. But in these pictures **the mark is bright and the ground is dark**; a dark start flatters them. And for a class that is *not* there the mark keeps more than half of its share. What tells the two classes apart is the **sign**: the last line counts it.

And the coat of lesson 05? Both maps were right, about two questions: what is brighter than black, and what is darker than white? So say the question, and look at $F(x')$.
"""

# %% [markdown] tags=["symbols"]
r"""
## 3 · Not one baseline, but many

Whoever cannot choose, averages. **Expected Gradients** takes a *set* of baselines, for example other pictures of the data, and asks: what sets this picture apart from those?

Two new symbols:

- $D$ is the set of baselines. $x'_j \sim D$ means: draw $j$ takes one of them at random. We call it a **reference**.
- $n$ is the number of draws.

$$\mathrm{EG}_i(x) = \frac1n \sum_{j=1}^{n} (x_i - x'_{j,i})\; \frac{\partial F}{\partial x_i}\big(x'_j + \alpha_j (x - x'_j)\big)$$

Each draw has its own reference $x'_j$ **and its own place** $\alpha_j$, uniform between 0 and 1: one gradient a draw instead of a whole path. A single draw is a poor map. The mean over many is the mean of Integrated Gradients over $D$.

As in lesson 07, a mean of draws has a standard error: the standard deviation over the draws (with $n - 1$), divided by $\sqrt n$.

*A small example.* $F(x) = x^2$ at $x = 2$, references 0 and 1, both with $\alpha = 0.5$. The points are 1 and 1.5, the slopes 2 and 3. The draws give $2 \cdot 2$ and $1 \cdot 3$, so EG says $3.5$, with the error $0.5$.
"""

# %% [markdown]
r"""
### Task 09.2 · Expected Gradients, with its error

**Goal** G2 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

| argument | meaning |
|---|---|
| `model` | maps a batch (N, ...) to scores (N, K) |
| `x` | inputs, (N, ...) |
| `target` | one class for each input, a tensor (N,) |
| `references` | n references, (n, ...), each shaped as **one** input |
| `alphas` | n places, (n,) |
| **returns** | (2, N, ...): first the map, then its standard error |

Draw j uses `references[j]` and `alphas[j]`, for all N inputs. Draw nothing yourself. Leave the arguments as they are.
"""


# %% tags=["task"]
def my_eg(model, x, target, references, alphas):
    """Return the map of Expected Gradients and its standard error, (2, N, ...)."""
    ### BEGIN SOLUTION
    # STUB: found = []  # what each draw gives, (N, ...)
    # STUB: for reference, alpha in zip(references, alphas):
    # STUB:     ...  # a point, its gradient, times the way
    # STUB: found = torch.stack(found)  # (n, N, ...)
    # STUB: return torch.stack([..., ...])
    inputs = torch.arange(len(x), device=x.device)
    found = []
    for reference, alpha in zip(references, alphas, strict=True):
        way = x - reference  # (N, ...)
        point = (reference + alpha * way).detach().requires_grad_()
        chosen = model(point)[inputs, target].sum()
        found.append(way * torch.autograd.grad(chosen, point)[0])
    found = torch.stack(found)  # (n, N, ...)
    return torch.stack([found.mean(0), found.std(0) / len(found) ** 0.5])
    ### END SOLUTION


# %% tags=["check"]
xc.check("09.2", my_eg)

# %% [markdown] tags=["fold"]
r"""
- The way and the slope are multiplied **within a draw**. The mean way times the mean slope is another number: where a reference is far away, the slope on its line is another one, too.
- Absolute values have no place here: draws of both signs must cancel.
"""

# %% [markdown]
r"""
**Predict (09.P3).** Five draws, and two runs. The references are other planted pictures, or pictures of uniform noise. How alike are the two runs, by their cosine?
"""

# %% tags=["question"]
xc.predict("09.P3")

# %% tags=["machinery"]
# Two runs for each number of draws, from two sets of references, on three pictures.
eg = xc.or_reference("09.2", my_eg)
few = xc.datasets.planted(3, seed=1)
others = xc.datasets.planted(400, seed=99).x
noise = b.uniform(few.x, draws=400)


def run(references, n, seed):
    """Expected Gradients of the three pictures with n draws of our own."""
    drawn = torch.Generator().manual_seed(seed)
    chosen = references[torch.randint(400, (n,), generator=drawn)]
    return eg(net, few.x, few.labels, chosen, torch.rand(n, generator=drawn))[0]


def likeness(references, n):
    """Mean cosine of two runs, picture by picture."""
    pairs = zip(run(references, n, 0), run(references, n, 1), strict=True)
    return sum(cosine(first, second) for first, second in pairs) / 3


# %% tags=["machinery"]
# The figure: the cosine of two runs over the number of draws.
sizes = [5, 20, 80, 160]
sources = {"other pictures": others, "uniform noise": noise}
xc.plot.series(
    torch.tensor(sizes),
    {
        name: torch.tensor([likeness(found, n) for n in sizes])
        for name, found in sources.items()
    },
    x_name="n, draws",
    y_name="cosine of two runs",
    doubling=True,
    levels={"the same map": 1.0, "chance": 0.0},
    alt="Two rising curves over 5, 20, 80 and 160 draws: the cosine of two runs, with "
    "other pictures and with uniform noise as references.",
)

# %%
package = xc.expected_gradients(
    net, few.x, target=few.labels, baselines=others, samples=40, return_details=True
)
ours = eg(
    net,
    few.x,
    few.labels,
    others[package.extra["line"]],
    package.extra["alpha"].float(),
)
assert torch.allclose(ours[0], package.values.float(), atol=1e-4)
for name, references in sources.items():

    def expected(x, labels, references=references):
        """Expected Gradients, 40 draws."""
        return xc.expected_gradients(
            net, x, target=labels, baselines=references, samples=40
        )

    xc.show(f"{name}: share on the mark, three sets", three(expected), control=controls)

# %% [markdown]
r"""
<details><summary>Answer to 09.P3</summary>

(a). Other pictures share the dark ground with $x$, so little travels and little varies. From noise, each draw adds its own grain to the map. With many draws both pairs agree, and **agreeing is not being right**: the map from noise has no more on the mark than $|x - \text{mean}|$.
</details>

Averaging removes the accident of *one* reference. It does not remove the question that the set asks.

**Explore the panel** (4 minutes). What does the network see in "white" and in "uniform noise", and how sure is it? From white, does a second run disagree, or is the map *surely* off the mark?
"""

# %% tags=["panel"]
panel = xc.widgets.BaselinePanel(
    net,
    one.x,
    int(one.labels),
    baselines={
        "mean colour": "mean",
        "black": "black",
        "white": "white",
        "maximum distance": "max_distance",
        "uniform noise": b.uniform(one.x, draws=64),
        "other pictures": others,
        "noise around x": b.gaussian(one.x, sigma=0.1, draws=64)[:, 0],
    },
    mask=mark,
    labels=xc.datasets.PLANTED_CLASSES,
)
panel

# %% tags=["drive", "machinery"]
panel.set(baseline="white", draws=64)
assert panel.error is None
view = panel.result
xc.show("white: share on the mark", view.inside, control={"area": max(area)})
xc.show("   cosine of two runs", view.agreement, control={"nothing in common": 0})
panel.set(baseline="mean colour")
assert panel.result.inside > view.inside

# %% [markdown]
r"""
<details><summary>What you find</summary>

In both it sees a cross, and is nearly sure: a network has to say something. From white the two runs are the same map, and the mark has no more than its area.
</details>

## 4 · Noise around $x$ asks another question

A tempting set: $x$ itself with a little noise, $x' = x + \sigma z$, where $z$ holds independent normal numbers of variance 1. It needs no data. But such baselines lie on **both sides** of $x$. Where $F$ is straight, the draws cancel: what one gives, its mirror image takes away. What remains after endless draws is how $F$ *bends* ($\mathbb{E}$ is the mean over $z$):

$$\mathrm{EG}_i \to -\sigma^2 \int_0^1 \alpha\; \mathbb{E}\Big[\frac{\partial^2 F}{\partial x_i^2}(x + \alpha \sigma z)\Big]\, d\alpha$$

For $F(x) = x^2$ with $\sigma = 0.5$ this is $-0.25$, wherever $x$ is. On average $F$ is $\sigma^2$ *higher* at the baselines than at $x$, so the map has to share out a fall.

A network of relus is straight between its kinks. So all its bending sits in the kinks that the noise crosses. We measured where it lies: all over the ground, and only two or three times as densely at the mark that decides.

**Predict (09.P4).** On the planted pictures with $\sigma = 0.1$: how much of this map lies on the mark?
"""

# %% tags=["question"]
xc.predict("09.P4")


# %%
def square(points):
    """F(x) = x^2, as a model with one class."""
    return points**2


x0 = torch.tensor([[1.0]], dtype=torch.float64)
around = b.gaussian(x0, sigma=0.5, draws=2000, clip=None)  # (2000, 1, 1)
bend = xc.expected_gradients(
    square, x0, target=0, baselines=around, samples=2000, return_details=True
)
error = {"right": -0.25, "its standard error": round(float(bend.standard_error), 2)}
xc.show("x squared at 1: the map", round(float(bend.values), 2), control=error)


def near(x, labels):
    """Expected Gradients with noise around x as the references."""
    around = b.gaussian(x, sigma=0.1, draws=40, clip=None)
    return xc.expected_gradients(net, x, target=labels, baselines=around, samples=40)


xc.show("noise around x: share on the mark, three sets", three(near), control=controls)
plain = three(lambda x, labels: xc.gradient(net, x, target=labels))
xc.show("plain gradient", plain, control=controls)

# %% [markdown]
r"""
<details><summary>Answer to 09.P4</summary>

(c): about as much as $|x - \text{mean}|$, which never saw the network, and less than the plain gradient. The map is not wrong. It answers "where does $F$ bend near $x$?", and that is not "what contributes?".
</details>

**A slip that nobody sees.** Write $x' - x$ instead of $x - x'$, and every sign turns round: $+0.25$ for $x^2$. A picture of |map| is the same. Only the sum tells: it must be $F(x)$ minus the mean of $F$ over the baselines.

## 5 · A scale instead of a start

**Blur IG** (2020) needs no foreign picture. Its path runs through blurred versions of $x$ itself, from a very wide blur to none:

$$\int_{\sigma_{\max}}^{0} \frac{\partial F}{\partial x_i}(L_\sigma)\; \frac{\partial L_{\sigma,i}}{\partial \sigma}\, d\sigma, \qquad L_\sigma = x \text{ blurred by } \sigma \text{ pixels.}$$

So it asks: *which detail, coming into focus, made the score rise?* And it says at which scale.
"""

# %% tags=["demo", "machinery"]
# The score of each photo along the path of Blur IG, by forward passes alone.
widths = [20.0, 14.0, 10.0, 7.0, 5.0, 3.5, 2.5, 1.5, 0.8]
into_focus = {}
for name, photo, winner in zip(names, photos, winners, strict=True):
    film = [b.blur(photo[None], sigma=width) for width in widths]
    scores = xc.scores(model, torch.cat([*film, photo[None]]), target=int(winner))
    into_focus[name] = ((scores - scores[0]) / (scores[-1] - scores[0])).cpu()
xc.plot.series(
    torch.tensor([*widths, 0.0]),
    into_focus,
    x_name="blur in pixels: the path goes from left to right",
    y_name="share of the rise",
    doubling=True,
    levels={"the whole rise": 1.0},
    alt="Five curves over ten pictures from a blur of 20 pixels to none: the "
    "share of the rise of the logit that is over, for five photos.",
)

# %%
for name, curve in into_focus.items():
    first = int((curve > 0.5).int().argmax())
    print(
        f"{name}: half of the rise is over at a blur of {[*widths, 0][first]:g} pixels"
    )


def in_focus(x, labels):
    """Blur IG with few steps."""
    return xc.blur_ig(net, x, target=labels, steps=12)


def in_focus_other(x, labels):
    """The same for a class that is not there."""
    return in_focus(x, (labels + 1) % 4)


other = {"another class": three(in_focus_other)}
xc.show(
    "Blur IG: share on the mark, three sets", three(in_focus), control=other | controls
)

# %% [markdown]
r"""
Each photo has its own scale: the cat is early, rocket and brick wall wait for the last three pixels of blur. Where a curve falls, as the rocket's does, detail speaks *against* the class. On the planted pictures Blur IG does nearly as well as a blurred start, but as there, most of the share is there for another class, too. What it cannot see is a flat colour: blur leaves it as it is, so it does not travel, and gets nothing.

## 6 · Regions instead of pixels

**XRAI** (2019) gives one value to a whole region. The regions are cut from the photo alone, at several scales, so that they overlap. Then, again and again:

1. look at the pixels of each region that no earlier region has taken, its **new** pixels;
2. take the region whose new pixels have the largest mean of the map;
3. give this mean to all its new pixels.

*A small example.* Four pixels with the map $(1, 4, -2, 0.5)$, three regions: the first two pixels, the last three, all four. Means: $2.5$, $0.83$, $0.88$. The first is taken. Now the second and the third have the same new pixels, with the mean $-0.75$. The result is $(2.5, 2.5, -0.75, -0.75)$.
"""

# %% [markdown]
r"""
### Task 09.3 · From pixels to regions

**Goal** G4 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 4 of 5

| argument | meaning |
|---|---|
| `pixel_map` | the map of pixels, (H, W), with signs |
| `masks` | K regions, (K, H, W), True inside; they overlap, and each pixel lies in at least one |
| **returns** | the map of regions, (H, W) |

Leave out a region that has no new pixel left. Leave the arguments as they are.
"""


# %% tags=["task"]
def regions(pixel_map, masks):
    """Return the map in which all new pixels of a region have their mean, (H, W)."""
    ### BEGIN SOLUTION
    # STUB: result = torch.zeros_like(pixel_map)
    # STUB: still_open = torch.ones_like(masks[0])  # pixels that no region has taken
    # STUB: ...
    # STUB: return result
    result = torch.zeros_like(pixel_map)
    still_open = torch.ones_like(masks[0])  # pixels that no region has taken
    while still_open.any():
        new = [mask & still_open for mask in masks]
        new = [pixels for pixels in new if pixels.any()]
        best = max(new, key=lambda pixels: float(pixel_map[pixels].mean()))
        result[best] = pixel_map[best].mean()
        still_open = still_open & ~best
    return result
    ### END SOLUTION


# %% tags=["check"]
xc.check("09.3", regions)

# %% [markdown] tags=["fold"]
r"""
- The means are taken anew in each turn: a region that has lost its best pixels falls back.
- Only *new* pixels get the mean. So each pixel has one value, and the sum of the map stays what it was: completeness survives.
"""

# %% tags=["demo"]
# Regions of our own: 64 squares of 4 x 4 pixels, and four stripes of 8 lines over them.
to_regions = xc.or_reference("09.3", regions)
ig = xc.integrated_gradients(net, one.x, target=one.labels, baseline="mean", steps=12)
down, across = torch.meshgrid(
    torch.arange(32) // 4, torch.arange(32) // 4, indexing="ij"
)
squares = torch.stack([8 * down + across == k for k in range(64)])
stripes = torch.stack([down // 2 == k for k in range(4)])
own_regions = torch.cat([squares, stripes])
ours = to_regions(ig[0, 0], own_regions)
package = xc.xrai(
    net, one.x, target=one.labels, baselines="mean", steps=12,
    segments=own_regions, least=1,  # 1: no region is too small
)  # fmt: skip
xc.show(
    "the package gives the same regions", torch.allclose(ours, package[0, 0], atol=1e-3)
)
cut = xc.xrai(net, one.x, target=one.labels, baselines="mean", steps=12)
xc.plot.maps(
    {"pixels": ig, "squares": ours[None, None], "XRAI's regions": cut},
    photo=one.x,
    photo_title="the picture",
    alt="A planted picture and three maps on one scale: of single pixels, of squares "
    "of four by four pixels, and of the regions that XRAI cuts.",
)

# %% [markdown]
r"""
XRAI's strongest region is a diamond around the plus. The squares are pale, because each mixes strong pixels with weak ones.

Regions look like answers: they have outlines. But the outlines come **from the photo**, not from the network.

**Predict (09.P5).** A photo of an espresso. We compare |XRAI| of the trained network with two maps. A is |XRAI| of a network whose last layer is random. B is made of the trained network's own pixels, *put in random places* before the same regions are filled. Which cosines do A and B have with ours?
"""

# %% tags=["question"]
xc.predict("09.P5")

# %% tags=["machinery"]
# XRAI of the trained network and of three ruined ones, ten gradients each.
coffee, ESPRESSO = xc.datasets.photo("coffee", device=device), 967
cut_at = (50, 150, 500)  # three of XRAI's six scales: half of the time


def of_regions(network):
    """XRAI with black and white as starts, five steps each: the record."""
    return xc.xrai(
        network, coffee, target=ESPRESSO, steps=5, scales=cut_at, batch_size=4,
        return_details=True,
    )  # fmt: skip


trained = of_regions(model)
pixels = trained.extra["pixels"][0].cpu()  # the map before it is filled in
values = trained.values[0, 0].cpu()


# %% tags=["machinery"]
# The regions of the photo, filled with any numbers.
def filled(numbers):
    """XRAI's regions of the photo, filled with any pixel map: (H, W) -> (H, W)."""

    def linear(points):
        return (points * numbers.to(device) / 3).sum((1, 2, 3))

    # from x - 1 each pixel of this linear model gets its own number
    return xc.xrai(
        linear, coffee, target=None, baselines=coffee - 1, steps=1, scales=cut_at
    )[0, 0].cpu()


# %% tags=["machinery"]
# The likeness with three ruined networks (A), and with random places (B).
ruined, shuffled = [], []
for seed in (0, 1, 2):
    bad = of_regions(xc.evaluation.randomise_last_layer(model, seed)).values[0, 0].cpu()
    places = torch.randperm(
        pixels.numel(), generator=torch.Generator().manual_seed(seed)
    )
    mixed = filled(pixels.flatten()[places].view_as(pixels))
    ruined.append((cosine(values.abs(), bad.abs()), cosine(values, bad)))
    shuffled.append((cosine(values.abs(), mixed.abs()), cosine(values, mixed)))
for place, name in enumerate(("|maps|", "signed maps")):
    control = {"B, pixels in random places": [each[place] for each in shuffled]}
    a = [each[place] for each in ruined]
    xc.show(f"{name}: cosine with A, three ruined networks", a, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 09.P5</summary>

(b). Both are about one half. Small regions can have large means, whatever stands in them. So "our map resembles that of a ruined network" would be a false alarm on this photo.
</details>

With signs the likeness is smaller, and on average about the same for A and B. A region map needs its own control: **the same regions, filled with pixels that know nothing.**

## 7 · Teach the network with its map

A map may also *change* a network. Here is one that learned the wrong thing: digits of 8 x 8 pixels, with a bright dot at the left or right rim whose place gives the class away. In the test, the dots stand in random places.

The repair is an **attribution prior**: a term in the loss that punishes parts of the map.

$$\text{loss} = \text{cross-entropy} + \lambda\, \sum_{i\, \in\, \text{rim}} \mathrm{EG}_i^2$$

Here "rim" means the ten places where dots can stand, and $\lambda$ ("lambda", here 10) is the weight of the penalty. One draw a picture is enough. The training cannot change the way $x_i - x'_i$. It can only make the network's slopes at the rim small.

**Predict (09.P6).** Two controls: the same penalty on ten pixels in the *middle*, and the *plain gradient* in place of EG, at the same rim. What does the plain gradient do to the accuracy in the test?
"""

# %% tags=["question"]
xc.predict("09.P6")

# %% tags=["machinery"]
# Digits with a dot at the rim: training pictures, and test pictures with random dots.
digits = xc.datasets.digits()
plain, labels = digits.x.flatten(1).float(), digits.labels
plain = plain / plain.max()
rim = torch.tensor([8 * line + side for side in (0, 7) for line in range(5)])
middle = torch.tensor([8 * line + column for line in (2, 5) for column in range(1, 6)])


def dotted(pictures, classes):
    """Put a dot at the place of each class."""
    pictures = pictures.clone()
    pictures[:, rim] = 0
    pictures[torch.arange(len(pictures)), rim[classes]] = 1
    return pictures


anywhere = torch.randint(10, (1197,), generator=torch.Generator().manual_seed(9))
train, train_labels = dotted(plain[:600], labels[:600]), labels[:600]
test, test_labels = dotted(plain[600:], anywhere), labels[600:]
shown = [int((train_labels == k).nonzero()[0]) for k in (0, 3, 7)]
xc.widgets.gallery(
    {f"training: a {int(train_labels[k])}": train[k].view(1, 1, 8, 8) for k in shown}
    | {f"test: a {int(test_labels[1])}": test[1].view(1, 1, 8, 8)},
    alt="Four digits of 8 x 8 pixels, each with one white dot at its rim.",
)


# %%
def penalty_of_eg(small, x, y, where, step):
    """Sum of squared Expected Gradients on `where`, one draw for each picture."""
    drawn = torch.Generator().manual_seed(step)
    way = x - train[step % 600]  # one reference a step
    places = torch.rand(len(x), 1, generator=drawn)
    points = x - (1 - places) * way
    slopes = xc.gradient(small, points, target=y, differentiable=True)
    return (way * slopes)[:, where].square().sum(1).mean()


def penalty_of_gradient(small, x, y, where, step):
    """The same with the plain gradient."""
    values = xc.gradient(small, x, target=y, differentiable=True)
    return values[:, where].square().sum(1).mean()


# %% tags=["machinery"]
# A small network, trained with a penalty; its accuracy in the test.
def fresh(drawn):
    """A network with 64 inputs and 32 hidden units, from its own random numbers."""
    layers = torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    small = torch.nn.Sequential(*layers)
    for values in small.parameters():
        values.data.uniform_(-0.15, 0.15, generator=drawn)
    return small


def accuracy(seed, penalty=None, where=None, weight=10.0):
    """Train a small network with a penalty; return its accuracy in the test."""
    drawn = torch.Generator().manual_seed(seed)
    small = fresh(drawn)
    optimiser = torch.optim.Adam(small.parameters(), 1e-2)
    for step in range(120):
        batch = torch.randperm(600, generator=drawn)[:100]
        x, y = train[batch], train_labels[batch]
        loss = torch.nn.functional.cross_entropy(small(x), y)
        if penalty is not None:
            loss = loss + weight * penalty(small, x, y, where, step)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return float((small(test).argmax(1) == test_labels).double().mean())


# %% tags=["machinery"]
# Four trainings, each from three seeds.
ways = {
    "no penalty": {},
    "EG, at the rim": {"penalty": penalty_of_eg, "where": rim},
    "EG, in the middle": {"penalty": penalty_of_eg, "where": middle},
    "plain gradient, at the rim": {"penalty": penalty_of_gradient, "where": rim},
}
for name, way in ways.items():
    right = [accuracy(seed, **way) for seed in (0, 1, 2)]
    xc.show(
        f"{name}: accuracy in the test, three seeds", right, control={"chance": 0.1}
    )

# %% [markdown]
r"""
<details><summary>Answer to 09.P6</summary>

(d). Both penalties flatten the slopes at the rim, and that is all it takes. In the middle the same penalty is worse than none: the network leans on the dots even more.
</details>

So the gain is not due to Expected Gradients, and not to a penalty as such, but to *where* we punished. The prior works because **we knew** what is wrong.

## 8 · Is it right? The truth strip

The three tests of every lesson, on one photo, for Expected Gradients with black, grey and white as references.
"""


# %% tags=["demo", "machinery"]
# The strip of the first run, two more runs, and a single start as their control.
def of_three(network, x, target, seed=0):
    """Expected Gradients with black, grey and white, 12 draws."""
    return xc.expected_gradients(
        network, x, target=target, baselines=(0.0, 0.5, 1.0), samples=12, seed=seed,
        batch_size=4,
    )  # fmt: skip


strip = xc.truth_strip(of_three, model=model, batch_size=4)
both = xc.datasets.collage(device=device).repeat(2, 1, 1, 1)  # cat left, coffee right
halves = torch.stack(xc.datasets.collage_masks(device=device))
classes = torch.tensor([285, ESPRESSO], device=device)


def own_share(maps):
    """Share of |map| (2, C, H, W) in the half of its own class, mean of both."""
    sizes = maps.sum(1, keepdim=True).abs()
    inside = (sizes * halves.view(2, 1, 224, 224)).sum((1, 2, 3))
    return float((inside / sizes.sum((1, 2, 3))).mean())


# %% tags=["demo", "machinery"]
# Each number beside its controls.
shares = [float(strip.own_share.mean())]
shares += [own_share(of_three(model, both, classes, seed)) for seed in (1, 2)]
single = xc.integrated_gradients(
    model, both, target=classes, baseline="black", steps=4, batch_size=4
)
control = {"half of the area": 0.5, "black alone": own_share(single)}
xc.show("own half's share of |map|, three runs", shares, control=control)
spread = {"spread of random orders": strip.random_spread}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=spread)
control = {"own pixels in random places": strip.shuffled_cosine}
xc.show("ruined network, |maps|: cosine", strip.absolute_cosine, control=control)
nothing = {"nothing in common": 0}
xc.show("ruined network, signed maps: cosine", strip.cosine, control=nothing)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* The own half gets a little more than its area, in all three runs. Black alone gets as much: on this photo three starts are no more right than one.
- *Deletion.* Better than random orders for both classes, by more than the spread.
- *Ruined network.* With signs, the map of this one network that has forgotten its classes has turned round. Without, it is more like ours than shuffled pixels are: the sizes do not ask for the class alone.

## 9 · Your model

Torchvision's ResNet-18, with **random** weights, so that the cell runs offline. Exchange them for trained ones, or for yours. With random ones, read the controls first: where a network says the same class at *another* photo, a rank of 1 at the start means nothing. And of eight draws of pure noise 0.09 lie beyond two standard errors.

What to doubt then: Which class does your model see at your baseline, and how sure is it? Is "black" black after your normalisation? Are your references from the data that the model was trained on? Does a second run give the same map?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
winner = mine(cat).argmax(1)
other = int(look(mine, cat, winner, coffee)[0, 1])
control = {"at another photo": other, "chance": 500}
for name in ("black", "uniform noise", "maximum distance"):
    rank = int(look(mine, cat, winner, starts[name])[0, 1])
    xc.show(f"{name}: rank of its class at the start", rank, control=control)
runs = []
for seed in (0, 1):
    drawn = torch.Generator().manual_seed(seed)
    chosen = photos[1:][torch.randint(4, (8,), generator=drawn).to(device)]
    places = torch.rand(8, generator=drawn).to(device)
    runs.append(eg(mine, cat, winner, chosen, places))
order = torch.randperm(cat.numel(), generator=torch.Generator().manual_seed(0))
mixed = runs[0][0].flatten()[order.to(device)]
control = {
    "own numbers in random places": abs(round(cosine(mixed, runs[1][0].flatten()), 1))
}
xc.show(
    "cosine of two runs, 8 draws each", cosine(runs[0][0], runs[1][0]), control=control
)
beyond = (runs[0][0].abs() > 2 * runs[0][1]).double().mean()
xc.show("share beyond two standard errors", beyond, control={"pure noise": 0.09})

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

| method | its question | where |
|---|---|---|
| GradientSHAP | what sets $x$, with noise, apart from these? | A |
| Weighted IG | the same, where good starts count more | B |
| Blur IG | which detail counts? | section 5, C |

### A · GradientSHAP is Expected Gradients with noise on $x$

It may add noise to $x$; without, it *is* Expected Gradients. But the package spreads the places of Expected Gradients evenly over the line (`stratified`). Does that help?
"""

# %%
for source, references in {"other pictures": others, "black alone": (0.0,)}.items():
    for name, explain in {
        "GradientSHAP": xc.gradient_shap,
        "Expected Gradients, spread evenly": xc.expected_gradients,
    }.items():
        pair = [
            explain(
                net, few.x, target=few.labels, baselines=references, samples=25,
                seed=seed,
            )
            for seed in (0, 1)
        ]  # fmt: skip
        off = round(1 - cosine(*pair), 3)
        control = {"nothing in common": 1}
        xc.show(f"{source}, {name}: 1 - cosine of two runs", off, control=control)

# %% [markdown]
r"""
With many references hardly: they differ more than the places do. With a *single* one little disagreement was there, and most of it is gone.

### B · Weighted IG: let the starts compete

**Weighted IG** (2025) takes several starts. Each gets the weight $1/d$, where $d$ is how many pixels must be removed until the score has fallen far, those first that its map ranks first; the weights are made to add up to 1. A map that ranks the mark first needs few pixels; one that ranks the ground first needs many times as many.

**Predict (09.P7).** The six starts of section 2, weighted. How much of the weighted mean lies on the mark?
"""

# %% tags=["question"]
xc.predict("09.P7")

# %% tags=["machinery"]
# Six starts of ten pictures; weights in the order of the starts.
x, labels10, masks = sets[0]
kinds = ("black", "white", "mean", "blur", "uniform", "max_distance")
six = torch.stack([b.BASELINES[name](x).expand_as(x) for name in kinds])
weighted = xc.weighted_ig(
    net, x, target=labels10, baselines=six, steps=8, return_details=True
)
each = [
    xc.integrated_gradients(net, x, target=labels10, baseline=start, steps=8)
    for start in six
]
mean_map = torch.stack(each).mean(0)
for name, weight in zip(kinds, weighted.extra["weights"].mean(0).tolist(), strict=True):
    print(f"weight of {name}: {weight:.1f}")
for name, values in {"weighted": weighted.values, "plain mean": mean_map}.items():
    control = {
        "black alone": on_mark(each[0], masks),
        "mean alone": on_mark(each[2], masks),
    }
    xc.show(f"{name}: share on the mark", on_mark(values, masks), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 09.P7</summary>

(a): nearly as much as black alone. The weights have thrown out the bad starts, white and the maximum distance first. But the best single start does as well.
</details>

The paper judges the result by deletion, by which the weights were *chosen*: that is circular. Here the marks are the judge.

### C · How many steps does Blur IG need?

Its path is curved, and the package multiplies each gradient by how the image *really* changes over its stretch. For a linear model that is exact with any number of steps.
"""


# %%
def gap_share(network, x, target, steps):
    """|gap| / |rise| of Blur IG, the mean over the inputs."""
    found = xc.blur_ig(
        network, x, target=target, steps=steps, batch_size=4, return_details=True
    )
    return float((found.gap / (found.f_end - found.f_start)).abs().mean())


exact = {"a linear model": 0}
for steps in (4, 12):
    share = round(gap_share(net, x, labels10, steps), 2)
    xc.show(f"planted pictures, {steps} steps: |gap| / rise", share, control=exact)
share = round(gap_share(model, cat, TIGER_CAT, 24), 1)
xc.show("the cat, 24 steps: |gap| / rise", share, control=exact)

# %% [markdown]
r"""
For the small network 12 steps will do. For the cat's photo 24 miss more than half of a rise: its score jumps between two blurs (the figure of section 5), and few steps fall there.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- A baseline is half of the question: say it in words, and look at what the network sees there.
- "As far away as possible" is not "nothing": the class was still there on all five photos.
- With a known answer, white, noise and the maximum distance lost to a map that never saw the network.
- Expected Gradients averages over references. Give its error. Agreement is not truth.
- Noise around $x$ tells how $F$ bends. Its sign slip is invisible in |map|; the sum shows it.
- Regions lend a map their outlines. Fill them with random pixels before you believe in them.
- A prior helps when you know what is wrong. Try the same penalty elsewhere.

**Where it fails next.** Wherever we start, we have walked in a straight line, and counted each step alike. Lesson 10 weighs the steps; lesson 11 bends the line.

## References

- G. Erion and others. *Improving performance of deep learning models with axiomatic attribution priors and expected gradients*. 2019. [arXiv:1906.10670](https://arxiv.org/abs/1906.10670)
- P. Sturmfels and others. *Visualizing the Impact of Feature Attribution Baselines*. Distill, 2020.
- S. Lundberg, S. Lee. *A Unified Approach to Interpreting Model Predictions*. 2017. [arXiv:1705.07874](https://arxiv.org/abs/1705.07874)
- A. Kapishnikov and others. *XRAI: Better Attributions Through Regions*. 2019. [arXiv:1906.02825](https://arxiv.org/abs/1906.02825)
- S. Xu and others. *Attribution in Scale and Space*. 2020. [arXiv:2004.03383](https://arxiv.org/abs/2004.03383)
- K. Tuan and others. *Weighted Integrated Gradients for Feature Attribution*. 2025. [arXiv:2505.03201](https://arxiv.org/abs/2505.03201)
"""
