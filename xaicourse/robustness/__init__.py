"""Who can move the map? Attacks on maps and on models, and what stands against them."""

from xaicourse.robustness.adversarial_training import adversarial_training
from xaicourse.robustness.alignment import alignment
from xaicourse.robustness.attack_map import MapAttack, attack_map
from xaicourse.robustness.attack_model import ModelAttack, attack_model
from xaicourse.robustness.attributional_training import attributional_training
from xaicourse.robustness.ball import random_twin
from xaicourse.robustness.certified_top_k import CertifiedTopK, certified_top_k
from xaicourse.robustness.fool_by_fine_tuning import fool_by_fine_tuning
from xaicourse.robustness.shift_logits import ShiftedLogits, shift_logits

__all__ = [
    "CertifiedTopK",
    "MapAttack",
    "ModelAttack",
    "ShiftedLogits",
    "adversarial_training",
    "alignment",
    "attack_map",
    "attack_model",
    "attributional_training",
    "certified_top_k",
    "fool_by_fine_tuning",
    "random_twin",
    "shift_logits",
]
