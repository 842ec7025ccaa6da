"""Pictures and data that work offline, and one way to open a photo of your own."""

from xaicourse.core.places import data_folder
from xaicourse.datasets.fashion import FASHION_MNIST_CLASSES, LabelledImages, fashion_mnist
from xaicourse.datasets.foolbox_photos import LabelledPhotos, imagenet_photos
from xaicourse.datasets.image_files import ImageFileError, image_to_tensor, open_image
from xaicourse.datasets.mosaic_pictures import Mosaics, mosaics
from xaicourse.datasets.null_blocks import BlockImages, null_blocks
from xaicourse.datasets.own_folders import FolderImages, folder
from xaicourse.datasets.pasted_clothes import BAM_OBJECTS, BAM_SCENES, PastedImages, mini_bam
from xaicourse.datasets.photos import collage, collage_masks, photo, photos
from xaicourse.datasets.planted_motifs import MOTIF_CLASSES, PlantedMotifs, planted_motifs
from xaicourse.datasets.planted_patches import PLANTED_CLASSES, PlantedImages, planted
from xaicourse.datasets.planted_triggers import TriggeredImages, triggered
from xaicourse.datasets.small_digits import digits
from xaicourse.datasets.tagged_patches import TAG_LOOKS, TaggedImages, tagged
from xaicourse.datasets.tetromino_pictures import (
    TETROMINO_CLASSES,
    BayesAnswer,
    TetrominoImages,
    tetromino_answer,
    tetrominoes,
)

__all__ = [
    "BAM_OBJECTS",
    "BAM_SCENES",
    "FASHION_MNIST_CLASSES",
    "MOTIF_CLASSES",
    "PLANTED_CLASSES",
    "TAG_LOOKS",
    "TETROMINO_CLASSES",
    "BayesAnswer",
    "BlockImages",
    "FolderImages",
    "ImageFileError",
    "LabelledImages",
    "LabelledPhotos",
    "Mosaics",
    "PastedImages",
    "PlantedImages",
    "PlantedMotifs",
    "TaggedImages",
    "TetrominoImages",
    "TriggeredImages",
    "collage",
    "collage_masks",
    "data_folder",
    "digits",
    "fashion_mnist",
    "folder",
    "image_to_tensor",
    "imagenet_photos",
    "mini_bam",
    "mosaics",
    "null_blocks",
    "open_image",
    "photo",
    "photos",
    "planted",
    "planted_motifs",
    "tagged",
    "tetromino_answer",
    "tetrominoes",
    "triggered",
]
