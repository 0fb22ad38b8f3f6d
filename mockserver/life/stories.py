"""Stories: what the attempts to reach a lead end in, one after the other.

A lead's story is named where the lead is seeded, meant by a magic value in its data, drawn by
chance, or set by the control API. A step is an outcome by its name with options; the last step of a
story repeats.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from mockserver.life.moments import span_of
from mockserver.life.outcomes import Outcomes, magic_phone
from mockserver.sections import Schema

Story = Sequence[Mapping[str, Any]]
"""Its steps, each an object with `outcome` and options."""

MODES = ("off", "magic", "all")

_ADDRESS = re.compile(r"\+(outcome|story)-([a-z0-9-]{1,64})@")
_ENDING = re.compile(r"(?:^|[^a-z0-9])(outcome|story)-([a-z0-9-]{1,64})$")
_LONGEST = 320
"""A longer text is no e-mail address and no id."""

STEP: Schema = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": 64},
        {
            "type": "object",
            "required": ["outcome"],
            "additionalProperties": False,
            "properties": {
                "outcome": {"type": "string", "minLength": 1, "maxLength": 64},
                "after": {
                    "description": "Seconds, or a text like 2h, from when the story begins or the "
                    "attempt before fell due; without it the vendor's schedule says when.",
                    "type": ["number", "string"],
                },
                "duration": {"type": "integer", "minimum": 0, "maximum": 86400},
                "collected": {"type": "object"},
                "fields": {"type": "object"},
            },
        },
    ]
}
"""The schema of a step."""

STORY: Schema = {"type": "array", "minItems": 1, "maxItems": 100, "items": STEP}
"""The schema of a story."""


def steps_of(story: Iterable[Any]) -> list[dict[str, Any]]:
    """The steps of a story, each as an object."""
    return [{"outcome": step} if isinstance(step, str) else dict(step) for step in story]


def wrong_steps(story: Iterable[Any], outcomes: Outcomes) -> Iterator[tuple[int, str]]:
    """What is wrong with a story beside its shape: the position of the step, and a sentence."""
    for position, step in enumerate(steps_of(story)):
        name = step["outcome"]
        if name not in outcomes:
            yield position, f"{name!r} is no outcome; {near(name, outcomes)}"
        after = step.get("after")
        if after is not None and span_of(after) is None:
            yield position, f"after must be seconds or a text like 2h, not {after!r}"


def near(name: str, known: Iterable[str]) -> str:
    """The known names that are like one, or all of them."""
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(name, names, 3, 0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known are {', '.join(names)}"


def step_at(story: Story, position: int) -> Mapping[str, Any]:
    """The step for an attempt, counted from 0: the last one repeats."""
    return story[min(position, len(story) - 1)]


class MagicStories:
    """Finds the stories that magic values of a lead mean, where the tester chooses its data."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._phones = {
            magic_phone(outcome.magic_phone): outcome.name
            for outcome in outcomes.values()
            if outcome.magic_phone is not None
        }

    def words(
        self, texts: Iterable[str | None], ids: Iterable[str | None], phone: str | None
    ) -> Mapping[str, str]:
        """The names in the values, under `story` and `outcome`. Nearly no lead has any.

        `texts` may have an e-mail address in them, `ids` end in a magic word. An address beats a
        number.
        """
        found: dict[str, str] = {}
        # Each lead of a large import comes through here: most texts lack the hyphen of a word.
        for text in texts:
            if text and "-" in text and len(text) <= _LONGEST:
                self._note(_ADDRESS.search(text), found)
        for text in ids:
            if text and "-" in text and len(text) <= _LONGEST:
                self._note(_ENDING.search(text), found)
        if phone in self._phones and found.get("outcome") not in self._outcomes:
            found["outcome"] = self._phones[phone]
        return found

    def meant(
        self, words: Mapping[str, str], stories: Mapping[str, Any]
    ) -> tuple[str, list[dict[str, Any]]] | None:
        """What the words mean: what to call it, and the story. A story beats an outcome."""
        story = words.get("story")
        if story is not None and story in stories:
            return story, steps_of(stories[story])
        outcome = words.get("outcome")
        if outcome is not None and outcome in self._outcomes:
            return outcome, [{"outcome": outcome}]
        return None

    def _note(self, read: "re.Match[str] | None", found: dict[str, str]) -> None:
        if read is not None:
            found.setdefault(read[1], read[2].replace("-", "_"))


def chance(seed: int, *parts: object) -> float:
    """A number from 0 to 1 that only the seed and the parts decide."""
    text = ":".join(map(str, (seed, *parts)))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / (1 << 64)


def drawn_from(weights: Mapping[str, float], point: float) -> str | None:
    """The name at a point from 0 to 1 of the weights, one after the other; None without any."""
    total = sum(weights.values())
    if total <= 0:
        return None
    left = point * total
    drawn = None
    for name, weight in weights.items():
        if weight > 0:
            drawn = name
        left -= weight
        if left < 0:
            break
    return drawn


def drawn_number(value: Any, point: float) -> Any:
    """The value itself; of a range of two whole numbers the one at that point of it."""
    if not isinstance(value, list) or [*map(type, value)] != [int, int]:
        return value
    least, most = value
    return least + int(point * (most - least + 1))
