"""The sentence net: what it reads, that padding is nothing, and what its log says."""

import json

import pytest
import safetensors
import torch

import xaicourse as xc
from xaicourse.core.places import data_folder
from xaicourse.zoo.sentence_net import file_of, read_words


@pytest.fixture(scope="module")
def net():
    return xc.zoo.load("sentence_cnn")


def test_words():
    assert read_words("It ISN'T bad, is it? -- 10/10") == "it isn't bad is it 10 10".split()


def test_padding_and_an_empty_sentence_change_no_score(net):
    sentences = ["a warm and funny film", "dull"]
    short, long = net.embed(sentences), net.embed(sentences, length=40)
    assert short.shape == (2, 5, 32)
    assert float((net(short) - net(long)).abs().max()) < 1e-5
    empty = net(torch.zeros(2, 7, 32))
    assert torch.equal(empty, net.classifier.bias.expand(2, 2))
    assert bool((net.embedding.weight[0] == 0).all())


def test_it_judges_plain_sentences(net):
    x = net.embed(["a warm funny and moving film", "a dull and lifeless mess"])
    assert net(x).argmax(1).tolist() == [1, 0]
    assert xc.zoo.labels("sentence_cnn") == ["negative", "positive"]


def test_words_and_points_belong_together(net):
    sentence = "an inventive and beautifully acted film"
    assert net.nearest_word(net.embed([sentence])[0]) == read_words(sentence)
    assert net.ids(["xyzzy film"]).tolist() == [[1, net.number["film"]]]


@pytest.mark.parametrize(("seed", "right"), [(0, 901), (1, 886), (2, 883)])
def test_log_card_and_file_say_the_same(seed, right):
    path = data_folder() / file_of(seed)
    with safetensors.safe_open(path, framework="pt") as file:
        numbers = {key: json.loads(value) for key, value in file.metadata().items()}
    said = f"{numbers['correct']} of {numbers['of']}"
    assert said == f"{right} of 1127"
    assert numbers["seed"] == seed
    log = data_folder() / "nets" / (f"SENTENCES_{seed}.md" if seed else "SENTENCES.md")
    assert said in log.read_text(encoding="utf-8")
    cards = json.loads((data_folder() / "cards.json").read_text(encoding="utf-8"))
    assert said in cards[file_of(seed)]["title"]
    assert path.stat().st_size <= 1_000_000


def test_what_is_refused(net):
    with pytest.raises(TypeError, match=r"write \[sentence\]"):
        net.embed("a film")
    with pytest.raises(ValueError, match="at least one word"):
        net.embed(["a film", "!"])
    with pytest.raises(ValueError, match=r"net\.embed"):
        net(torch.zeros(2, 5))


def test_its_sisters_come_from_other_starts(net):
    for seed in (1, 2):
        sister = xc.zoo.load("sentence_cnn", seed=seed)
        assert sister.words == net.words  # the same snippets
        assert not torch.equal(sister.embedding.weight, net.embedding.weight)
        assert sister(sister.embed(["a dull and boring film"])).argmax() == 0
    with pytest.raises(ValueError, match="seed must be one of 0, 1, 2"):
        xc.zoo.load("sentence_cnn", seed=3)
