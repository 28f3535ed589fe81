"""Files and folders written whole or not at all."""

import errno
import os
import stat
import subprocess
import sys
import time

import numpy as np
import pytest

from helpers.course import settings, storage
from helpers.course.errors import DamagedFileError, MissingFileError, NotPermittedError
from helpers.course.storage import (
    check_writable,
    locked,
    read_shipped,
    recover_folder,
    remove_leftovers,
    settled,
    sha256,
    whole_folder,
    write_npz,
    write_text,
    write_whole,
)


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    """A rename that fails is tried again at once."""
    monkeypatch.setattr(storage, "WAITS", (0, 0, 0))


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


# --- several at once ---------------------------------------------------------------------------

HOLDS = """
import sys, time
from pathlib import Path
from helpers.course.storage import whole_folder, write_whole

def hold(temporary):
    print(temporary.name, flush=True)
    time.sleep(600)

place = Path(sys.argv[1])
if sys.argv[2] == "file":
    write_whole(place, hold)
with whole_folder(place) as new:
    hold(new)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_living_process_writes_is_no_litter_and_what_a_dead_one_left_is(tmp_path, kind):
    place = tmp_path / "a.npz"
    writer = subprocess.Popen(
        [sys.executable, "-c", HOLDS, place, kind],
        cwd=settings.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        name = writer.stdout.readline().strip()
        assert name.startswith(".a.npz.")
        remove_leftovers(place)
        with whole_folder(tmp_path / "b"):
            pass
        assert sorted(os.listdir(tmp_path)) == [name, "b"]
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    remove_leftovers(place)
    assert os.listdir(tmp_path) == ["b"]


def test_what_this_process_writes_is_no_litter_for_it(tmp_path):
    def write(temporary):
        remove_leftovers(tmp_path / "a.txt")
        assert temporary.exists()

    write_whole(tmp_path / "a.txt", write)
    with whole_folder(tmp_path / "b") as new:
        with whole_folder(tmp_path / "b") as other:
            (other / "other").touch()
        assert new.exists() and new != other
    assert os.listdir(tmp_path / "b") == []


def test_another_computers_temporary_file_is_litter_after_a_day(tmp_path):
    (tmp_path / ".a.npz.01234567-1-abcdefgh.npz").touch()
    remove_leftovers(tmp_path / "a.npz")
    assert len(os.listdir(tmp_path)) == 1
    yesterday = time.time() - 25 * 3600
    os.utime(tmp_path / ".a.npz.01234567-1-abcdefgh.npz", (yesterday, yesterday))
    remove_leftovers(tmp_path / "a.npz")
    assert os.listdir(tmp_path) == []


def test_names_that_a_pattern_would_take_for_more_are_names(tmp_path):
    for name in (".[a].npz.kept", ".a.npz.kept.npz", ".a.npz.old.01234567.npz", ".a.npz"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "[a].npz")
    remove_leftovers(tmp_path / "a.npz")
    assert len(os.listdir(tmp_path)) == 4


def test_a_reader_does_not_put_back_what_a_writer_has_just_put_aside(tmp_path):
    """Between the two renames the reader waits; then it finds the new folder."""
    folder = tmp_path / "04"
    folder.mkdir()
    (folder / "a").write_text("old")
    code = (
        "import sys; from pathlib import Path\n"
        "from helpers.course import storage\n"
        "folder = Path(sys.argv[1]); print('ready', flush=True)\n"
        "storage.recover_folder(folder)\n"
        "print((folder / 'a').read_text())\n"
    )
    with settled(folder):
        os.rename(folder, tmp_path / ".04.old")
        reader = subprocess.Popen(
            [sys.executable, "-c", code, folder],
            cwd=settings.ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert reader.stdout.readline() == "ready\n"
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "a").write_text("new")
        os.rename(tmp_path / "new", folder)
    assert reader.communicate(timeout=120)[0] == "new\n"
    assert not (tmp_path / ".04.renamed").exists()


def test_a_lock_is_waited_for_or_not(tmp_path):
    from filelock import Timeout

    with locked(tmp_path / "lock") as held:
        assert held
        with pytest.raises(Timeout), locked(tmp_path / "lock", seconds=0):
            pass
    with locked(tmp_path / "lock", seconds=0) as held:
        assert held


# --- file systems that refuse ------------------------------------------------------------------


def refuse(number):
    def refusing(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return refusing


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOTSUP])
@pytest.mark.parametrize("target", ["os.chmod", "os.fsync", "os.utime"])
def test_a_file_system_that_refuses_what_is_secondary_saves(tmp_path, monkeypatch, target, number):
    """CIFS, FUSE, NFS."""
    monkeypatch.setattr(target, refuse(number))
    write_text(tmp_path / "a.txt", "x")
    with whole_folder(tmp_path / "b") as new:
        write_npz(new / "a.npz", {"x": np.arange(3)})
    check_writable(tmp_path)
    assert (tmp_path / "a.txt").read_text() == "x"
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "b"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_is_told(tmp_path, monkeypatch, number):
    monkeypatch.setattr("os.fsync", refuse(number))
    for write in (lambda: write_text(tmp_path / "a.txt", "x"), lambda: check_writable(tmp_path)):
        with pytest.raises(OSError, match=os.strerror(number)):
            write()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="flock is POSIX's")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def test_a_file_system_without_locks_is_no_reason_to_stop(tmp_path, monkeypatch, number):
    monkeypatch.setattr("fcntl.flock", refuse(number))
    folder = tmp_path / "04"
    for text in ("old", "new"):
        with whole_folder(folder) as filling:
            (filling / "a").write_text(text)
    assert contents(folder) == {"a": "new"}
    os.rename(folder, tmp_path / ".04.old")
    recover_folder(folder)
    assert contents(folder) == {"a": "new"}
    assert os.listdir(tmp_path) == ["04"]


def test_where_nothing_can_be_locked_a_folder_that_a_reader_put_back_is_put_aside_again(
    tmp_path, monkeypatch
):
    folder, rename, renamed = tmp_path / "04", os.rename, []
    folder.mkdir()
    (folder / "a").write_text("old")

    def put_back_once(source, target):
        rename(source, target)
        if str(target).endswith(".old") and not renamed:
            renamed.append(rename(target, source))

    monkeypatch.setattr("os.rename", put_back_once)
    with whole_folder(folder) as new:
        (new / "a").write_text("new")
    assert contents(folder) == {"a": "new"} and renamed
    assert os.listdir(tmp_path) == ["04"]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY])
@pytest.mark.parametrize("target", ["os.replace", "os.rename"])
def test_what_is_in_the_way_for_a_moment_is_waited_for(tmp_path, monkeypatch, target, number):
    """As a virus scanner is on Windows."""
    real, tries = getattr(os, target[3:]), []

    def now_and_then(*arguments):
        tries.append(arguments)
        return refuse(number)() if len(tries) % 3 else real(*arguments)

    monkeypatch.setattr(target, now_and_then)
    for text in ("old", "new"):
        with whole_folder(tmp_path / "b") as new:
            write_text(new / "a.txt", text)
    assert contents(tmp_path / "b") == {"a.txt": "new"}
    assert len(tries) == (6 if target == "os.replace" else 9)


def test_what_stays_in_the_way_is_told_and_a_full_disk_at_once(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "old")
    for number, most in ((errno.EBUSY, 1 + len(storage.WAITS)), (errno.ENOSPC, 1)):
        tries = []
        monkeypatch.setattr("os.replace", lambda *a, n=number, t=tries: t.append(a) or refuse(n)())
        with pytest.raises(OSError, match=os.strerror(number)):
            write_text(tmp_path / "a.txt", "new")
        assert len(tries) == most
    assert contents(tmp_path) == {"a.txt": "old"}


# --- missing, damaged, not permitted -----------------------------------------------------------


def test_shipped_data_that_is_missing_damaged_or_closed_has_three_sentences(
    open_folder, stranger, tmp_path
):
    path = open_folder / "tunes.npz"
    with pytest.raises(MissingFileError, match=r"^data/tunes.npz is missing; [^\n]*\.$"):
        read_shipped(path)
    write_npz(path, {"x": np.arange(1000) ** 2})
    whole = path.read_bytes()
    for damage in (b"", b"no zip", whole[:50], whole[:-30], whole[:200] + b"x" + whole[201:]):
        path.write_bytes(damage)
        with pytest.raises(DamagedFileError, match=r"^data/tunes.npz is damaged: [^\n]*\.$"):
            read_shipped(path)
    path.write_bytes(whole)
    path.chmod(0)
    with stranger(), pytest.raises(NotPermittedError, match="tunes.npz may not be read") as error:
        read_shipped(path)
    assert str(error.value).endswith(".") and "damaged" not in str(error.value)
    with stranger(), pytest.raises(NotPermittedError, match="tunes.npz may not be read"):
        sha256(path)
    path.chmod(0o644)
    open_folder.chmod(0)
    with stranger(), pytest.raises(NotPermittedError, match="may not be read"):
        read_shipped(path)
    open_folder.chmod(0o755)
    assert read_shipped(path)["x"][3] == 9


def test_what_the_system_cannot_do_is_no_damage(tmp_path, monkeypatch):
    write_npz(tmp_path / "a.npz", {"x": np.arange(3)})
    for error in (MemoryError(), OSError(errno.EMFILE, "Too many open files")):
        with monkeypatch.context() as patch:
            patch.setattr("numpy.load", lambda file, error=error: (_ for _ in ()).throw(error))
            with pytest.raises(type(error)):
                read_shipped(tmp_path / "a.npz")


def test_a_folder_in_a_place_that_is_only_read_from_is_read(open_folder, stranger):
    folder = open_folder / "04"
    with whole_folder(folder) as new:
        (new / "a").write_text("x")
    open_folder.chmod(0o555)
    with stranger(), settled(folder):
        recover_folder(folder)
        assert contents(folder) == {"a": "x"}
    with stranger(), pytest.raises(PermissionError):
        check_writable(open_folder)
    open_folder.chmod(0o755)
    assert os.listdir(open_folder) == ["04"]
