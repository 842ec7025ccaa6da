# %% [markdown] tags=["header", "goals"]
r"""
# 07 · Noise (2017): which part of a map survives another draw?

| | |
|---|---|
| **Papers** | D. Smilkov and others, *SmoothGrad: removing noise by adding noise*, 2017, [arXiv:1706.03825](https://arxiv.org/abs/1706.03825); VarGrad: J. Adebayo and others, 2018, [arXiv:1810.03292](https://arxiv.org/abs/1810.03292); NoiseGrad and FusionGrad: K. Bykov and others, 2021, [arXiv:2106.10185](https://arxiv.org/abs/2106.10185) |
| **Time** | 60 minutes. The core path takes 40; "Go deeper" is optional. |
| **Needs** | lesson 01 (gradient, saliency map, the TOY net) |
| **Repairs** | a failure of lesson 01: change each number of the photo by about one grey level, which nobody sees, and the gradient map is another one. |
| **Practise** | the sheet `exercises/07_noise.ipynb`: core tasks 32 minutes, all 59 |

After this lesson

- **G1** you can compute SmoothGrad, and say of which function it is the gradient.
- **G2** you can put an error bar on each pixel, and say which part of a map is signal.
- **G3** you can say what sigma asks, and why a smoother map is no better evidence.
- **G4** you can tell SmoothGrad from averages of sizes, squares and variances.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
coffee = xc.datasets.photo("coffee", device=device)  # (1, 3, 224, 224), in [0, 1]
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
# Two small nets, so that a thousand gradients cost a second. The CPU is best.
clothes = xc.zoo.load("fashion_cnn", device="cpu")
boot = xc.datasets.fashion_mnist(n=1).x  # (1, 1, 28, 28), an ankle boot
marks = xc.zoo.load("planted_cnn", device="cpu")
ESPRESSO, BOOT = 967, 9
GREY_LEVEL = 1 / 255


def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


def normal(*shape, seed=0):
    """Random numbers with mean 0 and standard deviation 1, the same at each call."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# %% [markdown]
r"""
## 1 · One grey level

Lesson 01 ended with a doubt: a gradient answers to changes that no camera can make. Now the test. We add noise to the espresso. Each
number moves by about **one grey level** (1/255). You cannot see it, and the network does not care: its probability of espresso stays
at 0.95.

**Predict (07.P1).** The cosine between the gradient of the photo and the gradient of its noisy twin, both with signs, is
(a) above 0.9 · (b) between 0.3 and 0.7 · (c) about 0
"""

# %% tags=["question"]
xc.predict("07.P1", None)  # replace None by "a", "b" or "c", then run

# %% tags=["demo"]
twin = coffee + GREY_LEVEL * normal(*coffee.shape).to(device)
here, there = xc.gradient(model, torch.cat([coffee, twin]), target=ESPRESSO).split(1)
chances = model(torch.cat([coffee, twin])).softmax(1)[:, ESPRESSO]
xc.show("probability of espresso, photo and twin", chances)
xc.show("gradients with sign, cosine", cosine(here, there))
xc.show("share of signs that turned round", (here * there < 0).double().mean())

xc.plot.maps(
    {"gradient at the photo": here, "at its twin": there},
    photo=coffee,
    tile=4,
    alt="A photo of an espresso and two signed gradient maps on one scale, for the "
    "photo and for the photo with noise of one grey level.",
)

# %% [markdown] tags=["symbols"]
r"""
<details><summary>Answer to 07.P1</summary>

(b): about 0.48. The eye finds the maps alike, because both are loud in the same places. But more than a quarter of the signs have turned round: red
became blue, although you see the same photo and the score is the same.
</details>

A map that changes when nothing changes cannot be an answer to "why espresso?". In 2017 came a repair of one line: **make many noisy copies on
purpose, and average their gradients.**

## 2 · Average over the noise

Three new symbols:

- $\varepsilon$ ("epsilon") is one draw of noise, shaped as the input. Its numbers are normal, with mean 0.
- $\sigma$ ("sigma") is the standard deviation of the noise: how far a number typically moves. In this lesson 1 is the way from black to white.
- $\mathrm{SE}$ is the **standard error**: how far an average typically is from what it would be with endless draws.

With $n$ draws $\varepsilon_1, \dots, \varepsilon_n$ the method is

$$\mathrm{SmoothGrad}(x) = \frac1n \sum_{s=1}^{n} \nabla F(x + \varepsilon_s)$$

The gradients keep their signs. From now on we take a small net, for 28 x 28 pictures of clothes, and an ankle boot. A gradient costs almost nothing there.
"""


# %%
def noisy_maps(net, x, target, sigma, n, seed=0):
    """Gradients at n noisy copies of each input: (n, N, ...). One call, no loop."""
    noise = normal(n, 1, *x.shape[1:], seed=seed)  # a draw goes to every input
    copies = (x + sigma * noise).flatten(0, 1)  # (n N, ...)
    target = torch.as_tensor(target).expand(len(x)).repeat(n)
    maps = xc.gradient(net, copies, target=target, batch_size=256)
    return maps.unflatten(0, (n, len(x)))


by_hand = noisy_maps(clothes, boot, BOOT, sigma=0.1, n=64).mean(0)
package = xc.smoothgrad(
    clothes, boot, target=BOOT, sigma=0.1, relative=False, samples=64
)
assert torch.allclose(by_hand, package, atol=1e-4)

many = noisy_maps(clothes, boot, BOOT, sigma=0.1, n=512)
steps = {f"n = {n}": many[:n].mean(0) for n in (1, 8, 64, 512)}
xc.plot.maps(
    {"gradient": xc.gradient(clothes, boot, target=BOOT), **steps},
    photo=boot,
    columns=6,
    alt="A picture of an ankle boot, its gradient map, and the average of 1, 8, 64 and "
    "512 maps of noisy copies, on one colour scale.",
)

# %% [markdown]
r"""
The package gives the same numbers. (`relative=False` says that sigma is in units of the picture. By default the package
measures it as a share of the picture's range, as the paper does, which recommends 0.1 to 0.2.)

With more copies the speckle fades, and something stays. **But is what stays the gradient, only cleaner?** Compare the first map with the last one.

## 3 · The slope of a smoother function

Averaging and differentiating may change places. So SmoothGrad tends to

$$\mathbb{E}\, \nabla F(x + \varepsilon) = \nabla F_\sigma(x), \qquad F_\sigma(x) = \mathbb{E}\, F(x + \varepsilon),$$

the exact gradient of **another function**: $F$ smoothed by the noise. ($\mathbb{E}$ is the mean over endless draws.) Take one relu. Its slope is a
step: 0 on the left, 1 on the right. Under noise, the slope is the *chance* that the relu is open.
"""

# %% tags=["demo"]
left, right = torch.linspace(-3, 0, 13), torch.linspace(1e-6, 3, 13)  # of the step
line = torch.cat([left, right]).double()[:, None]  # 26 places
draws = normal(2000, 1, 1).double()
slopes = {"gradient": (line > 0).double()[:, 0]}
for sigma in (0.5, 2.0):
    found = (line + sigma * draws > 0).double().mean(0)[:, 0]  # mean slope
    exact = torch.special.ndtr(line[:, 0] / sigma)  # chance that x + noise is above 0
    near = bool(((found - exact).abs() < 0.05).all())
    xc.show(f"sigma {sigma}: within 0.05 of the chance", near)
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
gate, on or off before, becomes the chance to be open:

| unit | sum inside | length of its weights | gate at $x$ | chance to be open | adds to the slope, gate fully open |
|---|---|---|---|---|---|
| 1 | 2 | $\sqrt 2$ | on | 0.92 | $(2, -2)$ |
| 2 | $-2$ | $\sqrt 5$ | off | 0.19 | $(-3, 6)$ |
| 3 | 3 | $\sqrt 2$ | on | 0.98 | $(-1, -1)$ |

Chance times slope, added up: $(0.30, -1.71)$. The gradient is $(1, -3)$. Already here SmoothGrad is no cleaner gradient. It is another answer, to another question.

**Predict (07.P2).** Let $\sigma$ grow without end. On the TOY net SmoothGrad tends to
(a) $(0, 0)$, all is averaged away · (b) one and the same map for **every** input · (c) $(1, -3)$, the gradient
"""

# %% tags=["question"]
xc.predict("07.P2", None)

# %%
lengths = torch.tensor([2.0, 5.0, 2.0]).sqrt()
opened = torch.tensor([[2.0, -2.0], [-3.0, 6.0], [-1.0, -1.0]])  # last column above
for name, sums in {"(3, 1)": [2, -2, 3], "(1, 3)": [-2, 4, 3]}.items():
    for sigma in (0.01, 1, 3, 1000):
        chance = torch.special.ndtr(torch.tensor(sums) / (sigma * lengths))
        a, b = (chance @ opened).tolist()
        print(f"x = {name}, sigma = {sigma}: ({a:.2f}, {b:.2f})")

exact = torch.tensor([0.303, -1.712], dtype=torch.float64)  # sigma 1, three digits
cloud = x_toy + normal(4000, 2).double()  # 4,000 noisy copies, sigma 1
by_slopes = xc.gradient(toy, cloud, target=None)  # one score: no target
by_values = toy(cloud)[:, None] * (cloud - x_toy)  # F times noise / sigma^2
for name, rows in {"slopes": by_slopes, "values only": by_values}.items():
    mean, error = rows.mean(0), rows.std(0) / len(rows) ** 0.5
    xc.show(f"from {name}: SE", error)
    near = bool(((mean - exact).abs() < 3 * error).all())
    xc.show("  within three SE of the exact slope", near)

# %% [markdown]
r"""
<details><summary>Answer to 07.P2</summary>

(b). With endless noise each gate is open half of the time, wherever $x$ is. Half of the last column adds up to $(-1, 1.5)$, for $(3, 1)$ and for $(1, 3)$ and for
everything else. The sign of $x_1$ has turned round on the way. A large sigma does not explain your input any more. It explains the weights.
</details>

The last lines test **Stein's identity**. It gives the same slope from *values* of $F$ alone, without any gradient:

$$\nabla F_\sigma(x) = \mathbb{E}\, \frac{F(x + \varepsilon)\, \varepsilon}{\sigma^2}$$

In words: where noise in a direction goes with a higher score, there the slope is positive. Both routes meet the exact answer. The one without
gradients has an SE two to three times as large here, and far larger with many inputs. ("Go deeper" A tries both on a function with a jump.)

## 4 · An error bar for each pixel

The average of $n$ draws is itself random. For each pixel the $n$ maps have a standard deviation, and

$$\mathrm{SE} = \frac{\text{standard deviation over the } n \text{ maps}}{\sqrt n}.$$

Two numbers then judge a map from its own $n$ draws. Nobody has to know the truth:

- **The share of certain signs.** A sign is certain when the mean is more than two SE away from 0. *Control:* of a map of pure noise 5 % pass by chance
  (with few copies more, since the error bar itself is uncertain: 9 % with 8 copies, 30 % with 2).
- **The signal share.** On average $|\text{mean}|^2 = |\text{signal}|^2 + \sum \mathrm{SE}^2$. So $1 - \sum \mathrm{SE}^2 / |\text{mean}|^2$ is the part of
  the map's squared length that is signal. *Control:* about 0 for pure noise. It also predicts the **cosine with a second run**.

**Predict (07.P3).** You want half the error. How many copies do you need? (a) twice as many · (b) four times · (c) eight times
"""

# %% tags=["question"]
xc.predict("07.P3", None)

# %% tags=["demo"]
sizes = [4, 16, 64, 256]
cloud = x_toy + normal(400, 256, 2).double()  # 400 runs with 256 copies each
runs = xc.gradient(toy, cloud.flatten(0, 1), target=None, batch_size=5000)
runs = runs.unflatten(0, (400, 256))  # (400, 256, 2)
errors = {"TOY net, true error": [], "TOY net, SE": [], "boot, SE": []}
for n in sizes:
    off = (runs[:, :n].mean(1) - exact).square().sum(1).mean().sqrt() / exact.norm()
    se = (runs[:, :n].var(1).sum(1).mean() / n).sqrt() / exact.norm()
    boot_se = (many[:n].std(0).norm() / n**0.5) / many.mean(0).norm()
    for row, value in zip(errors.values(), (off, se, boot_se), strict=True):
        row.append(float(value))
logs = {name: torch.tensor(row).log2() for name, row in errors.items()}
for name, row in logs.items():
    xc.show(f"{name}: slope on log-log paper", round(float(row[-1] - row[0]) / 6, 1))

xc.plot.series(
    torch.tensor(sizes),
    logs,
    x_name="n, copies (four times as many at each step)",
    y_name="log2 of the relative error",
    doubling=True,
    alt="Three falling lines over n = 4, 16, 64, 256: the logarithm of the true error "
    "on the TOY net, and of the standard errors on the TOY net and on the boot.",
)

# %%
for n in (8, 64, 512):
    mean, se = many[:n].mean(0), many[:n].std(0) / n**0.5
    certain = (mean.abs() > 2 * se).double().mean()
    signal = 1 - se.square().sum() / mean.square().sum()
    xc.show(f"boot, n = {n}: certain signs, signal share", [certain, signal])

twin = boot + GREY_LEVEL * normal(*boot.shape, seed=1)  # with other draws, too
moved = xc.gradient(clothes, torch.cat([boot, twin]), target=BOOT)
xc.show("boot and its twin: cosine of gradients", cosine(*moved.split(1)))
again = noisy_maps(clothes, twin, BOOT, sigma=0.1, n=512, seed=1).mean(0)
xc.show("boot and its twin: cosine of SmoothGrad", cosine(many.mean(0), again))

pure = normal(64, 1, 1, 28, 28, seed=5)  # 64 "maps" without any signal
mean, se = pure.mean(0), pure.std(0) / 8
certain = (mean.abs() > 2 * se).double().mean()
signal = 1 - se.square().sum() / mean.square().sum()
xc.show("pure noise: at most 0.08 are certain", bool(certain <= 0.08))
xc.show("pure noise: |signal share| below 0.2", bool(abs(signal) < 0.2))

# %% [markdown]
r"""
<details><summary>Answer to 07.P3</summary>

(b). Four times as many copies halve the error: the lines fall by 1 at each step, so their slope is $-1/2$.
</details>

The theory says that the error falls as $n^{-1/2}$. **We find it**: slopes of about $-0.5$. And the SE, which knows nothing of the truth, lies on the true
error (in the mean over 400 runs; in single runs with 4 copies no gate of the TOY net may change, and the SE is 0: an error bar needs a dozen copies or more).
Pure noise gets what the controls say: hardly any certain signs, hardly any signal.

And **the failure of lesson 01 is repaired** on this net: one grey level of noise *and* other draws leave a cosine of about 0.99, where the gradients have 0.77. We used 512 copies.

## 5 · How much noise?

A larger sigma gives a smoother map. Is it a better one? Looks cannot tell, so we take pictures with a **known answer**. Each shows four marks of
5 x 5 pixels, and only one of them decides the class. A good map has its strongest pixels inside that mark. We count: which share of the 25 strongest pixels lies inside?
A map that knows nothing gets 0.02.

**Predict (07.P4).** The plain gradient gets 0.33. The share inside the mark is largest for
(a) no noise · (b) a sigma of about 0.1 · (c) the largest sigma, where the map is smoothest
"""

# %% tags=["question"]
xc.predict("07.P4", None)


# %%
def judge(maps):
    """Hits in the mark, likeness of neighbours and of other pictures' maps."""
    strongest = maps.abs().flatten(1).topk(25).indices  # of (N, 1, H, W)
    hits = inside.flatten(1).gather(1, strongest).double().mean()
    maps = maps - maps.mean((1, 2, 3), keepdim=True)  # cosines become correlations
    plus = torch.nn.functional.normalize(maps[labels == 0].flatten(1))
    others = (plus @ plus.T)[~torch.eye(len(plus), dtype=torch.bool)].mean()
    return [float(hits), cosine(maps[..., 1:], maps[..., :-1]), float(others)]


pictures, labels, inside = xc.datasets.planted(24, seed=1)
sigmas = [0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6]
stacks = {s: noisy_maps(marks, pictures, labels, s, n=128 if s else 1) for s in sigmas}
table = torch.tensor([judge(maps.mean(0)) for maps in stacks.values()])
names = ("25 strongest inside the mark", "neighbours", "maps of other pictures")
xc.plot.series(
    torch.tensor(sigmas),
    dict(zip(names, table.T, strict=True)),
    x_name="sigma (0: the plain gradient)",
    y_name="share, or correlation",
    doubling=True,
    alt="Three curves over sigma from 0 to 1.6: the share of the 25 strongest pixels "
    "inside the mark, the correlation of neighbours, that of other pictures' maps.",
)

# %% tags=["demo"]
xc.show("inside the mark at sigma 0, 0.1, 1.6", table[[0, 2, 6], 0])
copies = pictures + 0.1 * normal(*pictures.shape, seed=3)
right = (marks(copies).argmax(1) == labels).double().mean()
xc.show("sigma 0.1: at most half of the copies keep their class", bool(right < 0.5))
one = slice(2, 3)
shown = {f"sigma {s}": stacks[s].mean(0)[one] for s in (0.0, 0.1, 0.4, 1.6)}
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

(b). From 0.33 to 0.42 at sigma 0.1: a gain. Then it falls, down to 0.08. Meanwhile neighbours become more and more alike: smoother. And the maps
of *different pictures* become almost the same map (correlation 0.9), as on the TOY net. A map that does not depend on the picture cannot explain it.
</details>

Note two things. The best sigma is small, and we know it only because we know the answer. And at sigma 0.1 this net no longer recognises most of the copies. So SmoothGrad
explains the score of pictures **that the net would call something else**. Sigma is a question: *which neighbourhood do you mean?* Report it, and report how many copies keep their class.

## 6 · Sizes first is another method

Many programs average the **sizes** $|\nabla F|$ or the squares. (One well-known library averages squares unless it is told otherwise.) Sizes cannot cancel, so
the map looks calm after a few copies. Three averages of the same draws, on $F(x) = x^2$ at $x = 0$ and $F(x) = 3x$:
"""

# %%
draws = normal(4000, 1).double()
for name, grads in {"x^2 at 0": 2 * draws, "3 x": torch.full_like(draws, 3)}.items():
    xc.show(f"{name}: with signs (SmoothGrad)", round(abs(float(grads.mean())), 1))
    xc.show("   sizes first", grads.abs().mean())
    xc.show("   squares (SmoothGrad squared)", round(float(grads.square().mean()), 1))
    xc.show("   variance (VarGrad)", round(float(grads.var()), 1))

first = judge(stacks[0.1].abs().mean(0))
xc.show("marks, with signs: inside, neighbours, other pictures", table[2])
xc.show("marks, sizes first: inside, neighbours, other pictures", first)
area = inside.double().mean()
for name, maps in {
    "with signs": stacks[0.1].mean(0).abs(),
    "sizes first": stacks[0.1].abs().mean(0),
}.items():
    xc.show(f"{name}: share of the whole map", (maps * inside).sum() / maps.sum())
xc.show("the mark's share of the area", area)

# %% [markdown]
r"""
The slope of $x^2$ at 0 is as often above 0 as below: SmoothGrad says 0, the sizes say 1.6 (and the squares 4, here 3.9 from 4,000 draws). They answer *how restless is the slope around here?* And VarGrad
gives $3x$, the one feature that decides everything, a **0**: a constant slope has no variance. The squares are the sum of both:
squares = SmoothGrad$^2$ + VarGrad.

On the marks the sizes look much smoother: the correlation of neighbours is 0.65 instead of 0.22. Are they truer? By the 25 strongest pixels a little (0.47
instead of 0.42). By the share of the whole map that lies in the mark, **no**: half as much (0.06 instead of 0.13). And the maps of other pictures are more alike. Two measures, two verdicts: calm is no evidence. Say which average you used.

## 7 · Back to the espresso

Now the paper's recipe on the real network: $n = 50$ copies, sigma 0.15. And a second run with other draws.

**Predict (07.P5).** In section 1, one grey level of noise left a cosine of 0.48 between two gradients. Two runs of SmoothGrad, same settings, other draws, have
(a) a cosine above 0.9 · (b) about 0.7 · (c) below 0.5
"""

# %% tags=["question"]
xc.predict("07.P5", None)

# %% tags=["demo"]
run = xc.smoothgrad(
    model, coffee, target=ESPRESSO, sigma=0.15, samples=50, return_details=True
)
again = xc.smoothgrad(model, coffee, target=ESPRESSO, sigma=0.15, samples=50, seed=1)
mean, se = run.values, run.standard_error.to(run.values)
xc.show("signal share, from one run", 1 - se.square().sum() / mean.square().sum())
xc.show("cosine of two runs, with signs", cosine(mean, again))
xc.show("certain signs (pure noise: 0.05)", (mean.abs() > 2 * se).double().mean())
for tile in (4, 16):
    small = [torch.nn.functional.avg_pool2d(m.sum(1), tile) for m in (mean, again)]
    xc.show(f"cosine of two runs, tiles of {tile} x {tile} pixels", cosine(*small))
copies = coffee + 0.15 * normal(16, *coffee.shape[1:], seed=2).to(device)
kept = (model(copies).argmax(1) == ESPRESSO).double().mean()
xc.show("share of 16 copies that keep their class", kept)
near = xc.smoothgrad(model, coffee, target=ESPRESSO, sigma=4 / 255, samples=16)
xc.show("length of SmoothGrad / length of the gradient", mean.norm() / here.norm())
xc.show("   with a sigma of four grey levels only", near.norm() / here.norm())
shown = {"gradient": here, "SmoothGrad": mean, "other draws": again}
xc.plot.maps(
    {name: values / values.norm() for name, values in shown.items()},
    photo=coffee,
    tile=4,
    unit="each map has length 1",
    alt="A photo of an espresso, its gradient, and SmoothGrad with two sets of draws.",
)

# %% [markdown]
r"""
<details><summary>Answer to 07.P5</summary>

(c): about 0.43. At single pixels, SmoothGrad with the usual settings repeats itself **no better** than the gradient under one grey level. Only about 14 % of the
signs are certain, where pure noise has 5 %. The signal share said so from the first run alone: 0.44. With endless draws the repair would work here, too. With 50 it does not yet.
</details>

So what did we gain? Look at tiles. Noise of neighbours cancels in a sum, signal does not: in tiles of 16 x 16 pixels two runs agree to 0.9. **The coarse
pattern is signal, the fine grain is mostly noise.** The grain would need many more copies ($n^{-1/2}$ is slow). Show a map at the resolution at which it repeats itself.

The map also looks more like the photo: you see cup, saucer and handle. So does a map of edges that never saw the model (lesson 00), so this is no evidence.

Is the neighbourhood a fair one? Here yes: all 16 copies that we tried are still espresso. (On the marks of section 5 fewer than half of the copies kept their class, with a smaller sigma.)

Look at the lengths, too. SmoothGrad is about 15 times shorter than the gradient, and more than half of its squared length is noise: the smoothed score is still flatter than that. Already
with four grey levels of noise less than a third of the length is left. Most of the steepness that a gradient reports is gone a few grey levels away.

**Explore the panel** (4 minutes). Find, with sigma 0.1, the $n$ at which half of the signs are certain. Then: the sigma at which half of the copies lose their class; what happens to the standard error
when you average sizes first; whether the map is still certain at sigma 3, and what it is then certain *about*.
"""

# %% tags=["panel"]
panel = xc.widgets.NoisePanel(
    clothes, boot, target=BOOT, labels=xc.datasets.FASHION_MNIST_CLASSES
)
panel.set(sigma=3.0, samples=512)  # for the end of your search
assert panel.result.average.certain_share > 0.7
assert panel.result.kept_share < 0.01
panel.set(sigma=0.1, samples=8)
assert panel.error is None
view = panel.result
xc.show("sigma 0.1, n = 8: certain", view.average.certain_share)
xc.show("  share of copies that keep their class", view.kept_share)
panel

# %% [markdown]
r"""
<details><summary>What you find at sigma 3</summary>

With 512 copies about three quarters of the signs are certain, and not one copy is a boot any more. **An error bar measures the noise of the average. It does not
say that the question was a good one.**
</details>

## 8 · Is it right? The truth strip

The same three tests as in every lesson: a map that knows nothing gets 0.5 in its own half, 0 in deletion (give or take the spread; below 0 is better), and the cosine of its shuffled pixels.
"""

# %% tags=["demo"]
strip = xc.truth_strip(xc.spec("smoothgrad", samples=25))
xc.show("own half, mean of cat and espresso", strip.own_share.mean())
xc.show("deletion minus random, cat and espresso", strip.deletion)
xc.show("spread of the random orders", strip.random_spread)
xc.show("ruined network, absolute maps: cosine", round(strip.absolute_cosine, 1))
xc.show("control, own pixels shuffled", round(strip.shuffled_cosine, 1))

xc.plot.truth_strip(strip)

# %% [markdown]
r"""
Compare with the plain gradient *with signs*, in the same test: own half 0.59, deletion $-0.09$ and 0.20. **Deletion has improved**: SmoothGrad beats the random orders for the cat by about twice
their spread (for the espresso by less than one spread), the gradient not at all. But Saliency, one gradient without its signs, got $-1.5$ and $-0.37$ in lesson 01: no worse, for one backward pass. The other two tests have not improved: on average 0.60 lies in the own half (the cat's map gains what the espresso's map
loses), and the absolute map of a network that has forgotten its classes still looks like ours (0.6) where shuffled pixels get 0.4. Averaging removes noise. It does not choose a class.
"""

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · A function with a jump

Let $F$ be a step: 0 left of 0, 1 right of it. Smoothed by noise it is the chance that $x + \varepsilon$ is above 0, a smooth function.

**Predict (07.P6).** At $x = 0.5$ with $\sigma = 1$ the smoothed step has the slope 0.35. SmoothGrad gives
(a) 0.35 · (b) 0 · (c) something random
"""

# %% tags=["question"]
xc.predict("07.P6", None)

# %%
noise = normal(20000, 1).double()
cloud = 0.5 + noise
places = cloud.clone().requires_grad_()
step = (1 + torch.sign(places)) / 2  # 0 left of 0, 1 right of it
(slope_of_step,) = torch.autograd.grad(step.sum(), places)
step = step.detach()
exact_slope = float(torch.exp(torch.tensor(-(0.5**2) / 2)) / (2 * torch.pi) ** 0.5)
xc.show("slope of the smoothed step", exact_slope)
xc.show("SmoothGrad", slope_of_step.mean())
values = step * noise
error = float(values.std()) / len(values) ** 0.5
xc.show(
    "from values: within three SE", bool(abs(values.mean() - exact_slope) < 3 * error)
)

# %% [markdown]
r"""
<details><summary>Answer to 07.P6</summary>

(b). No draw ever lands exactly on the jump, so every single gradient is 0. "SmoothGrad is the gradient of the smoothed function" needs a function **without jumps**. ReLU nets
have none. A net with hard thresholds or rounding has, and there only the route over values is right.
</details>

### B · Noise on the weights: NoiseGrad and FusionGrad

In 2021 came the same idea for the model: multiply each weight by a random number near 1, explain, average. FusionGrad does both, input and weights. The package never writes into your model.

**Predict (07.P7).** $F(x) = x_1$ can also be written $x_1 + 5x_2 - 5x_2$. NoiseGrad gives $x_2$
(a) 0 in both · (b) something else than 0 in the second · (c) 5
"""

# %% tags=["question"]
xc.predict("07.P7", None)


# %%
class Sum(torch.nn.Module):
    """Adds up rows of weights times inputs."""

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
    shares = xc.noisegrad(net, at, target=None, weight_sigma=0.2, samples=25)
    xc.show(f"{name}: |share of x2| above 0.05", bool(shares[0, 1].abs() > 0.05))

slopes = xc.gradient(clothes, boot, target=BOOT)
for name in ("noisegrad", "fusiongrad"):
    method = getattr(xc, name)
    one, two = (method(clothes, boot, target=BOOT, seed=s) for s in (0, 1))
    xc.show(f"{name}: two runs, cosine", cosine(one, two))
    xc.show("  cosine with the gradient", round(cosine(one, slopes), 1))

# %% [markdown]
r"""
<details><summary>Answer to 07.P7</summary>

(b). Both nets compute the same function, so the gradient is the same. But noise breaks the balance of $+5$ and $-5$. The mean is 0 only for endless draws, and 25 are far from that.
NoiseGrad explains the *weights*, not only the function.
</details>

On the boot both repeat themselves well. NoiseGrad stays near the gradient, FusionGrad does not: its input noise changes the question, as in section 5.

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
- On a real photo with the usual settings, single pixels are mostly noise. Coarse tiles are signal.
- Smoother is not truer. With a large sigma the map forgets the picture, and can still be "certain".
- Sizes first, squares and variance are other methods with other answers. VarGrad gives a linear feature 0.

**Where it fails next.** SmoothGrad describes a neighbourhood, but says nothing of what a feature *added*: its map does not add up to the score. Lesson 05 adds up along a path; lesson 09 joins
both ideas (noise and path) in Expected Gradients.

## References

- D. Smilkov, N. Thorat, B. Kim, F. Viegas, M. Wattenberg. *SmoothGrad: removing noise by adding noise*. 2017. [arXiv:1706.03825](https://arxiv.org/abs/1706.03825)
- J. Adebayo and others. *Sanity Checks for Saliency Maps* (VarGrad). 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
- S. Hooker, D. Erhan, P. Kindermans, B. Kim. *A Benchmark for Interpretability Methods in Deep Neural Networks* (squares). 2018. [arXiv:1806.10758](https://arxiv.org/abs/1806.10758)
- K. Bykov, A. Hedstrom, S. Nakajima, M. Hohne. *NoiseGrad: Enhancing Explanations by Introducing Stochasticity to Model Weights*. 2021. [arXiv:2106.10185](https://arxiv.org/abs/2106.10185)
"""
