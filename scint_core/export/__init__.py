"""The result of a run, and the ways it leaves scint."""

from scint_core.export.integration import Integration

__all__ = ["Integration"]
