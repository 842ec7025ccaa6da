"""Task 04.1: weights, Grad-CAM and HiResCAM of two feature maps of 2 x 2 cells, on paper."""

from xaicourse.course.grading.paper import Part, paper_task, row

__all__ = ["BY_HAND"]

# A1 = [[4, 0], [2, 2]], its slopes [[0, 2], [1, 1]]; A2 = [[1, 3], [0, 2]], [[-3, 1], [-1, -1]].
COLUMNS = "The right numbers, but you wrote them column by column. First line, then second line."

BY_HAND = paper_task(
    "04.1",
    Part(
        "weights",
        (1, -1),
        row(
            "summed_weights",
            "These are the sums of the slopes. Take their mean: divide by the four cells.",
            (4, -4),
        ),
        row(
            "absolute_weights",
            "These are means of absolute values. Slopes keep their sign.",
            (1, 1.5),
        ),
        row(
            "means_of_activations",
            "These are the means of the feature maps. The weight is the mean of the slopes.",
            (2, 1.5),
        ),
        row(
            "means_of_products",
            "These are means of slope times feature map. Take that of the slopes alone.",
            (1, -0.5),
        ),
        row(
            "positive_slopes_only",
            "You set negative slopes to 0 first. The mean runs over all slopes, with their signs.",
            (1, 0.25),
        ),
        row(
            "maps_exchanged",
            "The right numbers, but the two weights are exchanged, or their signs.",
            (-1, 1),
        ),
        row(
            "sign_lost",
            "The right sizes, but a sign is lost. A weight is the mean with its sign.",
            (1, 1),
        ),
        row(
            "relu_of_weights",
            "You set a negative weight to 0. The relu comes last, after the maps are added.",
            (1, 0),
        ),
    ),
    Part(
        "grad_cam",
        (3, 0, 2, 0),
        row(
            "relu_forgotten",
            "Right but for the relu: negative cells of Grad-CAM become 0.",
            (3, -3, 2, 0),
        ),
        row(
            "relu_before_sum",
            "You cut off negative values too early. First add the feature maps, then cut.",
            (4, 0, 2, 2),
        ),
        row(
            "weights_forgotten",
            "This is A1 + A2. Multiply each feature map by its own weight first.",
            (5, 3, 2, 4),
        ),
        row(
            "absolute_map",
            "You took the absolute value. The relu sets negative cells to 0.",
            (3, 3, 2, 0),
        ),
        row(
            "scaled_to_one",
            "You divided by the largest cell. Leave the map in its own units.",
            (1, 0, 2 / 3, 0),
        ),
        row(
            "summed_weights_in_map",
            "Your weights in the map are sums of slopes, four times too large. Use the means.",
            (12, 0, 8, 0),
        ),
        row(
            "hires_instead",
            "This is HiResCAM with a relu. Grad-CAM uses one weight for the whole feature map.",
            (0, 3, 2, 0),
        ),
        row(
            "hires_with_signs",
            "This is HiResCAM. Grad-CAM uses one weight for the whole feature map, and a relu.",
            (-3, 3, 2, 0),
        ),
        row("light_by_columns", COLUMNS, (3, 2, 0, 0)),
    ),
    Part(
        "hires_cam",
        (-3, 3, 2, 0),
        row(
            "relu_added",
            "HiResCAM has no relu here: keep the cell that speaks against the class.",
            (0, 3, 2, 0),
        ),
        row(
            "averaged_slopes",
            "This is Grad-CAM without its relu, or two cells have the other sign. Multiply each "
            "cell by its own slope.",
            (3, -3, 2, 0),
        ),
        row(
            "grad_cam_again",
            "This is Grad-CAM. Multiply each cell by its own slope, and keep the sign.",
            (3, 0, 2, 0),
        ),
        row(
            "only_positive_slopes",
            "You left out the negative slopes. HiResCAM uses all of them.",
            (0, 3, 2, 2),
        ),
        row(
            "slopes_without_maps",
            "These are the slopes added up. Multiply each slope by its cell of A first.",
            (-3, 3, 0, 0),
        ),
        row(
            "matrix_products",
            "You multiplied matrices. The sign between slope and map means cell by cell.",
            (-6, 6, 0, 4),
        ),
        row(
            "absolute_products",
            "You added absolute values. Signs stay: parts for and against may cancel in a cell.",
            (3, 3, 2, 4),
        ),
        row("parts_by_columns", COLUMNS, (-3, 2, 3, 0)),
        row(
            "divided_by_cells",
            "You divided by the number of cells. HiResCAM averages nothing.",
            (-0.75, 0.75, 0.5, 0),
        ),
    ),
    differs="The part {part} is not right. See {section_weights}.",
    passed=(
        "The same maps and slopes, and the cell that Grad-CAM lights most lowers the score in "
        "HiResCAM."
    ),
    hints=(
        "The weight of a feature map is the mean of its four slopes. Keep its sign.",
        "Grad-CAM: weight 1 times A1 plus weight 2 times A2, cell by cell; then everything below "
        "0 becomes 0.",
        "HiResCAM multiplies first and averages nothing: in the first cell 4 * 0 + 1 * (-3) = "
        "-3. Do the other three cells in the same way.",
    ),
)
