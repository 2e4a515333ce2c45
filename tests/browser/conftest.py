"""A JupyterLab with a lab of its own, and a page in the bundle's Chromium that may talk to this machine only."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
import requests
from playwright.sync_api import sync_playwright

from labs import bundle, jupyter, paths
from labs.cluster.cluster import Cluster
from tests.fixtures import remove
from tests.lab.test_start import wait_until

SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
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
    """The address of a running JupyterLab that shows copies of the notebooks."""
    folder = tmp_path_factory.mktemp("notebooks")
    for notebook in paths.NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(notebook, folder)
    name = f"browser-{os.getpid()}"
    with jupyter.serving(folder, subprocess.DEVNULL, jupyter.environment() | {"LABS_NAME": name}) as server:
        wait_until(server.answers, 30)
        yield lambda notebook: f"{server.url(f'lab/tree/{notebook}.ipynb')}&reset"
    Cluster(name).stop()
    remove(Cluster(name))


@pytest.fixture
def page(chromium):
    """A page that records what goes wrong in it and every request that leaves this machine."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, locale="de-DE")
    page = context.new_page()
    page.problems, page.strangers, page.dialogs = [], [], []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
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
    """Make a notebook of these cells in the reader's folder: name, sources -> its address."""

    def write(name: str, sources: tuple[str, ...]) -> str:
        address = jupyterlab(name)
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        cells = [
            {
                "cell_type": "code",
                "id": f"c{i}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for i, source in enumerate(sources)
        ]
        content = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        base, _, query = address.partition("/lab/tree/")
        requests.put(
            f"{base}/api/contents/{name}.ipynb",
            params={"token": query.partition("token=")[2].partition("&")[0]},
            json={"type": "notebook", "content": content},
            timeout=10,
        ).raise_for_status()
        return address

    return write


def run_all(page, address) -> None:
    """Open a notebook and run all its cells, as a reader does from the menu."""
    page.goto(address)
    page.locator(".jp-CodeCell").first.wait_for(timeout=60_000)
    page.get_by_text("| Leerlauf").first.wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Ausführen", exact=True).click()
    page.get_by_role("menuitem", name="Alle Zellen ausführen", exact=True).click()
    page.wait_for_function("document.querySelectorAll('.jp-Notebook .jp-CodeCell').length > 3")
    page.wait_for_function(
        "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].length > 3 && "
        "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every(p => /\\[\\d+\\]/.test(p.textContent) || !p.textContent.trim())",
        timeout=400_000,
    )
