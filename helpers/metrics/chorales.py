"""What a teacher of harmony asks of a chorale in four voices: whether the voices may move so, what
chords they make, and how the phrases end; and how near it all is to Bach.

The rules are those of any textbook of four-part writing; how each is counted is stated where it is
measured. Music is any music of the course, on the sixteenth grid, with four voices, soprano first.
Repeated notes are one held note unless a figure says otherwise, so that music without onsets is
counted alike; a beat is a quarter, counted from the first downbeat; a move is from one pitch to
another. The tonic is that of the music's key, or of ``key_of(voices)`` where it has none.

A phrase ends with the soprano's note under a fermata; over its end voices may move as they like.
``phrase_ends`` names such steps otherwise, at each of which a phrase's last note begins or sounds;
an empty list leaves no end out. ``music.guess_phrase_ends`` finds them in a melody.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from ..course.errors import SettingError, check_kind, check_number
from ..data.chorales import load_chorales
from ..music.arrays import check_array
from ..music.chords import known_chord
from ..music.conversion import to_piece
from ..music.grid import (
    REST,
    STEPS_PER_QUARTER,
    VOICE_NAMES,
    Piece,
    as_voices,
    default_onsets,
    voice_notes,
)
from ..music.keys import key_tonic
from .ngrams import NGram
from .voices import CopyFinder, chord_share

LOWER = VOICE_NAMES[1:]
WIDEST = 7  # semitones: a leap is wider than a fifth
SPACING = 12  # and neighbours, but for the bass, are no further apart than an octave
PARALLEL = {7: "fifth", 0: "octave"}  # semitones, octaves left out; a unison is an octave here
FIFTH = 7
TRIADS, DOMINANTS = ("major", "minor"), ("major", "dominant seventh")


class Chord(NamedTuple):
    """root, bass: pitch classes, 0 (C) to 11. quality: such as "major" or "dominant seventh", one
    of those in ``music.chord_names``."""

    root: int
    quality: str
    bass: int


class Parallel(NamedTuple):
    """Two voices that move in parallel fifths or octaves. step: where the second interval begins.
    interval: "fifth" or "octave", a unison among these."""

    step: int
    upper: str
    lower: str
    interval: str


class Cadence(NamedTuple):
    """How a phrase ends. step: where the soprano's last note begins. chord: the phrase's last, or
    None where none sounds. in_root_position: it is a major or minor triad over its root. home: and
    that is the tonic or the dominant. from_dominant: V-I in any key."""

    step: int
    chord: Chord | None
    in_root_position: bool
    home: bool
    from_dominant: bool


# --- reading -----------------------------------------------------------------------------------


class _Score(NamedTuple):
    """A chorale, read. ends: for each phrase its last note's first step and the step after it."""

    piece: Piece
    voices: np.ndarray
    ends: list[tuple[int, int]]
    chords: list[Chord | None]

    @property
    def tonic(self) -> int:
        key = self.piece.key or key_of(self.voices)
        return key_tonic(key) if key else 0  # of silence nothing is asked

    @property
    def beats(self) -> np.ndarray:
        bars = self.piece.bar_starts
        first = int(bars[0]) if len(bars) else 0
        return np.arange(first % STEPS_PER_QUARTER, len(self.voices), STEPS_PER_QUARTER)

    @property
    def last_steps(self) -> np.ndarray:
        """Which steps are the last of a phrase, ``(steps,)`` bool."""
        last = np.zeros(len(self.voices), bool)
        last[[end - 1 for _, end in self.ends]] = True
        return last


def _read(music, phrase_ends=None) -> _Score:
    if isinstance(music, _Score):
        return music
    piece = music.to_piece() if hasattr(music, "to_piece") else to_piece(music)
    voices = piece.voices.astype(int)
    if voices.shape[1:] != (4,) or not len(voices):
        raise SettingError(
            f"A chorale's voices have the shape (steps, 4), not {voices.shape}: soprano, alto, "
            "tenor and bass."
        )
    chords, before = [], None
    for row in voices.tolist():
        if row != before:
            chord, before = _chord(row), row
        chords.append(chord)
    return _Score(piece, voices, _ends(piece, phrase_ends), chords)


def _chord(row: list[int]) -> Chord | None:
    pitches = tuple(sorted(pitch for pitch in row if pitch != REST))
    found = known_chord(pitches) if pitches else None
    return found and Chord(*found, pitches[0] % 12)


def _ends(piece: Piece, phrase_ends) -> list[tuple[int, int]]:
    if phrase_ends is None:
        if piece.fermatas is None:
            return []
        phrase_ends = np.flatnonzero(piece.fermatas)
    steps = check_array(phrase_ends, "Phrase ends", ("ends",), True, (0, len(piece.voices) - 1))
    notes = voice_notes(piece.voices[:, 0], piece.onsets[:, 0])
    under = {}  # by the step after; of two fermatas over one note one counts
    for step in steps.astype(int).tolist():
        found = [note for note in notes if note.start <= step < note.end]
        start, end = found[0][:2] if found else (step, step + 1)
        under[end] = start
    return [(start, end) for end, start in sorted(under.items())]


def _several(pieces, name: str = "pieces") -> list:
    one = hasattr(pieces, "to_timeline") or isinstance(pieces, Piece)
    check_kind(name, None if one else pieces, (list, tuple), "a list of chorales")
    if not len(pieces):
        raise SettingError(f"The list of {name} is empty.")
    return list(pieces)


# --- key and chords ----------------------------------------------------------------------------

# How well each degree fits, from the tonic upwards by semitones: Bret Aarden, "Dynamic melodic
# expectancy" (dissertation, Ohio State University 2003), from folk songs in the Essen collection;
# as the Humdrum tool keycor has them.
PROFILES = {
    "major": (
        *(17.7661, 0.145624, 14.9265, 0.160186, 19.8049, 11.3587),
        *(0.291248, 22.062, 0.145624, 8.15494, 0.232998, 4.95122),
    ),
    "minor": (
        *(18.2648, 0.737619, 14.0499, 16.8599, 0.702494, 14.4362),
        *(0.702494, 18.6161, 4.56621, 1.93186, 7.37619, 1.75623),
    ),
}
TONICS = {
    "major": "C Db D Eb E F F# G Ab A Bb B".split(),
    "minor": "C C# D Eb E F F# G G# A Bb B".split(),
}


def key_of(voices, closing: float = 0.0) -> str:
    """The key, such as "G major", whose profile is correlated best with how long each pitch class
    sounds, all voices together: the method of Krumhansl and Schmuckler (Krumhansl 1990) with the
    profiles of Aarden (2003). "" where nothing sounds.

    closing: what is added to the correlation of a key on whose tonic the first voice closes. From
    the soprano alone 0 finds the key of 237 of the 296 training chorales, 0.25 of 264."""
    voices = as_voices(voices)
    check_number("closing", closing, least=0, whole=False)
    counts = np.bincount(voices[voices != REST] % 12, minlength=12)
    if not counts.any():
        return ""
    sung = voices[:, 0][voices[:, 0] != REST]
    last = sung[-1] % 12 if len(sung) else None
    fits = {
        f"{TONICS[mode][tonic]} {mode}": _correlation(np.roll(counts, -tonic), profile)
        + closing * (tonic == last)
        for mode, profile in PROFILES.items()
        for tonic in range(12)
    }
    return max(fits, key=fits.get)


def _correlation(counts: np.ndarray, profile: tuple[float, ...]) -> float:
    """Pearson's; 0 where all classes sound for the same time."""
    first, second = counts - counts.mean(), np.array(profile) - np.mean(profile)
    size = math.sqrt((first @ first) * (second @ second))
    return float(first @ second / size) if size else 0.0


def chord_at(music, step: int) -> Chord | None:
    """The triad or seventh chord that sounds at a step, of which a fifth may be lacking; None
    where the pitches make none, as with a suspension or a passing note."""
    check_number("step", step)
    score = _read(music, ())
    if not 0 <= step < len(score.chords):
        raise SettingError(
            f"step is {step}, but this music has steps 0 to {len(score.chords) - 1}."
        )
    return score.chords[step]


# --- how the voices move -----------------------------------------------------------------------


def parallels(music, phrase_ends=None) -> list[Parallel]:
    """The parallel fifths and octaves, in order of time: two voices move in the same direction,
    from a perfect fifth (or octave, or unison) to another one. Octaves between are not counted, so
    a twelfth is a fifth; moves from a phrase's last note to the next phrase are left out."""
    score = _read(music, phrase_ends)
    return [Parallel(*found) for found in _parallels(score) if not score.last_steps[found[0] - 1]]


def _parallels(score: _Score, contrary: bool = False) -> list[tuple]:
    """Those over phrase ends, too. contrary: also from one interval to another by opposite moves,
    from a fifth to a twelfth."""
    found = []
    moves = np.diff(score.voices, axis=0)
    sounds = (score.voices[1:] != REST) & (score.voices[:-1] != REST)
    for upper, lower in combinations(range(4), 2):
        apart = np.abs(score.voices[:, upper] - score.voices[:, lower]) % 12
        together = moves[:, upper] * moves[:, lower]
        moved = (together != 0 if contrary else together > 0) & sounds[:, [upper, lower]].all(
            axis=1
        )
        for interval, name in PARALLEL.items():
            hits = moved & (apart[1:] == interval) & (apart[:-1] == interval)
            steps = (np.flatnonzero(hits) + 1).tolist()
            found += [(step, VOICE_NAMES[upper], VOICE_NAMES[lower], name) for step in steps]
    return sorted(found, key=lambda one: one[0])


def _count_parallels(score: _Score) -> dict:
    return _rates(score, "parallel {}s, per 100 steps", parallels(score))


def _count_all_parallels(score: _Score) -> dict:
    found = [Parallel(*one) for one in _parallels(score)]
    return _rates(score, "parallel {}s, phrase ends too, per 100 steps", found)


def _rates(score: _Score, row: str, found: list[Parallel]) -> dict:
    steps, intervals = len(score.voices), [one.interval for one in found]
    return {row.format(name): (intervals.count(name), steps) for name in PARALLEL.values()}


def _count_places(score: _Score) -> dict:
    """Where the voices stand to each other: a step with one fault or several is one."""
    upper, lower = score.voices[:, :-1], score.voices[:, 1:]
    both = (upper != REST) & (lower != REST)
    crossed = (both & (lower > upper)).any(axis=1)
    wide = (both & (upper - lower > SPACING))[:, :2].any(axis=1)
    return {
        "voices crossed, % of steps": (crossed.sum(), len(crossed)),
        "wider than an octave (S-A, A-T), % of steps": (wide.sum(), len(wide)),
    }


def _moves(score: _Score, voice: int) -> tuple[np.ndarray, np.ndarray]:
    """``(steps, semitones)`` of a voice's moves inside a phrase: the step before each, how far."""
    melody = score.voices[:, voice]
    sounds = (melody[1:] != REST) & (melody[:-1] != REST)
    moves = np.diff(melody)
    steps = np.flatnonzero(sounds & (moves != 0) & ~score.last_steps[:-1])
    return steps, moves[steps]


def _count_leaps(score: _Score) -> dict:
    """A leap is resolved where the next move is a step, one or two semitones, the other way. A leap
    that is the last move before a rest or a phrase's end has no next one and is not counted."""
    rows, unresolved, leaps = {}, 0, 0
    for voice, name in enumerate(VOICE_NAMES):
        steps, moves = _moves(score, voice)
        wide = np.abs(moves) > WIDEST
        rows[f"{name}: leaps over a fifth, % of moves"] = (wide.sum(), len(moves))
        if name not in LOWER:  # a melody's leaps are its own affair
            continue
        melody, last = score.voices[:, voice], score.last_steps
        for now, then in zip(np.flatnonzero(wide), np.flatnonzero(wide) + 1, strict=True):
            if then == len(steps) or (melody[steps[now] + 1 : steps[then]] == REST).any():
                continue
            if last[steps[now] + 1 : steps[then]].any():
                continue
            leaps += 1
            unresolved += not (abs(moves[then]) <= 2 and moves[then] * moves[now] < 0)
    return rows | {"leaps of lower voices without a step back, %": (unresolved, leaps)}


def _count_changes(score: _Score) -> dict:
    changed = score.voices[1:] != score.voices[:-1]
    names = [f"{name} changes, % of steps" for name in VOICE_NAMES]
    return {
        name: (hits, len(changed)) for name, hits in zip(names, changed.sum(axis=0), strict=True)
    }


def _count_restrikes(score: _Score) -> dict:
    """With the onsets as they are: of those of the lower voices, which have the pitch before; and
    how many lower voices strike a note, the same or another, where the soprano repeats one."""
    voices, onsets = score.voices, np.asarray(score.piece.onsets, bool)
    again = onsets[1:] & (voices[1:] == voices[:-1])
    below = onsets[1:, 1:][again[:, 0]]
    return {
        "onsets of lower voices that repeat, %": (again[:, 1:].sum(), onsets[:, 1:].sum()),
        "lower voices that strike where the soprano repeats, %": (below.sum(), below.size),
    }


# --- what chords they make ---------------------------------------------------------------------


def _count_clashes(score: _Score) -> dict:
    """Pairs of voices that are struck together, each with another pitch than before, a semitone, a
    major seventh or one of these and octaves apart."""
    voices, struck = score.voices, default_onsets(score.voices)
    clashes = sum(
        (struck[:, i] & struck[:, j] & np.isin((voices[:, i] - voices[:, j]) % 12, (1, 11))).sum()
        for i, j in combinations(range(4), 2)
    )
    return {"struck semitones, per 100 steps": (clashes, len(voices))}


def _count_chords(score: _Score) -> dict:
    """Complete triads and seventh chords, of the beats on which all voices sound."""
    rows = score.voices[score.beats]
    whole = int((rows != REST).all(axis=1).sum())
    return {
        "triad or seventh chord, % of beats": (chord_share(rows) * whole if whole else 0, whole)
    }


def _count_motion(score: _Score) -> dict:
    """Sets of pitch classes that differ from those on the beat before; beats on which all lower
    voices are where they were on the beat before."""
    rows = score.voices[score.beats]
    sets = [frozenset(pitch % 12 for pitch in row if pitch != REST) for row in rows.tolist()]
    changes = sum(now != before for now, before in zip(sets[1:], sets, strict=False))
    still = (rows[1:, 1:] == rows[:-1, 1:]).all(axis=1)
    return {
        "chord changes, % of beats": (changes, len(still)),
        "lower voices all still, % of beats": (still.sum(), len(still)),
    }


def _count_tendencies(score: _Score) -> dict:
    """The leading tone, a semitone below the tonic, is doubled where two voices have it. The
    seventh of a dominant seventh chord is looked at where a chord on another root follows and its
    voice moves: does it fall by one semitone or two?"""
    voices, chords = score.voices, score.chords
    leading = ((voices != REST) & ((voices - score.tonic) % 12 == 11)).sum(axis=1)
    falls = sevenths = 0
    for step, (now, then) in enumerate(zip(chords, chords[1:], strict=False)):
        if now == then or not now or not then or now.root == then.root:
            continue
        if now.quality == "dominant seventh":
            before, after = voices[step], voices[step + 1]
            those = (before != REST) & (before % 12 == (now.root + 10) % 12)
            moves = (after - before)[those & (after != REST) & (after != before)]
            sevenths += len(moves)
            falls += np.isin(moves, (-1, -2)).sum()
    return {
        "leading tone doubled, % of its steps": ((leading > 1).sum(), (leading > 0).sum()),
        "dominant's seventh falls by step, %": (falls, sevenths),
    }


# --- how it begins, and how phrases end --------------------------------------------------------


def cadences(music, phrase_ends=None) -> list[Cadence]:
    """How each phrase ends: with the major or minor triad in root position that sounds under the
    soprano's last note (after a suspension, or before a voice moves on), or if there is none with
    the last chord there. It is V-I where the major triad or dominant seventh on the fifth above
    that chord's root, in whatever inversion, sounds in the beat before this note begins."""
    score = _read(music, phrase_ends)
    return [_cadence(score, *end) for end in score.ends]


def _cadence(score: _Score, start: int, end: int) -> Cadence:
    under = [chord for chord in score.chords[start:end] if chord]
    chord = next(filter(_is_rooted, under), under[-1] if under else None)
    rooted = _is_rooted(chord)
    before = score.chords[max(start - STEPS_PER_QUARTER, 0) : start]
    home = rooted and (chord.root - score.tonic) % 12 in (0, FIFTH)
    from_dominant = chord is not None and any(_leads_to(one, chord) for one in before)
    return Cadence(start, chord, rooted, home, from_dominant)


def _is_rooted(chord: Chord | None) -> bool:
    return chord is not None and chord.quality in TRIADS and chord.bass == chord.root


def _leads_to(dominant: Chord | None, chord: Chord) -> bool:
    fitting = dominant is not None and dominant.quality in DOMINANTS
    return fitting and (dominant.root - chord.root) % 12 == FIFTH


def _count_phrases(score: _Score) -> dict:
    """The first chord is that of the first step on which all voices sound, the last that of the
    last step on which any does."""
    sounds = score.voices != REST
    ends = [_cadence(score, *end) for end in score.ends]
    whole, any_ = np.flatnonzero(sounds.all(axis=1)), np.flatnonzero(sounds.any(axis=1))
    first = score.chords[whole[0]] if len(whole) else None
    last = score.chords[any_[-1]] if len(any_) else None
    return {
        "first chord is the tonic, %": (first is not None and first.root == score.tonic, 1),
        "phrase end: root-position triad, %": (sum(e.in_root_position for e in ends), len(ends)),
        "phrase end: I or V in root position, %": (sum(e.home for e in ends), len(ends)),
        "phrase end: V-I in any key, %": (sum(e.from_dominant for e in ends), len(ends)),
        "last chord is I in root position, %": (_is_rooted(last) and last.root == score.tonic, 1),
    }


# --- as the training chorales have it ----------------------------------------------------------

# A chord as a number: the bass's degree above the tonic in semitones, times 2048, and which of the
# other eleven intervals above the bass sound; 0 is padding, and the last one silence.
SILENT = 12 * 2048 + 1


def _symbols(score: _Score) -> list[int]:
    symbols = []
    for row in score.voices[score.beats].tolist():
        pitches = [pitch for pitch in row if pitch != REST]
        bass = min(pitches, default=0)
        bits = {(pitch - bass) % 12 for pitch in pitches} - {0}
        symbol = (bass - score.tonic) % 12 * 2048 + sum(1 << bit - 1 for bit in bits) + 1
        symbols.append(symbol if pitches else SILENT)
    return symbols


@functools.cache
def _training() -> list[_Score]:
    return [_read(piece) for piece in load_chorales("train")]


@functools.cache
def _chord_model() -> NGram:
    return NGram(3, SILENT + 1).fit([_symbols(score) for score in _training()])


@functools.cache
def _copies() -> CopyFinder:
    return CopyFinder([score.voices for score in _training()])


@functools.cache
def _grade() -> Grade:
    return Grade([score.piece for score in _training()])


def chord_nats(music) -> float:
    """How surprising the chords are, in nats a beat, the less the more as in Bach: minus the mean
    logarithm of each chord's probability after the two on the beats before it.

    A chord is what sounds on a beat: the bass's degree above the tonic and the pitch classes above
    it, whether or not it has a name. The probabilities are of ``NGram(3)`` on the training
    chorales."""
    score = _read(music, ())
    symbols = _symbols(score)
    return _chord_model().evaluate([symbols])[0] if symbols else math.nan


class Grade:
    """How far a chorale is from others: the grade of "Bach or Mock?" (Fang, Liu, Seetharaman and
    Pardo 2020), the sum of nine Wasserstein distances; lower is nearer. It can be gamed, and knows
    nothing of cadences.

        grade = Grade(data.load_chorales("train"))
        grade(piece), grade.distances(piece)

    Each distance is between the piece's distribution and that of the training music; categories
    are ranked by their frequency there, what is unknown there last, the rarest first; neighbours
    are 1 apart.
    Degrees of the scale, by how long they sound; lengths of notes; qualities of the chords, at each
    step on which a voice moves; the moves of each voice, in semitones up or down; and how long the
    repeated stretches of a voice are, where distances are steps. Degrees, chords and moves are
    compared with the training music in the same mode. Of parallel fifths and octaves it is the
    distance between their shares, times how many there are a note over how many in the training
    music; over phrase ends they are not counted.

    Where this departs from the authors' program, which does it with music21: degrees and moves are
    counted in semitones, not by names; a chord's quality is that of ``chord_at``, or none; repeated
    notes are one, so that no network loses for having no onsets. Fifths and octaves by contrary
    motion, from a fifth to a twelfth, count too: of the others Bach has so few that their rate is
    chance, and the distance of a network's would be all the grade. What repeats in a voice is a
    stretch of steps that begins with a note, has a second one, which may be cut, and stands in two
    places, where it cannot be made longer without losing one; each of its occurrences counts. The
    key is ``key_of``, as there. Where a piece has nothing to be compared, as a voice without moves,
    it is as far as the rank after the last.
    """

    def __init__(self, training):
        self._bach = {"major": {}, "minor": {}}
        errors, notes = Counter(), 0
        for score in map(_read, _several(training, "training")):
            mode, found = _distributions(score)
            for name, counts in found.items():
                where = self._bach[mode] if name in BY_MODE else self._bach["major"]
                where[name] = where.get(name, Counter()) + counts
            errors += found["parallels"]
            notes += _note_count(score)
        for name in self._bach["major"].keys() - set(BY_MODE):
            self._bach["minor"][name] = self._bach["major"][name]
        for mode, other in (("major", "minor"), ("minor", "major")):  # all in one mode
            self._bach[mode] = self._bach[other] | self._bach[mode]
        self._errors = sum(errors.values()) / notes if notes else 0

    def distances(self, music, phrase_ends=None) -> dict[str, float]:
        """The nine distances of a piece."""
        score = _read(music, phrase_ends)
        mode, found = _distributions(score)
        bach = self._bach[mode]
        far = {name: _ranked_distance(counts, bach[name]) for name, counts in found.items()}
        errors = sum(found["parallels"].values())
        if errors:
            rate = errors / _note_count(score)
            far["parallels"] *= rate / self._errors if self._errors else math.inf
        else:
            far["parallels"] = 0.0
        far["repeats"] = _length_distance(found["repeats"], bach["repeats"])
        return far

    def __call__(self, music, phrase_ends=None) -> float:
        return sum(self.distances(music, phrase_ends).values())


BY_MODE = ("degrees", "chords", *(f"{name}'s moves" for name in VOICE_NAMES))


def _distributions(score: _Score) -> tuple[str, dict[str, Counter]]:
    """The mode, and how often there is what of the nine things that a grade compares."""
    voices = score.voices
    key = key_of(voices) or "C major"
    degrees = np.where(voices == REST, REST, (voices - key_tonic(key)) % 12)
    lengths, repeats, moves = Counter(), Counter(), {}
    for i, name in enumerate(VOICE_NAMES):
        notes = voice_notes(voices[:, i])
        lengths.update(note.end - note.start for note in notes)
        repeats += _repeats(voices[:, i])
        pairs = zip(notes, notes[1:], strict=False)
        moves[f"{name}'s moves"] = Counter(
            then.pitch - now.pitch for now, then in pairs if now.end == then.start
        )
    slices = np.flatnonzero(np.append(True, (voices[1:] != voices[:-1]).any(axis=1)))
    errors = [one for one in _parallels(score, True) if not score.last_steps[one[0] - 1]]
    chords = [score.chords[step] for step in slices]
    return key.split()[1], {
        "degrees": Counter(degrees.ravel().tolist()),
        "lengths": lengths,
        "parallels": Counter(one[3] for one in errors),
        "chords": Counter(chord.quality if chord else None for chord in chords),
        **moves,
        "repeats": repeats,
    }


def _note_count(score: _Score) -> int:
    return int(default_onsets(score.voices).sum())


def _ranked_distance(counts: Counter, bach: Counter) -> float:
    """Wasserstein, over the ranks of the categories in the training music."""
    ranks = [category for category, _ in bach.most_common()]
    unknown = [category for category, _ in counts.most_common() if category not in bach]
    ranks += unknown[::-1] or [object()]  # where a piece that has nothing is put
    if not sum(counts.values()) and bach:
        counts = Counter({ranks[-1]: 1})
    return _wasserstein([counts[one] for one in ranks], [bach[one] for one in ranks])


def _length_distance(lengths: Counter, bach: Counter) -> float:
    """Wasserstein, over lengths in steps; what repeats nothing has repeated a length of 0."""
    first, second = (some if sum(some.values()) else Counter({0: 1}) for some in (lengths, bach))
    longest = max(*first, *second)
    return _wasserstein(*([some[n] for n in range(longest + 1)] for some in (first, second)))


def _wasserstein(first: list[int], second: list[int]) -> float:
    first, second = (np.cumsum(some) / max(sum(some), 1) for some in (first, second))
    return float(np.abs(first - second).sum())


def _repeats(melody: np.ndarray) -> Counter:
    """How often stretches of each length in steps occur in a voice that occur at least twice, begin
    with a note and have a second one, and would lose an occurrence if they were longer, by a note
    to the left or a step to the right."""
    starts = np.flatnonzero(np.append(True, np.diff(melody) != 0))
    pitches, lengths = melody[starts], np.diff(np.append(starts, len(melody)))
    count = len(starts)
    alike = pitches[:, None] == pitches
    same = alike & (lengths[:, None] == lengths)
    # What two notes and those after them have in common, in steps and notes.
    steps, notes = np.zeros((2, count + 1, count + 1), int)
    for i in range(count - 1, -1, -1):
        shorter = np.where(alike[i], np.minimum(lengths[i], lengths), 0)
        steps[i, :-1] = shorter + np.where(same[i], steps[i + 1, 1:], 0)
        notes[i, :-1] = alike[i] + np.where(same[i], notes[i + 1, 1:], 0)
    goes_back = np.zeros((count, count), bool)
    goes_back[1:, 1:] = same[:-1, :-1]
    first, second = np.nonzero(np.triu((notes[:-1, :-1] > 1) & ~goes_back, 1))
    found, known = Counter(), set()
    for note, length in zip(first.tolist(), steps[first, second].tolist(), strict=True):
        stretch = melody[starts[note] : starts[note] + length].tobytes()
        if stretch not in known:
            known.add(stretch)
            found[length] += int((steps[note] >= length).sum())
    return found


# --- together ----------------------------------------------------------------------------------

COUNTS = (
    _count_parallels,
    _count_places,
    _count_leaps,
    _count_clashes,
    _count_chords,
    _count_tendencies,
    _count_phrases,
)
MORE_COUNTS = (_count_motion, _count_changes, _count_restrikes, _count_all_parallels)


def chorale_figures(pieces, reference=None, phrase_ends=None) -> dict[str, float]:
    """The figures above of several chorales together, with those of the training chorales in mind:
    what notebooks 04, 06 and 07 show in their tables.

    Shares and rates are of all steps, moves or chords of all pieces; the grade and the longest run
    of steps that stands in a training chorale, in whatever key, are means over pieces. ``nan``
    where there is nothing to be counted. reference: as many pieces, by Bach, say: whether each
    piece has the key of its own, and how often the grade prefers one of them to one of the pieces.
    phrase_ends: for each piece a list of steps; None takes the fermatas.
    """
    scores = _scores("pieces", pieces, phrase_ends)
    figures = _pooled(scores, COUNTS)
    symbols = [_symbols(score) for score in scores]
    known = any(symbols)
    figures["chord trigram, nats a beat"] = (
        _chord_model().evaluate(symbols)[0] if known else math.nan
    )
    figures |= _pooled(scores, MORE_COUNTS)
    longest = [_copies().longest_run(score.voices) for score in scores]
    figures["longest run known from training, steps"] = float(np.mean(longest))
    distances = [_grade().distances(score) for score in scores]
    grades = np.array([sum(one.values()) for one in distances])
    parallel = np.array([one["parallels"] for one in distances])
    figures["grade"] = float(grades.mean())
    figures["grade without parallels"] = float((grades - parallel).mean())
    if reference is not None:
        figures |= _beside(scores, grades, _scores("reference", reference, None))
    return figures


def _pooled(scores: list[_Score], counts) -> dict[str, float]:
    """Hits of all pieces in a hundred cases of all pieces."""
    pairs = {}
    for score, count in product(scores, counts):
        for name, pair in count(score).items():
            pairs.setdefault(name, []).append(pair)
    sums = {name: np.sum(some, axis=0) for name, some in pairs.items()}
    return {
        n: float(100 * hits / cases) if cases else math.nan for n, (hits, cases) in sums.items()
    }


def _scores(name: str, pieces, phrase_ends) -> list[_Score]:
    pieces = _several(pieces, name)
    ends = [None] * len(pieces) if phrase_ends is None else phrase_ends
    check_kind("phrase_ends", ends, (list, tuple), "a list of steps for each piece, or None")
    if len(ends) != len(pieces):
        raise SettingError(f"There are phrase ends for {len(ends)} pieces, not for {len(pieces)}.")
    return [_read(piece, some) for piece, some in zip(pieces, ends, strict=True)]


def _beside(scores: list[_Score], grades: np.ndarray, reference: list[_Score]) -> dict:
    if len(reference) != len(scores):
        raise SettingError(f"There are {len(reference)} pieces to refer to, not {len(scores)}.")
    keys = [
        key_of(one.voices) == key_of(other.voices)
        for one, other in zip(scores, reference, strict=True)
    ]
    real = np.array([_grade()(one) for one in reference])
    pairs = [(a < b) + (a == b) / 2 for a, b in product(real, grades)]
    return {
        "key as the reference's, %": 100 * float(np.mean(keys)),
        "grade prefers the reference, % of pairs": 100 * float(np.mean(pairs)),
    }
