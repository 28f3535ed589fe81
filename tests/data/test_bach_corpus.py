"""Every file of music21's Bach corpus goes through, most of them through the kit's own reader."""

from pathlib import Path

import numpy as np
from music21 import converter, corpus

from data.build_chorales import score_to_piece
from helpers.data.chorales import load_chorales
from helpers.data.folders import load_folder
from helpers.music.grid import REST


def test_every_bach_score_of_the_corpus(tmp_path):
    """The .mxl and .xml files by the kit's own reader, as music21 reads them where the chorales
    have been made of them; the others in test_chorales' way, by music21."""
    paths = {Path(path).name: Path(path) for path in corpus.getComposer("bach")}
    assert len(paths) == 433
    folder = Path(corpus.__file__).parent / "bach"
    collection = load_folder(folder, "voices", jobs=2, cache=tmp_path, onsets=True)
    scores = {name for name, path in paths.items() if path.suffix in (".mxl", ".xml")}
    assert collection.skipped == [] and set(collection.names) >= scores and len(scores) == 410
    chorales, same = {piece.name: piece for piece in load_chorales()}, 0
    for name, piece in zip(collection.names, collection, strict=True):
        chorale = chorales.get(Path(name).stem)
        if chorale is not None:
            steps = len(chorale.voices)  # some files have a rest in all voices after that
            assert np.array_equal(piece["voices"][:steps], chorale.voices), name
            assert np.array_equal(piece["onsets"][:steps], chorale.onsets), name
            assert (piece["voices"][steps:] == REST).all(), name
            same += 1
    assert same == 365
    for path in paths.values():
        if path.name not in scores:
            piece = score_to_piece(converter.parse(path, forceSource=True), path.stem)
            assert len(piece.voices) > 100
