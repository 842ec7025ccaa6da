# %% [markdown] tags=["header"]
r"""
# 00 · Start here: what did the model look at?

| | |
|---|---|
| **Time** | 50 minutes: 33 to read and try, 17 for the two tasks. "Go deeper" is optional. |
| **Needs** | Python, a little PyTorch, and the word *gradient* |
| **Run** | Shift + Enter, folded cells too; arrow keys skip them. |
| **Practise** | the sheet `exercises/00_start_here.ipynb` |
"""

# %% tags=["setup", "workshop"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
labels = xc.zoo.labels()
collage = xc.datasets.collage(device=device)  # (1, 3, 224, 224), values in [0, 1]
left, right = xc.datasets.collage_masks(device=device)  # (224, 224), True or False
EGYPTIAN_CAT, ESPRESSO, TABBY, GOLDFISH = 285, 967, 281, 1

# %% [markdown] tags=["workshop"]
r"""
## 1 · Which number do we explain?

Half a cat, half a cup of coffee. We made this collage, so we know where the cat is. We show it to a network that
was trained on a million photos of 1000 classes.
"""

# %% tags=["demo", "workshop"]
logits = model(collage)[0]  # (1000,)
chances = logits.softmax(dim=0)
first_five = logits.argsort(descending=True)[:5].tolist()

xc.plot.overview(
    collage,
    {labels[k]: logits[k] for k in first_five},
    notes={labels[k]: f"p = {chances[k]:.2f}" for k in first_five},
    alt="Left: the collage, the left half of a cat's face beside a cup of coffee. "
    "Right: a bar for each of the model's five best classes with its logit and "
    "its probability.",
)

# %% [markdown] tags=["symbols", "workshop"]
r"""
The network returns 1000 numbers, the **logits**: one score for each class, positive or negative, without a limit.
Softmax turns them into probabilities, which add up to 1.

"Explain the model's answer" is therefore no question yet. *Which* of the 1000 numbers? We choose one class, and say
whether we explain its logit or its probability. A probability also falls when *another* class rises. So in this lesson
we explain **the logit of one named class**. It need not be the best class: "why espresso?" is as good a
question as "why Egyptian cat?", and it has another answer.

Two symbols for the whole course:

- $x$ is the input: here the collage, $3 \times 224 \times 224$ numbers from 0 to 1.
- $F(x)$ is the **one number** that we explain: here the logit of the class that we named.
"""

# %% [markdown] tags=["goals"]
r"""
**The goals of this lesson**

- **G1** you can say which number of which class is explained.
- **G2** you can measure the effect of every patch of a photo.
- **G3** you can read sign, scale and zero of a map.
- **G4** you can name two things that a map does not show, and back a choice by an experiment.
- **G5** you can use check, hint and reset.

The next cells are a **task**. You write code, the cell below it checks the code, and our answer is folded behind it. Try
first. If you leave a task open, the lesson goes on with a reference.
"""

# %% [markdown] tags=["workshop"]
r"""
### Task 00.1 · Which class does the model choose?

**Goals** G1, G5 · **Level** 1 of 5 · **Minutes** 5 · **Importance** 3 of 5

Before we explain a number we must find it. Write `class_of(model, x)` for a whole batch.

| argument | meaning |
|---|---|
| `model` | maps a batch (N, C, H, W) with values in [0, 1] to scores (N, K), one for each class |
| `x` | the batch (N, C, H, W) |
| **returns** | N whole numbers: the class with the highest score of each input, counted from 0 |

For two inputs with the scores `[[1, 5, 2], [7, 0, 3]]` the answer is `[1, 0]`. Leave the arguments as they are: work on
a copy where you need one. Stuck? Run `xc.hint("00.1")` in a new cell.
"""


# %% tags=["task", "workshop"]
def class_of(model, x):
    """Return the number of the best class of each input, (N,)."""
    ### BEGIN SOLUTION
    # STUB: scores = model(x)  # (N, K)
    # STUB: return ...
    scores = model(x)  # (N, K)
    return scores.argmax(dim=1)
    ### END SOLUTION


# %% tags=["check", "workshop"]
xc.check("00.1", class_of)

# %% [markdown] tags=["fold", "workshop"]
r"""
`scores` has one line for each input and one column for each class. We look for the highest score *along the classes*:
`dim=1`. With `dim=0` we would compare the inputs with each other. `argmax` gives the place, `max` the value. Softmax would
not change which class is highest. `x` goes in as it is: the models of this course normalise inside.
"""

# %%
best = int(xc.or_reference("00.1", class_of)(model, collage)[0])
mine = best  # your own choice? For example labels.index("teapot")
print("the best class:", labels[best])
print("the number that you explain: the logit of", labels[mine])
xc.show("F(x)", logits[mine])

# %% [markdown] tags=["workshop"]
r"""
## 2 · The effect of removal

The most direct way to ask is an experiment. Take a part away and look at $F$ again. "Away" must mean something: here we paint
the part grey (0.5).

$$\text{effect of a part} = F(x) - F(x \text{ with that part grey})$$

Two halves and two logits make four experiments:

| | cat half grey | coffee half grey |
|---|---|---|
| logit of Egyptian cat | A | B |
| logit of espresso | C | D |

A logit adds up what speaks for its class and what speaks against it.

**Predict (00.P1).** In which of the four does the logit *rise* by more than half a unit?
"""

# %% tags=["question", "workshop"]
xc.predict("00.P1")

# %% tags=["workshop"]
change = {}  # (half that is grey, class) -> change of the logit
for name, half in {"cat half": left, "coffee half": right}.items():
    without = model(torch.where(half, 0.5, collage))[0]  # (1000,)
    for k in (EGYPTIAN_CAT, ESPRESSO):
        change[name, k] = float(without[k] - logits[k])
        xc.show(f"{name} grey, change of the logit of {labels[k]}", change[name, k])

# Is it only this collage? Four others: (left photo, class), (right photo, class).
photos = {"cat": "chelsea", "cup": "coffee", "tripod": "camera", "missile": "rocket"}
classes = {"cat": EGYPTIAN_CAT, "cup": ESPRESSO, "tripod": 872, "missile": 657}
for a, b in ("cup", "cat"), ("tripod", "cat"), ("missile", "cup"), ("tripod", "cup"):
    other = xc.datasets.collage(photos[a], photos[b], device=device)
    greyed = torch.cat([other, *(torch.where(h, 0.5, other) for h in (left, right))])
    scores = model(greyed)[:, [classes[a], classes[b]]]  # (3, 2)
    (own_a, other_b), (other_a, own_b) = (scores[1:] - scores[0]).tolist()
    print(f"{a} | {b}: own part grey {own_a:+.1f} and {own_b:+.1f},", end=" ")
    print(f"other part grey {other_a:+.1f} and {other_b:+.1f}")

# %% [markdown] tags=["workshop"]
r"""
<details><summary>Answer to 00.P1</summary>

(d). The cat spoke *against* espresso, and the coffee, less, against the cat. On the four other collages it is the same: without its own half a logit falls by much,
without the other half it rises. A logit has a limit on neither side, so it can rise while half of the photo is gone.
</details>

You have just made an attribution. It answers: *what did this part do for this number?* Mind the order of the formula. A
**positive** effect means: without the part the score is lower, so the part **supports** the class. A **negative** effect
means: without it the score is higher, so the part **opposes** the class.

## 3 · Patch by patch

Two halves are a coarse map. Now cut the photo into $8 \times 8$ patches of 28 pixels. Grey one, read $F$, restore it, and go
on to the next. The 64 effects are a map. This is called **occlusion**.
"""

# %% [markdown]
r"""
### Task 00.2 · The effect of every patch

**Goal** G2 · **Level** 2 of 5 · **Minutes** 12 · **Importance** 5 of 5

Write `occlusion(model, x, target, patch, fill)`.

| argument | meaning |
|---|---|
| `model` | maps (N, C, H, W) to scores (N, K) |
| `x` | **one** picture, (1, C, H, W). It need not be square. |
| `target` | the class whose score is explained. It need not be the best one. |
| `patch` | side of a patch in pixels; H and W are multiples of it |
| `fill` | the number that all channels of a filled patch get |
| **returns** | the effects, (H / patch, W / patch): the first index counts down, the second across |

Only **one** patch is filled at a time. A small example: a model that adds up its pixels, a picture of ones, patch 2, fill 0,
three channels: each effect is 12. Leave the arguments as they are: work on a copy (`x.clone()`).
"""


# %% tags=["task"]
def occlusion(model, x, target, patch, fill):
    """Return the effect of every patch on the target's score."""
    ### BEGIN SOLUTION
    # STUB: height, width = x.shape[2] // patch, x.shape[3] // patch
    # STUB: effects = torch.zeros(height, width)
    # STUB: ...  # the score of the intact picture, then two loops
    # STUB: return effects
    height, width = x.shape[2] // patch, x.shape[3] // patch
    effects = torch.zeros(height, width)
    start = model(x)[0, target]
    for i in range(height):
        for j in range(width):
            down = slice(i * patch, (i + 1) * patch)
            across = slice(j * patch, (j + 1) * patch)
            changed = x.clone()
            changed[..., down, across] = fill
            effects[i, j] = start - model(changed)[0, target]
    return effects
    ### END SOLUTION


# %% tags=["check"]
xc.check("00.2", occlusion)

# %% [markdown] tags=["fold"]
r"""
- `x.clone()` inside the loop: only one patch is filled at a time, and the caller's picture stays as it is. Without it the patches
  pile up, and each number tells how much *all patches so far* took away.
- `[0, target]` both times: the class is named, so it must not be chosen again after a patch is gone.
- *Before minus after*: positive means that the patch supports the class.
- `i` goes with the height, `j` with the width. On a square picture you would not see that they are exchanged.
"""

# %% tags=["machinery"]
# Your map of espresso, compared with that of the package
effect = xc.or_reference("00.2", occlusion)
yours = effect(model, collage, ESPRESSO, 28, 0.5)  # (8, 8)
package = xc.occlusion(model, collage, target=ESPRESSO, patch=28, fill=0.5)
assert torch.allclose(yours.cpu(), package[0, 0, ::28, ::28].cpu(), atol=1e-3)
print("The map of the package is the same, with the number of a patch in each pixel.")

# %% [markdown] tags=["workshop"]
r"""
From here on we use `xc.occlusion`, which does the same.

Two things can happen when one patch is gone. Do patches stand in for each other? Then one alone takes little. Are they needed together? Then each one alone breaks what they do together, and it is counted at each of them.

**Predict (00.P2).** Now only one patch is grey at a time. Add up the 32 effects in the class's own half, and compare them
with what the *whole* half took off its logit (the change of section 2, with the other sign). For which of the two classes do the patches add up to more?
"""

# %% tags=["question", "workshop"]
xc.predict("00.P2")


# %% tags=["workshop"]
def patch_effects(target):
    """The effect of each of the 8 x 8 patches of the collage on one logit."""
    pixels = xc.occlusion(model, collage, target=target, patch=28, fill=0.5)
    return pixels[0, 0, ::28, ::28].cpu()  # every pixel of a patch has its effect


cat, espresso = patch_effects(EGYPTIAN_CAT), patch_effects(ESPRESSO)  # (8, 8) each
for name, own, whole in (
    ("Egyptian cat", cat[:, :4], -change["cat half", EGYPTIAN_CAT]),
    ("espresso", espresso[:, 4:], -change["coffee half", ESPRESSO]),
):
    control = {"the whole half at once": whole}
    xc.show(f"{name}: the 32 patches of its own half", own.sum(), control=control)

# %% tags=["demo", "machinery", "workshop"]
sides = {"left": "cat half", "right": "coffee half"}
xc.plot.overview(
    collage,
    {labels[k]: logits[k] for k in first_five},
    maps={labels[EGYPTIAN_CAT]: cat, labels[ESPRESSO]: espresso},
    drops={
        labels[k]: {s: f"grey: logit {change[h, k]:+.1f}" for s, h in sides.items()}
        for k in (EGYPTIAN_CAT, ESPRESSO)
    },
    alt="The collage, the five best logits, and two occlusion maps of 8 x 8 patches "
    "on one scale, for Egyptian cat and for espresso. Under each half of a map "
    "stands how the logit changes when that whole half is grey.",
)

# %% [markdown] tags=["workshop"]
r"""
<details><summary>Answer to 00.P2</summary>

(a). For the espresso the patches add up to *more* than the half. Cup and drink are needed together: each patch alone takes a part of the same thing, and it is counted again and again. (We tried it: the effects of the eight strongest
patches add up to 8.6, but all eight grey at once take only 3.3.) For the cat it is the other way round, and by far: while one
patch of fur is missing, the others stand in for it, and no patch alone takes more than 0.5. Parts work together, and a map with one number for each part cannot show how.
</details>

Read the picture slowly: red supports, blue opposes, white means *no effect*. Both maps share one scale, so their colours may be
compared. Under each half stands what *the logit did* when the whole half was grey. Mind the sign: the half that supports is
the one whose removal lowers the logit.

**Your turn (1 minute).** Find the strongest patch of the espresso map in the photo. Is it the drink, the rim or the spoon?

<details><summary>Where it is</summary>

Third line from the top, seventh column: the drink, where the bright ring ends. The rim is weaker, and the spoon is nearly white.
</details>

Occlusion is honest, and it is expensive: one forward pass for each patch. For single pixels it would be 50,176.
"""

# %% [markdown]
r"""
## 4 · One map, four displays

**One backward pass** gives the slope of $F$ with respect to each of the 150,528 numbers of
the photo: the gradient. What these slopes mean is the subject of lesson 01. Today they are just a
map with three channels, signs and wild detail, which has to be *displayed* somehow.
"""

# %% tags=["demo"]
slopes = xc.gradient(model, collage, target=ESPRESSO)  # (1, 3, 224, 224)

xc.plot.displays(
    slopes,
    collage,
    tile=4,
    alt="The collage and four displays of one gradient map of espresso: with sign, "
    "as sum of absolute values, as largest absolute value of the three channels, "
    "and stretched from its minimum to its maximum. Each has its own colour bar.",
)

# %% [markdown]
r"""
The same numbers, four pictures. (The second and the third look alike here; compare their scales.)

| display | what it keeps | what it loses |
|---|---|---|
| with sign | support and opposition | channels that cancel |
| absolute | where something happens | *for* or *against* |
| largest of three channels | the strongest channel | the sign, the other two |
| stretched | the order of the values | **the zero**: its colour depends on the extremes |

The last one is what you get from an image viewer, or from `imshow` without limits. Never read a sign from it. A signed map needs a
scale from $-m$ to $+m$, so that zero always has the middle colour.

## 5 · Two classes

The next cell draws the occlusion maps of two other classes. Read the figure with its colour bar.
"""

# %% tags=["demo", "machinery"]
# Two occlusion maps, A and B
tabby, goldfish = patch_effects(TABBY), patch_effects(GOLDFISH)
xc.plot.maps(
    {"A": goldfish / goldfish.abs().max(), "B": tabby / tabby.abs().max()},
    photo=collage,
    percentile=100,
    unit="effect, divided by\nthe map's own maximum",
    alt="The collage and two occlusion maps of 8 x 8 patches, A and B, with one colour "
    "bar: effect, divided by the map's own maximum.",
)

# %% [markdown]
r"""
Three readings of the figure:

1. which patches support a class, and which oppose it;
2. which of the two classes has the larger effects;
3. which patch of map A has the largest effect.

**Predict (00.P3).** Which of them does the figure allow?
"""

# %% tags=["question"]
xc.predict("00.P3")

# %%
chance = {"chance": 0.001}
for name, one, k in (("A", goldfish, GOLDFISH), ("B", tabby, TABBY)):
    xc.show(f"{name} is {labels[k]}, its largest effect", one.abs().max())
    xc.show(f"{name}: its probability", float(chances[k]), control=chance)

# %% [markdown]
r"""
<details><summary>Answer to 00.P3</summary>

(c). Inside a map the unit is the same for all patches. From map to map it is not: after each was divided by its own maximum, the
strength is gone. The larger effects are those of *tabby*, a class that the model takes seriously. The probability of *goldfish* is far below chance, and its map looks just as lively.
</details>

So **compare maps on one scale only.** And does a map know the class at all? For that we need a number that says how alike two maps are:
the **cosine** between them, as if each map were one long arrow. It is 1 for the same direction, 0 for nothing in common, negative
for maps that disagree.

Now compare the gradient map of espresso with that of Egyptian cat, with and without signs. Two controls stand beside
each number. How alike are espresso and three classes *drawn by lot*? And how alike are two maps when the pixels of
one stand in random places?
"""


# %%
def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


lot = torch.Generator().manual_seed(0)
drawn = torch.randint(1000, (3,), generator=lot).tolist()
by_class = {k: xc.gradient(model, collage, target=k) for k in (EGYPTIAN_CAT, *drawn)}
order = torch.randperm(224 * 224, generator=lot).to(device)
mixed = slopes.flatten(2)[..., order].view_as(slopes)  # its pixels in random places
for name, shown in {"with sign": lambda a: a, "absolute": torch.abs}.items():
    own = {k: cosine(shown(slopes), shown(one)) for k, one in by_class.items()}
    control = {
        "three classes by lot": ", ".join(f"{own[k]:.1f}" for k in drawn),
        "random places": round(cosine(shown(mixed), shown(by_class[EGYPTIAN_CAT])), 1),
    }
    alike = round(own[EGYPTIAN_CAT], 1)
    xc.show(f"espresso and cat, {name}: cosine", alike, control=control)

# %% [markdown]
r"""
Without signs the two maps look alike. But so do the maps of espresso and any class drawn by lot, and most of this likeness
remains when the pixels are mixed. So these maps hardly tell the classes apart: **taking absolute values has hidden
the class**. With signs the likeness is small, and it differs from class to class. It does not say that cat and espresso
are special opponents: a class drawn by lot may differ as much.

A similarity without a control says little. This is why every share and every cosine of this course has its control in the same
line.

## 6 · Which map never saw the model?

Three maps of the collage, all as absolute values, summed over patches, each scaled to its own maximum. One is occlusion for espresso,
one the gradient of espresso. The third is made without the model: it shows edges, strong changes of brightness. We hide who is
who: the letters are drawn by lot.
"""


# %% tags=["machinery"]
# Three functions that make a map (8, 8) for a class; one of them ignores the class.
def patches(values):
    """Add up a map (224, 224) over 8 x 8 patches."""
    return values.reshape(8, 28, 8, 28).sum((1, 3)).cpu()


def by_occlusion(target):
    return patch_effects(target).abs()


def by_gradient(target):
    slopes = xc.gradient(model, collage, target=target)
    return patches(slopes.abs().sum(1)[0])


def by_edges(target):
    """Sobel's filter: how much the brightness changes across and down."""
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=device)
    sobel = torch.stack([across, across.T])[:, None]  # (2, 1, 3, 3): across and down
    padded = torch.nn.functional.pad(collage, (1, 1, 1, 1), mode="replicate")
    brightness = padded.mean(dim=1, keepdim=True)  # (1, 1, 226, 226)
    return patches(torch.nn.functional.conv2d(brightness, sobel).norm(dim=1)[0])


# %% tags=["demo", "machinery"]
# Three maps, A, B and C, with letters drawn by lot
kinds = (by_occlusion, by_gradient, by_edges)
lots = torch.randperm(3, generator=torch.Generator().manual_seed(1)).tolist()
makers = {letter: kinds[k] for letter, k in zip("ABC", lots, strict=True)}
three = {letter: maker(ESPRESSO) for letter, maker in makers.items()}
xc.plot.maps(
    {name: values / values.max() for name, values in three.items()},
    photo=collage,
    reduce="abs_sum",
    percentile=100,
    unit="absolute value, divided by\nthe map's own maximum",
    alt="The collage and three maps of 8 x 8 patches, A, B and C, each scaled to "
    "its own largest value.",
)

# %% [markdown]
r"""
**Predict (00.P4).** Which map never saw the model?
"""

# %% tags=["question"]
xc.predict("00.P4")

# %%
for letter, maker in makers.items():  # the same photo, another class
    again = maker(EGYPTIAN_CAT)
    same = torch.allclose(three[letter], again, rtol=1e-5)
    xc.show(f"{letter}: the same map when we ask for Egyptian cat", same)
print({letter: maker.__name__ for letter, maker in makers.items()})

edges, sizes = by_edges(ESPRESSO), by_gradient(ESPRESSO)
lot = torch.Generator().manual_seed(0)
mixes = [edges.flatten()[torch.randperm(64, generator=lot)] for _ in range(3)]
control = ", ".join(f"{cosine(mix, sizes):.1f}" for mix in mixes)
alike = round(cosine(edges, sizes), 1)
control = {"patches in random places": control}
xc.show("edges and gradient: cosine", alike, control=control)

# %% [markdown]
r"""
<details><summary>Answer to 00.P4</summary>

(b). Did you see it, or did you guess? Nor does the cosine between edges and gradient help: it sounds large, and the same patches
in random places reach more. What gives B away is an **experiment**: we asked for another class, and B did not change at all.
</details>

A good-looking map proves nothing. To find out whether a map explains the model, change the model or the question, and keep the photo.

## 7 · What a map does not show

- It is **no segmentation**. It does not mark the cat. It marks where greying changes a score. Patches of the cat may be white.
- It is **no cause in the world**. It says how this network reacts, not what makes a coffee a coffee.
- It is **no sum**: you have seen it in section 3. A patch with an effect of 0 may matter as soon as another one is gone.
- It is **no proof** that the network is right, or right for a good reason.
- It shows **one class, one number, one way of removing**. Another grey, another map.

**Explore the panel** (4 minutes). The cell first makes three moves by code; then it is yours. Click a place of the photo to grey that
patch, click again to restore it. With the keyboard: press Tab until the photo has the focus, go with the arrow keys, and press Enter.
Find: a red patch that lowers the logit; a blue one that raises it; what "absolute" hides; what the own scale does to the
map of goldfish.
"""

# %% tags=["panel", "drive", "machinery"]
# The panel, moved three times by code
panel = xc.widgets.AttributionPanel(
    model,
    {
        "cat and coffee": collage,
        "camera and cat": xc.datasets.collage("camera", "chelsea", device=device),
    },
    {"espresso": ESPRESSO, "Egyptian cat": EGYPTIAN_CAT, "goldfish": GOLDFISH},
)
panel.set(**{"class": "goldfish", "scale": "own"})
own = panel.result.limit
panel.set(scale="shared by all classes")
xc.show("goldfish: shared scale, as a multiple of its own", panel.result.limit / own)
panel.set(**{"class": "espresso"}, patches=[divmod(int(espresso.argmin()), 8)])
xc.show("most opposing patch grey, change of espresso", panel.result.change)
panel.set(patches=[divmod(int(espresso.argmax()), 8)])
xc.show("most supporting patch grey, change of espresso", panel.result.change)
assert panel.error is None
assert abs(panel.result.change + float(espresso.max())) < 1e-2  # minus its effect
panel

# %% [markdown]
r"""
## 8 · A wrong input goes unpunished

A network never complains about numbers. Our models take images in $[0, 1]$ and normalise them *inside*. Many recipes on the web
normalise *before* the model. Do both, and nothing crashes. Watch five photos. For each we ask whether the best class is still
the one of the right input.
"""

# %%
mean = torch.tensor([0.485, 0.456, 0.406], device=device).view(3, 1, 1)
spread = torch.tensor([0.229, 0.224, 0.225], device=device).view(3, 1, 1)
names = ("chelsea", "coffee", "camera", "rocket", "brick")
five = torch.cat([xc.datasets.photo(name, device=device) for name in names])
intact = model(five).argmax(dim=1)  # (5,)
wrong = {
    "normalised twice": (five - mean) / spread,
    "values from 0 to 255": 255 * five,
    "blue and red exchanged": five.flip(1),
}
control = {"another photo": int((intact.roll(1) == intact).sum())}
for name, x in wrong.items():
    kept = int((model(x).argmax(dim=1) == intact).sum())
    xc.show(f"{name}: best class kept, of 5 photos", kept, control=control)

# %% [markdown]
r"""
Normalised twice, most photos change their class. With blue and red exchanged most keep it, so this
mistake stays hidden *because* the answer is right. An explanation of a wrong input is an explanation of something else. Look at shape,
range and channel order before you look at a map.

## 9 · Checks that help

A check accepts every right solution, however it is written, and it often knows which mistake was made. Here is one on
purpose, for task 00.2: after minus before.
"""


# %% tags=["hint"]
def after_minus_before(model, x, target, patch, fill):
    """Return the effect of every patch. (There is a mistake.)"""
    return -effect(model, x, target, patch, fill)


xc.check("00.2", after_minus_before)
xc.hint("00.2")  # call it again for the next of three hints
go_on = xc.or_reference("00.2", after_minus_before)  # a right function in any case

# %% [markdown]
r"""
How this course works, in short:

- **Tasks** stand in the lessons and in their sheets. A check is no exam: try as often as you like. Our answer is folded behind
  the check; a triangle opens it. A task that you leave open never stops you: `xc.or_reference` goes on with ours, and says so.
- **Predictions** are buttons. Press one: it answers at once with what to look at, and never says which one is right. That is
  folded behind the cell that decides. Only your first vote counts, and nobody sees it but you. Where you see no
  buttons, put your letter in quotation marks behind the question's number, in the same brackets.
- Cells that only draw or compare keep their code folded away. Click the bar to see it.
- You work on copies in the folder `work/`. In a terminal, `xaicourse open` shows where you left off, `xaicourse open 05`
  lesson 05.
- `xc.progress()`, or `xaicourse status`, shows what you have passed and what comes next. `xc.review()` asks about earlier
  lessons, `xc.pretest()` says where to begin.
- `xaicourse reset 00` gives you lesson and sheet as they were issued, `xaicourse reset 00 --task 00.2` only this task.
  What you had is kept in `work/backups/`.

## 10 · Your model

Now a network that everybody has: torchvision's ResNet-18. Here its weights are **random**, so that the cell runs offline.
Exchange them for trained ones, or for yours, and run the cell again.

Read the last line: in this network the two best classes get nearly the *same* map. (We tried three random networks: it
was so in each.) Print which number you explain, how large the effects are, and whether the map changes with the class. Doubt a map when its
largest effect is no larger than the spread of the logits, when another class gives the same map, or when the input is not
scaled as your model wants it.
"""

# %% tags=["own-model"]
# Trained: weights="DEFAULT", download=True. Yours, after the next line:
# yours.model.load_state_dict(torch.load("my_resnet18.pth"))
yours = xc.zoo.load("torchvision/resnet18", weights=None, device=device)
scores = yours(collage)[0]
one, two = scores.argsort(descending=True)[:2].tolist()
print("we explain the logit of", labels[one])
xc.show("its probability", scores.softmax(0)[one], control={"chance": 0.001})
first, second = (effect(yours, collage, k, 56, 0.5) for k in (one, two))  # (4, 4)
control = {"spread of its 1000 logits": float(scores.std())}
xc.show("largest effect of a patch", first.abs().max(), control=control)
trained = [effect(model, collage, k, 56, 0.5) for k in (ESPRESSO, EGYPTIAN_CAT)]
control = {"Lite0, espresso and cat": round(cosine(*trained), 1)}
xc.show("two best classes: cosine", round(cosine(first, second), 1), control=control)

# %% [markdown] tags=["deeper"]
r"""
## Go deeper

Everything from here to "What to remember" is optional.

### A · The road ahead

The numbers of the lessons follow the years of their ideas, roughly. An arrow leads from a lesson to those that need it. With little
time, follow the thick frames.
"""

# %% tags=["demo"]
xc.plot.prerequisites(
    track="six labs",
    alt="The lessons of the course as boxes with arrows from each lesson to those that "
    "need it, from left to right. Thick frames mark the track of six labs. "
    "Finished lessons are filled, planned ones are not.",
)

# %% [markdown]
r"""
Each method of the package says of itself from which year it is, to which family it belongs, and which lesson explains it. The
picture is drawn from these records, so it grows with the course.
"""

# %% tags=["demo"]
xc.plot.timeline(
    alt="A line of years. Each method of the package is a dot at the year of its "
    "paper, with its name and lesson, in a band for its family.",
)

# %% [markdown]
r"""
### B · Another grey

We removed patches by grey. Would black or white tell the same story? We repeat the halves.
"""

# %%
for name, fill in {"black": 0.0, "grey": 0.5, "white": 1.0}.items():
    paint = torch.full_like(collage, fill)
    without = [model(torch.where(half, paint, collage))[0] for half in (left, right)]
    both = [float(w[ESPRESSO] - logits[ESPRESSO]) for w in without]
    xc.show(f"{name}: espresso without the cat half, without the coffee half", both)

# %% [markdown]
r"""
Here the three colours agree within half a unit, because the halves are large and the evidence is clear. This is luck you may not count
on: a painted patch is also a new thing in the photo, and a model may react to it. Lesson 09 is about this choice.

### C · A photo of your own

`xc.datasets.open_image("photo.jpg")` reads any image file, cuts out the middle and returns the tensor that the models take. Task
00.6 asks for one. Without a photo at hand, make a collage of your own, with `xc.datasets.collage("rocket", "coffee")`.
"""

# %%
own = xc.datasets.collage("rocket", "coffee", device=device)
found = model(own)[0].softmax(dim=0)
for k in found.argsort(descending=True)[:3].tolist():
    xc.show(labels[k], round(float(found[k]), 2))

# %% [markdown] tags=["references"]
r"""
## What to remember

- First choose the number: **one class, its logit or its probability**. Then explain.
- The effect of a part is $F(x) - F(x \text{ without it})$. Positive supports, negative opposes.
- Signs, a zero in the middle, one scale for maps that are compared. Absolute values hide who is for and who against.
- A map is no segmentation, no cause, no proof. Change the model or the question and see whether the map follows.
- Effects of parts do not add up to the effect of the whole.
- A similarity needs a control. A wrong input needs an eye on shape, range and channels.

**What comes next.** Occlusion needs one forward pass for each patch. Lesson 01 takes the gradient seriously: one backward pass for
all pixels. What does it promise, and how far does it keep it?

## References

- M. Zeiler, R. Fergus. *Visualizing and Understanding Convolutional Networks* (occlusion). 2013. [arXiv:1311.2901](https://arxiv.org/abs/1311.2901)
- K. Simonyan, A. Vedaldi, A. Zisserman. *Deep Inside Convolutional Networks*. 2013. [arXiv:1312.6034](https://arxiv.org/abs/1312.6034)
- J. Adebayo and others. *Sanity Checks for Saliency Maps* (maps against edge detectors). 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
"""
