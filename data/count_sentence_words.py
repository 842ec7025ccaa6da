"""Count in which training snippets of the sentence nets some words stand: lesson 12 quotes it.

python data/count_sentence_words.py movieReviewSnippets_GroundTruth.txt

The file is that of data/train_sentence_net.py.
"""

import sys
from pathlib import Path

from train_sentence_net import DATA, snippets

from xaicourse.core.files import write_atomically
from xaicourse.zoo.sentence_net import read_words

PHRASES = ("was", "plot", "not", "is", "good", "not good", "not bad")


def main() -> None:
    """Write the table."""
    clear = snippets(Path(sys.argv[1]))
    training = clear[len(clear) // 8 :]
    texts = [(f" {' '.join(read_words(text))} ", praise) for text, praise in training]
    lines = [
        "# Words in the training snippets of the sentence nets",
        "",
        f"Made by data/count_sentence_words.py: {len(texts):,} snippets, of which "
        f"{sum(1 - praise for _, praise in texts) / len(texts):.0%} blame.",
        "",
        "| words | snippets with them | of these, blame |",
        "|---|---|---|",
    ]
    for phrase in PHRASES:
        found = [1 - praise for text, praise in texts if f" {phrase} " in text]
        lines.append(f"| {phrase} | {len(found)} | {sum(found) / max(len(found), 1):.0%} |")
    write_atomically(DATA / "nets" / "SENTENCES_WORDS.md", ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
