"""The kit's ABC reader on the two collections in music21's corpus, O'Neill's 1,850 and Ryan's 1,059
tunes (2,009 and 1,059 transcriptions), beside an independent count of the notes in each file, and
beside music21's reader on a sample: `python benchmarks/abc_corpus.py`, or with `--every 1` all of
them, which takes some ten minutes.

The count is by regular expressions over the whole text: it knows no time, no keys and no voices.
music21 is given the tunes without what it is known to stumble over: decorations and annotations
beside broken rhythm, slurs, grace notes, ties to another note (slurs, as their writers meant them),
invisible rests, and what the standard has not.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers.files.abc_reader import read_tune
from helpers.files.abc_text import split_tunes

FOLDERS = {"oneills1850": "O'Neill", "ryansMammoth": "Ryan"}
ONE_NOTE = r"[_=^]*[A-Ga-g][',]*"
EVENT = re.compile(
    rf"\[(?P<chord>[^\]|:]*)\]|\+(?P<old>{ONE_NOTE}[^+\s]*)\+|(?P<note>{ONE_NOTE})|z"
)
UNREAD = r"(?P<field>\[[A-Z]:[^\]]*\])|[~.uvkHJLMOPRSTW!`\\)]|\((?!\d)"  # and slurs
AFTER = re.compile(r"[\d/]*[.)<>]*(-?)")


def cleaned(text: str, fields: bool = False) -> str:
    """The music of a tune in one line: no comments, fields, quotes, decorations, grace notes.
    fields: whether these are kept, and lines as they are."""
    body = re.split(r"(?m)^K:.*$", text, maxsplit=1)[1]
    body = re.sub(r"(?m)^[ \t]*%.*\n?|%.*", "", body)
    body = re.split(r"\n[ \t]*(?=\n)", body.strip())[0]
    if not fields:
        body = re.sub(r"(?m)^[A-Za-z+]:[^|:].*$|^[A-Za-z+]:$|\[[A-Za-z]:[^\]]*\]", "", body)
        body = body.replace("\n", " ")
    body = re.sub(r'"[^"]*"', "", body)
    body = re.sub(r"\{[^}]*\}-?", "", body)
    return re.sub(r"!(?:[^!\s|]+|D\.[^!|]*)!", "", body)


def without_first_endings(body: str) -> str:
    """Of endings the second only: from a 1 after a bar line or bracket to the 2 after one."""
    body = re.sub(r"(\||\[) +(?=[12]\D)", r"\1", body)
    return re.sub(r"(?:\|\[?|\[)1(?![/\d])(?:(?!(?:\||\[)1).)*?:?\|\]? *\[?2", "|", body)


def count_notes(body: str, chords: bool = True) -> int:
    """How many notes are struck in cleaned music. chords: whether each note of one counts."""
    count, tied = 0, {}
    for event in EVENT.finditer(body):
        several = event["chord"] or event["old"]
        if event["chord"] is not None and not re.search("[A-Ga-g]", event["chord"]):
            continue
        here = re.findall(rf"({ONE_NOTE})([\d/]*)(-?)", several) if several else []
        rest = AFTER.match(body, event.end())
        if event["note"]:
            here = [(event["note"], "", "")]
        went_on = {}
        for name, _, hold in here:
            spelled = re.sub("[_=^]", "", name)
            # A tie leads to the same note, without or with the same sign.
            before = tied.get(spelled)
            goes_on = before is not None and (name == spelled or name == before)
            count += not goes_on
            if hold or rest[1]:
                went_on[spelled] = before if goes_on and name == spelled else name
        if here and not chords:
            struck = sum(1 for name, _, _ in here if re.sub("[_=^]", "", name) not in tied)
            count -= max(0, struck - 1)
        tied = went_on
    return count


def for_music21(text: str) -> str:
    """The tune as music21 reads it right; see above."""
    head, key = re.match(r"(?s)(.*?)^(K:.*?)$", text, re.MULTILINE).groups()
    lines = []
    for line in cleaned(text, fields=True).split("\n"):
        if not re.match(r"[A-Za-z]:[^|:]", line):
            line = re.sub(UNREAD, lambda match: match["field"] or "", line).replace("x", "z")
            line = re.sub(r"([<>]+)-", r"-\1", re.sub(r"\(1(?!\d)", "", line))
            line = re.sub(r" *([<>]+) *", r"\1", re.sub(r"\+([^+\s]*)\+", r"[\1]", line))
            line = re.sub(rf"({ONE_NOTE})([\d/]*)-(?![<>|\s]*\1(?![',]))", r"\1\2", line)
        lines.append(line)
    return f"%abc-2.1\n{head}{key}\n" + "\n".join(line for line in lines if line.strip())


def music21_notes(text: str) -> list[tuple[float, float, int]]:
    """(start, end, pitch) in sixteenths."""
    from music21 import converter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parse(for_music21(text), format="abc")
    return sorted(
        (4 * float(element.offset), 4 * float(element.offset + element.quarterLength), pitch.midi)
        for part in score.parts
        for element in part.stripTies().flatten().notes
        if "Harmony" not in element.classes and element.quarterLength
        for pitch in element.pitches
    )


def main(every: int) -> None:
    from music21 import corpus

    print("| collection | tunes | notes | notes counted | tunes that differ |")
    print("|---|---|---|---|---|")
    tunes = {}
    for folder, name in FOLDERS.items():
        paths = sorted(Path(corpus.__file__).with_name(folder).glob("*.abc"))
        texts = [(path, text) for path in paths for text in split_tunes(path.read_text("utf-8"))]
        tunes[name] = []
        for path, text in texts:
            (part,) = read_tune(text).timeline.parts
            tunes[name].append((path, text, sorted(map(tuple, part.notes[:, :3].tolist()))))
        counted = [count_notes(cleaned(text)) for _, text, _ in tunes[name]]
        lengths = [len(notes) for *_, notes in tunes[name]]
        differ = [i for i, (a, b) in enumerate(zip(lengths, counted, strict=True)) if a != b]
        print(f"| {name} | {len(texts)} | {sum(lengths):,} | {sum(counted):,} | {len(differ)} |")
        for i in differ:
            print(f"{label(*tunes[name][i][:2])}: {lengths[i]} notes, counted {counted[i]}")

    print(f"\n| collection | tunes, each {every}th | as music21 | notes | as music21 |")
    print("|---|---|---|---|---|")
    for name, all_tunes in tunes.items():
        same, total, agreed, others = 0, 0, 0, []
        for path, text, notes in all_tunes[::every]:
            try:
                theirs = music21_notes(text)
            except Exception as error:  # whatever it is, music21 does not read this one
                theirs = []
                others.append(f"{label(path, text)}: music21 raises {type(error).__name__}")
            equal = matching(notes, theirs)
            total, agreed = total + len(notes), agreed + equal
            same += equal == len(notes) == len(theirs)
            if equal < max(len(notes), len(theirs)):
                others.append(f"{label(path, text)}: {len(notes)} notes, {equal} of music21's "
                              f"{len(theirs)}")  # fmt: skip
        share = 100 * agreed / total
        print(f"| {name} | {len(all_tunes[::every])} | {same} | {total:,} | {share:.2f} % |")
        print(*others, sep="\n")


def label(path: Path, text: str) -> str:
    return f"  {path.name} X:{re.search(r'X: *([0-9]+)', text)[1]}"


def matching(notes, theirs) -> int:
    """How many notes have the same onset and pitch."""
    first, second = ({(round(6 * a), c) for a, _, c in rows} for rows in (notes, theirs))
    return len(first & second) + len(notes) - len(first) if first <= second else len(first & second)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=20, help="music21 reads each so-manieth tune")
    main(parser.parse_args().every)
