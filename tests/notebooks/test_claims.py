"""The claims themselves: each belongs to a cell that exists. nbval runs the cells (claims.py)."""

import nbformat
import pytest

from labs import paths
from labs.chapters import chapters
from tests.notebooks.claims import claims, printed


@pytest.mark.parametrize("chapter", list(chapters()))
def test_every_claim_belongs_to_a_cell(chapter):
    cells = nbformat.read(paths.NOTEBOOKS / f"{chapter}.ipynb", as_version=4).cells
    assert claims(chapter) and set(claims(chapter)) <= {cell.id for cell in cells if cell.cell_type == "code"}


def test_pieces_of_a_stream_are_one_text():
    stream = [{"output_type": "stream", "text": text} for text in ("a → ", "1\n")]
    shown = [{"output_type": "execute_result", "data": {"text/plain": "2"}}]
    assert printed(stream + shown) == "a → 1\n\n2"
