# %% [markdown] tags=["header"]
r"""
# 15 · Exercises: test the metric, then the map

| | |
|---|---|
| **Core** | tasks 15.4, 15.5, 15.6: 35 minutes |
| **Extend** | task 15.7: 10 minutes |

Tasks 15.1, 15.2 and 15.3 stand in the lesson. Here you break the lesson's own metric, convict three others, and turn a table of intervals into a
verdict.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("15.4")` in a new cell: there are three hints for each task. Leave a task open and go on: only 15.7 uses an earlier answer, and takes ours if yours is missing.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from lesson 05

**1.** In lesson 05 the same maps had two winners in deletion, with tiles of two sizes. Which of the two tests was right?

<details><summary>Answer</summary>

Neither, or both: each unit is a question of its own. A verdict that changes with the unit has to be told together with it.
</details>

**2.** A pixel equals its baseline. What does Integrated Gradients give it, and what does deletion with this baseline as imputer see of it?

<details><summary>Answer</summary>

IG gives it exactly 0, and removing it changes nothing. Both ask the same question, so they agree, whether or not the model uses the pixel.
</details>
"""

# %% [markdown]
r"""
## Task 15.4 · Break it: the right map, upside down

**Goals** G1, G5 · **Level** 4 of 5 · **Minutes** 12 · **Importance** 4 of 5

In section 2 of the lesson an exact map lost to *other* orders. Can it even lose to **its own order upside down**? Then its ABPC is below 0.

Find a function $F$ of four to six features for which the exact shares (Shapley values) get an ABPC below $-0.01$ of the rise. A removed feature becomes 0.

Hand in `(f, x)`:

| part | meaning |
|---|---|
| `f` | a function (N, D) -> (N,) or (N, 1), made of torch operations |
| `x` | one input: a list with D numbers between -10 and 10, or a tensor (1, D) |

The rise, $F(x) - F(0)$, must be above 0. The check computes the exact shares from all $2^D$ subsets, and tries every order that agrees with them.

With three features or fewer it cannot be done (there ABPC and the first minus the last share are the same number, up to a factor). So where does a curve of four features ask *less* than the shares do?

*Look back:* lesson 15, section 2 (A score by hand).
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x)
def alone_together(p):
    """The third and the fourth work together, but only where the others are gone."""
    pair = p[:, 2] * p[:, 3] * (1 - p[:, 0]) * (1 - p[:, 1])
    return 0.2 * p[:, 0] + 0.2 * p[:, 1] + pair


counterexample = (alone_together, [1.0, 1.0, 1.0, 1.0])
### END SOLUTION

# %% tags=["check"]
xc.check("15.4", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Four features have 16 subsets. A removal curve and its reverse look at eight of them: the first ones and the last ones of *one* order. Shares average over all 16. So put something
large into a subset which the curve asks and the shares hardly feel.

Here the first two are worth 0.2 each. The pair of the other two is worth 1, but only while the first two are gone. This happens in one subset of 16, and the shares of the pair stay small: about 0.08 each. The first two lose as much, 0.2 becomes 0.12: they still
lead. But whoever removes them first (the exact order!) *uncovers* the pair: the score jumps from 0.4 to 1. Upside down the pair goes first, and the score falls in peace.

On a network this is no freak: "a tile hides something" is what happens when the removal of a distractor makes the class more probable.
"""

# %% [markdown]
r"""
## Task 15.5 · Convict three metrics

**Goals** G1, G3 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 5 of 5

The next cell prints three metrics, each with the arguments `(F, x, phi, fill)` and one number for each input:

- **a** claims: by how much $F$ falls without *exactly half* of the features, the most important half (rounded down);
- **b** claims: the correlation of $\phi$ with what each feature **alone** takes away, all others in place;
- **c** claims: the area of deletion, as a share of the score at $x$, **each input by its own**.

Such metrics have been in use. Each is right on many inputs. Find an input for each that proves the mistake: one of its values is off by at least 10 percent. (Where equal features leave a choice, it must be off from
every choice.)

Hand in a dictionary with the keys `"a"`, `"b"`, `"c"`. Each value is `(F, x, phi, fill)`:

| part | meaning |
|---|---|
| `F` | a function of a batch: (N, D) -> (N,), made of torch operations |
| `x`, `phi` | N inputs and their maps: lists of N lists with D numbers; D from 2 to 8, N up to 8 |
| `fill` | a number |

For **c** the score at each $x$ has to be above 0.

*Look back:* lesson 15, sections 2 (A score by hand) and 4 (Maps that never asked).
"""

# %%
metrics = xc.exercise.bugs("15.5")


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: evidence = {"a": None, "b": None, "c": None}  # each: (F, x, phi, fill)
def total(p):
    """Everything adds up."""
    return p.sum(1)


def two_together(p):
    """Two features that work together, one alone."""
    return p[:, 0] * p[:, 1] + p[:, 2]


evidence = {
    "a": (total, [[1.0, 1.0, 1.0, 1.0]], [[5.0, 0.0, 0.0, 0.0]], 0.0),
    "b": (two_together, [[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]], 0.0),
    "c": (total, [[1.0, 1.0], [4.0, 4.0]], [[2.0, 1.0], [2.0, 1.0]], 0.0),
}
### END SOLUTION

# %% tags=["check"]
xc.check("15.5", evidence)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- **a** removes all that reach a bar. With ties at the bar these are more than half: of $(5, 0, 0, 0)$ everything goes. Maps with many zeros (Grad-CAM after its relu, gradient x input on black) are hit, dense ones are not: an unfair comparison.
- **b** never puts a feature back. What the second one takes away is measured without the first. For a sum it does not matter. Where features work together, the one that comes first gets all.
- **c** divides by the largest number of the **batch**. The score of a picture then depends on its neighbours in the batch, and on the batch size. One input, or equal scores, hide it.

We measured such mistakes with Quantus 0.6.0 for this course (60 pictures, plan of the lesson): masks by percentile removed 22 percent for Grad-CAM where 10 were asked, and a correlation over rows of a batch made IG from black NaN. Read the metric before you read its table.
"""

# %% [markdown]
r"""
## Task 15.6 · One verdict

**Goals** G3, G4 · **Level** 3 of 5 · **Minutes** 8 · **Importance** 5 of 5

You compare K pairs of maps, A and B, under Q questions: an imputer and a unit each. Write `trusted(low, high, above)`:

| argument | meaning |
|---|---|
| `low`, `high` | (K, Q): the ends of the paired interval of A minus B |
| `above` | (K, 2): for A and for B, the smallest low end (over the questions) of "this map minus the best control" |
| **returns** | one verdict for each pair, (K,) |

| verdict | when |
|---|---|
| 1 | A is **surely** better (the whole interval above 0) under **every** question |
| -1 | B is, in the same way |
| 2 | it depends: A surely better under one question, B surely better under another |
| 3 | there is a winner (1 or -1), but **its own** number in `above` is not above 0 |
| 0 | none of these: undecided |

An interval that ends at 0 decides nothing. Leave the arguments as they are.

*Look back:* lesson 15, section 6 (How sure?).
"""


# %% tags=["task"]
def trusted(low, high, above):
    """Return 1, -1, 2, 3 or 0 for each pair of maps, (K,)."""
    ### BEGIN SOLUTION
    # STUB: verdict = torch.zeros(len(low))
    # STUB: return verdict
    better, worse = low > 0, high < 0
    verdict = torch.zeros(len(low))
    verdict[better.all(1)] = 1
    verdict[worse.all(1)] = -1
    own = torch.where(verdict == 1, above[:, 0], above[:, 1])
    verdict[(verdict.abs() == 1) & (own <= 0)] = 3
    verdict[better.any(1) & worse.any(1)] = 2
    return verdict
    ### END SOLUTION


# %% tags=["check"]
xc.check("15.6", trusted)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Two tables of booleans say all: where is A surely better, where is B? `all` over the questions makes a winner, `any` of both makes "it depends". The mean over questions would cancel what is most interesting.

"Undecided" and "it depends" are two things. The first may go away with more pictures. The second becomes surer.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 15.7 · Another network

**Goals** G2, G3, G4 · **Level** 3 of 5 · **Minutes** 10

A second network, with shortcuts and batch norm (`fashion_residual`). Its scores are stored: `xc.widgets.removal_scores("black", net="fashion_residual")` is a dictionary, map -> ABPC of a hundred
pictures, tiles of 4; the colours are black, grey, white. The controls are edges, picture and centre.

Hand in a dictionary:

- `"black"`: which of **all** maps has the highest mean under black?
- `"white"`: and under white?
- `"verdicts"`: three numbers, by `trusted` of task 15.6 under the questions black, grey and white: (1) A = IG black, B = IG white; (2) A = IG white, B = guided; (3) A = SmoothGrad, B = guided.

For `above` take each map minus the control with the highest mean under this question (not counting the map itself), its paired interval, and the smallest low end of the three.

*Look back:* lesson 15, sections 1, 4 and 6.
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: answer = {"black": None, "white": None, "verdicts": (None, None, None)}
verdict_of = xc.or_reference("15.6", trusted)
interval = xc.evaluation.confidence_interval
colours = ("black", "grey", "white")
tables = [xc.widgets.removal_scores(c, net="fashion_residual") for c in colours]
best = [max(table, key=lambda m: table[m].mean()) for table in tables]


def above_controls(name):
    """The smallest low end of this map minus the best control."""
    blind = [c for c in ("edges", "picture", "centre") if c != name]
    hardest = [max(blind, key=lambda c: table[c].mean()) for table in tables]
    pairs = zip(tables, hardest, strict=True)
    return min(interval(table[name] - table[c]).low for table, c in pairs)


pairs = [("IG black", "IG white"), ("IG white", "guided"), ("SmoothGrad", "guided")]
ends = [[interval(table[a] - table[b]) for table in tables] for a, b in pairs]
low = torch.tensor([[each.low for each in pair] for pair in ends])
high = torch.tensor([[each.high for each in pair] for pair in ends])
above = torch.tensor([[above_controls(a), above_controls(b)] for a, b in pairs])
verdicts = tuple(verdict_of(low, high, above).tolist())
answer = {"black": best[0], "white": best[2], "verdicts": verdicts}
### END SOLUTION

# %% tags=["check"]
xc.check("15.7", answer)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Under black **no method** leads on this network: the brightness of the picture does. So no map is above its controls under all three colours, and no winner can be trusted.

- IG from black against IG from white turns round, as on the first network: 2. This finding transfers.
- IG from white and guided backprop are never apart: 0. More pictures may tell.
- Guided backprop is surely better than SmoothGrad under every colour, a clear winner. But under black it is far below the picture: 3. It won a race in which a map without a network was faster.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "Our method has the best deletion score on 10,000 photos, $p < 10^{-9}$." What do you ask first?

<details><summary>A good answer</summary>

What do removed pixels become, and what do edges and random orders get? Is it the same under a second imputer and unit? The many photos make the answer sure, not the question right.
</details>

**2.** A metric gives 0.41. Is that good?

<details><summary>A good answer</summary>

Nobody can say without the score of a random order, of the map upside down, and of maps that never saw the network. Report ABPC: its zero is known.
</details>
"""
