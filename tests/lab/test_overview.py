"""The overview, the picture of a trace and the tracer against a real cluster, without a browser."""

import re
import threading

import pytest
from ipywidgets import Button

from labs.errors import LabError
from labs.widgets.journey import trace_html
from labs.widgets.overview import Overview
from labs.widgets.overview_model import ACTIONS, OverviewModel
from labs.widgets.tracer import Tracer
from labs.widgets.tracer_model import WAYS
from tests.fixtures import silent
from tests.lab.test_start import wait_until


@pytest.fixture
def overview(big):
    widget = big.overview()
    yield widget
    big.resume()
    widget.close()


def words(html: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", html)


def test_it_shows_every_node_and_buttons_for_each(big, overview):
    shown = words(overview.picture.value)
    nodes = list(big.cluster.nodes.values())
    assert len(nodes) == 14 and {node.name for node in nodes} <= set(shown)
    assert {node.name for node in nodes if node.services} == {name for name, _ in overview.buttons}
    assert len(overview.buttons) == 11 * len(ACTIONS) and all(
        isinstance(one, Button) for one in overview.buttons.values()
    )
    assert "Alle 11 Knoten mit Diensten laufen" in shown and overview.following


def test_a_frozen_node_is_seen_without_a_question_to_any_server(big, overview):
    log = big.cluster.node("hub1").main.folder / "log/mail.log"
    before, big_before = log.read_text(errors="replace"), overview.renderings
    big.freeze("rspamd1")
    wait_until(lambda: overview.live.states["rspamd1"] == "frozen", 10)
    wait_until(lambda: overview.renderings > big_before, 10)
    assert words(overview.picture.value).count("eingefroren") == 2, "the node and the legend"
    assert overview.buttons["rspamd1", "freeze"].disabled and not overview.buttons["rspamd1", "resume"].disabled
    big.resume("rspamd1")
    wait_until(lambda: overview.live.states["rspamd1"] == "up", 10)
    assert log.read_text(errors="replace") == before


def test_the_buttons_freeze_resume_kill_and_restart(big, overview):
    pids = {process.pid for process in big.cluster.processes("redis1")}
    for action, state, sentence in (
        ("freeze", "frozen", "redis1 ist eingefroren"), ("resume", "up", "redis1 läuft weiter"),
        ("restart", "up", "redis1 ist neu gestartet und antwortet"),
    ):  # fmt: skip
        overview.buttons["redis1", action].click()
        assert sentence in overview.notice.value and overview.live.states["redis1"] == state
    restarted = {process.pid for process in big.cluster.processes("redis1")}
    assert restarted and not restarted & pids
    overview.buttons["redis1", "kill"].click()
    assert "SIGKILL" in overview.notice.value
    wait_until(lambda: overview.live.states["redis1"] == "up", 10)
    assert not {process.pid for process in big.cluster.processes("redis1")} & restarted


def test_mails_per_minute_appear_and_nothing_is_drawn_without_a_change(big, overview):
    big.send("sauber", "mx2").trace()
    wait_until(lambda: overview.live.rates["mx2"] >= 1 and overview.live.rates["imap1"] >= 1, 10)
    assert any(re.fullmatch(r"[1-9]\d* Mails?/min", text) for text in words(overview.picture.value))
    drawn, live = overview.renderings, overview.live
    overview._show(live)
    assert overview.renderings == drawn


def test_a_mistake_in_a_callback_is_shown_in_german(big, overview):
    overview.model.cluster = None
    overview.buttons["redis1", "freeze"].click()
    assert 'role="alert"' in overview.notice.value and "Führe die Zelle noch einmal aus" in overview.notice.value
    with pytest.raises(LabError, match="Vorhanden sind: kill, freeze"):
        OverviewModel(big.cluster).act("sprengen", "redis1")


def test_only_the_latest_overview_follows_the_lab(big):
    one, other = big.overview(), big.overview()
    assert not one.following and "neuere Übersicht" in one.notice.value and other.following
    other.close()
    wait_until(lambda: not any(thread.name == "lab-overview" for thread in threading.enumerate()), 10)


def test_an_inbound_trace_is_a_picture_with_tables(big):
    trace = big.send("sauber", "mx1").trace()
    text = trace_html(trace)
    assert [hop.node for hop in trace.hops] == ["mx1", "hub1", "imap1"] and trace.finished
    assert {"Weg der Mail: client → mx1 → hub1 → imap1", *(hop.queue_id for hop in trace.hops)} <= set(words(text))
    assert all(hop.delay > 0 and len(hop.last.delays) == 4 for hop in trace.hops[:2])
    assert {hop.scanner for hop in trace.hops[:2]} <= {"rspamd1", "rspamd2"} and trace.hops[0].scan_seconds > 0
    added = [[name for name, _ in hop.added] for hop in trace.hops]
    assert added[0][0] == "Received" and "X-Spamd-Result" in added[0] and added[2][0] == "Return-Path"
    assert "R_SPF_ALLOW" in text and "X-Rspamd-Action: no action" in text


def test_an_outbound_trace_with_two_recipients_branches(big):
    trace = big.send(
        "sauber", "submission", from_="erika.muster@firma.example",
        rcpt=["lena.hartwig@partner.example", "max.beispiel@firma.example"],
    ).trace()  # fmt: skip
    assert {hop.node for hop in trace.hops} == {"hub1", "imap1", "mailout1", "internet1"} and len(trace.hops) == 5
    assert [trace.before(hop) for hop in trace.hops if hop.node in ("imap1", "mailout1")] == ["hub1", "hub1"]
    assert any("Zugestellt auf" in text and "internet1" in text for text in words(trace_html(trace)))


@pytest.mark.parametrize(
    ("mail", "door", "envelope", "code", "hops"),
    [("pillen", "mx1", {}, 554, 1), ("sauber", "mx1", {"rcpt": "x@partner.example"}, 554, 0), ("sauber", "hub1", {}, 554, 0)],
    ids=["spam", "relay", "HUB from outside"],
)  # fmt: skip
def test_a_refused_mail_shows_where_it_ended_and_why(big, mail, door, envelope, code, hops):
    trace = big.send(mail, door, **envelope).trace()
    shown = words(trace_html(trace))
    assert len(trace.hops) == hops and trace.finished
    assert f"Weg der Mail: client → {door}" in shown and any(f"nicht angenommen: {code}" in text for text in shown)
    assert any("abgewiesen" in text for text in shown)


def test_the_tracer_lights_up_hop_by_hop(big):
    tracer = big.tracer()
    assert "Noch ist keine Mail unterwegs." in words(tracer.picture.value)
    pictures = []
    tracer.picture.observe(lambda change: pictures.append(change["new"]), "value")
    tracer.way.value = "mx2"
    tracer.send_button.click()
    tracer.thread.join(60)
    grown = [sum(f"→ {name}" in " ".join(words(picture)) for name in ("mx2", "hub1", "imap1")) for picture in pictures]
    assert grown[:1] == [1] and grown[-1] == 3 and grown == sorted(grown)
    assert "Fertig" in tracer.notice.value and "Als Tabelle (3)" in tracer.details.value
    assert not tracer.send_button.disabled


@pytest.mark.parametrize("way", list(WAYS))
def test_every_way_of_the_tracer_can_be_gone(big, way):
    tracer = Tracer(big.post)
    tracer.way.value = way
    tracer.send_button.click()
    tracer.thread.join(60)
    assert tracer.model.trace.finished and 'role="alert"' not in tracer.notice.value
    assert tracer.model.delivery.accepted == (way not in ("hub1", "mailout1"))


def test_the_tracer_takes_an_own_mail(big):
    tracer = big.tracer(
        b"From: a@partner.example\r\nSubject: Eigene\r\nMessage-ID: <eigene@partner.example>\r\n\r\nHallo\r\n"
    )
    assert tracer.mail.label == "Eigene Mail"
    tracer.send_button.click()
    tracer.thread.join(60)
    assert tracer.model.trace.message_id == "eigene@partner.example" and tracer.model.trace.hops


def test_in_the_small_lab_both_widgets_say_what_they_can(lab):
    overview, tracer = Overview(lab.cluster), Tracer(lab.post)
    assert "Alle 3 Knoten mit Diensten laufen" in words(overview.picture.value)
    overview.close()
    assert (
        "läuft kein Postfix" in tracer.notice.value
        and 'Lab.start(profile="cluster")' in tracer.notice.value.replace("&quot;", '"')
    )


def test_when_the_lab_stops_a_sentence_says_so(cluster):
    from labs.lab import Lab

    cluster.start(silent)
    overview = Lab(cluster).overview()
    cluster.stop()
    wait_until(lambda: not overview.following, 10)
    wait_until(lambda: "Das Labor läuft nicht mehr" in overview.notice.value, 10)
    assert Lab(cluster).overview().notice.value == overview.notice.value
    overview.buttons["redis1", "freeze"].click()
    assert "Das Labor läuft nicht" in overview.notice.value
