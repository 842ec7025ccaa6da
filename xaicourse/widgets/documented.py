"""Frozen dataclasses whose fields are described where they stand, once.

``step: Annotated[float, "How far the point is from the input."]`` is all that is written; the
docstring gets a section Parameters, so that ``help()`` shows it.
"""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, dataclass_transform

C = TypeVar("C", bound=type)

Settings = Annotated[Mapping[str, Any], "The settings that were asked for."]


@dataclass_transform(frozen_default=True, eq_default=False)
def documented(described: C) -> C:
    """Return the class as a frozen dataclass with a complete docstring."""
    fields = inspect.get_annotations(described, eval_str=True)
    described.__annotations__ = {name: field.__origin__ for name, field in fields.items()}
    entries = [entry(name, field.__origin__, *field.__metadata__) for name, field in fields.items()]
    head = inspect.cleandoc(described.__doc__ or "")
    described.__doc__ = "\n".join([head, "", "Parameters", "----------", *entries])
    return dataclass(frozen=True, eq=False)(described)


def entry(name: str, kind: Any, words: str) -> str:
    """Return a field's lines of the docstring; its words may begin with a shape, "(H, W): "."""
    shape, what = re.findall(r"^(\([^:]*\))?(?:: )?(.*)$", words)[0]
    text = re.sub(r"\b[a-z_]\w*\.", "", inspect.formatannotation(kind))  # torch.Tensor -> Tensor
    return f"{name} : {text} {shape}".rstrip() + f"\n    {what}"
