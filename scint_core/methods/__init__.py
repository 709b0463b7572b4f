"""The integration methods, one module each, found by their `METHOD`."""

from scint_core.methods.discovery import all_methods, find_method

__all__ = ["all_methods", "find_method"]
