"""One file of weights from the Hugging Face hub, whose client keeps and checks it."""

from __future__ import annotations

from pathlib import Path

from grevy.errors import DownloadError, MissingPackageError, UsageError
from grevy.records.consent import may_contact, require_asked

PREFIX = "hf:"


def weights_on_hub(source: str) -> Path:
    """The file that `hf:OWNER/NAME/FILE` names.

    Raises:
        UsageError: not of that form.
        MissingPackageError: huggingface-hub is not installed.
        DownloadError: the hub can't be reached, or does not have it.
        UnaskedError: it is not in the hub's cache, and only a record names it.
    """
    owner, _, rest = source.removeprefix(PREFIX).partition("/")
    name, _, file = rest.partition("/")
    if not file:
        raise UsageError(f"'{source}'", "hf:OWNER/NAME/FILE", "add the file's name")
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise MissingPackageError(
            f"{source} without huggingface-hub", "it", "pip install 'grevy[hub]'"
        ) from None
    try:
        return Path(hf_hub_download(f"{owner}/{name}", file, local_files_only=not may_contact()))
    except Exception as error:  # the client's errors are of many classes
        require_asked(source)
        reason = str(error).partition("\n")[0]
        raise DownloadError(
            f"{source} can't be fetched ({type(error).__name__}: {reason})",
            "a connection to the hub, and the file there",
            "check both, or name a file of your own as weights",
        ) from error
