"""The notebooks as files; that they run from top to bottom is shown by running them, which takes Jupyter."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LOADED = {
    *("altair", "gzip", "hashlib", "hmac", "json", "mono_recon", "os", "pathlib", "polars"),
}


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    book = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in book["cells"] if cell["cell_type"] == kind]


def texts(path: Path, kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in cells(path, kind)]


def test_there_are_four_stories_and_the_folder_names_each() -> None:
    titles = [texts(path, "markdown")[0].partition("\n")[0] for path in NOTEBOOKS]
    assert titles == ["# Start here", "# Investigate a break", "# How good is the feed?", "# Money over time"]
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS if f"({path.name})" not in readme] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_what_it_gave(path: Path) -> None:
    for cell in cells(path, "code"):
        assert (cell["outputs"], cell["execution_count"]) == ([], None), "clear the outputs of all cells"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_before_it_answers(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    kinds = "".join(cell["cell_type"][0] for cell in book["cells"])
    assert re.fullmatch(r"mc(m*mc+)+m?", kinds), "text first, and code only after a question"
    headings = re.findall(r"(?m)^## (.+)$", "\n".join(texts(path, "markdown")))
    assert len(headings) >= 5
    assert [heading for heading in headings if not heading.endswith("?")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_needs_what_is_installed_and_no_network(path: Path) -> None:
    code = "\n".join(texts(path, "code"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(code))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= LOADED
    assert "://" not in code
    assert 'alt.renderers.enable("offline")' in code, "by default a chart is drawn by scripts from the network"
    assert 'connect(os.environ.get("MONO_RECON_DATA") or "../demo")' in code or 'Path(os.environ.get("MONO_' in code


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_link_of_a_notebook_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", "\n".join(texts(path, "markdown")))
    assert [link for link in links if not (FOLDER / link).exists()] == []
