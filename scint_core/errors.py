"""Every error scint raises on purpose, as one tree.

    IntegrationError
    ├── ParameterError      a parameter: unknown name, wrong type, impossible value
    ├── MethodError         a method that does not exist
    ├── DataError           the data in memory cannot be used: column, batch, NaN, counts
    │   └── FileError       a file cannot be read or must not be
    ├── JobError            a job or sweep cannot be started or seen through
    │   └── ClusterError    a cluster: no answer, no workers, workers that differ from this machine
    └── ResultError         a method returned something that is not finite, complete or in order

A message is one sentence for the person at the screen: it names the parameter, column, batch or file at fault,
its value, and the way out.
"""

import difflib
from collections.abc import Iterable


class IntegrationError(Exception):
    """Base of every error that scint raises on purpose."""


class ParameterError(IntegrationError):
    """A parameter has an unknown name, a wrong type or an impossible value."""


class MethodError(IntegrationError):
    """The method asked for does not exist."""


class DataError(IntegrationError):
    """The data cannot be used as they are: a column, a batch, a value."""


class FileError(DataError):
    """A file is unreadable, damaged, too large, hostile or of an unknown kind."""


class JobError(IntegrationError):
    """A job or a sweep cannot be started or seen through."""


class ResultError(IntegrationError):
    """A method returned a result that is not finite, complete or in order: a defect of scint, never of the data."""


class ClusterError(JobError):
    """A cluster does not answer, has no workers, or has workers that could not do the same as this machine."""


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The part of a message that offers the name most like one that does not exist; empty where none is like it."""
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f"did you mean '{near[0]}'? " if near else ""
