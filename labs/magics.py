"""Cell magics that change a configuration: write, check, take into use, show what changed. Which there are: labs/nodes."""

from __future__ import annotations

from collections.abc import Callable

from IPython import get_ipython
from IPython.display import display

from labs.cells import Magic
from labs.cluster.configuration import Change
from labs.errors import LabError
from labs.nodes import MAGICS
from labs.progress import progress_bar


def register(write: Callable[[str, str], Change]) -> None:
    """Make the magics write with this function: (file, text) -> what changed."""

    def function(magic: Magic) -> Callable[[str, str], None]:
        def change(line: str, cell: str) -> None:
            name = magic.file(line.split())
            if not name:
                raise LabError(
                    "Die erste Zeile der Zelle ist unvollständig.", next_step=f"Schreibe zum Beispiel `{magic.usage}`."
                )
            with progress_bar(f"{magic.title} prüft und lädt neu") as progress:
                progress(0.3, name)
                change = write(name, cell)
            display(change)

        return change

    for magic in MAGICS:
        get_ipython().register_magic_function(function(magic), "cell", magic.name)
