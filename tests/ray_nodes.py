"""A real Ray cluster of this machine, of nodes that can be lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PATHS = [str(Path(__file__).parent / "batch")]
"""Where actors find the workers of the tests."""
AGENTS = (
    *("dashboard-agent-grpc-port", "dashboard-agent-listen-port"),
    *("runtime-env-agent-port", "metrics-export-port"),
)
PATIENT = {
    "OMP_NUM_THREADS": "1",
    "RAY_AUTH_MODE": "disabled",  # or `ray start` makes a token that drivers must be given
    "RAY_worker_register_timeout_seconds": "600",  # of a busy machine
    "RAY_worker_niceness": "0",  # or its actors starve there
}


class Node:
    """A node by `ray start`, ended by its own processes alone. log: what it says."""

    def __init__(self, log: Path, *words: str, cpus: int = 1) -> None:
        program = [str(Path(sys.executable).with_name("ray")), "start", "--block", *words]
        # Ports that are given need not be told, for which a raylet waits some seconds only.
        agents = [f"--{name}={free_port()}" for name in AGENTS]
        paths = [*PATHS, *filter(None, [os.environ.get("PYTHONPATH")])]
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *program,
                    *agents,
                    f"--num-cpus={cpus}",
                    "--object-store-memory=100000000",
                    "--disable-usage-stats",
                    "--include-log-monitor=false",
                ],
                env=os.environ | PATIENT | {"PYTHONPATH": os.pathsep.join(paths)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            self.raylet = self._raylet()
        except BaseException:
            self.stop()
            raise

    def _raylet(self) -> int:
        """The process of its raylet, once the cluster has it."""
        end = time.monotonic() + 600
        while "Ray runtime started" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, "the node does not come up"
            time.sleep(0.2)
        started = psutil.Process(self.process.pid).children(recursive=True)
        (raylet,) = (one.pid for one in started if one.name() == "raylet")
        return raylet

    def lose(self) -> None:
        """End the raylet and all that it has started, as a machine's end does."""
        raylet = psutil.Process(self.raylet)
        for one in [raylet, *raylet.children(recursive=True)]:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue

    def stop(self) -> None:
        try:
            started = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            started = []
        self.process.send_signal(signal.SIGKILL)
        for one in started:
            if one.is_running():
                one.kill()
        self.process.wait(30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Nodes:
    """Nodes of one cluster; the first is its head."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.started: list[Node] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self, cpus: int = 1) -> Node:
        words = [f"--address={self.address}"]
        if not self.started:
            words = ["--head", f"--port={self._port}", "--include-dashboard=false"]
            words.append(f"--temp-dir={self._folder}")
        log = self._folder / f"{len(self.started)}.log"
        for last in (False, False, True):
            try:
                self.started.append(Node(log, *words, cpus=cpus))
                break
            except AssertionError:  # Ray gives a node half a minute, however busy the machine is
                if last or "timed out during startup" not in log.read_text():
                    raise
        return self.started[-1]


@contextmanager
def nodes(folder: Path) -> Iterator[Nodes]:
    """A cluster without nodes so far. folder: of a short path, for its sockets."""
    import ray

    made = Nodes(folder)
    try:
        yield made
    finally:
        if ray.is_initialized():
            ray.shutdown()
        for node in reversed(made.started):
            node.stop()
