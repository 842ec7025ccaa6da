# %% [markdown] tags=["header"]
r"""
# 15 · Test the metric, then the map (2015 to 2024)

| | |
|---|---|
| **Papers** | pixel flipping: S. Bach and others, 2015, [10.1371/journal.pone.0130140](https://doi.org/10.1371/journal.pone.0130140); AOPC: W. Samek and others, 2017, [arXiv:1509.06321](https://arxiv.org/abs/1509.06321); ROAR: S. Hooker and others, 2018, [arXiv:1806.10758](https://arxiv.org/abs/1806.10758); ROAD: Y. Rong and others, 2022, [arXiv:2202.00449](https://arxiv.org/abs/2202.00449) |
| **Time** | 70 minutes: 40 to read and try, 30 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 05 (Integrated Gradients, baselines, the deletion test) |
| **Repairs** | the failure of lesson 05: the same maps, tested with tiles of two sizes, had two winners. Which test is right? |
| **Practise** | the sheet `exercises/15_test_the_metric.ipynb` |
"""

# %% tags=["setup"]
from itertools import combinations, permutations

import torch
from scipy import stats

import xaicourse as xc

device = xc.device()
net = xc.zoo.load("fashion_cnn", device=device)  # pictures of clothes -> 10 logits
clothes = xc.datasets.fashion_mnist(device=device).x  # (2000, 1, 28, 28), from 0 to 1
some = clothes[:20]
target, maps = xc.widgets.maps_of_clothes(net, some)  # the predicted class, twelve maps

# %% [markdown]
r"""
## 1 · One map, three verdicts

We take tiles of a picture away, the most important first, and watch the probability of its class. A good map
makes it fall fast: the **deletion** test of lesson 05.

But a tile cannot be nothing. What does it become? Here is one map, Integrated Gradients (IG) from black, under two of the possible answers, each beside a random order.
"""

# %% tags=["demo"]
ask = {"unit": 4, "steps": 7}  # 49 tiles of 4 x 4 pixels, 7 at once
curves = {}
for name in ("IG black", "random"):
    for fill in ("black", "white"):
        found = xc.evaluation.deletion(
            net, some, maps[name], target, imputer=fill, **ask
        )
        curves[f"{name}, tiles become {fill}"] = found.curve.mean(0)
xc.plot.series(
    found.shares,
    curves,
    x_name="share of the tiles that is gone",
    y_name="probability",
    alt="Four curves that fall from 0.95: the probability of the class while tiles go, "
    "in the order of IG from black or in random order, and become black or white.",
)

# %% [markdown]
r"""
Under black the map beats the random order. Under white the random order beats the map. What takes the place of a tile is called the **imputer**.

The second test is **insertion**: begin with nothing but the imputer's values and put tiles back, the most important first. There the probability should be *high*. Both in one number:

$$\mathrm{ABPC} = \text{insertion} - \text{deletion}$$

("area between perturbation curves"). Higher is better. Now five maps of a hundred pictures, with the same tiles. Three are IG, from black, from grey and from white. The other two **never
saw the network**: the brightness of the picture itself, and its edges. The letters hide which is which.
"""

# %% tags=["machinery"]
black, white = (xc.widgets.removal_scores(fill) for fill in ("black", "white"))
five = ("IG black", "IG grey", "IG white", "edges", "picture")
letters = dict(zip("ABCDE", sorted(five, key=lambda m: -black[m].mean()), strict=True))
for letter, name in letters.items():
    values = [float(scores[name].mean()) for scores in (black, white)]
    chance = [float(scores["random"].mean()) for scores in (black, white)]
    control = {"random order": [round(value, 2) for value in chance]}
    xc.show(f"map {letter}: ABPC under black, under white", values, control=control)

# %% [markdown]
r"""
**Predict (15.P1).** Which letter is the brightness of the picture itself?
"""

# %% tags=["question"]
xc.predict("15.P1")

# %% tags=["demo", "machinery"]
# The letters with their names, and the same comparison on another network.
for name, model in {"this net": "fashion_cnn", "another": "fashion_residual"}.items():
    found = []
    for fill in ("black", "white"):
        scores = xc.widgets.removal_scores(fill, net=model)
        found.append(float((scores["IG black"] - scores["IG white"]).mean()))
    xc.show(f"{name}: IG black minus IG white, under black, under white", found)
for letter, name in letters.items():
    print(f"map {letter}: {name}")
table = xc.widgets.removal_report(five, ("black", "grey", "white"))
xc.plot.report(
    table,
    alt="Heat map, five maps by three imputers: mean ABPC with its interval, and what "
    "noise gets. Of the three Integrated Gradients the best in each column is that "
    "with the column's colour as its baseline.",
)

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 15.P1</summary>

(b). Clothes are bright on black. Where tiles turn black, a bright tile changes most, so brightness is a good order. Where tiles turn white, a bright
tile hardly changes. The edges lie on both sides of the outline and work under both colours a little.
</details>

Read the columns of the heat map. Under each colour the best of the three IG is the one with **this colour as its baseline**: the diagonal wins. And read the first line: IG from black is better than noise, cannot be told from noise, and is worse than noise. These are the three verdicts on one map. On a second network black and white change places as well.

This is no accident. IG from white answers "what changed since everything was white?" Tiles that turn white ask exactly this. **An imputer is a baseline.** The score says whether the map's question was the test's question.

So a good score may be a good map, or a good match. Today we test tests: on cases where we know the answer.

**The goals of this lesson**

- **G1** you can compute a removal score by hand, with ties and both ends.
- **G2** you can say which question an imputer asks, and write one that does not look at what is gone.
- **G3** you can read a score beside controls that never saw the network.
- **G4** you can give a difference its interval, and say what the interval leaves out.
- **G5** you can test a metric on a case with a known answer.
"""

# %% [markdown] tags=["symbols"]
r"""
## 2 · A score by hand

Four features that add 4, 3, 2 and 1 to the score $F$; a removed one counts 0. The exact map is $(4, 3, 2, 1)$. While the features go, the largest first, the score is

$$10 \to 6 \to 3 \to 1 \to 0.$$

The **area** under this curve, over the share removed from 0 to 1: each step is $\frac14$ wide, and as high as the mean of its two ends. That is $(8 + 4.5 + 2 + 0.5) / 4 = 3.75$. The map upside down gets 6.25, and a random order 5 on average.

What if two features are equally important? Somebody must go first. If the software takes the upper left one, a map that says nothing gets the score of "upper left first". So each feature
has a random number, its **key**: among equals the smaller key goes first.

### Task 15.1 · The area under the score

**Goal** G1 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

Write `removal_area(F, x, phi, fill, key)`:

| argument | meaning |
|---|---|
| `F` | a function: inputs (M, D) to scores (M,) |
| `x` | inputs, (N, D) |
| `phi` | the map: one number for each feature, (N, D); the largest goes first, a negative one after 0 |
| `fill` | a number: what a removed feature becomes |
| `key` | (D,), all different: among equal values of `phi` the smaller key goes first |
| **returns** | the area under each input's curve, over the share removed from 0 to 1, (N,) |

Each input has its own order. One feature a step; the curve has $D + 1$ points, with nothing and with everything removed at its ends.

Leave the arguments as they are: work on a copy where you need one. Stuck? `xc.hint("15.1")`.
"""


# %% tags=["task"]
def removal_area(F, x, phi, fill, key):
    """Return the area under the score while features go, the largest first, (N,)."""
    ### BEGIN SOLUTION
    # STUB: order = ...  # (N, D): which feature goes first, second, ...
    # STUB: scores = ...  # (N, D + 1)
    # STUB: return ...
    by_key = key.argsort()
    order = by_key[(-phi[:, by_key]).argsort(dim=1, stable=True)]  # (N, D)
    now, scores = x.clone(), [F(x)]
    for k in range(x.shape[1]):
        now = now.scatter(1, order[:, k : k + 1], fill)
        scores.append(F(now))
    curve = torch.stack(scores, dim=1)  # (N, D + 1)
    return ((curve[:, 1:] + curve[:, :-1]) / 2).mean(1)
    ### END SOLUTION


# %% tags=["check"]
xc.check("15.1", removal_area)

# %% [markdown] tags=["fold"]
r"""
- The features are sorted by their key first, then by $\phi$ with a **stable** sort: equals stay in the order in which they stood. The last index turns places among the sorted into features.
- `-phi` and not `flip`: turning an ascending order round turns the ties round, too.
- The ends count half. The mean of the five scores is 4, and an area without its first point is something else again; all of these are in use.
- No absolute value: a feature that speaks against the class goes last.
"""

# %%
area = xc.or_reference("15.1", removal_area)
weights = torch.tensor([[4.0, 3.0, 2.0, 1.0]])
ones, key = torch.ones(1, 4), torch.rand(4, generator=torch.Generator().manual_seed(0))


def four(points):
    """4 + 3 + 2 + 1: what is there adds up."""
    return points @ weights[0]


right, turned = (float(area(four, ones, phi, 0.0, key)) for phi in (weights, -weights))
orders = torch.rand(200, 4, generator=torch.Generator().manual_seed(1))
chance = area(four, ones.expand(200, -1), orders, 0.0, key)
xc.show("area of the exact map", right, control={"random orders": chance.mean()})
package = xc.evaluation.deletion(four, ones, weights, imputer=0.0, output="logit")
assert abs(float(package.values) - right) < 1e-6
xc.show(
    "ABPC of the exact map", turned - right, control={"upside down": right - turned}
)

# %% [markdown]
r"""
Insertion with the map is deletion with the map upside down, read from its end: either way the inputs on the curve hold the $k$ most important features and no others. (Equals have to go in the same order both times.) So the ABPC of a map upside down is the ABPC with a minus sign, **on every network**, and random orders get 0 on average. Deletion alone
has no such zero: what a random order gets depends on network and imputer. That is why we lead with ABPC.

Additive functions are kind. Now two features that work **together**, and one that works alone:

$$F = x_1 x_2 + 0.6\, x_3 \quad \text{at } (1, 1, 1), \text{ a removed feature is } 0.$$

A fair share for $x_1$ and $x_2$ is one half each: the exact map is $(0.5, 0.5, 0.6)$.

**Predict (15.P2).** Which area does the exact map get in deletion? (Lower is better. Six orders are possible.)
"""

# %% tags=["question"]
xc.predict("15.P2")

# %%


def together(points):
    """Two features that work together, one that works alone."""
    return points[:, 0] * points[:, 1] + 0.6 * points[:, 2]


ranks = torch.tensor(list(permutations([3.0, 2.0, 1.0])))  # all six orders
three = torch.ones(1, 3)
all_six = area(together, three.expand(6, -1), ranks, 0.0, key[:3])
exact = area(together, three, torch.tensor([[0.5, 0.5, 0.6]]), 0.0, key[:3])
control = {"mean of six orders": all_six.mean(), "best order": all_six.min()}
xc.show("deletion of the exact map", float(exact), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 15.P2</summary>

(c), 0.6: the curve is 1.6, 1, 0, 0. Whoever removes $x_1$ first and $x_3$ next has 1.6, 0.6, 0, 0: a whole 1 is lost with the first feature, and the area is 0.47. The exact
map is even a little worse than the mean of all six orders, 0.58.
</details>

Nothing is wrong with the map. Shares say who *deserves* the score. Removal rewards whoever finds the **fastest fall**. These are two
things as soon as features work together. In the sheet you drive this to its limit.

## 3 · What takes the place?

Seven imputers, on one picture without half of its tiles:

| imputer | a removed pixel becomes |
|---|---|
| black, grey, white | one colour |
| mean | the mean of 2,000 pictures at this place |
| blur | that of the blurred picture |
| linear (ROAD, 2022) | the weighted mean of its neighbours, all removed pixels solved together |
| donor | that of another picture |
"""

# %% tags=["demo"]
imputers = {
    "black": "black",
    "grey": "grey",
    "white": "white",
    "mean": clothes.mean(0),
    "blur": xc.evaluation.Blur(2),
    "linear": "linear",
    "donor": xc.evaluation.Donor(clothes[200:]),
}
one = clothes[3:4]
tiles = torch.rand(7, 7, generator=torch.Generator().manual_seed(4)) < 0.5
keep = tiles.repeat_interleave(4, 0).repeat_interleave(4, 1)[None, None].to(device)
filled = {
    name: xc.evaluation.make_imputer(imputer)(one, keep)
    for name, imputer in imputers.items()
}
xc.plot.maps(
    {"all tiles": one, **filled},
    reduce="abs_sum",
    grey=True,
    percentile=100,
    unit="brightness",
    alt="A picture of clothing, and the same picture without half of its tiles, filled "
    "by seven imputers: black, grey, white, mean, blur, linear, donor.",
)

# %% [markdown]
r"""
Two of them deserve a warning. **Blur has read the pixels that are gone**: what was removed still shines through (look at the trousers). And a **donor** brings evidence of its own: here most of a top with sleeves.

The linear one reads only what is kept. Removed pixels next to each other are unknown together, so it goes in **sweeps**: in each sweep every removed pixel becomes the weighted mean of its neighbours, as they are now. The weights are $\frac16$ for
the four beside it and $\frac1{12}$ for the four across a corner. At the border some neighbours are missing: divide by the weights that are there.

### Task 15.2 · Fill from the neighbours

**Goal** G2 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 4 of 5

Write `neighbour_fill(x, keep, sweeps)`:

| argument | meaning |
|---|---|
| `x` | a picture, (H, W) |
| `keep` | (H, W), True where a pixel is kept |
| `sweeps` | how many sweeps are done |
| **returns** | the picture with its removed pixels filled, (H, W) |

Begin with the mean of the **kept** pixels in each removed place. In a sweep all removed pixels change **at once**; kept pixels never change.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def neighbour_fill(x, keep, sweeps):
    """Return the picture (H, W), removed pixels filled from their neighbours."""
    ### BEGIN SOLUTION
    # STUB: filled = ...  # kept pixels, and the mean of them in the removed places
    # STUB: for sweep in range(sweeps):
    # STUB:     ...
    # STUB: return ...
    kernel = torch.tensor([[1, 2, 1], [2, 0, 2], [1, 2, 1]], dtype=x.dtype) / 12

    def around(picture):
        """The weighted sum over the neighbours of each pixel; outside is 0."""
        return torch.nn.functional.conv2d(
            picture[None, None], kernel[None, None], padding=1
        )[0, 0]

    there = around(torch.ones_like(x))  # less than 1 at the border
    result = torch.where(keep, x, x[keep].mean())
    for _ in range(sweeps):
        result = torch.where(keep, x, around(result) / there)
    return result
    ### END SOLUTION


# %% tags=["check"]
xc.check("15.2", neighbour_fill)

# %% [markdown] tags=["fold"]
r"""
- The start is the mean of the *kept* pixels. Beginning with `x` lets the removed pixels into their own neighbours, and a few sweeps do not wash them out: a blur in disguise.
- One `conv2d` on the picture, one on a picture of ones: their quotient is a mean over the neighbours that are there.
- `around(result)` is computed before anything changes. Pixel by pixel, in place, the upper left would be ahead.
- Each sweep carries a value one pixel further. Small gaps need few sweeps, a large hole needs hundreds. The package solves the same equations at once.
"""

# %% tags=["machinery"]
# Yours beside the package, and the three maps of IG under all seven imputers.
fill_in = xc.or_reference("15.2", neighbour_fill)
mine = fill_in(one[0, 0].cpu(), keep[0, 0].cpu(), 300)
gone = ~keep[0, 0].cpu()
apart = (mine - filled["linear"][0, 0].cpu())[gone].abs().max()
print("yours and the package agree to 0.01:", bool(apart < 0.01))
for name in ("linear", "blur", "mean"):
    off = (filled[name] - one)[0, 0].cpu()[gone].abs().mean()
    control = {"grey": (0.5 - one[0, 0].cpu())[gone].abs().mean()}
    xc.show(f"{name}: distance to the removed pixels", float(off), control=control)
for name in imputers:
    scores = xc.widgets.removal_scores(name)
    values = [
        round(float(scores[f"IG {base}"].mean()), 2)
        for base in ("black", "grey", "white")
    ]
    control = {
        "random": round(float(scores["random"].mean()), 2),
        "edges": round(float(scores["edges"].mean()), 2),
    }
    xc.show(f"{name}: IG from black, grey, white", values, control=control)

# %% [markdown]
r"""
Blur comes nearest to the removed pixels: it has seen them. But imputers that are kinder to the eye do not end the matter. IG from grey leads the three under grey itself, and under mean, blur, linear and donor. None of these four fills in black everywhere, or white everywhere; whether that is the reason, we did not test. Each is again a question, not the truth.

## 4 · Maps that never asked

A score means nothing alone. We read it beside **controls**: maps that never saw the network.

- *random*: one number for each pixel. Its ABPC should be about 0.
- *picture*: the brightness. *edges*: how much it changes from pixel to pixel.
- *centre*: a blob in the middle of the picture.

**Predict (15.P3).** Take eight methods of lessons 01 to 07: the size of the gradient, gradient x input, IG from three baselines, SmoothGrad, guided backprop, Grad-CAM. Their mean ABPC is
compared with that of the edges. How many of the eight do the **edges** beat under black, and how many under grey?
"""

# %% tags=["question"]
xc.predict("15.P3")

# %%
methods = (
    "gradient size", "gradient x input", "IG black", "IG grey", "IG white",
    "SmoothGrad", "guided", "Grad-CAM",
)  # fmt: skip
for name in ("black", "grey", "linear", "donor"):
    scores = {m: float(v.mean()) for m, v in xc.widgets.removal_scores(name).items()}
    beaten = {
        control: f"{sum(scores[m] < scores[control] for m in methods)} of 8"
        for control in ("edges", "picture", "centre", "random")
    }
    edges = beaten.pop("edges")
    xc.show(f"{name}: methods that the edges beat", edges, control=beaten)

# %% [markdown]
r"""
<details><summary>Answer to 15.P3</summary>

(a). Under black the edges beat all but IG from black. Under grey they still beat three.
</details>

This does not make edges an explanation. They know where the *thing* is, and a removal test on clothes is mostly a test of where the thing is. **A method that does not beat them has not
shown that it looked into the network.**

**Ties.** The next cell tests a map that is 0 everywhere. It has nothing but ties.
"""

# %%
nothing = torch.zeros_like(some[:, :1])
by_place = nothing - torch.arange(784.0, device=device).view(1, 1, 28, 28) * 1e-9
pixels = {"imputer": "grey", "unit": 1, "steps": 7}
fair = xc.evaluation.abpc(net, some, nothing, target, **pixels)
unfair = xc.evaluation.deletion(net, some, by_place, target, **pixels)
key_order = xc.evaluation.deletion(net, some, nothing, target, **pixels)
product = xc.evaluation.deletion(net, some, maps["gradient x input"], target, **pixels)
xc.show(
    "ABPC of a map of zeros, ties by a random key", abs(round(float(fair.mean()), 3))
)
control = {"upper left first": unfair.mean()}
xc.show("deletion of a map of zeros, ties by a key", key_order.mean(), control=control)
control = {"gradient x input": round(float(product.tie_fraction.mean()), 1)}
xc.show(
    "share of tied pixels, map of zeros", key_order.tie_fraction.mean(), control=control
)

# %% [markdown]
r"""
A map of zeros gets another deletion score if the upper left goes first, because clothes lie in the middle. About half of the pixels of gradient x input are exactly 0 (the
background is black), so the rule for ties decides half of its order.

**Explore the panel** (4 minutes). Two maps, their mean curves over five pictures, the leaderboard with intervals, controls in grey. The slider *share* moves the upright line: so much is gone in the picture on the left. Try: *imputer* from grey to white; *unit* from tiles to pixels: where do the edges go?; *ties* by place with the score *deletion*, and look at the map of zeros; *pictures* from 5 to 20: what gets narrower, and what stays?
"""

# %% tags=["panel"]
panel = xc.widgets.EvaluationPanel(net, some, target, maps=maps, data=clothes)
panel

# %% tags=["drive", "machinery"]
first = panel.result
panel.set(imputer="white")
assert panel.error is None
assert panel.result.scores["IG white"].mean() > first.scores["IG white"].mean()
panel.set(imputer="grey", a="IG grey")
assert panel.error is None

# %% [markdown]
r"""
## 5 · When the answer is known

In the *planted* pictures a small mark decides the class; clouds and three other marks are there to distract. A network learned it. So we
have a perfect map: **the mark itself**, 1 on it and 0 elsewhere.

**Predict (15.P4).** Deletion, tiles turn black, sixty pictures, the same eight methods. How many of them get a *better* score than the mark?
"""

# %% tags=["question"]
xc.predict("15.P4")

# %%
marks = xc.zoo.load("planted_cnn", device=device)
for seed in (0, 1, 2):
    planted = xc.datasets.planted(20, seed=seed, device=device)
    predicted, found = xc.widgets.maps_of_clothes(marks, planted.x)
    found["mark"] = planted.masks.to(planted.x)
    found["mark, then signs"] = 1000 * found["mark"] + found["IG black"]
    found["mark, then size"] = 1000 * found["mark"] + found["IG black"].abs()
    asked = {"imputer": "black", "unit": 4, "steps": 8}
    scores = {
        name: xc.evaluation.deletion(
            marks, planted.x, values, predicted, **asked
        ).mean()
        for name, values in found.items()
    }
    control = {"random": scores["random"]}
    xc.show(f"draw {seed}: deletion of the mark", scores["mark"], control=control)
    better = [m for m in methods if scores[m] < scores["mark"]]
    control = {"if it were the best": "0 of 8"}
    xc.show("   methods that beat it", f"{len(better)} of 8", control=control)
    print("  ", ", ".join(better))
    control = {"then its size, without signs": scores["mark, then size"]}
    text = "   the mark first, then IG black with its signs"
    xc.show(text, scores["mark, then signs"], control=control)

# %% [markdown]
r"""
<details><summary>Answer to 15.P4</summary>

(c): five, four and three of the eight on the three draws.
</details>

How can a map be better than the truth? Three maps are better each time: gradient x input, IG from black and from grey, which all have signs. The mark's map is 0 outside the mark, so afterwards chance decides, and the probability stays near one in four: the network
has no evidence left. A map with signs goes on: it removes next what speaks *for this class* among the clouds, until the network believes something else.

The last line of each draw tests this. Both maps begin with the mark. If the signs of IG come next, the score is far better than the mark's; if the sizes come next, it is not. Deletion pays for **driving the network away**, not for finding the reason.

So a test that ranks known truths wrongly cannot be the judge of small differences.

## 6 · How sure?

Two maps, scored on the same pictures. Some pictures are easy for every map, some are hard. So do not compare two means: **take the difference on each picture first**. The spread of these $n$ differences is all
that counts. With mean $m$ and standard deviation $s$ (divided by $n - 1$), Student's interval is

$$m \pm t\, \frac{s}{\sqrt n}, \qquad t = \texttt{stats.t.ppf(0.975, n - 1)}.$$

In 95 of 100 such samples the true mean lies inside. *A small example.* The differences 1, 2, 3 have $m = 2$, $s = 1$, $t = 4.3$: from $-0.5$ to $4.5$.

### Task 15.3 · The paired interval

**Goal** G4 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 5 of 5

Write `paired(a, b)`:

| argument | meaning |
|---|---|
| `a`, `b` | the scores of two maps on the same pictures, tensors (N,); a picture without a score has NaN |
| **returns** | three numbers: the mean of a - b, and the low and the high end of its interval (95 %) |

A pair with a NaN is left out. Leave the arguments as they are.
"""


# %% tags=["task"]
def paired(a, b):
    """Return mean, low and high of a - b over the pictures that have both scores."""
    ### BEGIN SOLUTION
    # STUB: d = ...  # one difference for each picture that has both
    # STUB: return ...
    d = a - b
    d = d[~d.isnan()]
    half = stats.t.ppf(0.975, len(d) - 1) * d.std() / len(d) ** 0.5
    return torch.stack([d.mean(), d.mean() - half, d.mean() + half])
    ### END SOLUTION


# %% tags=["check"]
xc.check("15.3", paired)

# %% [markdown] tags=["fold"]
r"""
- `a - b` is NaN where either is, so one line cleans both lists. Cleaned apart, the third score of one list would meet the fourth of the other.
- `torch.std` divides by $n - 1$; NumPy's `std` divides by $n$ unless it is told `ddof=1`.
- Without pairing the interval would be about twice as wide here, and more with five pictures: it would be filled with how easy the pictures are.
- 1.96 in the place of $t$ is too sure of itself with few pictures: with five it should be 2.8.
"""

# %% tags=["machinery"]
# Half widths with 5, 20 and 100 pictures.
interval = xc.or_reference("15.3", paired)
grey = xc.widgets.removal_scores("grey")
for n in (5, 20, 100):
    a, b = grey["guided"][:n], grey["gradient size"][:n]
    mean, low, high = (float(value) for value in interval(a, b))
    alone = (a.var() / n + b.var() / n).sqrt() * stats.t.ppf(0.975, n - 1)
    control = {"not paired": float(alone)}
    text = f"{n} pictures, guided minus gradient size: half width"
    xc.show(text, (high - low) / 2, control=control)

# %% [markdown]
r"""
**Predict (15.P5).** Under grey, SmoothGrad is ahead of Grad-CAM by 0.12; with all hundred pictures the interval goes from 0.06 to 0.19. You have **five** of the hundred only. How often is
your mean difference on the wrong side of 0?
"""

# %% tags=["question"]
xc.predict("15.P5")

# %% tags=["machinery"]
# Two thousand draws of five pictures.
draw = torch.Generator().manual_seed(0)
d = grey["SmoothGrad"] - grey["Grad-CAM"]
wrong = {}
for n in (5, 20):
    drawn = [d[torch.randperm(100, generator=draw)[:n]].mean() for _ in range(2000)]
    wrong[n] = float((torch.stack(drawn) < 0).double().mean())
control = {"20 pictures": round(wrong[20], 2), "a coin": 0.5}
xc.show("wrong side of 0 with five pictures", wrong[5], control=control)

# %% [markdown]
r"""
<details><summary>Answer to 15.P5</summary>

(b). The half width for a hundred is about 0.06, two standard errors: one is 0.03. The mean of five spreads $\sqrt{20}$ times as far, 0.14 or so. So 0 is 0.9 standard errors away from 0.12, and about a fifth of a normal curve lies beyond.
</details>

Now all 28 pairs of the eight methods. Call a pair **sure** under an imputer if the interval of its difference does not hold 0.
"""


# %%
def sure(a, b, n):
    """1 or -1 if the interval of a - b is on one side of 0, else 0."""
    _, low, high = interval(a[:n], b[:n])
    return int(low > 0) - int(high < 0)


tables = {name: xc.widgets.removal_scores(name) for name in imputers}


def count(n):
    """Print how the seven imputers agree on the 28 pairs, with n pictures."""
    pairs = combinations(methods, 2)
    found = [{sure(t[a], t[b], n) for t in tables.values()} for a, b in pairs]
    same = sum(signs in ({1}, {-1}) for signs in found)
    opposite = sum({1, -1} <= signs for signs in found)
    control = {"one sure verdict under all seven": same, "pairs": 28}
    xc.show(f"{n} pictures, opposite sure verdicts", opposite, control=control)


for n in (5, 20):
    count(n)

# %% [markdown]
r"""
**Predict (15.P6).** And with a hundred pictures: how many of the 28 pairs are sure, but in opposite directions under two of the seven imputers?
"""

# %% tags=["question"]
xc.predict("15.P6")

# %% tags=["machinery"]
# The same with a hundred pictures; then one imputer, and units of two sizes.
count(100)
for unit, name in ((4, "tiles of 4"), (1, "pixels")):
    scores = xc.widgets.removal_scores("white", unit=unit)
    mean, low, high = interval(scores["IG grey"], scores["guided"])
    ends = {"interval": [round(float(low), 2), round(float(high), 2)]}
    xc.show(f"white, {name}: IG grey minus guided", mean, control=ends)

# %% [markdown]
r"""
<details><summary>Answer to 15.P6</summary>

(c), 18. Narrower intervals make more verdicts sure, and where two imputers disagree they make the *disagreement* sure. Only one pair has one verdict under all seven: guided backprop before Grad-CAM.
</details>

**More pictures make the contradiction surer.** An interval covers other *pictures*. It does not cover other *questions*: another imputer, unit, class or network. Say both: "n pictures; the same under these imputers".

The last two lines hold the imputer and change the **unit**: with tiles IG from grey is surely before guided backprop, with single pixels surely behind. This is what lesson 05 met. Neither of its two tests was wrong: they were two questions, and a verdict has to name its own.

## 7 · Train again?

A removed tile makes a picture that the network has never seen. ROAR (2018) avoids this: remove the most important half from **all** pictures, train a **new** network on them, and read its accuracy. A good map takes the evidence away, so
the accuracy should fall.

We did it in small: maps of our network, 1,500 pictures to train on and 500 to test. And we asked what Rong and others (2022) asked: what do the **masks alone** say? A mask is 1 where a pixel stays and 0 where one was taken.

**Predict (15.P7).** A new network sees nothing but the masks of the half that IG from grey takes. No pixel of a picture is left. How often is it right? (New networks that see whole pictures: 0.84. Chance: 0.1.)
"""

# %% tags=["question"]
xc.predict("15.P7")

# %% tags=["machinery"]
# The stored table of the retrained networks.
retrained = xc.evaluation.claims()["roar"]  # made by data/measure_claims.py


def half_gone(table, column, name):
    """What is stored of a map without half of the pixels."""
    value = retrained.line(table, map=name)[column]
    return round(value["mean"] if isinstance(value, dict) else value, 2)


for name in ("IG grey", "IG black", "edges"):
    pair = {"random": half_gone("masks alone", "right without 50 %", "random")}
    alone = half_gone("masks alone", "right without 50 %", name)
    xc.show(f"{name}: masks alone are right", alone, control=pair)
    pair = {
        "random half": half_gone("roar", "0.5", "random"),
        "whole pictures": half_gone("roar", "0", "random"),
    }
    xc.show(
        "   pictures without this half", half_gone("roar", "0.5", name), control=pair
    )

# %% [markdown]
r"""
<details><summary>Answer to 15.P7</summary>

(d). Nothing but masks is right more often than whole pictures! And pictures without the half that IG from grey calls important are better than whole ones, too.
</details>

The masks were drawn from the verdict of the *first* network, which is better (0.92) than the new ones. So they **smuggle the answer in**: which pixels are missing tells the class. Masks of the edges are silhouettes, and say a lot as well. Random masks say nothing.

That most maps are no better than a random half, as the paper found, came back in our small repetition. Its other finding, that squared and variance ensembles of noisy gradients are better, did not.

ROAR asks whether the evidence is gone. But the hole itself is evidence. Ask any retraining result: *what do the masks alone say?*

## 8 · The card of a metric

Before you believe a number, fill this card for the *metric*:

1. Does it get $4 + 3 + 2 + 1$ right, and turn its sign for the map upside down?
2. What do a random order and a map of zeros get? Is that level known, or measured?
3. Is the map above the edges and the picture itself?
4. Is the verdict the same under two imputers and two units? If not, say "compared with grey".
5. How are ties broken, and how many are there?
6. A paired interval, and $n$.
7. Does it rank a known truth first?

**How the tests of today do on it.** Deletion ranked the planted mark behind three to five methods, and has no known zero. ABPC has one, and changes its verdict with the imputer. So: use ABPC, two imputers or more, two units, edges and picture beside it, paired intervals, and say "compared with".

**The truth strip.** The three tests that end every lesson. Today for a map that never saw a network: the **edges** of the collage.
"""


# %% tags=["demo", "machinery"]
# The edges under the three tests of all lessons.
def edges_of(model, x, target):
    """A map that never saw the network, spread over the channels."""
    return xc.evaluation.controls.edges(x).expand_as(x) / 3


strip = xc.truth_strip(edges_of, batch_size=4)
control = {"half of the area": 0.5}
xc.show("own half's share, cat and espresso", strip.own_share, control=control)
chance = {"spread of random orders": strip.random_spread}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=chance)
mixed = {"own pixels in random places": strip.shuffled_cosine}
xc.show("cosine to a ruined network", strip.cosine, control=mixed)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* What the cat's half gains the espresso's half loses: one map for both classes. Look at the pair, not at one bar.
- *Deletion.* One order serves two classes: for the cat it is worse than random orders, for the espresso it cannot be told apart. (The strip blurs what it removes: another question again.)
- *Ruined network.* The cosine is 1: the map does not change at all. This is the test that edges cannot pass.

## 9 · Your model

Your own network, or torchvision's ResNet-18 (here with **random** weights, so that the cell runs offline). One photo, two imputers, three maps. With random weights there is nothing to explain; see who leads under each colour all the same.

What to doubt, with your own weights: Is IG above the centre blob under *both* imputers? Which of the two imputers is nearer to its baseline? One photo has no interval: take twenty before you believe a difference. And what do your users mean by "gone"?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
photo = xc.datasets.photo("chelsea", device=device)
winner = int(mine(photo).argmax())
own = {
    "IG from black": xc.integrated_gradients(
        mine, photo, winner, steps=8, batch_size=4
    ),
    "edges": xc.evaluation.controls.edges(photo),
    "centre": xc.evaluation.controls.centre_gaussian(photo),
}
for fill in ("black", "grey"):
    found = {
        name: float(
            xc.evaluation.abpc(
                mine, photo, values, winner, imputer=fill, unit=56, steps=4,
                output="logit", batch_size=4,
            ).values
        )
        for name, values in own.items()
    }  # fmt: skip
    first_map = found.pop("IG from black")
    xc.show(f"{fill}: ABPC of IG from black (logits)", first_map, control=found)

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional. All metrics of this lesson, by what they ask:

| metric | year | what it asks | known answer |
|---|---|---|---|
| `abpc` | 2017 | insertion minus deletion | random 0, upside down: the sign turns |
| `pixel_flipping` | 2015 | mean drop while features go (or flip) | for $4+3+2+1$: 6 |
| `region_perturbation` (AOPC) | 2017 | the same for patches, by noise | additive: mean of the running sums |
| `irof` | 2020 | superpixels, share of the score that is lost | running share of the segments |
| `road` | 2022 | linear imputer, accuracy | a ramp is filled exactly |
| `performance_information_curve` (AIC, SIC) | 2019 | score against the information shown, not the area | on the diagonal: one half |
| `f_fidelity` | 2024 | removal on a network tuned on masked pictures | without sampling: plain fidelity |
| `roar`, `kar` | 2018 | train anew without, or with only, the important part | without the one feature that tells: chance |
| `diff_roar` | 2021 | the difference of both | a map that says nothing: 0 |
| `sensitivity_n` | 2017 | do sums of the map predict the drop of random sets? | linear: 1, upside down: -1 |
| `faithfulness_correlation` | 2020 | the same with one size of set | linear: 1 |
| `faithfulness_estimate` | 2018 | each feature alone | linear: 1 |
| `monotonicity` | 2019 | does the score rise at each step of insertion? | positive weights: 1 for **every** order |
| `monotonicity_correlation` | 2020 | does the size of the map follow the size of the effect? | does not see signs |
| `infidelity` | 2019 | squared error of "map times change" | linear: 0, after the best factor |
| `completeness` | 2017 | does the map add up to the rise? | IG: 0 |
| `non_sensitivity` | 2020 | are zeros where nothing happens? | counts both ways |
| `complexity` | 2020 | entropy of the map | equal values: $\ln n$ |
| `effective_complexity` | 2020 | how many features are above a threshold | a count |
| `sparseness` | 2018 | Gini index | one feature: $1 - 1/n$; equal values: 0 |

### A · Closed forms

The function $4 x_1 + 3 x_2 + 2 x_3 + x_4$, whose exact map is known. Each line: the exact map, and as controls the map upside down, ten times too large, and constant.
"""

# %%
exact_map, ones4 = weights.double(), torch.ones(1, 4).double()
tried = {"upside down": -exact_map, "ten times": 10 * exact_map, "constant": ones4}
linear = torch.nn.Linear(4, 1, bias=False).double().requires_grad_(False)
linear.weight.copy_(exact_map)
settings = {"imputer": 0.0, "output": "logit"}
for name in (
    "abpc", "pixel_flipping", "region_perturbation", "road", "sensitivity_n",
    "faithfulness_correlation", "faithfulness_estimate", "monotonicity",
    "monotonicity_correlation", "infidelity", "completeness", "non_sensitivity",
):  # fmt: skip
    metric = getattr(xc.evaluation, name)
    values = {
        label: round(float(metric(linear, ones4, m, 0, **settings).values), 2)
        for label, m in {"exact": exact_map, **tried}.items()
    }
    xc.show(name, values.pop("exact"), control=values)
for name in ("complexity", "effective_complexity", "sparseness"):
    metric = getattr(xc.evaluation, name)
    one_hot = torch.tensor([[1.0, 0, 0, 0]]).double()
    values = [float(metric(None, None, m).values) for m in (exact_map, one_hot)]
    even = float(metric(None, None, tried["constant"]).values)
    xc.show(f"{name}: exact map, one feature", values, control={"all equal": even})

# %% [markdown]
r"""
Read the columns. `monotonicity` gives 1 to the exact map **and** to the same map upside down: on positive weights every order rises. `monotonicity_correlation` and `non_sensitivity` do not see signs. Only `completeness` punishes a map that is ten times too large: `infidelity`
looks for the best factor first, unless it is told not to, and the others rank. A constant map has no correlation: `nan` is right, and 0 would be a lie. The last three know no model: they measure a taste, not truth.

### B · Metrics for images

Tiny pictures on which the answer is known, from the tests of the package: each metric on its own example.
"""

# %%
for name in ("irof", "performance_information_curve", "f_fidelity"):
    record = xc.METRICS[name]
    e = record.example()
    values = [
        float(record.metric(e.model, e.x, m, e.target, **e.settings).mean())
        for m in (e.attribution, -e.attribution)
    ]
    text = f"{name} ({record.direction} is better)"
    xc.show(text, values[0], control={"upside down": round(values[1], 2)})
for name in ("roar", "kar", "diff_roar"):
    record = xc.METRICS[name]
    e = record.example()
    found = record.metric(e.train, e.data, e.method, fractions=(0.2, 0.4), trainings=1)
    text = f"{name} ({record.direction} is better), a feature that tells all"
    xc.show(text, found.mean(), control={"random": found.details["random"].mean()})

# %% [markdown]
r"""
### C · Do metrics agree on methods?

`xc.evaluation.report` puts methods and metrics in one table, each beside its controls. Ten pictures: look at the widths. Then the rank agreement of each pair of metrics (Kendall's tau: 1 the same order, -1 the opposite).
"""

# %%
chosen = {
    "gradient x input": xc.spec("input_x_gradient"),
    "IG black": xc.spec("integrated_gradients", steps=8),
    "IG grey": xc.spec("integrated_gradients", steps=8, baseline=0.5),
    "Grad-CAM": "grad_cam",
}
asked = {
    "ABPC, black": ("abpc", {"imputer": "black", "unit": 4, "steps": 7}),
    "ABPC, grey": ("abpc", {"imputer": "grey", "unit": 4, "steps": 7}),
    "sensitivity-n": ("sensitivity_n", {"imputer": "grey", "unit": 4, "samples": 20}),
}
leaders = xc.evaluation.report(chosen, asked, net, some[:10], draws=2)
for pair in leaders.agreement():
    xc.show(f"{pair.first} and {pair.second}: tau", pair.value, control={"p": pair.p})
xc.plot.report(leaders)

# %% [markdown]
r"""
Four methods and ten pictures decide little (look at $p$). But the two ABPC do not order them alike, and sensitivity-n, asked with grey, sides with grey.

### D · Does it hold on photos?

Section 1 used small pictures of clothes. The first question to a finding is where it ends. Five photos on EfficientNet-Lite0, 16 tiles, the logit of the predicted class.
"""

# %%
lite = xc.zoo.load("efficientnet_lite0", device=device)
names = ("chelsea", "coffee", "camera", "rocket", "brick")
photos = torch.cat([xc.datasets.photo(name, device=device) for name in names])
classes = lite(photos).argmax(1)
of_photos = {
    f"IG {base}": xc.integrated_gradients(
        lite, photos, classes, baseline=base, steps=4, batch_size=4
    )
    for base in ("black", "white")
}
for fill in ("black", "white"):
    asked = {"imputer": fill, "unit": 56, "steps": 4, "batch_size": 4}
    one_way, other_way = (
        xc.evaluation.abpc(lite, photos, values, classes, **asked).values
        for values in of_photos.values()
    )
    d = xc.evaluation.confidence_interval(one_way - other_way)
    ends = [round(d.low, 2), round(d.high, 2)]
    xc.show(f"{fill}: IG black minus IG white", d.mean, control={"interval": ends})

# %% [markdown]
r"""
Both intervals hold 0: **the flip of section 1 is not seen here.** Photos, tiles and network are all others here; which of them decides we did not test. A finding ends somewhere: say where you looked.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- A removal score compares the map's question with the imputer's. The same maps change places when tiles turn white instead of black.
- Lead with **ABPC**: random orders get 0, and the map upside down gets minus the score, on every network.
- Shares and the fastest fall are two things: an exact map may score worse than chance.
- Read every score beside edges, picture, centre and random. A method that does not beat them has not shown that it looked.
- A known truth lost to half of the methods in deletion.
- Intervals are paired, and cover other pictures, never other questions: more pictures made the contradictions surer.
- Retraining has a leak: the masks alone tell the class.
- Ties by a seeded key, both ends on the curve, $n$, unit, imputer, output: say them all.

**Where it fails next.** A removal test asks whether a map fits *this* network. It cannot say whether the map would change if the network forgot everything. Lesson 16 ruins networks on purpose, and attacks maps.

## References

- S. Bach, A. Binder, G. Montavon, F. Klauschen, K.-R. Müller, W. Samek. *On Pixel-Wise Explanations for Non-Linear Classifier Decisions*. 2015. [10.1371/journal.pone.0130140](https://doi.org/10.1371/journal.pone.0130140)
- W. Samek, A. Binder, G. Montavon, S. Lapuschkin, K.-R. Müller. *Evaluating the Visualization of What a Deep Neural Network Has Learned*. 2017. [arXiv:1509.06321](https://arxiv.org/abs/1509.06321)
- V. Petsiuk, A. Das, K. Saenko. *RISE* (deletion and insertion). 2018. [arXiv:1806.07421](https://arxiv.org/abs/1806.07421)
- S. Hooker, D. Erhan, P.-J. Kindermans, B. Kim. *A Benchmark for Interpretability Methods in Deep Neural Networks*. 2018. [arXiv:1806.10758](https://arxiv.org/abs/1806.10758)
- Y. Rong, T. Leemann, V. Borisov, G. Kasneci, E. Kasneci. *A Consistent and Efficient Evaluation Strategy for Attribution Methods*. 2022. [arXiv:2202.00449](https://arxiv.org/abs/2202.00449)
- M. Ancona, E. Ceolini, C. Öztireli, M. Gross. *Towards Better Understanding of Gradient-Based Attribution Methods*. 2017. [arXiv:1711.06104](https://arxiv.org/abs/1711.06104)
- C.-K. Yeh, C.-Y. Hsieh, A. Suggala, D. Inouye, P. Ravikumar. *On the (In)fidelity and Sensitivity of Explanations*. 2019. [arXiv:1901.09392](https://arxiv.org/abs/1901.09392)
- U. Bhatt, A. Weller, J. Moura. *Evaluating and Aggregating Feature-Based Model Explanations*. 2020. [arXiv:2005.00631](https://arxiv.org/abs/2005.00631)
- A.-p. Nguyen, M. Rodríguez Martínez. *On Quantitative Aspects of Model Interpretability*. 2020. [arXiv:2007.07584](https://arxiv.org/abs/2007.07584)
- A. Kapishnikov, T. Bolukbasi, F. Viégas, M. Terry. *XRAI* (AIC, SIC). 2019. [arXiv:1906.02825](https://arxiv.org/abs/1906.02825)
- L. Rieger, L. K. Hansen. *IROF*. 2020. [arXiv:2003.08747](https://arxiv.org/abs/2003.08747)
- X. Zheng and others. *F-Fidelity*. 2024. [arXiv:2410.02970](https://arxiv.org/abs/2410.02970)
- H. Shah, P. Jain, P. Netrapalli. *Do Input Gradients Highlight Discriminative Features?* (DiffROAR). 2021. [arXiv:2102.12781](https://arxiv.org/abs/2102.12781)
- J. Song, K. Cha, J. Seo. *On Pitfalls of RemOve-And-Retrain: A Data Processing Inequality Perspective*. 2023. [arXiv:2304.13836](https://arxiv.org/abs/2304.13836)
"""
