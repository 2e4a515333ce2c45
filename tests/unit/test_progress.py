"""Progress in a real terminal."""

import os
import pty
import subprocess
import sys


def test_what_is_in_progress_is_shown_as_text():
    code = "from labs.progress import progress_bar\nwith progress_bar('Post') as show: show(0.5, '[/x] [red]rot \\x1b]0;neu\\x07')"
    ours, theirs = pty.openpty()
    result = subprocess.run([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert result.returncode == 0, shown
    assert "[/x] [red]rot \\x1b]0;neu\\x07" in shown and "\x1b]0;" not in shown
