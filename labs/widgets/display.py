"""How verdicts, comparisons, changes and errors look in a notebook: HTML and pictures, with plain text beside."""

from __future__ import annotations

import html

import pandas as pd
from IPython import get_ipython

from labs.cluster.configuration import Change
from labs.cluster.connections import Connections
from labs.plots.comparison import alternative_text_comparison, comparison
from labs.plots.decision import alternative_text_decision, decision_picture, tooltips_decision
from labs.plots.rungrid import alternative_text_runs, run_grid, tooltips_runs
from labs.plots.streamplot import train_diagram
from labs.plots.svg import svg
from labs.plots.tooltips import tooltips, tooltips_comparison
from labs.plots.waterfall import alternative_text, waterfall
from labs.rspamd.decision.value import Decision
from labs.rspamd.forcing.rules import ForceActions
from labs.rspamd.inquiry.run import RunComparison
from labs.rspamd.verdict import Comparison, Verdict, number
from labs.smtp.stream import Stream
from labs.smtp.trace import Trace
from labs.widgets.forcetable import force_html
from labs.widgets.journey import trace_html
from labs.widgets.literal import Literal
from labs.widgets.matrix import connections_html

COLOURS = {"reject": "#B00020", "no action": "#007A5A"}
"""Colours of actions in words; all others are amber. Contrast at least 4.5:1 on white and on JupyterLab's dark theme."""


def register() -> None:
    """Give the values of this package their HTML form in this kernel, all of it literal, and tables with a style too; repeating it changes nothing."""
    display_formatter = get_ipython().display_formatter
    display_formatter.__class__ = Literal
    pd.set_option("styler.format.escape", "html")
    formatter = display_formatter.formatters["text/html"]
    formatter.for_type(Verdict, verdict_html)
    formatter.for_type(Comparison, comparison_html)
    formatter.for_type(Change, change_html)
    formatter.for_type(Connections, connections_html)
    formatter.for_type(Trace, trace_html)
    formatter.for_type(pd.DataFrame, frame_html)
    formatter.for_type(Stream, stream_html)
    formatter.for_type(RunComparison, runs_html)
    formatter.for_type(ForceActions, force_html)
    formatter.for_type(Decision, decision_html)


def verdict_html(verdict: Verdict) -> str:
    """Waterfall and a table of all symbols that can be folded out."""
    return f"{picture(verdict)}<details><summary>Symbole als Tabelle ({len(verdict.hits)})</summary>{table(verdict)}</details>"


def headline(verdict: Verdict) -> str:
    """The action in words and colour, the score against the threshold, the message for the sender."""
    colour = COLOURS.get(verdict.action, "#8A5A00")
    message = verdict.messages.get("smtp_message", "") if verdict.action in ("reject", "soft reject") else ""
    return (
        f'<p class="lab-headline"><strong style="color:#fff;background:{colour};padding:.15em .6em;border-radius:.25em">{html.escape(verdict.action)}'
        f"</strong> {html.escape(verdict.meaning)} · <strong>{number(verdict.score)}</strong> von {number(verdict.required_score)} Punkten"
        f"{f' · Antwort an den Absender: {html.escape(message)}' if message else ''}</p>"
    )


def picture(verdict: Verdict) -> str:
    """The waterfall as inline SVG with explanations on hover."""
    return svg(waterfall(verdict), alternative_text(verdict), tooltips(verdict))


def table(verdict: Verdict) -> str:
    rows = "".join(
        f"<tr><th scope=row style='text-align:left'><code>{html.escape(hit.name)}</code></th><td style='text-align:right'>{number(hit.score, sign=True)}</td>"
        f"<td style='text-align:left'>{html.escape(hit.family)}</td><td style='text-align:left'>{html.escape(hit.explanation)}</td>"
        f"<td style='text-align:left'>{html.escape(hit.details)}</td></tr>"
        for hit in verdict.hits
    )
    head = "".join(
        f"<th scope=col style='text-align:left'>{title}</th>"
        for title in ("Symbol", "Punkte", "Gruppe", "Erklärung", "Optionen")
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def comparison_html(difference: Comparison) -> str:
    """The differences as a picture, with the same facts as text."""
    text = html.escape(str(difference))
    return f"{svg(comparison(difference), alternative_text_comparison(difference), tooltips_comparison(difference))}<details><summary>Als Text</summary><pre>{text}</pre></details>"


def frame_html(frame: pd.DataFrame) -> str:
    """A table as readers here expect it: texts whole and to the left, German decimals, everything escaped."""
    style = "<style>.lab-table th, .lab-table td { text-align: left !important; vertical-align: top; white-space: normal; }</style>"
    with pd.option_context("display.max_colwidth", None):
        return style + frame.to_html(index=False, decimal=",", border=0, classes="lab-table", max_rows=60, escape=True)


def stream_html(stream: Stream) -> str:
    """The train diagram, and what the senders were told instead of 250."""
    replies = stream.replies
    told = (
        f"<details open><summary>Andere Antworten als 250</summary>{frame_html(replies)}</details>"
        if len(replies)
        else ""
    )
    seconds = f"Die Hälfte der Mails war nach {number(stream.median)} s im Postfach, die langsamste nach {number(stream.longest)} s; das längste SMTP-Gespräch dauerte {number(stream.longest_wait)} s."
    return f"{svg(train_diagram(stream), str(stream))}<p>{seconds}</p>{told}"


def decision_html(decision: Decision) -> str:
    """The way from hints to the action as a picture, with the same as text, and what does not fit the verdict."""
    drawn = svg(decision_picture(decision), alternative_text_decision(decision), tooltips_decision(decision))
    notes = "".join(f'<p role="alert">⚠ <strong>Achtung:</strong> {html.escape(text)}</p>' for text in decision.doubts)
    return f"{drawn}{notes}<details><summary>Als Text</summary><pre>{html.escape(str(decision))}</pre></details>"


def runs_html(found: RunComparison) -> str:
    """The picture of which rules ran, and by name those that never had their turn."""
    parts = ""
    for title in found.runs:
        lines = "".join(
            f"<li>{html.escape(label)}: {', '.join(f'<code>{html.escape(name)}</code>' for name in names)}</li>"
            for label, names in found.missing(title).items()
        )
        if lines:
            head = f"{html.escape(title)}: Was nie lief ({len(found.never(title))})"
            parts += f"<details><summary>{head}</summary><ul>{lines}</ul></details>"
    return f"{svg(run_grid(found), alternative_text_runs(found), tooltips_runs(found))}{parts}"


def change_html(change: Change) -> str:
    """What was taken over, as a coloured diff, and what to beware of."""
    if not change.files:
        return f"<p>{html.escape(str(change))}</p>"
    head = f"<p><strong>Übernommen:</strong> {html.escape(', '.join(change.files))} ({number(change.seconds)} s)</p>"
    backgrounds = {"+": "rgba(0, 158, 115, .22)", "-": "rgba(213, 94, 0, .22)"}
    diff = "\n".join(
        f"<b>{html.escape(line[4:].removesuffix(' (jetzt)'))}</b>"
        if line.startswith("+++ ")
        else f'<span style="background:{backgrounds[line[0]]}">{html.escape(line)}</span>'
        if line[:1] in backgrounds
        else html.escape(line)
        for line in change.diff.splitlines()
        if not (line.startswith("--- ") and line.endswith(" (vorher)"))
    )
    notes = "".join(f'<p role="alert">⚠ <strong>Achtung:</strong> {html.escape(text)}</p>' for text in change.warnings)
    return f"{head}<pre>{diff}</pre>{notes}"
