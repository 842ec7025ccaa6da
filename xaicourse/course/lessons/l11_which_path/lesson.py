# %% [markdown] tags=["header"]
r"""
# 11 · Which path? (2021): other ways from the baseline to the input

| | |
|---|---|
| **Papers** | Guided IG: A. Kapishnikov and others, 2021, [arXiv:2106.09788](https://arxiv.org/abs/2106.09788); Adversarial Gradient Integration: D. Pan, X. Li, D. Zhu, 2021, [doi:10.24963/ijcai.2021/396](https://doi.org/10.24963/ijcai.2021/396); eight more in "Go deeper" |
| **Time** | 65 minutes: 40 to read and try, 25 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 05 (Integrated Gradients); lesson 06 (patterns) for one part of "Go deeper" |
| **Repairs** | a failure of lesson 05: its straight path leads through dark pictures that nobody has ever seen. |
| **Practise** | the sheet `exercises/11_which_path.ipynb` |
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # small nets: the CPU is best
marks = xc.zoo.load("planted_cnn", device="cpu")  # four classes, one mark decides
clothes = xc.zoo.load("fashion_cnn", device="cpu")

# %% [markdown]
r"""
## 1 · Three ways

Integrated Gradients walks from the baseline to the input on a straight line. Why straight? The picture shows the TOY net: thin grey lines join
points with the same score. Three paths lead from $(0, 0)$ to $x = (3, 1)$.
"""

# %% tags=["demo", "machinery"]
paths = ("straight", "x1 first", "x2 first")
ways = {way: xc.widgets.walk_way(toy, x_toy, way) for way in paths}
xc.widgets.draw_ways(
    toy, x_toy, ways, bars=False,
    alt="The plane of two inputs with lines of equal score. One path leads straight "
    "from the origin to x, one along the x1 axis and then up, one up and then along.",
)  # fmt: skip

# %% [markdown]
r"""
Each path collects **gradient times step**, piece by piece. On the straight one, lesson 05 found the shares $(3.75, -2.75)$: $x_2$ lowers the score.

**Predict (11.P1).** Walk round the corner: $x_2$ moves first, and $x_1$ after it. Which share does $x_2$ get? The score at the corner $(0, 1)$ is 4, at the origin 1.
"""

# %% tags=["question"]
xc.predict("11.P1")

# %% tags=["demo", "machinery"]
xc.widgets.draw_ways(
    toy, x_toy, ways, bars=True,
    alt="The three paths again, with two bars for each: straight 3.75 and -2.75, "
    "x1 first 4 and -3, x2 first -2 and 3.",
)  # fmt: skip

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 11.P1</summary>

(c), plus 3: while $x_2$ moves alone, the score rises from 1 to 4. Then $x_1$ comes, and the score falls to 2.
</details>

All three pairs add up to 1, the rise. But on the last path both signs have turned. **Completeness fixes the sum. The path decides the shares**, and even
for or against.

Since 2021 many papers look for a better path. You build two of them, and measure all that we have.

**The goals of this lesson**

- **G1** you can compute what is collected along any path.
- **G2** you can walk a guided path, and say on what it depends.
- **G3** you can tell an error of the sum from an effect of the path.
- **G4** you can find a start with the help of the network, and say what it explains.
- **G5** you can name start, way and fill of a comparison, and add controls to it.
"""

# %% [markdown] tags=["symbols"]
r"""
## 2 · The sum along a path

A **path** $\gamma$ ("gamma") leads from the baseline, $\gamma(0) = x'$, to the input, $\gamma(1) = x$. What input $i$ collects is the **line integral**

$$A_i = \int_0^1 \frac{\partial F}{\partial x_i}\big(\gamma(\alpha)\big)\, \gamma_i'(\alpha)\, d\alpha$$

$\gamma_i'$ is the speed of input $i$. On a straight line the speed is $x_i - x'_i$ all the time, and we are back in lesson 05. In general it changes, and is below 0 where
an input turns back. By the chain rule $\sum_i A_i = F(x) - F(x')$ on **every** path.

We cut the path into small steps, from $p_k$ to $p_{k+1}$. *A small example* with one step: from $p_0 = (0, 1)$ to $p_1 = (2, 0)$, with the gradient $(3, 4)$ in its middle. The
first input collects $3 \cdot 2$, the second $4 \cdot (-1)$.

### Task 11.1 · Collect along any path

**Goal** G1 · **Level** 2 of 5 · **Minutes** 6 · **Importance** 5 of 5

Write `path_sum(F, points)`:

| argument | meaning |
|---|---|
| `F` | a function: points (P, D) to scores (P,), made of torch operations |
| `points` | (n + 1, D): the points of the path in their order; the path may bend and turn back |
| **returns** | what each input collects, (D,), with the gradient in the **middle** of each step |

Leave the arguments as they are. Stuck? `xc.hint("11.1")`.
"""


# %% tags=["task"]
def path_sum(F, points):
    """Return what each input collects along the points, (D,)."""
    ### BEGIN SOLUTION
    # STUB: step = ...  # (n, D)
    # STUB: middle = ...  # (n, D)
    # STUB: return ...
    step = points.diff(dim=0)
    middle = ((points[1:] + points[:-1]) / 2).detach().requires_grad_()
    slopes = torch.autograd.grad(F(middle).sum(), middle)[0]  # (n, D)
    return (slopes * step).sum(0)
    ### END SOLUTION


# %% tags=["check"]
xc.check("11.1", path_sum)

# %% [markdown] tags=["fold"]
r"""
- Each gradient meets **its own** step. "Whole way times mean gradient" is right on a straight path with equal steps, and wrong on every bent one. (The program of one published
  method does this; the sheet convicts it.)
- A step back counts with its sign: what was collected there is given back.
- No mean: the steps have their lengths already.
"""

# %%
collect = xc.or_reference("11.1", path_sum)
part = torch.linspace(0, 1, 501, dtype=torch.float64)[:, None]
corner = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
found = collect(toy, torch.cat([part * corner, corner + part * (x_toy - corner)]))
a, b = found.tolist()
print(f"TOY net, x2 first: ({a:.1f}, {b:.1f})")
package = xc.path_attribution(toy, x_toy, target=None, path="corner", steps=1000)
print("the package, x1 first: ({:.1f}, {:.1f})".format(*package[0].tolist()))

# %% [markdown]
r"""
`xc.path_attribution` is the door to all paths: `path=` takes a name such as `"corner"`, `"random"` or `"guided"`, or a function of your own.

## 3 · Small gradients first

**Guided IG** (2021) wants less noise. Its idea: a pixel with a large gradient in a dark picture is probably noise of the dark picture. So let the inputs with
**small gradients move first**, and the others wait, until their gradients get small, or nobody else is left.

In each step the inputs may move by a *budget*: the sizes of all moves add up to it. The rules:

- Inputs that have reached their value in $x$ do not move any more.
- Of the others, the one with the smallest gradient (by size) moves towards $x$, at most up to $x$. What is left of the budget goes to the next one, and so on.
- Inputs with gradients of equal size move together, each by the same part of the way that it has left.

*A small example.* $x = (3, 1, 2)$, we stand at $(0, 0, 2)$, the gradient is $(5, -1, 0)$, the budget is 1.5. The third input has arrived. The second has the smaller gradient
of the rest and goes to 1. It used 1, so 0.5 is left for the first. The new point is $(0.5, 1, 2)$.

### Task 11.2 · One guided step

**Goal** G2 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 4 of 5

Write `guided_step(x, point, grad, budget)`:

| argument | meaning |
|---|---|
| `x` | (D,): the end of the path |
| `point` | (D,): where we stand |
| `grad` | (D,): the gradient there |
| `budget` | a number above 0: the sum of the sizes of all moves; it may be more than what is left |
| **returns** | the next point, (D,) |

Leave the arguments as they are: work on a copy.
"""


# %% tags=["task"]
def guided_step(x, point, grad, budget):
    """Return the next point of a guided path, (D,)."""
    ### BEGIN SOLUTION
    # STUB: new, rest = point.clone(), x - point
    # STUB: for size in ...:  # the sizes of the gradients, the smallest first
    # STUB:     group = ...  # who has this size and has not arrived
    # STUB:     ...
    # STUB: return new
    new, rest, size = point.clone(), x - point, grad.abs()
    for s in sorted(set(size[rest != 0].tolist())):
        group = (size == s) & (rest != 0)
        need = rest[group].abs().sum()
        share = min(1.0, float(budget / need))
        new[group] += share * rest[group]
        budget = budget - share * need
        if budget <= 0:
            break
    return new
    ### END SOLUTION


# %% tags=["check"]
xc.check("11.2", guided_step)

# %% [markdown] tags=["fold"]
r"""
The order comes from the *size* of the gradient: a steep fall is as steep as a steep rise. Inputs that have arrived are left out **before** the smallest is looked for; otherwise
the path stops at the first flat input. And an input may have to fall: move by a part of `rest`, and the sign is right.

The gradient leads. It is not what is collected: that is the task of `collect`.
"""

# %%
step_of = xc.or_reference("11.2", guided_step)


def guided(F, x, moves):
    """The points of a guided path from 0 to x, (moves + 1, D)."""
    points, budget = [torch.zeros_like(x)], x.abs().sum() / moves
    for _ in range(moves):
        slope = xc.gradient(F, points[-1][None], target=None)[0]
        points.append(step_of(x, points[-1], slope, budget))
    return torch.stack(points)


def square(p):
    """(2 x1 + x2) squared."""
    return (2 * p[:, 0] + p[:, 1]) ** 2


x = torch.tensor([3.0, 3.0], dtype=torch.float64)
straight = xc.integrated_gradients(square, x[None], target=None, steps=100)[0]
own = collect(square, guided(square, x, 300))
for name, pair in {"straight": straight, "guided": own}.items():
    print(f"{name}: ({pair[0]:.0f}, {pair[1]:.0f})")
ask = {"max_dist": 1.0, "moves": 300, "steps": 300}  # max_dist=1: the path is free
package = xc.guided_ig(square, x[None], target=None, **ask)[0]
assert torch.allclose(own, package, atol=0.5)

# %% [markdown]
r"""
The slope for $x_2$ is half of that for $x_1$, everywhere. So $x_2$ walks its whole way first, where slopes are small, and gets little.

**Predict (11.P2).** We measure $x_1$ in **quarters**: the number 3 becomes 12, and $F(q) = (q_1 / 2 + q_2)^2$. It is the same function of the same thing. Which shares does the guided
path give now?
"""

# %% tags=["question"]
xc.predict("11.P2")


# %%
def quarters(q):
    """The same function, x1 in quarters."""
    return square(q / torch.tensor([4.0, 1.0], dtype=torch.float64))


q = torch.tensor([12.0, 3.0], dtype=torch.float64)
straight = xc.integrated_gradients(quarters, q[None], target=None, steps=100)[0]
own = collect(quarters, guided(quarters, q, 300))
for name, pair in {"straight": straight, "guided": own}.items():
    print(f"{name}, x1 in quarters: ({pair[0]:.0f}, {pair[1]:.0f})")

# %% [markdown]
r"""
<details><summary>Answer to 11.P2</summary>

(a). In quarters the slope for $x_1$ is the smaller one, so $x_1$ walks first. Integrated Gradients multiplies slope and distance, and the unit cancels.
</details>

"Small gradient" depends on the unit. For pixels one can choose a common unit. For age and income, what is it?

## 4 · A path that knows nothing

A path is a choice, so it needs a control: **random order**. One pixel after the other is switched on, in an order that knows neither the network nor the picture. Now pictures with a known
answer: four marks each, and one of them decides the class.

**Predict (11.P3).** Integrated Gradients puts a quarter of its map on the mark that decides, and the mark covers a fortieth of the picture. Which share does the random order put there, with as many gradients?
"""

# %% tags=["question"]
xc.predict("11.P3")

# %% tags=["machinery"]
# Pictures with a known answer, and the share of a map on the mark.
sets = {seed: xc.datasets.planted(20, seed=seed) for seed in (1, 2, 3)}


def on_mark(maps, inside):
    """The share of |map| on the mark, mean over the pictures."""
    maps, inside = maps.abs().flatten(1), inside.flatten(1)
    return float(((maps * inside).sum(1) / maps.sum(1)).mean())


# %%
plain = {}
for seed, (pictures, labels, inside) in sets.items():
    ask = {"steps": 64, "quadrature": "midpoint"}
    plain[seed] = xc.path_attribution(marks, pictures, target=labels, **ask)
    mixed = xc.path_attribution(marks, pictures, target=labels, path="random", **ask)
    control = {
        "straight": on_mark(plain[seed], inside),
        "brightness": on_mark(pictures, inside),
        "area": inside.double().mean(),
    }
    share = on_mark(mixed, inside)
    xc.show(f"set {seed}: random order, share on the mark", share, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 11.P3</summary>

(d), about a tenth: less than half of the straight path's share, and four times the area.
</details>

So **0.1 is what the gradients know without any help of the path**. A path that beats 0.02 has shown nothing yet.

(A part of the loss is not the path's: with 64 steps for a thousand pixels the sum itself is rough. With sixteen times as many the share is about an eighth.)

## 5 · The path, or the sum?

The program of Guided IG credits each move with **the gradient that chose it**: the one at the start of the step, the *left rule*. We walk the free guided path with 64 moves on our pictures:
"""


# %%
precise = xc.zoo.load("planted_cnn", device="cpu").double()  # float64: see section 8


def guided_maps(pictures, labels, rule):
    """Maps and mean gap: free guided paths of 64 moves, collected by a rule."""
    found = xc.guided_ig(
        precise, pictures.double(), target=labels, max_dist=1.0, moves=64, steps=64,
        quadrature=rule, return_details=True,
    )  # fmt: skip
    return found.values, float(found.relative_gap.abs().mean())


left, few = {}, {seed: [part[:12] for part in sets[seed]] for seed in sets}
for seed, (pictures, labels, inside) in few.items():
    left[seed] = guided_maps(pictures, labels, "left")
    control = {"straight": on_mark(plain[seed][:12], inside), "random order": 0.1}
    share = on_mark(left[seed][0], inside)
    xc.show(f"set {seed}: guided, left rule, on the mark", share, control=control)

# %% [markdown]
r"""
More on the mark than the straight path, in all sets. Is it the path?

**Predict (11.P4).** Exactly the same paths, but the gradient is taken in the **middle** of each step, as in your `path_sum`. Which share is on the mark now?
"""

# %% tags=["question"]
xc.predict("11.P4")

# %%
for seed, (pictures, labels, inside) in few.items():
    maps, gap = guided_maps(pictures, labels, "midpoint")
    control = {
        "left rule": on_mark(left[seed][0], inside),
        "straight": on_mark(plain[seed][:12], inside),
    }
    share = on_mark(maps, inside)
    xc.show(f"set {seed}: guided, midpoint, on the mark", share, control=control)
    control = {"left rule": round(left[seed][1], 1)}
    xc.show("   gap as a share of the rise", round(gap, 1), control=control)

# %% [markdown]
r"""
<details><summary>Answer to 11.P4</summary>

(b): most of the gain was the rule's. An input was allowed to move *because* its gradient was small; crediting it with this very gradient makes noise look small, and the sum wrong.
</details>

A wrong sum looked like a good path. So measure two numbers for a path method: its **gap**, and its **map error**, the distance from the map along *the same* path with many more gradients. Only then ask whether the path is good.

## 6 · A start that the network finds

Why black? **Adversarial Gradient Integration** (AGI, 2021) lets the network choose the start. From $x$ it climbs towards another class, until the network says that class. From there the path leads **back** to $x$.

$$x_0 = x, \qquad x_{j+1} = x_j + \epsilon \cdot \mathrm{sign}\, \nabla \log p_c(x_j)$$

$p_c$ is the probability of the other class $c$, and $\epsilon$ ("epsilon") is the length of a step. Every pixel moves by $\epsilon$, up or down. Each step begins **where the last one ended**, with a new gradient there.

### Task 11.3 · The way back

**Goal** G4 · **Level** 3 of 5 · **Minutes** 9 · **Importance** 4 of 5

Write `way_back(net, x, other, step, most)`:

| argument | meaning |
|---|---|
| `net` | a function: (P, D) to scores of K classes, (P, K) |
| `x` | (1, D): the input |
| `other` | the other class, a whole number |
| `step` | $\epsilon$ |
| `most` | the most steps; the loop also ends as soon as the net predicts `other` |
| **returns** | the points of the path, (n + 1, D): first the last point that was reached, at the end `x` |

If the net predicts `other` for `x` already, the path is `x` alone. Leave the arguments as they are.
"""


# %% tags=["task"]
def way_back(net, x, other, step, most):
    """Return the points from where the net says `other` back to x, (n + 1, D)."""
    ### BEGIN SOLUTION
    # STUB: points = [x]
    # STUB: while ...:
    # STUB:     ...
    # STUB: return ...
    points = [x]
    while len(points) <= most and int(net(points[-1]).argmax()) != other:
        z = points[-1].detach().requires_grad_()
        (slope,) = torch.autograd.grad(net(z).log_softmax(1)[0, other], z)
        points.append(points[-1] + step * slope.sign())
    return torch.cat(points[::-1])
    ### END SOLUTION


# %% tags=["check"]
xc.check("11.3", way_back)

# %% [markdown] tags=["fold"]
r"""
`points[-1]`, not `x`, is where the next step begins. (The authors' program begins every step at $x$ and still adds up all ways: the sheet has it.) The log probability and not the logit: it also pushes down the third class, which would
otherwise win. The order is turned round at the end, because the map is collected from the start to $x$.
"""

# %% tags=["machinery"]
# Your path, collected by your sum, is the package's AGI.
back = xc.or_reference("11.3", way_back)
picture, label = sets[1].x[:1], int(sets[1].labels[0])
other = (label + 1) % 4


def flat(p):
    """The net, for pictures as rows of 1024 numbers."""
    return marks(p.view(-1, 1, 32, 32))


way = back(flat, picture.flatten(1), other, 0.01, 100)
own = collect(lambda p: flat(p)[:, label], way)
rise = float(flat(way[-1:])[0, label] - flat(way[:1])[0, label])
print(f"the net says {int(flat(way[:1]).argmax())} at the start and {label} at x")
print(f"the map adds up to {float(own.sum()):.1f}, the rise is {rise:.1f}")
ask = {"classes": [other], "step": 0.01, "search": 100, "steps": len(way) - 1}
package = xc.adversarial_gradient_integration(marks, picture, target=label, **ask)
assert torch.allclose(own, package.flatten(), atol=1e-3)

# %% [markdown]
r"""
Complete, and no black picture on the way. But what does the start look like? It has to be another class for the network. For you it may be the same picture.

**Predict (11.P5).** How far is the start from the picture? Take the pixel that differs most, in grey levels from 0 to 255, and the mean over the pictures. One step is 2.55 grey levels.
"""

# %% tags=["question"]
xc.predict("11.P5")

# %%
ruined = xc.evaluation.randomise_last_layer(marks, 0)
for seed, (pictures, labels, inside) in sets.items():
    ask = {"classes": 1, "step": 0.01, "search": 100}
    agi = xc.adversarial_gradient_integration(
        marks, pictures, target=labels, **ask, return_details=True
    )
    far = (pictures - agi.endpoints[0]).abs().amax((1, 2, 3)).mean()
    control = {"from black": 255 * float(pictures.amax((1, 2, 3)).mean())}
    xc.show(f"set {seed}: start of AGI, grey levels away", 255 * far, control=control)
    nothing = xc.adversarial_gradient_integration(
        ruined, pictures, target=labels, **ask
    )
    control = {"a net with a new last layer": on_mark(nothing, inside)}
    control |= {"straight from black": on_mark(plain[seed], inside)}
    share = on_mark(agi.values, inside)
    xc.show("   share on the mark", share, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 11.P5</summary>

(c), two or three steps. The start is an *adversarial example* (lesson 16): noise that you hardly see, and another class for the network.
</details>

So AGI answers another question: not "what is in the picture", but "what separates it, for this network, from its nearest mistake". Its share on the mark is that of the random order, and a net
with a new last layer has nearly as much. This is no error of the sum. It is what the start asks.

## 7 · Start, way, and fill

Two choices now: where the path **starts**, and which **way** it takes. Which weighs more? We rank pixels of clothes by each map, remove them, and bring them back: insertion minus deletion, the higher the better. The test has a choice, too: the
**fill**, what stands where a pixel is removed.
"""

# %% tags=["machinery"]
# Pictures, the fill, and the test.
wear = xc.datasets.fashion_mnist(n=36).x.split(12)  # three draws
mean_picture = xc.datasets.fashion_mnist(n=400).x[100:].mean(0, keepdim=True)


def mean_fill(x, keep):
    """Where a pixel is removed, that of the mean picture."""
    return torch.where(keep.bool(), x, mean_picture)


def both_curves(pictures, maps, fill):
    """Insertion minus deletion of the probability, mean over the pictures."""
    ask = {"target": clothes(pictures).argmax(1), "imputer": fill, "steps": 14}
    inserted = xc.evaluation.insertion(clothes, pictures, maps, **ask).values
    deleted = xc.evaluation.deletion(clothes, pictures, maps, **ask).values
    return float((inserted - deleted).mean())


# %% tags=["machinery"]
# Three ways from two starts, and brightness; then the black fill.
def maps_of(pictures):
    """Name -> map."""
    t = clothes(pictures).argmax(1)
    line = {"steps": 32, "quadrature": "midpoint"}
    start = {"baselines": mean_picture, **line}
    free = {"max_dist": 1.0, "moves": 32, "steps": 32}
    led = xc.guided_ig(clothes64, pictures.double(), target=t, **free)
    path = xc.path_attribution
    return {
        "straight, black": path(clothes, pictures, target=t, **line),
        "guided, black": led.float(),
        "straight, mean": path(clothes, pictures, target=t, **start),
        "random, mean": path(clothes, pictures, target=t, path="random", **start),
        "brightness": pictures,
    }


clothes64 = xc.zoo.load("fashion_cnn", device="cpu").double()
maps = [maps_of(pictures) for pictures in wear]
for draw, found in enumerate(maps):
    score = {name: both_curves(wear[draw], m, "black") for name, m in found.items()}
    first = score.pop("straight, black")
    xc.show(f"draw {draw}, black fill: straight, black", first, control=score)

# %% [markdown]
r"""
With the black fill, the maps from black win, and brightness is close: no network needed.

**Predict (11.P6).** Now a removed pixel becomes that of the **mean picture**. Which of these four maps is best?
"""

# %% tags=["question"]
xc.predict("11.P6")

# %%
for draw, found in enumerate(maps):
    score = {name: both_curves(wear[draw], m, mean_fill) for name, m in found.items()}
    first = score.pop("random, mean")
    text = f"draw {draw}, mean fill: random order, from the mean"
    xc.show(text, first, control=score)

# %% [markdown]
r"""
<details><summary>Answer to 11.P6</summary>

(a). A *random* way from the right start beats every way from another start. Brightness falls to nothing.
</details>

The test puts the mean picture in place of a pixel; the map that started there was asked the same question. **Start and fill weigh more than the way.** A paper that compares paths has to hold both fixed, and say which.

## 8 · All paths in one table

Now all paths of the package, each with as many gradients for its sum. *Map error* is the distance from the same path with three times as many. *Others* is the rank correlation of |map| with the other paths.
Then controls: a random map, the brightness, and the same method for another class and for a net with a new last layer.
"""

# %% tags=["machinery"]
# Made by data/measure_paths.py; the sha256 of both files is checked.
stored = xc.widgets.stored_paths()
heads = ["gradients", "time", "gap", "map error", "others", "random", "bright"]
print(stored.text("marks", [*heads, "on mark", "ruined net on mark"]))
blind = [stored.blind[name] for name in ("random map", "brightness", "edges")]
control = {"area": stored.blind["area"]}
print()
xc.show("on the mark: a random map, brightness, edges", blind, control=control)

# %% [markdown]
r"""
Read it from left to right. Where the map error is large, nothing else in the line means much: the corner and the random order jump from pixel to pixel, and 64 gradients do not follow. Then compare the last two columns:
how much of the share on the mark is left if the network is ruined?

**Predict (11.P7).** On the clothes, every path has two numbers: its rank correlation with the other paths, and with the brightness of the picture. How do they compare?
"""

# %% tags=["question"]
xc.predict("11.P7")

# %% tags=["machinery"]
# The table of the clothes, and how many lines are nearer to brightness.
print(stored.text("clothes", [*heads, "other class", "ruined net"]))
lines = list(stored.at("clothes").values())
nearer = sum(line["brightness"] > line["agreement"] for line in lines)
control = {"paths": len(lines)}
xc.show("clothes: nearer to brightness than to the others", nearer, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 11.P7</summary>

(b). From black, each gradient is multiplied by the brightness. "Most methods agree on these pixels" may say: *these pixels are bright*. Blur IG, and the three whose start the network finds, agree with neither.
</details>

**The photos**, with EfficientNet-Lite0. Below the table: six of these maps of a cat, each divided by its own size, so that colours say *where*, not how much. Three of our methods need a model of the data (a *manifold*), which we have for the clothes only.
"""

# %% tags=["machinery"]
# The table of the photos, and how large the guided maps are.
print(stored.text("photos", [*heads, "edges", "other class"]))
photos = stored.at("photos")
ig, mixed = (photos[path]["length"] for path in ("straight (IG)", "random order"))
print()
for path in ("Guided, box 0.02", "Guided, free", "Guided, free, left rule"):
    control = {"random order": mixed / ig}
    size = photos[path]["length"] / ig
    xc.show(f"{path}: size of the map, in IGs", size, control=control)

# %% tags=["demo", "machinery"]
# Six maps of one photo.
cat = stored.photo("chelsea")
shown = ("straight (IG)", "random order", "Spectral", "Guided, free", "Geodesic", "AGI")
xc.plot.maps(
    {path: cat[path] / cat[path].abs().sum() for path in shown},
    alt="Six maps of one photo in coarse tiles, each with red and blue tiles in other "
    "places: the straight path, a random order, Spectral, Guided, Geodesic and AGI.",
)

# %% [markdown]
r"""
Read the map errors first: with 32 gradients most of these lines are far from their own path, and a gap says little about it. Then the last column: for *another class* most maps are nearly as large in the same places.

**A warning about led paths.** Guided, Greedy and Geodesic choose their way by gradients, step after step. A rounding error in the seventh digit can exchange two pixels in the order, and all later steps differ. On one photo we
found a gap of a few percent with one thread of the processor, and several times as much with two: the same code, the same photo. So these lines are **one run of one machine**. Read their size, not their digits; and before you trust a led map,
compute it twice, once in `float64` or with another batch size.

**A claim, tested: "Guided IG removes noise".** The lines under the table say how large the maps are. By the paper's own sum (the left rule) the guided map is **ten times smaller** than that of the straight path. So the claim is true of what the program prints. But its map error is near 100 percent: this is not what the path collects.
Summed by midpoints, the same path has a map of less than half the size; a *random order* has two thirds, and so has the guided path in the narrow box of the program. Part of the claim holds, most of it is the rule. And a small map is not a clean one: those that start near $x$ are smaller still.

## 9 · The panel

Left: a path in the plane. Middle: what each input collects, before the straight path in grey. Right: the stored map of the cat along such a path.

**Explore the panel** (4 minutes): run its cell to get the controls. Choose `way-point` and move it until a sign turns. Then the function `square` with `guided`: change the unit of $x_1$. At last `left` and `midpoint` with a few steps.
"""

# %% tags=["panel"]
end = x[None]
panel = xc.widgets.WayPanel(
    {"TOY net": (toy, x_toy), "square": (square, end)}, photo_maps=cat, way="x2 first"
)
panel

# %% tags=["drive", "machinery"]
# The panel, moved: its shares are those of sections 1 and 3.
panel.set(way="way-point", across=0.0, up=1.0, n=200)
assert panel.error is None
assert torch.allclose(panel.result.way.shares, ways["x2 first"].shares, atol=0.1)
panel.set(function="square", way="guided", unit="1/4")
pair = torch.tensor([36.0, 45.0], dtype=torch.float64)
assert torch.allclose(panel.result.way.shares, pair, atol=1)

# %% [markdown]
r"""
**The truth strip.** The three tests that end every lesson, here for Spectral IG with few steps: one photo, and three ruined networks.
"""

# %% tags=["demo", "machinery"]
# Spectral IG under the three tests, and two more ruined networks.
model = xc.zoo.load("efficientnet_lite0", device=xc.device())


def cosine(a, b):
    """Cosine between two maps."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


strip = xc.truth_strip(xc.spec("spectral_ig", steps=8), model=model, batch_size=4)
own = strip.own_share.mean()
xc.show("own half's share of |map|", own, control={"half of the area": 0.5})
chance = {"spread of random orders": strip.random_spread}
less = [round(float(value), 1) for value in strip.deletion]
xc.show("deletion minus random, cat and espresso", less, control=chance)
collage = xc.datasets.collage(device=xc.device())
absolute = [strip.absolute_cosine]
for seed in (1, 2):
    ruined = xc.evaluation.randomise_last_layer(model, seed)
    again = xc.spectral_ig(ruined, collage, target=285, steps=8, batch_size=4)
    absolute.append(cosine(strip.maps[0, 0].abs(), again[0].sum(0).cpu().abs()))
mixed = {"own pixels in random places": strip.shuffled_cosine}
xc.show("three ruined networks, |maps|: cosine", absolute, control=mixed)
xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Known answer.* The own half holds as much as its area: with 8 steps this path does not find the half.
- *Deletion.* For the espresso better than random, by a little more than the spread of the random orders; for the cat not at all. One photo: no verdict.
- *Ruined networks.* The absolute maps look alike, and most of this likeness remains when our own pixels stand in random places.

## 10 · Your model

Your own network, or torchvision's ResNet-18 (here with **random** weights, so that the cell runs offline). Three ways from black, each with its gap, and how like the straight map it is.

What to doubt, with your own weights: Is the gap of a way small enough to compare its map at all? Does another baseline change the map more than another way? And is a led path the same when you run it twice?
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=xc.device())
photo = xc.datasets.photo("chelsea", device=xc.device())
winner = int(mine(photo).argmax())
ask = {"steps": 8, "quadrature": "midpoint", "batch_size": 4}
first = xc.path_attribution(mine, photo, target=winner, **ask)
noise = torch.rand(photo.shape, generator=torch.Generator().manual_seed(0))
for way in ("power", "spectral", "random"):
    found = xc.path_attribution(
        mine, photo, target=winner, path=way, **ask, return_details=True
    )
    control = {"noise": cosine(noise, first.cpu()), "gap": float(found.relative_gap)}
    xc.show(
        f"{way}: cosine with straight", cosine(found.values, first), control=control
    )

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional. Which method of this lesson stands where:

| method | year | start | way | sum of the map | where |
|---|---|---|---|---|---|
| `guided_ig` | 2021 | given | small gradients first | the rise | sections 3, 5, 8 |
| `adversarial_gradient_integration` | 2021 | another class | climbing, back | rise from there | section 6 |
| `boundary_ig` | 2021 | the nearest boundary | straight | rise from there | A |
| `ig2` | 2024 | looks like a reference | down a distance, back | rise from there | B |
| `pattern_guided_ig` | 2020 | given | straight, patterns instead of weights | nothing known | C |
| `spectral_ig` | 2026 | given | coarse parts of the picture first | the rise | truth strip, D |
| `manifold_ig` | 2024 | its reconstruction | shortest way over the data | rise between reconstructions | E |
| `manifold_aligned_guided_ig` | 2026 | given | small gradients of the codes first | the rise | E |
| `tangentially_aligned_ig` | 2025 | chosen | straight | rise from there | E |
| `geodesic_ig` | 2025 | given | where the score changes little | the rise | F |
| `greedy_path_ig` | 2023 | given | most promising first | the rise | lesson 10, F |
| `path_attribution` | | any | corner, random, power and others | the rise | sections 2 and 4, G |

**Who descends from whom**: the whole family, by year. Orange: the methods of this lesson.
"""

# %% tags=["demo"]
xc.widgets.draw_family(
    "11",
    alt="A tree of the methods that descend from Integrated Gradients, from 2017 to "
    "2026. Ten are orange: those of this lesson.",
)

# %% [markdown]
r"""
### A · The nearest boundary

**Boundary IG** starts where the decision changes. For a linear score $w \cdot x$ this is the foot of the perpendicular, and the shares are those of the **squared** weights: the picture itself drops out.
"""

# %%
w = torch.tensor([1.0, 2.0, -2.0], dtype=torch.float64)
for point in ([1.0, 0.5, 0.2], [0.2, 0.9, -0.1]):
    here = torch.tensor([point], dtype=torch.float64)
    found = xc.boundary_ig(lambda p: p @ w - 0.5, here)[0]
    shares = [round(v, 3) for v in (found / found.sum()).tolist()]
    print(f"x = {point}: shares {shares}, w squared: [0.111, 0.444, 0.444]")
for seed, (pictures, labels, inside) in few.items():
    found = xc.boundary_ig(marks, pictures, target=labels, return_details=True)
    far = 255 * (pictures - found.endpoints[0]).abs().amax((1, 2, 3)).mean()
    control = {"AGI": 6, "from black": 240}
    xc.show(f"set {seed}: start, grey levels away", far, control=control)
    control = {"straight from black": on_mark(plain[seed][:12], inside)}
    xc.show("   share on the mark", on_mark(found.values, inside), control=control)

# %% [markdown]
r"""
As with AGI, the start is the picture with a little noise. But its share on the mark is near that of black: the nearest way over the boundary leads through the mark.

### B · A start that looks like a reference

**IG2** walks from $x$ down the distance between what the network makes of $x$ and of a **reference**, a picture of another class. Where the network's own view is the identity, this is Integrated Gradients from the reference.
"""

# %%
a, r = torch.tensor([[3.0, 1.0]]), torch.tensor([[0.0, -3.0]])


def score(p):
    """x1 squared, plus 2 x2."""
    return p[:, 0] ** 2 + 2 * p[:, 1]


same = xc.ig2(score, a, references=r, representation=lambda z: z, search=20, steps=20)
print("IG2 with the identity:", [round(v, 1) for v in same[0].tolist()])
ig = xc.integrated_gradients(score, a, baseline=r, steps=20)
print("IG from the reference:", [round(v, 1) for v in ig[0].tolist()])
more = xc.datasets.planted(60, seed=9)
for seed, (pictures, labels, inside) in few.items():
    wanted = (labels + 1) % 4
    index = [int((more.labels == k).nonzero()[0, 0]) for k in wanted]
    reference = more.x[index]
    ask = {"target": labels, "steps": 32, "quadrature": "midpoint"}
    found = xc.ig2(marks, pictures, references=reference[None], search=40, **ask)
    from_it = xc.path_attribution(marks, pictures, baselines=reference[None], **ask)
    control = {
        "straight from the reference": on_mark(from_it, inside),
        "straight from black": on_mark(plain[seed][:12], inside),
    }
    xc.show(f"set {seed}: IG2 on the mark", on_mark(found, inside), control=control)

# %% [markdown]
r"""
From the same reference, the way that IG2 finds puts more on the mark than the straight line does, in all sets.

### C · Patterns instead of weights

**Pattern-Guided IG** goes straight, but sends weight times pattern backwards (lesson 06). A weight times its pattern has no unit, so the sum is not the rise of anything. On the marks its map hardly changes for another class: see `other class` in the table.
"""

# %%
line = stored.at("marks")["Pattern-Guided"]
control = {"straight (IG)": stored.at("marks")["straight (IG)"]["other class"]}
xc.show("Pattern-Guided, own and another class", line["other class"], control=control)
control = {"straight (IG)": stored.at("marks")["straight (IG)"]["gap"]}
xc.show("   gap as a share of the rise", line["gap"], control=control)

# %% [markdown]
r"""
### D · Coarse parts first

**Spectral IG** cuts the picture into its singular components (each is one column of brightness times one line) and lets the largest come first. A component mixes pixels. So a pixel that equals its baseline moves on the way, and gets a share: the last one here is 0 in the picture.
"""

# %%
small = torch.tensor([[[[1.0, 2.0], [0.5, 0.0]]]])


def product(p):
    """The first pixel times the last one."""
    return p[:, 0, 0, 0] * p[:, 0, 1, 1]


for overlap in (0.4, 1.0):
    found = xc.spectral_ig(product, small, overlap=overlap).flatten().tolist()
    print(f"overlap {overlap}:", [round(v, 2) + 0.0 for v in found])

# %% [markdown]
r"""
With the overlap 1 all components come together: Integrated Gradients.

### E · Over the data

A **manifold** is what the data can look like: an autoencoder's decoder makes a picture of a few numbers, the *codes*. **Manifold IG** takes the shortest way over such pictures, between what the decoder makes of both ends. On a quarter of a circle, from $(1, 0)$ to $(0, 1)$:
"""

# %%
import types

circle = types.SimpleNamespace(
    encode=lambda p: p[:, 1:].atan2(p[:, :1]),
    decode=lambda z: torch.cat([z.cos(), z.sin()], 1),
)
start, end_point = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
ask = {"baseline": start, "manifold": circle}
found = xc.manifold_ig(lambda p: p[:, 0] ** 2, end_point, **ask)
print("x1 squared falls by 1; Manifold IG:", [round(v, 2) for v in found[0].tolist()])
turn = torch.linspace(0, torch.pi / 2, 201)[:, None]
points = torch.cat([turn.cos(), turn.sin()], 1)
middle = (points[1:] + points[:-1]) / 2
slopes = xc.gradient(lambda p: p[:, 0] ** 2, middle, target=None)
wrong = (end_point - start)[0] * slopes.mean(0)
print("whole way times mean gradient:", [round(v, 2) for v in wrong.tolist()])

# %%
auto = xc.zoo.fashion_autoencoder()
same = (clothes(auto(wear[0])).argmax(1) == clothes(wear[0]).argmax(1)).double().mean()
xc.show("pictures that keep their class", same, control={"chance": 0.1})
ask = {"target": clothes(wear[0]).argmax(1), "manifold": auto}
curved = xc.manifold_ig(clothes, wear[0], **ask)
led = xc.manifold_aligned_guided_ig(clothes, wear[0], **ask)
chosen = xc.tangentially_aligned_ig(
    clothes, wear[0], **ask, bounds=(0.0, 1.0), return_details=True
)
for name, m in {"Manifold": curved, "Manifold-Aligned": led}.items():
    control = {"straight": both_curves(wear[0], maps[0]["straight, black"], "black")}
    text = f"{name}, insertion - deletion, black fill"
    xc.show(text, both_curves(wear[0], m, "black"), control=control)
tried = chosen.extra["candidates"].mean(0)
control = {"from black": float(tried[0]), "from white": float(tried[1])}
share = chosen.extra["alignment"].mean()
xc.show("Tangential: part of the map within the data", share, control=control)

# %% [markdown]
r"""
What the decoder loses, Manifold IG cannot explain. **Tangentially Aligned IG** keeps the straight path and looks for the baseline whose map lies most within the directions in which the data vary. A map may get a high number there and hide
what the model really looks at.

### F · Where the score changes little

**Geodesic IG** bends the path so that the score rises evenly and goes round hills. Its promise: less comes and goes. The sum of |shares| can fall to the rise, and not below.
"""


# %%
def hill(p):
    """Rises with x1, with a hill in the way."""
    return p[:, 0] + 4 * torch.exp(-4 * (p - 0.7).square().sum(1))


ends = torch.tensor([[2.0, 1.0]]).double()
over, around = xc.integrated_gradients(hill, ends), xc.geodesic_ig(hill, ends)
for name, m in {"straight": over, "geodesic": around}.items():
    print(f"{name}: sum {float(m.sum()):.1f}, sum of sizes {float(m.abs().sum()):.1f}")
table = stored.at("photos")
for path in ("Geodesic", "Greedy"):
    control = {"straight (IG)": table["straight (IG)"]["length"]}
    xc.show(f"photos, {path}: sum of sizes", table[path]["length"], control=control)

# %% [markdown]
r"""
### G · Symmetric, but not straight

Is the straight line the only path that treats equal inputs alike? No: on the power path, $x'_i + d_i\, \alpha^{1 + |d_i|}$, an input's course depends on its own way $d_i$ alone. It is symmetric, and has other shares.
"""

# %%
for way in ("straight", "power"):
    pair = xc.path_attribution(toy, x_toy, path=way, steps=500)[0].tolist()
    print(f"TOY net, {way}: ({pair[0]:.1f}, {pair[1]:.1f})")
    alike = xc.path_attribution(
        lambda p: p[:, 0] * p[:, 1], torch.tensor([[2.0, 2.0]]), path=way, steps=100
    )[0].tolist()
    print(f"   x1 x2 from (0, 0) to (2, 2): ({alike[0]:.1f}, {alike[1]:.1f})")

# %% [markdown] tags=["references"]
r"""
## What to remember

- Every path gives a complete map. The sum is fixed by the ends, the shares and their signs by the path.
- A line integral multiplies each gradient by **its own** step.
- Guided paths depend on the unit of the inputs, and led paths on rounding errors.
- First the error of the sum, then the path: most of what the left rule gained was a wrong sum.
- A start that the network finds is an adversarial example: it asks what separates the picture from its nearest mistake.
- Start and fill weigh more than the way. A random way from the right start won.
- Agreement of many methods may be agreement with the brightness. Put it in the table.

**Where it fails next.** All paths of this lesson lead through pictures, where every value between two values has a meaning. Between two words there is none. Lesson 12 leaves the pixels.

## References

- A. Kapishnikov, S. Venugopalan, B. Avci, B. Wedin, M. Terry, T. Bolukbasi. *Guided Integrated Gradients: an Adaptive Path Method for Removing Noise*. 2021. [arXiv:2106.09788](https://arxiv.org/abs/2106.09788)
- D. Pan, X. Li, D. Zhu. *Explaining Deep Neural Network Models with Adversarial Gradient Integration*. 2021. [doi:10.24963/ijcai.2021/396](https://doi.org/10.24963/ijcai.2021/396)
- Z. Wang, M. Fredrikson, A. Datta. *Robust Models Are More Interpretable Because Attributions Look Normal*. 2021. [arXiv:2103.11257](https://arxiv.org/abs/2103.11257)
- R. Schwarzenberg, S. Castle. *Pattern-Guided Integrated Gradients*. 2020. [arXiv:2007.10685](https://arxiv.org/abs/2007.10685)
- Y. Zhuo, Z. Ge. *IG2: Integrated Gradient on Iterative Gradient Path for Feature Attribution*. 2024. [arXiv:2406.10852](https://arxiv.org/abs/2406.10852)
- E. Zaher, M. Trzaskowski, Q. Nguyen, F. Roosta. *Manifold Integrated Gradients: Riemannian Geometry for Feature Attribution*. 2024. [arXiv:2405.09800](https://arxiv.org/abs/2405.09800)
- S. Salek, J. Enguehard. *Using the Path of Least Resistance to Explain Deep Networks*. 2025. [arXiv:2502.12108](https://arxiv.org/abs/2502.12108)
- L. Simpson and others. *Tangentially Aligned Integrated Gradients for User-Friendly Explanations*. 2025. [arXiv:2503.08240](https://arxiv.org/abs/2503.08240)
- S. Kim, S. Lim, K. Lee, J. Choi. *Spectral Integrated Gradients*. 2026. [arXiv:2605.19607](https://arxiv.org/abs/2605.19607)
- *Manifold-Aligned Guided Integrated Gradients*. 2026. [arXiv:2605.02167](https://arxiv.org/abs/2605.02167)
- M. Sundararajan, A. Taly, Q. Yan. *Axiomatic Attribution for Deep Networks*. 2017. [arXiv:1703.01365](https://arxiv.org/abs/1703.01365)
"""
