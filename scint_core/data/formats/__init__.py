"""One file per kind of input; each returns a list of `Part`, one per sample found in the file."""
