"""A JupyterLab with a lab of its own, and a page in the bundle's Chromium that may talk to this machine only.

A pytest plugin (pyproject.toml): each test process has one of both, for the tests here and for the chapters that it runs.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping

import pytest
import requests

from labs import bundle, jupyter, paths
from labs.cluster.cluster import Cluster
from tests.fixtures import remove

SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    from playwright.sync_api import sync_playwright

    prefix = bundle.ensure("browser", lambda part, text: None).prefix
    fonts = {"FONTCONFIG_FILE": str(prefix / "etc/fonts/fonts.conf"), "FONTCONFIG_SYSROOT": str(prefix)}
    # Playwright's own Node.js needs libatomic, which a small Debian does not have; it gets the bundle's, and nothing else
    extra = tmp_path_factory.mktemp("lib")
    (extra / "libatomic.so.1").symlink_to(next((prefix / "usr/lib").rglob("libatomic.so.1")))
    program = prefix / "usr/lib/chromium/chromium"  # /usr/bin/chromium is a script for an installed system
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LD_LIBRARY_PATH", str(extra))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program, args=SWITCHES, env=os.environ | fonts | {"HOME": str(extra)}
            )
            yield browser
            browser.close()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """A running JupyterLab on an empty folder."""
    from tests.lab.test_start import wait_until

    name = f"browser-{os.getpid()}"
    variables = jupyter.environment() | {"LABS_NAME": name}
    with jupyter.serving(tmp_path_factory.mktemp("notebooks"), subprocess.DEVNULL, variables) as server:
        wait_until(server.answers, 30)
        yield server
    Cluster(name).stop()
    remove(Cluster(name))


@pytest.fixture
def page(chromium):
    """A page that records what goes wrong in it and every request that leaves this machine."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, locale="de-DE")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.problems, page.strangers, page.dialogs = [], [], []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
    page.on(
        "request",
        lambda request: (
            page.strangers.append(request.url)
            if not request.url.startswith(("http://127.", "data:", "blob:"))
            else None
        ),
    )
    yield page
    context.close()


@pytest.fixture
def written(jupyterlab):
    """Puts a notebook into the reader's folder: name, notebook -> its address. Its kernel ends with the test."""

    def write(name: str, notebook: Mapping) -> str:
        content = {"type": "notebook", "content": notebook}
        requests.put(jupyterlab.url(f"api/contents/{name}.ipynb"), json=content, timeout=30).raise_for_status()
        return f"{jupyterlab.url(f'lab/tree/{name}.ipynb')}&reset"

    yield write
    for session in requests.get(jupyterlab.url("api/sessions"), timeout=10).json():
        requests.delete(jupyterlab.url(f"api/sessions/{session['id']}"), timeout=10)


@pytest.fixture
def run(page, written):
    """Runs cells in a notebook of their own, as a reader does from the menu."""

    def run(*sources: str) -> None:
        blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells = [{**blank, "id": f"c{number}", "source": source} for number, source in enumerate(sources)]
        notebook = {"cells": cells, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}
        page.goto(written("probe", notebook))
        page.locator(".jp-CodeCell").first.wait_for()
        page.get_by_text("| Leerlauf").first.wait_for()
        page.get_by_role("menuitem", name="Ausführen", exact=True).click()
        page.get_by_role("menuitem", name="Alle Zellen ausführen", exact=True).click()

    return run


def cells(chapter: str, *ids: str) -> list[str]:
    """The sources of these cells of a chapter."""
    notebook = json.loads((paths.NOTEBOOKS / f"{chapter}.ipynb").read_text())
    found = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    return [found[cell] for cell in ids]
