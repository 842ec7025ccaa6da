# %% [markdown] tags=["header"]
r"""
# 12 · Beyond pixels (2021): what lies between nothing and a word?

| | |
|---|---|
| **Papers** | Generalized IG: J. Merrill and others, 2019, [arXiv:1909.01869](https://arxiv.org/abs/1909.01869); Discretized IG: S. Sanyal, X. Ren, 2021, [arXiv:2108.13654](https://arxiv.org/abs/2108.13654); Gaussian processes: S. Seitz, 2022, [arXiv:2205.12797](https://arxiv.org/abs/2205.12797); graphs: L. Simpson and others, 2025, [arXiv:2509.07648](https://arxiv.org/abs/2509.07648) |
| **Time** | 70 minutes: 43 to read and try, 27 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 05 (Integrated Gradients, completeness, steps) |
| **Repairs** | a failure of lesson 05: it needs a score without jumps, and a path on which "half of the input" means something. |
| **Practise** | the sheet `exercises/12_beyond_pixels.ipynb` |
"""

# %% tags=["setup"]
import torch
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

import xaicourse as xc

nets = {seed: xc.zoo.load("sentence_cnn", seed=seed) for seed in (0, 1, 2)}
cosine = torch.nn.functional.cosine_similarity

# %% [markdown]
r"""
## 1 · Half a patient, half a word

Half of a photo is a darker photo. But this lesson is about other inputs. Above, a **forest** (a sum of decision trees) says how far the
diabetes of a patient will advance in a year. Below, a small network judges a sentence about a film. Both walk straight from a baseline: the
median patient, and no word at all, `[PAD]`.
"""

# %% tags=["demo"]
table = load_diabetes(scaled=False)  # 442 patients, ten numbers each
X, y = torch.tensor(table.data).float().double(), table.target
NAMES = "age sex bmi pressure cholesterol LDL HDL ratio fat sugar".split()


def grow(X, seed):
    """A forest, its median patient, and 30 patients it has not seen."""
    order = torch.randperm(442, generator=torch.Generator().manual_seed(seed))
    seen = order[:330]
    trees = GradientBoostingRegressor(n_estimators=40, subsample=0.7, random_state=seed)
    trees.fit(X[seen].numpy(), y[seen.numpy()])  # each of depth 3
    return xc.TreeEnsemble(trees), X[seen].median(0).values, X[order[330:360]]


forest, median, patients = grow(X, 0)
patient, sentence = patients[4], "the plot was not good"
xc.widgets.on_the_way(
    *(forest, patient[None], median[None], NAMES),
    xc.widgets.word_walk(nets[0], sentence),
    alt="Above, a staircase: the score of a forest on the way from the median patient "
    "to one patient, each riser in the colour of the feature that crosses. Below, the "
    "words nearest to five points: epiphany, hands, barry, later the words themselves.",
)

# %% [markdown]
r"""
The forest's score only jumps: each **riser** is a feature that passes one of its thresholds. And the sentence? Between nothing and "good" lie
"epiphany" and "barry", the same for nearly all words. They are short vectors, no half words.

**Predict (12.P1).** The rise of the staircase is about 73. We measure the slope of the score along the way at 1000 even places, by moving on a
millionth of the way. Slope times step, added up: what is the sum?
"""

# %% tags=["question"]
xc.predict("12.P1")


# %%
def score(rows):
    """The forest's score, (N,)."""
    return forest(rows)[:, 0]


def along(alphas):
    """The score at places of the way."""
    return score(median + alphas[:, None] * (patient - median))


places = (torch.arange(1000).double() + 0.5) / 1000
slopes = (along(places + 1e-6) - along(places)) / 1e-6
rise = float(score(patient[None]) - score(median[None]))
xc.show("sum of slope times step", float(slopes.mean()), control={"the rise": rise})

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 12.P1</summary>

(b), 0: no place lies within a millionth before a riser. With luck one would, and then the sum would be absurdly large.
</details>

A gradient sees none of the risers. So for jumps we need another rule, and for words another way. In each new domain two questions come back:
**what does the way mean here, and who gets what happens on it?**

**The goals of this lesson**

- **G1** you can say what the straight way means for a new kind of input.
- **G2** you can give the jumps of a score to the features, exactly.
- **G3** you can say what a tie is, and which choice was made there.
- **G4** you can lay a way through words that never turns back.
- **G5** you can judge a new way by other nets and by a random way.
"""

# %% [markdown] tags=["symbols"]
r"""
## 2 · Who crosses?

$F(\alpha)$ is the score at the place $\alpha$ of the straight way from the baseline $x'$ to $x$. New symbols:

- $\theta$ ("theta") is a threshold: a place in one feature where the score may jump.
- $\alpha_j$ is the place of the way at which the crossing number $j$ happens.
- $\delta_{ij}$ ("delta") is what feature $i$ gets of the jump at $\alpha_j$.

Feature $i$ reaches its threshold $\theta$ where $x'_i + \alpha\,(x_i - x'_i) = \theta$, so at $\alpha = (\theta - x'_i) / (x_i - x'_i)$. **Generalized
Integrated Gradients** (2019) add up slopes between the jumps as before, and give each jump to the feature that crosses there:

$$A_i = (x_i - x'_i) \int \frac{\partial F}{\partial x_i}\, d\alpha + \sum_j \delta_{ij}, \qquad \sum_i \delta_{ij} = \text{the jump at } \alpha_j$$

*A small example.* Let the score be $x_2$ where $x_1 > 1/4$, and 0 elsewhere, on the way from $(0, 0)$ to $(1, 1)$. At $\alpha = 1/4$ feature 1 crosses, and the
score jumps from 0 to $1/4$, the value of $x_2$ at this moment. Feature 1 gets this jump. From there on the slope with respect to $x_2$ is 1: feature 2 collects the other
$3/4$.

A forest has no slopes. Only the jumps are left, and the map is exact: no steps, no gap.

### Task 12.1 · Walk the crossings

**Goal** G2 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

Write `tree_ig(f, thresholds, x, baseline)` for a score that only jumps:

| argument | meaning |
|---|---|
| `f` | a function: points (N, D) to scores (N,) |
| `thresholds` | a list of D lists: the thresholds of each feature, in any order |
| `x`, `baseline` | tensors (D,) |
| **returns** | what each feature gets, (D,) |

A feature crosses a threshold $\theta$ if one of its two numbers is **above** $\theta$ and the other is not, whether it goes up or down. In the check, no two crossings
are at the same place.

Leave the arguments as they are. Stuck? `xc.hint("12.1")`.
"""


# %% tags=["task"]
def tree_ig(f, thresholds, x, baseline):
    """Return what each feature gets of the jumps of f between baseline and x, (D,)."""
    ### BEGIN SOLUTION
    # STUB: crossings = ...  # (alpha, feature), the first one first
    # STUB: scores = ...  # f on each piece between two crossings
    # STUB: ...
    crossings = []
    for i, each in enumerate(thresholds):
        start, end = float(baseline[i]), float(x[i])
        for theta in each:
            if (start > theta) != (end > theta):
                crossings.append(((theta - start) / (end - start), i))
    crossings.sort()
    ends = torch.tensor([0.0, *(alpha for alpha, _ in crossings), 1.0], dtype=x.dtype)
    middles = (ends[1:] + ends[:-1]) / 2
    scores = f(torch.lerp(baseline, x, middles[:, None]))
    total = torch.zeros_like(x)
    for (_, i), jump in zip(crossings, scores.diff(), strict=True):
        total[i] += jump
    return total
    ### END SOLUTION


# %% tags=["check"]
xc.check("12.1", tree_ig)

# %% [markdown] tags=["fold"]
r"""
Between two crossings the score is constant, so we may ask it anywhere there: the middle is safe. The differences of these levels are the jumps, in the order of
the crossings.

- All features walk at once. What the *others* are at this moment decides how large a jump is; moving one feature alone from the baseline, or back from $x$, asks another question.
- $\alpha$ counts from where the feature *starts*. With a baseline of 0 this is easy to overlook.
- A jump keeps its sign, and is not multiplied by anything.
- `torch.lerp` is baseline + middles * (x - baseline), and gives exactly $x$ at the end.
"""

# %%
walk_ig = xc.or_reference("12.1", tree_ig)


def thresholds_of(forest):
    """One list for each feature."""
    pairs = forest.thresholds()
    return [[theta for k, theta in pairs if k == i] for i in range(10)]


def walks_of(forest, start, rows):
    """Your walk for each patient, (N, 10), and that of the package."""
    limits = thresholds_of(forest)
    mine = [walk_ig(lambda p: forest(p)[:, 0], limits, x, start) for x in rows]
    package = xc.generalized_ig(forest, rows, target=0, baseline=start[None])
    return torch.stack(mine), package


mine, package = walks_of(forest, median, patients)
parts = zip(NAMES, mine[4].tolist(), strict=True)
print("our patient:", ", ".join(f"{n} {v:.0f}" for n, v in parts if abs(v) > 3))
gap = mine.sum(1) - (score(patients) - score(median[None]))
xc.show("largest gap of 30 sums", float(gap.abs().max()))
off = (mine - package).abs().amax(1)
xc.show("30 patients: how many maps differ from the package", int((off > 1e-6).sum()))
xc.show("   by at most, in one number", float(off.max()))

# %% [markdown]
r"""
All sums are exact. Yet on some patients our map is not that of the package. Which of the two is wrong?

## 3 · Two at one place

Neither. `(x + baseline) / 2` is a number that trees love: their thresholds lie in the middle between two patients. With the median patient as baseline, two
features may cross at $\alpha = 1/2$ **both**. Such a **tie** has one jump and two candidates. Our loop gave it to one of them, by the order of their
numbers: an accident.

*A small example.* The score is 0; 1 if $x_1 > 1/2$; and 2 if $x_2 > 1/2$ as well. Both cross at once, and the jump is 2. If feature 1 crosses first, it gets 1, and feature 2 the other 1.
If feature 2 crosses first, it gets 0, and feature 1 the whole 2. The mean over both **orders** is $(3/2, 1/2)$.

The mean over all orders is called the **Shapley value**. The paper's text does not settle ties for us: this is *our* choice, and the package says so, too.

### Task 12.2 · Share a jump

**Goal** G3 · **Level** 3 of 5 · **Minutes** 8 · **Importance** 4 of 5

Write `share_jump(f, before, after, movers)`:

| argument | meaning |
|---|---|
| `f` | a function: points (N, D) to scores (N,) |
| `before`, `after` | tensors (D,): the points just before and just after the place |
| `movers` | a list: the features that cross there |
| **returns** | what each feature gets, (D,): the mean over all orders of the movers; 0 for the others |

In an order, one mover after the other takes its number from `after`, and gets what the score changes by. `itertools.permutations` lists all orders.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def share_jump(f, before, after, movers):
    """Return the share of each feature in the jump, the mean over all orders, (D,)."""
    ### BEGIN SOLUTION
    # STUB: from itertools import permutations
    # STUB: total = torch.zeros_like(before)
    # STUB: for order in permutations(movers):
    # STUB:     ...
    from itertools import permutations

    total = torch.zeros_like(before)
    orders = list(permutations(movers))
    for order in orders:
        point = before
        for i in order:
            moved = point.clone()
            moved[i] = after[i]
            total[i] += f(moved[None])[0] - f(point[None])[0]
            point = moved
    return total / len(orders)
    ### END SOLUTION


# %% tags=["check"]
xc.check("12.2", share_jump)

# %% [markdown] tags=["fold"]
r"""
In each order the changes add up to the jump, so their means do, too. With two movers it is enough to take the mean of "first" and "last". With three it is not: there are six orders, and places
in the middle. With $k$ movers there are $k!$ orders, so a package asks all $2^k$ mixtures once, and weighs them.
"""

# %% tags=["machinery"]
# Your walk, with ties shared by your function; all orders of all ten features.
share = xc.or_reference("12.2", share_jump)


def shared_walk(f, limits, x, start):
    """Like tree_ig; crossings at one place share their jump."""
    found = {}
    for i, each in enumerate(limits):
        for theta in each:
            if (start[i] > theta) != (x[i] > theta):
                alpha = round(float((theta - start[i]) / (x[i] - start[i])), 9)
                found.setdefault(alpha, []).append(i)
    ends = torch.tensor([0.0, *sorted(found), 1.0], dtype=x.dtype)
    middles = torch.lerp(start, x, ((ends[1:] + ends[:-1]) / 2)[:, None])
    total = torch.zeros_like(x)
    for k, alpha in enumerate(sorted(found)):
        total += share(f, middles[k], middles[k + 1], sorted(set(found[alpha])))
    return total


# %% tags=["machinery"]
# Three forests: your walk with ties shared, against the package.
for seed in (0, 1, 2):
    forest, median, patients = grow(X, seed)
    limits = thresholds_of(forest)
    mine, package = walks_of(forest, median, patients)
    shared = torch.stack([shared_walk(score, limits, x, median) for x in patients])
    xc.show(
        f"forest {seed}: largest difference, ties shared",
        float((shared - package).abs().max()),
        control={"ties by accident": float((mine - package).abs().max())},
    )

# %% [markdown]
r"""
With ties shared, we have the package's map, in each number. So a choice that stands in no formula moves a share by more than ten points of the score.

Now an extreme case: a table of **yes and no**. Each number is 1 if the patient's value is above the median, otherwise 0. The baseline is "no" everywhere.

**Predict (12.P2).** What is the map of Generalized IG on this table, for every forest and patient?
"""

# %% tags=["question"]
xc.predict("12.P2")

# %%
yes = torch.gt(X, X.median(0).values).double()
for seed in (0, 1, 2):
    trees, _, rows = grow(yes, seed)
    no = torch.zeros(10).double()

    def level(p, trees=trees):
        return trees(p)[:, 0]

    found = xc.generalized_ig(trees, rows, target=0)  # the baseline is 0
    orders = torch.stack([xc.widgets.all_orders(level, x, no) for x in rows])
    without = torch.stack([level(x[None]) - level(x - torch.diag(x)) for x in rows])
    rises = (level(rows) - level(no[None]))[:, None]
    equal = rises * rows / rows.sum(1, keepdim=True).clamp_min(1)
    control = {
        "from the deletion effect": float((found - without).abs().max()),
        "from half of it": float((found - without / 2).abs().max()),
        "from equal shares": float((found - equal).abs().max()),
    }
    farthest = float((found - orders).abs().max())
    xc.show(f"forest {seed}: distance from Shapley values", farthest, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 12.P2</summary>

(c), the Shapley values. All thresholds lie between 0 and 1, each feature that moves crosses at the same place: one tie of all.
</details>

## 4 · One walk, or all orders?

On the table with numbers, hardly anybody ties. The walk is **one** order of crossings. *SHAP* (2017) takes the mean over all orders, whatever the
numbers are: each feature jumps at once from the baseline's number to the patient's. Both start at the same baseline, both add up to the same rise.

**Predict (12.P3).** For how many of 30 patients do both name the same feature as the most important one (largest size)? Take the mean over our three forests.
"""

# %% tags=["question"]
xc.predict("12.P3")

# %%
for seed in (0, 1, 2):
    forest, median, patients = grow(X, seed)
    one = xc.generalized_ig(forest, patients, target=0, baseline=median[None])
    orders = torch.stack([xc.widgets.all_orders(score, x, median) for x in patients])
    other = orders.roll(1, 0)  # the next patient's
    first, second, third = (m.abs().argmax(1) for m in (one, orders, other))
    same, chance = (int((first == m).sum()) for m in (second, third))
    control = {"next patient's": chance}
    xc.show(f"forest {seed}: same feature first, of 30", same, control=control)
    blind = (patients - median) / X.std(0)
    control = {
        "next patient's": float(cosine(one, other).mean()),
        "distance alone": float(cosine(one, blind).mean()),
    }
    alike = float(cosine(one, orders).mean())
    xc.show("   cosine of both maps", alike, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 12.P3</summary>

(a), about 26 of 30. Most jumps do not ask who has crossed before. Where features work together, another one may come first, with the same sum.
</details>

Completeness does not make a map the only one: a walk and the mean over all orders both keep it. Say which one you print, and from which baseline.

## 5 · A sentence

Now words. The network of section 1 turns each word into a point of 32 numbers, looks at windows of one to three words, and gives two scores. We explain *negative minus positive*.
Two **sisters** were trained on the same snippets of reviews, from other random starts. All three call "the plot was not good" negative. Right.

**Predict (12.P4).** Which word has the largest share for negative in the first net?
"""

# %% tags=["question"]
xc.predict("12.P4")

# %%
for text in (sentence, "the plot was good"):
    print(text)
    for seed, net in nets.items():
        walk = xc.widgets.word_walk(net, text)
        shares = [round(s, 1) + 0.0 for s in walk.shares.tolist()]  # no -0.0
        parts = ", ".join(f"{w} {s}" for w, s in zip(walk.words, shares, strict=True))
        print(f"   net {seed}: {float(walk.scores[-1]):.1f} = {parts}")
x = nets[0].embed(["the plot was good"])
ig = xc.integrated_gradients(nets[0], x, target=0, output="margin", steps=64)
walk = xc.widgets.word_walk(nets[0], "the plot was good")
assert torch.allclose(ig[0].sum(1).double(), walk.shares, atol=0.02)

# %% [markdown]
r"""
<details><summary>Answer to 12.P4</summary>

(d), "was". And the net calls "the plot was **good**" negative as well. All three do.
</details>

The verdict was right, for a wrong reason. We then counted: seven of ten training snippets with "was" blame the film, of all snippets it is half
(`data/nets/SENTENCES_WORDS.md`). "not good" stands in a single one. So "not" has a small share of its own, and "good" speaks for positive, denied or not. The map showed it: we would not have asked.

**Which net?** On "plot" the sisters disagree: it has a large share in two of them, none in the other. What one net says is no fact about the language.

## 6 · A way along words

The straight way leads through points that are no words. **Discretized IG** (2021) walks from the word towards the baseline, and chooses a real word, the **anchor**, as
the next stop. But a path that jumps from word to word turns back, in some coordinates, again and again. So each anchor is bent, coordinate by coordinate, until the path is
**monotone**: it never turns back.

*A small example.* The baseline is 0 everywhere, we stand at the point $(4, 4, 2)$, and the anchor is $(1, 5, -1)$. The 1 lies between 0 and 4: it stays. The 5 lies beyond the point and the
$-1$ beyond the baseline: neither can be used. There we go $1/m$ of the way to the baseline instead; with $m = 4$, to $3$ and $1.5$. The next point is $(1, 3, 1.5)$.

### Task 12.3 · The next point

**Goal** G4 · **Level** 2 of 5 · **Minutes** 7 · **Importance** 4 of 5

Write `next_point(word, point, baseline, m)`:

| argument | meaning |
|---|---|
| `word` | the anchor, a tensor (D,) |
| `point` | where the path stands, (D,) |
| `baseline` | where it leads, (D,) |
| `m` | how many anchors there are |
| **returns** | the next point, (D,) |

A coordinate of the word stays if it lies between those of baseline and point (equal counts as between). In the others the path goes on from the point, by $1/m$ of the way that is left
to the baseline.

Leave the arguments as they are.
"""


# %% tags=["task"]
def next_point(word, point, baseline, m):
    """Return the next point towards the baseline, (D,)."""
    ### BEGIN SOLUTION
    # STUB: between = ...  # (D,), yes or no
    # STUB: return ...
    between = (word - baseline) * (word - point) <= 0
    return torch.where(between, word, point - (point - baseline) / m)
    ### END SOLUTION


# %% tags=["check"]
xc.check("12.3", next_point)

# %% [markdown] tags=["fold"]
r"""
If the word's number lies between the two others, one of the differences is above 0 and the other below, so their product is below 0; at an end it is 0. This needs no question which
of the ends is larger.

The word before plays no part here, only the *point* before. Comparing with the raw anchor of the last step lets the path turn back.
"""

# %%
go = xc.or_reference("12.3", next_point)
net = nets[0]
x = net.embed([sentence])
found = xc.discretized_ig(
    net, x, target=0, output="margin", return_details=True,
    vocabulary=net.embedding.weight, anchors=15,
)  # fmt: skip
anchors = found.extra["words"][0].flip(0)  # (15, 5): the first anchor after the word
points = found.extra["points"][0].flip(0)  # from the words to the baseline
for k in range(5):
    point = x[0, k]
    for j, anchor in enumerate(anchors[:, k]):
        point = go(net.embedding.weight[anchor], point, torch.zeros(32), 15)
        assert torch.allclose(point, points[j + 1, k], atol=1e-5)
print("anchors of good:", ", ".join(net.words[i] for i in anchors[:6, 4]), "...")

# %% [markdown]
r"""
These are no neighbours in meaning: a small net does not place words so. Still, each point is built from a word. Does the path stay nearer to real words than the straight way
does? For each point between the ends we measure the distance to the nearest word (`[PAD]` is no word).

**Predict (12.P5).** On the straight way the mean distance is about 2.3 in the first net. What is it on the way along words?
"""

# %% tags=["question"]
xc.predict("12.P5")

# %%
WAYS = ("greedy", "random words", "straight")
for seed, net in nets.items():
    near, drawn, straight = (
        xc.widgets.word_walk(net, sentence, way).distance for way in WAYS
    )
    control = {"straight": straight, "random words": drawn}
    xc.show(f"net {seed}: distance, along near words", near, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 12.P5</summary>

(c), about 3.2: farther. Where an anchor cannot be used, each step takes the path towards the baseline, where there are no words. The straight way stays beside its own word for half of
its length.
</details>

Count `[PAD]` as a word, and the path along words is the nearer one: it sits beside `[PAD]`. So a table in which this distance falls needs a second look. Words drawn at **random** make anchors that
are no worse.

## 7 · Does it help?

The paper reports more faithful maps than Integrated Gradients, on large networks for text. We repeat its kind of test on our three nets. Delete words in the order of their shares, half
of the sentence; the better map makes the score of its class fall deeper. Forty sentences about films, each with two deciding words, such as "dull".

**Predict (12.P6).** On how many of the three nets does the way along near words beat the straight way by more than two standard errors?
"""

# %% tags=["question"]
xc.predict("12.P6")

# %% tags=["machinery"]
# Forty sentences of a small grammar.
PRAISE = (
    "warm funny moving clever charming engaging powerful touching inventive".split()
)
BLAME = "dull boring shallow tedious flat predictable stale bland clumsy".split()
FORMS = (
    "the {n} is {a} and {b}",
    "a {a} {n} with a {b} story",
    "it is a {a} and {b} {n}",
)
NOUNS = "film comedy drama script".split()
drawn = torch.Generator().manual_seed(0)
reviews = []  # (sentence, class): 0 negative, 1 positive
for k in range(40):
    i, j, form, noun = torch.randint(1000, (4,), generator=drawn).tolist()
    words, kind = ((BLAME, 0), (PRAISE, 1))[k % 2]
    a, b = words[i % 9], words[(i + 1 + j % 8) % 9]
    reviews.append((FORMS[form % 3].format(n=NOUNS[noun % 4], a=a, b=b), kind))

# %% tags=["machinery"]
# What deleting words does, and the shares of one sentence for its class.


def fall(net, text, kind, shares):
    """Mean fall of the class's lead while half of the words are deleted."""
    x = net.embed([text])[0]
    points = [x.clone()]
    for word in shares.argsort(descending=True)[: len(shares) // 2]:
        x[word] = 0
        points.append(x.clone())
    scores = net(torch.stack(points))
    lead = scores[:, kind] - scores[:, 1 - kind]
    return float(lead[0] - lead[1:].mean())


def shares_for(net, text, kind, way="straight"):
    """What each word gets, for the class."""
    return (1 - 2 * kind) * xc.widgets.word_walk(net, text, way).shares


# %%
fallen = {}  # for later
for seed, net in nets.items():
    falls = {}
    for way in ("straight", "greedy", "random words"):
        falls[way] = torch.tensor(
            [fall(net, *each, shares_for(net, *each, way)) for each in reviews]
        )
    blind = [torch.rand(12, generator=drawn) for _ in reviews]
    lengths = [len(text.split()) for text, _ in reviews]
    falls["random order"] = torch.tensor(
        [
            fall(net, *each, b[:n])
            for each, b, n in zip(reviews, blind, lengths, strict=True)
        ]
    )
    fallen[seed] = falls
    gain = {way: each - falls["straight"] for way, each in falls.items()}
    control = {
        "standard error": float(gain["greedy"].std() / 40**0.5),
        "along random words": float(gain["random words"].mean()),
        "random order": float(gain["random order"].mean()),
    }
    xc.show(
        f"net {seed}: gain of near words", float(gain["greedy"].mean()), control=control
    )

# %% [markdown]
r"""
<details><summary>Answer to 12.P6</summary>

(d), on none. And the way along random words is no worse.
</details>

**What reproduced**: nothing of the gain, on these nets. A net of windows is nearly a sum over its words, so all ways collect nearly the same. On a large network it may be different;
then ask for the same two controls: other nets, and random words.

## 8 · Choose your domain

Each new kind of input brings its own meaning of "way". Two more, in short.

**A Gaussian process** says for each place a mean and how unsure it is. Integrated Gradients is a linear map of the function, so the shares have a mean and a **deviation**, in closed
form. We count the shares that lie beyond two deviations from 0. The control: the same patients, with their outcomes shuffled.
"""

# %%
Z = (X - X.mean(0)) / X.std(0)
t = torch.tensor((y - y.mean()) / y.std())
for seed in (0, 1, 2):
    order = torch.randperm(442, generator=torch.Generator().manual_seed(seed))
    seen, rest = order[:200], order[330:360]
    clear, deviation = [], []
    for truth in (t[seen], t[seen].roll(77)):
        process = xc.GaussianProcess(Z[seen], truth, lengthscale=4.0, noise=0.5)
        found = xc.gaussian_process_ig(
            process, Z[rest], target=None, return_details=True
        )
        deviation.append(found.extra["deviation"])
        clear.append(int((found.values.abs() > 2 * deviation[-1]).sum()))
    assert torch.equal(*deviation)
    xc.show(
        f"draw {seed}: clear shares, of 300", clear[0], control={"shuffled": clear[1]}
    )

# %% [markdown]
r"""
The last line of the loop is worth a thought: the deviations are the **same**, number by number, for true and shuffled outcomes. They say where data are missing, never whether the model
is right.

**A graph.** Our network names the place of a node in a planted "house" of five nodes. **Graph-based IG** (2025) does not walk straight: it takes all shortest paths of the *graph* from a far node to ours,
and one gradient at each node on the way, with that node's features in the place of ours. We take the mean over the paths, so the sum should be the rise.

**Predict (12.P7).** Sixteen roofs of houses: for how many is the sum within 10 percent of the rise?
"""

# %% tags=["question"]
xc.predict("12.P7")

# %%
graph, gcn = xc.datasets.planted_motifs(), xc.zoo.load("motif_gcn")
sums, inside = {"left": [], "midpoint": []}, []
for node in ((graph.labels == 1) & (graph.motifs >= 0)).nonzero().flatten().tolist():

    def roof(p, node=node):
        return gcn(p)[:, node, 1]

    for at, found in sums.items():
        ask = {"edges": graph.edges, "node": node, "average": True, "at": at}
        ways = xc.graph_ig(roof, graph.x[None], target=None, **ask, return_details=True)
        found.append(float(ways.values.sum() / ways.extra["expected_total"]))
    plain = xc.integrated_gradients(roof, graph.x[None], target=None, steps=32)[0]
    sizes = plain.sum(1).abs()
    inside.append(float(sizes[graph.motifs == graph.motifs[node]].sum() / sizes.sum()))
near = {at: sum(abs(v - 1) < 0.1 for v in found) for at, found in sums.items()}
control = {"gradient in the middle of each edge": near["midpoint"]}
xc.show("sums within 10 percent, of 16", near["left"], control=control)
xc.show("smallest and largest sum, in rises", [min(sums["left"]), max(sums["left"])])
share = sum(inside) / 16
xc.show(
    "plain IG: its share on the house",
    share,
    control={"the house among what it sees": 5 / 6},
)

# %% [markdown]
r"""
<details><summary>Answer to 12.P7</summary>

(b), for one. An edge is one step, however far apart the features of its ends are, and one gradient for a long step is rough.
</details>

Plain IG of all nodes' features has most of its size on the own house. But look at the control: a net of three rounds sees six nodes at most, five of them in the house.

## 9 · The panel

Left: the nearest word to each point (dark: a word itself; grey italics: beside it), and the score. Right: what each word has collected up to here.

**Explore the panel** (4 minutes): run its cell to get the controls. Move α from 0 to 1: where does "was" collect? Then change the `way`, and then the `net`: which of the
two changes the bars more? At last start from "film" instead of `[PAD]`.
"""

# %% tags=["panel"]
panel = xc.widgets.WordsPanel(
    dict(zip(("first net", "second net", "third net"), nets.values(), strict=True)),
    [sentence, "the plot was good", "a dull and boring film", "not a bad film"],
    starts=["[PAD]", "film", "the"],
)
panel

# %% tags=["drive", "machinery"]
# The panel, moved: its bars in the end, and nets differ more than ways.
panel.set(alpha=1.0)
assert panel.error is None
first = panel.result.collected
panel.set(way="greedy")
other_way = panel.result.collected
panel.set(way="straight", net="second net")
other_net = panel.result.collected
assert (other_way - first).norm() < (other_net - first).norm() / 2

# %% [markdown]
r"""
**The truth strip.** The three tests that end every lesson, here for words: a known answer (the two deciding words), deletion, and a ruined net, whose last layer is random.
"""

# %% tags=["demo", "machinery"]
# The three tests for Integrated Gradients of words, on three nets.
for seed, net in nets.items():
    ruined = xc.evaluation.randomise_last_layer(net, seed)
    rows = []
    for text, kind in reviews:
        sizes = shares_for(net, text, kind).abs()
        again = shares_for(ruined, text, kind).abs()
        deciding = torch.tensor([w in PRAISE + BLAME for w in text.split()])
        share = sizes[deciding].sum() / sizes.sum()
        moved = cosine(sizes, sizes.roll(1), dim=0)
        rows.append(
            (share, deciding.double().mean(), cosine(sizes, again, dim=0), moved)
        )
    share, part, alike, moved = torch.tensor(rows).mean(0).tolist()
    xc.show(f"net {seed}: share on deciding words", share, control={"words": part})
    own, chance = (
        float(fallen[seed][way].mean()) for way in ("straight", "random order")
    )
    xc.show("   fall by deletion", own, control={"random order": chance})
    control = {"own words, moved by one": moved}
    xc.show("   ruined net, |shares|: cosine", alike, control=control)

# %% [markdown]
r"""
- *Known answer.* The deciding words hold more than twice their part of the sentence.
- *Deletion.* Far better than a random order, on each net.
- *Ruined nets.* The sizes stay alike although the last layer is random: words that lie far from `[PAD]` get large shares in any net. The distance is a factor of the map.

## 10 · Your model

Your own forest: any decision tree, random forest or gradient boosting of scikit-learn. Or your own image net, torchvision's ResNet-18 here with **random** weights, for which the lesson's last method asks:
over a whole data set, which part of the picture makes the model right?

What to doubt: Which baseline is "nobody" in your table? How many crossings tie there? Do walk and all orders name the same feature? And the net: its weights are random, yet its score goes with the light of the pictures. What else goes with the light in *your* data?
"""

# %% tags=["own-model"]
# Yours: joblib.load("my_forest.joblib"), and your table.
trees = GradientBoostingRegressor(n_estimators=25, random_state=7)
mine = xc.TreeEnsemble(trees.fit(X[:400].numpy(), y[:400]))
rows, start = X[400:430], X[:400].median(0).values
found = xc.generalized_ig(
    mine, rows, target=0, baseline=start[None], return_details=True
)
xc.show("largest gap", float(found.gap.abs().max()))
who = (found.extra["jumps"].nan_to_num() != 0).sum(2)  # how many share a jump
control = {"all jumps": int((who > 0).sum())}
xc.show("jumps that are ties", int((who > 1).sum()), control=control)
orders = [xc.widgets.all_orders(lambda p: mine(p)[:, 0], x, start) for x in rows]
first, second = (m.abs().argmax(1) for m in (found.values, torch.stack(orders)))
control = {"next patient's": int((first == second.roll(1)).sum())}
xc.show("same feature first, of 30", int((first == second).sum()), control=control)
# Trained: weights="DEFAULT", download=True.
image_net = xc.zoo.load("torchvision/resnet18", weights=None)
pictures = xc.datasets.fashion_mnist(n=24).x.repeat(1, 3, 1, 1)
light, sums = pictures.mean((1, 2, 3)), []
for truth in (light, light.roll(1)):
    parts = xc.ig_correlation(image_net, pictures, target=0, truth=truth, steps=8)
    sums.append(float(parts.sum()))
control = {"light of the next picture": sums[1]}
xc.show("ResNet-18, class 0 and light: correlation", sums[0], control=control)

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional. Which method of this lesson stands where:

| method | year | input | what the way is | sum of the map | where |
|---|---|---|---|---|---|
| `generalized_ig` | 2019 | tables, trees | straight; jumps go to who crosses | the rise, exactly | sections 2 to 4 |
| `discretized_ig` | 2021 | words | along real words, bent to be monotone | the rise | sections 6 and 7 |
| `integrated_directional_gradients` | 2021 | words, groups | straight, per unit of length | 1, by construction | A |
| `gaussian_process_ig` | 2022 | what a process knows | straight, in closed form | the rise, with a deviation | section 8, B |
| `graph_ig` | 2025 | a node of a graph | all shortest paths | not the rise | section 8 |
| `ig_correlation` | 2024 | a whole data set | straight, for each input | the correlation with the truth | section 10, C |
| `geometrically_guided_ig` | 2022 | any | climbs from points of the straight way; nothing is integrated | no meaning | D |
| `gradient_artificial_distancing` | 2024 | any | that of the method inside, in several nets | no meaning | D |

### A · Groups of words

**Integrated Directional Gradients** (2021) value groups of words. The value of a group is the slope of the score in the direction in which the whole group has come, so IDG times the
length of the group is the sum of Integrated Gradients in it. The next cell checks that. Then a score that is a plain *sum* over the words: no two words
work together. What does the pair get for itself (its **dividend**)?
"""

# %%
net = nets[0]
x = net.embed([sentence])
groups = [(3, 4), (0, 1), (0, 1, 2, 3, 4)]
ask = {"steps": 64, "quadrature": "midpoint", "output": "margin"}
found = xc.integrated_directional_gradients(
    net, x, target=0, groups=groups, **ask, return_details=True
)
ig = xc.integrated_gradients(net, x, target=0, **ask)[0].sum(1)
for group, idg in zip(groups, found.extra["idg"][0, 5:], strict=True):
    length = x[0, list(group)].norm()
    assert torch.allclose(idg * length, ig[list(group)].sum(), atol=1e-4)
    words = " ".join(sentence.split()[k] for k in group)
    print(f"{words}: IDG {float(idg):.2f} x {float(length):.1f}")
weights = torch.randn(32, generator=torch.Generator().manual_seed(0))
adds = xc.integrated_directional_gradients(
    lambda p: (p @ weights).sum(1), x, target=None, groups=[(3, 4)], return_details=True
)
xc.show("a sum over words: dividend of the pair", float(adds.extra["dividends"][0, 5]))

# %% [markdown]
r"""
Not 0. So a dividend does not measure that words work together. And the values sum to 1 for any score, because they are divided by their sum.

### B · What a deviation knows

More patients make the deviation smaller. And the deviations of the shares do not add up like independent errors: shares of one map depend on each other.
"""

# %%
order = torch.randperm(442, generator=torch.Generator().manual_seed(0))
for count in (20, 50, 200):
    seen = order[:count]
    process = xc.GaussianProcess(Z[seen], t[seen], lengthscale=4.0, noise=0.5)
    found = xc.gaussian_process_ig(
        process, Z[order[330:360]], target=None, return_details=True
    )
    whole = found.extra["covariance"]
    alone = float(whole.diagonal(dim1=1, dim2=2).sum(1).mean())
    xc.show(f"{count} patients: mean deviation", float(found.extra["deviation"].mean()))
    xc.show(
        "   variance of the sum",
        float(whole.sum((1, 2)).mean()),
        control={"sum of variances": alone},
    )

# %% [markdown]
r"""
### C · A whole data set

**Integrated Gradient Correlation** (2024) asks which inputs make a model *right*: it shares out the correlation of score and truth over a data set. Here: the network for clothes, its score for
"sneaker", and whether a picture is one.
"""

# %%
clothes = xc.zoo.load("fashion_cnn")
wear = xc.datasets.fashion_mnist(n=120)
truth = (wear.labels == 7).double()
shuffled = truth[torch.randperm(120, generator=torch.Generator().manual_seed(0))]
for name, y_ in {"the labels": truth, "labels shuffled": shuffled}.items():
    parts = xc.ig_correlation(
        clothes, wear.x, target=7, truth=y_, steps=16, return_details=True
    )
    xc.show(f"{name}: correlation", float(parts.extra["correlation"]))
    xc.show("   sum of the map", float(parts.values.sum()))
    xc.show("   of it in the lower half", float(parts.values[:, 14:].sum()))

# %% [markdown]
r"""
### D · Two relatives by name

**Geometrically Guided IG** (2022) climbs the score from points of the straight way and keeps each pixel's largest slope. Nothing is integrated, no distance stands in it: an ablation.
**Gradient Artificial Distancing** (2024) trains support nets that hold two classes farther apart, and keeps what all maps agree on. We know its abstract only: *its definition is uncertain*, and our version is one reading. Both on pictures with
a known answer, the mark that decides.
"""

# %%
marks = xc.zoo.load("planted_cnn")
pictures, labels, inside = xc.datasets.planted(12, seed=1)


def on_mark(maps):
    """Share of |map| on the mark."""
    maps, where = maps.abs().flatten(1), inside.flatten(1)
    return float(((maps * where).sum(1) / maps.sum(1).clamp_min(1e-12)).mean())


plain = xc.integrated_gradients(marks, pictures, target=labels, steps=8)
climbs = xc.geometrically_guided_ig(
    marks, pictures, target=labels, starts=3, climb=4, rate=0.02
)
agreed = xc.gradient_artificial_distancing(
    marks, pictures, target=labels, classes=(0, 1), shifts=(1.0,), iterations=3,
    data=xc.datasets.planted(24, seed=2).x,
    method=xc.spec("integrated_gradients", steps=8),
)  # fmt: skip
control = {"IG": on_mark(plain), "area": float(inside.double().mean())}
xc.show("largest slopes of climbs: share on the mark", on_mark(climbs), control=control)
xc.show("what two nets agree on", on_mark(agreed), control=control)

# %% [markdown] tags=["references"]
r"""
## What to remember

- A gradient sees no jump. Give each jump to the feature that crosses there: exact, without steps.
- Several may cross at one place. How they share is a choice; say which one. When all cross at once, it is the Shapley value.
- One walk and the mean over all orders are both complete, and may name another feature first.
- A right verdict can have a wrong reason. The map of "the plot was not good" found one.
- Between nothing and a word lie no words. A way along words was no nearer to them, and no better, on three nets; random words did as well.
- A deviation says where data are missing, not whether the model is right. A known sum says nothing about the parts.

**Where it fails next.** All of this looks at inputs. What does a layer inside contribute, and a head of a transformer? Lesson 13 (to come).

## References

- J. Merrill, G. Ward, S. Kamkar, J. Budzik, D. Merrill. *Generalized Integrated Gradients: A practical method for explaining diverse ensembles*. 2019. [arXiv:1909.01869](https://arxiv.org/abs/1909.01869)
- S. Lundberg, S.-I. Lee. *A Unified Approach to Interpreting Model Predictions*. 2017. [arXiv:1705.07874](https://arxiv.org/abs/1705.07874)
- S. Sanyal, X. Ren. *Discretized Integrated Gradients for Explaining Language Models*. 2021. [arXiv:2108.13654](https://arxiv.org/abs/2108.13654)
- S. Sikdar, P. Bhattacharya, K. Heese. *Integrated Directional Gradients: Feature Interaction Attribution for Neural NLP Models*. 2021. [doi:10.18653/v1/2021.acl-long.71](https://doi.org/10.18653/v1/2021.acl-long.71)
- S. Seitz. *Gradient-based explanations for Gaussian Process regression and classification models*. 2022. [arXiv:2205.12797](https://arxiv.org/abs/2205.12797)
- M. M. Rahman, N. Lewis, S. Plis. *Geometrically Guided Integrated Gradients*. 2022. [arXiv:2206.05903](https://arxiv.org/abs/2206.05903)
- C. M. Rodrigues, N. Boutry, L. Najman. *Transforming gradient-based techniques into interpretable methods*. 2024. [arXiv:2401.14434](https://arxiv.org/abs/2401.14434)
- P. Lelievre, C.-C. Chen. *Integrated Gradient Correlation: a Dataset-wise Attribution Method*. 2024. [arXiv:2404.13910](https://arxiv.org/abs/2404.13910)
- L. Simpson, K. Millar, A. Cheng, C.-C. Lim, H. G. Chew. *Graph-based Integrated Gradients for Explaining Graph Neural Networks*. 2025. [arXiv:2509.07648](https://arxiv.org/abs/2509.07648)
- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks*. 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
"""
