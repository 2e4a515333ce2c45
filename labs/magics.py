"""Cell magics that change a configuration: write, check, take into use, show what changed.

``%%rspamd FILE`` (workers), ``%%proxy FILE`` (proxies), ``%%postfix mx|hub|mailout [FILE]``, ``%%redis``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from IPython import get_ipython
from IPython.display import display

from labs.errors import LabError
from labs.progress import progress_bar

if TYPE_CHECKING:
    from labs.lab import Lab


def register(lab: Lab) -> None:
    """Make the magics act on this lab."""

    def magic(title: str, file: Callable[[list[str]], str], words: range, usage: str) -> Callable[[str, str], None]:
        def change(line: str, cell: str) -> None:
            if len(line.split()) not in words:
                raise LabError(
                    "Die erste Zeile der Zelle ist unvollständig.", next_step=f"Schreibe zum Beispiel `{usage}`."
                )
            name = file(line.split())
            with progress_bar(f"{title} prüft und lädt neu") as progress:
                progress(0.3, name)
                change = lab.write(name, cell)
            display(change)

        return change

    one = range(1, 2)
    magics = {
        "rspamd": magic("Rspamd", lambda words: words[0], one, "%%rspamd composites.conf"),
        "proxy": magic("Der Proxy", lambda words: f"rspamd-proxy/{words[0]}", one, "%%proxy worker-proxy.inc"),
        "postfix": magic(
            "Postfix",
            lambda words: f"postfix-{words[0]}/{words[1] if len(words) > 1 else 'main.cf'}",
            range(1, 3),
            "%%postfix mx",
        ),
        "redis": magic("Redis", lambda words: "redis/redis.conf", range(1), "%%redis"),
    }
    for name, function in magics.items():
        get_ipython().register_magic_function(function, "cell", name)
