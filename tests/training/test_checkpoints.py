"""Checkpoint folders: written whole, verified before use, published."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from helpers.course import settings, storage
from helpers.training.checkpoints import (
    load_checkpoint,
    pack_weights,
    publish,
    unpack_weights,
    write_checkpoint,
)
from helpers.training.state import CheckpointError

CHAPTER = "04_accompaniment_gan"
HISTORY = {"iteration": [0, 10], "loss": [np.float32(0.5), float("nan")], "rates": [[1, 2], [3, 4]]}
SAMPLES = {
    "voices": [np.full((3, 2), i, np.int16) for i in range(4)],
    "tunes": [np.arange(n, dtype=np.int32) for n in (3, 0, 5)],
    "none": [],
    "whole": np.arange(6).reshape(2, 3),
}
CARD = {"seed": 1, "figures": {"consonance": np.float64(0.9)}}


def make_networks():
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    melody, noise = keras.Input((4,), name="melody"), keras.Input((3,), name="noise")
    joined = layers.Dense(5, "relu")(layers.Concatenate()([melody, noise]))
    generator = keras.Model([melody, noise], layers.Dropout(0.1)(joined), name="generator")
    critic = keras.Sequential([keras.Input((4,)), layers.Dropout(0.1), layers.Dense(2)])
    return {"generator": generator, "critic": critic}


@pytest.fixture(scope="module")
def networks():
    return make_networks()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's root of its own, without checkpoints or runs."""
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.delenv("RUNS_DIR", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def written_once(tmp_path_factory, networks):
    folder = tmp_path_factory.mktemp("written") / "checkpoint"
    write_checkpoint(folder, networks, HISTORY, SAMPLES, CARD)
    return folder


@pytest.fixture
def published(project, written_once):
    """A published checkpoint to play with."""
    return shutil.copytree(written_once, project / "checkpoints" / CHAPTER)


@pytest.fixture
def trained(project, written_once):
    """What the chapter's own training left."""
    return shutil.copytree(written_once, project / "runs" / CHAPTER / "checkpoint")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- writing and reading -----------------------------------------------------------------------


def test_what_is_written_is_read_again(published, networks):
    found = load_checkpoint(CHAPTER)
    assert found.folder == published
    assert found.network_names == ["critic", "generator"]
    for name, network in networks.items():
        again = found.network(name)
        assert again is found.network(name)
        for a, b in zip(again.get_weights(), network.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert found.history["iteration"] == [0, 10]
    assert found.history["loss"][0] == 0.5
    assert np.isnan(found.history["loss"][1])
    assert found.history["rates"] == [[1, 2], [3, 4]]

    assert found.samples.keys() == SAMPLES.keys()
    assert found.samples["voices"].shape == (4, 3, 2)
    assert found.samples["voices"].dtype == np.int16
    assert [tune.tolist() for tune in found.samples["tunes"]] == [[0, 1, 2], [], [0, 1, 2, 3, 4]]
    assert len(found.samples["none"]) == 0
    np.testing.assert_array_equal(found.samples["whole"], SAMPLES["whole"])


def test_the_card_holds_versions_hashes_and_sizes(published):
    import keras

    card = json.loads((published / "card.json").read_text(encoding="utf-8"))
    assert card["seed"] == 1
    assert card["figures"] == {"consonance": 0.9}
    assert card["versions"]["keras"] == keras.__version__
    assert card["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(card["versions"]) == {"python", "tensorflow", "keras", "numpy"}
    names = {"critic.keras", "generator.keras", "history.json", "samples.npz"}
    assert set(card["files"]) == names == {p.name for p in published.iterdir()} - {"card.json"}
    for name, facts in card["files"].items():
        assert facts["bytes"] == os.path.getsize(published / name)
        assert facts["sha256"] == storage.sha256(published / name)


def test_the_same_networks_give_the_same_bytes(tmp_path, written_once, networks, monkeypatch):
    import datetime

    class Tomorrow(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + datetime.timedelta(days=1)

    monkeypatch.setattr(datetime, "datetime", Tomorrow)
    write_checkpoint(tmp_path / "again", networks, HISTORY, SAMPLES, CARD)
    assert contents(tmp_path / "again") == contents(written_once)


def test_a_compiled_network_is_kept_without_its_optimizer(tmp_path, written_once):
    networks = make_networks()
    for network in networks.values():
        network.compile("adam", "mse")
        network.optimizer.build(network.trainable_variables)
    write_checkpoint(tmp_path / "compiled", networks, HISTORY, SAMPLES, CARD)
    assert all(network.compiled for network in networks.values())
    found, other = load_checkpoint(tmp_path / "compiled"), load_checkpoint(written_once)
    for name, network in networks.items():
        for kept, weight in zip(
            found.network(name).get_weights(), network.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(kept, weight)
        sizes = [(folder.folder / f"{name}.keras").stat().st_size for folder in (found, other)]
        assert abs(sizes[0] - sizes[1]) < 200  # Adam keeps two numbers for each weight


def test_networks_load_in_a_process_that_knows_only_keras(written_once):
    code = (
        "import sys, keras, numpy as np; "
        "network = keras.models.load_model(sys.argv[1], compile=False, safe_mode=True); "
        "print(network([np.zeros((2, 4)), np.zeros((2, 3))]).shape)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(written_once / "generator.keras")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert run.stdout.strip() == "(2, 5)"


def test_a_network_that_is_not_there(published):
    with pytest.raises(CheckpointError, match="no network 'composer', but: critic, generator"):
        load_checkpoint(CHAPTER).network("composer")


def test_a_network_that_keras_cannot_build(published, networks):
    """The file is whole, yet a Lambda layer does not load in safe mode."""
    import keras

    network = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    write_checkpoint(published, {"unsafe": network}, HISTORY, SAMPLES, CARD)
    with pytest.raises(CheckpointError, match=r"unsafe\.keras is whole, but Keras .* cannot load"):
        load_checkpoint(CHAPTER).network("unsafe")


@pytest.mark.parametrize("bad", [{"made": [np.array([{}])]}, {"made": [[1, "a", None]]}])
def test_samples_of_python_objects_are_refused_and_the_old_folder_stays(published, bad):
    before = contents(published)
    with pytest.raises(TypeError):
        write_checkpoint(published, {}, HISTORY, bad, CARD)
    assert contents(published) == before
    assert [path.name for path in published.parent.iterdir()] == [CHAPTER]


# --- damage ------------------------------------------------------------------------------------


def assert_refused(file, way_out, **options):
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(CHAPTER, **options)
    text = str(caught.value)
    assert re.fullmatch(r"[^\n]+\.", text)
    assert text.startswith(file)
    assert way_out in text


FILES = ["card.json", "critic.keras", "generator.keras", "history.json", "samples.npz"]
GIT = f"(git checkout -- checkpoints/{CHAPTER})"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_the_way_out(published, trained, name):
    (published / name).unlink()
    assert_refused(f"checkpoints/{CHAPTER}/{name} is missing: ", GIT)
    (trained / name).unlink()
    way_out = "run the training cell again, or set TRAIN = False."
    assert_refused(f"runs/{CHAPTER}/checkpoint/{name} is missing: ", way_out, trained_here=True)


def test_a_missing_folder_is_named_too(project):
    assert_refused(f"checkpoints/{CHAPTER}/card.json is missing", GIT)
    assert_refused(f"runs/{CHAPTER}/checkpoint/card.json is missing", "again", trained_here=True)


@pytest.mark.parametrize("name", FILES[1:])
@pytest.mark.parametrize("damage", ["flipped byte", "truncated", "empty", "longer"])
def test_a_damaged_file_is_named(published, name, damage):
    content = bytearray((published / name).read_bytes())
    if damage == "flipped byte":
        content[len(content) // 2] ^= 1
    elif damage == "longer":
        content += b"\n"
    else:
        del content[len(content) // 2 if damage == "truncated" else 0 :]
    (published / name).write_bytes(content)
    assert_refused(f"checkpoints/{CHAPTER}/{name} is damaged: ", GIT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"files": []}',
        '{"files": {}}',
        '{"files": {"history.json": 1}}',
        '{"files": {"history.json": {}, "samples.npz": {}}}',
        "\N{LATIN SMALL LETTER Y WITH ACUTE}",  # not UTF-8 as it is written below
    ],
)
def test_a_broken_card_is_named(published, text):
    (published / "card.json").write_text(text, encoding="latin-1")
    assert_refused(f"checkpoints/{CHAPTER}/card.json is damaged: ", GIT)


def test_a_folder_may_be_given_as_a_path(written_once):
    assert load_checkpoint(written_once).card["seed"] == 1
    with pytest.raises(CheckpointError, match=r"card\.json is missing"):
        load_checkpoint(written_once.parent)


# --- whole or not at all -----------------------------------------------------------------------


def fail(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "target", ["os.rename", "os.replace", "os.fsync", "numpy.savez_compressed"]
)
def test_a_failed_write_leaves_the_old_folder_and_nothing_else(published, monkeypatch, target):
    before = contents(published)
    with monkeypatch.context() as patch:
        patch.setattr(target, fail)
        with pytest.raises(CheckpointError, match="could not be written") as caught:
            write_checkpoint(published, {}, HISTORY, SAMPLES, CARD)
    assert f"checkpoints/{CHAPTER} " in str(caught.value)
    assert contents(published) == before
    assert [path.name for path in published.parent.iterdir()] == [CHAPTER]


def test_a_failure_between_the_renames_puts_the_old_folder_back(published, monkeypatch):
    before = contents(published)

    def rename_but_not_the_new_one(source, target, rename=os.rename):
        if str(source).endswith(".new"):
            fail()
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename_but_not_the_new_one)
        with pytest.raises(CheckpointError, match="could not be written"):
            write_checkpoint(published, {}, HISTORY, SAMPLES, CARD)
    assert contents(published) == before
    assert [path.name for path in published.parent.iterdir()] == [CHAPTER]


def test_a_failed_write_after_a_kill_between_the_renames_loses_nothing(published, monkeypatch):
    before = contents(published)
    published.rename(published.with_name(f".{CHAPTER}.old"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(CheckpointError, match="could not be written"):
            write_checkpoint(published, {}, HISTORY, SAMPLES, CARD)
    assert contents(published) == before


class Killed(BaseException):
    """Stands for the end of the process: no code that tidies up may count on running."""


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_kill_at_any_rename_leaves_a_whole_folder(published, monkeypatch, renames):
    """Killed before the first rename, between the two, and after the second."""
    before = contents(published)
    done = []

    def rename_until_killed(source, target, rename=os.rename):
        if len(done) == renames:
            raise Killed
        done.append(rename(source, target))

    def killed_before(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename_until_killed)
        patch.setattr(storage.shutil, "rmtree", killed_before)
        with pytest.raises(Killed):
            write_checkpoint(published, {}, {"iteration": [99]}, {}, CARD)
    assert published.exists() == (renames != 1)

    found = load_checkpoint(CHAPTER)
    assert found.history["iteration"] == ([99] if renames == 2 else [0, 10])
    if renames < 2:
        assert contents(published) == before
    write_checkpoint(published, {}, {"iteration": [100]}, {}, CARD)
    assert load_checkpoint(CHAPTER).history["iteration"] == [100]
    assert [path.name for path in published.parent.iterdir()] == [CHAPTER]


# --- several at once, other users --------------------------------------------------------------

WRITERS = """
import hashlib, json, sys
from pathlib import Path
import numpy as np
from helpers.course.storage import whole_folder, write_npz, write_text

folder, mine = Path(sys.argv[1]), sys.argv[2]
for turn in range(25):
    with whole_folder(folder) as new:
        write_text(new / "history.json", json.dumps({"writer": mine, "turn": turn}))
        write_npz(new / "samples.npz", {"turn": np.full(2, turn)}, durable=False)
        files = {
            path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in new.iterdir()
        }
        write_text(new / "card.json", json.dumps({"files": files, "writer": mine, "turn": turn}))
"""


def test_writers_and_readers_of_one_folder_each_have_a_whole_one(tmp_path):
    """Two trainings end again and again while two readers look (one of them here)."""
    folder = tmp_path / "checkpoint"
    write_checkpoint(folder, {}, {"writer": "0", "turn": 0}, {"turn": np.zeros(2)}, CARD)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITERS, folder, name],
            cwd=settings.ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in "12"
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        found = load_checkpoint(folder)
        seen.add((found.history["writer"], found.history["turn"]))
        assert found.samples["turn"][0] == found.history["turn"]
    for writer in writers:
        assert writer.communicate()[1] == "" and writer.returncode == 0
    assert len(seen) > 3  # it did meet them
    assert load_checkpoint(folder).card["turn"] == 24
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_a_network_of_a_folder_that_was_replaced_is_not_taken_for_the_old_one(published, networks):
    found = load_checkpoint(CHAPTER)
    other = make_networks()["critic"]
    other.set_weights([weight + 1 for weight in other.get_weights()])
    write_checkpoint(published, {"critic": other}, HISTORY, SAMPLES, CARD)
    for name in ("critic", "generator"):
        with pytest.raises(CheckpointError, match="has been replaced since it was read: load"):
            found.network(name)
    (published / "critic.keras").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"critic\.keras is damaged"):
        found.network("critic")


@pytest.mark.parametrize("name", [*FILES, "."])
def test_a_file_that_may_not_be_read_is_neither_missing_nor_damaged(
    open_folder, written_once, stranger, name
):
    folder = shutil.copytree(written_once, open_folder / "checkpoint")
    (folder / name).chmod(0)
    with stranger(), pytest.raises(CheckpointError) as caught:
        load_checkpoint(folder)
    assert re.fullmatch(
        r"[^\n]*may not be read by you[^\n]*chmod -R a\+rX[^\n]*\.", str(caught.value)
    )
    assert "damaged" not in str(caught.value) and "git" not in str(caught.value)
    folder.chmod(0o755)
    if name != ".":
        assert str(folder / name) in str(caught.value)


def test_another_users_own_training_is_told_with_the_way_to_ones_own(
    open_folder, written_once, stranger, monkeypatch
):
    monkeypatch.setenv("RUNS_DIR", str(open_folder))
    folder = shutil.copytree(written_once, open_folder / CHAPTER / "checkpoint")
    folder.chmod(0)
    with stranger(), pytest.raises(CheckpointError, match="let RUNS_DIR name a folder of your own"):
        load_checkpoint(CHAPTER, trained_here=True)
    folder.chmod(0o755)


# --- publishing --------------------------------------------------------------------------------


def test_publish_copies_the_folder_in_place_of_the_old_one(project, trained):
    old = project / "checkpoints" / CHAPTER
    old.mkdir(parents=True)
    (old / "of_an_earlier_time.keras").write_bytes(b"old")
    publish(CHAPTER)
    assert contents(old) == contents(trained)
    assert [path.name for path in old.parent.iterdir()] == [CHAPTER]


def test_a_damaged_training_is_not_published(published, trained):
    before = contents(published)
    (trained / "samples.npz").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"runs/.*samples\.npz is damaged"):
        publish(CHAPTER)
    assert contents(published) == before


def test_a_network_that_does_not_load_is_not_published(project, trained):
    import keras

    network = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    write_checkpoint(trained, {"unsafe": network}, HISTORY, SAMPLES, CARD)
    with pytest.raises(CheckpointError, match=r"unsafe\.keras is whole"):
        publish(CHAPTER)
    assert not (project / "checkpoints").exists()


# --- weights as one row ------------------------------------------------------------------------


def test_weights_come_back_from_their_row(networks):
    packed = pack_weights(networks["generator"])
    assert packed.dtype == np.float16
    assert packed.shape == (networks["generator"].count_params(),)
    other = make_networks()["generator"]
    other.set_weights([0 * weight for weight in other.get_weights()])
    assert unpack_weights(other, packed) is other
    for ours, theirs in zip(other.get_weights(), networks["generator"].get_weights(), strict=True):
        assert np.allclose(ours, theirs, rtol=1e-3, atol=1e-6)
    assert np.array_equal(pack_weights(other), packed)


def test_weights_of_another_network_are_refused(networks):
    with pytest.raises(CheckpointError, match="These are 3 weights, but 'generator' has"):
        unpack_weights(networks["generator"], np.zeros(3, np.float16))


@pytest.mark.parametrize("wrong", [1e6, np.inf, np.nan])
def test_weights_that_have_run_away_are_not_packed(wrong):
    network = make_networks()["generator"]
    weights = network.get_weights()
    weights[0][0, 0] = wrong
    network.set_weights(weights)
    with pytest.raises(CheckpointError, match="its training has run away"):
        pack_weights(network)
