"""The figures of drums, on patterns that can be counted by hand."""

import numpy as np
import pytest

from helpers.metrics import drums as measures
from helpers.music.drums import DRUM_NAMES


def windows(*patterns, steps=32):
    """Windows of ``(step, drum, velocity, offset)`` hits."""
    drums = np.zeros((len(patterns), steps, len(DRUM_NAMES), 3), np.float32)
    for window, pattern in zip(drums, patterns, strict=True):
        for step, drum, velocity, offset in pattern:
            window[step, drum] = 1, velocity, offset
    return drums


ROCK = [(0, 0, 0.8, 0.0), (4, 1, 0.9, 0.1), (8, 0, 0.8, -0.2), (12, 1, 0.9, 0.1)]
OFF_BEAT = [(3, 2, 0.5, 0.25)]
SILENCE = []


def test_hits_are_counted_a_bar():
    drums = windows(ROCK, OFF_BEAT, SILENCE)
    assert measures.hits_a_bar(drums).tolist() == [2, 0.5, 0]  # two bars a window
    assert measures.hits_a_bar(windows(ROCK, steps=16)).tolist() == [4]
    assert measures.hits_a_bar(windows(ROCK[:2], steps=8)).tolist() == [4]


def test_drums_velocities_and_offsets_hit_by_hit():
    drums = windows(ROCK, OFF_BEAT)
    drums[0, 20, 5] = 0.49, 1.0, 0.5  # not quite a hit
    assert measures.drum_numbers(drums).tolist() == [0, 1, 0, 1, 2]
    assert measures.velocities(drums) == pytest.approx([0.8, 0.9, 0.8, 0.9, 0.5])
    assert measures.offsets(drums) == pytest.approx([0, 0.1, -0.2, 0.1, 0.25])


def test_eighths_are_the_even_steps_and_silence_has_none():
    mixed = [(0, 0, 1, 0), (1, 2, 1, 0), (2, 2, 1, 0), (3, 2, 1, 0), (31, 1, 1, 0)]
    drums = windows(ROCK, OFF_BEAT, SILENCE, mixed)
    assert measures.share_on_eighths(drums).tolist() == pytest.approx([1, 0, 0.4])


def test_groove_consistency_compares_the_halves():
    twice = ROCK + [(step + 16, drum, velocity, offset) for step, drum, velocity, offset in ROCK]
    other_drum = ROCK + [(step + 16, 8, 1.0, 0.0) for step, *_ in ROCK]
    drums = windows(twice, ROCK, SILENCE, other_drum)
    # Four of sixteen steps differ where the second bar is silent; which drum it is does not count.
    assert measures.groove_consistency(drums).tolist() == [1, 0.75, 1, 1]
    assert measures.groove_consistency(windows(ROCK[:2], steps=8)).tolist() == [1]


def test_histograms_are_shares_and_edges_belong_to_bins():
    drums = windows(ROCK, OFF_BEAT, SILENCE)
    found = measures.histograms(drums)
    assert found.keys() == measures.BINS.keys()
    for figure, shares in found.items():
        assert len(shares) == len(measures.BINS[figure]) - 1
        assert shares.sum() == pytest.approx(1)
    assert found["drum"] == pytest.approx([0.4, 0.4, 0.2, 0, 0, 0, 0, 0, 0])
    assert found["share on eighths"] == pytest.approx([0.5] + 8 * [0] + [0.5])
    assert found["hits a bar"][0] == pytest.approx(1)  # 2, 0.5 and 0 are all below 4
    assert found["groove consistency"] == pytest.approx([0, 0, 0, 0, 1 / 3, 0, 0, 2 / 3])
    full = windows([(step, drum, 1.0, 0.5) for step in range(32) for drum in range(9)])
    assert measures.histogram("hits a bar", full)[-1] == 1
    assert measures.histogram("velocity", full)[-1] == 1
    assert measures.histogram("offset", full)[-1] == 1


@pytest.mark.parametrize("tenths", range(10))
def test_a_share_on_an_edge_counts_in_the_bin_above(tenths):
    pattern = [(2 * i if i < tenths else 2 * i + 1, 0, 1, 0) for i in range(10)]
    shares = measures.histogram("share on eighths", windows(pattern))
    assert np.argmax(shares) == tenths


def test_silence_has_hits_a_bar_and_nothing_else():
    found = measures.histograms(windows(SILENCE))
    assert found["hits a bar"][0] == 1 and found["groove consistency"][-1] == 1
    assert all(not found[figure].any() for figure in ("drum", "velocity", "offset"))


def test_distances_by_hand():
    apart = measures.distances(windows(ROCK), windows(OFF_BEAT))
    assert apart == pytest.approx(
        {
            "hits a bar": 0,
            "drum": 1,
            "share on eighths": 1,
            "velocity": 1,
            "offset": 1,
            "groove consistency": 1,
        }
    )
    assert set(measures.distances(windows(ROCK), windows(ROCK)).values()) == {0}


def test_multiples_of_a_usual_distance():
    assert measures.multiple(0.06, 0.04) == pytest.approx(1.5)
    assert measures.multiple(0.06, 0.001) == pytest.approx(6)  # of 0.01
    assert measures.multiple(0.0, 0.0) == 0


def test_distinct_patterns_of_hits():
    louder = [(step, drum, 1.0, 0.1) for step, drum, *_ in ROCK]  # the same hits
    assert measures.distinct_share(windows(ROCK, louder, OFF_BEAT, SILENCE)) == 0.75
    assert measures.distinct_share(windows(ROCK, OFF_BEAT)) == 1


def test_bad_input_is_refused():
    with pytest.raises(
        ValueError,
        match=r"Batches of drums have the shape \(windows, steps, 9, 3\), not \(32, 9, 3\).",
    ):
        measures.hits_a_bar(np.zeros((32, 9, 3)))
