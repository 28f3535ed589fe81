"""Fetching a data set from a server on loopback: whole or not at all; zip files that are traps."""

import hashlib
import io
import os
import socket
import ssl
import stat
import struct
import threading
import urllib.error
import warnings
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from helpers.data import sources
from helpers.data.sources import DataSet, DownloadError, UnreachableError, data_set_folder, unpack

README = b"Drums, drums, drums.\n"
NOISE = hashlib.shake_256(b"noise").digest(200_000)  # it does not compress
INFO = b"name\nbeat\n"


def make_zip(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


GOOD = make_zip(beats__info=INFO, beats__README=README, beats__deep__er__noise=NOISE)


class Server(ThreadingHTTPServer):
    """Answers every request as ``behave`` does; counts them."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.behave = send_good

    def handle_error(self, request, client_address):
        """A client that leaves early is what some of these tests are about."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
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
    return tmp_path / "downloads"


def spec(server=None, **changes):
    url = (
        f"http://127.0.0.1:{server.server_port}/beats.zip" if server else "http://nowhere.invalid/"
    )
    fields = dict(name="beats", url=url, size=len(GOOD), sha256=hashlib.sha256(GOOD).hexdigest())
    fields |= dict(variable="BEATS_DIR", marker="info", licence="none")
    return DataSet(**fields | changes)


def all_files(folder):
    """What is under a folder, hidden files too."""
    return sorted(
        path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()
    )


WHOLE = ["beats/beats/README", "beats/beats/deep/er/noise", "beats/beats/info"]


# --- fetching ----------------------------------------------------------------------------------


def test_it_is_fetched_once_and_only_when_asked_for(server, place, capsys):
    assert data_set_folder(spec(server)) is None
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
    assert all_files(place) == [] and os.listdir(place) == []
    assert data_set_folder(spec(server)) is None
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
    with pytest.raises(DownloadError, match="HTTP 302"):
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
    open_url = sources._open

    def open_and_fall_silent(request):
        response, read = open_url(request), []

        def read_some(size):
            read.append(size)
            if len(read) > 100:
                raise TimeoutError("timed out")
            return type(response).read(response, size)

        response.read = read_some
        return response

    monkeypatch.setattr(sources, "_open", open_and_fall_silent)
    with pytest.raises(DownloadError, match="cut off after 100,000 of"):
        data_set_folder(spec(server), download=True)
    assert os.listdir(place) == []


def test_interrupted_half_way(server, place, monkeypatch):
    read, blocks = sources._blocks, []

    def interrupt(which):
        for block in read(which):
            blocks.append(block)
            if len(blocks) == 50:
                raise KeyboardInterrupt
            yield block

    monkeypatch.setattr(sources, "_blocks", interrupt)
    with pytest.raises(KeyboardInterrupt):
        data_set_folder(spec(server), download=True)
    assert all_files(place) == [] and os.listdir(place) == []
    monkeypatch.setattr(sources, "_blocks", read)
    assert data_set_folder(spec(server), download=True) is not None


def test_interrupted_while_unpacking(server, place, monkeypatch):
    write, written = sources._write, []

    def interrupt(archive, member, folder):
        if written:
            raise KeyboardInterrupt
        write(archive, member, folder)
        written.append(member)

    monkeypatch.setattr(sources, "_write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        data_set_folder(spec(server), download=True)
    assert written and all_files(place) == []
    monkeypatch.setattr(sources, "_write", write)
    assert data_set_folder(spec(server), download=True) is not None


def test_what_was_left_of_an_earlier_try_is_replaced(server, place):
    (place / "beats").mkdir(parents=True)
    (place / "beats" / "half").write_text("no marker here")
    assert data_set_folder(spec(server)) is None
    assert data_set_folder(spec(server), download=True) is not None
    assert all_files(place) == WHOLE


def test_a_folder_that_cannot_be_written_to(server, place):
    place.write_text("a file, where a folder should be")
    with pytest.raises(DownloadError, match="cannot be written to data/downloads"):
        data_set_folder(spec(server), download=True)


def test_a_zip_file_without_the_marker(server, place):
    with pytest.raises(DownloadError, match="holds no table.csv"):
        data_set_folder(spec(server, marker="table.csv"), download=True)


def test_python_without_certificates_takes_certifi_s(monkeypatch):
    asked = []

    def open_url(request, timeout, context=None):
        asked.append(context)
        if context is None:
            raise urllib.error.URLError(ssl.SSLCertVerificationError(1, "no issuer"))
        return "answer"

    monkeypatch.setattr("urllib.request.urlopen", open_url)
    assert sources._open("request") == "answer"
    assert asked[1].verify_mode == ssl.CERT_REQUIRED and asked[1].check_hostname


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
    assert data_set_folder(spec(server)) is None


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
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    monkeypatch.setenv("BEATS_DIR", "copy")
    assert data_set_folder(spec()) == tmp_path / "copy"


@pytest.mark.parametrize("data_set", [sources.GROOVE, sources.MAESTRO])
def test_the_data_sets_are_described_as_they_are_fetched(data_set):
    assert data_set.url.startswith("https://storage.googleapis.com/magentadata/datasets/")
    assert len(bytes.fromhex(data_set.sha256)) == 32 and data_set.size < sources.MOST_BYTES
    assert data_set.variable == f"{data_set.name.upper()}_DIR"
    ignored = (sources.ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert sources.DOWNLOADS.relative_to(sources.ROOT).as_posix() + "/" in ignored
    text = (sources.ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for said in (data_set.url, data_set.sha256, f"{data_set.size:,}", data_set.variable):
        assert said in text


# --- unpacking ---------------------------------------------------------------------------------


def member(name, data=b"x", mode=0o100644, **fields):
    """A zip file with a harmless file and this one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("good.txt", "good")
        info = zipfile.ZipInfo("good name")
        info.filename = info.orig_filename = name  # what the constructor would mend
        info.external_attr = mode << 16
        for field, value in fields.items():
            setattr(info, field, value)
        archive.writestr(info, data)
    return buffer.getvalue()


def forge(data, where, value):
    """The zip file with four bytes of the last member's entry in its directory changed."""
    entry = data.rindex(b"PK\x01\x02")
    return data[: entry + where] + struct.pack("<I", value) + data[entry + where + 4 :]


def encrypted():
    data = bytearray(member("secret"))
    for place, header in ((8, b"PK\x01\x02"), (6, b"PK\x03\x04")):
        data[data.rindex(header) + place] |= 1
    return bytes(data)


def twice(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zipfile, that a name is there already
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name
            archive.writestr(info, b"" if name.endswith("/") else b"x")
    return buffer.getvalue()


def of_100_gigabytes():
    """A directory that declares 100 GB, in the 64-bit form."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("good.txt", "good")
        archive.filelist[0].file_size = 100 * 10**9
    return buffer.getvalue()


TRAPS = {
    "parent": (member("../evil"), "leads out"),
    "parent inside": (member("a/../../evil"), "leads out"),
    "parent at the end": (member("a/.."), "leads out"),
    "absolute": (member("/etc/evil"), "absolute path"),
    "drive": (member("C:evil"), "absolute path"),
    "drive and folder": (member("c:/evil"), "absolute path"),
    "backslashes": (member("..\\evil"), "must not have"),
    "share": (member("\\\\server\\evil"), "absolute path"),
    "stream": (member("file.txt:evil"), "must not have"),
    "device": (member("folder/NUL.txt"), "device of Windows"),
    "point": (member("./evil"), "part without a name"),
    "trailing point": (member("evil."), "part without a name"),
    "no name": (member("a//evil"), "part without a name"),
    "line break": (member("evil\n.txt"), "must not have"),
    "long": (member("a" * 300), "longer than 200"),
    "link": (member("link", b"/etc/passwd", stat.S_IFLNK | 0o777), "is a link"),
    "pipe": (member("pipe", b"", stat.S_IFIFO | 0o644), "no plain file"),
    "device file": (member("zero", b"", stat.S_IFCHR | 0o644), "no plain file"),
    "false folder": (member("file", b"", stat.S_IFDIR | 0o755), "no plain file"),
    "full folder": (member("folder/", b"x", stat.S_IFDIR | 0o755), "folder with content"),
    "encrypted": (encrypted(), "encrypted"),
    "unusual": (member("a", compress_type=zipfile.ZIP_BZIP2), "compressed in an unusual way"),
    "twice": (twice("a", "a"), "twice"),
    "twice but for capitals": (twice("a/b", "A/B"), "twice"),
    "twice but for accents": (twice("\u00e9", "e\u0301"), "twice"),
    "file and folder": (twice("a", "a/b"), "twice"),
    "folder and file": (twice("a/b", "a"), "twice"),
    "named folder and file": (twice("a", "a/"), "twice"),
    "100 GB": (of_100_gigabytes(), "100,000,000,000 bytes"),
    "4 GB": (forge(member("big"), 24, 4_000_000_000), "bytes, more than"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_not_unpacked(tmp_path, trap):
    data, words = TRAPS[trap]
    (tmp_path / "trap.zip").write_bytes(data)
    with pytest.raises(DownloadError, match=words) as caught:
        unpack(tmp_path / "trap.zip", tmp_path / "in" / "new")
    assert "\n" not in str(caught.value)
    assert all_files(tmp_path) == ["trap.zip"]
    assert not (tmp_path / "in").exists()


def test_the_traps_differ_from_a_good_zip_file_only_in_what_they_are_about(tmp_path):
    unpack(io.BytesIO(member("folder/sub folder/ok-1.txt")), tmp_path / "one")
    assert all_files(tmp_path / "one") == ["folder/sub folder/ok-1.txt", "good.txt"]
    unpack(io.BytesIO(twice("a/", "a/b", "a/c/d", "..a", "a..b")), tmp_path / "two")
    assert all_files(tmp_path / "two") == ["..a", "a..b", "a/b", "a/c/d"]


def test_too_many_files(tmp_path):
    data = make_zip(**{f"f{i}": b"" for i in range(11)})
    with pytest.raises(DownloadError, match="11 files, more than the 10"):
        unpack(io.BytesIO(data), tmp_path / "new", most_files=10)
    unpack(io.BytesIO(data), tmp_path / "new", most_files=11)
    assert len(all_files(tmp_path)) == 11


def test_a_small_file_that_grows(tmp_path):
    """10 MB of zeros in 10 kB: declared honestly, and refused for that."""
    data = make_zip(zeros=bytes(10_000_000))
    assert len(data) < 20_000
    with pytest.raises(DownloadError, match="10,000,000 bytes, more than the 9,999,999"):
        unpack(io.BytesIO(data), tmp_path / "new", most_bytes=9_999_999)
    assert all_files(tmp_path) == []


def test_a_file_larger_than_it_declares(tmp_path):
    data = make_zip(zeros=bytes(1_000_000))
    for header, where in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.rindex(header) + where
        data = data[:place] + struct.pack("<I", 10) + data[place + 4 :]
    with pytest.raises(DownloadError, match="damaged"):
        unpack(io.BytesIO(data), tmp_path / "new")
    assert all_files(tmp_path) == [] and not (tmp_path / "new").exists()


@pytest.mark.parametrize("data", [b"", b"no zip", GOOD[:-30], GOOD[: len(GOOD) // 2], GOOD[50:]])
def test_no_whole_zip_file(tmp_path, data):
    with pytest.raises(DownloadError, match="damaged"):
        unpack(io.BytesIO(data), tmp_path / "new")
    assert all_files(tmp_path) == []


@pytest.mark.parametrize("place", range(100, len(GOOD), len(GOOD) // 12))
def test_altered_content_leaves_the_old_folder(tmp_path, place):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "old").write_text("old")
    data = bytearray(GOOD)
    data[place] ^= 0xFF
    with pytest.raises(DownloadError):
        unpack(io.BytesIO(bytes(data)), tmp_path / "new")
    assert all_files(tmp_path) == ["new/old"]


def test_a_full_disk(tmp_path, monkeypatch):
    usage = type(sources.shutil.disk_usage(tmp_path))(10**6, 10**6 - 10, 10)
    monkeypatch.setattr(sources.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DownloadError, match="10 bytes left"):
        unpack(io.BytesIO(GOOD), tmp_path / "new")
    assert all_files(tmp_path) == []
