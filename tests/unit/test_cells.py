"""The first line of a cell and the file that it means."""

import pytest

from labs.nodes import MAGICS, first_line


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("%%rspamd actions.conf", "actions.conf"),
        ("%%rspamd maps.d/own.map", "maps.d/own.map"),
        ("%%proxy worker-proxy.inc", "rspamd-proxy/worker-proxy.inc"),
        ("%%postfix mx", "postfix-mx/main.cf"),
        ("%%postfix hub master.cf", "postfix-hub/master.cf"),
        ("%%redis", "redis/redis.conf"),
    ],
)
def test_line_and_file_mean_each_other(line, file):
    assert first_line(file) == line
    name, *words = line.removeprefix("%%").split()
    assert next(magic for magic in MAGICS if magic.name == name).file(words) == file


@pytest.mark.parametrize("line", ["rspamd", "rspamd a b", "postfix", "postfix mx a b", "redis x", "proxy"])
def test_too_few_or_too_many_words_mean_no_file(line):
    name, *words = line.split()
    assert next(magic for magic in MAGICS if magic.name == name).file(words) == ""
