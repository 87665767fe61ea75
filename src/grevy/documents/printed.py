"""What prints itself as a document, in a terminal and in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod

from grevy.documents.blocks import Document


class Printed(ABC):
    """An answer that Python prints as text and a notebook as HTML."""

    @abstractmethod
    def document(self) -> Document:
        """The answer to read."""

    def __str__(self) -> str:
        from grevy.documents.text import as_text

        return as_text(self.document())

    def _repr_html_(self) -> str:
        from grevy.documents.html import as_html

        return as_html(self.document())
