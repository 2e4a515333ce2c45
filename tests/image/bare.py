"""The README on a bare Debian: a new root file system, an ordinary user with an empty home, a clone of this checkout.

    python3 -m tests.image.bare start                ./arbeitsbuch start until it is ready, then Ctrl+C
    python3 -m tests.image.bare test [ARGUMENTS]     ./arbeitsbuch test
    python3 -m tests.image.bare COMMAND [ARGUMENTS]  anything else, in the clone

Needs root and debootstrap. The machine's apt and pip settings, proxies and certificates go along. Every step has
namespaces of its own for mounts and processes, so the kernel ends and unmounts all, whatever ends the script.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from labs import paths
from labs.bundle.apt import PrivateApt

NEEDED = ("python3", "git", "ca-certificates")
"""What the README asks for, and the certificates without which nothing can be fetched."""

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CLONE = Path("home/leser/arbeitsbuch")

START = """
./arbeitsbuch start >start.log 2>&1 & start=$!
until grep 'ist bereit' start.log; do kill -0 $start || { cat start.log; exit 1; }; sleep 1; done
kill -INT $start; wait $start
"""

ENTER = """
mount --bind . "$PWD"
cd "$PWD"
mount -t proc proc proc
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
mount --bind dev/pts/ptmx dev/ptmx
pivot_root . mnt
umount -l /mnt
"""
"""Make the working directory the root, not by chroot(2): in it, users may make no name spaces, and some tests need them."""


def main() -> int:
    """Returns the exit code of the command."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--suite", default="trixie", help="Debian's release")
    parser.add_argument("--base", help="what `debootstrap --variant=minbase` made before; it is copied")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    words = options.command or ["start"]
    if words == ["start"]:
        words = ["sh", "-euc", START]
    elif words[0] == "test":
        words = ["./arbeitsbuch", *words]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="arbeitsbuch-") as folder:
        root = Path(folder) / "root"
        make(root, options.suite, options.base)
        return inside(root, words, user="leser", folder=f"/{CLONE}")


def make(root: Path, suite: str, base: str | None) -> None:
    """The root file system with what is needed, the user and the clone."""
    with tempfile.TemporaryDirectory() as folder:
        apt = PrivateApt(Path(folder), suite)
        if base:
            subprocess.run(["cp", "-a", base, root], check=True)
        else:
            subprocess.run(["debootstrap", "--variant=minbase", suite, root, apt.sources[0].uri], check=True)
        settings = apt.configuration.read_text()
    acquire = [line for line in settings.splitlines() if line.startswith("Acquire::")]
    (root / "etc/apt/apt.conf.d/90machine").write_text("\n".join(acquire))
    for command in (["apt-get", "update", "-qq"],
                    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *NEEDED],
                    ["useradd", "--create-home", "leser"]):  # fmt: skip
        if code := inside(root, command):
            sys.exit(code)
    for path in filter(Path.exists, (CERTIFICATES, Path("/etc/pip.conf"), Path("/etc/xdg/pip"))):
        target = root / path.parent.relative_to("/")
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", path, target], check=True)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", paths.REPOSITORY, root / CLONE], check=True)
    inside(root, ["chown", "-R", "leser:", f"/{CLONE}"])


def inside(root: Path, words: list[str], user: str = "root", folder: str = "/") -> int:
    """Run a command in the root file system; the exit code. Not as process 1, which would have to care for orphans."""
    passed = {name: value for name, value in os.environ.items() if re.match(r"PIP_|\w+_proxy$", name, re.IGNORECASE)}
    home = "/root" if user == "root" else f"/home/{user}"
    variables = passed | {"HOME": home, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    variables |= {"DEBIAN_FRONTEND": "noninteractive"} if user == "root" else {}
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "env", "-C", folder]
    script = f"{ENTER}{shlex.join([*become, *words])}\nexit $?"
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    return subprocess.run([*namespaces, "sh", "-ec", script], cwd=root, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
