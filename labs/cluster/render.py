"""Fill addresses, paths and secrets into the configuration that is taught (labs/config), and nothing else."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

import jinja2

from labs.bundle import Bundle
from labs.cluster.topology import Node, Service

CONFIG = Path(__file__).resolve().parent.parent / "config"
CHAPTERS = CONFIG / "chapters"

_templates = jinja2.Environment(  # noqa: S701 - the result is configuration, not HTML
    loader=jinja2.FileSystemLoader(CONFIG), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
)


def files(
    service: Service, nodes: Mapping[str, Node], secrets: Mapping[str, str], bundle: Bundle, chapter: str = ""
) -> dict[str, str]:
    """The service's configuration as ``{relative path: text}``: the role's base plus the chapter's overlay."""
    context = {
        "node": nodes[service.node],
        "service": service,
        "nodes": nodes,
        "secrets": secrets,
        "prefix": bundle.prefix,
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "group": grp.getgrgid(os.getgid()).gr_name,
        "share": bundle.path("usr/share"),
    }
    result = {}
    for folder in filter(
        Path.is_dir, [CONFIG / service.role, CHAPTERS / chapter / service.role if chapter else Path("/nonexistent")]
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                template = _templates.from_string(path.read_text(encoding="utf-8"))
                result[str(path.relative_to(folder))] = template.render(context)
    return result


def text(name: str, /, **context: object) -> str:
    """One template of labs/config, such as "nftables/host.conf"."""
    return _templates.get_template(name).render(context)


def write(contents: Mapping[str, str], folder: Path) -> None:
    """Make ``folder`` hold exactly ``contents``; the old content is replaced in one rename."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, text in contents.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
