# %% [markdown] tags=["header", "goals"]
r"""
# 00 · Start here: what did the model look at?

| | |
|---|---|
| **Time** | 45 minutes. The core path takes 40; "Go deeper" is optional. |
| **Needs** | Python, a little PyTorch, and the word *gradient* |
| **Practise** | the sheet `exercises/00_start_here.ipynb`: core tasks 25 minutes, all 55 |

After this lesson

- **G1** you can say which number of which class is explained.
- **G2** you can measure the effect of every patch of a photo.
- **G3** you can read sign, scale and zero of a map.
- **G4** you can name two things that a map does not show, and back a choice by an experiment.
- **G5** you can use check, hint and reset.
"""

# %% tags=["setup"]
import torch

import xaicourse as xc

device = xc.device()
model = xc.zoo.load("efficientnet_lite0", device=device)  # images -> 1000 logits
labels = xc.zoo.labels()
collage = xc.datasets.collage(device=device)  # (1, 3, 224, 224), values in [0, 1]
left, right = xc.datasets.collage_masks(device=device)  # (224, 224), True or False
EGYPTIAN_CAT, ESPRESSO, TABBY, GOLDFISH = 285, 967, 281, 1

# %% [markdown]
r"""
## 1 · Which number do we explain?

Half a cat, half a coffee. We made this collage, so we know where the cat is. We show it to a network that
was trained on a million photos of 1000 classes.
"""

# %% tags=["demo"]
logits = model(collage)[0]  # (1000,)
chances = logits.softmax(dim=0)
best = logits.argsort(descending=True)[:5].tolist()

xc.plot.overview(
    collage,
    {labels[k]: logits[k] for k in best},
    notes={labels[k]: f"p = {chances[k]:.2f}" for k in best},
    alt="Left: the collage, the left half of a cat's face beside a cup of coffee. "
    "Right: a bar for each of the model's five best classes with its logit and "
    "its probability.",
)

# %% [markdown] tags=["symbols"]
r"""
The network returns 1000 numbers, the **logits**: one score for each class, positive or negative, without a limit.
Softmax turns them into probabilities, which add up to 1.

"Explain the model's answer" is therefore no question yet. *Which* of the 1000 numbers? We must choose one class, and say
whether we explain its logit or its probability. A probability also falls when *another* class rises. So in this lesson
we explain **the logit of one named class**. Nobody says that it must be the best class: "why espresso?" is as good a
question as "why Egyptian cat?", and it has another answer.

Two symbols for the whole course:

- $x$ is the input: here the collage, $3 \times 224 \times 224$ numbers from 0 to 1.
- $F(x)$ is the **one number** that we explain: here the logit of the class that we named.

## 2 · The effect of removal

The most direct way to ask is an experiment. Take a part away and look at $F$ again. "Away" must mean something: here we paint
the part grey (0.5).

**Predict (00.P1).** You grey the cat half. The logit of **espresso**
(a) falls · (b) rises · (c) stays as it is
"""

# %% tags=["question"]
xc.predict("00.P1", None)  # replace None by "a", "b" or "c", then run

# %%
grey = torch.full_like(collage, 0.5)
change = {}
for name, half in {"cat half": left, "coffee half": right}.items():
    without = model(torch.where(half, grey, collage))[0]  # (1000,)
    for k in (EGYPTIAN_CAT, ESPRESSO):
        change[name, k] = float(without[k] - logits[k])
        xc.show(f"{name} grey, change of the logit of {labels[k]}", change[name, k])

# %% [markdown]
r"""
<details><summary>Answer to 00.P1</summary>

(b): by about 2.9. The cat spoke *against* espresso. And greying the coffee takes about 8 off the logit of espresso, as
it must, while it raises the logit of Egyptian cat a little.
</details>

You have just made an attribution. It answers: *what did this part do for this number?*

$$\text{effect of a part} = F(x) - F(x \text{ with that part grey})$$

Mind the order. A **positive** effect means: without the part the score is lower, so the part **supports** the class. A
**negative** effect means: without it the score is higher, so the part **opposes** the class.

## 3 · Patch by patch

Two halves are a coarse map. Now cut the photo into $8 \times 8$ patches of 28 pixels and grey one after the other. This is called
**occlusion**. It is a loop of a few lines, and you will write your own in the sheet.

**Predict (00.P2).** In the map of **espresso**, which half will be mostly positive?
(a) the cat half · (b) the coffee half · (c) both
"""

# %% tags=["question"]
xc.predict("00.P2", None)

# %%
effects = torch.zeros(8, 8, 1000)
for i in range(8):  # down
    for j in range(8):  # across
        changed = collage.clone()  # a fresh copy: only ONE patch is grey
        changed[..., 28 * i : 28 * (i + 1), 28 * j : 28 * (j + 1)] = 0.5
        effects[i, j] = (logits - model(changed)[0]).cpu()

cat, espresso = effects[..., EGYPTIAN_CAT], effects[..., ESPRESSO]  # (8, 8) each
for name, one in {"espresso": espresso, "Egyptian cat": cat}.items():
    xc.show(f"{name}: sum of effects, cat half", one[:, :4].sum())
    xc.show(f"{name}: sum of effects, coffee half", one[:, 4:].sum())

sides = {"left": "cat half", "right": "coffee half"}
xc.plot.overview(
    collage,
    {labels[k]: logits[k] for k in best},
    maps={labels[EGYPTIAN_CAT]: cat, labels[ESPRESSO]: espresso},
    drops={
        labels[k]: {s: f"grey: logit {change[h, k]:+.1f}" for s, h in sides.items()}
        for k in (EGYPTIAN_CAT, ESPRESSO)
    },
    alt="The collage, the five best logits, and two occlusion maps of 8 x 8 patches "
    "on one scale, for Egyptian cat and for espresso. Under each half of a map "
    "stands how the logit changes when that whole half is grey.",
)

# %% [markdown]
r"""
<details><summary>Answer to 00.P2</summary>

(b). The patches of the coffee half add up to about $+13$, those of the cat half to about $-5$. Each class is supported mostly by
its own half and opposed by the other one. But not every patch follows: look for the exceptions.
</details>

Read the picture slowly: red supports, blue opposes, white means *no effect*. Both maps share one scale, so their colours may be
compared. Under each half stands what *the logit did* when the whole half was grey. Mind the sign again: the half that supports is
the one whose removal lowers the logit.

**Your turn (1 minute).** Find the strongest patch of the espresso map in the photo. Is it the drink, the rim or the spoon?

<details><summary>Where it is</summary>

Third row from the top, seventh column: the drink, where the bright ring ends. The rim is weaker, and the spoon is nearly white.
</details>

Occlusion is honest, and it is expensive: one forward pass for each patch, 64 in all. For single pixels it would be 50,176.

## 4 · One map, four displays

Here is the promise of this course. **One backward pass** gives the slope of $F$ with respect to each of the 150,528 numbers of
the photo: the gradient. What these slopes mean, and what they do not, is the subject of lesson 01. Today they are just a
map with three channels, signs and wild detail, which has to be *displayed* somehow.
"""

# %% tags=["demo"]
slopes = xc.gradient(model, collage, target=ESPRESSO)  # (1, 3, 224, 224)
slopes_cat = xc.gradient(model, collage, target=EGYPTIAN_CAT)

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
The same numbers, four pictures. (2 and 3 look alike here; compare their scales.)

| display | what it keeps | what it loses |
|---|---|---|
| 1 · with sign | support and opposition | channels that cancel |
| 2 · absolute | where something happens | *for* or *against* |
| 3 · largest of the 3 channels | the strongest channel | the sign, the other two |
| 4 · stretched | the order of the values | **the zero**: its colour depends on the extremes |

Display 4 is what you get from an image viewer, or from `imshow` without limits. Never read a sign from it. A signed map needs a
scale from $-m$ to $+m$, so that zero always has the middle colour.

## 5 · Two classes, one scale

Below are the occlusion maps of two other classes, A and B, each scaled to **its own** maximum.

**Predict (00.P3).** For which class do the patches of this photo have the larger effects?
(a) A · (b) B · (c) both the same · (d) this cannot be seen
"""

# %% tags=["demo"]
tabby, goldfish = effects[..., TABBY], effects[..., GOLDFISH]
xc.plot.maps(
    {"A": tabby / tabby.abs().max(), "B": goldfish / goldfish.abs().max()},
    photo=collage,
    percentile=100,
    unit="effect, as a share\nof the map's own maximum",
    alt="The collage and two occlusion maps of 8 x 8 patches, A and B, each divided "
    "by its own largest value.",
)

# %% tags=["question"]
xc.predict("00.P3", None)

# %%
xc.show("A is tabby, its largest effect", tabby.abs().max())
xc.show("B is goldfish, its largest effect", goldfish.abs().max())
xc.show("probability of goldfish is below 0.001", bool(chances[GOLDFISH] < 0.001))

# %% [markdown]
r"""
<details><summary>Answer to 00.P3</summary>

(d). After each map was divided by its own maximum, the strength is gone. A is *tabby*, a class that the model takes seriously. B is
*goldfish*, with a probability of almost 0 and effects half as large. Its map looks just as lively.
</details>

So **compare maps on one scale only.** And does a map know the class at all? For that we need a number that says how alike two maps are:
the **cosine** between them, as if each map were one long arrow. It is 1 for the same direction, 0 for nothing in common, negative
for maps that disagree. Now compare the gradient map of espresso with that of Egyptian cat, with and without signs. And for a
control, once more with the pixels of one map in random places: how alike are two maps that *cannot* agree?
"""


# %%
def cosine(a, b):
    """Cosine between two maps: 1 for the same direction, 0 for nothing in common."""
    return float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))


generator = torch.Generator().manual_seed(0)
order = torch.randperm(224 * 224, generator=generator).to(device)
mixed = slopes.flatten(2)[..., order].view_as(slopes)  # its pixels in random places
pairs = {
    "espresso and cat, with sign": (slopes, slopes_cat),
    "espresso and cat, absolute": (slopes.abs(), slopes_cat.abs()),
    "control, with sign": (mixed, slopes_cat),
    "control, absolute": (mixed.abs(), slopes_cat.abs()),
}
for name, (one, two) in pairs.items():
    xc.show(f"{name}: cosine", round(cosine(one, two), 1) + 0.0)

# %% [markdown]
r"""
With signs, the two maps disagree: what speaks for the coffee speaks rather against the cat. Take absolute values, and they look alike
(about 0.6). Is 0.6 much? The control still has about 0.4, so most of it means nothing: two maps without signs *always* look
somewhat alike. A similarity without a control says little.

## 6 · Which map never saw the model?

Three maps of the collage, all as absolute values, summed over patches, each scaled to its own maximum. One is occlusion for espresso,
one the gradient of espresso. The third is made without the model: it shows edges, strong changes of brightness. We hide who is
who: the letters are drawn by lot.

**Predict (00.P4).** Which map never saw the model?
(a) A · (b) B · (c) C
"""


# %%
def patches(values):
    """Add up a map (224, 224) over 8 x 8 patches."""
    return values.reshape(8, 28, 8, 28).sum((1, 3)).cpu()


def occlusion(target):
    return effects[..., target].abs()


def gradient(target):
    slopes = xc.gradient(model, collage, target=target)
    return patches(slopes.abs().sum(1)[0])


def edges(target):
    """Sobel's filter: how much the brightness changes across and down."""
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=device)
    sobel = torch.stack([across, across.T])[:, None]  # (2, 1, 3, 3): across and down
    padded = torch.nn.functional.pad(collage, (1, 1, 1, 1), mode="replicate")
    brightness = padded.mean(dim=1, keepdim=True)  # (1, 1, 226, 226)
    return patches(torch.nn.functional.conv2d(brightness, sobel).norm(dim=1)[0])


# %% tags=["demo"]
generator = torch.Generator().manual_seed(0)
lots = torch.randperm(3, generator=generator).tolist()
kinds = (occlusion, gradient, edges)
makers = {letter: kinds[k] for letter, k in zip("ABC", lots, strict=True)}
three = {letter: maker(ESPRESSO) for letter, maker in makers.items()}
xc.plot.maps(
    {name: values / values.max() for name, values in three.items()},
    photo=collage,
    reduce="abs_sum",
    percentile=100,
    unit="absolute value, as a share\nof the map's own maximum",
    alt="The collage and three maps of 8 x 8 patches, A, B and C, each scaled to "
    "its own largest value.",
)

# %% tags=["question"]
xc.predict("00.P4", None)

# %%
for letter, maker in makers.items():  # the same makers, the same photo, another class
    same = cosine(three[letter], maker(EGYPTIAN_CAT)) > 0.9999
    xc.show(f"{letter}: the same map when we ask for Egyptian cat", same)
print({letter: maker.__name__ for letter, maker in makers.items()})
alike = cosine(edges(ESPRESSO), gradient(ESPRESSO))
xc.show("cosine of edges and gradient", round(alike, 1))

# %% [markdown]
r"""
<details><summary>Answer to 00.P4</summary>

(a). Did you see it, or did you guess? The map of edges resembles the gradient map (cosine about 0.7): where there are edges, the
gradient is often large, too. What gives A away is an **experiment**: we asked for another class, and A did not change at all.
</details>

A good-looking map proves nothing. To find out whether a map explains the model, change the model or the question, and keep the photo.

## 7 · What a map does not show

- It is **no segmentation**. It does not mark the cat. It marks where greying changes a score. Patches of the cat may be white.
- It is **no cause in the world**. It says how this network reacts, not what makes a coffee a coffee.
- It is **no sum**. For espresso, the patches of the coffee half add up to about 13, but greying the whole half takes only about 8. For
  Egyptian cat, the patches of the cat half add up to about 2, but greying the whole half takes 9.6: while one patch of fur is missing, the
  others stand in for it. Parts work together, and a map with one number for each part cannot show how.
- It is **no proof** that the network is right, or right for a good reason.
- It shows **one class, one number, one way of removing**. Another grey, another map.

**Explore the panel** (4 minutes). The cell first makes three moves by code; then it is yours. Grey patches with the small buttons: the grid lies like the photo. With the keyboard, set the two
sliders and press "grey / restore this patch". Find: a red patch that lowers the logit; a blue one that raises it; what "absolute"
hides; what the own scale does to the map of goldfish.
"""

# %% tags=["panel", "drive"]
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
normalise *before* the model. Do both, and nothing crashes. Watch the photo of a cup of espresso:
"""

# %%
coffee = xc.datasets.photo("coffee", device=device)
mean = torch.tensor([0.485, 0.456, 0.406], device=device).view(3, 1, 1)
spread = torch.tensor([0.229, 0.224, 0.225], device=device).view(3, 1, 1)
wrong = {
    "as it should be": coffee,
    "normalised twice": (coffee - mean) / spread,
    "values from 0 to 255": 255 * coffee,
    "blue and red exchanged": coffee.flip(1),
}
for name, x in wrong.items():
    chance = model(x)[0].softmax(dim=0)
    k = int(chance.argmax())
    xc.show(f"{name}: {labels[k]}", round(float(chance[k]), 2))

# %% [markdown]
r"""
Normalised twice, the espresso becomes a cup. With blue and red exchanged the model is still rather sure of its espresso, so this
mistake stays hidden *because* the answer is right. An explanation of a wrong input is an explanation of something else. Look at shape,
range and channel order before you look at a map.

## 9 · Checks that help

Each task of a sheet has a check. It accepts every right solution, however it is written, and it often knows which mistake was
made. Here is one on purpose, for task 00.1: *the class of each input*.
"""


# %% tags=["check"]
def class_of(model, x):
    """Return the number of the best class of each input. (There is a mistake.)"""
    return model(x).argmax(dim=0)


xc.check("00.1", class_of)
xc.hint("00.1")  # call it again for the next of three hints
class_of = xc.or_reference("00.1", class_of)  # go on, with the reference if need be
print("best class of the collage:", labels[int(class_of(model, collage)[0])])

# %% [markdown]
r"""
So a task that you leave open never stops you. You work on copies in the folder `work/`. In a terminal, `xaicourse reset 00` gives
you the sheet as it was issued, `xaicourse reset 00 --task 00.1` one task of it. What you had is kept in `work/backups/`. A
check is no exam: try as often as you like.
"""

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
chances = model(own)[0].softmax(dim=0)
for k in chances.argsort(descending=True)[:3].tolist():
    xc.show(labels[k], round(float(chances[k]), 2))

# %% [markdown] tags=["references"]
r"""
## What to remember

- First choose the number: **one class, its logit or its probability**. Then explain.
- The effect of a part is $F(x) - F(x \text{ without it})$. Positive supports, negative opposes.
- Signs, a zero in the middle, one scale for maps that are compared. Absolute values hide who is for and who against.
- A map is no segmentation, no cause, no proof. Change the model or the question and see whether the map follows.
- A similarity needs a control. A wrong input needs an eye on shape, range and channels.

**What comes next.** Occlusion needs one forward pass for each patch. Lesson 01 takes the gradient seriously: one backward pass for
all pixels. What does it promise, and how far does it keep it?

## References

- M. Zeiler, R. Fergus. *Visualizing and Understanding Convolutional Networks* (occlusion). 2013. [arXiv:1311.2901](https://arxiv.org/abs/1311.2901)
- K. Simonyan, A. Vedaldi, A. Zisserman. *Deep Inside Convolutional Networks*. 2013. [arXiv:1312.6034](https://arxiv.org/abs/1312.6034)
- J. Adebayo and others. *Sanity Checks for Saliency Maps* (maps against edge detectors). 2018. [arXiv:1810.03292](https://arxiv.org/abs/1810.03292)
"""
