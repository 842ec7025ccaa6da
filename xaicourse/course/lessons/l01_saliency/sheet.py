# %% [markdown] tags=["header"]
r"""
# 01 · Exercises on saliency

| | |
|---|---|
| **Core** | tasks 01.5, 01.6: 24 minutes |
| **More** | task 01.4: 12 minutes |

Tasks 01.1, 01.2 and 01.3 stand in the lesson. Here you use what you built there: break the gradient, and find out where a part of
the score went.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("01.5")` in a new cell: there are three hints for each task. Leave a task open and go on: none needs
another one.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
# The network takes photos (N, 3, 224, 224) and returns logits (N, 1000).
model = xc.zoo.load("efficientnet_lite0", device=device)
cat = xc.datasets.photo("chelsea", device=device)  # (1, 3, 224, 224) in [0, 1]

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from earlier lessons

**1.** You grey a patch, and the logit of "espresso" falls from 7.6 to 6.1. What is the effect of the patch, and does it support espresso?

<details><summary>Answer</summary>

$7.6 - 6.1 = 1.5$. A positive effect: the patch supports espresso.
</details>

**2.** Two absolute maps for two classes have a cosine of 0.7. Do they agree?

<details><summary>Answer</summary>

You cannot tell yet. You need a control: how large is the cosine when the pixels of one map are shuffled? If it is 0.5, most of the
0.7 only says that both maps have no signs.
</details>
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 01.4 · From logits to a probability

**Goal** G4 · **Level** 3 of 5 · **Minutes** 12

Write `probability_gradient(logits, gradients, target)`. All slopes of the logits are given. No autograd is needed.

| argument | meaning |
|---|---|
| `logits` | (N, K) |
| `gradients` | (N, K, ...): `gradients[n, k]` is the gradient of logit k of input n |
| `target` | (N,), one class for each input |
| **returns** | the gradient of the target's softmax probability, (N, ...) |

$$p_t = \frac{e^{z_t}}{\sum_k e^{z_k}}$$

Derive it on paper first. Begin with $\log p_t$.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 01, section 6 (Logit or probability?).
"""


# %% tags=["task"]
def probability_gradient(logits, gradients, target):
    """Return the gradient of the target's probability, (N, ...)."""
    ### BEGIN SOLUTION
    # STUB: p = ...  # (N, K)
    # STUB: ...
    # STUB: return ...
    inputs = torch.arange(len(logits), device=logits.device)
    p = logits.softmax(dim=1)  # (N, K)
    own = gradients[inputs, target]  # (N, ...)
    mean = torch.einsum("nk,nk...->n...", p, gradients)  # weighted by p
    return torch.einsum("n,n...->n...", p[inputs, target], own - mean)
    ### END SOLUTION


# %% tags=["check"]
xc.check("01.4", probability_gradient)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** $\log p_t = z_t - \log \sum_k e^{z_k}$. The slope of the second term is $\sum_k e^{z_k} \nabla z_k / \sum_k e^{z_k} = \sum_k p_k \nabla z_k$, a
weighted mean. And $\nabla p_t = p_t \nabla \log p_t$. Test it in your head: if all logits rise together, own slope and mean are equal, and no
probability changes. The factor $p_t (1 - p_t)$ belongs to a single sigmoid: it forgets that the rivals move, too.
"""

# %%
combine = xc.or_reference("01.4", probability_gradient)
logits = model(cat)  # (1, 1000)
top = logits[0].topk(8).indices  # the eight best classes have most of p
each = xc.gradient(model, cat.repeat(8, 1, 1, 1), target=top)
first = torch.tensor([0], device=device)
ours = combine(logits[:, top], each[None], first)  # each: (8, 3, 224, 224)
exact = xc.gradient(model, cat, target=int(top[0]), output="probability")
error = float((ours - exact).norm() / exact.norm())
xc.show("eight of 1000 classes are enough to within a fifth", error < 0.2)

# %% [markdown]
r"""
## Task 01.5 · Break it: no slope, and it decides

**Goal** G5 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

Find a case in which the gradient of a feature is 0 (below 0.000001), although the feature decides: setting it to 0 changes $f$ by more than 0.5.

Hand in `(f, x, feature)`:

| part | meaning |
|---|---|
| `f` | a function (N, D) -> (N,), made of torch operations; (N, 1) will do |
| `x` | one input: a list `[[...]]` or a tensor (1, D), numbers from -10 to 10; the outer brackets may be left out |
| `feature` | the index of the feature, from 0 |

The 0 must be a true 0 of $f$. One that the software makes up (`detach`, a point exactly on a kink) does not count.

*Look back:* lesson 01, section 7 (When the slope is gone).
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x, feature)
def top_of_a_hill(p):
    """A parabola with its top at 3; the lesson's own example would pass as well."""
    return 9 - (p[:, 0] - 3) ** 2


counterexample = (top_of_a_hill, [[3.0]], 0)
### END SOLUTION

# %% tags=["check"]
xc.check("01.5", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** There are two families. *Saturation*: $1 - \mathrm{relu}(1 - x)$ at 2, a sigmoid far to the right, $\min(x_1, x_2)$ where $x_2$ is the smaller. *The top of a
hill*: $9 - (x - 3)^2$ at 3, where the slope changes its sign. In both the feature has brought $f$ to where it is, and the next small step brings nothing.

This is not rare. A well-trained classifier is *meant* to be sure of its class, and to stay sure when a pixel changes a little.
"""

# %% [markdown]
r"""
## Task 01.6 · Where did the 2 go?

**Goals** G1, G3 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 4 of 5

At $(3, 1)$ the TOY net gives 2, but gradient x input adds up to something else. The rest belongs to the **biases**: the numbers $0, -1, -1$ inside the three relus and
the $+1$ at the end. A bias is an input like any other, with its own slope. Split the 2:

| part | meaning |
|---|---|
| `gradient_x_input` | the sum of gradient x input at $(3, 1)$ |
| `hidden_biases` | three numbers: each hidden bias times the slope of $f$ with respect to it, at $(3, 1)$ |
| `output_bias` | the same for the $+1$ |
| `bias_free` | now set **all four** biases to 0. Predict two numbers at $(1, 3)$: $f$, and the sum of gradient x input |

Paper first. The slope of $f$ with respect to a hidden bias is the output weight if the gate is on, and 0 if it is off.

*Look back:* lesson 01, sections 2 (The gradient by hand) and 8 (Gradient times input).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: gradient_x_input = None
# STUB: hidden_biases = (None, None, None)
# STUB: output_bias = None
# STUB: bias_free = (None, None)  # f, and the sum of gradient x input, at (1, 3)
gradient_x_input = 3 * 1 + 1 * -3
hidden_biases = (0 * 2, -1 * 0, -1 * -1)  # bias times slope; the second gate is off
output_bias = 1 * 1
bias_free = (3 * 5 - 4, 1 * -4 + 3 * 5)  # sums -2, 5, 4; gradient (-4, 5)
### END SOLUTION

# %% tags=["check"]
parts = {
    "gradient_x_input": gradient_x_input,
    "hidden_biases": hidden_biases,
    "output_bias": output_bias,
    "bias_free": bias_free,
}
xc.check("01.6", parts)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** $0 + (0 + 0 + 1) + 1 = 2$: nothing is lost. Between two kinks $f$ is a sum of (slope times input) over **all** its inputs, and the biases are inputs.
A ReLU net without biases has nothing else, so there gradient x input adds up to the score: 11 and 11. (Doubling $x$ then doubles $f$, too.) Lesson 08 makes a
method of this, FullGrad. Note what it means for a real network: most of the espresso's logit of 11 stands in biases, which no pixel map shows.
"""

# %%
free = xc.zoo.toy()
free.hidden.bias.zero_()
free.output.bias.zero_()
for point in ((1.0, 3.0), (3.0, 1.0), (2.0, 5.0)):
    x = torch.tensor([point], dtype=torch.float64)
    total = xc.input_x_gradient(free, x, target=None).sum()  # one score: no target
    print(f"no biases, x = {point}: f = {float(free(x)):.0f}, sum = {float(total):.0f}")

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "The saliency map is bright on the spoon, so the spoon made the network say espresso." What do you answer?

<details><summary>A good answer</summary>

Bright means: a small change of these pixels would change the logit a lot, up or down. What the spoon contributed is another question: grey it and
look. And the map of quite another class is bright there, too.
</details>

**2.** A classifier is sure ($p = 0.999$). Its map of the probability is almost empty. Did nothing in the photo matter?

<details><summary>A good answer</summary>

No: the probability is saturated. It cannot rise, so its slope is almost 0. The gradient of the logit is not small. And neither of the two says what
brought the score up.
</details>
"""
