"""The shipped data/chorales.npz: its properties, and a sample read again from the scores."""

import importlib.util
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pytest

from helpers import metrics
from helpers.course.settings import DATA_FOLDER
from helpers.course.splits import SPLITS
from helpers.data.chorales import CHORALES_FILE, load_chorales
from helpers.data.windows import make_windows
from helpers.music.grid import REST

BAR_STEPS = {"4/4": 16, "3/4": 12, "3/2": 24}
CHANGING_METRE = {"bwv304", "bwv362"}  # from 4/4 to 3/4
# The corpus holds these in two encodings, one with its repeats written out.
TWICE = {"bwv277", "bwv281", "bwv366"}


@pytest.fixture(scope="module")
def arrays():
    with np.load(CHORALES_FILE, allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope="module")
def pieces():
    return load_chorales()


@pytest.fixture(scope="module")
def by_name(pieces):
    return {piece.name: piece for piece in pieces if piece.name not in TWICE}


@pytest.fixture(scope="module")
def build_chorales():
    path = DATA_FOLDER / "build_chorales.py"
    spec = importlib.util.spec_from_file_location("build_chorales", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the file ----------------------------------------------------------------------------------


def test_counts(arrays, pieces):
    assert len(pieces) == 368
    assert len(arrays["voices"]) == 80000
    assert Counter(piece.time_signature for piece in pieces) == {"4/4": 330, "3/4": 37, "3/2": 1}
    assert len(set(arrays["tune"].tolist())) == 141
    assert [len(load_chorales(split)) for split in SPLITS] == [296, 36, 36]
    names = Counter(piece.name for piece in pieces)
    assert {name for name, count in names.items() if count > 1} == TWICE
    assert all(name.startswith("bwv") for name in names)


def test_the_file_is_small_and_its_offsets_cover_it(arrays):
    assert CHORALES_FILE.stat().st_size < 1_000_000
    for offsets, rows in (("step_offset", "voices"), ("bar_offset", "bar_starts")):
        assert arrays[offsets][0] == 0 and arrays[offsets][-1] == len(arrays[rows])
        assert (np.diff(arrays[offsets]) > 0).all()
    steps = len(arrays["voices"])
    assert arrays["voices"].shape == arrays["onsets"].shape == (steps, 4)
    assert arrays["fermatas"].shape == (steps,)
    for name in ("name", "time_signature", "key", "tune", "split"):
        assert len(arrays[name]) == 368


def test_each_voice_stays_in_its_range(arrays):
    ranges = [(57, 81), (53, 74), (48, 69), (36, 64)]
    for column, (low, high) in zip(arrays["voices"].T, ranges, strict=True):
        sounding = column[column != REST]
        assert (sounding.min(), sounding.max()) == (low, high)


def test_every_note_is_struck_and_no_rest_is(pieces):
    for piece in pieces:
        previous = np.vstack([np.full((1, 4), REST), piece.voices[:-1]])
        begins = (piece.voices != REST) & (piece.voices != previous)
        assert piece.onsets[begins].all(), piece.name
        assert not piece.onsets[piece.voices == REST].any(), piece.name


def test_some_repeated_notes_are_struck_again(pieces):
    struck = sum(int(piece.onsets.sum()) for piece in pieces)
    held = sum(
        int(((piece.voices[1:] != piece.voices[:-1]) & (piece.voices[1:] != REST)).sum())
        for piece in pieces
    )
    assert struck > held + 5000


def test_fermatas_stand_on_notes(pieces):
    for piece in pieces:
        assert piece.onsets[piece.fermatas].any(axis=1).all(), piece.name
    without = [piece.name for piece in pieces if not piece.fermatas.any()]
    assert without == ["bwv112.5"]


# --- bars --------------------------------------------------------------------------------------


def test_bar_starts_stand_inside_the_piece_and_a_pickup_is_short(pieces):
    for piece in pieces:
        starts = piece.bar_starts
        assert (np.diff(starts) > 0).all(), piece.name
        assert 0 <= starts[0] < BAR_STEPS[piece.time_signature], piece.name
        assert starts[-1] < len(piece.voices), piece.name


def test_bars_are_whole_but_for_the_scores_own_irregular_ones(pieces):
    irregular = {}
    for piece in pieces:
        lengths = np.diff(piece.bar_starts)  # the last bar lacks what the pickup has
        odd = lengths[lengths != BAR_STEPS[piece.time_signature]]
        if len(odd) and piece.name not in CHANGING_METRE:
            irregular[piece.name] = odd.tolist()
    assert irregular == {
        "bwv261": [8],
        "bwv276": [4],
        "bwv324": [40],
        "bwv374": [12],
        "bwv4.8": [12],
        "bwv48.3": [4],
    }


@pytest.mark.parametrize(("metre", "steps"), [("4/4", 16), ("3/4", 12)])
def test_all_voices_move_together_most_often_on_the_downbeat(pieces, metre, steps):
    struck = np.zeros(steps)
    for piece in pieces:
        if piece.time_signature == metre and piece.name not in CHANGING_METRE:
            for start in piece.bar_starts:
                bar = piece.onsets[start : start + steps].all(axis=1)
                if len(bar) == steps:
                    struck += bar
    assert struck.argmax() == 0
    assert struck[0] > 1.05 * struck[1:].max()
    beats = np.arange(steps) % 4 == 0
    assert struck[beats].min() > 5 * struck[~beats].max()


def test_windows_of_two_bars_are_many_in_each_split():
    for split in SPLITS:
        windows = make_windows(load_chorales(split, "4/4"))
        assert windows.shape[1:] == (32, 4)
        assert len(windows) > 250


# --- splits ------------------------------------------------------------------------------------


def test_no_group_of_tunes_stands_on_two_sides(arrays):
    sides = defaultdict(set)
    for tune, split in zip(arrays["tune"].tolist(), arrays["split"].tolist(), strict=True):
        sides[tune].add(split)
    assert all(len(splits) == 1 for splits in sides.values())
    assert set().union(*sides.values()) == {0, 1, 2}


def test_no_soprano_of_four_bars_stands_on_two_sides(pieces, arrays):
    """On the canonical split of these chorales 18 % of the test set's windows are in training."""
    length, sides = 64, defaultdict(set)
    for piece, split in zip(pieces, arrays["split"].tolist(), strict=True):
        soprano = piece.voices[:, 0]
        for start in range(len(soprano) - length + 1):
            window = soprano[start : start + length]
            sounding = window != REST
            if sounding.any():
                first = window[sounding.argmax()]
                sides[np.where(sounding, window - first, 99).astype(np.int8).tobytes()].add(split)
    assert len(sides) > 40000
    assert max(len(splits) for splits in sides.values()) == 1


@pytest.mark.parametrize(
    "settings",
    [
        "244.15 244.17 244.44 244.54 244.62 248.5 135.6 153.5 270 271",  # O Haupt voll Blut
        "227.1 227.7 227.11 358 81.7 64.8 87.7",  # Jesu, meine Freude
        "13.6 44.7 244.10 244.37 392 393 394 395",  # O Welt, ich muss dich lassen
        "244.3 244.46 245.3",  # Herzliebster Jesu
        "302 303 80.8",  # Ein feste Burg
    ],
)
def test_the_settings_of_a_hymn_are_one_group(arrays, settings):
    names = arrays["name"].tolist()
    groups = {int(arrays["tune"][names.index(f"bwv{number}")]) for number in settings.split()}
    assert len(groups) == 1


def test_two_encodings_of_a_chorale_are_one_group(arrays):
    for name in TWICE:
        assert len(set(arrays["tune"][arrays["name"] == name].tolist())) == 1


def test_the_stored_pieces_give_the_same_arrays_again(build_chorales, pieces, arrays):
    again = build_chorales.chorale_arrays(pieces)
    assert sorted(again) == sorted(arrays)
    for name, array in again.items():
        assert array.dtype == arrays[name].dtype, name
        assert np.array_equal(array, arrays[name]), name


def test_a_hymn_in_another_key_ornamented_or_repeated_joins_its_group(build_chorales, by_name):
    hymn, other = by_name["bwv80.8"], by_name["bwv244.3"]
    ornamented = hymn.voices.copy()
    ornamented[2::4, 0] += 2  # between the beats
    moved = hymn._replace(voices=ornamented - 3)
    groups = build_chorales.tune_groups([other, hymn, moved])
    assert groups.tolist() == [0, 1, 1]
    silent = hymn._replace(voices=np.full((8, 4), REST, np.int16), bar_starts=np.array([0]))
    assert build_chorales.tune_groups([silent, hymn]).tolist() == [0, 1]


def test_groups_join_through_a_third(build_chorales, by_name):
    first, second = by_name["bwv80.8"], by_name["bwv244.3"]
    medley = first._replace(voices=np.concatenate([first.voices, second.voices[4:]]))
    assert build_chorales.tune_groups([first, second]).tolist() == [0, 1]
    assert build_chorales.tune_groups([first, second, medley]).tolist() == [0, 0, 0]


def test_a_split_keeps_groups_whole_and_sizes_near_a_tenth(build_chorales):
    groups = np.repeat(np.arange(60), np.resize([1, 2, 7, 30], 60))
    split = build_chorales.split_by_group(groups)
    for group in range(60):
        assert len(set(split[groups == group].tolist())) == 1
    held_out = np.bincount(split, minlength=3)[1:] / len(groups)
    assert ((held_out > 0.08) & (held_out <= 0.1)).all()


# --- against other sources ---------------------------------------------------------------------


def test_keys_known_from_the_catalogue(by_name):
    known = {
        "bwv66.6": "F# minor",
        "bwv80.8": "D major",
        "bwv140.7": "Eb major",
        "bwv227.1": "E minor",
        "bwv244.3": "B minor",
        "bwv269": "G major",
    }
    assert {name: by_name[name].key for name in known} == known


def test_most_chorales_end_on_their_tonic(pieces):
    names = "C C# D Eb E F F# G Ab A Bb B".split()
    last_bass = [piece.voices[piece.voices[:, 3] != REST, 3][-1] for piece in pieces]
    tonics = [names.index(piece.key.split()[0]) for piece in pieces]
    agree = np.mean([bass % 12 == tonic for bass, tonic in zip(last_bass, tonics, strict=True)])
    assert agree > 0.8
    assert {piece.key.split()[1] for piece in pieces} == {"major", "minor"}


def test_figures_agree_with_those_of_the_canonical_data_set(pieces):
    """The same metrics of the 229 training chorales of Boulanger-Lewandowski et al. 2012 on the
    sixteenth grid: another encoding, and another selection, of nearly the same music."""
    voices = np.concatenate([piece.voices for piece in pieces])
    np.testing.assert_allclose(
        metrics.qualified_notes(voices), [0.986, 0.963, 0.955, 0.996], atol=0.015
    )
    np.testing.assert_allclose(
        metrics.qualified_notes(voices, min_steps=3), [0.807, 0.618, 0.568, 0.548], atol=0.03
    )
    np.testing.assert_allclose(metrics.used_pitch_classes(voices), [3.0, 3.1, 3.3, 3.8], atol=0.15)
    np.testing.assert_allclose(
        metrics.rate_of_change(voices), [0.194, 0.207, 0.223, 0.268], atol=0.015
    )
    assert metrics.consonance(voices) == pytest.approx(0.899, abs=0.01)
    assert metrics.chord_share(voices) == pytest.approx(0.82, abs=0.02)
    assert metrics.voice_crossing(voices) == pytest.approx(0.008, abs=0.002)


def test_the_opening_of_bwv_66_6(by_name):
    """Written down from the score: pickup of two quavers, then four crotchets."""
    voices = by_name["bwv66.6"].voices
    assert by_name["bwv66.6"].bar_starts[0] == 4
    assert voices[0:20:2].tolist() == [
        [73, 64, 57, 57],
        [71, 64, 59, 56],
        [69, 66, 61, 54],
        [69, 66, 61, 54],
        [71, 64, 59, 56],
        [71, 64, 59, 56],
        [73, 64, 57, 57],
        [73, 64, 57, 57],
        [76, 64, 59, 56],
        [76, 64, 59, 56],
    ]


# --- a second reading of the scores ------------------------------------------------------------


def read_again(part, steps):
    """Voices and onsets of a part, read without the kit: a step holds what sounds just before its
    middle; a note that a tie leads to is not struck."""
    pitches, struck = [REST] * steps, [False] * steps
    for measure in part.getElementsByClass("Measure"):
        for note in measure.notes:
            if note.duration.isGrace:
                continue
            start = 4 * Fraction(measure.offset + note.offset)
            end = start + 4 * Fraction(note.quarterLength)
            held = [s for s in range(steps) if start < s + Fraction(1, 2) <= end]
            for step in held:
                pitches[step] = note.pitch.midi
            if held and (note.tie is None or note.tie.type == "start"):
                struck[held[0]] = True
    return pitches, struck


SAMPLE = {
    "bwv10.7": "no pickup",
    "bwv269": "3/4, a pickup",
    "bwv299": "grace notes",
    "bwv4.8": "a bar split in two measures, another cut short",
    "bwv384": "a pickup of half a bar, a split bar",
    "bwv304": "a change of metre",
    "bwv282": "voices that enter one by one",
    "bwv432": "notes shorter than a sixteenth",
    "bwv112.5": "no fermatas",
}
SPLIT_BARS = {  # downbeats in quarters, counted in the score
    "bwv4.8": [1, 5, 9, 13, 16, 20, 24, 28, 32, 36, 40, 44],
    "bwv384": [2, 6, 10, 14, 18, 22, 26, 30],
}


@pytest.mark.parametrize("name", SAMPLE)
def test_the_file_agrees_with_the_score_note_for_note(by_name, name):
    music21 = pytest.importorskip("music21")
    score = music21.converter.parse(music21.corpus.getWork(f"bach/{name}.mxl"), forceSource=True)
    piece, steps = by_name[name], len(by_name[name].voices)
    assert len(score.parts) == 4
    fermatas, downbeats = set(), set()
    for column, part in enumerate(score.parts):
        pitches, struck = read_again(part, steps)
        assert piece.voices[:, column].tolist() == pitches
        assert piece.onsets[:, column].tolist() == struck
        metre = None
        for measure in part.getElementsByClass("Measure"):
            metre = measure.timeSignature or metre
            if measure.duration.quarterLength == metre.barDuration.quarterLength:
                downbeats.add(int(4 * measure.offset))
            for note in measure.notes:
                if any(type(mark).__name__ == "Fermata" for mark in note.expressions):
                    fermatas.add(int(4 * (measure.offset + note.offset)))
    assert steps == 4 * score.parts[0].duration.quarterLength
    assert np.flatnonzero(piece.fermatas).tolist() == sorted(fermatas)
    assert piece.time_signature == next(
        signature.ratioString
        for signature in score.parts[0].recurse().getElementsByClass("TimeSignature")
    )
    assert downbeats <= set(piece.bar_starts.tolist())
    if name in SPLIT_BARS:
        assert piece.bar_starts.tolist() == [4 * quarter for quarter in SPLIT_BARS[name]]


def test_the_sample_has_what_it_is_chosen_for(by_name):
    assert by_name["bwv10.7"].bar_starts[0] == 0
    assert by_name["bwv269"].bar_starts[0] == 4
    assert by_name["bwv269"].time_signature == by_name["bwv299"].time_signature == "3/4"
    assert by_name["bwv384"].bar_starts[0] == 8
    assert set(np.diff(by_name["bwv304"].bar_starts).tolist()) == {16, 12, 4}
    assert (by_name["bwv282"].voices[56:60] == REST).sum(axis=1).tolist() == [3, 3, 3, 3]


def test_every_bach_score_but_the_analyses_is_looked_at(build_chorales):
    pytest.importorskip("music21")
    paths = build_chorales.chorale_paths()
    names = [path.name for path in paths]
    assert names == sorted(names)
    assert len(names) > 400 and "bwv269.mxl" in names
    assert not [name for name in names if name.endswith(".rntxt")]


def test_a_score_of_another_number_of_parts_is_no_chorale(build_chorales):
    pytest.importorskip("music21")
    paths = {path.name: path for path in build_chorales.chorale_paths()}
    assert build_chorales.parse_chorale(paths["bwv846.mxl"]) is None
    assert build_chorales.parse_chorale(paths["bwv255.mxl"]).name == "bwv255"
