"""Pictures and data that work offline, and one way to open a photo of your own."""

from xaicourse.datasets.folder import data_folder
from xaicourse.datasets.foolbox_photos import LabelledPhotos, imagenet_photos
from xaicourse.datasets.image_files import ImageFileError, image_to_tensor, open_image
from xaicourse.datasets.photos import collage, collage_masks, photo, photos

__all__ = [
    "ImageFileError",
    "LabelledPhotos",
    "collage",
    "collage_masks",
    "data_folder",
    "image_to_tensor",
    "imagenet_photos",
    "open_image",
    "photo",
    "photos",
]
