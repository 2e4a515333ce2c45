"""The cell magic ``%%rspamd FILE``: write a file of the worker's local.d, check it, take it into use, show what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython import get_ipython
from IPython.display import display

from labs.errors import LabError
from labs.progress import progress_bar

if TYPE_CHECKING:
    from labs.lab import Lab


def register(lab: Lab) -> None:
    """Make ``%%rspamd`` act on this lab."""

    def rspamd(line: str, cell: str) -> None:
        if not line.strip():
            raise LabError(
                "Es fehlt der Name der Datei.",
                next_step="Schreibe zum Beispiel `%%rspamd composites.conf` in die erste Zeile.",
            )
        with progress_bar("Rspamd prüft und lädt neu") as progress:
            progress(0.3, line.strip())
            change = lab.write(line, cell)
        display(change)

    get_ipython().register_magic_function(rspamd, "cell", "rspamd")
