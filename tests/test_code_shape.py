"""The code stays readable: short functions, short files, documented public functions, no leftovers."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = sorted([*(ROOT / "scint_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"])
LONGEST_FUNCTION, LONGEST_FILE = 60, 400


def functions(path):
    return [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", PRODUCT, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_functions_and_files_are_short(path):
    assert path.read_text().count("\n") <= LONGEST_FILE
    for node in functions(path):
        doc = ast.get_docstring(node, clean=False)
        lines = node.end_lineno - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)
        assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", PRODUCT, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_modules_say_what_they_are_and_leave_nothing_undone(path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)) or not text.strip(), "no docstring"
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    assert "allow_pickle=True" not in text
    assert "import pickle" not in text
