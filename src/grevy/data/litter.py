"""What systems and tools leave beside a user's files: never data, at any depth."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from grevy.data.names import listed
from grevy.figures.numerals import counted

_NAMES = frozenset(
    (
        # macOS
        "__macosx",
        "icon\r",
        "network trash folder",
        "temporary items",
        "thevolumesettingsfolder",
        # Windows
        "thumbs.db",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        "$recycle.bin",
        "system volume information",
        "recycler",
        "recycled",
        # NAS: Synology, QNAP, and file systems
        "@eadir",
        "@tmp",
        "@sharebin",
        "@recycle",
        "@recently-snapshot",
        "@__thumb",
        "_gsdata_",
        "#recycle",
        "#snapshot",
        "lost+found",
        # picture managers and editors
        "picasa.ini",
        "zbthumbnail.info",
        "pspbrwse.jbf",
        "_vti_cnf",
        "__pycache__",
        "_darcs",
        "sccs",
        "_thumb",
    )
)
_CHECKED_DISK = re.compile(r"found\.\d{3}")
"""What Windows finds on a disk that it checks."""
_BEGINNINGS = (".", "~$", "synofile_thumb", "synophoto_thumb", "~syncthing~")
_ENDINGS = ("~", "@synoeastream", "@synoresource", ":zone.identifier", ":encryptable")
_VERSIONED = frozenset(("Entries", "Repository", "Root", "Base", "Template", "Tag"))
"""What may lie in a folder `CVS` of that version control; a class may be called so, too."""


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is none of the user's data.

    Hidden names (with a dot first), thumbnails and bins of NAS, Windows and macOS, folders of
    version control, and what editors keep beside a file that is open.
    """
    folded = name.casefold()
    return (
        folded in _NAMES
        or folded.startswith(_BEGINNINGS)
        or folded.endswith(_ENDINGS)
        or bool(_CHECKED_DISK.fullmatch(folded))
        or (len(name) > 2 and name[0] == name[-1] == "#")
    )


def is_version_control(name: str, inside: Iterable[str]) -> bool:
    """Whether a folder with these names inside is one of CVS, and no class of that name."""
    return name == "CVS" and not _VERSIONED.isdisjoint(inside)


def litter_note(found: Sequence[str]) -> tuple[str, ...]:
    """The note on litter that was met, none where there was none; what lies in it is not looked at.

    Args:
        found: paths of files and folders, relative to the data.
    """
    if not found:
        return ()
    return (
        f"{counted(len(found), 'file or folder', 'files or folders')} of systems and tools,"
        f" never data: {listed(found)}",
    )
