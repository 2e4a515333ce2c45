"""Configuration is the role's base with the chapter's overlay on top."""

from pathlib import Path

from labs.bundle import Bundle
from labs.cluster import render
from labs.cluster.topology import place


def test_a_chapter_lays_its_files_over_the_base(tmp_path, monkeypatch):
    overlay = tmp_path / "99-probe/unbound"
    overlay.mkdir(parents=True)
    (overlay / "extra.conf").write_text("port {{ node.ports.dns }}\n")
    monkeypatch.setattr(render, "CHAPTERS", tmp_path)
    nodes = place(77, Path("/lab"), "core")
    service = nodes["dns"].main
    bundle = Bundle(Path("/prefix"), {})
    base = render.files(service, nodes, {"dkim_record": "v=DKIM1"}, bundle)
    laid = render.files(service, nodes, {"dkim_record": "v=DKIM1"}, bundle, "99-probe")
    assert laid == base | {"extra.conf": "port 5353\n"} and "interface: 127.77.0.53@5353" in base["unbound.conf"]


def test_writing_replaces_everything(tmp_path):
    render.write({"a/b.conf": "alt\n", "weg.conf": "x\n"}, tmp_path / "etc")
    render.write({"a/b.conf": "neu\n"}, tmp_path / "etc")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == ["etc/a/b.conf"]
