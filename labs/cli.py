"""The command line. Everything heavy is imported inside the command that needs it, so that --help answers at once."""

from __future__ import annotations

import gettext
import json
import os
import signal
import sys
from pathlib import Path

import click

from labs.errors import LabError

# click asks gettext for its own words; they are German whatever the terminal speaks.
os.environ["LANGUAGE"] = "de"
gettext.bindtextdomain("messages", Path(__file__).parent / "locale")
JSON = click.option("--json", "as_json", is_flag=True, help="Ein JSON-Dokument statt Text.")


class Command(click.Command):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, options_metavar="[OPTIONEN]", **kwargs)


class Group(click.Group):
    """Shows a LabError as its German sentences and exits with 1. Ctrl-C works also where a shell started it with "&"."""

    command_class = Command

    def main(self, *args, **kwargs):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return super().main(*args, **kwargs)
        except LabError as error:
            click.secho(str(error), fg="red", err=True)
            sys.exit(1)


@click.group(
    cls=Group,
    options_metavar="[OPTIONEN]",
    subcommand_metavar="BEFEHL …",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def main() -> None:
    """Das Labor des Arbeitsbuchs: echte Mailserver auf diesem Rechner, ohne Root und ohne Internet."""


@main.command()
@click.option(
    "--fresh", is_flag=True, help="Alle Kapitel neu anlegen; was du geändert hast, wandert in einen Unterordner."
)
def start(fresh: bool) -> None:
    """JupyterLab mit Kapitel 00 öffnen."""
    from labs.jupyter import run

    sys.exit(run(fresh=fresh))


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--schnell", is_flag=True, help="Nur das Wichtigste, in etwa drei Minuten.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PFAD | OPTION] …")
def test(arguments: tuple[str, ...], schnell: bool) -> None:
    """Alles prüfen oder nur, was unter den Pfaden liegt; Optionen gehen an pytest."""
    from labs.selftest import run

    sys.exit(run(arguments, quick=schnell))


@main.command()
@click.argument("nodes", nargs=-1, metavar="[core | cluster | KNOTEN] …")
def up(nodes: tuple[str, ...]) -> None:
    """Das Labor mit diesen Knoten starten (ohne Angabe: core) oder sie dazunehmen. Es läuft, bis `./arbeitsbuch down` es beendet."""
    from labs.cluster.topology import named
    from labs.nodes import new_cluster
    from labs.progress import progress_bar

    try:
        named(*nodes)
    except LabError as error:
        raise click.BadParameter(str(error)) from None
    cluster = new_cluster()
    with progress_bar("Das Labor startet") as progress:
        fresh = cluster.start(progress, *nodes, keep=True)
    click.echo(
        f"Das Labor {'läuft' if fresh else 'lief schon'}: Netz 127.{cluster.settings['net']}.0.0/16. `./arbeitsbuch status` zeigt die Knoten."
    )


@main.command()
def down() -> None:
    """Alle Server des Labors beenden."""
    from labs.cluster.cluster import Cluster

    click.echo("Das Labor ist beendet." if Cluster().stop() else "Es lief kein Labor.")


@main.command()
@JSON
def status(as_json: bool) -> None:
    """Zeigen, welche Knoten laufen."""
    from dataclasses import asdict

    from labs.cluster.watch import STATES
    from labs.nodes import new_cluster

    cluster = new_cluster()
    nodes = cluster.status()
    if as_json:
        keys = ("name", "role", "zone", "address", "state", "pss_mb")
        rows = [{key: value for key, value in asdict(node).items() if key in keys} for node in nodes]
        click.echo(json.dumps({"nodes": rows}))
        return
    for node in nodes:
        click.echo(f"{node.name:<10} {node.address:<14} {STATES[node.state]:<16} {node.pss_mb:>6.1f} MB  {node.title}")
    sys.exit(any(node.state != "up" for node in nodes))


@main.command()
@click.argument("node")
def kill(node: str) -> None:
    """Einen Knoten hart beenden (SIGKILL); die Prozessüberwachung startet ihn neu."""
    _lab().kill(node)
    click.echo(f"{node} ist beendet und startet neu.")


@main.command()
@click.argument("node")
def freeze(node: str) -> None:
    """Einen Knoten einfrieren (SIGSTOP): Er nimmt Verbindungen an und antwortet nicht."""
    _lab().freeze(node)
    click.echo(f"{node} ist eingefroren. `./arbeitsbuch resume {node}` lässt ihn weiterlaufen.")


@main.command()
@click.argument("node", default="")
def resume(node: str) -> None:
    """Einen eingefrorenen Knoten weiterlaufen lassen; ohne Namen alle."""
    _lab().resume(node)
    click.echo(f"{node or 'Alle Knoten'}: läuft weiter.")


@main.command()
@click.argument("node")
def restart(node: str) -> None:
    """Einen Knoten ordentlich beenden und neu starten."""
    _lab().restart(node)
    click.echo(f"{node} ist neu gestartet.")


@main.command()
@click.argument("chapter", default="")
def reset(chapter: str) -> None:
    """Die mitgelieferte Konfiguration wiederherstellen."""
    click.echo(str(_lab().reset(chapter)))


@main.command()
@click.argument("mail")
@click.option("--mta-name", help="Rolle des Postfix-Dienstes, z. B. incoming_default.")
@click.option("--ip", help="IP-Adresse des sendenden Servers.")
@click.option("--helo", help="HELO-Name.")
@click.option("--hostname", help="Rückwärtsname der IP-Adresse.")
@click.option("--from", "from_", help="Umschlagabsender.")
@click.option("--rcpt", multiple=True, help="Umschlagempfänger; mehrfach erlaubt.")
@click.option("--user", help="Angemeldeter Benutzer.")
@click.option("--settings-id", default="", help="Settings-Profil, das gelten soll.")
@JSON
def scan(mail: str, rcpt: tuple[str, ...], as_json: bool, **envelope) -> None:
    """Eine Mail prüfen lassen: MAIL ist ein Name aus dem Katalog, eine Datei oder - für die Standardeingabe."""
    verdict = _lab().scan(_mail(mail), rcpt=rcpt or None, **envelope)
    if as_json:
        symbols = {hit.name: {"score": hit.score, "options": list(hit.options)} for hit in verdict.hits}
        click.echo(
            json.dumps(
                {
                    "action": verdict.action,
                    "score": verdict.score,
                    "required_score": verdict.required_score,
                    "symbols": symbols,
                }
            )
        )
    else:
        click.echo(str(verdict))


@main.command()
@click.argument("mail")
@click.option("--via", default="mx", show_default=True, help="Weg: mx, mx2, submission, internal.")
@click.option("--ip", help="IP-Adresse des Absenders.")
@click.option("--helo", help="HELO-Name.")
@click.option("--hostname", help="Rückwärtsname der IP-Adresse.")
@click.option("--from", "from_", help="Umschlagabsender.")
@click.option("--rcpt", multiple=True, help="Umschlagempfänger; mehrfach erlaubt.")
@click.option("--user", help="Angemeldeter Benutzer.")
@JSON
def send(mail: str, via: str, rcpt: tuple[str, ...], as_json: bool, **envelope) -> None:
    """Eine Mail durch den Cluster senden (vorher `up cluster`)."""
    delivery = _lab().send(_mail(mail), via, rcpt=rcpt or None, **envelope)
    if as_json:
        click.echo(json.dumps({"code": delivery.code, "reply": delivery.reply, "queue_id": delivery.queue_id}))
    else:
        click.echo(str(delivery))
    sys.exit(not delivery.accepted)


@main.command()
@click.argument("folder", default="", metavar="[ORDNER]")
@click.option("--expect", "expectation", metavar="DATEI", help="Erwartungen; sonst gilt expect.toml im ORDNER.")
@JSON
def check(folder: str, expectation: str | None, as_json: bool) -> None:
    """Eine Policy prüfen: Gilt alles, was in expect.toml steht?

    ORDNER ist deine Konfiguration (/etc/rspamd, eine Kopie davon oder ein local.d); ohne ihn wird die des Arbeitsbuchs
    geprüft. Dafür startet ein eigenes Labor, das danach spurlos endet. Ende mit 0: alles gilt; 1: etwas gilt nicht;
    2: Der Ordner oder die Datei stimmt nicht.
    """
    from labs.check import WORKBOOK, files_of_expectations, run
    from labs.policy.expectation import SchemaError
    from labs.progress import progress_bar
    from labs.rspamd.own.files import NoConfiguration

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the lab must end as on Ctrl-C
    place = _from_caller(folder) if folder else WORKBOOK
    try:
        expectations = [_from_caller(expectation)] if expectation else files_of_expectations(place)
        with progress_bar("Policy prüfen") as progress:
            report = run(place, expectations, progress)
    except (SchemaError, NoConfiguration) as error:
        click.secho(str(error), fg="red", err=True)
        sys.exit(2)
    except LabError as error:
        if as_json:
            click.echo(json.dumps({"passed": 0, "failed": 0, "notes": [], "cases": [], "error": str(error)}))
        raise
    click.echo(json.dumps(report.as_json()) if as_json else str(report))
    sys.exit(not report.ok)


@main.command()
def mails() -> None:
    """Die Beispielmails auflisten."""
    from labs.mails import catalogue

    for mail in catalogue().values():
        click.echo(f"{mail.name:<26} {mail.title}")


@main.command()
@click.argument("node")
@click.option("-n", "--lines", type=click.IntRange(1), default=40, show_default=True, help="Zahl der Zeilen.")
def logs(node: str, lines: int) -> None:
    """Die letzten Zeilen eines Knotens zeigen."""
    click.echo(_lab().logs(node, lines))


@main.command()
@JSON
def doctor(as_json: bool) -> None:
    """Prüfen, ob dieser Rechner alles hat."""
    from labs.doctor import examine

    findings = examine()
    if as_json:
        click.echo(json.dumps({"findings": [finding.__dict__ for finding in findings]}))
    else:
        for finding in findings:
            click.echo(f"{'✓' if finding.ok else '✗'} {finding.what}: {finding.found}")
            if finding.remedy:
                click.echo(f"    → {finding.remedy}")
    sys.exit(any(not finding.ok for finding in findings))


@main.command()
@JSON
def bench(as_json: bool) -> None:
    """Die Geschwindigkeit messen."""
    from labs.bench import measure

    rows = measure()
    if as_json:
        click.echo(json.dumps({"rows": [row.__dict__ for row in rows]}))
    else:
        for row in rows:
            click.echo(
                f"{'✓' if row.met else '✗'} {row.name:<52} {row.ratio:>8.3g} {row.goal}   ({row.value:.4g} gegen {row.reference:.4g})"
            )
    sys.exit(any(not row.met for row in rows))


def _mail(argument: str) -> str | bytes:
    """What the command line names as a mail: "-" is standard input, a path counts from where the caller stands."""
    if argument == "-":
        return sys.stdin.buffer.read()
    path = _from_caller(argument)
    return str(path) if path.is_file() else argument


def _from_caller(path: str) -> Path:
    """A path counts from where the caller stands; the launcher works in the workbook's folder."""
    return Path(os.environ.get("LABS_CWD", ".")) / path


def _lab():
    from labs.cluster.cluster import not_running
    from labs.lab import Lab
    from labs.nodes import new_cluster

    cluster = new_cluster()
    if not cluster.running:
        raise not_running()
    return Lab(cluster)
