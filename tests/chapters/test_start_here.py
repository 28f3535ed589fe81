"""Notebook 00: its map leads to every chapter, and what it says about its example is true."""

from __future__ import annotations

import re

import nbformat
import numpy as np

from helpers import data, metrics, pretrained
from tools.notebooks import FOLDER, find_notebooks, is_training_chapter

START = FOLDER / "00_start_here.ipynb"
NOTEBOOK = nbformat.read(START, as_version=4)
PROSE = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
EXAMPLE, SEED, STEPS = "bwv248.28", 6, 64


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", PROSE)
    assert links
    for link in links:
        assert (FOLDER / link).exists(), link


def test_the_map_shows_every_chapter():
    linked = set(re.findall(r"\]\((\w+\.ipynb)\)", PROSE))
    assert linked == {path.name for path in find_notebooks()} - {START.name}


def test_it_does_not_train():
    assert not is_training_chapter(NOTEBOOK)


def opening(piece):
    """The first phrases, up to where the first note under a fermata from bar 4 on ends."""
    fermatas = np.flatnonzero(piece.fermatas)
    onsets = np.append(np.flatnonzero(piece.onsets[:, 0]), len(piece.voices))
    ends = onsets[np.searchsorted(onsets, fermatas, side="right")]
    return piece.voices[: ends[ends >= 56].min()]


def test_the_example_is_not_one_of_the_best_as_it_says():
    assert (
        "openings of 29 chorales" in PROSE
        and "More than half of the others have more complete chords" in PROSE
    )
    pieces = data.load_chorales("test", time_signature="4/4")
    assert len(pieces) == 29
    shares = {}
    for i, piece in enumerate(pieces):
        melody = opening(piece)[:, 0]
        for seed in (4, 5, 6):
            made = pretrained.accompany(melody, seed=seed, pickup=int(piece.bar_starts[0]))
            shares[piece.name if piece.name == EXAMPLE else i, seed] = metrics.chord_share(made)
            if (piece.name, seed) == (EXAMPLE, SEED):
                assert len(made) == STEPS
    example = shares.pop((EXAMPLE, SEED))
    more = np.mean([share > example for share in shares.values()])
    assert 0.5 < more < 0.6


def test_both_basses_walk_and_bachs_moves_more_often():
    piece = next(piece for piece in data.load_chorales("test") if piece.name == EXAMPLE)
    bach = piece.voices[:STEPS]
    network = pretrained.accompany(bach[:, 0], seed=SEED, pickup=int(piece.bar_starts[0]))
    moves = [np.abs(np.diff(voices[:, 3])) for voices in (bach, network)]
    for move in moves:
        assert 0.4 < (move[move > 0] <= 2).mean() < 0.6  # "about half"
    assert (moves[0] > 0).sum() > 1.3 * (moves[1] > 0).sum()
    for end in np.flatnonzero(piece.fermatas[:STEPS]):
        assert metrics.chord_at(bach, end) == metrics.chord_at(network, end) is not None
