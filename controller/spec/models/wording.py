"""What people get to read: written out as text or HTML, or kept in a file beside the spec.

A file is read while the specs are loaded (`controller.spec.beside`), never later: what a plan shows is what
was there when it was made.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from pydantic import Field, PrivateAttr, model_validator
from pydantic.json_schema import JsonSchemaValue

from controller import markup
from controller.spec.models.scalars import Maybe, Words
from controller.spec.models.two_forms import TwoForms

LONGEST: Final = 128 * 1024  # characters [inf: more than Exchange takes for a reply]
_TEXTS: Final = (".txt", ".text", ".md")
_PAGES: Final = (".html", ".htm")


class Wording(TwoForms):
    """A text that people read: text (HTML if it has tags), or one of html, text, file."""

    text: Maybe[Words] = Field(
        default=None, description="Plain text; its line breaks are kept.", max_length=LONGEST
    )
    html: Maybe[Words] = Field(
        default=None, description="HTML: a document, or what stands in its body.", max_length=LONGEST
    )
    file: Maybe[Words] = Field(
        default=None,
        description="A UTF-8 file (.html, or .txt for plain text) by its path from this file, or from the "
        "top of the specs folder; inside that folder.",
        examples=["replies/standard.html"],
    )
    _content: str = PrivateAttr(default="")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return {"html" if markup.is_markup(value) else "text": value}

    @model_validator(mode="after")
    def _one_of_them(self) -> Wording:
        if len(self.model_fields_set) != 1:
            raise ValueError("expected exactly one of text, html, file")
        return self

    @classmethod
    def short_schema(cls, mapping: JsonSchemaValue) -> JsonSchemaValue:
        mapping.update(minProperties=1, maxProperties=1)
        return {"type": "string", "minLength": 1}

    def fill(self, content: str) -> None:
        """What the file says. To be called once, by the loader."""
        self._content = content

    def document(self) -> str:
        """What is sent: HTML as it was written, plain text as HTML that reads the same."""
        if self.file is None:
            return self.html if self.html is not None else markup.from_text(self.text or "")
        suffix = PurePosixPath(self.file).suffix.lower()
        plain = suffix in _TEXTS or (suffix not in _PAGES and not markup.is_markup(self._content))
        return markup.from_text(self._content) if plain else self._content
