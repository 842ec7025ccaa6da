# %% [markdown] tags=["header", "goals"]
r"""
# 08 · Biases (2019): where did the rest of the score go?

| | |
|---|---|
| **Paper** | S. Srinivas, F. Fleuret, *Full-Gradient Representation for Neural Network Visualization*, [arXiv:1905.00780](https://arxiv.org/abs/1905.00780); S. Wang, T. Zhou, J. Bilmes, *Bias Also Matters*, 2019, [PMLR 97:6659](https://proceedings.mlr.press/v97/wang19p.html) |
| **Time** | 60 minutes. The core path takes 40; "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient x input, the TOY net) |
| **Repairs** | the failure of lesson 01: gradient x input adds up to 0 where the score is 2, and to $-0.8$ where it is 11 |
| **Practise** | the sheet `exercises/08_biases.ipynb`: core tasks 33 minutes, all 53 |

After this lesson

- **G1** you can split the score of a ReLU net into shares of inputs and biases, by hand.
- **G2** you can compute the split of any net, hidden biases included.
- **G3** you can say whether a map of pixels could do what this split does, and prove it.
- **G4** you can say which FullGrad adds up to the score, and which one is only a picture.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
coffee = xc.datasets.photo("coffee", device=device)  # (1, 3, 224, 224), in [0, 1]
cat = xc.datasets.photo("chelsea", device=device)
ESPRESSO, TIGER_CAT, CLIFF_DWELLING = 967, 282, 500


def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


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
xc.show("espresso: all pixels together, and the logit", [pixels, logit])

xc.plot.waterfall(
    {
        "TOY net at (3, 1)": {"x1": shares[0], "x2": shares[1], "missing": 2.0},
        "espresso": {"all pixels": pixels, "missing": logit - pixels},
    },
    alt="Two charts of shares, one after the other. TOY net: x1, x2, a missing part, "
    "and the score. Espresso: all pixels, a missing part, and the logit.",
)

# %% [markdown] tags=["symbols"]
r"""
On the TOY net the inputs cancel each other, and all of the score is missing. In the photo, 150,528 numbers together bring almost nothing, and *more* than the
logit is missing.

## 2 · A bias is an input, too

$$f(x) = 2\,\mathrm{relu}(x_1 - x_2) + 3\,\mathrm{relu}(-x_1 + 2x_2 - 1) - \mathrm{relu}(x_1 + x_2 - 1) + 1$$

At $(3, 1)$ the gates are on, off, on. As long as no gate changes, we may leave out the closed relu and write the open ones without "relu":

$$f(x) = 2\,(x_1 - x_2 + 0) - (x_1 + x_2 - 1) + 1 = \underbrace{1 \cdot x_1 - 3 \cdot x_2}_{\text{gradient x input}} + \underbrace{1}_{\text{hidden biases}} + \underbrace{1}_{\text{output bias}}$$

This is a **linear piece**: all inputs with the same gates share this formula. So the missing 2 is not lost. Each bias has a share like an input has: **its value times the slope of $f$ with respect to it**.

| | value | slope of $f$ | share |
|---|---|---|---|
| $x_1$ | 3 | 1 | 3 |
| $x_2$ | 1 | $-3$ | $-3$ |
| hidden bias 1 | 0 | 2 | 0 |
| hidden bias 2 | $-1$ | 0 (gate off) | 0 |
| hidden bias 3 | $-1$ | $-1$ | 1 |
| output bias | 1 | 1 | 1 |
| **sum** | | | **2** |

Input $0$, hidden biases $1$, output bias $1$: nothing is missing. Three symbols, and the paper's formula for any net:

- $z_l$ is the result of operation $l$ of the net (a layer, an activation).
- $b_l$ is the bias that operation $l$ adds.
- $\psi$ ("psi", section 6) is what the paper does to a share before it draws it.

$$F(x) = \nabla_x F \cdot x \;+\; \sum_l \frac{\partial F}{\partial z_l} \cdot b_l$$

The slope with respect to a bias equals the slope with respect to the result $z_l$ that it is added to. The slopes $\nabla_x F$ together with the shares of all biases are called the **full gradient**.

**Predict (08.P1).** We move $x$ from $(3, 1)$ to $(4, 1)$. No gate changes. Which shares change?
(a) all of them · (b) those of the inputs only · (c) those of the biases only
"""

# %% tags=["question"]
xc.predict("08.P1", None)  # replace None by "a", "b" or "c", then run

# %% [markdown]
r"""
## 3 · The split by autograd

The recipe: make the biases inputs of the function, ask for all slopes at once, multiply. These few lines are the whole method for the TOY net. The package
does it for nets of any kind; we first check that both agree.
"""


# %%
def split_by_hand(x):
    """Return the shares of x, of the hidden biases and of the output bias."""
    leaves = [x, toy.hidden.bias, toy.output.bias]
    leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    point, hidden_bias, output_bias = leaves
    hidden = torch.relu(point @ toy.hidden.weight.T + hidden_bias)
    f = (hidden @ toy.output.weight.T + output_bias).sum()
    slopes = torch.autograd.grad(f, leaves)
    return [
        (s * v + 0.0).detach().flatten() for s, v in zip(slopes, leaves, strict=True)
    ]


for point in ((3.0, 1.0), (4.0, 1.0), (6.0, 2.0)):
    x = torch.tensor([point], dtype=torch.float64)
    ours = torch.cat(split_by_hand(x))
    package = xc.fullgrad_decomposition(toy, x, target=None)[0]
    package = package[:-1]  # about the last entry: below
    assert torch.allclose(ours, package, rtol=0, atol=1e-12)
    inputs, hidden, output = (part.tolist() for part in split_by_hand(x))
    total = float(ours.sum())
    print(
        f"x = {point}: inputs {inputs}, hidden {hidden}, output {output}, sum {total}"
    )

# %% [markdown]
r"""
<details><summary>Answer to 08.P1</summary>

(b). Slopes depend on the gates only, and the biases are always the same numbers. So within a linear piece the shares of the biases stay exactly as they are, and only
gradient x *input* moves. At $(4, 1)$ it brings 1 more, and $f$ is 3.
</details>

(The package adds one last entry for the step from the logits to the explained number. For a logit it is 0.)

## 4 · A photo, and biases that hide

A real net has more biases than its list of parameters says:

- A **normalisation** $(u - m) / s$ of the photo, and each batch norm, shifts its input: a bias.
- A **relu6** (Lite0 uses it) gives 6 for every input above 6. There its slope is 0 and its value 6. In this net the whole 6 is a bias.

The rule that finds them all: at this input, operation $l$ acts like (slope times input) plus a rest. **The rest is its bias**, $b_l = z_l - J_l u_l$, where $u_l$ is what goes in and $J_l$ its
slopes. A relu has none: its value is 0 or its input.

We split the espresso's 11 and the tiger cat's 9, and group the biases by the size of their maps, from near the photo ($224 \times 224$) to near the score ($7 \times 7$).

**Predict (08.P2).** Which biases bring most of the espresso's logit?
(a) those near the photo · (b) those of the last, small maps · (c) all about equally
"""

# %% tags=["question"]
xc.predict("08.P2", None)

# %% tags=["demo"]
espresso = xc.widgets.bias_parts(model, coffee, ESPRESSO)
tiger = xc.widgets.bias_parts(model, cat, TIGER_CAT)
for name, parts in {"espresso": espresso, "tiger cat": tiger}.items():
    total, last = sum(parts.shares.values()), parts.shares["biases at 7 × 7"]
    xc.show(f"{name}: logit", parts.score)
    xc.show("  the shares add up to it", abs(total - parts.score) < 1e-3)
    xc.show("  pixels", parts.shares["input"])
    xc.show("  last maps: more than the whole logit", last > parts.score)
sizes = sum(float(part.abs().sum()) for part in espresso.signed.values())
xc.show("espresso: absolute shares of all places, as multiples of the logit",
        sizes / espresso.score)  # fmt: skip

xc.plot.waterfall(
    {"espresso": espresso.shares, "tiger cat": tiger.shares},
    total_name="logit",
    unit="share of the logit",
    alt="Two charts of shares, one after the other, for espresso and tiger cat: "
    "the input, the biases by the size of their maps, and the logit.",
)

# %% [markdown]
r"""
<details><summary>Answer to 08.P2</summary>

(b). The biases of the last maps bring more than the whole logit, for both photos. The pixels bring less than nothing.
</details>

Do not read this as "the photo does not matter". The photo decides **which gates are open**, and the gates decide what each bias counts. That influence is in none of the
bars: it is the price of an account that holds within one linear piece. And look at the last number: the absolute shares are hundreds of times larger than the logit. What you see in
the bars is what is left after almost everything has cancelled.

## 5 · Can a map of pixels do it?

Could one spread the biases over the pixels and have a normal map? Two wishes for a map $s$ with one number for each input:

- **Complete**: map and input together give back the score, by $s \cdot x = F(x)$ (multiply and add up).
- **Weakly dependent** on the input: a linear piece has one formula for $F$, so all its inputs get the same $s$.

The gradient has the second property, and fails at the first. Take two inputs of one piece: $(3, 1)$ and $(6, 2)$, both with gates on, off, on, and $f = 2$ at both.

**Predict (08.P3).** Which vector $s$ gives $s \cdot x = f$ at both?
(a) the gradient · (b) another one · (c) none
"""

# %% tags=["question"]
xc.predict("08.P3", None)


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

(c). The second input is twice the first, so $s \cdot x$ doubles as well: if it is 2 at $(3, 1)$, it is 4 at $(6, 2)$. But $f$ is 2 there.
</details>

The function has $D + 1$ numbers in each piece: $D$ slopes and **one sum of all biases**. A map has room for $D$. The paper states this for any fixed recipe that gets $F$ from a map and the
input (not only $s \cdot x$): if $D + 1$ numbers must go into $D$, two different functions get the same map, and no recipe can give back both scores. (This needs maps that follow the $D + 1$ numbers without jumps.)
Give the map one number more, and it works for every input of the piece: the last number is 2, the biases' share of section 2.

Now all methods, at the two inputs:
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
Vectors of the input's shape keep one wish or the other. Integrated Gradients (lesson 05) and bias backpropagation ("Go deeper") give back the score, but their numbers
move although the formula stays. The full gradient keeps both, because it has more numbers.

| | complete | weakly dependent | numbers |
|---|---|---|---|
| gradient | no | yes | $D$ |
| integrated gradients | yes, from a baseline | no | $D$ |
| bias backpropagation | yes | no | $D$ |
| full gradient | yes | yes | $D$ + one for each bias |

## 6 · The picture

A list with a share for each bias of each place is no picture. So the paper makes one. For the input and for each operation: absolute values, then rescaled so that the smallest is 0 and the largest is 1, then
enlarged to the photo. That is $\psi$. All of these are added up:

$$S = \psi(\nabla_x F \odot x) + \sum_l \sum_{\text{channels}} \psi\Big(\frac{\partial F}{\partial z_l} \odot b_l\Big)$$

This sum is called **FullGrad**. The shares of section 4 add up to 11 for the espresso.

**Predict (08.P4).** You add up all pixels of the FullGrad picture $S$. The sum is
(a) 11, the logit · (b) within a factor of 10 · (c) more than 10,000 times the logit
"""

# %% tags=["question"]
xc.predict("08.P4", None)

# %% tags=["demo"]
picture = xc.fullgrad(model, coffee, target=ESPRESSO)  # (1, 1, 224, 224)
other = xc.fullgrad(model, coffee, target=CLIFF_DWELLING)
generator = torch.Generator().manual_seed(0)
mixed = other.flatten()[torch.randperm(other.numel(), generator=generator)]
signed = sum(espresso.signed.values())  # (224, 224), all shares at their places
xc.show("all signed shares that have a place", signed.sum())
xc.show("sum of the picture, as multiples of the logit", picture.sum() / logit)
sevenfold = xc.fullgrad(lambda x: 7 * model(x), coffee, target=ESPRESSO)
xc.show("picture of 7 times the logit: the same", cosine(sevenfold, picture) > 0.9999)
cliff = xc.scores(model, coffee, target=CLIFF_DWELLING)
xc.show("logit of cliff dwelling", cliff)
xc.show("pictures of espresso and cliff dwelling: cosine", cosine(picture, other))
xc.show("  control, own pixels in random places", cosine(picture, mixed))

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

(c). About a million times the logit. The picture has no unit: make the logit 7 times as large, and the picture stays the same.
</details>

Every step of $\psi$ destroys the identity. The absolute value forgets that shares cancel. The rescaling gives each operation the same weight, whether it brings much or almost nothing. The enlarging counts a
cell of a $7 \times 7$ map 1,024 times. And here the class is lost: cliff dwelling has a logit near 0, and its picture is almost the same.

So there are **two things called FullGrad**. The decomposition is exact. The picture is a picture: it shows where many operations have large terms.

**The trap.** "FullGrad is complete, so this bright spot contributed most." The identity holds for the decomposition, not for the picture.

## 7 · Explore

Small nets for pictures of clothes, so that every move is quick. The saved picture has no controls: run the cell to get them. Find (3 minutes):

1. a net and a photo where the *input* brings most of the logit;
2. the switch that changes the sum below the map from "about the logit" to many times the logit;
3. what happens to both pictures when you split the *least likely* class.
"""

# %% tags=["panel"]
clothes = xc.datasets.fashion_mnist(n=5, device=device).x
panel = xc.widgets.BiasPanel(
    {
        "CNN": xc.zoo.load("fashion_cnn", device=device),
        "residual net": xc.zoo.load("fashion_residual", device=device),
    },
    {"boot": clothes[0:1], "pullover": clothes[1:2], "trousers": clothes[2:3]},
    labels=xc.zoo.labels("fashion_cnn"),
)
panel

# %% tags=["drive"]
panel.set(net="CNN", photo="trousers", shown="input")
view = panel.result
xc.show("CNN, trousers: the input brings most", view.share > 0.5 * view.parts.score)
panel.set(shown="everything", picture="the paper's picture")
xc.show(
    "sum of the paper's picture, logit", [panel.result.picture_sum, view.parts.score]
)
panel.set(**{"class": "least likely"})
xc.show("least likely class: the same two numbers",
        [panel.result.picture_sum, panel.result.parts.score])  # fmt: skip
panel.set(net="residual net", picture="with sign: it adds up", shown="input")
panel.set(**{"class": "most likely"})
xc.show("residual net, the same photo: share of the input", panel.result.share)

# %% [markdown]
r"""
For the least likely class the logit is far below 0, and so is the sum of the map with sign. The paper's picture has no sign: its sum stays large and positive.

Two nets that are right for 91 and 92 of 100 test pictures (`data/cards.json`), the same picture, the same class: in one the pixels bring most of the logit, in the other less than nothing. The split says how *this net* writes its function, not how much the
photo matters.

## 8 · Is it right? The truth strip

The same three tests as in every lesson, for the FullGrad picture. Remember what a map that knows nothing gets: half of the map in the own half, a deletion no better than random orders, and on a ruined network a cosine as large as its own
shuffled pixels get.
"""

# %% tags=["demo"]
strip = xc.truth_strip("fullgrad", model=model, batch_size=1)
xc.show("own half, cat and espresso", strip.own_share)
xc.show("deletion minus random, cat and espresso", strip.deletion)
xc.show("spread of the random orders", strip.random_spread)
xc.show("ruined network: cosine", strip.absolute_cosine)
xc.show("control, own pixels shuffled", strip.shuffled_cosine)

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
The own half holds 0.66 (cat) and 0.54 (espresso): on the collage the picture follows the class a little. Deletion beats random orders for the espresso by more than twice their spread; for the cat the lead is about as large as the spread, which is no
verdict. The picture of the ruined network has a cosine of 0.95, but our own pixels in random places get 0.88: without signs almost any two pictures look alike to a cosine. **Mostly the picture shows where this network is busy with this photo. The class moves it only a little.**
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
Both add up to $2$. No axiom says which is right: the rule of sharing is a choice, as a baseline is. (Check the first by hand: the last bias, 1, is shared by the units' values times weights, 4 : 0 : 3. Unit 3 has now $3/7$, and its own share 1.
Units 1 and 3 both share as $3 : 1$. So $x_1$ gets $\frac34 \cdot 2$.)

### B · One function, two splits

Write the TOY net for an input that is stored with another zero: $g(u) = f(u + (3, 1))$. At $u = (0, 0)$ it *is* our net at our input.
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

### C · A claim of the paper: remove what does not matter

The paper tests maps by removing the **least** important pixels first. A good map finds pixels that can go, and the logit stays. In the paper FullGrad stays nearest to the original score. We repeat the test on a small scale: four photos, 30 % of the pixels turned to
black, mean change of the logit in percent. The test needs controls: noise, noise that was blurred and so removes *connected areas*, and the FullGrad picture of *another class*.

**Predict (08.P5).** Which map keeps the logit better than blurred noise?
(a) gradient, gradient x input and FullGrad · (b) only FullGrad · (c) FullGrad and gradient x input
"""

# %% tags=["question"]
xc.predict("08.P5", None)

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

(b). The claim holds on our four photos: FullGrad changes the logit least. But look at the controls. Blurred noise, which has seen neither photo nor model, beats the gradient and gradient x input. Thin holes hurt the net more than a few large ones.
</details>

So a part of FullGrad's lead over sharp maps is only that its picture is *smooth*. Not all: it beats blurred noise clearly. And the picture of a class that is not in the photo does well, too: knowing where the object is, is enough for this test. Four photos are few; lesson 15
takes more.
"""

# %% [markdown] tags=["references"]
r"""
## What to remember

- A bias has a share like an input: its value times its slope. Input and biases together give the score, exactly: $0 + 1 + 1 = 2$.
- Biases hide: in normalisations, in relu6, in every activation that is not straight through 0.
- Within a linear piece a map with one number for each input cannot be complete and stay the same. It is one number short: the sum of the biases.
- The **decomposition** adds up. The **picture** does not: absolute values, rescaling and enlarging have destroyed the sum, the sign and much of the class.
- The split belongs to the net as it is written. Another way to write the same function has another split.

**Where it fails next.** The account holds inside one linear piece. That the photo chooses the piece, by opening gates, is in no share. Lesson 05 walks through the pieces from a baseline; lesson 09 asks which baseline.

## References

- S. Srinivas, F. Fleuret. *Full-Gradient Representation for Neural Network Visualization*. 2019. [arXiv:1905.00780](https://arxiv.org/abs/1905.00780). Read section 3; then ask: which step from the decomposition to the picture would you change?
- S. Wang, T. Zhou, J. Bilmes. *Bias Also Matters: Bias Attribution for Deep Neural Network Explanation*. 2019. [PMLR 97:6659](https://proceedings.mlr.press/v97/wang19p.html)
- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks*. 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
"""
