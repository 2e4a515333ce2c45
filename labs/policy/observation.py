"""What came of a mail, seen alike whether Rspamd was asked directly or the mail went through Postfix.

Source: https://docs.rspamd.com/developers/protocol (milter, profile), src/libserver/milter.c (spam_header), lua_bayes_learn.lua.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labs.rspamd.dialect.log import Summary, learned, lines_of, log_of, summaries
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict
from labs.smtp.client import Delivery
from labs.smtp.headers import Headers, delivered_headers, header_lines, unfolded

TRACE_SECONDS = 10
SPAM_HEADER = ("X-Spam", "Yes")
"""What the proxy itself adds for the action "add header"; a worker's own answer does not name it."""


@dataclass(frozen=True)
class Observation:
    """What came of a mail. None stands for what nobody could see.

    ``symbols``: name -> points. ``code``, ``path``: only when it went through Postfix (path: its nodes in order).
    ``reply``: the text of the SMTP reply, without Postfix the one that Rspamd asks for. ``headers``: lines of the
    mail's head as the recipient gets it. ``learned``: "spam", "ham" or "". ``ran``: number of rules that
    ran, see callbacks_run. ``forced_by``: the module that decided whatever the score.
    """

    action: str
    score: float | None
    symbols: Mapping[str, float]
    code: int | None = None
    reply: str = ""
    path: tuple[str, ...] = ()
    headers: Headers | None = None
    learned: str | None = None
    forced_by: str = ""
    ran: int | None = None

    @classmethod
    def of(cls, result: Verdict | Delivery, rspamd: Rspamd | None = None) -> Observation:
        """What a verdict or a delivery shows; of a delivery it is the first node's verdict.

        ``rspamd``: where the log lies that tells whether the mail was learned.
        """
        return _scanned(result, rspamd) if isinstance(result, Verdict) else _delivered(result)


def _scanned(verdict: Verdict, rspamd: Rspamd | None) -> Observation:
    return Observation(
        verdict.action,
        verdict.score,
        {hit.name: hit.score for hit in verdict.hits},
        reply=str(verdict.raw.get("messages", {}).get("smtp_message", "")),
        headers=_headers_after(verdict),
        learned=learned(rspamd.log(verdict)) if rspamd else None,
        forced_by=str(verdict.raw.get("passthrough_module", "")),
    )


def _delivered(delivery: Delivery) -> Observation:
    hops = delivery.trace(TRACE_SECONDS).hops
    path = tuple(dict.fromkeys(hop.node for hop in hops))
    headers = delivered_headers(delivery.nodes, hops) or None
    seen = Observation("", None, {}, delivery.code, delivery.reply, path, headers)
    if not hops or not hops[0].scanner:
        return seen
    first = hops[0]
    log = lines_of(log_of(delivery.nodes[first.scanner].main), first.queue_id)
    summary = next(summaries(log.splitlines()), Summary(""))
    return Observation(
        first.action, first.score, summary.symbols,
        delivery.code, delivery.reply, path, headers, learned(log), forced_by=summary.forced_by,
    )  # fmt: skip


def callbacks_run(verdicts: Sequence[Verdict]) -> int:
    """How many rules with callbacks ran for a mail that was scanned several times.

    Rspamd measures these in every scan; all rules only now and then (once a minute, and in one of a hundred
    scans). So of several scans the one with the fewest entries in its profile counts. Source: symcache_runtime.cxx.
    """
    return min(len(verdict.raw.get("profile", ())) for verdict in verdicts)


def _headers_after(verdict: Verdict) -> Headers:
    """The head of the mail after what the proxy would do to it on this verdict."""
    milter = verdict.raw.get("milter", {})
    lines = header_lines(verdict.mail)
    for name, which in milter.get("remove_headers", {}).items():
        own = [number for number, (other, _) in enumerate(lines) if other.lower() == name.lower()]
        gone = {number for index in _listed(which) for number in _chosen(own, int(index))}
        lines = [line for number, line in enumerate(lines) if number not in gone]
    for name, values in milter.get("add_headers", {}).items():
        for value in _listed(values):
            lines.append((name, unfolded(str(value["value"] if isinstance(value, dict) else value))))
    if verdict.action == "add header":
        lines.append(SPAM_HEADER)
    if verdict.action == "rewrite subject":
        lines = [line for line in lines if line[0].lower() != "subject"] + [("Subject", verdict.raw.get("subject", ""))]
    return tuple(lines)


def _chosen(numbers: list[int], index: int) -> list[int]:
    """The lines that ``index`` means: 0 all of that name, 1 the first, -1 the last."""
    if not index:
        return numbers
    return numbers[index - 1 : index] if index > 0 else numbers[index : index + 1 or None]


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else [value]
