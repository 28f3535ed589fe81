"""One's own folder of MIDI, ABC and MusicXML files, hundreds of thousands of them if need be."""

from __future__ import annotations

import errno
import hashlib
import inspect
import json
import operator
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..course.errors import (
    MissingFileError,
    NotPermittedError,
    OneSentence,
    SettingError,
    check_number,
    check_path,
    shortened,
)
from ..course.progress_bar import progress
from ..course.settings import cache_folder
from ..course.storage import write_npz
from ..files.formats import (
    FORMATS,
    SUFFIXES,
    named_timeline,
    one_sentence,
    read_bytes,
    read_content,
)
from ..files.reading import MusicFileError, Reading, clean_name
from ..music.conversion import to_timeline
from ..music.timeline import Timeline
from .representations import REPRESENTATIONS

FORMAT = 4  # of the cache: one more whenever a reader or a representation changes
MOST_JOBS = 1024
SHOWN = 10  # skipped files that a report names


def load_folder(
    path, representation="voices", jobs: int = -1, cache=None, name: str | None = None, **options
) -> Collection:
    """All music of a folder and the folders in it, in order of their names, as a ``Collection``.
    Its pieces are arrays, which ``show.play`` and ``show.plot_roll`` take as the music that they
    are, in the file's tempo, metre and bars, its parts under their names and instruments.

    representation: what becomes of each piece, a name from this list, or a function from
    ``Timeline`` to an array or a dict of arrays, with a ``name`` of your choice for the cache:
    give it another one when the function changes.

    "notes": ``(notes, 5)`` float32, part (drums -1), start, end (steps), pitch and velocity.
    "voices": ``(steps, voices)`` int16; with ``onsets=True`` a dict of voices and onsets, without
    which a repeated note looks like a held one (it is heard all the same).
    "roll": ``(steps, 128)`` bool, all pitched parts in one.
    "matrices": a dict of play, replay and volume, each ``(steps, 128)``.
    "words": the melody's events, text ``(length,)``, for a ``helpers.music.Vocabulary``.
    "tokens": the same as tokens ``(length,)`` int32 of a ``vocabulary=`` (``unknown="nearest"``
    takes the nearest known event for one that it lacks).
    "events": performance events ``(length,)`` int32, under the pedal unless ``pedal=False``.
    "drums": ``(steps, 9, 3)`` float32, up to the last hit.

    Files named .mid, .midi, .abc, .xml, .musicxml and .mxl count; those that begin with a dot do
    not. Every tune of an ABC book is a piece of its own. What cannot be opened or read, or not
    become this representation, is left out and listed with its reason (``skipped``).

    jobs: processes at once, -1 for one a core. The work is joblib's, so that a Dask cluster takes
    over inside ``with joblib.parallel_config(backend="dask"):`` where all its computers see the
    folder and the cache. cache: a folder, by default the one that the environment's CACHE_DIR
    names, else ``runs/cache``; a result is kept there under the hash of the file's content and the
    settings. An import that was interrupted goes on where it stopped, and a second one only reads
    the cache, which may be deleted at any time. Where nothing can be written there, a sentence says
    so, and files are read again whenever they are needed.

    Raises FileNotFoundError where there is no such folder, PermissionError where it may not be
    read, ValueError on an unknown representation or option.
    """
    from joblib import Parallel, delayed

    check_path("path", path)
    check_path("cache", cache, none=True)
    check_number("jobs", jobs, -MOST_JOBS, MOST_JOBS)  # -2 is for all cores but one
    if not jobs:
        raise SettingError("jobs is 0, but it must be a number of processes, or -1 for all cores.")
    folder = Path(os.path.expanduser(path))
    check_folder(folder)
    recipe = Recipe(representation, checked_name(representation, name, options), options)
    cache = Path(cache) if cache is not None else cache_folder()
    entries = cache.absolute() / f"{recipe.name}-{recipe.key()}"
    closed = []
    files = find_files(folder, closed)
    outcomes = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(import_file)(folder.absolute() / file, entries, recipe) for file in files
    )
    collection = Collection(folder.absolute(), entries, recipe)
    collection.skipped += closed
    steps = progress(outcomes, len(files), "Files")
    for file, outcome in zip(files, steps, strict=True):
        collection.add(file, *outcome)
        steps.show(pieces=len(collection), skipped=len(collection.skipped))
    print(collection.report)
    return collection


def check_folder(folder: Path) -> None:
    """Raises FileNotFoundError or PermissionError where no folder can be looked into."""
    try:
        os.scandir(folder).close()
    except PermissionError:
        raise NotPermittedError(
            f"You have no permission to look into the folder {str(folder)!r}: ask its owner for it."
        ) from None
    except (OSError, ValueError):
        raise MissingFileError(f"There is no folder {str(folder)!r}: check the path.") from None


def find_files(folder: Path, closed: list | None = None) -> list[str]:
    """The music files under a folder, relative to it and with "/", in order. Links are followed,
    but no folder is entered twice. closed: a list, to which (place, sentence) of each folder or
    link that cannot be entered is added."""
    found, seen, errors = [], set(), []

    def relative(place) -> str:
        return Path(place).relative_to(folder).as_posix()

    for place, inner, names in os.walk(folder, onerror=errors.append, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in names:
            path = Path(place, name)
            if name.startswith("."):
                continue
            if name.lower().endswith(SUFFIXES):
                found.append(relative(path))
            elif path.is_symlink():  # walk takes what it cannot follow for a file
                try:
                    path.stat()
                except OSError as error:
                    errors.append(error)
    if closed is not None:
        closed += sorted((relative(error.filename), why_closed(error)) for error in errors)
    return sorted(found, key=lambda file: file.split("/"))


def why_closed(error: OSError) -> str:
    """Why a folder or a link cannot be entered, as a sentence that goes on from its name."""
    if isinstance(error, PermissionError):
        return "may not be read: ask its owner for permission."
    if isinstance(error, FileNotFoundError):
        return "was not found: it is a link that leads nowhere, or was just deleted."
    if error.errno == errno.ELOOP:
        return "is a link that leads in a circle: delete it."
    return f"cannot be opened ({(error.strerror or type(error).__name__).lower()}): copy it again."


# --- what a file becomes -----------------------------------------------------------------------


class Recipe(NamedTuple):
    """What is made of each piece, under which name, with which options."""

    representation: str | Callable
    name: str
    options: dict

    def make(self, reading: Reading):
        if callable(self.representation):
            return self.representation(named_timeline(reading), **self.options)
        return REPRESENTATIONS[self.representation].make(reading, **self.options)

    def play(self, item, reading: Reading, name: str) -> Timeline:
        """What ``make`` has made, as music; name: the piece's where the file gives none."""
        music = REPRESENTATIONS[self.representation].play(item, reading, **self.options)
        return named_timeline(reading._replace(timeline=music), name)

    def key(self) -> str:
        """The same for the same settings."""
        import joblib

        formats = [format.name for format in FORMATS]  # what is refused today may be read then
        own = callable(self.representation)
        return joblib.hash((FORMAT, formats, self.name, own, self.options))


def checked_name(representation, name: str | None, options: dict) -> str:
    """The name under which results are kept."""
    if callable(representation):
        if not isinstance(name, str) or not name.isidentifier():
            raise SettingError(
                'A function needs a name for the cache, made of letters: name="my_features".'
            )
        return name
    if not isinstance(representation, str) or representation not in REPRESENTATIONS:
        raise SettingError(
            f"A representation is one of {', '.join(REPRESENTATIONS)}, or a function, not "
            f"{representation!r}."
        )
    known = list(inspect.signature(REPRESENTATIONS[representation].make).parameters)[1:]
    unknown = sorted(set(options) - set(known))
    if unknown:
        others = f"; it has {', '.join(known)}" if known else ""
        raise SettingError(f"{representation!r} has no option {unknown[0]!r}{others}.")
    if representation == "tokens" and not hasattr(options.get("vocabulary"), "encode"):
        raise SettingError(
            'Tokens need a vocabulary: vocabulary=Vocabulary(load_folder(p, "words")).'
        )
    return representation


class Entry(NamedTuple):
    """What the cache holds of a file: its pieces as dicts of arrays (a plain array under ""), the
    place of each in the file (from 1), how many the file has, a sentence for each left out."""

    items: list
    places: list[int]
    pieces: int
    problems: list[str]


def import_file(path: Path, entries: Path, recipe: Recipe) -> tuple[str, Entry, str]:
    """Reads one file, unless its result is in the cache already. Returns the hash of its content,
    the entry with the specs of each piece in place of its arrays, and why it could not be kept."""
    try:
        digest, entry, unkept = cached_entry(read_bytes(path), entries, recipe)
    except MusicFileError as error:
        return "", Entry([], [], 0, [str(error)]), ""
    return digest, entry._replace(items=[specs_of(item) for item in entry.items]), unkept


def cached_entry(data: bytes, entries: Path, recipe: Recipe) -> tuple[str, Entry, str]:
    digest, unkept = hashlib.sha256(data).hexdigest(), ""
    path = entry_path(entries, digest)
    entry = read_entry(path)
    if entry is None:
        entry, lasting = make_entry(data, recipe)
        if lasting:
            try:
                write_entry(path, entry)
            except OSError as error:  # a cache is a help and no condition
                if read_entry(path) is None:  # nor has another process written it meanwhile
                    unkept = (error.strerror or type(error).__name__).lower()
    return digest, entry, unkept


def make_entry(data: bytes, recipe: Recipe) -> tuple[Entry, bool]:
    """The entry, and whether it depends on nothing but the content and the recipe."""
    items, places, problems, lasting = [], [], [], True
    try:  # without the file's name, which is no part of the content
        readings = list(read_content(data, refused=problems))
    except MusicFileError as error:
        return Entry([], [], 0, [str(error)]), True
    except Exception as error:  # the last net, as in load_melody
        sentence = f"could not be read as music ({type(error).__name__}): export it again."
        return Entry([], [], 0, [sentence]), False
    for place, reading in enumerate(readings, 1):
        which = f"piece {place} of {len(readings)} " if len(readings) > 1 else ""
        try:
            item = as_item(recipe.make(reading))
        except MusicFileError as error:
            problems.append(f"{which}{error}")
        except Exception as error:  # a function of one's own may raise anything
            problems.append(f"{which}cannot become {recipe.name}: {reason_of(error)}")
            lasting &= isinstance(error, ValueError) and not callable(recipe.representation)
        else:
            items.append(item)
            places.append(place)
    return Entry(items, places, len(readings), problems), lasting


def reason_of(error: Exception) -> str:
    text = clean_name(str(error), 300)
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"


def as_item(result) -> dict[str, np.ndarray]:
    item = dict(result) if isinstance(result, dict) else {"": result}
    item = {str(field): np.asarray(array) for field, array in item.items()}
    if not item or any(array.ndim == 0 or array.dtype.hasobject for array in item.values()):
        raise TypeError("a piece becomes an array of numbers, or a dict of such arrays.")
    return item


def specs_of(item: dict[str, np.ndarray]) -> tuple:
    """Of each array its field, its type and its shape without the first axis."""
    return tuple(
        (field, "string" if array.dtype.kind == "U" else array.dtype.name, array.shape[1:])
        for field, array in sorted(item.items())
    )


# --- the cache ---------------------------------------------------------------------------------


def entry_path(entries: Path, digest: str) -> Path:
    return entries / digest[:2] / f"{digest}.npz"


def write_entry(path: Path, entry: Entry) -> None:
    """An array for each field of each piece, and beside them the rest."""
    about = json.dumps(entry._replace(items=[list(item) for item in entry.items])).encode()
    arrays = {"about": np.frombuffer(about, np.uint8)}
    for number, item in enumerate(entry.items):
        arrays |= {f"{number} {field}": array for field, array in item.items()}
    write_npz(path, arrays, durable=False)


def read_entry(path: Path) -> Entry | None:
    """None where there is none, or a damaged one: a zip file has checksums."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            entry = Entry(*json.loads(arrays["about"].tobytes()))
            items = [
                {field: arrays[f"{number} {field}"] for field in fields}
                for number, fields in enumerate(entry.items)
            ]
            return entry._replace(items=items)
    except Exception:  # zipfile, zlib, json and numpy raise a dozen kinds for damaged bytes
        return None


# --- what is loaded ----------------------------------------------------------------------------


class PieceArray(np.ndarray):
    """A piece of a collection: an array like any other, which ``show.play`` and ``show.plot_roll``
    also know as music, for which its file is opened again. Whatever is made of it, a slice, a sum
    or a copy in another process, is a plain array, and sounds as such."""

    play = None

    def to_timeline(self) -> Timeline:
        plain = self.view(np.ndarray)
        return self.play(plain) if self.play else to_timeline(plain)

    def __getitem__(self, index):
        return self.view(np.ndarray)[index]

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return array[()] if array.ndim == 0 else np.asarray(array)

    def __reduce_ex__(self, protocol):
        return self.view(np.ndarray).__reduce_ex__(protocol)


class PieceFields(dict):
    """The same for a piece that is a dict of arrays."""

    play = None

    def to_timeline(self) -> Timeline:
        return self.play(self) if self.play else to_timeline(dict(self))

    def __reduce__(self):
        return dict, (dict(self),)


class PlaceError(OneSentence, IndexError):
    """A number that no piece of a collection has."""


class Collection:
    """The pieces of a folder, read from the cache when they are asked for, so that any number of
    them needs the memory of one file: goes through ``for``, ``len``, an index and a slice (a list)
    like a list. ``show.play(collection[0])`` plays what the form holds of a piece,
    ``show.play(collection.music(0))`` all that its file does.

    names: each piece's file, with "/" on every system; "book.abc#2" is the second of a book.
    skipped: (file, reason) of each file, folder or piece that is left out, the reason going on from
    its name. report: all that in a few lines. Where a part of the cache is damaged or gone, the
    file is read again; MusicFileError where that has changed in the meantime.
    """

    def __init__(self, folder: Path, entries: Path, recipe: Recipe):
        self.folder, self.names, self.skipped = folder, [], []
        self._entries, self._recipe, self._specs = entries, recipe, set()
        self._files, self._digests, self._ends = [], [], []  # of files with pieces
        self._places = []  # of each piece in its file, from 1
        self._file_count, self._unkept, self._last = 0, "", (None, [])

    def add(self, file: str, digest: str, entry: Entry, unkept: str = "") -> None:
        self._file_count += 1
        self._unkept = self._unkept or unkept
        self.skipped += [(file, problem) for problem in entry.problems]
        if not entry.places:
            return
        several = entry.pieces > 1
        self.names += [f"{file}#{place}" if several else file for place in entry.places]
        self._places += entry.places
        self._files.append(file)
        self._digests.append(digest)
        self._ends.append(len(self.names))
        self._specs.update(entry.items)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator:
        for place, item in enumerate(self._plain()):
            yield self._playable(item, place)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = self._place(index)
        number = bisect_right(self._ends, place)
        if self._last[0] != number:
            self._last = (number, self._read(number))
        item = self._last[1][place - self._ends[number]]  # counted from the file's last piece
        return self._playable(item, place)

    def music(self, index: int) -> Timeline:
        """A piece as ``read_music`` reads it: all that its file holds. Raises MusicFileError where
        that has changed or is gone."""
        place = self._place(index)
        return named_timeline(self._reading(place), self._stem(place))

    def _place(self, index) -> int:
        """From 0. Raises PlaceError where there is no such piece."""
        try:
            return range(len(self))[operator.index(index)]
        except (IndexError, TypeError):
            most = len(self) - 1
            raise PlaceError(
                f"A piece is a number from 0 to {most}, not {shortened(index)}."
            ) from None

    def __repr__(self) -> str:
        return f"<{len(self):,} pieces as {self._recipe.name}, read when asked for>"

    @property
    def report(self) -> str:
        lines = [f"{len(self):,} pieces as {self._recipe.name} from {self._file_count:,} files."]
        if self.skipped:
            lines[0] += f" Left out, {len(self.skipped):,}:"
        lines += [f"- {clean_name(file)} {reason}" for file, reason in self.skipped[:SHOWN]]
        if len(self.skipped) > SHOWN:
            lines.append(f"- and {len(self.skipped) - SHOWN:,} more, which .skipped lists.")
        if self._unkept:
            lines.append(
                f"Not all could be kept in {self._entries.parent} ({self._unkept}), so the next "
                "import takes as long: set CACHE_DIR to a folder that can be written."
            )
        return "\n".join(lines)

    def dataset(self):
        """A ``tf.data.Dataset`` of the pieces, one after the other, in the order of ``names``.
        Their first axis differs in length: batch with ``ragged_batch``, ``padded_batch``, or after
        cutting windows. Raises ValueError where there are no pieces, or of different kinds."""
        if not len(self):
            raise SettingError("There are no pieces: .report says why.")
        kinds = {tuple((f, kind, len(shape)) for f, kind, shape in specs) for specs in self._specs}
        if len(kinds) > 1:
            raise SettingError("The pieces are arrays of different kinds, which a data set is not.")
        import tensorflow as tf

        signature = {}
        for specs in zip(*self._specs, strict=True):  # of one field
            lengths = [set(some) for some in zip(*(shape for _, _, shape in specs), strict=True)]
            shape = [some.pop() if len(some) == 1 else None for some in lengths]
            signature[specs[0][0]] = tf.TensorSpec((None, *shape), specs[0][1])
        signature = signature.get("", signature)
        dataset = tf.data.Dataset.from_generator(self._plain, output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(len(self)))

    def _plain(self) -> Iterator:
        for number in range(len(self._files)):
            yield from self._read(number)

    def _read(self, number: int) -> list:
        """The pieces of one file."""
        entry = read_entry(entry_path(self._entries, self._digests[number]))
        if entry is None:
            with one_sentence(Path(self._files[number])):
                _, entry, _ = cached_entry(self._bytes(number), self._entries, self._recipe)
        return [item.get("", item) for item in entry.items]

    def _bytes(self, number: int) -> bytes:
        data = read_bytes(self.folder / self._files[number])
        if hashlib.sha256(data).hexdigest() != self._digests[number]:
            raise MusicFileError("has changed since it was read: load the folder again.")
        return data

    def _stem(self, place: int) -> str:
        return clean_name(Path(self._files[bisect_right(self._ends, place)]).stem)

    def _reading(self, place: int) -> Reading:
        number = bisect_right(self._ends, place)
        with one_sentence(Path(self._files[number])):
            readings = iter(read_content(self._bytes(number), refused=[]))
            return next(islice(readings, self._places[place] - 1, None))

    def _playable(self, item, place: int):
        """A piece that knows its way back to music; what a function of one's own has made is as it
        is."""
        if callable(self._recipe.representation):
            return item
        item = PieceFields(item) if isinstance(item, dict) else item.view(PieceArray)
        item.play = partial(self._play, place)
        return item

    def _play(self, place: int, item) -> Timeline:
        return self._recipe.play(item, self._reading(place), self._stem(place))
