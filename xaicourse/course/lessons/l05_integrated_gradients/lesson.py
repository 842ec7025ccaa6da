# %% [markdown] tags=["header"]
r"""
# 05 · Integrated Gradients (2017): how much did each pixel add?

| | |
|---|---|
| **Paper** | M. Sundararajan, A. Taly, Q. Yan, *Axiomatic Attribution for Deep Networks*, [arXiv:1703.01365](https://arxiv.org/abs/1703.01365) |
| **Time** | 65 minutes: 37 to read and try, 28 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient, gradient x input, the TOY net) |
| **Repairs** | the failure of lesson 01: on the TOY net, gradient x input sums to 0 although the score is 2. A gradient knows only the last small step. |
| **Practise** | the sheet `exercises/05_integrated_gradients.ipynb` |
"""

# %% tags=["setup", "workshop"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # so small that the CPU is best
EGYPTIAN_CAT, ESPRESSO, TIGER_CAT, TRIPOD = 285, 967, 282, 872  # what we explain

# %% [markdown] tags=["workshop"]
r"""
## 1 · A film from black

Start with a black image and turn the light up. $\alpha$ says how much light there is:
0 is black, 1 is the photo.

On the way we read the **logit** of the class that wins at the photo. Five photos: the cat, the coffee, the man with the camera;
a rocket at dusk, which is dark already; a brick wall, which the network takes for a maze.

**Predict (05.P1).** All are dimmed to a twentieth of their light. In how many is more than half of the rise already over?
"""

# %% tags=["question", "workshop"]
xc.predict("05.P1")

# %% tags=["demo", "workshop"]
lights = [0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1]
alphas = torch.tensor(lights, device=device)
curves = {"an even rise": alphas}
for name in ("chelsea", "coffee", "camera", "rocket", "brick"):
    photo = xc.datasets.photo(name, device=device)
    target = int(model(photo).argmax())  # chosen once, at the photo
    scores = xc.scores(model, alphas.view(-1, 1, 1, 1) * photo, target=target)
    curves[name] = (scores - scores[0]) / (scores[-1] - scores[0])
cat = xc.datasets.photo("chelsea", device=device)
xc.plot.series(
    alphas, curves, film=(torch.zeros_like(cat), cat),
    x_name="α   (0: black, 1: photo)", y_name="share of the rise",
    alt="Film strip of a cat photo from almost black to full light. Below it the share "
    "of the logit's rise at each alpha: five photos, and a straight line.",
)  # fmt: skip

# %% [markdown] tags=["goals", "workshop"]
r"""
<details><summary>Answer to 05.P1</summary>

(b), three: Chelsea, coffee and camera are past one half at $\alpha = 0.05$, the rocket at $\alpha = 0.1$, the brick wall
later still. So early saturation is common, but it is no law.
</details>

Look at the right end. Most curves are flat there. A gradient taken at the photo measures this flat part and misses
the steep one.

**The goals of this lesson**

- **G1** you can derive from the chain rule why the map of Integrated Gradients adds up to the rise.
- **G2** you can implement Integrated Gradients and test it on functions with a known answer.
- **G3** you can choose the number of steps by evidence.
- **G4** you can put into words the question that a baseline asks.
- **G5** you can judge a map by controls, not by its looks.

## 2 · The rise is the area under the slope

For one variable you know this from school: $F(1) - F(0) = \int_0^1 F'(\alpha)\, d\alpha$. Cut the
path into pieces, multiply each slope by the width of its piece, add up.

With several inputs, each gets an area of its own: **the distance that it travels, times its average slope on the
way**.
"""

# %% [markdown]
r"""
### Task 05.1 · The TOY net on paper

**Goal** G1 · **Level** 1 of 5 · **Minutes** 8 · **Importance** 4 of 5

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

Try it by hand, on the net of lesson 01. We walk from $(0, 0)$ to $(3, 1)$. At $\alpha$ we are at the point $(3\alpha, \alpha)$. At one $\alpha$ a relu switches
on: there the path has a **kink**, and all slopes change at once.

Use paper, not code. Find the $\alpha$ of the kink, the two slopes before and after it, and then for both inputs

$$\text{share of } x_i = (\text{distance that } x_i \text{ travels}) \cdot (\text{average of } \partial f / \partial x_i \text{ on the path})$$

Hand in both shares and the $\alpha$. Fractions such as `1 / 3` are fine. Stuck? `xc.hint("05.1")`.
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: share_1, share_2 = None, None  # the shares of x1 and x2
# STUB: alpha_kink = None  # a number between 0 and 1
alpha_kink = 1 / 4
before, after = (2, -2), (1, -3)  # the slopes on the two pieces
share_1 = 3 * (alpha_kink * before[0] + (1 - alpha_kink) * after[0])
share_2 = 1 * (alpha_kink * before[1] + (1 - alpha_kink) * after[1])
### END SOLUTION

# %% tags=["check"]
xc.check("05.1", (share_1, share_2), alpha_kink)

# %% [markdown] tags=["fold"]
r"""
On the path the three sums inside the relus are $2\alpha$, $-\alpha - 1$ and $4\alpha - 1$. The first is positive all
the way, the second never. The third turns positive where $4\alpha - 1 = 0$.

| piece of the path | length | gates | slopes of $f$ |
|---|---|---|---|
| from 0 to 1/4 | 1/4 | on, off, off | $(2, -2)$ |
| from 1/4 to 1 | 3/4 | on, off, on | $(1, -3)$ |

The average slopes are $\frac14 (2, -2) + \frac34 (1, -3) = (1.25, -2.75)$. Times the distances $(3, 1)$ they give
$(3.75, -2.75)$. The sum is the rise, $f(3, 1) - f(0, 0) = 2 - 1$.

Three wrong ways lead to the same $(3, -3)$: gradient x input, one single step, and not seeing the kink. So the
task asks for the kink, too. In the figure below the bar of the first piece has the area 1, the whole rise. Past the kink
$f$ is flat, and gradient x input, taken at the end of the path, sees the flat piece only.
"""

# %% tags=["demo", "machinery"]
shares, kink = xc.or_reference("05.1", ((share_1, share_2), alpha_kink))
middles = torch.tensor([kink / 2, (1 + kink) / 2], dtype=torch.float64)
points = middles[:, None] * x_toy  # one point in each piece, (2, 2)
# target=None: the TOY net has one score only, so there is no class to choose.
slopes = (xc.gradient(toy, points, target=None) * x_toy).sum(1)  # df/dalpha, (2,)
fine = torch.linspace(0, 1, 101, dtype=torch.float64)
xc.plot.curve(
    middles,
    toy(points),
    slopes,
    torch.tensor([kink, 1 - kink]),
    line=(fine, toy(fine[:, None] * x_toy)),
    score_name="f of the TOY net",
    tangent=0.4,  # short tangents, so that f stays visible
    alt="Above, the TOY net's f along the path, cut into two pieces at the kink. "
    "Below, one bar for each piece: its height is the slope, its width the length.",
)

# %% [markdown] tags=["symbols", "workshop"]
r"""
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
This is **completeness**. We needed only that $F$ is smooth piece by piece along the path, without jumps.

A computer cuts the path into equal pieces ("steps"), takes the gradient in the middle of
each and adds up. The places of the gradients are called **nodes**. Another rule has other nodes: the **trapezoid** takes both ends of every piece.
"""

# %% [markdown] tags=["workshop"]
r"""
### Task 05.2 · Write the loop yourself

**Goal** G2 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

Write Integrated Gradients for a classifier and a batch of inputs. $F$ is the score of the target class.

| argument | meaning |
|---|---|
| `model` | maps a batch (N, ...) to scores (N, K), one for each class |
| `x` | inputs, (N, ...): vectors (N, D) or images (N, C, H, W) |
| `target` | the class: one int for all inputs, or a tensor (N,) with one int for each |
| `baseline` | $x'$, same shape as `x` |
| `steps` | the number of pieces of the path |
| **returns** | the map, same shape as `x`, with signs |

The check accepts any rule for the sum (left, right, middle, trapezoid). The numbers below belong to the middles.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task", "workshop"]
def my_ig(model, x, target, baseline, steps):
    """Return the Integrated Gradients of the target's score, with the shape of x."""
    ### BEGIN SOLUTION
    # STUB: total = torch.zeros_like(x)
    # STUB: for step in range(steps):
    # STUB:     ...  # a point on the path, the gradient there, add it to the total
    # STUB: return ...
    inputs = torch.arange(len(x), device=x.device)
    total = torch.zeros_like(x)
    for step in range(steps):
        alpha = (step + 0.5) / steps
        point = (baseline + alpha * (x - baseline)).detach().requires_grad_()
        chosen = model(point)[inputs, target]  # (N,), one score for each input
        total += torch.autograd.grad(chosen.sum(), point)[0]
    return (x - baseline) * total / steps
    ### END SOLUTION


# %% tags=["check", "workshop"]
xc.check("05.2", my_ig)

# %% [markdown] tags=["fold", "workshop"]
r"""
- `.detach().requires_grad_()`: the gradient belongs to the *point on the path*. A gradient with respect to `x` has a factor
  $\alpha$ too much, by the chain rule; on a linear model that is exactly half.
- `[inputs, target]` picks one score for each input. `[:, target]` with a tensor of targets would pick all of them for each.
- `chosen.sum()`: the inputs of a batch do not influence each other, so the gradient of the sum holds each one's own gradient.
  `mean()` would divide by N.
- `torch.autograd.grad` returns the gradient. `.backward()` would *add* it to `.grad`, step after step.
- `(x - baseline)` and not `x`: both agree only for a baseline of 0. Test with another one.
"""

# %% [markdown]
r"""
From here on the lesson uses **your** function, or says that it uses ours.

**Predict (05.P2).** The TOY net has one kink on the path, and you know where. For which of $n = 2, 3, \dots, 10$ is the sum
exact, with the middles?
"""

# %% tags=["question"]
xc.predict("05.P2")

# %%
ig = xc.or_reference("05.2", my_ig)


def one_class(F):
    """Make a function (N, D) -> (N,) a model with one class, (N, 1)."""
    return lambda points: F(points)[:, None]


for n in range(1, 11):
    a, b = ig(one_class(toy), x_toy, 0, torch.zeros_like(x_toy), n)[0].tolist()
    print(f"n = {n}: ({a:.2f}, {b:.2f}), sum {a + b:.2f}; the rise is 1")

# %% [markdown]
r"""
<details><summary>Answer to 05.P2</summary>

(c). The sum is exact when the kink at 1/4 lies on the border of two pieces: $n = 4$ and $n = 8$. Otherwise
it lies inside a piece, and the whole piece is counted with one slope.

A real network has thousands of kinks on the path, and no $n$ hits all of them.
</details>

Here are more known answers, each chosen to catch another mistake. The last two
compute the same function in two ways: a fair method gives both the same map.
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
    a, b = ig(one_class(F), x, 0, torch.zeros_like(x), 12)[0].tolist()
    package = xc.integrated_gradients(
        F, x, target=None, steps=12, quadrature="midpoint"
    )
    assert torch.allclose(package, exact, rtol=0, atol=1e-10), name
    print(f"{name}: yours ({a:.2f}, {b:.2f}), exact {tuple(exact[0].tolist())}")

# %% [markdown]
r"""
Yours stands beside the exact map. The package passed the same six (the `assert`).

Look at `1 - relu(1 - x1)` at 2. Its gradient there is 0, yet the input changed the score from 0 to 1.
IG gives it the 1. The paper asks this of every method and calls it **sensitivity(a)**: an input
that differs from the baseline and alone changes the score must not get 0.

## 4 · A photo with a known answer

The collage: a cat on the left, a cup of coffee on the right. We explain the logit of "Egyptian cat".
The evidence *for* the cat must lie in the left half. `trace_path` walks the path with 32 steps and
keeps what each step adds to each half. Its rule, `gauss_legendre`, puts the steps closer together near
both ends and gives each its own width. Read the three strips on their one $\alpha$ axis.
"""

# %% tags=["demo", "machinery"]
collage = xc.datasets.collage(device=device)
left, right = xc.datasets.collage_masks(device=device)
trace = xc.widgets.trace_path(
    model, collage, EGYPTIAN_CAT, baseline=0.0, steps=32, quadrature="gauss_legendre"
)
trace.strips(
    {"cat half": left, "coffee half": right},
    score_name="logit of Egyptian cat",
    alt="Three strips over alpha. Top: the collage of cat and coffee from almost "
    "black to full light. Middle: the logit of Egyptian cat with a slope bar at "
    "each of 32 nodes. Bottom: what the cat half and the coffee half have collected so "
    "far, their sum, and the rise.",
)

# %% [markdown]
r"""
The diamonds follow the curve above them: you see completeness. The last one meets the dashed line up to the **gap**.

Now both classes, the espresso with **your** function, each beside two controls: own pixels in
random places, and gradient x input.

**Your turn (1 minute).** Read the strip at its right end. Which half would you grey out to *raise* the logit of the
cat? By how much will it rise, if the map means what it says? The last line of the next cell tells.
"""

# %%
black = torch.zeros_like(collage)
cat_map = trace.sums[-1]  # (224, 224), channels added
espresso_map = ig(model, collage, ESPRESSO, black, 32)[0].sum(0).cpu()


def halves(attribution):
    """What the left and the right half of a map (224, 224) add up to, as text."""
    sums = [float(attribution[half.cpu()].sum()) for half in (left, right)]
    return f"{sums[0]:.2g} and {sums[1]:.2g}"


for name, target, values in (
    ("cat", EGYPTIAN_CAT, cat_map),
    ("espresso", ESPRESSO, espresso_map),
):
    slopes = xc.gradient(model, collage, target=target)
    pixels = (slopes * collage)[0].sum(0).cpu()  # gradient x input
    even = float(values.sum()) / 2  # what random places give to each half on average
    controls = {"random places": even, "gradient x input": halves(pixels)}
    xc.show(f"{name}: cat half and coffee half", halves(values), control=controls)
greyed = torch.cat([torch.where(half, 0.5, collage) for half in (left, right)])
changes = xc.scores(model, torch.cat([collage, greyed]), target=EGYPTIAN_CAT)
xc.show("logit of the cat without cat, without coffee", changes[1:] - changes[0])

# %% [markdown]
r"""
The own half speaks for its class, the other half against it: right, twice. But gradient x input has the signs right,
too. What is new is the **size**: only the halves of IG add up to the rise.

But the sizes do not say what greying does: without the coffee the logit of the cat rises by about 1, not by 5.
Greying starts at the full photo, IG at black, where both halves are dim: two questions.

## 5 · How many steps?

We now refine a map of the cat photo and waste nothing. Add the middles to a trapezoid with $n$ pieces, take the mean of the two maps, and you have
the trapezoid with $2n$ pieces. So 129 gradients give us $n = 8, 16, 32, 64$ and $128$.

The next figure shows three of these maps on one colour scale: A has $n = 32$, B has 64, C has 16. The gap, which belongs into the
title of every such map, is hidden here: it is the question. A trapezoid takes its gradients at $\alpha = k/n$. So look at the maps,
and look again at section 1: where on the path does the score of the cat climb?
"""

# %% tags=["demo", "machinery"]
refined = {
    8: xc.integrated_gradients(
        model, cat, target=TIGER_CAT, steps=8, quadrature="trapezoid"
    )
}
for n in (8, 16, 32, 64):
    between = xc.integrated_gradients(
        model, cat, target=TIGER_CAT, steps=n, quadrature="midpoint"
    )
    refined[2 * n] = (refined[n] + between) / 2
hidden = {"A": refined[32], "B": refined[64], "C": refined[16]}
xc.plot.maps(
    hidden,
    photo=cat,
    tile=8,
    alt="The photo of the cat and three maps of it, A, B and C, on one colour "
    "scale. Red pixels raise the logit of tiger cat, blue ones lower it.",
)

# %% [markdown]
r"""
**Predict (05.P3).** Which of the three adds up to more than **twice** the true rise?
"""

# %% tags=["question"]
xc.predict("05.P3")


# %%
def distance(a, b):
    """How far map a is from map b, as a share of b."""
    return float((a - b).norm() / b.norm())


ends = xc.scores(model, torch.cat([torch.zeros_like(cat), cat]), target=TIGER_CAT)
rise = float(ends[1] - ends[0])
gaps = {n: float(values.sum()) - rise for n, values in refined.items()}  # with sign
sums = [float(values.sum()) / rise for values in hidden.values()]
xc.show("sums of A, B, C, in rises", sums, control={"a map without gap": 1})
nodes = torch.tensor([1 / 32, 1 / 16], device=device).view(-1, 1, 1, 1) * cat
slopes = (xc.gradient(model, nodes, target=TIGER_CAT) * cat).sum((1, 2, 3)).tolist()
added = [round(slope / 32 / rise, 1) for slope in slopes]
xc.show("in A, the nodes 1/32 and 1/16 add", added, control={"all of A": sums[0]})
fine = float(refined[128].sum()) / rise
xc.show("sum for n = 128, in rises", fine, control={"B": sums[1]})

change = {n: distance(refined[n // 2], refined[n]) for n in (16, 32, 64, 128)}
places = torch.randperm(cat.numel(), generator=torch.Generator().manual_seed(0))
mixed = refined[128].flatten()[places.to(device)].view_as(cat)
control = {"its own numbers in random places": distance(mixed, refined[128])}
xc.show("change of the map from 64 to 128", change[128], control=control)

# %% tags=["demo", "machinery"]
xc.plot.series(
    torch.tensor(list(change)),
    {
        "|gap| / rise": torch.tensor([100 * abs(gaps[n]) / rise for n in change]),
        "change of the map since n/2": 100 * torch.tensor(list(change.values())),
    },
    x_name="n, pieces of the trapezoid (doubling)",
    y_name="percent",
    doubling=True,
    alt="Two curves over n = 16 to 128: the size of the gap, and the change of the map "
    "since half as many pieces.",
)

# %% [markdown]
r"""
<details><summary>Answer to 05.P3</summary>

(a). The score climbs close to $\alpha = 1/32$, and A has a node just there. This one slope counts for a whole piece, and so it alone adds more than two rises. B has the same node with half the weight, and its
other nodes take a little away: nearly right, by luck, because at $n = 128$ the gap is *larger* again. C has no node there. It goes from black to $1/16$, both places are flat, and it misses the climb: its sum is almost nothing. (The colours of A are a little
stronger, but nobody sees a factor of two in them.)
</details>

**The gap and the error of the map are two things.** The gap is one number, and errors of different sign
cancel in it. So ask for both:

1. double $n$ until the gap is small **at this $n$ and at every larger $n$ that you tried**;
2. and until doubling no longer changes the map by more than you can accept, say a tenth.

The paper advises to take more steps if sum and rise differ. On this photo one look at
$n = 64$ would have passed too early.
"""

# %% [markdown]
r"""
### Task 05.3 · Choose the number of steps by evidence

**Goal** G3 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 3 of 5

Write `steps_needed(gaps, rise, limit)`:

| argument | meaning |
|---|---|
| `gaps` | a dictionary: number of steps n -> gap, **with its sign**; n grows |
| `rise` | $F(x) - F(x')$; it may be negative |
| `limit` | a share of the rise, such as 0.05 for five percent |
| **returns** | the smallest tried n with \|gap\| <= limit · \|rise\| there and at every larger tried n; `None` if there is no such n, or if \|rise\| < 1e-6 |

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def steps_needed(gaps, rise, limit):
    """Return the smallest number of steps from which on all gaps are small, or None."""
    ### BEGIN SOLUTION
    if abs(rise) < 1e-6:
        return None
    needed = None
    for n in sorted(gaps, reverse=True):  # from the most steps down
        if abs(gaps[n]) > limit * abs(rise):
            break
        needed = n
    return needed
    ### END SOLUTION


# %% tags=["check"]
xc.check("05.3", steps_needed)

# %% [markdown] tags=["fold"]
r"""
Walk from the most steps downwards and stop at the first gap that is too large: what was good before it is the answer.
Both absolute values matter: a negative gap is not small, and with a negative rise `limit * rise` would be negative. A share of a
rise of (almost) 0 has no meaning, hence the first line.

Walking upwards and stopping at the first small gap finds the lucky ones.
"""

# %%
needed = xc.or_reference("05.3", steps_needed)
for limit in (0.2, 0.05):
    n = needed(gaps, rise, limit)
    found = f"from n = {n} on" if n else "no n is enough"
    print(f"gap within {limit} of the rise: {found}")

# %% [markdown]
r"""
`None` is an answer: with these gradients you cannot promise a gap within 5 percent.

State $n$, the gap and the change with every map. A small gap says that you solved the integral. It
does **not** say that the explanation is right.

## 6 · Compared with what?

IG explains the *rise from the baseline*. Our next photo shows a man in a dark coat behind a camera on a tripod. The
darkest fifth of all pixels is mostly his coat; its mean brightness is a seventh of that of the photo. The class is "tripod".

**Predict (05.P4).** What share of the map (sum of absolute values) falls on this darkest fifth, with a
**black** baseline?
"""

# %% tags=["question"]
xc.predict("05.P4")

# %% [markdown]
r"""
**Predict (05.P9).** Now the baseline is **white**, and we explain "Egyptian cat": there is no cat in
the photo. What share of that map falls on the dark coat?
"""

# %% tags=["question"]
xc.predict("05.P9")

# %% tags=["panel"]
camera = xc.datasets.photo("camera", device=device)
panel = xc.widgets.PathPanel(
    model, camera, target=TRIPOD, steps=16, labels=xc.zoo.labels()
)
panel

# %% tags=["drive", "machinery"]
brightness = camera.mean(dim=1)[0].cpu()  # (224, 224)
coat = brightness <= brightness.flatten().quantile(0.2)  # the darkest fifth


def on_coat(values):
    """Share of |values| (224, 224) on the darkest fifth of the photo."""
    return float(values.abs()[coat].sum() / values.abs().sum())


collected = {}
for baseline in ("white", "black"):
    panel.set(baseline=baseline, alpha=1.0)
    values = panel.result.collected  # (224, 224), summed over channels
    percent = 100 * panel.result.gap / panel.result.rise
    collected[f"from {baseline}\ngap {percent:.0f} % of the rise"] = values
    no_cat = xc.integrated_gradients(
        model, camera, target=EGYPTIAN_CAT, baseline=baseline, steps=8
    )
    controls = {"area": 0.2, "Egyptian cat": on_coat(no_cat[0].sum(0).cpu())}
    xc.show(f"coat's share, {baseline} baseline", on_coat(values), control=controls)
from_black = values  # the last one, used again in section 7

# %% tags=["demo", "machinery"]
panel.set(alpha=0.5)
assert not torch.equal(panel.result.collected, values)  # the slider does something
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

(a). A pixel that equals its baseline has travelled no distance and gets exactly 0, and the coat is
almost black.
</details>

<details><summary>Answer to 05.P9</summary>

(c). From white the coat gets about twice its share of the area, and for the absent cat as much as for the
tripod. So the share says nothing about tripods: it comes from the distance $x - x'$, the same for every class.
</details>

| baseline | the question that the map answers |
|---|---|
| black | Which *light* made the score rise? (black things cannot answer) |
| white | Which *darkness* made the score rise? (white things cannot answer) |
| blurred photo | Which *fine detail* made the score rise? |
| mean colour of the photo | Which *difference from the mean colour* made the score rise? |

There is no neutral baseline. Name yours in the caption.

The gap from black is large: 16 steps are too few for its signed sum. For the share they are enough:
with 64 steps it moves by less than 3 % of itself, from both baselines (a test of the course runs it). Ask for this evidence before you
use a map with a large gap.

A trap: our network takes images in [0, 1], so 0 is black. Many networks take *normalised* images. There 0 is the mean
colour of the training photos, and "baseline 0" asks another question.

**Explore the panel** (3 minutes): run its cell to get the sliders. (It draws a coarse walk first.) Find the $\alpha$ where most of the rise is over; a smaller
number of steps with a smaller gap; what changes when the output is a probability.

## 7 · Is it right? Test the test, then the map

A popular test is **deletion**: replace parts of the photo by grey, most important part first, and watch the score.
The mean score along the way should be **low**.

First we try the test where the answer is known: four inputs that add 4, 3, 2 and 1 to the score. Then
the collage: 16 tiles, four at a time, in the order of a map. Random orders tell us what chance gets.

Three maps are tried: IG, the size of the plain gradient, and the *edges* of the photo, which never saw the network.

**Predict (05.P5).** How many of ten random orders do the edges of the collage beat, for the score of the cat, and for
that of the espresso?
"""

# %% tags=["question"]
xc.predict("05.P5")


# %%
def mean_score(F, x, number, order, fill):
    """Mean score while parts of x are filled; part k is where `number` is k."""
    points = [x]
    for group in order:
        points.append(torch.where(torch.isin(number, group), fill, points[-1]))
    scores = F(torch.cat(points))
    return float((scores[1:] + scores[:-1]).mean() / 2)  # area by the trapezoid rule


four = torch.tensor([[4.0, 3.0, 2.0, 1.0]])
for name, order in {"best": [0, 1, 2, 3], "worst": [3, 2, 1, 0]}.items():
    groups, number = torch.tensor(order).chunk(4), torch.arange(4)
    value = mean_score(lambda points: points.sum(1), four, number, groups, fill=0.0)
    print(f"the {name} order of 4 + 3 + 2 + 1: mean score {value}")


# %% tags=["machinery"]
def edges(photo):
    """How much the brightness changes from pixel to pixel, (224, 224): no network."""
    grey = photo.mean(dim=1)[0]
    down, across = grey.diff(dim=0), grey.diff(dim=1)
    pad = torch.nn.functional.pad
    return pad(down.abs(), (0, 0, 0, 1)) + pad(across.abs(), (0, 1))


def squares(size):
    """The number of the tile of size x size pixels that each pixel lies in."""
    place = torch.arange(224, device=device) // size
    return place[:, None] * (224 // size) + place


def order_of(values, tile):
    """The tiles of a map (224, 224), largest sum first."""
    tiles = range(int(tile.max()) + 1)
    sums = [float(values.to(device)[tile == k].sum()) for k in tiles]
    return torch.tensor(sums).argsort(descending=True)


# %% tags=["machinery"]
def deletion(photo, target, order, tile):
    """Mean score while the tiles turn grey, a quarter of them at a time."""

    def score(points):
        return xc.scores(model, points, target=target)

    return mean_score(score, photo, tile, order.to(device).chunk(4), fill=0.5)


def beaten(photo, target, maps):
    """How many of ten random orders each map beats: name -> number."""
    tile, generator = squares(56), torch.Generator().manual_seed(0)
    draws = [torch.randperm(16, generator=generator) for _ in range(10)]
    chance = [deletion(photo, target, draw, tile) for draw in draws]
    numbers = {}
    for name, values in maps.items():
        own = deletion(photo, target, order_of(values, tile), tile)
        numbers[name] = sum(own < value for value in chance)
    return numbers


# %%
coffee = xc.datasets.photo("coffee", device=device)
pixels = xc.integrated_gradients(model, coffee, target=ESPRESSO, steps=16)[0].sum(0)
cases = {  # photo, class, its map by IG
    "collage, cat": (collage, EGYPTIAN_CAT, cat_map),
    "collage, espresso": (collage, ESPRESSO, espresso_map),
    "photo of the cat": (cat, TIGER_CAT, refined[128][0].sum(0)),
    "photo of the coffee": (coffee, ESPRESSO, pixels),
    "photo with the camera": (camera, TRIPOD, from_black),
}
for name, (photo, target, values) in cases.items():
    slope = xc.gradient(model, photo, target=target)[0].abs().sum(0)
    maps = {"IG": values, "gradient": slope, "edges": edges(photo)}
    if photo is collage:
        maps["IG of the other class"] = cat_map if target == ESPRESSO else espresso_map
    numbers = beaten(photo, target, maps)
    by_ig = numbers.pop("IG")
    xc.show(f"{name}: IG beats, of 10", by_ig, control={"chance": 5} | numbers)

# %% [markdown]
r"""
<details><summary>Answer to 05.P5</summary>

(a). The cat half has more edges, so they beat all ten for the cat, like IG and the gradient, and none for the espresso. So "better than ten random orders" is a low bar, and one class is no test.
</details>

The test passed its own test: the best order gets the lower score. On photos it is blunt.

The control that bites is **the other class**. IG follows the class, on this collage. On the three plain photos IG is hardly better than chance: the plain gradient does better
on two of them, and for the camera the edges win. One deletion score is no verdict.

**The truth strip.** The three tests of every lesson (see lesson 01), each beside the value of a
map that knows nothing. One photo; the ruined network is drawn three times.
Its deletion blurs patches of 14 pixels, where the test above greyed tiles of 56.
"""

# %% tags=["demo", "machinery"]
strip = xc.truth_strip(xc.spec("integrated_gradients", steps=16), model=model)
own = strip.own_share.mean()
xc.show("own half's share of |map|", own, control={"half of the area": 0.5})
spread = {"spread of random orders": strip.random_spread}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=spread)
signed, absolute = [strip.cosine], [strip.absolute_cosine]
for seed in (1, 2):
    ruined = xc.evaluation.randomise_last_layer(model, seed)
    again = xc.integrated_gradients(ruined, collage, target=EGYPTIAN_CAT, steps=16)
    pair = strip.maps[0, 0].flatten(), again[0].sum(0).cpu().flatten()
    signed.append(float(torch.cosine_similarity(*pair, dim=0)))
    absolute.append(float(torch.cosine_similarity(*[v.abs() for v in pair], dim=0)))
places = {"own pixels in random places": strip.shuffled_cosine}
xc.show("three ruined networks, |maps|: cosine", absolute, control=places)
largest = round(max(abs(value) for value in signed), 1)
xc.show("signed maps: largest cosine", largest, control={"the same map": 1})
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* The own half holds little more than its area. The other half is loud, too: it lowers the score. A map of
  absolute values hides this, the signed sums of section 4 do not.
- *Deletion.* Below 0 is better than random. (The thin lines in the figure are the spread of the random orders.) For the cat it is better by more than the spread, not for the espresso: no verdict, although IG beat all ten orders above. The size of the patches decides: we ran the strip's test with tiles of 56 pixels, and IG was ahead for the espresso by twice the spread. The order of large tiles is right, that of small patches hardly.
- *Ruined networks.* The signed maps have little in common with ours, as it should be. The absolute ones look alike, but
  most of this likeness remains when our own pixels stand in random places.

## 8 · Your model

Torchvision's ResNet-18, here with **random** weights, so that the cell runs offline.
Exchange them for trained ones, or for yours, and run the cell again. Which of the printed lines tells you that the random
network knows nothing? The gap does not: it is smaller than that of the trained network.

What to doubt, with your own weights: Is the best class right, and its probability far above chance? Is the input scaled
as your model wants it, and where is black? Does the map still change when you double the steps? Does another seed of
your training give the same map?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
other = xc.zoo.load("torchvision/resnet18", weights=None, seed=1, device=device)
chances, classes = mine(cat)[0].softmax(0).topk(5)
winner, black = int(classes[0]), torch.zeros_like(cat)
print("best five:", ", ".join(xc.zoo.labels()[k] for k in classes))
xc.show("probability of the best", chances[0], control={"chance": 0.001})

few, more = (ig(mine, cat, winner, black, n) for n in (8, 16))
start, end = xc.scores(mine, torch.cat([black, cat]), target=winner).tolist()
xc.show("rise from black to the photo", end - start)
gap = abs(float(more.sum()) - (end - start)) / abs(end - start)
xc.show("the gap is below a hundredth of the rise", gap < 0.01)
control = {
    "map of another random network": distance(ig(other, cat, winner, black, 8), more)
}
xc.show("change of the map from 8 to 16 steps", distance(few, more), control=control)

# %% [markdown]
r"""
<details><summary>Which line?</summary>

Only the names: none of them is a cat. Probability, gap and map look well without any knowledge. (The rise may be negative, as here: at the photo this class wins, but its logit was higher at black.)
</details>
"""

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · A trapezoid that is wrong

This rule stands in Captum 0.9.0 (`riemann_trapezoid`; we measured it, and it returns the numbers below): $n$ nodes from 0 to 1, weights $1/n$,
the two ends halved. Try the simplest function with a known answer, $f = 2x_1 + x_2$ at $(10, 5)$: the
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
The weights must sum to 1, and here they sum to $1 - 1/n$: there are $n - 1$ pieces, not $n$. On a photo you would
see a gap of some percent and blame the network. A linear function finds the mistake in a second.

### B · Twice as many gradients, or better ones

The map with $n = 128$ is our best one so far. How far were the coarser ones from it?

**Predict (05.P6).** From $n = 8$ to 64: does each doubling shrink the gap, and the error of the map?
"""

# %% tags=["question"]
xc.predict("05.P6")

# %%
best = refined[128]
errors = {n: distance(refined[n], best) for n in (8, 16, 32, 64)}
sizes = [abs(gaps[n]) / rise for n in errors]
xc.show("n = 8, 16, 32, 64: |gap| / rise", sizes)
xc.show("   error of the map, against n = 128", list(errors.values()))
xc.plot.series(
    torch.tensor(list(errors)),
    {
        "|gap| / rise": 100 * torch.tensor(sizes),
        "error of the map, against n = 128": 100 * torch.tensor(list(errors.values())),
    },
    x_name="n, pieces of the trapezoid (doubling)",
    y_name="percent",
    doubling=True,
    alt="Two curves over n = 8 to 64: the size of the gap in percent of the rise, the "
    "distance of the map from the map with 128 pieces in percent.",
)

# %% [markdown]
r"""
<details><summary>Answer to 05.P6</summary>

(d), on this photo: from 16 to 32 both become worse, as the two printed lines show. At 64 the gap is almost 0 by luck, and a tenth of the map is still
wrong.
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
xc.show("its own estimate of the map error below 0.05", float(smart.map_error) <= 0.05)
far = {"the trapezoid with 64": errors[64]}
xc.show(
    "distance from the trapezoid with 128", distance(smart.values, best), control=far
)

# %% [markdown]
r"""
### C · The probability instead of the logit

`output="probability"` explains the softmax: a probability also
moves when *other* classes rise. The curves below show the cat photo; the maps are those of the collage.

**Predict (05.P7).** How alike are the two maps of the collage, that of the probability and that of the logit (their cosine)?
"""

# %% tags=["question"]
xc.predict("05.P7")


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
control = {"the logit": float(cat_map.sum())}
xc.show("sum of the map of the probability", float(chances.sum()), control=control)
control = {"the logit of espresso": round(cosine(cat_map, espresso_map), 1)}
xc.show("cosine of the two maps", round(cosine(cat_map, chances), 1), control=control)

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

(d), about 0.9: nearly one picture, in smaller numbers, because a probability can rise by 1 at most. But it is made later on
the path. The probability waits: at $\alpha = 0.03$ the cat's
logit has done more than half of its rise, but other classes are still ahead.
</details>

Neither is wrong. State which one you explain.

### D · What holds, and where it breaks

Completeness, sensitivity(a) and the equal answer for two equal functions held in section 3. Now a path that runs
**on** a kink.

$f = \mathrm{relu}(x_1 - x_2) - \mathrm{relu}(x_2 - x_1)$ is nothing but $x_1 - x_2$, written with two relus. Take the path
from $(0, 0)$ to $(1, 1)$: both relus sit exactly at 0 all along. There software sets the slope of a relu to 0.

**Predict (05.P8).** What does software return as the map of $f$ at $(1, 1)$, and how large is the gap?
"""

# %% tags=["question"]
xc.predict("05.P8")


# %%
def difference(p):
    """x1 - x2, written with two relus."""
    return relu(p[:, 0] - p[:, 1]) - relu(p[:, 1] - p[:, 0])


for x in ([1.0, 1.0], [1.0, 1.000001]):
    point = torch.tensor([x], dtype=torch.float64)
    values = xc.integrated_gradients(difference, point, target=None, steps=16)
    a, b = values[0].tolist()
    gap = float(values.sum() - difference(point))
    print(f"at {x}: map ({a:.2f}, {b:.2f}), gap {abs(gap):.1f}; right is (1, -1)")

# %% [markdown]
r"""
<details><summary>Answer to 05.P8</summary>

(b). The map is $(0, 0)$, its sum is the rise, 0, and the gap is 0: it does not notice that both shares are wrong. A millionth
beside the kink all is well. The proof of completeness needs slopes along the path. Here there are none, and the sum is right by luck.
</details>

### E · A test can change its mind

Section 7 again, with the same photo, class and maps. Only the tiles are smaller.
"""

# %%
slope = xc.gradient(model, collage, target=EGYPTIAN_CAT)[0].abs().sum(0)
maps = {"IG": cat_map, "gradient": slope, "edges": edges(collage)}
for size in (56, 28):
    scores = {}
    for name, values in maps.items():
        order = order_of(values, squares(size))
        scores[name] = deletion(collage, EGYPTIAN_CAT, order, squares(size))
    xc.show(f"tiles of {size} pixels, the best map", min(scores, key=scores.get))

# %% [markdown]
r"""
With the smaller tiles the winner is a map that never saw the network, and nothing changed in the maps. Lesson 15 deals with this.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- IG = distance travelled x average gradient on the way. It shares out the **rise** $F(x) - F(x')$, completely.
- A network with random weights can have a small gap, too: it is no sign of knowledge.
- A pixel that equals its baseline gets 0. So the baseline is part of the question: name it.
- Report $n$, the gap **and** how much the map still changes. One can be small while the other is large.
- The signed map kept the known answer of the collage; the absolute map blurred it.
- A control beside each number: another class, edges, a ruined network, own pixels in random places. Two of them took
  back what looked like a success.

**Where it fails next.** The straight path from black is full of images that nobody has ever seen, and one baseline is one
question only. Lesson 09 averages over many baselines, lesson 10 weighs the stops on the path, and lesson 11 bends it.

## References

- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks*. 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
- K. Simonyan, A. Vedaldi, A. Zisserman. *Deep Inside Convolutional Networks*. 2013. [arXiv:1312.6034](https://arxiv.org/abs/1312.6034)
- J. Adebayo and others. *Sanity Checks for Saliency Maps*. 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
- V. Petsiuk, A. Das, K. Saenko. *RISE* (deletion and insertion). 2018. [arXiv:1806.07421](https://arxiv.org/abs/1806.07421)
- P. Sturmfels, S. Lundberg, S. Lee. *Visualizing the Impact of Feature Attribution Baselines*. Distill, 2020.
"""
