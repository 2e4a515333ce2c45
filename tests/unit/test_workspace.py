"""The reader's copies of the notebooks: kept when changed, renewed when not."""

import json

import pytest

from labs import jupyter, paths


def notebook(*sources):
    return json.dumps(
        {"cells": [{"cell_type": "code", "source": [text], "outputs": []} for text in sources], "metadata": {}}
    )


@pytest.fixture
def original(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "checkout")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "checkout").mkdir()
    path = tmp_path / "checkout/00-x.ipynb"
    path.write_text(notebook("eins"))
    return path


def test_running_a_chapter_is_no_change_and_a_new_version_arrives(original):
    copy = jupyter.workspace() / original.name
    run = json.loads(copy.read_text())
    run["cells"][0]["outputs"], run["metadata"] = [{"x": 1}], {"language_info": {}}
    copy.write_text(json.dumps(run))
    jupyter.workspace()
    assert json.loads(copy.read_text()) == run, "outputs stay while the chapter is the same"
    original.write_text(notebook("zwei"))
    jupyter.workspace()
    assert "zwei" in copy.read_text()


def test_a_changed_copy_stays_and_fresh_moves_it_away(original):
    copy = jupyter.workspace() / original.name
    copy.write_text(notebook("meins"))
    original.write_text(notebook("zwei"))
    jupyter.workspace()
    assert "meins" in copy.read_text()
    folder = jupyter.workspace(fresh=True)
    assert "zwei" in copy.read_text()
    assert ["meins" in path.read_text() for path in folder.glob("alt */00-x.ipynb")] == [True]


def test_a_broken_copy_is_kept_as_changed(original):
    copy = jupyter.workspace() / original.name
    copy.write_text("kaputt")
    jupyter.workspace()
    assert copy.read_text() == "kaputt"
