"""The MAESTRO loader on a small copy made here, and on real performances where they are at hand."""

import csv
import shutil

import numpy as np
import pytest

from helpers.data import sources
from helpers.data.performances import load_maestro
from helpers.files.midi_writer import midi_bytes, notes_to_midi
from helpers.files.reading import MusicFileError
from helpers.music.events import EVENTS, events_to_notes, notes_to_events

COLUMNS = "canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration"
ROWS = [
    ("Alban Berg", 'Sonata, "Op. 1"', "train", "2018", "2018/one.midi"),
    ("Alexander Scriabin", "24 Préludes Op. 11", "validation", "2004", "2004/two.midi"),
    ("Alexander Scriabin", "Étude", "test", "2006", "2006/three.midi"),
    ("Alban Berg", "Sonata", "train", "2011", "2011/four.midi"),
]


def write_performance(path, pitch=60):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(midi_bytes(notes_to_midi([[0.5, 1, pitch, 80], [1, 2, pitch + 4, 90]])))


@pytest.fixture
def maestro(tmp_path, monkeypatch):
    """A folder in the official layout, and no copy named or downloaded."""
    monkeypatch.delenv("MAESTRO_DIR", raising=False)
    monkeypatch.setattr(sources, "DOWNLOADS", tmp_path / "downloads")
    folder = tmp_path / "maestro-v3.0.0"
    for i, row in enumerate(ROWS):
        write_performance(folder / row[4], 60 + i)
    with open(folder / "maestro-v3.0.0.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.split(","))
        writer.writerows((*row, "audio.wav", "2.0") for row in ROWS)
    return folder


def test_the_official_layout(maestro):
    every = load_maestro(folder=maestro)
    assert len(every) == 4
    assert [p.split for p in every] == ["train", "valid", "test", "train"]
    first = every[0]
    assert (first.name, first.composer, first.year) == ('Sonata, "Op. 1"', "Alban Berg", 2018)
    assert first.file == "2018/one.midi"
    assert first.notes == pytest.approx(np.array([[0.5, 1, 60, 80], [1, 2, 64, 90]]), abs=0.002)
    assert every[1].name == "24 Préludes Op. 11"


@pytest.mark.parametrize(
    ("split", "pitches"), [("train", [60, 63]), ("valid", [61]), ("test", [62])]
)
def test_splits(maestro, split, pitches):
    assert [p.notes[0, 2] for p in load_maestro(split, folder=maestro)] == pitches


def test_the_folder_may_stand_in_another_one(maestro):
    assert len(load_maestro(folder=maestro.parent)) == 4


def test_the_environment_names_a_copy(maestro, monkeypatch):
    monkeypatch.setenv("MAESTRO_DIR", str(maestro))
    assert len(load_maestro()) == 4


def test_a_download_is_found(maestro, monkeypatch):
    fetched = []

    def fetch(spec, folder):
        fetched.append(spec.name)
        shutil.copytree(maestro, folder / maestro.name)

    monkeypatch.setattr(sources, "_fetch", fetch)
    assert len(load_maestro(download=True)) == len(load_maestro("train")) + 2 == 4
    assert fetched == ["maestro"]


def test_performances_are_read_when_they_are_asked_for(maestro):
    every = load_maestro(folder=maestro)
    (maestro / "2018/one.midi").unlink()
    assert every[1].notes[0, 2] == 61
    with pytest.raises(FileNotFoundError):
        every[0]
    write_performance(maestro / "2018/one.midi", 72)
    assert every[0].notes[0, 2] == 72


def test_it_is_used_like_a_list(maestro):
    every = load_maestro(folder=maestro)
    assert [p.name for p in every[1:3]] == ["24 Préludes Op. 11", "Étude"]
    assert every[-1].name == "Sonata"
    assert len(every[:0]) == 0
    assert "4 performances" in repr(every)
    with pytest.raises(IndexError):
        every[4]


def test_the_pedal_is_applied(maestro):
    from pretty_midi import ControlChange

    made = notes_to_midi([[0, 0.5, 60, 80], [3, 4, 64, 80]])
    made.instruments[0].control_changes += [ControlChange(64, 100, 0.2), ControlChange(64, 0, 2)]
    (maestro / "2018/one.midi").write_bytes(midi_bytes(made))
    assert load_maestro(folder=maestro)[0].notes[0, 1] == pytest.approx(2, abs=0.002)


def test_a_folder_of_midi_files(tmp_path):
    write_performance(tmp_path / "b.mid", 50)
    write_performance(tmp_path / "deep" / "c.MIDI", 70)
    write_performance(tmp_path / "a.mid", 40)
    (tmp_path / "notes.txt").write_text("nothing")
    found = load_maestro(folder=tmp_path)
    assert [(p.name, p.split, p.composer, p.year) for p in found] == [
        ("a", "", "", 0),
        ("b", "", "", 0),
        ("c", "", "", 0),
    ]
    assert [p.notes[0, 2] for p in found] == [40, 50, 70]
    with pytest.raises(ValueError, match="leave the split out"):
        load_maestro("train", folder=tmp_path)


# --- what goes wrong ---------------------------------------------------------------------------


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text and len(text) < 300
    return text


def test_without_a_copy_it_says_how_to_get_one(maestro):
    with pytest.raises(FileNotFoundError) as error:
        load_maestro()
    text = one_sentence(error)
    for words in ("download=True", "58 MB", "CC BY-NC-SA 4.0", "MAESTRO_DIR"):
        assert words in text


def test_a_missing_folder_is_named(maestro, monkeypatch, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere") as error:
        load_maestro(folder=tmp_path / "nowhere")
    one_sentence(error)
    monkeypatch.setenv("MAESTRO_DIR", "no/such/folder")
    with pytest.raises(FileNotFoundError, match="MAESTRO_DIR") as error:
        load_maestro()
    one_sentence(error)


def test_a_folder_without_music(tmp_path):
    with pytest.raises(FileNotFoundError, match="no MIDI files"):
        load_maestro(folder=tmp_path)


def test_missing_recordings(maestro):
    shutil.rmtree(maestro / "2018")
    with pytest.raises(FileNotFoundError, match="2018/one.midi") as error:
        load_maestro(folder=maestro)
    one_sentence(error)
    assert len(load_maestro("test", folder=maestro)) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00broken",
        COLUMNS.encode(),
        b"a,b\n1,2\n",
        COLUMNS.encode() + b"\nAlban Berg,Sonata\n",
        COLUMNS.encode() + b"\nAlban Berg,Sonata,dev,2018,one.midi,a,1\n",
    ],
)
def test_a_damaged_table(maestro, content):
    (maestro / "maestro-v3.0.0.csv").write_bytes(content)
    with pytest.raises(ValueError, match="maestro-v3.0.0.csv") as error:
        load_maestro(folder=maestro)
    one_sentence(error)


def test_a_damaged_recording_is_named(maestro):
    every = load_maestro(folder=maestro)
    (maestro / "2018/one.midi").write_bytes(b"MThd nonsense")
    with pytest.raises(MusicFileError, match="one.midi") as error:
        every[0]
    one_sentence(error)
    assert every[1].notes.shape == (2, 4)


def test_another_split():
    with pytest.raises(ValueError, match="train, valid, test"):
        load_maestro("validation")


# --- real performances -------------------------------------------------------------------------


def test_six_performances_go_through_events_and_back(shared_data):
    found = load_maestro(folder=shared_data / "maestro_sample")
    assert len(found) == 6
    for performance in found:
        notes = performance.notes
        tokens = notes_to_events(notes)
        assert tokens.min() >= 1 and tokens.max() <= EVENTS
        back = events_to_notes(tokens)
        assert back.shape == notes.shape and len(notes) > 2000
        notes = notes[np.lexsort((notes[:, 0], notes[:, 2]))]
        back = back[np.lexsort((back[:, 0], back[:, 2]))]
        assert np.array_equal(back[:, 2], notes[:, 2])
        assert np.abs(back[:, 0] - notes[:, 0]).max() <= 0.005 + 1e-9
        assert np.abs(back[:, 3] - notes[:, 3]).max() <= 2
        late = back[:, 1] - notes[:, 1]
        assert late.min() >= -0.005 - 1e-9 and late.max() <= 0.015 + 1e-9
        assert np.mean(np.abs(late) > 0.005 + 1e-9) < 0.004  # notes shorter than 10 ms


def test_the_environment_may_name_the_sample(shared_data, monkeypatch):
    monkeypatch.setenv("MAESTRO_DIR", "../shared/data/maestro_sample")
    assert len(load_maestro()) == 6
