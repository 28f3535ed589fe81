"""A small SoundFont synthesizer in numpy: notes in, samples out, the same on every system.

It exists because symusic 0.5.9 plays many instruments of the sound font at wrong pitches (its
piano is off by up to a sixth), and because other synthesizers need system packages. What it does
is the part of the SoundFont 2.01 specification (Creative/E-mu, 1998) that the font asks for: key
ranges, tuning, loops, volume and modulation envelopes, the low-pass filter, exclusive classes; of
MIDI's controllers volume, expression and the sustain pedal. Left out: low-frequency oscillators,
pitch bends, stereo, and what this font has none of: velocity ranges, values of presets, moved
beginnings and ends of samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..music.seconds import EXPRESSION, VOLUME, changes_of
from ..music.timeline import Part

# Generators, by the numbers of the specification's section 8.1, and their defaults where not 0.
LOOP_START, LOOP_END, MOD_TO_PITCH, CUTOFF, RESONANCE, MOD_TO_CUTOFF, PAN = 2, 3, 7, 8, 9, 11, 17
MOD_ENVELOPE = (25, 26, 27, 28, 29, 30)  # delay, attack, hold, decay, sustain, release
VOLUME_ENVELOPE = (33, 34, 35, 36, 37, 38)
INSTRUMENT, KEYS, ATTENUATION, FINE_TUNE = 41, 43, 48, 52
SAMPLE, LOOP_MODE, SCALE, EXCLUSIVE_CLASS, ROOT = 53, 54, 56, 57, 58
DEFAULTS = {CUTOFF: 13500, SCALE: 100, ROOT: -1}
DEFAULTS |= {g: -12000 for g in (*MOD_ENVELOPE, *VOLUME_ENVELOPE) if g not in (29, 37)}
DRUM_BANK = 128
CONTROL = 64  # samples between two points of an envelope
FRAME = 512  # samples in one frame of the filter
LONGEST_TAIL = 3.0  # seconds that a note may ring on after its end
_BAG = np.dtype([("generators", "<u2"), ("modulators", "<u2")])
_GENERATOR = np.dtype([("kind", "<u2"), ("value", "<i2")])
_PRESET = np.dtype(
    [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("", "V12")]
)
_INSTRUMENT = np.dtype([("name", "S20"), ("bag", "<u2")])
_SAMPLE = np.dtype(
    [("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4")]
    + [("rate", "<u4"), ("pitch", "u1"), ("correction", "i1"), ("link", "<u2"), ("type", "<u2")]
)


class SoundFontError(ValueError):
    """The sound font's file is missing or is no sound font."""


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a RIFF file by name, those inside its lists too."""
    found, stack = {}, [(12, len(data))]
    while stack:
        at, end = stack.pop()
        while at + 8 <= end:
            name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            if name == b"LIST":
                stack.append((at + 12, at + 8 + size))
            found[name] = data[at + 8 : at + 8 + size]
            at += 8 + size + size % 2
    return found


def _zones(bags, generators, edges, target: int) -> list[list[dict[int, int]]]:
    """The zones of each preset or instrument as generators by kind; a global zone, which names no
    target, is merged into the others. edges: where each one's zones begin in the bags."""
    bags, table = np.frombuffer(bags, _BAG)["generators"], np.frombuffer(generators, _GENERATOR)
    found = []
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        zones, shared = [], {}
        for i in range(first, last):
            zone = {int(g["kind"]): int(g["value"]) for g in table[bags[i] : bags[i + 1]]}
            if target in zone:
                zones.append(shared | zone)
            elif i == first:
                shared = zone
        found.append(zones)
    return found


class SoundFont:
    """A ``.sf2`` file: its samples ``(n,)`` float32 and the regions that say how to play them."""

    def __init__(self, path):
        path = Path(path)
        try:
            data = path.read_bytes()
            if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
                raise ValueError("wrong signature")
            chunks = _chunks(data)
            self.samples = np.frombuffer(chunks[b"smpl"], "<i2").astype(np.float32) / 32768
            self._headers = np.frombuffer(chunks[b"shdr"], _SAMPLE)
            instruments = np.frombuffer(chunks[b"inst"], _INSTRUMENT)
            presets = np.frombuffer(chunks[b"phdr"], _PRESET)
            zones = _zones(chunks[b"pbag"], chunks[b"pgen"], presets["bag"], INSTRUMENT)
            places = zip(presets["bank"].tolist(), presets["program"].tolist(), strict=True)
            self._presets = dict(zip(places, zones, strict=False))  # the last one is an end mark
            self._instruments = _zones(chunks[b"ibag"], chunks[b"igen"], instruments["bag"], SAMPLE)
        except OSError:
            raise SoundFontError(f"The sound font {path.name} cannot be read.") from None
        except (ValueError, KeyError, IndexError) as error:
            raise SoundFontError(
                f"{path.name} is no sound font, or is damaged ({error})."
            ) from None

    def regions(self, bank: int, program: int, pitch: int) -> list[dict[int, int]]:
        """What sounds together for one note: generators by kind, defaults filled in. A program
        that the font lacks is played by the bank's first."""
        preset = self._presets.get((bank, program)) or self._presets.get((bank, 0), [])
        zones = [zone for outer in preset for zone in self._instruments[outer[INSTRUMENT]]]
        return [DEFAULTS | zone for zone in zones if _has_key(zone, pitch)]

    def wave(self, region: dict[int, int], cents: float) -> tuple[np.ndarray, float, int, int]:
        """``(samples, samples a second, loop start, loop end)`` of a region, its pitch moved to
        ``cents`` (100 a MIDI pitch); both ends of the loop are 0 where it does not loop."""
        header = self._headers[region[SAMPLE]]
        start, end = int(header["start"]), min(int(header["end"]), len(self.samples))
        loop_start = int(header["loop_start"]) + region.get(LOOP_START, 0) - start
        loop_end = int(header["loop_end"]) + region.get(LOOP_END, 0) - start
        if region.get(LOOP_MODE, 0) not in (1, 3) or not 0 <= loop_start < loop_end <= end - start:
            loop_start = loop_end = 0
        root = region[ROOT] if region[ROOT] >= 0 else int(header["pitch"])
        tuning = region.get(FINE_TUNE, 0) + int(header["correction"])
        shift = (cents - 100 * root) * region[SCALE] / 100 + tuning
        rate = int(header["rate"]) * 2 ** (shift / 1200)
        return self.samples[start:end], rate, loop_start, loop_end


def _has_key(zone: dict[int, int], pitch: int) -> bool:
    """Whether a note lies in a zone's range of keys (low byte to high byte)."""
    span = zone.get(KEYS, 127 << 8) & 0xFFFF
    return span & 0xFF <= pitch <= span >> 8


@lru_cache(maxsize=2)
def load_sound_font(path: str) -> SoundFont:
    """The sound font, read once. Raises SoundFontError."""
    return SoundFont(path)


# --- one note ----------------------------------------------------------------------------------


def _envelope(region, kinds, times, held: float, decibels: bool) -> np.ndarray:
    """An envelope, 0 to 1, at ``times`` (seconds from the note's start) of a note held for
    ``held`` seconds. A volume envelope falls in decibels (100 is silence), a modulation envelope
    in plain shares of its full height."""
    values = [region.get(kind, 0) for kind in kinds]
    delay, attack, hold, decay, _, release = (2 ** (value / 1200) for value in values)
    sustain = min(max(values[4] / 1000, 0), 1)

    def level(t):
        rise = np.clip((t - delay) / attack, 0, 1)
        fall = np.clip((t - delay - attack - hold) / decay, 0, sustain)
        return rise * (10 ** (-5 * fall) if decibels else 1 - fall)

    gone = np.clip((times - held) / release, 0, 1)
    before = level(np.minimum(times, held))
    return before * 10 ** (-5 * gone) if decibels else np.maximum(before - gone, 0)


def _low_pass(sound: np.ndarray, cutoff: np.ndarray, resonance: float, rate: int) -> np.ndarray:
    """A two-pole low-pass whose cutoff (Hz, one a frame) moves: overlapping frames are weighted
    by the filter's magnitude, so that no sample waits for the one before it."""
    hop = FRAME // 2
    padded = np.pad(sound.astype(np.float32), (hop, hop + FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::hop][: len(cutoff)]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    relative = (np.fft.rfftfreq(2 * FRAME, 1 / rate) / cutoff[:, None]).astype(np.float32)
    quality = 10 ** (resonance / 200) / np.sqrt(2)  # resonance in tenths of a decibel
    gain = 1 / np.sqrt((1 - relative**2) ** 2 + (relative / quality) ** 2)
    shift = FRAME // 2  # the magnitude alone rings to both sides of a frame
    spectra = np.fft.rfft(np.pad(frames * window, ((0, 0), (shift, shift))), axis=1)
    filtered = np.fft.irfft(spectra * gain, axis=1).reshape(len(cutoff), 4, hop)
    out = np.zeros((len(cutoff) + 3, hop))
    for part in range(4):
        out[part : part + len(cutoff)] += filtered[:, part]
    return out.ravel()[shift + hop : shift + hop + len(sound)] * 10 ** (-resonance / 400)


def _note(font: SoundFont, region, pitch: int, velocity: int, held: float, rate: int) -> np.ndarray:
    """The sound of one region of one note, ``(samples,)`` float."""
    wave, wave_rate, loop_start, loop_end = font.wave(region, 100 * pitch)
    looped = loop_end > loop_start
    # Down by 80 decibels, and over two points of the envelope at least, or the end would click.
    release = 0.8 * 2 ** (region[VOLUME_ENVELOPE[5]] / 1200)
    tail = float(np.clip(release, 2 * CONTROL / rate, LONGEST_TAIL))
    length = held + tail
    if not looped:
        slowest = wave_rate * 2 ** (min(0, region.get(MOD_TO_PITCH, 0)) / 1200)
        length = min(length, len(wave) / slowest)
    count = max(int(length * rate), 1)
    times = np.arange(0, count + CONTROL, CONTROL) / rate
    grid = np.arange(count)
    at = np.arange(len(times)) * CONTROL
    modulation = None
    if region.get(MOD_TO_PITCH) or region.get(MOD_TO_CUTOFF):
        modulation = _envelope(region, MOD_ENVELOPE, times, held, decibels=False)

    step = wave_rate / rate
    if region.get(MOD_TO_PITCH):
        bend = 2 ** (region[MOD_TO_PITCH] * modulation / 1200)
        position = np.cumsum(step * np.interp(grid, at, bend))
    else:
        position = step * grid
    if looped:
        turns = np.maximum(np.ceil((position - loop_end + 1e-9) / (loop_end - loop_start)), 0)
        if region[LOOP_MODE] == 3:  # after the note's end the sample runs on to its own end
            turns[int(held * rate) :] = turns[min(int(held * rate), count - 1)]
        position = position - turns * (loop_end - loop_start)
    position = position[: np.searchsorted(position, len(wave) - 1)] if not looped else position
    whole = np.clip(position.astype(np.int64), 0, len(wave) - 2)
    share = (position - whole).clip(0, 1)
    sound = wave[whole] * (1 - share) + wave[whole + 1] * share

    volume = _envelope(region, VOLUME_ENVELOPE, times, held, decibels=True)
    sound = sound * np.interp(grid[: len(sound)], at, volume)
    middles = np.arange(0, len(sound) + FRAME, FRAME // 2)
    cutoff = np.full(len(middles), float(region[CUTOFF]))
    if region.get(MOD_TO_CUTOFF):
        cutoff += region[MOD_TO_CUTOFF] * np.interp(middles, at, modulation)
    if cutoff.min() < 13000:  # 15 kHz: above that nothing is lost
        hertz = 8.176 * 2 ** (cutoff.clip(1500, 13500) / 1200)
        sound = _low_pass(sound, hertz, max(region.get(RESONANCE, 0), 0), rate)

    angle = (np.clip(region.get(PAN, 0), -500, 500) + 500) / 1000 * np.pi / 2
    # A pair, one hard left and one hard right, sums to one voice.
    pan = (np.cos(angle) + np.sin(angle)) / np.sqrt(2)
    quiet = 0.4 * max(region.get(ATTENUATION, 0), 0)  # E-mu's hardware, for which fonts are made
    return sound * pan * (velocity / 127) ** 2 * 10 ** (-quiet / 200)


# --- a whole piece -----------------------------------------------------------------------------


def render(parts: list[Part], font: SoundFont, sample_rate: int = 22050) -> np.ndarray:
    """The music ``(samples,)`` float32, mono, as loud as the font makes it: a full chord may be
    far above 1. Lasts until the last note has died away.

    parts: times of notes and controls in seconds, the pedal's work done, such as
    ``parts_in_seconds`` gives.
    """
    # Interpolated samples hold overtones above the half of a low rate: render high, then halve.
    factor = 1 if sample_rate >= 32000 else 2
    rate = sample_rate * factor
    end = max((part.notes[:, 1].max() for part in parts if len(part.notes)), default=0.0)
    out = np.zeros(int(np.ceil((end + LONGEST_TAIL + 0.1) * rate)) + FRAME, np.float32)
    for part in parts:
        same = {}  # on a grid, notes of one pitch and length come again and again
        for voice in _voices(part, font):
            held = round(max(voice.end - voice.start, 0.0), 5)
            key = (voice.pitch, voice.velocity, held, tuple(voice.region.items()))
            same.setdefault(key, []).append(voice)
        for (pitch, velocity, held, _), voices in same.items():
            sound = _note(font, voices[0].region, pitch, velocity, held, rate).astype(np.float32)
            for voice in voices:
                place = out[int(voice.start * rate) :][: len(sound)]
                place += voice.level * sound[: len(place)]
    return (_halved(out) if factor == 2 else out).astype(np.float32)


@dataclass
class _Voice:
    """A region that sounds for a note; level: what volume and expression leave of it."""

    start: float
    end: float
    pitch: int
    velocity: int
    region: dict[int, int]
    level: float


def _voices(part: Part, font: SoundFont) -> list[_Voice]:
    """What sounds in a part, in order of start."""
    bank, program = (DRUM_BANK if part.is_drum else 0), part.program or 0
    voices, sounding = [], {}  # those of an exclusive class
    for (start, end, pitch, velocity), level in zip(part.notes, _levels(part), strict=True):
        pitch, velocity = int(pitch), int(velocity)
        for region in font.regions(bank, program, pitch):
            voice = _Voice(start, end, pitch, velocity, region, level)
            voices.append(voice)
            group = region.get(EXCLUSIVE_CLASS)
            if group:  # an open hi-hat is silenced by the closed one
                earlier = [v for v in sounding.get(group, []) if v.start < start]
                for other in earlier:
                    other.end = min(other.end, start)
                    other.region = other.region | {VOLUME_ENVELOPE[5]: -4800}  # 60 ms
                sounding[group] = [voice, *([] if earlier else sounding.get(group, []))]
    return voices


def _levels(part: Part) -> np.ndarray:
    """What volume and expression, usually 100 and 127, leave of each note's loudness."""
    levels = np.ones(len(part.notes))
    for number, usual in ((VOLUME, 100), (EXPRESSION, 127)):
        changes = changes_of(part, number)
        now = np.searchsorted(changes[:, 0], part.notes[:, 0] + 1e-6)
        levels *= (np.append(usual, changes[:, 1])[now] / usual) ** 2
    return levels


def _halved(samples: np.ndarray) -> np.ndarray:
    """Every second sample, after a low-pass at 0.93 of what the new rate can hold."""
    place = np.arange(-50, 51)
    taps = np.sinc(0.93 * place / 2) * np.hamming(len(place))
    return np.convolve(samples, (taps / taps.sum()).astype(np.float32), mode="same")[::2]
