"""The Lakh MIDI Dataset, or any other folder of MIDI files."""

from __future__ import annotations

from ..course.errors import check_choice
from .folders import Collection, load_folder
from .sources import DataSet, data_set_folder

ARCHIVES = {  # bytes and SHA-256
    "full": (1_768_163_879, "6fcfe2ac49ca08f3f214cec86ab138d4fc4dabcd7f27f491a838dae6db45a12b"),
    "matched": (1_407_072_670, "621ff830aed771f469e5bfa13dc12a33c6ed69090adeda63d0b5c47783af0191"),
    "aligned": (272_169_548, "2bf5400e82eba73204644946515489b68811e1e656b0cfd854efc14377f6e53b"),
}
LAKH = {
    version: DataSet(
        name=f"lakh_{version}",
        variable="LAKH_DIR",
        marker="",
        licence="Lakh MIDI Dataset 0.1 by Colin Raffel, CC BY 4.0",
        missing=f'Lakh is not on this computer: load_lakh("{version}", download=True) fetches it '
        f"({size / 1e9:.1f} GB, CC BY 4.0), or set LAKH_DIR to the folder of a copy.",
        url=f"http://hog.ee.columbia.edu/craffel/lmd/lmd_{version}.tar.gz",
        size=size,
        sha256=sha256,
    )
    for version, (size, sha256) in ARCHIVES.items()
}


def load_lakh(
    version="full", representation="matrices", download=False, folder=None, jobs=-1, **options
) -> Collection:
    """The Lakh MIDI Dataset (Raffel 2016, CC BY 4.0), 176,581 files from the web, read on all cores
    as ``load_folder`` reads a folder: by default play, replay and volume; without what is damaged.

    version: "full", "matched" (45,129 of them, matched to recordings) or "aligned" (those, in time
    with the recordings). representation, jobs and options such as ``cache=``: ``load_folder``'s.
    download: fetch it (1.8, 1.4 or 0.3 GB) where there is no copy. folder: where a copy or any
    other folder of MIDI files is; None takes the one that the environment variable LAKH_DIR names
    (a relative path counts from the project's root), else an earlier download. Where it holds
    several versions, such as ``lmd_full``, the right one is read.

    Raises ValueError on another version, FileNotFoundError where there is no copy or the download
    fails, and what ``load_folder`` raises.
    """
    check_choice("A version", version, LAKH, none=False)
    place = data_set_folder(LAKH[version], download, folder)
    inner = place / f"lmd_{version}"
    return load_folder(inner if inner.is_dir() else place, representation, jobs, **options)
