"""Which list a JSON array is, where a value may hold several kinds of lists.

The words of its elements tell: `[{"type": "text"}]` is a list of contents,
`[{"type": "user_input"}]` one of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openinteractions.gateway.errors import unknown_word
from openinteractions.gateway.schema import ListForm, ValueShape


def chooser(shape: ValueShape, *, strict: bool) -> Callable[[list[Any]], str | None]:
    """Return what names the field for an array; None is the one for any other JSON.

    Where other JSON is allowed, only an array whose every element has a known word is
    a list. Elsewhere the first known word decides, and elements that do not belong are
    refused when they are read.
    """
    if shape.raw is not None:
        return _all_known(shape.lists[0])
    if len(shape.lists) == 1:
        only = shape.lists[0].field.name
        return lambda _items: only
    return _first_known(shape.lists, strict=strict)


def _all_known(form: ListForm) -> Callable[[list[Any]], str | None]:
    name, tags = form.field.name, {tag.lower() for tag in form.tags}

    def choose(items: list[Any]) -> str | None:
        known = all(_word(item, form.discriminator) in tags for item in items)
        return name if known and items else None

    return choose


def _first_known(
    forms: tuple[ListForm, ...], *, strict: bool
) -> Callable[[list[Any]], str | None]:
    names = {tag.lower(): form.field.name for form in forms for tag in form.tags}
    first, last = forms[0], forms[-1]

    def choose(items: list[Any]) -> str:
        strange = None
        for index, item in enumerate(items):
            word = _word(item, first.discriminator)
            if word in names:
                return names[word]
            if word and strange is None:
                strange = (word, index)
        if strange is None:
            return first.field.name
        if strict:
            word, index = strange
            segment = str(first.discriminator)
            raise unknown_word(word, names).under(segment).under(index)
        return last.field.name

    return choose


def _word(item: Any, discriminator: str | None) -> str:
    word = item.get(discriminator) if type(item) is dict else None
    return word.lower() if type(word) is str else ""
