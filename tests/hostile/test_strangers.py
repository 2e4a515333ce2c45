"""What another user of the machine gets of a running lab: no file, no socket, no answer that only the reader may have."""

import http.client
import json
import os
import smtplib
import socket
import ssl
import subprocess
from contextlib import suppress

import psutil
import pytest
import requests
from jupyter_client import BlockingKernelClient

from labs import jupyter, paths
from labs.cluster.network import NETWORKS, impostors, ports_free, taken
from labs.cluster.sockets import internet_sockets
from labs.cluster.topology import place
from tests.fixtures import silent
from tests.hostile.strangers import as_stranger, needs_root, stranger_listens
from tests.lab.test_start import wait_until

PRIVATE = "Subject: ein privates Dokument\r\n\r\nhttps://geheim.example/\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory, running_cluster):
    """A JupyterLab with a kernel that has joined the cluster."""
    variables = jupyter.environment() | {"LABS_NAME": running_cluster.cluster.name}
    with jupyter.serving(tmp_path_factory.mktemp("notebooks"), subprocess.DEVNULL, variables) as server:
        wait_until(server.answers, 30)
        requests.post(server.url("api/kernels"), json={"name": "python3"}, timeout=30).raise_for_status()
        yield server


def test_no_command_line_holds_a_secret(server, running_cluster):
    secrets = {**running_cluster.cluster.secrets, "token": server.token}
    words = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert any("jupyter" in line for line in words) and any("supervisord" in line for line in words)
    assert [(name, line) for name, value in secrets.items() for line in words if value in line] == []


@needs_root
def test_what_a_kernel_says_is_heard_by_its_reader_only(server):
    """On a port anybody could subscribe to it. The one that is left takes the output of subprocesses, with a secret."""
    kernel = requests.get(server.url("api/kernels"), timeout=10).json()[0]["id"]
    connection = paths.state() / f"jupyter/run/kernel-{kernel}.json"
    assert json.loads(connection.read_text())["transport"] == "ipc"
    pids = {process.pid for process in psutil.Process(server.process.pid).children(recursive=True)}
    ports = [
        found.laddr.port
        for found in psutil.net_connections("inet")
        if found.status == psutil.CONN_LISTEN and found.pid in pids
    ]

    def listen(found):
        import zmq

        heard, context = [], zmq.Context()
        for port in found:
            with context.socket(zmq.SUB) as subscriber:
                subscriber.subscribe("")
                subscriber.connect(f"tcp://127.0.0.1:{port}")
                if subscriber.poll(3000):
                    heard.append(repr(subscriber.recv_multipart()))
        return heard

    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute("import time\nfor _ in range(60):\n    print('geheim', flush=True)\n    time.sleep(0.1)")
    try:
        assert as_stranger(listen, ports) == []
        assert client.get_iopub_msg(timeout=10), "the reader's own client hears it"
    finally:
        client.stop_channels()


@needs_root
def test_jupyterlab_wants_its_token(server):
    def attempt(port):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        codes = {}
        for method, path in (("GET", "/api/kernels"), ("POST", "/api/terminals"), ("GET", "/api/contents")):
            client.request(method, path)
            answer = client.getresponse()
            codes[f"{method} {path}"] = answer.status
            answer.read()
        return codes

    assert set(as_stranger(attempt, server.port).values()) == {403}


@needs_root
def test_the_state_folder_is_closed(big):
    folder = big.cluster.folder
    known = [*folder.rglob("lab.json"), *folder.rglob("redis.conf"), *folder.rglob("tls.pem"), *folder.rglob("new")]
    assert len(known) > 6

    def readable(names):
        return [name for name in names if os.access(name, os.R_OK)]

    assert as_stranger(readable, [str(path) for path in known]) == []
    for path in (paths.state(), folder):
        assert path.stat().st_mode & 0o777 == 0o700


@needs_root
def test_unix_sockets_are_closed(big):
    found = [path for path in big.cluster.folder.rglob("*") if path.is_socket()]
    assert {"supervisor.sock", "worker.sock", "clamd.sock", "milter.sock"} <= {path.name for path in found}

    def reached(names):
        answers = []
        for name in names:
            with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
                client.connect(name)
                answers.append(name)
        return answers

    assert as_stranger(reached, [str(path) for path in found]) == []


@needs_root
def test_the_controller_wants_its_password(big, tmp_path):
    service = big.cluster.node("rspamd1").main
    secret = tmp_path / "geheim.eml"
    secret.write_text(PRIVATE)

    def attempts(host, port, name):
        codes = {}
        for source in ("127.0.0.1", host, f"{host.rpartition('.')[0]}.2"):
            for path in ("/stat", "/checkv2", "/symbols", "/history", "/maps", "/savesymbols", "/errors", "/graph"):
                client = http.client.HTTPConnection(host, port, timeout=10, source_address=(source, 0))
                headers = {"File": name, "X-Forwarded-For": host, "X-Real-IP": host, "IP": host}
                client.request("POST" if path in ("/checkv2", "/savesymbols") else "GET", path, headers=headers)
                codes[f"{path} from {source}"] = client.getresponse().status
        return codes

    codes = as_stranger(attempts, service.address, service.ports["controller"], str(secret))
    assert len(codes) == 24 and set(codes.values()) <= {401, 403}, codes


@needs_root
def test_no_port_scans_for_a_stranger(big):
    """Whatever listens on TCP: none takes a mail for a scan, and none reads a file."""
    ports = [name.split(":") for name in internet_sockets() if name.startswith(f"127.{big.cluster.settings['net']}.")]
    assert len(ports) > 10

    def answers(found):
        said = {}
        for host, port in found:
            with suppress(OSError):
                client = http.client.HTTPConnection(host, int(port), timeout=3)
                with suppress(http.client.HTTPException):
                    client.request("POST", "/checkv2", headers={"File": "/etc/passwd"})
                    said[f"{host}:{port}"] = client.getresponse().status
            with suppress(OSError), socket.create_connection((host, int(port)), 3) as client:
                client.sendall(b"zPING\0")
                if client.recv(64).startswith(b"PONG"):
                    said[f"{host}:{port}"] = "clamd"
        return said

    said = as_stranger(answers, ports)
    assert said and set(said.values()) <= {401, 403}, said


@needs_root
def test_redis_and_dovecot_want_a_password(big):
    redis, imap = big.cluster.node("redis1").main, big.cluster.node("imap1").services["dovecot"]

    def attempts(targets):
        said = []
        for (host, port), request in targets:
            with socket.create_connection((host, port), 5) as client:
                client.sendall(request.encode())
                client.settimeout(2.5)  # Dovecot lets a wrong password wait
                text = b""
                with suppress(TimeoutError):
                    while more := client.recv(4096):
                        text += more
                said.append(text.decode(errors="replace"))
        return said

    login = (
        "VERSION\t1\t2\nCPID\t99\nAUTH\t1\tPLAIN\tservice=smtp\tresp=AGVyaWthLm11c3RlckBmaXJtYS5leGFtcGxlAGdlaGVpbQ==\n"
    )
    told = as_stranger(
        attempts,
        [
            ((redis.address, redis.ports["redis"]), "KEYS *\r\nCONFIG GET *\r\n"),
            ((redis.address, redis.ports["redis"]), "AUTH geheim\r\n"),
            ((imap.address, imap.ports["auth"]), login),
        ],
    )
    assert told[0].count("NOAUTH") == 2 and "WRONGPASS" in told[1]
    assert "FAIL\t1" in told[2] and "OK\t1" not in told[2]


@needs_root
def test_postfix_relays_nothing_for_a_stranger(big):
    doors = [
        (service.node, name, service.address, port)
        for node in big.cluster.nodes.values()
        for service in node.services.values()
        if service.role.startswith("postfix-") and service.role != "postfix-internet"
        for name, port in service.ports.items()
    ]
    assert len(doors) >= 9
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def attempts(found):
        codes = {}
        for node, name, host, port in found:
            with smtplib.SMTP(host, port, "fremd.example", timeout=20) as client:
                client.ehlo()
                if client.has_extn("starttls"):
                    client.starttls(context=context)
                    client.ehlo()
                client.mail("fremd@partner.example")
                for recipient in ("x@rundbrief.example", "x@[127.0.0.1]", "x%rundbrief.example@firma.example"):
                    codes[f"{node} {name} {recipient}"] = client.rcpt(recipient)[0]
        return codes

    codes = as_stranger(attempts, doors)
    assert len(codes) == 3 * len(doors) and all(code >= 400 for code in codes.values()), codes


@needs_root
def test_a_stranger_on_a_port_of_the_network_is_noticed_and_avoided(cluster):
    net = next(net for net in NETWORKS if not taken(net) and ports_free(place(net, cluster.folder, "core").values()))
    with stranger_listens(f"127.{net}.5.1", 6379):
        assert impostors(place(net, cluster.folder, "core").values()) == [f"127.{net}.5.1:6379"]
        cluster.start(silent)
        assert cluster.settings["net"] != net and impostors(cluster.nodes.values()) == []
