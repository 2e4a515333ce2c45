"""A private apt root: resolves, verifies and downloads Debian packages without root rights.

The mirror, its proxies and certificates come from this machine's own apt configuration. apt verifies the
signatures with the distribution's keyring. Source: apt.conf(5), apt-get(8), apt-transport-http(1).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from labs.errors import LabError
from labs.progress import Progress

_ALIASES = {"stable", "oldstable", "testing", "unstable", "sid"}


@dataclass(frozen=True)
class Source:
    """One line of sources.list: where a release comes from and which keyring vouches for it."""

    uri: str
    release: str
    components: str
    keyring: str

    def line(self, architecture: str) -> str:
        return f"deb [arch={architecture} signed-by={self.keyring}] {self.uri} {self.release} {self.components}"


def os_release(text: str | None = None) -> dict[str, str]:
    """``/etc/os-release`` as a dictionary. Source: os-release(5)."""
    text = Path("/etc/os-release").read_text() if text is None else text
    return {k: v.strip("\"'") for k, _, v in (line.partition("=") for line in text.splitlines()) if v}


def sources(targets: str, system: dict[str, str], suite: str, *, mirror: str = "") -> list[Source]:
    """The sources for ``suite``, derived from the machine's index targets.

    ``targets``: lines "URI RELEASE COMPONENT" as ``apt-get indextargets`` prints them. ``system``: os-release.
    On a host that is not Debian and has no ``mirror``, its own release is taken instead of ``suite``.
    Raises LabError when the machine names no usable mirror.
    """
    rows = [line.split() for line in targets.splitlines() if len(line.split()) == 3]
    own = system.get("VERSION_CODENAME", "")
    debian = bool(mirror) or system.get("ID") == "debian"
    keyring = _keyring("debian" if debian else system.get("ID", ""))
    main = next((uri for uri, release, part in rows if part == "main" and release in {own} | _ALIASES), "")
    if mirror or debian:
        main = mirror or main
        security = next((uri for uri, release, _ in rows if release.endswith("-security")), "") if not mirror else ""
        components = "main"
    else:
        suite, components = own, "main universe"
        security = next((uri for uri, release, _ in rows if release == f"{own}-security"), "")
    if not main:
        raise LabError(
            "Die apt-Quellen dieses Rechners nennen keinen Spiegel für die Pakete.",
            why=f"Gesucht wurde eine Quelle für „{own or 'unbekannt'} main“.",
            next_step="Setze LABS_DEBIAN_MIRROR auf die Adresse eines Debian-Spiegels oder benutze vorhandene "
            "Programme mit LABS_BUNDLE=system.",
        )
    found = [Source(main, suite, components, keyring)]
    if not mirror and any(release.endswith("-updates") for _, release, _ in rows):
        found.append(Source(main, f"{suite}-updates", components, keyring))
    if security:
        found.append(Source(security, f"{suite}-security", components, keyring))
    return found


def _keyring(distribution: str) -> str:
    for ending in ("pgp", "gpg"):
        path = Path(f"/usr/share/keyrings/{distribution}-archive-keyring.{ending}")
        if path.exists():
            return str(path)
    raise LabError(
        f"Der Schlüsselbund von {distribution or 'dieser Distribution'} fehlt, also kann apt nichts prüfen.",
        next_step=f"Installiere das Paket {distribution}-archive-keyring (sudo apt-get install "
        f"{distribution}-archive-keyring) oder benutze vorhandene Programme mit LABS_BUNDLE=system.",
    )


class PrivateApt:
    """apt with its own folders below ``root`` (any folder of the user).

    Raises LabError when apt is missing, the mirror cannot be reached or a package does not exist.
    """

    def __init__(self, root: Path, suite: str) -> None:
        for tool in ("apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb", "tar"):
            if shutil.which(tool) is None:
                raise LabError(
                    f"Das Programm {tool} fehlt. Ohne apt kann das Arbeitsbuch seine Server nicht holen.",
                    why="Die Server kommen als Debian-Pakete, ohne Root-Rechte und ohne etwas am System zu ändern.",
                    next_step="Nimm Debian oder Ubuntu (auch als Container) oder installiere Rspamd, Redis und Unbound "
                    "mit dem Paketwerkzeug deines Systems und starte mit LABS_BUNDLE=system.",
                )
        self.root = root
        self.architecture = subprocess.run(
            ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
        ).stdout.strip()
        targets = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
            capture_output=True,
            text=True,
        ).stdout
        mirror = os.environ.get("LABS_DEBIAN_MIRROR", "")
        self.sources = sources(targets, os_release(), suite, mirror=mirror)
        self._write()

    @property
    def archives(self) -> Path:
        return self.root / "cache/archives"

    def _write(self) -> None:
        for folder in ("lists/partial", "cache/archives/partial", "state", "empty"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "sources.list").write_text("".join(f"{s.line(self.architecture)}\n" for s in self.sources))
        (self.root / "status").touch()
        host = subprocess.run(
            ["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"], capture_output=True, text=True, check=True
        ).stdout
        acquire = [line for line in host.splitlines() if not re.match(r'Acquire(::IndexTargets| ")', line)]
        settings = {
            "Dir": self.root,
            "Dir::State": self.root / "state",
            "Dir::State::lists": self.root / "lists",
            "Dir::State::status": self.root / "status",
            "Dir::Cache": self.root / "cache",
            "Dir::Etc::sourcelist": self.root / "sources.list",
            "Dir::Etc::main": "/dev/null",
            "APT::Architecture": self.architecture,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Debug::NoLocking": "true",
        } | {f"Dir::Etc::{part}": self.root / "empty" for part in ("sourceparts", "parts", "preferencesparts")}
        lines = acquire + [f'{name} "{value}";' for name, value in settings.items()]
        self.configuration = self.root / "apt.conf"
        self.configuration.touch(mode=0o600)  # the host's proxy settings may carry a password
        self.configuration.write_text("\n".join(lines) + "\n")

    def _run(self, *command: str) -> str:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=os.environ | {"APT_CONFIG": str(self.configuration), "LC_ALL": "C"},
        )
        if result.returncode:
            raise _translated(result.stderr)
        return result.stdout

    def update(self) -> None:
        """Fetch the package lists of the sources; apt verifies their signatures."""
        self._run("apt-get", "update", "-qq")

    def assume(self, names: list[str]) -> None:
        """Tell apt that these packages are installed already, so that it leaves them out of the closure."""
        known = self._run("apt-cache", "pkgnames").split()
        wanted = sorted(set(names) & set(known))
        if not wanted:
            return
        stanzas = self._run("apt-cache", "--no-all-versions", "show", *wanted)
        # without what they need themselves, and a touch newer, so that apt has no reason to upgrade them
        text = re.sub(r"^((Pre-)?Depends|Breaks|Conflicts|Recommends): .*\n", "", stanzas, flags=re.MULTILINE)
        text = re.sub(r"^(Package: .*)$", r"\1\nStatus: install ok installed", text, flags=re.MULTILINE)
        (self.root / "status").write_text(re.sub(r"^(Version: .*)$", r"\1+assumed", text, flags=re.MULTILINE))

    def download(self, names: list[str], progress: Progress) -> list[Path]:
        """Download the closure of ``names`` and return its .deb files; resumes what an interrupted run left."""
        # with an empty archive folder apt lists all packages, not only those still missing
        empty = f"Dir::Cache::archives={self.root / 'empty'}"
        uris = self._run("apt-get", "install", "-y", "--print-uris", "-qq", "-o", empty, *names)
        files = [self.archives / line.split()[1] for line in uris.splitlines() if line.startswith("'")]
        size = sum(int(line.split()[2]) for line in uris.splitlines() if line.startswith("'")) / 1e6
        read, write = os.pipe()
        with subprocess.Popen(
            ["apt-get", "install", "-y", "--download-only", "-qq", "-o", f"APT::Status-Fd={write}", *names],
            env=os.environ | {"APT_CONFIG": str(self.configuration), "LC_ALL": "C"},
            pass_fds=[write],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            os.close(write)
            with os.fdopen(read) as status:
                for line in status:
                    if line.startswith("dlstatus:"):
                        progress(float(line.split(":")[2]) / 100, f"Pakete laden ({size:.0f} MB)")
            assert process.stderr is not None
            errors = process.stderr.read()
        if process.returncode:
            raise _translated(errors)
        return files


def _translated(errors: str) -> LabError:
    """apt's complaint as a German sentence with the next step; apt's own words stay as the reason."""
    first = "\n".join(line[3:] for line in errors.splitlines() if line.startswith(("E: ", "W: ")))[:600]
    if re.search(r"No space left|You don't have enough free space", errors):
        return LabError(
            "Der Platz auf der Platte reicht nicht.",
            why=first,
            next_step="Schaffe Platz und rufe den Befehl noch einmal auf.",
        )
    if re.search(r"resolv|connect|Failed to fetch|Network|timed out|Forbidden", errors, re.IGNORECASE):
        return LabError(
            "Der Spiegel mit den Debian-Paketen ist nicht erreichbar.",
            why=first,
            next_step="Prüfe Netz und Proxy (`./arbeitsbuch doctor`) und rufe den Befehl noch einmal auf; "
            "was schon geladen ist, bleibt.",
        )
    return LabError(
        "apt meldet einen Fehler.",
        why=first or errors[:600],
        next_step="`./arbeitsbuch doctor` prüft die Voraussetzungen.",
    )
