"""The project as a whole: one list of dependencies, notebooks in shape, an engine in layers."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from labs import paths
from labs.chapters import __main__ as written
from labs.chapters import chapters, find
from labs.cluster.topology import links, place, topology
from labs.errors import LabError

ROOT = paths.REPOSITORY
NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("*.ipynb"))
FLOORS = [
    ("bundle", "chapters"),
    ("cluster",),
    ("mails",),
    ("rspamd", "smtp"),
    ("policy",),
    ("exercises", "plots"),
    ("widgets",),
    ("lab", "magics", "doctor", "check", "pytest_plugin", "cli"),
]


def test_environment_yml_installs_what_pyproject_says():
    text = (ROOT / "environment.yml").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert re.search(r"^\s+- python" + re.escape(project["requires-python"]) + "$", text, re.MULTILINE)
    assert re.search(r"^\s+- -e \.\[test\]$", text, re.MULTILINE)
    for dependency in project["dependencies"]:
        name = re.match(r"[\w-]+", dependency)[0]
        assert name not in text, f"{name} stands in pyproject.toml; environment.yml must not repeat it"


def test_readme_shows_the_two_commands():
    readme = (ROOT / "README.md").read_text()
    assert "./arbeitsbuch start" in readme and "./arbeitsbuch test" in readme
    assert "arbeitsbuch test" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_in_shape(path):
    cells = json.loads(path.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all("id" in cell for cell in cells)
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code), "outputs must be stripped"
    source = ["".join(cell["source"]) for cell in code]
    assert not any(
        re.search(r"^\s*(def|class) ", text, re.MULTILINE) for text in source if not text.startswith("%%")
    ), "no helpers in notebooks"
    assert re.search(rf'Lab\.start\(chapter="{path.stem}"\)', source[0])
    assert sum("lab.exercise(" in text for text in source) >= 2
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    for part in (
        "Dauer",
        "Voraussetzungen",
        "Danach kannst du",
        "Vorhersage",
        "## Im Betrieb",
        "## Zusammenfassung",
        "Zum Nachlesen",
    ):
        assert part in prose


def test_each_notebook_is_a_chapter():
    assert NOTEBOOKS and [path.stem for path in NOTEBOOKS] == list(chapters())


def test_what_the_chapters_say_of_themselves_stands_where_it_is_read():
    """``python -m labs.chapters`` writes it."""
    text = (ROOT / "README.md").read_text()
    assert written.readme(text) == text and all(one.name in text for one in chapters().values())
    for path in NOTEBOOKS:
        assert written.notebook(find(path.stem), path.read_text()) == path.read_text(), path.name


def test_each_floor_imports_only_floors_below():
    level = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    checked = 0
    for path in (one for one in (ROOT / "labs").rglob("*.py") if not one.name.startswith("test_")):
        own = path.relative_to(ROOT / "labs").parts[0].removesuffix(".py")
        for node in _runtime_imports(ast.parse(path.read_text())):
            target = node.module.split(".")[1] if node.module and node.module.startswith("labs.") else ""
            if own in level and target in level:
                checked += 1
                assert level[target] <= level[own], f"{path.name} ({own}) imports {node.module}"
    assert checked > 20


def _runtime_imports(tree):
    """All ``from … import`` statements but those under ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            yield node
        yield from _runtime_imports(node)


def test_every_address_and_folder_of_the_topology_is_its_own():
    nodes = place(77, Path("/x"), "core")
    assert {"dns", "redis1", "rspamd1"} <= set(nodes)
    addresses = [(node.address, port) for node in nodes.values() for port in node.ports.values()]
    assert len(addresses) == len(set(addresses)) and all(address.startswith("127.77.") for address, _ in addresses)
    assert {node["zone"] for node in topology()["nodes"].values()} <= set(topology()["zones"])


def test_every_link_ends_at_a_port_that_exists():
    nodes = place(77, Path("/x"), "cluster")
    known = links(nodes)
    assert len(known) > 20 and all(link.port in nodes[link.target].ports for link in known)
    named = {name for link in topology()["links"] for name in (*link["from"], *link["to"])}
    assert named <= set(nodes) | set(topology()["zones"])
    dmz = {node.name for node in nodes.values() if node.zone == "dmz"}
    inwards = {
        (link.target, link.port) for link in known if link.source in dmz and nodes[link.target].zone == "internal"
    }
    assert inwards == {("hub1", "from_mx")}, "the DMZ reaches nothing inside but the HUB's port for it"


def test_an_error_is_escaped_and_has_no_traceback():
    error = LabError("<b>x</b>", why="a & b", next_step="<script>")
    assert "<b>" not in error.html() and "<script>" not in error.html()
    assert error._render_traceback_() == ["<b>x</b>\na & b\nNächster Schritt: <script>"]
