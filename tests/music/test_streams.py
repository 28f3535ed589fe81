"""music21 scores as pieces: hand-made scores, bar by bar."""

from fractions import Fraction

import numpy as np
import pytest

from data.build_chorales import downbeats, part_to_voice, score_to_piece, to_step
from helpers.music.grid import REST

music21 = pytest.importorskip("music21")


def make_part(measures, signature="4/4"):
    """A part from measures of (pitch or None, quarters)."""
    part = music21.stream.Part()
    for number, content in enumerate(measures):
        measure = music21.stream.Measure(number=number)
        if number == 0:
            measure.timeSignature = music21.meter.TimeSignature(signature)
        for pitch, quarters in content:
            if pitch is None:
                measure.append(music21.note.Rest(quarterLength=quarters))
            else:
                measure.append(music21.note.Note(pitch, quarterLength=quarters))
        part.append(measure)
    return part


def make_score(*parts):
    score = music21.stream.Score()
    for part in parts:
        score.insert(0, part)
    return score


@pytest.mark.parametrize(
    ("quarters", "step"),
    [
        (0, 0),
        (1, 4),
        (0.25, 1),
        (2.75, 11),
        (0.125, 1),  # halves go up,
        (0.375, 2),  # all of them: rounding to even would give 2, 2
        (0.625, 3),
        (Fraction(1, 3), 1),  # a triplet quaver is 1.33 sixteenths
        (Fraction(2, 3), 3),
        (Fraction(1, 24), 0),
        (100000.125, 400001),
    ],
)
def test_to_step(quarters, step):
    assert to_step(quarters) == step
    assert type(to_step(quarters)) is int


def test_notes_rests_and_repeated_notes():
    part = make_part([[(60, 1), (60, 0.5), (None, 0.5), (62, 2)]])
    melody, onsets = part_to_voice(part, 18)
    assert melody.tolist() == [60] * 6 + [REST] * 2 + [62] * 8 + [REST] * 2
    assert np.flatnonzero(onsets).tolist() == [0, 4, 8]


def test_ties_are_held_over_the_bar_line():
    part = make_part([[(60, 3), (62, 1)], [(62, 4)], [(62, 1), (62, 3)]])
    notes = list(part.recurse().notes)
    notes[1].tie = music21.tie.Tie("start")
    notes[2].tie = music21.tie.Tie("continue")
    notes[3].tie = music21.tie.Tie("stop")
    melody, onsets = part_to_voice(part, 48)
    assert melody[12:].tolist() == [62] * 36
    assert np.flatnonzero(onsets).tolist() == [0, 12, 36]


def test_a_grace_note_does_not_break_a_tie():
    part = music21.stream.Part()
    for note, tie in ((music21.note.Note("C4"), "start"), (music21.note.Note("C4"), "stop")):
        note.tie = music21.tie.Tie(tie)
        part.append(note)
        part.append(music21.note.Note("D4").getGrace())
    assert np.flatnonzero(part_to_voice(part, 8)[1]).tolist() == [0]


def test_a_tie_that_leads_nowhere_is_a_note():
    part = make_part([[(60, 1), (62, 1), (None, 1), (62, 1)]])
    for note in part.recurse().notes:
        note.tie = music21.tie.Tie("stop")
    assert np.flatnonzero(part_to_voice(part, 16)[1]).tolist() == [0, 4, 12]


def test_of_a_chord_the_highest_note_and_no_grace_notes():
    part = music21.stream.Part()
    part.append(music21.chord.Chord(["C4", "G4", "E4"], quarterLength=1))
    grace = music21.note.Note("A5").getGrace()
    part.append(grace)
    part.append(music21.note.Note("F4", quarterLength=1))
    melody, onsets = part_to_voice(part, 8)
    assert melody.tolist() == [67] * 4 + [65] * 4
    assert np.flatnonzero(onsets).tolist() == [0, 4]


def test_what_has_no_pitch_of_its_own_is_left_out():
    part = music21.stream.Part()
    symbol = music21.harmony.ChordSymbol("G7")
    symbol.duration.quarterLength = 2
    part.insert(0, symbol)
    part.insert(0, music21.note.Note("C2", quarterLength=1))
    part.insert(1, music21.note.Unpitched(quarterLength=1))
    part.insert(2, music21.chord.Chord([], quarterLength=1))
    melody, _ = part_to_voice(part, 12)
    assert melody.tolist() == [36] * 4 + [REST] * 8


def test_triplets_round_and_keep_their_order():
    third = Fraction(1, 3)
    part = make_part([[(60, third), (62, third), (64, third), (65, 3)]])
    assert part_to_voice(part, 16)[0].tolist()[:5] == [60, 62, 62, 64, 65]


def test_demisemiquavers_that_round_to_nothing_are_left_out():
    part = make_part([[(60, 0.125), (62, 0.125), (64, 0.75)]])
    assert part_to_voice(part, 4)[0].tolist() == [60, 64, 64, 64]


# --- bars --------------------------------------------------------------------------------------

BAR = [(60, 4)]


@pytest.mark.parametrize(
    ("measures", "signature", "starts"),
    [
        ([BAR, BAR, BAR], "4/4", [0, 16, 32]),
        ([[(60, 1)], BAR, BAR, [(60, 3)]], "4/4", [4, 20, 36]),  # a pickup and its missing beat
        ([[(60, 0.5)], [(60, 3)], [(60, 2.5)]], "3/4", [2, 14]),
        ([BAR, [(60, 3)], [(60, 1)], BAR], "4/4", [0, 16, 32]),  # a bar split by a repeat sign
        ([[(60, 2)], BAR, [(60, 2)], [(60, 2)], BAR], "4/4", [8, 24, 40]),  # pickup and split
        ([BAR, [(60, 2)], BAR, BAR], "4/4", [0, 16, 24, 40]),  # a short bar, never completed
        ([[(60, 6)], [(60, 6)]], "3/2", [0, 24]),
        ([], "4/4", []),
    ],
)
def test_downbeats(measures, signature, starts):
    found = downbeats(make_part(measures, signature))
    assert found.dtype == np.int32
    assert found.tolist() == starts


def test_downbeats_after_a_change_of_metre():
    part = make_part([BAR, [(60, 3)], [(60, 3)], [(60, 3)]])
    part.getElementsByClass("Measure")[1].timeSignature = music21.meter.TimeSignature("3/4")
    assert downbeats(part).tolist() == [0, 16, 28, 40]


# --- pieces ------------------------------------------------------------------------------------


def test_score_to_piece():
    upper = make_part([[(70, 1)], [(72, 1), (74, 1), (75, 2)], [(74, 2), (70, 1)]])
    lower = make_part([[(58, 1)], [(57, 2), (53, 2)], [(58, 3)]])
    for note in (list(upper.recurse().notes)[3], list(lower.recurse().notes)[-1]):
        note.expressions.append(music21.expressions.Fermata())
    piece = score_to_piece(make_score(upper, lower), "exercise", tempo=72)
    assert piece.name == "exercise" and piece.tempo == 72
    assert piece.time_signature == "4/4"
    assert piece.voices.shape == (32, 2) and piece.voices.dtype == np.int16
    assert piece.onsets.shape == (32, 2) and piece.onsets.dtype == bool
    assert piece.voices[::4].tolist() == [
        [70, 58], [72, 57], [74, 57], [75, 53], [75, 53], [74, 58], [74, 58], [70, 58],
    ]  # fmt: skip
    assert [np.flatnonzero(column).tolist() for column in piece.onsets.T] == [
        [0, 4, 8, 12, 20, 28],
        [0, 4, 12, 20],
    ]
    assert piece.bar_starts.tolist() == [4, 20]
    assert np.flatnonzero(piece.fermatas).tolist() == [12, 20]


def test_the_key_comes_from_the_notes_and_flats_are_written_b():
    chords = [(70, 62, 58), (72, 63, 57), (74, 65, 58), (75, 67, 60), (72, 63, 53), (70, 62, 58)]
    voices = [make_part([[(chord[v], 2) for chord in chords]], "6/2") for v in range(3)]
    assert score_to_piece(make_score(*voices), "cadence").key == "Bb major"


def test_parts_of_unequal_length_end_in_rests():
    score = make_score(make_part([BAR, BAR]), make_part([BAR]))
    assert score_to_piece(score, "uneven").voices[16:].tolist() == [[60, REST]] * 16


def test_a_part_alone_is_one_voice():
    piece = score_to_piece(make_part([BAR]), "line")
    assert piece.voices.tolist() == [[60]] * 16
    assert piece.bar_starts.tolist() == [0]


def test_a_score_without_notes_is_a_silent_piece():
    silent = score_to_piece(make_score(make_part([[(None, 4)]])), "silence")
    assert silent.voices.tolist() == [[REST]] * 16
    assert silent.key == "" and not silent.fermatas.any()
    assert score_to_piece(music21.stream.Score(), "nothing").voices.shape == (0, 1)
