"""Files of a model on the Hugging Face hub, or what speaks its API (HF_ENDPOINT)."""

from __future__ import annotations

from typing import Any

from huggingface_hub import HfApi, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from momentvos.errors import ModelError
from momentvos.http_client import transport_errors, words_of
from momentvos.hub.download import RemoteFile


def remote_files(repository: str, revision: str) -> tuple[str, list[RemoteFile]]:
    """The commit that a revision is at, and all its files. Raises ModelError."""
    try:
        info = HfApi().model_info(repository, revision=revision, files_metadata=True)
    except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelError(
            f"The hub does not give '{repository}' at '{revision}' to you: it does not exist, or "
            "its owners let in whom they know; ask for access on its page and sign in with `hf "
            "auth login`."
        ) from error
    except OfflineModeIsEnabled as error:
        raise ModelError(
            f"'{repository}' is not here, and HF_HUB_OFFLINE forbids to fetch it."
        ) from error
    except transport_errors(HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(
            f"The hub cannot be asked for '{repository}': {words_of(error)}"
        ) from error
    commit = info.sha or revision
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return commit, [_file(repository, commit, one, headers) for one in info.siblings or ()]


def _file(repository: str, commit: str, sibling: Any, headers: dict[str, str]) -> RemoteFile:
    lfs = sibling.lfs
    return RemoteFile(
        name=sibling.rfilename,
        url=hf_hub_url(repository, sibling.rfilename, revision=commit),
        size=sibling.size,
        sha256=None if lfs is None else lfs.sha256,
        blob=None if lfs is not None else sibling.blob_id,
        headers=headers,
    )
