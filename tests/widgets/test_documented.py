"""A field is described once, where it stands; help() shows a whole docstring."""

import inspect
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from typing import Annotated

import pytest
from torch import Tensor

from xaicourse.widgets.documented import Settings, documented


@documented
class View:
    """What is shown."""

    settings: Settings
    shown: Annotated[Tensor | None, "(H, W): The map; red adds."]
    shares: Annotated[Mapping[str, float], "Region (of a photo) -> its share."]


def test_the_docstring_is_made_of_the_fields():
    assert inspect.getdoc(View) == (
        "What is shown.\n\nParameters\n----------\n"
        "settings : Mapping[str, Any]\n    The settings that were asked for.\n"
        "shown : Tensor | None (H, W)\n    The map; red adds.\n"
        "shares : Mapping[str, float]\n    Region (of a photo) -> its share."
    )


def test_the_signature_has_plain_types_and_the_view_cannot_be_changed():
    parameters = inspect.signature(View).parameters
    assert list(parameters) == ["settings", "shown", "shares"]
    assert parameters["shown"].annotation == Tensor | None
    view = View({"alpha": 1}, None, {})
    assert view.settings == {"alpha": 1}
    with pytest.raises(FrozenInstanceError):
        view.shares = {}
