"""A mail's way as a picture and as tables: numbered hops, where it ended and why, hostile replies as text."""

from dataclasses import replace
from pathlib import Path

import pytest

from labs.cluster.topology import links, place
from labs.plots.journey import alternative_text, journey, result, stages, title
from labs.smtp.records import Handover
from labs.smtp.trace import Entry, Hop, Trace
from labs.widgets.journey import trace_html
from tests.unit.test_plots import HOSTILE, SVG, boxes, check_legible, parsed, texts

NODES = place(178, Path("/lab"), "cluster")
DOOR = Entry("client", "mx1", 250, "2.0.0 Ok: queued as AAAAAAAAAA1", "AAAAAAAAAA1", 0.2)


def to(queue_id, relay="127.178.2.1[127.178.2.1]:2525", delay=0.04, **changes):
    reply = f"250 2.0.0 Ok: queued as {queue_id}" if queue_id else "delivered to maildir"
    return replace(Handover("e@x", relay, "sent", reply, delay, (0.01, 0.0, 0.02, 0.01)), **changes)


def hop(node, queue_id, *handovers, **more):
    asked = {} if node in ("imap1", "internet1") else {
        "action": "no action", "score": -1.0, "symbols": ("R_SPF_ALLOW",), "scan_seconds": 0.034, "scanner": "rspamd2",
        "role": "incoming_default",
    }  # fmt: skip
    return Hop(node, queue_id, "11:38:18", handovers=handovers, **(asked | more))


INBOUND = (hop("mx1", "AAAAAAAAAA1", to("B2")), hop("hub1", "B2", to("C3")), hop("imap1", "C3", to("", "virtual")))
ADDED = replace(INBOUND[1], added=(("X-Spamd-Result", f"default: False {HOSTILE}"),))
BRANCHED = (
    hop("hub1", "A1", to("B2")), hop("hub1", "B2", to("C3"), to("D4", recipient="b@x")), hop("imap1", "C3", to("", "virtual")),
    hop("mailout1", "D4", to("E5")), hop("internet1", "E5", to("", "virtual")),
)  # fmt: skip
REJECTED = hop(
    "mx1", "8A1E7F58001", action="reject", score=19.8, refused="rejected", refusal="5.7.1 Spam message rejected"
)
EVIL = replace(
    REJECTED, queue_id=HOSTILE, action=HOSTILE, refusal=HOSTILE * 4, symbols=(HOSTILE,), client=HOSTILE, role=HOSTILE
)
TRACES = {
    "inbound": Trace("1@x", INBOUND, DOOR, NODES),
    "headers": Trace("1@x", (INBOUND[0], ADDED, INBOUND[2]), DOOR, NODES),
    "branched": Trace("1@x", BRANCHED, Entry("intern", "hub1", 250, "queued as A1", "A1", 0.1), NODES),
    "rejected": Trace("1@x", (REJECTED,), replace(DOOR, code=554, reply="5.7.1 Spam message rejected"), NODES),
    "refused": Trace("1@x", (), Entry("client", "hub1", 530, f"5.7.0 STARTTLS first {HOSTILE}", "", 0.1), NODES),
    "waiting": Trace("1@x", (INBOUND[0], hop("hub1", "B2", to("", "none", 300.5, status="deferred", reply="timed out"))), DOOR, NODES),
    "queued": Trace("1@x", (hop("mx1", "AAAAAAAAAA1"),), DOOR, NODES),
    "nothing": Trace("1@x", (), DOOR, NODES),
    "hostile": Trace(HOSTILE, (EVIL,), replace(DOOR, code=554, reply=HOSTILE * 9), NODES),
}  # fmt: skip
each = pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)


def draw(trace):
    return journey(trace, links(NODES))


@each
def test_no_text_overlaps_another_or_is_cut_off(trace):
    figure = draw(trace)
    found = [(text, box) for text, box in boxes(figure) if not text.isdigit()]
    assert len(found) > 20
    check_legible(figure, found)


@each
def test_every_hop_is_numbered_at_its_arrow_and_in_its_box(trace):
    shown = texts(draw(trace))
    for step in stages(trace):
        scanned = bool(step.hop and step.hop.scanner)
        assert shown.count(str(step.number)) == 2 + scanned
        if step.hop and step.hop.queue_id.isalnum():
            assert step.hop.queue_id in shown
    assert set(NODES) <= set(shown)


@each
def test_html_is_escaped_and_stands_on_its_own(trace):
    text = trace_html(trace)
    assert "<script" not in text and "\x00" not in text.partition("<details")[0]
    root = parsed(text.partition("</svg>")[0] + "</svg>")
    assert root.tag == f"{SVG}svg" and root.get("aria-label") == alternative_text(trace)


def test_the_way_and_its_end_are_said():
    assert title(TRACES["inbound"]) == "Weg der Mail: client → mx1 → hub1 → imap1"
    assert result(TRACES["inbound"]) == "Zugestellt auf imap1."
    assert title(TRACES["branched"]) == "Weg der Mail: intern → hub1 → hub1 → imap1 und hub1 → mailout1 → internet1"
    assert result(TRACES["branched"]) == "Zugestellt auf imap1 und internet1."
    assert result(TRACES["waiting"]) == "hub1: wartet (timed out)"
    assert result(TRACES["queued"]) == "Unterwegs, zuletzt auf mx1."
    assert result(TRACES["refused"]).startswith("hub1 hat die Mail nicht angenommen: 530 5.7.0")
    assert "1. mx1: Queue-ID 8A1E7F58001, reject · 19,8 Punkte, abgewiesen." in alternative_text(TRACES["rejected"])


def test_times_and_verdicts_stand_in_the_boxes():
    shown = texts(draw(TRACES["waiting"]))
    assert {"0,04 s", "300,50 s", "wartet", "no action · −1,0 Punkte", "hat geprüft"} <= set(shown)
    assert {"abgewiesen", "reject 19,8", "34 ms"} <= set(texts(draw(TRACES["rejected"])))
    assert "abgewiesen: 530" in texts(draw(TRACES["refused"]))


def test_tables_tell_parts_of_the_time_symbols_and_headers():
    text = trace_html(TRACES["headers"])
    row = [cell.partition("<")[0] for cell in text.partition("<tbody>")[2].split("vertical-align:top'>")[1:]][:15]
    assert row[:3] == ["1", "mx1", "AAAAAAAAAA1"] and row[5:10] == [
        "no action",
        "−1,0",
        "hub1:2525",
        "weitergegeben",
        "0,04",
    ]
    assert row[10:] == ["0,01", "0,00", "0,02", "0,01", "34"] and "R_SPF_ALLOW" in text
    assert "X-Spamd-Result: default: False" in text and "nur eines" in text
    assert "liegt in keinem Postfach" in trace_html(TRACES["rejected"])
