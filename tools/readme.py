"""Writes the README's table of figures from the published card, and its picture:
``python -m tools.readme``."""

from __future__ import annotations

import json

from .notebooks import ROOT

README = ROOT / "README.md"
PICTURE = ROOT / "images" / "ode_to_joy.png"
CARD = ROOT / "checkpoints" / "04_accompaniment_gan" / "card.json"
BEGIN, END = "<!-- figures:", "<!-- end of figures -->"


def figures_table(card: dict) -> str:
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


def with_figures(text: str, card: dict) -> str:
    """The README's text with the table between its two comments."""
    before, rest = text.split(BEGIN, 1)
    comment, rest = rest.split("\n", 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}{comment}\n{figures_table(card)}\n{END}{after}"


def main() -> None:
    from helpers import files, melodies, music, plots, pretrained

    text = README.read_text(encoding="utf-8")
    files.write_text(README, with_figures(text, json.loads(CARD.read_text(encoding="utf-8"))))
    (tune,) = (file for file in melodies.melody_files() if file.stem == "ode_to_joy")
    tune = melodies.load_melody(tune)
    piece = melodies.as_piece(tune, pretrained.accompany(tune.melody, seed=1))
    figure = plots.plot_roll(music.excerpt(piece, 0, 8 * 16)._replace(name=""))
    files.write_whole(PICTURE, lambda path: figure.savefig(path, dpi=110))


if __name__ == "__main__":
    main()
