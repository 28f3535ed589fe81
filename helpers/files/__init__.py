"""File formats, in and out."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "abc_reader": "read_abc",
        "abc_writer": "to_abc",
        "formats": "read_music read_pieces",
        "groove_text": "WRITTEN",
        "midi_writer": "midi_bytes notes_to_midi to_midi",
        "musicxml_reader": "read_musicxml",
        "musicxml_writer": "to_musicxml",
        "reading": "MusicFileError",
    },
)
