"""The data sets, one's own files, windows and batches."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "chorales": "CHORALES_FILE load_chorales load_jsb",
        "folders": "load_folder",
        "grooves": "GROOVE load_groove load_starter_grooves",
        "lakh": "load_lakh",
        "melodies": "load_melody melody_files",
        "nottingham": "load_nottingham",
        "performances": "load_maestro",
        "tunes": "KINDS TUNES_FILE event_clock load_tunes usual_signature",
        "windows": "batches_by_length make_batches make_windows transposition_room voice_ranges",
    },
)
