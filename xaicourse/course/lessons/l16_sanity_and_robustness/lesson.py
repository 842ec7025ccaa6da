# %% [markdown] tags=["header"]
r"""
# 16 · Sanity and robustness (2017 to 2021): who can move the map?

| | |
|---|---|
| **Papers** | attacks on maps: A. Ghorbani and others, 2017, [arXiv:1710.10547](https://arxiv.org/abs/1710.10547); A.-K. Dombrowski and others, 2019, [arXiv:1906.07983](https://arxiv.org/abs/1906.07983); attacks on nets: J. Heo and others, 2019, [arXiv:1902.02041](https://arxiv.org/abs/1902.02041); sanity checks: J. Adebayo and others, 2018, [arXiv:1810.03292](https://arxiv.org/abs/1810.03292); sensitivity: C.-K. Yeh and others, 2019, [arXiv:1901.09392](https://arxiv.org/abs/1901.09392) |
| **Time** | 65 minutes: 40 to read and try, 25 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 02 (guided backprop and the randomisation test); from lesson 15: a score needs its controls beside it |
| **Repairs** | a failure of lesson 07: it averaged random noise away. But noise can be chosen. |
| **Practise** | the sheet `exercises/16_sanity_and_robustness.ipynb` |
"""

# %% tags=["setup"]
import copy

import torch
from scipy.stats import spearmanr

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits

# %% [markdown]
r"""
## 1 · One picture, two maps

A **twin** of a picture differs from it by at most 4 of 255 grey levels in each pixel. You cannot see that. The network gives
both one class.

We have five collages of two photos. Each shows what the network says in one half: its **own half**. How much of the gradient's size lies there?

**Predict (16.P1).** In the collages it is 0.50 to 0.72. With random signs, 4 levels up or down, about the same. In the twins the signs were **chosen**. Which share is left in the own half?
"""

# %% tags=["question"]
xc.predict("16.P1")


# %% tags=["demo"]
def lite_map(x, target):
    """The gradient of EfficientNet-Lite0."""
    return xc.gradient(model, x, target=target, batch_size=1)


first, *others = xc.widgets.collage_twins()
x, twin = first.x.to(device), first.twin.to(device)
chance = xc.robustness.random_twin(x, 4 / 255)  # random signs
target = int(model(x).argmax())
shown = {"map of x": x, "map of the twin": twin, "map, random signs": chance}
xc.plot.maps(
    {title: lite_map(picture, target) for title, picture in shown.items()},
    photo=torch.cat([x, twin], 3),
    photo_title="x, and its twin",
    tile=8,
    reduce="abs_sum",
    alt="A cat beside a cup of coffee, twice: the collage and its twin, which look the "
    "same. Then three maps of sizes on one scale: that of the collage, that of the "
    "twin, and that of the collage with random signs.",
)


# %% tags=["machinery"]
# All five collages, each beside itself and random signs.
def own_share(picture, target, own):
    """Share of the size of the gradient in one half."""
    size = lite_map(picture, target).abs().sum(1)[0].cpu()
    return float(size[own].sum() / size.sum())


for each in (first, *others):
    x, twin = each.x.to(device), each.twin.to(device)
    target = int(model(x).argmax())
    assert int(model(twin).argmax()) == target  # the same class
    chance = xc.robustness.random_twin(x, 4 / 255)
    control = {
        "x": own_share(x, target, each.own),
        "random signs": own_share(chance, target, each.own),
    }
    share = own_share(twin, target, each.own)
    xc.show(f"{each.name}: own half, twin", share, control=control)

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 16.P1</summary>

(c), about a quarter, on each of the five collages. Random signs of the same size move it by 0.02 to 0.06 on four of them, and by 0.14, upwards, on the fifth: none of them takes the half away.
</details>

Nothing that you can see has changed, and the class has not changed either. But the map now points at the other half. Whoever can choose the noise can choose the map.

So a map needs two more tests than a good look. Can somebody **move** it, by the picture or by the network? And would it move if the network **forgot** what it knows?

**The goals of this lesson**

- **G1** you can move a map inside a ball around $x$, with the class kept.
- **G2** you can say how far random draws move a map, and what that number hides.
- **G3** you can say which score of a network survives a shift of all its logits.
- **G4** you can test a defence against one who knows it.
- **G5** you can read each likeness of a sanity check beside its control.
"""

# %% [markdown] tags=["symbols"]
r"""
## 2 · How far does a map move by chance?

Symbols:

- $\Phi(x)$ is the map of $x$, and $\lVert \cdot \rVert$ the length: the root of the sum of all squares.
- $\delta$ ("delta") is a draw: a number from $-1$ to $1$ for each pixel.
- $r$ is the radius: how far a pixel may move. It is called $\varepsilon$ ("epsilon") where somebody chooses the signs.

**Max-sensitivity** (2019) is the largest change of the map over some draws, as a share of the map:

$$\mathrm{SENS}(x) = \max_{\delta} \frac{\lVert \Phi(x + r\,\delta) - \Phi(x) \rVert}{\lVert \Phi(x) \rVert}$$

*A small example.* The map is $(3, 4)$, with one draw $(3, 1)$ and with another $(0, 4)$. Both changes have the length 3, the map has the length 5. The number is $0.6$.

### Task 16.1 · Sensitivity by draws

**Goal** G2 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 4 of 5

Write `sensitivity(explain, x, draws, radius)`:

| argument | meaning |
|---|---|
| `explain` | a function: a batch of inputs, as many as in `x`, to their maps, in the shape of the inputs |
| `x` | the inputs, (N, ...): rows of numbers or pictures |
| `draws` | S draws for each of them, (S, N, ...) |
| `radius` | $r$ |
| **returns** | one number for each input, (N,) |

Each input has its own worst draw. Leave the arguments as they are. Stuck? `xc.hint("16.1")`.
"""


# %% tags=["task"]
def sensitivity(explain, x, draws, radius):
    """Return the largest share by which the map of each input moves, (N,)."""
    ### BEGIN SOLUTION
    # STUB: before = explain(x)
    # STUB: for draw in draws:
    # STUB:     ...
    before = explain(x)
    shares = []
    for draw in draws:
        change = explain(x + radius * draw) - before
        shares.append(change.flatten(1).norm(dim=1) / before.flatten(1).norm(dim=1))
    return torch.stack(shares).amax(0)
    ### END SOLUTION


# %% tags=["check"]
xc.check("16.1", sensitivity)

# %% [markdown] tags=["fold"]
r"""
- The length is taken of the **difference**, with its signs. Lengths or sizes that are compared first hide a sign that turns.
- `flatten(1).norm(dim=1)` is a length for each input. Without `dim=1` it is one length for the whole batch, and the scores of a picture depend on its neighbours.
- The largest over the draws comes last. With more draws it can only grow: it is a lower bound of what is possible.
"""

# %% tags=["machinery"]
# A small network, pictures of clothes that it gets right, three methods, draws.
sensitivity_of = xc.or_reference("16.1", sensitivity)
net = xc.zoo.load("fashion_cnn", device="cpu")  # small nets: the CPU is best
clothes = xc.datasets.fashion_mnist(n=60)
right = net(clothes.x).argmax(1) == clothes.labels
x, labels = clothes.x[right][:12], clothes.labels[right][:12]
methods = {
    "gradient": xc.spec("gradient"),
    "Integrated Gradients": xc.spec("integrated_gradients", steps=8),
    "SmoothGrad": xc.spec("smoothgrad", samples=8, sigma=0.1),
}
generator = torch.Generator().manual_seed(0)
draws = 2 * torch.rand(10, *x.shape, generator=generator) - 1

# %%
EPS = 8 / 255
shift = sensitivity_of(lambda x: x, x, draws, EPS).mean()  # a map that is x itself
for name, method in methods.items():

    def explain(x, method=method):
        return method(net, x, target=labels)

    found = sensitivity_of(explain, x, draws, EPS).mean()
    xc.show(f"{name}: moved by draws", found, control={"the picture itself": shift})

# %% tags=["machinery"]
# The package draws its own neighbours, and leaves those of another class out.
package = xc.evaluation.max_sensitivity(
    net, x, "gradient", labels, radius=EPS, samples=10
)
mine = sensitivity_of(lambda x: xc.gradient(net, x, target=labels), x, draws, EPS)
assert float((package.values - mine).abs().mean()) < 0.1

# %% [markdown]
r"""
These are grey pictures of clothes, and a small network that knows them. SmoothGrad is the mean gradient of 8 noisy copies. At 8 grey levels the gradient moves by most of its own length, SmoothGrad by about a quarter. So is SmoothGrad the better map? Be careful:

- A map that is the same everywhere has sensitivity 0. Where the network's answer changes, its map *should* change.
- Random draws look into a few of endless directions. Who searches finds worse ones.

## 3 · Search, do not draw

An attack on a map (Ghorbani and others, 2017) is a walk. $L(x)$ is a **score** of the map that shall become small: for example, which share of the map lies on the pixels that were strongest. Each step goes against the slope of $L$, by its signs:

$$x_{t+1} = \text{back}\big(x_t - \alpha\, \mathrm{sign}\, \nabla L(x_t)\big)$$

$\alpha$ is the length of a step, and "back" leads each pixel back: at most $\varepsilon$ away from the **first** $x$, and into $[0, 1]$. Of all points $x_0, \dots, x_n$ the walk passes, we keep the one with the smallest $L$ among those which have the class of $x$. The walk itself goes on in any case: a class that is lost may come back.

*A small example.* One pixel, $x = 0.5$, $\varepsilon = 0.3$, $\alpha = 0.2$, and a slope that is always positive. The walk: $0.5, 0.3, 0.2, 0.2$. The third point would be $0.1$ and is led back.

### Task 16.2 · Move the map

**Goal** G1 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

Write `move(x, slope, score, same_class, eps, step, n)`:

| argument | meaning |
|---|---|
| `x` | the inputs, (N, ...), in [0, 1] |
| `slope` | a function: inputs to the slopes of the score, in their shape |
| `score` | a function: inputs to their scores, (N,) |
| `same_class` | a function: inputs to (N,), True where the class is still that of `x` |
| `eps`, `step`, `n` | $\varepsilon$, $\alpha$, and the number of steps |
| **returns** | for each input the best point, in the shape of `x`; `x` itself if none is better |

Each input chooses its own point. Leave the arguments as they are: work on copies.
"""


# %% tags=["task"]
def move(x, slope, score, same_class, eps, step, n):
    """Return the point with the smallest score that keeps its class, for each input."""
    ### BEGIN SOLUTION
    # STUB: best, lowest = x.clone(), score(x)
    # STUB: p = x
    # STUB: for _ in range(n):
    # STUB:     ...
    best, lowest = x.clone(), score(x)
    p = x
    for _ in range(n):
        p = p - step * slope(p).sign()
        p = torch.minimum(torch.maximum(p, x - eps), x + eps).clamp(0, 1)
        value = score(p)
        chosen = (value < lowest) & same_class(p)
        best[chosen] = p[chosen]
        lowest = torch.where(chosen, value, lowest)
    return best
    ### END SOLUTION


# %% tags=["check"]
xc.check("16.2", move)

# %% [markdown] tags=["fold"]
r"""
- Two things run through the loop: the point `p`, which walks on in any case, and the best point so far. Who goes on from the best point alone is caught in the first valley, and who stops at the first lost class misses what comes after it.
- The ball is around `x`, not around the point before. Otherwise the walk leaves it step by step.
- `chosen` is (N,): each input has its own best point, and its own class to watch.
"""

# %% [markdown]
r"""
What is the slope of a *gradient map*? It asks how the gradient changes with $x$. But a ReLU network is made of flat pieces, linear inside each. There the gradient does not change at all: **its slope is 0**, and our walk would stay where it is.

So one searches on a smooth **stand-in**: the same weights, with the softplus function $\log(1 + e^{\beta z}) / \beta$ in place of each ReLU. The larger $\beta$ ("beta"), the nearer to the ReLU. Score and class are still those of the real network.
"""

# %%
move_map = xc.or_reference("16.2", move)


def stand_in(net, beta):
    """The same net with softplus in place of every ReLU."""
    smooth = copy.deepcopy(net)
    for name, layer in net.named_modules():
        if isinstance(layer, torch.nn.ReLU):
            parent, _, last = name.rpartition(".")
            softplus = torch.nn.Softplus(beta, threshold=40)
            setattr(smooth.get_submodule(parent), last, softplus)
    return smooth


def shares(net, x):
    """Size of the gradient of the labels' logits, as shares of each map."""
    x = x if x.requires_grad else x.detach().requires_grad_()
    logits = net(x)[torch.arange(len(x)), labels]
    slopes = torch.autograd.grad(logits.sum(), x, create_graph=True)[0]
    sizes = slopes.abs().flatten(1)
    return sizes / sizes.sum(1, keepdim=True)


# %% tags=["machinery"]
# Score, slope and class for your function.
strongest = shares(net, x).topk(50, dim=1).indices  # of 784 pixels


def score(p):
    return shares(net, p).gather(1, strongest).sum(1).detach()


def slope_on(smooth):
    def slope(p):
        p = p.detach().requires_grad_()
        on_strongest = shares(smooth, p).gather(1, strongest).sum()
        return torch.autograd.grad(on_strongest, p)[0]

    return slope


def same_class(p):
    return net(p).argmax(1) == labels


# %% tags=["machinery"]
def kept(before, after, k=50):
    """Share of the k strongest pixels of each map that stay, mean over the maps."""
    a, b = (m.abs().flatten(1).topk(k, 1).indices.tolist() for m in (before, after))
    return sum(len({*s} & {*t}) for s, t in zip(a, b, strict=True)) / k / len(a)


def kept_by(p):
    """Share of the 50 strongest pixels of x that are still the strongest."""
    return kept(shares(net, x), shares(net, p))


random = xc.robustness.random_twin(x, EPS)
on_relu = move_map(x, slope_on(net), score, same_class, EPS, EPS / 8, 2)
assert torch.equal(on_relu, x)  # on the net itself nothing moves

# %%
control = {"random signs": kept_by(random), "any 50 pixels": 50 / 784}
for beta in (2, 10):
    slope = slope_on(stand_in(net, beta))
    twins = move_map(x, slope, score, same_class, EPS, EPS / 8, 20)
    xc.show(f"beta {beta}: strongest pixels kept", kept_by(twins), control=control)

# %% [markdown]
r"""
Of the 50 strongest pixels a chosen change of 8 grey levels leaves a quarter, random signs a half. **About two thirds of the damage is done by random signs as well**, and a paper that does not print the second number does not say so.

**Predict (16.P2).** $\beta = 2$ is a poor copy of the network, $\beta = 10$ a better one. Now the best copy of all, $\beta = 1000$, with as many steps. Which share of the strongest pixels is kept?
"""

# %% tags=["question"]
xc.predict("16.P2")

# %%
slope = slope_on(stand_in(net, 1000))
twins = move_map(x, slope, score, same_class, EPS, EPS / 8, 20)
xc.show("beta 1000: strongest pixels kept", kept_by(twins), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 16.P2</summary>

(d), about 0.4: better than random signs, worse than the rounder stand-ins. At $\beta = 1000$ it has nearly the flat pieces of the ReLU network: its slopes see only kinks that are very near.
</details>

So the best copy is not the best guide. That also means: **"no twin was found" proves nothing.** A search that fails may have had a bad guide.

## 4 · A defence, and one who knows it

From here on the package searches: `xc.robustness.attack_map`. It also attacks Integrated Gradients and SmoothGrad.

Take the twins that were made for the **gradient**, and look at them with another method: the map hardly moves more than by random signs. So SmoothGrad seems to be a defence. But this attacker did not know that we use it.

**Predict (16.P3).** Seen by SmoothGrad, the gradient's twins keep about 0.8 of the strongest pixels, just as random signs do. Now the attacker knows SmoothGrad, with its noise. Which share is kept?
"""

# %% tags=["question"]
xc.predict("16.P3")


# %%
ask = {"k": 50, "eps": EPS, "steps": 20, "beta": 10.0}
for_gradient = xc.robustness.attack_map(net, x, labels, **ask).x
for name, method in methods.items():
    attack = xc.robustness.attack_map(net, x, labels, method=method, **ask)
    chance, seen = (method(net, p, target=labels) for p in (random, for_gradient))
    control = {
        "random signs": kept(attack.before, chance),
        "gradient's twins": kept(attack.before, seen),
    }
    found = kept(attack.before, attack.after)
    xc.show(f"{name}, attacked itself: kept", found, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 16.P3</summary>

(a), about 0.6. The attack reaches SmoothGrad, too, as soon as it knows it. It is still harder to move than the gradient.
</details>

Read the controls from left to right. SmoothGrad moves less under random signs, and less under attack: some of the defence is real. But the *large* gain, "0.8 of the pixels survive the attack", came from an attacker who looked elsewhere.

**The rule.** Test a defence only against an attack that was made for it. This holds for every row of every table on robust maps.

## 5 · Move the network instead

So far the picture changed. Whoever *owns* the network can do more: change the network, and keep what it says. A bank that must explain its decisions could try this.

### Task 16.3 · Break it: the disguise

**Goal** G3 · **Level** 3 of 5 · **Minutes** 5 · **Importance** 5 of 5

Write `disguise(model, picture)`. It returns a network with

- **the same probabilities** (softmax of the logits) as `model` for every input, but
- the gradient of **each logit** looks like `picture`: cosine above 0.99, at every input.

| argument | meaning |
|---|---|
| `model` | a network: (N, C, H, W) to logits (N, K) |
| `picture` | what shall be seen, (C, H, W) |
| **returns** | a function (or module) of `x` that returns logits (N, K) |

Leave the model as it is.
"""


# %% tags=["task"]
def disguise(model, picture):
    """Return a net with these probabilities whose gradients show the picture."""

    ### BEGIN SOLUTION
    # STUB: def disguised(x):
    # STUB:     ...
    # STUB: return disguised
    def disguised(x):
        extra = 1000 * (x * picture).flatten(1).sum(1, keepdim=True)  # (N, 1)
        return model(x) + extra

    return disguised
    ### END SOLUTION


# %% tags=["check"]
xc.check("16.3", disguise)

# %% [markdown] tags=["fold"]
r"""
Softmax sees differences of logits only. So one number may be added to all of them, and it may depend on $x$. Take $g(x) = c\, \langle \text{picture}, x \rangle$: its gradient is $c$ times the picture, everywhere. With a large $c$ it drowns the gradient of each logit.

A number for one logit alone changes the probabilities. A constant has no slope. (S. Srinivas and F. Fleuret, 2020.)
"""

# %% tags=["machinery"]
# A disguised network: its gradients shall show a cross.
hide = xc.or_reference("16.3", disguise)
cross = torch.zeros(1, 28, 28)
for k in range(4, 24):
    cross[0, k, k] = cross[0, k, 27 - k] = 1
false = hide(net, cross)


def cosine(a, b):
    """Mean cosine of maps (N, ...), pair by pair."""
    a, b = a.double().flatten(1), b.double().flatten(1)
    return float(torch.nn.functional.cosine_similarity(a, b).mean())


# %%
off = (false(x).softmax(1) - net(x).softmax(1)).abs().max()
other = (net(random).softmax(1) - net(x).softmax(1)).abs().max()
xc.show("largest change of a probability", off, control={"random signs": other})
looks = {name: (method, "logit") for name, method in methods.items()}
looks["gradient of the margin"] = (methods["gradient"], "margin")
shown = {}
for name, (method, output) in looks.items():
    true, lie = (method(n, x, target=labels, output=output) for n in (net, false))
    wanted = cross * x if name == "Integrated Gradients" else cross.expand_as(x)
    control = {"with the cross": cosine(lie, wanted)}
    xc.show(f"{name}: cosine with the true map", cosine(true, lie), control=control)
    shown[name] = lie[:1] / lie[:1].abs().max()

# %% tags=["demo", "machinery"]
# The maps of the disguised network.
xc.plot.maps(
    shown,
    photo=x[:1],
    columns=5,
    unit="share of the largest",
    alt="A picture of a piece of clothing and four maps of the disguised network. "
    "Gradient and SmoothGrad of the logit show a diagonal cross. Integrated Gradients "
    "shows those parts of it that lie on the boot. The gradient of the margin shows no "
    "cross.",
)

# %% [markdown]
r"""
Integrated Gradients multiplies by $x$, so it shows the cross where $x$ is not black. It is complete here as well: it explains the *logit*, and the logit really contains the cross. **The fault is in the question.** A logit alone decides nothing. The **margin**, the class's logit minus that of the runner-up, survives, because $g$ is in both. So do probabilities.

**Fooling by training.** The shift is easily found in the code. A network can also be *fine-tuned* so that its gradients lie where the owner wants them, here in a frame of three pixels, while it predicts as before (Heo and others, 2019). Only the **gradient** was in the loss.

**Predict (16.P4).** The frame is 0.38 of the area. The gradient of the network had 0.37 of its size there, those of three fooled networks have 0.61. Which share do SmoothGrad, and guided backprop, have in the frame?
"""

# %% tags=["question"]
xc.predict("16.P4")

# %% tags=["machinery"]
# The fooled networks, the frame, and pictures that were not in the fine-tuning.
fooled = xc.widgets.fooled_nets()
frame = torch.ones(28, 28, dtype=torch.bool)
frame[3:-3, 3:-3] = False
test = xc.datasets.fashion_mnist()
unseen, truth = test.x[1500:], test.labels[1500:]


def in_frame(net, method, pictures=unseen[:60]):
    """Share of the size of the map in the frame."""
    size = method(net, pictures, target=net(pictures).argmax(1)).abs().flatten(1)
    return float((size[:, frame.flatten()].sum(1) / size.sum(1)).mean())


def accuracy(net):
    """Share of the pictures that it gets right."""
    return float((net(unseen).argmax(1) == truth).double().mean())


# %%
readers = {name: methods[name] for name in ("gradient", "SmoothGrad")}
readers["guided backprop"] = xc.spec("guided_backprop")
for name, method in readers.items():
    found = [in_frame(fooled[seed], method) for seed in "012"]
    plain = in_frame(fooled["control"], method)
    control = {"before": in_frame(net, method), "fine-tuned without aim": plain}
    xc.show(f"{name}: share in the frame", found, control=control)
control = {"fine-tuned without aim": accuracy(fooled["control"])}
found = [accuracy(fooled[seed]) for seed in "012"]
xc.show("accuracy of the fooled networks", found, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 16.P4</summary>

(b): both follow, about as far as the gradient. All three read the same weights of the first layer.
</details>

The accuracy does not give the owner away. So ask for maps of the **weights that are in use**, and keep a fingerprint of them.

## 6 · The sanity check, with its controls

Now the second test: does a map notice that the network forgot everything? Lesson 02 drew the last layer anew, looked at one likeness, and gave a verdict. **Parameter randomisation** (2018) draws layer after layer anew, from the output down. At the end nothing is left. We take Spearman's rank correlation of both maps, over the pixels.

Two choices are hidden in this: the signs (keep them, or take sizes), and the control. Our control is a map that never saw the network: **the bare picture**. And the random-logit test (2019) leaves the network as it is, and asks for another class.
"""

# %%
tests = {
    "gradient": methods["gradient"],
    "guided backprop": xc.spec("guided_backprop"),
    "Integrated Gradients": methods["Integrated Gradients"],
}


def spearman(a, b):
    """Mean rank correlation of two batches of maps, map by map."""
    pairs = zip(a.flatten(1).numpy(), b.flatten(1).numpy(), strict=True)
    return sum(spearmanr(u, v).statistic for u, v in pairs) / len(a)


ask = {"similarity": "spearman", "sign": "abs"}
for name, method in tests.items():
    ends = [
        xc.evaluation.parameter_randomisation(net, x, method, labels, seed=seed, **ask)
        .curve[:, -1]  # all layers are drawn anew
        .nanmean()
        for seed in range(3)
    ]
    sizes = method(net, x, target=labels).abs()
    control = {"its sizes with the bare picture": round(spearman(sizes, x), 2)}
    xc.show(f"{name}, sizes: trained and ruined", ends, control=control)

# %% [markdown]
r"""
By this test guided backprop is bad and Integrated Gradients is worse: its sizes hardly notice that the network is ruined. But look at the control. These sizes are nearly **the picture itself**: black pixels do not travel, so they get 0 in both maps. What the test compares is the shape of the clothes, twice.

**Predict (16.P5).** Another test leaves the network as it is, and asks for another class (*random logit*, 2019). The sizes of Integrated Gradients do not notice that either: their correlation is 0.9. What is it **with signs**?
"""

# %% tags=["question"]
xc.predict("16.P5")

# %%
for name, method in tests.items():
    maps = method(net, x, target=labels)
    found = {}
    for sign in ("keep", "abs"):
        result = xc.evaluation.random_logit(
            net, x, method, labels, similarity="spearman", sign=sign
        )
        found[sign] = result.values.nanmean()
    control = {
        "sizes": found["abs"],
        "sizes with the bare picture": round(spearman(maps.abs(), x), 2),
    }
    xc.show(f"{name}, other class, with signs", found["keep"], control=control)
    ends = [
        xc.evaluation.parameter_randomisation(
            net, x, method, labels, seed=seed, similarity="spearman", sign="keep"
        ).curve[:, -1].nanmean()
        for seed in range(3)
    ]  # fmt: skip
    xc.show("   ruined network, with signs", ends, control={"the trained network": 1})

# %% [markdown]
r"""
<details><summary>Answer to 16.P5</summary>

(b), about $-0.1$. With signs it tells the classes apart nearly as well as the gradient does ($-0.2$). Its sizes do not, because they are the picture.
</details>

With signs the verdict of both tests **turns over**: Integrated Gradients passes, and only guided backprop stays alike, for a ruined network and for another class. So before you trust a sanity check, print two things: the same number with and without signs, and the likeness to a map that knows no network.

## 7 · Random labels

**Data randomisation** (2018). Train a second network on *permuted* labels: it learns by heart what means nothing. A map should change. But by how much do maps change between two networks that are both **right**, from other random starts? That is the control.
"""

# %% tags=["machinery"]
# Maps of a right network beside those of other ones.
digits = xc.datasets.digits().x[1400:1500]  # not learnt
right_nets = xc.widgets.digit_nets("right")
permuted = xc.widgets.digit_nets("permuted")
asked = right_nets[0](digits).argmax(1)
looks = {"gradient": tests["gradient"], "IG": tests["Integrated Gradients"]}
for name, method in looks.items():
    base = method(right_nets[0], digits, target=asked)
    for sign, view in {"with signs": torch.clone, "sizes": torch.abs}.items():
        pairs = {
            kind: [
                spearman(view(base), view(method(other, digits, target=asked)))
                for other in nets
            ]
            for kind, nets in {"right": right_nets[1:], "permuted": permuted}.items()
        }
        control = {
            "right labels, other start": pairs["right"],
            "with the bare picture": spearman(view(base), digits),
        }
        xc.show(f"{name}, {sign}: permuted labels", pairs["permuted"], control=control)

# %% [markdown]
r"""
With signs both methods notice it: the maps of the permuted networks have little in common with the right one. But two *right* networks have a correlation of only about 0.7, not 1. A paper that calls "0.7" a failed check measured its seeds. And sizes of Integrated Gradients are blind again.

## 8 · Do robust networks have better maps?

It is often said that networks which are trained on attacked pictures have maps that "align with human perception". We can measure it: in our planted pictures one mark of four decides the class. Three networks were trained on attacked pictures (adversarial training, A. Madry and others, 2017). One number is the share of the gradient on the mark.

Its control is a **class-blind** map: the gradient of the *sum of all four logits*, which speaks for no class.

**Predict (16.P6).** The gradient's share on the mark rises from 0.09 to about 0.25 by robust training. What happens to the class-blind map, which had 0.06?
"""

# %% tags=["question"]
xc.predict("16.P6")

# %% tags=["machinery"]
# Pictures with a known answer, one plain network, three robust ones.
planted, marks, inside = xc.datasets.planted(100, seed=5)
family = {"plain": xc.zoo.load("planted_cnn", device="cpu")}
for seed in range(3):
    family[f"robust {seed}"] = xc.zoo.load("planted_robust", seed=seed, device="cpu")
few, classes = planted[:12], marks[:12]
noisy = xc.robustness.random_twin(few, EPS)


def on_mark(maps):
    """Share of the size of the maps on the mark, mean over the pictures."""
    sizes, mask = maps.abs().flatten(1), inside.flatten(1)
    return float(((sizes * mask).sum(1) / sizes.sum(1)).mean())


def blind(outputs, rows):
    """The sum of all logits: no class."""
    return outputs.sum(1)


# %%
for name, one in family.items():
    control = {
        "class-blind": on_mark(xc.gradient(one, planted, target=blind)),
        "another class": on_mark(xc.gradient(one, planted, target=(marks + 1) % 4)),
        "area": inside.double().mean(),
    }
    share = on_mark(xc.gradient(one, planted, target=marks))
    xc.show(f"{name}: share on the mark", share, control=control)
    attack = xc.robustness.attack_map(
        one, few, classes, k=25, eps=EPS, steps=12, beta=10
    )
    by_chance = xc.gradient(one, noisy, target=classes)
    right_ones = (one(planted).argmax(1) == marks).double().mean()
    control = {
        "random signs": kept(attack.before, by_chance, 25),
        "accuracy": right_ones,
    }
    top = kept(attack.before, attack.after, 25)
    xc.show("   strongest 25 pixels kept", top, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 16.P6</summary>

(c), it more than doubles as well. Even the map of a class that is **not** there rises in the same way.
</details>

Is the plain network a poor example? Three more were trained like the robust ones, from the same starts and on the same pictures, without an attack (by `data/train_robust_nets.py --twins`, log in `data/nets/ROBUST.md`): shares 0.07, 0.08, 0.07, class-blind 0.05, 0.05, 0.04. It is a fair one.

So yes: robust training made the networks look at the mark. But more than half of the gain goes to the map of another class as well: that is **attention** to marks, not evidence for the class. And it costs accuracy on one of three networks. Are the maps harder to move? A little: compare with random signs.

## 9 · The attack lab

The panel attacks one picture of clothes. Left: $x$, its twin, a random twin. Right: their maps, on one scale.

**Explore the panel** (4 minutes): run its cell to get the controls.

1. Let `eps` go from 2 to 32. What does a *random* twin leave of the strongest pixels, and of the class?
2. Choose SmoothGrad. How much do the strongest pixels move if the attacker knows only the gradient, and how much if the attacker knows the method itself?
3. Take `beta` 1000 and 20. Which attack is stronger, and what does a weak attack prove?

<details><summary>What there is to see</summary>

1. For the gradient random signs leave about 0.7 at 4 grey levels, 0.6 at 8, a half at 16 and a third at 32, and they keep the class. So at large `eps` most of what an attack does is no longer news.
2. At 8 levels: 0.8 with the gradient's twin, as with random signs, and 0.6 with its own. Only the second number tests the defence.
3. For the gradient the rounder stand-in leaves about 0.3, the other one 0.7. A weak attack proves nothing.
</details>
"""

# %% tags=["panel"]
names = xc.datasets.FASHION_MNIST_CLASSES
panel = xc.widgets.AttackPanel(net, x[4:5], labels=names)
panel

# %% tags=["drive", "machinery"]
# The panel, moved: its twin is that of the package.
panel.set(eps=8, beta="20")
again = xc.robustness.attack_map(net, x[4:5], labels[4:5], eps=EPS, steps=20, beta=20.0)
assert torch.equal(panel.result.attack.x, again.x)
left = panel.result.kept
panel.set(beta="1000")
assert left < panel.result.by_chance
assert panel.result.kept > left  # as answer 3 says
panel.set(beta="20")
panel.set(method="SmoothGrad", knows="the method itself")
assert panel.error is None
assert bool(panel.result.attack.kept)

# %% [markdown]
r"""
**The truth strip.** The three tests that end every lesson, here for SmoothGrad: one photo, and three ruined networks.
"""

# %% tags=["demo", "machinery"]
# SmoothGrad under the three tests, and two more ruined networks.
smooth = xc.spec("smoothgrad", samples=4)
strip = xc.truth_strip(smooth, model=model, batch_size=3)
own = strip.own_share.mean()
xc.show("own half's share of |map|", own, control={"half of the area": 0.5})
spread = {"spread of random orders": strip.random_spread}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=spread)
collage = xc.datasets.collage(device=device)
absolute = [strip.absolute_cosine]
for seed in (1, 2):
    ruined = xc.evaluation.randomise_last_layer(model, seed)
    again = smooth(ruined, collage, target=285, batch_size=3)
    absolute.append(cosine(strip.maps[0, 0].abs()[None], again.sum(1).cpu().abs()))
mixed = {"own pixels in random places": strip.shuffled_cosine}
xc.show("three ruined networks, |maps|: cosine", absolute, control=mixed)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* The own half holds more than its area for the cat, less for the espresso, in a picture that nobody has attacked. Section 1 says what that is worth against one who attacks.
- *Deletion.* Better than random orders for the cat, by little more than their spread; not for the espresso.
- *Ruined networks.* Sizes look alike, and so do our own pixels in random places: the control of section 6.

## 10 · Your model

Your own network, or torchvision's ResNet-18 (here with **random** weights, so that the cell runs offline). Three numbers, each with its control: how far draws move the map, which share of the strongest pixels an attack leaves, and whether the map notices that the last layer was drawn anew.

What to doubt, with your own weights: Was the class kept? Did the attack know your method? Does a larger `eps` lose the class by random signs already? And is the likeness to a ruined network one of sizes, or of signs?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
photo = xc.datasets.photo("chelsea", device=device)
winner = int(mine(photo).argmax())
ask = {"k": 1000, "eps": 2 / 255, "step": 1 / 255, "steps": 4, "beta": 10}
attack = xc.robustness.attack_map(mine, photo, winner, **ask, batch_size=1)
chance = xc.robustness.random_twin(photo, 2 / 255)
by_chance = xc.gradient(mine, chance, target=winner)
before = attack.before.cpu()
found = kept(before.sum(1), attack.after.cpu().sum(1), 1000)
control = {"random signs": kept(before.sum(1), by_chance.cpu().sum(1), 1000)}
xc.show("strongest 1000 pixels kept", found, control=control)
change = (by_chance.cpu() - before).norm() / before.norm()
size = (chance - photo).norm() / photo.norm()
xc.show("moved by random signs", change, control={"the photo itself": size})
ruined = xc.evaluation.randomise_last_layer(mine, 0)
other = xc.gradient(ruined, photo, target=winner).cpu()
control = {"sizes": spearman(before.abs(), other.abs())}
xc.show("ruined last layer, with signs", spearman(before, other), control=control)

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional. Which metric of this lesson stands where:

| metric | year | what it asks | closed form | where |
|---|---|---|---|---|
| `max_sensitivity` | 2019 | how far the map moves, at most | 0 for a linear score | section 2 |
| `average_sensitivity` | 2020 | the same, on average | 0 for a linear score | A |
| `local_lipschitz` | 2018 | change of the map for each unit of $x$ | 6 for $3 \lVert x \rVert^2$ | A |
| `relative_input_stability` | 2022 | relative change of the map over that of $x$ | 1 for $\Phi(x) = x$ | A |
| `relative_output_stability` | 2022 | the same over that of the logits | | A |
| `relative_representation_stability` | 2022 | the same over that of a layer | | A |
| `parameter_randomisation` | 2018 | does it notice that layers are drawn anew? | 1 for a map of $x$ alone | section 6 |
| `smooth_parameter_randomisation` | 2024 | the same with noisy copies averaged | 1 for a map of $x$ alone | B |
| `efficient_parameter_randomisation` | 2024 | does the map become less orderly? | 0 for a map of $x$ alone | B |
| `random_logit` | 2019 | does it notice another class? | 1 for a map of $x$ alone | section 6 |
| `data_randomisation` | 2018 | does it notice permuted labels? | 1 for a map of $x$ alone | section 7, C |
| `input_invariance` | 2017 | does a shift that the model takes back change it? | 0 for the gradient | D |

| attack or defence | year | where |
|---|---|---|
| `attack_map` | 2017, 2019 | sections 4, 8, 9 |
| `shift_logits` | 2020 | section 5 |
| `fool_by_fine_tuning` | 2019 | section 5 |
| `beta_smoothing` as a defence | 2019 | E |
| `attack_model`, `adversarial_training` | 2017 | section 8, F |
| `attributional_training` | 2019 | F |
| `alignment` | 2019 | F |
| `certified_top_k`: a promise, not a search | 2019 | G |

### A · Draws, and what they are divided by

A stability is a ratio of two changes. Each paper divides by something else, so no two numbers of this table can be compared across columns.
"""

# %%
for name, method in methods.items():
    ask = {"radius": EPS, "samples": 8}
    named = {}
    for metric in (
        "max_sensitivity", "average_sensitivity", "local_lipschitz",
        "relative_input_stability", "relative_output_stability",
    ):  # fmt: skip
        found = getattr(xc.evaluation, metric)(net, x[:6], method, labels[:6], **ask)
        named[metric] = round(float(found.values.mean()), 1)
    found = xc.evaluation.relative_representation_stability(
        net, x[:6], method, labels[:6], layer="conv2", **ask
    )
    named["relative_representation_stability"] = round(float(found.values.mean()), 1)
    print(name, named)

# %% [markdown]
r"""
`form="elementwise"` divides number by number, as the first paper writes it. Maps have pixels that are nearly 0, and then it explodes.

### B · Randomisation without the noise

Noise makes any two maps unlike: a noisy method passes the test of section 6 for nothing. One remedy averages over noisy copies of the picture first. Another one compares no pixels: it asks whether the map of a network that knows nothing is less orderly (its histogram has more entropy).
"""


# %%
def bare(model, x, target):
    """The control: the picture is its own map, whatever the network is."""
    return x.clone()


for name, method in {**tests, "the bare picture": bare}.items():
    ask = {"similarity": "spearman"}
    plain = xc.evaluation.parameter_randomisation(net, x[:6], method, labels[:6], **ask)
    smoothed = xc.evaluation.smooth_parameter_randomisation(
        net, x[:6], method, labels[:6], samples=4, **ask
    )
    rise = xc.evaluation.efficient_parameter_randomisation(net, x, method, labels)
    found = {"plain": plain, "smoothed": smoothed, "rise of the entropy": rise}
    print(name, {key: round(float(v.values.nanmean()), 2) for key, v in found.items()})

# %% [markdown]
r"""
The last row is the control: it never saw the network. Near its 1 the first two numbers are bad, and the third should be *above* its 0. By the first two guided backprop fails. By the third the gradient fails as well, and only Integrated Gradients passes. Two tests of one idea, two verdicts.

### C · Random labels from the package

`xc.evaluation.data_randomisation` trains three small networks: on the labels, on permuted ones, and on the labels from another start. Here with few epochs, so that the second one has *not* learnt its labels by heart.
"""

# %%
train = xc.evaluation.SmallTraining(hidden=32, epochs=8)
everything = xc.datasets.digits()
data = (
    (everything.x[:600], everything.labels[:600]),
    (everything.x[1400:1450], everything.labels[1400:1450]),
)
found = xc.evaluation.data_randomisation(train, data, "gradient")
again = found.details["reseeded"]
again = getattr(again, "values", again)
control = {"right labels, other start": again.nanmean()}
xc.show("gradient: permuted labels", found.values.nanmean(), control=control)
learnt = [round(float(share), 2) for share in found.details["accuracy"][:, 0]]
print("right on what they learnt, true and permuted labels:", learnt)

# %% [markdown]
r"""
Here the permuted labels give the **larger** likeness. The second network has learnt nearly nothing, and it began from the same random weights as the first. What the two maps share is their start. So look at this accuracy before you read the test.

### D · Input invariance

**Input invariance** (2017). Add 0.5 to every pixel, and let the network subtract it first. The network knows as much as before, so the map should stay. We print by which share of its length it changes.
"""

# %%
moved = xc.spec("integrated_gradients", steps=8, baseline=0.5)
for name in ("fashion_cnn", "fashion_mlp", "fashion_residual"):
    one, found = xc.zoo.load(name, device="cpu"), {}
    for title, method, after in (
        ("IG", tests["Integrated Gradients"], None),
        ("IG, baseline moved, too", tests["Integrated Gradients"], moved),
        ("gradient", tests["gradient"], None),
    ):
        result = xc.evaluation.input_invariance(
            one, x, method, labels, shift=0.5, shifted_method=after
        )
        found[title] = round(float(result.values.mean()), 4)
    change = found.pop("IG")
    xc.show(f"{name}: IG from black", change, control=found)

# %% [markdown]
r"""
What fails is not the method but its **reference**: after the shift, "black" is another question. With the baseline moved along, the map is the same.

### E · Rounder networks as a defence

The attack follows the **curvature** of the score. For one unit, softplus of $w \cdot x$, the largest curvature is $\beta \lVert w \rVert^2 / 4$: for $w = (1, 2, -1)$ and $\beta = 4$ it is 6. A smaller $\beta$ is flatter. And it is the same as averaging: the gradient of a ReLU unit, averaged over logistic noise of scale $1 / \beta$, is that of the softplus unit. But a rounder network is another network: which classes does it keep?
"""

# %%
w = torch.tensor([1.0, 2.0, -1.0], dtype=torch.float64)
unit = torch.nn.Softplus(4.0)
bend = torch.autograd.functional.hessian(lambda p: unit(w @ p), torch.zeros(3).double())
print(f"largest curvature: {float(torch.linalg.eigvalsh(bend).max()):.3f}")
for beta in (10.0, 2.0):
    method = xc.spec("beta_smoothing", beta=beta)
    attack = xc.robustness.attack_map(
        net, x, labels, method=method, k=50, eps=EPS, steps=20
    )
    by_chance = method(net, random, target=labels)
    smooth_net = stand_in(net, beta)
    control = {
        "random signs": kept(attack.before, by_chance),
        "same class as the real network": (smooth_net(x).argmax(1) == labels)
        .double()
        .mean(),
    }
    found = kept(attack.before, attack.after)
    xc.show(f"beta {beta:.0f}: strongest pixels kept", found, control=control)

# %% [markdown]
r"""
With $\beta = 2$ an attack that knows the method leaves 0.54, with $\beta = 10$ it leaves 0.34, and all twelve classes are kept. The gap to random signs shrinks, too: from 0.23 to 0.15. So it does defend, and nothing is solved: these are twelve pictures, and the map is that of a rounder network, not of the one in use.

### F · Train for it

**Attributional training** (2019) punishes what the map can do: the Integrated Gradients of the *loss*, from $x$ to the worst neighbour $x'$. Their sum is the rise of the loss, so their sum alone is adversarial training. The cheapest relative punishes the gradient of the loss. We train small networks of digits in some seconds, from one start (so: one example, no verdict).
"""

# %%
seen, told = everything.x[:600], everything.labels[:600]
plain_net = xc.evaluation.SmallTraining(hidden=32, epochs=15)(seen, told, 0)
ask = {"epochs": 4, "seed": 0, "eps": 0.1}
trained = {
    "plain": plain_net,
    "adversarial": xc.robustness.adversarial_training(plain_net, seen, told, **ask),
    "IG-NORM": xc.robustness.attributional_training(
        plain_net, seen, told, penalty="ig_norm", weight=0.5, **ask
    ),
    "gradient penalty": xc.robustness.attributional_training(
        plain_net, seen, told, penalty="gradient", weight=0.1, epochs=4, seed=0
    ),
}

# %%
test_x, test_y = everything.x[1400:1440], everything.labels[1400:1440]
for name, one in trained.items():
    attack = xc.robustness.attack_map(
        one, test_x, test_y, k=10, eps=0.1, steps=12, beta=10
    )
    noisy = xc.gradient(one, xc.robustness.random_twin(test_x, 0.1), target=test_y)
    wrong = xc.robustness.attack_model(one, test_x, test_y, eps=0.1).fooled
    control = {
        "random signs": kept(attack.before, noisy, 10),
        "accuracy": (one(test_x).argmax(1) == test_y).double().mean(),
        "accuracy under attack": 1 - wrong.double().mean(),
        "alignment": xc.robustness.alignment(one, test_x, cosine=True).nanmean(),
    }
    found = kept(attack.before, attack.after, 10)
    xc.show(f"{name}: strongest 10 of 64 kept", found, control=control)

# %% [markdown]
r"""
Adversarial training and IG-NORM raise the accuracy under attack, from 0.32 to 0.40 and 0.38. The strongest pixels hardly gain: at most 0.64 in place of 0.58, and random signs leave more, too (0.86 in place of 0.82). The gradient penalty changes nothing here. At this size training for it does not make the maps safe.

### G · A promise

An attack that finds nothing proves nothing. A **certificate** (2019) does. Let 500 noisy copies vote which pixels are among the 25 strongest: pixel $i$ gets the share $p_i$. If $x$ moves by a length of $\lVert \delta \rVert$, then $\Phi^{-1}(p_i)$ moves by at most $\lVert \delta \rVert / \sigma$ ($\Phi$ is here the normal distribution, no map; $\sigma$ is the noise). So pixels far ahead of the others must stay ahead, whatever an attacker does.
"""

# %%
few, ask = x[:4], {"k": 25, "sigma": 0.3, "samples": 500}
promise = xc.robustness.certified_top_k(net, few, labels[:4], **ask)
for length in (0.02, 0.1, 0.5):
    step = torch.randn(few.shape, generator=torch.Generator().manual_seed(0))
    step *= length / step.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    there = xc.robustness.certified_top_k(net, few + step, labels[:4], **ask)
    stay = (promise.top & there.top).flatten(1).double().sum(1) / 25
    sure = promise.overlap(length).double() / 25
    control = {"a random change": stay.mean()}
    xc.show(f"length {length}: promised to stay", sure.mean(), control=control)

# %% [markdown]
r"""
The promise holds against everybody, and it is small. Our attacks of 8 grey levels move $x$ by up to $\sqrt{784} \cdot 8 / 255 \approx 0.9$: there nothing is promised. That does not say that an attack succeeds. Between the promise and the best attack lies what nobody knows.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- Changes that nobody sees, and that keep the class, can choose the map. Print beside each attack what **random signs** of that size do.
- Draws give a lower bound of what is possible; a search finds more. A search that finds nothing proves nothing.
- A defence is tested by an attack that knows it.
- Logits can be shifted together: the probabilities stay, the maps of a logit are anything. Margins and probabilities survive.
- A fooled network predicts as before. Accuracy does not give it away.
- A sanity check compares two maps. Compare both with the bare picture as well, with signs and without: the verdict may turn over.
- Robust training drew maps to the mark, the class-blind map as well. That is attention, not evidence.

**Where it fails next.** All this asks whether a map can be moved. It does not say whether it is right: for that somebody must know the answer. Lesson 17 plants it, and asks people.

## References

- A. Ghorbani, A. Abid, J. Zou. *Interpretation of Neural Networks is Fragile*. 2017. [arXiv:1710.10547](https://arxiv.org/abs/1710.10547)
- A.-K. Dombrowski, M. Alber, C. Anders, M. Ackermann, K.-R. Müller, P. Kessel. *Explanations can be manipulated and geometry is to blame*. 2019. [arXiv:1906.07983](https://arxiv.org/abs/1906.07983)
- J. Heo, S. Joo, T. Moon. *Fooling Neural Network Interpretations via Adversarial Model Manipulation*. 2019. [arXiv:1902.02041](https://arxiv.org/abs/1902.02041)
- S. Srinivas, F. Fleuret. *Rethinking the Role of Gradient-Based Attribution Methods for Model Interpretability*. 2020. [arXiv:2006.09128](https://arxiv.org/abs/2006.09128)
- J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim. *Sanity Checks for Saliency Maps*. 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
- L. Sixt, M. Granz, T. Landgraf. *When Explanations Lie: Why Many Modified BP Attributions Fail*. 2019. [arXiv:1912.09818](https://arxiv.org/abs/1912.09818)
- A. Hedström, L. Weber, S. Lapuschkin, M. Höhne. *Sanity Checks Revisited: An Exploration to Repair the Model Parameter Randomisation Test*. 2024. [arXiv:2401.06465](https://arxiv.org/abs/2401.06465)
- P.-J. Kindermans and others. *The (Un)reliability of saliency methods*. 2017. [arXiv:1711.00867](https://arxiv.org/abs/1711.00867)
- C.-K. Yeh, C.-Y. Hsieh, A. Suggala, D. Inouye, P. Ravikumar. *On the (In)fidelity and Sensitivity of Explanations*. 2019. [arXiv:1901.09392](https://arxiv.org/abs/1901.09392)
- C. Agarwal and others. *Rethinking Stability for Attribution-based Explanations*. 2022. [arXiv:2203.06877](https://arxiv.org/abs/2203.06877)
- A. Madry, A. Makelov, L. Schmidt, D. Tsipras, A. Vladu. *Towards Deep Learning Models Resistant to Adversarial Attacks*. 2017. [arXiv:1706.06083](https://arxiv.org/abs/1706.06083)
- J. Chen, X. Wu, V. Rastogi, Y. Liang, S. Jha. *Robust Attribution Regularization*. 2019. [arXiv:1905.09957](https://arxiv.org/abs/1905.09957)
- A. Levine, S. Singla, S. Feizi. *Certifiably Robust Interpretation in Deep Learning*. 2019. [arXiv:1905.12105](https://arxiv.org/abs/1905.12105)
- C. Etmann, S. Lunz, P. Maass, C.-B. Schönlieb. *On the Connection Between Adversarial Robustness and Saliency Map Interpretability*. 2019. [arXiv:1905.04172](https://arxiv.org/abs/1905.04172)
"""
