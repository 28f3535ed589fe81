"""Files and folders written whole or not at all."""

import os
import stat

import numpy as np
import pytest

from helpers.course.storage import (
    recover_folder,
    remove_leftovers,
    sha256,
    whole_folder,
    write_npz,
    write_text,
    write_whole,
)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "notes.txt"
    target.write_text("old")

    def fail(temporary):
        temporary.write_text("half of the n")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        write_whole(target, fail)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_an_interrupted_first_write_leaves_nothing(tmp_path):
    def interrupt(temporary):
        temporary.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "notes.txt", interrupt)
    assert os.listdir(tmp_path) == []


def test_until_the_end_of_writing_readers_see_the_old_file(tmp_path):
    target = tmp_path / "notes.txt"
    target.write_text("old")
    seen = []

    def write(temporary):
        temporary.write_text("new")
        seen.append(target.read_text())
        assert temporary.parent == target.parent  # a rename across disks would be a copy
        assert temporary.suffix == ".txt"

    write_whole(target, write)
    assert seen == ["old"]
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_missing_folders_are_made_and_a_string_is_a_path(tmp_path):
    write_text(str(tmp_path / "a" / "b" / "c.txt"), "x")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps open files from being replaced")
def test_who_has_the_old_file_open_reads_it_to_the_end(tmp_path):
    write_text(tmp_path / "a.txt", "old and long")
    with open(tmp_path / "a.txt", "rb", buffering=0) as reader:
        assert reader.read(3) == b"old"
        write_text(tmp_path / "a.txt", "new")
        assert reader.read() == b" and long"
    assert (tmp_path / "a.txt").read_text() == "new"


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_others_may_read_the_file(tmp_path):
    write_text(tmp_path / "a.txt", "x")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644


def test_text_is_the_same_bytes_on_every_system(tmp_path):
    write_text(tmp_path / "a.txt", "Präludium\nFuge\n")
    assert (tmp_path / "a.txt").read_bytes() == b"Pr\xc3\xa4ludium\nFuge\n"


def test_npz_round_trip_without_pickles(tmp_path):
    arrays = {
        "voices": np.array([[60, -1]], np.int8),
        "names": np.array(["bwv1", "bwv22"]),
        "empty": np.zeros((0, 4), bool),
    }
    write_npz(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        assert sorted(read.files) == ["empty", "names", "voices"]
        for name in read.files:
            assert np.array_equal(read[name], arrays[name])
            assert read[name].dtype == arrays[name].dtype


@pytest.mark.parametrize("compressed", [True, False])
def test_the_same_arrays_give_the_same_bytes(tmp_path, compressed):
    for name in ("a.npz", "b.npz"):
        write_npz(tmp_path / name, {"x": np.arange(1000), "y": np.array(["z"])}, compressed)
    assert ((tmp_path / "a.npz").stat().st_size < 8000) == compressed
    assert sha256(tmp_path / "a.npz") == sha256(tmp_path / "b.npz")
    write_npz(tmp_path / "b.npz", {"x": np.arange(1, 1001), "y": np.array(["z"])})
    assert sha256(tmp_path / "a.npz") != sha256(tmp_path / "b.npz")


def test_npz_under_any_name_is_one_file(tmp_path):
    write_npz(tmp_path / "arrays.dat", {"x": np.arange(3)})
    assert os.listdir(tmp_path) == ["arrays.dat"]
    with np.load(tmp_path / "arrays.dat") as read:
        assert read["x"].tolist() == [0, 1, 2]


def test_python_objects_are_refused_and_nothing_is_written(tmp_path):
    ragged = np.array([[1], [2, 3]], dtype=object)
    with pytest.raises(TypeError, match="'ragged'"):
        write_npz(tmp_path / "a.npz", {"fine": np.arange(2), "ragged": ragged})
    assert os.listdir(tmp_path) == []


def test_leftovers_of_this_file_alone_are_removed(tmp_path):
    def die(temporary):
        temporary.write_text("half")
        os.rename(temporary, temporary.with_suffix(".kept"))  # as if nobody had tidied up
        raise OSError

    for name in ("a.npz", "b.npz"):
        with pytest.raises(OSError):
            write_whole(tmp_path / name, die)
    (tmp_path / "a.npz").touch()
    assert len(os.listdir(tmp_path)) == 3
    remove_leftovers(tmp_path / "a.npz")
    assert [name[:6] for name in sorted(os.listdir(tmp_path))] == [".b.npz", "a.npz"]
    remove_leftovers(tmp_path / "missing" / "a.npz")


# --- folders -----------------------------------------------------------------------------------


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    folder = tmp_path / "runs" / "04"
    for text in ("old", "new"):
        with whole_folder(folder) as filling:
            assert filling != folder and not list(filling.iterdir())
            (filling / text).write_text(text)
    assert contents(folder) == {"new": "new"}
    assert os.listdir(folder.parent) == ["04"]


def test_a_folder_that_fails_leaves_the_old_one(tmp_path):
    folder = tmp_path / "04"
    with whole_folder(folder) as filling:
        (filling / "a").write_text("old")
    with pytest.raises(OSError, match="full"), whole_folder(folder) as filling:
        (filling / "a").write_text("new")
        raise OSError("the disk is full")
    assert contents(folder) == {"a": "old"}
    assert os.listdir(tmp_path) == ["04"]


def test_a_folder_is_brought_back_after_a_kill_between_the_renames(tmp_path):
    folder = tmp_path / "04"
    with whole_folder(folder) as filling:
        (filling / "a").write_text("old")
    os.rename(folder, tmp_path / ".04.old")  # where a kill would leave it
    recover_folder(folder)
    assert contents(folder) == {"a": "old"}
    recover_folder(folder)  # nothing more to do
    assert os.listdir(tmp_path) == ["04"]


def test_sha256_of_the_standard_example(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert sha256(tmp_path / "a") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
