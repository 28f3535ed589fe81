"""The parts that every data set is split into."""

from __future__ import annotations

SPLITS = ("train", "valid", "test")
PUBLISHED_SPLITS = {
    "train": "train",
    "validation": "valid",
    "test": "test",
}  # to ours


def check_split(split: str | None) -> None:
    """Raises ValueError on what is none of ``SPLITS``; None stands for all of them."""
    if split is not None and split not in SPLITS:
        raise ValueError(f"A split is one of {', '.join(SPLITS)}, not {split!r}.")
