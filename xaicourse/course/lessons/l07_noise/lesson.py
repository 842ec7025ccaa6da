# %% [markdown] tags=["header"]
r"""
# 07 · Noise (2017): which part of a map survives another draw?

| | |
|---|---|
| **Papers** | D. Smilkov and others, *SmoothGrad: removing noise by adding noise*, 2017, [arXiv:1706.03825](https://arxiv.org/abs/1706.03825); VarGrad: J. Adebayo and others, 2018, [arXiv:1810.03292](https://arxiv.org/abs/1810.03292); NoiseGrad and FusionGrad: K. Bykov and others, 2021, [arXiv:2106.10185](https://arxiv.org/abs/2106.10185) |
| **Time** | 75 minutes: 43 to read and try, 32 for the three tasks. "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient, saliency map, the TOY net) |
| **Repairs** | a failure of lesson 01: change each number of the photo by about one grey level, which nobody sees, and the gradient map is another one. |
| **Practise** | the sheet `exercises/07_noise.ipynb` |
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits


def normal(*shape, seed=0):
    """Random numbers with mean 0 and standard deviation 1, the same at each call."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# %% [markdown]
r"""
## 1 · One grey level

We give each photo a noisy twin: each number moves by about **one grey level** (1/255). You cannot see it. We compare the two gradients by their cosine: 1 for the same direction, 0 for nothing in common.

**Predict (07.P1).** Of five photos the network is sure of two (espresso and camera, probability 0.9 and more) and unsure of three (cat, rocket, brick wall). Whose gradient, with signs, is most like that of its twin?
"""

# %% tags=["question"]
xc.predict("07.P1")

# %% tags=["demo"]
photos, pairs, sure = {}, {}, {}
for name in ("coffee", "chelsea", "camera", "rocket", "brick"):
    photo = xc.datasets.photo(name, device=device)  # (1, 3, 224, 224), in [0, 1]
    twin = photo + normal(*photo.shape).to(device) / 255
    both = torch.cat([photo, twin])
    chances = model(photo)[0].softmax(0)
    target = int(chances.argmax())  # the class that wins at the photo
    photos[name], sure[name] = (photo, target), float(chances[target])
    pairs[name] = xc.gradient(model, both, target=target).split(1)
xc.plot.maps(
    dict(zip(("gradient of the photo", "of its twin"), pairs["coffee"], strict=True)),
    photo=photos["coffee"][0],
    tile=4,
    alt="A photo of an espresso and two signed gradient maps on one scale, for the "
    "photo and for the photo with noise of one grey level.",
)


# %%
def cosine(a, b):
    """Cosine between two maps."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


places = torch.randperm(photo.numel(), generator=torch.Generator().manual_seed(0))
for name, (here, there) in pairs.items():
    mixed = cosine(here, there.flatten()[places.to(device)])
    turned = (here * there < 0).double().mean()
    control = {"same numbers in random places": round(abs(mixed), 1)}
    text = f"{name} (probability {sure[name]:.2f}): cosine with its twin"
    xc.show(text, cosine(here, there), control=control)
    xc.show("   share of signs that turned", turned, control={"coin": 0.5})

# %% [markdown] tags=["goals"]
r"""
<details><summary>Answer to 07.P1</summary>

(b): the cat, with 0.71, although the network gives it no more than 0.4. A sure network is no help: espresso and camera
lie in the middle. The eye finds the two maps of the espresso alike, because both are loud in the same places. But
more than a quarter of the signs have turned.
</details>

A map that changes when nothing changes cannot be an answer to "why espresso?". In 2017 came a repair of one line: **make many noisy copies on
purpose, and average their gradients.**

**The goals of this lesson**

- **G1** you can compute SmoothGrad, and say of which function it is the gradient.
- **G2** you can put an error bar on each pixel, and say which part of a map is signal.
- **G3** you can say what sigma asks, and why a smoother map is no better evidence.
- **G4** you can tell SmoothGrad from averages of sizes, squares and variances.
"""

# %% [markdown] tags=["symbols"]
r"""
## 2 · Average over the noise

Three new symbols:

- $\varepsilon$ ("epsilon") is one draw of noise, shaped as the input: $\sigma$ times normal numbers with mean 0 and standard deviation 1.
- $\sigma$ ("sigma") is the standard deviation of the noise: how far a number typically moves. In this lesson 1 is the way from black to white.
- $\mathrm{SE}$ is the **standard error**: how far an average typically is from what it would be with endless draws.

With $n$ draws $\varepsilon_1, \dots, \varepsilon_n$ the method is

$$\mathrm{SmoothGrad}(x) = \frac1n \sum_{s=1}^{n} \nabla F(x + \varepsilon_s)$$

$\nabla F$ is the gradient of the score $F$. The gradients keep their signs.

*A small example.* $F(x) = x^3$ at $x = 1$ with the draws $0.5$ and $-0.5$: the slopes $3x^2$ at the copies are $6.75$ and $0.75$, so
SmoothGrad says $3.75$. The gradient at $1$ is $3$.
"""

# %% [markdown]
r"""
### Task 07.1 · SmoothGrad by hand

**Goal** G1 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

Write SmoothGrad. The noise is given, so that your result can be compared.

| argument | meaning |
|---|---|
| `gradient` | a function: points (M, ...) to their gradients (M, ...) |
| `x` | the inputs, (N, ...) |
| `noise` | n draws with standard deviation 1, (n, ...), each shaped as **one** input |
| `sigma` | the standard deviation that the noise should have, in units of x |
| **returns** | the mean gradient over the n noisy copies, (N, ...), with signs |

Each draw is added to all N inputs. Draw no random numbers of your own.

Leave the arguments as they are: work on a copy where you need one. Stuck? `xc.hint("07.1")`.
"""


# %% tags=["task"]
def my_smoothgrad(gradient, x, noise, sigma):
    """Return the mean gradient over noisy copies of x, (N, ...)."""
    ### BEGIN SOLUTION
    # STUB: total = torch.zeros_like(x)
    # STUB: for draw in noise:
    # STUB:     ...  # one noisy copy of all inputs, and its gradient
    # STUB: return ...
    total = torch.zeros_like(x)
    for draw in noise:  # draw has the shape of one input
        total = total + gradient(x + sigma * draw)
    return total / len(noise)
    ### END SOLUTION


# %% tags=["check"]
xc.check("07.1", my_smoothgrad)

# %% [markdown] tags=["fold"]
r"""
- `x + sigma * draw`: every copy starts from `x`. Write `x = x + sigma * draw`, and the noise piles up.
- No `abs`, no square: SmoothGrad averages slopes *with* their signs. Only then is the result the slope of the smoothed score.
- No clipping to [0, 1]: it would shift the mean of the copies.
- The mean divides by n. The n - 1 belongs to a variance.
"""

# %% [markdown]
r"""
From here on the lesson uses **your** function. We take a small net for pictures of clothes, and an ankle boot.
"""

# %%
smooth = xc.or_reference("07.1", my_smoothgrad)
# Two small nets. The CPU is best for them.
clothes = xc.zoo.load("fashion_cnn", device="cpu")
boot = xc.datasets.fashion_mnist(n=1).x  # (1, 1, 28, 28)
BOOT = 9


def boot_gradient(points):
    """Gradient of the logit of ankle boot: (M, 1, 28, 28) -> (M, 1, 28, 28)."""
    return xc.gradient(clothes, points, target=BOOT, batch_size=256)


draws = normal(512, 1, 28, 28)
steps = {f"n = {n}": smooth(boot_gradient, boot, draws[:n], 0.1) for n in (1, 8, 512)}
package = xc.smoothgrad(
    clothes, boot, target=BOOT, sigma=0.1, relative=False, samples=8
)
assert torch.allclose(steps["n = 8"], package, atol=1e-4)
xc.plot.maps(
    {"gradient": boot_gradient(boot), **steps},
    photo=boot,
    columns=5,
    alt="A picture of an ankle boot, its gradient map, and the average of 1, 8 and "
    "512 maps of noisy copies, on one colour scale.",
)

# %% [markdown]
r"""
The package gives the same numbers (the `assert`), with sigma in units of the picture: `relative=False`. By default it is a share of the picture's range, as in the paper.

With more copies the speckle fades. **But is what stays the gradient, only cleaner?** Compare the first map with the last one.

## 3 · The slope of a smoother function

SmoothGrad tends to

$$\mathbb{E}\, \nabla F(x + \varepsilon) = \nabla F_\sigma(x), \qquad F_\sigma(x) = \mathbb{E}\, F(x + \varepsilon),$$

the exact gradient of **another function**: $F$ smoothed by the noise. ($\mathbb{E}$ is the mean over endless draws.) Take one relu. Its slope is a
step: 0 on the left, 1 on the right. Under noise, the slope is the *chance* that the relu is open.
"""

# %% tags=["demo", "machinery"]
left, right = torch.linspace(-3, 0, 13), torch.linspace(1e-6, 3, 13)  # of the step
line = torch.cat([left, right]).double()[:, None]  # 26 places
many = normal(2000, 1).double()
slopes = {"gradient": (line > 0).double()[:, 0]}
for sigma in (0.5, 2.0):
    found = smooth(lambda p: (p > 0).double(), line, many, sigma)[:, 0]  # relu's slope
    exact = torch.special.ndtr(line[:, 0] / sigma)  # chance that x + noise is above 0
    assert ((found - exact).abs() < 0.05).all()
    slopes[f"SmoothGrad, sigma {sigma}"] = found
xc.plot.series(
    line[:, 0],
    slopes,
    x_name="x",
    y_name="slope of relu",
    alt="The slope of a relu over x from -3 to 3: a step for the gradient, a steep and "
    "a flat S for SmoothGrad with sigma 0.5 and 2.",
)

# %% [markdown]
r"""
Now the TOY net of lesson 01 at $(3, 1)$, with $\sigma = 1$. Noise moves the sum inside a unit by $\sigma$ times the length of its weights. So each
gate, on or off before, becomes the chance to be open. Unit 1: its weights $(1, -1)$ have the length $1.41$, and a normal number lies below $2 / 1.41$ with the chance $0.92$ (in code `torch.special.ndtr(2 / 2**0.5)`).

| unit | sum inside | gate at $x$ | chance to be open | adds to the slope, gate fully open |
|---|---|---|---|---|
| 1 | $2$ | on | $0.92$ | $(2, -2)$ |
| 2 | $-2$ | off | $0.19$ | $(-3, 6)$ |
| 3 | $3$ | on | $0.98$ | $(-1, -1)$ |

Chance times slope, added up: $(0.30, -1.71)$. The gradient is $(1, -3)$. So SmoothGrad is no cleaner gradient. It answers another question.

**Predict (07.P2).** Let $\sigma$ grow without end. What does SmoothGrad tend to at $(3, 1)$?
"""

# %% tags=["question"]
xc.predict("07.P2")

# %%
toy = xc.zoo.toy()  # (N, 2) -> (N,)
drawn = normal(300, 2).double()
many = torch.cat([drawn, -drawn])  # each draw and its mirror image: their mean is 0
for point in ([3.0, 1.0], [1.0, 3.0]):
    x = torch.tensor([point], dtype=torch.float64)
    for sigma in (0.01, 1, 1000):
        # target=None: the TOY net has one score only
        a, b = smooth(lambda p: xc.gradient(toy, p, target=None), x, many, sigma)[0]
        print(f"x = {point}, sigma {sigma}: ({float(a):.1f}, {float(b):.1f})")

# %% [markdown]
r"""
<details><summary>Answer to 07.P2</summary>

(a). With endless noise each gate is open half of the time, wherever $x$ is. Half of the last column adds up to $(-1, 1.5)$, for every other input as well. A large sigma does not explain your input any more. It explains the weights.
</details>

## 4 · An error bar for each pixel

Before you believe a map, ask what another draw of the noise would show. The $n$ maps know it: they have a mean and a
**standard deviation** at each pixel. The standard deviation says how far one more map lies from the mean. The error of the *mean* is smaller:

$$\mathrm{SE} = \frac{\text{standard deviation over the } n \text{ maps}}{\sqrt n}.$$

So four times as many copies halve the SE. But it is made of the same draws as the mean. On the TOY net we know the true error, from the chances above.

**Predict (07.P3).** In the table, unit 2 makes most of the noise. How long is the true error with 16 copies (in the mean over many runs), as a share of the length of the exact map $(0.30, -1.71)$? (Whether the SE knows it, the next cell prints, too.)
"""

# %% tags=["question"]
xc.predict("07.P3")

# %% tags=["demo", "machinery"]
sizes = [4, 16, 64, 256]
chance = torch.special.ndtr(torch.tensor([2, -2, 3]) / torch.tensor([2, 5, 2]).sqrt())
exact = (chance @ torch.tensor([[2.0, -2.0], [-3.0, 6.0], [-1.0, -1.0]])).double()
cloud = xc.zoo.toy_input() + normal(400, 256, 2).double()  # 400 runs, 256 copies each
runs = xc.gradient(toy, cloud.flatten(0, 1), target=None, batch_size=5000)
runs = runs.unflatten(0, (400, 256))  # (400, 256, 2)
maps = boot_gradient(boot + 0.1 * draws)  # (512, 1, 28, 28): one map for each copy
errors = {"TOY net, true error": [], "TOY net, SE": [], "boot, SE": []}
for n in sizes:
    off = (runs[:, :n].mean(1) - exact).square().sum(1).mean().sqrt() / exact.norm()
    bar = (runs[:, :n].var(1).sum(1).mean() / n).sqrt() / exact.norm()
    boot_bar = (maps[:n].var(0).sum() / n).sqrt() / maps.mean(0).norm()
    for curve, value in zip(errors.values(), (off, bar, boot_bar), strict=True):
        curve.append(float(value))
off, bar = (errors[f"TOY net, {name}"][1] for name in ("true error", "SE"))
xc.show("16 copies: error, as a share of the map", off, control={"by the SE": bar})
xc.plot.series(
    torch.tensor(sizes),
    {name: torch.tensor(curve).log2() for name, curve in errors.items()},
    x_name="n, copies (four times as many at each step)",
    y_name="log2 of error (1 lower: half)",
    doubling=True,
    alt="Three falling lines over n = 4, 16, 64, 256: the logarithm of the true error "
    "on the TOY net, and of the standard errors on the TOY net and on the boot.",
)

# %% [markdown]
r"""
<details><summary>Answer to 07.P3</summary>

(d). Unit 2 opens in a fifth of the copies, and then moves the slope by $(-3, 6)$, several times the length of the map. The printed line says how far: a little less than one half, and the SE knows it. In the figure the SE lies on the true error even with 4 copies. Both fall by 1 at each step, on the boot as well: four times as many copies halve the error.
</details>

A single run with 4 copies may miss a gate, and then its SE is far too small: an error bar needs a dozen copies or more.
"""

# %% [markdown]
r"""
### Task 07.2 · Whose sign is certain?

**Goal** G2 · **Level** 2 of 5 · **Minutes** 10 · **Importance** 5 of 5

You have the maps of n noisy copies, one by one. At which pixels is the sign of their mean certain?

| argument | meaning |
|---|---|
| `maps` | (n, ...): one map for each noisy copy |
| **returns** | (...): True where the mean is **more than two standard errors** away from 0 |

The standard error of a mean is (standard deviation over the n maps, with $n - 1$ in its denominator) divided by $\sqrt n$.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def certain_sign(maps):
    """Return where the mean is more than two standard errors away from 0."""
    ### BEGIN SOLUTION
    # STUB: mean = ...  # over the maps
    # STUB: error = ...  # of this mean
    # STUB: return ...
    mean = maps.mean(dim=0)
    error = maps.std(dim=0) / len(maps) ** 0.5
    return mean.abs() > 2 * error
    ### END SOLUTION


# %% tags=["check"]
xc.check("07.2", certain_sign)

# %% [markdown] tags=["fold"]
r"""
The *spread* says how far one more map will lie from the mean. The *standard error* says how far the mean itself may be off: spread
$/\sqrt n$. Both directions count, so compare the size of the mean. And the maps keep their signs: the mean of sizes is never near 0, not even for pure noise.

Of pure noise 5 % pass this test by chance, with many copies: about 39 of the boot's pixels. A single certain pixel is no finding.
"""

# %% [markdown]
r"""
### Task 07.3 · Which part is signal?

**Goal** G2 · **Level** 3 of 5 · **Minutes** 10 · **Importance** 4 of 5

Now one number for the whole map. At each pixel mean = signal + error. The error has mean 0, so on average $\text{mean}^2 = \text{signal}^2 + \mathrm{SE}^2$. Hence

$$\text{signal share} = 1 - \frac{\sum_i \mathrm{SE}_i^2}{\sum_i \text{mean}_i^2}$$

| argument | meaning |
|---|---|
| `maps` | (n, ...): one map for each noisy copy |
| **returns** | one number |

$\mathrm{SE}_i^2$ is the variance over the n maps, with $n - 1$ in its denominator, divided by $n$. Without any signal the number may fall below 0. Do not clip it.

Leave the arguments as they are: work on a copy where you need one.
"""


# %% tags=["task"]
def signal_share(maps):
    """Return the part of the mean map's squared length that is signal."""
    ### BEGIN SOLUTION
    # STUB: mean = ...
    # STUB: noise_part = ...  # the squared standard error of each entry
    # STUB: return ...
    mean = maps.mean(dim=0)
    noise_part = maps.var(dim=0) / len(maps)
    return 1 - noise_part.sum() / mean.square().sum()
    ### END SOLUTION


# %% tags=["check"]
xc.check("07.3", signal_share)

# %% [markdown] tags=["fold"]
r"""
Squares add up, sizes do not. Add first, divide once: pixels with a mean near 0 would otherwise count for everything. With $n - 1$ the estimate is right on average, and so is a value below 0 now and then: clip it, and
pure noise gets a positive share on average.

The number is also a forecast: two runs with the same n and other draws have about this cosine.
"""

# %%
certain = xc.or_reference("07.2", certain_sign)
share_of = xc.or_reference("07.3", signal_share)
pure = normal(512, 1, 28, 28, seed=5)  # "maps" without any signal
for n in (8, 64, 256):
    sure, by_chance = (certain(m[:n]).double().mean() for m in (maps, pure))
    xc.show(f"n = {n}: share certain", sure, control={"pure noise": by_chance})
    control = {"pure noise": round(float(share_of(pure[:n])), 1)}
    xc.show("   signal share", share_of(maps[:n]), control=control)
    once_more, nothing = (
        cosine(m[:n].mean(0), m[256 : 256 + n].mean(0)) for m in (maps, pure)
    )
    control = {"pure noise": round(abs(nothing), 1)}
    xc.show("   cosine with a second run", once_more, control=control)

twin = boot + normal(*boot.shape, seed=1) / 255  # and with other draws, too
again = smooth(boot_gradient, twin, normal(512, 1, 28, 28, seed=1), 0.1)
plain = cosine(boot_gradient(boot), boot_gradient(twin))
control = {"the gradients of both": plain}
xc.show("boot and its twin: cosine", cosine(maps.mean(0), again), control=control)

# %% [markdown]
r"""
The signal share of one run forecasts the second one. (Pure noise gets 0, give or take chance.) And **the failure of lesson 01 is repaired** on this net, for 512 copies: one
grey level of noise *and* other draws leave almost the same map.

## 5 · How much noise?

A larger sigma promises a calmer map. Is it a better one? Looks cannot tell, so we take pictures with a **known answer**. Each shows four marks of
5 x 5 pixels, and only one of them decides the class. A good map has its 25 strongest pixels inside that mark. The plain gradient has a third of them there. Pixels go from 0 (black) to 1, and a mark is brighter than its background by about 0.6.

We also watch whether *neighbours* in a map are alike (a calm map), and the maps of *other pictures* (a forgetful one).

**Predict (07.P4).** With which of four sigmas do most of the strongest pixels lie inside the mark?
"""

# %% tags=["question"]
xc.predict("07.P4")


# %% tags=["machinery"]
def hits(maps, inside):
    """How many of the 25 strongest pixels lie inside the mark, as a share: (N,)."""
    strongest = maps.abs().flatten(1).topk(25).indices  # of (N, 1, H, W)
    return inside.flatten(1).gather(1, strongest).double().mean(1)


def alike(maps, labels):
    """Correlation of neighbours, and of the maps of different pictures of a class."""
    maps = maps - maps.mean((1, 2, 3), keepdim=True)  # cosines become correlations
    plus = torch.nn.functional.normalize(maps[labels == 0].flatten(1))
    others = (plus @ plus.T)[~torch.eye(len(plus), dtype=torch.bool)].mean()
    return cosine(maps[..., 1:], maps[..., :-1]), float(others)


# %% tags=["demo"]
marks = xc.zoo.load("planted_cnn", device="cpu")  # four classes


def smooth_each(pictures, target, noise, sigma, change=lambda gradient: gradient):
    """SmoothGrad of all pictures, class by class: each has its own target."""
    maps = torch.zeros_like(pictures)
    for k in range(4):

        def slope(points, k=k):
            return change(xc.gradient(marks, points, target=k))

        own = target == k
        maps[own] = smooth(slope, pictures[own], noise, sigma)
    return maps


# %% tags=["demo"]
sigmas = [0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6]
sets, found, wrong, kept, likeness = {}, {}, [], [], []
for seed in (3, 2, 1):  # three sets of 24 pictures, each with its own draws
    pictures, labels, inside = xc.datasets.planted(24, seed=seed)
    copies = normal(20, *pictures.shape[1:], seed=seed)
    averages = {
        s: smooth_each(pictures, labels, copies if s else copies[:1], s) for s in sigmas
    }
    sets[seed] = pictures, labels, inside, copies, averages
    found[seed] = torch.stack([hits(maps, inside) for maps in averages.values()])
    other = smooth_each(pictures, (labels + 1) % 4, copies, 0.1)
    wrong.append(hits(other, inside).mean())
    best = marks(pictures + 0.1 * copies[0]).argmax(1)
    kept.append((best == labels).double().mean())
    likeness.append([alike(maps, labels) for maps in averages.values()])

# %% tags=["demo", "machinery"]
curves = {f"inside the mark, set {seed}": v.mean(1) for seed, v in found.items()}
neighbours, others = torch.tensor(likeness).mean(0).T
curves |= {"neighbours alike": neighbours, "other pictures alike": others}
curves["share of the area"] = torch.full((7,), float(inside.double().mean()))
xc.plot.series(
    torch.tensor(sigmas),
    curves,
    x_name="sigma (0: the plain gradient)",
    y_name="share, or correlation",
    doubling=True,
    alt="Six curves over sigma from 0 to 1.6: for three sets of pictures, how many of "
    "the 25 strongest pixels hit the mark; how like each other neighbours are, and the "
    "maps of other pictures; and the area of the mark.",
    height=2.8,
)

# %%
every = torch.cat(list(found.values()), dim=1)  # (7, 72): all pictures


def gain(a, b):
    """The mean difference over the pictures, and its standard error."""
    change = every[sigmas.index(a)] - every[sigmas.index(b)]
    return [float(change.mean()), float(change.std()) / len(change) ** 0.5]


area = float(inside.double().mean())
control = {"area": area, "map of another class": float(sum(wrong)) / 3}
for s in (0.0, 0.1, 1.6):
    value = every[sigmas.index(s)].mean()
    xc.show(f"sigma {s}: inside the mark", value, control=control)
for a, b in ((0.1, 0.0), (0.4, 0.0), (0.1, 0.05), (0.1, 0.2)):
    xc.show(f"sigma {a} against {b}: gain and its SE", gain(a, b))
right = float(sum(kept)) / 3
xc.show(
    "sigma 0.1: copies that keep their class, share", right, control={"chance": 0.25}
)

# %% tags=["demo", "machinery"]
one = slice(2, 3)
shown = {f"sigma {s}": averages[s][one] for s in (0.0, 0.1, 0.4, 1.6)}
shown = {name: values / values.norm() for name, values in shown.items()}
xc.plot.maps(
    {"the mark": inside[one].float() / 5, **shown},
    photo=pictures[one],
    columns=6,
    unit="each map has length 1",
    alt="A grey picture with four marks, the place of the mark that decides, and "
    "four signed maps with sigma 0, 0.1, 0.4 and 1.6, each divided by its length.",
)

# %% [markdown]
r"""
<details><summary>Answer to 07.P4</summary>

(b). A small sigma helps, on all three sets: the gain at 0.1 is many times its SE. From 0.05 to 0.2 little is at stake: 0.1 is ahead of
both by a third of the gain, about three SE, and we chose it after looking.
From 0.4 on the map is worse
than the plain gradient. Neighbours are more alike at every sigma than without noise, also where the mark is lost. And the maps
of *different pictures* become almost the same map.
</details>

We know the best sigma only because we know the answer. And at sigma 0.1 this net knows its noisy copies **no better than chance**: SmoothGrad
explains the score of pictures **that the net would call something else**, and still finds the mark more often. Sigma is a question: *which neighbourhood do you mean?* Report it, and how many copies keep their class.

## 6 · Sizes first is another method

Many programs average the **sizes** $|\nabla F|$ or the squares. (PAIR's library `saliency` averages squares unless it is told otherwise.) Sizes cannot cancel, so
the map looks calm after a few copies. Four averages of the same draws: at one pixel of the boot, and for $F(x) = 3x$.
"""

# %%
place = 7 * 28 + 12  # where the slope turns most
threes = torch.full((512,), 3.0)
for name, slopes in {"the pixel": maps.flatten(1)[:, place], "3 x": threes}.items():
    mean, size = abs(float(slopes.mean())), float(slopes.abs().mean())
    square, variance = float(slopes.square().mean()), float(slopes.var())
    print(f"{name}: SmoothGrad {mean:.1f}, sizes first {size:.1f}, ", end="")
    print(f"squares {square:.1f}, variance (VarGrad) {variance:.1f}")


# %% tags=["machinery"]
def whole(values, inside):
    """The share of each whole map that lies inside the mark, (N,)."""
    values = values.abs()
    return (values * inside).sum((1, 2, 3)) / values.sum((1, 2, 3))


measures = {"strongest pixels": hits, "share of the whole map": whole}
scores = {name: {"plain": [], "with signs": [], "sizes": []} for name in measures}
for pictures, labels, inside, copies, averages in sets.values():
    sizes = smooth_each(pictures, labels, copies, 0.1, torch.abs)
    ways = {"plain": averages[0.0], "with signs": averages[0.1], "sizes": sizes}
    for name, measure in measures.items():
        for way, values in ways.items():
            scores[name][way].append(measure(values, inside))
for name, found_by in scores.items():
    plain, signs, sizes = (torch.cat(parts).double() for parts in found_by.values())
    control = {"plain gradient": plain.mean(), "with signs": signs.mean(), "area": area}
    xc.show(f"sizes first, {name}: inside the mark", sizes.mean(), control=control)
    change = sizes - signs
    values = [float(change.mean()), float(change.std()) / len(change) ** 0.5]
    xc.show("   gain over with signs, and its SE", values)

# %% [markdown]
r"""
At this pixel the slope is as often above 0 as below: SmoothGrad says 0, the sizes do not. They answer *how restless is the slope around here?* And VarGrad
gives $3x$, the one feature that decides everything, a **0**: a constant slope has no variance. Squares are the sum of both: SmoothGrad$^2$ + VarGrad.

On the marks: by the 25 strongest pixels, sizes are a little ahead. By the share of the whole map, they are behind even **one plain gradient**.
Two measures, two verdicts. Say which average you used.

## 7 · Back to the espresso

Now the paper's recipe on the real network: $n = 50$ copies, sigma 0.15 of the picture's range. And a second run with other draws.

We compare them pixel by pixel, and in tiles of 4 x 4 and of 16 x 16 pixels, each tile with its mean. The same is done with the two gradients of section 1, photo and twin: pixel by pixel their cosine was 0.48.

**Predict (07.P5).** Where are two runs of SmoothGrad more alike than these two gradients?
"""

# %% tags=["question"]
xc.predict("07.P5")

# %% tags=["demo"]
coffee, ESPRESSO = photos["coffee"]
first, second = pairs["coffee"]
run = xc.smoothgrad(
    model, coffee, target=ESPRESSO, sigma=0.15, samples=50, return_details=True
)
again = xc.smoothgrad(model, coffee, target=ESPRESSO, sigma=0.15, samples=50, seed=1)
mean, se = run.values, run.standard_error.to(run.values)
signal = 1 - se.square().sum() / mean.square().sum()
xc.show("signal share, from one run", signal, control={"pure noise": 0})
sure = (mean.abs() > 2 * se).double().mean()
xc.show("share of certain signs", sure, control={"pure noise": 0.05})


def tiles(values, size):
    """Channels added, then the mean of each tile of size x size pixels."""
    return torch.nn.functional.avg_pool2d(values.sum(1), size)


for size in (1, 4, 16):
    pair = tiles(mean, size), tiles(again, size)
    plain = cosine(tiles(first, size), tiles(second, size))
    control = {"gradients of photo and twin": plain}
    xc.show(f"tiles of {size}: cosine of two runs", cosine(*pair), control=control)

# %% tags=["demo", "machinery"]
shown = {"gradient": first, "SmoothGrad": mean, "other draws": again}
xc.plot.maps(
    {name: values / values.norm() for name, values in shown.items()},
    photo=coffee,
    tile=4,
    unit="each map has length 1",
    alt="A photo of an espresso, its gradient, and SmoothGrad with two sets of draws.",
)

# %% tags=["machinery"]
for name, (photo, target) in photos.items():
    copies = photo + 0.15 * normal(8, *photo.shape[1:], seed=2).to(device)
    kept = (model(copies).argmax(1) == target).double().mean()
    xc.show(
        f"{name}: copies that keep their class, share", kept, control={"chance": 0.001}
    )

# %% [markdown]
r"""
<details><summary>Answer to 07.P5</summary>

(c). At single pixels, SmoothGrad with the usual settings repeats itself on this photo **no better** than the gradient under one grey level. The signal share said so from the first run alone.

In a tile the noise of neighbours cancels, and the signal does not: two runs agree to 0.92 in tiles of 16 x 16 pixels. **The gradients of photo and twin agree better in tiles, too**, but SmoothGrad is ahead.
</details>

We ran the other four photos as well. In these tiles SmoothGrad is ahead on all five; at single pixels on three. Show a map at the resolution at which it repeats itself.

Is the neighbourhood a fair one? For espresso and camera, yes: every copy keeps its class. For the other three photos most copies do not.

**Explore the panel** (4 minutes). Find, with sigma 0.1, the $n$ at which half of the signs are certain. Then: the sigma at which half of the copies lose their class; what happens to the standard error
when you average sizes first; whether the map is certain at sigma 3, and *about* what.
"""

# %% tags=["panel"]
panel = xc.widgets.NoisePanel(
    clothes, boot, target=BOOT, labels=xc.datasets.FASHION_MNIST_CLASSES
)
panel

# %% tags=["drive", "machinery"]
panel.set(sigma=3.0, samples=512)  # for the end of your search
assert panel.error is None
view = panel.result
control = {"pure noise": 0.05}
xc.show("sigma 3: share of certain signs", view.average.certain_share, control=control)
xc.show(
    "   copies that keep their class, share", view.kept_share, control={"chance": 0.1}
)
panel.set(sigma=0.1, samples=8)

# %% [markdown]
r"""
<details><summary>What you find</summary>

With about 24 copies half of the signs are certain. Between sigma 0.1 and 0.2 half of the boots are lost. Sizes first have a smaller standard error. At sigma 3, with 512 copies, three quarters of the signs are certain, and hardly one copy is a boot. **An error bar measures the noise of the average. It does not
say that the question was a good one.**
</details>

## 8 · Is it right? The truth strip

The three tests of every lesson, on one photo. SmoothGrad hangs on its draws, so one run is no verdict: here are **three**, with 10 copies each, beside the plain gradient and
Saliency (one gradient without its signs).
"""


# %% tags=["demo", "machinery"]
# The tests of the strip, for two more runs, the gradient and Saliency.
def smoothgrad(net, x, target, seed):
    """A run with 10 copies, channels added: (N, 1, H, W)."""
    maps = xc.smoothgrad(net, x, target=target, samples=10, seed=seed)
    return maps.sum(1, keepdim=True)


def falling(maps):
    """Mean logit while patches are blurred, the most important first: (2,)."""
    settings = {"imputer": "blur", "output": "logit", "unit": 14, "steps": 16}
    return xc.evaluation.deletion(model, both, maps, classes, **settings).values.cpu()


# %% tags=["demo", "machinery"]
# Half a minute: the strip of the first run, then the maps of all others.
strip = xc.truth_strip(xc.spec("smoothgrad", samples=10), model=model)
both = xc.datasets.collage(device=device).repeat(2, 1, 1, 1)  # cat left, coffee right
halves = torch.stack(xc.datasets.collage_masks(device=device))
classes = torch.tensor([285, 967], device=device)  # cat, espresso
runs = {seed: smoothgrad(model, both, classes, seed) for seed in (0, 1, 2)}
others = {
    "gradient": xc.gradient(model, both, target=classes).sum(1, keepdim=True),
    "saliency": xc.saliency(model, both, target=classes).sum(1, keepdim=True),
}
fall = {key: falling(maps) for key, maps in (runs | others).items()}

# %% tags=["demo", "machinery"]
chance = fall[0] - strip.deletion  # of random orders: the same for all maps
for place, name in enumerate(("cat", "espresso")):
    deleted = {key: float((value - chance)[place]) for key, value in fall.items()}
    control = {other: deleted[other] for other in others}
    control["spread of random orders"] = float(strip.random_spread[place])
    three = [deleted[seed] for seed in runs]
    xc.show(f"{name}: deletion minus random, three runs", three, control=control)
    own = {
        key: float((maps[place].abs() * halves[place]).sum() / maps[place].abs().sum())
        for key, maps in (runs | others).items()
    }
    control = {"half of the area": 0.5} | {other: own[other] for other in others}
    three = [own[seed] for seed in runs]
    xc.show("   own half's share, three runs", three, control=control)

# %% tags=["demo", "machinery"]
ruined = xc.evaluation.randomise_last_layer(model)
three = [
    round(cosine(runs[s][:1].abs(), smoothgrad(ruined, both[:1], 285, s).abs()), 1)
    for s in runs
]
control = {"own pixels shuffled": round(float(strip.shuffled_cosine), 1)}
xc.show("ruined network, |maps|: cosine, three runs", three, control=control)

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
- *Deletion.* Below 0 is better than random. All three runs are, for both classes and by more than the spread. But one run is not the next: for the cat they differ among themselves by more than the spread, for the espresso by half of it. The plain gradient is not better than random. Against Saliency there is **no clear winner** on this photo.
- *Own half.* The cat's map gains what the espresso's map loses.
- *Ruined network.* The absolute map of a network that has forgotten its classes still looks more like ours than shuffled pixels do.

Averaging removes noise. It does not choose a class.

## 9 · Your model

Torchvision's ResNet-18, with **random** weights, so that the cell runs offline. Exchange them for trained ones, or for yours, and run it again.

What to doubt, with your own weights: How large is sigma in the units that your model wants? Do the copies keep their class? Does a second run agree with the forecast? (This random network calls all photos the same. So its copies keep their class, and its signal share is far from 0: none of these numbers says that a network has learned anything.)
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# mine.model.load_state_dict(torch.load("my_resnet18.pth"))
mine = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
cat, _ = photos["chelsea"]
winner = int(mine(cat).argmax())
copies = cat + 0.15 * normal(8, *cat.shape[1:]).to(device)  # sigma 0.15, n = 8
stays = (mine(copies).argmax(1) == winner).double().mean()
xc.show("share of copies that keep their class", stays, control={"chance": 0.001})
every_photo = torch.cat([one for one, _ in photos.values()])
print(
    "different classes of five photos:", len(set(mine(every_photo).argmax(1).tolist()))
)
single = torch.cat([xc.gradient(mine, copy[None], target=winner) for copy in copies])
xc.show("signal share", share_of(single), control={"pure noise": 0})
halves = single[:4].mean(0), single[4:].mean(0)
forecast = {"signal share of the first half": share_of(single[:4])}
xc.show("cosine of both halves", cosine(*halves), control=forecast)

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · A function with a jump

**Stein's identity** gives the slope of the smoothed function from *values* of $F$ alone, without any gradient:

$$\nabla F_\sigma(x) = \mathbb{E}\, \frac{F(x + \varepsilon)\, \varepsilon}{\sigma^2}$$

In words: where noise in a direction goes with a higher score, there the slope is positive. Where does it help?
Let $F(x) = x$ plus a step: 0 left of 0, 1 right of it. Smoothed by noise the step is the chance that $x + \varepsilon$ is above 0, a smooth function; at $x = 0.5$ with $\sigma = 1$ its slope is 0.35.

**Predict (07.P6).** So the smoothed $F$ has the slope 1.35 there. What does SmoothGrad give, with endless draws?
"""

# %% tags=["question"]
xc.predict("07.P6")

# %%
eps = normal(20000, 1).double()
places = (0.5 + eps).requires_grad_()
values = places + (1 + torch.sign(places)) / 2  # x, and a step
(slopes,) = torch.autograd.grad(values.sum(), places)
exact = 1 + float(torch.exp(torch.tensor(-(0.5**2) / 2)) / (2 * torch.pi) ** 0.5)
print(f"slope of the smoothed function: {exact:.2f}")
print(f"SmoothGrad: {float(slopes.mean()):.2f}")
products = values.detach() * eps
error = float(products.std()) / len(products) ** 0.5
print(f"from values: {float(products.mean()):.2f}, SE {error:.2f}")

# %% [markdown]
r"""
<details><summary>Answer to 07.P6</summary>

(c). No draw ever lands exactly on the jump, so every single gradient is 1. "SmoothGrad is the gradient of the smoothed function" needs a function **without jumps**. ReLU nets
have none. With hard thresholds or rounding only the route over values is right.
</details>

### B · Noise on the weights: NoiseGrad and FusionGrad

In 2021 came the same idea for the model: multiply each weight by a random number near 1, explain, average. FusionGrad does both, input and weights.

$F(x) = x_1$ can also be written $x_1 + 5x_2 - 5x_2$. We run NoiseGrad on both nets: 25 copies, and random numbers with mean 1 and standard deviation 0.2.

**Predict (07.P7).** How large is the slope that a run gives $x_2$ in the second net, typically?
"""

# %% tags=["question"]
xc.predict("07.P7")


# %%
class Sum(torch.nn.Module):
    """Adds up weights times inputs, line by line."""

    def __init__(self, *rows):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(rows), requires_grad=False)
        self.eval()

    def forward(self, points):
        return (points @ self.weight.T).sum(1)


# %%
at = torch.tensor([[1.0, 1.0]])
for name, net in {
    "x1": Sum((1.0, 0.0)),
    "x1 + 5 x2 - 5 x2": Sum((1.0, 5.0), (0.0, -5.0)),
}.items():
    runs = [
        float(xc.noisegrad(net, at, weight_sigma=0.2, samples=25, seed=s)[0, 1])
        for s in range(5)
    ]
    xc.show(f"{name}: slope for x2, five runs", [round(one, 1) for one in runs])

slopes = boot_gradient(boot)
for name in ("noisegrad", "fusiongrad"):
    method = getattr(xc, name)
    one, two = (method(clothes, boot, target=BOOT, seed=s) for s in (0, 1))
    xc.show(f"{name}: two runs, cosine", cosine(one, two))
    xc.show("  cosine with the gradient", round(cosine(one, slopes), 1))

# %% [markdown]
r"""
<details><summary>Answer to 07.P7</summary>

(d), of either sign. Both nets compute the same function. But noise breaks the balance of $+5$ and $-5$: each moves by about 1, their sum by 1.4, and the mean of 25 copies by a fifth of that. It is 0 only for endless draws.
NoiseGrad explains the *weights*, not only the function.
</details>

On the boot NoiseGrad stays near the gradient, FusionGrad does not: its input noise changes the question, as in section 5.

### C · Two small traps

1. **Clipping.** Cut the noisy copies back to [0, 1], and their mean is no longer the picture: black gets brighter, white gets darker.
2. **A random walk.** One public implementation adds each draw to the copy *before* it. After 25 draws the noise is five times too large.
"""

# %%
copies = boot + 0.15 * normal(500, 1, 28, 28)
black = boot[0] == 0
xc.show("black pixels, mean of the copies", round(float(copies[:, black].mean()), 2))
xc.show("  after clipping to [0, 1]", copies.clamp(0, 1)[:, black].mean())
walk = 0.15 * normal(25, 400).cumsum(0)
xc.show(
    "random walk: spread at draw 25, in sigmas", round(float(walk[-1].std() / 0.15))
)

# %% [markdown] tags=["references"]
r"""
## What to remember

- SmoothGrad is the gradient of **another function**: $F$ smoothed by the noise. Sigma says which one.
- Its error falls as $n^{-1/2}$. Give each map its standard error, its share of certain signs or its signal share.
- On a real photo with the usual settings, single pixels are mostly noise. Coarse tiles repeat themselves, as those of a plain gradient do, too.
- A small sigma can help, and only a known answer shows it. Smoother is not truer. With a large sigma the map forgets the picture, and can still be "certain".
- One run of a method that draws is no verdict: take three.
- Sizes first, squares and variance are other methods with other answers. VarGrad gives a linear feature 0.

**Where it fails next.** SmoothGrad says nothing of what a feature *added*: its map does not add up to the score. Lesson 05 adds up along a path; lesson 09 joins noise and path in Expected Gradients.

## References

- D. Smilkov, N. Thorat, B. Kim, F. Viegas, M. Wattenberg. *SmoothGrad: removing noise by adding noise*. 2017. [arXiv:1706.03825](https://arxiv.org/abs/1706.03825)
- J. Adebayo and others. *Sanity Checks for Saliency Maps* (VarGrad). 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
- S. Hooker, D. Erhan, P. Kindermans, B. Kim. *A Benchmark for Interpretability Methods in Deep Neural Networks* (squares). 2018. [arXiv:1806.10758](https://arxiv.org/abs/1806.10758)
- K. Bykov, A. Hedstrom, S. Nakajima, M. Hohne. *NoiseGrad: Enhancing Explanations by Introducing Stochasticity to Model Weights*. 2021. [arXiv:2106.10185](https://arxiv.org/abs/2106.10185)
"""
