"""Says in English what the service once said in Chinese: why something gave up is kept as a sentence, without its template.

A sentence is known again by the templates that have a translation; what others said (a library, a mail server, the author of
a diagram) stands as it is.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from babel.messages import mofile

_SENTENCES = Path(__file__).parent / "translations" / "en" / "LC_MESSAGES" / "messages.mo"
_PLACE = re.compile(r"\{(\w+)\}")
LEAST = 4
"""Characters that a template must have of its own; fewer would fit sentences of anybody."""
DEEPEST = 3
"""Sentences within sentences that are looked for."""


def in_english(text: str, depth: int = DEEPEST) -> str:
    """A sentence of the service in English, with the sentences within it; any other text as it stands."""
    exact, templates = _known()
    if text in exact:
        return exact[text]
    for pattern, english in templates if depth else ():
        match = pattern.fullmatch(text)
        if match is not None:
            return _filled(english, match.groupdict(), depth - 1)
    return text


def _filled(english: str, values: dict[str, str], depth: int) -> str:
    return _PLACE.sub(lambda place: in_english(values.get(place[1], place[0]), depth), english)


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Sentences without parameters, and templates as patterns, those that say most themselves first."""
    exact, templates = {}, []
    for said, english in _translated():
        own = _PLACE.sub("", said)
        if own == said:
            exact[said] = english
        elif len(own) >= LEAST:
            templates.append((len(own), _pattern(said), english))
    templates.sort(key=lambda one: -one[0])
    return exact, [(pattern, english) for _own, pattern, english in templates]


def _translated() -> Iterator[tuple[str, str]]:
    with _SENTENCES.open("rb") as file:
        for one in mofile.read_mo(file):
            if isinstance(one.id, str) and isinstance(one.string, str) and one.id and "%(" not in one.id:
                yield one.id, one.string


def _pattern(template: str) -> re.Pattern[str]:
    seen: set[str] = set()
    written = []
    for index, part in enumerate(_PLACE.split(template)):
        if index % 2 == 0:
            written.append(re.escape(part))
        else:  # a parameter that comes again is the same
            written.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+?)")
            seen.add(part)
    return re.compile("".join(written), re.DOTALL)
