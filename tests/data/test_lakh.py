"""Lakh: a folder of MIDI as load_folder reads it, and its download from a server on loopback."""

import hashlib

import numpy as np
import pytest
import test_sources as net

from helpers.course.settings import ROOT
from helpers.data import lakh, sources
from helpers.data.lakh import LAKH, load_lakh
from helpers.data.sources import DownloadError, UnreachableError
from helpers.files.midi_writer import midi_bytes, to_midi

server = net.server


def song(*pitches):
    return midi_bytes(to_midi(list(pitches)))


SONGS = {
    "lmd_full/0/a.mid": song(60, 62),
    "lmd_full/1/b.mid": song(64),
    "lmd_full/1/c.mid": b"MThd",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("LAKH_DIR", raising=False)
    return tmp_path


@pytest.fixture
def small(place, server, monkeypatch):
    """A small archive in the official layout, on a server that can go on in the middle of it."""
    data = net.make_tar(**{name: SONGS[name] for name in SONGS}, noise=net.NOISE)
    spec = LAKH["full"]._replace(
        url=f"http://127.0.0.1:{server.server_port}/lmd_full.tar.gz",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    monkeypatch.setitem(LAKH, "full", spec)
    monkeypatch.setattr(sources, "LARGE", 1000)
    server.behave = lambda handler: net.send_from(handler, data)
    return data


def write(folder):
    for name, data in SONGS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def names(**arguments):
    return load_lakh(jobs=1, **arguments).names


def test_it_is_fetched_and_read_as_matrices(small, server, place):
    found = load_lakh(download=True, jobs=1)
    assert found.names == ["0/a.mid", "1/b.mid"]
    assert [file for file, _ in found.skipped] == ["1/c.mid"]
    assert set(found[0]) == {"play", "replay", "volume"} and found[0]["play"].shape[1] == 128
    assert np.flatnonzero(found[1]["play"].any(axis=0)).tolist() == [64]
    assert (place / "downloads" / "lakh_full" / "lmd_full" / "0" / "a.mid").is_file()
    assert names(download=True) == names() == ["0/a.mid", "1/b.mid"]
    assert server.requests == ["/lmd_full.tar.gz"]


def test_a_download_that_is_cut_off_goes_on(small, server):
    server.behave = lambda handler: net.send_from(handler, small, stop=150_000)
    with pytest.raises(DownloadError, match="lakh_full was cut off after 150,000 of"):
        load_lakh(download=True)
    server.behave = lambda handler: net.send_from(handler, small)
    assert names(download=True) == ["0/a.mid", "1/b.mid"]
    assert server.ranges == [None, "bytes=150000-"]


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda data: data[:-1] + b"x", "SHA-256 differs"), (lambda data: data + b"x", "offers")],
)
def test_an_altered_download(small, server, place, change, words):
    server.behave = lambda handler: net.send_from(handler, change(small))
    with pytest.raises(DownloadError, match=words):
        load_lakh(download=True)
    assert net.all_files(place / "downloads") == [".lakh_full.lock"]


def test_without_a_server(small, server):
    server.server_close()
    with pytest.raises(UnreachableError, match="not reached"):
        load_lakh(download=True)
    with pytest.raises(FileNotFoundError):
        load_lakh()


@pytest.mark.parametrize("version", LAKH)
def test_without_a_copy_it_says_how_to_get_one(place, version):
    with pytest.raises(FileNotFoundError) as error:
        load_lakh(version)
    text = str(error.value)
    size = {"full": "1.8 GB", "matched": "1.4 GB", "aligned": "0.3 GB"}[version]
    for words in (f'load_lakh("{version}", download=True)', size, "CC BY 4.0", "LAKH_DIR"):
        assert words in text
    assert "\n" not in text and len(text) < 300


def test_a_folder_of_ones_own(place, monkeypatch):
    write(place / "all")
    (place / "all" / "d.mid").write_bytes(song(70))
    assert names(folder=place / "all") == ["0/a.mid", "1/b.mid"]
    monkeypatch.setenv("LAKH_DIR", str(place / "all"))
    assert names() == ["0/a.mid", "1/b.mid"]
    assert names(version="matched") == ["d.mid", "lmd_full/0/a.mid", "lmd_full/1/b.mid"]
    monkeypatch.setenv("LAKH_DIR", str(place / "all" / "lmd_full" / "1"))
    assert names() == ["b.mid"]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_lakh(folder=place / "nowhere")


def test_other_representations_and_options(place):
    write(place)
    cache = place / "cache"
    found = load_lakh(representation="voices", folder=place, jobs=1, cache=cache, onsets=True)
    assert set(found[0]) == {"voices", "onsets"} and cache.is_dir()
    with pytest.raises(ValueError, match="has no option"):
        load_lakh(folder=place, speed=2)
    with pytest.raises(ValueError, match="full, matched, aligned, not 'clean'"):
        load_lakh("clean")


def test_it_is_described_as_it_is_fetched():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for version, spec in lakh.LAKH.items():
        assert spec.url.endswith(f"/lmd_{version}.tar.gz") and len(bytes.fromhex(spec.sha256)) == 32
        for said in (spec.url, spec.sha256, f"{spec.size:,}", spec.variable):
            assert said in text
