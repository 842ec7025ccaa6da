"""`xaicourse explain PHOTO`: what a model sees in a photo, and where.

Every argument is checked before anything slow begins, the import of torch included. The answer is a
picture and two numbers that say how far it can be trusted: the completeness gap and the error of
the map.
"""

import os
from pathlib import Path

from xaicourse.explain.arguments import read_arguments

__all__ = ["explain"]


def explain(
    *photos: str | os.PathLike[str],
    method: str = "integrated_gradients",
    target: str | int | None = None,
    baseline: str | float | None = None,
    tol: str | float | None = None,
    steps: str | int | None = None,
    samples: str | int | None = None,
    seed: str | int | None = None,
    layer: str | None = None,
    out: str | os.PathLike[str] | None = None,
    model: str = "efficientnet_lite0",
    weights: str | os.PathLike[str] | None = None,
    labels: str | os.PathLike[str] | None = None,
    top: str | int = 5,
    json: bool = False,
) -> list[Path]:
    """Explain photos: print what the model sees in each and write a picture of where.

    Parameters
    ----------
    *photos : str or path-like
        Image files, or folders of them.
    method : str
        A name in ``xc.METHODS``, or a short form of one, such as "ig".
    target : str or int, optional
        Number of a class, or its name or a part of it that fits only one; the model's first
        choice without it. A model with one output has no other target.
    baseline : str or float, optional
        What the photo is compared with: black, white, mean, blur, uniform, max_distance, or a grey
        from 0 to 1.
    tol : str or float, optional
        Wanted relative error of the map; 0.05 where neither `tol` nor `steps` is given.
    steps : str or int, optional
        Take so many gradients instead.
    samples : str or int, optional
        How many random draws are averaged, for methods that draw.
    seed : str or int, optional
        Of the draws.
    layer : str, optional
        Name of the layer, for methods that explain one.
    out : str or path-like, optional
        The picture to write (.png, .jpg, .pdf or .svg), or the folder for the pictures; by default
        each is named after photo and method, in the current folder.
    model : str
        A model of ``xc.zoo.MODELS`` that takes photos, a classifier of torchvision by name, or
        ``"module:function"``, which returns a model of photos (N, 3, 224, 224) in [0, 1], with
        outputs (N, K) or one number a photo.
    weights : str or path-like, optional
        A checkpoint for torchvision's net: safetensors, or what ``torch.save`` wrote of tensors.
    labels : str or path-like, optional
        The names of the model's outputs, in their order: a text file with one a line, a JSON list,
        or a JSON object from "0" on, whose values may be lists that end in the name.
    top : str or int
        How many guesses are listed.
    json : bool
        Print one JSON document instead of sentences.

    Returns
    -------
    list of Path
        The pictures.

    Raises
    ------
    ValueError, OSError
        For anything that cannot be used, before the work begins; the message is one line. Of
        several photos each that cannot be read is told, the others are explained, and this is
        raised at the end; a photo that does not exist stops all at once.
    """
    given = {name: value for name, value in locals().items() if name != "photos"}
    asked = read_arguments(photos, given)
    from xaicourse.explain.work import explain_photos  # and with it torch

    return explain_photos(asked)
