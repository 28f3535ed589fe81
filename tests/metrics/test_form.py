"""A tune's form, on tunes of bars that are worked out by hand, and on the real ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import data
from helpers.metrics import form
from helpers.music.grid import REST, Piece, bar_length

PITCHES = st.lists(st.integers(60, 64), max_size=12)


def tune(*bars, time_signature="4/4", key="C major", pickup=()):
    """A piece of bars, each a list of pitches spread evenly over it."""
    length = int(bar_length(time_signature))
    voice = [*pickup, *np.concatenate([np.repeat(bar, length // len(bar)) for bar in bars])]
    voices = np.array(voice, np.int16)[:, None]
    starts = len(pickup) + length * np.arange(len(bars), dtype=np.int32)
    changed = np.append(True, np.diff(voices[:, 0]) != 0)[:, None]
    return Piece("a tune", voices, changed & (voices != REST), starts, time_signature, key)


def sixteen(**changes):
    """A tune of sixteen bars, no two of them alike; bars by number, such as ``b5=[60]``."""
    bars = [[40 + 4 * i, 41 + 4 * i, 42 + 4 * i, 43 + 4 * i] for i in range(16)]
    for name, bar in changes.items():
        bars[int(name[1:]) - 1] = bars[bar - 1] if isinstance(bar, int) else bar
    return tune(*bars)


# --- bars --------------------------------------------------------------------------------------


def test_bars_leave_the_pickup_out_and_fill_the_last_with_rests():
    music = tune([60, 62], [64, REST], time_signature="2/4", pickup=[55, 57])
    music = music._replace(voices=music.voices[:-5], onsets=music.onsets[:-5])
    first, second = [60] * 4 + [62] * 4, [64] * 3 + [REST] * 5
    assert form.bars_of(music).tolist() == [first, second]


def test_a_bar_begins_where_the_music_says_so():
    """A first bar of ten steps of 2/4 is cut, one of six is filled."""
    voice = np.arange(60, 76)
    music = tune([60, 60], [60, 60], time_signature="2/4")._replace(voices=voice[:, None])
    found = form.bars_of(music._replace(bar_starts=np.array([0, 10])))
    assert found.tolist() == [[*range(60, 68)], [*range(70, 76), REST, REST]]
    found = form.bars_of(music._replace(bar_starts=np.array([2, 8])))
    assert found.tolist() == [[*range(62, 68), REST, REST], [*range(68, 76)]]


def test_bars_go_on_after_the_last_downbeat_and_end_with_the_last_note():
    music = tune(*[[60]] * 3, [REST], time_signature="6/8")._replace(bar_starts=np.array([0]))
    assert form.bars_of(music).tolist() == [[60] * 12] * 3
    assert form.bars_of(np.full(20, 60)).shape == (2, 16)
    assert form.bars_of(np.full(20, REST)).shape == (0, 16)


def test_a_piece_of_several_voices_is_its_first():
    voices = np.array([[72, 60]] * 32)
    assert (form.bars_of(voices) == 72).all()


def test_bars_of_a_real_tune_are_its_notes():
    """Every note on the grid of a held-out tune, found again where it begins."""
    real = next(one for one in data.load_tunes("test") if one.bar_starts[0] > 0)
    bars = form.bars_of(real)
    assert bars.shape[1] == real.bar_steps
    for start, _, pitch in real.notes:
        if start % 1 == 0 and start >= real.bar_starts[0]:
            bar = np.searchsorted(real.bar_starts, start, side="right") - 1
            assert bars[bar, int(start - real.bar_starts[bar])] == pitch


def test_alike_by_hand():
    assert form.alike([60, 60, 62, REST], [60, 61, 62, REST]) == 0.75
    assert form.alike([[60], [62]], [[60], [64]]) == 0.5


# --- what comes back ---------------------------------------------------------------------------


def test_bars_that_were_heard_before():
    """Of twelve bars two are earlier ones: bar 6 three quarters of bar 2, bar 9 all of bar 8."""
    music = sixteen(b6=[44, 45, 46, 99], b9=8)
    assert form.returning_bars(music) == pytest.approx(2 / 12)
    assert form.returning_bars(music, least=1) == pytest.approx(1 / 12)
    assert form.returning_bars(sixteen()) == 0
    assert form.returning_bars(sixteen(b6=[44, 45, 98, 99])) == 0  # half is not enough


def test_the_first_four_bars_and_those_after_sixteen_are_not_counted():
    bars = [[40 + i] for i in range(20)]
    assert form.returning_bars(tune(*bars[:1] * 4, *bars[4:16], *bars[:4])) == 0
    assert math.isnan(form.returning_bars(tune(*bars[:4])))


def test_silence_is_no_return():
    assert form.returning_bars(tune([60], [REST], [62], [64], [REST], [REST], [60])) == 1
    assert math.isnan(form.returning_bars(np.full(320, REST)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),
        ({"b5": 1, "b6": 2}, 1),
        ({"b13": 9, "b14": 10}, 1),
        ({"b15": 7, "b16": 8}, 1),
        ({"b5": 1}, 0),  # half of the two bars
        ({"b5": 1, "b6": [44, 45, 98, 99]}, 1),  # three quarters of them
        ({"b9": 1, "b10": 2}, 0),  # AA'AA', which is not meant
    ],
)
def test_two_parts(changes, expected):
    assert form.is_two_part(sixteen(**changes)) == expected


def test_a_short_tune_has_no_two_parts():
    assert math.isnan(form.is_two_part(tune(*[[60]] * 15)))
    assert form.is_two_part(tune(*[[60]] * 16)) == 1


# --- coming home -------------------------------------------------------------------------------


@pytest.mark.parametrize("time_signature", form.LAST_STRONG_BEATS)
def test_the_last_strong_beat_is_one_of_the_bar(time_signature):
    """A bar of one G, and a C on that step alone."""
    step = form.LAST_STRONG_BEATS[time_signature]
    music = tune([67], time_signature=time_signature)
    assert 0 < step < len(music.voices) and step % 2 == 0
    assert form.tonic_at(music, 1) == 0
    music.voices[step] = 72
    assert form.tonic_at(music, 1) == 1


def test_the_tonic_of_the_music_s_own_key():
    music = sixteen(b8=[50, 50, 62, 51], b16=[50, 50, 74, 50])
    for key, eight, last in (("D dorian", 1, 1), ("D major", 1, 1), ("Eb major", 0, 0)):
        music = music._replace(key=key)
        assert form.tonic_at(music) == eight
        assert form.tonic_at(music, 16) == form.ends_on_tonic(music) == last
    assert form.tonic_at(music._replace(time_signature="5/4"), 1) == 0  # bar 1 begins on an E


def test_a_rest_is_no_tonic():
    """A rest's number, -1, is a B among pitch classes."""
    music = tune([71, 71, REST, 71], [71, REST], key="B minor")
    assert form.tonic_at(music, 1) == 0
    assert form.ends_on_tonic(music) == 1  # the last note, whatever rests after it


def test_without_a_key_or_a_bar_nothing_is_told():
    assert math.isnan(form.tonic_at(sixteen()._replace(key=""), 8))
    assert math.isnan(form.ends_on_tonic(np.full(32, 60)))
    assert math.isnan(form.tonic_at(sixteen(), 17))
    assert math.isnan(form.ends_on_tonic(tune([REST])))


# --- together ----------------------------------------------------------------------------------


def test_figures_of_two_tunes_by_hand():
    """One of 16 bars with everything, one of 8 bars with nothing: of the second only what a tune
    of any length has is counted."""
    home = [60, 60, 60, 60]
    whole = sixteen(b5=1, b6=2, b8=home, b16=home)
    short = tune(*[[40 + 4 * i, 41 + 4 * i] for i in range(8)])  # it ends on F
    assert form.form_figures([whole, short]) == {
        "bar heard before": pytest.approx((3 / 12 + 0) / 2),
        "bar heard before, exactly": pytest.approx((3 / 12 + 0) / 2),
        "AABB-like": 1,
        "bar 5 like bar 1": 0.5,
        "tonic at bar 8": 1,
        "tonic at bar 16": 1,
        "lasts 16 bars": 0.5,
        "ends on the tonic": 0.5,
    }
    alone = form.form_figures([tune([60], [62])])
    assert [name for name, figure in alone.items() if not math.isnan(figure)] == [
        "lasts 16 bars",
        "ends on the tonic",
    ]


def test_real_dance_tunes_have_form():
    """Held-out reels, jigs and hornpipes; and the same with their bars in disorder."""
    kinds = ("reel", "jig", "hornpipe")
    pieces = [one.to_piece() for one in data.load_tunes("test") if one.kind in kinds]
    real = form.form_figures(pieces)
    assert 0.4 < real["bar heard before"] < 0.55
    assert real["bar heard before, exactly"] < real["bar heard before"]
    assert real["AABB-like"] > 0.9 < real["lasts 16 bars"]
    assert real["bar 5 like bar 1"] > 0.8
    assert min(real["tonic at bar 8"], real["tonic at bar 16"], real["ends on the tonic"]) > 0.65
    rng = np.random.default_rng(1)
    steps = [rng.permutation(len(one.voices)) for one in pieces]
    mixed = form.form_figures(
        [
            one._replace(voices=one.voices[order], onsets=np.zeros_like(one.onsets))
            for one, order in zip(pieces, steps, strict=True)
        ]
    )
    assert mixed["AABB-like"] < 0.05 > mixed["bar heard before"]


@given(st.lists(st.lists(st.sampled_from([REST, 60, 62, 64]), min_size=4, max_size=4), min_size=1))
def test_figures_are_shares_and_the_key_alone_decides_what_is_home(bars):
    music = tune(*bars)
    figures = form.form_figures([music])
    assert all(math.isnan(figure) or 0 <= figure <= 1 for figure in figures.values())
    higher = np.where(music.voices == REST, REST, music.voices + 2)
    moved = form.form_figures([music._replace(voices=higher, key="D major")])
    assert moved == pytest.approx(figures, nan_ok=True)


# --- copying -----------------------------------------------------------------------------------


def melody(*pitches):
    """Notes of two steps, repeated ones struck again."""
    voice = np.repeat(np.array(pitches, np.int16), 2)[:, None]
    struck = (np.arange(len(voice)) % 2 == 0)[:, None]
    return Piece("a melody", voice, struck, np.array([0]))


def test_known_runs_by_hand():
    training = [melody(60, 62, 64, 65, 67), melody(70, 70, 70)]
    asked = [
        melody(50, 52, 54, 55, 57),  # the first, ten semitones lower: four intervals
        melody(60, 60, 62, 64, 63),  # a repeat, two tones: 2 2 is the longest
        melody(80, 80, 80),  # the second
        melody(60, 67, 60),  # nothing of it
        melody(60),
    ]
    assert form.known_runs(asked, training).tolist() == [4, 2, 2, 0, 0]


def test_no_run_leads_from_one_tune_into_the_next():
    training = [melody(60, 62), melody(60, 64)]
    assert form.known_runs([melody(60, 62, 66)], training).tolist() == [1]
    assert form.known_runs([melody(60, 62), melody(64, 60)], training).tolist() == [1, 0]


def test_rests_and_lengths_are_passed_over():
    rested = np.array([60, REST, REST, 62, 62, 62, REST, 65])
    assert form.known_runs([rested], [melody(60, 62, 65)]).tolist() == [2]


@given(st.lists(PITCHES, min_size=1, max_size=4), st.lists(PITCHES, min_size=1, max_size=4))
def test_known_runs_are_the_longest_common_stretches(asked, training):
    def stretches(pitches):
        steps = np.diff(pitches).tolist()
        places = range(len(steps) + 1)
        return {tuple(steps[i:j]) for i in places for j in places[i:]}

    known = set().union(*map(stretches, training))
    expected = [max(map(len, stretches(one) & known)) for one in asked]
    found = form.known_runs([melody(*one) for one in asked], [melody(*one) for one in training])
    assert found.tolist() == expected


def test_a_training_tune_is_known_to_its_end():
    tunes = data.load_tunes("test", "hornpipe")
    lengths = [len(one.notes) - 1 for one in tunes]
    assert form.known_runs(tunes, tunes).tolist() == lengths
