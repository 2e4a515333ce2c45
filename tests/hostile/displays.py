"""All that the project shows of a mail: as HTML by way of the kernel's formatter, and as text."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets

import labs
from labs.exercises.engine import find
from labs.lab import Lab
from labs.rspamd.verdict import Verdict
from labs.smtp.client import Delivery
from labs.widgets.exercise import ExerciseView
from labs.widgets.sender import TABS, Sender
from labs.widgets.tracer import Tracer
from labs.widgets.whatif import WhatIf


def after_questions(lab: Lab, verdict: Verdict) -> Iterator[Any]:
    """What is shown of a verdict after more scans of the mail; about six seconds."""
    yield lab.decision(verdict)
    yield lab.force_actions(verdict)
    yield lab.composites(verdict)
    yield lab.compare_runs(Post=lab.ran(verdict))
    yield lab.what_if(verdict, weights={verdict.hits[0].name: 2.5})
    yield lab.profiles(verdict.mail)
    yield lab.which_profile(verdict)
    yield lab.effort(verdict.mail, "incoming_default")
    yield lab.side_by_side(neu={"Post": verdict})
    yield verdict.symbols.style
    path = lab.cluster.folder / "boese.eml"
    path.write_bytes(verdict.mail)
    wanted = "headers = { Subject = false, From = false, X-Spamd-Result = false }"
    yield lab.check(f'[[mail]]\nmail = "{path}"\nmta_name = "incoming_default"\nexpect = {{ {wanted} }}\n')
    for symbol in ("R_DKIM_ALLOW", "MIME_BAD_ATTACHMENT"):
        yield lab.why_not(symbol, verdict)


def on_its_way(lab: Lab, delivery: Delivery) -> Iterator[Any]:
    """What is shown of a mail that was sent."""
    trace = delivery.trace()
    yield from (trace, trace.table, lab.queue(), lab.mailbox("erika.muster", 1), delivery)


def in_widgets(lab: Lab, verdict: Verdict) -> Iterator[widgets.Widget]:
    """The widgets that take a mail or a verdict, after everything in them was pressed."""
    sender = Sender(lab.rspamd)
    sender.template.value = ""
    sender.text.value = verdict.mail.decode("utf-8", "replace")
    for _ in range(2):
        sender.send_button.click()
    for tab in TABS:
        sender.tab.value = tab
        yield sender
    what_if = WhatIf(lab.rspamd, verdict)
    what_if.symbol.value = "CLAM_VIRUS"
    what_if.why_button.click()
    yield what_if
    tracer = Tracer(lab.post, verdict.mail)
    tracer.send_button.click()
    tracer.thread.join()
    yield tracer
    exercise = ExerciseView(lab.system, find("sperrliste"), verdict)
    for button in (exercise.check_button, exercise.hint_button):
        button.click()
    yield exercise


def texts_of(lab: Lab, verdict: Verdict) -> Iterator[str]:
    """What a reader prints."""
    yield from (str(verdict), verdict.subject, lab.log(verdict), verdict.symbols.to_string())
    yield from (f"{name}: {value}" for name, value in verdict.headers.items())


def html_of(widget: widgets.Widget) -> Iterator[str]:
    """The HTML in a widget and all below it."""
    if isinstance(widget, widgets.HTML):
        yield widget.value
    for child in getattr(widget, "children", ()):
        yield from html_of(child)


def labels_of(widget: widgets.Widget) -> Iterator[str]:
    """The texts in a widget that JupyterLab typesets: descriptions and labels."""
    yield from (getattr(widget, "description", ""), widget.value if isinstance(widget, widgets.Label) else "")
    for child in getattr(widget, "children", ()):
        yield from labels_of(child)


def of_the_project() -> set[type]:
    """All classes that bring an HTML form of their own."""
    names = (found.name for found in pkgutil.walk_packages(labs.__path__, "labs.") if "__main__" not in found.name)
    kinds = (kind for name in names for kind in vars(importlib.import_module(name)).values() if isinstance(kind, type))
    return {kind for kind in kinds if kind.__module__.startswith("labs.") and "_repr_html_" in vars(kind)}
