"""A folder of one's own music: what is found, what it becomes, the cache, and what goes wrong."""

import base64
import errno
import io
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import mido
import numpy as np
import pretty_midi
import pytest

from helpers.course.storage import write_npz
from helpers.data import folders
from helpers.data.folders import Collection, find_files, load_folder
from helpers.data.representations import read_events
from helpers.files import abc_reader, formats
from helpers.files.formats import read_music, read_pieces
from helpers.files.reading import MAX_STEPS, MusicFileError
from helpers.music.conversion import to_timeline
from helpers.music.events import FIRST_DOWN, FIRST_UP, FIRST_VELOCITY, FIRST_WAIT
from helpers.music.seconds import notes_in_seconds
from helpers.music.timeline import Timeline
from helpers.music.words import Vocabulary
from helpers.show.player import play
from helpers.show.rolls import plot_roll

ROOT = Path(__file__).resolve().parents[2]
BOOK = """X:1
T:First
M:3/4
L:1/4
K:Em
EFG|ABc|

X:2
T:Broken
K:C
C99999999|

X:3
T:Third
L:1/8
K:Dmix
(3def g2|
"""
XML = """<score-partwise><part-list><score-part id="P1"><part-name>Flute</part-name>
<midi-instrument id="I"><midi-channel>1</midi-channel><midi-program>74</midi-program>
</midi-instrument></score-part></part-list><part id="P1"><measure number="1"><attributes>
<divisions>1</divisions><time><beats>2</beats><beat-type>4</beat-type></time></attributes>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>1</duration></note>
<note><pitch><step>D</step><octave>5</octave></pitch><duration>1</duration></note>
</measure></part></score-partwise>"""


def band() -> bytes:
    """Two bars of 2/4 at 90: a melody with a pedal, a bass and drums."""
    file = mido.MidiFile(ticks_per_beat=480)
    head = mido.MidiTrack([mido.MetaMessage("track_name", name="A band")])
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(90)))
    head.append(mido.MetaMessage("time_signature", numerator=2, denominator=4))
    lead = [("note_on", 72, 100, 0), ("note_off", 72, 0, 480)]
    lead += [("note_on", 74, 90, 0), ("note_off", 74, 0, 960)]
    bass = [("note_on", 48, 80, 0), ("note_off", 48, 0, 1920)]
    drums = [("note_on", 36, 127, 0), ("note_off", 36, 0, 60)]
    drums += [("note_on", 38, 64, 450), ("note_off", 38, 0, 60)]  # 30 ticks late
    file.tracks.append(head)
    parts = ((0, 56, "Melody", lead), (1, 33, "", bass), (9, 0, "", drums))
    for channel, program, name, events in parts:
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        track.append(mido.Message("program_change", program=program, channel=channel))
        if channel == 0:
            track.append(mido.Message("control_change", control=64, value=127, channel=0))
        for kind, note, velocity, wait in events:
            message = mido.Message(kind, note=note, velocity=velocity, channel=channel, time=wait)
            track.append(message)
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def tune(*pitches) -> bytes:
    """A tune of quarter notes."""
    track = mido.MidiTrack()
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=70))
        track.append(mido.Message("note_off", note=pitch, time=480))
    buffer = io.BytesIO()
    mido.MidiFile(tracks=[track]).save(file=buffer)
    return buffer.getvalue()


@pytest.fixture
def music(tmp_path):
    """A folder of seven files with music, three without, and some that do not count."""
    folder = tmp_path / "my music"
    (folder / "b" / "deep").mkdir(parents=True)
    (folder / "a.mid").write_bytes(tune(60, 62))
    (folder / "B.MIDI").write_bytes(tune(64))
    (folder / "b" / "band.mid").write_bytes(band())
    (folder / "b" / "book.abc").write_text(BOOK, encoding="utf-8")
    (folder / "b" / "deep" / "ünï.musicxml").write_text(XML, encoding="utf-8")
    (folder / "b" / "cut.mid").write_bytes(band()[:-40])
    (folder / "b" / "empty.xml").write_bytes(b"")
    (folder / "c.mid").write_bytes(tune(60, 62))  # the same as a.mid
    (folder / "silent.mid").write_bytes(tune())
    with zipfile.ZipFile(folder / "z.mxl", "w") as archive:
        archive.writestr("score.xml", XML)
    (folder / "notes.txt").write_text("no music")
    (folder / "._a.mid").write_bytes(b"a Mac's note about a.mid")
    return folder


NAMES = ["B.MIDI", "a.mid", "b/band.mid", "b/book.abc#1", "b/book.abc#2", "b/deep/ünï.musicxml"]
NAMES += ["c.mid", "z.mxl"]


@pytest.fixture
def load(music, tmp_path):
    """Loads the folder in this process, with a cache of its own."""

    def load_it(representation="voices", **options):
        return load_folder(music, representation, jobs=1, cache=tmp_path / "cache", **options)

    return load_it


def item(collection: Collection, name: str):
    return collection[collection.names.index(name)]


def entries(tmp_path) -> list[Path]:
    return sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())


# --- one file ----------------------------------------------------------------------------------


def test_a_midi_file_as_it_is(music):
    timeline = read_music(music / "b" / "band.mid")
    assert isinstance(timeline, Timeline)
    assert (timeline.name, timeline.time_signature) == ("A band", "2/4")
    assert timeline.tempo == pytest.approx(90, abs=1e-4)  # whole microseconds a quarter
    assert timeline.parts[0].controls.tolist() == [[0, 64, 127]]
    assert timeline.parts[1].controls is None
    assert timeline.steps == 16 and timeline.bar_starts.tolist() == [0, 8]
    assert [p.name for p in timeline.parts] == ["Melody", "electric bass (finger)", "drums"]
    assert [p.program for p in timeline.parts] == [56, 33, 0]
    assert [p.is_drum for p in timeline.parts] == [False, False, True]
    melody, bass, drums = (part.notes.tolist() for part in timeline.parts)
    assert melody == [[0, 4, 72, 100], [4, 12, 74, 90]] and bass == [[0, 16, 48, 80]]
    assert drums == [[0, 0.5, 36, 127], [4.25, 4.75, 38, 64]]


def test_a_score_and_a_book(music):
    (score,) = read_pieces(music / "b" / "deep" / "ünï.musicxml")
    assert (score.name, score.time_signature, score.steps) == ("ünï", "2/4", 8)
    assert [(part.name, part.program) for part in score.parts] == [("Flute", 73)]
    assert score.parts[0].notes.tolist() == [[0, 4, 72, 80], [4, 8, 74, 80]]
    refused = []
    first, third = read_pieces(music / "b" / "book.abc", refused)
    assert refused == ["tune 2 of 3 has a note of impossible length (99999999): mend it."]
    assert (first.name, first.key, first.time_signature) == ("First", "E minor", "3/4")
    assert first.parts[0].name == "melody" and first.bar_starts.tolist() == [0, 12]
    assert first.parts[0].notes[:, 2].tolist() == [64, 66, 67, 69, 71, 72]
    assert (third.name, third.key) == ("Third", "D mixolydian")
    assert np.allclose(third.parts[0].notes[:, 0], [0, 4 / 3, 8 / 3, 4])
    with pytest.raises(MusicFileError, match="^book.abc tune 2 of 3 has a note"):
        read_pieces(music / "b" / "book.abc")
    assert read_music(music / "b" / "book.abc").name == "First"  # and no more is read


@pytest.mark.parametrize(
    "text, key",
    [
        *(("C", "C major"), ("Em", "E minor"), ("F# min", "F# minor"), ("Bbmaj", "Bb major")),
        *(
            ("Gmix", "G mixolydian"),
            ("HP", ""),
            ("", ""),
            ("D clef=bass", "D major"),
            ("Aaeolian", "A minor"),
        ),
    ],
)
def test_keys(text, key):
    assert abc_reader.key_name(text) == key


def test_parts_have_names_of_their_own(tmp_path):
    tracks = [mido.MidiFile(file=io.BytesIO(tune(60))).tracks[0] for _ in range(3)]
    mido.MidiFile(tracks=tracks).save(tmp_path / "a.mid")
    names = [part.name for part in read_music(tmp_path / "a.mid").parts]
    assert names == ["acoustic grand piano", "acoustic grand piano 2", "acoustic grand piano 3"]


def test_what_is_too_long_or_has_too_many_parts(tmp_path):
    track = mido.MidiFile(file=io.BytesIO(tune(60))).tracks[0]
    mido.MidiFile(tracks=[track] * 257).save(tmp_path / "parts.mid")
    with pytest.raises(MusicFileError, match="^parts.mid has more than 256 parts"):
        read_music(tmp_path / "parts.mid")
    track[1].time = MAX_STEPS * 120
    mido.MidiFile(tracks=[track]).save(tmp_path / "long.mid")
    assert read_music(tmp_path / "long.mid").steps == MAX_STEPS
    track[1].time += 1
    mido.MidiFile(tracks=[track]).save(tmp_path / "long.mid")
    with pytest.raises(MusicFileError, match="^long.mid holds a piece of 200,000 sixteenths"):
        read_music(tmp_path / "long.mid")
    (tmp_path / "large.mid").write_bytes(tune(60) + bytes(4_000_000))
    with pytest.raises(MusicFileError, match="^large.mid is larger than 4 MB"):
        read_music(tmp_path / "large.mid")


def test_paths_that_are_no_music(tmp_path):
    for path, message in ((3, "text or a Path"), (tmp_path, "folder"), ("none.mid", "not found")):
        with pytest.raises(MusicFileError, match=message):
            read_music(path)


def velocity(value):
    return FIRST_VELOCITY + value // 5


def wait(ticks):
    return FIRST_WAIT + ticks - 1


def test_a_midi_file_as_events(music):
    """Without drums, and with the melody's pedal, which is never lifted: a quarter is 2/3 s."""
    tokens = read_events(music / "b" / "band.mid")
    expected = [velocity(80), FIRST_DOWN + 48, velocity(100), FIRST_DOWN + 72, wait(67)]
    expected += [velocity(90), FIRST_DOWN + 74, wait(100), wait(100)]
    expected += [FIRST_UP + 48, FIRST_UP + 72, FIRST_UP + 74]
    assert tokens.tolist() == expected and tokens.dtype == np.int32


def test_an_abc_file_as_events(tmp_path):
    """Two quarters and a half at 100 quarters a minute; a repeat sign is not followed."""
    path = tmp_path / "a.abc"
    path.write_text("X:1\nT:A\nM:4/4\nL:1/4\nK:C\nC E G2:|\n")
    expected = [velocity(80), FIRST_DOWN + 60, wait(60), FIRST_UP + 60, FIRST_DOWN + 64, wait(60)]
    expected += [FIRST_UP + 64, FIRST_DOWN + 67, wait(100), wait(20), FIRST_UP + 67]
    assert read_events(path).tolist() == expected
    assert read_events(str(path)).tolist() == expected
    fast = path.read_text().replace("K:C", "Q:1/4=200\nK:C")
    path.write_text(fast)
    assert read_events(path).tolist()[2] == wait(30)


def test_a_book_as_events_is_its_first_tune(tmp_path):
    tunes = BOOK.split("\n\n")
    (tmp_path / "first.abc").write_text(tunes[0])
    (tmp_path / "both.abc").write_text(f"{tunes[0]}\n\n{tunes[2]}")
    tokens = read_events(tmp_path / "both.abc")
    assert np.array_equal(tokens, read_events(tmp_path / "first.abc"))
    (tmp_path / "book.abc").write_text(BOOK)  # whose second tune is broken: no more is read
    assert np.array_equal(tokens, read_events(tmp_path / "book.abc"))
    downs = tokens[(tokens >= FIRST_DOWN) & (tokens < FIRST_UP)] - FIRST_DOWN
    assert downs.tolist() == [64, 66, 67, 69, 71, 72]


def test_a_score_as_events(music):
    downs = read_events(music / "b" / "deep" / "ünï.musicxml")
    assert FIRST_DOWN + 72 in downs and FIRST_DOWN + 74 in downs
    assert np.array_equal(downs, read_events(music / "z.mxl"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("b/cut.mid", "^cut.mid "),
        ("b/empty.xml", "^empty.xml "),
        ("silent.mid", "^silent.mid holds no notes"),
        ("none.mid", "not found"),
        ("b", "folder"),
    ],
)
def test_what_has_no_events_gets_one_sentence(music, name, message):
    with pytest.raises(MusicFileError, match=message) as error:
        read_events(music / name)
    assert str(error.value).count(". ") == 0 and "\n" not in str(error.value)


def test_drums_alone_are_no_events(tmp_path):
    track = mido.MidiTrack([mido.Message("note_on", note=36, channel=9, velocity=99)])
    track.append(mido.Message("note_off", note=36, channel=9, time=99))
    mido.MidiFile(tracks=[track]).save(tmp_path / "drums.mid")
    with pytest.raises(MusicFileError, match="^drums.mid holds only drums"):
        read_events(tmp_path / "drums.mid")
    with pytest.raises(MusicFileError, match="text or a Path"):
        read_events(3)


# --- the folder --------------------------------------------------------------------------------


def test_everything_is_found_in_order_and_bad_files_are_listed(load, capsys):
    collection = load()
    assert collection.names == NAMES and len(collection) == len(list(collection)) == 8
    reasons = dict(collection.skipped)
    assert list(reasons) == ["b/book.abc", "b/cut.mid", "b/empty.xml", "silent.mid"]
    assert reasons["b/book.abc"].startswith("tune 2 of 3 has a note of impossible length")
    assert reasons["b/cut.mid"].startswith("breaks off in the middle")
    assert reasons["b/empty.xml"].startswith("is empty") and reasons["silent.mid"] == (
        "holds no notes."
    )
    assert capsys.readouterr().out == collection.report + "\n"
    first, *others = collection.report.splitlines()
    assert first == "8 pieces as voices from 10 files. Left out, 4:"
    assert others[1].startswith("- b/cut.mid breaks off in the middle")


def test_a_long_report_is_cut(tmp_path):
    for i in range(25):
        (tmp_path / f"{i:02}.mid").write_bytes(b"no music")
    collection = load_folder(tmp_path, jobs=1, cache=tmp_path / "cache")
    assert len(collection.skipped) == 25 and len(collection.report.splitlines()) == 12
    assert collection.report.endswith("- and 15 more, which .skipped lists.")
    with pytest.raises(ValueError, match="no pieces"):
        collection.dataset()


def test_pieces_are_had_by_index_and_slice(load):
    collection = load()
    items = list(collection)
    for i in range(-8, 8):
        assert np.array_equal(collection[i], items[i])
    assert [len(piece) for piece in collection[3:7:2]] == [len(items[3]), len(items[5])]
    with pytest.raises(IndexError, match="a number from 0 to"):
        collection[8]
    assert not any(isinstance(value, np.ndarray) for value in vars(load()).values())


def make_link(path, target):
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("links are not allowed here")


def test_what_cannot_be_opened_is_listed_and_the_rest_is_loaded(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "a.mid").write_bytes(tune(60))
    make_link(folder / "circle", "circle")
    make_link(folder / "circle.mid", folder / "circle.mid")
    make_link(folder / "gone", tmp_path / "nowhere")
    make_link(folder / "gone.mid", tmp_path / "nowhere.mid")
    make_link(folder / ".gone", tmp_path / "nowhere")
    make_link(folder / "round", folder)
    collection = load_folder(folder, jobs=1, cache=tmp_path / "cache")
    assert collection.names == ["a.mid"] and dict(collection.skipped) == {
        "circle": "is a link that leads in a circle: delete it.",
        "gone": "was not found: it is a link that leads nowhere, or was just deleted.",
        "circle.mid": f"cannot be opened ({os.strerror(errno.ELOOP).lower()}): check its path.",
        "gone.mid": f"was not found in {folder}: check the path.",
    }


AS_A_GUEST = """
import os, sys
from pathlib import Path
import joblib, numpy, pretty_midi
from helpers.data import load_folder
from helpers.course import progress_bar, storage

if os.getuid() == 0:  # who may do everything
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
place = Path(sys.argv[1])
collection = load_folder(place / "music", "roll", jobs=1, cache=place / "cache")
print(collection.names, len(list(collection)))
for name, reason in collection.skipped:
    print(name, reason)
load_folder(place / "private")
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="permissions of POSIX systems")
def test_without_permission():
    """As a user to whom some things are closed, a folder on the way of a link and the cache among
    them: a sentence each, and all else is loaded."""
    with tempfile.TemporaryDirectory() as temporary:  # tmp_path lies in a folder closed to others
        place = Path(temporary)
        folder = place / "music"
        for inner in ("music/closed", "private/inner", "cache"):
            (place / inner).mkdir(parents=True)
        for name in ("a.mid", "secret.mid", "closed/b.mid", "../private/c.mid"):
            (folder / name).write_bytes(tune(60))
        make_link(folder / "link", place / "private" / "inner")
        make_link(folder / "link.mid", place / "private" / "c.mid")
        modes = {"": 0o755, "music/secret.mid": 0, "music/closed": 0, "private": 0, "cache": 0o555}
        for name, mode in modes.items():
            (place / name).chmod(mode)
        command = [sys.executable, "-c", AS_A_GUEST, place]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        for name in modes:
            (place / name).chmod(0o755)
    *report, names, closed, link, file, other = run.stdout.splitlines() or [run.stderr] * 5
    assert names == "['a.mid'] 1", run.stderr
    for said, name in (
        (closed, "closed"),
        (link, "link"),
        (file, "link.mid"),
        (other, "secret.mid"),
    ):
        assert said.startswith(f"{name} may not be read: ask its owner for permission")
    assert report[-1].startswith(f"Not all could be kept in {place / 'cache'} (permission denied)")
    error = run.stderr.splitlines()[-1]
    assert "NotPermittedError: You have no permission to look into the folder" in error


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links on this system")
def test_links_are_followed_but_not_round_in_circles(tmp_path):
    (tmp_path / "music" / "sub").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.mid").write_bytes(tune(60))
    try:
        (tmp_path / "music" / "sub" / "up").symlink_to(tmp_path / "music")
        (tmp_path / "music" / "link").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "music" / "link2").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "music" / "gone.mid").symlink_to(tmp_path / "nowhere.mid")
    except OSError:
        pytest.skip("links are not allowed here")
    assert find_files(tmp_path / "music") == ["gone.mid", "link/x.mid"]
    collection = load_folder(tmp_path / "music", jobs=1, cache=tmp_path / "cache")
    assert collection.names == ["link/x.mid"] and "not found" in collection.skipped[0][1]


# --- representations -----------------------------------------------------------------------------


def test_notes(load):
    notes = item(load("notes"), "b/band.mid")
    assert notes.dtype == np.float32
    assert notes.tolist() == [
        [-1, 0, 0.5, 36, 127],  # drums
        [0, 0, 4, 72, 100],
        [1, 0, 16, 48, 80],
        [0, 4, 12, 74, 90],
        [-1, 4.25, 4.75, 38, 64],
    ]


def test_voices_with_and_without_onsets(load):
    voices = item(load(), "b/band.mid")
    assert voices.dtype == np.int16 and voices.shape == (16, 2)
    assert voices[:, 0].tolist() == [72] * 4 + [74] * 8 + [-1] * 4
    both = item(load(onsets=True), "b/band.mid")
    assert np.array_equal(both["voices"], voices)
    assert np.flatnonzero(both["onsets"][:, 0]).tolist() == [0, 4]


def test_roll_and_matrices(load):
    roll = item(load("roll"), "b/band.mid")
    assert roll.dtype == bool and roll.shape == (16, 128)
    assert np.flatnonzero(roll[5]).tolist() == [48, 74] and np.flatnonzero(roll[13]).tolist() == [
        48
    ]
    matrices = item(load("matrices"), "b/band.mid")
    assert list(matrices) == ["play", "replay", "volume"]
    assert np.array_equal(matrices["play"], roll) and not matrices["replay"].any()
    assert matrices["volume"][0, 72] == np.float32(100 / 127)


def test_words_and_tokens(load):
    words = load("words")
    assert item(words, "b/band.mid").tolist() == ["C5 4", "D5 8"]
    assert item(words, "b/book.abc#2").tolist() == ["D5 4/3", "E5 4/3", "F#5 4/3", "G5 4"]
    vocabulary = Vocabulary(words)
    tokens = load("tokens", vocabulary=vocabulary)
    assert tokens.names == words.names
    for piece, text in zip(tokens, words, strict=True):
        assert piece.dtype == np.int32 and vocabulary.decode(piece) == text.tolist()
    few = load("tokens", vocabulary=Vocabulary([["C4 4", "D4 4"]]))
    assert few.names == ["a.mid", "c.mid"]
    assert dict(few.skipped)["B.MIDI"].startswith("cannot become tokens: The ")
    near = load("tokens", vocabulary=Vocabulary([["C4 4", "D4 4"]]), unknown="nearest")
    assert near.names == NAMES


def test_events_hear_the_pedal_and_the_tempo(load):
    from helpers.music.events import events_to_notes

    step = 60 / 90 / 4
    notes = events_to_notes(item(load("events"), "b/band.mid"))
    assert np.allclose(notes[:, 1], 16 * step, atol=0.005)  # all held to the end
    dry = events_to_notes(item(load("events", pedal=False), "b/band.mid"))
    lead = dry[dry[:, 2] > 60]
    assert np.allclose(lead[:, :2], np.array([[0, 4], [4, 12]]) * step, atol=0.005)
    score = events_to_notes(item(load("events"), "z.mxl"))  # no tempo: 100
    assert np.allclose(score[:, 0], [0, 0.6], atol=0.005)


def test_drums(load):
    collection = load("drums")
    assert collection.names == ["b/band.mid"]
    assert dict(collection.skipped)["a.mid"] == "holds no drums."
    drums = collection[0]
    assert drums.shape == (5, 9, 3) and drums.dtype == np.float32
    assert np.argwhere(drums[:, :, 0]).tolist() == [[0, 0], [4, 1]]
    assert np.allclose(drums[4, 1], [1, 64 / 127, 0.25])


def test_a_function_of_ones_own(load):
    collection = load(lambda timeline: np.array([timeline.steps]), name="lengths")
    assert dict(zip(collection.names, collection, strict=True))["b/band.mid"].tolist() == [16]

    def ends(timeline, least=0):
        return {"parts": [len(timeline.parts)], "tempo": [timeline.tempo or least]}

    assert item(load(ends, name="ends", least=7), "z.mxl") == {"parts": [1], "tempo": [7]}
    assert item(load(ends, name="ends"), "z.mxl")["tempo"].tolist() == [0]


@pytest.mark.parametrize(
    "result, reason",
    [
        (3, "TypeError: a piece becomes an array"),
        (None, "TypeError: a piece becomes"),
        ({}, "TypeError: a piece becomes"),
        ([{}], "TypeError: a piece becomes"),
    ],
)
def test_functions_that_give_no_arrays(load, result, reason):
    collection = load(lambda timeline: result, name="wrong")
    assert len(collection) == 0
    assert dict(collection.skipped)["a.mid"].startswith(f"cannot become wrong: {reason}")


def test_an_error_in_ones_own_function_is_not_kept(load, tmp_path):
    def fail(timeline):
        raise KeyError("x")

    assert dict(load(fail, name="mine").skipped)["a.mid"].startswith("cannot become mine: KeyError")
    collection = load(lambda timeline: np.zeros(1), name="mine")  # mended
    assert collection.names[:2] == ["B.MIDI", "a.mid"]


def test_pieces_of_different_kinds_are_a_list_but_no_data_set(load):
    odd = load(lambda t: np.zeros((2,) * (1 + (t.name == "Third"))), name="odd")
    assert item(odd, "b/book.abc#1").shape == (2,) and item(odd, "b/book.abc#2").shape == (2, 2)
    with pytest.raises(ValueError, match="different kinds"):
        odd.dataset()
    mixed = load(lambda t: np.zeros(2, bool if len(t.parts) == 3 else float), name="mixed")
    with pytest.raises(ValueError, match="different kinds"):
        mixed.dataset()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"representation": "chroma"}, "A representation is one of notes, voices"),
        ({"representation": ["voices"]}, "A representation is one of"),
        ({"representation": "roll", "pedal": True}, "'roll' has no option 'pedal'"),
        ({"representation": "events", "pedals": True}, "it has pedal"),
        ({"representation": "tokens"}, "Tokens need a vocabulary"),
        ({"representation": len}, "needs a name"),
        ({"representation": len, "name": "../up"}, "made of letters"),
    ],
)
def test_wrong_arguments_raise_before_anything_is_read(load, arguments, message):
    with pytest.raises(ValueError, match=message):
        load(**arguments)


def test_no_such_folder(tmp_path):
    for path in (tmp_path / "none", __file__):
        with pytest.raises(FileNotFoundError, match="There is no folder"):
            load_folder(path)


# --- played as the music that they are ------------------------------------------------------------

WALTZ = [(0, 4, 60), (4, 8, 60), (8, 12, 64), (12, 20, 67), (20, 24, 67)]  # start, end, pitch
LOW = [(0, 12, 48), (12, 24, 48)]
PICKUP = """<score-partwise><work><work-title>Upbeat</work-title></work><part-list>
<score-part id="P1"><part-name>Flute</part-name></score-part></part-list><part id="P1">
<measure number="0" implicit="yes"><attributes><divisions>2</divisions>
<time><beats>3</beats><beat-type>4</beat-type></time></attributes>
<direction><sound tempo="150"/></direction>
<note><pitch><step>D</step><octave>5</octave></pitch><duration>2</duration></note></measure>
<measure number="1"><note><pitch><step>G</step><octave>5</octave></pitch><duration>2</duration>
</note><note><pitch><step>G</step><octave>5</octave></pitch><duration>1</duration></note>
<note><rest/><duration>1</duration></note>
<note><pitch><step>B</step><octave>5</octave></pitch><duration>2</duration></note></measure>
</part></score-partwise>"""
JIG = "X:1\nT:A jig\nR:jig\nM:6/8\nL:1/8\nQ:3/8=100\nK:D\nA|d2d def|(3ggg ABc d2|\n"


def waltz(silence=0) -> bytes:
    """Two bars of 3/4 at 150, from step 12 on at 75: two tracks with instruments and a pedal."""
    file = mido.MidiFile(ticks_per_beat=480)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(150))])
    head.append(mido.MetaMessage("time_signature", numerator=3, denominator=4))
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(75), time=120 * (12 + silence)))
    file.tracks.append(head)
    for channel, (program, notes) in enumerate(((40, WALTZ), (42, LOW))):
        track = mido.MidiTrack([mido.Message("program_change", program=program, channel=channel)])
        events = [(start + silence, "note_on", pitch) for start, _, pitch in notes]
        events += [(end + silence, "note_off", pitch) for _, end, pitch in notes]
        time = 0
        for step, kind, pitch in sorted(
            events, key=lambda event: (event[0], event[1] == "note_on")
        ):
            track.append(
                mido.Message(
                    kind, note=pitch, velocity=70, channel=channel, time=120 * (step - time)
                )
            )
            time = step
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


@pytest.fixture
def played(tmp_path):
    """What ``to_timeline`` makes of the only piece of a folder."""

    def make(name, data, form, **options):
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        collection = load_folder(folder, form, jobs=1, cache=tmp_path / "cache", **options)
        assert len(collection) == 1, collection.report
        assert to_timeline(collection[0]).parts, "the item"
        for item in collection:  # and in a loop
            return to_timeline(item), collection

    return make


def notes_of(timeline):
    """(start, end, pitch) of each part, in order."""
    return [[tuple(np.round(row[:3], 2)) for row in part.notes] for part in timeline.parts]


def beginnings(timeline):
    return sorted({(row[0], row[2]) for notes in notes_of(timeline) for row in notes})


VOCABULARY = Vocabulary(
    [["C4 4", "E4 4", "G4 8", "G4 4", "D5 4", "G5 4", "G5 2", "rest 2", "B5 4", "D5 2", "F#5 2"]]
)
FORMS = [
    ("notes", {}),
    ("voices", {}),
    ("voices", {"onsets": True}),
    ("roll", {}),
    ("matrices", {}),
    ("words", {}),
    ("tokens", {"vocabulary": VOCABULARY}),
    ("events", {}),
]


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_a_waltz_plays_as_a_waltz(played, form, options):
    music, collection = played("waltz.mid", waltz(), form, **options)
    assert music.tempo == pytest.approx(150) and music.time_signature == "3/4"
    assert music.later_tempos == pytest.approx(np.array([[12, 75]]), abs=1e-3)
    assert music.bar_starts.tolist() == [0, 12] and music.name == "waltz" and music.steps == 24
    whole = collection.music(0)
    assert notes_of(whole) == [WALTZ, LOW]
    names = [part.name for part in whole.parts]
    if form in ("notes", "voices"):
        assert notes_of(music) == [WALTZ, LOW]
        assert [(p.name, p.program) for p in music.parts] == list(zip(names, (40, 42), strict=True))
    elif form in ("words", "tokens"):  # the higher part
        assert notes_of(music) == [WALTZ] and music.parts[0].program == 40
    elif form == "roll":  # it has no place for repeated notes
        assert beginnings(music) == [(0, 48), (0, 60), (8, 64), (12, 67)]
    else:
        assert beginnings(music) == beginnings(whole)
    if form in ("events", "notes"):
        assert np.allclose(music.parts[0].notes[:, 3], 70, atol=2.5)


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_it_sounds_and_is_drawn(played, form, options, monkeypatch):
    """Through the player itself: the MIDI file that it offers has the tempo and the metre."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *things, **_: shown.extend(things))
    _, collection = played("waltz.mid", waltz(), form, **options)
    play(collection[0], picture=False)
    data = re.search('audio/midi;base64,([^"]+)', shown[-1].data)[1]
    midi = pretty_midi.PrettyMIDI(io.BytesIO(base64.b64decode(data)))
    assert midi.get_tempo_changes()[1] == pytest.approx([150, 75], rel=1e-3)
    assert midi.get_end_time() == pytest.approx(12 / 10 + 12 / 5, abs=0.1)
    (metre,) = midi.time_signature_changes
    assert (metre.numerator, metre.denominator) == (3, 4)
    lines = plot_roll(collection[0]).axes[0].lines
    assert [line.get_xdata()[0] for line in lines if line.get_linewidth() == 1] == [0, 12]


@pytest.mark.parametrize("form", ["words", "tokens"])
def test_a_melody_without_its_silence_keeps_its_bars(played, form):
    """``load_melody`` leaves the silence at the beginning of MIDI out: here two bars and a beat
    less, so that a pickup of two beats comes first."""
    options = {"vocabulary": VOCABULARY} if form == "tokens" else {}
    music, _ = played("late.mid", waltz(silence=16), form, **options)
    assert notes_of(music) == [WALTZ]
    assert music.bar_starts.tolist() == [8, 20] and music.tempo == pytest.approx(150)
    assert music.later_tempos == pytest.approx(np.array([[12, 75]]), abs=1e-3)


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_a_score_plays_with_its_pickup(played, form, options):
    notes = [(0, 4, 74), (4, 8, 79), (8, 10, 79), (12, 16, 83)]
    music, _ = played("upbeat.musicxml", PICKUP, form, **options)
    assert (music.name, music.tempo, music.time_signature) == ("Upbeat", 150, "3/4")
    assert music.bar_starts.tolist() == [4]
    expected = [(0, 4, 74), (4, 10, 79), (12, 16, 83)] if form == "roll" else notes
    assert notes_of(music) == [expected] and music.parts[0].name == "Flute"


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_an_abc_tune_plays_as_a_jig(played, form, options):
    if form == "tokens":
        options = {"vocabulary": VOCABULARY, "unknown": "nearest"}
    music, _ = played("jig.abc", JIG, form, **options)
    assert (music.name, music.tempo, music.time_signature) == ("A jig", 150, "6/8")
    assert music.key == "D major" and music.bar_starts.tolist() == [2, 14]
    pitches = [69, 74, 74, 74, 76, 78, 79, 79, 79, 69, 71, 73, 74]
    assert [part.name for part in music.parts] == ["melody"]
    if form not in ("roll", "tokens"):
        assert [pitch for notes in notes_of(music) for *_, pitch in notes] == pitches


def test_drums_play_in_their_tempo(played):
    file = mido.MidiFile(file=io.BytesIO(waltz()))
    for track in file.tracks[1:]:
        for message in (m for m in track if not m.is_meta):
            message.channel = 9
            if message.type.startswith("note"):
                message.note = {60: 36, 64: 38, 67: 42, 48: 49}[message.note]
    buffer = io.BytesIO()
    file.save(file=buffer)
    for form in ("drums", "notes"):
        music, _ = played("beat.mid", buffer.getvalue(), form)
        assert music.tempo == pytest.approx(150) and music.time_signature == "3/4"
        assert music.bar_starts.tolist() == [0, 12] and [p.is_drum for p in music.parts] == [True]
        hits = [(0, 36), (0, 49), (4, 36), (8, 38), (12, 42), (12, 49), (20, 42)]
        assert beginnings(music) == hits and np.allclose(music.parts[0].notes[:, 3], 70)


@pytest.mark.parametrize("form", ["notes", "voices", "events"])
def test_the_pedal_is_heard_once(played, form):
    """It holds the melody of ``band`` to the end: through the player, or in the events' lengths."""
    music, collection = played("band.mid", band(), form)
    ends = notes_in_seconds(collection.music(0))[:, 1]
    assert notes_in_seconds(music)[:, 1] == pytest.approx(ends, abs=0.006)
    assert (form == "events") == all(part.controls is None for part in music.parts)


def test_dry_events_stay_dry(played):
    file = mido.MidiFile(file=io.BytesIO(tune(60, 62)))
    file.tracks[0].insert(0, mido.Message("control_change", control=64, value=127))
    file.tracks[0].insert(0, mido.Message("control_change", control=7, value=90))
    buffer = io.BytesIO()
    file.save(file=buffer)
    music, _ = played("pedal.mid", buffer.getvalue(), "events", pedal=False)
    assert notes_in_seconds(music)[:, :2].tolist() == [[0, 0.5], [0.5, 1]]
    assert music.parts[0].controls.tolist() == [[0, 7, 90]]


def test_a_piece_of_a_book_finds_its_own_tune(load):
    collection = load("words")
    index = collection.names.index("b/book.abc#2")
    music = to_timeline(collection[index])
    assert (music.name, music.key) == ("Third", "D mixolydian")
    assert notes_of(collection.music(index)) == notes_of(music)
    assert collection.music(-1).name == "z"


def test_an_item_is_an_array_like_any_other(load):
    """What is made of it is plain, and what is written into it is heard."""
    voices = item(load(), "b/band.mid")
    assert isinstance(voices, np.ndarray) and voices.max() == 74
    for made in (voices[:4], voices + 12, voices.max(axis=0), voices[voices > 0]):
        assert type(made) is np.ndarray
    assert isinstance(voices.max(), np.int16)
    for plain in (pickle.loads(pickle.dumps(voices)), voices.copy(), np.array(voices)):
        assert np.array_equal(plain, voices) and to_timeline(plain).tempo is None
    voices[:4, 0] = 71
    assert notes_of(to_timeline(voices))[0][0] == (0, 4, 71)
    matrices = item(load("matrices"), "b/band.mid")
    assert type(pickle.loads(pickle.dumps(matrices))) is dict
    assert to_timeline(voices, onsets=np.ones(voices.shape, bool)).parts[1].notes[0, 1] == 1


def test_the_music_of_a_file_that_changed_is_refused(load, music):
    collection = load()
    voices = collection[0]
    (music / "B.MIDI").write_bytes(tune(65))
    for call in (lambda: to_timeline(voices), lambda: collection.music(0)):
        with pytest.raises(MusicFileError, match="^B.MIDI has changed since it was read"):
            call()


def test_what_a_function_has_made_is_plain(load):
    collection = load(lambda timeline: np.zeros((4, 128), bool), name="silence")
    assert type(collection[0]) is np.ndarray and to_timeline(collection[0]).steps == 4


# --- the cache ---------------------------------------------------------------------------------


@pytest.fixture
def parsed(monkeypatch):
    """The number of files that were read and not taken from the cache."""
    counts = []

    def counting(data, **more):
        counts.append(len(data))
        return formats.read_content(data, **more)

    monkeypatch.setattr(folders, "read_content", counting)
    return counts


def test_a_second_run_reads_the_cache_only(load, parsed):
    first = load("notes")
    assert len(parsed) == 8  # a.mid and c.mid are one; the empty file is not even parsed
    parsed.clear()
    second = load("notes")
    assert parsed == [] and second.names == first.names and second.skipped == first.skipped
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_content_decides_and_not_the_name(load, music, parsed):
    load()
    parsed.clear()
    (music / "a.mid").rename(music / "renamed.mid")
    (music / "B.MIDI").write_bytes(tune(65, 67))
    collection = load()
    assert len(parsed) == 1  # what is new
    assert item(collection, "renamed.mid")[:, 0].tolist() == [60] * 4 + [62] * 4
    assert item(collection, "B.MIDI")[:, 0].tolist() == [65] * 4 + [67] * 4


def test_settings_decide_too(load, parsed):
    load("events")
    for options in ({"pedal": False}, {"pedal": True}):
        parsed.clear()
        load("events", **options)
        assert parsed
    parsed.clear()
    load("events", pedal=False)
    assert parsed == []
    load("tokens", vocabulary=Vocabulary([["C4 4"]]))
    parsed.clear()
    load("tokens", vocabulary=Vocabulary([["C4 4", "D4 4"]]))
    assert parsed


DAMAGE = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "other": lambda data: b"no zip file",
    "flipped": lambda data: data[:100] + bytes([data[100] ^ 255]) + data[101:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_entries_are_made_again(load, music, tmp_path, parsed, damage):
    first = load()
    good = list(first)
    for when in ("loading", "iterating"):
        parsed.clear()
        for path in entries(tmp_path):
            path.write_bytes(DAMAGE[damage](path.read_bytes()))
        again = load() if when == "loading" else first
        assert all(np.array_equal(a, b) for a, b in zip(good, again, strict=True))
        assert parsed
    parsed.clear()
    load()
    assert len(parsed) == 2  # those of the files without pieces, which iterating does not need


def test_a_cache_that_is_gone_and_files_that_changed(load, music, tmp_path):
    collection = load()
    before = list(collection)
    shutil.rmtree(tmp_path / "cache")
    assert all(np.array_equal(a, b) for a, b in zip(before, collection, strict=True))
    shutil.rmtree(tmp_path / "cache")
    (music / "B.MIDI").write_bytes(tune(65))
    with pytest.raises(MusicFileError, match="^B.MIDI has changed since it was read"):
        list(collection)
    (music / "B.MIDI").unlink()
    with pytest.raises(MusicFileError, match="^B.MIDI was not found"):
        list(collection)


def test_the_cache_is_in_the_runs_folder_and_holds_whole_files_only(music, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.delenv("CACHE_DIR", raising=False)
    load_folder(music, jobs=1)
    files = [p for p in (tmp_path / "runs" / "cache").rglob("*") if p.is_file()]
    assert len(files) == 8
    for path in files:
        assert path.suffix == ".npz" and path.parent.name == path.name[:2]
        with np.load(path, allow_pickle=False) as arrays:
            assert all(not array.dtype.hasobject for array in arrays.values())


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_where_nothing_can_be_written_it_goes_on_without_a_cache(
    load, music, tmp_path, monkeypatch, code
):
    """A read-only checkout, a folder of somebody else, a full disk: one sentence, and files are
    read again when their pieces are asked for."""
    good = list(load())
    shutil.rmtree(tmp_path / "cache")

    def refuse(*arguments, **more):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(folders, "write_npz", refuse)
    collection = load()
    assert collection.names == NAMES and not (tmp_path / "cache").exists()
    assert all(np.array_equal(a, b) for a, b in zip(good, collection, strict=True))
    assert np.array_equal(good[2], collection[2]) and collection.music(2).steps == 16
    said = collection.report.splitlines()[-1]
    assert said == (
        f"Not all could be kept in {tmp_path / 'cache'} ({os.strerror(code).lower()}), so the next "
        "import takes as long: set CACHE_DIR to a folder that can be written."
    )
    (music / "B.MIDI").write_bytes(tune(65))
    with pytest.raises(MusicFileError, match="^B.MIDI has changed"):
        list(collection)


def test_a_cache_that_fills_the_disk_half_way(load, tmp_path, monkeypatch, parsed):
    written = []

    def some(path, *arguments, **more):
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        return write_npz(path, *arguments, **more)

    monkeypatch.setattr(folders, "write_npz", some)
    assert "(no space left on device)" in load().report
    assert len(entries(tmp_path)) == 3
    monkeypatch.undo()
    assert load().report.count("kept") == 0 and len(entries(tmp_path)) == 8


def test_a_file_where_the_cache_should_be(music, tmp_path):
    (tmp_path / "file").write_text("mine")
    collection = load_folder(music, jobs=1, cache=tmp_path / "file")
    assert len(list(collection)) == 8 and "Not all could be kept" in collection.report
    assert (tmp_path / "file").read_text() == "mine"


def test_the_cache_is_where_cache_dir_says(music, tmp_path, monkeypatch):
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "elsewhere"))
    assert len(load_folder(music, jobs=1)) == 8
    assert len([p for p in (tmp_path / "elsewhere").rglob("*.npz")]) == 8


AT_ONCE = """
import sys
from helpers.data import load_folder

print("ready", flush=True)
sys.stdin.readline()
collection = load_folder(sys.argv[1], "notes", jobs=1, cache=sys.argv[2])
assert "kept" not in collection.report, collection.report
print(sum(float(notes.sum()) for notes in collection))
"""


def test_two_imports_into_one_cache_at_once(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(100):
        (folder / f"{i:03}.mid").write_bytes(tune(*np.unravel_index(i, (10, 10))))
    command = [sys.executable, "-c", AT_ONCE, folder, tmp_path / "cache"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    runs = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(2)]
    for run in runs:
        assert run.stdout.readline() == "ready\n", run.stderr.read()
    for run in runs:
        run.stdin.write("go\n")
        run.stdin.flush()
    said = {run.communicate(timeout=120)[0].splitlines()[-1] for run in runs}
    alone = load_folder(folder, "notes", jobs=1, cache=tmp_path / "another")
    assert said == {str(sum(float(notes.sum()) for notes in alone))}
    assert len(entries(tmp_path)) == 100


def test_an_interrupted_import_goes_on_where_it_stopped(load, parsed, tmp_path):
    def interrupted(timeline):
        if round(timeline.tempo) == 90:
            raise KeyboardInterrupt
        return np.array([timeline.steps])

    with pytest.raises(KeyboardInterrupt):
        load(interrupted, name="steps")
    kept = len(entries(tmp_path))
    assert kept == 2  # B.MIDI and a.mid come before band.mid
    parsed.clear()
    collection = load(lambda timeline: np.array([timeline.steps]), name="steps")
    assert set(collection.names) == {*NAMES, "silent.mid"}  # music without notes is music too
    assert len(parsed) == 8 - kept


STOPPED = """
import signal, sys, time
from helpers.data import load_folder

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it

def slow(timeline):
    time.sleep(0.02)
    return [timeline.steps]

print("ready", flush=True)
load_folder(sys.argv[1], slow, jobs=2, cache=sys.argv[2], name="slow")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Ctrl-C for another process")
def test_ctrl_c_stops_all_processes_and_leaves_a_usable_cache(tmp_path, parsed):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(400):
        (folder / f"{i:03}.mid").write_bytes(tune(*np.unravel_index(i, (20, 20))))
    run = subprocess.Popen(
        [sys.executable, "-c", STOPPED, folder, tmp_path / "cache"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while len(entries(tmp_path)) < 20 and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=120)
    assert "KeyboardInterrupt" in errors and run.returncode != 0
    whole = [path for path in entries(tmp_path) if folders.read_entry(path) is not None]
    assert 20 <= len(whole) < 400
    collection = load_folder(
        folder, lambda timeline: [timeline.steps], 1, tmp_path / "cache", name="slow"
    )
    assert len(collection) == 400 and len(parsed) == 400 - len(whole)


def test_two_processes_find_what_one_finds(music, tmp_path, load):
    alone = load("notes")
    both = load_folder(music, "notes", jobs=2, cache=tmp_path / "another")
    assert both.names == alone.names and both.skipped == alone.skipped
    assert all(np.array_equal(a, b) for a, b in zip(alone, both, strict=True))


def test_other_joblib_backends_may_take_over(music, tmp_path, load):
    import joblib

    with joblib.parallel_config(backend="threading", n_jobs=2):
        threads = load_folder(music, "notes", jobs=2, cache=tmp_path / "another")
    assert threads.names == load("notes").names


# --- into tf.data ------------------------------------------------------------------------------


def test_pieces_stream_into_tensorflow(load):
    import tensorflow as tf

    voices = load()
    dataset = voices.dataset()
    assert dataset.element_spec == tf.TensorSpec((None, None), tf.int16)
    assert int(dataset.cardinality()) == len(voices)
    for _ in range(2):  # as often as one likes
        for mine, theirs in zip(voices, dataset.as_numpy_iterator(), strict=True):
            assert np.array_equal(mine, theirs)
    notes = load("notes").dataset()
    assert notes.element_spec == tf.TensorSpec((None, 5), tf.float32)
    (batch,) = notes.ragged_batch(100)
    assert batch.shape.as_list() == [8, None, 5]
    matrices = load("matrices").dataset()
    assert matrices.element_spec["volume"] == tf.TensorSpec((None, 128), tf.float32)
    assert load("drums").dataset().element_spec == tf.TensorSpec((None, 9, 3), tf.float32)
    words = load("words").dataset()
    assert words.element_spec == tf.TensorSpec((None,), tf.string)
    assert next(words.as_numpy_iterator()).tolist() == [b"E4 4"]


# --- whole collections ---------------------------------------------------------------------------


def test_the_grooves_and_the_performances(shared_data, tmp_path):
    for folder, representation, count in (
        ("groove", "drums", 1150),
        ("maestro_sample", "notes", 6),
    ):
        collection = load_folder(
            shared_data / folder, representation, cache=tmp_path / "cache", jobs=2
        )
        assert len(collection) == count and collection.skipped == []
        if folder == "groove":
            hits = cells = 0
            for drums in collection:
                hits, cells = hits + drums[:, :, 0].sum(), cells + drums[:, :, 0].size
            assert hits / cells == pytest.approx(0.13, abs=0.0005)
