"""Make data/photos/ and its cards from the sample pictures of scikit-image 0.26.0.

    pip install scikit-image==0.26.0
    python data/make_photos.py

Only pictures that scikit-image states to be CC0 or in the public domain are taken. scikit-image
is needed for this script alone; the course itself reads the PNG files that the script leaves.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.datasets.image_files import crop_224, read_rgb

CC0 = "CC0-1.0"
PUBLIC_DOMAIN = "Public domain"

# name in the course: file in scikit-image, what it shows, author, licence, where it came from
PHOTOS = {
    "brick": (
        "brick.png",
        "Brick wall, grey: a texture without an object",
        "CC0Textures (texture Bricks25)",
        CC0,
        "https://cc0textures.com/view.php?tex=Bricks25",
    ),
    "camera": (
        "camera.png",
        "Man with a camera on a tripod, grey",
        "Lav Varshney",
        CC0,
        "https://github.com/scikit-image/scikit-image/issues/3927",
    ),
    "chelsea": (
        "chelsea.png",
        "Chelsea the cat",
        "Stefan van der Walt",
        CC0,
        "skimage.data.chelsea",
    ),
    "coffee": (
        "coffee.png",
        "Cup of espresso on a wooden table (courtesy of Pikolo Espresso Bar)",
        "Rachel Michetti",
        CC0,
        "skimage.data.coffee",
    ),
    "retina": (
        "retina.jpg",
        "Retina of a human eye: no ImageNet class fits",
        "Mikael Häggström",
        CC0,
        "https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg",
    ),
    "rocket": (
        "rocket.jpg",
        "Falcon 9 rocket carrying DSCOVR, Cape Canaveral",
        "SpaceX",
        PUBLIC_DOMAIN,
        "https://www.flickr.com/photos/spacexphotos/16511594820/",
    ),
}


def main() -> None:
    """Write one 224 x 224 PNG and one card a photo."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("scikit-image is missing:  pip install scikit-image==0.26.0")
    source = Path(spec.submodule_search_locations[0]) / "data"
    folder = Path(__file__).resolve().parent
    made = {}
    for name, (file, title, author, licence, url) in PHOTOS.items():
        path = folder / "photos" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_suffix(".tmp")
        crop_224(read_rgb(source / file)).save(temporary, format="PNG", optimize=True)
        temporary.replace(path)
        made[f"photos/{name}.png"] = card_for(
            path,
            title=title,
            author=author,
            source=f"{url} (as {file} in scikit-image 0.26.0)",
            licence=licence,
            made_by="data/make_photos.py: short side 256 bicubic, centre crop 224",
        )
    write_cards(made, folder)


if __name__ == "__main__":
    main()
