"""A stream of mail as a train diagram: one line a mail, from its sender's first try to the mailbox."""

from __future__ import annotations

from matplotlib.figure import Figure

from labs.plots.canvas import INNER, MARGIN, Canvas
from labs.plots.colours import BLUE, GREEN, ORANGE, PURPLE, SECONDARY, TEXT, VERMILLION
from labs.plots.scale import Scale
from labs.smtp.stream import OUTCOMES, Sent, Stream

COLOURS = {
    "at once": BLUE,
    "delayed": ORANGE,
    "refused": VERMILLION,
    "given up": PURPLE,
    "waiting": SECONDARY,
    "corrupt": PURPLE,
    "lost": TEXT,
}
TITLE, EVENT, BODY, AXIS, LEGEND, WORKERS = 22.0, 13.0, 170.0, 26.0, 15.0, 22.0
"""Heights in points, from top to bottom."""


def train_diagram(stream: Stream) -> Figure:
    """Time runs to the right, mails go down; a long line is a mail that waited. Below: who checked how many."""
    shown = [key for key in OUTCOMES if stream.count(key)]
    events = list(stream.events)
    top = TITLE + EVENT * max(len(events), 1)
    canvas = Canvas(top + BODY + AXIS + LEGEND * len(shown) + (WORKERS if stream.workers else 0) + MARGIN)
    canvas.text(
        MARGIN,
        TITLE / 2,
        f"Jede Linie ist eine Mail: vom ersten Versuch bis ins Postfach ({len(stream.mails)} Mails)",
        10,
        bold=True,
    )
    end = max([mail.arrived or _last(mail) for mail in stream.mails] + [at for at, _ in events]) or 1.0
    scale = Scale.fit(MARGIN + 50, MARGIN + INNER, [(end, 2)])
    step = BODY / len(stream.mails)
    for key in shown:
        lines = [
            (
                scale.x(mail.due),
                y,
                max(scale.x(end if mail.arrived is None else mail.arrived), scale.x(mail.due) + 1.5),
                y,
            )
            for mail in stream.mails
            if mail.outcome == key
            for y in (top + step * (mail.number + 0.5),)
        ]
        canvas.lines(lines, colour=COLOURS[key], thickness=max(0.6, min(4.0, step * 0.9)))
    for row, (at, event) in enumerate(events):
        x, y = scale.x(at), TITLE + EVENT * (row + 0.5)
        canvas.lines([(x, y + 5, x, top + BODY)], colour=TEXT, dashed=True)
        right = x > MARGIN + 0.75 * INNER
        canvas.text(x - 3 if right else x + 3, y, event, 8, align="right" if right else "left")
    canvas.axis(scale, top + BODY, "Sekunden")
    y = top + BODY + AXIS
    for key in shown:
        canvas.rectangle(MARGIN, MARGIN + 10, y + LEGEND / 2, 8, COLOURS[key])
        canvas.text(MARGIN + 16, y + LEGEND / 2, f"{stream.count(key)} {OUTCOMES[key]}", 9)
        y += LEGEND
    _workers(canvas, stream.workers, y + WORKERS / 2)
    return canvas.figure


def _last(mail: Sent) -> float:
    return mail.attempts[-1].at + mail.attempts[-1].seconds if mail.attempts else mail.due


def _workers(canvas: Canvas, workers: dict[str, int], y: float) -> None:
    """One bar, divided by worker."""
    total, at = sum(workers.values()), 0
    for (name, count), colour in zip(workers.items(), (GREEN, ORANGE, BLUE, PURPLE), strict=False):
        left = MARGIN + INNER * at / total
        at += count
        canvas.rectangle(left, MARGIN + INNER * at / total, y, 14, colour)
        canvas.text(left + 4, y, f"{name}: {count}", 9, colour="#000000")
