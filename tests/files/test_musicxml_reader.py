"""MusicXML scores read as the format's description says: the names in brackets are its elements,
at https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/."""

import io
import math
import zipfile
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.melodies import choose_part
from helpers.files.musicxml_reader import decode_xml, measure_places, read_musicxml
from helpers.files.reading import MusicFileError

DIVISIONS = "<divisions>4</divisions>"  # a step is one division
DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)


def note(name="C5", steps=4, head="", tail=""):
    """A note, "R" for a rest. head: what stands before the pitch, tail: what after the length."""
    letter, octave = name[0], name[-1]
    alter = {"#": "<alter>1</alter>", "b": "<alter>-1</alter>"}.get(name[1:-1], "")
    pitch = f"<pitch><step>{letter}</step>{alter}<octave>{octave}</octave></pitch>"
    what = "<rest/>" if name == "R" else pitch
    return f"<note>{head}{what}<duration>{steps}</duration>{tail}</note>"


def voice(number, staff=None):
    return f"<voice>{number}</voice>" + (f"<staff>{staff}</staff>" if staff else "")


def tie(*types):
    return "".join(f'<tie type="{kind}"/>' for kind in types)


def move(kind, steps):
    return f"<{kind}><duration>{steps}</duration></{kind}>"


def metre(beats=4, unit=4):
    return f"<time><beats>{beats}</beats><beat-type>{unit}</beat-type></time>"


def attributes(*more, divisions=DIVISIONS):
    return f"<attributes>{divisions}{''.join(more)}</attributes>"


def score(*parts, time=None, entries=(), head=""):
    """parts: the measures of each, as text or (text, measure's attributes). entries: what the list
    of parts says of them beside the name. time: the metre, 4/4 where it is None."""
    listed, bodies = "", ""
    for index, measures in enumerate(parts):
        more = entries[index] if index < len(entries) else ""
        listed += f'<score-part id="P{index}"><part-name>Part {index}</part-name>{more}'
        listed += "</score-part>"
        bodies += f'<part id="P{index}">'
        for number, measure in enumerate(measures, 1):
            body, marks = measure if isinstance(measure, tuple) else (measure, f'number="{number}"')
            if number == 1:
                body = attributes(metre() if time is None else time) + body
            bodies += f"<measure {marks}>{body}</measure>"
        bodies += "</part>"
    return f"<score-partwise>{head}<part-list>{listed}</part-list>{bodies}</score-partwise>"


def parts_of(content):
    """(start, length, pitch) of the notes of each part, in steps."""
    return [
        [(start, end - start, int(pitch)) for start, end, pitch, _ in part.notes.tolist()]
        for part in read_musicxml(content).timeline.parts
    ]


def starts(content):
    return [[start for start, _, _ in notes] for notes in parts_of(content)]


def bars(content):
    return read_musicxml(content).timeline.bar_starts.tolist()


BAR = note("C5", 16)

# --- measures of all parts (measure, backup, forward, rest) ---------------------------------------


@pytest.mark.parametrize(
    "empty",
    [
        "",
        move("forward", 0),
        move("forward", 16),
        note("R", 16),
        note("R", 16) * 2,  # a rest for each of two voices, without backup
        "<note><rest measure='yes'/><duration>16</duration></note>",
        "<note><grace/><pitch><step>C</step><octave>4</octave></pitch></note>",
    ],
)
def test_a_part_without_notes_in_a_measure_stays_with_the_others(empty):
    content = score([BAR, BAR, BAR], [empty, empty, BAR])
    assert starts(content) == [[0, 16, 32], [32]] and bars(content) == [0, 16, 32]


@pytest.mark.parametrize(
    "first, second, length",
    [
        (note(steps=4), note("R", 16), 4),  # a pickup, and a rest for a whole bar under it
        (note(steps=4), "", 4),
        (note(steps=4), move("forward", 8) + note("R", 4) + move("forward", 4), 4),
        (note(steps=12), BAR, 16),  # filled short by one part, by the metre in the other
        (note(steps=4) * 5, BAR, 16),  # too full, beside a part that fills the metre
        (note(steps=20), note(steps=16.1), 16),  # that does so but for rounding
        (note(steps=20), note(steps=12), 20),  # nobody fills the metre
        (note(steps=20), note("R", 16), 20),
        (note(steps=12), note("R", 2) * 8, 12),  # rests do not decide where there are notes
        ("", "", 16),  # a bar of rest
        (note("R", 16), note("R", 16), 16),
        (note("R", 32), note("R", 20), 16),
        (note("R", 8), "", 8),  # half a bar of rest
        (move("forward", 16), "", 16),
    ],
)
def test_the_length_of_a_measure_is_settled_by_all_parts(first, second, length):
    for one, other in ((first, second), (second, first)):
        content = score([one, BAR], [other, BAR])
        assert [notes[-1] for notes in parts_of(content)] == [(length, 16, 72)] * 2


def test_a_rest_for_a_whole_measure_is_as_long_as_its_bar():
    whole = note("R", 16)  # the length of a whole note, whatever the metre
    for time, full in ((metre(3, 4), 12), (metre(6, 4), 24), (metre(2, 4), 8)):
        content = score([whole, note(steps=full)], time=time)
        assert starts(content) == [[full]] and bars(content) == [0, full]


def test_the_staves_of_a_piano_settle_a_measure_as_parts_do():
    """The right hand has a pickup, the left hand a rest for the bar. And a voice that is broken off
    beside a rest in another voice of its staff leaves the bar whole."""
    left = note("R", 16, tail=voice(5, 2)) + move("backup", 16)
    content = score([left + note(steps=4, tail=voice(1, 1)), BAR])
    assert starts(content) == [[0, 4]]
    voices = note("R", 16, tail=voice(1, 1)) + move("backup", 16) + note(steps=8, tail=voice(2, 1))
    assert starts(score([voices, BAR])) == [[0, 16]]


def test_a_hidden_rest_at_the_end_of_a_measure_counts():
    content = score([note(steps=8) + move("forward", 8), BAR])
    assert starts(content) == [[0, 16]]


def test_a_backup_goes_no_further_than_the_beginning_of_its_measure():
    content = score([BAR, note(steps=8) + move("backup", 12) + note("E5", 8) + note("F5", 8)])
    assert parts_of(content)[0] == [(0, 16, 72), (16, 8, 72), (16, 8, 76), (24, 8, 77)]


def test_measures_that_a_part_lacks_are_found_by_their_numbers():
    """[measure] In partwise files the number is the same for measures in different parts that
    share the same left barline."""
    lacking = [(BAR, 'number="1"'), (BAR, 'number="3"'), (BAR, 'number="X1"')]
    full = [(BAR, f'number="{number}"') for number in ("1", "2", "3", "X1", "4")]
    assert starts(score(full, lacking)) == [[0, 16, 32, 48, 64], [0, 32, 48]]
    assert measure_places([["1", "3", "5"], ["1", "2", "5", "6"]]) == [[0, 2, 3], [0, 1, 3, 4]]
    # As many of them, or numbers that make no sense: by their place.
    assert measure_places([["0", "1"], ["1", "2"]]) == [[0, 1], [0, 1]]
    assert measure_places([["1", "1", "1"], ["2", "7"]]) == [[0, 1, 2], [0, 1]]
    assert measure_places([[None, None], [None]]) == [[0, 1], [0]]
    assert measure_places([]) == [] and measure_places([[], ["1"]]) == [[], [0]]


def test_each_part_may_have_a_metre_and_divisions_of_its_own():
    triplets = attributes(metre(12, 8), divisions="<divisions>3</divisions>")
    first = [note(steps=16), BAR]
    second = ["".join([triplets, note("E4", 1) * 12]), note("E4", 12)]
    content = score(first, second)
    assert np.allclose(starts(content)[1], [*np.arange(12) * 4 / 3, 16])
    assert bars(content) == [0, 16]


def test_a_score_by_time_is_read_as_one_by_parts():
    """[score-timewise] Measures that hold parts."""
    rows = ""
    for number, names in enumerate((("C5", "C4"), ("D5", None)), 1):
        inside = "".join(
            f'<part id="P{i}">{attributes(metre()) if number == 1 else ""}{note(name, 16)}</part>'
            for i, name in enumerate(names)
            if name
        )
        rows += f'<measure number="{number}">{inside}</measure>'
    listed = '<part-list><score-part id="P1"><part-name>Bass</part-name></score-part></part-list>'
    reading = read_musicxml(f"<score-timewise>{listed}{rows}</score-timewise>")
    assert [part.name for part in reading.timeline.parts] == ["", "Bass"]
    assert reading.timeline.parts[0].notes[:, 2].tolist() == [72, 74]
    assert reading.timeline.bar_starts.tolist() == [0, 16]


# --- bars and metres (time) -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "time, expected",
    [
        (metre(3, 8).replace("</time>", metre(2, 4)[6:]), "7/8"),
        (metre("3+2", 8), "5/8"),
        (metre(" 3 + 2 + 3 ", "\n8 "), "8/8"),
        (metre("2+1", 4).replace("</time>", metre(3, 16)[6:]), "15/16"),
        (metre(" 3 ", " 4\n"), "3/4"),
        (
            metre(6, 8).replace(
                "</time>", f"<interchangeable>{metre(3, 4)[6:-7]}</interchangeable></time>"
            ),
            "6/8",
        ),
        (metre(2, 2).replace("<time", '<time symbol="cut"'), "2/2"),
    ],
)
def test_metres(time, expected):
    beats, unit = map(int, expected.split("/"))
    full = 16 * beats // unit
    content = score([note(steps=full), note("D5", full)], time=time)
    assert read_musicxml(content).timeline.time_signature == expected
    assert bars(content) == [0, full] and starts(content) == [[0, full]]


@pytest.mark.parametrize("time", ["", "<time><senza-misura/></time>", metre(4, 3), metre("x", 4)])
def test_bars_without_a_metre_are_as_they_are(time):
    content = score([note(steps=12), note(steps=4) * 5, "", note(steps=8)], time=time)
    assert bars(content) == [0, 12, 32, 48]
    assert starts(content) == [[0, 12, 16, 20, 24, 28, 48]]


def test_a_metre_that_only_one_part_tells_holds_for_all():
    three = attributes(metre(3, 4), divisions="") + note(steps=12)
    for one, other in (([BAR, three], [BAR, ""]), ([BAR, note(steps=12)], [BAR, three])):
        content = score([*one, "", ""], [*other, note(steps=12), note(steps=12)])
        assert bars(content) == [0, 16, 28, 40]
        assert read_musicxml(content).metres == [(0, 4, 4), (16, 3, 4)]


def test_pickups_divided_bars_and_endings():
    """[measure, implicit] [ending] A pickup, a bar divided by a repeat sign, and two endings that
    leave room for the pickup."""
    repeat = '<barline location="right"><repeat direction="backward"/></barline>'
    ends = [
        f'<barline location="left"><ending type="start" number="{number}"/></barline>'
        + note("E5", 12)
        + f'<barline location="right"><ending type="stop" number="{number}"/></barline>'
        for number in (1, 2)
    ]
    content = score([note(steps=4), BAR, note(steps=12) + repeat, note(steps=4), BAR, *ends])
    assert bars(content) == [4, 20, 36, 52, 64]
    assert "Repeat signs are not followed." in read_musicxml(content).remarks


# --- ties (tie, tied, grace) ----------------------------------------------------------------------


def tied(*types):
    inside = "".join(f'<tied type="{kind}"/>' for kind in types)
    return f"<notations>{inside}</notations>"


def test_a_grace_note_tied_to_its_main_note():
    grace = "<note><grace/><pitch><step>C</step><octave>5</octave></pitch>" + tie("start")
    for tail in ("</note>", "<voice>1</voice></note>"):
        content = score(
            [
                note(steps=8, tail=tail[:-7])
                + grace
                + tail
                + note(steps=8, tail=tie("stop") + tail[:-7])
            ]
        )
        assert parts_of(content) == [[(0, 8, 72), (8, 8, 72)]]
    # The note before is tied to the main note, over a grace note that is not.
    plain = "<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>"
    content = score([note(steps=8, tail=tie("start")) + plain + note(steps=8, tail=tie("stop"))])
    assert parts_of(content) == [[(0, 16, 72)]]
    # A grace note after its main note, at the end of a bar.
    after = grace.replace("start", "stop") + "</note>"
    content = score([note(steps=16, tail=tie("start")) + after, BAR])
    assert parts_of(content) == [[(0, 16, 72), (16, 16, 72)]]


@pytest.mark.parametrize("first", [1, 2])
def test_two_voices_in_unison_of_which_one_is_tied(first):
    """In whichever order they are written."""
    long = [note(steps=16, tail=tie(kind) + voice(first)) for kind in ("start", "stop")]
    short = [note(steps=4, tail=voice(3 - first)) + note("E5", 12, tail=voice(3 - first))] * 2
    back = move("backup", 16)
    for lines in ((long, short), (short, long)):
        content = score([back.join(bar) for bar in zip(*lines, strict=True)])
        unison = [n for n in parts_of(content)[0] if n[2] == 72]
        assert sorted(unison) == [(0, 4, 72), (0, 32, 72), (16, 4, 72)]


def test_both_voices_of_a_unison_tied():
    back = move("backup", 16)
    bar = [
        back.join(note(steps=16, tail=tie(kind) + voice(v)) for v in (1, 2))
        for kind in ("start", "stop")
    ]
    assert parts_of(score(bar)) == [[(0, 32, 72), (0, 32, 72)]]


@pytest.mark.parametrize("tail", [voice(2), voice(1, 2), voice(5, 2), ""])
def test_a_tie_into_another_voice_or_staff(tail):
    first = note("C5", 16, tail=tie("start") + voice(1, 1))
    assert parts_of(score([first, note("C5", 16, tail=tie("stop") + tail)])) == [[(0, 32, 72)]]


@pytest.mark.parametrize("kind", [tie, tied])
@pytest.mark.parametrize(
    "first, second, joined",
    [
        (("start",), ("stop",), True),
        (("start",), (), True),
        ((), ("stop",), True),
        ((), (), False),
        (("let-ring",), (), False),
        (("continue",), ("stop",), True),
    ],
)
def test_the_ends_of_ties(kind, first, second, joined):
    """Either element, both ends or one; what may ring on is not tied."""
    content = score([note(steps=16, tail=kind(*first)), note(steps=16, tail=kind(*second))])
    assert parts_of(content) == [[(0, 32, 72)] if joined else [(0, 16, 72), (16, 16, 72)]]


def test_what_sounds_comes_before_what_is_drawn():
    """[tie] indicates sound, [tied] notation; [tie, time-only] the times through a repeat."""
    only_drawn = tie("start") + tied("stop", "start")
    content = score([BAR, note(steps=16, tail=only_drawn), note(steps=16, tail=tie("stop"))])
    assert parts_of(content) == [[(0, 16, 72), (16, 32, 72)]]
    later = tie("start").replace("/>", ' time-only="2"/>')
    content = score([note(steps=16, tail=later), BAR])
    assert parts_of(content) == [[(0, 16, 72), (16, 16, 72)]]


def test_a_chord_of_which_some_notes_are_tied():
    chord = "<chord/>"
    first = (
        note("C5", 16, tail=tie("start"))
        + note("E5", 16, chord)
        + note("G5", 16, chord, tie("start"))
    )
    second = (
        note("C5", 8, tail=tie("stop")) + note("E5", 8, chord) + note("G5", 8, chord, tie("stop"))
    )
    notes = sorted(parts_of(score([first, second + note("D5", 8)]))[0])
    assert notes == [(0, 16, 76), (0, 24, 72), (0, 24, 79), (16, 8, 76), (24, 8, 74)]


def test_an_arpeggio_tied_into_its_chord():
    names = ("C4", "E4", "G4")
    broken = "".join(note(name, 4, tail=tie("start")) for name in names)
    chord = "".join(
        note(name, 4, "<chord/>" if i else "", tie("stop")) for i, name in enumerate(names)
    )
    assert parts_of(score([broken + chord])) == [[(0, 16, 60), (4, 12, 64), (8, 8, 67)]]


def test_a_tie_over_a_measure_that_is_filled_short():
    short = note("R", 8) + note("C5", 4, tail=tie("start"))
    assert parts_of(score([short, note("C5", 16, tail=tie("stop"))], [BAR, BAR]))[0] == [
        (8, 24, 72)
    ]


def test_a_tie_does_not_reach_over_a_like_note_or_into_a_later_ending():
    """A beginning without an end, then another tie. [ending] What precedes the second ending in
    the file is not what precedes it in time."""
    row = (
        note("C5", 4, tail=tie("start"))
        + note("R", 4)
        + note("C5", 4)
        + note("C5", 4, tail=tie("stop"))
    )
    assert parts_of(score([row])) == [[(0, 4, 72), (8, 8, 72)]]
    ends = [
        f'<barline location="left"><ending type="start" number="{number}"/></barline>'
        + note("C5", 16, tail=tie("stop"))
        for number in (1, 2)
    ]
    content = score([note("C5", 16, tail=tie("start")), *ends])
    assert parts_of(content) == [[(0, 32, 72), (32, 16, 72)]]


# --- notes (note, chord, cue, unpitched) ----------------------------------------------------------


def test_forward_and_backup_beside_chords():
    """[chord] The note begins with the note before it, whatever stands between them."""
    words = "<direction><direction-type><words>f</words></direction-type></direction>"
    chord = note("E5", 4, "<chord/>")
    content = score([note("R", 4) + note("C5", 4) + words + chord + note("D5", 4)])
    assert parts_of(content) == [[(4, 4, 72), (4, 4, 76), (8, 4, 74)]]
    content = score(
        [
            note("C5", 4)
            + move("backup", 4)
            + note("G4", 2)
            + chord
            + move("forward", 2)
            + note("D5", 4)
        ]
    )
    assert sorted(parts_of(content)[0]) == [(0, 2, 67), (0, 4, 72), (0, 4, 76), (4, 4, 74)]


def test_cue_notes_take_time_and_are_silent():
    """[cue] A cue note is a silent note with no playback."""
    content = score([note("C5", 8, "<cue/>") + note("D5", 8)], [note("C5", 16, "<cue/>"), BAR])
    assert parts_of(content) == [[(8, 8, 74)], [(16, 16, 72)]]


def test_blanks_and_line_breaks_around_every_text():
    spaced = score(
        [note("C#5", 4, tail=tie("start") + voice(1)) + note("C#5", 12, tail=tie("stop"))]
    )
    for text in ("C", "1", "5", "4", "12"):
        spaced = spaced.replace(f">{text}</", f">\n  {text} </")
    spaced = spaced.replace("</step>", "<!-- a letter --></step>")
    reading = read_musicxml(spaced.replace('"start"', '"start"'))
    assert reading.timeline.time_signature == "4/4"
    assert reading.timeline.parts[0].notes[:, 2].tolist() == [73]


@pytest.mark.parametrize("alter, pitch", [("0.5", 61), ("-0.5", 60), ("1.5", 62), ("-2", 58)])
def test_quarter_tones_go_up_to_the_next_pitch(alter, pitch):
    content = score([BAR.replace("<octave>5", f"<alter>{alter}</alter><octave>4")])
    assert parts_of(content)[0][0][2] == pitch


# --- transposing parts (transpose) ----------------------------------------------------------------


def transpose(chromatic, octaves=None, staff=None, more=""):
    number = f' number="{staff}"' if staff else ""
    change = f"<octave-change>{octaves}</octave-change>" if octaves else ""
    inside = f"<diatonic>0</diatonic><chromatic> {chromatic} </chromatic>{change}{more}"
    return attributes(f"<transpose{number}>{inside}</transpose>", divisions="")


@pytest.mark.parametrize(
    "given, sounding",
    [
        (transpose(-2), 70),
        (transpose(0, -1), 60),
        (transpose(-9, -1), 51),
        (transpose(0, 1), 84),
        (transpose(0, -1, more="<double/>"), 60),
        (transpose(-12), 60),
    ],
)
def test_transposing_parts_as_they_sound(given, sounding):
    """[transpose] What must be added to the written pitch; [double] sounds beside it, too."""
    reading = read_musicxml(score([given + BAR]))
    assert reading.timeline.parts[0].notes[0, 2] == sounding
    assert reading.remarks == ['Part "Part 0" is for a transposing instrument: read as it sounds.']


def test_a_transposition_that_changes_or_is_of_one_staff():
    content = score([transpose(-2) + BAR, BAR, transpose(-3) + BAR, transpose(0) + BAR], [BAR])
    reading = read_musicxml(content)
    assert reading.timeline.parts[0].notes[:, 2].tolist() == [70, 70, 69, 72]
    assert len(reading.remarks) == 1 and "transposing" in reading.remarks[0]  # and in C at the end
    lower = move("backup", 16) + note("C4", 16, tail=voice(5, 2))
    content = score([transpose(-2, staff=2) + note("C5", 16, tail=voice(1, 1)) + lower])
    assert [pitch for _, _, pitch in parts_of(content)[0]] == [58, 72]
    assert read_musicxml(score([transpose(0) + BAR])).remarks == []


# --- drums and tablature (clef, midi-channel, instrument) -----------------------------------------


def clef(sign, staff=None):
    number = f' number="{staff}"' if staff else ""
    return attributes(f"<clef{number}><sign>{sign}</sign></clef>", divisions="")


def channel(number, name="I1"):
    return f'<midi-instrument id="{name}"><midi-channel> {number} </midi-channel></midi-instrument>'


@pytest.mark.parametrize(
    "entry, body",
    [
        ("", clef("percussion") + note("C6", 16)),
        ("", clef(" percussion\n") + note("C6", 16)),
        (channel(10), note("C6", 16)),
        (channel(1) + channel(10, "I2"), note("C6", 16, tail='<instrument id="I2"/>')),
    ],
)
def test_pitched_drums_are_no_melody(entry, body):
    reading = read_musicxml(score([body], [note("C4", 16)], entries=[entry]))
    assert [part.is_drum for part in reading.timeline.parts] == [True, False]
    assert choose_part(reading)[0].notes[0, 2] == 60


def test_a_part_with_drums_and_notes_is_two():
    """A clef holds for its staff until the next one, an instrument for its note."""
    lower = move("backup", 16) + note("C4", 16, tail=voice(5, 2))
    both = clef("percussion", 2) + note("C5", 16, tail=voice(1, 1)) + lower
    content = score([both, clef("F", 2) + note("D5", 16, tail=voice(1, 1)) + lower])
    pitched, drums = read_musicxml(content).timeline.parts
    assert (pitched.is_drum, drums.is_drum) == (False, True)
    assert pitched.notes[:, 2].tolist() == [72, 60, 74] and drums.notes[:, 2].tolist() == [60]
    entry = channel(10) + channel(3, "I2") + "<midi-unpitched>36</midi-unpitched>"
    bar = note("C5", 8, tail='<instrument id="I2"/>') + note("D5", 8, tail='<instrument id="I1"/>')
    pitched, drums = read_musicxml(score([bar], entries=[entry])).timeline.parts
    assert pitched.notes[:, 2].tolist() == [72] and drums.notes[:, 2].tolist() == [74]


def test_unpitched_drums_take_time_and_are_left_out():
    drum = "<note><unpitched/><duration>12</duration></note>"
    content = score([clef("percussion") + drum, ""], [note("C5", 12, "<cue/>"), BAR])
    assert starts(content) == [[12]]
    with pytest.raises(MusicFileError, match="only drums"):
        read_musicxml(score([drum]))


def test_tablature_under_the_same_music_is_not_heard_twice():
    under = move("backup", 16) + note("C4", 16, tail=voice(5, 2))
    content = score([clef("TAB", 2) + note("C4", 16, tail=voice(1, 1)) + under])
    assert parts_of(content) == [[(0, 16, 60)]]
    assert parts_of(score([clef("TAB") + BAR])) == [[(0, 16, 72)]]  # alone it is the music


def test_programs_of_parts():
    program = '<midi-instrument id="I"><midi-program> 74 </midi-program></midi-instrument>'
    assert read_musicxml(score([BAR], entries=[program])).timeline.parts[0].program == 73
    for odd in ("0", "129", "x", ""):
        reading = read_musicxml(score([BAR], entries=[program.replace("74", odd)]))
        assert reading.timeline.parts[0].program is None


# --- tempo (sound, metronome, offset) -------------------------------------------------------------


def direction(inside, more=""):
    return f"<direction><direction-type>{inside}</direction-type>{more}</direction>"


def metronome(unit="quarter", number="66", dots=0, more=""):
    said = f"<per-minute>{number}</per-minute>" if number else ""
    dotted = "<beat-unit-dot/>" * dots
    return f"<metronome><beat-unit> {unit} </beat-unit>{dotted}{more}{said}</metronome>"


def tempos(content):
    timeline = read_musicxml(content).timeline
    later = timeline.later_tempos
    return [timeline.tempo, *([] if later is None else map(tuple, later.tolist()))]


@pytest.mark.parametrize(
    "mark, tempo",
    [
        (metronome(), 66),
        (metronome("half", "60"), 120),
        (metronome("quarter", "60", dots=1), 90),
        (metronome("quarter", "60", dots=2), 105),
        (metronome("eighth", "96", dots=1), 72),
        (metronome("16th", "240"), 60),
        (metronome(number=" c. 66 "), 66),
        (metronome(number="ca. 72,5"), 72.5),
        (metronome(number="60-72"), 66),
        (metronome(number="60 \u2013 72"), 66),
        (metronome(number="88 (92)"), 88),
        (metronome(number="", more="<beat-unit>eighth</beat-unit>"), None),  # one becomes another
        (metronome("half", "", more="<beat-unit>quarter</beat-unit><beat-unit-dot/>"), None),
        (metronome(number="lively"), None),
        (metronome("mouse"), None),
        (metronome(more="<beat-unit-tied><beat-unit>eighth</beat-unit></beat-unit-tied>"), 99),
        (
            "<metronome><metronome-note><metronome-type>eighth</metronome-type></metronome-note></metronome>",
            None,
        ),
        ("<words>Allegro</words>", None),
    ],
)
def test_a_metronome_mark_without_a_sound(mark, tempo):
    reading = read_musicxml(score([direction(mark) + BAR]))
    assert reading.timeline.tempo == tempo and not reading.remarks


def test_a_tempo_to_be_played_comes_before_one_to_be_read():
    sound = '<sound tempo="80"/>'
    for body in (
        direction(metronome(), sound),
        direction(metronome()) + sound,
        sound + direction(metronome()),
        direction("<words>Slow</words>", sound) + direction(metronome()),
    ):
        assert tempos(score([body + BAR])) == [80]
    # The metronome counts where the other cannot be played.
    reading = read_musicxml(score(['<sound tempo="0"/>' + direction(metronome()) + BAR]))
    assert reading.timeline.tempo == 66
    assert reading.remarks == ["An impossible tempo was left out."]
    reading = read_musicxml(score(['<sound tempo="fast"/>' + BAR]))
    assert reading.timeline.tempo is None and len(reading.remarks) == 1


def test_a_tempo_may_be_told_in_any_part():
    """[sound] It holds for the score, wherever it stands."""
    second = [BAR, note("C5", 8) + direction("<words/>", '<sound tempo="50"/>') + note("C5", 8)]
    first = [direction(metronome()) + BAR, BAR, direction(metronome(number="100")) + BAR]
    assert tempos(score(first, [*second, BAR])) == [66, (24, 50), (32, 100)]
    assert tempos(score([BAR], ['<sound tempo="90"/>' + BAR])) == [90]
    both = ['<sound tempo="90"/>' + BAR], ['<sound tempo="70"/>' + BAR]
    assert tempos(score(*both)) == [90]  # the first part's


@pytest.mark.parametrize(
    "body, step",
    [
        (direction("<words/>", '<offset sound="yes">4</offset><sound tempo="50"/>'), 12),
        (direction("<words/>", '<offset>4</offset><sound tempo="50"/>'), 8),
        (direction("<words/>", '<offset sound="no">4</offset><sound tempo="50"/>'), 8),
        (direction("<words/>", '<sound tempo="50"><offset>-2</offset></sound>'), 6),
        ('<sound tempo="50"><offset>2</offset></sound>', 10),
        (direction(metronome(number="50"), '<offset sound="yes">4</offset>'), 12),
        (direction(metronome(number="50"), "<offset>-4</offset>"), 8),
    ],
)
def test_a_tempo_with_an_offset(body, step):
    """[offset] Affects only the visual appearance unless its attribute ``sound`` is yes; that of
    [sound] moves the sound."""
    content = score(['<sound tempo="100"/>' + note("C5", 8) + body + note("C5", 8)])
    assert tempos(content) == [100, (step, 50)]


# --- titles and names -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head, name",
    [
        (
            "<work><work-title> A &amp;\n B </work-title></work><movement-title>C</movement-title>",
            "A & B",
        ),
        ("<work><work-title> </work-title></work><movement-title>C</movement-title>", "C"),
        (
            "<credit><credit-type>composer</credit-type><credit-words>Bach</credit-words></credit>"
            "<credit><credit-type>title</credit-type><credit-words>Air</credit-words></credit>",
            "Air",
        ),
        ("<credit><credit-words>Bach</credit-words></credit>", ""),
    ],
)
def test_titles(head, name):
    assert read_musicxml(score([BAR], head=head)).timeline.name == name


# --- XML: charsets, namespaces, declarations ------------------------------------------------------


def declared(encoding, title):
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n{DOCTYPE}'
    head = f"<movement-title>{title}</movement-title>"
    return declaration + score([BAR], head=head)


@pytest.mark.parametrize(
    "encoding, codec, title",
    [
        ("Shift_JIS", "shift_jis", "さくら さくら"),
        ("shift_jis", "cp932", "さくら①"),  # what Windows calls by that name
        ("EUC-JP", "euc_jp", "さくら"),
        ("ISO-2022-JP", "iso2022_jp", "さくら"),
        ("windows-1251", "cp1251", "Катюша"),
        ("CP1251", "cp1251", "Очи чёрные"),
        ("KOI8-R", "koi8_r", "Катюша"),
        ("GBK", "gbk", "茉莉花"),
        ("GB2312", "gbk", "彩雲追月"),  # beyond what is declared
        ("GB18030", "gb18030", "二泉映月"),
        ("Big5", "big5", "望春風"),
        ("EUC-KR", "euc_kr", "아리랑"),
        ("ISO-8859-1", "latin-1", "Übung für Ténor"),
        ("ISO-8859-1", "cp1252", "L’été – “air”"),  # what Windows calls by that name
        ("iso-8859-2", "iso8859_2", "Łączka"),
        ("us-ascii", "ascii", "Plain"),
        ("UTF-8", "utf-8", "Grüße さくら"),
        ("utf-8", "utf-8-sig", "Grüße"),
        ("UTF-16", "utf-16", "Grüße さくら"),  # with its mark
        ("UTF-16", "utf-16-le", "Grüße"),
        ("UTF-16", "utf-16-be", "Grüße"),
        # Wrong declarations.
        ("UTF-16", "utf-8", "Grüße"),
        ("UTF-8", "utf-16", "Grüße"),
        ("UTF-8", "latin-1", "Grüße"),
        ("ISO-8859-1", "utf-8", "Grüße さくら"),
        ("Shift_JIS", "utf-8", "さくら"),
        ("no-such-charset", "utf-8", "Grüße"),
        ("no-such-charset", "latin-1", "Grüße"),
        ("hex", "latin-1", "Grüße"),
        ("zip", "latin-1", "Grüße"),
        ("rot13", "latin-1", "Grüße"),
        ("punycode", "latin-1", "Grüße"),
        ("unicode_escape", "latin-1", "Grüße"),
        ("cp037", "latin-1", "Grüße"),
        ("undefined", "latin-1", "Grüße"),
    ],
)
def test_charsets(encoding, codec, title):
    """XML 1.0, 4.3.3 and appendix F."""
    reading = read_musicxml(declared(encoding, title).encode(codec))
    assert reading.timeline.name == title and len(reading.timeline.parts[0].notes) == 1


@given(st.binary(max_size=80), st.sampled_from(["utf-7", "cp1252", "idna", "gbk", "mbcs", "a:b"]))
def test_any_bytes_become_text(data, encoding):
    assert isinstance(decode_xml(data), str)
    assert isinstance(
        decode_xml(f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + data), str
    )


@pytest.mark.parametrize("encoding", ["UTF-7", "UTF-16", "ISO-2022-JP", "raw_unicode_escape"])
def test_entities_are_refused_in_every_charset(encoding):
    bomb = '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><s>&b;</s>'
    text = f'<?xml version="1.0" encoding="{encoding}"?>{bomb}'
    with pytest.raises(MusicFileError):
        read_musicxml(text.encode(encoding))


def test_namespaces_and_prefixes():
    content = score([BAR])
    spaced = content.replace("<score-partwise", '<score-partwise xmlns="http://x.org/mx"', 1)
    prefixed = content.replace("</", "</mx:").replace("<", "<mx:").replace("<mx:/mx:", "</mx:")
    prefixed = prefixed.replace("<mx:score-partwise", '<mx:score-partwise xmlns:mx="urn:mx"', 1)
    for text in (spaced, prefixed):
        assert parts_of(text) == [[(0, 16, 72)]]


# --- archives (.mxl) ------------------------------------------------------------------------------


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def container(*rootfiles):
    inside = "".join(f"<rootfile {rootfile}/>" for rootfile in rootfiles)
    return f'<?xml version="1.0"?><container><rootfiles>{inside}</rootfiles></container>'


RIGHT, WRONG = score([note("C4", 16)]), score([note("G5", 16)])
TYPE = 'media-type="application/vnd.recordare.musicxml+xml"'


@pytest.mark.parametrize(
    "text, name",
    [
        (container('full-path="Tom &amp; Jerry.xml"'), "Tom & Jerry.xml"),
        (container("full-path='Tom&#39;s &quot;tune&quot;.xml'"), 'Tom\'s "tune".xml'),
        (container('full-path="a&#x62;c.xml"'), "abc.xml"),
        (
            container('full-path="b.xml"').replace(
                "<rootfile ", "<!-- <rootfile full-path='a.xml'/> --><rootfile "
            ),
            "b.xml",
        ),
        (
            container(
                'full-path="a.pdf" media-type="application/pdf"', f'full-path="b.xml" {TYPE}'
            ),
            "b.xml",
        ),
        (container('full-path="b.xml"', f'full-path="a.xml" {TYPE}'), "b.xml"),
        (container('full-path="gone.xml"', 'full-path="b.xml"'), "b.xml"),
        (container('full-path="./scores/b.xml"'), "scores/b.xml"),
        (container('full-path="scores\\b.xml"'), "scores/b.xml"),
        (container('full-path="/scores/../scores/b.xml"'), "scores/b.xml"),
        (container('full-path="Scores/B.XML"'), "scores/b.xml"),
        (container('full-path="Übung.xml"'), "Übung.xml"),
        (container('full-path="さくら.musicxml"'), "さくら.musicxml"),
        (container('full-path="U\u0308bung.xml"'), "Übung.xml"),  # two ways to write one letter
        (container('full-path="score.bin"'), "score.bin"),  # whatever its name ends in
        (container('full-path="b.xml"').replace("<container", '<container xmlns="urn:x"'), "b.xml"),
        (
            container('full-path="b.xml"')
            .replace('1.0"', '1.0" encoding="UTF-16"')
            .encode("utf-16"),
            "b.xml",
        ),
    ],
)
def test_containers(text, name):
    files = {"META-INF/container.xml": text, "a.xml": WRONG, "a.pdf": b"%PDF", name: RIGHT}
    assert parts_of(zipped(files)) == [[(0, 16, 60)]]


@pytest.mark.parametrize("text", [None, "", "<container/>", "<broken", container('full-path="x"')])
def test_without_a_usable_container_the_first_score_is_taken(text):
    files = {
        "__MACOSX/._a.xml": b"\0\5",
        "META-INF/other.xml": "<a/>",
        "._b.xml": "",
        "b.xml": RIGHT,
    }
    files |= {} if text is None else {"META-INF/container.xml": text}
    assert parts_of(zipped({**files, "c.xml": WRONG})) == [[(0, 16, 60)]]


def test_names_in_utf8_that_are_not_marked_so():
    data = zipped(
        {"META-INF/container.xml": container('full-path="é.xml"'), "a.xml": WRONG, "é.xml": RIGHT}
    )
    unmarked = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        header = archive.getinfo("é.xml").header_offset
    name = "é.xml".encode()
    central = data.rindex(name)
    for place in (header + 6, central - 46 + 8):  # the flags: bit 11 says UTF-8
        unmarked[place + 1] &= ~8
    assert unmarked != data and parts_of(bytes(unmarked)) == [[(0, 16, 60)]]


def test_a_score_in_utf16_in_an_archive():
    score16 = declared("UTF-16", "Grüße").encode("utf-16")
    assert read_musicxml(zipped({"a.xml": score16})).timeline.name == "Grüße"


# --- made up ------------------------------------------------------------------------------------


@st.composite
def layers(draw):
    """Three voices of one staff: for each a list of (pitch or None, lengths of its tied notes)."""
    names = st.sampled_from([None, "C5", "C5", "E5"])
    held = st.lists(st.integers(1, 12), min_size=1, max_size=3)
    voices = []
    for _ in range(3):
        line = draw(st.lists(st.tuples(names, held), min_size=1, max_size=6))
        voices.append([(name, lengths if name else lengths[:1]) for name, lengths in line])
    return voices


@settings(max_examples=150, deadline=None)
@given(layers(), st.booleans(), st.permutations([1, 2, 3]))
def test_ties_are_kept_by_voice(lines, drawn_only, numbers):
    """Three voices with unisons, written one after the other in one long measure."""
    body, expected = "", []
    for number, line in zip(numbers, lines, strict=True):
        at = 0
        for name, lengths in line:
            if name:
                expected.append((at, sum(lengths), {"C5": 72, "E5": 76}[name]))
            for i, length in enumerate(lengths):
                types = ["stop"] * (i > 0) + ["start"] * (i < len(lengths) - 1)
                marks = tied(*types) if drawn_only else tie(*types)
                body += note(name or "R", length, tail=marks + voice(number))
                at += length
        body += move("backup", at)
    if expected:
        got = parts_of(score([body], time=""))[0]
        assert sorted(got) == sorted(expected)


@st.composite
def measured_parts(draw):
    """(the length of each measure, for each part whether it has notes there, rests or nothing)."""
    lengths = draw(st.lists(st.integers(1, 20), min_size=1, max_size=6))
    kinds = st.lists(st.sampled_from("NNRWE"), min_size=len(lengths), max_size=len(lengths))
    return lengths, draw(st.lists(kinds, min_size=1, max_size=4))


@settings(max_examples=100, deadline=None)
@given(measured_parts())
def test_parts_never_drift(case):
    """Notes of every measure begin where the measure does, whatever other parts have there: short
    rests, rests as long as a whole note, nothing."""
    lengths, kinds = case
    kinds = [["N"] * len(lengths), *kinds]
    make = {"N": lambda n: note(steps=n), "R": lambda n: note("R", n), "E": lambda n: ""}
    make["W"] = lambda n: note("R", 16)
    content = score(*([make[k](n) for k, n in zip(row, lengths, strict=True)] for row in kinds))
    edges = np.cumsum([0, *lengths])
    expected = [
        [float(a) for a, kind in zip(edges, row, strict=False) if kind == "N"] for row in kinds
    ]
    assert starts(content) == [row for row in expected if row]
    assert read_musicxml(content).timeline.steps == edges[-1]


def test_rounded_tuplets_do_not_move_what_follows():
    """Seven notes in the time of four, in divisions that cannot have them."""
    sevens = attributes(divisions="<divisions>480</divisions>") + note("C5", 274) * 7
    content = score([sevens, note("D5", 1920)], [note("R", 16), BAR])
    assert starts(content)[0][-1] == 16 and math.isclose(starts(content)[0][1], 274 / 120)
    assert all(a < b for a, b in pairwise(starts(content)[0]))
