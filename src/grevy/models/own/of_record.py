"""The networks that a run's record names, from the sources that the record keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from grevy.errors import RunMismatchError
from grevy.models.own.built import builder_without_source, builders_of, was_named
from grevy.models.own.private_modules import registered_by
from grevy.models.own.using import given
from grevy.models.registry import Builder, known
from grevy.recipes.registered import Registrations, registered
from grevy.records.run import RunDirectory
from grevy.records.source import Source, Sources, kept_sources, recorded_sources, with_files
from grevy.records.trust import require_trust


@contextmanager
def networks_of(directory: RunDirectory, trust_source: bool = False) -> Iterator[None]:
    """Inside, names of networks mean those that the run was trained with.

    A source is run only if the user named or wrote it in this process, trained with it on this
    machine before, or says `trust_source`, here or in a call around this.

    Raises:
        UntrustedSourceError: none of these.
        RunMismatchError: the calls around this were given another source than the run's; or the
            record has no source, and the network was not given again.
        CorruptRecordError: a file that is missing or changed.
        SourceFaultError: an error in it.
    """
    sources = recorded_sources(directory.read())
    if not sources:
        yield
        return
    refuse_other_sources(given().sources, sources, directory)
    builders = dict(_given_again(s, directory) for s in sources if s.file is None)
    own: Registrations = ()
    if files := with_files(sources):
        texts = _trusted(files, directory, trust_source or given().trust_source)
        builders |= builders_of(texts)
        own = registered_by(texts)
    with known(builders), registered(own):
        yield


def refuse_other_sources(
    named: Iterable[Source], recorded: Sources, directory: RunDirectory
) -> None:
    """A run is opened and goes on only with the source that it was trained with.

    Raises:
        RunMismatchError: another one was named.
    """
    hashes = {source.file or source.name: source.sha256 for source in recorded}
    for source in named:
        what = f"{source.file or source.object}"
        known_hash = hashes.get(source.file or source.name)
        if known_hash == source.sha256:
            continue
        if known_hash is None:
            received = f"{what}, which the run at {directory.path} was not trained with"
        else:
            received = f"{what}, which has changed since the run at {directory.path} was trained"
        raise RunMismatchError(
            received,
            "the source that the record keeps",
            f"leave it out to use {directory.source}, restore the file, or train again",
        )


def _trusted(files: Sources, directory: RunDirectory, trust_source: bool) -> Sources:
    """Their texts, which may be run."""
    texts = kept_sources(directory, files)
    if not trust_source and not was_named(texts):
        require_trust(texts, directory)
    return texts


def _given_again(source: Source, directory: RunDirectory) -> tuple[str, Builder]:
    """A network without a source: the same code must be there in this process."""
    builder = builder_without_source(source)
    if builder is None:
        raise RunMismatchError(
            f"the network {source.object} of {directory.path}, whose source Python did not keep",
            "the same class or function once more",
            f"define it, then: grevy.open_run('{directory.path}', model={source.object})",
        )
    return f"{source.name}", builder
