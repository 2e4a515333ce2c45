"""A stream of mail through the cluster while something happens to it: what the senders saw, what arrived.

Senders behave as RFC 5321, section 4.5.4 asks: after a 4xx or a broken connection they keep the mail and try again,
at the next MX first. So what an outage costs shows as it would in reality: as delay, as refusals, or as loss.
"""

from __future__ import annotations

import queue
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from labs.cluster.acts import ACTS
from labs.cluster.cluster import Cluster, services
from labs.errors import LabError
from labs.mails import load_signed
from labs.progress import Progress
from labs.rspamd.dialect.log import log_of, summaries
from labs.smtp.client import NO_CLUSTER, START_CLUSTER, message_id, send
from labs.smtp.queue import corrupt, entries
from labs.visible import visible

if TYPE_CHECKING:
    import pandas as pd

CLIENTS = 40
"""Senders at work at the same time: a frozen node must not stop those that come after."""


@dataclass(frozen=True)
class Attempt:
    """One SMTP dialogue: ``at`` and ``seconds`` since the start of the stream; ``code`` 0: no dialogue at all."""

    door: str
    at: float
    seconds: float
    code: int
    reply: str


@dataclass(frozen=True)
class Sent:
    """One mail of the stream. ``due``: when its sender first tried; ``arrived``: in the mailbox, None when it never was.

    ``queued``: "waiting" or "corrupt" while it lies in a queue, else empty.
    """

    number: int
    due: float
    attempts: tuple[Attempt, ...]
    arrived: float | None
    worker: str = ""
    queued: str = ""

    @property
    def accepted(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].code == 250

    @property
    def outcome(self) -> str:
        """at once, delayed, refused, given up; accepted, and waiting in a queue, corrupt, or lost (nowhere to be found)."""
        if not self.accepted:
            return "refused" if self.attempts and self.attempts[-1].code >= 500 else "given up"
        if self.arrived is None:
            return self.queued or "lost"
        return "at once" if len(self.attempts) == 1 else "delayed"


OUTCOMES = {
    "at once": "sofort angenommen",
    "delayed": "nach neuem Versuch angenommen",
    "refused": "abgelehnt",
    "given up": "aufgegeben",
    "waiting": "angenommen, noch in der Queue",
    "corrupt": "angenommen und beschädigt (Queue corrupt)",
    "lost": "angenommen und verloren",
}


@dataclass(frozen=True)
class Stream:
    """All mails of a stream, in the order of their numbers. ``events``: what happened, (seconds, "kill rspamd1")."""

    mails: tuple[Sent, ...]
    events: tuple[tuple[float, str], ...]

    def count(self, outcome: str) -> int:
        """How many mails ended as ``outcome`` (a key of OUTCOMES)."""
        return sum(mail.outcome == outcome for mail in self.mails)

    @property
    def workers(self) -> dict[str, int]:
        """How many mails each Rspamd worker checked last on the MX."""
        return dict(sorted(Counter(mail.worker for mail in self.mails if mail.worker).items()))

    @property
    def replies(self) -> pd.DataFrame:
        """What the senders were told instead of 250: Antwort, Anzahl."""
        import pandas as pd

        told = Counter(
            f"{attempt.code or 'keine Verbindung'} {attempt.reply}".strip()
            for mail in self.mails
            for attempt in mail.attempts
            if attempt.code != 250
        )
        return pd.DataFrame(told.most_common(), columns=["Antwort", "Anzahl"])

    @property
    def longest(self) -> float:
        """Seconds that the most delayed mail took from its sender's first try to the mailbox."""
        return max((mail.arrived - mail.due for mail in self.mails if mail.arrived is not None), default=0.0)

    @property
    def median(self) -> float:
        """Seconds from the first try to the mailbox: half of the delivered mails were faster."""
        return statistics.median([mail.arrived - mail.due for mail in self.mails if mail.arrived is not None] or [0.0])

    @property
    def longest_wait(self) -> float:
        """Seconds of the longest single SMTP dialogue: so long did one sender wait for an answer."""
        return max((attempt.seconds for mail in self.mails for attempt in mail.attempts), default=0.0)

    def __str__(self) -> str:
        counts = [f"{self.count(key)} {text}" for key, text in OUTCOMES.items() if self.count(key) or key in _ALWAYS]
        shares = ", ".join(f"{name} {number}" for name, number in self.workers.items())
        median, longest = (f"{value:.1f}".replace(".", ",") for value in (self.median, self.longest))
        return (
            f"{len(self.mails)} Mails: {', '.join(counts)}.\n"
            f"Die Hälfte war nach {median} s im Postfach, die langsamste nach {longest} s. Geprüft haben auf dem MX: {shares or 'niemand'}."
        )

    __repr__ = __str__


_ALWAYS = ("at once", "refused", "lost")


@dataclass
class Sender:
    """What a stream needs from the lab. ``send(number, door)``: SMTP code and reply, LabError without a connection.

    ``act``: carries out an event such as "kill rspamd1". ``arrived``: number -> time of arrival (time.time()).
    ``checked``: number -> the worker that checked it. ``queued``: number -> "waiting" or "corrupt", for
    what lies in some queue.
    """

    send: Callable[[int, str], tuple[int, str]]
    act: Callable[[str], None]
    arrived: Callable[[], Mapping[int, float]]
    checked: Callable[[], Mapping[int, str]]
    queued: Callable[[], Mapping[int, str]]
    doors: Sequence[str] = ("mx1", "mx2")


@dataclass
class _Letter:
    number: int
    due: float
    attempts: list[Attempt] = field(default_factory=list)


def run(
    sender: Sender,
    mails: int,
    rate: float,
    events: Mapping[float, str],
    progress: Progress,
    retry: float = 1.0,
    patience: float = 30.0,
) -> Stream:
    """Send ``mails`` at ``rate`` a second; at each second of ``events`` something happens to a node.

    A deferred mail is tried again after ``retry`` seconds, until ``patience`` seconds after it was due; then its sender
    gives up. Waits as long for what was accepted. Errors of ``act`` are raised at the end of the stream.
    """
    started, clock = time.monotonic(), time.time()
    letters = [_Letter(number, number / rate) for number in range(mails)]
    todo: queue.PriorityQueue[tuple[float, int]] = queue.PriorityQueue()
    for letter in letters:
        todo.put((letter.due, letter.number))
    left, done = threading.Semaphore(0), threading.Event()
    happened: list[tuple[float, str]] = []
    errors: list[LabError] = []

    def now() -> float:
        return time.monotonic() - started

    def attempt(letter: _Letter) -> None:
        at, tries = now(), len(letter.attempts)
        door = sender.doors[(letter.number + tries) % len(sender.doors)]
        try:
            code, reply = sender.send(letter.number, door)
        except LabError as error:
            code, reply = 0, error.why or error.what
        letter.attempts.append(Attempt(door, at, now() - at, code, reply))
        if (code == 0 or 400 <= code < 500) and now() + retry < letter.due + patience:
            # Without a connection the next MX is tried at once; both in turn, then it waits.
            pause = 0.0 if code == 0 and tries % len(sender.doors) == 0 else retry
            todo.put((now() + pause, letter.number))
        else:
            left.release()

    def client() -> None:
        while not done.is_set():
            try:
                due, number = todo.get(timeout=0.1)
            except queue.Empty:
                continue
            time.sleep(max(0.0, due - now()))
            attempt(letters[number])

    def happen() -> None:
        for at, event in sorted(events.items()):
            if done.wait(max(0.0, at - now())):
                return
            happened.append((now(), event))
            try:
                sender.act(event)
            except LabError as error:
                errors.append(error)

    threads = [threading.Thread(target=client, daemon=True) for _ in range(min(CLIENTS, mails))]
    threads.append(threading.Thread(target=happen, daemon=True))
    for thread in threads:
        thread.start()
    try:
        for number in range(mails):
            while not left.acquire(timeout=0.2):
                progress(0.9 * number / mails, f"{number} von {mails} Mails sind beantwortet ({now():.0f} s)")
            if number % 10 == 0:
                progress(0.9 * number / mails, f"{number} von {mails} Mails sind beantwortet ({now():.0f} s)")
        while threads[-1].is_alive():
            progress(0.9, f"Alle Mails sind beantwortet; es fehlt noch ein Ereignis ({now():.0f} s)")
            threads[-1].join(timeout=0.2)
        accepted = {letter.number for letter in letters if letter.attempts[-1].code == 250}
        deadline = now() + patience
        while missing := len(accepted - sender.arrived().keys()):
            if now() > deadline:
                break
            progress(0.95, f"Warten auf {missing} angenommene Mails ({now():.0f} s)")
            time.sleep(0.1)
    finally:
        done.set()
        for thread in threads:
            thread.join(timeout=1)
    if errors:
        raise errors[0]
    arrived, checked = sender.arrived(), sender.checked()
    queued = sender.queued() if accepted - arrived.keys() else {}
    return Stream(
        tuple(
            Sent(
                letter.number,
                letter.due,
                tuple(letter.attempts),
                arrived[letter.number] - clock if letter.number in arrived else None,
                checked.get(letter.number, ""),
                queued.get(letter.number, ""),
            )
            for letter in letters
        ),
        tuple(happened),
    )


def through_mx(
    cluster: Cluster,
    mails: int,
    events: Mapping[float, str],
    mail: str,
    rate: float,
    patience: float,
    progress: Progress,
) -> Stream:
    """A stream of one sample mail through both MX into Erika's mailbox. Raises LabError for an unknown event."""
    if "mx1" not in cluster.nodes:
        raise LabError(NO_CLUSTER, next_step=START_CLUSTER)
    for event in events.values():
        verb, _, node = event.partition(" ")
        if verb not in ACTS:
            raise LabError(
                f"Ein Ereignis „{event}“ gibt es nicht.",
                next_step=f"Nimm eines von {', '.join(ACTS)} und einen Knoten: „kill rspamd1“.",
            )
        cluster.select(node)
    nodes, secrets = cluster.nodes, cluster.secrets
    letters = []
    for number in range(mails):
        if number % 25 == 0:
            progress(0.0, f"{mails} Mails werden geschrieben und signiert")
        letters.append(load_signed(mail, secrets))
    numbers = {message_id(content): number for number, (content, _) in enumerate(letters)}
    mailbox, seen = nodes["imap1"].main.folder / "mail", {}

    def deliver(number: int, door: str) -> tuple[int, str]:
        content, envelope = letters[number]
        delivery = send(nodes, secrets, content, replace(envelope, rcpt=("erika.muster@firma.example",)), door)
        return delivery.code, visible(delivery.reply)

    def arrived() -> dict[int, float]:
        for path in mailbox.glob("*/new/*"):
            if path.name not in seen:
                seen[path.name] = (message_id(path.read_bytes()[:8192]), path.stat().st_mtime)
        return {numbers[name]: at for name, at in seen.values() if name in numbers}

    def checked() -> dict[int, str]:
        found: dict[int, str] = {}
        for node in nodes.values():
            if "rspamd-worker" in node.services:
                log = log_of(node.services["rspamd-worker"])
                for scan in summaries(log.read_bytes().decode(errors="replace").split("\n")):
                    if scan.settings_id == "incoming_default" and scan.message_id in numbers:
                        found[numbers[scan.message_id]] = node.name
        return found

    def queued() -> dict[int, str]:
        found = {}
        postfix = [service for service in services(nodes) if service.role.startswith("postfix-")]
        lying = [(entry.node, entry.queue_id, "waiting") for entry in entries(cluster.bundle, postfix)]
        lying += [(service.node, queue_id, "corrupt") for service in postfix for queue_id in corrupt(service)]
        for node, queue_id, where in lying:
            log = nodes[node].main.folder / "log/mail.log"
            match = re.search(rf"{queue_id}: message-id=<([^>]+)>", log.read_text(errors="replace"))
            if match and match[1] in numbers:
                found[numbers[match[1]]] = where
        return found

    def act(event: str) -> None:
        verb, _, node = event.partition(" ")
        ACTS[verb](cluster, node)

    return run(Sender(deliver, act, arrived, checked, queued), mails, rate, events, progress, patience=patience)
