# %% [markdown] tags=["header"]
r"""
# 07 · Exercises on noise

| | |
|---|---|
| **Core** | tasks 07.1, 07.2, 07.3: 32 minutes |
| **More** | tasks 07.4, 07.5: 27 minutes |

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("07.1")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

# A small net, so that a thousand gradients cost a second. The CPU is best.
clothes = xc.zoo.load("fashion_cnn", device="cpu")  # (N, 1, 28, 28) -> (N, 10)
boot = xc.datasets.fashion_mnist(n=1).x  # (1, 1, 28, 28), an ankle boot
toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)
BOOT = 9


def boot_gradient(points):
    """Gradient of the logit of ankle boot: (M, 1, 28, 28) -> (M, 1, 28, 28)."""
    return xc.gradient(clothes, points, target=BOOT)


# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from lesson 01

**1.** The gradient of a logit is large at a pixel. What does that promise, and for which steps?

<details><summary>Answer</summary>

A small change of that pixel changes the logit by (slope times change). On a photo the promise may hold for a few hundredths of a grey level only.
</details>

**2.** Two absolute maps have a cosine of 0.8. What do you ask before you believe that they agree?

<details><summary>Answer</summary>

What does a control get, for example one map with its pixels shuffled? And do the maps still agree *with* their signs?
</details>
"""

# %% [markdown]
r"""
## Task 07.1 · SmoothGrad by hand

**Goal** G1 · **Level** 2 of 5 · **Minutes** 12

Write SmoothGrad. The noise is given, so that your result can be compared.

| argument | meaning |
|---|---|
| `gradient` | a function: points (M, ...) to their gradients (M, ...) |
| `x` | the inputs, (N, ...) |
| `noise` | n draws with standard deviation 1, (n, ...), each shaped as **one** input |
| `sigma` | the standard deviation that the noise should have, in units of x |
| **returns** | the mean gradient over the n noisy copies, (N, ...), with signs |

Each draw is added to all N inputs.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 07, section 2 (Average over the noise).
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

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- `x + sigma * draw`: every copy starts from `x`. Write `x = x + sigma * draw`, and the noise piles up: a random walk. This slip stands in public code.
- No `abs`, no square: SmoothGrad averages slopes *with* their signs. Only then is the result the slope of the smoothed score.
- No clipping to [0, 1]: it would shift the mean of the copies.
- The mean divides by n. The n - 1 belongs to a variance.
"""

# %%
smooth = xc.or_reference("07.1", my_smoothgrad)
generator = torch.Generator().manual_seed(0)
noise = torch.randn((64, 1, 28, 28), generator=generator)
xc.plot.maps(
    {
        "gradient": boot_gradient(boot),
        "n = 8": smooth(boot_gradient, boot, noise[:8], 0.1),
        "n = 64": smooth(boot_gradient, boot, noise, 0.1),
    },
    photo=boot,
    alt="A picture of an ankle boot, its gradient map, and two averages over 8 and 64 "
    "noisy copies on one colour scale.",
)

# %% [markdown]
r"""
## Task 07.2 · Whose sign is certain?

**Goal** G2 · **Level** 2 of 5 · **Minutes** 10

You have the maps of n noisy copies, one by one. At which pixels is the sign of their mean certain?

| argument | meaning |
|---|---|
| `maps` | (n, ...): one map for each noisy copy |
| **returns** | (...): True where the mean is **more than two standard errors** away from 0 |

The standard error of a mean is (standard deviation over the n maps, with $n - 1$ in its denominator) divided by $\sqrt n$.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 07, section 4 (An error bar for each pixel).
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

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The *spread* says how far one more map will lie from the mean, and does not shrink with n. The *standard error* says how far the mean itself may be off: spread
$/\sqrt n$. Both directions count, so compare the size of the mean. And the maps keep their signs: the mean of sizes is never near 0, not even for pure noise.

Two standard errors let 5 % of pure noise pass. With 784 pixels that is about 39 "certain" pixels that mean nothing. A single certain pixel is no finding.
"""

# %%
certain = xc.or_reference("07.2", certain_sign)
maps = boot_gradient(boot + 0.1 * noise)  # (64, 1, 28, 28)
for n in (8, 64):
    share = torch.as_tensor(certain(maps[:n])).double().mean()
    xc.show(f"n = {n}: share of certain signs", share)

# %% [markdown]
r"""
## Task 07.3 · Which part is signal?

**Goal** G2 · **Level** 3 of 5 · **Minutes** 10

Now one number for the whole map:

$$\text{signal share} = 1 - \frac{\sum_i \mathrm{SE}_i^2}{\sum_i \text{mean}_i^2}$$

| argument | meaning |
|---|---|
| `maps` | (n, ...): one map for each noisy copy |
| **returns** | one number |

$\mathrm{SE}_i^2$ is the variance over the n maps, with $n - 1$ in its denominator, divided by $n$. Without any signal the number may fall below 0. Do not clip it.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 07, section 4 (An error bar for each pixel).
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

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** At each pixel mean = signal + error. Squared and averaged over many runs: $\text{mean}^2 = \text{signal}^2 + \mathrm{SE}^2$, because the error has mean 0. So squares add up, sizes
do not. Add first, divide once: pixels with a mean near 0 would otherwise count for everything. With $n - 1$ the estimate is right on average, and so is a value below 0 now and then: clip it, and
pure noise gets a positive share on average.

The number is also a forecast: two runs with the same n and other draws have about this cosine.
"""

# %%
share_of = xc.or_reference("07.3", signal_share)
half_one, half_two = maps[:32], maps[32:]
forecast = float(torch.as_tensor(share_of(half_one)))
pair = (half_one.mean(0).flatten(), half_two.mean(0).flatten())
cosine = float(torch.nn.functional.cosine_similarity(*pair, dim=0))
xc.show("signal share of the first 32 maps", forecast)
xc.show("cosine with the mean of the other 32", cosine)

# %% [markdown] tags=["deeper"]
r"""
## Task 07.4 · What SmoothGrad tends to

**Goals** G1, G3 · **Level** 3 of 5 · **Minutes** 15

For a net with one hidden layer no noise is needed. Let

$$f(x) = \sum_h v_h\, \mathrm{relu}(W_h \cdot x + b_h) + \text{constant}.$$

Return the mean gradient over endless noisy copies $x + \varepsilon$, exactly.

| argument | meaning |
|---|---|
| `W`, `b`, `v` | (H, D), (H,), (H,): hidden weights, hidden biases, output weights |
| `x` | (N, D) |
| `sigma` | standard deviation of each number of the noise, above 0 |
| **returns** | (N, D) |

The distribution function of the normal distribution is `torch.special.ndtr`: `ndtr(u)` is the chance that a normal number with mean 0 and standard deviation 1 is below u.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 07, section 3 (The slope of a smoother function).
"""


# %% tags=["task"]
def smoothed_gradient(W, b, v, x, sigma):
    """Return what SmoothGrad tends to for endless draws, (N, D)."""
    ### BEGIN SOLUTION
    # STUB: sums = ...  # (N, H), inside the relus
    # STUB: chance = ...  # (N, H), that a gate is open under noise
    # STUB: return ...
    sums = x @ W.T + b  # (N, H)
    chance = torch.special.ndtr(sums / (sigma * W.norm(dim=1)))  # (N, H)
    return (chance * v) @ W
    ### END SOLUTION


# %% tags=["check"]
xc.check("07.4", smoothed_gradient)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** The gradient is $\sum_h \text{gate}_h\, v_h W_h$. Only the gates are random, and the mean of a gate is the chance that it is open. The sum inside unit $h$ is normal around
$W_h \cdot x + b_h$, and its standard deviation is $\sigma |W_h|$: independent noise adds in squares. With sigma to 0 the chance becomes the plain gate, with a very large sigma one half for every unit and every input.
"""

# %%
exact_map = xc.or_reference("07.4", smoothed_gradient)
W, b, v = toy.hidden.weight, toy.hidden.bias, toy.output.weight[0]
for sigma in (0.5, 2.0, 1000.0):
    shares = torch.as_tensor(exact_map(W, b, v, x_toy, sigma)).flatten().tolist()
    print(f"sigma {sigma:g}: ({shares[0]:.2f}, {shares[1]:.2f})")

# %% [markdown] tags=["deeper"]
r"""
## Task 07.5 · Break it: two averages that disagree

**Goal** G4 · **Level** 3 of 5 · **Minutes** 12

Find a case in which SmoothGrad is almost 0, although the slopes are large. Hand in `(f, x, sigma)`:

| part | meaning |
|---|---|
| `f` | a function (N, D) -> (N,), made of torch operations |
| `x` | one input: a list `[[...]]` or a tensor (1, D), numbers from -10 to 10, D at most 10 |
| `sigma` | from 0.01 to 10, in units of x |

The check takes the input number whose slope is largest on average. There the mean **size** of the slope must be at least 0.5, and the mean **with sign** at most a tenth of it.

*Look back:* lesson 07, section 6 (Sizes first is another method).
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x, sigma)
def waves(p):
    """A wave that turns many times within the noise; a valley would pass as well."""
    return torch.sin(5 * p[:, 0])


counterexample = (waves, [[0.3]], 1.0)
### END SOLUTION

# %% tags=["check"]
xc.check("07.5", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Two families. At the bottom of a *valley* the slopes of both sides cancel exactly. A *wave* that is short against sigma turns so often that the slopes cancel everywhere. SmoothGrad says "on this scale nothing
goes up or down". The mean size says "on a small scale it goes up and down a lot". Both are true. Who reports one of them has to say which.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "With sigma 0.5 the map is much cleaner, so we use 0.5." What do you answer?

<details><summary>A good answer</summary>

Clean is no evidence: with a large sigma the map forgets the picture, and every picture gets the same smooth map. Show that it is truer: a known answer, or how many
copies still belong to the class.
</details>

**2.** A program shows a SmoothGrad map of a photo with n = 50 and points at one red pixel. What would you like to see?

<details><summary>A good answer</summary>

The standard error of that pixel, or a second run with other draws. At single pixels most of the map may be noise. And: were signs averaged, or sizes?
</details>
"""
