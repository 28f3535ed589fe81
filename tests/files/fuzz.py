"""Music files that nobody would write, for test_fuzz.py: each is read, or refused in one sentence.

    python tests/files/fuzz.py 2000 [SEED [KIND ...]]

So many files, of the kinds (mid, abc, musicxml, mxl) in turn: real ones that are damaged or
spliced, noise, and what a format is made of in any order. Whole pieces and melodies are read of
each file, and one representation is made. A file that takes half a minute ends the run with the
place where it hangs; more than 500 MB are refused by the system (on Linux). Prints what became of
the files, and the slowest; ends with 1 where one was not met by a sentence that was written for it.
"""

from __future__ import annotations

import faulthandler
import io
import itertools
import random
import re
import struct
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mido
import numpy as np
from music21 import corpus

from helpers.data.chorales import load_chorales
from helpers.data.folders import Recipe, make_entry
from helpers.data.melodies import load_melody, melody_files
from helpers.data.representations import REPRESENTATIONS
from helpers.files.formats import read_pieces
from helpers.files.midi_writer import midi_bytes, to_midi
from helpers.files.reading import MAX_STEPS, MusicFileError
from helpers.music.words import Vocabulary

HANGS = 30  # seconds
SLOW = 2  # seconds on one core
MEMORY = 500_000_000  # bytes, beyond what the interpreter has with all that is imported
LARGEST = 3_000_000  # bytes of a damaged file
NUMBERS = ("0", "-1", "7", "99999999", "1e308", "nan", "0.0000001", "2147483648", "\u0663", "")
CORPUS = Path(corpus.__file__).parent
ABC = """X:1
T:All sorts
M:C|
L:1/8
Q:1/4=96
R:reel
V:1 name="Tune"
V:2
K:Edor clef=treble
[V:1] (3Bcd {g}e2 "Am"f>a|[Ace]4- [Ace]2 z2|1 ^c_d=e,2:|2 !trill!A/B//C3/2 Z2|]
[V:2] E,4 & G,8|[M:6/8][K:Gm]B3 (5ABcde|w:la la
"""


def sources(kind: str) -> list[bytes]:
    """Whole files to be damaged: none but the kit's own and music21's."""
    if kind == "mid":
        chorales = load_chorales()[:3]
        files = [path.read_bytes() for path in melody_files()]
        return [*files, *(midi_bytes(to_midi(piece)) for piece in chorales), performance()]
    if kind == "abc":
        books = [CORPUS / "oneills1850" / "0051-0100.abc", CORPUS / "airdsAirs" / "book2.abc"]
        tunes = sorted((CORPUS / "ryansMammoth").glob("*.abc"))[:3]
        return [ABC.encode(), *(path.read_bytes() for path in [*books, *tunes])]
    scores = [(CORPUS / "bach" / f"bwv{number}.mxl").read_bytes() for number in ("66.6", "253")]
    if kind == "mxl":
        return scores
    texts = []
    for score in scores:
        with zipfile.ZipFile(io.BytesIO(score)) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".xml") and "META" not in n)
            texts.append(archive.read(name))
    return texts


def performance() -> bytes:
    """All that the others lack: pedals, programs, drums, tempos, running pressure, a text."""
    generator, file = random.Random(1), mido.MidiFile(ticks_per_beat=96)
    for channel in (0, 3, 9):
        track = mido.MidiTrack([mido.Message("program_change", program=channel, channel=channel)])
        track.append(mido.MetaMessage("track_name", name=f"Part {channel}"))
        for i in range(60):
            pitch, time = generator.randrange(30, 90), generator.randrange(200)
            track.append(mido.Message("note_on", note=pitch, channel=channel, time=time))
            pedal = mido.Message("control_change", control=64, value=i % 3 * 60, channel=channel)
            track.append(pedal)
            track.append(mido.Message("aftertouch", value=i, channel=channel))
            track.append(mido.Message("note_off", note=pitch, channel=channel, time=30))
            if i % 20 == 0:
                track.append(mido.MetaMessage("set_tempo", tempo=400_000 + 9000 * i))
                track.append(mido.MetaMessage("time_signature", numerator=3 + channel % 2))
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


# --- damage ------------------------------------------------------------------------------------


def flipped(data: bytearray, generator: random.Random, kind: str) -> None:
    marks = b"0159<>/|[](){}:-^=z\"'\n\x00\x7f\x80\x90\xc0\xf0\xff"
    for _ in range(generator.choice((1, 1, 2, 3, 12))):
        new = generator.choice(marks) if generator.random() < 0.6 else generator.randrange(256)
        data[generator.randrange(len(data))] = new


def cut(data: bytearray, generator: random.Random, kind: str) -> None:
    start = generator.randrange(len(data))
    end = len(data) if generator.random() < 0.5 else start + generator.randint(1, 200)
    del data[start:end]


def repeated(data: bytearray, generator: random.Random, kind: str) -> None:
    start = generator.randrange(len(data))
    piece = data[start : start + generator.choice((1, 4, 30, 400, 5000))]
    times = generator.choice((1, 3, 50, 1000, 30_000))
    data[start:start] = piece * min(times, LARGEST // (len(piece) + 1))
    del data[LARGEST:]


def forged(data: bytearray, generator: random.Random, kind: str) -> None:
    """Other numbers where lengths and counts stand."""
    if kind == "mid":
        size, place = generator.choice(((4, 4), (2, 8), (2, 10), (2, 12), (4, None), (0, None)))
        if size == 0:  # a time, or a length of a meta event
            place = generator.randrange(14, max(15, len(data)))
            data[place:place] = generator.choice((b"\xff\xff\xff\x7f", b"\x81\x00", b"\xff" * 9))
            return
        if place is None:
            tracks = [match.end() for match in re.finditer(b"MTrk", data)]
            place = generator.choice(tracks or [8])
        number = generator.choice((0, 1, 2, 255, 65535, 2**31, 2**32 - 1, len(data)))
        data[place : place + size] = struct.pack(">I", number)[-size:]
    elif kind == "mxl":
        places = [m.start() for m in re.finditer(rb"PK[\x01\x03\x05]", data)]
        place = generator.choice(places or [0]) + generator.randrange(4, 40)
        number = generator.choice((0, 1, 255, 2**31, 2**32 - 1, len(data)))
        data[place : place + 4] = struct.pack("<I", number)
    else:
        numbers = list(re.finditer(rb"\d+", data))
        for number in sorted(generator.sample(numbers, min(3, len(numbers))), reverse=True, key=at):
            data[slice(*number.span())] = generator.choice(NUMBERS).encode()


def at(match: re.Match) -> int:
    return match.start()


def shuffled(data: bytearray, generator: random.Random, kind: str) -> None:
    a, b, c = sorted(generator.randrange(len(data)) for _ in range(3))
    data[a:c] = data[b:c] + data[a:b]


DAMAGES = (flipped, cut, repeated, forged, shuffled)


def damaged(files: list[bytes], generator: random.Random, kind: str) -> bytes:
    data = bytearray(generator.choice(files))
    for damage in generator.choices(DAMAGES, (4, 2, 2, 4, 1), k=generator.choice((1, 1, 1, 2, 3))):
        if data:
            damage(data, generator, kind)
    return bytes(data)


def spliced(files: list[bytes], generator: random.Random, kind: str) -> bytes:
    """The beginning of one file and the end of another."""
    one, other = generator.choice(files), generator.choice(files)
    return one[: generator.randrange(len(one))] + other[generator.randrange(len(other)) :]


def noise(files: list[bytes], generator: random.Random, kind: str) -> bytes:
    """Random bytes, mostly behind what a file of the kind begins with."""
    begin = generator.choice(files)[: generator.choice((0, 4, 8, 14, 22, 60))]
    return begin + generator.randbytes(generator.choice((1, 20, 400, 20_000)))


# --- what formats are made of ------------------------------------------------------------------


def of_tokens(files: list[bytes], generator: random.Random, kind: str) -> bytes:
    """A file of the kind as far as its frame goes, and in it all that there is, in any order."""
    if kind == "mid":
        return midi_of_tokens(generator)
    if kind == "abc":
        count = generator.choice((1, 20, 300, 3000))
        return (
            "X:1\nL:1/8\nM:4/4\nK:C\n" + "".join(generator.choices(ABC_TOKENS, k=count))
        ).encode()
    score = xml_of_tokens(generator)
    if kind == "musicxml":
        return score.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", generator.choice((0, 8))) as archive:
        if generator.random() < 0.7:
            name = generator.choice(("score.xml", "a&amp;b.xml", "", "../score.xml", "META-INF"))
            archive.writestr(
                "META-INF/container.xml",
                f'<container><rootfiles><rootfile full-path="{name}"/></rootfiles></container>',
            )
        for name in generator.sample(("score.xml", "a&b.xml", "two.musicxml", "cat.png"), 2):
            archive.writestr(name, score)
    return buffer.getvalue()


def few(tokens: list, generator: random.Random) -> list:
    """Some of them, or each file would have all that is wrong and be refused."""
    return generator.sample(tokens, generator.choice((2, 3, 5, 12)))


MIDI_EVENTS = [
    *(bytes([status, 60, 0]) for status in (0x80, 0x90, 0x99, 0xA0, 0xB0, 0xE0)),
    *(bytes([status, pitch, 64]) for status in (0x80, 0x90, 0x99) for pitch in (0, 60, 61, 127)),
    *(b"\x3c\x40", b"\x3c\0", b"\xc0\x05", b"\xd3\x05", b"\xb0\0\x78", b"\xb0\x40\x7f", b"\x05"),
    *(b"\xf0\3\x43\x10\xf7", b"\xf7\1\xf7", b"\xf0\0", b"\xf8", b"\xff\x7f\0", b"\xff\x2f\0"),
    *(b"\xff\x51\3\7\xa1\x20", b"\xff\x51\3\0\0\0", b"\xff\x51\1\7", b"\xff\x59\2\0\0"),
    *(b"\xff\x58\4\3\2\x18\x08", b"\xff\x58\4\xff\0\x18\x08", b"\xff\x58\0", b"\xff\x03\2hi"),
    *(b"\xff\x03\4\x81\0\x1b\xff", b"\xff\x21\1\1"),
    b"\xf0\x0a\x41\x10\x42\x12\x40\x1a\x15\2\x0f\xf7",
]  # fmt: skip
TIMES = (b"\0", b"\0", b"\0", b"\x30", b"\x60", b"\x81\0", b"\x83\x60", b"\xff\x7f", b"\x80\x80\0")


def midi_of_tokens(generator: random.Random) -> bytes:
    chunks, some = [], [b"\x90\x3c\x50", b"\x80\x3c\0", *few(MIDI_EVENTS, generator)]
    for _ in range(generator.choice((0, 1, 1, 2, 3, 17))):
        events = generator.choices(some, k=generator.choice((1, 20, 300, 3000)))
        track = b"".join(generator.choice(TIMES) + event for event in events)
        name = generator.choice((b"MTrk", b"MTrk", b"MTrk", b"XFIH"))
        length = len(track) if generator.random() < 0.97 else generator.randrange(2 * len(track))
        chunks.append(name + struct.pack(">I", length) + track)
    kind, count = generator.choice((0, 0, 1, 1, 1, 1, 1, 2)), len(chunks)
    count, ticks = generator.choice((count, count, 0, 9)), generator.choice((1, 96, 480, 32767))
    head = struct.pack(">HHH", kind, count, ticks) + generator.choice((b"", b"", b"more"))
    data = b"MThd" + struct.pack(">I", len(head)) + head + b"".join(chunks)
    if generator.random() < 0.2:
        info = b"LIST" + struct.pack("<I", generator.choice((4, 5, 9))) + b"INFO12345\0"
        data = b"RIFF\0\0\0\0RMID" + info + b"data" + struct.pack("<I", len(data)) + data
    return data


ABC_TOKENS = [
    *"ABCDEFGabcdefgzxyZX^_='-,|:[](){}<>&+*.~HTuv\"!\n\\/0123456789 %$`;@#é",
    *("^^", "__", "//", "3/2", "C4-", "C4", "[CEG]", "[CE-G]2", "{gf}", "{/g}", "(3", "(3:2"),
    *("|:", ":|", "::", "|1", ":|2", "[1", "[2,3", "|]", "[|", "||", "Z2", "z4", "&\\\n", "\\\n"),
    *('"Am"', '"^slow"', '"', "!trill!", "!1!", "+trill+", "!\n", "!", "[V:1]", "[V:2 clef=perc]"),
    *("\nV:1\n", "\nV:2 name=x\n", "[M:3/4]", "\nM:C|\n", "\nM:none\n", "[L:1/16]", "\nL:1\n"),
    *("[K:G]", "\nK:Bbmin\n", "\nK:HP\n", "\nQ:1/4=80\n", "[Q:C3=40]", '\nQ:"x"\n'),
    *("\n%%score (1 2)\n", "\n%%MIDI program 5\n", "\n% x\n", "\n\n", "\nX:2\nK:C\n", "[r:x]"),
    *("\nm:~g2={a}g\n", "\nU:T=!trill!\n", "\nP:AB\n", "[P:A]", "\nw:la- la _\n", "\nI:x\n"),
]  # fmt: skip
XML_NUMBERS = ["1", "2", "4", "8", "0", "-1", "0.5", "x", "", "1000000", "1e9", "3+2"]
PITCH = "<pitch><step>C</step><octave>{}</octave></pitch>"
XML_TREE = {  # an element, and what may be in it; the others hold a number or a word
    "measure": ("note", "note", "note", "attributes", "backup", "forward", "barline", "direction"),
    "note": (
        *("chord", "rest", "grace", "tie", "voice", "unpitched", "cue"),
        *("type", "dot", "time-modification", "instrument", "staff", "accidental", "notations"),
    ),
    "attributes": ("divisions", "time", "key", "clef", "transpose", "staves", "measure-style"),
    "time": ("beats", "beat-type", "senza-misura"),
    "key": ("fifths", "mode", "key-step", "key-alter"),
    "clef": ("sign", "line"),
    "transpose": ("chromatic", "octave-change", "diatonic"),
    "backup": ("duration",),
    "forward": ("duration", "voice"),
    "barline": ("repeat", "ending", "bar-style"),
    "direction": ("direction-type", "sound", "offset"),
    "direction-type": ("metronome", "words"),
    "metronome": ("beat-unit", "beat-unit-dot", "per-minute"),
    "notations": ("tied", "tuplet", "ornaments"),
    "time-modification": ("actual-notes", "normal-notes"),
    "measure-style": ("multiple-rest",),
}
XML_WORDS = {
    "step": "ABCDEFG" * 3 + "x",
    "sign": ("G", "F", "percussion", ""),
    "mode": ("minor", "x"),
}
XML_ATTRIBUTES = {
    "tie": ('type="start"', 'type="stop"'),
    "tied": ('type="start"', 'type="stop"', 'type="let-ring"'),
    "repeat": ('direction="forward"', 'direction="backward"'),
    "ending": ('number="1" type="start"', 'number="2" type="stop"', 'number="x"'),
    "sound": ('tempo="90"', 'tempo="x"', 'tempo="0"'),
    "measure": ('number="1"', 'implicit="yes"', 'number=""'),
    "rest": ('measure="yes"', ""),
}


def element(name: str, generator: random.Random, numbers: list[str], most: int = 6) -> str:
    attributes = generator.choice(XML_ATTRIBUTES.get(name, ("",)))
    if name in XML_TREE:
        inner = generator.choices(XML_TREE[name], k=generator.randint(0, most))
        content = "".join(element(child, generator, numbers) for child in inner)
        if name == "note" and generator.random() < 0.95:  # or few scores would be read
            sound = generator.choice(("<rest/>", *(PITCH.format(octave) for octave in (3, 4, 5))))
            content = f"{sound}<duration>{generator.choice((1, 2, 4))}</duration>{content}"
    else:
        content = generator.choice(XML_WORDS.get(name, numbers))
    return f"<{name} {attributes}>{content}</{name}>"


def xml_of_tokens(generator: random.Random) -> str:
    parts, numbers = range(generator.choice((0, 1, 1, 2, 3))), few(XML_NUMBERS, generator)
    names = "".join(f'<score-part id="P{i}"><part-name>{i}</part-name></score-part>' for i in parts)
    bodies = ""
    for i in parts:
        measures = range(generator.choice((1, 3, 3, 40)))
        music = "".join(element("measure", generator, numbers, 9) for _ in measures)
        bodies += f'<part id="P{i}">{music}</part>'
    kind = generator.choice((*("score-partwise",) * 3, "score-timewise"))
    return f"<{kind}><part-list>{names}</part-list>{bodies}</{kind}>"


MAKERS = {damaged: 6, spliced: 1, noise: 1, of_tokens: 3}


# --- what becomes of it --------------------------------------------------------------------------


def try_pieces(path: Path, generator: random.Random) -> tuple[str, str]:
    """``("read" or "refused", what is wrong with that)``; so do the others."""
    try:
        pieces = read_pieces(path)
    except MusicFileError as error:
        return "refused", wrong_sentence(path, str(error))
    wrong = [piece for piece in pieces if not sound(piece)]
    return "read", f"read_pieces gives {wrong[0]}"[:500] if wrong else ""


def try_melody(path: Path, generator: random.Random) -> tuple[str, str]:
    try:
        load_melody(path)
    except MusicFileError as error:
        return "refused", wrong_sentence(path, str(error))
    return "read", ""


def try_representation(path: Path, generator: random.Random) -> tuple[str, str]:
    name = generator.choice(list(REPRESENTATIONS))
    options = {"vocabulary": Vocabulary([["C4 4"]])} if name == "tokens" else {}
    entry, foreseen = make_entry(path.read_bytes(), Recipe(name, name, options))
    problem = "" if foreseen else f"{name}: {entry.problems}"
    return "read" if entry.items else "refused", problem


def wrong_sentence(path: Path, sentence: str) -> str:
    good = sentence.startswith(f"{path.name} ") and sentence.endswith(".")
    good &= "\n" not in sentence and "could not be read as music" not in sentence
    return "" if good else sentence


def sound(timeline) -> bool:
    """Whether this is music as ``Timeline`` promises."""
    notes = np.concatenate([np.zeros((0, 4)), *(part.notes for part in timeline.parts)])
    good = np.isfinite(notes).all() and 0 <= timeline.steps <= MAX_STEPS
    good &= ((notes[:, 0] >= 0) & (notes[:, 0] <= notes[:, 1])).all()
    good &= (notes[:, 1] <= timeline.steps + 1e-6).all()
    good &= ((notes[:, 2] >= 0) & (notes[:, 2] <= 127)).all()
    good &= ((notes[:, 3] >= 1) & (notes[:, 3] <= 127)).all()
    for part in timeline.parts:
        controls = np.zeros((0, 3)) if part.controls is None else part.controls
        good &= (np.diff(controls[:, 0]) >= 0).all() and (controls[:, 1:] <= 127).all()
    if timeline.later_tempos is not None:
        steps, tempos = timeline.later_tempos.T
        good &= (np.diff(steps) >= 0).all() and ((tempos >= 10) & (tempos <= 600)).all()
    if timeline.bar_starts is not None:
        good &= (np.diff(timeline.bar_starts) > 0).all()
    return bool(good)


def limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))


def peak_memory() -> str:
    if sys.platform != "linux":
        return "not measured"
    import resource

    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB"


TASKS = (try_pieces, try_melody, try_representation)
KINDS = ("mid", "abc", "musicxml", "mxl")


def main(count: int, seed: int = 1, tasks=TASKS, only=KINDS) -> int:
    """The number of files that were neither read nor refused as they should."""
    kinds = {kind: sources(kind) for kind in only}
    for task, seed_of_all in itertools.product(TASKS, range(20)):  # everything is imported now
        task(melody_files()[0], random.Random(seed_of_all))
    before = peak_memory()
    limit_memory()
    outcomes, slowest, wrong = Counter(), [], 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            kind = list(kinds)[number % len(kinds)]
            generator = random.Random(f"{seed} {number}")
            path = Path(folder, f"case{number}.{kind}")
            (make,) = generator.choices(list(MAKERS), MAKERS.values())
            path.write_bytes(make(kinds[kind], generator, kind)[:LARGEST])
            for task in tasks:
                faulthandler.dump_traceback_later(HANGS, exit=True)
                began = time.process_time()
                outcome, problem = task(path, generator)
                spent = time.process_time() - began
                slowest.append((spent, f"{path.name} ({make.__name__})", task.__name__))
                slowest = sorted(slowest, reverse=True)[:3]
                faulthandler.cancel_dump_traceback_later()
                outcomes[f"{kind} {outcome}"] += task is try_pieces
                outcomes["slow"] += spent > SLOW
                if problem:
                    wrong += 1
                    print(f"{path.name} ({make.__name__}), seed {seed}: {problem}", flush=True)
            path.unlink()
    slow = outcomes.pop("slow", 0)
    print(", ".join(f"{outcome} {outcomes[outcome]}" for outcome in sorted(outcomes)))
    for seconds, name, task in slowest:
        print(f"slowest: {name} in {task}, {seconds:.2f} s")
    print(f"over {SLOW} s: {slow}; memory: {before}, then {peak_memory()}")
    return wrong


if __name__ == "__main__":
    numbers, kinds = sys.argv[1:3], tuple(sys.argv[3:]) or KINDS
    sys.exit(1 if main(*map(int, numbers), only=kinds) else 0)
