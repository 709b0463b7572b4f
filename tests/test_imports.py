"""Imports point one way, also inside functions, and importing scint stays light."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import scint_core

ROOT = Path(scint_core.__file__).resolve().parents[1]
ENGINE = "scint_core"

# A package may import itself and those to the right of it.
MAY_IMPORT = {
    "errors": set(),
    "contract": {"errors"},
    "numerics": {"contract", "errors"},
    "preprocess": {"numerics", "contract", "errors"},
    "data": {"preprocess", "numerics", "contract", "errors"},
    "methods": {"preprocess", "numerics", "contract", "errors"},
    "metrics": {"preprocess", "numerics", "contract", "errors"},
    "export": {"methods", "metrics", "data", "preprocess", "numerics", "contract", "errors"},
    "lab": {"export", "methods", "metrics", "data", "preprocess", "numerics", "contract", "errors"},
    "runs": {"lab", "export", "methods", "metrics", "data", "preprocess", "numerics", "contract", "errors"},
}
SCREEN = {"streamlit", "plotly", "pages", "app"}
ONLY_IN = {
    "anndata": {"data", "export", "lab", "runs", "__main__"},
    "scanpy": {"data"},
    "torch": {"methods", "numerics"},
}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at whatever depth."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def engine_files():
    return sorted((ROOT / ENGINE).rglob("*.py"))


@pytest.mark.parametrize("path", engine_files(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_engine_imports_one_way(path):
    part = path.relative_to(ROOT / ENGINE).parts[0].removesuffix(".py")
    names = imported(path)
    tops = {name.split(".")[0] for name in names}
    assert not tops & SCREEN, "the engine knows no screen"
    for package, allowed in ONLY_IN.items():
        assert package not in tops or part in allowed, f"{package} is not known in {part}"
    if part in ("__init__", "__main__"):
        return
    inner = {name.split(".")[1] for name in names if name.startswith(f"{ENGINE}.")}
    assert inner <= MAY_IMPORT[part] | {part}, f"{part} may not import {sorted(inner - MAY_IMPORT[part] - {part})}"


def test_methods_never_import_each_other():
    shared = {"__init__", "discovery"}
    folder = ROOT / ENGINE / "methods"
    for path in folder.rglob("*.py"):
        method = path.relative_to(folder).parts[0].removesuffix(".py")
        if method in shared:
            continue
        for name in imported(path):
            if name.startswith(f"{ENGINE}.methods."):
                assert name.split(".")[2] in shared | {method}, f"{method} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "pages" / "ui").rglob("*.py")), ids=lambda p: p.name)
def test_what_pages_share_imports_no_page(path):
    for name in imported(path):
        assert not name.startswith("pages.") or name.startswith("pages.ui"), name


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda p: p.name)
def test_no_page_bears_the_name_of_an_importable_module(path):
    """Streamlit puts pages/ first on the path; "main" is the frame's fixed name."""
    if path.stem in ("__init__", "main"):
        return
    found = subprocess.run(
        [sys.executable, "-c", f"import importlib.util as u; print(u.find_spec({path.stem!r}) is None)"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert found.stdout.strip() == "True"


def test_importing_scint_is_light():
    heavy = {"torch", "streamlit", "plotly", "umap", "scanpy", "sklearn", "igraph", "distributed"}
    code = f"import sys, scint_core; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_public_functions_keep_their_names_whatever_is_imported():
    """`methods` and `preprocess` are packages too; the functions stay bound."""
    functions = scint_core.methods, scint_core.preprocess
    for module in pkgutil.walk_packages(scint_core.__path__, f"{ENGINE}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert (scint_core.methods, scint_core.preprocess) == functions
    assert "harmony" in scint_core.methods()
    assert callable(scint_core.preprocess)


def test_public_names_are_listed_and_explained():
    for name in scint_core.__all__:
        assert getattr(scint_core, name).__doc__, name
