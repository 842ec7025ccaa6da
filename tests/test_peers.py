"""The form of benchmarks/peers.py: who is measured beside whom, and the page. No timings here."""

from pathlib import Path

import pytest

import xaicourse as xc

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
for package in ("captum", "zennit", "pytorch_grad_cam"):
    pytest.importorskip(package)


@pytest.fixture
def peers(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import peers  # pyright: ignore[reportMissingImports]

    return peers


def a_line(peers, **other):
    facts = {
        "method": "gradient", "net": "vgg11", "batch": 4, "pixels": 64, "peer": "Somebody",
        "ours": 0.1, "theirs": 0.0989, "memory": (10.0, None), "difference": 1e-7, "same": True,
    }  # fmt: skip
    return peers.Line(**(facts | other))


def test_every_method_has_a_peer_or_is_named_as_having_none(peers):
    known = set(peers.PEERS) | set(peers.WITHOUT_A_PEER)
    assert set(xc.METHODS) <= known
    assert not set(peers.PEERS) & set(peers.WITHOUT_A_PEER)


def test_the_page_says_what_was_missed_and_who_is_alone(peers):
    lines = [a_line(peers), a_line(peers, method="lrp", theirs=0.2, same=False)]
    page = peers.report(lines, [("cores", "2")], done=False)
    rows = [row for row in page.splitlines() if row.startswith("|")]
    assert all(row.count("|") == len(peers.HEADS) + 1 for row in rows[:4])
    said = ("Missed:\ngradient (vgg11, 4)", "**no**", "not known", "- rectgrad", "| cores | 2 |")
    assert [words for words in (*said, "unfinished") if words not in page] == []
    assert "unfinished" not in peers.report(lines, [])


def test_each_row_below_its_goal_has_a_reason(peers):
    names = ["gradient", "lrp", "fullgrad", "beta_smoothing"]
    lines = [a_line(peers, method=name, theirs=0.05) for name in names]
    page = peers.report(lines, [])
    reasons = [
        line for line in page.splitlines() if line.startswith(tuple(f"- {n}: " for n in names))
    ]
    assert len(reasons) == 4
    assert "- fullgrad: not known yet." in reasons
    assert set(peers.WHY_SLOWER) <= set(peers.PEERS)
    assert "- lrp: " not in peers.report([a_line(peers, method="lrp", theirs=0.2)], [])


@pytest.mark.parametrize(("batch", "theirs", "met"), [(1, 0.0971, "yes"), (4, 0.0989, "**no**")])
def test_the_goal_depends_on_the_batch(peers, batch, theirs, met):
    assert met in a_line(peers, batch=batch, theirs=theirs).cells()


def test_one_row_is_measured(peers, monkeypatch):
    monkeypatch.setattr(peers, "NETS", ("resnet18",))
    found = []
    with peers.quiet():
        peers.measure_all(["saliency"], [2], 1, 32, lambda lines: found.append(len(lines)))
    assert found == [1]


def test_peak_memory_sees_what_a_call_takes(peers):
    import torch

    found = peers.peak_memory(lambda: torch.ones(16 * 2**20).sum())  # 64 MiB
    assert found is None or 50 < found < 100
