"""benchmarks/jsb_nll.py: what it counts, and that its probabilities are probabilities."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest

from helpers.course import device
from helpers.music.grid import Piece, default_onsets
from tools.notebooks import ROOT


@pytest.fixture
def jsb(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    import jsb_nll

    return jsb_nll


def piece(melody):
    voices = np.stack([melody, melody - 4, melody - 7, melody - 12], axis=1).astype(np.int16)
    return Piece("", voices, default_onsets(voices), np.arange(0, len(voices), 16))


def test_a_tune_is_known_in_any_key_and_unknown_if_a_note_differs_everywhere(jsb):
    melody = np.random.default_rng(1).integers(60, 72, 100)
    other = melody.copy()
    other[::50] += 1
    assert jsb.tunes_not_in([piece(melody + 3), piece(other)], [piece(melody)]) == [1]
    part = np.concatenate([other[:30], melody[:65]])  # four bars are enough
    assert jsb.tunes_not_in([piece(part)], [piece(melody)]) == []


def test_losses_in_keys_are_of_the_mean_probability(jsb, monkeypatch):
    """And of networks. The second piece cannot be moved up: its highest note has the last class."""
    likely = {0: [0.5, 0.1], 1: [0.25, 0.9]}
    pieces = [jsb.chapter.Prepared(np.array([[n, 1]]), None, None, None) for n in (45, 46)]
    pieces[0].classes[0, 1] = 0  # a rest goes with every key

    def judge(network, some, key):
        place = [next(i for i, p in enumerate(pieces) if p is piece) for piece in some]
        return [np.full((1, 2), network * likely[key][i]) for i in place]

    monkeypatch.setattr(jsb.chapter, "judge_pieces", judge)
    first, second = jsb.losses_in_keys([1.0, 0.5], pieces, (0, 1))
    assert first == pytest.approx(-np.log(0.75 * 0.375))
    assert second == pytest.approx(-np.log(0.75 * 0.1))


def test_quarter_notes_are_sets_of_pitches(jsb, tmp_path):
    (tmp_path / "quarters.json").write_text('{"train": [[[60, 64], [], [60, 60]]], "test": [[]]}')
    rolls = jsb.quarter_rolls(tmp_path / "quarters.json")
    assert [roll.shape for roll in rolls["train"] + rolls["test"]] == [(3, 128), (0, 128)]
    assert rolls["train"][0].dtype == bool
    assert np.argwhere(rolls["train"][0]).tolist() == [[0, 60], [0, 64], [2, 60]]


def test_the_canonical_split_has_its_published_sizes_in_quarters(jsb, shared_data):
    rolls = jsb.quarter_rolls(shared_data / "jsb" / jsb.QUARTERS)
    sizes = {"train": (229, 13_807), "valid": (76, 4_602), "test": (77, 4_725)}
    assert {split: (len(some), sum(map(len, some))) for split, some in rolls.items()} == sizes


def test_the_probabilities_of_all_sets_of_a_frame_sum_to_one(jsb, monkeypatch):
    quarters = jsb.quarters
    for name, value in (("HIGHEST", 42), ("PITCHES", 5), ("CLASSES", 6), ("NOTHING", 6)):
        monkeypatch.setattr(quarters, name, value)
    device.set_seed(3)
    network = quarters.build_network(units=6, depth=1, cell="gru", dropout=0.0)
    for weight in network.trainable_variables:
        weight.assign(weight + 0.3 * np.random.default_rng(1).normal(size=weight.shape))
    total = []
    pitches = range(quarters.LOWEST, quarters.HIGHEST + 1)
    for size in range(quarters.MOST + 1):
        for chosen in itertools.combinations(pitches, size):
            roll = np.zeros((3, 128), bool)
            roll[0, [38, 41]] = roll[1, [40]] = True
            roll[2, list(chosen)] = True
            seen, notes, used = quarters.pad(quarters.prepare([roll]), 3)
            total.append(-float(quarters.nats(network, seen, notes, used)[0, 2]))
    assert len(total) == 31 and np.exp(total).sum() == pytest.approx(1, abs=1e-5)


def test_a_frame_sees_nothing_of_itself_and_of_what_follows(jsb):
    roll = np.zeros((12, 128), bool)
    for frame, pitch in enumerate([60, 62, 64, 60, 62, 65, 60, 62, 64, 67, 60, 62]):
        roll[frame, [pitch, pitch - 12]] = True
    changed = roll.copy()
    changed[7:] = np.roll(roll[7:], 1, axis=1)
    before, after = (jsb.quarters.prepare([r])[0][1] for r in (roll, changed))
    assert (before[:7] == after[:7]).all()
    first = [jsb.quarters.HINTS[0].start, *range(8)]  # what is known before a pitch is listed
    assert (before[7, first] == after[7, first]).all()


def test_without_the_files_it_says_what_it_needs(jsb, monkeypatch, capsys):
    monkeypatch.delenv("JSB_DIR", raising=False)
    monkeypatch.setattr(sys, "argv", ["jsb_nll.py"])
    assert jsb.main() == 0
    assert "JSB_DIR" in capsys.readouterr().out
