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
EXAMPLE, SEED, STEPS = "bwv248.28", 2, 64


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


def test_the_example_is_one_of_the_better_ones_as_it_says():
    assert "openings of 29 chorales" in PROSE and "Two in three of the others" in PROSE
    pieces = data.load_chorales("test", time_signature="4/4")
    assert len(pieces) == 29
    shares = {}
    for i, piece in enumerate(pieces):
        melody = opening(piece)[:, 0]
        for seed in (1, 2, 3):
            made = pretrained.accompany(melody, seed=seed, pickup=int(piece.bar_starts[0]))
            shares[piece.name if piece.name == EXAMPLE else i, seed] = metrics.chord_share(made)
            if (piece.name, seed) == (EXAMPLE, SEED):
                assert len(made) == STEPS
    example = shares.pop((EXAMPLE, SEED))
    fewer = np.mean([share < example for share in shares.values()])
    assert 0.6 < fewer < 0.73
    assert example < max(shares.values())  # not the best


def test_bachs_bass_walks_and_the_networks_leaps():
    piece = next(piece for piece in data.load_chorales("test") if piece.name == EXAMPLE)
    bach = piece.voices[:STEPS]
    network = pretrained.accompany(bach[:, 0], seed=SEED, pickup=int(piece.bar_starts[0]))
    moves = [np.abs(np.diff(voices[:, 3])) for voices in (bach, network)]
    by_step = [(move[move > 0] <= 2).mean() for move in moves]
    assert 0.45 < by_step[0] < 0.6  # "about half"
    assert by_step[1] < 0.4
