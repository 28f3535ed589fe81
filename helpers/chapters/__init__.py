"""What the notebooks export, one module a chapter: written by `make chapters`, never edited."""
