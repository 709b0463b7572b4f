"""Names from files, made safe to show: as Markdown, and as the HTML subset that Plotly understands."""

from __future__ import annotations

import html
import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~:^&])")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def visible(name: object) -> str:
    """A name on one line, without characters that hide or turn text; "(blank)" for nothing."""
    return _INVISIBLE.sub(" ", str(name)).strip() or "(blank)"


def in_markdown(name: object) -> str:
    """A name as Markdown that shows it letter by letter."""
    return _MARKDOWN.sub(r"\\\1", visible(name))


def in_chart(name: object, longest: int = 40) -> str:
    """A name for a legend, title or hover box of Plotly, shortened in the middle where it is very long."""
    text = visible(name)
    if len(text) > longest:
        text = f"{text[: longest // 2]}…{text[-(longest // 2) + 1 :]}"
    return html.escape(text, quote=False).replace("$", "&#36;")


def count(n: int, singular: str, plural: str | None = None) -> str:
    """ "1 cell", "1,975 cells"."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"
