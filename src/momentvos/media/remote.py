"""A video behind an address, fetched into a file: a limit on everything that a server decides."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from momentvos.errors import VideoError
from momentvos.http_client import client, transport_errors, words_of
from momentvos.media.spool import readable, spool

MOST_REDIRECTS = 5
MOST_SECONDS = 3600.0
"""Longest time of a whole download."""
_TYPES = ("video/", "image/", "audio/", "binary/")
_APPLICATIONS = ("octet-stream", "mp4", "ogg", "mxf", "x-matroska", "vnd.rn-realmedia")
_PLAYLISTS = ("mpegurl", "dash+xml")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_address(text: str) -> bool:
    """Whether a text names something with a scheme, such as https://, rather than a file."""
    scheme, mark, _ = text.partition("://")
    return bool(mark) and len(scheme) > 1 and scheme.replace("+", "").isalnum()


def plain_name(url: str) -> str:
    """An address without user, password and query, which may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{_host(parts)}{parts.path}"


def file_name(url: str) -> str:
    """The last part of an address's path as a name, "video" where there is none."""
    return PurePosixPath(unquote(urlsplit(url).path)).name or "video"


def fetch(
    url: str,
    target: Path,
    most: int,
    private: bool = False,
    report: Callable[[int, int], None] | None = None,
    seconds: float = MOST_SECONDS,
) -> None:
    """Fetch a video or picture into a new file.

    Args:
        url: http:// or https://; from https nothing leads to http.
        target: the file; its folder exists.
        most: bytes after which it is given up.
        private: whether addresses of this machine and of its network may be asked. Otherwise every
            redirect is checked as well, before it is followed and again once it is connected.
        report: called with bytes that are there, and in all (0 where the server does not say).
        seconds: after which it is given up.

    Raises:
        VideoError: it is refused, cannot be reached, or is too large, too slow or no video.
    """
    deadline, shown = monotonic() + seconds, plain_name(url)
    try:
        with client(follow=False) as session:
            for _ in range(MOST_REDIRECTS + 1):
                parts = _checked(url, private)
                headers = {"Accept-Encoding": "identity", "Accept": "video/*, image/*, */*;q=0.5"}
                with session.stream("GET", url, headers=headers) as answer:
                    if not private:
                        _check_peer(answer, parts)
                    if 300 <= answer.status_code < 400 and "location" in answer.headers:
                        url = _followed(url, answer.headers["location"])
                        continue
                    _receive(answer, target, most, deadline, shown, report)
                    return
    except transport_errors(ValueError) as error:
        raise VideoError(f"'{shown}' cannot be fetched: {words_of(error)}.") from error
    raise VideoError(f"'{shown}' leads on more than {MOST_REDIRECTS} times; give its last address.")


def _receive(
    answer: Any,
    target: Path,
    most: int,
    deadline: float,
    shown: str,
    report: Callable[[int, int], None] | None,
) -> None:
    if answer.status_code != 200:
        raise VideoError(f"'{shown}' is not given by its server (HTTP {answer.status_code}).")
    _check_type(answer.headers.get("content-type", ""), shown)
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise VideoError(f"'{shown}' is sent compressed, which a video is not; download it first.")
    length = answer.headers.get("content-length", "")
    total = int(length) if length.isdecimal() and len(length) < 16 else 0
    if total > most:
        raise VideoError(
            f"'{shown}' has {readable(total)}, more than {readable(most)}; --input-limit allows "
            "more."
        )

    def parts() -> Iterator[bytes]:
        for part in answer.iter_raw():
            if monotonic() > deadline:
                raise VideoError(f"'{shown}' takes too long to fetch; download it first.")
            yield part

    done = None if report is None else lambda count: report(count, total)
    spool(parts(), target, most, f"'{shown}'", done)


def _check_type(header: str, shown: str) -> None:
    kind = header.partition(";")[0].strip().lower()
    group, _, name = kind.partition("/")
    if any(one in name for one in _PLAYLISTS):
        raise VideoError(
            f"'{shown}' is a playlist ({kind}), not a video; fetch it with `ffmpeg -i ADDRESS -c "
            "copy video.mkv` first."
        )
    if (
        kind
        and not kind.startswith(_TYPES)
        and (group, name in _APPLICATIONS)
        != (
            "application",
            True,
        )
    ):
        raise VideoError(
            f"'{shown}' is no video but {kind[:60]}; give the address of the file itself."
        )


def _checked(url: str, private: bool) -> SplitResult:
    """The parts of an address that may be asked."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise VideoError(
            f"'{plain_name(url)}' cannot be fetched: addresses begin with https:// or http://."
        )
    if private:
        return parts
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if _by_proxy(parts):
            return parts  # which knows the names that we do not
        raise VideoError(f"'{parts.hostname}' is not known: {words_of(error)}.") from error
    for *_, place in found:
        _check_public(str(place[0]), parts)
    return parts


def _check_peer(answer: Any, parts: SplitResult) -> None:
    """The server that was reached, since a name may mean another one a moment later."""
    stream = answer.extensions.get("network_stream")
    place = None if stream is None else stream.get_extra_info("server_addr")
    if place is not None and not _by_proxy(parts):
        _check_public(str(place[0]), parts)


def _check_public(address: str, parts: SplitResult) -> None:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner: list[Any] = [ip]
    if isinstance(ip, ipaddress.IPv6Address):
        inner += [one for one in (ip.ipv4_mapped, ip.sixtofour) if one is not None]
        inner += ip.teredo or ()
        if ip in _NAT64:
            inner.append(ipaddress.ip_address(int(ip) & 0xFFFFFFFF))
    if not all(one.is_global and not one.is_multicast for one in inner):
        raise VideoError(
            f"'{parts.hostname}' is on this machine or in its network ({address}), where nothing "
            "is fetched from unless --allow-private-url is given."
        )


def _by_proxy(parts: SplitResult) -> bool:
    return parts.scheme in getproxies() and not proxy_bypass(parts.hostname or "")


def _followed(url: str, location: str) -> str:
    target = urljoin(url, location)
    if url.lower().startswith("https:") and not target.lower().startswith("https:"):
        raise VideoError(f"'{plain_name(url)}' leads to an address without https; give that one.")
    return target


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
