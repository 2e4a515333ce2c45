"""What a service answers to a probe, from a real socket."""

import socket
import threading
from pathlib import Path

from labs.cluster.probes import Question, ask
from labs.cluster.topology import Service


def test_an_answer_is_shown_as_text():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            with server.accept()[0] as client:
                client.recv(64)
                client.sendall(b"\x1b[31mPONG \xe2\x80\xae\n")

        threading.Thread(target=answer, daemon=True).start()
        service = Service("clamav", "av1", "127.0.0.1", {"clamd": server.getsockname()[1]}, Path(), True)
        assert ask(Question("127.0.0.1", service, "clamd", "tcp", {})).reply == r"\x1b[31mPONG \u202e"
