"""What nbval has run is looked at as a reader sees it in JupyterLab: one more test after the last cell of a chapter.

nbval keeps what the cells gave, and the kernel, which still lives, tells the state of its widgets. Both make the notebook
that JupyterLab would save; Chromium shows it and runs nothing. A pytest plugin (pyproject.toml).
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path

import pytest

STATE = """
import ipywidgets, json, pathlib
pathlib.Path({!r}).write_text(json.dumps(ipywidgets.Widget.get_manager_state()))
"""
DRAWN = """outputs => {
    const drawn = [...document.querySelectorAll(".jp-OutputArea-child > .jp-OutputArea-output")];
    return drawn.length === outputs && drawn.every(one => one.textContent !== "Loading widget...");
}"""
BROKEN = """[...document.querySelectorAll(".jp-OutputArea :is(img, svg[role=img])")].filter(
    one => one.checkVisibility() && !(one.naturalWidth ?? one.getBBox().width)).map(one => one.outerHTML.slice(0, 200))"""


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator:
    report = yield
    if type(collector).__name__ == "IPyNbFile" and report.passed:
        report.result.append(pytest.Function.from_parent(collector, name="in JupyterLab", callobj=look))
    return report


def look(request, page, written, tmp_path):
    """All that the cells gave is drawn, without an error and without a question to another host."""
    file = request.node.parent
    cells = [item for item in request.session.items if item.parent is file and item is not request.node]
    for item in cells:  # trusted: else JupyterLab shows neither pictures nor widgets
        item.cell.update(outputs=item.test_outputs or [], metadata=item.cell.metadata | {"trusted": True})
    file.nb.metadata.widgets = widgets(file.kernel, tmp_path / "widgets.json")
    outputs = [output for item in cells for output in item.cell.outputs]
    page.goto(written(file.path.stem, file.nb))
    page.wait_for_function(DRAWN, arg=len(outputs))
    text = page.locator(".jp-Notebook").inner_text()
    assert "Traceback" not in text and "Error displaying widget" not in text
    shown = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    pictures = len(re.findall(r"<svg [^>]*role=.img", shown))
    assert page.locator("svg[role=img]").count() >= max(pictures, 1)
    assert page.evaluate(BROKEN) == []
    exercises = sum("lab.exercise(" in item.cell.source for item in cells)
    assert page.get_by_role("button", name="Prüfen").count() >= exercises > 0
    assert page.problems == [] and page.strangers == []


def widgets(kernel, path: Path) -> dict:
    """The state of all widgets of a kernel, as JupyterLab saves it in a notebook."""
    kernel.await_reply(kernel.execute_cell_input(STATE.format(str(path))))
    return {"application/vnd.jupyter.widget-state+json": json.loads(path.read_text())}
