"""What is measured, each figure with its definition and its source; drums apart, in ``drums``."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "chorales": "Cadence Chord Grade Parallel *",
        "form": "*",
        "ngrams": "NGram novelty repetition",
        "voices": "MAJOR_SCALE *",
    },
    modules="drums",
)
