# %% [markdown] tags=["header"]
r"""
# 12 · Exercises: beyond pixels

| | |
|---|---|
| **Core** | tasks 12.4, 12.5, 12.6: 35 minutes |
| **Extend** | task 12.7: 10 minutes |

Tasks 12.1, 12.2 and 12.3 stand in the lesson. Here you use what you built there: on paper, on other people's code, against one of the methods
itself, and on three networks.

Every task has a check. It says what is right, what is missing, and often which mistake was made. Try as often as you like.
Stuck? Run `xc.hint("12.4")` in a new cell: there are three hints for each task. Leave a task open and go on: none needs another one.
"""

# %% tags=["setup"]
import xaicourse as xc

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions from lesson 05

**1.** Which property of the score did the proof of completeness need?

<details><summary>Answer</summary>

That it is smooth piece by piece along the path, without jumps. A jump is in the rise, but in no slope.
</details>

**2.** The baseline of a photo was black. What would be "black" for a patient's table?

<details><summary>Answer</summary>

There is no such thing: a patient with all numbers 0 does not exist. Every baseline is a question, "compared with whom?".
</details>
"""

# %% [markdown]
r"""
## Task 12.4 · Crossings on paper

**Goals** G1, G2, G3 · **Level** 2 of 5 · **Minutes** 8 · **Importance** 4 of 5

The score is 0; it is 2 where $x_1 > 1$; and 1 more where $x_1 > 1$ **and** $x_2 > 2$. The baseline is $(0, 0)$.

Use paper, not code. Find, one number for each feature:

- `walk`: the map of Generalized IG for $x = (2, 5)$;
- `orders`: the Shapley values for $x = (2, 5)$, the mean over both orders;
- `tie`: the map of Generalized IG for $x = (2, 4)$, ties shared as in the lesson.

*Look back:* lesson 12, sections 2 (Who crosses?) and 3 (Two at one place).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: answer = {"walk": (None, None), "orders": (None, None), "tie": (None, None)}
answer = {"walk": (3, 0), "orders": (2.5, 0.5), "tie": (2.5, 0.5)}
### END SOLUTION

# %% tags=["check"]
xc.check("12.4", answer)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Feature 2 reaches 2 at $\alpha = 2/5$, feature 1 reaches 1 at $\alpha = 1/2$. When feature 2 crosses, nothing happens: feature 1 is still below. When feature 1 crosses, the score jumps by the whole 3.

Over both orders: feature 1 first gives $(2, 1)$, feature 2 first $(3, 0)$. The mean is $(2.5, 0.5)$.

For $x = (2, 4)$ both cross at $1/2$. The walk has no order there, asks both, and so it is the Shapley value.
"""

# %% [markdown]
r"""
## Task 12.5 · Convict three wrong functions

**Goals** G2, G3 · **Level** 3 of 5 · **Minutes** 15 · **Importance** 5 of 5

The next cell prints three functions, **a**, **b** and **c**. Each claims to compute Generalized IG of a score that only jumps, and each is right on some inputs. Find an input for each
that proves the mistake: the result is wrong by at least 10 percent.

Hand in a dictionary with the keys `"a"`, `"b"`, `"c"`. Each value is `(f, thresholds, x, baseline)`:

| part | meaning |
|---|---|
| `f` | a function of a batch: (N, D) -> (N,), which only jumps |
| `thresholds` | a list of D lists: all places where f jumps, feature by feature |
| `x`, `baseline` | one input each: a list with D numbers; at most 5 features, numbers from -100 to 100 |

`(p[:, 0] > 0.5).to(p.dtype)` is such an f, with `thresholds = [[0.5], []]` for two features. Ties count as shared over all orders.

*Look back:* lesson 12, sections 2 and 3. One of the three has the right sum on every input.
"""

# %%
functions = xc.exercise.bugs("12.5")


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: # each part: (f, thresholds, x, baseline)
# STUB: evidence = {"a": None, "b": None, "c": None}
def above(p, feature, theta):
    """1 where the feature is above its threshold, else 0."""
    return (p[:, feature] > theta).to(p.dtype)


evidence = {
    "a": (
        lambda p: above(p, 0, 0.5) + above(p, 1, 0.5),
        [[0.5], [0.5]], [1.0, 1.0], [0.0, 0.0],
    ),
    "b": (
        lambda p: above(p, 0, 0.5) + 2 * above(p, 1, 0.9),
        [[0.5], [0.9]], [1.0, 1.0], [0.2, 0.2],
    ),
    "c": (
        lambda p: above(p, 0, 1.0) + 3 * above(p, 1, 0.5),
        [[1.0], [0.5]], [4.0, 1.0], [0.0, 0.0],
    ),
}  # fmt: skip
### END SOLUTION

# %% tags=["check"]
xc.check("12.5", evidence)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.**

- **a** looks at the score just before and just after each crossing. If two features cross at one place, both see the same jump, and it is counted twice: $(2, 2)$ where the rise is 2. Without ties it is right.
- **b** forgets the baseline when it asks the score: it walks from 0, not from $x'$. From a baseline of 0 it is right. Here it gives $(0, 1)$ where $(1, 2)$ is true.
- **c** hands out the right jumps in the wrong order, by the size of the thresholds instead of the place on the way. Its **sum is always right**. Here feature 1 moves far, so it crosses early although its threshold is large.

A gap convicts **a** and **b**. For **c** one has to know the map.
"""

# %% [markdown]
r"""
## Task 12.6 · Break it: another first feature

**Goals** G2, G3 · **Level** 3 of 5 · **Minutes** 12 · **Importance** 5 of 5

Find a score that only jumps, and a way, for which Generalized IG and the Shapley values name **another feature first** (largest size).

Hand in `(f, thresholds, x, baseline)` as in task 12.5, with two to five features. The rise must be at least 0.5 in size. In both maps the first feature must be clearly ahead: by a tenth of the sum of all sizes.

*Look back:* lesson 12, section 4 (One walk, or all orders?): which jumps depend on the order?
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, thresholds, x, baseline)
def last_takes_all(p):
    """Feature 1 completes an AND late; feature 2 has an effect of its own as well."""
    both = (p[:, 0] > 0.9) & (p[:, 1] > 0.1)
    return both.to(p.dtype) + 0.3 * (p[:, 1] > 0.5).to(p.dtype)


counterexample = (last_takes_all, [[0.9], [0.1, 0.5]], [1.0, 1.0], [0.0, 0.0])
### END SOLUTION

# %% tags=["check"]
xc.check("12.6", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** An AND jumps when its *last* feature crosses. The walk gives all of it to that one: here 1 to feature 1, and 0.3 to feature 2 for its own effect. Over all orders each of the two is the last one half of the time:
0.5 for both, and feature 2 has 0.8 in total.

Move the threshold 0.9 to 0.05, and on the walk feature 2 is the last one. So the map of the walk depends on *where* thresholds lie, even if the score at all corners is the same.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 12.7 · Not at all

**Goals** G1, G5 · **Level** 3 of 5 · **Minutes** 10

Explain a surprise: for our nets "the plot was good" and "the plot was not good" were the same. Is this one odd sentence? Find a pair of your own.

Hand in `{"plain": ..., "denied": ...}`: two sentences that are the same, but for one "not" in the second.

- All three nets give **one verdict**, the same for both sentences, and in each the lead is at least 1.
- In the denied sentence, "not" has the largest share for this verdict in **none** of the three nets.
- 3 to 10 words, all known to the nets, without "plot was".

`xc.widgets.word_walk(net, sentence)` gives `words`, `shares` and `scores` for negative minus positive; `xc.zoo.load("sentence_cnn", seed=1)` is the second net.

*Look back:* lesson 12, section 5 (A sentence).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: pair = {"plain": None, "denied": None}
pair = {"plain": "it is a bad film", "denied": "it is not a bad film"}
### END SOLUTION

# %% tags=["check"]
xc.check("12.7", pair)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Nearly any strong word will do: bad, dull, warm, funny. In these nets "not" is one more word that speaks a little for negative, whatever follows. "not a bad film" becomes even more negative.

The nets *could* have learned it: their windows see two and three words together. Snippets with "not bad" are rare, and a word that mostly stands in bad reviews earns its share alone. The verdict on the test snippets is right for four of five all the
same, so no accuracy tells you.
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "Our map of the forest is exact, yours differs from it, so yours is wrong." What do you answer?

<details><summary>A good answer</summary>

Both may be exact: one walk and the mean over all orders have the same sum. Which order, which baseline, and how are ties shared?
</details>

**2.** A paper shows that its path stays nearer to real words. Which two controls do you ask for?

<details><summary>A good answer</summary>

The same with words drawn at random, and whether the padding counts as a word. And then: is the map better, on more than one net?
</details>
"""
