"""Pictures and data that work offline, and one way to open a photo of your own."""

from xaicourse.core.places import data_folder
from xaicourse.datasets.fashion import FASHION_MNIST_CLASSES, LabelledImages, fashion_mnist
from xaicourse.datasets.foolbox_photos import LabelledPhotos, imagenet_photos
from xaicourse.datasets.image_files import ImageFileError, image_to_tensor, open_image
from xaicourse.datasets.own_folders import FolderImages, folder
from xaicourse.datasets.photos import collage, collage_masks, photo, photos
from xaicourse.datasets.planted_patches import PLANTED_CLASSES, PlantedImages, planted
from xaicourse.datasets.small_digits import digits

__all__ = [
    "FASHION_MNIST_CLASSES",
    "PLANTED_CLASSES",
    "FolderImages",
    "ImageFileError",
    "LabelledImages",
    "LabelledPhotos",
    "PlantedImages",
    "collage",
    "collage_masks",
    "data_folder",
    "digits",
    "fashion_mnist",
    "folder",
    "image_to_tensor",
    "imagenet_photos",
    "open_image",
    "photo",
    "photos",
    "planted",
]
