"""What this process has built from sources, and which of them its user named."""

from __future__ import annotations

from collections.abc import Mapping

from grevy.models.own.code_hash import code_hash
from grevy.models.own.in_module import builder_in
from grevy.models.own.private_modules import forget_modules, import_source, remember_registered
from grevy.models.registry import Builder, find_builder, registering
from grevy.recipes.registered import Registrations
from grevy.records.source import Source, Sources, digest_of, with_files

_built: dict[str, Mapping[str, Builder]] = {}
"""Builders by the digest of the sources that they came from: a source is run once a process."""

_without_source: dict[tuple[str | None, str], Builder] = {}
"""Networks that Python kept no source of, by name and hash of their code."""

_named: set[str] = set()
"""Digests of sources that the user named or wrote in this process."""


def builders_of(sources: Sources, *, anew: bool = False) -> Mapping[str, Builder]:
    """The networks that sources with texts make: those named in them, and what plugins register.

    Args:
        sources: with their texts.
        anew: run them also where this process has run them before.

    Raises:
        SourceFaultError: an error in them.
        SourceError: a network that they do not have.
    """
    digest = digest_of(sources)
    if anew or digest not in _built:
        forget_modules(sources)  # a plugin registers only while it is run
        with registering() as found:
            for source in sources:
                if source.file and source.role == "plugin":
                    import_source(sources, source.file)
                elif source.file and source.role == "model":
                    module = import_source(sources, source.file)
                    name = f"{source.name}"
                    found[name] = builder_in(module, source.file, f"{source.object}", name)
        _built[digest] = found
    return _built[digest]


def remember_named(
    sources: Sources, builders: Mapping[str, Builder], registered: Registrations = ()
) -> None:
    """The user named or wrote these: runs with them can be opened in this process.

    Args:
        sources: all of a call.
        builders: of their networks, by name.
        registered: what else they register.
    """
    if files := with_files(sources):
        remember_registered(files, registered)
        _named.add(digest_of(files))
        _built.setdefault(digest_of(files), builders)
    for source in sources:
        if source.file is None:
            _without_source[source.name, source.sha256] = builders[f"{source.name}"]


def was_named(sources: Sources) -> bool:
    """Whether the user named or wrote just these in this process."""
    return digest_of(sources) in _named


def builder_without_source(source: Source) -> Builder | None:
    """The network whose code a record has a hash of, if it was given or registered here."""
    builder = find_builder(f"{source.name}")
    if builder is not None and code_hash(builder) == source.sha256:
        return builder
    return _without_source.get((source.name, source.sha256))
