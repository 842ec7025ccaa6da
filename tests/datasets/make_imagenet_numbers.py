"""Write imagenet_photos.json: what EfficientNet-Lite0 says about the 20 photos, numbers only.

    python -m tests.datasets.make_imagenet_numbers

Run it only when the preprocessing or the model is meant to change; the pictures are not stored.
"""

import hashlib
import json
from pathlib import Path

import torch

import xaicourse.zoo as zoo
from xaicourse.datasets import imagenet_photos

NUMBERS = Path(__file__).with_name("imagenet_photos.json")


def crop_sha256(x: torch.Tensor) -> str:
    """Hash the 8-bit crop of one photo (3, 224, 224) in [0, 1]."""
    return hashlib.sha256((x * 255).round().to(torch.uint8).numpy().tobytes()).hexdigest()


def main() -> None:
    x, labels, names = imagenet_photos()
    with torch.no_grad():
        logits = zoo.load("efficientnet_lite0", folded=False)(x)
    entries = {}
    for row, name in enumerate(names):
        values, classes = logits[row].topk(5)
        entries[name] = {
            "crop_sha256": crop_sha256(x[row]),
            "label": int(labels[row]),
            "label_logit": round(float(logits[row, labels[row]]), 5),
            "top5": [[int(c), round(float(v), 5)] for c, v in zip(classes, values, strict=True)],
        }
    NUMBERS.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
