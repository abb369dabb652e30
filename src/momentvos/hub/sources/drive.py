"""One file on Google Drive, whose page on unscanned files is confirmed."""

from __future__ import annotations

import os
from html.parser import HTMLParser
from urllib.parse import urlencode

from momentvos.errors import ModelError
from momentvos.hub.download import RemoteFile, get_page

ENDPOINT = "https://drive.usercontent.google.com"


def remote_file(identifier: str, name: str) -> RemoteFile:
    """The file behind an id, to be named `name`. Raises ModelError where Drive gives only a page.

    Google asks to confirm files that are too large for its virus scan, by a form whose hidden
    fields go into the address.
    """
    endpoint = os.environ.get("MOMENTVOS_DRIVE_ENDPOINT", ENDPOINT).rstrip("/")
    fields = {"id": identifier, "export": "download"}
    address = f"{endpoint}/download"
    page = get_page(f"{address}?{urlencode(fields)}", "Google Drive", name)
    if page is not None:
        form = _Fields()
        form.feed(page)
        if "confirm" not in form.values:
            reason = "too many people fetch it today" if "quota" in page.lower() else "no form"
            raise ModelError(
                f"Google Drive does not give {name} ({reason}); fetch it by a browser and give "
                "`momentvos convert` the file."
            )
        fields |= form.values
    return RemoteFile(name, f"{address}?{urlencode(fields)}")


class _Fields(HTMLParser):
    """The hidden fields of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name"), given.get("value")
        if tag == "input" and given.get("type") == "hidden" and name and value:
            self.values[name] = value
