"""The reader's own configuration: what is read, what is mapped, what is taken out."""

import json

import pytest

from labs.bundle import ensure
from labs.cluster.topology import place
from labs.rspamd.own.files import NoConfiguration, Own
from labs.rspamd.own.fitting import Fitted


@pytest.fixture(scope="module")
def bundle():
    return ensure("servers", lambda part, text: None)


def folder(tmp_path, **files):
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


def test_a_folder_like_etc_rspamd_is_read_without_what_is_no_configuration(tmp_path):
    files = {
        "local.d__actions.conf": "reject = 9;\n",
        "maps.d__x.map": b"\xe4\xff\n",
        "expect.toml": "",
        "m__a.eml": "x",
    }
    own = Own.read(folder(tmp_path, **files, **{".git__config": "x", "local.d__actions.conf~": "x"}))
    assert set(own.files) == {"local.d/actions.conf", "maps.d/x.map"}
    assert own.files["maps.d/x.map"].encode(errors="surrogateescape") == b"\xe4\xff\n"


def test_a_local_d_alone_is_one_too(tmp_path):
    assert set(Own.read(folder(tmp_path, **{"actions.conf": "", "x.map": ""})).files) == {
        "local.d/actions.conf",
        "local.d/x.map",
    }


def test_links_are_followed_once(tmp_path):
    real = folder(tmp_path / "real", **{"actions.conf": "reject = 9;\n"})
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/local.d").symlink_to(real)
    (real / "loop").symlink_to(tmp_path / "conf")
    assert set(Own.read(tmp_path / "conf").files) == {"local.d/actions.conf"}


@pytest.mark.parametrize(("name", "part"), [("leer", "keine Konfiguration von Rspamd"), ("fehlt", "gibt es nicht")])
def test_another_folder_is_refused(tmp_path, name, part):
    (tmp_path / "leer").mkdir()
    with pytest.raises(NoConfiguration, match=part):
        Own.read(tmp_path / name)


def test_paths_below_etc_rspamd_lead_to_the_copy_or_to_the_bundle(tmp_path, bundle):
    text = 'a = "file:///etc/rspamd/maps.d/own.map"; b = "/etc/rspamd/modules.d/rbl.conf"; c = "/srv/etc/rspamd/x"; d = "/etc/rspamd";\n'
    own = Own.read(folder(tmp_path, **{"local.d__multimap.conf": text, "maps.d__own.map": "x\n"})).mapped(
        tmp_path / "c", bundle
    )
    assert own.files["local.d/multimap.conf"] == text.replace("/etc/rspamd/maps.d", f"{tmp_path}/c/maps.d").replace(
        '"/etc/rspamd"', f'"{tmp_path}/c"'
    ).replace('"/etc/rspamd/modules.d', f'"{bundle.path("etc/rspamd")}/modules.d')


BASE = {
    "local.d/settings.conf": "weg",
    "maps.d/suffixes.txt": "de\n",
    "override.d/greylist.conf": "enabled = false;\n",
    "override.d/worker-normal.inc": 'bind_socket = "127.77.4.1:11333";\n',
    "override.d/worker-controller.inc": "",
    "override.d/options.inc": "",
}
SECRETS = dict.fromkeys(("redis", "controller", "worker_public", "worker_private"), "geheim")


def fitted(tmp_path, bundle, **files):
    found = Fitted.of(Own.read(folder(tmp_path, **files)), bundle)
    return found, found.files(BASE, place(77, tmp_path, "cluster"), SECRETS)


def test_only_the_way_to_redis_is_taken_out(tmp_path, bundle):
    redis = 'servers = "10.0.0.1"; sentinels = "x"; timeout = 3s; disabled_modules = ["arc"];\n'
    bayes = 'backend = "redis"; servers = "10.0.0.2"; autolearn { spam_threshold = 6; } cache {}\n'
    _, files = fitted(tmp_path, bundle, **{"local.d__redis.conf": redis, "local.d__classifier-bayes.conf": bayes})
    assert json.loads(f"{{{files['local.d/redis.conf'].strip().rstrip(';').replace(' = ', ': ').replace(';', ',')}}}") == {
        "timeout": "3s", "disabled_modules": ["arc"],
    }  # fmt: skip
    assert '"autolearn" = {"spam_threshold": 6};' in files["local.d/classifier-bayes.conf"]
    assert '"cache" = {};' in files["local.d/classifier-bayes.conf"] and "10.0.0" not in str(files)
    assert 'servers = "127.77.5.1:6379"' in files["override.d/redis.conf"]


def test_of_virus_scanners_only_the_address_of_clamav_changes(tmp_path, bundle):
    text = "own { type = 'clamav'; servers = '/run/clamd.ctl'; patterns { X = '^\\d+$'; } }\nso { type = 'sophos'; servers = '1.2.3.4'; }\n"
    found, files = fitted(tmp_path, bundle, **{"local.d__antivirus.conf": f'.include(try=true) "/x"\n{text}'})
    assert files["local.d/antivirus.conf"].splitlines() == [
        '.include(try=true) "/x"',
        f'"own" = {{"type": "clamav", "servers": "{tmp_path}/nodes/av1/run/clamd.sock", "patterns": {{"X": "^\\\\d+$"}}}};',
        '"so" = {"type": "sophos", "servers": "1.2.3.4"};',
    ]
    assert found.scanners == {"clamav", "sophos"} and "sophos" in found.notes()[1]


def test_a_file_that_does_not_parse_stays_for_its_error_message(tmp_path, bundle):
    broken = "clamav { type = 'clamav';\n"
    found, files = fitted(tmp_path, bundle, **{"local.d__antivirus.conf": broken, "local.d__redis.conf": "db = 1;\n"})
    assert files["local.d/antivirus.conf"] == broken and found.scanners == set() and files["local.d/redis.conf"] == ""


def test_the_reader_s_override_stays_below_the_lab_s(tmp_path, bundle):
    _, files = fitted(
        tmp_path,
        bundle,
        **{"override.d__worker-normal.inc": "count = 4;\n", "local.d__greylist.conf": "timeout = 2;\n"},
    )
    assert files["override.d/own/worker-normal.inc"] == "count = 4;\n"
    assert files["override.d/worker-normal.inc"].startswith(
        '.include(priority=9) "$LOCAL_CONFDIR/override.d/own/worker-normal.inc"\n'
    )
    assert "override.d/greylist.conf" not in files and "local.d/settings.conf" not in files


def test_templates_in_the_reader_s_files_stay_as_they_are(tmp_path, bundle):
    _, files = fitted(tmp_path, bundle, **{"rspamd.local.lua": "local x = {{1}, {2}} -- {{ x }} {% y %}\n"})
    assert files["rspamd.local.lua"] == "local x = {{1}, {2}} -- {{ x }} {% y %}\n"
