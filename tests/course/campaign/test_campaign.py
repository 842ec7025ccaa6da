"""The quick attacks of the campaign, as tests; ``python -m tests.course.campaign`` makes all."""

from importlib import import_module

import pytest

from tests.course.campaign import ATTACKS, NotHere, made

IN_TESTS = ("records", "work", "data", "panels")  # the checker's own tests try the rest
for kind in IN_TESTS:
    import_module(f"tests.course.campaign.{kind}")

QUICK = [
    pytest.param(attack, id=name, marks=[pytest.mark.fault(attack.fault)] if attack.fault else [])
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
