# %% [markdown] tags=["header"]
r"""
# 07 · Exercises on noise

| | |
|---|---|
| **Core** | tasks 07.4, 07.5: 27 minutes |

Tasks 07.1, 07.2 and 07.3 stand in the lesson. Here you use what you built there: on a net where no noise is needed, and against
SmoothGrad itself.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("07.4")` in a new cell: there are three hints for each task. Leave a task open and go on: the sheet
then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

toy, x_toy = xc.zoo.toy(), xc.zoo.toy_input()  # (N, 2) -> (N,), and x = (3, 1)

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
## Task 07.4 · What SmoothGrad tends to

**Goals** G1, G3 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 4 of 5

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

# %% [markdown]
r"""
## Task 07.5 · Break it: two averages that disagree

**Goal** G4 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

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
