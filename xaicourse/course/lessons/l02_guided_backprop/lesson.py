# %% [markdown] tags=["header", "goals"]
r"""
# 02 · DeconvNet and Guided Backprop (2014): sharper, or truer?

| | |
|---|---|
| **Papers** | M. Zeiler, R. Fergus, [arXiv:1311.2901](https://arxiv.org/abs/1311.2901); J. T. Springenberg and others, [arXiv:1412.6806](https://arxiv.org/abs/1412.6806); the test: J. Adebayo and others, 2018, [arXiv:1810.03292](https://arxiv.org/abs/1810.03292) |
| **Time** | 70 minutes: 42 to read and try, 28 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient by hand, the TOY net, the cosine of two maps) |
| **Repairs** | the failure of lesson 01: a gradient map of a photo looks like noise, so it is hard to read |
| **Practise** | the sheet `exercises/02_guided_backprop.ipynb` |

After this lesson

- **G1** you can work out three backward rules of a ReLU by hand.
- **G2** you can implement guided backpropagation for a net of layers.
- **G3** you can say which spellings of a ReLU a hook does not see.
- **G4** you can test a map by drawing layers anew, with a control.
- **G5** you can build a case in which a clean map shows what the function does not use.
"""

# %% tags=["setup", "workshop"]
import torch
from torch import nn

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
collage = xc.datasets.collage(device=device)  # (1, 3, 224, 224): cat left, coffee right
EGYPTIAN_CAT, ESPRESSO = 285, 967
names = ("gradient", "deconvnet", "guided_backprop")
methods = {name: getattr(xc, name) for name in names}

# %% [markdown] tags=["workshop"]
r"""
## 1 · Two maps of one photo

Both maps explain the same number, the logit of *Egyptian cat*, for the same photo and the same network. Each is drawn on
its own colour scale, because their units differ.
"""


# %% tags=["demo", "workshop"]
def own_scale(values):
    """Add up the channels of maps (N, 3, H, W); divide each by its 99th percentile."""
    values = values.sum(1, keepdim=True).cpu()
    return values / values.abs().flatten(1).quantile(0.99, dim=1).view(-1, 1, 1, 1)


shown = {
    "A": xc.gradient(model, collage, target=EGYPTIAN_CAT),
    "B": xc.guided_backprop(model, collage, target=EGYPTIAN_CAT),
}
xc.plot.maps(
    {name: own_scale(values)[0] for name, values in shown.items()},
    photo=collage,
    tile=4,
    unit="sum over channels, own scale",
    alt="The collage of a cat and a cup of coffee, and two signed maps, A and B. In A "
    "red and blue dots are spread over both halves. B shows fine lines.",
)

# %% [markdown] tags=["workshop"]
r"""
**Predict (02.P1).** Which of the two maps depends more on *what this network knows about cats*? Decide now, by looking. The
answer comes in section 5, with a measurement.
"""

# %% tags=["question", "workshop"]
xc.predict("02.P1")

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
The map is the sum of (signal that goes on) times (weights inside that ReLU).

**Predict (02.P2).** The gradient at $(3, 1)$ is $(1, -3)$. What is the map of Guided Backprop there?
"""

# %% tags=["question"]
xc.predict("02.P2")

# %% [markdown]
r"""
### Task 02.1 · Two rules on paper, at another point

**Goal** G1 · **Level** 1 of 5 · **Minutes** 8 · **Importance** 4 of 5

Now work at $x = (1, 3)$, where the gates are off, on, on and the gradient is $(-4, 5)$. Use paper. Hand in three things:

| part | meaning |
|---|---|
| `deconvnet` | the map of DeconvNet, two numbers |
| `guided` | the map of Guided Backprop, two numbers |
| `never_changes` | one method's map of the TOY net is the same at **every** $x$. Which? `"gradient"`, `"deconvnet"` or `"guided_backprop"` |

Stuck? `xc.hint("02.1")`.
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: deconvnet = (None, None)
# STUB: guided = (None, None)
# STUB: never_changes = None  # the name of a method, in quotes
deconvnet = (2 * 1 + 3 * -1, 2 * -1 + 3 * 2)  # the signals 2 and 3 go on
guided = (3 * -1, 3 * 2)  # only 3 is positive and meets an open gate
never_changes = "deconvnet"
### END SOLUTION

# %% tags=["check"]
xc.check("02.1", deconvnet, guided, never_changes)

# %% [markdown] tags=["fold"]
r"""
The signals $2, 3, -1$ arrive. DeconvNet lets 2 and 3 go on: $2 \cdot (1, -1) + 3 \cdot (-1, 2) = (-1, 4)$. No gate was asked,
so $x$ was never used: this map is the same at every $x$. With one hidden layer DeconvNet shows the weights and not the input.

Guided Backprop lets only 3 go on: $3 \cdot (-1, 2) = (-3, 6)$. The first signal meets a closed gate, the third is negative.

Two common mistakes: to clamp the finished map (its numbers may be negative, only *signals* are clamped), and to let $-1$ go
on with its size.
"""

# %% tags=["machinery"]
# The maps of the three methods at three points
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
_, _, same = xc.or_reference("02.1", (deconvnet, guided, never_changes))
points = torch.tensor([[3.0, 1.0], [1.0, 3.0], [-2.0, -5.0]], dtype=torch.float64)
for name in methods:
    found = methods[name](toy, points, target=None)  # one score, so no class to choose
    print(f"{name} at (3, 1), (1, 3), (-2, -5): {found.tolist()}")
print("always the same:", same)

# %% [markdown]
r"""
<details><summary>Answer to 02.P2</summary>

(d). The second signal is stopped by its gate, the third because it is negative. Only $2 \cdot (1, -1)$ is left.
</details>

Note what is lost. At $(3, 1)$ the third unit is open, and it speaks against $f$. Both new rules drop it, so they do not describe $f$ any more. The
map has signs, but "raises $f$" and "lowers $f$" can no longer be read from them.
"""

# %% [markdown]
r"""
### Task 02.2 · Guided Backprop through a list of layers

**Goal** G2 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

| argument | meaning |
|---|---|
| `layers` | a list of modules (`nn.Linear`, `nn.Conv2d`, `nn.Flatten`, `nn.ReLU`), called one after the other; they turn `x` into scores (N, K). One `nn.ReLU` may stand in the list twice |
| `x` | inputs, (N, ...): vectors (N, D) or images (N, C, H, W) |
| `target` | (N,), one class for each input |
| **returns** | the map of Guided Backprop, with signs, same shape as `x` |

Any way is right: backwards through the list, an `autograd.Function`, or hooks (if they see every ReLU and are removed at the end).
Do not call the package's method. At a ReLU use its rule, everywhere else the chain rule.

`torch.autograd.grad(y, x, signal)` is the chain rule for one step: it multiplies the signal at `y` by the slopes of `y` and
returns the signal at `x`. It needs an `x` that asks for gradients.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def my_guided(layers, x, target):
    """Return the map of Guided Backprop, with the shape of x."""
    ### BEGIN SOLUTION
    # STUB: points = [x]  # the input of every layer, and the scores
    # STUB: ...
    # STUB: signal = ...  # 1 at each input's own class, 0 elsewhere: (N, K)
    # STUB: for layer, point in zip(layers[::-1], points[-2::-1]):
    # STUB:     ...
    # STUB: return signal
    points = [x.detach()]  # the input of every layer, and the scores
    for layer in layers:
        points.append(layer(points[-1]))
    classes = points[-1].shape[1]
    signal = nn.functional.one_hot(target, classes).to(x)  # (N, K)
    for layer, point in zip(layers[::-1], points[-2::-1], strict=True):
        if isinstance(layer, nn.ReLU):
            signal = (point > 0) * signal.clamp(min=0)
        else:
            with torch.enable_grad():
                point = point.detach().requires_grad_()
                (signal,) = torch.autograd.grad(layer(point), point, signal)
    return signal
    ### END SOLUTION


# %% tags=["check"]
xc.check("02.2", my_guided)

# %% [markdown] tags=["fold"]
r"""
- `points` keeps the input of each *use* of a layer, so a ReLU that stands in the list twice has two gates. A note on the
  module (`module.gate = ...`) would keep the second only.
- The first signal is 1 at the target. Only there do the classes differ. Section 6 asks what the clamps make of this difference.
- The map itself keeps its signs: the last step to the input is no ReLU.
- Clamping the finished gradient is another thing: the rule belongs at each ReLU.
"""

# %% tags=["machinery"]
# Your function beside the package
my_map = xc.or_reference("02.2", my_guided)


layers = [nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 5)]
generator = torch.Generator().manual_seed(0)
for layer in layers:
    for weight in layer.parameters():
        weight.data = torch.randn(weight.shape, generator=generator) / 3
points, five = torch.randn(5, 8, generator=generator), torch.arange(5)
package = xc.guided_backprop(nn.Sequential(*layers).eval(), points, target=five)
assert torch.allclose(my_map(layers, points, five), package, atol=1e-5)
print("your function and the package give the same map")

# %% [markdown]
r"""
## 3 · One net, three spellings

Most programs change the rule with a **hook**: a function that PyTorch calls when the signal passes a *module*. Here is one net, written in three ways, and the
hook that you find in many tutorials. It notes the gate on the way forward, and uses its note on the way back.
"""

# %%
W1 = torch.tensor([[1.0, -1.0], [-1.0, 2.0], [1.0, 1.0]]).double()
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

    handles = []
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            handles.append(module.register_forward_hook(note_gate))
            handles.append(module.register_full_backward_hook(change_rule))
    point = x.clone().requires_grad_()
    found = torch.autograd.grad(net(point).sum(), point)[0]
    for handle in handles:
        handle.remove()
    return found


# %% [markdown]
r"""
**Predict (02.P3).** The three nets compute the same function. For which of them does the hook give the right map at $x = (3, 1)$?
"""

# %% tags=["question"]
xc.predict("02.P3")

# %% tags=["machinery"]
# Of each net: the gradient, the map by hooks, and the right one
for name, net in spellings.items():
    ruled = xc.guided_backprop(net, x_toy, target=None)[0].tolist()
    slope = xc.gradient(net, x_toy, target=None)[0].tolist()
    hooked = hooked_guided(net, x_toy)[0].tolist()
    print(f"{name}: f = {float(net(x_toy)):.0f}, gradient {slope}")
    print(f"    by hooks {hooked}, by rules {ruled}")

# %% [markdown]
r"""
<details><summary>Answer to 02.P3</summary>

(a). *A module each*: right, $(1, 1)$. *Functional*: there is no ReLU module, no hook is called, and you get the plain gradient $(0, 2)$ without a warning. *Used
twice*: the note of the first call was overwritten by the second, so the first ReLU gets the gates of the second: $(0, 3)$.
</details>

No error, no warning, three "explanations" of one function. The package does not use hooks. It watches every *operation* (module, function, method, in place, reused), and after
the forward pass it checks the graph for operations that it has no rule for. Such a net is refused with a message: an error is better than a wrong map. Torchvision's googlenet has 57
ReLU calls and not one ReLU module.

## 4 · Ask for another class

How alike are two maps $u$ and $v$? Their **cosine** is 1 if they point in the same direction, 0 if they have nothing in common, and $-1$ if one is the other upside down:

$$\cos(u, v) = \frac{\sum_i u_i v_i}{\sqrt{\sum_i u_i^2}\, \sqrt{\sum_i v_i^2}}$$

A cosine alone says little: two maps without negative numbers are always alike to some degree. So it needs a **control**. Put the numbers of
one map in random places, and compute the cosine again. What is left comes from the numbers alone, not from where they stand.
"""

# %% [markdown]
r"""
### Task 02.3 · A cosine and its control

**Goal** G4 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 4 of 5

Write `with_control(a, b, order)`:

| argument | meaning |
|---|---|
| `a`, `b` | two maps of one shape, with signs |
| `order` | a permutation of all their numbers, (count,): for a flat map, `flat[order]` is the shuffled one |
| **returns** | two numbers: the cosine of `a` and `b`, and the control, which is the cosine of `a.flatten()[order]` and `b` |

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def with_control(a, b, order):
    """Return the cosine of a and b, and the cosine of the shuffled a and b."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    a, b = a.flatten(), b.flatten()
    size = a.norm() * b.norm()
    return a @ b / size, a[order] @ b / size
    ### END SOLUTION


# %% tags=["check"]
xc.check("02.3", with_control)

# %% [markdown] tags=["fold"]
r"""
The size of a map does not count, so we divide by both lengths. Shuffling changes no length, so one division serves both.

If you shuffle **both** maps in the same way, every pixel still meets its partner, and nothing is controlled.
"""

# %% [markdown]
r"""
Now five photos, each with the class that wins there, and with a class that has nothing to do with it: the winner of the next photo. For each photo we compare the maps
of these two classes, pixel by pixel. And as a second control, the maps of *one* class on this photo and the next.

| cosine of | two classes, one photo | one class, two photos |
|---|---|---|
| DeconvNet | A | B |
| Guided Backprop | C | D |

**Predict (02.P4).** Which of the four cosines are above 0.9, on all five photos?
"""

# %% tags=["question"]
xc.predict("02.P4")

# %% tags=["demo"]
compare = xc.or_reference("02.3", with_control)
generator = torch.Generator().manual_seed(0)
order = torch.randperm(224 * 224, generator=generator)
five = ("chelsea", "coffee", "camera", "rocket", "brick")
photos = torch.cat([xc.datasets.photo(name, device=device) for name in five])
winners = model(photos).argmax(1)  # (5,)
others = winners.roll(-1)  # the winner of the next photo
before = {}
for name, method in methods.items():
    own, other = (  # (5, 224, 224) each
        method(model, photos, target=chosen, batch_size=1).sum(1).cpu()
        for chosen in (winners, others)
    )
    before[name] = own
    pairs = [compare(own[k], other[k], order) for k in range(5)]
    next_photo = [compare(other[k], own[(k + 1) % 5], order)[0] for k in range(5)]
    control = {
        "own pixels shuffled": round(max(abs(float(c)) for _, c in pairs), 1),
        "same class, next photo": [round(float(found), 1) for found in next_photo],
    }
    least = [float(found) * 100 // 1 / 100 for found, _ in pairs]
    label = f"{name}: cosine of two classes, five photos, rounded down"
    xc.show(label, least, control=control)

# %% tags=["demo", "machinery"]
# The maps of the collage, for both of its classes
both = torch.cat([collage, collage])
classes = torch.tensor([EGYPTIAN_CAT, ESPRESSO], device=device)
shown = {}
for name, method in methods.items():
    two = own_scale(method(model, both, target=classes))
    shown |= {f"{name}: cat": two[0], f"{name}: espresso": two[1]}
    found, chance = compare(two[0], two[1], order)
    control = {"own pixels shuffled": round(float(chance), 1)}
    xc.show(f"collage, {name}: cosine of both classes", found, control=control)
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

(c): on all five photos the two maps of Guided Backprop are almost one map. Those of DeconvNet are, too. The two gradients have little in common. (For two classes that are
neighbours, such as two cats, even gradients are alike.)
</details>

The first question of lesson 00 was "*which number* do we explain?". For the two new methods the answer hardly matters.

The second control separates the two. A map of Guided Backprop does depend on the **photo**. The maps of DeconvNet do not: one photo's map is the next one's, too.

The picture shows the collage, where Guided Backprop does its best: the lines of the cup are stronger for espresso. All the same, its cosine is near that of one map. And DeconvNet draws a grid. Read its rule again. It never asks the gate, and the gate was the only place where the
photo entered. (Max-pooling would be another place: it remembers which pixel was the largest. Our network has none; the grid shows the strides of its convolutions.) Springenberg and others
met this problem in networks without max-pooling, and put the gate back. That is Guided Backprop.

Its maps of two classes are alike. That is alarming, but not yet a proof. A cleaner experiment takes the meaning of the classes away.
"""

# %% [markdown] tags=["workshop"]
r"""
## 5 · Sharper or truer? The sanity check

Draw the weights of the **last** layer anew, at random. Its 1000 lines of weights are all that the network knows about the *names* of classes. Afterwards "Egyptian cat" is a
random mixture of features.

We do it three times, with three draws, and compute the maps of the collage again. How alike are the new and the old map?

| cosine | with signs | absolute values |
|---|---|---|
| gradient | A | B |
| Guided Backprop | C | D |

**Predict (02.P5).** Which of the four cosines are below a half, in all three draws?
"""

# %% tags=["question", "workshop"]
xc.predict("02.P5")


# %% tags=["workshop"]
def forget(layer, seed):
    """A copy of the model; one layer is random, with the same mean and spread."""
    other = xc.widgets.randomise_top(model, 0)  # a copy, nothing drawn yet
    weight = other.get_submodule(layer).weight
    draw = torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed))
    weight.copy_(weight.mean() + weight.std() * draw.to(device))
    return other


def map_of(name, net):
    """The collage's map by one method, channels added, (224, 224)."""
    return methods[name](net, collage, target=EGYPTIAN_CAT)[0].sum(0).cpu()


old = {name: map_of(name, model) for name in methods}
layers_down = xc.widgets.weight_layers(model)  # 50 names, from the output down
ruined = [forget(layers_down[0], seed) for seed in (0, 1, 2)]
for name in methods:
    found = [xc.widgets.likeness(old[name], map_of(name, net)) for net in ruined]
    signed = [round(each.signed, 1) for each in found]
    control = {"own pixels shuffled": round(found[0].signed_control, 1)}
    xc.show(f"{name}: cosine with its old map, three draws", signed, control=control)
    absolute = [round(each.absolute, 1) for each in found]
    control = {"own pixels shuffled": round(found[0].absolute_control, 1)}
    xc.show("    the same for absolute maps", absolute, control=control)

# %% tags=["demo", "machinery"]
# The maps of the network and of the first draw
shown = {}
for name in ("gradient", "guided_backprop"):
    two = own_scale(torch.stack([old[name], map_of(name, ruined[0])])[:, None])
    shown |= {f"{name}: learnt": two[0], f"{name}: drawn anew": two[1]}
xc.plot.maps(
    shown,
    tile=4,
    columns=2,
    unit="sum over channels, own scale",
    alt="Four signed maps of the collage. Above the gradient of the network and of the "
    "one whose last layer was drawn anew, below Guided Backprop of both.",
)

# %% [markdown] tags=["workshop"]
r"""
<details><summary>Answer to 02.P5</summary>

(b). The signed maps of the gradient have little in common with the old one, whatever the draw. Guided Backprop keeps its map, and DeconvNet keeps its grid. But a map that explains the logit of Egyptian cat **has to change**: after the draw that logit means something else.
</details>

`xc.widgets.likeness` gives two cosines: one of the maps with signs, one of the absolute maps. Look at the *absolute* gradient maps: they still look alike, but most of
this likeness remains when the pixels are shuffled. Another reason to keep the signs.

<details><summary>Answer to 02.P1, sharper or truer?</summary>

(a). Whoever chose B chose by looks: B is **sharper**. But it hardly depends on what the last layer knows about cats, so it cannot say *why* the
network says cat. Map A, the gradient, is **truer** in this one respect. You could not see that in the picture. A test was needed.
</details>
"""

# %% [markdown]
r"""
How deep does it go? The network has 50 layers with weights. Draw the top 1, 5, 10, 20, ... anew, and look each time. Before you answer, ask where such a map of fine lines is made: near the score, where a unit sees most of the photo, or near the pixels, where it sees a
few of them?

**Predict (02.P6).** How many layers, from the top, must forget what they learnt until the cosine of Guided Backprop falls below a half?
"""

# %% tags=["question"]
xc.predict("02.P6")

# %% [markdown]
r"""
**Predict (02.P8).** Only **one** layer is drawn anew, the lowest, next to the pixels. For which of the three methods does the cosine fall below a half, in all three draws?
"""

# %% tags=["question"]
xc.predict("02.P8")


# %%
def cosines(name, nets):
    """The cosine of the old map with the map of each of these networks."""
    found = [xc.widgets.likeness(old[name], map_of(name, net)) for net in nets]
    return torch.tensor([each.signed for each in found])


depths, draws = [1, 5, 10, 20, 30, 40, 50], (0, 1, 2)
curves = {}
for name in methods:
    drawn = []
    for seed in draws:
        nets = (xc.widgets.randomise_top(model, k, seed=seed) for k in depths)
        drawn.append(cosines(name, nets))
    curves[name] = torch.stack(drawn).mean(0)
    at = {k: [round(float(d[depths.index(k)]), 1) for d in drawn] for k in (30, 40)}
    lowest = cosines(name, (forget(layers_down[-1], seed) for seed in draws))
    control = {"the lowest layer alone": [round(v, 1) for v in lowest.tolist()]}
    xc.show(f"{name}: cosine, top 30 layers drawn anew", at[30], control=control)
    xc.show("    top 40 layers drawn anew", at[40], control={"top 30": at[30]})

# %% tags=["demo", "machinery"]
xc.plot.series(
    torch.tensor(depths),
    curves,
    x_name="layers drawn anew, from the top (of 50)",
    y_name="cosine with the old map",
    alt="Three curves over the number of layers drawn anew, from one to all: the "
    "cosine of the signed map with the old map, for each method, mean of three draws.",
)

# %% [markdown]
r"""
<details><summary>Answer to 02.P6</summary>

(c): at 40 each of the three draws is close to a half, and their mean just below it; at 30 all three are well above. With 30 layers drawn anew the network can recognise nothing, and the cosine of Guided Backprop is still far from 0. The gradient
forgets at the first layer. (DeconvNet's grid is made of the filters of the lowest layers. Where they are drawn anew, it may come out like the old grid or against it: that is chance.)
</details>

<details><summary>Answer to 02.P8</summary>

(d). One layer, and nothing of Guided Backprop is left: 40 from the top leave more. So the map does depend on weights: **on the lowest ones**. A filter there sees 3 x 3 pixels, and no cat fits in.
Whatever the network knows about cats sits higher up.
</details>

The paper of 2018 found the same on larger networks: maps of Guided Backprop change little when the top layers are randomised. The curves are means of three draws on one photo; part D of "Go deeper" repeats them on five photos.

One remark on the test itself: *depends on the weights* is necessary, not sufficient. A map of pure noise would pass it, if the noise is drawn from the weights.

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

# %% tags=["drive", "machinery"]
panel.set(**{"class": "espresso"})
assert panel.error is None
guided_likeness = panel.result.likeness
panel.set(method="gradient")
control = {"the gradient": round(panel.result.likeness.signed, 1)}
xc.show(
    "espresso, top 20 layers drawn anew: cosine of Guided Backprop",
    round(guided_likeness.signed, 1),
    control=control,
)

# %% [markdown]
r"""
## 6 · Why: a clamp forgets

Two classes begin with two signals that have nothing in common. The gradient sends both through the same gates, with their signs. A clamp makes every signal **non-negative** at every ReLU. Two vectors
without negative numbers can never be opposite, and each layer pushes them closer together.

We try it with **your** function on networks of random layers, with two scores. How alike are the maps of the two classes?
"""


# %%
def random_net(depth, seed, width=300):
    """A list of layers: depth times Linear and ReLU, then two scores; and one input."""
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for size in [width] * depth + [2]:
        layers += [nn.Linear(width, size, bias=False), nn.ReLU()]
        draw = torch.randn(size, width, generator=generator)
        layers[-2].weight.data = draw * (2 / width) ** 0.5
    return layers[:-1], torch.randn(1, width, generator=generator)


classes_01 = torch.tensor([0, 1])
for depth in (1, 4, 12):
    guided_found, slope_found = [], []
    for seed in (0, 1, 2):
        layers, x = random_net(depth, seed)
        two = torch.cat([x, x])
        maps = my_map(layers, two, classes_01)
        slopes = xc.gradient(nn.Sequential(*layers), two, target=classes_01)
        guided_found.append(round(xc.widgets.likeness(*maps).signed, 1))
        slope_found.append(round(xc.widgets.likeness(*slopes).signed, 1))
    label = f"ReLU layers: {depth}; three nets: cosine of the two guided maps"
    xc.show(label, guided_found, control={"gradients": slope_found})

# %% [markdown]
r"""
After 12 layers the two guided maps are one map. The gradients show no such trend. What is left is a picture of the lower layers, the same for every class. Lesson 03 meets this effect again
(rules that keep only positive parts). Theory calls it *convergence to rank one* (L. Sixt and others, 2020, [arXiv:1912.09818](https://arxiv.org/abs/1912.09818)).

So are the two methods useless? They were made for another question: *which pattern in the photo excites this unit?* For that the DeconvNet paper used them, and there they
have their place. They do not answer: *why this class?*

## 7 · Is it right? The truth strip

The same three tests as in each lesson, each beside what a map gets that knows nothing. It is one photo.
"""

# %% tags=["demo", "machinery"]
strip = xc.truth_strip("guided_backprop")
half = {"half of the area": 0.5}
xc.show("own half's share of |map|, mean", strip.own_share.mean(), control=half)
spread = {"spread of random orders": strip.random_spread}
label = "deletion minus random (below 0: better than random), cat and espresso"
xc.show(label, strip.deletion, control=spread)
places = {"own pixels in random places": round(strip.shuffled_cosine, 1)}
absolute = round(strip.absolute_cosine, 1)
xc.show("ruined network, |maps|: cosine", absolute, control=places)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
| what we asked of Guided Backprop | verdict |
|---|---|
| easy to read | yes: fine lines instead of dots |
| own half of the collage | a little more than its area |
| deletion beats random orders | no. Its signs no longer say "raises" and "lowers", and the test orders by sign |
| depends on the photo | yes; DeconvNet does not (section 4) |
| depends on the class | hardly, on five photos (section 4) |
| depends on what was learnt | on the lowest layers; hardly on the top 30 of 50 (section 5) |

## 8 · Your model

The check works for every network: torchvision's ResNet-18 here. Its weights are **random**, so that the cell runs offline. Exchange them for trained ones, or for yours.

With random weights there is nothing to forget, and the guided maps are alike all the same. Such a high cosine is no sign of knowledge.

What to doubt, with your own weights: Does a *second* draw say the same? Is the best class right? Do two unrelated classes have one map? And which
spelling of a ReLU does your model use?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
photo = photos[:1]  # the cat
chances, best = mine(photo)[0].softmax(0).topk(5)
winner = int(best[0])
print("best five:", ", ".join(xc.zoo.labels()[k] for k in best))
xc.show("probability of the best", chances[0], control={"chance": 0.001})
forgot = xc.widgets.randomise_top(mine, 1, seed=0)
for name in ("guided_backprop", "gradient"):
    kept, drawn = (
        methods[name](net, photo, target=winner)[0].sum(0).cpu()
        for net in (mine, forgot)
    )
    found, chance = compare(kept, drawn, order)
    label = f"{name}: cosine, last layer drawn anew"
    xc.show(label, found, control={"own pixels shuffled": chance})

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · RectGrad (2019): pass only what matters

RectGrad replaces the question "is the signal positive?" by "does it matter?". At each ReLU the signal passes only if $a \cdot g_a$ is above a threshold. There are two settings: a constant
(with 0 it **is** Guided Backprop), or a quantile of $a \cdot g_a$ over the layer, 0.98 in the authors' code. At the end the map is multiplied by the photo.

Guided Backprop has 0.66 of its absolute cat map in the cat's half, and 0.54 of its espresso map in the coffee's (half of the area: 0.5). With the last layer drawn anew it keeps its map.

Two tests for RectGrad with the quantile 0.98. **Own half**: more than nine tenths of each absolute map lie in the half of its class. **Ruined network**: the cosine with the map after the last
layer was drawn anew is below a half.

**Predict (02.P7).** Which of the two tests does it pass?
"""

# %% tags=["question"]
xc.predict("02.P7")

# %%
guided = methods["guided_backprop"](model, collage, target=EGYPTIAN_CAT)
constant = xc.rectgrad(model, collage, target=EGYPTIAN_CAT, tau=0.0)
error = (constant - collage * guided).norm() / constant.norm()
xc.show("threshold 0 is guided x photo", bool(error < 0.01))

# %%
last = ruined[0]  # its last layer was drawn anew


def show_cosine(label, a, b):
    """Print the cosine of two maps of any shape, beside its control."""
    found = xc.widgets.likeness(a.cpu(), b.cpu())
    control = {"own pixels shuffled": round(found.signed_control, 1)}
    xc.show(label, round(found.signed, 1), control=control)


for quantile in (0.5, 0.8, 0.98):
    two = xc.rectgrad(model, both, target=classes, quantile=quantile)
    other = xc.rectgrad(last, collage, target=EGYPTIAN_CAT, quantile=quantile)
    size = two.abs().sum(dim=1)  # (2, 224, 224)
    right = (
        size[0, :, :112].sum() / size[0].sum(),
        size[1, :, 112:].sum() / size[1].sum(),
    )
    xc.show(f"quantile {quantile}: own half, cat and espresso", torch.stack(right))
    show_cosine("  cat and espresso, cosine", two[0], two[1])
    show_cosine("  last layer drawn anew, cosine", two[0], other[0])
xc.show("at 0.98, share of numbers that are not 0", float((two != 0).float().mean()))

# %% [markdown]
r"""
<details><summary>Answer to 02.P7</summary>

(b), on this photo. A strict threshold makes the maps of the two classes *disjoint*.
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
smooth = [
    xc.beta_smoothing(net, collage, target=EGYPTIAN_CAT).sum(1) for net in (model, last)
]
show_cosine("photo, last layer drawn anew, cosine", *smooth)

# %% [markdown]
r"""
With $\beta = 100$ the TOY net has its gradient $(1, -3)$ back. The photo's map changes, so the sanity check is passed: this is a gradient, with signs that may cancel.

### C · Two axioms broken in one line

Task 02.5 asks for an example of this kind. Do it first.

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

### D · The curves on five photos

One draw, five photos, each with the class that wins there.
"""

# %%
for depth in (1, 30, 40):
    other = xc.widgets.randomise_top(model, depth, seed=1)
    found = {}
    for name in ("gradient", "guided_backprop"):
        after = methods[name](other, photos, target=winners, batch_size=1)
        pairs = zip(before[name], after.sum(1).cpu(), strict=True)
        found[name] = [round(float(compare(a, b, order)[0]), 1) for a, b in pairs]
    guided = found.pop("guided_backprop")
    xc.show(f"top {depth}: cosine of guided maps, five photos", guided, control=found)

# %% [markdown]
r"""
The same story on all five. Their guided maps keep even more than that of the collage: at 40 layers most are still above a half.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- DeconvNet and Guided Backprop change one rule: at each ReLU only positive signals go on.
- A hook sees modules, not operations. Test it on a net written in two ways.
- DeconvNet without max-pooling never sees the photo. Guided Backprop sees it, and hardly the class.
- **Sharp is not true.** Draw the last layer anew. A map that does not move does not explain the class. What does move it? Here: the lowest layer.
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
