"""Every look at the machine finds what it is for, says how to mend it, and none of them raises."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

import helpers
from helpers.course import device, settings
from helpers.exercises import machine
from helpers.exercises.machine import Check

GB = 1_000_000_000


# --- the whole ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def this_computer():
    return machine.check_machine()


def test_this_computer_can_take_the_course(this_computer):
    """The computer that runs the tests has all packages and files."""
    checks = {check.what: check for check in this_computer}
    assert list(checks) == [what for what, _ in machine.LOOKS]
    for what in ("Python", "packages", "device", "runs/", "data/", "checkpoints/", "sound"):
        assert checks[what].ok is not False, checks[what]
    assert "04_accompaniment_gan" in checks["checkpoints/"].found
    assert "chorales" in checks["data/"].found
    assert "TensorFlow" in checks["device"].found


def test_what_is_well_needs_no_mending_and_all_else_says_how(this_computer):
    for check in this_computer:
        assert bool(check.mend) is (check.ok is not True), check
        assert not check.mend or check.mend.endswith("."), check


def test_without_any_package_it_says_what_is_missing():
    """-S leaves out what is installed: only the standard library is there."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "helpers.exercises.machine"],
        cwd=settings.ROOT,
        env={**os.environ, "PYTHONNOUSERSITE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert "missing: tensorflow, numpy, music21" in " ".join(done.stdout.split())
    assert "needs tensorflow" in done.stdout
    assert "to mend first" in done.stdout


def test_a_look_that_fails_is_a_result(monkeypatch):
    def fail():
        raise RuntimeError("no such luck")

    def need():
        import package_of_nobody  # noqa: F401

    looks = (("first", fail), ("second", need), ("third", lambda: Check("third", "fine", True)))
    monkeypatch.setattr(machine, "LOOKS", looks)
    first, second, third = machine.check_machine()
    assert first.ok is None and first.found == "could not be checked (RuntimeError: no such luck)"
    assert second.ok is None and second.found == "needs package_of_nobody"
    assert third == Check("third", "fine", True)
    assert (first.failed, second.failed, third.failed) == (True, True, False)
    assert machine.main() == 1


@pytest.mark.parametrize("error", [RuntimeError(), ImportError("x"), OSError(5, "I/O error")])
@pytest.mark.parametrize("what", [what for what, _ in machine.LOOKS])
def test_nobody_can_begin_after_a_look_that_failed(what, error, monkeypatch):
    def fail():
        raise error

    fine = [(other, lambda: Check("x", "fine", True)) for other, _ in machine.LOOKS]
    looks = [(other, fail if other == what else look) for other, look in fine]
    monkeypatch.setattr(machine, "LOOKS", looks)
    verdict = machine.report(machine.check_machine()).splitlines()[-1]
    assert verdict == "1 look failed: whether the course runs here is not known yet."


# --- the table ---------------------------------------------------------------------------------


def test_the_report_is_a_table():
    checks = [
        Check("memory", "9 GB free", True),
        Check("disk", "0.5 GB free", None, "Make room."),
        Check("packages", "no numpy", False, "Install it."),
    ]
    assert machine.report(checks).splitlines() == [
        "ok    memory    9 GB free",
        "look  disk      0.5 GB free",
        "                -> Make room.",
        "mend  packages  no numpy",
        "                -> Install it.",
        "",
        "1 line to mend first: do what stands behind the arrow.",
    ]
    assert machine.report(checks[:2]).endswith(
        "You can begin. 1 line to look at, when you have time."
    )
    assert machine.report(checks[:1]).endswith("All is well: you can begin.")
    failed = Check("sound", "could not be checked", None, "Look.", failed=True)
    assert machine.report([failed]).splitlines()[0] == "fail  sound  could not be checked"
    assert machine.report([*checks[:2], failed]).endswith(
        "1 look failed: whether the course runs here is not known yet."
    )
    assert machine.report([*checks, failed]).endswith(
        "1 line to mend first: do what stands behind the arrow."
    )
    assert machine.report([]).endswith("All is well: you can begin.")


def test_long_texts_are_wrapped_below_themselves():
    lines = machine.report([Check("a", "word " * 60, False, "mend " * 60)]).splitlines()
    assert max(map(len, lines)) <= machine.WIDTH
    assert lines[1].startswith(" " * 9 + "word")
    assert any(line.startswith(" " * 9 + "-> mend") for line in lines)


def test_the_command_line_fails_where_something_is_to_mend(monkeypatch, capsys):
    for ok, code in ((True, 0), (None, 0), (False, 1)):
        monkeypatch.setattr(
            machine, "LOOKS", (("x", lambda ok=ok: Check("x", "y", ok, "" if ok else "Do.")),)
        )
        assert machine.main() == code
        assert "x  y" in capsys.readouterr().out


# --- Python and packages -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "ok"),
    [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 5), True), ((3, 14, 0), False)],
)
def test_python(version, ok, monkeypatch):
    monkeypatch.setattr(machine.sys, "version_info", version)
    check = machine.look_at_python()
    assert check.ok is ok
    assert check.found == ".".join(map(str, version))
    assert ok or "3.11, 3.12 or 3.13" in check.mend


def test_the_pythons_are_those_of_the_project():
    text = (settings.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (low, high) = machine.OLDEST, machine.NEWEST
    assert f'requires-python = ">={low[0]}.{low[1]},<{high[0]}.{high[1] + 1}"' in text


@pytest.fixture
def lists(tmp_path, monkeypatch):
    """A folder with two lists of packages, and a function that says what is installed."""
    (tmp_path / "requirements.in").write_text(
        "# reasons\nalpha>=2.0          # first\nbeta_two>=1.10\n", encoding="utf-8"
    )
    (tmp_path / "requirements.txt").write_text(
        "alpha==2.3.1\n    # via x\nbeta-two==1.11 ; python_version < '3.12'\n"
        "beta-two==1.12 ; python_version >= '3.12'\n",
        encoding="utf-8",
    )

    def install(**versions):
        def version(name):
            if name not in versions:
                raise importlib.metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(importlib.metadata, "version", version)
        return machine.look_at_packages(tmp_path)

    return install


def test_packages_as_pinned(lists):
    for beta in ("1.11", "1.12"):
        (check,) = lists(alpha="2.3.1", beta_two=beta)
        assert check == Check("packages", "all 2 there, as in requirements.txt", True)


def test_a_missing_package_is_named(lists):
    (check,) = lists(alpha="2.3.1")
    assert check.ok is False
    assert check.found == "1 of 2 missing: beta_two"
    assert "make lab" in check.mend or "conda env update" in check.mend


def test_a_package_that_is_too_old_is_named(lists):
    (check,) = lists(alpha="1.99", beta_two="1.11")
    assert check.ok is False
    assert check.found == "too old: alpha 1.99 (2.0 at least)"


def test_versions_are_compared_as_numbers(lists):
    (check,) = lists(alpha="2.3.1", beta_two="1.9")
    assert check.found == "too old: beta_two 1.9 (1.10 at least)"
    (check,) = lists(alpha="2", beta_two="1.11")  # 2 is 2.0
    assert check.ok is None


def test_another_version_than_the_one_tried_is_only_a_warning(lists):
    (check,) = lists(alpha="3.0rc1", beta_two="1.13.post1")
    assert check.ok is None
    assert check.found == (
        "not as tried: alpha 3.0rc1 (tried with 2.3.1), "
        "beta_two 1.13.post1 (tried with 1.11 and 1.12)"
    )


def test_several_faults_are_several_lines(lists):
    checks = lists(beta_two="1.0")
    assert [check.found.split(":")[0] for check in checks] == ["1 of 2 missing", "too old"]


def test_every_direct_package_is_looked_for():
    names = [name for name, _ in machine._versions(settings.ROOT / "requirements.in", ">=")]
    lines = (settings.ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    assert len(names) == sum(bool(line.strip()) and not line.startswith("#") for line in lines)
    pinned = dict(machine._versions(settings.ROOT / "requirements.txt", "=="))
    assert {machine._plain(name) for name in names} <= {machine._plain(name) for name in pinned}


def test_the_way_to_install_fits_the_installation(tmp_path, monkeypatch):
    monkeypatch.setattr(machine.sys, "prefix", str(tmp_path))
    assert "pip install -r requirements.txt" in machine._way_to_install()
    (tmp_path / "conda-meta").mkdir()
    assert "conda env update" in machine._way_to_install()
    monkeypatch.setattr(machine.sys, "prefix", str(settings.ROOT / ".venv"))
    assert "run `make lab` in the course's folder." in machine._way_to_install()
    monkeypatch.setattr(machine.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(machine.platform, "machine", lambda: "x86_64")
    assert "Intel" in machine._way_to_install(tensorflow=True)


# --- memory and processor ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "ok"), [(0.4, False), (1.4, None), (2.5, True)], ids=["none", "little", "enough"]
)
def test_memory(free, ok, monkeypatch):
    monkeypatch.setattr(machine, "_memory", lambda: (int(free * GB), 8 * GB))
    monkeypatch.setattr(machine, "_process_limits", lambda: [])
    check = machine.look_at_memory()
    assert check.ok is ok
    assert check.found == f"{free} GB free of 8.0 GB"
    assert ok or "close other programs" in check.mend


@pytest.fixture
def linux(tmp_path, monkeypatch):
    """A computer of 8 GB, 6 of them free, and Linux's own files, to be written by the test:
    proc/ and cgroup/."""
    monkeypatch.setattr(machine, "PROC", tmp_path / "proc")
    monkeypatch.setattr(machine, "CGROUPS", tmp_path / "cgroup")

    def write(path, text):
        path = tmp_path / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    memory = SimpleNamespace(available=6_000_000 * 1024, total=8_000_000 * 1024)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(machine, "_process_limits", lambda: [])
    return write


def test_memory_of_a_computer(linux):
    assert machine._memory() == (6_000_000 * 1024, 8_000_000 * 1024)


def test_memory_of_a_container(linux):
    linux("proc/self/cgroup", "0::/a/b\n")
    linux("cgroup/a/b/memory.max", "max\n")
    linux("cgroup/a/memory.max", f"{3 * GB}\n")
    linux("cgroup/a/memory.current", f"{2 * GB}\n")
    linux("cgroup/a/memory.stat", f"anon 5\ninactive_file {GB // 2}\n")
    assert machine._memory() == (3 * GB // 2, 3 * GB)


def test_a_container_that_is_full_has_nothing_free(linux):
    linux("proc/self/cgroup", "0::/\n")
    linux("cgroup/memory.max", f"{GB}\n")
    linux("cgroup/memory.current", f"{2 * GB}\n")
    assert machine._memory() == (0, GB)
    assert machine.look_at_memory().ok is False


def test_the_limit_at_which_linux_begins_to_take_memory_back(linux):
    """memory.high: "going over the high limit never invokes the OOM killer", but the processes
    "are throttled and put under heavy reclaim pressure" (Linux, cgroup-v2, memory interface)."""
    linux("proc/self/cgroup", "0::/a\n")
    linux("cgroup/a/memory.max", f"{4 * GB}\n")
    linux("cgroup/a/memory.high", f"{3 * GB}\n")
    linux("cgroup/a/memory.current", f"{GB}\n")
    assert machine._memory() == (2 * GB, 3 * GB)


@pytest.mark.parametrize("seen_from_outside", [False, True])
def test_memory_and_cores_of_a_container_of_version_1(linux, seen_from_outside, monkeypatch):
    """One folder a controller (Linux, cgroup-v1/memory: limit and usage in bytes,
    total_inactive_file; scheduler/sched-bwc: cpu.cfs_quota_us, -1 for none)."""
    with_cores(monkeypatch, 8)
    groups = "12:memory:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/a\n0::/\n"
    linux("proc/self/cgroup", groups.replace("/a", "/docker/0123") if seen_from_outside else groups)
    place = "" if seen_from_outside else "a/"
    none = 9223372036854771712
    linux(f"cgroup/memory/{place}memory.limit_in_bytes", f"{none}\n")
    linux(f"cgroup/cpu,cpuacct/{place}cpu.cfs_quota_us", "-1\n")
    linux(f"cgroup/cpu,cpuacct/{place}cpu.cfs_period_us", "100000\n")
    assert machine._memory() == (6_000_000 * 1024, 8_000_000 * 1024)
    assert machine._cores() == 8
    linux(f"cgroup/memory/{place}memory.limit_in_bytes", f"{3 * GB}\n")
    linux(f"cgroup/memory/{place}memory.usage_in_bytes", f"{2 * GB}\n")
    linux(f"cgroup/memory/{place}memory.stat", f"inactive_file 5\ntotal_inactive_file {GB}\n")
    linux(f"cgroup/cpu,cpuacct/{place}cpu.cfs_quota_us", "200000\n")
    assert machine._memory() == (2 * GB, 3 * GB)
    assert machine._cores() == 2


def test_groups_that_may_not_be_read_set_no_limit(linux, monkeypatch):
    def refuse(path, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(machine.Path, "read_text", refuse)
    assert machine._memory() == (6_000_000 * 1024, 8_000_000 * 1024)


LIMITED = """
import resource
from helpers.exercises import machine
resource.setrlimit(resource.{limit}, ({most}, {most}))
print(*machine._memory(), machine.look_at_memory(), sep="\\n")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to such limits")
@pytest.mark.parametrize(
    ("limit", "most", "name"),
    [("RLIMIT_AS", 3 * GB, "ulimit -v"), ("RLIMIT_DATA", GB, "ulimit -d")],
)
def test_memory_that_ulimit_allows(limit, most, name):
    if psutil.virtual_memory().total < most:
        pytest.skip("this computer has less memory")
    code = LIMITED.format(limit=limit, most=most)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.ROOT, capture_output=True, text=True
    )
    free, total, check = done.stdout.splitlines()
    assert int(total) == most
    assert 0 < int(free) < most
    assert f"of {most / GB:.1f} GB, as {name} allows', ok=False" in check
    assert "lift that limit first" in check


def test_ulimits_that_leave_enough(linux, monkeypatch):
    enough = machine.Limit("ulimit -v", "addresses", 7 * GB, GB, 6)
    monkeypatch.setattr(machine, "_process_limits", lambda: [enough])
    check = machine.look_at_memory()
    assert check == Check("memory", "6.0 GB free of 7.0 GB, as ulimit -v allows", True)
    monkeypatch.setattr(machine, "_process_limits", lambda: [enough._replace(most=90 * GB)])
    assert machine.look_at_memory().found == "6.1 GB free of 8.2 GB"  # the computer has less


def with_cores(monkeypatch, cores):
    monkeypatch.setattr(
        psutil.Process, "cpu_affinity", lambda process: list(range(cores)), raising=False
    )


def test_cores_where_a_process_has_none_of_its_own(linux, monkeypatch):
    """macOS, where psutil knows no affinity."""
    monkeypatch.delattr(psutil.Process, "cpu_affinity", raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda: 10)
    assert machine._cores() == 10


def test_cores_of_a_container(linux, monkeypatch):
    with_cores(monkeypatch, 8)
    assert machine._cores() == 8
    linux("proc/self/cgroup", "0::/\n")
    linux("cgroup/cpu.max", "max 100000\n")
    assert machine._cores() == 8
    linux("cgroup/cpu.max", "250000 100000\n")
    assert machine._cores() == 2
    linux("cgroup/cpu.max", "10000 100000\n")
    assert machine._cores() == 1


def test_processor(linux, monkeypatch):
    with_cores(monkeypatch, 4)
    assert machine.look_at_processor() == Check("processor", "4 cores", True)
    with_cores(monkeypatch, 1)
    check = machine.look_at_processor()
    assert check.ok is None and check.found == "1 core"


# --- device ------------------------------------------------------------------------------------


@pytest.fixture
def reports(monkeypatch):
    """What TensorFlow is made to say, here and in another process."""

    def say(text):
        for name in ("device_report", "report_apart"):
            monkeypatch.setattr(device, name, lambda: text)

    return say


@pytest.fixture
def card(linux, reports, monkeypatch):
    """An NVIDIA card that TensorFlow does not see, and a function that sets what is installed."""
    reports("TensorFlow 9 on 2 CPU cores; no GPU seen.")
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(*names):
        found = [SimpleNamespace(name=name) for name in names]
        monkeypatch.setattr(importlib.metadata, "distributions", lambda: found)

    install("tensorflow", None)  # a package whose metadata is damaged has no name
    return install


def test_a_card_that_tensorflow_does_not_see(card, reports, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert machine.look_at_device().ok is True
    monkeypatch.setattr(shutil, "which", lambda name: name)
    check = machine.look_at_device()
    assert check.ok is None and "make lab GPU=1" in check.mend
    reports("TensorFlow 9 on GPU X.")
    assert machine.look_at_device() == Check("device", "TensorFlow 9 on GPU X.", True)


@pytest.mark.parametrize(
    ("value", "hides", "hides_with_libraries"),
    [
        ("-1", True, True),
        ("", True, True),
        (" -1", True, True),
        ("NoDevFiles", True, True),  # as "none", "void": whatever is no card's number or name
        ("-1,0", True, True),  # cards count up to the first that is not there
        ("0", False, True),
        ("1", False, True),  # perhaps there is no second card
        ("GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", False, True),
        ("MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6/1/2", False, True),
        (None, False, False),
    ],
)
def test_a_card_that_a_variable_hides(value, hides, hides_with_libraries, card, monkeypatch):
    """CUDA_VISIBLE_DEVICES: CUDA C++ Programming Guide, "CUDA Environment Variables"."""
    if value is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    for installed, hidden in ((), hides), (("nvidia-cudnn-cu12",), hides_with_libraries):
        card(*installed)
        check = machine.look_at_device()
        assert check.ok is None
        assert ("CUDA_VISIBLE_DEVICES" in check.mend) is hidden
        assert ("GPU=1" in check.mend) is not hidden


def test_a_tensorflow_that_ends_its_process(linux, monkeypatch):
    """A flag that its native code does not know; this process has not loaded it yet."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)

    def end():
        reason = "TensorFlow does not start (Unknown flag in TF_XLA_FLAGS: --nonsense)"
        raise device.TensorFlowError(reason, "mend or unset TF_XLA_FLAGS before Jupyter starts.")

    monkeypatch.setattr(device, "report_apart", end)
    assert machine.look_at_device() == Check(
        "device",
        "TensorFlow does not start (Unknown flag in TF_XLA_FLAGS: --nonsense)",
        False,
        "Mend or unset TF_XLA_FLAGS before Jupyter starts.",
    )


def test_a_processor_that_tensorflow_would_crash_on(linux, reports, monkeypatch):
    def load():
        raise AssertionError("TensorFlow must not be loaded here")

    for name in ("device_report", "report_apart"):
        monkeypatch.setattr(device, name, load)
    linux("proc/cpuinfo", "processor : 0\nflags\t\t: fpu sse sse2\n")
    check = machine.look_at_device()
    assert check.ok is False and "AVX" in check.mend
    reports("fine")
    linux("proc/cpuinfo", "processor : 0\nflags\t\t: fpu avx sse2\n")
    assert machine.look_at_device().found == "fine"


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "ok"), [(0.1, False), (0.5, None), (1.5, True), (500, True)])
def test_disk(free, ok, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=int(free * GB)))
    check = machine.look_at_disk()
    assert check.ok is ok
    assert check.found == (f"{free:.1f} GB free" if free < 100 else "over 100 GB free")


def test_runs_are_written_where_they_will_be(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "not" / "there" / "yet"))
    assert machine.look_at_runs() == Check("RUNS_DIR", "can be written", True)
    assert list(tmp_path.iterdir()) == []  # nothing is left behind
    monkeypatch.delenv("RUNS_DIR")
    assert machine.look_at_runs() == Check("runs/", "can be written", True)
    monkeypatch.setenv("RUNS_DIR", "runs/group_b")
    assert machine.look_at_runs().what == "runs/group_b/"


def test_a_folder_that_cannot_be_written(monkeypatch):
    def refuse(*arguments):
        raise PermissionError(13, "Permission denied", "secret/path")

    # The last step of a training's own way to write, which a plain file does not take.
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr("helpers.course.storage.WAITS", ())
    check = machine.look_at_runs()
    assert check.ok is False
    assert check.found == "cannot be written (Permission denied)"
    assert "RUNS_DIR" in check.mend


def test_a_file_in_the_place_of_runs(tmp_path, monkeypatch):
    (tmp_path / "runs").write_text("no folder")
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    assert machine.look_at_runs().ok is False


@pytest.fixture
def data_folder(tmp_path):
    (tmp_path / "build_tunes.py").write_text("")
    (tmp_path / "build_songs.py").write_text("")
    np.savez(tmp_path / "tunes.npz", pitches=np.arange(1000))
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "a.mid").write_text("notes")
    return tmp_path


def test_data(data_folder):
    assert machine.look_at_data(data_folder) == Check("data/", "songs, tunes: whole", True)


def test_data_that_is_missing(data_folder):
    (data_folder / "tunes.npz").unlink()
    check = machine.look_at_data(data_folder)
    assert check.ok is False and check.found == "tunes missing"
    (data_folder / "songs" / "a.mid").unlink()
    assert machine.look_at_data(data_folder).found == "songs, tunes missing"
    assert machine.look_at_data(data_folder / "nowhere").found == "everything missing"


@pytest.mark.parametrize("damage", ["cut", "changed", "pointer"])
def test_data_that_is_damaged(data_folder, damage):
    path = data_folder / "tunes.npz"
    content = bytearray(path.read_bytes())
    if damage == "changed":
        content[300] ^= 255
    path.write_bytes({"cut": content[:500], "pointer": b"version https://"}.get(damage, content))
    check = machine.look_at_data(data_folder)
    assert check.ok is False and check.found == "tunes.npz is damaged"


def test_checkpoints(tmp_path, monkeypatch):
    copy = tmp_path / "checkpoints"
    monkeypatch.setattr(settings, "checkpoint_folder", lambda chapter: copy / chapter)
    monkeypatch.setattr(
        "helpers.training.checkpoints.checkpoint_folder", lambda chapter: copy / chapter
    )
    assert machine.look_at_checkpoints().found == "no trained networks"
    shutil.copytree(settings.ROOT / "checkpoints", copy)
    assert machine.look_at_checkpoints().ok is True
    network = copy / "04_accompaniment_gan" / "generator.keras"
    content = bytearray(network.read_bytes())
    content[1000] ^= 1
    network.write_bytes(content)
    check = machine.look_at_checkpoints()
    assert check.ok is False
    assert check.found.endswith("04_accompaniment_gan/generator.keras is damaged")
    assert "git checkout" in check.mend
    network.unlink()
    assert machine.look_at_checkpoints().found.endswith("generator.keras is missing")


# --- sound and settings ------------------------------------------------------------------------


def test_sound_by_plain_tones_is_a_warning(tmp_path, monkeypatch):
    from helpers.show import synthesis

    assert machine.look_at_sound().ok is True
    monkeypatch.setattr(synthesis, "SOUND_FONT", tmp_path / "missing.sf2")
    check = machine.look_at_sound()
    assert check.ok is None
    assert check.found.startswith("plain tones")


def test_silence_is_no_sound(monkeypatch):
    from helpers.show import synthesis

    monkeypatch.setattr(synthesis, "synthesize", lambda midi: (np.zeros(9000, np.float32), "x"))
    assert machine.look_at_sound().ok is False


def test_settings(monkeypatch):
    for name in ("TRAIN", "SMOKE", "RUNS_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(machine, "_overridden", lambda: [])
    check = machine.look_at_settings()
    assert check == Check("settings", "chapters train (the environment sets nothing)", True)
    monkeypatch.setenv("SMOKE", "1")
    assert machine.look_at_settings().ok is None
    monkeypatch.setenv("TRAIN", "0")
    check = machine.look_at_settings()
    assert check.ok is True
    assert check.found == "chapters use the published networks (the environment sets TRAIN, SMOKE)"
    monkeypatch.setenv("TRAIN", "perhaps")
    check = machine.look_at_settings()
    assert check.ok is False and "perhaps" in check.found


@pytest.mark.parametrize(
    ("file", "variables", "found"),
    [
        (None, {}, []),
        ('{"floatx": "float32", "epsilon": 1e-7, "backend": "tensorflow"}', {}, []),
        ('{"image_data_format": "channels_first"}', {}, ["FILE"]),
        ('{"floatx": "float16"}', {"KERAS_BACKEND": "jax"}, ["KERAS_BACKEND=jax", "FILE"]),
        ("no JSON", {}, ["FILE"]),
        ("[]", {}, ["FILE"]),
    ],
)
def test_what_keras_would_have_been_is_said(file, variables, found, tmp_path, monkeypatch):
    if file:
        (tmp_path / "keras.json").write_text(file)
    monkeypatch.setattr(helpers, "OVERRIDDEN", {**variables, "KERAS_HOME": str(tmp_path)})
    found = [name.replace("FILE", str(tmp_path / "keras.json")) for name in found]
    assert machine._overridden() == found
    check = machine.look_at_settings()
    assert all(name in check.found for name in found)
    assert ("the course's own" in check.found) is bool(found)
