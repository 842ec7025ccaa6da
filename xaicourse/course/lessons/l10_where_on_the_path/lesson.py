# %% [markdown] tags=["header"]
r"""
# 10 · Where on the path? (2020): which stops count?

| | |
|---|---|
| **Papers** | Left-IG and Split IG: V. Miglani and others, 2020, [arXiv:2010.12697](https://arxiv.org/abs/2010.12697); IDGI: R. Yang, B. Wang, M. Bilgic, 2023, [arXiv:2303.14242](https://arxiv.org/abs/2303.14242); Integrated Decision Gradients: C. Walker and others, 2024, [arXiv:2305.20052](https://arxiv.org/abs/2305.20052); path-weighted and path-sampled IG: F. Kamalov and others, 2025 and 2026, [arXiv:2509.17491](https://arxiv.org/abs/2509.17491), [arXiv:2604.14338](https://arxiv.org/abs/2604.14338) |
| **Time** | 60 minutes: 36 to read and try, 24 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 05 (Integrated Gradients, the path from black, steps and gap) |
| **Repairs** | a failure of lesson 05: the score of most photos rises early on the path, but Integrated Gradients adds up all of it. |
| **Practise** | the sheet `exercises/10_where_on_the_path.ipynb` |
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # small nets: the CPU is best

# %% [markdown]
r"""
## 1 · After the rise

We walk from black to a photo again, and **stop** where 90 percent of the logit's rise is reached. What Integrated
Gradients collects *after* this stop should add up to the last tenth of the rise. And the pixels?

The size of a map is its **squared length**: the sum of its squared pixels.

**Predict (10.P1).** The score of the camera rises early: 87 percent of the path lie after its stop. Add the squared lengths of both parts, before and
after it. Which share of this sum comes from the part *after* it?
"""

# %% tags=["question"]
xc.predict("10.P1")

# %% tags=["demo"]
photos, walks = {}, {}
for name in ("chelsea", "coffee", "camera", "rocket", "brick"):
    photo = xc.datasets.photo(name, device=device)
    target = int(model(photo).argmax())  # the class that wins at the photo
    photos[name] = photo, target
    # 27 steps: a gradient in the middle of each, a score at each end
    walks[name] = xc.widgets.trace_stops(model, photo, target, batch_size=3)
cat = walks["chelsea"]
xc.plot.maps(
    {"before the stop": cat.map("before", 0.9), "after it": cat.map("after", 0.9)},
    photo=photos["chelsea"][0],
    tile=8,
    alt="The photo of a cat, and two maps on one scale: what Integrated Gradients "
    "collects before nine tenths of the rise are reached, and what it collects after.",
)


# %%
def size(values):
    """Squared length."""
    return float(values.double().square().sum())


for name, walk in walks.items():
    before, after = walk.map("before", 0.9), walk.map("after", 0.9)
    part = size(after) / (size(before) + size(after))
    control = {
        "part of the path": 1 - walk.stop(0.9),
        "of the rise": round(float(after.sum()) / walk.rise, 2),
    }
    xc.show(f"{name}: squared length after the stop", part, control=control)

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 10.P1</summary>

(d), about 0.9. On each of the five photos the part is nearer to **its share of the path** than to its share of the rise.
</details>

The rise after the stop is a tenth, as it should be. Only for the cat it is 0: the first of its 27 steps adds up to more than the whole rise (the gap of lesson 05).

So the gradients do not vanish where the score is flat. They have both signs: in the sum over pixels they cancel. In the map they stay, and
the path after the stop is long.

Since 2020 a number of papers ask: *should all places count alike?* One stops early, others weigh places, choose them, or
share out the changes of the score. Here you build three of them, and look what each gives up.

**The goals of this lesson**

- **G1** you can find where a share of the rise is reached, for rises, falls and scores that turn back.
- **G2** you can derive what a weighted map adds up to.
- **G3** you can say why an exact sum proves nothing about a map.
- **G4** you can say what squaring does to signs and to shares.
- **G5** you can judge where on the path gradients are taken.
"""

# %% [markdown] tags=["symbols"]
r"""
## 2 · Stop early

$F(\alpha)$ is the score at the place $\alpha$ of the path, $x'$ the baseline. New symbols:

- $s$ is the share of the rise at which we stop, such as 0.9.
- $\alpha^*$ ("alpha star") is the first place where **more** than the share $s$ of the rise is reached.
- $w(\alpha)$ is the weight of the place $\alpha$ (from section 4 on).

**Left-IG** (2020) is Integrated Gradients up to $\alpha^*$, and **Split IG** gives both parts:

$$\mathrm{Left}_i = (x_i - x'_i) \int_0^{\alpha^*} \frac{\partial F}{\partial x_i}\, d\alpha, \qquad \alpha^* = \text{first } \alpha \text{ with } \frac{F(\alpha) - F(0)}{F(1) - F(0)} > s$$

The fraction is the share of the rise. It is 0 at the start and 1 at the end, also for a score that *falls*. It may leave this
range on the way, and come back.

*A small example.* The scores 2, 5, 4, 9, 12 have the rise 10, and the shares 0, 0.3, 0.2, 0.7, 1. For $s = 0.25$ the stop is
at place 1 (counted from 0), although the score falls back behind it.

### Task 10.1 · Find the stop

**Goal** G1 · **Level** 2 of 5 · **Minutes** 6 · **Importance** 4 of 5

Write `crossing(scores, share)`:

| argument | meaning |
|---|---|
| `scores` | a tensor (K,): the score at K places of the path, the baseline first, the photo last |
| `share` | the share of the rise, between 0 and 1 |
| **returns** | the index of the first place where **more** than this share of the rise is reached; `None` if first and last score are equal |

The rise may be negative: then the score has to fall by that share.

Leave the arguments as they are. Stuck? `xc.hint("10.1")`.
"""


# %% tags=["task"]
def crossing(scores, share):
    """Return the first index at which more than the share of the rise is reached."""
    ### BEGIN SOLUTION
    # STUB: rise = ...
    # STUB: for k, score in enumerate(scores):
    # STUB:     ...
    rise = scores[-1] - scores[0]
    if rise == 0:
        return None
    for k, score in enumerate(scores):
        if (score - scores[0]) / rise > share:
            return k
    ### END SOLUTION


# %% tags=["check"]
xc.check("10.1", crossing)

# %% [markdown] tags=["fold"]
r"""
Divide by the rise, and a fall needs no case of its own: both differences change their sign. A test such as
`score > start + share * rise` is right for rises only. For a falling score it holds at the first place already, and Left-IG
would be 0. (The published code of the first authors tests it like this.)

*First* and *counted* differ as soon as the score turns back, and so do *last score* and *largest score*.
"""

# %%
stop_at = xc.or_reference("10.1", crossing)
n = 990  # steps on the TOY net, from (0, 0) to (3, 1)
ends = torch.linspace(0, 1, n + 1, dtype=torch.float64)[:, None]
k = stop_at(toy(ends * x_toy), 0.9)
middles = (ends[1:] + ends[:-1]) / 2
slopes = xc.gradient(toy, middles * x_toy, target=None)  # one score, no class
left = (x_toy * slopes)[:k].sum(0) / n
print(f"TOY net: the stop is at {k / n:.3f}, Left-IG is ({left[0]:.2f}, {left[1]:.2f})")
package = xc.left_ig(toy, x_toy, target=None, share=0.9, steps=n, quadrature="midpoint")
assert torch.allclose(left, package[0], atol=0.01)
for name, walk in walks.items():
    k = stop_at(walk.scores, 0.9)
    xc.show(f"{name}: steps to the stop, of 27", k, control={"an even rise": 25})

# %% [markdown]
r"""
On the TOY net the score rises evenly, by 1, up to the kink at 1/4, and is flat after it. Before the kink the slopes are $(2, -2)$, and Left-IG goes
0.225 of the way with them. Integrated Gradients would be $(3.75, -2.75)$: its larger part comes from the flat piece.

## 3 · Does stopping help?

The paper finds that the left part explains better. We use deletion, as in lesson 05: 16 tiles turn grey, the most important
ones first, and the mean logit should be **low**.

Random orders tell how far two orders differ by chance: their **spread** is the standard deviation of the mean logit over
four of them. A difference counts if it is larger than this spread.

**Predict (10.P2).** On which photo does Left-IG gain most over Integrated Gradients?
"""

# %% tags=["question"]
xc.predict("10.P2")


# %% tags=["machinery"]
def edges(photo):
    """How much the brightness changes from pixel to pixel, (224, 224): no network."""
    grey, pad = photo.mean(dim=1)[0].cpu(), torch.nn.functional.pad
    down, across = grey.diff(dim=0).abs(), grey.diff(dim=1).abs()
    return pad(down, (0, 0, 0, 1)) + pad(across, (0, 1))


def deletion(name, maps, unit, steps):
    """Mean logit while tiles turn grey in the order of each map, a tensor (maps,)."""
    photo, target = photos[name]
    several = photo.expand(len(maps), -1, -1, -1)
    found = xc.evaluation.deletion(
        model, several, torch.stack(maps)[:, None].to(device), target, imputer=0.5,
        unit=unit, steps=steps, output="logit", batch_size=2,
    )  # fmt: skip
    return found.values.cpu()


def random_order(seed, unit=56):
    """A map (224, 224) with one random number in each tile."""
    side = 224 // unit
    tiles = torch.rand(side, side, generator=torch.Generator().manual_seed(seed))
    return tiles.repeat_interleave(unit, 0).repeat_interleave(unit, 1)


# %%
orders = [random_order(seed) for seed in range(4)]
for name, walk in walks.items():
    maps = [walk.map("all"), walk.map("before", 0.9), edges(photos[name][0])]
    whole, left, outline, *chance = deletion(name, maps + orders, unit=56, steps=4)
    control = {"edges minus IG": outline - whole, "spread": torch.stack(chance).std()}
    xc.show(f"{name}: Left-IG minus IG", left - whole, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 10.P2</summary>

(b), the camera. The rocket gains as well. On the other three photos the difference is smaller than the spread, also for the cat, whose map loses nearly
everything.
</details>

It is never worse by more than the spread. But look at the control: on the camera and the rocket the **edges** gain as well, and they never saw the
network. With smaller tiles the numbers change again ("Go deeper", A). So: no harm seen, a gain on two
photos, and a test that is blunt. This does not show that Left-IG explains better.

## 4 · A weight for each place

A stop is a weight: 1 before $\alpha^*$, 0 after it. **Path-weighted IG** (2025) takes any weight $w(\alpha) \ge 0$, most often with mean 1:

$$A_i = (x_i - x'_i) \int_0^1 w(\alpha)\, \frac{\partial F}{\partial x_i}\, d\alpha$$

What does this map add up to? Sum over the pixels and use the chain rule of lesson 05: the slopes of all pixels together are the
slope $F'(\alpha)$ of the score along the path. So

$$\sum_i A_i = \int_0^1 w(\alpha)\, F'(\alpha)\, d\alpha.$$

In words: **each bit of the rise counts as much as the weight at its place**. Only $w = 1$ gives the rise for every
model. Under any other weight some models have a map that adds up to more, or to less.

*A small example.* A score rises by 3 at the place 0.5, and falls by 1 at 0.8. With $w(\alpha) = 2\alpha$ its map adds up to $3 \cdot 1 - 1 \cdot 1.6 = 1.4$.

**Predict (10.P3).** The TOY net again (section 3 begins with its score). With $w(\alpha) = 2\alpha$, what does the map add up to?
"""

# %% tags=["question"]
xc.predict("10.P3")

# %%
shapes = {
    "2 alpha": lambda alpha: 2 * alpha,
    "2 (1 - alpha)": lambda alpha: 2 * (1 - alpha),
}
for name, shape in shapes.items():
    values = xc.path_weighted_ig(
        toy, x_toy, target=None, weight=shape, steps=1000, quadrature="midpoint"
    )
    a, b = values[0].tolist()
    print(f"TOY net, w = {name}: ({a:.2f}, {b:.2f}), sum {a + b:.2f}")
for name, walk in walks.items():  # in a walk they are called "rising" and "falling"
    late, early = walk.map("rising").sum(), walk.map("falling").sum()
    both = [round(float(total) / walk.rise, 1) for total in (late, early)]
    plain = float(walk.map("all").sum()) / walk.rise
    xc.show(f"{name}: w late, w early, sums in rises", both, control={"w = 1": plain})

# %% [markdown]
r"""
<details><summary>Answer to 10.P3</summary>

(a), a quarter. The rise of 1 lies evenly in the first quarter. There the weight grows from 0 to 1/2, and its mean is 1/4. The falling weight has the
mean 7/4 there.
</details>

On the photos the late weight keeps little of the rise, because most of it comes early. (The sums for $w = 1$ are not 1: with 27
steps there is a gap, as in lesson 05.)

**Path-sampled IG** (2026) averages Integrated Gradients over baselines on the path itself. From each baseline it walks on to the photo. So the place
$\alpha$ is passed only if the baseline lies before it: the weight $w(\alpha)$ is the chance of that. With evenly drawn baselines it is $\alpha$, half of our
late weight.

## 5 · An exact sum

Now the other way round: **IDGI** (2023, "important direction") forces the sum to be exact, with any number of steps. It takes what $F$
really changes in a step, and shares it out among the pixels by their **squared** gradients:

$$A_i = \sum_k \frac{g_{k,i}^2}{\sum_j g_{k,j}^2} \big(F(p_{k+1}) - F(p_k)\big)$$

$p_0, p_1, \dots, p_n$ are points of the path, and $g_k$ is the gradient in the middle between $p_k$ and $p_{k+1}$.

*A small example.* $F$ grows by 2 in a step, and the gradient in its middle is $(3, -1)$. The squares are 9 and 1, so the
shares are $0.9$ and $0.1$, and the two inputs get $1.8$ and $0.2$.

### Task 10.2 · Share out the changes

**Goal** G3 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 5 of 5

Write `my_idgi(F, points)`:

| argument | meaning |
|---|---|
| `F` | a function: points (P, D) to scores (P,), made of torch operations |
| `points` | (n + 1, D): the points $p_0, \dots, p_n$; the steps between them may have different lengths |
| **returns** | what each input gets, (D,) |

Where the gradient is 0, the step gives nothing to anybody.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def my_idgi(F, points):
    """Return what each input gets of the changes of F along the points, (D,)."""
    ### BEGIN SOLUTION
    # STUB: change = ...  # (n,), of F in each step
    # STUB: slopes = ...  # (n, D), in the middle of each step
    # STUB: shares = ...  # (n, D), of the inputs in each step
    # STUB: return ...
    change = F(points).detach().diff()  # (n,)
    middle = ((points[1:] + points[:-1]) / 2).detach().requires_grad_()
    slopes = torch.autograd.grad(F(middle).sum(), middle)[0]  # (n, D)
    square = slopes**2
    total = square.sum(1, keepdim=True)
    shares = square / torch.where(total > 0, total, 1)
    return (change[:, None] * shares).sum(0)
    ### END SOLUTION


# %% tags=["check"]
xc.check("10.2", my_idgi)

# %% [markdown] tags=["fold"]
r"""
- The shares of a step sum to 1, so the whole map sums to the changes, and these telescope to $F(p_n) - F(p_0)$. Only a step without a gradient is lost.
- The change keeps its sign. In a step where $F$ falls, **all** shares are below 0, whatever the signs of the slopes.
- Divide by the *squared* length of the gradient, and in each step by its own.
- `torch.where(total > 0, total, 1)`: where all slopes are 0, so are the squares, and 0 divided by 1 is 0.
"""

# %%
idgi = xc.or_reference("10.2", my_idgi)
for n in (1, 7, 100):
    line = torch.linspace(0, 1, n + 1, dtype=torch.float64)[:, None]
    a, b = idgi(toy, line * x_toy).tolist()
    print(f"TOY net, {n} steps: ({a:.2f}, {b:.2f}), sum {a + b:.2f}; the rise is 1")

# %% [markdown]
r"""
Exact with one step. Does this make it a better map? Compare each method **with itself**: the map of 9 steps with the map of 27.

**Predict (10.P4).** On one photo, IDGI with 9 steps is least like itself with 27: it has the smallest cosine. On which one?
"""

# %% tags=["question"]
xc.predict("10.P4")


# %%
def cosine(a, b):
    """Cosine between two maps."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


places = torch.randperm(224 * 224, generator=torch.Generator().manual_seed(0))
for name, walk in walks.items():
    few = walk.every(3)  # 9 steps: every third gradient and score
    alike = {way: cosine(few.map(way), walk.map(way)) for way in ("squares", "all")}
    mixed = cosine(few.map("squares").flatten()[places], walk.map("squares"))
    control = {"IG": alike["all"], "IDGI, pixels in random places": round(mixed, 1)}
    xc.show(f"{name}: IDGI, 9 against 27 steps", alike["squares"], control=control)
    sums = [float(few.map(way).sum()) / walk.rise for way in ("squares", "random")]
    control = {"IG": round(float(few.map("all").sum()) / walk.rise, 1)}
    xc.show("   sums of IDGI and of random vectors, in rises", sums, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 10.P4</summary>

(a), the cat. Its rise is over after one step of 27. The map of IDGI adds up exactly, and has almost nothing in common with the one of 27 steps.
</details>

Integrated Gradients is nearer to itself on **each** of the five photos, although its sum is far off on three. Why? Where most of the change happens in
one step near black, IDGI hands all of it out by **one** gradient: that of the step's middle.

And the exact sum? Put **random vectors** in the place of the gradients, and it is exact, too: the last lines show it. In
this method completeness comes from the bookkeeping, not from the network. It tests nothing.

## 6 · What squaring does

Now small pictures with a known answer, and a network for their four classes. Four bright marks stand in each picture, and **one** of them decides the
class. It covers a fortieth of the picture. Which method puts more of its map there?
"""

# %% tags=["machinery"]
# Pictures with a known answer; IDGI of each by your function; what is on the mark.
marks = xc.zoo.load("planted_cnn", device="cpu")  # four classes
sets = {seed: xc.datasets.planted(40, seed=seed) for seed in (1, 2, 3)}
line = torch.linspace(0, 1, 9)[:, None]


def idgi_of(pictures, target):
    """IDGI with 8 steps, by your function: one picture after the other."""
    maps = []
    for picture, k in zip(pictures, target.tolist(), strict=True):

        def score(points, shape=picture.shape, k=k):
            return marks(points.view(-1, *shape))[:, k]

        maps.append(idgi(score, line * picture.flatten()).view_as(picture))
    return torch.stack(maps)


def on_mark(maps, inside):
    """The share of |map| on the mark, mean over the pictures."""
    maps, inside = maps.abs().flatten(1), inside.flatten(1)
    return float(((maps * inside).sum(1) / maps.sum(1)).mean())


# %%
plain, squared = {}, {}
for seed, (pictures, labels, inside) in sets.items():
    plain[seed] = xc.integrated_gradients(
        marks, pictures, target=labels, steps=8, quadrature="midpoint", batch_size=80
    )
    squared[seed] = idgi_of(pictures, labels)
    control = {"IG": on_mark(plain[seed], inside), "area": inside.double().mean()}
    share = on_mark(squared[seed], inside)
    xc.show(f"set {seed}: IDGI's share on the mark", share, control=control)

# One picture; each map is divided by the sum of its sizes.
shown = {"the mark": sets[1].masks, "IG": plain[1].abs(), "A": plain[1] ** 2}
shown |= {"B": squared[1].abs()}
xc.plot.maps(
    {name: values[:1] / values[:1].sum() for name, values in shown.items()},
    photo=sets[1].x[:1],
    unit="share of the map",
    columns=5,
    alt="A grey cloudy picture of 32 x 32 pixels with four small bright marks. Beside "
    "it the place of the mark that decides, and three maps of sizes, on one scale: "
    "Integrated Gradients, a map A and a map B.",
)

# %% [markdown]
r"""
Is IDGI the better map? The figure shows a picture, its mark, and the sizes of three maps. Of A and B, one is IDGI. The other is made of the pixels of Integrated Gradients, **squared**.

**Predict (10.P5).** Which of the two is IDGI? And which has the larger share on the mark, in the mean over the pictures?
"""

# %% tags=["question"]
xc.predict("10.P5")


# %%
def hits(maps, inside):
    """Which part of the mark is among as many of the largest pixels, on average."""
    parts = []
    for values, mark in zip(maps.abs().flatten(1), inside.flatten(1) > 0, strict=True):
        largest = values.topk(int(mark.sum())).indices
        parts.append(mark[largest].double().mean())
    return float(torch.stack(parts).mean())


for seed, (pictures, labels, inside) in sets.items():
    slopes = xc.gradient(marks, pictures, target=labels)
    wrong = idgi_of(pictures, (labels + 1) % 4)
    control = {
        "IDGI": on_mark(squared[seed], inside),
        "gradient, squared": on_mark(slopes**2, inside),
        "IDGI of another class": on_mark(wrong, inside),
    }
    share = on_mark(plain[seed] ** 2, inside)
    xc.show(f"set {seed}: IG squared, share on the mark", share, control=control)
    control = {"IG": hits(plain[seed], inside), "gradient": hits(slopes, inside)}
    part = hits(squared[seed], inside)
    xc.show("   IDGI, part of the mark among the largest", part, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 10.P5</summary>

(c). A is Integrated Gradients, squared: the order of its pixels is that of the first map. About six tenths of it are on the mark, far more than of IDGI.
Squaring changes no order of sizes and adds no knowledge. It makes large values larger.
</details>

So a share of a map rewards squaring. Before you compare two methods by shares, bring them to the same power, or compare orders. The last line of each set does:
as many of the largest pixels as the mark has, and which part of the mark they are. By this test IDGI is a little ahead of Integrated Gradients.

**The sign.** *Integrated Decision Gradients* (2024) weigh each place by how fast the score changes there, $w(\alpha) = F'(\alpha)$:

$$A_i = (x_i - x'_i) \int_0^1 \frac{\partial F}{\partial x_i}\, F'(\alpha)\, d\alpha, \qquad \sum_i A_i = \int_0^1 F'(\alpha)^2\, d\alpha$$

This weight may be below 0, and its mean is the rise, not 1: the map is in squared units. Its sum is never below 0.

**Predict (10.P6).** We explain a class that is **not** shown: the next one. Under Integrated Gradients, the mark that is shown
speaks *against* that class in about nine of ten pictures. Under Integrated Decision Gradients, in which share of the pictures is the sum over
the same mark above 0?
"""

# %% tags=["question"]
xc.predict("10.P6")


# %%
def positive(maps, inside):
    """In how many pictures the sum over the mark is above 0, as a share."""
    return float(((maps * inside).sum((1, 2, 3)) > 0).double().mean())


for seed, (pictures, labels, inside) in sets.items():
    other = (labels + 1) % 4
    ask = {"steps": 8, "batch_size": 80}
    plain_map = xc.integrated_gradients(marks, pictures, target=other, **ask)
    idg = xc.integrated_decision_gradients(marks, pictures, target=other, **ask)
    own = xc.integrated_decision_gradients(marks, pictures, target=labels, **ask)
    moved = inside.roll((9, 9), (2, 3))  # a place beside the mark
    control = {
        "IG": positive(plain_map, inside),
        "a place beside": positive(idg, moved),
        "class that is shown": positive(own, inside),
    }
    share = positive(idg, inside)
    xc.show(f"set {seed}: other class, mark above 0", share, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 10.P6</summary>

(b), in nearly all. The score of the absent class *falls* on the path, and the mark makes it fall. Both slopes are negative,
and their product is positive.
</details>

Turn the sign of the score, and both slopes turn: $F$ and $-F$ have the **same** map ("Go deeper", D). Its colours do not say for or against; they say "moves with the score" (red) or "against it" (blue).

## 7 · Where to take the gradients

With few gradients, where should they be? The paper on decision gradients first looks at the score at the ends of equal **pieces** of
the path (forward passes are cheap). Then it gives more gradients to pieces where the score changes more. The counts are whole numbers and have to
add up. A fair way to round is the **largest remainder**:

| piece | change of $F$ | share of 5 gradients | rounded down | remainder | count |
|---|---|---|---|---|---|
| 1 | $4$ | $2.5$ | 2 | $0.5$ | 2 |
| 2 | $-3.1$ | $1.94$ | 1 | $0.94$ | 2 |
| 3 | $0.9$ | $0.56$ | 0 | $0.56$ | 1 |

The sizes of the changes add up to 8. Rounded down, the counts add up to 3, so two gradients are left. They go to the two largest remainders.

### Task 10.3 · Spread the gradients

**Goal** G5 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 3 of 5

Write `spread(scores, M)`:

| argument | meaning |
|---|---|
| `scores` | a tensor (K + 1,): the score at the ends of K equal pieces of the path |
| `M` | how many gradients there are |
| **returns** | how many of them each piece gets, (K,): whole numbers that add up to M |

Each piece gets its share by the **size** of its change, rounded by the largest remainder. A piece may get 0. No two remainders are
equal in the check, and the scores do change.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def spread(scores, M):
    """Return how many of M gradients each piece of the path gets, (K,)."""
    ### BEGIN SOLUTION
    # STUB: wanted = ...  # (K,), fractions that add up to M
    # STUB: whole = ...  # rounded down
    # STUB: return ...
    change = scores.diff().abs()
    wanted = M * change / change.sum()
    whole = wanted.floor().long()
    left = M - int(whole.sum())
    largest = (wanted - whole).argsort(descending=True)[:left]
    whole[largest] += 1
    return whole
    ### END SOLUTION


# %% tags=["check"]
xc.check("10.3", spread)

# %% [markdown] tags=["fold"]
r"""
The size of the change: a piece where the score falls needs gradients as much. Round down first, then give out what is left; rounding each number by itself
does not add up to M. In the paper's own code the pieces that have none come first. This is another rule, with another result.
"""

# %% [markdown]
r"""
Now plain Integrated Gradients with these nodes, on a small network that knows pictures of clothes: in each piece as many gradients as it gets, in the middles of
equal parts. The error is the distance of the map from a very fine sum, as a share of its length.

With 8 gradients over 8 pieces, laid by the change of the score, this error is 0.34, in the mean over 36 pictures. About a third of the pieces get no gradient. Evenly laid, the 8
gradients leave an error of 0.08.

**Predict (10.P7).** Now 32 gradients over 32 pieces, laid by the change of the score. How large is the error?
"""

# %% tags=["question"]
xc.predict("10.P7")


# %% tags=["machinery"]
# Gradients where the counts say.
counts_of = xc.or_reference("10.3", spread)
clothes = xc.zoo.load("fashion_cnn", device="cpu")


def nodes(counts):
    """Places and widths: each piece has as many parts as gradients."""
    parts = [
        ((k + (j + 0.5) / m) / len(counts), 1 / len(counts) / m)
        for k, m in enumerate(int(m) for m in counts)
        for j in range(m)
    ]
    return torch.tensor(parts).T  # (2, M)


def ig_at(picture, target, alphas, widths):
    """Integrated Gradients of one picture, with gradients at given places."""
    at = alphas.view(-1, 1, 1, 1)
    slopes = xc.gradient(clothes, at * picture, target=target, batch_size=128)
    return picture * (widths.view_as(at) * slopes).sum(0, keepdim=True)


def error(picture, target, counts, fine):
    """How far the sum with these counts is from the fine one, as a share of it."""
    return float((ig_at(picture, target, *nodes(counts)) - fine).norm() / fine.norm())


# %%
wear = xc.datasets.fashion_mnist(n=36).x.split(12)  # three draws of 12 pictures
for draw, pictures in enumerate(wear):
    lines = {8: [], 32: []}
    for picture in pictures.split(1):
        target = int(clothes(picture).argmax())
        fine = ig_at(picture, target, *nodes([1] * 128))
        for n, errors in lines.items():
            ends = torch.linspace(0, 1, n + 1).view(-1, 1, 1, 1) * picture
            scores = xc.scores(clothes, ends, target=target, batch_size=64)
            counts = counts_of(scores, n)
            even = error(picture, target, [1] * n, fine)
            empty = float((torch.as_tensor(counts) == 0).double().mean())
            errors.append((error(picture, target, counts, fine), even, empty))
    for n, errors in lines.items():
        by_change, even, empty = torch.tensor(errors).mean(0)
        control = {"evenly": even, "pieces without a gradient": empty}
        xc.show(f"draw {draw}, n = {n}: error, by change", by_change, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 10.P7</summary>

(d), nearly as large as before. Evenly laid, four times as many gradients leave a quarter of the error. Laid by the change of the score, about a third of the pieces get
no gradient: **nobody ever looks there**, however many gradients there are.
</details>

A flat score does not mean that the gradients are small; that was section 1. Decision gradients can afford to skip flat pieces, because
their weight is small there. A plain sum cannot. Our package lays half of the nodes evenly, so that no part of the path goes unread.

## 8 · One path, all weights

The panel keeps one walk of 27 steps. Left: the score with the stop, and below it the length of what each place adds (grey) and the weight (orange, drawn to
the same height). IDGI has no weight: it shares out changes. Right: Integrated Gradients, and the map under the weight.

**Explore the panel** (4 minutes): run its cell to get the sliders.

1. Move the share from 0.05 to 0.95. How far does the stop of the cat move, and why?
2. Choose `squares` with 9 steps, then with 27. What stays, and what changes?
3. Choose `slope` with 27 steps and the class espresso. Where is the weight below 0, and what do red pixels do there?

<details><summary>What there is to see</summary>

1. It stays in the first step: 96 percent of the rise are reached at its end.
2. The sum stays one rise. The map is another one.
3. In the first step, where the score of espresso falls, steeply. This step is nearly the whole map. Red pixels are those that pull the score **down** there.
</details>
"""

# %% tags=["panel"]
photo, TIGER_CAT = photos["chelsea"]
panel = xc.widgets.StopsPanel(
    model, photo, classes={"tiger cat": TIGER_CAT, "espresso": 967}, batch_size=3
)
panel

# %% tags=["drive", "machinery"]
# The panel, moved: its maps are those of the walk in section 1.
kept = {}
for weight in ("after", "squares", "slope"):
    panel.set(weight=weight)
    assert panel.error is None
    kept[weight] = panel.result.collected
assert torch.allclose(kept["after"], cat.map("after", 0.9), atol=1e-4)
assert torch.allclose(kept["squares"], cat.map("squares"), atol=1e-4)

# %% [markdown]
r"""
**The truth strip.** The three tests that end every lesson, here for Left-IG with few steps: one photo, and three ruined networks.
"""

# %% tags=["demo", "machinery"]
# Left-IG under the three tests, and two more ruined networks.
strip = xc.truth_strip(xc.spec("left_ig", steps=8), model=model, batch_size=3)
own = strip.own_share.mean()
xc.show("own half's share of |map|", own, control={"half of the area": 0.5})
chance = {"spread of random orders": strip.random_spread}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=chance)
collage = xc.datasets.collage(device=device)
absolute = [strip.absolute_cosine]
for seed in (1, 2):
    ruined = xc.evaluation.randomise_last_layer(model, seed)
    again = xc.left_ig(ruined, collage, target=285, steps=8, batch_size=3)
    absolute.append(cosine(strip.maps[0, 0].abs(), again[0].sum(0).cpu().abs()))
mixed = {"own pixels in random places": strip.shuffled_cosine}
xc.show("three ruined networks, |maps|: cosine", absolute, control=mixed)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* The own half holds more than its area, cat and espresso together. Integrated Gradients with as many steps has 0.60: hardly less.
- *Deletion.* Below 0 is better than random, but with these 8 steps for both classes by less than the spread of the random orders. With 32 steps both gain more than
  the spread; so does the whole map, for the cat (measured once). A verdict that hangs on the number of steps is none.
- *Ruined networks.* The absolute maps look alike, and most of this likeness remains when our own pixels stand in random places.

## 9 · Your model

Your own network, or torchvision's ResNet-18 (here with **random** weights, so that the cell runs offline). The first line says where
its score rises. Then three ways to use one walk: how much does each map change from 3 to 9 steps, and what is its sum?

`xc.path_attribution` is one door to all paths and weights. It needs gradients of its own; the `assert` compares it with the walk.

What to doubt, with your own weights: Where does *your* score rise, and is the best class right? Which map still changes? Does a baseline other than
black move the stop? And if a sum is exact: would it be so for random vectors, too?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
winner = int(mine(photo).argmax())
own = xc.widgets.trace_stops(mine, photo, winner, steps=9, batch_size=5)
few = own.every(3)  # 3 steps
xc.show("the stop for 0.9 of the rise", own.stop(0.9), control={"an even rise": 0.9})
for way in ("all", "before", "squares"):
    mixed = cosine(few.map(way).flatten()[places], own.map(way))
    control = {"pixels in random places": round(mixed, 1)}
    text = f"{way}: cosine of 3 and 9 steps"
    xc.show(text, cosine(few.map(way), own.map(way)), control=control)
    sums = [round(float(each.map(way).sum()) / own.rise, 1) for each in (few, own)]
    xc.show("   sum with 3 steps, in rises", sums[0], control={"9 steps": sums[1]})
ask = {"weight": "important_direction", "quadrature": "midpoint", "steps": 3}
door = xc.path_attribution(mine, photo, target=winner, **ask, batch_size=5)
assert cosine(door[0].sum(0).cpu(), few.map("squares")) > 0.99

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional. Which method of this lesson stands where:

| method | year | what it does on the path | sum of the map | where |
|---|---|---|---|---|
| `left_ig`, `split_ig` | 2020 | stops at a share of the rise | that share | sections 1 to 3, A |
| `integrated_decision_gradients` | 2024 | weighs by the slope of $F$ | integral of the squared slope | section 6, D |
| `important_direction_ig` | 2023 | shares out changes by squared gradients | the rise, exactly | sections 5 and 6, C |
| `path_weighted_ig` | 2025 | any weight | mean of the weight over the rise | section 4 |
| `path_sampled_ig` | 2026 | baselines on the path itself | $F(x)$ minus the mean of $F$ | section 4, B |
| `greedy_path_ig` | 2023 | moves the most promising tiles first | the rise | F |
| `path_attribution` | | any path, weight and baselines | | section 9 |
| `integrated_gradients(tol=)` | | gradients where the score bends | the rise | E |

### A · The same test with smaller tiles

Section 3 again, for two photos. Only the tiles are smaller: 28 pixels instead of 56.
"""

# %%
orders = [random_order(seed, unit=28) for seed in range(4)]
for name in ("coffee", "rocket"):
    walk = walks[name]
    maps = [walk.map("all"), walk.map("before", 0.9)]
    whole, left, *chance = deletion(name, maps + orders, unit=28, steps=8)
    control = {"spread": torch.stack(chance).std()}
    xc.show(f"{name}: Left-IG minus IG", left - whole, control=control)

# %% [markdown]
r"""
With 56 pixels, Left-IG gained on the rocket, and not on the coffee. With 28 pixels it is the other way round. Nothing changed in the maps.

### B · Baselines on the path itself

Path-sampled IG promises less noise: averaged over baselines $u$ on the path, the map has the weight $\alpha$ (for even draws). Take gradients that
are a steady part plus independent noise. Under the weight $\alpha$ the noise keeps a third of its variance, because the mean of $\alpha^2$ is 1/3. But the steady part keeps
half of its size, so a **quarter** of its square. Against the signal there is *more* noise.
"""

# %%
values = xc.path_sampled_ig(toy, x_toy, steps=1000, quadrature="midpoint")
line = torch.linspace(0, 1, 1001, dtype=torch.float64)[:, None]
mean = float(toy(line * x_toy).mean())
print(f"TOY net: sum {float(values.sum()):.3f}, F(x) minus its mean {2 - mean:.3f}")
noise = torch.randn(2000, 100, generator=torch.Generator().manual_seed(0))
alphas = (torch.arange(100) + 0.5) / 100
for name, w in {"w = 1": torch.ones(100), "w = alpha": alphas}.items():
    ratio = (noise * w).mean(1).std() / w.mean()
    print(f"{name}: noise {(noise * w).mean(1).std():.3f}, noise / signal {ratio:.3f}")

# %% [markdown]
r"""
### C · Units, and dark pixels

No distance stands in IDGI's formula. So the **units** of an input decide: measure $x_1$ in units ten times as large, and its slope is ten times as large. Integrated Gradients
does not change: distance times slope has no unit.

And what nearly equals the baseline can get a large share. We look at the darkest fifth of each photo, with the black baseline.
"""

# %%
pair = torch.ones(1, 2)
for unit in (1.0, 0.1):  # x1 is measured so that its slope is `unit`

    def adds(p, unit=unit):
        return unit * p[:, 0] + p[:, 1]

    there = pair / torch.tensor([unit, 1.0])
    squares = xc.important_direction_ig(adds, there, steps=4)[0].tolist()
    plain_ig = xc.integrated_gradients(adds, there, steps=4)[0].tolist()
    print(f"slope of x1 {unit}: IDGI {squares[0]:.2f} and {squares[1]:.2f}, ", end="")
    print(f"IG {plain_ig[0]:.2f} and {plain_ig[1]:.2f}")
for name, walk in walks.items():
    light = photos[name][0].mean(1)[0].cpu()
    dark = light <= light.flatten().quantile(0.2)
    shares = {
        way: float(walk.map(way).abs()[dark].sum() / walk.map(way).abs().sum())
        for way in ("squares", "all")
    }
    control = {"IG": shares["all"], "area": 0.2}
    xc.show(f"{name}: IDGI on the darkest fifth", shares["squares"], control=control)

# %% [markdown]
r"""
On three photos the darkest fifth gets about three or four times as much as under Integrated Gradients, on the other two about as much. Is that better? The dark may matter, or not:
nobody knows the answer here.

### D · Decision gradients: how few steps decide

The weight is squared in the sum: $\int F'(\alpha)^2 d\alpha$. Where most of the rise lies in one or two steps, they are nearly the whole map.
"""

# %%
for name, walk in walks.items():
    parts = walk.weight("slope") ** 2
    most = parts.topk(2).values.sum() / parts.sum()
    total = float(walk.map("slope").sum()) / walk.rise**2
    control = {"two of 27 steps": 2 / 27, "sum in squared rises": round(total)}
    xc.show(f"{name}: part of the two steepest steps", most, control=control)
for sign in (1, -1):
    a, b = xc.integrated_decision_gradients(
        lambda p, sign=sign: sign * toy(p), x_toy, steps=64
    )[0].tolist()
    print(f"TOY net, {sign:+d} times f: ({a:.1f}, {b:.1f})")

# %% [markdown]
r"""
### E · Our adaptive rule, looked into

`tol=` (lesson 05) lays gradients where the score *bends*, not where it changes, keeps a part of them for the whole path, and corrects its weights until the gap is 0.
So read its own estimate of the map's error. We allow 20 gradients, and compare with the walk of 27 steps.
"""

# %%
for name in ("chelsea", "brick"):
    photo_of, target = photos[name]
    smart = xc.integrated_gradients(
        model, photo_of, target=target, quadrature="adaptive", tol=0.2, steps=20,
        return_details=True, batch_size=3,
    )  # fmt: skip
    alphas = smart.extra["nodes"][0].sort().values
    half = float((alphas < 0.2).double().mean())
    xc.show(f"{name}: gradients before alpha = 0.2", half, control={"evenly": 0.2})
    found = smart.values[0].sum(0).cpu()
    far = float((found - walks[name].map("all")).norm() / walks[name].map("all").norm())
    xc.show(
        "   its estimate of the error",
        float(smart.map_error),
        control={"distance from 27 even steps": far},
    )

# %% [markdown]
r"""
On the brick wall the estimate is about as large as the distance. For the cat it is smaller, but there the even steps are off as well: their first one counts for too much.

### F · Greedy: choose on the way

**Greedy PIG** (2023) goes in rounds. Each round integrates from where the path stands to the picture, and moves the tiles with the largest shares there for good. So it can leave
the straight line. Here 8 of 49 tiles of a picture of clothes are kept, the others are black. How much of the rise is then reached? The last control asks the network alone: it tries all tiles, keeps the best
one, and tries again, without a gradient (**forward selection**).
"""


# %%
def kept_share(pictures, target, score):
    """Share of the rise that the 8 best of 49 tiles reach, mean over the pictures."""
    best = score.topk(8, dim=1).indices
    mask = torch.zeros(len(score), 49).scatter(1, best, 1).view(-1, 1, 7, 7)
    mask = mask.repeat_interleave(4, 2).repeat_interleave(4, 3)
    three = torch.cat([0 * pictures, mask * pictures, pictures])
    found = xc.scores(clothes, three, target=target.repeat(3), batch_size=64)
    black, some, full = found.chunk(3)
    return float(((some - black) / (full - black)).mean())


def forward_selection(pictures, target):
    """Rank tiles by trying them: the best one first, 8 rounds of 49 tries."""
    tiles = torch.eye(49).view(49, 1, 7, 7)
    tiles = tiles.repeat_interleave(4, 2).repeat_interleave(4, 3)
    score = torch.zeros(len(pictures), 49)
    for i, picture in enumerate(pictures):
        kept = torch.zeros_like(picture)
        for rank in range(8, 0, -1):
            tries = (kept + tiles).clamp(max=1) * picture
            gains = xc.scores(clothes, tries, target=int(target[i]), batch_size=64)
            k = int(gains.masked_fill(score[i] > 0, -torch.inf).argmax())
            score[i, k], kept = rank, kept + tiles[k]
    return score


# %%
def tile_sums(maps):
    """The mean of each of 49 tiles, (N, 49)."""
    return torch.nn.functional.avg_pool2d(maps, 4).flatten(1)


for draw, pictures in enumerate(wear):
    target = clothes(pictures).argmax(1)
    ask = {"target": target, "steps": 49, "quadrature": "midpoint", "batch_size": 64}
    greedy = xc.greedy_path_ig(  # 49 rounds: one tile in each
        clothes, pictures, **ask, rounds=49, probes=2, unit=4, return_details=True
    )
    first = -greedy.extra["round"].float()  # the sooner, the better
    ranks = {
        "IG": tile_sums(xc.integrated_gradients(clothes, pictures, **ask)),
        "random": torch.rand(12, 49, generator=torch.Generator().manual_seed(draw)),
        "forward selection": forward_selection(pictures, target),
    }
    control = {name: kept_share(pictures, target, r) for name, r in ranks.items()}
    share = kept_share(pictures, target, tile_sums(first))
    xc.show(f"draw {draw}: Greedy PIG, share of the rise", share, control=control)

# %% [markdown]
r"""
Greedy beats Integrated Gradients on two of three draws, and random tiles keep almost nothing. But plain forward selection is ahead on all three, without a single
gradient. It even reaches **more** than the whole picture: it is chosen for this very number. A method that is made to win a test proves nothing by winning it.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- The score may be flat while gradients stay large: after the stop the map goes on growing, and its sum does not.
- Left-IG sums to the share at which it stops. In deletion it gained on two of five photos; so did edges. No verdict.
- In a weighted map each bit of the rise counts as much as the weight at its place. Only $w = 1$ is complete for every model.
- An exact sum can come from bookkeeping: random vectors reach it in IDGI. Ask how much the **map** changes with more steps.
- Squaring makes a share larger and changes no order. Decision gradients lose the sign: those of $F$ and of $-F$ are the same map.
- Places without a gradient are not looked at by anybody. Lay some gradients everywhere.

**Where it fails next.** All weights of this lesson live on the same straight path from black, through pictures that nobody has ever seen. Lesson 11 bends
the path.

## References

- V. Miglani, N. Kokhlikyan, B. Alsallakh, M. Martin, O. Reblitz-Richardson. *Investigating Saturation Effects in Integrated Gradients*. 2020. [arXiv:2010.12697](https://arxiv.org/abs/2010.12697)
- R. Yang, B. Wang, M. Bilgic. *IDGI: A Framework to Eliminate Explanation Noise from Integrated Gradients*. 2023. [arXiv:2303.14242](https://arxiv.org/abs/2303.14242)
- C. Walker, S. Jha, K. Chen, R. Ewetz. *Integrated Decision Gradients: Compute Your Attributions Where the Model Makes Its Decision*. 2024. [arXiv:2305.20052](https://arxiv.org/abs/2305.20052)
- F. Kamalov, M. Al Falasi, F. Thabtah. *Path-Weighted Integrated Gradients for Interpretable Dementia Classification*. 2025. [arXiv:2509.17491](https://arxiv.org/abs/2509.17491)
- F. Kamalov, F. Thabtah, R. Sivaraj, N. Abdelhamid. *Path-Sampled Integrated Gradients*. 2026. [arXiv:2604.14338](https://arxiv.org/abs/2604.14338)
- K. Axiotis, S. Abu-al-haija, L. Chen, M. Fahrbach, G. Fu. *Greedy PIG: Adaptive Integrated Gradients*. 2023. [arXiv:2311.06192](https://arxiv.org/abs/2311.06192)
- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks*. 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
"""
