"""A stand-in for the package in the sample course: small, and it loads in no time."""

import base64
import io
import os

RIGHT = {
    "90.1": lambda answer: answer == 42,
    "90.2": lambda answer: answer(4) == 8,
    "90.3": lambda answer: answer(4) == 12,
}


def check(task, answer, strict=False):
    """The answer to 90.1 is 42, the answer to 90.2 doubles a number, that to 90.3 triples it."""
    verdict = _verdict(task, answer)
    print(f"{task}: {verdict}")
    if strict and verdict != "right":
        raise AssertionError(f"{task} is {verdict}")


def or_reference(task, answer):
    if _verdict(task, answer) == "right":
        return answer
    print(f"{task}: a reference is used")
    return lambda x: 3 * x


def _verdict(task, answer):
    if answer is None:
        return "not done yet"
    try:
        return "right" if RIGHT[task](answer) else "wrong"
    except NotImplementedError:
        return "not done yet"


def predict(question, choice=None):
    print(f"{question}: noted")


def threads():
    return os.environ["OMP_NUM_THREADS"]


class Picture:
    """A PNG with its description."""

    def __init__(self, alt, size=40, widget=False):
        self.alt, self.size, self.widget = alt, size, widget

    def _repr_mimebundle_(self, include=None, exclude=None):
        from PIL import Image

        buffer = io.BytesIO()
        Image.linear_gradient("L").resize((self.size, self.size)).convert("RGB").save(buffer, "png")
        png = base64.b64encode(buffer.getvalue()).decode()
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": "random"}}
        return (view if self.widget else {}) | {"image/png": png, "text/plain": self.alt}
