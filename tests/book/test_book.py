"""What nbval does not see in the chapters: it passes a notebook whose outputs are gone."""

import ast
import copy
import importlib.util

import nbformat
import pytest
from toc import ROOT, toc_pages

BOOK = ROOT / "book"
NOTEBOOKS = sorted(path for path in BOOK.glob("*.ipynb") if not path.name.startswith("_"))

spec = importlib.util.spec_from_file_location("execute", BOOK / "execute.py")
execute = importlib.util.module_from_spec(spec)
spec.loader.exec_module(execute)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shows(source):
    """Whether a cell must leave an output: it prints, or ends in a value or a new object."""
    statements = ast.parse(source).body
    values = [statement.value for statement in statements if isinstance(statement, ast.Expr)]
    calls = [ast.unparse(value.func) for value in values if isinstance(value, ast.Call)]
    if {"print", "display", "plt.show"} & set(calls):
        return True
    if not values or not isinstance(statements[-1], ast.Expr):
        return False
    return not isinstance(values[-1], ast.Call) or calls[-1].rpartition(".")[2][0].isupper()


def test_table_of_contents_and_folder_agree():
    pages = {path.stem for path in BOOK.iterdir() if path.suffix in (".ipynb", ".md")}
    pages = {f"book/{page}" for page in pages if not page.startswith("_")}
    assert set(toc_pages()) == pages


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def chapter(request):
    return nbformat.read(request.param, as_version=4)


def test_stored_outputs_are_there(chapter):
    counts = [cell.execution_count for cell in code_cells(chapter)]
    assert counts == list(range(1, len(counts) + 1)), "run make notebooks"
    for cell in code_cells(chapter):
        assert cell.outputs or not shows(cell.source), f"output lost:\n{cell.source}"


def test_stored_outputs_hold_no_errors(chapter):
    for cell in code_cells(chapter):
        for output in cell.outputs:
            assert output.output_type != "error", output.evalue
            assert output.get("name") != "stderr", output.text


def test_figures_have_caption_name_and_alternative_text(chapter):
    for cell in code_cells(chapter):
        pictures = [o for o in cell.outputs if "image/png" in o.get("data", ())]
        assert len(pictures) <= 1, f"one figure a cell:\n{cell.source}"
        assert bool(pictures) == ("plt.show()" in cell.source), cell.source
        if pictures:
            told = cell.metadata.get("mystnb", {})
            figure, image = told.get("figure", {}), told.get("image", {})
            assert figure.get("caption") and figure.get("name"), f"no caption:\n{cell.source}"
            assert image.get("alt"), f"no alternative text:\n{cell.source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_form_is_the_one_that_make_notebooks_writes(path):
    notebook = nbformat.read(path, as_version=4)
    wanted = copy.deepcopy(notebook)
    execute.normalize(wanted)
    assert nbformat.writes(wanted) + "\n" == path.read_text(encoding="utf-8"), "run make notebooks"
