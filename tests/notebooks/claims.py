"""What the chapters' texts say of an output is what the cell really prints.

The notebooks store no outputs, so nbval has nothing to compare with; the expected text stands in the chapter's claims.py,
by cell id: ``CLAIMS`` maps it to a regular expression (``.`` is any character, also the end of a line), or to a function of
the text. This is a pytest plugin (pyproject.toml): while nbval runs a chapter, each cell's output is held against its claim.
"""

from __future__ import annotations

import os
import re
import runpy
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from labs.chapters import FOLDER

Claim = str | Callable[[str], bool]


@cache
def claims(chapter: str) -> Mapping[str, Claim]:
    """The claims of a chapter by cell id; none for a notebook that is no chapter."""
    path = FOLDER / chapter / "claims.py"
    return runpy.run_path(str(path))["CLAIMS"] if path.exists() else {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Chapters change nodes and configuration: their kernels start a lab of their own, not the one that tests share."""
    with pytest.MonkeyPatch.context() as patch:
        if type(item).__name__ == "IPyNbCell":
            patch.setenv("LABS_NAME", f"{os.environ['LABS_NAME']}-nb")
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """After a cell of a chapter has run: no traceback in it, and its claim holds."""
    yield
    if type(item).__name__ == "IPyNbCell":
        text, claim = printed(item.test_outputs), claims(Path(item.path).stem).get(item.cell.id)
        assert "Traceback" not in text, text
        holds = claim(text) if callable(claim) else claim is None or re.search(claim, text, re.DOTALL)
        assert holds, f"{item.cell.id} prints:\n{text}\nexpected: {claim}"


def printed(outputs: Sequence[dict]) -> str:
    """The outputs of a cell as one text: what it printed, the plain form of what it showed."""
    text = ""
    for output in outputs:
        if output["output_type"] == "stream":  # comes in pieces of any size
            text += output["text"]
        else:
            shown = output.get("data", {}).get("text/plain") or "\n".join(output.get("traceback", ()))
            text = f"{text}\n{shown}".lstrip("\n")
    return text
