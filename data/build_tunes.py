"""Writes data/tunes.npz from the two collections of fiddle tunes in music21's corpus: `make data`.

The ABC files are read by the kit's own reader: music21's takes seven minutes. The same music21
gives the same arrays, and on one system the same file, byte for byte.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.course.splits import SPLITS  # noqa: E402
from helpers.course.storage import sha256, write_npz  # noqa: E402
from helpers.data.tunes import (  # noqa: E402
    COLLECTIONS,
    KINDS,
    TUNES_FILE,
    Tune,
    event_notes,
    without_first_endings,
)
from helpers.files.abc_reader import read_tune  # noqa: E402
from helpers.files.abc_text import split_tunes  # noqa: E402
from helpers.files.reading import Reading  # noqa: E402
from helpers.music.grid import REST, bar_length  # noqa: E402
from helpers.music.words import SIXTHS_PER_STEP, note_events  # noqa: E402

FOLDERS = ("ryansMammoth", "oneills1850")  # in the order of COLLECTIONS
# O'Neill's book is in sections; a section's last number, and the kind of its tunes.
SECTIONS = (
    (625, "air"),
    (700, "harp tune"),  # Carolan's compositions
    (1115, "jig"),
    (1175, "slip jig"),
    (1555, "reel"),
    (1780, "hornpipe"),
    (1800, "long dance"),
    (1850, "march"),  # and miscellaneous
)
KIND_WORDS = re.compile(r"\b(slip ?jig|jig|reel|hornpipe|strathspey|clog|fling)\b", re.I)
# A bar length (steps) that nearly all bars of a tune have although its M: field says another.
METRES_OF_BARS = {12.0: "3/4", 16.0: "4/4", 18.0: "9/8"}
MISPRINTS = {
    "K:Bn": "K:Bm",
    "Q:60\nK:D\nf/-e/|dA BA/": "Q:60\nL:1/8\nK:D\nf/-e/|dA BA/",  # The Bold Deserter
}
RIGHT_BARS = 0.75  # the least share of a tune's bars that must be whole
FEWEST_BARS = 6  # whole ones

# Two tunes are near copies if they agree in so many bars on so many of the beats, in any key.
COPY_BARS, COPY_SHARE = 8, 0.7
PHRASE_BARS = 4  # where these bars may begin: phrases have four
COPY_RUN = 16  # or if they share so many successive intervals, in the same rhythm; see the README
HELD_OUT_SHARE = 0.1  # of each kind, for each of valid and test
SPLIT_SEED = 1883
# Groups that are part of others since all tunes are read to their end. They are drawn as before,
# so that every other group stays on its side, and what was trained before can be measured still.
JOINED_GROUPS = (305, 490)


# --- reading -----------------------------------------------------------------------------------


def abc_texts() -> list[tuple[str, Path, str]]:
    """(collection, file, text) of every tune, in order."""
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    texts = []
    for collection, folder in zip(COLLECTIONS, FOLDERS, strict=True):
        for path in sorted((corpus / folder).glob("*.abc"), key=lambda path: path.name):
            for text in split_tunes(path.read_text(encoding="utf-8")):
                texts.append((collection, path, text))
    return texts


def first_title(text: str) -> str:
    return re.search(r"(?m)^T:\s*(.*)", text)[1]


def mended(text: str) -> str:
    """The tune without misprints and first endings: played once, it goes on to the second."""
    for wrong, right in MISPRINTS.items():
        text = text.replace(wrong, right)
    head, key, body = re.split(r"(?m)^(K:.*\n?)", text, maxsplit=1)
    return head + key + without_first_endings(body)


def metre_by_its_bars(text: str, reading: Reading) -> Reading:
    """The tune read again in another metre where all but a few bars have another length."""
    lengths = bar_lengths(reading)
    if len(reading.metres) != 1 or len(lengths) < FEWEST_BARS:
        return reading
    length, count = Counter(np.round(lengths[:-1], 3).tolist()).most_common(1)[0]
    metre = METRES_OF_BARS.get(length)
    if count < 0.9 * (len(lengths) - 1) or length == full_bar(reading) or metre is None:
        return reading
    return read_tune(re.sub(r"(?m)^M:.*", f"M:{metre}", text))


def full_bar(reading: Reading) -> float:
    """The steps of a bar in the first metre."""
    return bar_length("{1}/{2}".format(*reading.metres[0]))


def bar_lengths(reading: Reading) -> np.ndarray:
    """The steps from each downbeat to the next, the last to the end of the last note."""
    timeline = reading.timeline
    return np.diff([*timeline.bar_starts, timeline.parts[0].notes[:, 1].max()])


def right_bars(reading: Reading) -> np.ndarray:
    """Which bars are whole; the last lacks what the pickup has and is not asked."""
    return np.isclose(bar_lengths(reading)[:-1], full_bar(reading), atol=0.04)


def why_not(reading: Reading | None) -> str:
    """Why a tune is left out, or "" where it is not."""
    if reading is None:
        return "has no notes"
    if not reading.metres:
        return "has no metre"
    if len(reading.timeline.parts) > 1:
        return "has more than one voice"
    right = right_bars(reading)
    if len(right) and right.mean() < RIGHT_BARS:
        return f"has {right.sum()} whole bars of {len(right)}"
    if right.sum() < FEWEST_BARS - 1:
        return f"is too short, {len(right) + 1} bars"
    return ""


def make_tune(collection: str, text: str, reading: Reading) -> Tune:
    """The tune in steps. One in 2/4 that moves in sixteenths is written in notes twice as long, as
    most reels and hornpipes are: in 2/2."""
    timeline = reading.timeline
    written = timeline.parts[0].notes[:, :3]
    _, beats, unit = reading.metres[0]
    signature, times = f"{beats}/{unit}", 1
    if signature == "2/4" and np.median(written[:, 1] - written[:, 0]) < 2:
        signature, times = "2/2", 2
    number = book_number(text) if collection == COLLECTIONS[1] else 0
    notes = event_notes(*np.array(note_events(written * (times, times, 1))).T)
    bars = np.round(SIXTHS_PER_STEP * times * timeline.bar_starts) / SIXTHS_PER_STEP
    return Tune(
        name=tidy_title(timeline.name),
        collection=collection,
        kind=tune_kind(number, reading, signature),
        key=timeline.key,
        time_signature=signature,
        notes=notes,
        bar_starts=bars[bars < notes[-1, 1]],
        number=number,
    )


def book_number(text: str) -> int:
    """O'Neill's number: the X: field, unless the B: field tells it better."""
    book = re.search(r"(?m)^B:.*?(\d+)\W*$", text)
    return int(book[1]) if book else int(re.search(r"X: *(\d+)", text)[1])


def tune_kind(number: int, reading: Reading, signature: str) -> str:
    """The kind by O'Neill's sections, or by the title, or by the R: field; jigs and reels in the
    metre of another kind are of that kind."""
    words = [*KIND_WORDS.findall(reading.rhythm)[:1], *KIND_WORDS.findall(reading.timeline.name)]
    kind = words[-1].lower().replace("slipjig", "slip jig") if words else "other"
    if number:
        kind = next(kind for last, kind in SECTIONS if number <= last)
    if kind in ("jig", "reel") and signature == "9/8":
        return "slip jig"
    if kind == "reel" and signature == "6/8":
        return "jig"
    if kind == "jig" and not signature.endswith("/8"):
        return "straight jig"  # the minstrel stage's, in two
    return kind


def tidy_title(title: str) -> str:
    """ "GOBBY O -- JIG., THE" -> "The Gobby O Jig"."""
    title = title.removeprefix("T:").replace('"', "")
    title = re.sub(r"(?<=at):", "", title, flags=re.I)  # put there against spam
    title = re.sub(r"^N\.+ ", "", title)  # a slur, which its transcriber did not spell out either
    title = re.sub(r",?\s+-+\s+|\s+-+(?=[A-Z]{3})|-+\s+(?=[A-Z]{3})", " ", title)
    title = re.sub(r"^(.*?)[\s.,]*[.,] *(the|an|a)\b\.?$", r"\2 \1", title.strip(), flags=re.I)
    title = re.sub(r"\s+", " ", title).strip(" .,")
    letters = re.sub(r"[^A-Za-z]", "", KIND_WORDS.sub("", title))
    if sum(letter.isupper() for letter in letters) > len(letters) / 2:
        title = re.sub(r"[^\W\d_]+(?:'[^\W\d_]+)*", lambda word: cased(word[0]), title)
    small = r"(?<=[\w.,'] )(Of|The|And|A|An|In|To|On|At|For|With)\b(?= )"
    title = re.sub(small, lambda word: word[0].lower(), title)
    title = KIND_WORDS.sub(lambda word: word[0].capitalize(), title)
    return title[0].upper() + title[1:]


def cased(word: str) -> str:
    """ "O'NEILL'S" -> "O'Neill's", "MCGUIRE" -> "McGuire"."""
    word = word.capitalize()
    word = re.sub(r"^(O'|Mc)(\w)", lambda match: match[1] + match[2].upper(), word)
    return word


def read_all() -> tuple[list[Tune], list[str], list[str]]:
    """The tunes, a line for each that is left out, and the source of each tune."""
    tunes, left_out, sources, texts, twice = [], [], [], set(), 0
    best = {}  # O'Neill's number -> (how good, place in tunes)
    for collection, path, text in abc_texts():
        label = f"{path.name}: {tidy_title(first_title(text))}"
        if text in texts:
            left_out.append(f"{label} stands in another file too")
            continue
        texts.add(text)
        source, text = text, mended(text)
        reading = read_tune(text)
        reading = reading and metre_by_its_bars(text, reading)
        reason = why_not(reading)
        if reason:
            left_out.append(f"{label} {reason}")
            continue
        tune = make_tune(collection, text, reading)
        ends_well = int(tune.notes[-1, 2]) % 12 == tune.tonic
        quality = (float(right_bars(reading).mean()), ends_well)
        if tune.number in best:
            twice += 1
            other, place = best[tune.number]
            if quality > other:
                tunes[place], best[tune.number] = tune, (quality, place)
                sources[place] = source
            continue
        if tune.number:
            best[tune.number] = quality, len(tunes)
        tunes.append(tune)
        sources.append(source)
    left_out.append(f"the less good of two transcriptions of {twice} of O'Neill's numbers")
    return tunes, left_out, sources


# --- near copies, and the split ------------------------------------------------------------------


def beat_pitches(tune: Tune) -> np.ndarray:
    """``(bars, beats)``: the pitch at each of a bar's strong places, held through rests. A bar in
    two or in four has four of them, each group of three eighths two, as in a jig's long-short."""
    beats, unit = map(int, tune.time_signature.split("/"))
    bar = tune.bar_steps
    if unit == 8 and beats % 3 == 0 and beats > 3:
        places = [6 * group + place for group in range(beats // 3) for place in (0, 4)]
    elif beats in (2, 4):
        places = [bar * quarter / 4 for quarter in range(4)]
    else:
        places = np.arange(0, bar, 16 / unit)
    times = np.add.outer(tune.bar_starts, places) + 1e-6
    at = np.searchsorted(tune.notes[:, 0], times, side="right") - 1
    pitches = tune.notes[np.maximum(at, 0), 2].astype(int)
    return pitches.reshape(-1, 4) if (beats, unit) == (12, 8) else pitches  # two bars of a jig


def agreeing(tunes: list[Tune]) -> set[tuple[int, int]]:
    """The pairs of tunes that agree on ``COPY_SHARE`` of the beats of ``COPY_BARS`` bars, in any
    key and octave, where both begin a phrase."""
    pairs = set()
    for owner, beats in phrases(tunes).values():
        for rows in np.array_split(np.arange(len(beats)), len(beats) // 500 + 1):
            counts = agreement(beats[rows], beats[rows[0] :])
            near = np.argwhere(counts >= COPY_SHARE * beats.shape[1]) + rows[0]
            pairs |= {(owner[a], owner[b]) for a, b in near if owner[a] < owner[b]}
    return pairs


def phrases(tunes: list[Tune]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """By the number of beats: whose phrases, ``(phrases,)``, and the pitch classes on the beats of
    ``COPY_BARS`` bars, ``(phrases, beats)``. Phrases are counted from a tune's beginning and from
    its end, for a bar too many puts out one of the two."""
    found = defaultdict(list)
    for i, tune in enumerate(tunes):
        bars = beat_pitches(tune) % 12
        last = len(bars) - COPY_BARS
        starts = {*range(0, last + 1, PHRASE_BARS), *range(last, -1, -PHRASE_BARS)}
        for start in sorted(starts):
            beats = bars[start : start + COPY_BARS].ravel()
            found[len(beats)].append((i, beats))
    return {
        length: (np.array([i for i, _ in rows]), np.array([beats for _, beats in rows]))
        for length, rows in found.items()
    }


def agreement(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """``(some, others)``: on how many beats two windows of pitch classes agree, in the best of
    twelve keys."""
    classes = np.eye(12, dtype=np.float32)
    left = classes[some].reshape(len(some), -1)
    counts = np.zeros((len(some), len(others)), np.float32)
    for key in range(12):
        right = classes[(others + key) % 12].reshape(len(others), -1)
        np.maximum(counts, left @ right.T, out=counts)
    return counts


def sharing_runs(tunes: list[Tune]) -> set[tuple[int, int]]:
    """The pairs of tunes that share a run of ``COPY_RUN`` intervals in the same rhythm, in any key
    and in notes of any length; runs that mostly repeat a note do not count."""
    first, pairs = {}, set()
    for i, tune in enumerate(tunes):
        steps = melodic_steps(tune)
        for begin in range(len(steps) - COPY_RUN + 1):
            run = steps[begin : begin + COPY_RUN]
            if np.count_nonzero(run[:, 0]) >= COPY_RUN // 2:
                j = first.setdefault(run.tobytes(), i)
                pairs |= {(j, i)} - {(i, i)}
    return pairs


def melodic_steps(tune: Tune) -> np.ndarray:
    """``(notes - 2, 2)``: the interval from each note to the next, from the second on, and how
    many times as long as before it takes."""
    waits = np.round(SIXTHS_PER_STEP * np.diff(tune.notes[:, 0]))
    return np.stack([np.diff(tune.notes[:, 2])[1:], waits[1:] / waits[:-1]], axis=1)


def sharing_titles(tunes: list[Tune]) -> set[tuple[int, int]]:
    """The pairs of tunes of one title: settings of one tune, more often than not."""
    first, pairs = {}, set()
    for i, tune in enumerate(tunes):
        title = re.sub(r"\(.*?\)|\bno\.? ?\d+|\b(1st|2nd|3rd) setting", "", tune.name.lower())
        title = re.sub(r"[^a-z ]|\bthe\b", "", KIND_WORDS.sub("", title))
        title = " ".join(title.split())
        if title and first.setdefault(title, i) != i:
            pairs.add((first[title], i))
    return pairs


def tune_groups(tunes: list[Tune]) -> np.ndarray:
    """A group number a tune: near copies, directly or through others, are one group."""
    group = list(range(len(tunes)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    for i, j in sorted(agreeing(tunes) | sharing_runs(tunes) | sharing_titles(tunes)):
        i, j = root(i), root(j)
        group[max(i, j)] = min(i, j)
    return np.array([root(i) for i in range(len(tunes))], np.int32)


def split_by_group(groups: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """0 (train), 1 (valid) or 2 (test) a tune, whole groups at a time, in an order drawn once,
    until valid and test hold their share of every kind."""
    split = np.zeros(len(groups), np.int8)
    wanted = {}
    for kind, count in zip(*np.unique(kinds, return_counts=True), strict=True):
        wanted[2, kind] = wanted[1, kind] = max(1, round(HELD_OUT_SHARE * count))
    drawn = np.union1d(groups, JOINED_GROUPS)
    for group in np.random.default_rng(SPLIT_SEED).permutation(drawn):
        members = groups == group
        sizes = Counter(kinds[members].tolist())
        for part in (2, 1):
            if all(wanted[part, kind] >= size for kind, size in sizes.items()):
                for kind, size in sizes.items():
                    wanted[part, kind] -= size
                split[members] = part
                break
    return split


# --- the file ----------------------------------------------------------------------------------


def note_arrays(tunes: list[Tune]) -> dict[str, np.ndarray]:
    """The arrays of notes and bars: the events (notes and rests) of all tunes in a row."""
    events = [note_events(tune.notes) for tune in tunes]
    bars = [np.round(SIXTHS_PER_STEP * tune.bar_starts).astype(np.int32) for tune in tunes]
    flat = np.array([event for tune in events for event in tune])
    return {
        "event_offset": np.cumsum([0] + [len(tune) for tune in events]).astype(np.int32),
        "pitch": flat[:, 0].astype(np.int8),
        "ticks": flat[:, 1].astype(np.int16),
        "bar_offset": np.cumsum([0] + [len(tune) for tune in bars]).astype(np.int32),
        "bar_ticks": np.concatenate(bars),
    }


def tune_arrays(tunes: list[Tune]) -> dict[str, np.ndarray]:
    """The file's arrays."""
    kinds = np.array([tune.kind for tune in tunes])
    groups = tune_groups(tunes)
    return {
        "name": np.array([tune.name for tune in tunes]),
        "collection": np.array([tune.collection for tune in tunes]),
        "number": np.array([tune.number for tune in tunes], np.int16),
        "kind": kinds,
        "key": np.array([tune.key for tune in tunes]),
        "time_signature": np.array([tune.time_signature for tune in tunes]),
        "group": groups,
        "split": split_by_group(groups, kinds),
        **note_arrays(tunes),
    }


def report(arrays: dict[str, np.ndarray]) -> str:
    """Counts by kind and split, as a Markdown table."""
    lines = ["| kind | " + " | ".join(SPLITS) + " | all |", "|---|---|---|---|---|"]
    for kind in KINDS:
        counts = np.bincount(arrays["split"][arrays["kind"] == kind], minlength=3).tolist()
        lines.append(f"| {kind} | " + " | ".join(map(str, [*counts, sum(counts)])) + " |")
    counts = np.bincount(arrays["split"], minlength=3).tolist()
    lines.append("| all | " + " | ".join(map(str, [*counts, sum(counts)])) + " |")
    return "\n".join(lines)


def main() -> None:
    tunes, left_out, _ = read_all()
    arrays = tune_arrays(tunes)
    write_npz(TUNES_FILE, arrays)
    print("Left out:", *left_out, sep="\n  ")
    sounding = int((arrays["pitch"] != REST).sum())
    sizes = np.unique(arrays["group"], return_counts=True)[1]
    print(f"{len(tunes)} tunes, {sounding:,} notes, {len(sizes)} groups, largest {sizes.max()}")
    print(report(arrays))
    size = TUNES_FILE.stat().st_size
    print(f"{TUNES_FILE.name}: {size:,} bytes, sha256 {sha256(TUNES_FILE)}")


if __name__ == "__main__":
    main()
