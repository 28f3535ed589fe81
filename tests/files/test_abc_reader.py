"""ABC as it is read. Sections are those of the ABC standard 2.1."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.melodies import load_melody
from helpers.files.abc_reader import read_abc, read_abc_tunes
from helpers.files.abc_text import decode_abc
from helpers.files.abc_writer import to_abc
from helpers.files.reading import MusicFileError, bars_of_measures
from helpers.music.grid import REST, Piece, as_onsets

HEADER = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\n"
SCALE = [(0, 4, 60), (4, 4, 62), (8, 4, 64), (12, 4, 65), (16, 4, 67), (20, 4, 69)]


def table(part):
    """(start, length, pitch), in sixteenths."""
    rows = [(start, end - start, int(pitch)) for start, end, pitch, _ in part.notes.tolist()]
    return [(round(start, 4), round(length, 4), pitch) for start, length, pitch in rows]


def tune(body, header=HEADER):
    return read_abc(header + body).timeline


def notes(body, header=HEADER):
    (part,) = tune(body, header).parts
    return table(part)


def in_a_row(*pairs):
    """Notes (length, pitch) one after the other, pitch None for a rest."""
    rows, time = [], 0
    for length, pitch in pairs:
        rows += [(time, length, pitch)] if pitch is not None else []
        time += length
    return rows


# --- what is no music (2.2.3 to 2.2.6, 3.2, 3.3, 10.2) --------------------------------------------


@pytest.mark.parametrize(
    "between",
    [
        *("%", "% GABc", "  % comment after blanks", "%%staffsep 50", "I:staffsep 50", "r:ABC"),
        *("w:abc def", "W:A bad cage", "N:ABC\n+:DEF", "s:abc", "%\n%\n%%vskip 3\n% ABC", "P:B"),
        "%%begintext\nABC def\n\nGAB\n%%endtext",
        "%%begintext\n%%ABC def\n%%endtext",
        "%%text ABC def",
        "H:history\nA bad cage of deaf dabs\nBAD",  # in 1.6 it went on to the next field
        "w:abc def \\\nGAB cab",  # fields were continued like this in 2.0
        "W:one\n%\n+:ABC\n% x\n+:DEF",
        "U:W = !fermata!",
        "Z:abc-copyright GAB",
    ],
)
def test_text_between_lines_of_music_is_left_out(between):
    following = "L:1/4\n" if between.startswith("H") else ""
    assert notes(f"CDEF|\n{between}\n{following}GA|\n") == SCALE


@pytest.mark.parametrize(
    "body",
    [
        "CDEF| % GABc\nGA|",
        "CD[r:and this is a remark: ABC]EF|GA|",
        "CD [N:ABC|DEF] EF|[P:B]GA|",
        "CD[r:" + "long remark A " * 50 + "]EF|GA",
        "CD\\\nEF|\\ % the line goes on\n% a comment\nGA|",
        "CDEF|$GA|*",
        "``CD`EF|GA",
        "CDEF|GA|\n\nA text with ABC after the tune.",
        "CDEF|GA|\n \t \nCDE",
        '"^ABC"CD"_fed"EF|"<("G">)"A|"@1,2 abc"',
        "!trill!C!1!D!>(!E!>)!F|!D.C.!!f!G!8va(!A",
        "!D.C. al Fine!CDEF|G!rit. poco a poco!A",
        "+trill+CD+fff+EF|+D.C.+GA",
        "uCvD~E.F|TGHA",
        "{abc}CD{/g}E{g2a/}F|{[ce]}GA",
        "CD[{a}E]F|[G{bc}]A",
        "CyDy2EF|(G)(A)",
    ],
)
def test_text_in_lines_of_music_is_left_out(body):
    assert notes(body) == SCALE


def test_an_empty_line_ends_a_tune_and_a_comment_does_not():
    book = f"{HEADER}CD|\n%\nEF|\n\n% between\nGABC is no tune\n\n{HEADER}CD|\n \nEF|\n"
    assert [len(reading.timeline.parts[0].notes) for reading in read_abc_tunes(book)] == [4, 2]


def test_exclamation_marks_as_line_breaks():
    """12.2: two make a decoration if there is neither blank nor bar line nor end between them."""
    assert notes("CD!\nEF|!\nGA!") == SCALE
    assert notes("CDEF|!GA !trill! !") == SCALE
    assert notes("CD !EF ! G !A") == SCALE
    assert notes("CD|!EF|!GA|") == SCALE
    # 6.1.1: a directive can say so of all of them.
    assert notes("CD!EF!GA", "%%linebreak !\n" + HEADER) == SCALE
    assert notes("CD!EF!GA", HEADER.replace("K:", "I:linebreak !\nK:")) == SCALE


def test_plus_signs_around_chords_before_1_6():
    assert notes("+CEG+ D") == [(0, 4, 60), (0, 4, 64), (0, 4, 67), (4, 4, 62)]
    assert notes("+C2E2+ D") == [(0, 8, 60), (0, 8, 64), (8, 4, 62)]


# --- fields and their scope (2.2.2, 3.1, 7) -------------------------------------------------------


def test_a_file_header_holds_for_all_tunes():
    """2.2.2: and a tune's own fields override it."""
    book = "%abc-2.1\n% a comment\nM:3/4\nL:1/4\nR:waltz\nQ:1/4=90\n\nX:1\nT:one\nK:C\nCDE|FGA|\n\n"
    book += (
        "Text: ABC\n\nX:2\nT:two\nM:2/4\nL:1/8\nR:polka\nQ:1/4=100\nK:C\nCD|\n\nX:3\nK:C\nCDE|\n"
    )
    one, two, three = read_abc_tunes(book)
    assert table(one.timeline.parts[0]) == SCALE
    assert one.timeline.bar_starts.tolist() == [0, 12]
    assert (one.timeline.time_signature, one.rhythm, one.timeline.tempo) == ("3/4", "waltz", 90)
    assert table(two.timeline.parts[0]) == [(0, 2, 60), (2, 2, 62)]
    assert (two.timeline.time_signature, two.rhythm, two.timeline.tempo) == ("2/4", "polka", 100)
    assert table(three.timeline.parts[0]) == SCALE[:3]
    assert (three.timeline.time_signature, three.number) == ("3/4", "3")


def test_of_a_header_s_lines_the_last_one_holds():
    assert notes("C", "L:1/4\nL:1/8\nL:1/4\n\nX:1\nK:C\n") == [(0, 4, 60)]


@pytest.mark.parametrize(
    "head",
    ["Dear friends,\nhere are tunes.\n\nL:1/16\n\n", "Some text\n\nM:2/4\n\n", "\n\n", "%abc\n\n"],
)
def test_free_text_before_the_tunes_is_no_header(head):
    assert notes("CD|", head + "X:1\nK:C\n") == [(0, 2, 60), (2, 2, 62)]


@pytest.mark.parametrize(
    "field, steps",
    [("1/8", 2), ("1/4", 4), ("1", 16), ("1/1", 16), (" 1/2 ", 8), ("1/32", 0.5), ("1/512", 1 / 32)]
    + [("auto", 2), ("0", 2), ("1/0", 2)],
)
def test_unit_lengths(field, steps):
    """3.1.7"""
    assert notes("CD2", f"X:1\nL:{field}\nM:4/4\nK:C\n") == [
        *((0, round(steps, 4), 60), (round(steps, 4), round(2 * steps, 4), 62)),
    ]


@pytest.mark.parametrize(
    "metre, steps",
    [("2/4", 1), ("3/4", 2), ("6/8", 2), ("C", 2), ("C|", 2), ("none", 2), ("", 2), ("5/8", 1)],
)
def test_unit_lengths_by_the_metre(metre, steps):
    """3.1.7: and a metre that comes later does not change it."""
    assert notes("C[M:2/4]D[M:C]E", f"X:1\nM:{metre}\nK:C\n") == in_a_row(
        (steps, 60), (steps, 62), (steps, 64)
    )


@pytest.mark.parametrize(
    "field, expected",
    [
        *(("C", "4/4"), ("C|", "2/2"), ("2+3/8", "5/8"), ("(3+2)/8", "5/8"), ("(2+3+2)/8", "7/8")),
        *(("3/8+2/4", "7/8"), ("2/4+3/8", "7/8"), ("(2+2)/8+3/4", "10/8"), (" 3/4 ", "3/4")),
        *(("12/8", "12/8"), ("0/4", "4/4"), ("3/5", "4/4"), ("none", "4/4")),
    ],
)
def test_metres(field, expected):
    """3.1.6; the sum of two fractions is not in the standard."""
    assert tune("C4|", f"X:1\nM:{field}\nK:C\n").time_signature == expected


@pytest.mark.parametrize(
    "field, tempo",
    [
        *(("1/4=120", 120), ("1/2=60", 120), ("3/8=50", 75), ('"Allegro" 1/4=120', 120)),
        *(('3/8=50 "Slowly"', 75), ("1/4 3/8 1/4 3/8=40", 200), ('"Andante"', None), ("", None)),
        # 10.1: these count notes of the unit length.
        *(("120", 60), ("C=120", 60), ("C3=80", 120), ("C3 = 80", 120)),
        *(("1/4 = 90.5", 90.5), ("1/4=ca. 90", 90), ("1/4=100-120", 100), ("1/4=1/8", None)),
    ],
)
@pytest.mark.parametrize("place", ["before", "after", "in the body", "inline"])
def test_tempos(field, tempo, place):
    """3.1.8 and, for old files, 10.1"""
    lines = {"before": f"Q:{field}\nL:1/8\nK:C\n", "after": f"L:1/8\nQ:{field}\nK:C\n"}
    lines |= {"in the body": f"L:1/8\nK:C\nQ:{field}\n", "inline": f"L:1/8\nK:C\n[Q:{field}]"}
    assert tune("CDE|", "X:1\nM:6/8\n" + lines[place]).tempo == tempo


def test_a_tempo_counts_the_unit_of_its_voice():
    timeline = tune("V:1\nL:1/4\nQ:100\nC|\nV:2\nC|", "X:1\nL:1/16\nK:C\n")
    assert timeline.tempo == 100


@pytest.mark.parametrize(
    "body, first, second",
    [
        ("V:1\nL:1/4\nCD|\nV:2\ncd|", [(4, 60), (4, 62)], [(2, 72), (2, 74)]),
        ("V:1\n[L:1/4]CD|\nV:2\ncd|", [(4, 60), (4, 62)], [(2, 72), (2, 74)]),
        ("[V:1][L:1/4]C|\n[V:2]c|\n[V:1]D|\n[V:2]d|", [(4, 60), (4, 62)], [(2, 72), (2, 74)]),
        ("V:2\ncd|\nV:1\nL:1/4\nCD|\nV:2\nL:1/2\nc|",
            [(4, 60), (4, 62)], [(2, 72), (2, 74), (8, 72)]),
        ("V:1\nK:D\nCF|\nV:2\ncf|", [(2, 61), (2, 66)], [(2, 72), (2, 77)]),
        ("V:1\nM:3/4\nZC|\nV:2\nZc|", [(12, None), (2, 60)], [(16, None), (2, 72)]),
        # What stands before the first V: holds for all of them.
        ("L:1/4\nV:1\nC|\nV:2\nc|", [(4, 60)], [(4, 72)]),
        ("K:D\nV:1\nC|\nV:2\nc|", [(2, 61)], [(2, 73)]),
        ("M:2/4\nV:1\nZC|\nV:2\nZc|", [(8, None), (2, 60)], [(8, None), (2, 72)]),
        ("V:1\n[K:clef=bass]^F|F\nV:2\nf", [(2, 66), (2, 65)], [(2, 77)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("declared", ["", "V:1\nV:2\n"])
def test_fields_in_a_voice_hold_for_it_alone(body, first, second, declared):
    timeline = tune(body, f"X:1\nM:4/4\nL:1/8\n{declared}K:C\n")
    assert sorted((part.name, table(part)) for part in timeline.parts) == [
        *(("1", in_a_row(*first)), ("2", in_a_row(*second))),
    ]


def test_music_before_any_voice_is_the_first_one_s():
    timeline = tune("CD|\nV:2\nc2|\nV:1\nE2|\nV:2\nd2|", "X:1\nL:1/8\nK:C\n")
    assert [table(part) for part in timeline.parts] == [
        *([(0, 2, 60), (2, 2, 62), (4, 4, 64)], [(0, 4, 72), (4, 4, 74)]),
    ]
    timeline = tune("CD|\nV:B\nc2|", "X:1\nL:1/8\nV:A\nV:B\nK:C\n")
    assert [part.name for part in timeline.parts] == ["A", "B"]


def test_voices_have_names():
    header = 'X:1\nV:1 clef=bass name="Low &eacute;"\nV:2 nm=High\nV:3 sname="x"\nK:C\n'
    parts = tune("[V:1]C[V:2]D[V:3]E[V:4]F", header).parts
    assert [part.name for part in parts] == ["Low é", "High", "3", "4"]


@pytest.mark.parametrize(
    "key, pitches",
    [
        *(("D", (66, 61)), ("D clef=bass", (66, 61)), ("D treble", (66, 61)), ("D =c", (66, 60))),
        *(("Dmaj=c", (66, 60)), ("D exp _f", (64, 60)), ("^f", (66, 60)), ("none", (65, 60))),
        *(("none clef=bass", (65, 60)), ("clef=bass", (65, 60)), ("HP", (66, 61)), ("", (65, 60))),
        *(("D middle=d", (66, 61)), ("A m=B", (66, 61)), ("Am=f", (65, 60)), ("Dm", (65, 60))),
        *(("D stafflines=1 octave=0", (66, 61)), ("C ^f^c", (66, 61)), ("D =f_c", (65, 59))),
        *(("D_c=f", (65, 59)), ("D exp _f^c", (64, 61))),
    ],
)
def test_keys_beside_clefs(key, pitches):
    """3.1.14, 4.6"""
    assert tuple(pitch for _, _, pitch in notes("FC", f"X:1\nK:{key}\n")) == pitches


@pytest.mark.parametrize("field", ["K:clef=bass", "K:bass", "K: clef=alto middle=C", "V:1 bass"])
def test_a_clef_does_not_change_the_key(field):
    assert [pitch for _, _, pitch in notes(f"F[{field}]F", "X:1\nK:D\n")] == [66, 66]
    assert tune(f"F[{field}]F", "X:1\nK:D\n").key == "D major"


@pytest.mark.parametrize(
    "said, semitones",
    [
        *(("clef=treble-8", -12), ("treble+8", 12), ("clef=bass-8", -12), ("octave=-1", -12)),
        *(("octave=2", 24), ("transpose=-2", -2), ("transpose=3 octave=1", 15), ("clef=tenor", 0)),
        *(("bass middle=d", 0), ("treble-8 transpose=12", 0), ('name="octave=1"', 0)),
        *(('clef="treble-8"', -12), ('clef="bass" octave=1', 12)),
    ],
)
def test_clefs_and_transposition_are_read_as_they_sound(said, semitones):
    """4.6: +8 and -8 move what is played, transpose= and octave= do, middle= does not."""
    for header, body in (
        (f"X:1\nK:C {said}\n", "c"),
        (f"X:1\nV:1 {said}\nK:C\n", "c"),
        ("X:1\nK:C\n", f"V:1 {said}\nc"),
        ("X:1\nK:C\n", f"[V:1 {said}]c"),
    ):
        reading = read_abc(header + body)
        assert table(reading.timeline.parts[0])[0][2] == 72 + semitones, header
        assert bool(semitones) <= any("transpose" in remark for remark in reading.remarks)


def test_transposition_is_a_voice_s_own():
    timeline = tune("V:1\nc\nV:2\nc\n[K:octave=0]c", "X:1\nV:1\nV:2 octave=-1\nK:C\n")
    assert [[pitch for _, _, pitch in table(part)] for part in timeline.parts] == [[72], [60, 72]]


@pytest.mark.parametrize(
    "header, body",
    [
        ("V:1 clef=treble\nV:2 clef=perc\nK:C\n", "[V:1] CDEF|\n[V:2] gggg|"),
        ("V:1\nV:2 perc stafflines=1\nK:C\n", "[V:1] CDEF|\n[V:2] gggg|"),
        ('V:1\nV:2\tclef="perc"\nK:C\n', "[V:1] CDEF|\n[V:2] gggg|"),
        ("K:C\n", "V:1\nCDEF|\nV:2 clef=perc\ngggg|"),
        ("K:C\n", "V:1\nCDEF|\nV:2\nK:clef=perc\ngggg|"),
        ("K:C\n", "V:1\nCDEF|\nV:2\nK:none clef=perc\ngggg|"),
        ("K:C\n", "V:1\nCDEF|\n[V:2 clef=perc]gggg|"),
        ("K:C perc\nV:1 clef=treble\n", "V:1 treble\nCDEF|\nV:2\ngggg|"),
        ("K:C\n", "V:1\nCDEF|\nV:2\n%%MIDI channel 10\ngggg|"),
        ("K:C\n", "V:1\nCDEF|\nV:2\n[I:MIDI=channel 10]gggg|"),
        ("V:1\nV:2\n%%MIDI channel 10\nK:C\n", "V:1\nCDEF|\nV:2\ngggg|"),
        ("V:1\nV:2\nI:MIDI channel 10\nK:C\n", "V:1\nCDEF|\nV:2\ngggg|"),
    ],
)
def test_percussion_is_no_melody(tmp_path, header, body):
    """4.6: perc is the drum clef."""
    text = f"X:1\nM:4/4\nL:1/4\n{header}{body}"
    assert [part.is_drum for part in read_abc(text).timeline.parts] == [False, True]
    (tmp_path / "a.abc").write_text(text)
    loaded = load_melody(tmp_path / "a.abc")
    assert loaded.melody[::4].tolist() == [60, 62, 64, 65]


def test_blanks_of_any_kind_end_a_voice_s_label():
    """7: in a header, and where the voice goes on."""
    header = 'X:1\nL:1/4\nV:1\tname="Low"\tclef=bass\nV:2\t clef=perc\nK:C\n'
    parts = tune("V:1\nCD|\n[V:2\t]gg|\nV: 1\tclef=bass\nE|", header).parts
    assert [(part.name, part.is_drum) for part in parts] == [("Low", False), ("2", True)]
    assert table(parts[0]) == SCALE[:3]


@pytest.mark.parametrize(
    "said", ["K:C", "K:none", "K:C clef=none", "V:perc\nK:C", "V:1\n%%MIDI channel 1\nK:C"]
)
def test_what_is_no_percussion(said):
    assert not tune("CDEF|", f"X:1\n{said}\n").parts[0].is_drum


# --- notes, chords and rests (4.1 to 4.5, 4.12, 4.13, 4.17) ---------------------------------------


@pytest.mark.parametrize(
    "body, expected",
    [
        ("C3/2 C/ C// C/4 C2/", in_a_row((6, 60), (2, 60), (1, 60), (1, 60), (4, 60))),
        ("A>B A<B A>>B A<<B", in_a_row(*zip((6, 2, 2, 6, 7, 1, 1, 7), (69, 71) * 4, strict=True))),
        ("A>{g}B A{g}<B A>\"Am\"B A!f!>B A > B", in_a_row(
            *zip((6, 2, 2, 6, 6, 2, 6, 2, 6, 2), (69, 71) * 5, strict=True))),
        ("A>B>C", in_a_row((6, 69), (3, 71), (2, 60))),
        ("A>|B A>zC", in_a_row((6, 69), (2, 71), (6, 69), (2, None), (4, 60))),
        ("[AC]>[BD]", [(0, 6, 60), (0, 6, 69), (6, 2, 62), (6, 2, 71)]),
        ("[C2E2]3 D", [(0, 24, 60), (0, 24, 64), (24, 4, 62)]),
        ("[CE]/ [CE]3/2 D", [(0, 2, 60), (0, 2, 64), (2, 6, 60), (2, 6, 64), (8, 4, 62)]),
        ("[C2E4] D", [(0, 8, 60), (0, 16, 64), (8, 4, 62)]),  # the first one's length counts
        ("[!fermata!CE]4", [(0, 16, 60), (0, 16, 64)]),
        ("[!1!D!3!F!5!A]2", [(0, 8, 62), (0, 8, 65), (0, 8, 69)]),
        ('["^abc"C"_[f]"E."Am"G]2', [(0, 8, 60), (0, 8, 64), (0, 8, 67)]),
        ("[C{g}E]", [(0, 4, 60), (0, 4, 64)]),
        ("(12:8:12 CDEFGABcdefg A", in_a_row(*[(8 / 3, p) for p in (60, 62, 64, 65, 67, 69, 71)],
            *[(8 / 3, p) for p in (72, 74, 76, 77, 79)], (4, 69))),
        ("[+trill+CTE]", [(0, 4, 60), (0, 4, 64)]),
        ("[^c_e=f]c", [(0, 4, 63 + 12), (0, 4, 73), (0, 4, 77), (4, 4, 73)]),
        ("[CC]D", [(0, 4, 60), (0, 4, 60), (4, 4, 62)]),
        ("(3abc (3:2:2c2d e", in_a_row(*[(8 / 3, p) for p in (81, 83, 72)], (16 / 3, 72),
            (8 / 3, 74), (4, 76))),
        ("(3::2 C2D E", in_a_row((16 / 3, 60), (8 / 3, 62), (4, 64))),
        ("(3 [CE]z{g}D E", [(0, 2.6667, 60), (0, 2.6667, 64), (5.3333, 2.6667, 62), (8, 4, 64)]),
        ("(2CD (4CDEF E", in_a_row((6, 60), (6, 62), *[(3, p) for p in (60, 62, 64, 65)], (4, 64))),
        ("(5CDEFG E", in_a_row(*[(1.6, p) for p in (60, 62, 64, 65, 67)], (4, 64))),
        ("(5:4:6 (3CDE FGA B", in_a_row(*[(32 / 15, p) for p in (60, 62, 64)],
            *[(3.2, p) for p in (65, 67, 69)], (4, 71))),
        ("(3(3CDE F", in_a_row(*[(8 / 3, p) for p in (60, 62, 64)], (4, 65))),  # a slip
        ("(10:8:10CDEFGCDEFG E", in_a_row(*[(3.2, p) for p in (60, 62, 64, 65, 67) * 2], (4, 64))),
        ("(3:2:12" + "CDE" * 4 + "E", in_a_row(*[(8 / 3, p) for p in (60, 62, 64) * 4], (4, 64))),
        ("(12:8 " + "CDE" * 4 + "E", in_a_row(*[(8 / 3, p) for p in (60, 62, 64) * 4], (4, 64))),
        ("(3C>DE F", in_a_row((4, 60), (4 / 3, 62), (8 / 3, 64), (4, 65))),
    ],
)  # fmt: skip
def test_lengths(body, expected):
    assert np.allclose(sorted(notes(body)), sorted(expected), atol=1e-3)


@pytest.mark.parametrize(
    "metre, into",
    [("6/8", 3), ("9/8", 3), ("12/8", 3), ("3/8", 2), ("3/4", 2), ("4/4", 2), ("none", 2)],
)
def test_tuplets_that_depend_on_the_metre(metre, into):
    """4.13"""
    body = notes("(5CDEFG E", f"X:1\nM:{metre}\nL:1/4\nK:C\n")
    assert body[-1] == (4 * into, 4, 64)


@pytest.mark.parametrize(
    "scope, pitches",
    [("pitch", (66, 78, 66, 65)), ("octave", (66, 77, 66, 65)), ("not", (66, 77, 65, 65))],
)
def test_how_far_accidentals_reach(scope, pitches):
    """11.3"""
    header = HEADER.replace("K:", f"%%propagate-accidentals {scope}\nK:")
    assert tuple(pitch for _, _, pitch in notes("^F f F|F", header)) == pitches


# --- ties (4.11, 7.4) -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, expected",
    [
        ("c-c", [(0, 8, 72)]),
        ("c-|c2-|c", [(0, 16, 72)]),
        ("^c-|c c", [(0, 8, 73), (8, 4, 72)]),
        ("^c-|_d", [(0, 8, 73)]),
        ("c- c c.-c", [(0, 8, 72), (8, 8, 72)]),
        ("c!trill!-c c-!trill!c", [(0, 8, 72), (8, 8, 72)]),
        ("(c-)c c-{d}c", [(0, 8, 72), (8, 8, 72)]),
        ("c-{c}c {c-}d", [(0, 8, 72), (8, 4, 74)]),
        ("c {c}-c", [(0, 4, 72), (4, 4, 72)]),  # the grace note is tied, not the one before it
        ("c-d c", in_a_row((4, 72), (4, 74), (4, 72))),  # a slur, written as a tie
        ("c-d-c", in_a_row((4, 72), (4, 74), (4, 72))),
        ("c-zc", in_a_row((4, 72), (4, None), (4, 72))),
        ("[CE]-[CE]", [(0, 8, 60), (0, 8, 64)]),
        ("[C-E-][CE]", [(0, 8, 60), (0, 8, 64)]),
        ("[C-E][CE]", [(0, 8, 60), (0, 4, 64), (4, 4, 64)]),
        ("[CE-]E C", [(0, 4, 60), (0, 8, 64), (8, 4, 60)]),
        ("C-[CE]", [(0, 8, 60), (4, 4, 64)]),
        ("C-E-G-[CEG]2", [(0, 20, 60), (4, 16, 64), (8, 12, 67)]),  # an arpeggio into a chord
        ("C-E-G-|[CEG]2-[CEG]2 C", [(0, 28, 60), (4, 24, 64), (8, 20, 67), (28, 4, 60)]),
        ("C-E-[CG]", [(0, 4, 60), (4, 4, 64), (8, 4, 60), (8, 4, 67)]),  # it has not all of them
        ("c->c c", [(0, 8, 72), (8, 4, 72)]),
        # 7.4: every layer ties for itself.
        ("c4-&E4|c4&F4|", [(0, 16, 64), (0, 32, 72), (16, 16, 65)]),
        ("c4&E4-|c4&E4|", [(0, 32, 64), (0, 16, 72), (16, 16, 72)]),
        ("c4-&c4|c4&c4|", [(0, 32, 72), (0, 16, 72), (16, 16, 72)]),
        ("c4-&^E4-&C4|c4&E4&C4|", [(0, 16, 60), (16, 16, 60), (0, 32, 65), (0, 32, 72)]),
        ("^c2&c2|", [(0, 8, 73), (0, 8, 72)]),  # accidentals, too
        ("c4-&E2|c2&F2|", [(0, 24, 72), (0, 8, 64), (16, 8, 65)]),
        ("g4|e4&&d4|c4|f4|", [(0, 16, 79), (16, 16, 76), (0, 16, 74), (16, 16, 72), (32, 16, 77)]),
        ("(&c4|d4&e4|f4&)|g4",
            [(0, 16, 72), (16, 16, 74), (0, 16, 76), (16, 16, 77), (32, 16, 79)]),
        # No tie leads from one ending into the next one.
        ("c4-|1 c4:|2 c4|", [(0, 32, 72), (32, 16, 72)]),
        ("c4|1 c4-:|2 c4|", in_a_row((16, 72), (16, 72), (16, 72))),
        ("c4|[1 c4-:|[2 c4-||c4|]", in_a_row((16, 72), (16, 72), (32, 72))),
        ("c4-:|c4", [(0, 32, 72)]),
    ],
)  # fmt: skip
def test_ties(body, expected):
    assert sorted(notes(body)) == sorted(expected)


def test_voices_in_unison_tie_for_themselves():
    timeline = tune("V:1\nc4-|c4|\nV:2\nc4|c4|")
    assert [table(part) for part in timeline.parts] == [[(0, 32, 72)], [(0, 16, 72), (16, 16, 72)]]
    timeline = tune("[V:1]c4-|[V:2]c4|[V:1]c4|[V:2]c4|")
    assert [table(part) for part in timeline.parts] == [[(0, 32, 72)], [(0, 16, 72), (16, 16, 72)]]


# --- bars (4.5, 4.8, 4.9) -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metre, body, starts",
    [
        ("6/8", "|:A|dfe dcB|1 A3 A2:|2 A3 A2|]", [2, 14, 24]),
        ("6/8", "|:A|dfe dcB|[1 A3 A2:|[2 A3 A2|]", [2, 14, 24]),
        ("6/8", "|:A|dfe dcB|1 A3 A2:|2 A3 A2||B|def def|", [2, 14, 24, 36]),
        ("6/8", "|:A|dfe dcB|1,3 A3 A2:|2 A3 A2|]", [2, 14, 24]),
        ("6/8", "|:A|dfe dcB|1 A3 A2:|2 A3 A2:|3 A3 A3|]", [2, 14, 24, 34]),
        ("6/8", "|:A|dfe dcB|A3 |1 A2 A:|2 A3|]", [2, 14]),  # endings that fill up a bar
        # Endings that begin inside a bar, where no bar line is.
        ("6/8", "|:A|dfe dcB|A3 [1 A2 A:|[2 A3|]", [2, 14]),
        ("C|", "C8|D4 [1 E4:|\\\n[2 E2||F2|G8|]", [0, 16, 40]),
        ("C|", "|:C8[1 D8:|[2 E8|]", [0, 16, 32]),
        ("C|", "|:C4[1 D4:|[2 E4|]F4|", [0, 16]),
        ("C|", "|:C8|D4[1,3 E4:|[2,4 F4|]", [0, 16]),
        ("6/8", "|:A|dfe dcB|A3 A2:|B|def A3|", [2, 14, 26]),  # a bar in two halves
        ("6/8", "|:A|dfe dcB|A3 [1 A2 A:|[2 A3|]def A3|", [2, 14, 32]),
        ("3/4", "C6|Z2|D6|", [0, 12, 24, 36]),
        ("3/4", "C6|X3|D6|Z|", [0, 12, 24, 36, 48, 60]),
        ("C|", "C8|Z2|[M:3/4]Z2|C6|", [0, 16, 32, 48, 60, 72]),
        ("4/4", "C8|[M:3/4]C6|C6|M:2/4|C4|C4|", [0, 16, 28, 40, 48]),
        ("4/4", "C8|C6[M:2/4]|C4|", [0, 16, 28]),
        ("none", "C8|C6|C4|", [0, 16, 28]),
        ("(2+3)/8", "C5|C5|", [0, 10]),
        ("3/8+2/4", "C7|C7|", [0, 14]),
        ("3/4", "C6|]|:D6:|:E6::F6|", [0, 12, 24, 36]),
        ("3/4", "C6[|]D6||E6.|F6|", [0, 12, 24, 36]),
    ],
)
def test_bars(metre, body, starts):
    body = body.replace("M:2/4|", "\nM:2/4\n") if "[M:2/4]" not in body else body
    assert tune(body, f"X:1\nM:{metre}\nL:1/8\nK:C\n").bar_starts.tolist() == starts


def test_metres_that_change_in_one_voice_are_those_of_the_tune():
    timeline = tune("[V:1]c4|[M:3/4]c3|c3|\n[V:2]C4|C3|C3|")
    assert (timeline.time_signature, timeline.bar_starts.tolist()) == ("3/4", [0, 16, 28])


def test_a_rest_of_very_many_bars_is_refused_at_once():
    for body in ("CZ999999", "C" + "Z999999|" * 3_000):
        with pytest.raises(MusicFileError, match="sixteenths|at most"):
            tune(body, "X:1\nM:1/64\nK:C\n")


def test_endings_of_measures():
    bar = [(0, 12, 12), (12, 10, 12), (22, 10, 12)]
    assert bars_of_measures(bar) == [0, 12]
    assert bars_of_measures(bar, {1: True, 2: False}) == [0, 12, 22]


# --- letters (3.1.17, 8.2) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "charset, title",
    [
        *(("windows-1251", "Калинка"), ("cp1251", "Калинка"), ("koi8-r", "Калинка")),
        *(("iso-8859-1", "Café"), ("iso-8859-2", "Łódź"), ("iso-8859-7", "Ελλάδα")),
        *(("utf-8", "Łódź Калинка"), ("shift_jis", "さくら"), ("us-ascii", "Air")),
    ],
)
@pytest.mark.parametrize("declared", ["%%abc-charset ", "I:abc-charset "])
def test_declared_encodings(charset, title, declared):
    text = f"%abc-2.1\n{declared}{charset}\n\nX:1\nT:{title}\nK:C\nC|\n"
    assert read_abc(text.encode(charset)).timeline.name == title
    own = f"X:1\nT:{title}\n{declared}{charset}\nK:C\nC|\n"
    assert read_abc(own.encode(charset)).timeline.name == title


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_that_nobody_declares(encoding):
    assert read_abc("X:1\nT:Café\nK:C\nC|\n".encode(encoding)).timeline.name == "Café"


@pytest.mark.parametrize("charset", ["nonsense", "punycode", "unicode_escape", "utf-8", "hex"])
def test_a_wrong_declaration_is_passed_over(charset):
    content = f"I:abc-charset {charset}\n\nX:1\nT:Café\nK:C\nC|\n".encode("latin-1")
    assert "T:Café" in decode_abc(content)


@pytest.mark.parametrize(
    "written, title",
    [
        (r"Caf\'e \`a l\^a \"u \~n \cc \vs \uA \HO", "Café à lâ ü ñ ç š Ă Ő"),
        (r"\AA\ae\/o\ss\OE\TH", "Åæøß" + "ŒÞ"),
        ("&eacute;&#233;&amp;&copy;", "éé&©"),
        (r"\u00e9 \U0001d11e", "é \U0001d11e"),
        (r"50\% R\&D C:\\x", "50% R&D C:" + "\\x"),
        (r"Tom & Jerry; \x \!", r"Tom & Jerry; \x \!"),
        ("One % a comment", "One"),
    ],
)
def test_letters_that_are_spelled_out(written, title):
    assert tune("C|", f"X:1\nT:{written}\nK:C\n").name == title


def test_a_control_character_ends_no_line():
    assert tune("C|", "X:1\nT:A\x85B\x0cC\u2028D\nK:C\n").name == "A B C D"


# --- round trips ----------------------------------------------------------------------------------

PITCHES = st.sampled_from([REST, 59, 60, 61, 66, 84])
BLANKS = (
    *("[r:CDE]", '"^abc"', "!trill!", '"_G"', "{abc}", "!8va(!", "!D.C. al Fine!", "[N:ABC]", "~"),
    *("y", "[P:A]", "!", "``", '"@1,2 cab"'),
)
ENDS = ("", "", " % CDE", " !", "\\", "%|")
LINES = (
    *(
        "%",
        "% GABc",
        "   % x",
        "%%staffsep 5",
        "I:staffsep 5",
        "w:abc def",
        "N:abc\n+:abc",
        "r:ABC",
    ),
    *("%%begintext\nABC\n\nDEF\n%%endtext", "W:a bad cage", "P:A", "K:clef=treble"),
)


@st.composite
def pieces(draw, most_voices=3):
    voices = draw(st.integers(1, most_voices))
    row = st.tuples(*[st.tuples(PITCHES, st.booleans())] * voices)
    cells = np.array(draw(st.lists(row, min_size=8, max_size=80)), np.int16).reshape(-1, voices, 2)
    signature, bar = draw(st.sampled_from([("4/4", 16), ("3/4", 12), ("6/8", 12), ("2/4", 8)]))
    return Piece(
        name=draw(st.text("ab %\\&;é\"'", max_size=12)).strip(),
        voices=cells[:, :, 0],
        onsets=as_onsets(cells[:, :, 0], cells[:, :, 1] == 1),
        bar_starts=np.arange(draw(st.integers(0, 4)), len(cells), bar),
        time_signature=signature,
        key=draw(st.sampled_from(["C major", "A major", "F minor"])),
        tempo=draw(st.integers(40, 240)),
    )


def content(timeline):
    notes = sorted((part.name, table(part)) for part in timeline.parts)
    return (
        notes,
        timeline.bar_starts.tolist(),
        timeline.time_signature,
        timeline.tempo,
        timeline.key,
    )


@settings(max_examples=60, deadline=None)
@given(pieces(), st.randoms(use_true_random=False))
def test_what_is_no_music_changes_nothing(piece, random):
    """2.2.5: ABC with comments and remarks is as if they were not there. So are decorations, and
    voices may come line by line."""
    if not (piece.voices != REST).any():
        return
    plain = to_abc(piece)
    head, body = re.split(r"(?<=\n)(?=K:)", plain)
    key, *lines = body.splitlines()
    voices, label = {}, ""
    for line in lines:
        label = line if line.startswith("V:") else label
        voices.setdefault(label, []).extend([line] if line != label else [])
    noisy, rows = [key], max(map(len, voices.values()))
    for row in range(rows):
        for label, own in voices.items():
            if row < len(own):
                music = re.sub(" ", lambda _: f" {random.choice(BLANKS)} ", own[row])
                noisy += [random.choice(LINES)] if random.random() < 0.5 else []
                noisy.append((f"[{label}]" if label else "") + music + random.choice(ENDS))
    fields = [line for line in head.splitlines() if line[0] in "MLQ"]
    own = [line for line in head.splitlines() if line[0] not in "MLQ"]
    text = "\n".join(["%abc-2.1", *fields, "", *own, *noisy, "", "Text: ABC"])
    expected = read_abc(plain).timeline
    assert content(read_abc(text).timeline) == content(expected)
    assert expected.name == " ".join(piece.name.split())


@settings(max_examples=60, deadline=None)
@given(pieces(most_voices=2))
def test_layers_over_each_other_are_as_voices_beside_each_other(piece):
    """7.4"""
    if piece.voices.shape[1] < 2 or not (piece.voices != REST).any():
        return
    beside = to_abc(piece)
    head, first, second = re.split(r"V:\d\n", beside.replace(" |]", " |"))
    bars = [re.split(r"\|", text.replace("\n", " ")) for text in (first, second)]
    over = "|".join("&".join(pair) for pair in zip(*bars, strict=True)).rstrip("& ")
    separate, together = read_abc(beside).timeline, read_abc(head + over).timeline
    assert sorted(row for part in together.parts for row in table(part)) == sorted(
        row for part in separate.parts for row in table(part)
    )
    assert together.bar_starts.tolist() == separate.bar_starts.tolist()
