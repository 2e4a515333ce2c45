"""Write what the chapters say of themselves (chapter.toml) to where it is read: the README's table, each notebook's head and end.

    python -m labs.chapters

A test holds both together.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise

from labs import paths
from labs.chapters import Chapter, chapters, find

README = paths.REPOSITORY / "README.md"
_TABLE = re.compile(r"(?<=\| Kapitel \| Thema \|\n\|---\|---\|\n)(?:\|.*\n)+")


def main() -> None:
    """Write all of it."""
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
    for chapter in chapters().values():
        path = paths.NOTEBOOKS / f"{chapter.name}.ipynb"
        path.write_text(notebook(chapter, path.read_text(encoding="utf-8")), encoding="utf-8")


def readme(text: str) -> str:
    """The README with the table of the chapters."""
    rows = (f"| [{one.number}](notebooks/{one.name}.ipynb) | {one.summary} |\n" for one in chapters().values())
    return _TABLE.sub(lambda _: "".join(rows), text)


def notebook(chapter: Chapter, text: str) -> str:
    """A notebook (JSON) with the chapter's heading, promise, duration and prerequisites, and the way to its neighbours."""
    content = json.loads(text)
    cells = [cell for cell in content["cells"] if cell["cell_type"] == "markdown"]
    for cell, change in ((cells[0], head), (cells[-1], end)):
        cell["source"] = change(chapter, "".join(cell["source"])).splitlines(keepends=True)
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def head(chapter: Chapter, text: str) -> str:
    """The first cell: what stands below the prerequisites is the notebook's own."""
    needs = "; ".join(filter(None, [", ".join(_link(find(name)) for name in chapter.needs), chapter.knows]))
    top = (
        f"# {chapter.number} {chapter.title}\n\n**{chapter.promise}**\n\n| | |\n|---|---|\n"
        f"| Dauer | {chapter.minutes} Minuten |\n| Voraussetzungen | {needs} |\n"
    )
    return top + text[text.index("| Danach kannst du |") :]


def end(chapter: Chapter, text: str) -> str:
    """The last cell: where to go on (after the last chapter: to the first) and back; what follows the link is the notebook's own."""
    known = list(chapters().values())
    following = {before.name: after for before, after in pairwise([*known, known[0]])}
    before = {after: name for name, after in ((name, one.name) for name, one in following.items())}
    text = re.sub(r"(?m)^\*\*Zurück:\*\* .* · (?=\*\*Weiter:\*\*)", "", text)
    back = "" if chapter is known[0] else f"**Zurück:** {_link(find(before[chapter.name]))} · "
    return re.sub(
        r"(?m)^\*\*Weiter:\*\* \[[^\]]*\]\([^)]*\)",
        lambda _: f"{back}**Weiter:** {_link(following[chapter.name])}",
        text,
    )


def _link(chapter: Chapter) -> str:
    return f"[{chapter.label}]({chapter.name}.ipynb)"


if __name__ == "__main__":
    main()
