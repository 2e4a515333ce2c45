"""Fill addresses, paths and secrets into the configuration that is taught (labs/config), and nothing else."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import tempfile
import tomllib
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

import jinja2

from labs.bundle import Bundle
from labs.chapters import find
from labs.cluster.topology import Node, Service, named
from labs.interrupts import uninterrupted

CONFIG = Path(__file__).resolve().parent.parent / "config"
RECOMMENDED = CONFIG / "recommended"
"""The recommended policy as administrators copy it: for each role complete files."""
EXPECTATIONS = "expect.toml"
"""What the policy beside it must do (labs/policy): no configuration."""

_templates = jinja2.Environment(  # noqa: S701 - the result is configuration, not HTML
    loader=jinja2.FileSystemLoader(CONFIG), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
)


def files(
    service: Service,
    nodes: Mapping[str, Node],
    running: Collection[str],
    secrets: Mapping[str, str],
    bundle: Bundle,
    chapter: str = "",
) -> dict[str, str]:
    """The service's configuration as ``{relative path: text}`` in the state of a chapter, or that of the whole policy ("").

    ``nodes``: all of the topology; ``running``: the names of those that the lab runs. Only the chapter's nodes take part.
    """
    taking_part = set(named(*find(chapter).nodes)) if chapter else set(running)
    context = {
        "node": nodes[service.node],
        "service": service,
        "nodes": nodes,
        "present": taking_part.intersection(running) if service.node in taking_part else set(running),
        "secrets": secrets,
        "prefix": bundle.prefix,
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "group": grp.getgrgid(os.getgid()).gr_name,
        "mailbox_gid": os.getgid() or 5000,  # Postfix gives a new Maildir to that group, and root is refused
        "share": bundle.path("usr/share"),
    }
    return {
        name: _compiled(path.read_text(encoding="utf-8")).render(context)
        for name, path in sorted(sources(service.role, chapter).items())
    }


def sources(role: str, chapter: str = "") -> dict[str, Path]:
    """Where each file of a role comes from: the role's own, what of the policy the chapters add, and the chapters' files."""
    found, policy = _below(CONFIG / role), _below(RECOMMENDED / role)
    if not chapter:
        return found | policy
    always: list[str] = tomllib.loads((CONFIG / "base.toml").read_text(encoding="utf-8"))["policy"]
    found |= {name: policy[name] for name in always if name in policy}
    for one in find(chapter).chain:
        found |= {name: policy[name] for name in one.policy if name in policy} | _below(one.folder / "config" / role)
    return found


def _below(folder: Path) -> dict[str, Path]:
    """All files of configuration below a folder, by their relative path."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != EXPECTATIONS)
    return {str(path.relative_to(folder)): path for path in paths}


@lru_cache(maxsize=1000)
def _compiled(text: str) -> jinja2.Template:
    """Compiling takes ten times as long as rendering, and each change renders all files of all nodes."""
    return _templates.from_string(text)


def text(name: str, /, **context: object) -> str:
    """One template of labs/config, such as "nftables/host.conf"."""
    return _templates.get_template(name).render(context)


def write(contents: Mapping[str, str], folder: Path) -> None:
    """Make ``folder`` hold exactly ``contents``; the old content is replaced in one rename."""
    fresh = stage(contents, folder)
    with uninterrupted():
        old = swap(fresh, folder)
    shutil.rmtree(old, ignore_errors=True)


def stage(contents: Mapping[str, str], folder: Path) -> Path:
    """A new folder beside ``folder`` with ``contents``, closed to other users: they hold secrets. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        for name, text in contents.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8", errors="surrogateescape")
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return fresh


def mend(folder: Path) -> None:
    """Clear away what a killed ``swap`` left beside ``folder``; when it was between two renames, the old content comes back."""
    left = [path for path in folder.parent.glob(f"{folder.name}.*") if path.is_dir()]
    for path in left:
        if path.name.endswith(".old") and not folder.exists():
            path.rename(folder)
        else:
            shutil.rmtree(path, ignore_errors=True)


def swap(fresh: Path, folder: Path) -> Path:
    """Put ``fresh`` in the place of ``folder``; where the old content is now (it may be missing)."""
    old = fresh.with_name(f"{fresh.name}.old")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    return old
