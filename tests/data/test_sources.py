"""Fetching a data set from a server on loopback: whole or not at all, or gone on with."""

import errno
import hashlib
import io
import os
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from helpers.course import settings, storage
from helpers.course.errors import NotPermittedError
from helpers.data import sources
from helpers.data.chorales import load_jsb
from helpers.data.grooves import GROOVE, load_starter_grooves
from helpers.data.performances import MAESTRO
from helpers.data.sources import (
    DataSet,
    DownloadError,
    NoCopyError,
    UnreachableError,
    data_set_folder,
    read_recording,
    read_table,
)

README = b"Drums, drums, drums.\n"
NOISE = hashlib.shake_256(b"noise").digest(200_000)  # it does not compress
INFO = b"name\nbeat\n"


def make_zip(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def make_tar(**members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


MEMBERS = dict(beats__info=INFO, beats__README=README, beats__deep__er__noise=NOISE)
GOOD = make_zip(**MEMBERS)
TAR = make_tar(**MEMBERS)


class Server(ThreadingHTTPServer):
    """Answers every request as ``behave`` does; counts them."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.ranges = [], []
        self.behave = send_good

    def handle_error(self, request, client_address):
        """A client that leaves early is what some of these tests are about."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        self.server.ranges.append(self.headers.get("Range"))
        self.server.behave(self)

    def log_message(self, *args):
        pass

    def send(self, data, length=None, status=200, **headers):
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def send_good(handler):
    handler.send(GOOD, len(GOOD))


def send_cut_off(handler):
    handler.send(GOOD[:100_000], len(GOOD))


def send_cut_off_without_length(handler):
    handler.send(GOOD[:100_000])


def send_from(handler, data=TAR, stop=None):
    """As a server does that can go on in the middle of a file, and breaks off at ``stop``."""
    asked = handler.headers.get("Range")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    headers = {"Accept-Ranges": "bytes"}
    if asked:
        headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
    handler.send(data[start:stop], len(data) - start, 206 if asked else 200, **headers)


def send_reset(handler):
    handler.send(GOOD[:100_000], len(GOOD))
    handler.wfile.flush()
    linger = struct.pack("ii" if os.name == "posix" else "hh", 1, 0)  # close with a reset
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def send_nothing(handler):
    handler.send(b"", len(GOOD))


def send_altered(handler):
    data = bytearray(GOOD)
    data[len(data) // 2] ^= 1
    handler.send(bytes(data), len(data))


def send_wrong_length(handler):
    handler.send(GOOD + b"more", len(GOOD) + 4)


def send_not_found(handler):
    handler.send(b"<html>gone</html>", status=404)


def send_error_page(handler):
    """As a hotel's network answers whatever one asks for."""
    handler.send(b"<html>please log in</html>")


FAULTS = {
    send_cut_off: "cut off after 100,000 of",
    send_cut_off_without_length: "cut off after 100,000 of",
    send_reset: "cut off after",
    send_nothing: "cut off after 0 of",
    send_altered: "SHA-256 differs",
    send_wrong_length: "offers",
    send_not_found: "HTTP 404 Not Found",
    send_error_page: "cut off",
}


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where downloads go; no variable of the environment interferes."""
    monkeypatch.setattr(sources, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("BEATS_DIR", raising=False)
    monkeypatch.delenv("CACHE_DIR", raising=False)
    return tmp_path / "downloads"


def spec(server=None, **changes):
    url = (
        f"http://127.0.0.1:{server.server_port}/beats.zip" if server else "http://nowhere.invalid/"
    )
    fields = dict(name="beats", url=url, size=len(GOOD), sha256=hashlib.sha256(GOOD).hexdigest())
    fields |= dict(variable="BEATS_DIR", marker="info", licence="none")
    fields |= dict(missing="There are no beats: make some.")
    return DataSet(**fields | changes)


def all_files(folder):
    """What is under a folder, hidden files too, but for the lock, an empty file."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in Path(folder).rglob("*")
        if path.is_file() and path.name != ".beats.lock"
    )


WHOLE = ["beats/beats/README", "beats/beats/deep/er/noise", "beats/beats/info"]


# --- fetching ----------------------------------------------------------------------------------


def test_it_is_fetched_once_and_only_when_asked_for(server, place, capsys):
    with pytest.raises(NoCopyError, match="There are no beats: make some."):
        data_set_folder(spec(server))
    assert server.requests == [] and not place.exists()
    folder = data_set_folder(spec(server), download=True)
    assert (folder / "info").read_bytes() == INFO
    assert (folder / "deep/er/noise").read_bytes() == NOISE
    assert all_files(place) == WHOLE
    assert data_set_folder(spec(server)) == folder
    assert data_set_folder(spec(server), download=True) == folder
    assert server.requests == ["/beats.zip"]
    last = capsys.readouterr().err.splitlines()[-1]
    kilobytes = -(-len(GOOD) // 1000)
    assert last.startswith(f"beats, kilobytes: {kilobytes}/{kilobytes}")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_bad_download_leaves_nothing_and_running_again_mends_it(server, place, fault):
    server.behave = fault
    with pytest.raises(DownloadError, match=FAULTS[fault]) as caught:
        data_set_folder(spec(server), download=True)
    assert "again" in str(caught.value) and "\n" not in str(caught.value)
    assert all_files(place) == [] and os.listdir(place) == [".beats.lock"]
    with pytest.raises(NoCopyError):
        data_set_folder(spec(server))
    server.behave = send_good
    folder = data_set_folder(spec(server), download=True)
    assert (folder / "info").read_bytes() == INFO
    assert all_files(place) == WHOLE


def test_a_server_that_does_not_say_how_much_it_sends(server, place):
    server.behave = lambda handler: handler.send(GOOD)
    assert data_set_folder(spec(server), download=True) is not None


def test_never_more_is_read_than_the_file_should_have(server, place):
    """A server that never ends: what comes after the file is not waited for."""

    def send_for_ever(handler):
        handler.send(GOOD)
        while True:
            handler.wfile.write(bytes(65536))  # fails when the client has left

    server.behave = send_for_ever
    assert data_set_folder(spec(server), download=True) is not None
    assert all_files(place) == WHOLE


def test_a_server_that_sends_it_elsewhere(server, place):
    def redirect(handler):
        if handler.path == "/beats.zip":
            handler.send(b"", 0, 302, Location="/moved.zip")
        else:
            send_good(handler)

    server.behave = redirect
    assert data_set_folder(spec(server), download=True) is not None
    assert server.requests == ["/beats.zip", "/moved.zip"]


def test_a_redirection_to_a_file_of_ones_own_is_refused(server, place, tmp_path):
    (tmp_path / "own.zip").write_bytes(GOOD)
    own = (tmp_path / "own.zip").as_uri()
    server.behave = lambda handler: handler.send(b"", 0, 302, Location=own)
    with pytest.raises(DownloadError, match="No connection adapters"):
        data_set_folder(spec(server), download=True)


def test_without_a_network(place, monkeypatch):
    def refuse(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(UnreachableError, match=r"not reached \(Name or service not known\)") as e:
        data_set_folder(spec(), download=True)
    assert "\n" not in str(e.value)
    assert all_files(place) == []


def test_a_server_that_does_not_listen(place):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(UnreachableError, match="not reached"):
        data_set_folder(spec(url=f"http://127.0.0.1:{port}/"), download=True)


def test_a_server_that_does_not_answer(place, monkeypatch):
    monkeypatch.setattr(sources, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(UnreachableError, match="timed out"):
            data_set_folder(spec(url=url), download=True)


def test_a_server_that_falls_silent(server, place, monkeypatch):
    monkeypatch.setattr(sources, "TIMEOUT", 0.2)
    heard = threading.Event()

    def fall_silent(handler):
        handler.send(GOOD[:100_000], len(GOOD))
        handler.wfile.flush()
        heard.wait(10)

    server.behave = fall_silent
    with pytest.raises(DownloadError, match="cut off after 100,000 of"):
        data_set_folder(spec(server), download=True)
    heard.set()
    assert os.listdir(place) == [".beats.lock"]


def interrupt_after(monkeypatch, count):
    """Lets the download be interrupted, as by Ctrl-C, after so many blocks."""
    read = sources._blocks

    def interrupted(*args):
        for number, block in enumerate(read(*args)):
            if number == count:
                raise KeyboardInterrupt
            yield block

    monkeypatch.setattr(sources, "_blocks", interrupted)


def test_interrupted_half_way(server, place, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_after(patch, 50)
        with pytest.raises(KeyboardInterrupt):
            data_set_folder(spec(server), download=True)
    assert all_files(place) == [] and os.listdir(place) == [".beats.lock"]
    assert data_set_folder(spec(server), download=True) is not None


def test_interrupted_while_unpacking(server, place, monkeypatch):
    """What was fetched and checked stays, and is not fetched again."""

    def interrupt(archive, folder):
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sources.shutil, "unpack_archive", interrupt)
        with pytest.raises(KeyboardInterrupt):
            data_set_folder(spec(server), download=True)
    assert all_files(place) == ["beats.zip"]
    assert data_set_folder(spec(server), download=True) is not None
    assert all_files(place) == WHOLE and server.requests == ["/beats.zip"]


def test_a_full_disk(server, place, monkeypatch):
    def fill(archive, folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sources.shutil, "unpack_archive", fill)
    with pytest.raises(DownloadError, match=r"\(No space left on device\): make room"):
        data_set_folder(spec(server), download=True)


# --- a download that is gone on with -----------------------------------------------------------


@pytest.fixture
def large(server, monkeypatch):
    """The same as a .tar.gz, large enough to be kept in part."""
    monkeypatch.setattr(sources, "LARGE", 100_000)
    server.behave = send_from
    url = f"http://127.0.0.1:{server.server_port}/beats.tar.gz"
    return spec(url=url, size=len(TAR), sha256=hashlib.sha256(TAR).hexdigest())


def test_a_large_one_is_fetched_whole(server, place, large, capsys):
    folder = data_set_folder(large, download=True)
    assert (folder / "deep/er/noise").read_bytes() == NOISE
    assert all_files(place) == WHOLE and server.ranges == [None]
    said = capsys.readouterr()
    assert said.err.splitlines()[-1].startswith("beats, megabytes: 1/1")
    assert said.out == "beats.tar.gz is unpacked, which may take minutes.\n"


def test_a_large_one_that_is_cut_off_goes_on(server, place, large):
    server.behave = lambda handler: send_from(handler, stop=100_000)
    with pytest.raises(DownloadError, match="after 100,000 of .* which are kept: run this again"):
        data_set_folder(large, download=True)
    assert all_files(place) == ["beats.part"]
    with pytest.raises(NoCopyError):
        data_set_folder(large)
    server.behave = lambda handler: send_from(handler, stop=150_000)
    with pytest.raises(DownloadError, match="after 150,000 of"):
        data_set_folder(large, download=True)
    server.behave = send_from
    assert data_set_folder(large, download=True) is not None
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert all_files(place) == WHOLE


def test_a_large_one_that_is_interrupted_goes_on(server, place, large, monkeypatch):
    server.behave = lambda handler: send_from(handler, stop=100_000)
    with pytest.raises(DownloadError):
        data_set_folder(large, download=True)
    server.behave = send_from
    with monkeypatch.context() as patch:
        interrupt_after(patch, 0)
        with pytest.raises(KeyboardInterrupt):
            data_set_folder(large, download=True)
    assert all_files(place) == ["beats.part"]
    assert data_set_folder(large, download=True) is not None
    assert server.ranges == [None, "bytes=100000-", "bytes=100000-"]


def test_a_part_that_is_whole_already(server, place, large):
    place.mkdir()
    (place / "beats.part").write_bytes(TAR)
    assert data_set_folder(large, download=True) is not None
    assert server.requests == [] and all_files(place) == WHOLE


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * len(TAR), b"x" * (len(TAR) + 1)])
def test_a_part_of_something_else_is_removed(server, place, large, left):
    place.mkdir()
    (place / "beats.part").write_bytes(left)
    with pytest.raises(DownloadError, match="SHA-256 differs.* again"):
        data_set_folder(large, download=True)
    assert all_files(place) == []
    assert data_set_folder(large, download=True) is not None


def test_a_server_that_cannot_go_on_sends_all_of_it_again(server, place, large):
    place.mkdir()
    (place / "beats.part").write_bytes(TAR[:1000])
    server.behave = lambda handler: handler.send(TAR, len(TAR))
    assert data_set_folder(large, download=True) is not None
    assert server.ranges == ["bytes=1000-"] and all_files(place) == WHOLE


def test_a_log_in_page_leaves_the_part_alone(server, place, large):
    place.mkdir()
    (place / "beats.part").write_bytes(TAR[:1000])
    page = b"<html>please log in</html>"
    server.behave = lambda handler: handler.send(page, len(page))
    with pytest.raises(DownloadError, match=f"offers {len(page)} bytes and not {len(TAR)}"):
        data_set_folder(large, download=True)
    server.behave = lambda handler: handler.send(b"", 0, 503)
    with pytest.raises(DownloadError, match="HTTP 503 Service Unavailable"):
        data_set_folder(large, download=True)
    assert all_files(place) == ["beats.part"]


def test_another_size_is_refused_when_it_goes_on(server, place, large):
    place.mkdir()
    (place / "beats.part").write_bytes(TAR[:1000])
    server.behave = lambda handler: send_from(handler, TAR + b"more")
    with pytest.raises(DownloadError, match="offers"):
        data_set_folder(large, download=True)


def test_an_altered_large_one_leaves_nothing(server, place, large):
    server.behave = lambda handler: send_from(handler, TAR[:-9] + b"x" + TAR[-8:])
    with pytest.raises(DownloadError, match="SHA-256 differs"):
        data_set_folder(large, download=True)
    assert all_files(place) == []


def test_packed_content_is_taken_as_it_is(server, place, large):
    """Some servers say of a .tar.gz that it is a .tar, packed with gzip for the way."""
    headers = {"Content-Encoding": "x-gzip"}
    server.behave = lambda handler: handler.send(TAR, len(TAR), **headers)
    assert data_set_folder(large, download=True) is not None


def test_a_link_out_of_the_folder_is_not_unpacked(server, place, large):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    data = buffer.getvalue()
    server.behave = lambda handler: handler.send(data, len(data))
    trap = large._replace(size=len(data), sha256=hashlib.sha256(data).hexdigest())
    with pytest.raises(tarfile.FilterError):
        data_set_folder(trap, download=True)
    assert not (place / "beats").exists()


def test_two_at_once_each_get_the_whole(server, place, large):
    """In two processes, as two notebooks are: one fetches, the other waits for it."""
    code = (
        "import sys; from helpers.data import sources\n"
        "sources.DOWNLOADS = sources.Path(sys.argv[1]); sources.LARGE = 100_000\n"
        "spec = sources.DataSet('beats', 'BEATS_DIR', 'info', '', '', *eval(sys.argv[2]))\n"
        "folder = sources.data_set_folder(spec, download=True)\n"
        "print(len((folder / 'deep/er/noise').read_bytes()))\n"
    )
    where = [str(place), repr((large.url, large.size, large.sha256))]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, *where],
            cwd=settings.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for one in both:
        out, err = one.communicate(timeout=120)
        assert out.splitlines()[-1:] == [str(len(NOISE))], err
    assert server.requests == ["/beats.tar.gz"] and all_files(place) == WHOLE


def test_what_is_light_to_import(place):
    code = (
        "import sys, helpers.data.sources, helpers.data; helpers.data.load_groove\n"
        "print(sorted({'tensorflow', 'music21', 'requests', 'pooch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.ROOT, capture_output=True, text=True
    )
    assert done.stdout == "[]\n", done.stderr


# --- other places, other file systems ----------------------------------------------------------


@pytest.mark.parametrize("name", ["~/cache", " ~/cache ", "HOME/cache"])
def test_downloads_go_where_the_environment_says(server, place, tmp_path, monkeypatch, name):
    """For a course that was installed where students may not write."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CACHE_DIR", name.replace("HOME", str(tmp_path)))
    folder = data_set_folder(spec(server), download=True)
    assert folder == tmp_path / "cache" / "downloads" / "beats" / "beats"
    assert not place.exists() and data_set_folder(spec(server)) == folder


def test_what_a_teacher_has_fetched_into_the_course_is_found(server, place, tmp_path, monkeypatch):
    folder = data_set_folder(spec(server), download=True)
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "cache"))
    assert data_set_folder(spec(server), download=True) == folder
    assert server.requests == ["/beats.zip"] and not (tmp_path / "cache").exists()


def test_a_read_only_course_names_the_variable(server, open_folder, stranger, monkeypatch):
    monkeypatch.setattr(sources, "DOWNLOADS", open_folder / "data" / "downloads")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("CACHE_DIR", raising=False)
    (open_folder / "data").mkdir(mode=0o555)
    with stranger(), pytest.raises(DownloadError, match="cannot be written.*let CACHE_DIR") as e:
        data_set_folder(spec(server), download=True)
    assert "\n" not in str(e.value) and server.requests == []
    (open_folder / "mine").mkdir()
    (open_folder / "mine").chmod(0o777)
    monkeypatch.setenv("CACHE_DIR", str(open_folder / "mine"))
    with stranger():
        assert data_set_folder(spec(server), download=True).is_dir()


@pytest.mark.parametrize("name", ["EROFS", "ENOSPC", "EACCES"])
def test_a_place_that_takes_nothing_names_the_variable(server, place, monkeypatch, name):
    def refuse(*arguments, **options):
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    monkeypatch.setattr(Path, "mkdir", refuse)
    way = "make room there" if name == "ENOSPC" else "get write access"
    with pytest.raises(DownloadError, match=f"data/downloads .*: {way}, or let CACHE_DIR"):
        data_set_folder(spec(server), download=True)


@pytest.mark.skipif(os.name != "posix", reason="flock is POSIX's")
@pytest.mark.parametrize("name", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_a_file_system_without_locks_takes_a_download(server, place, monkeypatch, name):
    def refuse(*arguments):
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    monkeypatch.setattr("fcntl.flock", refuse)
    assert data_set_folder(spec(server), download=True) is not None
    assert all_files(place) == WHOLE


def test_a_scanner_that_looks_into_a_download_is_waited_for(server, place, large, monkeypatch):
    real, tries = os.replace, []

    def now_and_then(*arguments):
        tries.append(arguments)
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "it is open in another program")
        return real(*arguments)

    monkeypatch.setattr(storage, "WAITS", (0, 0, 0))
    monkeypatch.setattr("os.replace", now_and_then)
    assert data_set_folder(large, download=True) is not None
    assert all_files(place) == WHOLE and len(tries) == 3


def test_a_copy_that_may_not_be_read_is_not_called_missing(open_folder, stranger, monkeypatch):
    copy = open_folder / "copy" / "inside"
    copy.mkdir(parents=True)
    (copy / "info").write_bytes(INFO)
    monkeypatch.setenv("BEATS_DIR", str(open_folder / "copy"))
    for closed in (copy, copy.parent):
        closed.chmod(0)
        for marker in ("info", ""):
            if closed == copy and not marker:
                continue
            with stranger(), pytest.raises(NotPermittedError, match=f"{closed.name} may not be"):
                data_set_folder(spec(marker=marker))
        closed.chmod(0o755)
    (open_folder / "copy" / "a closed one beside").mkdir(mode=0)
    with stranger():
        assert data_set_folder(spec()) == copy


def test_files_of_a_copy_are_missing_or_may_not_be_read(open_folder, stranger):
    (open_folder / "a.mid").write_bytes(b"MThd")
    (open_folder / "a.mid").chmod(0)
    with stranger(), pytest.raises(NotPermittedError, match=r"a\.mid may not be read by you"):
        read_recording(open_folder, "a.mid", "Beats")
    with stranger(), pytest.raises(NotPermittedError, match=r"a\.mid may not be read by you"):
        read_table(open_folder / "a.mid", ("name",), "Beats")
    with pytest.raises(FileNotFoundError, match=r"^b/c\.mid is missing from the copy of Beats: "):
        read_recording(open_folder, "b/c.mid", "Beats")
    (open_folder / "a.mid").chmod(0o644)
    with stranger():
        assert read_recording(open_folder, "a.mid", "Beats") == b"MThd"


# --- what was there before ---------------------------------------------------------------------


def test_what_was_left_of_an_earlier_try_is_replaced(server, place):
    (place / "beats").mkdir(parents=True)
    (place / "beats" / "half").write_text("no marker here")
    with pytest.raises(NoCopyError):
        data_set_folder(spec(server))
    assert data_set_folder(spec(server), download=True) is not None
    assert all_files(place) == WHOLE


def test_a_folder_that_cannot_be_written_to(server, place):
    place.write_text("a file, where a folder should be")
    with pytest.raises(DownloadError, match="cannot be written to data/downloads.*CACHE_DIR"):
        data_set_folder(spec(server), download=True)


def test_a_zip_file_without_the_marker(server, place):
    with pytest.raises(DownloadError, match="holds no table.csv"):
        data_set_folder(spec(server, marker="table.csv"), download=True)


# --- a copy of one's own -----------------------------------------------------------------------


def test_the_environment_names_a_copy(server, place, tmp_path, monkeypatch):
    own = tmp_path / "my drums"
    (own / "inside").mkdir(parents=True)
    (own / "inside" / "info").write_bytes(INFO)
    for named in (own, own / "inside"):
        monkeypatch.setenv("BEATS_DIR", str(named))
        assert data_set_folder(spec(server), download=True) == own / "inside"
    assert server.requests == []
    monkeypatch.setenv("BEATS_DIR", " ")  # as good as unset
    with pytest.raises(NoCopyError):
        data_set_folder(spec(server))


@pytest.mark.parametrize("named", ["nowhere", "info", "empty"])
def test_the_environment_names_something_else(server, place, tmp_path, monkeypatch, named):
    (tmp_path / "info").write_bytes(INFO)
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("BEATS_DIR", str(tmp_path / named))
    with pytest.raises(DownloadError, match="BEATS_DIR.*info is not there") as caught:
        data_set_folder(spec(server), download=True)
    assert "\n" not in str(caught.value) and server.requests == []


def test_a_relative_path_counts_from_the_project(place, monkeypatch, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "info").write_bytes(INFO)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.setenv("BEATS_DIR", "copy")
    assert data_set_folder(spec()) == tmp_path / "copy"


def test_home_is_expanded_and_an_unknown_user_gets_a_sentence(place, monkeypatch, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "info").write_bytes(INFO)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("BEATS_DIR", " ~/copy ")
    assert data_set_folder(spec()) == tmp_path / "copy"
    assert data_set_folder(spec(), folder="~/copy") == tmp_path / "copy"
    monkeypatch.setenv("BEATS_DIR", "~nouser/copy")
    for folder in (None, "~nouser/copy"):
        with pytest.raises(DownloadError, match="~nouser/copy.*no home folder ~nouser") as caught:
            data_set_folder(spec(), folder=folder)
        assert "\n" not in str(caught.value)


def test_a_folder_that_is_given_comes_before_the_environment(place, monkeypatch, tmp_path):
    for name in ("given", "named"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "info").write_bytes(INFO)
    monkeypatch.setenv("BEATS_DIR", str(tmp_path / "named"))
    assert data_set_folder(spec()) == tmp_path / "named"
    assert data_set_folder(spec(), folder=tmp_path / "given") == tmp_path / "given"
    with pytest.raises(DownloadError, match="^folder is .*nowhere.*info is not there"):
        data_set_folder(spec(), folder=tmp_path / "nowhere")


def test_without_a_marker_any_folder_will_do(server, place, tmp_path):
    anything = spec(server, marker="")
    assert data_set_folder(anything, folder=tmp_path) == tmp_path
    with pytest.raises(DownloadError, match="there is no such folder"):
        data_set_folder(anything, folder=tmp_path / "nowhere")
    with pytest.raises(NoCopyError):
        data_set_folder(anything)
    assert data_set_folder(anything, download=True) == place / "beats"


def test_errors_are_sentences_and_missing_files():
    for kind in (DownloadError, NoCopyError, UnreachableError):
        assert issubclass(kind, FileNotFoundError)
        assert kind("Get a copy.")._render_traceback_() == [f"{kind.__name__}: Get a copy."]


def test_the_grooves_and_chorales_that_are_closed_are_not_called_missing(
    open_folder, stranger, monkeypatch
):
    monkeypatch.setattr("helpers.data.grooves.STARTER_FOLDER", open_folder / "grooves")
    (open_folder / "grooves").mkdir(mode=0)
    (open_folder / "jsb.json").touch(mode=0)
    with stranger(), pytest.raises(NotPermittedError, match="grooves may not be read by you"):
        load_starter_grooves()
    with stranger(), pytest.raises(NotPermittedError, match=r"jsb\.json may not be read by you"):
        load_jsb(open_folder / "jsb.json")


@pytest.mark.parametrize("data_set", [GROOVE, MAESTRO])
def test_the_data_sets_are_described_as_they_are_fetched(data_set):
    assert data_set.url.startswith("https://storage.googleapis.com/magentadata/datasets/")
    assert len(bytes.fromhex(data_set.sha256)) == 32
    assert data_set.variable == f"{data_set.name.upper()}_DIR"
    ignored = (settings.ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert sources.DOWNLOADS.relative_to(settings.ROOT).as_posix() + "/" in ignored
    text = (settings.ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for said in (data_set.url, data_set.sha256, f"{data_set.size:,}", data_set.variable):
        assert said in text
