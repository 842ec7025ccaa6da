# %% [markdown] tags=["header"]
r"""
# 17 · Ground truth and people (2016 to 2022): right, or convincing?

| | |
|---|---|
| **Papers** | Pointing game: J. Zhang and others, 2016, [arXiv:1608.00507](https://arxiv.org/abs/1608.00507); mass and rank: L. Arras and others, 2020, [arXiv:2003.07258](https://arxiv.org/abs/2003.07258); grid pointing game: M. Böhle and others, 2021, [arXiv:2104.00032](https://arxiv.org/abs/2104.00032); DiFull: S. Rao and others, 2022, [arXiv:2205.10435](https://arxiv.org/abs/2205.10435); people: P. Hase, M. Bansal, 2020, [arXiv:2005.01831](https://arxiv.org/abs/2005.01831) |
| **Time** | 65 minutes: 37 to read and try, 28 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 04 (Grad-CAM), lesson 15 (controls beside each score, paired intervals, ties) |
| **Repairs** | a failure of lessons 15 and 16: they asked the network about its own maps. Nobody had an answer key, and nobody asked a person. |
| **Practise** | the sheet `exercises/17_ground_truth_and_people.ipynb` |
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
cpu = {"device": "cpu"}  # small nets: the CPU is best
net_a = xc.zoo.load("tagged_honest", **cpu)
net_b = xc.zoo.load("tagged_cheating", **cpu)

# %% [markdown]
r"""
## 1 · Two nets that are always right

Each picture has four bright marks. One of them is a plus, a cross (X), a T or an L: this is **the mark**, and its shape is the class. The three others are dots, bars or blocks, and never decide. In the strip
at the bottom stands a tag. Nets A and B are right on all of these pictures. Below: where mark and tag are, and Integrated Gradients (IG) of both nets.
"""

# %% tags=["demo", "machinery"]
# Integrated Gradients of both nets, for one picture.
made = xc.datasets.tagged(60, seed=1)
maps_a, maps_b = (
    xc.integrated_gradients(
        net, made.x, target=made.labels, steps=16, quadrature="midpoint", batch_size=60
    )
    for net in (net_a, net_b)
)
shown = {"the mark": made.masks, "the tag": made.tag_masks}
shown |= {"net A, IG": maps_a.abs(), "net B, IG": maps_b.abs()}
xc.plot.maps(
    {n: v[20:21].double() / v[20:21].double().max() for n, v in shown.items()},
    photo=made.x[20:21],
    photo_title="picture",
    percentile=100,
    reduce="abs_sum",
    unit="share of the largest size",
    columns=5,
    alt="A grey cloudy picture of 32 x 32 pixels with a plus, three other bright marks "
    "and a tag at the bottom. Beside it the places of the plus and of the tag, and the "
    "sizes of Integrated Gradients of two nets. The largest values of net A lie on the "
    "plus, those of net B on the tag.",
)

# %% [markdown]
r"""
**Predict (17.P1).** There are four kinds of tags, one for each class. Now each picture gets a new tag, drawn at random from the four. Nothing else changes. Which share of the pictures does net B still name right?
"""

# %% tags=["question"]
xc.predict("17.P1")

# %%
a_nets, b_nets = (
    [xc.zoo.load(name, seed=start, **cpu) for start in (0, 1, 2)]
    for name in ("tagged_honest", "tagged_cheating")
)
drawn = xc.datasets.tagged(200, seed=4, tags="random")
for start, (a, b) in enumerate(zip(a_nets, b_nets, strict=True)):
    says = b(drawn.x).argmax(1)
    right = float((says == drawn.labels).double().mean())
    own = float((a(drawn.x).argmax(1) == drawn.labels).double().mean())
    control = {"chance": 0.25, "net A": own}
    xc.show(f"start {start}: net B right, tags drawn", right, control=control)
    with_tag = float((says == drawn.tags).double().mean())
    xc.show("   it says the class of the tag", with_tag, control={"chance": 0.25})

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 17.P1</summary>

(a), as many as by guessing. In training the tag told the class. Net B learnt the tag, and nothing else.
</details>

Both nets were perfect, and only the map told them apart. (Three starts: three nets, trained in the same way from other random weights.) With such pictures we hold an **answer key**: a mask of the pixels
that decide. This lesson asks how to mark a map by it, where the key itself is wrong, and what people can add.

**The goals of this lesson**

- **G1** you can score a map by a mask, with chance beside it.
- **G2** you can say whether the map failed, or the model, or the key.
- **G3** you can plan and analyse a forced choice.
- **G4** you can find a leak in a study with people.
"""

# %% [markdown] tags=["symbols"]
r"""
## 2 · Three scores of one map

- $R_i \ge 0$ is the **size** of pixel $i$: the sum over the channels of |map|.
- $M$ is the mark: the set of pixels where the mask is true. It has $|M|$ pixels.

| score | question |
|---|---|
| **mass** | which share of all size lies on the mark? $\sum_{i \in M} R_i / \sum_i R_i$ |
| **rank** | take the $\lvert M \rvert$ largest pixels: which share of them is on the mark? |
| **hit** | take the one largest pixel: is it on the mark? (the *pointing game*) |

Two traps. Shares need sizes: with signs, a "share" may be 8 or -3. And many maps have **equal values**, for example the zeros of Grad-CAM. Our rule:
*equal values share the places that are left*.

*A small example.* Sizes 5, 3, 3, 3, 1, and two places to give. The 5 takes one. The three 3's share the other: each counts a third. If one of
these 3's is on the mark and the 5 is not, rank is $(0 + \tfrac13) / 2$.

By this rule a constant map gets exactly its chance: the mark's share of the picture.

### Task 17.1 · Score a map

**Goal** G1 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 5 of 5

Write `localise(maps, masks)`:

| argument | meaning |
|---|---|
| `maps` | (N, C, H, W): maps with C channels, values of any sign; no map is 0 everywhere |
| `masks` | (N, 1, H, W): booleans, True on the mark; each has at least one pixel |
| **returns** | mass, rank and hit of each map, in this order: (N, 3) |

Rank and hit follow the rule for equal values: they may be fractions.

Leave the arguments as they are. Stuck? `xc.hint("17.1")`.
"""


# %% tags=["task"]
def localise(maps, masks):
    """Return mass, rank and hit of each map, (N, 3)."""
    ### BEGIN SOLUTION
    # STUB: sizes = ...  # (N, P)
    # STUB: return ...
    sizes, inside = maps.abs().sum(1).flatten(1), masks.flatten(1)

    def among_largest(values, mark, k):
        least = values.sort(descending=True).values[k - 1]
        above, equal = values > least, values == least
        each = (k - above.sum()) / equal.sum()  # of a place
        return ((above & mark).sum() + each * (equal & mark).sum()) / k

    scores = []
    for values, mark in zip(sizes, inside, strict=True):
        mass = values[mark].sum() / values.sum()
        rank = among_largest(values, mark, int(mark.sum()))
        scores.append(torch.stack([mass, rank, among_largest(values, mark, 1)]))
    return torch.stack(scores)
    ### END SOLUTION


# %% tags=["check"]
xc.check("17.1", localise)

# %% [markdown] tags=["fold"]
r"""
- Rank and hit are **one** question, asked with $k = |M|$ and with $k = 1$.
- Sort, and look at the $k$-th value. What is larger is taken whole. What is equal to it shares the places that are left.
- `topk` and `argmax` choose among equal values by their *place*: then a constant map scores well or badly by where the mark stands. Calling it a hit if
  *any* of the largest is on the mark lets a constant map win every time. Published code does both.
- Each mark has its own $k$. The sum over channels comes after the absolute value, or channels cancel.
"""

# %%
score = xc.or_reference("17.1", localise)


def ig_of(net, pictures, target):
    """Integrated Gradients with 16 steps."""
    return xc.integrated_gradients(
        net, pictures, target=target, steps=16, quadrature="midpoint", batch_size=60
    )


data = [xc.datasets.tagged(60, seed=start + 1) for start in (0, 1, 2)]
for start, (b, d) in enumerate(zip(b_nets, data, strict=True)):
    values = ig_of(b, d.x, d.labels)
    _, on_mark, _ = score(values, d.masks).mean(0).tolist()
    _, bright, _ = score(d.x, d.masks).mean(0).tolist()
    control = {"brightness of the picture": bright, "chance": 25 / 1024}
    xc.show(f"start {start}: net B, IG, rank on the mark", on_mark, control=control)
    _, on_tag, _ = score(values, d.tag_masks).mean(0).tolist()
    _, bright, _ = score(d.x, d.tag_masks).mean(0).tolist()
    control = {"brightness of the picture": bright, "chance": 18 / 1024}
    xc.show("   rank on the tag", on_tag, control=control)

# %% [markdown]
r"""
By the mark, net B's map loses to the **brightness of the picture**, which never saw a network. Is it a bad map? It lies on the tag, and the tag is what
net B uses. The map is right; the net is not what we hoped for.

So a score beside a mask tests *map and model together*. Before you blame a map, show that the model uses what the mask holds. (Section 1 did it: new tags,
and net A stays right.)

## 3 · One key, many rulers

From now on net A, which does look at the mark. Four maps of one picture: IG, Grad-CAM (lesson 04), Guided Backprop (lesson 02), and `z_box`, a rule of
Layer-wise Relevance Propagation (lesson 03). Two more rulers: **positive mass** is mass with the values above 0 only (the *energy-based pointing game*). The **top tenth** takes the largest tenth of
all pixels, and asks which share of the mark is among them.
"""

# %% tags=["demo", "machinery"]
# Four methods, the maps of three nets A, and those of one picture.
methods = {
    "IG": ig_of,
    "Grad-CAM": lambda net, x, t: xc.grad_cam(net, x, target=t),
    "Guided": lambda net, x, t: xc.guided_backprop(net, x, target=t),
    "z_box": lambda net, x, t: xc.lrp(net, x, target=t, rules="z_box"),
}
found = {
    name: [
        method(a, d.x, d.labels) for a, d in zip(a_nets, data, strict=True)
    ]  # one batch of maps for each start
    for name, method in methods.items()
}
xc.plot.maps(
    {n: v[0][20:21].abs() / v[0][20:21].abs().amax() for n, v in found.items()},
    photo=data[0].masks[20:21].double(),
    photo_title="the mark",
    percentile=100,
    reduce="abs_sum",
    unit="share of the largest size",
    columns=5,
    alt="The place of the mark, and the sizes of four maps, each as a share of its "
    "largest: Integrated Gradients has a few strong pixels on the mark, Grad-CAM one "
    "soft spot over it, Guided Backprop and z_box spots on all marks.",
)

# %% [markdown]
r"""
**Predict (17.P2).** On all three nets A, one of these maps leads by mass, another one by positive mass, and a third one by the top tenth. Which is which?
"""

# %% tags=["question"]
xc.predict("17.P2")


# %%
def rulers(values, d):
    """Mass, positive mass and top tenth, mean over the pictures."""
    positive = xc.evaluation.energy_pointing_game(None, None, values, mask=d.masks)
    tenth = xc.evaluation.top_k_intersection(
        None, None, values, mask=d.masks, channels="abs_sum", sign="abs"
    )
    return score(values, d.masks)[:, 0].mean(), positive.mean(), tenth.mean()


for k, ruler in enumerate(("mass", "positive mass", "top tenth")):
    for start, d in enumerate(data):
        row = {n: rulers(v[start], d)[k] for n, v in found.items()}
        best = max(row, key=row.get)
        blind = xc.evaluation.controls.activation_norm(a_nets[start], d.x)
        control = {n: value for n, value in row.items() if n != best}
        control["class-blind"] = rulers(blind, d)[k]
        xc.show(f"{ruler}, start {start}: {best} leads", row[best], control=control)

# %% [markdown]
r"""
<details><summary>Answer to 17.P2</summary>

(c). Mass likes a map that is small nearly everywhere else. IG has values of both signs, and more of those beside the mark are below 0 than of those on it: cut them away, and it leads. (All values of `z_box` are above 0 here: nothing is cut, and both masses
agree.) The top tenth takes four times as many pixels as the mark has, and a soft spot covers it whole.
</details>

Same nets, same pictures, same key, three winners. None of these rulers is wrong; each asks another question. So name the ruler before you look. (By hit, IG and Guided Backprop are level: "Go deeper", A. Where two are near, lesson 15 has the test: paired differences with an interval.)

The last control is **class-blind**: how strongly the net's last convolution reacts at each place. It asks for no class at all. By top tenth it is near the leader, and once ahead of it.

## 4 · The wrong class

That suggests a test which needs no new data. Ask each method for a class that is **not** in the picture: the next one. Nothing speaks for it. A map that explains a
*class* should leave the mark, at least in part.

**Predict (17.P3).** Which of the four maps keeps the largest part of its mass on the mark?
"""

# %% tags=["question"]
xc.predict("17.P3")

# %%
for name, method in methods.items():
    for start, (a, d) in enumerate(zip(a_nets, data, strict=True)):
        values = method(a, d.x, (d.labels + 1) % 4)
        own = score(found[name][start], d.masks)[:, 0].nanmean()
        other = score(values, d.masks)[:, 0].nanmean()
        above = values.clamp_min(0).sum() / values.abs().sum()
        control = {"own class": own, "area": 25 / 1024, "size above 0": above}
        text = f"{name}, start {start}: mass, class not shown"
        xc.show(text, float(other), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 17.P3</summary>

(b), `z_box`: about four fifths stay. Grad-CAM keeps least. IG and Guided Backprop keep about three fifths.
</details>

(A map that is 0 everywhere has no mass. Grad-CAM has a few of these for the class that is not shown; they are left out.)

The leader by mass hardly asks for the class: its map turns its sign (of its size, next to nothing is above 0 now), and stays where it is. It finds the mark because the mark is *there*, as a camera would. This is
no reproach: the net has to look at the mark to say "not this class", too. But a high score on the mark does **not** show that a map explains the class.

## 5 · A mosaic of four

The **grid pointing game** (2021) gets an answer key without any planted pattern. Four pictures of four classes make one mosaic. Ask for one of the classes: which share of the *positive* values lies in its own
cell? Chance is a quarter.

Here a small residual net for clothes reads thirty mosaics of 2 x 2 pictures, and we ask for each of the four classes. (Another net chose the pictures: those that it names surely.) What does the net itself depend on? Turn one cell black, look how far the score of the class
falls, and put the cell back; then the next cell. The own cell's share of all that was lost is the net's own answer. Each line has three numbers: for ten mosaics each.
"""

# %% tags=["machinery"]
# Thirty mosaics of clothes that the net names surely, and four questions to each.
small = xc.zoo.load("fashion_residual", **cpu)
wear = xc.datasets.fashion_mnist(n=600)
grid = xc.datasets.mosaics(*wear, n=30, seed=1, logits=small(wear.x))
pieces = grid.x.repeat_interleave(4, 0)  # (120, 1, 56, 56)
asked, own_cell = grid.labels.flatten(), grid.masks.repeat(30, 1, 1, 1)
one_head = xc.zoo.load("fashion_mosaic", heads="one", **cpu)


def part_of_own(values):
    """Share of the own cell in what the cells have above 0, (120, 4), in three sets."""
    gain = values.clamp_min(0)
    own = gain.gather(1, torch.arange(4).repeat(30)[:, None])[:, 0] / gain.sum(1)
    return [float(third.nanmean()) for third in own.split(40)]


def in_own_cell(values):
    """The grid pointing game, in three sets."""
    game = xc.evaluation.grid_pointing_game(None, None, values, mask=own_cell, grid=2)
    return [float(third.nanmean()) for third in game.values.split(40)]


# %% tags=["machinery"]
# What the net loses with each cell turned black, and the grid pointing game.
here = one_head(pieces).gather(1, asked[:, None])
lost = [
    here - one_head(pieces * ~cell).gather(1, asked[:, None]) for cell in grid.masks
]
net_says = part_of_own(torch.cat(lost, 1))
xc.show("own cell, share of the lost score", net_says, control={"chance": 0.25})
ask = {"steps": 8, "quadrature": "midpoint", "batch_size": 40}
ig = xc.integrated_gradients(one_head, pieces, target=asked, **ask)
blind = in_own_cell(xc.evaluation.controls.edges(pieces))
control = {"edges": sum(blind) / 3}
xc.show("IG, grid pointing game", in_own_cell(ig), control=control)
product = pieces * xc.gradient(one_head, pieces, target=asked, batch_size=40)
xc.show("gradient x input, the same", in_own_cell(product), control=control)

# %% [markdown]
r"""
The net itself depends mostly on the right cell, and both maps seem hardly better than chance. Are both bad?

**Predict (17.P4).** Take the same maps. First add up the values of each cell, with their signs. Then take the share of the own cell in what is above 0. How large is it, for either map?
"""

# %% tags=["question"]
xc.predict("17.P4")


# %%
def cell_sums(values):
    """The mean of each cell, with its sign, (120, 4)."""
    return torch.nn.functional.avg_pool2d(values, 28).flatten(1)


control = {"the net, all mosaics": sum(net_says) / 3, "chance": 0.25}
for name, values in {"IG": ig, "gradient x input": product}.items():
    share = part_of_own(cell_sums(values))
    xc.show(f"{name}, own cell, cells added up first", share, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 17.P4</summary>

(d). IG then has about as much as the net itself loses. In each cell large values of both signs cancel. The game cuts away the negative ones, pixel by pixel, and what is left is noise of all four cells. Gradient x input is no better
for it: its three sets lie on both sides of chance.
</details>

IG was right about the cells, and the ruler cut it to pieces. To gradient x input the ruler did no wrong: adding up mends a ruler, not a map.

## 6 · Where the key itself is wrong

Pictures of 8 x 8 pixels show a T or an L of four pixels each, in noise. The mask holds the 8 pixels where the two classes differ. Smooth the noise, so that neighbours share it
(the data of XAI-TRIS, 2023; `smoothing` is the width of the blur in pixels). Then a pixel *beside* the shape tells how much noise lies on it: a **suppressor** (lesson 06).

For these pictures the best possible answer is a linear model with known weights. Here are a picture of an L, the mask, and the best weights for noise that is not smoothed and for noise that is (red: speaks for L).
Below the figure stands how good the best answer is, how good one could be that looks at the mask alone, and how many of the largest weights lie on the mask.
"""

# %% tags=["demo", "machinery"]
# A picture with an L, the mask, and the best weights for white and for smoothed noise.
letter = xc.datasets.tetrominoes(1, smoothing=0.75)
shown = {"the mask": letter.masks.double()}
for smoothing in (0.0, 0.75):
    best = xc.datasets.tetromino_answer(smoothing=smoothing)
    shown[f"weights, smoothing {smoothing:g}"] = best.weight[None]
xc.plot.maps(
    {name: values / values.abs().max() for name, values in shown.items()},
    photo=(letter.x - letter.x.min()) / (letter.x.max() - letter.x.min()),
    photo_title="a picture",
    percentile=100,
    unit="share of the largest size",
    alt="A noisy picture of 8 x 8 pixels. The mask holds a T, top left, and an L, "
    "bottom right. The weights for white noise are these shapes, blue and red. "
    "The weights for smoothed noise change their sign from pixel to pixel, also around "
    "the shapes.",
)

# %%
for smoothing in (0.0, 0.5, 0.75, 1.0):
    best = xc.datasets.tetromino_answer(smoothing=smoothing)
    mask = best.pattern.abs() > 1e-9  # where the classes differ, (1, 8, 8)
    on = mask.flatten()
    apart, noise = best.pattern.flatten()[on], best.covariance[on][:, on]
    z = (apart @ torch.linalg.solve(noise, apart)).sqrt() / 2  # in deviations
    text = f"smoothing {smoothing}: best accuracy"
    alone = float(torch.special.ndtr(z))
    xc.show(
        text, round(best.accuracy, 3), control={"with the mask alone": round(alone, 3)}
    )
    _, rank, _ = score(best.weight[None], mask[None])[0].tolist()
    xc.show("   rank of its weights", rank, control={"chance": 8 / 64})

# %% [markdown]
r"""
With strongly smoothed noise (0.75 and 1) the best model **must** use pixels outside the mask: with the mask alone it would err in about every tenth picture. The gradient of a linear model is its weights, exactly. So the rank of a right map falls
to about a half, and *nothing is wrong with it*: the mask shows where the *data* differ, and the gradient what the *model* uses.

Write beside each score whose truth the mask is. Three things can fail: the map, the model, or the key.

## 7 · Be the subject

Often there is no key at all, and papers ask people: *which of these two maps is better?* This is a **forced choice**. Take part in one, before you read on. Two methods, 20 pictures of
section 1's kind (without tags), and 2 pairs that test whether you look. The panel hides the methods, draws order and sides at random, and keeps each answer at once in a file on your computer only.

**Take part** (4 minutes). Read the consent and agree. Then choose, with the buttons or the keys 1, 2 and 0 (cannot tell), until the result comes.

On a web page you see what a simulated rater answered. If the panel is closed in between, it goes on with the next question when its cell is run again. Another number under `rater` begins anew.
"""

# %% tags=["panel"]
panel = xc.widgets.StudyPanel(*xc.widgets.study_pair())
panel

# %% tags=["drive", "machinery"]
# A panel of simulated raters: what it shows is what sections 8 and 9 will find.
simulated = xc.widgets.StudyPanel(
    *xc.widgets.study_pair(), file=None, mode="simulated raters"
)
simulated.set(side=0.7, sides="A always left")
assert 0.35 < simulated.result.studies.found() < 0.5
simulated.set(sides="shuffled", side=0.5, spread=1.0, raters=10)
assert 0.25 < simulated.result.studies.found() < 0.4
simulated.set(spread=0.0, raters=1, taste=0.7, trials=60)
assert simulated.result.studies.found() < 0.9
simulated.set(trials=70)
assert simulated.result.studies.found() > 0.9

# %% [markdown]
r"""
At the end the panel names both methods. One of them never saw a network. Did the more *convincing* map win, or the *right* one? By mass, section 3's ruler, IG has about a quarter on the mark there, and edges less than a tenth.

## 8 · How many votes?

Of 20 answers, 14 prefer B. That is 70 percent. Is B preferred? Suppose that nobody prefers anything: each answer is a fair coin. Then every one of the $2^{20}$ ways to answer is
as likely, and exactly $k$ votes come in $\binom{20}{k}$ of them.

The **two-sided exact p-value** is the probability of a count *at least as far from the half as the one seen*, on either side.

*A small example.* 3 of 4 votes: as far are the counts 3, 4 and, on the other side, 1, 0. These are $4 + 1 + 4 + 1 = 10$ of 16 ways, so $p = 0.625$. And 2 of 4: every count is as far, $p = 1$.

### Task 17.2 · The exact p-value

**Goal** G3 · **Level** 2 of 5 · **Minutes** 6 · **Importance** 4 of 5

Write `exact_p(k, n)` for `k` votes of `n`, both whole numbers. It returns a number between 0 and 1. `math.comb(n, i)` counts the ways. Leave the arguments as they are.
"""


# %% tags=["task"]
def exact_p(k, n):
    """Return the two-sided exact p-value of k votes of n."""
    ### BEGIN SOLUTION
    # STUB: return ...
    import math

    far = max(k, n - k)
    one_side = sum(math.comb(n, i) for i in range(far, n + 1)) / 2**n
    return min(1.0, 2 * one_side)
    ### END SOLUTION


# %% tags=["check"]
xc.check("17.2", exact_p)

# %% [markdown] tags=["fold"]
r"""
- `max(k, n - k)` brings both sides together: 5 of 20 is as far from 10 as 15 of 20.
- The count itself belongs to the tail ("at least as far").
- In the middle both tails hold the same count. Doubled it would be above 1: hence `min`.
"""

# %%
p_value = xc.or_reference("17.2", exact_p)
for k in (13, 14, 15, 16):
    print(f"{k} votes, {20 - k} against: p = {float(p_value(k, 20)):.3f}")
seen = xc.people.share_of(14, 20)
xc.show("14 of 20, 95 % interval", [seen.low, seen.high], control={"chance": 0.5})
study = xc.people.simulate_studies
for answers in (20, 40, 100):
    none = study(0.5, answers).found()
    found_it = study(0.7, answers).found()
    xc.show(f"{answers} answers: p <= 0.05", found_it, control={"no preference": none})

# %% [markdown]
r"""
14 of 20, or a count as far from the half, happens by chance in more than every tenth study. So it is not shown that B is preferred. It is not disproved either: the interval reaches beyond four fifths.

The last lines give the **power**: how often does such a study find a *true* preference of 70 percent? With 20 answers fewer than half of the studies do. Choose the number of answers before you begin. Who looks
after each answer, and stops as soon as $p \le 0.05$, gets many more false alarms ("Go deeper", C).

## 9 · A rater is one answer

Four hundred answers by ten people are not four hundred people. Each person has a taste, and answers by it again and again. So make **one number for each rater**: the share of answers for
A. Then ask whether these shares lie above 1/2, by how many standard errors:

$$t = \frac{m - 1/2}{s / \sqrt{R}}$$

$m$ and $s$ are the mean and the standard deviation of the $R$ shares; $s$ divides by $R - 1$.

*A small example.* Shares 0.7, 0.5, 0.9: $m = 0.7$, $s = 0.2$, so $t = 0.2 / (0.2 / \sqrt3) = 1.73$.

### Task 17.3 · Read a study

**Goal** G3 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

Write `read_study(trials)`. `trials` is a list of `(rater, item, side_of_A, picked)`:

| part | meaning |
|---|---|
| `rater` | a name |
| `item` | the number of the picture |
| `side_of_A` | where the map of method A stood: `"left"` or `"right"` |
| `picked` | the side that the rater chose: `"left"`, `"right"`, or `None` for no answer |
| **returns** | two numbers `(m, t)`: the mean over raters of A's share, and its t |

A trial without an answer counts nowhere. Each rater answered at least once; the numbers of trials differ. Leave the argument as it is.
"""


# %% tags=["task"]
def read_study(trials):
    """Return the mean share of A over raters, and its t against 1/2."""
    ### BEGIN SOLUTION
    # STUB: votes = {}  # rater -> list of 0 and 1
    # STUB: return ..., ...
    votes = {}
    for rater, _, side_of_a, picked in trials:
        if picked is not None:
            votes.setdefault(rater, []).append(picked == side_of_a)
    shares = torch.tensor([sum(v) / len(v) for v in votes.values()]).double()
    mean = shares.mean()
    return mean, (mean - 0.5) / (shares.std() / len(shares) ** 0.5)
    ### END SOLUTION


# %% tags=["check"]
xc.check("17.3", read_study)

# %% [markdown] tags=["fold"]
r"""
- A vote is for A if the side picked is the side **where A stood**. Counting "left" measures a taste for the left side, and with A always on the left nobody can tell both apart. That is why sides are shuffled.
- No answer is no answer: neither half a vote nor one for B.
- The mean of the shares, not the share of all votes: who answers more often does not count more.
"""

# %% [markdown]
r"""
What happens to those who pool all answers? Ten simulated raters answer 20 times each. They have tastes, some for A and some for B, but **on average none**. Every study that finds a preference is a
false alarm, and one in twenty is allowed. Pooled, with the exact test, it is about a third.

**Predict (17.P5).** Now each of the ten raters answers 80 times instead of 20. How many false alarms are there, pooled?
"""

# %% tags=["question"]
xc.predict("17.P5")

# %%
read = xc.or_reference("17.3", read_study)
trials = [("ann", k, "left" if k % 2 else "right", "left") for k in range(20)]
trials += [("bob", k, "right" if k % 3 else "left", "right") for k in range(18)]
trials += [("eve", k, "left", "left" if k % 4 else "right") for k in range(16)]
m, t = (float(value) for value in read(trials))
xc.show("a study of three raters: A's share", m, control={"chance": 0.5, "t": t})
for answers in (20, 80):
    asked_of = {"raters": 10, "spread": 1.0}
    pooled = study(0.5, answers, **asked_of).found()
    over = study(0.5, answers, **asked_of, test="over raters").found()
    control = {"t over raters": over, "allowed": 0.05}
    xc.show(f"{answers} answers each: false alarms, pooled", pooled, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 17.P5</summary>

(b), more than half. More answers of the same ten people measure *their* taste ever better. The pooled test takes this for certainty about everybody.
</details>

The test was exact, the unit was wrong. To learn about people, ask more **people**.

**Explore the panel** of section 7 again: set its mode to "simulated raters".

1. One rater, "taste for A" 0.5, that is none, and "for the left" 0.7. Compare the sides "A always left" with "shuffled".
2. Ten raters, "for the left" back at 0.5, "spread of taste" 1: the test "pooled", then "over raters".
3. One rater, "spread of taste" 0, "taste for A" 0.7: how many questions are needed until nine of ten studies find it?

<details><summary>What there is to see</summary>

1. With A always left, two of five studies "find" a preference for A. Shuffled, it is no more than allowed.
2. A third of false alarms, then one in twenty.
3. About 70.
</details>

## 10 · The leak

Preference says what convinces. *Does a map help to understand?* **Simulatability** (Hase and Bansal, 2020) asks: can a reader who sees the map say what the model will answer? The gain over the picture alone counts as understanding.

Our reader is a linear classifier. It learns from 1500 maps of a net for clothes, the gradients of the **winning class**, and is tested on 500 others.
"""

# %% tags=["machinery"]
# Three nets for clothes, and a reader who has to name what the net says.
garments = xc.datasets.fashion_mnist(n=2000)
names = ("fashion_cnn", "fashion_mlp", "fashion_residual")
nets = {name: xc.zoo.load(name, **cpu) for name in names}


def seen_by(values):
    """One line a picture, of length 1, with a 1 for the constant."""
    lines = torch.nn.functional.normalize(values.flatten(1).double(), dim=1)
    return torch.cat([lines, torch.ones(len(lines), 1)], 1)


def reader(values, says):
    """Learn on the first 1500 and return the classes that are read from all of them."""
    lines = seen_by(values)
    known, wanted = lines[:1500], torch.nn.functional.one_hot(says[:1500], 10).double()
    ridge = known.T @ known + 0.1 * torch.eye(lines.shape[1])
    weights = torch.linalg.solve(ridge, known.T @ wanted)
    return lambda new: (seen_by(new) @ weights).argmax(1)


def agrees(classes, says):
    """Share of the last 500 that are named right."""
    return float((classes[1500:] == says[1500:]).double().mean())


# %% tags=["machinery"]
# The reader on the winner's maps, and on the pictures.
slopes, readers, answers_of, alone = {}, {}, {}, {}
for name, net in nets.items():
    answers_of[name] = says = net(garments.x).argmax(1)
    slopes[name] = xc.gradient(net, garments.x, target=says, batch_size=200)
    readers[name] = reader(slopes[name], says)
    alone[name] = agrees(reader(garments.x, says)(garments.x), says)
    control = {"from the picture": alone[name], "chance": 0.1}
    share = agrees(readers[name](slopes[name]), says)
    xc.show(f"{name}: the net's class, from the map", share, control=control)

# %% [markdown]
r"""
A large gain. Before we call it understanding, we try maps that cannot know the winner, in two ways. **One class:** for every picture the gradient of one fixed class; a new reader learns from these maps. **Drawn:** the *first* reader, who learnt from the
winners' maps, is shown the gradient of a class drawn by lot.

**Predict (17.P6).** How often does either reader name the class that the net says?
"""

# %% tags=["question"]
xc.predict("17.P6")

# %%
draw = torch.randint(0, 10, (2000,), generator=torch.Generator().manual_seed(0))
for name, net in nets.items():
    says = answers_of[name]
    fixed = xc.gradient(net, garments.x, target=0, batch_size=200)
    share = agrees(reader(fixed, says)(fixed), says)
    control = {"from the picture": alone[name], "chance": 0.1}
    xc.show(f"{name}: one class, names the net's class", share, control=control)
    other = xc.gradient(net, garments.x, target=draw, batch_size=200)
    told = readers[name](other)  # the first reader, maps of a class drawn by lot
    control = {"names the class that was drawn": agrees(told, draw), "chance": 0.1}
    xc.show("   drawn: names the net's class", agrees(told, says), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 17.P6</summary>

(c). From maps of one class it is about as from the picture: the gain is gone. With a class drawn by lot it is chance.
</details>

Shown the map of a class **drawn by lot**, the first reader names *that* class. It never learnt what the net sees. It reads off for which class the map was made, and for the winner's map this is the answer: a **leak**.
The control costs nothing: maps for another class than the answer. If readers name the drawn class, your study measured the leak.

**The truth strip.** The three tests that end every lesson, here for `z_box`, section 3's leader by mass. A known answer of another kind (two photos in one), deletion, and ruined networks.
"""

# %% tags=["demo", "machinery"]
# z_box under the three tests of every lesson, and two more ruined networks.
model = xc.zoo.load("efficientnet_lite0", device=device)
strip = xc.truth_strip(xc.spec("lrp", rules="z_box"), model=model, batch_size=3)
xc.show(
    "own half's share of |map|",
    strip.own_share.mean(),
    control={"half of the area": 0.5},
)
chance = {"spread of random orders": strip.random_spread}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=chance)
collage = xc.datasets.collage(device=device)
absolute = [strip.absolute_cosine]
for seed in (1, 2):
    ruined = xc.evaluation.randomise_last_layer(model, seed)
    again = xc.lrp(ruined, collage, target=285, rules="z_box", batch_size=3)
    pair = strip.maps[0, 0].abs().flatten(), again[0].sum(0).cpu().abs().flatten()
    absolute.append(float(torch.nn.functional.cosine_similarity(*pair, dim=0)))
mixed = {"own pixels in random places": strip.shuffled_cosine}
xc.show("three ruined networks, |maps|: cosine", absolute, control=mixed)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* The own half holds more than its area.
- *Deletion.* Better than random for the espresso, and not for the cat.
- *Ruined networks.* The sizes hardly change when the last layer is thrown away. A map that localises well, and does not notice that the network is ruined.

## 11 · Your model

Your own network, or torchvision's ResNet-18 (here with **random** weights, so that the cell runs offline). There is no mask for it: you draw one, a box around the object. That makes the key *your* opinion of where to look.

What to doubt: Does the model use what the box holds? Cover it, and see whether the class stays. Does another class leave the box? And does the map beat the edges of the photo? (With random weights, Grad-CAM of the winner does: a net that learnt nothing, and a score above both controls. One photo and one box show little.)
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
photo = xc.datasets.photo("chelsea", device=device)
box = torch.zeros(1, 1, 224, 224, dtype=torch.bool)
box[..., 20:130, 60:190] = True  # the cat's face
winner = int(mine(photo).argmax())
covered = torch.where(box.to(device), 0.5, photo)
xc.show("the class stays if the box is covered", int(mine(covered).argmax()) == winner)
edges = score(xc.evaluation.controls.edges(photo).cpu(), box)[0]
for name, target in {"winner": winner, "another class": (winner + 1) % 1000}.items():
    values = xc.grad_cam(mine, photo, target=target).cpu()
    mass, rank, _ = score(values, box)[0].tolist()
    control = {"edges": float(edges[1]), "area": float(box.double().mean())}
    xc.show(f"{name}: Grad-CAM, rank in the box", rank, control=control)

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional. Which score of this lesson stands where:

| score | year | what it asks | chance | where |
|---|---|---|---|---|
| `pointing_game` | 2016 | the largest pixel, with a tolerance | area within reach | section 2, A |
| `relevance_mass` | 2020 | share of all size on the mark | area | sections 2 and 3 |
| `relevance_rank` | 2020 | as many of the largest as the mark has | area | sections 2 and 6 |
| `energy_pointing_game` | 2020 | share of the positive values on the mark | area | section 3 |
| `top_k_intersection` | 2021 | share of the mark among the k largest | k or area | section 3 |
| `grid_pointing_game` | 2021 | share of the positive values in the own cell | $1/n^2$ | section 5, D |
| `localisation_auc` | 2006 | how often a pixel of the mark is larger than another one | a half | A |

Three measures of BAM compare two nets or two pictures and stand outside this table: `model_contrast` (task 17.6), `input_dependence` and `input_independence` (B).

### A · Two more rulers, and a tolerance

The pointing game may forgive a distance. Random maps profit most from that, so look at chance again.
"""

# %%
d, a = data[0], a_nets[0]
shuffled = torch.rand(d.x.shape, generator=torch.Generator().manual_seed(0))
for name, values in {**{n: v[0] for n, v in found.items()}, "random": shuffled}.items():
    ask = {"mask": d.masks, "channels": "abs_sum", "sign": "abs"}
    exact = xc.evaluation.pointing_game(None, None, values, **ask)
    near = xc.evaluation.pointing_game(None, None, values, **ask, tolerance=3)
    auc = xc.evaluation.localisation_auc(None, None, values, **ask)
    control = {"chance": near.chance.mean(), "without": exact.mean()}
    xc.show(f"{name}: hits, 3 pixels forgiven", near.mean(), control=control)
    xc.show("   AUC", auc.mean(), control={"chance": 0.5})

# %% [markdown]
r"""
With 3 pixels forgiven, chance is about four times as large, and Grad-CAM, the last by exact hits, draws level with the first. And by AUC all maps look good: most of its pairs ask about the thousand pixels of the background.

### B · One net, with the object and without

BAM's sister measure asks the net that names the **scene**: does its map give the object's region *less* if the object hides the scene there? One might expect the order of the methods to be that of task 17.6.
"""

# %%
bam = xc.datasets.mini_bam(120, seed=5)
ask = {"steps": 16, "quadrature": "midpoint", "batch_size": 60}
for start in (0, 1, 2):
    by_scene = xc.zoo.load("bam_scene", seed=start, **cpu)
    right = by_scene(bam.x).argmax(1) == bam.scenes
    right &= by_scene(bam.empty).argmax(1) == bam.scenes
    both = torch.cat([bam.x[right], bam.empty[right]])
    scenes = bam.scenes[right].repeat(2)
    values = {
        "IG": xc.integrated_gradients(by_scene, both, target=scenes, **ask),
        "gradient": xc.gradient(by_scene, both, target=scenes),
        "edges": xc.evaluation.controls.edges(both),
    }
    less = {
        name: xc.evaluation.input_dependence(
            *maps.chunk(2), bam.masks[right], channels="abs_sum"
        ).mean()
        for name, maps in values.items()
    }
    control = {"gradient": less["gradient"], "edges": less["edges"]}
    xc.show(f"start {start}: less with the object, IG", less["IG"], control=control)

# %% [markdown]
r"""
The order turns round. IG, the winner of 17.6, almost always gives the region *more* with the object: it multiplies by the pixel, and clothes are brighter than the textures. The gradient gives it less. Edges, which see no net, do so in more than half of the
pictures. Two measures of one paper, one data set, opposite winners.

### C · Stopping early, and a circle

Look after each answer from the fifth on, and stop as soon as $p \le 0.05$: how many false alarms among coins? And five methods in pairs: the model of **Bradley and Terry** gives each a strength, so that methods that never met can be
compared. What does it say of a circle, where each wins against the next?
"""

# %%
coins = torch.rand(4000, 100, generator=torch.Generator().manual_seed(0)) < 0.5
counts = coins.cumsum(1)
for most in (20, 40, 100):
    stopped = torch.zeros(4000, dtype=torch.bool)
    for n in range(5, most + 1):
        table = torch.tensor([float(p_value(k, n)) for k in range(n + 1)])
        stopped |= table[counts[:, n - 1]] <= 0.05
    share = float(stopped.double().mean())
    xc.show(f"at most {most} answers: stopped", share, control={"allowed": 0.05})
found_strengths = xc.people.bradley_terry([[0, 14], [6, 0]], ["IG", "edges"])
print(f"14 to 6: log odds {found_strengths.difference('IG', 'edges')[0]:.3f}")
circle = [[0, 15, 5], [5, 0, 15], [15, 5, 0]]
strengths = xc.people.bradley_terry(circle, ["a", "b", "c"]).values
print("a circle of 15 to 5:", [round(float(v), 2) + 0.0 for v in strengths])

# %% [markdown]
r"""
With many looks about one study in five "finds" something. And a circle comes out equal: three clear preferences, and no order. Equal strengths say that each wins half of its meetings; the raw shares are three quarters. Look at both.

### D · DiFull: heads that see one cell

**DiFull** (2022) makes a key that nobody can dispute: four heads, and each *sees its own cell only*. Every value outside the cell is provably wrong, so this tests your whole chain of code.
"""

# %%
heads = xc.zoo.load("fashion_mosaic", heads="full", **cpu)  # 4 x 10 logits
of_head = torch.arange(4).repeat(30) * 10 + asked
ask = {"steps": 4, "quadrature": "midpoint", "batch_size": 40}
logit = xc.integrated_gradients(heads, pieces, target=of_head, **ask)
chances = xc.integrated_gradients(
    heads, pieces, target=of_head, output="probability", **ask
)
control = {
    "the same maps, blurred": in_own_cell(xc.evaluation.controls.blurred(logit))[0],
    "IG of the probability": in_own_cell(chances)[0],
    "chance": 0.25,
}
xc.show("four heads: IG of the logit", in_own_cell(logit), control=control)
assert bool((logit[~own_cell] == 0).all())

# %% [markdown]
r"""
Exactly 1 for the logit. A blur leaks over the border. And the *probability* over all 40 outputs falls when another head wakes up: it does depend on the other cells, and its map says so. There the key is wrong, not the map.

### E · Be the reader

The study of section 10, with you as the reader: guess what a small net says of 12 pictures of clothes, without a map and with one. Half of the maps never saw the net. Of the others, every second one was drawn for another
class than the net says. At the end the panel shows your gain, beside that of the control, and how often you named the drawn class. (Studies differ in how near their task is to the real one: Doshi-Velez and Kim, 2017, give three grades. HIVE, 2022, gave readers
wrong predictions, too: maps raised their trust, and did not help to tell right from wrong.)
"""

# %%
guess = xc.widgets.GuessPanel(*xc.widgets.guess_items())
guess

# %% [markdown] tags=["references"]
r"""
## What to remember

- A score beside a mask tests map, model and key together. Show that the model uses the mask before you blame the map.
- Sizes, not signed values; equal values share places; chance and a class-blind map beside each score.
- Name the ruler before you look: mass, positive mass and top tenth had three winners.
- Localising is not explaining: ask for a class that is not there.
- With suppressors the best model looks beside the mask, and a right map says so.
- Shuffle sides, leave silence out, and count each rater once. 20 answers miss a true 70 percent more often than not.
- A reader who names the class may have read off for which class the map was made.

**Where it fails next.** Every score so far had one winner, and each time it was another one. Lesson 18 (to come) is the last: choose a method for a task of your own, and defend the choice.

## References

- J. Zhang, Z. Lin, J. Brandt, X. Shen, S. Sclaroff. *Top-down Neural Attention by Excitation Backprop*. 2016. [arXiv:1608.00507](https://arxiv.org/abs/1608.00507)
- H. Wang and others. *Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks*. 2020 (the energy-based pointing game). [arXiv:1910.01279](https://arxiv.org/abs/1910.01279)
- L. Arras, A. Osman, W. Samek. *Ground Truth Evaluation of Neural Network Explanations with CLEVR-XAI*. 2020. [arXiv:2003.07258](https://arxiv.org/abs/2003.07258)
- M. Böhle, M. Fritz, B. Schiele. *Convolutional Dynamic Alignment Networks for Interpretable Classifications*. 2021. [arXiv:2104.00032](https://arxiv.org/abs/2104.00032)
- S. Rao, M. Böhle, B. Schiele. *Towards Better Understanding Attribution Methods*. 2022. [arXiv:2205.10435](https://arxiv.org/abs/2205.10435)
- B. Clark, R. Wilming, S. Haufe. *XAI-TRIS: Non-linear image benchmarks to quantify false positive post-hoc attribution of feature importance*. 2023. [arXiv:2306.12816](https://arxiv.org/abs/2306.12816)
- M. Yang, B. Kim. *Benchmarking Attribution Methods with Relative Feature Importance*. 2019. [arXiv:1907.09701](https://arxiv.org/abs/1907.09701)
- F. Doshi-Velez, B. Kim. *Towards A Rigorous Science of Interpretable Machine Learning*. 2017. [arXiv:1702.08608](https://arxiv.org/abs/1702.08608)
- P. Hase, M. Bansal. *Evaluating Explainable AI: Which Algorithmic Explanations Help Users Predict Model Behavior?*. 2020. [arXiv:2005.01831](https://arxiv.org/abs/2005.01831)
- S. S. Y. Kim and others. *HIVE: Evaluating the Human Interpretability of Visual Explanations*. 2022. [arXiv:2112.03184](https://arxiv.org/abs/2112.03184)
"""
