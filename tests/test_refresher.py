"""The refresher: each block runs, in order, and prints what stands behind its lines."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import torch

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "refresher.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PROMISED = re.compile(r"^print\(.*\)  # (.+)$", re.MULTILINE)


def printed(blocks):
    """Run blocks one after the other; return what each prints."""
    names, said = {}, []
    for number, code in enumerate(blocks):
        with redirect_stdout(StringIO()) as out:
            exec(compile(code, f"block {number}", "exec"), names)  # our own page
        said.append(out.getvalue().splitlines())
    return said


def test_every_line_prints_what_stands_behind_it():
    assert [PROMISED.findall(code) for code in BLOCKS] == printed(BLOCKS)
    assert sum(len(PROMISED.findall(code)) for code in BLOCKS) >= 24


def test_a_wrong_promise_is_seen():
    wrong = ["print(1 + 1)  # 3"]
    assert [PROMISED.findall(code) for code in wrong] != printed(wrong)


def test_nine_sections_each_with_code_and_a_question():
    parts = re.split(r"^## \d+\. ", PAGE, flags=re.MULTILINE)[1:]
    assert len(parts) == 9
    for part in parts:
        assert "```python" in part
        assert re.search(r"^\*\*Try\.\*\* .+\?", part, re.MULTILINE), part[:40]


def test_lines_are_short():
    assert max(map(len, PAGE.splitlines())) <= 125


def test_the_answers_to_try_are_right():
    tries = [
        " ".join(text.split()) for text in re.findall(r"\*\*Try\.\*\* (.+?)\n(?:\n|$)", PAGE, re.S)
    ]
    double = torch.float64

    def gradient(f, *point):
        x = torch.tensor(point, dtype=double, requires_grad=True)
        return tuple(round(v) for v in torch.autograd.grad(f(x), x)[0].tolist())

    right = [
        str(tuple(torch.zeros(8, 3, 32, 32).sum(dim=1).shape)),
        ", ".join(str((k + 0.5) / 4) for k in range(4)),
        str(gradient(lambda x: x[0] * x[1] - x[1] ** 2, 3, 1)),
        f"Together {gradient(lambda x: 2 * x[0] * 5 * x[0], 1)[0]}.",
        str(gradient(lambda x: (2 * x[0] - x[1]).relu() - (x[1] - 4).relu(), 3, 5)),
        "The same: 3.",
        f"about {1 / 2**0.5:.2f}",
        "{2} x {3}".format(*torch.nn.Conv2d(3, 8, 3)(torch.zeros(1, 3, 32, 32)).shape),
        "One:",
    ]
    assert len(tries) == 9
    for text, part in zip(tries, right, strict=True):
        assert part in text[text.index("?") :], text
