# %% [markdown] tags=["header"]
r"""
# 06 · Patterns (2017): where is the signal?

| | |
|---|---|
| **Paper** | P.-J. Kindermans and others, *Learning how to explain neural networks: PatternNet and PatternAttribution*, [arXiv:1705.05598](https://arxiv.org/abs/1705.05598) |
| **Time** | 70 minutes: 42 to read and try, 28 for the three tasks. The whole lesson is optional. |
| **Needs** | lesson 02 (the way back through a ReLU); mean and variance |
| **Repairs** | the failure of lesson 02: pictures from a changed backward pass that look good without a reason. Here the change has a reason that you can test. |
| **Practise** | the sheet `exercises/06_patterns.ipynb` |
"""

# %% tags=["setup"]
from dataclasses import replace

import torch

import xaicourse as xc

device = xc.device()
net = xc.zoo.load("planted_cnn", device=device)  # (N, 1, 32, 32) -> 4 logits
plus, stripes = xc.widgets.signal_shapes()  # two pictures (9, 9)

# %% [markdown]
r"""
## 1 · A pixel without signal

An input has two pixels. Something that we want to know, $z$, lights up pixel 1 only. Something else, $e$, lights up **both**
pixels, and it is often stronger:

$$x = z \cdot (1, 0) + e \cdot (1, 1)$$

The first part is the **signal**, the second the **distractor**. A linear model $y = w \cdot x$ learns to read $z$.

**Predict (06.P1).** Pixel 2 holds no signal at all. What will the model do with it? Four inputs (pixel 1, pixel 2) are on offer: for which of them
is the $y$ of the model largest? In the panel below, darker points have a larger $y$.
"""

# %% tags=["question"]
xc.predict("06.P1")

# %% tags=["panel"]
panel = xc.widgets.PatternPanel(angle=45, strength=2.0)
panel

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 06.P1</summary>

(a). Pixel 1 is $z + e$, pixel 2 is $e$. So $z$ is pixel 1 **minus** pixel 2: $w = (1, -1)$, and $(2, -1)$ has $y = 3$. The weight of pixel 2 is
there to subtract the distractor. In the panel the points get darker fastest along the arrow of the weights.
</details>

Look at the arrows of the panel. The weights do not point along the signal. They are perpendicular to the *distractor*. Turn the distractor
(angle), or switch it off (strength 0): the weights move. The other arrow, the **pattern**, stays on the signal.

**The goals of this lesson**

- **G1** you can work out by hand why weights and signal point in two directions.
- **G2** you can estimate a pattern from data, for a linear neuron and for one with a ReLU.
- **G3** you can run a network back along its patterns: PatternNet and PatternAttribution.
- **G4** you can say which question a gradient answers, which a pattern answers, and what a pattern needs.

## 2 · By hand

The model must give $w \cdot x = z$ for every $z$ and every $e$. Put $x$ in:

$$w \cdot x = z\,\big(w \cdot (1, 0)\big) + e\,\big(w \cdot (1, 1)\big)$$

So two things must hold: $w \cdot (1, 0) = 1$ and $w \cdot (1, 1) = 0$. The first says "see the signal", the second says "be blind for
the distractor". Only $w = (1, -1)$ does both. You can never see in $w$ alone what the signal looks like.

**Covariance.** When $y$ is above its mean, is $x_i$ above its mean, too? Multiply the two differences and average:

$$\mathrm{cov}[x_i, y] = \mathrm{mean}\big[(x_i - \mathrm{mean}\,x_i)\,(y - \mathrm{mean}\,y)\big]$$

It is positive if both rise together, negative if one falls when the other rises, and near 0 if they have nothing to do with each
other. $\mathrm{cov}[y, y]$ is the variance of $y$, $\mathrm{var}[y]$. It adds up: $\mathrm{cov}[u + v, y] = \mathrm{cov}[u, y] + \mathrm{cov}[v, y]$, and a factor may stand in
front: $\mathrm{cov}[3u, y] = 3\,\mathrm{cov}[u, y]$.
"""

# %% [markdown] tags=["symbols"]
r"""
Divide, and you get a slope: **by how much does $x_i$ change in the data when $y$ rises by 1?** Three new symbols:

- $a$ (read it **"pattern"**) is $\mathrm{cov}[x, y] / \mathrm{var}[y]$: one number for each input of a neuron.
- $S(x)$ is the **signal** that we estimate in an input: $S(x) = a\, y$. The rest, $x - S(x)$, should be distractor.
- $\rho$ ("rho") is the quality of an estimate $S$, from 0 to 1. We define it in section 5.

The **relevance** of pixel $i$ is its weight times its signal, $w_i\, a_i\, y$: how much of $y$ the signal in this pixel brings.
"""

# %% [markdown]
r"""
### Task 06.1 · Weights and pattern by hand

**Goal** G1 · **Level** 1 of 5 · **Minutes** 10 · **Importance** 4 of 5

Now the signal lights up both pixels, too. Inputs are $x = z\,(2, 1) + e\,(1, 1)$. The numbers $z$ and $e$ are independent (their covariance is 0), with mean 0;
$\mathrm{var}[z] = 4$ and $\mathrm{var}[e] = 1$. A linear model $y = w \cdot x$ gives $y = z$, exactly and always. On paper:

| hand in | what |
|---|---|
| `weights` | $w$: two numbers |
| `covariances` | $\mathrm{cov}[x_1, y]$ and $\mathrm{cov}[x_2, y]$ |
| `pattern` | $a$: two numbers |
| `signal` | the signal $S(x)$ at $x = (8, 5)$ |
| `distractor` | the rest, $x - S(x)$ |
| `relevance` | $w_1 a_1 y$ and $w_2 a_2 y$ at $x = (8, 5)$ |

Stuck? `xc.hint("06.1")`.
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: answer = {
# STUB:     "weights": None,
# STUB:     "covariances": None,
# STUB:     "pattern": None,
# STUB:     "signal": None,
# STUB:     "distractor": None,
# STUB:     "relevance": None,
# STUB: }  # each: two numbers, such as (1, 2)
answer = {
    "weights": (1, -1),
    "covariances": (8, 4),
    "pattern": (2, 1),
    "signal": (6, 3),
    "distractor": (2, 2),
    "relevance": (6, -3),
}
### END SOLUTION

# %% tags=["check"]
xc.check("06.1", answer)

# %% [markdown] tags=["fold"]
r"""
$w \cdot (1, 1) = 0$ makes the model blind for $e$, so $w = c\,(1, -1)$; $w \cdot (2, 1) = 1$ gives $c = 1$. Then
$\mathrm{cov}[x_1, y] = \mathrm{cov}[2z + e, z] = 2\,\mathrm{var}[z]$ and $\mathrm{cov}[x_2, y] = \mathrm{var}[z]$. Divided by $\mathrm{var}[y] = \mathrm{var}[z]$ this is $(2, 1)$: the direction of
the signal. At $(8, 5)$, $y = 3$: the signal is $3\,(2, 1)$, the rest is the distractor $2\,(1, 1)$, and the relevances add up to $y$.

The usual mistakes: the weights taken for the signal; the variance of $e$ added to a covariance; the standard deviation for the variance.
"""

# %% [markdown]
r"""
### Task 06.2 · The linear pattern

**Goal** G2 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 5 of 5

| argument | meaning |
|---|---|
| `x` | inputs of a neuron, (M, D); their mean is not 0 |
| `y` | the values of the neuron, (M,) |
| **returns** | $\mathrm{cov}[x, y] / \mathrm{var}[y]$, (D,) |

A small example: with $x_1 = 3y$ and a constant $x_2$, the pattern is $(3, 0)$. Leave the arguments as they are.
"""


# %% tags=["task"]
def linear_pattern(x, y):
    """Return the pattern of a linear neuron, (D,)."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    dx, dy = x - x.mean(0), y - y.mean()
    return (dx * dy[:, None]).mean(0) / (dy * dy).mean()
    ### END SOLUTION


# %% tags=["check"]
xc.check("06.2", linear_pattern)

# %% [markdown] tags=["fold"]
r"""
Both differences are needed for the variance; in the covariance one of the two is enough. Divide both means by the same
number of inputs. `dy[:, None]` has the shape (M, 1), so that each input is multiplied by its own number.

A test that needs no reference: $w \cdot a$ must be 1. For $w \cdot \mathrm{cov}[x, y] = \mathrm{cov}[w \cdot x, y] = \mathrm{var}[y]$.
"""

# %% [markdown]
r"""
From here on the lesson uses **your** function. Three draws of the data of section 1: is the pattern the signal $(1, 0)$?
"""

# %%
pattern = xc.or_reference("06.2", linear_pattern)
w = torch.tensor([[1.0, -1.0]], dtype=torch.float64)


def linear(x):
    """The model: (N, 2) -> (N, 1)."""
    return torch.nn.functional.linear(x, w)


for seed in range(3):
    generator = torch.Generator().manual_seed(seed)
    z, e = torch.randn(2, 4000, generator=generator, dtype=torch.float64)
    x = torch.stack([z + 2 * e, 2 * e], dim=1)  # (4000, 2): a distractor of strength 2
    a = pattern(x, linear(x)[:, 0])
    print(f"pattern ({a[0]:.2f}, {a[1]:.2f}), weights {tuple(w[0].tolist())}")

# %% [markdown]
r"""
Up to the small error of a sample it is. (In a finite sample $z$ and $e$ are not exactly unrelated.) And always $w \cdot a = 1$: the estimated signal contains exactly the value that the
neuron reads, $w \cdot S(x) = y$.

The package fits the pattern of every neuron of a model in one pass over data. For this model there is one.
"""

# %%
patterns = xc.fit_patterns(linear, x)
assert torch.allclose(patterns.layers[0].plus[0], a)
one = torch.tensor([[5.0, 3.0]], dtype=torch.float64)  # z = 2, e = 3
signal = xc.pattern_net(linear, one, 0, patterns=patterns)
assert torch.allclose(signal[0], a * linear(one)[0, 0])
maps = {
    "gradient": xc.gradient(linear, one, 0),
    "gradient x input": xc.input_x_gradient(linear, one, 0),
    "PatternNet": signal,
    "PatternAttribution": xc.pattern_attribution(linear, one, 0, patterns=patterns),
}
for name, values in maps.items():
    print(f"{name:19}", [round(v, 1) + 0.0 for v in values[0].tolist()])

# %% [markdown]
r"""
The input $(5, 3)$ was made from $z = 2$ and $e = 3$. Its signal is $(2, 0)$. PatternNet returns $a\,y$: the signal, up to the small error of the sample. PatternAttribution returns
$w_i a_i y$: how much of $y$ each pixel's signal brings. Gradient x input returns $(5, -3)$. It is complete: $5 - 3 = 2$. But
both numbers are full of distractor.

## 3 · The same in a picture

The right half of the panel shows the same story with 81 pixels. The signal is a plus, the distractor is a set of stripes across the picture. A linear model
reads how bright the plus is. Again the weights contain something that is not signal: the stripes, with a minus sign.

You may change the picture by one step of length 1. No step lifts $y$ more than one along the gradient, and here that is $w$.

**Predict (06.P2).** Compare the two pictures of the panel, weights and pattern. A step of the same length along the pattern: which part of this lift does it bring?
"""

# %% tags=["question"]
xc.predict("06.P2")

# %% tags=["demo"]
toy = xc.widgets.pattern_toy(plus.flatten(), stripes.flatten(), strength=2.0)
picture = {"one input": toy.data[7], "weights w": toy.w, "pattern a": toy.a}

xc.plot.maps(
    {name: (v / v.abs().max()).view(1, 1, 9, 9) for name, v in picture.items()},
    unit="each divided by its largest size",
    percentile=100,
    alt="Three pictures of 9 x 9 pixels: an input, in which a plus and stripes can be "
    "seen, the weights of the linear model, and its pattern.",
)

# %% [markdown]
r"""
On the stripes beside the plus the weights are negative: they subtract the distractor, which also shines through the plus. A reader who
takes the map of the weights for "what the model looks for" would say that it looks for dark stripes.

Now steps of the same length: along $w$, along $a$ (with **your** pattern), and in random directions.
"""

# %%
a = pattern(toy.data, toy.data @ toy.w)
random = torch.randn(200, 81, dtype=torch.float64, generator=generator)
random = random / random.norm(dim=1, keepdim=True)
rises, likenesses = (random @ v.cpu() for v in (toy.w, toy.s))
size = {"a random step, mean size": float(rises.abs().mean())}
chance = {"a random step, mean size": float(likenesses.abs().mean())}
for name, v in {"along w": toy.w, "along a": a}.items():
    step = v / v.norm()
    xc.show(f"{name}: y rises by", float(toy.w @ step), control=size)
    xc.show(f"{name}: cosine with the true plus", float(step @ toy.s), control=chance)

# %% [markdown]
r"""
<details><summary>Answer to 06.P2</summary>

(d), nearly 0.9. The two pictures have most of their plus in common, much more than the two arrows with two pixels. The rest of the step along $w$ is no plus: it makes the stripes darker.
</details>

**"So the gradient is wrong!"** No. It answers a question, and the answer is right. It is only another
question than the one that most people have in mind:

- *Gradient:* in which direction must I **push** $x$, so that $y$ rises most for the length of my step?
- *Pattern:* in which direction does $x$ **move by itself** in the data when $y$ rises?

An adversary wants $w$; somebody who wants to know what the model has found in the data wants $a$.

## 4 · Through a network

A network is many neurons. Keep the forward pass. On the way back, put the pattern in the place of the weights, layer by layer, and start with the
logit $F(x)$:

| method | on the way back, in place of $w_{ij}$ | what arrives at pixel $i$ |
|---|---|---|
| gradient | $w_{ij}$ (start: 1) | a slope |
| PatternNet | $a_{ij}$ | a signal, in the units of $x$ |
| PatternAttribution | $w_{ij}\, a_{ij}$ | a share of $F$ |

Closed ReLUs stop everything, as for the gradient.

**One change for ReLUs.** A neuron with a ReLU says nothing while it is closed. So only the inputs at which it is **open** should tell what its signal
looks like. With $E_+$ for a mean over those inputs and $E$ for a mean over all, the paper uses

$$a_+ = \frac{E_+[x y] - E_+[x]\, E[y]}{w \cdot \big(E_+[x y] - E_+[x]\, E[y]\big)}$$

Above the line stands the open inputs' part of $\mathrm{cov}[x, y]$. (Why is $E[y]$ a mean over all? With $p$ for the share of open inputs, and $E_-$ for the closed ones,
$\mathrm{cov}[x, y] = p\,\big(E_+[x y] - E_+[x]\, E[y]\big) + (1 - p)\,\big(E_-[x y] - E_-[x]\, E[y]\big)$.) The line below makes $w \cdot a_+ = 1$ again. The package calls this `"two_component"`; it is the default. A layer without
a ReLU keeps the linear pattern.
"""

# %% [markdown]
r"""
### Task 06.3 · The pattern of a neuron with a ReLU

**Goal** G2 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 3 of 5

Write the formula for one neuron, $y = w \cdot x + b$. $E_+$ is the mean over the inputs with $y > 0$, $E$ the mean over all.

| argument | meaning |
|---|---|
| `x` | inputs, (M, D) |
| `w` | weights, (D,) |
| `b` | the bias, a number |
| **returns** | $a_+$, (D,) |

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def two_component(x, w, b):
    """Return the pattern of a neuron with a relu, (D,)."""
    ### BEGIN SOLUTION
    # STUB: y = x @ w + b
    # STUB: active = ...
    # STUB: return ...
    y = x @ w + b
    active = y > 0
    both = (x[active] * y[active, None]).mean(0)  # E+[x y]
    top = both - x[active].mean(0) * y.mean()
    return top / (w @ top)
    ### END SOLUTION


# %% tags=["check"]
xc.check("06.3", two_component)

# %% [markdown] tags=["fold"]
r"""
Three means over different groups: $E_+$ twice over the open inputs, $E[y]$ over all. The bias decides which inputs are open.
In $y$ itself it may be left out: a constant added to $y$ adds the same to $E_+[x y]$ and to $E_+[x]\, E[y]$.

The usual mistakes: $E_+[xy]$ as a sum over the open inputs divided by *all* M, and $E[y]$ taken over the open ones.
"""

# %%
relu_pattern = xc.or_reference("06.3", two_component)


def neuron(x):
    """One neuron with a relu: (N, 2) -> (N, 1)."""
    return torch.relu(linear(x) - 0.5)


fitted = xc.fit_patterns(neuron, x).layers[0]  # by the package
yours = relu_pattern(x, w[0], -0.5)
assert torch.allclose(yours, fitted.plus[0])  # equal to the package
print("a+, yours:     ", [round(v, 2) + 0.0 for v in yours.tolist()])
print(
    "linear pattern:", [round(v, 2) + 0.0 for v in pattern(x, linear(x)[:, 0]).tolist()]
)
print("goes into a relu:", fitted.gated)

# %% [markdown]
r"""
## 5 · A trained network with a known answer

Each picture of `planted` holds four marks at random places. One of them, a plus, a cross, a T or an L, is the class, and a mask says where it is. The other three
marks (blocks, dots, bars) have nothing to do with the class. The network knows the class of all our test pictures. First we fit patterns on 150 pictures. No labels are needed.
"""

# %%
train = xc.datasets.planted(150, seed=1, device=device).x
test, classes, masks = xc.datasets.planted(50, seed=2, device=device)
assert bool((net(test).argmax(1) == classes).all())
fits = {
    "linear": xc.fit_patterns(net, train, "linear", batch_size=50),
    "two components": xc.fit_patterns(net, train, batch_size=50),
}
print(fits["two components"])

# %% [markdown]
r"""
**Is the estimate good?** We do not know the signal of a hidden neuron. But we know what a good estimate leaves over. The rest $x - S(x)$
should be distractor, and a distractor knows nothing of $y$. So try to predict $y$ from the rest, with the best
linear weights $v$:

$$\rho(S) = 1 - \max_v \mathrm{corr}\big[\,y,\ v \cdot (x - S(x))\,\big]$$

1 means: nothing of $y$ is left over. 0 means: the rest still tells all of $y$. The weights $v$ are fitted on one half of the data, and $\rho$ is
measured on the other half. The paper's claim: **patterns leave less behind than weights.** For the weights, $S(x) = w\, y / (w \cdot w)$.

A second control stands beside them: **drawn** patterns, random numbers with the signs of the weights, scaled so that $w \cdot a = 1$. We take three sets of new pictures,
and three of the four layers: a neuron of the dense layer has 2048 inputs, too many to fit its $v$ on 300 pictures.
"""


# %% tags=["machinery"]
def with_patterns(new):
    """The fitted patterns, exchanged for new(W), scaled so that w . a = 1."""
    layers, modules = [], (net.conv1, net.conv2, net.dense, net.classifier)
    for module, layer in zip(modules, fits["linear"].layers, strict=True):
        W = module.weight.detach().cpu().to(layer.plus)
        v = new(W)
        scale = (W * v).flatten(1).sum(1).view(-1, *[1] * (W.ndim - 1))
        layers.append(replace(layer, plus=v / scale, minus=v / scale))
    return replace(fits["linear"], layers=tuple(layers))


def draw(W):
    """Random sizes, with the signs of the weights."""
    return W.sign() * torch.rand(W.shape, generator=generator, dtype=W.dtype)


# %% tags=["demo"]
drawn = [with_patterns(draw) for seed in range(3)]
sets = [xc.datasets.planted(300, seed=seed, device=device).x for seed in (3, 4, 5)]
asked = {"layers": (0, 1, 3), "neurons": 4, "samples": 900, "batch_size": 50}
quality = {}  # name -> (sets, layers)
for name, signal in {"weights": "filter", "drawn": drawn[0], **fits}.items():
    rho = [xc.pattern_quality(net, data, signal, **asked) for data in sets]
    quality[name] = torch.tensor([[float(v.nanmean()) for v in one] for one in rho])
for layer, name in enumerate(("conv 1", "conv 2", "classifier")):
    control = {k: quality[k][:, layer].round(decimals=3) for k in ("weights", "drawn")}
    xc.show(f"{name}: rho on three sets", quality["linear"][:, layer], control=control)

# %% tags=["demo", "machinery"]
xc.plot.series(
    torch.arange(1, 4),
    {name: values.mean(0) for name, values in quality.items()},
    x_name="1: first convolution     2: second convolution     3: classifier",
    y_name="ρ, 1 is best",
    doubling=True,  # three places, and nothing between them
    alt="Four curves over three layers: the quality rho of the direction of the "
    "weights, of drawn patterns, of the linear and of the two-component pattern.",
)

# %% [markdown]
r"""
The claim holds in all three layers, on all three sets. The two kinds of pattern are close to each other. Be fair to the weights: for the linear pattern the result is built in. On the
data of the fit, $\mathrm{cov}[x - a\,y,\ y]$ is exactly 0, so $\rho = 1$ for every $v$. The test adds what happens on new pictures: $\rho$ stays high in the convolutions, and falls in the classifier.

Now the maps. A test that does not depend on taste: how much of the size of a map lies inside the mask? The bright pixels of a mark are more than three times as bright as the background, and gradient x input multiplies each slope by this brightness. PatternAttribution multiplies each weight by a pattern, which is an
average over many pictures, with marks at all places.

**Predict (06.P3).** Four maps: gradient, PatternNet, PatternAttribution, gradient x input. Sort them by their share inside the planted mark, the largest first: which place has PatternAttribution?
"""

# %% tags=["question"]
xc.predict("06.P3")

# %% tags=["demo"]
patterns = fits["two components"]
methods = {  # of a model, the targets, and the patterns
    "gradient": lambda f, t, p: xc.gradient(f, test, t),
    "PatternNet": lambda f, t, p: xc.pattern_net(f, test, t, patterns=p),
    "PatternAttribution": lambda f, t, p: xc.pattern_attribution(
        f, test, t, patterns=p
    ),
    "gradient x input": lambda f, t, p: xc.input_x_gradient(f, test, t),
}
maps = {name: method(net, classes, patterns) for name, method in methods.items()}


def inside(values):
    """Mean share of the map's size inside the mask."""
    size = values.abs()
    return float(((size * masks).sum((1, 2, 3)) / size.sum((1, 2, 3))).mean())


blind = {
    "the mask's area": 25 / 1024,
    "difference from grey": inside(test - test.median()),
}
for name, values in maps.items():
    xc.show(f"{name}: share inside the mark", inside(values), control=blind)

# %% tags=["demo", "machinery"]
shown = {name: values[:1] / values[:1].abs().max() for name, values in maps.items()}
xc.plot.maps(
    {"the mark that decides": masks[:1].double(), **shown},
    photo=test[:1],
    unit="each divided by its largest size",
    columns=3,
    alt="A planted picture with four marks, a map of the mark that decides, and four "
    "maps: gradient, PatternNet, PatternAttribution, gradient x input.",
)

# %% [markdown]
r"""
<details><summary>Answer to 06.P3</summary>

(b). Gradient x input comes first. Gradient and PatternNet cannot be told apart: with other pictures and another fit their order changes.
</details>

The second control never saw the network: it is the picture itself, minus its background. All marks stand out in it, so it is far above the area. The gradient and PatternNet hardly beat it.

A share says that something was found. Was it *evidence for this class*? Ask the same maps about a class whose mark is not in the picture. Only sizes count here, so a mark that speaks *against* a class counts as well. And on the way back only the first step, through the classifier, differs from class to class.

**Predict (06.P5).** Each map now explains one of the three other classes. Which of the four maps, in the order of the figure, keep more than four fifths of their share inside the old mark?
"""

# %% tags=["question"]
xc.predict("06.P5")

# %% tags=["demo"]
turned = [(classes + k) % 4 for k in (1, 2, 3)]  # the three other classes
unfitted = {"weights": with_patterns(lambda W: W), "drawn": drawn[0]}
for name, method in methods.items():
    others = sum(inside(method(net, t, patterns)) for t in turned) / 3
    control = {"its own class": inside(maps[name])}
    xc.show(f"{name}: share for the other classes", others, control=control)
for name in ("PatternNet", "PatternAttribution"):
    control = {
        f"{k} as patterns": inside(methods[name](net, classes, p))
        for k, p in unfitted.items()
    }
    xc.show(f"{name}: share, own class", inside(maps[name]), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 06.P5</summary>

(d). The two maps with patterns have nearly the same share for a class that is not there, the other two lose about a third. So most of their share is "there is a mark", and little of it "there is this mark". (PatternAttribution says
the rest with its sign: for a class with a negative logit the whole map turns round, because it starts with the logit.)
</details>

The last two lines exchange the patterns. In PatternAttribution the fitted patterns do better than drawn ones, and than the weights. So the fit is worth something. In PatternNet the weights
do as well as the fitted patterns.

Stay with this for a moment. The patterns are better estimates in every layer that we measured, and still the map of PatternNet is not better. Two likely reasons (part B of
"Go deeper" and task 06.5 look at them):

1. **One pattern for all inputs.** A pattern is an average over the data. A neuron of the dense layer sees the whole picture, and the mark lies now here,
   now there. Only the open ReLUs know of *this* picture.
2. **Everything that moves along counts.** The pattern shows what changes together with $y$, whether the model uses it or not.

So the step from "right for one linear neuron" to "right for a network" is not for free.

## 6 · The truth strip, replaced

The other lessons end with the same three tests on a large network and photos. Patterns need data from the distribution that the network was trained
on, and the course has only a few photos. A pattern of 1000 numbers that is fitted on 20 photos means nothing. So we asked the first two questions, the known answer and another
class, in section 5. The third is left:

*A ruined network:* the weights of the classifier are drawn anew, eight times. Old patterns must be refused, and patterns that are fitted again must give another map. How alike are two maps that
have nothing to do with each other? Two controls: the same map with its pixels in random places, and the map of another picture.
"""


# %% tags=["demo", "machinery"]
def ruin(seed):
    """The network, with the weights of its classifier drawn anew."""
    other = xc.zoo.load("planted_cnn", device=device)
    draw = torch.randn(4, 64, generator=torch.Generator().manual_seed(seed))
    other.classifier.weight.data = (draw * other.classifier.weight.std().cpu()).to(
        device
    )
    return other


def likeness(one, two):
    """Mean cosine between the maps of two sets."""
    cosines = torch.nn.functional.cosine_similarity(one.flatten(1), two.flatten(1))
    return float(cosines.mean())


def shuffled(values):
    """The pixels of every map in the same random order."""
    order = torch.randperm(1024, generator=torch.Generator().manual_seed(0))
    return values.flatten(1)[:, order.to(values.device)].view_as(values)


# %% tags=["demo"]
ruined = [ruin(seed) for seed in range(8)]
try:
    xc.pattern_net(ruined[0], test, classes, patterns=patterns)
except ValueError as error:
    print("refused:", str(error).split(":")[0])
again = [xc.fit_patterns(one, train, batch_size=50) for one in ruined]
for name in ("gradient", "PatternNet", "PatternAttribution"):
    method = methods[name]
    old = maps[name]
    pairs = [
        [likeness(old, method(one, t, p)) for t in (classes, *turned)]
        for one, p in zip(ruined, again, strict=True)
    ]
    means = torch.tensor(pairs).mean(1)  # (8,), over the classes
    control = {
        "standard error": means.std() / 8**0.5,
        "pixels in random places": likeness(old, shuffled(old)),
        "another picture": likeness(old, old.roll(1, 0)),
    }
    xc.show(f"{name}: mean cosine with 8 ruined", means.mean(), control=control)

# %% [markdown]
r"""
For the gradient and for PatternAttribution the mean is less than two standard errors away from 0. For PatternNet it is not. Before you conclude that its map ignores the classifier, read the control: the same
map with its pixels in random places is as much like itself. A map with mostly one sign is a little like every other such map. So this cosine says nothing about
the classifier; without the control we would have called it a failure.

## 7 · Your model

A network that everybody has: torchvision's ResNet-18. Here its weights are **random**, so that the cell runs offline. Exchange them for trained ones, or for yours, and take *your* pictures instead of
our crops. The cell fits the patterns of its first half twice, on two halves of the data: a pattern that changes with the data is no fact. (The whole network works, too, with more memory.)

What to doubt: Are there several times as many samples as a neuron has inputs? (Each place of a picture is a sample for a convolution, but only each picture for a dense layer.) Is the pattern of this neuron more
like its second fit than like the pattern of the **next neuron**? If not, it shows what all inputs have in common, not what this neuron reads.
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
first_half = torch.nn.Sequential(*list(mine.model.children())[:6])  # 10 layers
names = ("chelsea", "coffee", "camera", "rocket", "brick")
photos = torch.cat([xc.datasets.photo(name, device=device) for name in names])
crops = photos.unfold(2, 56, 56).unfold(3, 56, 56)  # (5, 3, 4, 4, 56, 56)
crops = crops.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3, 56, 56)[::2]  # (40, 3, 56, 56)
crops = (crops - 0.45) / 0.23  # about as this network is used to
halves = [xc.fit_patterns(first_half, crops[k::2], batch_size=4) for k in (0, 1)]
cosine = torch.nn.functional.cosine_similarity
for k in (0, 5, 9):
    one, two = (fit.layers[k].plus.flatten(1) for fit in halves)
    alive = (one != 0).any(1) & (two != 0).any(1)
    one, two = one[alive], two[alive]
    control = {"the next neuron": cosine(one, two.roll(1, 0)).median()}
    name = f"layer {k}: median cosine of two fits"
    xc.show(name, cosine(one, two).median(), control=control)

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · Where is zero?

Two models: a neuron sees $x$, or it sees $x - m$ and has the bias adjusted. They compute the same number for every input.

**Predict (06.P4).** Which of its two patterns changes: that of task 06.2, or that of task 06.3?
"""

# %% tags=["question"]
xc.predict("06.P4")

# %%
shift = torch.tensor([3.0, 0.0], dtype=torch.float64)


def moved(x):
    """The same neuron, written with another origin."""
    return torch.relu(linear(x - shift) + 2.5)


assert torch.allclose(moved(x), neuron(x))
for estimator in ("linear", "two_component"):
    a1, a2 = (xc.fit_patterns(f, x, estimator).layers[0].plus for f in (neuron, moved))
    xc.show(f"{estimator}: the pattern changes", bool((a1 - a2).norm() > 0.01))

# %% [markdown]
r"""
<details><summary>Answer to 06.P4</summary>

(c). In a covariance a constant cancels. In the two-component formula $E_+[x]$ stands beside $E[y]$, a mean over the open inputs beside a
mean over all. They differ, so a constant in $x$ does not cancel: it changes the numerator by $m\,(E_+[y] - E[y])$.
</details>

So one function, written twice, can get two maps: **implementation invariance** is broken. (It is broken for the linear pattern, too: a network that
computes the same with other hidden neurons has other patterns.) Say which layer, which data and which normalisation you used.

### B · How much data?

A neuron of the dense layer has 2048 inputs, and we used 150 pictures. How much does its pattern change with other data?
"""

# %%
second = xc.datasets.planted(150, seed=5, device=device).x
refit = xc.fit_patterns(net, second, batch_size=50)
for k, name in enumerate(("conv 1", "conv 2", "dense", "classifier")):
    one, two = (fit.layers[k].plus.flatten(1) for fit in (patterns, refit))
    alive = (one != 0).any(1) & (two != 0).any(1)
    one, two = one[alive], two[alive]
    control = {"the next neuron": cosine(one, two.roll(1, 0)).median()}
    xc.show(
        f"{name}: median cosine of two fits", cosine(one, two).median(), control=control
    )

# %% [markdown]
r"""
The convolutions see every place of every picture: many thousand samples for a few numbers. The dense layer sees one sample a picture. Its patterns are the
least certain ones, and all of the map must pass through them.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- Input = signal + distractor. Weights must cancel the distractor, so they do not show the signal.
- Gradient: the direction to push. Pattern: the direction in which the data move. Two questions, two right answers.
- $a = \mathrm{cov}[x, y] / \mathrm{var}[y]$, and $w \cdot a = 1$. For a ReLU only the open inputs count.
- PatternNet goes back along $a$, PatternAttribution along $w$ times $a$. Both need data, and both belong to model **and** data.
- Better estimates in the layers did not give a better map: test the map itself, and for another class, too.
- A share, or a cosine, of a map that never saw the network belongs beside each number. It took back two of our findings.

**Where it goes on.** Lesson 11 uses patterns inside Integrated Gradients.

## References

- P.-J. Kindermans and others. *Learning how to explain neural networks: PatternNet and PatternAttribution*. 2017. [arXiv:1705.05598](https://arxiv.org/abs/1705.05598)
- R. Schwarzenberg, S. Castle. *Pattern-Guided Integrated Gradients*. 2020. [arXiv:2007.10685](https://arxiv.org/abs/2007.10685)
"""
