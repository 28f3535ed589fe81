"""Writes the README's tables of figures from the published cards, and its picture:
``python -m tools.readme``.

A table stands between a comment that names its card and a comment that ends it.
"""

from __future__ import annotations

import json
import re
from statistics import fmean

from helpers.metrics.drums import multiple
from helpers.show.tables import table

from .notebooks import ROOT

README = ROOT / "README.md"
PICTURE = ROOT / "images" / "ode_to_joy.png"
BLOCK = re.compile(
    r"(<!-- figures: .* from checkpoints/(\w+)/card\.json -->\n)"
    r"((?:.*\n)*?)(<!-- end of figures -->)"
)


def markdown(corner: str, table) -> str:
    """What ``show.table`` makes as a Markdown table, with a word in its upper left corner."""
    lines = [(corner, *table.columns), *table.itertuples(name=None)]
    lines = [f"| {' | '.join(line).lstrip()} |" for line in lines]
    return "\n".join([lines[0], "|---" * (1 + len(table.columns)) + "|", *lines[1:]])


PIECES = {  # what is said of whole pieces, by the names of ``metrics.chorale_figures``
    "parallel fifths, per 100 steps": ("fifths", ".2f"),
    "parallel octaves, per 100 steps": ("octaves", ".2f"),
    "struck semitones, per 100 steps": ("semitones", ".2f"),
    "triad or seventh chord, % of beats": ("chords, %", ".1f"),
    "phrase end: V-I in any key, %": ("V-I, %", ".1f"),
    "phrase end: I or V in root position, %": ("I or V, %", ".1f"),
    "last chord is I in root position, %": ("ends on I, %", ".1f"),
    "chord trigram, nats a beat": ("trigram, nats", ".2f"),
    "grade": ("grade", ".2f"),
}


def pieces_table(found: dict) -> str:
    """What stands below whole held-out melodies: ``{who: {figure: (mean, spread)}}``."""
    rows = {
        who: {new: tuple(figures[old]) for old, (new, _) in PIECES.items()}
        for who, figures in found.items()
    }
    rows["Bach"] = {name: mean for name, (mean, _) in rows["Bach"].items()}  # there is one
    return markdown("below held-out melodies", table(rows, form=dict(PIECES.values())))


def accompaniment_table(card: dict) -> str:
    """Whole pieces: means and spread of three trainings of notebook 04."""
    return pieces_table(card["spread"]["whole"])


def tunes_table(card: dict) -> str:
    """How well the next word of held-out tunes is predicted, from notebook 02's card, and the form
    of tunes from nothing, as means and spread of several trainings."""
    scores, form = card["spread"]["scores"], card["spread"]["form"]
    heads = "nats a word", "accuracy"
    losses = {name: dict(zip(heads, figures, strict=True)) for name, figures in scores.items()}
    last = list(form)[-1]
    rows = {
        figure: {
            "real": real,  # the same in every training
            "looking back": form[last][figure],
            "not looking back": form["plain"][figure],
        }
        for figure, (real, _) in form["real tunes"].items()
    }
    losses = markdown("on held-out tunes", table(losses))
    return losses + "\n\n" + markdown("300 tunes from nothing", table(rows, form=".2f"))


def voices_table(card: dict) -> str:
    """Whole pieces: means and spread of three trainings of notebook 07, three draws of the
    rivals."""
    return pieces_table(card["spread"]["verdict"])


def benchmark_table(card: dict) -> str:
    """The chorale model's likelihood on the canonical split."""
    rows = {}
    for name, nats in card["test"]["sixteenths, nats a note"].items():
        rows[f"sixteenths, a note: {name}"] = {"nats": f"{nats:.3f}"}
    for name, nats in card["test"]["quarters, nats a frame"].items():
        rows[f"quarter notes, a frame: {name}"] = {"nats": f"{nats:.2f}"}
    return markdown("canonical split of the JSB chorales, joint and exact", table(rows))


def critic_table(card: dict) -> str:
    """How well notebook 03's critic tells each family of bad music from real music, and the
    composer's loss."""
    heads = "critic", "logistic regression"
    families = {
        family: dict(zip(heads, (accuracy for _, accuracy, _ in judges.values()), strict=True))
        for family, judges in card["test"]["critic"].items()
    }
    losses = card["test"]["composer, nats an event"]
    losses = table({name: {"nats an event": loss} for name, loss in losses.items()})
    families = markdown("bad music", table(families, form=".1%"))
    return families + "\n\n" + markdown("on held-out pieces", losses)


def drum_table(card: dict) -> str:
    """How far notebook 05's beats are from real ones, beside how far real ones are."""
    tables, beside = [], {}
    for length, found in card["test"].items():
        rows = {}
        for figure, (low, high) in found["interval"].items():
            made, train, simple = (
                found["distances"][name][figure]
                for name in ("generated", "train", "simple drummer")
            )
            rows[figure] = {"generated": made, "training": train, "multiple": multiple(made, train)}
            rows[figure] |= {"95 % interval": f"{low:.3f} to {high:.3f}", "simple": simple}
        corner = f"{length}: distance to test recordings"
        tables.append(markdown(corner, table(rows, form={"multiple": ".2f"})))
        apart = found["told apart"].items()
        beside[length] = {f"a fresh listener tells real from {x}": f"{y:.1%}" for x, y in apart}
        for source, (distinct, nearest, _) in found["novelty"].items():
            name = f"different patterns among 1,000 windows, {source}"
            beside[length][name] = f"{distinct:.1%}"
            name = f"cells from the nearest training window, {source}"
            beside[length][name] = f"{nearest:.1f}"
    return "\n\n".join([*tables, markdown("", table(beside).T)])


def rewarded_table(card: dict) -> str:
    """Reward and figures of notebook 06's generators at temperature 1, and how they compare."""
    test, compared = card["test"], {}
    columns = "reward", "consonance", "chord share", "interval distance", "EB", "UPC", "QN"
    sources = {"Bach": test["Bach"]} | {name: row["1.0"] for name, row in test["tried"].items()}
    rows = {
        source: {name: mean(found[name]) for name in columns} for source, found in sources.items()
    }
    for name, pair in test["compared"].items():
        low, high = pair["interval"]
        row = {"reward": pair["difference"], "95 % interval": f"{low:+.3f} to {high:+.3f}"}
        compared[f"{name} ({pair['temperature']:.2f})"] = row
    compared = markdown("rewarded against", table(compared, form="+.3f"))
    return markdown("temperature 1", table(rows)) + "\n\n" + compared


def mean(values) -> float:
    """The mean of a number or of several."""
    return fmean(values) if isinstance(values, list) else values


TABLES = {
    "04_accompaniment_gan": accompaniment_table,
    "02_next_note_rnn": tunes_table,
    "07_four_voices": voices_table,
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
    from helpers import data, music, pretrained, show
    from helpers.course.storage import write_text, write_whole

    write_text(README, with_figures(README.read_text(encoding="utf-8")))
    (tune,) = (file for file in data.melody_files() if file.stem == "ode_to_joy")
    piece = pretrained.accompany(data.load_melody(tune), seed=1)
    figure = show.plot_roll(music.excerpt(piece, 0, 8 * 16)._replace(name=""))
    write_whole(PICTURE, lambda path: figure.savefig(path, dpi=110))


if __name__ == "__main__":
    main()
