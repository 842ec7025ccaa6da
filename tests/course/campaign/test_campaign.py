"""The quick attacks of the campaign, as tests; ``python -m tests.course.campaign`` makes all."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.course.campaign import ATTACKS, NotHere, made

IN_TESTS = ("records", "work", "data", "panels")  # the checker's own tests try the rest
for kind in IN_TESTS:
    import_module(f"tests.course.campaign.{kind}")

# The attacks that succeeded when the campaign was made, before anything was mended.
SUCCEEDED = set(Path(__file__).with_name("first_run.txt").read_text().split())


def marks_of(attack):
    seen = attack.fault and attack.name in SUCCEEDED
    return [pytest.mark.fault(attack.fault)] if seen else []


QUICK = [
    pytest.param(attack, id=name, marks=marks_of(attack))
    for name, attack in ATTACKS.items()
    if attack.kind in IN_TESTS and not attack.slow
]


@pytest.mark.parametrize("attack", QUICK)
@pytest.mark.filterwarnings("ignore")  # of other packages, of odd files
def test_it_holds(attack):
    with made(attack) as (place, patch):
        try:
            attack.run(place, patch, *attack.case)
        except NotHere:
            return  # this machine has no means for it: no other user, no small disk
