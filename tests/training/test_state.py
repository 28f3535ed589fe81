"""A training that is stopped, killed or damaged, and goes on."""

import errno
import json
import os
import random
import subprocess
import sys
import threading
import types

import numpy as np
import pytest
import train_forever
from train_forever import make_step, make_training, train_once

from helpers.course import settings
from helpers.training.state import CheckpointError, Training

GUARD_SECONDS = 120  # a program that hangs is killed


def train(training, iterations):
    step = make_step(training)
    while training.iteration < iterations:
        train_once(training, step)
    return training


def state_of(training):
    """Everything that must be the same, as plain values."""
    variables = {name: v.numpy().tolist() for name, v in training._variables().items()}
    samples = {k: [(s.dtype.str, s.tolist()) for s in v] for k, v in training.samples.items()}
    return training.iteration, training.history, samples, variables


def is_one_sentence(error, file, way_out):
    text = str(error)
    return text.count("\n") == 0 and text.endswith(".") and str(file) in text and way_out in text


@pytest.fixture
def saved(tmp_path):
    """A training of four iterations, saved."""
    training = train(make_training(tmp_path / "run"), 4)
    training.save()
    return training


# --- going on ----------------------------------------------------------------------------------


def test_four_iterations_and_six_are_ten(tmp_path):
    whole = train(make_training(tmp_path / "whole"), 10)

    first = make_training(tmp_path / "parts")
    assert first.resume() == 0
    train(first, 4).save()
    history, samples = (second := make_training(tmp_path / "parts")).history, second.samples
    assert second.resume() == 4
    assert state_of(second) == state_of(first)
    train(second, 10)

    assert state_of(second) == state_of(whole)
    assert second.history["iteration"] == list(range(10))
    assert [len(made) for made in second.samples["made"]] == [2, 5, 8, 11]
    assert second.history is history
    assert second.samples is samples


def test_resume_goes_back_to_the_last_save(saved):
    at_save = json.dumps(state_of(saved))
    train(saved, 6)
    assert json.dumps(state_of(saved)) != at_save
    assert saved.resume() == 4
    assert json.dumps(state_of(saved)) == at_save


def test_numbers_of_numpy_and_tensorflow_and_nan_are_kept(tmp_path):
    import tensorflow as tf

    training = Training("x", {}, {}, {"rate": np.float32(0.5), "size": (2, 3)}, folder=tmp_path)
    training.history = {"loss": [np.float32(1.5), tf.constant(2.5), 3, float("nan"), [np.int64(4)]]}
    training.samples = {"none": [], "scores": [np.float32([1, 2])]}
    training.save()
    again = Training("x", {}, {}, {"rate": 0.5, "size": [2, 3]}, folder=tmp_path)
    again.resume()
    assert again.history["loss"][:3] == [1.5, 2.5, 3]
    assert np.isnan(again.history["loss"][3])
    assert again.history["loss"][4] == [4]
    assert again.samples["none"] == []
    assert again.samples["scores"][0].dtype == np.float32


@pytest.mark.parametrize(
    "wrong", [{"history": {"loss": [object()]}}, {"samples": {"made": [np.array([{}, None])]}}]
)
def test_what_only_a_pickle_could_hold_is_refused_and_the_old_file_stays(saved, wrong):
    before = saved.file.read_bytes()
    for name, value in wrong.items():
        setattr(saved, name, value)
    with pytest.raises(TypeError):
        saved.save()
    assert saved.file.read_bytes() == before


def test_the_folder_is_the_chapters_by_default(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    Training("04_x", {}, {}, {}).save()
    assert [path.name for path in (tmp_path / "04_x").iterdir()] == ["training.npz"]


def test_the_clock_adds_up_over_runs_and_leaves_out_what_was_lost(monkeypatch, tmp_path):
    now = types.SimpleNamespace(wall=50.0, cpu=3.0)
    clock = types.SimpleNamespace(monotonic=lambda: now.wall, process_time=lambda: now.cpu)
    monkeypatch.setattr("helpers.training.state.time", clock)

    def pass_time(wall, cpu=0):
        now.wall += wall
        now.cpu += cpu

    first = Training("x", {}, {}, {}, folder=tmp_path)
    pass_time(1000)  # between the cell that sets it up and the one that trains
    first.resume()
    pass_time(29, 40)
    assert not first.save_if_due(30)
    assert not first.file.exists()
    pass_time(1, 2)
    assert first.save_if_due(30)
    assert not first.save_if_due(30)
    pass_time(500, 500)  # lost: it is not saved any more
    second = Training("x", {}, {}, {}, folder=tmp_path)
    second.resume()
    pass_time(7, 8)
    second.save()
    assert (second.wall_seconds, second.cpu_seconds) == (37, 50)


# --- what does not fit -------------------------------------------------------------------------


def test_what_is_not_built_is_refused_at_once():
    import keras

    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam()
    with pytest.raises(CheckpointError, match=r"^'generator' has no variables yet, so build it"):
        Training("x", {"generator": network}, {"generator": optimizer}, {})
    with pytest.raises(CheckpointError, match=r"^'composer' has no variables yet"):
        Training("x", {"composer": keras.Sequential([keras.layers.Dense(1)])}, {}, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 8}, "with seed = 7, and here it is 8"),
        ({"new": [1]}, r"with new = 'not set', and here it is \[1\]"),
        ({"units": None}, "with units = 8, and here it is None"),
    ],
)
def test_other_settings_are_refused_and_nothing_changes(saved, change, words):
    other = make_training(saved.folder, settings={**saved.settings, **change})
    before = json.dumps(state_of(other))
    with pytest.raises(CheckpointError, match=words) as caught:
        other.resume()
    assert is_one_sentence(caught.value, saved.file, "delete the folder")
    assert json.dumps(state_of(other)) == before


def test_a_setting_that_may_change_does(saved):
    other = make_training(saved.folder, settings={**saved.settings, "iterations": 20})
    assert other.resume() == 4


def test_another_network_is_refused_and_nothing_changes(saved):
    other = make_training(saved.folder, units=9, settings=saved.settings)
    before = json.dumps(state_of(other))
    with pytest.raises(CheckpointError, match=r"network 'average'.* shape \(4, 8\).* \(4, 9\)"):
        other.resume()
    assert json.dumps(state_of(other)) == before
    del other.networks["average"]
    with pytest.raises(CheckpointError, match=r"network 'average'.* 'none'"):
        other.resume()


# --- damage ------------------------------------------------------------------------------------


def test_a_cut_file_is_refused_wherever_it_is_cut(saved):
    content = saved.file.read_bytes()
    before = json.dumps(state_of(saved))
    for length in [0, 1, 100, *range(200, len(content), 997), len(content) - 1]:
        saved.file.write_bytes(content[:length])
        with pytest.raises(CheckpointError) as caught:
            saved.resume()
        assert is_one_sentence(caught.value, saved.file, "delete it to start anew")
    assert json.dumps(state_of(saved)) == before


def test_a_flipped_byte_is_refused_or_does_no_harm(saved):
    content = saved.file.read_bytes()
    before = json.dumps(state_of(saved))
    refused = 0
    for place in random.Random(3).sample(range(len(content)), 300):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        saved.file.write_bytes(damaged)
        try:
            saved.resume()
        except CheckpointError as error:
            assert is_one_sentence(error, saved.file, "delete it to start anew")
            refused += 1
        assert json.dumps(state_of(saved)) == before
    assert refused > 100


@pytest.mark.parametrize("content", [b"not a zip file", b"\x93NUMPY"])
def test_another_file_under_the_name_is_refused(saved, content):
    saved.file.write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot be read"):
        saved.resume()


def test_an_npz_of_something_else_is_refused(saved):
    np.savez(saved.file, something=np.zeros(3))
    with pytest.raises(CheckpointError, match="cannot be read"):
        saved.resume()


def test_messages_show_paths_from_the_projects_root():
    training = Training("04_x", {}, {}, {}, folder=settings.ROOT / "runs" / "04_x")
    assert "runs/04_x/training.npz was trained" in str(training._mismatch("a =", 1, 2))
    assert str(settings.ROOT) not in str(training._mismatch("a =", 1, 2))


def full_disk(path, *args, **kwargs):
    """Writes some of it, then fails."""
    path.write(b"half a file")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_only(*args, **kwargs):
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def broken_disk(*args, **kwargs):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize(
    ("target", "failure"),
    [
        ("numpy.savez", full_disk),
        ("os.fsync", broken_disk),
        ("os.replace", read_only),
        ("tempfile.mkstemp", read_only),
    ],
)
def test_a_failed_save_leaves_the_old_file_and_nothing_else(saved, monkeypatch, target, failure):
    before = saved.file.read_bytes()
    train(saved, 6)
    with monkeypatch.context() as patch:
        patch.setattr(target, failure)
        with pytest.raises(CheckpointError, match="could not be written") as caught:
            saved.save()
    assert is_one_sentence(caught.value, saved.file, "make room or allow writing")
    assert [path.name for path in saved.folder.iterdir()] == ["training.npz"]
    assert saved.file.read_bytes() == before
    saved.save()
    assert make_training(saved.folder).resume() == 6


def test_a_real_limit_on_file_size_leaves_the_old_file(saved):
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = saved.file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(CheckpointError, match="could not be written"):
            saved.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in saved.folder.iterdir()] == ["training.npz"]
    assert saved.file.read_bytes() == before


def test_leftovers_of_a_killed_process_are_removed_and_other_files_are_not(saved):
    leftover = saved.folder / ".training.npz.a1b2c3d4.npz"
    others = [saved.folder / ".hidden", saved.folder / "notes.txt", saved.folder / "other.npz"]
    for path in (leftover, *others):
        path.write_bytes(b"half")
    assert saved.resume() == 4
    assert not leftover.exists()
    assert all(path.exists() for path in others)


# --- other users, other file systems -----------------------------------------------------------


def empty(folder, **settings):
    return Training("x", {}, {}, settings, folder=folder)


def test_a_save_that_may_not_be_read_is_neither_missing_nor_damaged(open_folder, stranger):
    empty(open_folder).save()
    for closed in (open_folder / "training.npz", open_folder):
        mode = closed.stat().st_mode
        closed.chmod(0)
        with stranger(), pytest.raises(CheckpointError, match="may not be read by you") as caught:
            empty(open_folder).resume()
        assert is_one_sentence(caught.value, open_folder, "let RUNS_DIR name a folder of your own")
        assert "delete" not in str(caught.value) and "damaged" not in str(caught.value)
        closed.chmod(mode)
    assert empty(open_folder).resume() == 0


def test_another_users_training_is_not_gone_on_with(open_folder, stranger):
    """In a folder that both may write to, as /tmp or a course's own."""
    if os.geteuid() != 0:
        pytest.skip("only root makes files of two users")
    empty(open_folder).save()
    open_folder.chmod(0o777)
    before = (open_folder / "training.npz").read_bytes()
    with stranger(), pytest.raises(CheckpointError, match="belongs to root") as caught:
        empty(open_folder).resume()
    assert is_one_sentence(caught.value, open_folder, "let RUNS_DIR name a folder of your own")
    assert (open_folder / "training.npz").read_bytes() == before
    assert os.listdir(open_folder) == ["training.npz"]
    assert empty(open_folder).resume() == 0


@pytest.mark.skipif(os.name != "posix", reason="Windows numbers no users")
def test_a_file_system_that_knows_one_user_only_is_gone_on_with(saved, monkeypatch):
    """CIFS and FUSE say of all files that they are the user's who mounted them."""
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert make_training(saved.folder).resume() == 4
    monkeypatch.setattr("helpers.training.state.check_writable", lambda folder: 4711)
    with pytest.raises(CheckpointError, match="is not yours to go on with"):
        make_training(saved.folder).resume()


def test_a_folder_of_another_users_is_refused_before_anything_is_trained(open_folder, stranger):
    run = empty(open_folder / "run")
    run.save()
    os.chmod(run.folder, 0o555)
    with stranger(), pytest.raises(CheckpointError, match="could not be written") as caught:
        with empty(run.folder).alone():
            raise AssertionError("it was not alone")
    assert is_one_sentence(caught.value, run.folder, "allow writing")
    os.chmod(run.folder, 0o755)


def test_what_the_system_cannot_do_is_no_damage(saved, monkeypatch):
    for error, reason in ((MemoryError(), "MemoryError"), (OSError(errno.EIO, "I/O"), "I/O")):
        with monkeypatch.context() as patch:
            patch.setattr("numpy.load", lambda file, error=error: (_ for _ in ()).throw(error))
            with pytest.raises(CheckpointError, match=reason) as caught:
                saved.resume()
        assert is_one_sentence(caught.value, saved.file, "restart the kernel")
        assert "delete" not in str(caught.value)


def test_a_state_without_what_belongs_to_it_is_damaged(saved):
    for state in (b"{}", b"[]", b"3"):
        np.savez(saved.file, state=np.frombuffer(state, np.uint8))
        with pytest.raises(CheckpointError, match="cannot be read .*delete it"):
            saved.resume()


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        *[({"batch_size": value}, "1 or more") for value in (0, -1, 2.5, "16", float("nan"))],
        *[({name: 0}, "1 or more") for name in ("iterations", "epochs", "every", "critic_steps")],
        *[({"learning_rate": value}, "above 0") for value in (0, -1e-3, float("inf"), "fast")],
        *[({"rates": [1e-3, 0.0]}, "above 0"), ({"penalty": float("nan")}, "a number")],
    ],
)
def test_settings_that_make_no_sense_are_one_sentence(setting, wanted):
    with pytest.raises(ValueError, match=rf"^{next(iter(setting))} is [^\n]*{wanted}[^\n]*\.$"):
        Training("x", {}, {}, setting)


# --- in other processes ------------------------------------------------------------------------


def start(arguments, errors):
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=settings.ROOT,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )


def run_and_kill(folder, lines, while_writing, errors):
    """Runs the program, kills it after so many lines, and returns the numbers it printed."""
    process = start([train_forever.__file__, folder], errors)
    guard = threading.Timer(GUARD_SECONDS, process.kill)
    guard.start()
    try:
        printed = [process.stdout.readline() for _ in range(lines)]
        while while_writing and process.poll() is None:
            if any(folder.glob(".training.npz.*")):
                break
        assert process.poll() is None, f"ended by itself, see {errors.name}; printed {printed}"
        process.kill()
        printed += process.stdout.readlines()
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    return [int(line) for line in printed if line.endswith("\n")]


def test_five_kills_leave_no_gap_no_repeat_and_no_litter(tmp_path):
    moments = random.Random(11)
    folder = tmp_path / "run"
    last_saved = 0
    with open(tmp_path / "errors.txt", "w") as errors:
        for kill in range(5):
            resumed, *saved = run_and_kill(folder, moments.randint(2, 60), kill % 2 == 0, errors)
            # One more may have been saved than the killed process had the time to print.
            assert last_saved <= resumed <= last_saved + 1
            assert saved == list(range(resumed + 1, resumed + 1 + len(saved)))
            last_saved = saved[-1]
            assert len(list(folder.iterdir())) <= 2  # the file, and at most one leftover

    training = make_training(folder, units=20_000)
    iterations = training.resume()
    assert last_saved <= iterations <= last_saved + 1
    assert training.history["iteration"] == list(range(iterations))
    assert [path.name for path in folder.iterdir()] == ["training.npz"]
    never_stopped = train(make_training(tmp_path / "other", units=20_000), iterations)
    assert state_of(training) == state_of(never_stopped)


TWO_DEVICES = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.path.insert(0, "tests/training")
from train_forever import make_step, make_training, train_once

def run(place, iterations, folder):
    with tf.device(place):
        training = make_training(folder)
        training.resume()
        step = make_step(training)
        while training.iteration < iterations:
            train_once(training, step)
        training.save()
    values = list(training._variables().values())
    assert all(v.value.device.endswith(place) for v in values), [v.value.device for v in values]
    return [v.numpy().tolist() for v in values], training.history

folder = sys.argv[1]
run("CPU:1", 3, folder + "/moved")
assert run("CPU:1", 6, folder + "/moved") == run("CPU:0", 6, folder + "/stayed")
run("CPU:0", 8, folder + "/moved")
print("same")
"""


def test_a_training_goes_on_on_the_device_it_is_built_on(tmp_path):
    with open(tmp_path / "errors.txt", "w") as errors:
        process = start(["-c", TWO_DEVICES, tmp_path], errors)
        try:
            printed, _ = process.communicate(timeout=GUARD_SECONDS)
        finally:
            process.kill()
            process.wait()
    assert printed.strip() == "same", (tmp_path / "errors.txt").read_text()[-2000:]
