"""The published checkpoints, verified once and kept."""

from __future__ import annotations

import functools

from ..training import checkpoints


@functools.cache
def _checkpoint(chapter: str) -> checkpoints.Checkpoint:
    """The published checkpoint, verified once; it keeps the networks that it has read."""
    return checkpoints.load_checkpoint(chapter)


def _published(chapter: str, name: str):
    return _checkpoint(chapter).network(name)
