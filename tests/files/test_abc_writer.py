"""ABC as it is written, by hand; that it reads back is in test_round_trips."""

import numpy as np
import pytest

from helpers.data.melodies import load_melody, melody_files
from helpers.files.abc_reader import read_abc
from helpers.files.abc_writer import to_abc
from helpers.files.midi_writer import to_midi
from helpers.music.grid import REST, Piece


def piece(melody, bars=(0,), signature="4/4", key="C major", onsets=None, **fields):
    voices = np.array(melody)
    voices = voices[:, None] if voices.ndim == 1 else voices
    return Piece("Tune", voices, onsets, np.array(bars), signature, key, **fields)


def notes(lengths):
    """A melody of (pitch, steps)."""
    return [pitch for pitch, steps in lengths for _ in range(steps)]


def body(music):
    """What follows the key."""
    return to_abc(music).split("\nK:")[1].split("\n", 1)[1].strip()


def test_a_whole_tune():
    melody = notes([(67, 4), (72, 6), (74, 2), (76, 4), (79, 4), (76, 8), (REST, 4)])
    assert to_abc(piece(melody, bars=[4, 20], tempo=112.5)).splitlines() == [
        "X:1",
        "T:Tune",
        "M:4/4",
        "L:1/8",
        "Q:1/4=112.5",
        "K:C",
        "G2 | c3d e2 g2 | e4 z2 |]",
    ]


def test_sixteenths_where_there_are_any():
    text = to_abc(piece(notes([(60, 4), (62, 1), (64, 1), (65, 2), (67, 8)])))
    assert "\nL:1/16\n" in text
    assert text.splitlines()[-1] == "C4 DEF2 G8 |]"


def test_octaves():
    text = body(piece(notes([(p, 2) for p in (36, 48, 60, 71, 72, 84, 96, 0)])))
    assert text == "C,,C, CB cc' c''C,,,,, |]"


def test_an_accidental_holds_to_the_end_of_the_bar():
    melody = notes([(66, 2), (66, 2), (65, 2), (66, 4), (66, 2), (66, 4)])
    onsets = np.zeros((16, 1), bool)
    onsets[[0, 2, 4, 6, 10, 12], 0] = True
    text = body(piece(melody + melody, bars=[0, 16], onsets=np.concatenate([onsets, onsets])))
    assert text == "^FF =F^F- FF F2 | ^FF =F^F- FF F2 |]"


def test_an_accidental_in_another_octave_is_written_again():
    """Programs differ in whether it holds there."""
    onsets = np.zeros((16, 1), bool)
    onsets[::4] = True
    assert body(piece(notes([(66, 4), (78, 4), (66, 4), (77, 4)]), onsets=onsets)) == (
        "^F2 ^f2 F2 =f2 |]"
    )
    assert body(piece(notes([(66, 8), (77, 8)]))) == "^F4 =f4 |]"


def test_a_signature_spares_accidentals_and_a_natural_undoes_it():
    text = body(piece(notes([(66, 4), (65, 4), (61, 4), (60, 4)]), key="D major"))
    assert text == "F2 =F2 C2 =C2 |]"
    flat = body(piece(notes([(70, 4), (71, 4), (63, 4), (64, 4)]), key="G minor"))
    assert flat == "B2 =B2 E2 =E2 |]"


def test_a_note_over_a_bar_line_is_tied_and_keeps_its_accidental():
    text = body(piece(notes([(60, 12), (66, 8), (60, 12)]), bars=[0, 16]))
    assert text == "C6 ^F2- | ^F2 C6 |]"


def test_lengths_that_no_single_note_has_are_tied():
    assert body(piece(notes([(60, 10), (62, 6)]))) == "C4- CD- D2 |]"
    assert body(piece(notes([(60, 5), (62, 11)]))) == "C4- CD3- D8 |]"


def test_compound_metres_have_dotted_beats():
    jig = notes([(67, 2), (69, 2), (71, 2), (72, 6), (74, 4), (76, 2), (67, 6)])
    assert body(piece(jig, bars=[0, 12], signature="6/8")) == "GAB c3 | d2e G3 |]"
    assert body(piece(notes([(67, 12), (67, 8), (69, 4)]), [0, 12], "6/8")) == "G6- | G3- GA2 |]"


def test_a_reel_is_beamed_by_half_bars():
    onsets = np.ones((16, 1), bool)
    onsets[1::2] = False
    reel = notes([(p, 2) for p in (67, 69, 71, 72, 74, 76, 77, 79)])
    assert body(piece(reel, signature="2/2", onsets=onsets)) == "GABc defg |]"


def test_a_pickup_is_cut_as_the_end_of_a_bar():
    assert body(piece(notes([(60, 6), (62, 16)]), bars=[6])) == "C- C2 | D8 |]"


def test_four_bars_a_line():
    text = body(piece([60] * 80, bars=[0, 16, 32, 48, 64]))
    assert text.splitlines() == ["C8- | C8- | C8- | C8- |", "C8 |]"]


def test_several_voices():
    text = to_abc(piece([[72, 48]] * 8 + [[74, REST]] * 8))
    assert text.splitlines()[5:] == [
        'V:1 name="voice 1"',
        'V:2 name="voice 2" clef=bass',
        "K:C",
        "V:1",
        "c4 d4 |]",
        "V:2",
        "C,4 z4 |]",
    ]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("G major", "G"),
        ("F# minor", "F#m"),
        ("Bb major", "Bb"),
        ("eb Minor", "Ebm"),
        ("A Dorian", "Ador"),
        ("D mixolydian", "Dmix"),
    ],
)
def test_keys(key, name):
    assert f"\nK:{name}\n" in to_abc(piece([60], key=key))


def test_a_key_is_guessed_where_none_is_given():
    assert "\nK:D\n" in to_abc([62, 64, 66, 67, 69, 71, 73, 74])


@pytest.mark.parametrize(
    ("key", "words"), [("G# major", "seven"), ("Fb major", "seven"), ("H major", "written like")]
)
def test_bad_keys(key, words):
    with pytest.raises(ValueError, match=words):
        to_abc(piece([60], key=key))


def test_a_title_stays_one_field():
    text = to_abc(piece([60])._replace(name="100 % mine\nK:D\r\tX"))
    assert text.splitlines()[1] == "T:100 \\% mine K:D X"
    assert len(read_abc(text).timeline.parts[0].notes) == 1


def test_other_music():
    assert body(to_midi([60] * 4 + [62] * 4, tempo=60)) == "C2 D2 |]"
    roll = np.zeros((4, 128), bool)
    roll[:, [60, 64]] = True
    assert body(roll) == "E2 |]"  # of a chord the highest
    with pytest.raises(ValueError, match="only drums"):
        to_abc(np.zeros((16, 9, 3), np.float32))
    with pytest.raises(TypeError):
        to_abc("C D E")


def test_silence():
    assert body([REST] * 16) == "z8 |]"
    assert to_abc([]).endswith("|]\n")


def test_the_shipped_melodies_come_back(tmp_path):
    for path in melody_files():
        tune = load_melody(path)
        (tmp_path / "tune.abc").write_text(to_abc(tune), encoding="utf-8")
        found = load_melody(tmp_path / "tune.abc")
        sounding = np.flatnonzero(tune.melody != REST)[-1] + 1  # the end of a tune is not kept
        assert found.melody.tolist() == tune.melody[:sounding].tolist()
        assert found.onsets.tolist() == tune.onsets[:sounding].tolist()
        assert found.bar_starts.tolist() == tune.bar_starts.tolist()
        assert (found.name, found.time_signature) == (tune.name, tune.time_signature)
        assert found.tempo == pytest.approx(tune.tempo)
