# %% [markdown] tags=["header"]
r"""
# 01 · Saliency (2013): what does a gradient promise, and how far does it hold?

| | |
|---|---|
| **Paper** | K. Simonyan, A. Vedaldi, A. Zisserman, *Deep Inside Convolutional Networks*, [arXiv:1312.6034](https://arxiv.org/abs/1312.6034); gradient x input: A. Shrikumar and others, 2016, [arXiv:1605.01713](https://arxiv.org/abs/1605.01713) |
| **Time** | 65 minutes: 38 to read and try, 27 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 00 (which number, sign, scale, zero) |
| **Repairs** | the price of lesson 00: occlusion needs one forward pass for each patch. Here one backward pass serves all pixels. |
| **Practise** | the sheet `exercises/01_saliency.ipynb` |
"""

# %% tags=["setup", "workshop"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
labels = xc.zoo.labels()
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
TIGER_CAT, EGYPTIAN_CAT, ESPRESSO, CLIFF_DWELLING = 282, 285, 967, 500

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

# %% [markdown] tags=["goals"]
r"""
Near $x_1 = 3$ the line is straight: one step to the right adds 1. That number is the **slope** of $f$ with respect to $x_1$.

But look at the left end. *Deleting* $x_1$ (setting it to 0) raises $f$ from 2 to 4, although the slope is positive. A slope
knows its neighbourhood. It knows nothing of the far end of the line.

**The goals of this lesson**

- **G1** you can work out the gradient of a ReLU net by hand.
- **G2** you can write the code for the gradient of the right number, and for the paper's map.
- **G3** you can say what a gradient predicts, and how far the prediction holds.
- **G4** you can derive the gradient of a probability from those of the logits.
- **G5** you can build a case in which the gradient is 0 and the feature decides.
"""

# %% [markdown] tags=["symbols", "workshop"]
r"""
## 2 · The gradient by hand

The TOY net has two inputs and three hidden units:

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

A relu passes its sum on if the sum is positive. Then its **gate** is on, and the slope of the relu is 1. Otherwise it gives 0,
and its slope is 0. At $x = (3, 1)$:

| unit | sum inside | gate | output weight | slope of the sum | adds to the gradient |
|---|---|---|---|---|---|
| first | $3 - 1 = 2$ | on | $2$ | $(1, -1)$ | $(2, -2)$ |
| second | $-3 + 2 - 1 = -2$ | off | $3$ | $(-1, 2)$ | $(0, 0)$ |
| third | $3 + 1 - 1 = 3$ | on | $-1$ | $(1, 1)$ | $(-1, -1)$ |
| sum | | | | | $(1, -3)$ |

The value of an open unit plays no part: only *whether* it is open. And a closed unit contributes nothing, however large its
weights are.

Three symbols for this lesson:

- $\nabla F(x)$ ("the gradient of F at x") is the list of all slopes of $F$, the number that we explain: one for each number of the input.
- $d$ is a direction: how each number of the input moves in one step.
- $z_k$ and $p_k$ are the logit and the probability of class $k$; $t$ is the class that we explain.

## 3 · Promise and truth

A gradient is a **promise**: take $s$ steps along $d$, and $F$ changes by $s$ times the sum of slope times movement,

$$F(x + s\,d) \;\approx\; F(x) + s\, \nabla F(x) \cdot d .$$

**Predict (01.P1).** At $(3, 1)$ we have $f = 2$. Leave $x_1 = 3$, and raise $x_2$ from 1 in steps of a half. The slope is $-3$, so the
gradient promises that $f$ falls by 1.5 at each step. Up to which $x_2$ is the promise kept?
"""

# %% tags=["question", "workshop"]
xc.predict("01.P1")

# %% tags=["workshop"]
for x2 in (1.0, 1.5, 2.0, 2.5, 3.0):
    promise = 2 - 3 * (x2 - 1)
    truth = float(toy(torch.tensor([[3.0, x2]], dtype=torch.float64)))
    print(f"x2 = {x2}: promised {promise:4.1f}, true {truth:4.1f}")

# %% [markdown] tags=["workshop"]
r"""
<details><summary>Answer to 01.P1</summary>

(b). At $x_2 = 2$ the second gate opens. From there on $f$ has another gradient, and it rises again: $f = 2$ at $x_2 = 3$, not $-4$.
On a ReLU net the promise is exact until a gate changes, and worth nothing certain afterwards.
</details>

So **"large gradient" does not mean "large contribution"**. The gradient answers: *what does a small step do?* It does not
answer: *what did this input add?* Deleting $x_1$ is a long step to the left, through a gate.
"""

# %% [markdown]
r"""
### Task 01.1 · The TOY net on paper, at another point

**Goals** G1, G3 · **Level** 1 of 5 · **Minutes** 10 · **Importance** 4 of 5

Now you. The table above is for $(3, 1)$. You work at $x = (1, 3)$, where $f = 10$. Use paper, not code. Hand in three things:

| part | meaning |
|---|---|
| `gates` | the gates of the three hidden units: 1 for on, 0 for off |
| `gradient` | the two slopes of $f$ |
| `exact_to` | $x_1$ stays 1 and $x_2$ falls from 3. Down to which **value of** $x_2$ is the gradient's promise exact? |

Stuck? `xc.hint("01.1")`.
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: gates = (None, None, None)  # 1 for on, 0 for off
# STUB: gradient = (None, None)  # slopes with respect to x1 and x2
# STUB: exact_to = None  # a value of x2
gates = (0, 1, 1)  # the sums inside are -2, 4 and 3
gradient = (3 * -1 - 1, 3 * 2 - 1)  # 3 times unit 2, minus unit 3
exact_to = 1  # there 2 x2 - 2 becomes 0 (and so does 1 - x2)
### END SOLUTION

# %% tags=["check"]
xc.check("01.1", gates, gradient, exact_to)

# %% [markdown] tags=["fold"]
r"""
The sums are $1 - 3 = -2$, $-1 + 6 - 1 = 4$ and $1 + 3 - 1 = 3$: gates off, on, on. The open units add
$3 \cdot (-1, 2) - (1, 1) = (-4, 5)$.

With $x_1 = 1$ the sums are $1 - x_2$, $2x_2 - 2$ and $x_2$. On the way down from 3 the first two change their sign at $x_2 = 1$, the
third at 0. So the promise is exact down to 1: there it says $10 - 2 \cdot 5 = 0$, and $f(1, 1) = 0$.

Common mistakes: to multiply the slope of a unit by its value; to add the closed unit; to look for the first change in the wrong unit.
The gates decide how far a gradient can be trusted, and the gradient itself does not tell you. The figure below shows the promise beside the truth.
"""

# %% tags=["demo", "machinery"]
_, slopes, place = xc.or_reference("01.1", (gates, gradient, exact_to))
x2 = torch.arange(0, 3.25, 0.25, dtype=torch.float64)
xc.plot.series(
    x2,
    {
        "f(1, x2)": toy(torch.stack([torch.ones_like(x2), x2], dim=1)),
        "promise of the gradient at (1, 3)": 10 + slopes[1] * (x2 - 3),
    },
    x_name=f"x2   (the promise is exact down to {float(place):g})",
    y_name="f",
    alt="The TOY net's f over x2 from 0 to 3, with x1 = 1, and a straight line: the "
    "promise of the gradient at x2 = 3.",
)

# %% [markdown]
r"""
### Task 01.2 · The gradient of the right number

**Goal** G2 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

Nobody differentiates a large network by hand. PyTorch does it: a tensor with `requires_grad_()` remembers what is computed from it, and
`torch.autograd.grad(number, tensor)` returns a tuple with the slopes of **one number**. For $F = x_1 x_2$ at $(3, 2)$:

```python
point = torch.tensor([3.0, 2.0]).requires_grad_()
torch.autograd.grad(point[0] * point[1], point)  # (tensor([2., 3.]),)
```

A real classifier takes a *batch* and returns a score for every class. Write the gradient for it.

| argument | meaning |
|---|---|
| `model` | maps a batch (N, ...) to scores (N, K), one for each class |
| `x` | inputs, (N, ...): vectors (N, D) or images (N, C, H, W) |
| `target` | the class: one int for all inputs, or a tensor (N,) with one int for each |
| **returns** | the gradient of each input's own target score, with signs, same shape as `x` |

After the call `x` and the model are as they were: `x` asks for no gradient, and neither `x` nor a weight of the model has one
stored in `.grad`. So the second call gives what the first one gave.
"""


# %% tags=["task"]
def my_gradient(model, x, target):
    """Return the gradient of the target's score, with signs, with the shape of x."""
    ### BEGIN SOLUTION
    # STUB: point = ...  # a copy of x that asks for gradients
    # STUB: scores = model(point)  # (N, K)
    # STUB: ...  # one score for each input, then the gradient
    # STUB: return ...
    point = x.detach().clone().requires_grad_()
    scores = model(point)  # (N, K)
    inputs = torch.arange(len(x), device=x.device)
    chosen = scores[inputs, target]  # (N,), one score for each input
    return torch.autograd.grad(chosen.sum(), point)[0]
    ### END SOLUTION


# %% tags=["check"]
xc.check("01.2", my_gradient)

# %% [markdown] tags=["fold"]
r"""
- `.detach().clone().requires_grad_()`: a copy. Without it the caller's `x` asks for gradients from then on, and `.backward()` *adds* to its
  `.grad` at every call.
- `[inputs, target]` picks one score for each input. `[:, target]` with a tensor of targets would pick all of them for each.
- `chosen.sum()`: the inputs of a batch do not influence each other, so the gradient of the sum holds each one's own gradient.
  `mean()` would divide by N.
- No softmax, no loss: the task names the score. A loss also has the other sign.
- No absolute values: a display may drop signs, a method should not.

The check adds a note if your function needs gradients to be switched on by its caller. `with torch.enable_grad():` makes it work everywhere.
"""

# %%
# From here on the lesson uses your function; if you left it open, ours.
gradient_of = xc.or_reference("01.2", my_gradient)
yours = gradient_of(lambda points: toy(points)[:, None], x_toy, 0)  # one class: 0
# target=None: the TOY net has one score only, so there is no class to choose.
package = xc.gradient(toy, x_toy, target=None)
print("yours:", yours[0].tolist(), " by the package:", package[0].tolist())
assert torch.equal(yours, package)

# %% [markdown]
r"""
## 4 · The map of a photo

A photo has more than a hundred thousand numbers, so its gradient has as many slopes, from **one** backward pass. The paper makes a picture of
them: at each pixel the largest *absolute* slope of its three channels. That is the **saliency map**.

### Task 01.3 · The paper's map

**Goal** G2 · **Level** 2 of 5 · **Minutes** 5 · **Importance** 3 of 5

Write `simonyan_map(slopes)` for gradients (N, 3, H, W). Return (N, H, W): at each pixel the **largest absolute value** of its
three slopes. Do not rescale anything. A picture without any slope gets a map of zeros.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def simonyan_map(slopes):
    """Return the largest absolute slope of the three channels, (N, H, W)."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    return slopes.abs().amax(dim=1)
    ### END SOLUTION


# %% tags=["check"]
xc.check("01.3", simonyan_map)

# %% [markdown] tags=["fold"]
r"""
First the sizes, then the largest: of the slopes $(-5, 1, 2)$ the map shows 5. The other order shows 2. Adding up the channels first lets
slopes cancel, here to 2 again. `amax` returns values only; `max(dim=1)` returns values *and* places. Dividing a map by its own largest value makes
maps incomparable (lesson 00), and a map of zeros into NaN.
"""

# %% [markdown]
r"""
Your two functions together are the method of the paper. We take five photos, and for each the class that wins. For the photo of the cat this is
*tiger cat*. We also ask for a class that has nothing to do with any of them: *cliff dwelling*.

Three comparisons of the two classes, each by a cosine (lesson 00):

- **A**: their gradients, with all signs;
- **B**: their saliency maps, which have no signs;
- **C**: the saliency maps again, but the pixels of one of them stand in random places.

**Predict (01.P2).** In which order do the three cosines come on the photo of the cat, the largest first?
"""

# %% tags=["question"]
xc.predict("01.P2")


# %%
def cosines(a, b):
    """Cosine of each pair of maps: 1 for one direction, 0 for nothing in common."""
    return torch.nn.functional.cosine_similarity(a.flatten(1), b.flatten(1))


to_map = xc.or_reference("01.3", simonyan_map)
names = ("chelsea", "coffee", "camera", "rocket", "brick")
photos = torch.cat([xc.datasets.photo(name, device=device) for name in names])
cat, coffee, camera = photos[0:1], photos[1:2], photos[2:3]  # each (1, 3, 224, 224)
winners = model(photos).argmax(dim=1)  # (5,): tiger cat, espresso, tripod, ...
own = gradient_of(model, photos, winners)  # (5, 3, 224, 224), with signs
cliff = gradient_of(model, photos, CLIFF_DWELLING)
own_maps, cliff_maps = to_map(own), to_map(cliff)  # (5, 224, 224)

generator = torch.Generator().manual_seed(0)
order = torch.randperm(224 * 224, generator=generator).to(device)
mixed = own_maps.flatten(1)[:, order]  # the same numbers in random places
shuffled = {"pixels shuffled": cosines(mixed, cliff_maps)}
alike = cosines(own_maps, cliff_maps)
xc.show("five photos, maps of two classes: cosine", alike, control=shuffled)
noise = {"gradients of two photos": round(float(cosines(own[0:1], own[1:2])), 1)}
xc.show("  gradients with signs", cosines(own, cliff), control=noise)

# %% tags=["demo", "machinery"]
stronger = own_maps[0].norm() / cliff_maps[0].norm()
xc.plot.maps(
    {
        "tiger cat": own_maps[0],
        "cliff dwelling": cliff_maps[0],
        "the same, brightened": stronger * cliff_maps[0],
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

(d). The saliency maps are the most alike, on all five photos: 0.7 or more. The gradients come last: on this photo they disagree. (The slopes of *cliff dwelling* are weaker, but
much of the brightened map lies in the same places, such as the eye.)
</details>

Now read C, the control. Shuffled pixels, which know no place at all, still get about half: maps without signs always look alike to a cosine. So of the likeness a part is real
(both maps are bright in the same places) and the larger part comes from having no signs. With their signs every pair is less alike: four cosines are below 0, and
only the brick wall has one clearly above.

The absolute value throws away **which way** a slope points, and the maximum throws away **two channels of three**. What is left says: *here the
network is sensitive*. It hardly says *to which class*. (Lesson 02 makes a test of this.)

**Your turn (1 minute).** Find a bright place of the tiger cat map in the photo. Is it an edge, or an area of one colour?
"""

# %% [markdown] tags=["workshop"]
r"""
## 5 · How far does it hold?

Back to promises, on a photo: an espresso. The direction $d$ goes **up its slope**: every number of the photo moves by one grey level (1/255), up where
its slope is positive, down where it is negative. The eye does not see a step of 1.

So three photos stand on one line and look alike: one step *down*, the photo itself, one step *up*. The step $d$ is the same for all three: it was made once, from the slopes of the photo itself. But each of the three has a gradient of its own, and promises
its own gradient times $d$.

**Predict (01.P3).** Which of the three promises the largest rise of the logit for the step $d$?
"""

# %% tags=["question", "workshop"]
xc.predict("01.P3")

# %% tags=["demo", "workshop"]
GREY_LEVEL = 1 / 255  # an image file stores 256 brightnesses
coffee = xc.datasets.photo("coffee", device=device)
up = GREY_LEVEL * xc.gradient(model, coffee, target=ESPRESSO).sign()  # d
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

# %% [markdown] tags=["workshop"]
r"""
<details><summary>Answer to 01.P3</summary>

(b). The truth is an S. Exactly at the photo it is steep, and within half a grey level it bends away: one step up really adds about 4, a fifth of the promise. The tangents one
step to both sides are almost flat. The line was made from the slopes of *this* photo, and a photo that looks the same has others.
</details>

One photo is not five. The next cell walks up the slope of five photos and asks how far the promise is kept within 10 %. Beside it a second direction as the control: each
number one grey level up or down **at random**.
"""

# %% tags=["workshop"]
generator = torch.Generator().manual_seed(0)
found = []  # one line for each photo
for name in ("chelsea", "coffee", "camera", "rocket", "brick"):
    photo = xc.datasets.photo(name, device=device)
    target = int(model(photo).argmax())
    slopes = xc.gradient(model, photo, target=target)
    coins = 2 * torch.randint(0, 2, photo.shape, generator=generator) - 1
    steep = xc.widgets.trace_tangent(model, photo, target, direction=slopes.sign())
    other = xc.widgets.trace_tangent(
        model, photo, target, direction=coins.to(photo), steps=[1.0]
    )
    found.append((steep.kept, steep.slope, float(other.actual[0]), other.slope))
kept, promised, by_chance, promised_by_chance = zip(*found, strict=True)
xc.show("up the slope, kept within 10 % up to", kept, "grey levels")
xc.show("  promised for one grey level", promised)
xc.show("at random, promised for one grey level", promised_by_chance)
xc.show("  true", by_chance)

# %% [markdown] tags=["workshop"]
r"""
Up the slope, the promise holds on each of the five photos for a few *hundredths* of a grey level only, far below anything that an image file can store.

In a random direction a whole grey level hardly matters, and the gradient says so, too: what the slopes add in some numbers, they take away in others. For single photos it is
wrong there, too: on three of the five, what little happens is far more or far less than promised, or has the other sign. The steep promise needs *all* numbers to move at once, each in its own direction.

So what does the map describe? **The network's answer to changes that no camera can make.** This is no bug of the software. It is what a derivative is.
Each method of the following lessons changes the question: average over noise (07), follow a path (05), replace the slope by shares (03).
"""

# %% [markdown]
r"""
**Explore the panel** (4 minutes). Find: the largest step that is kept within 10 %; which promise breaks first on this photo, that of the logit or of the probability; a
direction that is kept for a whole grey level; how the gradient map changes while the photo does not.
"""

# %% tags=["panel"]
panel = xc.widgets.TangentExplorer(model, coffee, target=ESPRESSO, labels=labels)
panel

# %% tags=["drive", "machinery"]
for output in ("logit", "probability"):
    panel.set(output=output, direction="up its slope", step=0.1)
    xc.show(f"{output}: kept within 10 % up to", panel.result.trace.kept, "grey levels")
panel.set(output="logit", direction="random up and down", step=1.0)
likeness = round(panel.result.likeness, 1)
xc.show("gradient after 1 random grey level, cosine", likeness, control=noise)
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
says "more of this class *than of its rivals*".

The winners of our photos have these probabilities: cat 0.39, coffee 0.95, camera 0.94, rocket 0.34, brick wall 0.20.

**Predict (01.P4).** Measure the length of the probability's gradient in lengths of the logit's gradient. On which photo is it largest?
"""

# %% tags=["question"]
xc.predict("01.P4")

# %%
of_chance = xc.gradient(model, photos, target=winners, output="probability")
chances, classes = model(photos).softmax(dim=1).topk(2, dim=1)  # the first two classes
lengths = of_chance.flatten(1).norm(dim=1) / own.flatten(1).norm(dim=1)
xc.show("five photos, probability of the winner", chances[:, 0])
xc.show("  length, in lengths of the logit's gradient", lengths)
rival = gradient_of(model, photos, classes[:, 1])  # of the second class
for k, name in ((0, "cat"), (3, "rocket")):
    alike = {
        what: float(cosines(each, of_chance)[k])
        for what, each in {
            "the own logit": own,
            "own minus second": own - rival,
            "own minus cliff dwelling": own - cliff,
        }.items()
    }
    value = alike.pop("own minus second")
    xc.show(f"{name}: cosine with own minus second logit", value, control=alike)

# %% [markdown]
r"""
<details><summary>Answer to 01.P4</summary>

(a). It is short on all five. In the bracket the own slope keeps the part $1 - p_t$, so a rough guess is $p_t (1 - p_t)$, largest near one half. Where the model is sure, the mean
of all slopes is almost the own slope, and the probability is flat: it cannot rise above 1.
</details>

On the cat, the model wavers between *tiger cat* and *Egyptian cat*, and has few other rivals. There the gradient of the probability is nearly that of the
**difference** of the two cats' logits, and any other difference is further away. It explains "tiger *rather than* Egyptian".

This is no rule for every photo: on the rocket, the first two classes, *missile* and *projectile*, have almost the same slopes, and the rest of the thousand decides. Neither
number is wrong. Say which one you show.

## 7 · When the slope is gone

The simplest failure has one input: $f(x) = 1 - \mathrm{relu}(1 - x)$. From 0 to 1 it rises to 1, then it is flat. At $x = 2$ the slope is 0. Yet without
$x$ the score would be 0 instead of 1. The score is **saturated**: the feature has done its work already. An attribution of 0
for the one thing that decided: sensitivity, the first axiom of lesson 05, is broken.

Do photos do the same? We dim all five to 5 % of their light. If the logit rose evenly from black, they would have 5 % of the rise.
"""


# %%
def saturated(points):
    """Rises from 0 to 1, then stays."""
    return 1 - torch.relu(1 - points[:, 0])


at_two = torch.tensor([[2.0]])
xc.show("slope at 2", xc.gradient(saturated, at_two, target=None)[0, 0])
xc.show("effect of deleting x", saturated(at_two)[0] - saturated(0 * at_two)[0])

dim = 0.05 * photos
black, dimmed, full = (
    xc.scores(model, some, target=winners) for some in (0 * photos, dim, photos)
)
risen = (dimmed - black) / (full - black)
xc.show(
    "five photos at 5 % light: share of the rise", risen, control={"even rise": 0.05}
)
longer = gradient_of(model, dim, winners).flatten(1).norm(dim=1)
xc.show(
    "  gradient there, in lengths at full light", longer / own.flatten(1).norm(dim=1)
)

# %% [markdown]
r"""
Three of the five have most of their logit's rise at 5 % of their light, and there the gradient is several times as long as at full light, where we make the map. The rocket and the
brick wall saturate much less, or not at all. So saturation is common, and it is no law. Lesson 05 goes all the way from black and collects the slopes on the way.

## 8 · Gradient times input

In 2016 came a repair that looks natural: multiply each slope by its input. Then a slope on a black pixel counts nothing, and the map has the
unit of a score. Along the tangent, this is *what the gradient promises for deleting everything*. What do these shares add up to?

**Predict (01.P5).** On the TOY net at our point $(3, 1)$: what is the sum of gradient x input?
"""

# %% tags=["question"]
xc.predict("01.P5")

# %%
shares = xc.input_x_gradient(toy, x_toy, target=None)
print("TOY net, f = 2. Shares:", shares[0].tolist(), "sum:", float(shares.sum()))

products = xc.input_x_gradient(model, photos, target=winners)
xc.show("five photos, sums of the shares", products.flatten(1).sum(dim=1))
xc.show("  logits", full)
# Stored as 2x - 1, a photo has half the slopes, so its product is (x - 0.5) * slope.
shifted = xc.input_x_gradient(model, photos, target=winners, baseline=0.5)
same = {"the same map": 1, "gradients of two photos": 0}
alike = cosines(products, shifted)
xc.show("  cosine with the photo stored in [-1, 1]", alike, control=same)

# %% [markdown]
r"""
<details><summary>Answer to 01.P5</summary>

(b): $3 \cdot 1 + 1 \cdot (-3) = 0$. Neither the score nor the rise. And deleting $x_1$, whose share is $+3$, *raises* $f$ to 4.
</details>

On the five photos the logits lie between 7 and 11, and the shares add up to between $-1$ and 2: large parts of both signs that nearly cancel. Where is the rest? In the **biases** (task
01.6, and lesson 08).

And there is a second problem: what is an input of 0? Store the same photo with values from $-1$ to 1, as many programs do, and 0 is grey instead of black. The
gradient only becomes half as long, but the product becomes another map; on two of the photos it is nearly the *opposite* map. Multiplying by the input asks "compared with 0?", and 0 is a choice (lessons 05 and
09).

## 9 · Is it right? The truth strip

Every lesson from here on ends with the same three tests of its method. The first uses the collage of lesson 00, cat left and espresso right.
In each test we know what a map that **knows nothing** would get:

| test | the question | a map that knows nothing gets |
|---|---|---|
| known answer | what share of the absolute map lies in the explained class's own half of the collage? | one half |
| deletion | blur patches, the most important first: does the logit fall faster than in random orders? | 0, give or take the spread of random orders |
| ruined network | draw the last layer anew: does the map change? | a cosine up to 1: a map that never asks the last layer stays as it is |

So in the second test below 0 is good. In the third a **low** cosine is good: no more than the map gets when its own pixels stand in random places. It is one photo. So we draw the random orders and the ruined network three times.
"""

# %% tags=["demo", "machinery"]
strips = [xc.truth_strip("saliency", model=model, seed=seed) for seed in (0, 1, 2)]
strip = strips[0]
half = {"half of the area": 0.5}
xc.show("own half, mean of cat and espresso", strip.own_share.mean(), control=half)
for k, name in enumerate(("cat", "espresso")):
    fell = [float(each.deletion[k]) for each in strips]
    spread = {"spread of random orders": [float(s.random_spread[k]) for s in strips]}
    label = f"deletion minus random (below 0: better), {name}"
    xc.show(label, fell, control=spread)
ruined = [each.absolute_cosine for each in strips]
places = {"own pixels shuffled": strip.shuffled_cosine}
xc.show("three ruined networks, |maps|: cosine", ruined, control=places)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
Saliency is a little better than nothing, and not much. Its own half gets slightly more than half. Deletion beats random orders for the cat by more than their spread, for the espresso by less, in all
three draws. The absolute map of a network that has forgotten its classes looks more like ours than our own shuffled pixels do, three times of three: **most of this map has nothing to do with the class.**

| what we asked of the gradient | verdict |
|---|---|
| predicts small steps | yes, up to a few hundredths of a grey level |
| shares add up to the score | no: near 0, with either sign |
| a feature that decides gets more than 0 | no: saturation |
| the map of another class looks different | with signs yes, without signs hardly |
| cheap | yes: one backward pass |

## 10 · Your model

Now a network that everybody has: torchvision's ResNet-18. Here its weights are **random**, so that the cell runs offline. Exchange them for trained ones, or for yours, and run the cell
again. Which of the printed lines tells you that the random network knows nothing? Not the promise: it is kept *further* than on the trained network.

<details><summary>Which line? (Read the output first.)</summary>

Only the names: none of them is a cat. Here any class that wins has a probability well above chance, and the maps of two classes are alike on the trained network, too.
</details>

What to doubt, with your own weights: Is the best class right, and its probability far above chance? Is the input scaled as your model wants it, and how large is a grey level then? Does the
map change with the class by more than shuffled pixels explain? Does it survive one grey level of noise?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
chances, classes = mine(cat)[0].softmax(0).topk(5)
winner = int(classes[0])
print("best five:", ", ".join(labels[k] for k in classes))
xc.show("probability of the best", chances[0], control={"chance": 0.001})

slopes = gradient_of(mine, cat, winner)
trace = xc.widgets.trace_tangent(mine, cat, winner, direction=slopes.sign())
trained = {"the network above": kept[0]}
xc.show("kept within 10 % up to, grey levels", trace.kept, control=trained)
first, second = to_map(slopes), to_map(gradient_of(mine, cat, CLIFF_DWELLING))
mixed = {"pixels shuffled": cosines(first.flatten(1)[:, order], second)[0]}
alike = cosines(first, second)[0]
xc.show("cosine of the maps of two classes", alike, control=mixed)

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · Contrast

**Predict (01.P6).** We halve the contrast of the cat photo, then we double it. In which case is the gradient *longer* than that of the photo as it is?
"""

# %% tags=["question"]
xc.predict("01.P6")

# %%
for name, factor in {"half": 0.5, "double": 2.0}.items():
    other = (0.5 + factor * (cat - 0.5)).clamp(0, 1)
    changed = xc.gradient(model, other, target=TIGER_CAT)
    rate = changed.norm() / own[0].norm()
    xc.show(f"{name} contrast: length of the gradient, as a multiple", rate)
    alike = round(float(cosines(changed, own[0:1])), 1)
    xc.show("  cosine with the gradient before", alike, control=noise)

# %% [markdown]
r"""
<details><summary>Answer to 01.P6</summary>

(a). With half the contrast the gradient is longer, with double contrast *shorter*, and both times it points elsewhere. A slope is a property of the function at a place. It is not
proportional to the photo.
</details>

### B · One grey level of noise

Add noise with a spread of one grey level. No eye sees it, and the logit hardly moves. The map?
"""

# %%
added = GREY_LEVEL * torch.randn(photos.shape, generator=generator).to(device)
changes = xc.scores(model, photos + added, target=winners) - full
noisy = xc.gradient(model, photos + added, target=winners)
xc.show("five photos: each logit changes by less than 0.5", changes.abs().max() < 0.5)
alike = [round(float(each), 1) for each in cosines(own, noisy)]
xc.show("  cosine of the two gradients", alike, control=noise)

# %% [markdown]
r"""
The cat keeps most of its gradient, the brick wall much less. So a large part of what you see in a gradient map is an accident of the last grey level. Lesson 07 averages over such
accidents, and asks what the average means.

### C · Slope and removal

Lesson 00 measured the effect of greying each patch. The gradient was meant to do the same for less.

**Predict (01.P7).** On $8 \times 8$ patches: the effects of occlusion, and the sums of absolute slopes. How large is their correlation on each of three photos (espresso, cat, camera), each with the class that wins there?
"""

# %% tags=["question"]
xc.predict("01.P7")

# %%
places = torch.randperm(64, generator=generator)
for name, x, k in (
    ("espresso", coffee, ESPRESSO),
    ("tiger cat", cat, TIGER_CAT),
    ("tripod", camera, 872),
):
    effects = xc.occlusion(model, x, target=k, patch=28, fill=0.5)[0].mean(0).cpu()
    size = xc.gradient(model, x, target=k).abs().sum(1)[0].cpu()  # (224, 224)
    tiles = [v.reshape(8, 28, 8, 28).mean((1, 3)).flatten() for v in (effects, size)]
    signed = torch.corrcoef(torch.stack(tiles))[0, 1]
    mixed = torch.corrcoef(torch.stack([tiles[0], tiles[1][places]]))[0, 1]
    plain = torch.corrcoef(torch.stack([tiles[0].abs(), tiles[1]]))[0, 1]
    control = {"patches shuffled": round(float(mixed), 1)}
    xc.show(
        f"{name}: correlation with effects", round(float(signed), 1), control=control
    )
    xc.show("  with the sizes of the effects", round(float(plain), 1), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 01.P7</summary>

(a). From about $-0.6$ (tripod) to 0.3 (espresso). With the *sizes* of the effects it is a little better, up to 0.5. A patch without a sign cannot tell
support from opposition, and greying a patch is a step of up to 128 grey levels, not of a hundredth.
</details>

### D · Climb: the picture that a class likes best

The paper of 2013 used the same gradient for a second thing. Start with a black picture and take many small steps *up* the gradient of one class, with a pull back to small values:

$$x \leftarrow x + \eta\, (\nabla F(x) - 2\lambda x)$$

The step has $\eta = 0.1$, the pull $\lambda = 0.05$. We do it on a small net for pictures of clothes, and keep each pixel between black and white. Its training pictures get a logit of about 9.

**Predict (01.P8).** After 100 steps for each of four classes the net gives its picture a probability of 1.00. Where do the four logits lie then?
"""

# %% tags=["question"]
xc.predict("01.P8")

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
within = bool(best.min() > 30) and bool(best.max() < 100)
xc.show("the four logits lie between 30 and 100", within)

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

(c). And what does a person see? With good will two bright bars, or the rim of a shoe. Most of it is a pattern that no piece of clothing has, and the net likes it far better than any photo.
</details>

So a gradient, followed far, leaves the pictures that the net has learnt from. There a high score means little. Keep it in mind for every method that asks the net about pictures
which nobody has ever taken (lesson 05 walks through many of them).
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- A gradient is a **promise about small steps**. On a ReLU net it is exact until a gate changes. On our five photos it held for a few hundredths of a grey level.
- Large slope is not large contribution, and slope 0 is not "unimportant" (saturation).
- Gradient of the **logit**: more of this class. Gradient of the **probability**: more of it than of its rivals.
- Absolute values hide the class. A likeness needs a control beside it: shuffled pixels explained the larger part of ours.
- Gradient x input does not add up to the score. It depends on where 0 lies.

**Where it fails next.** The map is noisy, and hardly depends on the class. Lesson 02 shows two methods (2013, 2014) that make it *clean*. Is it then also *right*? Lesson 05 repairs
the sum.

## References

- K. Simonyan, A. Vedaldi, A. Zisserman. *Deep Inside Convolutional Networks*. 2013. [arXiv:1312.6034](https://arxiv.org/abs/1312.6034). Read section 3; then ask: which of its claims does our section 5 bear on?
- A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje. *Not Just a Black Box* (gradient x input). 2016. [arXiv:1605.01713](https://arxiv.org/abs/1605.01713)
- J. Adebayo and others. *Sanity Checks for Saliency Maps*. 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
"""
