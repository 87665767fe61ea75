"""One reader a form in which people have pictures."""

from grevy.data.sources.arrays import array_source
from grevy.data.sources.find import find_source

__all__ = ["array_source", "find_source"]
