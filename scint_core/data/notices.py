"""How `data` tells the user that it did something other than asked: a warning of one kind, one sentence each."""

import warnings


class DataWarning(UserWarning):
    """The data were usable, but something about them was changed, lowered or taken on trust."""


def notice(sentence: str) -> None:
    """Warn the caller of the public function with `sentence`."""
    warnings.warn(sentence, DataWarning, stacklevel=3)
