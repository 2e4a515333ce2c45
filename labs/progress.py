"""Progress for everything that takes longer than a moment: a bar in a notebook, a line in a terminal, else silence."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from labs.visible import visible

Progress = Callable[[float, str], None]
"""Called with the part done (0 to 1) and a German sentence."""


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A callback ``progress(part, text)``; ``part`` runs from 0 to 1. The bar disappears at the end."""
    if _in_notebook():
        yield from _notebook(title)
    elif sys.stderr.isatty():
        yield from _terminal(title)
    else:
        yield lambda part, text: None


def _in_notebook() -> bool:
    try:
        return get_ipython().__class__.__name__ == "ZMQInteractiveShell"  # type: ignore[name-defined]
    except NameError:
        return False


def _notebook(title: str) -> Iterator[Progress]:
    from IPython.display import HTML, display

    handle = display(HTML(_bar(title, 0, "")), display_id=True)

    def show(part: float, text: str) -> None:
        handle.update(HTML(_bar(title, part, text)))

    try:
        yield show
    finally:
        handle.update(HTML(""))


def _bar(title: str, part: float, text: str) -> str:
    label = html.escape(visible(f"{title}: {text}" if text else title))
    return f'<label>{label}<br><progress max="1" value="{part:.3f}" style="width:24em" aria-label="{label}"></progress></label>'


def _terminal(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(
        TextColumn(title),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=1)
        yield lambda part, text: bar.update(task, completed=part, description=visible(text))
