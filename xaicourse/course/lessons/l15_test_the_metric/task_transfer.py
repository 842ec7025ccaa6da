"""Task 15.7: the same questions, put to another network."""

from xaicourse.course.grading.paper import Part, WordPart, paper_task, row

__all__ = ["TRANSFER"]

MAPS = (
    "gradient_size",
    "gradient_x_input",
    "ig_black",
    "ig_grey",
    "ig_white",
    "smoothgrad",
    "guided",
    "grad_cam",
    "edges",
    "picture",
    "centre",
    "random",
)
WORDS = {name: name for name in MAPS} | {"the_picture": "picture", "guided_backprop": "guided"}

TRANSFER = paper_task(
    "15.7",
    WordPart(
        "black",
        "picture",
        row(
            "best_method",
            "IG black is the best of the METHODS under black. Asked is the best of all maps, the "
            "controls among them.",
            "ig_black",
        ),
        row(
            "other_net",
            "Edges are ahead of most methods, but not first. Take the mean of each map.",
            "edges",
        ),
        row(
            "second",
            "The centre is ahead of all methods, but not of all controls. Take the mean of each "
            "map.",
            "centre",
        ),
        row("under_grey", "IG grey leads under grey. Asked is black.", "ig_grey"),
        words=WORDS,
        differs="Take the mean of each map's scores under black, and the largest of all twelve.",
    ),
    WordPart(
        "white",
        "guided",
        row(
            "by_the_baseline",
            "So it was on the first network. Here another map is ahead, by very little: look at "
            "the means.",
            "ig_white",
        ),
        row(
            "by_the_sign",
            "The picture leads under black. Under white its score is below 0.",
            "picture",
        ),
        words=WORDS,
        differs="Take the mean of each map's scores under white, and the largest of all twelve.",
    ),
    Part(
        "verdicts",
        (2, 0, 3),
        row(
            "no_control",
            "The third pair has a winner under every question. But is it above the best control "
            "under black?",
            (2, 0, -1),
        ),
        row(
            "only_black",
            "You asked black alone. The first pair turns round under grey and white.",
            (1, 0, 3),
        ),
        row("only_black", "", (3, 0, 3)),
        row("only_white", "You asked one colour alone: black says the opposite.", (-1, 0, -1)),
        row("only_white", "", (-1, 0, 3)),
        row(
            "codes_exchanged",
            "0 and 2 are exchanged: 0 is undecided, 2 says that it depends on the question.",
            (0, 2, 3),
        ),
        row("undecided_counts", "No interval of the second pair leaves 0 out.", (2, -1, 3)),
        row("undecided_counts", "", (2, 3, 3)),
        row("nothing_is_trusted", "Only a winner can be 3. The first pair has none.", (3, 3, 3)),
        differs="low and high: (3, 3), a pair a line, a colour a column. Then trusted of 15.6.",
    ),
    passed="The picture leads under black, and nothing here wins under every question.",
    hints=(
        "scores = xc.widgets.removal_scores('black', net='fashion_residual') is a dictionary. Its "
        "means: {name: float(v.mean()) for name, v in scores.items()}.",
        "The interval of a pair under one colour: xc.evaluation.confidence_interval(v[a] - v[b]) "
        "has .low and .high. Three colours make a line of low and of high.",
        "The third pair: guided is surely better under all three colours, but under black it is "
        "far below the picture. So its number in above is below 0.",
    ),
)
