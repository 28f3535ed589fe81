"""Every metric on cases counted by hand.

The cases are chosen so that the mistakes found in published implementations would fail: pitch
classes folded from adjacent semitones, non-empty bars counted as empty, bars taken for steps, a
phantom bar after the last, notes counted by the step.
"""

import itertools
import math

import numpy as np
import pytest

from helpers.metrics import voices as measures
from helpers.music.grid import REST

SILENCE = np.full((32, 4), REST)


def columns(*voices):
    """Voices from one list a voice."""
    return np.array(voices).T


def bars(*bars_of_one_voice):
    """One voice of 16 steps a bar: each bar is a list whose entries are spread evenly."""
    return np.concatenate([np.repeat(bar, 16 // len(bar)) for bar in bars_of_one_voice])[:, None]


# --- what all have in common -------------------------------------------------------------------

PER_VOICE = [
    measures.empty_bars,
    measures.used_pitch_classes,
    measures.qualified_notes,
    measures.rate_of_change,
]
ONE_NUMBER = [
    measures.rest_share,
    measures.consonance,
    measures.chord_share,
    measures.voice_crossing,
    measures.scale_consistency,
]


def random_voices(seed, *shape):
    """Any music at all, rests included."""
    return np.random.default_rng(seed).choice([REST, 40, 55, 60, 62, 67, 72], shape)


@pytest.mark.parametrize("metric", PER_VOICE)
def test_a_figure_for_each_voice(metric):
    assert metric(random_voices(1, 32, 4)).shape == (4,)
    assert metric(random_voices(1, 5, 32, 3)).shape == (3,)


@pytest.mark.parametrize("metric", ONE_NUMBER)
def test_one_plain_number(metric):
    assert type(metric(random_voices(1, 32, 4))) is float
    assert type(metric(random_voices(1, 5, 32, 3))) is float


@pytest.mark.parametrize("metric", [*PER_VOICE, *ONE_NUMBER, measures.interval_distribution])
def test_a_grid_is_a_batch_of_one_and_order_and_octave_do_not_matter(metric):
    voices = random_voices(2, 6, 32, 4)
    np.testing.assert_allclose(metric(voices[0]), metric(voices[:1]))
    np.testing.assert_allclose(metric(voices), metric(voices[::-1]))
    np.testing.assert_allclose(metric(voices), metric(np.where(voices == REST, REST, voices + 12)))


@pytest.mark.parametrize("metric", [*PER_VOICE, *ONE_NUMBER, measures.interval_distribution])
@pytest.mark.parametrize(
    "bad",
    [
        np.full(32, 60),  # a melody: there is no telling which axis is missing
        np.zeros((16, 128, 4), bool),  # a piano roll
        np.full((32, 4), 60.5),
        np.full((32, 4), 128),
        np.full((32, 4), -2),
    ],
)
def test_what_is_no_music_is_refused(metric, bad):
    with pytest.raises(ValueError):
        metric(bad)


@pytest.mark.parametrize("metric", [*PER_VOICE, *ONE_NUMBER, measures.interval_distribution])
@pytest.mark.parametrize("shape", [(0, 4), (0, 32, 4)])
@pytest.mark.filterwarnings("error")
def test_no_music_has_no_figure(metric, shape):
    assert np.isnan(metric(np.zeros(shape, int))).all()


@pytest.mark.filterwarnings("error")
def test_the_figures_of_silence():
    assert measures.rest_share(SILENCE) == 1
    assert measures.empty_bars(SILENCE).tolist() == [1, 1, 1, 1]
    assert measures.used_pitch_classes(SILENCE).tolist() == [0, 0, 0, 0]
    assert measures.rate_of_change(SILENCE).tolist() == [0, 0, 0, 0]
    for metric in (
        measures.qualified_notes,
        measures.consonance,
        measures.interval_distribution,
        measures.chord_share,
        measures.voice_crossing,
        measures.scale_consistency,
    ):
        assert np.isnan(metric(SILENCE)).all()


# --- silence and texture -----------------------------------------------------------------------


def test_rest_share():
    voices = columns([60, REST, 60, 60], [REST, REST, REST, 48])
    assert measures.rest_share(voices) == 4 / 8
    assert measures.rest_share(voices[..., 1:]) == 3 / 4


def test_empty_bars_counts_the_empty_ones_by_the_bar():
    voice = bars([60], [REST], [REST, REST, REST, 62], [64, 65])
    assert measures.empty_bars(voice).tolist() == [1 / 4]  # not 3/4 (the others), 28/64 (steps)
    assert measures.empty_bars(bars([60], [REST])).tolist() == [1 / 2]  # no third bar at the end
    assert measures.empty_bars(bars([60])).tolist() == [0]


def test_empty_bars_each_voice_apart_and_whole_bars_only():
    voices = np.concatenate([bars([60], [62], [REST]), bars([REST], [REST], [48])], axis=1)
    np.testing.assert_allclose(measures.empty_bars(voices), [1 / 3, 2 / 3])
    np.testing.assert_allclose(measures.empty_bars(voices[:47]), [0, 1])
    np.testing.assert_allclose(measures.empty_bars(voices, steps_per_bar=24), [0, 1 / 2])
    assert np.isnan(measures.empty_bars(voices[:15])).all()


def test_empty_bars_of_a_batch_are_counted_together():
    batch = np.stack([bars([60], [REST]), bars([REST], [REST])])
    assert measures.empty_bars(batch).tolist() == [3 / 4]


def test_used_pitch_classes_folds_octaves_and_not_neighbours():
    assert measures.used_pitch_classes(bars([36, 48, 60, 72])).tolist() == [1]  # four octaves of C
    assert measures.used_pitch_classes(bars([60, 61, 62, 63])).tolist() == [4]  # four neighbours
    assert measures.used_pitch_classes(bars([59, 71, 60, 72])).tolist() == [2]


def test_used_pitch_classes_is_the_mean_over_bars():
    voice = bars([60, 64, 67, 72], [60], [REST], [71, REST])  # 3, 1, 0, 1
    assert measures.used_pitch_classes(voice).tolist() == [5 / 4]
    assert measures.used_pitch_classes(voice, steps_per_bar=32).tolist() == [4 / 2]
    assert measures.used_pitch_classes(np.arange(48, 64)[:, None]).tolist() == [12]


def test_a_rest_is_no_b():
    assert measures.used_pitch_classes(bars([60, REST])).tolist() == [1]  # -1 % 12 is 11


def test_qualified_notes_counts_notes_and_not_steps():
    melody = [60, 62, 64, 64, 65, 65, 65, REST, 67, 67, 67, 67, 67, 67, 67, 67]  # 1 1 2 3 8
    voices = columns(melody)
    assert measures.qualified_notes(voices).tolist() == [3 / 5]
    assert measures.qualified_notes(voices, min_steps=3).tolist() == [2 / 5]
    assert measures.qualified_notes(voices, min_steps=1).tolist() == [1]
    assert measures.qualified_notes(columns([60, 62] * 24)).tolist() == [0]  # 48 short notes


def test_qualified_notes_merges_repeats_and_rests_part_notes():
    assert measures.qualified_notes(columns([60, 60, 62, 60])).tolist() == [1 / 3]
    assert measures.qualified_notes(columns([60, REST, 60, 60])).tolist() == [1 / 2]
    assert measures.qualified_notes(columns([REST, REST, 60, 60])).tolist() == [1]  # no long rests


def test_qualified_notes_holds_over_bar_lines_and_not_over_windows():
    held = np.array([62] * 15 + [60] * 2 + [62] * 15)[:, None]
    assert measures.qualified_notes(held).tolist() == [1]
    assert measures.qualified_notes(held.reshape(2, 16, 1)).tolist() == [2 / 4]


def test_qualified_notes_of_a_silent_voice_are_unknown():
    shares = measures.qualified_notes(columns([60, 60], [REST, REST]))
    assert shares[0] == 1 and math.isnan(shares[1])


def test_rate_of_change():
    voices = columns([60, 60, 62, 62, 60], [48, REST, REST, 48, 48])
    assert measures.rate_of_change(voices).tolist() == [2 / 4, 2 / 4]
    # from the end of one window to the beginning of the next is no step
    batch = np.array([[[60], [60]], [[62], [62]], [[64], [65]]])
    np.testing.assert_allclose(measures.rate_of_change(batch), [1 / 3])
    assert np.isnan(measures.rate_of_change(np.array([[60, 48]]))).all()


# --- harmony -----------------------------------------------------------------------------------


@pytest.mark.parametrize("octaves", [0, 12, 24])
def test_consonance_of_each_interval_below_and_above(octaves):
    consonant = {0, 3, 4, 5, 7, 8, 9}  # seconds, tritone and sevenths are not
    for interval in range(12):
        below = columns([72], [72 - octaves - interval])
        above = columns([72], [72 + octaves + interval])
        assert measures.consonance(below) == (interval in consonant)
        assert measures.consonance(above) == (interval in consonant)


def test_consonance_counts_pairs_that_sound():
    voices = columns(
        [72, 72, REST, 72],
        [68, 70, 68, REST],  # third, second, nothing, nothing
        [60, REST, 71, 66],  # octave, nothing, nothing, tritone
    )
    assert measures.consonance(voices) == 2 / 4
    assert math.isnan(measures.consonance(voices[:, :1]))  # no accompaniment
    # between themselves the others may clash: only the melody is asked
    assert measures.consonance(columns([72], [60], [48], [63])) == 1


def test_interval_distribution_is_kept_apart_by_voice_and_counts_downwards():
    voices = columns(
        [72, 72, 72, REST, 72],
        [67, 67, 60, 60, REST],  # 5, 5, 0
        [77, 48, 69, 40, 69],  # a fourth above is 7 below; 0, 3, 3
    )
    found = measures.interval_distribution(voices)
    expected = np.zeros((2, 12))
    expected[0, [5, 0]] = 2 / 3, 1 / 3
    expected[1, [7, 0, 3]] = 1 / 4, 1 / 4, 2 / 4
    np.testing.assert_allclose(found, expected)


def test_interval_distribution_shapes_and_silent_voices():
    assert measures.interval_distribution(columns([60, 62])).shape == (0, 12)
    found = measures.interval_distribution(columns([60, 62], [48, 48], [REST, REST]))
    assert found.shape == (2, 12)
    assert found[0].sum() == 1 and np.isnan(found[1]).all()


def test_total_variation():
    assert measures.total_variation([1, 0], [0, 1]) == 1  # half of the summed differences
    assert measures.total_variation([0.5, 0.5, 0], [0.5, 0.5, 0]) == 0
    assert measures.total_variation([0.5, 0.3, 0.2], [0.2, 0.4, 0.4]) == pytest.approx(0.3)
    # the mean over rows: a difference in one voice is not hidden, nor counted for all
    assert measures.total_variation([[1, 0], [1, 0]], [[1, 0], [0, 1]]) == 0.5


def test_interval_distance_keeps_the_voices_apart():
    reference = columns([72, 72], [68, 68], [65, 65])  # thirds above fifths
    swapped = columns([72, 72], [65, 65], [68, 68])
    half = columns([72, 72], [68, 67], [65, 65])
    assert measures.interval_distance(reference, reference) == 0
    assert measures.interval_distance(swapped, reference) == 1  # pooled it would be 0
    assert measures.interval_distance(half, reference) == pytest.approx((0.5 + 0) / 2)
    silent = columns([72, 72], [68, 68], [REST, REST])
    assert math.isnan(measures.interval_distance(silent, reference))


CHORDS = {
    "C": (72, 67, 64, 48),
    "Cm": (67, 63, 60, 48),
    "B dim in first inversion": (65, 59, 59, 50),
    "C aug": (68, 64, 60, 48),
    "A aug, the same notes as F aug": (73, 69, 65, 57),
    "G7": (77, 71, 62, 55),
    "Dm7 in third inversion": (69, 65, 62, 48),
    "Fmaj7": (76, 72, 69, 53),
    "B half-diminished": (69, 65, 62, 59),
    "B dim 7": (68, 65, 62, 59),
}
NO_CHORDS = {
    "open fifth": (72, 67, 60, 48),
    "third alone": (64, 60, 52, 48),
    "unison": (60, 60, 60, 60),
    "C sus4": (72, 67, 65, 48),
    "C sus2": (67, 62, 60, 48),
    "G7 without its fifth": (77, 71, 67, 55),
    "G7 without its third": (77, 74, 67, 55),
    "Cm with a major seventh": (71, 67, 63, 48),
    "C aug with a major seventh": (71, 68, 64, 48),
    "C add 9": (74, 67, 64, 48),
    "four neighbours": (63, 62, 61, 60),
    "French sixth": (66, 60, 62, 56),
}


@pytest.mark.parametrize("name", CHORDS)
def test_complete_triads_and_seventh_chords_in_every_key(name):
    for semitones in range(-6, 6):
        assert measures.chord_share(np.array([CHORDS[name]]) + semitones) == 1


@pytest.mark.parametrize("name", NO_CHORDS)
def test_incomplete_and_other_chords_do_not_count(name):
    for semitones in range(-6, 6):
        assert measures.chord_share(np.array([NO_CHORDS[name]]) + semitones) == 0


def test_chord_share_over_all_fours_of_pitch_classes():
    # 12 major, minor and diminished triads each and 4 augmented ones: 40 sets, each met by 36 ways
    # to put three classes in four voices. 12 dominant, minor, major and half-diminished sevenths
    # each and 3 diminished ones: 51 sets, each met by the 24 orders of four voices.
    fours = np.array(list(itertools.product(range(60, 72), repeat=4)))
    assert measures.chord_share(fours) == (40 * 36 + 51 * 24) / 12**4


def test_chord_share_counts_only_steps_on_which_all_sound():
    chord, other = CHORDS["C"], NO_CHORDS["C sus4"]
    gap = (72, REST, 64, 48)
    triad_of_three = (72, 67, 64, REST)
    assert measures.chord_share([chord, other, gap, triad_of_three]) == 1 / 2
    assert measures.chord_share([chord, chord, other, other]) == 1 / 2
    assert math.isnan(measures.chord_share([gap, triad_of_three]))


def test_voice_crossing_counts_adjacent_pairs():
    voices = columns(
        [72, 60, 60, REST],
        [67, 64, 60, 80],  # below, crossed, unison, nothing
        [60, 55, REST, 48],  # below, below, nothing, below
    )
    assert measures.voice_crossing(voices) == 1 / 6
    # tenor above soprano: no adjacent pair, even where the alto between them rests
    assert math.isnan(measures.voice_crossing(columns([60], [REST], [67])))
    assert measures.voice_crossing(columns([48], [60], [72])) == 1


def test_scale_consistency_takes_the_best_scale():
    c_major = [60, 62, 64, 65, 67, 69, 71]
    assert measures.scale_consistency(columns(c_major)) == 1
    assert measures.scale_consistency(columns([p + 1 for p in c_major])) == 1
    assert measures.scale_consistency(columns([*c_major, 73])) == 7 / 8
    assert measures.scale_consistency(columns(list(range(60, 72)))) == 7 / 12


def test_scale_consistency_knows_harmonic_minor():
    a_harmonic_minor = [57, 59, 60, 62, 64, 65, 68]
    assert measures.scale_consistency(columns(a_harmonic_minor)) == 1
    a_melodic_minor = [57, 59, 60, 62, 64, 66, 68]  # six fit G, A, E major or A harmonic minor
    assert measures.scale_consistency(columns(a_melodic_minor)) == pytest.approx(6 / 7)


def test_scale_consistency_weighs_by_duration_and_leaves_rests_out():
    c_major = [60, 62, 64, 65, 67, 69, 71]
    assert measures.scale_consistency(columns([*c_major, 73, 73, 73])) == pytest.approx(8 / 10)
    assert measures.scale_consistency(columns([*c_major, 73, REST, REST])) == 7 / 8
    assert measures.scale_consistency(columns(c_major, [REST] * 7)) == 1


def test_scale_consistency_finds_a_scale_for_each_window():
    c_major = np.array([60, 62, 64, 65, 67, 69, 71])[:, None]
    silent = np.full_like(c_major, REST)
    assert measures.scale_consistency(np.stack([c_major, c_major + 6])) == 1
    assert measures.scale_consistency(np.concatenate([c_major, c_major + 6])) < 1
    assert measures.scale_consistency(np.stack([c_major, silent])) == 1


# --- variety and copying -----------------------------------------------------------------------


def test_difference():
    assert measures.difference([[60, 48], [62, REST]], [[60, 47], [62, 40]]) == 2 / 4
    assert measures.difference([60], [60]) == 0
    assert math.isnan(measures.difference([], []))
    with pytest.raises(ValueError, match="one shape"):
        measures.difference([60], [60, 62])


TUNE = [60, 60, 62, 64, 65, 67]


def copied(window, *training):
    """The longest copied run of one window of one voice."""
    return measures.longest_copied_runs(columns(window), [columns(piece) for piece in training])


def test_copied_runs_are_found_at_any_pitch():
    assert copied(TUNE, TUNE).tolist() == [6]
    assert copied([p + 5 for p in TUNE], TUNE).tolist() == [6]
    assert copied([72, *TUNE[:4], 90], [50, 51, *TUNE, 40]).tolist() == [4]
    assert copied(TUNE, [60, 62, 64, 65, 67]).tolist() == [5]  # rhythm counts: one C, not two
    assert copied(TUNE, [67, 65, 64, 62, 60, 60]).tolist() == [2]  # backwards: the held C's two


def test_a_copied_run_moves_by_one_interval_throughout():
    assert copied([60, 62, 64, 67, 69, 71], [60, 62, 64, 65, 67, 69]).tolist() == [3]


def test_a_copied_run_needs_all_voices():
    training = columns([72, 74, 76, 77], [60, 60, 59, 57])
    window = columns([74, 76, 78, 79], [62, 62, 61, 60])  # the last note of the bass differs
    assert measures.longest_copied_runs(window, [training]).tolist() == [3]
    apart = columns([74, 76, 78, 79], [61, 61, 60, 58])  # each voice copied, not together
    assert measures.longest_copied_runs(apart, [training]).tolist() == [0]


def test_no_run_leads_from_one_piece_into_the_next():
    assert copied(TUNE, TUNE[:3], TUNE[3:]).tolist() == [3]
    assert copied([62, 64], [60, 62], [64, 65]).tolist() == [2]  # inside either: up two, up one


def test_copied_runs_over_rests():
    line = [60, REST, REST, 64, 65]
    assert copied([p if p == REST else p + 3 for p in line], line).tolist() == [5]
    assert copied([60, REST, REST, 66, 67], line).tolist() == [4]  # 66 is as far as 64 from a rest
    assert copied([60, REST, 64, 65, 70], line).tolist() == [3]
    assert copied([REST, REST], line).tolist() == [2]
    assert copied([60, REST, REST, 66, 60], line).tolist() == [3]


def test_every_window_has_its_own_run_and_too_little_training_gives_less():
    windows = np.array([TUNE, [60, 70, 61, 71, 62, 72]])[:, :, None]
    found = measures.longest_copied_runs(windows, [columns(TUNE)])
    assert found.shape == (2,) and found.tolist() == [6, 1]
    assert measures.longest_copied_runs(windows, []).tolist() == [0, 0]
    assert measures.longest_copied_runs(windows, [np.zeros((0, 1), int)]).tolist() == [0, 0]


def test_training_music_of_other_voices_is_refused():
    with pytest.raises(ValueError, match="number of voices"):
        measures.longest_copied_runs(columns(TUNE), [columns(TUNE, TUNE)])


def longest_run_by_trying_all(window, training):
    """The definition, word by word: every stretch of the window against every stretch of equal
    length in every piece, equal up to one transposition, rests in the same cells."""
    best = 0
    for piece in training:
        for i, j in itertools.product(range(len(window)), range(len(piece))):
            for length in range(best + 1, min(len(window) - i, len(piece) - j) + 1):
                pairs = list(
                    zip(window[i : i + length].ravel(), piece[j : j + length].ravel(), strict=True)
                )
                if any((a == REST) != (b == REST) for a, b in pairs):
                    break
                if len({a - b for a, b in pairs if a != REST}) > 1:
                    break
                best = length
    return best


@pytest.mark.parametrize("voice_count", [1, 2, 3])
def test_copied_runs_agree_with_trying_all(voice_count):
    rng = np.random.default_rng(voice_count)
    pitches = [REST, REST, 60, 61] if voice_count == 1 else [REST, REST, REST, 60, 61]
    lengths = set()
    for _ in range(60):
        training = [rng.choice(pitches, (n, voice_count)) for n in rng.integers(1, 15, 3)]
        windows = rng.choice(pitches, (3, 9, voice_count))
        windows[0, 2:6] = np.resize(training[0], (4, voice_count))  # a likely copy
        expected = [longest_run_by_trying_all(window, training) for window in windows]
        assert measures.longest_copied_runs(windows, training).tolist() == expected
        lengths.update(expected)
    assert len(lengths) >= 4


def test_leaps_by_hand():
    """Moves of 2, 5 and 7 semitones, the last beyond a fourth; held notes and rests are no moves.
    The second voice never moves, so it has no share."""
    voices = np.array([[60, 62, 67, 67, 74, REST, 50], [48] * 7]).T
    shares = measures.leaps(voices)
    assert shares[0] == pytest.approx(1 / 3)
    assert np.isnan(shares[1])
    assert measures.leaps(voices, widest_step=4)[0] == pytest.approx(2 / 3)
    assert measures.leaps(voices[::-1])[0] == pytest.approx(1 / 3)  # downwards as upwards
