"""Image data from the Hugging Face hub."""

from __future__ import annotations

import re
from pathlib import Path

from grevy.data.places import cache_folder
from grevy.data.sources.parquet import find_parquet, read_parquet_folder
from grevy.data.types import Source
from grevy.errors import DataNotFoundError, DownloadError, EmptyDataError, MissingPackageError
from grevy.recipes.split_choice import SplitChoice
from grevy.records.consent import may_contact, require_asked

PREFIX = "hf:"
_AS_NAMED = SplitChoice()
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def read_hub(where: str, choice: SplitChoice = _AS_NAMED) -> Source:
    """The Parquet files of the repository in "hf:owner/name", kept in the cache folder.

    Raises:
        MissingPackageError: huggingface_hub is not installed.
        DataNotFoundError: no such repository, or not a name of one.
        DownloadError: the hub can't be reached.
        UnaskedError: it is not in the cache, and only a record names it.
        EmptyDataError: the repository has no Parquet files.
        DataError: what `read_parquet_folder` raises.
    """
    repository = where.removeprefix(PREFIX)
    if not _REPOSITORY.fullmatch(repository):
        raise _not_found(where)
    folder = find_parquet(_snapshot(where, repository))
    if folder is None:
        raise EmptyDataError(
            f"{where} has no Parquet files",
            "a repository with Parquet files of pictures and labels",
            "download it yourself, and give the folder",
        )
    return read_parquet_folder(folder, repository.split("/")[1], choice)


def _snapshot(where: str, repository: str) -> Path:
    """Folder of the repository's files; those that are there already are not fetched again."""
    try:
        from huggingface_hub import errors, snapshot_download
    except ImportError as error:
        raise MissingPackageError(
            f"{where} needs the package huggingface_hub, which is not installed",
            "the extra 'hub'",
            "run pip install 'grevy[hub]'",
        ) from error
    try:
        folder = snapshot_download(
            repository,
            repo_type="dataset",
            allow_patterns=["*.parquet"],
            cache_dir=cache_folder() / "hub",
            local_files_only=not may_contact(),
        )
    except errors.LocalEntryNotFoundError as error:
        require_asked(where)
        raise _unreachable(where, error) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise _not_found(where) from error
    except Exception as error:  # which exceptions the client lets through changes by its version
        raise _unreachable(where, error) from error
    return Path(folder)


def _unreachable(where: str, error: Exception) -> DownloadError:
    return DownloadError(
        f"{where} can't be downloaded ({_first_line(error)})",
        "an answer from the hub",
        "check the connection and run it again, or give a folder with its Parquet files",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _not_found(where: str) -> DataNotFoundError:
    return DataNotFoundError(
        f"{where} is no repository on the hub that you may read",
        "hf:owner/name",
        "check the spelling, or log in with the hub's own command",
    )
