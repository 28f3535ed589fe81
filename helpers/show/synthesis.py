"""Sound: music to samples, samples to MP3."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pretty_midi

from ..files.midi_writer import note_count
from . import soundfont

SAMPLE_RATE = 22050  # hertz: sound up to 11 kHz
LONGEST = 600  # seconds
MOST_NOTES = 20_000
LOUDNESS = 0.12  # root mean square of the sounding parts of a clip
PEAK = 0.89  # the MP3 coder may overshoot by a decibel
ROOM_SECONDS, ROOM_SHARE = 0.9, 0.13  # the reverberation's length and level
LONGEST_ECHO = 2.0  # seconds after the music's end
SILENCE = 1e-3  # of the highest peak: 60 decibels down
SOUND_FONT = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2")
SOUND_FONT_ENGINE = f"sound font {SOUND_FONT.stem}"


def synthesize(
    midi: pretty_midi.PrettyMIDI, sample_rate: int = SAMPLE_RATE
) -> tuple[np.ndarray, str]:
    """``(samples, engine)``: mono float32 in -1..1, always about as loud, and what played it.

    The clip lasts as long as the music and until its last sound has died away. The engine is the
    sound font that pretty_midi installs; where it is missing or damaged, plain tones, and the
    engine's name says so. Music without notes is silence. Raises ValueError for music of more
    than ten minutes or 20,000 notes.
    """
    seconds, notes = float(midi.get_end_time()), note_count(midi)
    if seconds > LONGEST:
        raise ValueError(
            f"This music lasts {seconds / 60:.1f} minutes; at most {LONGEST // 60} are played, "
            "so take a part of it."
        )
    if notes > MOST_NOTES:
        raise ValueError(
            f"This music has {notes} notes; at most {MOST_NOTES} are played, so take a part of it."
        )
    try:
        font, engine = soundfont.load_sound_font(str(SOUND_FONT)), SOUND_FONT_ENGINE
    except soundfont.SoundFontError as error:
        font, engine = None, f"plain tones ({error})"
    if not notes:
        return np.zeros(int(seconds * sample_rate), np.float32), engine
    samples = soundfont.render(midi, font, sample_rate) if font else _plain_tones(midi, sample_rate)
    samples = _with_room(samples, sample_rate)
    return _finished(samples, int(seconds * sample_rate), sample_rate), engine


def _plain_tones(midi: pretty_midi.PrettyMIDI, sample_rate: int) -> np.ndarray:
    """pretty_midi's own synthesis with a few overtones; it knows no drums, so each is a burst of
    noise, the low ones with a falling tone."""

    def wave(phase):
        return np.sin(phase) + 0.35 * np.sin(2 * phase) + 0.15 * np.sin(3 * phase)

    out = np.zeros(int((midi.get_end_time() + 1.5) * sample_rate))
    times = np.arange(int(0.3 * sample_rate)) / sample_rate
    noise = np.random.default_rng(0).uniform(-1, 1, len(times))
    for instrument in midi.instruments:
        if not instrument.is_drum:
            sound = instrument.synthesize(fs=sample_rate, wave=wave)[: len(out)]
            out[: len(sound)] += sound
            continue
        for note in instrument.notes:
            low = note.pitch in (35, 36, 41, 43, 45, 47, 48, 50, 58)
            hertz = 4 * note.pitch - 90
            tone = np.sin(2 * np.pi * hertz * times * np.exp(-4 * times)) if low else noise
            hit = (tone + 0.05 * noise) * np.exp(-(12 if low else 25) * times)
            start = int(note.start * sample_rate)
            out[start : start + len(hit)] += 2 * note.velocity * hit[: len(out) - start]
    return out


def _with_room(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """The sound in a small hall: decaying, darkened noise is its answer to a clap. The font is
    made for this; dry, its notes stop dead."""
    length = int(ROOM_SECONDS * sample_rate)
    times = np.arange(length) / sample_rate
    answer = np.random.default_rng(0).standard_normal(length) * 10 ** (-3 * times / ROOM_SECONDS)
    answer[: int(0.015 * sample_rate)] = 0  # the way to the nearest wall and back
    size = 1 << (4 * length).bit_length()  # long music goes through in blocks
    darkened = np.fft.rfft(answer, size) / (
        1 + (np.fft.rfftfreq(size, 1 / sample_rate) / 2500) ** 2
    )
    darkened *= ROOM_SHARE / np.sqrt(np.mean(np.abs(darkened) ** 2))
    out = np.pad(samples, (0, size)).astype(np.float32)
    for start in range(0, len(samples), size - length):
        block = samples[start : start + size - length]
        out[start : start + size] += np.fft.irfft(np.fft.rfft(block, size) * darkened, size)
    return out[: len(samples) + length]


def _finished(samples: np.ndarray, shortest: int, sample_rate: int) -> np.ndarray:
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
    soundfile.write(
        buffer,
        np.asarray(samples, np.float32),
        sample_rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="VARIABLE",
        compression_level=0.5,
    )
    return buffer.getvalue()
