"""The process that simulates for a server: it does not outlive a server that is killed."""

import subprocess
import sys
from pathlib import Path

from tests.jobs.short import SOON

SERVER = """
import os, time
from api.jobs.simulating import worker

if __name__ == "__main__":
    with worker() as executor:
        print(executor.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_nothing_is_left_of_a_server_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "server.py"
    file.write_text(SERVER, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert int(server.stdout.readline()) != server.pid
        server.kill()
        server.communicate(timeout=SOON)  # until nobody is left who could write there
