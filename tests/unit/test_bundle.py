"""What a change of the package list does to the sets that are already there."""

import shutil
import subprocess

from labs.bundle import _in_use


def test_a_set_whose_programs_run_is_kept(tmp_path):
    program = tmp_path / "servers-alt/usr/bin/sleep"
    program.parent.mkdir(parents=True)
    shutil.copy(shutil.which("sleep"), program)
    assert not _in_use(tmp_path / "servers-alt")
    with subprocess.Popen([program, "60"]) as process:
        assert _in_use(tmp_path / "servers-alt") and not _in_use(tmp_path / "servers-neu")
        process.kill()
    assert not _in_use(tmp_path / "servers-alt")
