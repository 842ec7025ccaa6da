# %% [markdown] tags=["header"]
r"""
# 08 · Biases (2019): where did the rest of the score go?

| | |
|---|---|
| **Paper** | S. Srinivas, F. Fleuret, *Full-Gradient Representation for Neural Network Visualization*, [arXiv:1905.00780](https://arxiv.org/abs/1905.00780); S. Wang, T. Zhou, J. Bilmes, *Bias Also Matters*, 2019, [PMLR 97:6659](https://proceedings.mlr.press/v97/wang19p.html) |
| **Time** | 65 minutes: 36 to read and try, 29 for the three tasks. "Go deeper" is optional, and so is this lesson. |
| **Needs** | lesson 01 (gradient x input, the TOY net) |
| **Repairs** | the failure of lesson 01: gradient x input adds up to 0 where the score is 2, and to $-0.8$ where it is 11 |
| **Practise** | the sheet `exercises/08_biases.ipynb` |
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
coffee = xc.datasets.photo("coffee", device=device)  # (1, 3, 224, 224), in [0, 1]
ESPRESSO, CLIFF_DWELLING, CAT = 967, 500, 285

# %% [markdown]
r"""
## 1 · What is missing

Lesson 01 multiplied each slope by its input and hoped that the shares add up to the score. They did not. In the figure every bar begins where the
last one ended: orange adds, blue takes away. The last bar is the score.
"""

# %% tags=["demo"]
shares = xc.input_x_gradient(toy, x_toy, target=None)[0].tolist()  # one score: no class
pixels = float(xc.input_x_gradient(model, coffee, target=ESPRESSO).sum())
logit = float(xc.scores(model, coffee, target=ESPRESSO))
xc.plot.waterfall(
    {
        "TOY net at (3, 1)": {"x1": shares[0], "x2": shares[1], "missing": 2.0},
        "espresso": {"all pixels": pixels, "missing": logit - pixels},
    },
    alt="Two charts of shares, one after the other. TOY net: x1, x2, a missing part, "
    "and the score. Espresso: all pixels, a missing part, and the logit.",
)

# %% [markdown] tags=["goals"]
r"""
On the TOY net the inputs cancel each other, and all of the score is missing. In this photo, all pixels together bring almost nothing.

**The goals of this lesson**

- **G1** you can split the score of a ReLU net into shares of inputs and biases, by hand.
- **G2** you can compute the split of any net, hidden biases included.
- **G3** you can say whether a map of pixels could do what this split does, and prove it.
- **G4** you can say which FullGrad adds up to the score, and which one is only a picture.
"""

# %% [markdown] tags=["symbols"]
r"""
## 2 · A bias is an input, too

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

At $(3, 1)$ the gates are on, off, on. As long as no gate changes, we may leave out the closed relu and write the open ones without "relu":

$$f(x) = 2\,(x_1 - x_2 + 0) - (x_1 + x_2 - 1) + 1 = \underbrace{1 \cdot x_1 - 3 \cdot x_2}_{\text{gradient x input}} + \underbrace{1}_{\text{hidden biases}} + \underbrace{1}_{\text{output bias}}$$

This is a **linear piece**: all inputs with the same gates share this formula. So the missing 2 is not lost. Each bias has a share like an input has: **its value times the slope of $f$ with respect to it**.

| | value | slope of $f$ | share |
|---|---|---|---|
| $x_1$ | $3$ | $1$ | $3$ |
| $x_2$ | $1$ | $-3$ | $-3$ |
| first hidden bias | $0$ | $2$ | $0$ |
| second hidden bias | $-1$ | $0$ (gate off) | $0$ |
| third hidden bias | $-1$ | $-1$ | $1$ |
| output bias | $1$ | $1$ | $1$ |
| **sum** | | | $2$ |

Nothing is missing. The paper's formula says the same for any net:

$$F(x) = \nabla_x F \cdot x \;+\; \sum_l \frac{\partial F}{\partial z_l} \cdot b_l$$

- $z_l$ is the result of operation $l$ of the net (a layer, an activation).
- $b_l$ is the bias that operation $l$ adds (section 4 says what that is for an activation).
- $\psi$ ("psi", section 6) is what the paper does to a share before it draws it.

The slope with respect to a bias equals the slope with respect to the result $z_l$ that it is added to. The slopes $\nabla_x F$ together with the shares of all biases are called the **full gradient**.

**Predict (08.P1).** We move $x$ from $(3, 1)$ to $(4, 1)$. No gate changes, and $f$ rises from 2 to 3. How many of the six shares in the table change?
"""

# %% tags=["question"]
xc.predict("08.P1")

# %%
for point in ((3.0, 1.0), (4.0, 1.0)):
    x = torch.tensor([point], dtype=torch.float64)
    found = xc.fullgrad_decomposition(toy, x, target=None)[0] + 0.0
    inputs, biases = found[:2].tolist(), found[2:-1].tolist()  # the last entry: below
    print(f"x = {point}: inputs {inputs}, biases {biases}, sum {float(found.sum())}")

# %% [markdown]
r"""
<details><summary>Answer to 08.P1</summary>

(a), the first one. Slopes depend on the gates only, and the biases are always the same numbers. So within a linear piece the shares of the biases stay exactly as they are,
and the share of an input moves only if this input moves.
</details>

(The package adds one last entry, for the step from the logits to the explained number. For a logit it is 0.)

What happens where a gate *does* change? Find out by hand, on another net.
"""

# %% [markdown]
r"""
### Task 08.1 · Split a score where a gate opens

**Goal** G1 · **Level** 1 of 5 · **Minutes** 9 · **Importance** 4 of 5

$$g(x) = 3\,\mathrm{relu}(2x_1 - x_2 + 5) - 2\,\mathrm{relu}(x_1 + x_2 - 4) + 7$$

At $(3, 1)$ the second sum is exactly 0: here its gate opens. On one side of this point the gate is off, on the other side it is on. Split $g(3, 1)$ **twice**, first with the
slopes of the piece where the second gate is off, then with those of the piece where it is on. Both times at $(3, 1)$. Use paper, not code.

| part | meaning |
|---|---|
| `inputs_off` | the shares of $x_1$ and $x_2$, second gate off |
| `biases_off` | the shares of the biases $5$, $-4$ and $7$, second gate off |
| `inputs_on` | the shares of $x_1$ and $x_2$, second gate on |
| `biases_on` | the shares of the three biases, second gate on |

Stuck? `xc.hint("08.1")`.
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: inputs_off, inputs_on = (None, None), (None, None)
# STUB: biases_off, biases_on = (None, None, None), (None, None, None)
inputs_off = (3 * 6, 1 * -3)  # gradient 3 (2, -1) = (6, -3)
biases_off = (5 * 3, 0, 7)
inputs_on = (3 * 4, 1 * -5)  # gradient (6, -3) - 2 (1, 1) = (4, -5)
biases_on = (5 * 3, -4 * -2, 7)
### END SOLUTION

# %% tags=["check"]
parts = {
    "inputs_off": inputs_off,
    "biases_off": biases_off,
    "inputs_on": inputs_on,
    "biases_on": biases_on,
}
xc.check("08.1", parts)

# %% [markdown] tags=["fold"]
r"""
With the gate off, $g = 3\,(2x_1 - x_2 + 5) + 7 = 6x_1 - 3x_2 + 15 + 7$. With the gate on, $-2\,(x_1 + x_2 - 4)$ comes in: $g = 4x_1 - 5x_2 + 15 + 8 + 7$. Every share can be read from these lines.

Both splits have the sum 37, because what comes in is 0 as a whole: its inputs bring $-8$ and its bias brings $8$. So **$g$ does not jump at a gate, and the split does**. Two
photos that nobody can tell apart may have different splits.

The common mistakes: a closed unit's bias gets a share; the bias is multiplied by the unit's *value* and not by the slope; the minus of the second unit is lost.
"""

# %% tags=["demo", "machinery"]
given = xc.or_reference("08.1", parts)


def bars(inputs, biases):
    """Name the shares of one split."""
    numbers = [float(v) for part in (inputs, biases) for v in part]
    names = ["x1", "x2", "hidden 1", "hidden 2", "output"]
    return dict(zip(names, numbers, strict=True))


xc.plot.waterfall(
    {
        "second gate off": bars(given["inputs_off"], given["biases_off"]),
        "second gate on": bars(given["inputs_on"], given["biases_on"]),
    },
    alt="Two charts of the five shares of g at (3, 1), one after the other: with the "
    "second gate off and with the second gate on.",
)

# %% [markdown]
r"""
## 3 · The split by autograd

The recipe: make the biases inputs of the function, ask for all slopes at once, multiply. A small example: for $f = w x + b$ with $w = 2$, $x = 3$, $b = 5$ the slopes with respect to $x$ and $b$ are $2$ and $1$, and the
shares $6$ and $5$.
"""

# %% [markdown]
r"""
### Task 08.2 · The split by autograd

**Goal** G2 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

Write the split for a net of dense layers, with relu between them and none after the last.

| argument | meaning |
|---|---|
| `weights` | a list of L tensors (out, in) |
| `biases` | a list of L tensors (out,) |
| `x` | inputs, (N, D) |
| `target` | a tensor (N,): the class of each input |
| **returns** | (N, 1 + L): column 0 is gradient x input, added up; column l is the share of layer l's bias |

For each input the columns add up to the target's logit. Mind the batch: all inputs use the same biases, but each input has its own slopes.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def split(weights, biases, x, target):
    """Return the shares of the input and of each layer's bias, (N, 1 + L)."""
    ### BEGIN SOLUTION
    # STUB: leaves = ...  # x and all biases, asking for gradients
    # STUB: ...  # run the net, pick one logit for each input
    # STUB: slopes = ...
    # STUB: return ...
    own = [b.expand(len(x), -1) for b in biases]  # (N, out): one copy for each input
    leaves = [v.detach().clone().requires_grad_() for v in (x, *own)]
    units = leaves[0]
    for k, w in enumerate(weights):
        units = units @ w.T + leaves[1 + k]
        if k < len(weights) - 1:
            units = units.relu()
    chosen = units[torch.arange(len(x), device=x.device), target]  # (N,)
    slopes = torch.autograd.grad(chosen.sum(), leaves)
    columns = [(s * v).sum(1).detach() for s, v in zip(slopes, leaves, strict=True)]
    return torch.stack(columns, dim=1)
    ### END SOLUTION


# %% tags=["check"]
xc.check("08.2", split)

# %% [markdown] tags=["fold"]
r"""
`torch.autograd.grad` adds up the slopes of everything that uses a tensor. A bias (out,) is used by all inputs of the batch, so its slope would be that of the whole batch. `b.expand(len(x), -1).clone()` gives each input
its own copy. The relu needs no bias of its own: it passes its input on, or 0.

Note what this does *not* do: it removes no bias. "What happens if the bias is 0?" is another question, because gates may change on the way.
"""

# %% [markdown]
r"""
From here on the lesson uses **your** function: first on the TOY net, where the package knows the answer, then on a hundred pictures of clothes. Their net has three dense layers, each with its biases, and 784 inputs.
As a control we set all its biases to 0 and ask again, for the winner of the new net.

Compare the sizes first. In the TOY net the sums of the three units, without their biases, have the sizes 2, 1 and 4, and the biases 0, 1 and 1. Here the sum of a unit, without its bias, has typically the size 3 to 6, and the bias 0.02 to 0.05.

**Predict (08.P6).** On the TOY net, the inputs left over the whole score. Which part of the winner's logit do they leave over here, with the trained biases, in the median picture?
"""

# %% tags=["question"]
xc.predict("08.P6")

# %%
shares_of = xc.or_reference("08.2", split)
toy_net = [toy.hidden.weight, toy.output.weight], [toy.hidden.bias, toy.output.bias]
ours = shares_of(*toy_net, x_toy, torch.tensor([0]))[0]
package = xc.fullgrad_decomposition(toy, x_toy, target=None)[0].split([2, 3, 1, 1])
assert torch.allclose(ours, torch.stack([part.sum() for part in package[:3]]))
print("TOY net at (3, 1): input, hidden biases, output bias:", ours.tolist())

mlp = xc.zoo.load("fashion_mlp", device=device)
clothes = mlp.normalise(xc.datasets.fashion_mnist(n=100, device=device).x).flatten(1)
dense = (mlp.dense1, mlp.dense2, mlp.classifier)
matrices, trained = [d.weight for d in dense], [d.bias for d in dense]


def missing_part(biases):
    """How far the input's share is from the whole logit, in the median picture."""
    units = clothes
    for k, (w, b) in enumerate(zip(matrices, biases, strict=True)):
        units = (units.relu() if k else units) @ w.T + b
    table = shares_of(matrices, biases, clothes, units.argmax(1))
    return float((table[:, 0] / table.sum(1) - 1).abs().median())


control = {"copy without biases": missing_part([0 * bias for bias in trained])}
xc.show("missing, as a share of the logit", missing_part(trained), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 08.P6</summary>

(a): about a hundredth. This net has biases, but its inputs bring nearly all. And without biases nothing else is there to bring anything: nothing is missing in any picture. A ReLU net without biases is the case in which gradient x input adds up.
</details>

So what is missing in section 1 is no fault of the slopes. It is the price of biases. The net of section 1 has many, and not all of them are in its list of parameters.

## 4 · A photo, and biases that hide

Where do they come from?

- A **normalisation** $(u - m) / s$ of the photo, and each batch norm, shifts its input: a bias.
- A **relu6** (Lite0 uses it) gives 6 for every input above 6. It has no parameter at all.

The rule that finds them all: at this input, operation $l$ acts like (slope times input) plus a rest. **The rest is its bias**, $b_l = z_l - J_l u_l$, where $u_l$ is what goes in and $J_l$ its
slopes.
"""

# %% [markdown]
r"""
### Task 08.3 · The bias that hides

**Goal** G2 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 3 of 5

Write `implicit_bias(f, u)`: `f` works on each number of `u` by itself. Return $b = f(u) - f'(u)\,u$ for each number, in the shape of `u`.

Before you run it: what will it say of a relu, and what of a relu6 at 7?

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def implicit_bias(f, u):
    """Return what f adds to slope times u, number by number."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return ...
    point = u.detach().clone().requires_grad_()
    z = f(point)
    slope = torch.autograd.grad(z.sum(), point)[0]
    return (z - slope * point).detach()
    ### END SOLUTION


# %% tags=["check"]
xc.check("08.3", implicit_bias)

# %% [markdown] tags=["fold"]
r"""
Around $u$ the function is a line with slope $f'(u)$. The line meets 0 at the height $f(u) - f'(u)\,u$: the bias. For a relu it is 0 on both sides. For relu6 above 6 the line is flat, and the whole 6 is bias. $f(0)$ is right only for a
function that *is* one straight line. For a batch norm, $w (u - m)/s + c$, the rule gives $c - w m / s$: more than the parameter called "bias".
"""

# %% tags=["demo", "machinery"]
hidden = xc.or_reference("08.3", implicit_bias)
u = torch.linspace(-4, 9, 53)
xc.plot.series(
    u,
    {
        "relu": hidden(torch.relu, u),
        "relu6": hidden(torch.nn.functional.relu6, u),
        "u * sigmoid(u)": hidden(torch.nn.functional.silu, u),
    },
    x_name="u",
    y_name="hidden bias",
    alt="Three curves over u from -4 to 9: the hidden bias of relu, of relu6 and of u "
    "times sigmoid of u.",
)

# %% [markdown]
r"""
Now a photo. We split the espresso's logit and group the biases by the size of their maps, from near the photo ($224 \times 224$) to near the score ($7 \times 7$). Then four more photos, each with its winner.

All parts together make 1, and a part may be below 0. One of them you know from section 1: what the pixels bring.

**Predict (08.P2).** Of the espresso's logit the biases of the last maps bring most. As a part of the whole logit, how much do they bring?
"""

# %% tags=["question"]
xc.predict("08.P2")

# %% tags=["demo"]
espresso = xc.widgets.bias_parts(model, coffee, ESPRESSO)
xc.plot.waterfall(
    {"espresso": espresso.shares},
    total_name="logit",
    unit="share of the logit",
    alt="One chart of shares, one after the other, for espresso: "
    "the input, the biases by the size of their maps, and the logit.",
)

# %%
ruined = xc.evaluation.randomise_last_layer(model)  # all other layers stay


def winner_parts(net, photo):
    """Logit of the winner; what pixels and last maps bring, as parts of it."""
    parts = xc.widgets.bias_parts(net, photo, int(net(photo).argmax()))
    pixels, last = parts.shares["input"], parts.shares["biases at 7 × 7"]
    return parts.score, pixels / parts.score, last / parts.score


print("logit; pixels and last maps, as parts of the logit")
for name in ("coffee", "chelsea", "camera", "rocket", "brick"):
    photo = xc.datasets.photo(name, device=device)
    numbers = ", ".join(f"{v:.2g}" for v in winner_parts(ruined, photo))
    control = {"last layer random": numbers}
    xc.show(name, winner_parts(model, photo), control=control)
sizes = sum(float(part.abs().sum()) for part in espresso.signed.values())
xc.show("espresso: absolute shares of all places, in logits", sizes / espresso.score)

# %% [markdown]
r"""
<details><summary>Answer to 08.P2</summary>

(c). The biases of the last maps bring a little more than the whole logit: 1.1 of it for the espresso, and 1.1 to 1.3 in the other photos. All the rest together is below 0. The pixels bring little, and of either sign.
</details>

A discovery about what the network has learned? Look at the control. With a *random* last layer, too, the last maps bring about the whole logit of the winner, and the pixels about half of it at most, of either sign. Why? Between the last maps and a logit there is only the last layer. A random one counts
these maps in a thousand random ways, and the winner is the class that happens to count them highest. So such a bar needs a winner, and no learning. **The size of a bar says little about learning.**

Do not read the bars as "the photo does not matter", either. The photo decides **which gates are open**, and the gates decide what each bias counts. That influence is in none of the
bars: it is the price of an account that holds within one linear piece. And look at the last line: the absolute shares are hundreds of times larger than the logit. What you see in
the bars is what is left after almost everything has cancelled.

## 5 · Can a map of pixels do it?

Could one spread the biases over the pixels and have a normal map? Two wishes for a map $s$ with one number for each input:

- **Complete**: map and input together give back the score, by $s \cdot x = F(x)$ (multiply and add up).
- **Weakly dependent** on the input: a linear piece has one formula for $F$, so all its inputs get the same $s$.

The gradient has the second property, and fails at the first. Take two inputs of one piece: $(3, 1)$ and $(6, 2)$, both with gates on, off, on, and $f = 2$ at both. Of all vectors $s$ we take the one
with the smallest sum of squared errors of $s \cdot x$.

**Predict (08.P3).** Which two numbers does this best vector give at the two inputs?
"""

# %% tags=["question"]
xc.predict("08.P3")


# %%
two = torch.tensor([[3.0, 1.0], [6.0, 2.0]], dtype=torch.float64)
print("gates:", (toy.hidden(two) > 0).int().tolist(), " f:", toy(two).tolist())
best = torch.linalg.pinv(two) @ toy(two)  # the vector with the smallest squared error
print("best vector:", [round(v, 2) for v in best.tolist()])
print("it gives:   ", [round(v, 2) for v in (two @ best).tolist()])

three = torch.tensor([[3.0, 1.0], [6.0, 2.0], [4.0, 1.0]], dtype=torch.float64)
more = torch.cat([three, torch.ones_like(three[:, :1])], dim=1)  # one number more
solved = torch.linalg.solve(more, toy(three))
print("with one number more:", [round(v, 6) + 0.0 for v in solved.tolist()])

# %% [markdown]
r"""
<details><summary>Answer to 08.P3</summary>

(b). The second input is twice the first, so $s \cdot x$ doubles as well, for every $s$: if it is $2$ at $(3, 1)$, it is $4$ at $(6, 2)$. But $f$ is $2$ there, so **no** vector is complete at both. Numbers $v$ and $2v$ have the smallest squared errors at $v = 1.2$.
</details>

The function has $D + 1$ numbers in each piece: $D$ slopes and **one sum of all biases**. A map has room for $D$. The paper states this for any fixed recipe that gets $F$ from a map and the
input (not only $s \cdot x$): if $D + 1$ numbers must go into $D$, two different functions get the same map, and no recipe can give back both scores. (This needs maps that follow the $D + 1$ numbers without jumps.)
Give the map one number more, and it works for every input of the piece: the last number is $2$, the biases' share of section 2.

## 6 · The picture

A list with a share for each bias of each place is no picture. So the paper makes one. For the input and for each operation: absolute values, then rescaled so that the smallest is 0 and the largest is 1, then
enlarged to the photo. That is $\psi$. All of these are added up:

$$S = \psi(\nabla_x F \odot x) + \sum_l \sum_{\text{channels}} \psi\Big(\frac{\partial F}{\partial z_l} \odot b_l\Big)$$

This sum is called **FullGrad**. The shares of section 4 add up to the logit of the espresso, about 11. Lite0 has more than ten thousand channels in all its operations.

**Predict (08.P4).** You add up all pixels of the FullGrad picture $S$ of the espresso. How many times its logit is that?
"""

# %% tags=["question"]
xc.predict("08.P4")


# %% tags=["machinery"]
def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


def mixed(picture):
    """The same numbers in random places."""
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(picture.numel(), generator=generator)
    return picture.flatten()[order.to(picture.device)]


# %% tags=["demo"]
picture = xc.fullgrad(model, coffee, target=ESPRESSO)  # (1, 1, 224, 224)
other = xc.fullgrad(model, coffee, target=CLIFF_DWELLING)
signed = sum(float(part.sum()) for part in espresso.signed.values())
control = {"all signed shares with a place": signed / logit}
xc.show("sum of the picture, in logits", picture.sum() / logit, control=control)
far = float(xc.scores(model, coffee, target=CLIFF_DWELLING))
xc.show("logits of espresso and cliff dwelling", [logit, far])
sevenfold = xc.fullgrad(lambda x: 7 * model(x), coffee, target=ESPRESSO)
distance = float((sevenfold - picture).abs().max() / picture.max())
xc.show("picture of 7 times the logit: the same", distance < 1e-3)

cat = xc.datasets.photo("chelsea", device=device)
controls = {
    "last layer random": cosine(picture, xc.fullgrad(ruined, coffee, target=ESPRESSO)),
    "another photo": cosine(picture, xc.fullgrad(model, cat, target=ESPRESSO)),
    "random places": cosine(picture, mixed(other)),
}
likeness = cosine(picture, other)
xc.show("cosine of espresso and cliff dwelling", likeness, control=controls)

# %% tags=["demo"]
xc.plot.maps(
    {"espresso": picture, "cliff dwelling": other},
    photo=coffee,
    reduce="max_abs",
    unit="no unit",
    alt="The photo of the coffee and two FullGrad pictures on one scale, for the class "
    "espresso and for the class cliff dwelling.",
)

# %% [markdown]
r"""
<details><summary>Answer to 08.P4</summary>

(c). The picture has no unit: make the logit 7 times as large, and the picture stays the same.
</details>

Every step of $\psi$ destroys the identity. The absolute value forgets that shares cancel. The rescaling gives each operation the same weight, whether it brings much or almost nothing. The enlarging counts a
cell of a small map many times. And here the class is nearly lost: cliff dwelling has a logit near 0, and on this photo its picture is as much like that of the espresso as the picture of a network with a random last layer. (A cosine of two
pictures without signs is high in any case: even random places reach most of it.)

So there are **two things called FullGrad**. The decomposition is exact. The picture is a picture: it shows where many operations have large terms.

**The trap.** "FullGrad is complete, so this bright spot contributed most." The identity holds for the decomposition, not for the picture.

## 7 · Explore

Small nets for pictures of clothes, so that every move is quick. The saved picture has no controls: run the cell to get them. Find (3 minutes):

1. a net and a photo where the *input* brings most of the logit;
2. the switch that changes the sum below the map from "about the logit" to many times the logit;
3. what happens to both pictures when you split the *least likely* class.
"""

# %% tags=["panel"]
nets = {
    "CNN": xc.zoo.load("fashion_cnn", device=device),
    "residual net": xc.zoo.load("fashion_residual", device=device),
}
pictures = xc.datasets.fashion_mnist(n=100, device=device).x
panel = xc.widgets.BiasPanel(
    nets,
    {"boot": pictures[0:1], "pullover": pictures[1:2], "trousers": pictures[2:3]},
    labels=xc.zoo.labels("fashion_cnn"),
)
panel

# %% tags=["drive", "machinery"]
panel.set(net="CNN", photo="trousers", shown="everything")
print("CNN, trousers: sum of the paper's picture, sum of the map with sign, logit")
for which in ("least likely", "most likely"):
    found = []
    for kind in ("the paper's picture", "with sign: it adds up"):
        panel.set(**{"class": which, "picture": kind})
        found.append(panel.result.picture_sum)
    xc.show(f"   {which} class", [*found, panel.result.parts.score])
panel.set(picture="the paper's picture")
assert panel.error is None

# %%
medians = {}
for name, net in {**nets, "MLP": mlp}.items():
    winner = net(pictures).argmax(1)
    brought = xc.input_x_gradient(net, pictures, target=winner).flatten(1).sum(1)
    medians[name] = float((brought / xc.scores(net, pictures, target=winner)).median())
table = shares_of(matrices, trained, clothes, winner)  # of the normalised pictures
by_normalising = float(((table[:, 0] - brought) / table.sum(1)).median())
control = {"of the pixels": medians["MLP"]}
xc.show("MLP: the share of its normalisation", by_normalising, control=control)
controls = {name: medians[name] for name in ("residual net", "MLP")}
xc.show(
    "CNN: the input's share in the median picture", medians["CNN"], control=controls
)

# %% [markdown]
r"""
For the least likely class the logit is far below 0, and so is the sum of the map with sign (the second number in its line). The paper's picture has no sign: its sum stays large and positive.

Three nets that do the same work about equally well (`data/cards.json`), the same hundred pictures: in one the input brings more than half of the logit, in one nothing. The split says how *this net* writes its function, not how much the
photo matters.

The MLP is that of section 3, where almost nothing was missing. There its input was the *normalised* picture. Here it is the photo, so what the normalisation adds counts as a bias, and brings the rest.

## 8 · Is it right? The truth strip

The same three tests as in every lesson, for the FullGrad picture. The controls: for the own half, the picture of a class that is not on the collage; for deletion, the spread of random orders; for the ruined network, own pixels in random places.
"""

# %% tags=["demo"]
strip = xc.truth_strip("fullgrad", model=model, batch_size=1)
collage = xc.datasets.collage(device=device)
left, right = xc.datasets.collage_masks(device=device)
absent = xc.fullgrad(model, collage, target=CLIFF_DWELLING)[0, 0]
halves = [
    float(absent[half.view(224, 224)].sum() / absent.sum()) for half in (left, right)
]
control = {"cliff dwelling": f"{halves[0]:.2g} and {halves[1]:.2g}"}
xc.show("own half, cat and espresso", strip.own_share, control=control)
spread = [float(v) for v in strip.random_spread]
control = {"spread, cat": spread[0], "spread, espresso": spread[1]}
xc.show("deletion minus random, cat and espresso", strip.deletion, control=control)
control = {"own pixels in random places": strip.shuffled_cosine}
xc.show("ruined network: cosine", strip.absolute_cosine, control=control)

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
On this collage the class moves the picture a little: each class gets somewhat more of its own half than a class that is not there. Deletion beats random orders for the espresso by more than twice their spread; for the cat the lead is about as
large as the spread, which is no verdict. The picture of the ruined network is nearly as like the true one as its own pixels in random places. **Mostly the picture shows where this network is busy with this photo.**

## 9 · Your model

Resnet18, here with random weights. Does the account close? Which biases are there at all? Compare two random networks before you say anything about yours.
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
second = xc.zoo.load("torchvision/resnet18", weights=None, seed=1, device=device)
split_of, split_of_second = (
    xc.widgets.bias_parts(net, cat, int(net(cat).argmax())) for net in (mine, second)
)
for group, value in split_of.shares.items():
    control = {"another random network": split_of_second.shares[group]}
    xc.show(group, value, control=control)
missing = sum(split_of.shares.values()) - split_of.score
xc.show("the shares add up to the logit", abs(missing) < 1e-3 * abs(split_of.score))

# %% [markdown]
r"""
A random resnet18 has almost no biases: they all start at 0, and what is left is the normalisation of the photo. Which of the groups that are 0 here does training fill? Load trained weights and look. Doubt a bar that another random network has as well, doubt each sentence
"the pixels bring so much", and do not read a share from a FullGrad picture.
"""

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · Hand the biases down

Bias backpropagation (2019) wants a map after all. It starts at the score and hands the share of each bias down to what the unit was computed from: in proportion to $|w\,u|$ (`alpha="magnitude"`), or in equal parts (`alpha="uniform"`).
"""

# %%
for alpha in ("magnitude", "uniform"):
    beta = xc.bias_backprop(toy, x_toy, target=None, alpha=alpha)[0]
    total = beta + (x_toy * xc.gradient(toy, x_toy, target=None))[0]
    print(f"{alpha}: biases {beta.tolist()}, with gradient x input {total.tolist()}")

# %% [markdown]
r"""
Both add up to $2$. No axiom says which is right: the rule of sharing is a choice, as a baseline is. (Check the first by hand: the last bias, 1, is shared by the units' values times weights, 4 : 0 : 3, so unit 1 gets $4/7$ and unit 3 gets $3/7$. To this unit 3 adds the share of its own bias, 1: together they have 2 to hand down.
The sizes of weight times input are $3$ and $1$ in both units, so both share as $3 : 1$. So $x_1$ gets $\frac34 \cdot 2$.)

### B · One function, two splits

Write the TOY net for an input that is stored with another zero: $h(u) = f(u + (3, 1))$. At $u = (0, 0)$ it *is* our net at our input.
"""

# %%
shift = x_toy
moved = xc.fullgrad_decomposition(
    lambda u: toy(u + shift), 0 * x_toy, target=None, return_details=True
)
for name, part in moved.extra["parts"].items():
    print(f"{name}: {[v + 0.0 for v in part.flatten().tolist()]}")

# %% [markdown]
r"""
The inputs get nothing, since they are 0. The shift, an addition, has become a bias and gets their shares, $(3, -3)$. The function is the same. Splits belong to the way a net is written: **implementation invariance** is broken. On Lite0
you could count the normalisation of the photo to the pixels, and they would bring about 1 instead of $-0.8$.

### C · All methods at two inputs

The two inputs of section 5, $(3, 1)$ and $(6, 2)$: who gives back the score, and who stays the same?
"""


# %%
def both(values):
    """Say whether a method gives the same numbers at the two inputs."""
    return "same  " if torch.allclose(values[0], values[1]) else "differ"


gradient = xc.gradient(toy, two, target=None)
ig = xc.integrated_gradients(toy, two, target=None, steps=8, quadrature="midpoint")
down = two * gradient + xc.bias_backprop(toy, two, target=None)
print("f:", toy(two).tolist(), " f at 0:", float(toy(0 * two[:1])))
for name, values, got in (
    ("gradient", gradient, (two * gradient).sum(1)),
    ("integrated gradients", ig, ig.sum(1) + toy(0 * two)),
    ("bias backpropagation", down, down.sum(1)),
):
    pairs = [[round(v, 2) for v in row] for row in values.tolist()]
    print(f"{name}: {pairs} {both(values)}, gives back {got.tolist()}")
full = xc.fullgrad_decomposition(toy, two, target=None)
slopes = torch.cat([gradient, full[:, 2:-1] + 0.0], dim=1)  # and shares of biases
back = (two * slopes[:, :2]).sum(1) + slopes[:, 2:].sum(1)
print(f"full gradient: {slopes[0].tolist()} {both(slopes)}, gives back {back.tolist()}")

# %% [markdown]
r"""
Vectors of the input's shape keep one wish or the other. Integrated Gradients (lesson 05) and bias backpropagation (part A) give back the score, but their numbers
move although the formula stays. The full gradient keeps both, because it has more numbers.

| | complete | weakly dependent | numbers |
|---|---|---|---|
| gradient | no | yes | $D$ |
| integrated gradients | yes, from a baseline | no | $D$ |
| bias backpropagation | yes | no | $D$ |
| full gradient | yes | yes | $D$ + one for each bias |

### D · A claim of the paper: remove what does not matter

The paper tests maps by removing the **least** important pixels first. A good map finds pixels that can go, and the logit stays. In the paper FullGrad stays nearest to the original score. We repeat the test on a small scale: four photos, 30 % of the pixels turned to
black, mean change of the logit in percent. The test needs controls: noise, noise that was blurred and so removes *connected areas*, and the FullGrad picture of *another class*.

**Predict (08.P5).** Six orders of removal: gradient, gradient x input, FullGrad, FullGrad of another class, noise, blurred noise. Sort them by how well the logit is kept, the best first. Which place has blurred noise? (A sharp map leaves thousands of thin holes, a smooth one a few large holes. Which hurt a network more?)
"""

# %% tags=["question"]
xc.predict("08.P5")

# %%
photos = xc.datasets.imagenet_photos(device=device).x[:4]
best = model(photos).argmax(1)  # explained: the winner of each photo
far = torch.full_like(best, CLIFF_DWELLING)
generator = torch.Generator().manual_seed(0)
noise = torch.rand((4, 1, 224, 224), generator=generator)
blurred = torch.nn.functional.avg_pool2d(noise, 31, stride=1, padding=15)
importance = {  # (4, 224, 224)
    "gradient": xc.gradient(model, photos, target=best).abs().sum(1),
    "gradient x input": xc.input_x_gradient(model, photos, target=best).abs().sum(1),
    "FullGrad": xc.fullgrad(model, photos, target=best, batch_size=1)[:, 0],
    "FullGrad of cliff dwelling": xc.fullgrad(model, photos, far, batch_size=1)[:, 0],
    "noise": noise[:, 0].to(device),
    "blurred noise": blurred[:, 0].to(device),
}
before = xc.scores(model, photos, target=best)
change = {}
for name, values in importance.items():
    least = values.flatten(1).argsort(1)[:, : int(0.3 * 224 * 224)]
    keep = torch.ones_like(values).flatten(1).scatter(1, least, 0.0)
    after = xc.scores(model, photos * keep.reshape(4, 1, 224, 224), target=best)
    change[name] = float(((after - before) / before).abs().mean())
    xc.show(f"{name}: change of the logit in percent", 100 * change[name])

# %% [markdown]
r"""
<details><summary>Answer to 08.P5</summary>

(b): only the two pictures of FullGrad keep it better. The claim holds on our four photos: FullGrad changes the logit least. But look at the controls. Blurred noise, which has seen neither photo nor model, beats the gradient and gradient x input. Thin holes hurt the net more than a few large ones.
</details>

So a part of FullGrad's lead over sharp maps is only that its picture is *smooth*. Not all: it beats blurred noise clearly. And the picture of a class that is not in the photo does well, too: knowing where the object is, is enough for this test. Four photos are few; lesson 15
takes more.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- A bias has a share like an input: its value times its slope. Input and biases together give the score, exactly. Where a gate opens, the split jumps, although the score does not.
- Biases hide: in normalisations, in relu6, in every activation that is not straight through 0.
- Within a linear piece a map with one number for each input cannot be complete and stay the same. It is one number short: the sum of the biases.
- The **decomposition** adds up. The **picture** does not: absolute values, rescaling and enlarging have destroyed the sum, the sign and much of the class.
- In a ReLU net without biases gradient x input adds up by itself.
- The split belongs to the net as it is written, and a random last layer gives similar bars. Another way to write the same function has another split.

**Where it fails next.** The account holds inside one linear piece. That the photo chooses the piece, by opening gates, is in no share. Lesson 05 walks through the pieces from a baseline; lesson 09 asks which baseline.

## References

- S. Srinivas, F. Fleuret. *Full-Gradient Representation for Neural Network Visualization*. 2019. [arXiv:1905.00780](https://arxiv.org/abs/1905.00780). Read section 3; then ask: which step from the decomposition to the picture would you change?
- S. Wang, T. Zhou, J. Bilmes. *Bias Also Matters: Bias Attribution for Deep Neural Network Explanation*. 2019. [PMLR 97:6659](https://proceedings.mlr.press/v97/wang19p.html)
- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks*. 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
"""
