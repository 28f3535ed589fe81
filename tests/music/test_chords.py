"""Chord names: hand-computed cases, music21's names, round trips, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.chorales import load_chorales
from helpers.music.chords import QUALITIES, chord_names, chord_pitches, root_name
from helpers.music.grid import REST
from helpers.music.keys import key_fifths

KEYS = [None, "C major", "A minor", "E major", "F# minor", "Bb major", "G minor", "Ab major"]
KEYS += ["D dorian", "Eb minor", "C# major"]


def name_of(*pitches, key=None):
    return chord_names([sorted(pitches, reverse=True)], 1, key)[0]


# --- naming ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pitches", "name"),
    [
        ((60, 64, 67), "C major"),
        ((52, 60, 67, 72), "C major"),  # first inversion, doubled
        ((57, 60, 64), "A minor"),
        ((59, 62, 65), "B diminished"),
        ((55, 59, 62, 65), "G dominant seventh"),
        ((53, 55, 59, 62), "G dominant seventh"),  # third inversion
        ((50, 53, 57, 60), "D minor seventh"),
        ((53, 57, 60, 64), "F major seventh"),
        ((59, 62, 65, 69), "B half-diminished seventh"),
        ((56, 59, 62, 65), "G# diminished seventh"),
        ((59, 62, 65, 68), "B diminished seventh"),  # the same pitches over another bass
        ((48, 52, 56), "C augmented"),
        ((52, 56, 60), "E augmented"),
        ((48, 64), "C major"),  # no fifth
        ((57, 60), "A minor"),
        ((55, 59, 65), "G dominant seventh"),
        ((50, 53, 60), "D minor seventh"),
        ((48, 52, 59), "C major seventh"),
        ((48, 55), "other"),  # no third
        ((48, 60, 72), "other"),
        ((48, 53, 55), "other"),  # suspended
        ((48, 50, 52, 53), "other"),
    ],
)
def test_names(pitches, name):
    assert name_of(*pitches) == name


def test_the_first_chord_of_each_beat_counts():
    suspension = [[65, 60, 55, 48]] * 2 + [[64, 60, 55, 48]] * 2
    passing = [[67, 62, 59, 55]] * 2 + [[67, 62, 60, 55], [67, 62, 59, 53]]
    voices = np.array(suspension + passing + [[REST] * 4] * 4 + [[60] * 4, [REST] * 4] * 2)
    assert chord_names(voices) == ["C major", "G major", "rest", "other"]
    assert chord_names(voices[:8], 2) == ["other", "C major", "G major", "G dominant seventh"]
    assert chord_names(voices[:6]) == ["C major", "G major"]  # the last beat may be short
    assert chord_names(voices[:4], 99) == ["C major"]


def test_voices_without_steps_have_no_chords():
    assert chord_names(np.zeros((0, 4))) == []


def test_a_melody_has_chords_of_one_note():
    assert chord_names([60, 60, 60, 60, REST, REST, REST, REST]) == ["other", "rest"]


def test_a_chorale_s_harmony():
    """The first phrase of BWV 66.6, in F sharp minor, as any analysis has it."""
    (chorale,) = (piece for piece in load_chorales() if piece.name == "bwv66.6")
    names = chord_names(chorale.voices, key=chorale.key)
    assert names[:10] == [
        *("A major", "F# minor", "E major", "A major", "E major"),
        *("A major", "E major", "A major", "C# major", "F# minor"),
    ]


def test_nearly_every_beat_of_the_chorales_has_a_chord():
    names = [name for piece in load_chorales() for name in chord_names(piece.voices)]
    assert names.count("other") < 0.025 * len(names)
    assert names.count("rest") < 0.01 * len(names)


# --- spelling ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "pitches", "name"),
    [
        (None, (58, 62, 65), "Bb major"),
        ("F major", (58, 62, 65), "Bb major"),
        ("E major", (58, 62, 65), "A# major"),
        (None, (61, 64, 67), "C# diminished"),
        (None, (61, 65, 68), "Db major"),
        ("D major", (61, 65, 68), "C# major"),
        ("Ab major", (61, 65, 68), "Db major"),
        ("G minor", (54, 57, 60), "F# diminished"),  # the leading note, not G flat
        ("G minor", (51, 55, 58), "Eb major"),
        ("E major", (56, 59, 63), "G# minor"),
        ("Eb major", (56, 60, 63), "Ab major"),
    ],
)
def test_black_keys_are_spelt_by_the_key(key, pitches, name):
    assert name_of(*pitches, key=key) == name


@pytest.mark.parametrize(
    ("key", "fifths"),
    [("C major", 0), ("D major", 2), ("Bb major", -2), ("F# major", 6), ("A minor", 0)]
    + [("G minor", -2), ("C# minor", 4), ("D dorian", 0), ("A mixolydian", 2), ("G lydian", 2)],
)
def test_key_signatures(key, fifths):
    assert key_fifths(key) == fifths


@pytest.mark.parametrize("key", ["", "C", "C ionisch", "H major", "B#b major", "major"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match="key"):
        chord_names([[60, 64, 67]], 1, key)


def test_every_key_has_its_own_chords_in_its_own_signs():
    for tonic, signs in (("E", "#"), ("Ab", "b")):
        key = f"{tonic} major"
        for root in range(12):
            major = root_name(root, "major", key_fifths(key))
            assert {"#": "b", "b": "#"}[signs] not in major


# --- pitches -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "low", "pitches"),
    [
        ("C major", 48, [48, 52, 55]),
        ("B diminished", 48, [59, 62, 65]),
        ("G dominant seventh", 55, [55, 59, 62, 65]),
        ("G dominant seventh", 56, [67, 71, 74, 77]),
        ("Bb major seventh", 48, [58, 62, 65, 69]),
        ("Cb major", 48, [59, 63, 66]),
        ("B# minor", 48, [48, 51, 55]),
        ("rest", 48, []),
        ("other", 48, []),
    ],
)
def test_pitches(name, low, pitches):
    assert chord_pitches(name, low) == pitches


@pytest.mark.parametrize("name", ["", "C", "C Major", "c major", "H major", "C#b major", "C sus"])
def test_what_is_no_chord_is_refused_in_one_sentence(name):
    with pytest.raises(ValueError) as error:
        chord_pitches(name)
    assert "\n" not in str(error.value)


def test_a_stretch_has_a_step_at_least():
    with pytest.raises(ValueError, match="steps_per_chord"):
        chord_names([[60, 64, 67]], 0)


@given(
    st.integers(0, 11),
    st.sampled_from(list(QUALITIES)),
    st.sampled_from(KEYS),
    st.integers(24, 84),
    st.booleans(),
)
def test_names_to_pitches_and_back(root, quality, key, low, doubled):
    name = f"{root_name(root, quality, 0 if key is None else key_fifths(key))} {quality}"
    pitches = chord_pitches(name, low)
    assert low <= pitches[0] < low + 12 and (pitches[0] - root) % 12 == 0
    assert name_of(*pitches, *([pitches[0] + 24] if doubled else []), key=key) == name


@given(st.sets(st.integers(36, 84), min_size=1, max_size=4), st.sampled_from(KEYS))
def test_any_notes_get_a_name_that_can_be_played(pitches, key):
    name = name_of(*pitches, key=key)
    classes = {pitch % 12 for pitch in pitches}
    played = {pitch % 12 for pitch in chord_pitches(name)}
    assert name == "other" or classes <= played and len(played - classes) <= 1


# --- music21 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("quality", QUALITIES)
def test_music21_gives_the_same_names(quality):
    """Of every root, spelt in music21's own way. A misspelt chord, as C sharp, F, G sharp is
    there, it calls an enharmonic equivalent."""
    from music21 import chord, pitch

    for root in range(12):
        name = f"{root_name(root, quality)} {quality}"
        found = chord.Chord(chord_pitches(name))
        words = found.commonName.removeprefix("enharmonic equivalent to ")
        assert words.removesuffix(" triad").removesuffix(" chord") == quality
        if found.commonName == words and quality not in ("augmented", "diminished seventh"):
            assert (
                found.root().pitchClass == pitch.Pitch(name.split()[0].replace("b", "-")).pitchClass
            )
