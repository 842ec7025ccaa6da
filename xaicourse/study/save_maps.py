"""The maps of a whole folder of photos, each in a file as soon as it is there."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from xaicourse.core.checks import check_batch, named
from xaicourse.core.files import write_atomically
from xaicourse.core.near_names import suggest_names
from xaicourse.core.picture_files import PHOTO_ENDINGS, ImageFileError
from xaicourse.core.progress import progress
from xaicourse.datasets.image_files import open_image
from xaicourse.evaluation.fingerprint import fingerprint
from xaicourse.methods.spec import Spec, spec

__all__ = ["SavedMaps", "load_maps", "save_maps"]

MANIFEST = "maps.json"
LONGEST = 200  # bytes of a name: a file system takes 255 with the ending
MADE_FROM = "made_from"  # in the metadata of a map: the fingerprint of its input and target

Photos = str | os.PathLike[str] | Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]
Read = Callable[[], Tensor]


@dataclass(frozen=True)
class SavedMaps:
    """What a run of `save_maps` did: names of the maps that it made, and that it found."""

    folder: Path
    made: tuple[str, ...]
    found: tuple[str, ...]


@suggest_names
def save_maps(
    model: Callable[..., Any],
    photos: Photos,
    method: str | Spec,
    folder: str | os.PathLike[str],
    target: Any = None,
    *,
    output: Any = "logit",
    batch_size: int | None = None,
) -> SavedMaps:
    r"""Explain all photos of a folder and write each map to a file as soon as it is there.

    A run that was stopped, however, goes on where it was when it is started again.

    Parameters
    ----------
    model : callable
        (1, ...) -> (1, K) scores.
    photos : path, dict or iterable of pairs
        A folder of image files, read as inputs (1, 3, 224, 224) in [0, 1]; or name -> x with one
        input (1, ...) each, which may come from a generator.
    method : str or Spec
        A registered method: its name, or `xaicourse.spec` with settings.
    folder : path
        Where the maps go, NAME.safetensors each; it is made if it is not there. What it was made
        with stands in its ``maps.json``.
    target : optional
        As the method takes it, for all photos, or a dict name -> target with a target for each;
        the class with the highest score where it is None.
    output : str or callable
        As the method takes it.
    batch_size : int, optional
        As the method takes it.

    Returns
    -------
    SavedMaps
        The names of the maps that were made now and of those that were there. Read the maps with
        `load_maps`.

    Raises
    ------
    ValueError
        If the folder holds maps of another model, method or version; if target is a dict that
        lacks a photo, or two photos have one name; and, after all others are saved, if a photo
        could not be read or explained, each by its name. If the first two fail with the same
        words, no other is tried.
    TypeError
        Also if the model is one that cannot be told from another.

    Notes
    -----
    A map is made anew if its photo or its target has changed.

    **Cost.** That of the method for each photo, one after the other.

    Examples
    --------
    >>> import tempfile, xaicourse as xc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     inputs = {"first": xc.zoo.toy_input()}
    ...     done = xc.save_maps(xc.zoo.toy(), inputs, "gradient", folder)
    ...     print(done.made, xc.load_maps(folder))
    ('first',) {'first': tensor([[ 1., -3.]], dtype=torch.float64)}
    """
    chosen = _chosen(method)
    folder = _as_folder(folder)
    named = _named(photos, _device_of(model))
    _keep_manifest(folder, model, chosen, output)
    made: list[str] = []
    found: list[str] = []
    failed: dict[str, str] = {}
    seen: set[str] = set()
    bar = progress(len(named) if isinstance(named, list) else 0, "maps saved")
    try:
        for name, read in named:
            place = _place(folder, name)
            if name in seen:
                raise ValueError(f"photos has two of the name {name!r}; each map needs its own")
            seen.add(name)
            one = _target_of(target, name)
            try:
                x = _one_row(read())  # (1, ...)
                from_what = fingerprint(x, one, of="target")
                if _made_from(place) == from_what:
                    found.append(name)
                else:
                    result = chosen(
                        model, x, one, output=output, batch_size=batch_size, return_details=True
                    )
                    result.save(place, {MADE_FROM: from_what, "name": name})
                    made.append(name)
            except Exception as error:
                error.add_note(f"(at the photo {name!r}; what was saved before is in {folder})")
                if type(error) not in (ImageFileError, ValueError, TypeError):
                    raise  # what the model is, or the machine, and not the photo
                if not made and not found and str(error) in failed.values():
                    raise  # as the photo before: it is no fault of the photos
                failed[name] = str(error)
            bar.update(1)
    finally:
        bar.close()
    if failed:
        said = "; ".join(f"{name}: {why}" for name, why in failed.items())
        raise ValueError(
            f"{len(failed)} of {len(failed) + len(made) + len(found)} photos could not be read or "
            f"explained, the maps of the others are saved in {folder}: {said}"
        )
    return SavedMaps(folder, tuple(made), tuple(found))


@suggest_names
def load_maps(
    folder: str | os.PathLike[str], names: Iterable[str] | None = None
) -> dict[str, Tensor]:
    """Read maps that `save_maps` wrote.

    Parameters
    ----------
    folder : path
        What `save_maps` was given.
    names : iterable of str, optional
        Only these; all without it. A map that is damaged is no matter where others are asked for.

    Returns
    -------
    dict
        Name -> map (1, ...), on the CPU, in the order of the names.

    Raises
    ------
    ValueError
        If the folder holds no saved maps, or none of a name, or one that is damaged.
    TypeError
        If `names` are no names.
    """
    folder = _as_folder(folder)
    if not (folder / MANIFEST).is_file():
        raise ValueError(f"folder {folder} holds no maps of xc.save_maps: it has no {MANIFEST}")
    if isinstance(names, str):
        names = [names]
    if names is not None and not isinstance(names, Iterable):
        raise TypeError(f"names must be names of maps, such as ['cat'], got {names!r}")
    there = dict(_all_in(folder))
    wanted = sorted(there) if names is None else list(names)
    for name in wanted:
        if name not in there:
            raise ValueError(
                f"folder {folder} holds no map of {name!r}; it has {len(there)} others"
            )
    maps = {}
    for name in wanted:
        if not _is_whole(there[name]):
            raise ValueError(
                f"the map of {name!r} in folder {folder} is damaged; save_maps makes it anew, and "
                "names= reads others without it"
            )
        with safe_open(there[name], framework="pt") as file:
            maps[name] = file.get_tensor("values").clone()  # no view of the file
    return maps


# ---------------------------------------------------------------- what is asked


def _chosen(method: Any) -> Spec:
    if isinstance(method, str):
        return spec(method)
    if isinstance(method, Spec):
        return method
    raise TypeError(
        "method must be the name of a registered method or an xaicourse.spec, which can be written "
        f"down beside the maps, got {named(method)}"
    )


def _device_of(model: Any) -> torch.device | None:
    """Return where a model's weights are: the inputs that are read from files go there."""
    weights = model.parameters() if isinstance(model, nn.Module) else iter(())
    return next((W.device for W in weights), None)


def _named(photos: Any, device: Any) -> list[tuple[str, Read]] | Iterator[tuple[str, Read]]:
    """Return name and input of each photo; nothing is read before its turn."""
    if isinstance(photos, str | os.PathLike):
        folder = Path(photos)
        if not folder.is_dir():
            raise ValueError(f"photos must be a folder of image files, got {str(folder)!r}")
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in PHOTO_ENDINGS)
        if not files:
            raise ValueError(f"photos={str(folder)!r} is a folder that holds no image file")
        return [(f.name, lambda f=f: open_image(f, device=device)) for f in files]
    if isinstance(photos, Mapping):
        return [(name, lambda x=x: x) for name, x in photos.items()]
    if isinstance(photos, Tensor) or not isinstance(photos, Iterable):
        raise TypeError(
            "photos must be a folder, a dict name -> x or pairs (name, x), got "
            f"{type(photos).__name__}"
        )
    if isinstance(photos, list | tuple):
        photos = [_pair(one) for one in photos]  # told before anything is explained
    return ((name, lambda x=x: x) for name, x in map(_pair, photos))


def _pair(one: Any) -> tuple[Any, Any]:
    if not isinstance(one, list | tuple) or len(one) != 2:
        raise TypeError(
            "photos must be pairs (name, x), since each map is saved under a name, got "
            f"{type(one).__name__}; write photos={{'first': x, ...}}"
        )
    return one[0], one[1]


def _one_row(x: Any) -> Any:
    """Return x if it is a single input (1, ...); what is no tensor is refused by the method."""
    check_batch(x)
    if len(x) != 1:
        raise ValueError(
            f"x has shape {tuple(x.shape)}, but one input (1, ...) is needed for each name; for a "
            "single example pass x[None], and give each row of a batch a name of its own"
        )
    return x


def _as_folder(folder: Any) -> Path:
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(f"folder must be a path, got {folder!r}")
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"folder {str(folder)!r} is a file; name a folder for the maps")
    return folder


def _target_of(target: Any, name: str) -> Any:
    """Return the target of one photo; a photo that a dict lacks is not explained by chance."""
    if not isinstance(target, dict):
        return target
    if name not in target:
        raise ValueError(
            f"target is a dict that has no {name!r}; give each photo one, or None for the class "
            "with the highest score"
        )
    return target[name]


def _place(folder: Path, name: Any) -> Path:
    """Return where a map goes; a name that leads out of the folder is refused."""
    good = isinstance(name, str) and name and Path(name).name == name and name[0] != "."
    if not good or "\0" in name or len(os.fsencode(name)) > LONGEST:
        raise ValueError(
            f"the name of a photo must be good for a file, such as 'cat', got {name!r}"
        )
    return folder / f"{name}.safetensors"


# ---------------------------------------------------------------- what is there


def _keep_manifest(folder: Path, model: Any, chosen: Spec, output: Any) -> None:
    """Write down what the maps of a folder are made with, or raise if others are there."""
    from xaicourse import __version__

    try:
        now = {
            "method": chosen.to_json(),
            "model": fingerprint(model, of="model"),
            "output": output if isinstance(output, str) else fingerprint(output, of="output"),
            "xaicourse": __version__,
        }
    except TypeError as error:
        raise TypeError(
            f"{error} (a second run could not tell whether the maps are its own)"
        ) from error
    file = folder / MANIFEST
    if not file.exists():
        if any(folder.glob("*.safetensors")):
            raise ValueError(
                f"folder {folder} holds safetensors files of others; name a new folder"
            )
        write_atomically(file, (json.dumps(now, indent=1) + "\n").encode())
        return
    before = _read_manifest(file)
    other = [name for name in now if before.get(name) != now[name]]
    if other:
        raise ValueError(
            f"folder {folder} holds maps that were made with another {', '.join(other)}; name a "
            "new folder"
        )


def _read_manifest(file: Path) -> dict[str, Any]:
    """Return what the maps of a folder are made with, as it stands there."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise ValueError(
            f"{file} is damaged, so that nobody can tell what the maps beside it are made with; "
            "name a new folder"
        )
    return read


def _is_whole(place: Path) -> bool:
    try:
        with safe_open(place, framework="pt"):
            return True
    except (OSError, SafetensorError):
        return False


def _made_from(place: Path) -> str | None:
    """Return the fingerprint of what a map was made from; None if it is not there, or not whole."""
    try:
        with safe_open(place, framework="pt") as file:
            return (file.metadata() or {}).get(MADE_FROM)
    except (OSError, SafetensorError):
        return None


def _all_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Find the maps of a folder, also those that are damaged."""
    for file in sorted(folder.glob("*.safetensors")):
        if _made_from(file) is not None or not _is_whole(file):
            yield file.name.removesuffix(".safetensors"), file
