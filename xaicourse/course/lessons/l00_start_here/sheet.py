# %% [markdown] tags=["header"]
r"""
# 00 · Exercises: start here

| | |
|---|---|
| **Core** | tasks 00.3, 00.5, 00.7: 30 minutes |
| **More** | task 00.4: 8 minutes |
| **Open** | task 00.6: 10 minutes |

Tasks 00.1 and 00.2 stand in the lesson. Every task has a check. It says what is right, what is missing, and often which
mistake was made. Try as often as you like. Stuck? Run `xc.hint("00.3")` in a new cell: there are three hints for each
task. Leave a task open and go on: the sheet then uses a reference, and says so.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
labels = xc.zoo.labels()
photo = xc.datasets.collage("camera", "chelsea", device=device)  # tripod | cat
TRIPOD, EGYPTIAN_CAT = 872, 285

# %% [markdown] tags=["quiz"]
r"""
## Warm up: two questions before you start

**1.** A network has the logits 4.0 for "cat", 3.0 for "dog" and $-2.0$ for "cup". A friend asks: "Why does it see a cup?" Is that a
question that an attribution can answer?

<details><summary>Answer</summary>

Yes, if it is put as: what in the photo speaks for and against the *logit of cup*? Any class may be explained. That the logit is
negative and the class far from winning does not matter, but it should be said.
</details>

**2.** You grey a patch, and the logit of "cat" rises from 4.0 to 4.5. What is the effect of the patch, and does it support the cat?

<details><summary>Answer</summary>

$4.0 - 4.5 = -0.5$. A negative effect: the patch opposes the cat.
</details>
"""

# %%
effect = xc.or_reference("00.2", None)  # occlusion, the task of the lesson
tripod = effect(model, photo, TRIPOD, 28, 0.5)  # (8, 8)

xc.plot.maps(
    {"tripod, occlusion": tripod},
    photo=photo,
    percentile=100,
    unit="effect on the logit",
    alt="A collage, the middle of the photo of a man with a camera on the left, half "
    "a cat's face on the right, beside the occlusion map of tripod.",
)

# %% [markdown]
r"""
## Task 00.3 · Who supports, who opposes?

**Goal** G3 · **Level** 2 of 5 · **Minutes** 8

Write `strongest_patches(effects)` for a map of effects (h, w). Return `(supporting, opposing)`, two lists of places `(i, j)`; `i` counts
down, `j` counts across, both from 0.

- `supporting`: the three places with the largest **positive** effects;
- `opposing`: the three places with the most **negative** effects.

If fewer than three patches have the sign, the list is shorter, or empty. The order does not matter. Among equal effects choose
any.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 00, section 4 (One map, four displays).
"""


# %% tags=["task"]
def strongest_patches(effects):
    """Return the three most supporting and the three most opposing places."""
    ### BEGIN SOLUTION
    # STUB: supporting, opposing = [], []
    # STUB: ...
    # STUB: return supporting, opposing
    width = effects.shape[1]
    order = effects.flatten().argsort(descending=True).tolist()
    places = [divmod(k, width) for k in order]  # the largest effect first
    supporting = [place for place in places if effects[place] > 0][:3]
    opposing = [place for place in places[::-1] if effects[place] < 0][:3]
    return supporting, opposing
    ### END SOLUTION


# %% tags=["check"]
xc.check("00.3", strongest_patches)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** First the sign, then the size. In a map that is negative everywhere nothing supports the class, and "the best three"
would be three opponents. With absolute values before ranking a strong opponent looks like a supporter, and the *weakest* patches
look like opponents. `divmod(k, width)` turns a flat place into (down, across): divide by the **width**.
"""

# %%
strongest = xc.or_reference("00.3", strongest_patches)
supporting, opposing = strongest(tripod)
for name, places in {"supporting": supporting, "opposing": opposing}.items():
    changed = photo.clone()
    for i, j in places:
        changed[..., 28 * i : 28 * (i + 1), 28 * j : 28 * (j + 1)] = 0.5
    both = xc.scores(model, torch.cat([photo, changed]), target=TRIPOD)
    minus_sum = -sum(float(tripod[i, j]) for i, j in places)
    xc.show(f"three {name} patches grey: change of the logit", float(both[1] - both[0]))
    xc.show("minus the sum of their effects", minus_sum)

# %% [markdown] tags=["deeper"]
r"""
## Task 00.4 · One scale for several maps

**Goal** G3 · **Level** 2 of 5 · **Minutes** 8

Write `shared_limits(maps)` for a list of maps (h, w) of one shape. Return `(low, high)`, the ends of **one** colour scale for all of them:

- zero is in the middle;
- the strongest map fits: `high` is its largest absolute value, or a high percentile of its absolute values;
- if all maps are 0 everywhere, the scale still has a width.

Leave the arguments as they are: work on a copy where you need one.

*Look back:* lesson 00, sections 4 (One map, four displays) and 5 (Two classes).
"""


# %% tags=["task"]
def shared_limits(maps):
    """Return (low, high) of one colour scale for all maps."""
    ### BEGIN SOLUTION
    # STUB: ...
    # STUB: return low, high
    limit = max(float(one.abs().max()) for one in maps)
    if limit == 0:
        limit = 1.0
    return -limit, limit
    ### END SOLUTION


# %% tags=["check"]
xc.check("00.4", shared_limits)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** `low = -high` puts zero in the middle. Absolute values come first, because a map may be negative everywhere. The
largest of *all* maps, because a scale of its own makes a weak map look strong. A scale without width would divide by 0.
A percentile (99, say) clips single extreme pixels, and then the caption should say so. Symmetric and common: that is what counts.
"""

# %%
limits = xc.or_reference("00.4", shared_limits)
low, high = (float(end) for end in limits([tripod, 0.1 * tripod]))
xc.show("zero is in the middle", abs(low + high) < 1e-4 * high)

# %% [markdown]
r"""
## Task 00.5 · Which map is no explanation?

**Goal** G4 · **Level** 3 of 5 · **Minutes** 12

`makers` holds three functions, "A", "B" and "C". Each is called as `maker(model, x, target)` and returns a map of $8 \times 8$ patches. One
of them **never looks at the model**. Which one, and how do you know? Looks are no evidence.

1. Look at the three maps in the next cell, and guess.
2. Change *one* thing, the class or the model, and make all maps again. (The class is the easy way; any other class will do.)
3. Measure the cosine between before and after, for each letter.

Hand in a dictionary. The check computes the cosines again from your maps.

| part | meaning |
|---|---|
| `choice` | "A", "B" or "C" |
| `changed` | "class" or "model" |
| `similarity` | {"A": cosine, "B": cosine, "C": cosine}, before against after |
| `before` | the maps before, {"A": map, "B": map, "C": map}: the next cell makes them |
| `after` | the maps after the change, in the same form |

*Look back:* lesson 00, section 6 (Which map never saw the model?).
"""

# %%
makers = xc.exercise.map_makers()
before = {letter: maker(model, photo, TRIPOD) for letter, maker in makers.items()}

xc.plot.maps(
    {letter: one / one.abs().max() for letter, one in before.items()},
    photo=photo,
    reduce="abs_sum",
    percentile=100,
    unit="absolute value, as a share\nof the map's own maximum",
    alt="The collage of camera and cat, and three maps of 8 x 8 patches, A, B and C, "
    "as absolute values, each scaled to its own largest value.",
)


# %% tags=["task"]
def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


### BEGIN SOLUTION
# STUB: choice = None  # "A", "B" or "C"
# STUB: changed = None  # "class" or "model"
# STUB: after = None  # {"A": map, "B": map, "C": map}
# STUB: similarity = None  # {"A": ..., "B": ..., "C": ...}
after = {letter: maker(model, photo, EGYPTIAN_CAT) for letter, maker in makers.items()}
similarity = {letter: cosine(before[letter], after[letter]) for letter in makers}
changed = "class"
choice = max(similarity, key=similarity.get)
### END SOLUTION

# %% tags=["check"]
evidence = {"choice": choice, "changed": changed, "similarity": similarity}
xc.check("00.5", {**evidence, "before": before, "after": after})

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** B is a map of edges. It stays exactly the same (cosine 1) when we ask for another class, because it uses neither the
class nor the model. A (the gradient, summed over patches) and C (occlusion) have negative cosines here: what speaks for the tripod
speaks against the cat. Changing the *photo* would show nothing, because all three maps would change.

One experiment can convict a map. It cannot acquit one: that A and C depend on the class does not make them right.
"""

# %% [markdown] tags=["deeper"]
r"""
## Task 00.6 · Your own photo

**Goals** G1, G4 · **Level** 3 of 5 · **Minutes** 10

Explain a photo of your own (`xc.datasets.open_image("photo.jpg")`) or a collage of your own
(`xc.datasets.collage("rocket", "coffee")`). Hand in a dictionary:

| part | meaning |
|---|---|
| `photo` | (1, 3, 224, 224), values in [0, 1] |
| `target` | the number of the class that you explain |
| `effects` | its map of effects (h, w), with signs |
| `claim` | one sentence: what does the map say? |
| `not_shown` | one sentence: what does it **not** say? |

The check looks at the form only. People judge the sentences:

| level | the claim ... | the second sentence ... |
|---|---|---|
| 1 | is wrong or names no class | is missing the point ("it is not perfect") |
| 2 | is true of any photo | is true of any map |
| 3 | names class, place and sign | names a limit that matters for this photo |
| 4 | names class, place, sign and a measured number | says which experiment would settle it |

*Look back:* lesson 00, section 7 (What a map does not show).
"""

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: mine = None  # {"photo": ..., "target": ..., "effects": ..., "claim": ..., ...}
own = xc.datasets.collage("rocket", "coffee", device=device)
ESPRESSO = 967
effects = xc.or_reference("00.2", None)(model, own, ESPRESSO, 56, 0.5)  # (4, 4)
i, j = divmod(int(effects.argmax()), 4)
mine = {
    "photo": own,
    "target": ESPRESSO,
    "effects": effects,
    "claim": f"Greying patch ({i}, {j}) of the cup lowers the logit of espresso most, "
    f"by about {float(effects.max()):.1f}.",
    "not_shown": "It does not say what happens when two patches are grey: grey both "
    "and compare with the sum of their effects.",
}
### END SOLUTION

# %% tags=["check"]
xc.check("00.6", mine)

# %% [markdown]
r"""
## Task 00.7 · Break it: parts that matter and get 0

**Goal** G4 · **Level** 3 of 5 · **Minutes** 10

Find a function and an input for which occlusion gives **every** part the effect 0, although all parts together matter: filling
them all at once changes $f$ by more than 0.5. The parts are the features of a small vector, and they are filled with 0.

Hand in `(f, x)`:

| part | meaning |
|---|---|
| `f` | a function (N, D) -> (N,), made of torch operations; (N, 1) will do |
| `x` | one input with at least two features: a list `[[...]]` or a tensor (1, D); the outer brackets may be left out |

All numbers of `x` lie between -10 and 10. Each effect must be 0 up to 1e-6.

*Look back:* lesson 00, section 3 (Patch by patch): what happens to the fur when one patch of it is gone?
"""


# %% tags=["task"]
### BEGIN SOLUTION
# STUB: counterexample = None  # (f, x)
def larger(points):
    """The larger of two features."""
    return torch.maximum(points[:, 0], points[:, 1])


counterexample = (larger, [[1.0, 1.0]])
### END SOLUTION

# %% tags=["check"]
xc.check("00.7", counterexample)

# %% [markdown] tags=["solution"]
r"""
**The reasoning.** Each part must be able to *stand in* for the other: one of them is enough. The larger of two equal features is such
a function, and so is a sum that is cut off, $\min(x_1 + x_2, 1)$ at $(1, 1)$. Fill one feature and nothing happens. Fill both and $f$
falls to 0.

A product is the opposite case: *each* part is needed, so each gets the whole effect, and the effects add up to too much. Both
happen in one photo: the cat half of the lesson is nearer to the first, the coffee half to the second.

"The effect of this patch is 0" therefore never means "the network does not use it".
"""

# %% [markdown] tags=["quiz"]
r"""
## Exit ticket

Answer in your own words, one or two sentences each, before you unfold.

**1.** "The map is bright on the dog, so the network has understood what a dog is." What do you answer?

<details><summary>A good answer</summary>

The map says where this network's score for one class reacts, in this photo, to one way of removing. It does not say why, and it does
not say what the network would do with other dogs.
</details>

**2.** A paper prints two heat maps side by side without a colour bar and says that the left one is stronger. What do you ask for?

<details><summary>A good answer</summary>

One common scale with zero in the middle, printed. If each map was scaled to its own maximum, its strength cannot be seen.
</details>
"""
