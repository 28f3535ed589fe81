"""Writes the README's tables of figures from the published cards, and its picture:
``python -m tools.readme``.

A table stands between a comment that names its card and a comment that ends it.
"""

from __future__ import annotations

import json
import re
from math import exp, isnan
from statistics import fmean

from helpers.metrics.drums import multiple

from .notebooks import ROOT

README = ROOT / "README.md"
PICTURE = ROOT / "images" / "ode_to_joy.png"
BLOCK = re.compile(
    r"(<!-- figures: .* from checkpoints/(\w+)/card\.json -->\n)"
    r"((?:.*\n)*?)(<!-- end of figures -->)"
)


def accompaniment_table(card: dict) -> str:
    """The held-out figures of notebook 04's card as a Markdown table."""
    test = card["test"]
    rows = [
        "| on held-out melodies | Bach | generator | favourite intervals | borrowed |",
        "|---|---|---|---|---|",
    ]
    for figure, bach in test["Bach"].items():
        ours = f"{test['generator'][figure]:.3f} ± {test['spread'][figure]:.3f}"
        others = [f"{test[name][figure]:.3f}" for name in ("favourite intervals", "borrowed")]
        rows.append(f"| {figure} | {bach:.3f} | {ours} | {' | '.join(others)} |")
    return "\n".join(rows)


def tunes_table(card: dict) -> str:
    """How well the next event of held-out tunes is predicted, from notebook 02's card."""
    rows = ["| on held-out tunes | nats an event | perplexity | accuracy |", "|---|---|---|---|"]
    for name, (nats, accuracy) in card["test"]["tunes"].items():
        loss = " | " if isnan(nats) else f"{nats:.2f} | {exp(nats):.1f}"
        rows.append(f"| {name} | {loss} | {accuracy:.1%} |")
    return "\n".join(rows)


def benchmark_table(card: dict) -> str:
    """The chorale model's likelihood on the canonical split."""
    sixteenths = card["test"]["sixteenths, nats a note"]
    rows = ["| canonical split of the JSB chorales, joint and exact | nats |", "|---|---|"]
    for name, nats in sixteenths.items():
        rows.append(f"| sixteenths, a note: {name} | {nats:.3f} |")
    for name, nats in card["test"]["quarters, nats a frame"].items():
        rows.append(f"| quarter notes, a frame: {name} | {nats:.2f} |")
    return "\n".join(rows)


def critic_table(card: dict) -> str:
    """How well notebook 03's critic tells each family of bad music from real music, and the
    composer's loss."""
    test = card["test"]
    rows = ["| bad music | critic | logistic regression |", "|---|---|---|"]
    for family, judges in test["critic"].items():
        accuracies = (f"{accuracy:.1%}" for _, accuracy, _ in judges.values())
        rows.append(f"| {family} | {' | '.join(accuracies)} |")
    rows += ["", "| on held-out pieces | nats an event |", "|---|---|"]
    rows += [f"| {name} | {loss:.3f} |" for name, loss in test["composer, nats an event"].items()]
    return "\n".join(rows)


def drum_table(card: dict) -> str:
    """How far notebook 05's beats are from real ones, beside how far real ones are."""
    heads = (
        "distance to test recordings",
        "generated",
        "training",
        "multiple",
        "95 % interval",
        "simple",
    )
    rows = []
    for length, found in card["test"].items():
        rows += [f"| {length}: {' | '.join(heads)} |", "|---" * len(heads) + "|"]
        for figure, (low, high) in found["interval"].items():
            made, train, simple = (
                found["distances"][name][figure]
                for name in ("generated", "train", "simple drummer")
            )
            rows.append(
                f"| {figure} | {made:.3f} | {train:.3f} | {multiple(made, train):.2f} "
                f"| {low:.3f} to {high:.3f} | {simple:.3f} |"
            )
        rows.append("")
    rows += ["| | " + " | ".join(card["test"]) + " |", "|---" * (1 + len(card["test"])) + "|"]
    for source in ("generated", "simple drummer", "shuffled"):
        shares = [f"{found['told apart'][source]:.1%}" for found in card["test"].values()]
        rows.append(f"| a fresh listener tells real from {source} | {' | '.join(shares)} |")
    for source in ("generated", "test"):
        cells = [found["novelty"][source] for found in card["test"].values()]
        shown = " | ".join(f"{distinct:.1%}" for distinct, _, _ in cells)
        rows.append(f"| different patterns among 1,000 windows, {source} | {shown} |")
        shown = " | ".join(f"{nearest:.1f}" for _, nearest, _ in cells)
        rows.append(f"| cells from the nearest training window, {source} | {shown} |")
    return "\n".join(rows)


def rewarded_table(card: dict) -> str:
    """Reward and figures of notebook 06's generators at temperature 1, and how they compare."""
    test = card["test"]
    names = ("consonance", "chord share", "interval distance", "EB", "UPC", "QN")
    rows = [f"| temperature 1 | reward | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    sources = {"Bach": test["Bach"]} | {name: row["1.0"] for name, row in test["tried"].items()}
    for source, found in sources.items():
        cells = [mean(found[name]) for name in ("reward", *names)]
        rows.append(f"| {source} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
    rows += ["", "| rewarded against | reward | 95 % interval |", "|---|---|---|"]
    for name, pair in test["compared"].items():
        low, high = pair["interval"]
        rows.append(
            f"| {name} ({pair['temperature']:.2f}) | {pair['difference']:+.3f} "
            f"| {low:+.3f} to {high:+.3f} |"
        )
    return "\n".join(rows)


def mean(values) -> float:
    """The mean of a number or of several."""
    return fmean(values) if isinstance(values, list) else values


TABLES = {
    "04_accompaniment_gan": accompaniment_table,
    "02_next_note_rnn": tunes_table,
    "03_critic_and_composer": critic_table,
    "05_drum_gan": drum_table,
    "06_gan_with_rl": rewarded_table,
    "jsb_benchmark": benchmark_table,
}


def read_card(chapter: str) -> dict:
    return json.loads((ROOT / "checkpoints" / chapter / "card.json").read_text(encoding="utf-8"))


def with_figures(text: str) -> str:
    """The README's text with the tables of the published cards."""

    def block(match: re.Match) -> str:
        begin, chapter, _, end = match.groups()
        return f"{begin}{TABLES[chapter](read_card(chapter))}\n{end}"

    return BLOCK.sub(block, text)


def main() -> None:
    from helpers.course import storage
    from helpers.data import melodies
    from helpers.music import grid
    from helpers.pretrained import accompaniment_gan
    from helpers.show import rolls

    storage.write_text(README, with_figures(README.read_text(encoding="utf-8")))
    (tune,) = (file for file in melodies.melody_files() if file.stem == "ode_to_joy")
    tune = melodies.load_melody(tune)
    piece = melodies.as_piece(tune, accompaniment_gan.accompany(tune.melody, seed=1))
    figure = rolls.plot_roll(grid.excerpt(piece, 0, 8 * 16)._replace(name=""))
    storage.write_whole(PICTURE, lambda path: figure.savefig(path, dpi=110))


if __name__ == "__main__":
    main()
