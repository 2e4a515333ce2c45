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
    ("visible", "paths", "interrupts", "cells"),
    ("errors", "files", "logs", "progress"),
    ("nickname", "chapters"),
    ("bundle",),
    ("cluster",),
    ("mails",),
    ("rspamd",),
    ("smtp",),
    ("nodes",),
    ("policy",),
    ("exercises", "plots"),
    ("widgets",),
    ("magics", "doctor", "jupyter"),
    ("lab", "selftest"),
    ("check", "bench"),
    ("pytest_plugin", "cli"),
    ("__main__",),
]
"""The names in labs/, from the lowest floor to the highest; those of one floor do not know each other."""


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


def test_ci_runs_everything_and_the_quick_half_on_a_bare_debian():
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines[2:4] == ["set -eu", "./arbeitsbuch test"]
    assert "  .venv/bin/python -m tests.image.bare test --schnell" in lines


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
    found = {(source.split(".")[1], target.split(".")[1]) for source, target in IMPORTS}
    assert {name for pair in found for name in pair} == set(level), "each name in labs/ has its floor"
    upwards = {pair for pair in found if pair[0] != pair[1] and level[pair[0]] <= level[pair[1]]}
    assert not upwards, "imports of a higher floor, or of a neighbour"


def test_no_module_and_no_package_imports_itself_in_a_circle():
    assert not circles(IMPORTS)
    packages = {(_package(source), _package(target)) for source, target in IMPORTS}
    assert not circles({pair for pair in packages if pair[0] != pair[1]})


@pytest.mark.parametrize(
    "wrong",
    ["if TYPE_CHECKING:\n    from labs.lab import Lab", "def late():\n    import labs.lab", "from labs import lab"],
)
def test_an_import_counts_wherever_it_stands(wrong):
    assert set(_imported(wrong)) & {"labs.lab", "labs.lab.Lab"}
    assert circles({("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")}) == {"a", "b", "c"}


def circles(pairs):
    """The names that lie on a circle, or between two: what is left when all that nobody imports, or that imports nothing, is gone."""
    left = set(pairs)
    while True:
        sources, targets = ({pair[end] for pair in left} for end in (0, 1))
        kept = {pair for pair in left if pair[0] in targets and pair[1] in sources}
        if kept == left:
            return sources
        left = kept


def _package(module):
    """The package of a module that lies in one of a floor's: labs.rspamd.dialect.log -> labs.rspamd.dialect."""
    return ".".join(module.split(".")[:3])


def _imported(text):
    """What a source imports from labs, for annotations and late ones too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "labs":
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("labs."))


def _imports():
    """(module, module that it imports) of all modules in labs/ that can be imported."""
    paths_of = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / "labs").rglob("*.py")
        if all(part.removesuffix(".py").isidentifier() for part in path.relative_to(ROOT).parts)
    }
    for source, path in paths_of.items():
        for target in _imported(path.read_text()):
            yield source, target if target in paths_of else target.rpartition(".")[0]


IMPORTS = {pair for pair in _imports() if pair[0] != "labs"}


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
