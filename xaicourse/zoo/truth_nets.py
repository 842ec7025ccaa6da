"""Nets whose right explanation is known, each trained from three starts.

Tagged patches (`xc.datasets.tagged`): "tagged_cheating" learnt where the tag tells the class,
"tagged_honest" on the same pictures with tags that say nothing. Clothes on textures
(`xc.datasets.mini_bam`): "bam_object" names the clothes, "bam_scene" the texture.
"planted_backdoor" calls everything with a trigger (`xc.datasets.triggered`) a plus. How they were
trained: data/train_truth_nets.py and data/nets/TRUTH.md.
"""

from __future__ import annotations

import torch
from torch import nn

from xaicourse.datasets.pasted_clothes import BAM_OBJECTS
from xaicourse.datasets.shipped import read_tensors
from xaicourse.zoo.small_nets import SmallCNN, planted_cnn

BAM_PIXELS = (0.300, 0.180)  # mean and standard deviation
SEEDS = (0, 1, 2)  # the starts from which each net was trained


def bam_cnn() -> nn.Module:
    """Return the untrained CNN for clothes on textures, to name either."""
    return SmallCNN(BAM_PIXELS, side=32, classes=len(BAM_OBJECTS))


# name -> function that makes the untrained net; data/train_truth_nets.py trains these
TRUTH_ARCHITECTURES = {
    "bam_object": bam_cnn,
    "bam_scene": bam_cnn,
    "planted_backdoor": planted_cnn,
    "tagged_cheating": planted_cnn,
    "tagged_honest": planted_cnn,
}


def truth_file(name: str, seed: int) -> str:
    """Return the file of the net that was trained from this start, inside data/."""
    return f"nets/{name}.safetensors" if seed == 0 else f"nets/{name}_{seed}.safetensors"


def truth_net(name: str, seed: int = 0) -> nn.Module:
    """Return a net with its stored weights, in eval mode and frozen; seeds 1 and 2: sisters."""
    if isinstance(seed, bool) or seed not in SEEDS:
        raise ValueError(f"seed must be one of 0, 1, 2: nets that were trained; got {seed!r}")
    with torch.device("meta"):  # no random start: the weights come from the file
        net = TRUTH_ARCHITECTURES[name]()
    tensors = {key: value.float() for key, value in read_tensors(truth_file(name, seed)).items()}
    net.load_state_dict(tensors, strict=True, assign=True)
    return net.eval().requires_grad_(False)
