"""Task 02.1: DeconvNet and Guided Backprop of the TOY net on paper."""

from xaicourse.course.grading.paper import Part, WordPart, paper_task, row

__all__ = ["THREE_RULES"]

# At x = (1, 3) the hidden sums are (-2, 4, 3); the output weights (2, 3, -1) arrive.
THREE_RULES = paper_task(
    "02.1",
    Part(
        "deconvnet",
        (-1, 4),
        row(
            "no_clamp",
            "You let all three signals go on. DeconvNet stops the negative one, -1. See "
            "{section_rules}.",
            (-2, 3),
        ),
        row(
            "deconvnet_is_gradient",
            "This is the gradient. DeconvNet does not ask the gate: it lets every positive signal "
            "go on. See {section_rules}.",
            (-4, 5),
        ),
        row(
            "deconvnet_is_guided",
            "This is Guided Backprop. DeconvNet does not ask the gate, so the first signal goes "
            "on, too. See {section_rules}.",
            (-3, 6),
        ),
        row(
            "minus_as_plus",
            "You let the third signal go on with its size. It is negative, so the rule makes it 0.",
            (0, 5),
        ),
        row(
            "gates_reversed",
            "You let only the first signal go on, whose gate is off. DeconvNet does not ask the "
            "gate at all: 2 and 3 go on.",
            (2, -2),
        ),
        row(
            "clamped_at_the_end",
            "You cut off the negative numbers of the finished map. The rule cuts the signal at the "
            "ReLU; the map below may be negative.",
            (0, 4),
        ),
        row(
            "minus_lost",
            "In the second unit you lost the minus of -x1: its hidden weights are (-1, 2).",
            (5, 4),
        ),
        row(
            "factor_lost",
            "In the second unit you lost the 2 of 2 x2: its hidden weights are (-1, 2).",
            (-1, 1),
        ),
        row("deconvnet_swapped", "The right numbers, but x1 and x2 are exchanged.", (4, -1)),
        row(
            "deconvnet_times_input",
            "You multiplied the map by x. The map is the signal itself.",
            (-1, 12),
        ),
        row(
            "weights_forgotten",
            "You added the hidden weights of the units. Each has to be multiplied by its signal: 2 "
            "and 3.",
            (0, 1),
        ),
        differs=(
            "The map of DeconvNet is not right. What arrives is 2, 3 and -1: which of them go on? "
            "Then add up (signal) times (hidden weights). See {section_rules}."
        ),
    ),
    Part(
        "guided",
        (-3, 6),
        row(
            "guided_is_gradient",
            "This is the gradient. Guided Backprop also stops the negative signal of the third "
            "unit. See {section_rules}.",
            (-4, 5),
        ),
        row(
            "guided_is_deconvnet",
            "This is DeconvNet again. Guided Backprop also asks the gate: the first unit is "
            "closed. See {section_rules}.",
            (-1, 4),
        ),
        row(
            "lesson_point",
            "This is the map at the lesson's point (3, 1). Here x = (1, 3), and other gates are "
            "on.",
            (2, -2),
        ),
        row(
            "guided_minus_as_plus",
            "You let the third signal go on with its size. It is negative, so the rule makes it 0.",
            (-2, 7),
        ),
        row(
            "guided_clamped_at_the_end",
            "You cut off the negative numbers of the finished map. The rule cuts the signal at the "
            "ReLU; the map below may be negative.",
            (0, 6),
        ),
        row(
            "gradient_clamped",
            "(0, 5) is the gradient (-4, 5) with its negative number cut off. The rule cuts "
            "signals at the ReLU, not the finished map.",
            (0, 5),
        ),
        row("minus_lost", "", (3, 6)),
        row("factor_lost", "", (-3, 3)),
        row("guided_swapped", "The right numbers, but x1 and x2 are exchanged.", (6, -3)),
        row(
            "guided_weights_forgotten",
            "These are the hidden weights of the second unit. Multiply them by the signal that "
            "goes on, 3.",
            (-1, 2),
        ),
        row(
            "times_activation",
            "You multiplied the signal by the value of the unit. The gate is 1 or 0, whatever the "
            "value.",
            (-12, 24),
        ),
        row("times_input", "You multiplied the map by x. The map is the signal itself.", (-3, 18)),
        differs=(
            "DeconvNet is right, Guided Backprop is not. Which signals are positive and meet an "
            "open gate? See {section_rules}."
        ),
    ),
    WordPart(
        "never_changes",
        "deconvnet",
        row(
            "gradient_never_changes",
            "Both maps are right. But the gradient is (1, -3) at (3, 1) and (-4, 5) here: its "
            "gates changed.",
            "gradient",
        ),
        row(
            "guided_never_changes",
            "Both maps are right. But Guided Backprop gives (2, -2) at (3, 1), and here something "
            "else: its gates changed.",
            "guided_backprop",
        ),
        words={
            "gradient": "gradient",
            "saliency": "gradient",
            "deconvnet": "deconvnet",
            "deconv": "deconvnet",
            "guided_backprop": "guided_backprop",
            "guided": "guided_backprop",
        },
    ),
    handed_in=tuple,
    passed="Both rules, and you saw that DeconvNet's map never looked at x here.",
    evidence="Yours: deconvnet {deconvnet}, guided {guided}.",
    hints=(
        "What arrives at the three ReLUs are the output weights 2, 3 and -1. Decide for each rule "
        "which of them go on. The gates at (1, 3) are off, on, on.",
        "DeconvNet lets 2 and 3 go on, whatever the gates. Guided Backprop lets only signals go on "
        "that are positive AND meet an open gate.",
        "The map is the sum of (signal that goes on) times (hidden weights): DeconvNet 2 (1, -1) + "
        "3 (-1, 2), Guided Backprop 3 (-1, 2). Which of the two used x?",
    ),
)
