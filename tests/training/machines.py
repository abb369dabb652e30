"""Two machines on one: network namespaces with names of their own, joined by a virtual cable."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

ADDRESSES = {"first": "10.77.31.1", "second": "10.77.31.2"}
READY = "ready"
HOLD = (
    'mount --bind "$1" /etc/hosts && hostname "$2" && ip link set lo up && echo ready && exec cat'
)


class Machine:
    """A namespace of network, host name and /etc/hosts, alive as long as its process."""

    def __init__(self, name: str, folder: Path, hosts: Path) -> None:
        self._folder = folder
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--uts", "--mount", "sh", "-c", HOLD, "sh", str(hosts), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pid = self._holder.pid
        assert self._holder.stdout is not None
        if self._holder.stdout.readline().strip() != READY:
            raise OSError(self._holder.communicate()[1].strip())

    def command(self, *words: str) -> list[str]:
        """A command as it is started on this machine, in the folder."""
        spaces = ["--net", "--uts", "--mount", f"--wd={self._folder}"]
        return ["nsenter", f"--target={self.pid}", *spaces, *words]

    def close(self) -> None:
        self._holder.communicate()  # `cat` reads the end of its input


@contextmanager
def two_machines(folder: Path):
    """Machines "first" and "second", which see each other and the same files.

    Skips the test where the system lets it make none: it takes Linux, root and `ip`.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("two machines need network namespaces, which only root makes")
    hosts = folder / "hosts"
    names = "".join(f"{address} {name}\n" for name, address in ADDRESSES.items())
    hosts.write_text(f"127.0.0.1 localhost\n{names}")
    machines = {}
    try:
        try:
            for name in ADDRESSES:
                machines[name] = Machine(name, folder, hosts)
            _join(machines)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or error
            pytest.skip(f"two machines need network namespaces and veth; here: {said}")
        yield machines
    finally:
        for machine in machines.values():
            machine.close()


def _join(machines):
    first, second = (str(machines[name].pid) for name in ADDRESSES)
    veth = ["type", "veth", "peer", "name", "eth0", "netns", second]
    _do("ip", "link", "add", "eth0", "netns", first, *veth)
    for name, address in ADDRESSES.items():
        _do(*machines[name].command("ip", "addr", "add", f"{address}/24", "dev", "eth0"))
        _do(*machines[name].command("ip", "link", "set", "eth0", "up"))


def _do(*words):
    subprocess.run(words, check=True, capture_output=True, text=True)
