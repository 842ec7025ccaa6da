"""Task 03.1: LRP and DeepLIFT on the TOY net, by hand at (1, 3)."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["SHARES_BY_HAND"]

# At (1, 3) the hidden sums are (-2, 4, 3), f = 12 - 3 + 1 = 10. From (0, 0), f = 1, they were
# (0, -1, -1): the quotients of the relus are (0, 4/5, 3/4).
SHARES_BY_HAND = paper_task(
    "03.1",
    Part(
        "hidden",
        (0, 12, -3),
        row(
            "output_bias_shared",
            "You left the bias 1 of the output out of the sum. It is one of the parts of 10 and "
            "keeps its own share. See {section_share}.",
            (0, 40 / 3, -10 / 3),
        ),
        row(
            "outputs_of_the_units",
            "These are the outputs of the units. Each part is output times weight, with the "
            "weights (2, 3, -1). See {section_share}.",
            (0, 4, 3),
        ),
        row(
            "no_gates",
            "The first unit's sum is -2, so its relu gives 0: it adds nothing and receives "
            "nothing.",
            (-4, 12, -3),
        ),
        row(
            "no_signs",
            "The third unit has the weight -1: it lowers the score, so its relevance is negative.",
            (0, 12, 3),
        ),
        row(
            "slopes",
            "These are slopes. A part is slope times the output of the unit. See {section_share}.",
            (0, 3, -1),
        ),
        row(
            "hidden_of_the_lesson",
            "This is right for (3, 1). At (1, 3) other units are open.",
            (4, 0, -3),
        ),
    ),
    Part(
        "inputs",
        (-4, 15),
        row(
            "gradient_only",
            "This is the gradient. A share is made of input times weight. See {section_share}.",
            (-4, 5),
        ),
        row(
            "bias_left_out",
            "You left the hidden biases out of the sums 4 and 3. Divide by the whole sum: the "
            "bias keeps its part. See {section_share}.",
            (-3.15, 12.15),
        ),
        row(
            "positive_only",
            "You shared out by positive parts only. LRP-epsilon uses all parts with their signs.",
            (-0.75, 9.75),
        ),
        row(
            "inputs_no_signs",
            "The sizes are right. x1 has the weight -1 in the unit that received most: its share "
            "is negative.",
            (4, 15),
        ),
        row(
            "third_unit_added",
            "The third unit received -3, a negative number. What it hands on is negative, too.",
            (-2, 21),
        ),
        row("inputs_of_the_lesson", "This is right for (3, 1). The input here is (1, 3).", (3, -3)),
    ),
    Part(
        "absorbed",
        (0, -3, 1, 1),
        row(
            "plain_biases",
            "These are the biases. Each keeps bias / sum of what its unit received. See "
            "{section_share}.",
            (0, -1, -1, 1),
        ),
        row(
            "absorbed_reversed",
            "The signs are reversed: inputs and biases together must give the score 10.",
            (0, 3, -1, -1),
        ),
        row(
            "output_bias_forgotten",
            "The output has a bias, too. It keeps its part, 1.",
            (0, -3, 1, 0),
        ),
        row(
            "absorbed_no_signs",
            "The bias of the second unit is -1, and the unit received 12: what it keeps is "
            "negative.",
            (0, 3, 1, 1),
        ),
        row(
            "absorbed_of_the_lesson",
            "This is right for (3, 1). At (1, 3) the second unit is open.",
            (0, 0, 1, 1),
        ),
    ),
    Part(
        "deeplift",
        (-3.15, 12.15),
        row(
            "gradient_times_input",
            "This is gradient times input. DeepLIFT divides the change of a relu by the change of "
            "its sum, from (0, 0) to (1, 3). See {section_share}.",
            (-4, 15),
        ),
        row(
            "multipliers_only",
            "These are the multipliers. Multiply by the change of each input. See {section_share}.",
            (-3.15, 4.05),
        ),
        row(
            "upside_down",
            "Your quotients are upside down: change of the output divided by change of the sum. "
            "See {section_share}.",
            (-61 / 12, 18.5),
        ),
        row(
            "scaled_to_the_score",
            "You stretched the numbers until they add up to 10. They add up to the rise, 10 - 1 = "
            "9.",
            (-3.5, 13.5),
        ),
        row(
            "deeplift_of_the_lesson",
            "This is right for (3, 1). The input here is (1, 3).",
            (3.75, -2.75),
        ),
    ),
    passed=(
        "LRP: -4 + 15 = 11 at the inputs and -1 in the biases give 10. DeepLIFT: -3.15 + "
        "12.15 = 9, the rise from f(0, 0) = 1."
    ),
    differs=(
        "The part {part} is not right. LRP: inputs and biases together give 10, see "
        "{section_share}. DeepLIFT: the two contributions give the rise, 10 - 1 = 9, see "
        "{section_share}."
    ),
    rounding=0.0051,  # two digits after the point are enough
    hints=(
        "The hidden sums at (1, 3) are -2, 4 and 3. The output adds up 2 x 0, 3 x 4, -1 x 3 "
        "and the bias 1: these four parts are what the score 10 is shared out by.",
        "Unit 2 received 12. Its sum 4 is made of -1, 6 and the bias -1. So x1 gets -1/4 of "
        "12, x2 gets 6/4 of 12, and the bias keeps -1/4 of 12.",
        "DeepLIFT: at (0, 0) the hidden sums are 0, -1, -1. The quotients (change of the "
        "output) / (change of the sum) are 0, 4/5 and 3/4. Then m = 3 x 4/5 x (-1, 2) - 3/4 x "
        "(1, 1), times (1, 3).",
    ),
)
