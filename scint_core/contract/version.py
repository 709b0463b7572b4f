"""The version of scint, written down once."""

VERSION = "0.1.0"
