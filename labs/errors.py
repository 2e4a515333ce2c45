"""The one kind of error a learner sees: what happened, why, and the next step, in German."""

from __future__ import annotations

import html

from labs.visible import visible


class LabError(Exception):
    """An error with its next step.

    ``str(error)`` is the whole text for terminals. IPython shows it without a traceback, because a
    traceback in a notebook tells a mail administrator nothing. What it quotes may be hostile.
    """

    def __init__(self, what: str, *, why: str = "", next_step: str = "") -> None:
        self.what, self.why, self.next_step = visible(what), visible(why), visible(next_step)
        further = next_step and f"Nächster Schritt: {self.next_step}"
        super().__init__("\n".join(filter(None, [self.what, self.why, further])))

    def _render_traceback_(self) -> list[str]:
        """IPython's hook for the text shown instead of a traceback."""
        return [str(self)]

    def html(self) -> str:
        """The same text as an escaped HTML block for widgets (role=alert, read out by screen readers)."""
        parts = [f"<strong>{html.escape(self.what)}</strong>"]
        parts += [html.escape(self.why).replace("\n", "<br>")] if self.why else []
        parts += [f"<em>Nächster Schritt:</em> {html.escape(self.next_step)}"] if self.next_step else []
        return f'<div class="lab-error" role="alert">{"<br>".join(parts)}</div>'


class Unreachable(LabError):
    """A server of the lab does not answer; the face looks why before it shows this."""
