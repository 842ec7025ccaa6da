"""Rules for executed notebooks, tidying, pictures and text comparison; no kernel."""

import base64
import io

import nbformat
import numpy as np
import pytest
from builder.clean import WIDGET, clean, to_text, write
from builder.compare import read_sanitizer, refuse_different_texts
from builder.errors import CourseError
from builder.lint_not_yet import NOT_YET
from builder.lint_outputs import lint_empty_sheet, lint_outputs
from builder.pictures import PALETTES, _reduced, smaller
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from .conftest import ROOT


def png(picture: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


PNG = png(np.zeros((2, 2, 3), "uint8"))


def figure(text="Figure: a black square", data=None):
    return new_output("display_data", data=(data or {"image/png": PNG}) | {"text/plain": text})


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def notebook(*outputs, tags=(), product="lesson"):
    """Return a notebook whose code cells have the given lists of outputs."""
    cells = [
        new_code_cell(
            "f()", outputs=list(one), execution_count=count + 1, metadata={"tags": list(tags)}
        )
        for count, one in enumerate(outputs)
    ]
    return new_notebook(cells=cells, metadata={"xaicourse": {"product": product}})


def problems(made) -> list[str]:
    return [finding.text for finding in lint_outputs("x", made) if finding.is_error]


def test_described_pictures_and_plain_prints_pass():
    one = [figure(), printed("gap below 1%: True\n640x480")]
    assert problems(notebook(one, [figure("Panel: steps 3")])) == []


@pytest.mark.parametrize(
    ("outputs", "part"),
    [
        ([figure("<Figure size 640x480 with 1 Axes>")], "without a description"),
        ([figure("Figure:  ")], "without a description"),
        ([figure(), figure()], "two pictures have the description"),
        ([printed("UserWarning", "stderr")], "stderr"),
        ([printed("<Line2D at 0x7f00aa12>")], "of this machine"),
        ([printed("saved in /home/me/x")], "of this machine"),
        ([printed("tensor(1, device='cuda:0')")], "of this machine"),
        ([printed("the oracle says")], "project word"),
        ([new_output("error", ename="ValueError", evalue="no", traceback=[])], "raised ValueError"),
        ([figure("IntSlider", {WIDGET: {"model_id": "a"}})], "a widget without a picture"),
    ],
)
def test_bad_outputs_are_found(outputs, part):
    assert any(part in problem for problem in problems(notebook(outputs))), problems(
        notebook(outputs)
    )


def test_the_same_description_in_another_cell_is_found():
    assert len(problems(notebook([figure()], [figure()]))) == 1


def test_an_expected_error_is_no_finding():
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    assert problems(notebook([error], tags=["raises-exception"])) == []


@pytest.mark.parametrize("counts", [(None, None), (1, None), (1, 3), (2, 1)])
def test_cells_not_executed_in_order_are_found(counts):
    made = notebook([], [])
    for cell, count in zip(made.cells, counts, strict=True):
        cell.execution_count = count
    assert any("nbval would not compare it" in problem for problem in problems(made))


def test_101_words_before_the_first_picture_are_too_many():
    made = notebook([figure()])
    made.cells.insert(0, new_markdown_cell("word " * 100))
    assert problems(made) == []
    made.cells[0].source += " more"
    assert "101 words before the first picture" in problems(made)[0]
    made.cells[0].metadata["tags"] = ["header"]
    assert problems(made) == []
    made.cells[0].metadata["tags"] = []
    made.metadata.xaicourse.product = "solution"
    assert problems(made) == []


def test_26_lines_of_code_before_the_first_picture_are_too_many():
    made = notebook([], [figure()])
    made.cells[0].source = "# why\n\n" + "a = 1\n" * 24
    assert problems(made) == []
    made.cells[0].source += "a = 1"
    assert "26 lines of code before the first picture" in problems(made)[0]
    made.cells[0].metadata["tags"] = ["machinery"]
    assert problems(made) == []


def test_what_stands_behind_the_first_picture_is_free():
    made = notebook([figure()])
    made.cells.append(new_markdown_cell("word " * 101))
    assert problems(made) == []
    made.cells.insert(0, made.cells.pop())
    assert len(problems(made)) == 1
    made.cells.insert(0, new_markdown_cell("![a map](x.png)"))
    assert problems(made) == []


def test_the_first_picture_of_an_older_lesson_is_only_noted():
    made = notebook([figure()])
    made.cells.insert(0, new_markdown_cell("word " * 101))
    for lesson, is_error in [("09_x", True), *((f"{old}_x", False) for old in NOT_YET)]:
        [one] = lint_outputs(f"notebooks/{lesson}.ipynb", made)
        assert one.is_error == is_error


def test_a_large_picture_is_noted():
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), "uint8")
    [note] = lint_outputs("x", notebook([figure(data={"image/png": png(noise)})]))
    assert not note.is_error
    assert "kB" in note.text


def test_an_empty_sheet_says_not_done_yet():
    assert not list(lint_empty_sheet("x", notebook([printed("05.1 not done yet")], tags=["check"])))
    assert list(lint_empty_sheet("x", notebook([printed("05.1 right")], tags=["check"])))
    assert list(lint_empty_sheet("x", notebook([], tags=["check"])))


# Tidying


def test_streams_are_joined_and_volatile_things_dropped():
    made = notebook([printed("a"), printed("b"), printed("c", "stderr"), printed("d")])
    made.cells[0].metadata["execution"] = {"iopub.execute_input": "2026"}
    made.metadata["widgets"] = {"state": 1}
    clean(made, {"language_info": {"name": "python"}})
    assert [output.text for output in made.cells[0].outputs] == ["ab", "c", "d"]
    assert "execution" not in made.cells[0].metadata
    assert made.metadata == {"language_info": {"name": "python"}}


def test_a_widget_is_dropped_only_beside_a_picture_or_a_text():
    both = figure("Panel: x", {"image/png": PNG, WIDGET: {"model_id": "a"}})
    choices = figure("Question 90.P1", {"text/html": "<ol></ol>", WIDGET: {"model_id": "a"}})
    alone = figure("IntSlider", {WIDGET: {"model_id": "a"}})
    made = clean(notebook([both, choices, alone]), {})
    assert [WIDGET in output.data for output in made.cells[0].outputs] == [False, False, True]
    assert made.cells[0].outputs[1].data["text/html"] == "<ol></ol>"


def test_the_description_is_stored_as_alt_text():
    made = clean(notebook([figure()]), {})
    assert made.cells[0].outputs[0].metadata == {"image/png": {"alt": "a black square"}}


def test_the_file_has_sorted_keys_and_one_newline():
    text = to_text(notebook([figure()]))
    assert text.endswith("}\n")
    assert text.startswith('{\n "cells": [\n  {\n   "cell_type"')
    assert to_text(nbformat.reads(text, as_version=4)) == text


def test_a_large_notebook_is_refused_and_the_old_one_stays(tmp_path):
    path = tmp_path / "a.ipynb"
    write(path, "small")
    with pytest.raises(CourseError, match="501 kB, more than 500"):
        write(path, "x" * 501_000)
    assert path.read_text() == "small"
    assert list(tmp_path.iterdir()) == [path]


# Pictures


def pixels(png_base64: str) -> np.ndarray:
    picture = Image.open(io.BytesIO(base64.b64decode(png_base64)))
    return np.asarray(picture.convert("RGBA"), dtype=float)


def test_few_colours_become_a_palette_without_any_loss():
    picture = np.random.default_rng(0).integers(0, 6, (100, 100, 3), "uint8") * 40
    original = png(picture)
    assert len(smaller(original)) < 0.9 * len(original)
    assert (pixels(smaller(original)) == pixels(original)).all()


def test_a_smooth_picture_gets_smaller_and_looks_alike():
    x = np.linspace(0, 1, 400)
    ramp = np.stack([np.outer(x, x), np.outer(x, 1 - x), np.outer(1 - x, x) ** 2], axis=2)
    original = png((255 * ramp).astype("uint8"))
    after = smaller(original)
    assert len(after) <= len(original)
    assert np.sqrt(((pixels(after) - pixels(original)) ** 2).mean()) < 6


def test_the_background_keeps_its_exact_colour():
    picture = np.full((200, 200, 3), 255, "uint8")
    picture[50:90, 50:90] = np.linspace(0, 255, 40)[:, None, None]
    picture[:9, :9] = (254, 254, 253)
    reduced = pixels(smaller(png(picture)))
    assert (reduced[150:, :, :3] == 255).all()
    assert (reduced[:9, :9, :3] == (254, 254, 253)).all()


def test_a_palette_is_never_far_off_even_in_a_small_spot():
    x = np.linspace(0, 255, 300)
    picture = np.stack(
        [np.add.outer(x, x) / 2, np.subtract.outer(x, x) / 2 + 127, x + 0 * x[:, None]], 2
    )
    picture = picture.astype("uint8")
    picture[100, 100:104] = (255, 0, 255)
    error = np.abs(pixels(smaller(png(picture))) - pixels(png(picture)))
    assert error.max() <= 24


def test_a_grey_photo_gets_no_tint_beside_many_colours():
    x, y = np.meshgrid(np.arange(300.0), np.arange(200.0))
    waves = [np.sin(x / 31), np.sin(x / 23 + y / 41), np.cos(x / 53 - y / 29)]
    picture = (127 + 120 * np.stack(waves, 2)).astype("uint8")
    shades = np.random.default_rng(0).integers(0, 256, (20, 20, 1)).astype("uint8")
    picture[:80, :80] = shades.repeat(4, axis=0).repeat(4, axis=1)  # squares of one grey
    for palette in PALETTES:
        reduced = np.asarray(_reduced(Image.fromarray(picture), *palette).convert("RGB"))
        reduced = reduced[:80, :80].astype(float)
        assert (reduced == reduced[:, :, :1]).all(), palette
        assert np.abs(reduced - picture[:80, :80]).max() <= 8, palette


def test_a_photo_leaves_colours_to_the_colour_bar_beside_it():
    x, y = np.meshgrid(np.arange(400.0), np.arange(240.0))
    waves = [np.sin(x / 31) * np.cos(y / 17), np.sin(x / 23 + y / 41), np.cos(x / 53 - y / 29)]
    photo = (150, 90, 60) + np.stack(waves, 2) * (60, 50, 40)
    photo = photo + np.random.default_rng(0).normal(0, 2, photo.shape)
    ramp = np.linspace(-1, 1, 240)[:, None, None]
    bar = 255 - np.abs(ramp) * np.where(ramp < 0, (250, 207, 158), (152, 255, 224))
    white = np.full((240, 60, 3), 255)
    picture = np.hstack([photo.clip(0, 255), white, bar.repeat(15, axis=1)]).astype("uint8")
    reduced, original = pixels(smaller(png(picture))), pixels(png(picture))
    assert len(smaller(png(picture))) < 0.6 * len(png(picture))
    assert np.abs(reduced - original)[:, 400:].max() <= 18


def test_transparency_is_kept():
    picture = np.random.default_rng(0).integers(0, 255, (50, 50, 4), "uint8")
    assert (pixels(smaller(png(picture))) == pixels(png(picture))).all()


def test_reducing_twice_changes_nothing_more():
    picture = np.random.default_rng(0).integers(0, 6, (100, 100, 3), "uint8") * 40
    once = smaller(png(picture))
    assert smaller(once) == once


# Comparison of two executions

SANITIZER = read_sanitizer(ROOT / "tools" / "sanitize.cfg")


def different(one, other, tags=()) -> str:
    try:
        refuse_different_texts(notebook(one, tags=tags), notebook(other, tags=tags), SANITIZER)
    except CourseError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([printed("gap 0.12")], [printed("gap 0.13")]),
        ([printed("a")], []),
        ([printed("a")], [printed("a", "stderr")]),
        ([figure("Figure: 3 steps")], [figure("Figure: 4 steps")]),
        ([figure(), figure()], [figure()]),
    ],
)
def test_different_text_is_refused_with_the_cell_and_a_diff(one, other):
    message = different(one, other)
    assert message.startswith("cell 1 prints another text")
    assert "f()" in message


def test_the_diff_shows_both_texts():
    message = different([printed("same\ngap 0.12")], [printed("same\ngap 0.13")])
    assert "-gap 0.12" in message
    assert "+gap 0.13" in message
    assert "same" not in message


def test_pictures_addresses_and_ignored_cells_are_not_compared():
    other = png(np.ones((2, 2, 3), "uint8"))
    assert not different([figure()], [figure(data={"image/png": other})])
    assert not different([printed("at 0x7f12")], [printed("at 0x7f13")])
    assert different([printed("640x480")], [printed("640x481")])
    assert not different([printed("a")], [printed("b")], tags=["nbval-ignore-output"])
