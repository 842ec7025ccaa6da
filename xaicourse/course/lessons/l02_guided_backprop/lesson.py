# %% [markdown] tags=["header", "goals"]
r"""
# 02 · DeconvNet and Guided Backprop (2014): sharper, or truer?

| | |
|---|---|
| **Papers** | M. Zeiler, R. Fergus, [arXiv:1311.2901](https://arxiv.org/abs/1311.2901); J. T. Springenberg and others, [arXiv:1412.6806](https://arxiv.org/abs/1412.6806); the test: J. Adebayo and others, 2018, [arXiv:1810.03292](https://arxiv.org/abs/1810.03292) |
| **Time** | 60 minutes. The core path takes 40; "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient by hand, the TOY net, cosine with a control) |
| **Repairs** | the noise of lesson 01: a gradient map is hard to read |
| **Practise** | the sheet `exercises/02_guided_backprop.ipynb`: core tasks 32 minutes, all 64 |

After this lesson

- **G1** you can work out three backward rules of a ReLU by hand.
- **G2** you can implement guided backpropagation for a net of layers.
- **G3** you can say which spellings of a ReLU a hook does not see.
- **G4** you can test a map by drawing layers anew, with a control.
- **G5** you can build a case in which a clean map shows what the function does not use.
"""

# %% tags=["setup"]
import torch
from torch import nn

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
collage = xc.datasets.collage(device=device)  # (1, 3, 224, 224): cat left, coffee right
EGYPTIAN_CAT, ESPRESSO = 285, 967


def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


def pixels(values):
    """One signed number a pixel, (224, 224)."""
    return values[0].sum(dim=0).cpu()


def own_scale(values):
    """Divide by the 99th percentile: to compare patterns of maps with other units."""
    return values / values.abs().flatten().quantile(0.99)


# %% [markdown]
r"""
## 1 · Two maps of one photo

Both maps explain the same number, the logit of *Egyptian cat*, for the same photo and the same network. Each is drawn on a
scale of its own, because their units differ.
"""

# %% tags=["demo"]
maps = {
    "A": xc.gradient(model, collage, target=EGYPTIAN_CAT),
    "B": xc.guided_backprop(model, collage, target=EGYPTIAN_CAT),
}
xc.plot.maps(
    {name: own_scale(pixels(values))[None] for name, values in maps.items()},
    photo=collage,
    tile=2,
    unit="sum over channels, own scale",
    alt="The collage of a cat and a cup of coffee, and two signed maps, A and B. In A "
    "red and blue dots are spread over both halves. B shows fine lines.",
)

# %% [markdown]
r"""
**Predict (02.P1).** Which map tells you more about *why* this network says Egyptian cat?
(a) A · (b) B · (c) I cannot see it

Decide now. The answer comes in section 5, with a measurement.
"""

# %% tags=["question"]
xc.predict("02.P1", None)  # replace None by "a", "b" or "c", then run

# %% [markdown] tags=["symbols"]
r"""
## 2 · Three rules for one gate

A gradient is computed backwards, layer by layer. At a ReLU three things meet:

- $z$ goes in, and $a = \mathrm{relu}(z)$ comes out. The **gate** is 1 if $z > 0$, else 0.
- $g_a$ ("what arrives") is the signal that comes back from above.
- $g_z$ ("what goes on") is the signal that is sent further down.

Everywhere else all three methods use the chain rule. Only here do they differ. (Our photo network uses ReLU6, whose gate is also 0 for $z > 6$.)

| method | rule | who decides |
|---|---|---|
| gradient | $g_z = \text{gate} \cdot g_a$ | the forward pass: was the ReLU open? |
| DeconvNet | $g_z = \mathrm{relu}(g_a)$ | the backward pass: is the signal positive? |
| Guided Backprop | $g_z = \text{gate} \cdot \mathrm{relu}(g_a)$ | both |

The TOY net of lesson 01 is $f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$.
At $x = (3, 1)$ its gates are on, off, on. What arrives at the three ReLUs are the output weights $2, 3, -1$.

**Predict (02.P2).** The gradient is $(1, -3)$. What is the map of Guided Backprop?
(a) $(2, -2)$ · (b) $(-1, 4)$ · (c) $(1, -3)$ again
"""

# %% tags=["question"]
xc.predict("02.P2", None)

# %%
W1 = torch.tensor([[1.0, -1.0], [-1.0, 2.0], [1.0, 1.0]], dtype=torch.float64)
z = W1 @ x_toy[0] + torch.tensor([0.0, -1.0, -1.0])  # (3,), the sums inside
gate = (z > 0).double()
arrives = torch.tensor([2.0, 3.0, -1.0], dtype=torch.float64)  # g_a, output weights
goes_on = {
    "gradient": gate * arrives,
    "deconvnet": torch.relu(arrives),
    "guided_backprop": gate * torch.relu(arrives),
}
methods = {name: getattr(xc, name) for name in goes_on}
for name, signal in goes_on.items():
    by_hand = signal @ W1  # (2,)
    package = methods[name](toy, x_toy, target=None)[0]  # one score: no target
    assert torch.allclose(by_hand, package)
    print(f"{name}: {signal.tolist()} goes on, map {by_hand.tolist()}")

# %% [markdown]
r"""
<details><summary>Answer to 02.P2</summary>

(a). The second signal is stopped by its gate, the third because it is negative. Only $2 \cdot (1, -1)$ is left. DeconvNet gives $(-1, 4)$: it lets the second
unit pass, which was *closed*.
</details>

Note what is lost. The third unit speaks against $f$, and it is open. Both new rules drop it, so they do not describe $f$ any more. The map has signs,
but "raises $f$" and "lowers $f$" can no longer be read from them.

## 3 · One net, three spellings

Most programs change the rule with a **hook**: a function that PyTorch calls when the signal passes a *module*. Here is one net, written in three ways, and the
hook that you find in many tutorials. It notes the gate on the way forward, and uses its note on the way back.

**Predict (02.P3).** The three nets compute the same function. How many *different* maps does the hook give?
(a) one · (b) two · (c) three
"""

# %% tags=["question"]
xc.predict("02.P3", None)

# %%
W2 = torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0], [1.0, -1.0, 0.0]]).double()
b1 = torch.tensor([0.0, -1.0, -1.0]).double()
w3 = torch.tensor([2.0, 1.0, -1.0]).double()


class Net(nn.Module):
    """f(x) = w3 . relu(W2 relu(W1 x + b1)), with any two ReLUs."""

    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x):
        hidden = self.first(x @ W1.T + b1)
        return self.second(hidden @ W2.T) @ w3


shared = nn.ReLU()
spellings = {
    "a module each": Net(nn.ReLU(), nn.ReLU()),
    "functional": Net(torch.relu, torch.relu),
    "one module, used twice": Net(shared, shared),
}


# %%
def hooked_guided(net, x):
    """Guided backpropagation with hooks, as in many tutorials."""

    def note_gate(module, inputs, output):
        module.gate = output > 0

    def change_rule(module, grad_input, grad_output):
        return (module.gate * grad_output[0].clamp(min=0),)

    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(note_gate)
            module.register_full_backward_hook(change_rule)
    point = x.clone().requires_grad_()
    return torch.autograd.grad(net(point).sum(), point)[0]


for name, net in spellings.items():
    ruled = xc.guided_backprop(net, x_toy, target=None)[0].tolist()  # before the hooks
    slope = xc.gradient(net, x_toy, target=None)[0].tolist()
    hooked = hooked_guided(net, x_toy)[0].tolist()
    print(f"{name}: f = {float(net(x_toy)):.0f}, gradient {slope}")
    print(f"    by hooks {hooked}, by rules {ruled}")

# %% [markdown]
r"""
<details><summary>Answer to 02.P3</summary>

(c), three. *A module each*: right, $(1, 1)$. *Functional*: there is no ReLU module, no hook is called, and you get the plain gradient $(0, 2)$ without a warning. *Used
twice*: the note of the first call was overwritten by the second, so the first ReLU gets the gates of the second: $(0, 3)$.
</details>

No error, no warning, three "explanations" of one function. The package does not use hooks. It watches every *operation* (module, function, method, in place, reused), and after
the forward pass it checks the graph for operations that it has no rule for. Such a net is refused with a message: an error is better than a wrong map. Torchvision's googlenet has 57
ReLU calls and not one ReLU module.

## 4 · Ask for another class

Now all three methods on the collage, for the cat and for the espresso. For the gradient the two signed maps have a cosine of about $-0.15$: the classes are rivals.

**Predict (02.P4).** And for Guided Backprop? The cosine of its maps for cat and espresso is
(a) above 0.9 · (b) about 0.5 · (c) also below 0
"""

# %% tags=["question"]
xc.predict("02.P4", None)

# %% tags=["demo"]
both = torch.cat([collage, collage])
classes = torch.tensor([EGYPTIAN_CAT, ESPRESSO], device=device)
rocket = xc.datasets.photo("rocket", device=device)
shown = {}
for name, method in methods.items():
    two = method(model, both, target=classes)  # (2, 3, 224, 224)
    xc.show(f"{name}: cat and espresso, cosine", cosine(two[0], two[1]))
    shown[f"{name}: cat"] = own_scale(pixels(two[:1]))[None]
    shown[f"{name}: espresso"] = own_scale(pixels(two[1:]))[None]
    elsewhere = method(model, rocket, target=EGYPTIAN_CAT)
    distance = (elsewhere[0] - two[0]).norm() / two[0].norm()
    xc.show("  the same map for the photo of a rocket", bool(distance < 0.01))

xc.plot.maps(
    shown,
    tile=4,
    columns=2,
    unit="sum over channels, own scale",
    alt="Six signed maps of the collage in three lines: gradient, DeconvNet, Guided "
    "Backprop. Left for Egyptian cat, right for espresso.",
)

# %% [markdown]
r"""
<details><summary>Answer to 02.P4</summary>

(a): about 0.92 for Guided Backprop, and 1.00 for DeconvNet. The first question of lesson 00 was "*which number* do we explain?". Here the answer hardly matters.
</details>

And look at DeconvNet: a grid, the same for a cat and for a **rocket**, number by number. Read its rule again. It never asks the gate, and the gate was the only place where the
photo entered. (Max-pooling would be another place: it remembers which pixel was the largest. Our network has none; the grid shows the strides of its convolutions.) Springenberg and others
met this problem in networks without max-pooling, and put the gate back. That is Guided Backprop.

Its maps of two classes are alike. That is alarming, but not yet a proof: cat and espresso may share their edges. A cleaner experiment takes the meaning away.

## 5 · Sharper or truer? The sanity check

Draw the weights of the **last** layer anew, at random. Its 1000 lines of weights are all that the network knows about the *names* of classes. Afterwards "Egyptian cat" is a
random mixture of features. A map that explains the logit of Egyptian cat **has to change**.

**Predict (02.P5).** Which map moves? (a) all three · (b) only the gradient · (c) only Guided Backprop · (d) none
"""

# %% tags=["question"]
xc.predict("02.P5", None)

# %%
generator = torch.Generator().manual_seed(0)
ruined = xc.zoo.load("efficientnet_lite0", device=device)  # a second copy
weight = ruined.classifier.weight  # (1000, 1280)
noise = torch.randn(weight.shape, generator=generator).to(device)
weight.copy_(weight.mean() + weight.std() * noise)
unrelated = abs(cosine(ruined(collage), model(collage))) < 0.2
xc.show("its logits have nothing to do with those before", unrelated)

order = torch.randperm(224 * 224, generator=generator)
for name, method in methods.items():
    before = pixels(method(model, collage, target=EGYPTIAN_CAT))
    after = pixels(method(ruined, collage, target=EGYPTIAN_CAT))
    mixed = before.flatten()[order].view(224, 224)  # control: pixels in random places
    found, control = cosine(before, after), cosine(mixed, after)
    xc.show(f"{name}: cosine above 0.9", found > 0.9)
    xc.show("  near 0, as the shuffled control is", max(abs(found), abs(control)) < 0.2)
    pair = [cosine(before.abs(), after.abs()), cosine(mixed.abs(), after.abs())]
    xc.show("  absolute maps, and shuffled control", [round(v, 1) for v in pair])

# %% [markdown]
r"""
<details><summary>Answer to 02.P5</summary>

(b). The gradient's signed map has nothing in common with the original. Guided Backprop stays at 0.98. DeconvNet stays, too: it shows its grid. (The *absolute* gradient maps still
have a cosine of about 0.6, the shuffled control 0.4: another reason to keep the signs.)
</details>

How deep does it go? The network has 50 layers with weights. Draw the top 1, 5, 10, 20, ... anew, and look each time.

**Predict (02.P6).** How many of the 50 layers must forget what they learnt until the cosine of Guided Backprop falls below 0.5?
(a) all 50 · (b) about 40 · (c) about 10 · (d) 1 or 2
"""

# %% tags=["question"]
xc.predict("02.P6", None)

# %% tags=["demo"]
depths = [0, 1, 5, 10, 20, 30, 40, 50]
curves = {name: [] for name in methods}
for depth in depths:
    other = xc.widgets.randomise_top(model, depth, seed=0)  # a copy
    for name, method in methods.items():
        values = pixels(method(other, collage, target=EGYPTIAN_CAT))
        if depth == 0:
            maps[name] = values
        curves[name].append(cosine(maps[name], values))
for name, curve in curves.items():
    at_30 = round(curve[depths.index(30)], 1)
    xc.show(f"{name}, 30 of 50 layers drawn anew", at_30)

xc.plot.series(
    torch.tensor(depths),
    {name: torch.tensor(curve) for name, curve in curves.items()},
    x_name="layers drawn anew, from the top (of 50)",
    y_name="cosine with the original map",
    alt="Three curves over the number of layers drawn anew, 0 to 50: the cosine of "
    "the signed map with the original map, for each method.",
)

# %% [markdown]
r"""
<details><summary>Answer to 02.P6</summary>

(b). With 30 layers drawn anew, a network that can recognise nothing, the map of Guided Backprop is still much the same (about 0.7). The gradient forgets at the first layer.
(Do not read anything into the last value of DeconvNet: with all layers drawn anew it hangs on the draw.)
</details>

<details><summary>Answer to 02.P1, sharper or truer?</summary>

Whoever chose B chose by looks. B is **sharper**. But it hardly depends on what the network knows about cats, so it cannot say *why* the network says cat. Map A, the gradient, is **truer**: it
depends on all layers. You could not see that in the picture. (c) is the honest answer, and a test was needed.
</details>

The paper of 2018 found the same on larger networks: maps of Guided Backprop change little when the top layers are randomised. We reproduce it on ours. Our test needs one remark: *depends on the
weights* is necessary, not sufficient. A map of pure noise would pass it.

**Explore the panel** (3 minutes). The saved picture has no controls: run its cell. Find: the first number of layers at which your eye sees a change of Guided Backprop; the method whose *absolute* curve
misleads most; whether espresso behaves like the cat.
"""

# %% tags=["panel"]
panel = xc.widgets.RandomisePanel(
    model,
    collage,
    {"Egyptian cat": EGYPTIAN_CAT, "espresso": ESPRESSO},
    methods=["guided_backprop", "gradient", "deconvnet"],
    layers=20,
)
panel

# %% tags=["drive"]
panel.set(**{"class": "espresso"})
assert panel.error is None
guided = panel.result.likeness
panel.set(method="gradient")
plain = panel.result.likeness
xc.show("espresso, 20 layers: guided above 0.5", guided.signed > 0.5)
xc.show("espresso, 20 layers: gradient below 0.2", abs(plain.signed) < 0.2)

# %% [markdown]
r"""
## 6 · Why: a clamp forgets

Take two signals that have nothing in common, "cat" and "espresso", and send both down through random layers. With the gradient's rule both pass the same gates. With the
clamp of DeconvNet every signal is made **non-negative** at every layer. Two vectors without negative numbers can never be opposite, and each layer pushes them closer together.
"""

# %%
generator = torch.Generator().manual_seed(0)
pair = torch.randn(2, 300, generator=generator)  # two signals at the top
gated, clamped = pair.clone(), pair.clone()
for layer in range(1, 13):
    W = torch.randn(300, 300, generator=generator) / 300**0.5
    gates = (torch.randn(300, generator=generator) > 0).float()
    gated = gates * (gated @ W)  # the rule of the gradient
    clamped = torch.relu(clamped @ W)  # the rule of DeconvNet
    if layer in (1, 4, 12):
        found = [cosine(*clamped), cosine(*gated)]
        text = f"{layer} layers down: cosine with the clamp, and with gates"
        xc.show(text, [round(value, 1) for value in found])

# %% [markdown]
r"""
After 12 layers the clamp has made the two signals almost equal (0.9); with gates they are still unrelated. What is left is a picture of the lower layers, the same for every class. Lesson 03 meets this effect again
(rules that keep only positive parts). Theory calls it *convergence to rank one* (L. Sixt and others, 2020, [arXiv:1912.09818](https://arxiv.org/abs/1912.09818)).

So are the two methods useless? They were made for another question: *which pattern in the photo excites this unit?* For that the DeconvNet paper used them, and there they
have their place. They do not answer: *why this class?*

## 7 · Is it right? The truth strip

The same three tests as in each lesson. A map that knows nothing gets: share 0.5, deletion 0, and a cosine as large as its shuffled pixels.
"""

# %% tags=["demo"]
strip = xc.truth_strip("guided_backprop")
xc.show("own half, mean of cat and espresso", round(float(strip.own_share.mean()), 1))
worse = [bool(value > 0) for value in strip.deletion]
xc.show("deletion: worse than random orders, cat and espresso", worse)
xc.show("ruined network, cosine", round(strip.cosine, 1))
xc.show("ruined network, absolute maps", round(strip.absolute_cosine, 1))
xc.show("control, own pixels shuffled", round(strip.shuffled_cosine, 1))

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
| what we asked of Guided Backprop | verdict |
|---|---|
| easy to read | yes: fine lines instead of noise |
| own half of the collage | a little: 0.6 instead of 0.5 |
| deletion beats random orders | no. Its signs no longer say "raises" and "lowers", and the test orders by sign |
| depends on the class | hardly: cosine 0.92 for two rivals |
| depends on what was learnt | hardly: 0.98 after the last layer, 0.7 after 30 of 50 layers |
"""

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · RectGrad (2019): pass only what matters

RectGrad replaces the question "is the signal positive?" by "does it matter?". At each ReLU the signal passes only if $a \cdot g_a$ is above a threshold. There are two settings: a constant
(with 0 it **is** Guided Backprop), or a quantile of the layer, 0.98 in the authors' code. At the end the map is multiplied by the photo.

**Predict (02.P7).** Guided Backprop has 0.66 of its absolute cat map in the cat's half, and 0.54 of its espresso map in the coffee's. And RectGrad with the quantile 0.98?
(a) about the same · (b) almost all in the right half · (c) almost all in the cat's half, for both classes
"""

# %% tags=["question"]
xc.predict("02.P7", None)

# %%
guided = methods["guided_backprop"](model, collage, target=EGYPTIAN_CAT)
constant = xc.rectgrad(model, collage, target=EGYPTIAN_CAT, tau=0.0)
error = (constant - collage * guided).norm() / constant.norm()
xc.show("threshold 0 is guided x photo", bool(error < 0.01))
last = xc.widgets.randomise_top(model, 1, seed=0)
for quantile in (0.5, 0.8, 0.98):
    two = xc.rectgrad(model, both, target=classes, quantile=quantile)
    other = xc.rectgrad(last, collage, target=EGYPTIAN_CAT, quantile=quantile)
    size = two.abs().sum(dim=1)  # (2, 224, 224)
    right = (
        size[0, :, :112].sum() / size[0].sum(),
        size[1, :, 112:].sum() / size[1].sum(),
    )
    xc.show(f"quantile {quantile}: own half, cat and espresso", torch.stack(right))
    xc.show("  cat and espresso, cosine", round(cosine(two[0], two[1]), 1))
    xc.show("  last layer drawn anew, cosine", round(cosine(two[0], other[0]), 1))
xc.show("at 0.98, share of numbers that are not 0", float((two != 0).float().mean()))

# %% [markdown]
r"""
<details><summary>Answer to 02.P7</summary>

(b) on this photo, for 0.98. A strict threshold makes the maps of the two classes *disjoint*.
</details>

So the class is back. But look at the cosines with the ruined network: its last layer has forgotten all classes, and the map still has a cosine of about 0.7 with the original, where the gradient has 0. And
most numbers of the map are exactly 0. One photo is no proof, and RectGrad shows why you should *never* judge by one test: it wins one and loses the other. (A network with GELU is refused: the rule needs a
ReLU. Use a ReLU network or another method.)

### B · Beta-smoothing (2019): round the corner

Another change of the ReLU, with another aim: $\mathrm{relu}(z)$ becomes $\mathrm{softplus}(z) = \log(1 + e^{\beta z}) / \beta$. The gate turns from 0 or 1 into a slope between. The map is the true gradient of
*another, smoother* network, and it changes slowly when the photo does (lesson 16 uses this against attacks).
"""

# %%
for beta in (1.0, 3.0, 100.0):
    smooth = xc.beta_smoothing(toy, x_toy, target=None, beta=beta)[0]
    xc.show(f"TOY net, beta = {beta:g}", smooth)
before = pixels(xc.beta_smoothing(model, collage, target=EGYPTIAN_CAT))
after = pixels(xc.beta_smoothing(last, collage, target=EGYPTIAN_CAT))
changed = abs(cosine(before, after)) < 0.2
xc.show("photo, last layer drawn anew: the map changes", changed)

# %% [markdown]
r"""
With $\beta = 100$ the TOY net has its gradient $(1, -3)$ back. The sanity check is passed: this is a gradient, with signs that may cancel.

### C · Two axioms broken in one line

Two things one may ask of every method: an input that does nothing gets 0, and one function has one map, however it is written. Here are an input that does nothing, in
$\mathrm{relu}(x_1) - \mathrm{relu}(x_1)$, and $\min(x_1, x_2)$, written in two ways.
"""


# %%
def nothing(p):
    """Always 0."""
    return torch.relu(p[:, 0]) - torch.relu(p[:, 0])


def smaller(p):
    """The smaller of the two inputs, seen from the first."""
    return p[:, 0] - torch.relu(p[:, 0] - p[:, 1])


def smaller_too(p):
    """The same function, seen from the second."""
    return p[:, 1] - torch.relu(p[:, 1] - p[:, 0])


point = torch.tensor([[3.0, 2.0]])
for function in (nothing, smaller, smaller_too):
    slope = xc.gradient(function, point, target=None)[0].tolist()
    guided = xc.guided_backprop(function, point, target=None)[0].tolist()
    print(f"{function.__name__}: gradient {slope}, guided {guided}")

# %% [markdown]
r"""
An input that does nothing gets 1. Two ways to write one function give two maps. The chain rule is not a matter of taste: who leaves it explains the *spelling* of a network and not its function.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- DeconvNet and Guided Backprop change one rule: at each ReLU only positive signals go on.
- A hook sees modules, not operations. Test it on a net written in two ways.
- **Sharp is not true.** Draw the last layer anew. A map that does not move does not explain the class.
- Clamping makes all signals non-negative, and layer by layer they become alike.
- A similarity needs its control, and a passed test is necessary, not sufficient.

**Where it fails next.** The signs are gone, and nothing adds up to the score. Lesson 03 asks for backward rules whose shares *do* add up. Is that enough? Lesson 16 makes a whole suite of the sanity check.

## References

- M. D. Zeiler, R. Fergus. *Visualizing and Understanding Convolutional Networks*. 2013/14. [arXiv:1311.2901](https://arxiv.org/abs/1311.2901). Read section 2; then ask: which question do the authors answer?
- J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller. *Striving for Simplicity: The All Convolutional Net*. 2014. [arXiv:1412.6806](https://arxiv.org/abs/1412.6806)
- J. Adebayo and others. *Sanity Checks for Saliency Maps*. 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292). Read section 3; then ask: what would a map of noise get?
- L. Sixt, M. Granz, T. Landgraf. *When Explanations Lie*. 2020. [arXiv:1912.09818](https://arxiv.org/abs/1912.09818)
- B. Kim and others. *Why are Saliency Maps Noisy?* (RectGrad). 2019. [arXiv:1902.04893](https://arxiv.org/abs/1902.04893)
- A.-K. Dombrowski and others. *Explanations can be manipulated and geometry is to blame* (beta-smoothing). 2019. [arXiv:1906.07983](https://arxiv.org/abs/1906.07983)
"""
