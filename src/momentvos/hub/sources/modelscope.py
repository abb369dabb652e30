"""Files of a model on ModelScope, or what speaks its API (MODELSCOPE_ENDPOINT)."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, urlencode

from momentvos.errors import ModelError
from momentvos.hub.download import RemoteFile, get_json

ENDPOINT = "https://www.modelscope.cn"


def remote_files(repository: str, revision: str) -> tuple[str, list[RemoteFile]]:
    """The revision as it is, for the place names no commit; and all files. Raises ModelError."""
    revision = "master" if revision == "main" else revision
    endpoint = os.environ.get("MODELSCOPE_ENDPOINT", ENDPOINT).rstrip("/")
    base = f"{endpoint}/api/v1/models/{quote(repository)}/repo"
    query = urlencode({"Revision": revision, "Recursive": "True"})
    content = get_json(f"{base}/files?{query}", "ModelScope", repository)
    try:
        entries = content["Data"]["Files"]
        files = [_file(base, revision, one) for one in entries if one.get("Type") != "tree"]
    except (KeyError, TypeError, AttributeError):
        raise ModelError(f"ModelScope's list of the files of '{repository}' is no list.") from None
    return revision, files


def _file(base: str, revision: str, entry: dict[str, Any]) -> RemoteFile:
    query = urlencode({"Revision": revision, "FilePath": entry["Path"]})
    size = entry.get("Size")
    return RemoteFile(
        name=str(entry["Path"]),
        url=f"{base}?{query}",
        size=size if isinstance(size, int) else None,
        sha256=entry.get("Sha256") or None,
    )
