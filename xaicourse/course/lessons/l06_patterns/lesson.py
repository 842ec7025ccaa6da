# %% [markdown] tags=["header"]
r"""
# 06 · Patterns (2017): where is the signal?

| | |
|---|---|
| **Paper** | P.-J. Kindermans and others, *Learning how to explain neural networks: PatternNet and PatternAttribution*, [arXiv:1705.05598](https://arxiv.org/abs/1705.05598) |
| **Time** | 65 minutes. The core path takes 40; "Go deeper" is optional. |
| **Needs** | lesson 02 (the way back through a ReLU); mean and variance |
| **Repairs** | the failure of lesson 02: pictures from a changed backward pass that look good without a reason. Here the change has a reason that you can test. |
| **Practise** | the sheet `exercises/06_patterns.ipynb` |
"""

# %% tags=["setup"]
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

**Predict (06.P1).** Pixel 2 holds no signal at all. How large is its weight, compared with that of pixel 1?
(a) 0 · (b) about half · (c) the same size
"""

# %% tags=["question"]
xc.predict("06.P1", None)  # replace None by "a", "b" or "c", then run

# %% tags=["panel"]
panel = xc.widgets.PatternPanel(angle=45, strength=2.0)
panel

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 06.P1</summary>

(c). Pixel 1 is $z + e$, pixel 2 is $e$. So $z$ is pixel 1 **minus** pixel 2: $w = (1, -1)$. The weight of pixel 2 is
there to subtract the distractor.
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

**Covariance in five minutes.** When $y$ is above its mean, is $x_i$ above its mean, too? Multiply the two differences and average:

$$\mathrm{cov}[x_i, y] = \mathrm{mean}\big[(x_i - \mathrm{mean}\,x_i)\,(y - \mathrm{mean}\,y)\big]$$

It is positive if both rise together, negative if one falls when the other rises, and near 0 if they have nothing to do with each
other. $\mathrm{cov}[y, y]$ is the variance of $y$. Divide, and you get a slope: **by how much does $x_i$ change in the data when $y$ rises by 1?**
That is the pattern.
"""

# %%
generator = torch.Generator().manual_seed(0)
z, e = torch.randn(2, 4000, generator=generator, dtype=torch.float64)
x = torch.stack([z + 2 * e, 2 * e], dim=1)  # (4000, 2): a distractor of strength 2
w = torch.tensor([[1.0, -1.0]], dtype=torch.float64)


def linear(x):
    """The model: (N, 2) -> (N, 1)."""
    return torch.nn.functional.linear(x, w)


y = linear(x)[:, 0]
dx, dy = x - x.mean(0), y - y.mean()
a = (dx * dy[:, None]).mean(0) / (dy * dy).mean()
print("weights:", w[0].tolist())
print("pattern:", [round(v, 1) + 0.0 for v in a.tolist()])
print("w . a  :", round(float(w[0] @ a), 6))

# %% [markdown] tags=["symbols"]
r"""
The pattern is $(1, 0)$, the direction of the signal. (With 4000 draws it is not exactly 0 in pixel 2, because $z$ and $e$ are not exactly
unrelated in a finite sample.) Three new symbols:

- $a$ (read it **"pattern"**) is $\mathrm{cov}[x, y] / \mathrm{var}[y]$: one number for each input of a neuron.
- $S(x)$ is the **signal** that we estimate in an input: $S(x) = a\, y$.
- $\rho$ ("rho") is the quality of an estimate $S$, from 0 to 1. We define it in section 5.

Always $w \cdot a = 1$, because $w \cdot \mathrm{cov}[x, y] = \mathrm{cov}[w \cdot x, y] = \mathrm{var}[y]$. So the estimated signal contains exactly the value that the
neuron reads: $w \cdot S(x) = y$.

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

**Predict (06.P2).** You may change the picture by one step of length 1. Which step lifts $y$ most?
(a) one along the weights $w$ · (b) one along the pattern $a$ · (c) both the same
"""

# %% tags=["question"]
xc.predict("06.P2", None)

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

**"So the gradient is wrong!"** No. The gradient of a linear model *is* $w$. It answers a question, and the answer is right. It is only another
question than the one that most people have in mind:

- *Gradient:* in which direction must I **push** $x$, so that $y$ rises most for the length of my step?
- *Pattern:* in which direction does $x$ **move by itself** in the data when $y$ rises?

Let us check both answers, with steps of the same length along $w$ and along $a$.
"""

# %%
steps = {"along w": toy.w / toy.w.norm(), "along a": toy.a / toy.a.norm()}
for name, step in steps.items():
    xc.show(f"{name}: y rises by", float(toy.w @ step))
    xc.show(f"{name}: |cosine| with the true plus", abs(float(step @ toy.s)))
for name, direction in {"w": toy.w, "a": toy.a}.items():
    value = float(direction @ toy.d / direction.norm())
    xc.show(f"{name} contains some of the stripes", abs(value - toy.s @ toy.d) > 0.1)

# %% [markdown]
r"""
<details><summary>Answer to 06.P2</summary>

(a). No direction lifts $y$ more than the gradient: that is what a gradient is. But the step along $w$ is not a plus: it also makes the stripes darker.
</details>

The last two lines ask how much of the stripes a direction holds, beyond what the plus itself shares with them. A step along $a$ changes the plus and nothing else. An adversary wants $w$; somebody
who wants to know what the model has found in the data wants $a$.

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

Above the line stands the open inputs' part of $\mathrm{cov}[x, y]$. ($\mathrm{cov}[x, y]$ is the weighted mean of this vector and of the same vector for the closed inputs;
so $E[y]$ stays a mean over all.) The line below makes $w \cdot a_+ = 1$ again. The package calls this `"two_component"`; it is the default. A layer without
a ReLU keeps the linear pattern.

Here is one neuron with a ReLU, by hand and with the package.
"""


# %%
def neuron(x):
    """One neuron with a relu: (N, 2) -> (N, 1)."""
    return torch.relu(linear(x) - 0.5)


y = linear(x)[:, 0] - 0.5
on = y > 0
top = (x[on] * y[on, None]).mean(0) - x[on].mean(0) * y.mean()
a_plus = top / (w[0] @ top)
fitted = xc.fit_patterns(neuron, x).layers[0]
assert torch.allclose(fitted.plus[0], a_plus)
print("a+:", [round(v, 1) + 0.0 for v in a_plus.tolist()])
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
measured on the other half. For comparison we take the direction of the weights, $S(x) = w\, y / (w \cdot w)$. The paper's claim: **patterns leave less
behind than weights.** We measure three of the four layers: a neuron of the dense layer has 2048 inputs, and 300 pictures are too few to fit its $v$.
"""

# %% tags=["demo"]
held_out = xc.datasets.planted(300, seed=3, device=device).x
quality = {}
for name, signal in {"weights": "filter", **fits}.items():
    rho = xc.pattern_quality(
        net, held_out, signal, layers=(0, 1, 3), neurons=4, samples=900, batch_size=50
    )
    quality[name] = [float(one.nanmean()) for one in rho]
for layer, name in enumerate(("conv 1", "conv 2", "classifier")):
    both = [quality[k][layer] for k in ("linear", "two components")]
    xc.show(f"{name}: patterns beat weights", min(both) > quality["weights"][layer])

xc.plot.series(
    torch.arange(1, 4),
    {name: torch.tensor(values) for name, values in quality.items()},
    x_name="1: first convolution     2: second convolution     3: classifier",
    y_name="ρ, 1 is best",
    doubling=True,  # three places, and nothing between them
    alt="Three curves over three layers: the quality rho of the direction of the "
    "weights, of the linear pattern and of the two-component pattern.",
)

# %% [markdown]
r"""
The claim holds in all three layers. The two kinds of pattern are close to each other. Be fair to the weights: for the linear pattern the result is built in. On the
data of the fit, $\mathrm{cov}[x - a\,y,\ y]$ is exactly 0, so $\rho = 1$ for every $v$. The test adds what happens on new pictures: $\rho$ stays near 1 in the convolutions, and falls to about three quarters in the classifier.

Now the maps. A test that does not depend on taste: how much of the size of a map lies inside the mask? The mask has 25 of 1024 pixels,
so a map that knows nothing gets 0.024.

**Predict (06.P3).** Which map has the largest share inside the planted mark?
(a) gradient · (b) PatternNet · (c) PatternAttribution · (d) gradient x input
"""

# %% tags=["question"]
xc.predict("06.P3", None)

# %% tags=["demo"]
patterns = fits["two components"]
maps = {
    "gradient": xc.gradient(net, test, classes),
    "PatternNet": xc.pattern_net(net, test, classes, patterns=patterns),
    "PatternAttribution": xc.pattern_attribution(net, test, classes, patterns=patterns),
    "gradient x input": xc.input_x_gradient(net, test, classes),
}


def inside(values):
    """Mean share of the map's size inside the mask."""
    size = values.abs()
    return float(((size * masks).sum((1, 2, 3)) / size.sum((1, 2, 3))).mean())


def supported(values):
    """Share of the pictures in which the map's sum over the mask is positive."""
    return float(((values * masks).sum((1, 2, 3)) > 0).double().mean())


# %% tags=["demo"]
for name, values in maps.items():
    xc.show(f"{name}: share inside the mark", inside(values))
xc.show("chance", 25 / 1024)
for name, values in maps.items():
    xc.show(f"{name}: the mark's sum is positive in a share of", supported(values))

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

(d). PatternAttribution comes second, before the gradient; PatternNet is not better than the gradient. All are far above chance.
</details>

A share of sizes does not see signs, so the last four lines count them. The mark is the reason for its class: a map should say "it raises the logit". Three maps do so in (almost) every
picture. PatternNet does it in the picture above, but not in about one picture of five.

Stay with this result for a moment. The patterns are better estimates in every layer that we measured, and still the map of PatternNet is not better. Two likely reasons (part B of
"Go deeper" and task 06.5 look at them):

1. **One pattern for all inputs.** A pattern is an average over the data. A neuron of the dense layer sees the whole picture, and the mark lies now here,
   now there. Its average shows where marks can lie, not where this one lies. Only the open ReLUs know of *this* picture.
2. **Everything that moves along counts.** The pattern shows what changes together with $y$, whether the model uses it or not. Task 06.5 makes an extreme
   case of this: a pattern on an input that has no weight at all.

So the step from "right for one linear neuron" to "right for a network" is not for free. Here we had a known answer, and it
says: not on this task.
"""

# %% [markdown]
r"""
## 6 · The truth strip, replaced

The other lessons end with the same three tests on a large network and photos. Patterns need data from the distribution that the network was trained
on, and the course has only a few photos. A pattern of 1000 numbers that is fitted on 20 photos means nothing. So we take the same three questions to the
planted pictures.

- *Known answer:* section 5, with chance beside it.
- *Another class:* does the map change when we explain another class of the same picture?
- *A ruined network:* the weights of the classifier are drawn anew. Old patterns must be refused, and patterns that are fitted again must give another map.
"""


# %% tags=["demo"]
def ruin(seed):
    """The network, with the weights of its classifier drawn anew."""
    other = xc.zoo.load("planted_cnn", device=device)
    draw = torch.randn(4, 64, generator=torch.Generator().manual_seed(seed))
    other.classifier.weight.data = (draw * other.classifier.weight.std().cpu()).to(
        device
    )
    return other


ruined = [ruin(seed) for seed in range(8)]
try:
    xc.pattern_net(ruined[0], test, classes, patterns=patterns)
except ValueError as error:
    print("refused:", str(error).split(":")[0])
again = [xc.fit_patterns(one, train, batch_size=50) for one in ruined]


# %%
def likeness(one, two):
    """Mean cosine between the maps of two sets."""
    cosines = torch.nn.functional.cosine_similarity(one.flatten(1), two.flatten(1))
    return float(cosines.mean())


# %% tags=["demo"]
turned = [(classes + k) % 4 for k in range(4)]  # turned[0] is the class itself
for name, method in (
    ("gradient", xc.gradient),
    ("PatternNet", xc.pattern_net),
    ("PatternAttribution", xc.pattern_attribution),
):
    # the gradient is asked in the same way, but has no patterns
    old, *new = [
        {} if name == "gradient" else {"patterns": p} for p in (patterns, *again)
    ]
    others = [likeness(maps[name], method(net, test, t, **old)) for t in turned[1:]]
    drawn = torch.zeros(8, 4)  # ruined networks, classes
    for i, one in enumerate(ruined):
        for k, t in enumerate(turned):
            drawn[i, k] = likeness(maps[name], method(one, test, t, **new[i]))
    xc.show(f"{name}: cosine with the other classes", sum(others) / 3)
    xc.show(f"{name}: cosine with ruined networks, mean of 8", drawn.mean())
    xc.show("    its standard error", drawn.mean(1).std() / 8**0.5)
    xc.show(
        "    one random class alone, lowest and highest", [drawn.min(), drawn.max()]
    )

# %% [markdown]
r"""
A map that does not care about the question would have a cosine near 1. When we ask for another class, the maps of the gradient and of PatternAttribution turn
against the old ones. With a ruined network, one random class alone says little: by chance its map is a little like the old one, or like its opposite. So
we take eight such networks and all their classes. Only a mean that is several standard errors away from 0 says something. For the gradient and for
PatternAttribution it is not. PatternNet keeps about a quarter: a part of its picture does not depend on the question.
"""

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · Where is zero?

Two models: a neuron sees $x$, or it sees $x - m$ and has the bias adjusted. They compute the same number for every input.

**Predict (06.P4).** Does its pattern change?
(a) no pattern changes · (b) the two-component one only · (c) the linear one only
"""

# %% tags=["question"]
xc.predict("06.P4", None)

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

(b). In a covariance a constant cancels. In the two-component formula $E_+[x]$ stands beside $E[y]$, a mean over the open inputs beside a
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
    cosines = torch.nn.functional.cosine_similarity(one[alive], two[alive])
    xc.show(f"{name}: median cosine of two fits", cosines.median())

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
- Better estimates in the layers did not give a better map: test the map itself.

**Where it goes on.** Lesson 11 uses patterns inside Integrated Gradients.

## References

- P.-J. Kindermans and others. *Learning how to explain neural networks: PatternNet and PatternAttribution*. 2017. [arXiv:1705.05598](https://arxiv.org/abs/1705.05598)
- R. Schwarzenberg, S. Castle. *Pattern-Guided Integrated Gradients*. 2020. [arXiv:2007.10685](https://arxiv.org/abs/2007.10685)
"""
