"""A stand-in for the package in the sample course: small, and it loads in no time."""

import base64
import io
import os


def check(task, answer, strict=False):
    """The answer to 90.1 is 42, the answer to 90.2 doubles a number."""
    try:
        wanted = answer == 42 if task == "90.1" else answer is not None and answer(4) == 8
        verdict = "right" if wanted else "not done yet" if answer is None else "wrong"
    except NotImplementedError:
        verdict = "not done yet"
    print(f"{task}: {verdict}")
    if strict and verdict != "right":
        raise AssertionError(f"{task} is {verdict}")


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
