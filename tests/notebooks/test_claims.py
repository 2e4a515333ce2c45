"""The claims themselves: each belongs to a cell that exists. nbval runs the cells (claims.py)."""

import nbformat
import pytest

from labs import paths
from tests.notebooks.claims import CLAIMS, printed


def test_every_chapter_has_claims():
    assert set(CLAIMS) == {path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")}


@pytest.mark.parametrize("notebook", list(CLAIMS))
def test_every_claim_belongs_to_a_cell(notebook):
    cells = nbformat.read(paths.NOTEBOOKS / f"{notebook}.ipynb", as_version=4).cells
    assert CLAIMS[notebook] and set(CLAIMS[notebook]) <= {cell.id for cell in cells if cell.cell_type == "code"}


def test_pieces_of_a_stream_are_one_text():
    stream = [{"output_type": "stream", "text": text} for text in ("a → ", "1\n")]
    shown = [{"output_type": "execute_result", "data": {"text/plain": "2"}}]
    assert printed(stream + shown) == "a → 1\n\n2"
