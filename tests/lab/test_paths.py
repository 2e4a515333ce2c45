"""Any path will do: spaces, umlauts, quotes, and longer than a Unix socket may be."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from labs import nickname
from labs.errors import LabError

ODD = [""" Jörg Müller; 50% $HOME ${x} a'b"c`d {y},z:[w]#u\\t""", "lang-" * 25]
PROBE = """
from labs.nodes import new_cluster
from labs.lab import Lab
cluster = new_cluster("odd")
cluster.start(lambda part, text: None, "cluster")
lab = Lab(cluster)
try:
    print(lab.send("gtube", "mx").code, lab.send("eicar", "mx").code, lab.send("sauber", "mx").accepted)
    lab.write("actions.conf", "reject = 12;")
    print(lab.scan("sauber").required_score, {node.state for node in cluster.status()})
    print(len(lab.send("sauber", "mx").trace().hops) > 1, lab.queue().empty)
finally:
    print(cluster.stop())
"""


@pytest.fixture(params=ODD, ids=["odd", "long"])
def home(request, tmp_path):
    """A home with an odd name, whose cache has the bundle: copied, so that it must work from there."""
    home = tmp_path / request.param
    home.mkdir()
    return home


def test_a_cluster_works_in_a_home_with_an_odd_name(home):
    """The servers are fetched there as well: their loader and libraries are found by paths."""
    environment = os.environ | {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "LABS_NAME"):
        environment.pop(variable, None)
    before = nicknames()
    result = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, cwd=home, timeout=110
    )
    lines = result.stdout.splitlines()
    assert lines == ["554 554 True", "12.0 {'up'}", "True True", "True"], result.stderr[-2000:] + result.stdout
    assert nicknames() == before
    assert {path.name for path in home.iterdir()} == {".cache", ".local"}


def nicknames():
    folders = {Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp"), Path(tempfile.gettempdir()), Path("/tmp")}
    return {path for folder in folders for path in folder.glob("arbeitsbuch-*")}


def test_a_nickname_is_the_user_s_own_and_goes_with_the_lab(tmp_path):
    name = nickname.give(tmp_path / "Jörg Müller", 40)
    try:
        assert nickname.is_plain(name, 40) and name.readlink() == tmp_path / "Jörg Müller"
        assert name.parent.stat().st_mode & 0o777 == 0o700
        nickname.keep(name)
    finally:
        nickname.drop(name)
    assert not name.parent.exists()
    nickname.drop(tmp_path)
    assert tmp_path.is_dir(), "what is no nickname stays"


def test_without_any_place_for_a_nickname_the_reader_learns_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(nickname, "_is_safe", lambda base: False)
    with pytest.raises(LabError, match="kurzer Name") as error:
        nickname.give(tmp_path / "ü")
    assert "XDG_STATE_HOME" in str(error.value)
