import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from newsletter.app import App
from newsletter.web import serving
from tests.support.makers import SECRET

PROGRAM = """
import sys
from newsletter.app import App, configure_log
from newsletter.settings import Settings
from newsletter.web.serving import listen, serve
configure_log()
with listen("127.0.0.1", int(sys.argv[1])) as listening:
    serve(App.open(Settings()), listening=listening)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(2400):
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)  # noqa: TID251  # another process starts
        else:
            return
    pytest.fail(f"nothing answers at {url}")


@pytest.mark.slow
def test_serving_ends_with_0_when_told_to_and_its_log_holds_no_path(
    app: App, tmp_path: Path, database_url: str
) -> None:
    (tmp_path / "secret").write_text(SECRET.value.hex())
    app.close()
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)],
        env={**os.environ, "NEWSLETTER_HOME": str(tmp_path), "NEWSLETTER_DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(f"http://127.0.0.1:{port}/healthz")
    httpx.get(f"http://127.0.0.1:{port}/confirm/token-to-hide", timeout=60)
    server = httpx.get(f"http://127.0.0.1:{port}/lists/region", timeout=60).headers.get("server")

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)

    assert process.returncode == 0
    assert out == ""
    assert server is None
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["route"] for line in lines] == ["/healthz", "/confirm/{token}", "/lists/{slug}"]
    assert "token-to-hide" not in err


def test_a_port_that_is_taken_is_told() -> None:
    with serving.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(serving.PortUnusable, match=re.escape(f"at 127.0.0.1, port {port}: Address already in use")):
            serving.listen("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 99_999), ("127.0.0.1", -1)])
def test_a_port_that_is_none_is_told(host: str, port: int) -> None:
    with pytest.raises(serving.PortUnusable):
        serving.listen(host, port)
