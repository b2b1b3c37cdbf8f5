"""The web server reads requests as other programs send them."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from workflow_service import serving

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"


def _echo(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"got " + environ["wsgi.input"].read()]


@pytest.fixture
def port() -> Iterator[int]:
    """Where a server answers with what it was sent."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = serving.web_server(_echo, listener)
    threading.Thread(target=server.run, daemon=True).start()
    yield listener.getsockname()[1]
    server.close()


@pytest.mark.parametrize(
    ("sent", "later", "answered"),
    [
        (HEAD + b"\r\n", b"", b"got "),  # no body at all
        (HEAD + b"Content-Length: 0\r\n\r\n", b"", b"got "),
        (HEAD + b"Content-Length: 2\r\n\r\nhi", b"", b"got hi"),  # the body came along
        (HEAD + b"Content-Length: 2\r\n\r\n", b"hi", b"got hi"),  # the body waits to be asked for
    ],
)
def test_who_expects_to_be_asked_for_the_body_is_answered(
    port: int, sent: bytes, later: bytes, answered: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(sent)
        if later:
            assert line.recv(100).startswith(b"HTTP/1.1 100 ")
            line.sendall(later)
        got = b"".join(iter(lambda: line.recv(1000), b""))

    assert got.endswith(answered)


def test_a_warning_is_written_with_its_time_and_a_short_wait_is_none() -> None:
    words = "from workflow_service import serving; import logging; serving.begin_log(); "
    words += "logging.getLogger('waitress.queue').warning('depth'); logging.getLogger('here').warning('told')"

    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603  our own words

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ WARNING here: told\n", done.stderr)
