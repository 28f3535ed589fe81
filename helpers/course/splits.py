"""The parts that every data set is split into."""

from __future__ import annotations

from .errors import check_choice

SPLITS = ("train", "valid", "test")
PUBLISHED_SPLITS = {"train": "train", "validation": "valid", "test": "test"}  # to ours


def check_split(split: str | None) -> None:
    """Raises ValueError on what is none of ``SPLITS``; None stands for all of them."""
    check_choice("A split", split, SPLITS)
