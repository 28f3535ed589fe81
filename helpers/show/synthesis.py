"""Sound: music to samples, samples to MP3."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..course.errors import SettingError
from ..music.conversion import to_timeline
from ..music.seconds import as_played, parts_in_seconds, seconds_at
from ..music.timeline import Part, last_step
from . import soundfont

SAMPLE_RATE = 22050  # hertz: sound up to 11 kHz
LONGEST = 600  # seconds
MOST_NOTES = 20_000
LOUDNESS = 0.12  # root mean square of the sounding parts of a clip
PEAK = 0.89  # the MP3 coder may overshoot by a decibel
ROOM_SECONDS, ROOM_SHARE = 0.9, 0.13  # the reverberation's length and level
LONGEST_ECHO = 2.0  # seconds after the music's end
SILENCE = 1e-3  # of the highest peak: 60 decibels down
SOUND_FONT = Path(find_spec("pretty_midi").origin).with_name("TimGM6mb.sf2")
SOUND_FONT_ENGINE = f"sound font {SOUND_FONT.stem}"


def synthesize(music, tempo: float | None = None, program=None) -> tuple[np.ndarray, str]:
    """``(samples, engine)``: mono float32 in -1..1, always about as loud, and what played it.

    music: as in ``to_timeline``; tempo, program: as in ``as_played``. The clip lasts as long as the
    music and until its last sound has died away. The engine is the sound font that pretty_midi
    installs; where it is missing or damaged, plain tones, and the engine's name says so. Music
    without notes is silence. Raises ValueError for music of more than ten minutes or 20,000 notes.
    """
    timeline = as_played(to_timeline(music), tempo, program)
    seconds = float(seconds_at(timeline, last_step(timeline, timeline.parts)))
    notes = sum(len(part.notes) for part in timeline.parts)
    if seconds > LONGEST:
        raise SettingError(
            f"This music lasts {seconds / 60:.1f} minutes; at most {LONGEST // 60} are played, "
            "so take a part of it."
        )
    if notes > MOST_NOTES:
        raise SettingError(
            f"This music has {notes} notes; at most {MOST_NOTES} are played, so take a part of it."
        )
    try:
        font, engine = soundfont.load_sound_font(str(SOUND_FONT)), SOUND_FONT_ENGINE
    except soundfont.SoundFontError as error:
        font, engine = None, f"plain tones ({error})"
    if not notes:
        return np.zeros(int(seconds * SAMPLE_RATE), np.float32), engine
    parts = parts_in_seconds(timeline)
    samples = soundfont.render(parts, font) if font else _plain_tones(parts, seconds)
    return finished(_with_room(samples), int(seconds * SAMPLE_RATE), SAMPLE_RATE), engine


def _plain_tones(parts: list[Part], seconds: float) -> np.ndarray:
    """Sines with a few overtones; drums are bursts of noise."""
    out = np.zeros(int((seconds + 1.5) * SAMPLE_RATE))
    for part in parts:
        for start, end, pitch, velocity in part.notes:
            times = np.arange(int((end - start + 0.1) * SAMPLE_RATE)) / SAMPLE_RATE
            phase = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * times
            sound = np.sin(phase) + 0.35 * np.sin(2 * phase) + 0.15 * np.sin(3 * phase)
            sound *= np.clip((end - start + 0.1 - times) / 0.1, 0, 1)
            if part.is_drum:
                noise = np.random.default_rng(0).uniform(-2, 2, len(times))
                sound = noise * np.exp(-25 * times)
            place = out[int(start * SAMPLE_RATE) :][: len(sound)]
            place += velocity * sound[: len(place)]
    return out


def _with_room(samples: np.ndarray) -> np.ndarray:
    """The sound in a small hall: decaying, darkened noise is its answer to a clap. The font is
    made for this; dry, its notes stop dead."""
    length = int(ROOM_SECONDS * SAMPLE_RATE)
    times = np.arange(length) / SAMPLE_RATE
    answer = np.random.default_rng(0).standard_normal(length) * 10 ** (-3 * times / ROOM_SECONDS)
    answer[: int(0.015 * SAMPLE_RATE)] = 0  # the way to the nearest wall and back
    size = 1 << (4 * length).bit_length()  # long music goes through in blocks
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    darkened = np.fft.rfft(answer, size) / (1 + (hertz / 2500) ** 2)
    darkened *= ROOM_SHARE / np.sqrt(np.mean(np.abs(darkened) ** 2))
    out = np.pad(samples, (0, size)).astype(np.float32)
    for start in range(0, len(samples), size - length):
        block = samples[start : start + size - length]
        out[start : start + size] += np.fft.irfft(np.fft.rfft(block, size) * darkened, size)
    return out[: len(samples) + length]


def finished(samples: np.ndarray, shortest: int, sample_rate: int) -> np.ndarray:
    """At the steady loudness, without clipping; silence after the music's end is cut off."""
    peak = float(np.abs(samples).max(initial=0))
    if peak == 0:
        return np.zeros(shortest, np.float32)
    audible = np.flatnonzero(np.abs(samples) > SILENCE * peak)
    longest = shortest + int(LONGEST_ECHO * sample_rate)
    samples = samples[: min(max(int(audible[-1]) + 1, shortest), longest)]
    samples = np.pad(samples, (0, max(shortest - len(samples), 0)))
    fade = np.clip(len(samples) - shortest, 0.02 * sample_rate, 0.5 * sample_rate).astype(int)
    fade = min(fade, len(samples))
    samples[len(samples) - fade :] *= np.linspace(1, 0, fade)

    frame = int(0.05 * sample_rate)
    framed = np.pad(samples, (0, -len(samples) % frame)).reshape(-1, frame)
    levels = np.sqrt(np.mean(framed**2, axis=1))
    sounding = levels[levels > 0.1 * levels.max()]  # rests make a clip no softer
    gain = min(LOUDNESS / np.sqrt(np.mean(sounding**2)), PEAK / np.abs(samples).max())
    return (gain * samples).astype(np.float32)


def encode_mp3(samples: np.ndarray, sample_rate: int = SAMPLE_RATE) -> bytes:
    """An MP3 of mono samples ``(n,)`` in -1..1: about six kB a second, the same length."""
    import soundfile

    buffer = io.BytesIO()
    samples = np.asarray(samples, np.float32)
    small = {"bitrate_mode": "VARIABLE", "compression_level": 0.5}
    soundfile.write(buffer, samples, sample_rate, "MPEG_LAYER_III", format="MP3", **small)
    return buffer.getvalue()
