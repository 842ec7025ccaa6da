"""Train the sentence net of the zoo once, on one thread, and store it in data/nets/.

    OMP_NUM_THREADS=1 python data/train_sentence_net.py movieReviewSnippets_GroundTruth.txt [SEED]

SEED is 0 for the net of the zoo; seeds 1 and 2 are its sisters, trained on the same snippets from
other random starts: they tell what is true of this task and what of one net.
The file is part of the source distribution of vaderSentiment 3.3.2 (MIT):
    pip download --no-deps --no-binary :all: vaderSentiment==3.3.2
and inside it additional_resources/hutto_ICWSM_2014.tar.gz. It holds 10,605 snippets of film
reviews, each with the mean of twenty people's judgements from -4 to 4. Those beyond 1 on either
side are used; one in eight is kept for the test. No snippet is stored in this repository, only the
net and its list of words.

The number of epochs is fixed beforehand and the last epoch is kept.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two busy threads can be 25x slower

import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.files import write_atomically
from xaicourse.datasets.cards import card_for, write_cards
from xaicourse.zoo.sentence_net import UNKNOWN, SentenceNet, file_of, read_words

DATA = Path(__file__).resolve().parent
EPOCHS, BATCH, RATE, DECAY = 12, 64, 2e-3, 1e-2
SPLIT = 0  # all nets have the same test snippets
HIDDEN_WORDS = 0.1  # this share of the words is [UNK] in training, drawn anew each epoch
SELDOM = 3  # words that are seen less often in training have no point of their own


def snippets(path: Path) -> list[tuple[str, int]]:
    """Return the clear snippets in a fixed random order, each with 1 for praise, 0 for blame."""
    found = []
    for line in path.read_text(encoding="latin-1").splitlines():
        _, score, text = line.split("\t", 2)
        if abs(float(score)) > 1 and read_words(text):
            found.append((text, int(float(score) > 0)))
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(SPLIT))
    return [found[k] for k in order.tolist()]


def train_epoch(
    net: SentenceNet, optimiser: torch.optim.Optimizer, ids: Tensor, labels: Tensor, turn: int
) -> float:
    """Go once through all sentences in a random order and return the mean loss."""
    net.train()
    generator = torch.Generator().manual_seed(turn)
    total = 0.0
    for chosen in torch.randperm(len(ids), generator=generator).split(BATCH):
        batch = ids[chosen]
        hidden = (torch.rand(batch.shape, generator=generator) < HIDDEN_WORDS) & (batch > UNKNOWN)
        x = net.embedding(batch.masked_fill(hidden, UNKNOWN))
        loss = F.cross_entropy(net(x), labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += float(loss.detach()) * len(chosen)
    return total / len(ids)


@torch.no_grad()
def correct(net: SentenceNet, ids: Tensor, labels: Tensor) -> int:
    """Return how many sentences the net judges as people do."""
    net.eval()
    return int((net(net.embedding(ids)).argmax(1) == labels).sum())


def main() -> None:
    """Train, and store net, card and log."""
    torch.set_num_threads(1)
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    file, log = file_of(seed), "nets/SENTENCES.md" if seed == 0 else f"nets/SENTENCES_{seed}.md"
    clear = snippets(Path(sys.argv[1]))
    test, training = clear[: len(clear) // 8], clear[len(clear) // 8 :]
    counts = Counter(word for text, _ in training for word in read_words(text))
    kept = sorted(word for word, count in counts.items() if count >= SELDOM)
    torch.manual_seed(seed)
    net = SentenceNet(["[PAD]", "[UNK]", *kept])
    sets = [
        (net.ids([t for t, _ in part]), torch.tensor([y for _, y in part]))
        for part in (training, test)
    ]
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    history = []
    for epoch in range(EPOCHS):
        start = time.monotonic()
        loss = train_epoch(net, optimiser, *sets[0], 1000 * seed + epoch)
        share = correct(net, *sets[1]) / len(test)
        history.append({"loss": loss, "accuracy": share, "seconds": time.monotonic() - start})
        print(epoch + 1, history[-1], flush=True)
    right = correct(net, *sets[1])
    tensors = {key: value.contiguous() for key, value in net.state_dict().items()}
    tensors["words"] = torch.tensor(list("\n".join(net.words).encode()), dtype=torch.uint8)
    numbers = {"correct": right, "of": len(test), "seed": seed, "history": history}
    metadata = {key: json.dumps(value) for key, value in numbers.items()}
    write_atomically(DATA / file, safetensors.torch.save(tensors, metadata))
    card = card_for(
        DATA / file,
        title=f"Small CNN that judges film reviews: {right} of {len(test)} snippets as people do",
        author="The xaicourse contributors",
        source="this course; trained on the film review snippets of vaderSentiment 3.3.2 (MIT)",
        licence="Apache-2.0",
        made_by=f"data/train_sentence_net.py (log in data/{log})",
    )
    write_cards({file: card}, DATA)
    lines = [
        "# How the sentence net was trained",
        "",
        f"Made by data/train_sentence_net.py on {len(training):,} snippets of film reviews: AdamW, "
        f"learning rate {RATE:g}, weight decay {DECAY:g}, batches of {BATCH}, seed {seed}, one CPU "
        "thread, last epoch kept.",
        f"{sum(p.numel() for p in net.parameters()):,} numbers, {len(net.words):,} words. "
        f"**{right} of {len(test)}** test snippets right; "
        f"{sum(y for _, y in test)} of them are praise.",
        "Seconds are of a machine that was busy with other work.",
        "",
        "| epoch | training loss | accuracy | seconds |",
        "|---|---|---|---|",
        *(
            f"| {k} | {e['loss']:.4f} | {e['accuracy']:.4f} | {e['seconds']:.0f} |"
            for k, e in enumerate(history, 1)
        ),
    ]
    write_atomically(DATA / log, ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
