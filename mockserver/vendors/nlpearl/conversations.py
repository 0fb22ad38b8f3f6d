"""What is said in a played call: a text for each turn, with the lead's own data filled in."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mockserver.state.changes import Row

PEARL, CLIENT = 2, 3
"""The roles of a transcript (`v2/outbound/update-lead`)."""


class Conversation(NamedTuple):
    """Its turns, each a role and a text, and the summary. Texts may name data of the lead."""

    turns: Sequence[tuple[int, str]]
    summary: str


_OPENING = (PEARL, "Hello {firstName}, this is the assistant you left your details with.")

CONVERSATIONS: Mapping[str, Conversation] = {
    "qualified": Conversation(
        (
            _OPENING,
            (CLIENT, "Yes, I have been waiting for your call."),
            (PEARL, "I have a few questions about what you need."),
            (CLIENT, "Go ahead, I can answer them now."),
            (PEARL, "Thank you, that is all I need to know."),
        ),
        "{firstName} answered all questions and wants to go on.",
    ),
    "declined": Conversation(
        (
            _OPENING,
            (CLIENT, "I have found something else in the meantime."),
            (PEARL, "I see. Thank you for telling me, and goodbye."),
        ),
        "{firstName} is not interested any more.",
    ),
    "talked": Conversation(
        (
            _OPENING,
            (CLIENT, "Good that you call."),
            (PEARL, "Here is what I wanted to tell you."),
            (CLIENT, "Thank you, goodbye."),
        ),
        "{firstName} listened to the end.",
    ),
    "transferred": Conversation(
        (
            _OPENING,
            (CLIENT, "I would rather talk to a person."),
            (PEARL, "Of course, I put you through."),
        ),
        "{firstName} asked for a person and was put through.",
    ),
    "booked": Conversation(
        (
            _OPENING,
            (CLIENT, "When could we meet?"),
            (PEARL, "There is a time free tomorrow morning."),
            (CLIENT, "That suits me."),
        ),
        "{firstName} has an appointment.",
    ),
    "message": Conversation(
        (
            _OPENING,
            (CLIENT, "I only take messages here."),
            (PEARL, "Please say that we called."),
        ),
        "Somebody else answered and took a message.",
    ),
    "hung_up": Conversation((_OPENING,), "The call ended at the greeting."),
    "later": Conversation(
        (
            _OPENING,
            (CLIENT, "I cannot talk now, call me later."),
            (PEARL, "I will."),
        ),
        "{firstName} asked for a call at another time.",
    ),
    "no_calls": Conversation(
        (
            _OPENING,
            (CLIENT, "Please do not call me again."),
            (PEARL, "I note that. Goodbye."),
        ),
        "{firstName} wants no more calls.",
    ),
    "voicemail": Conversation(((PEARL, "{voiceMail}"),), "A message was left on the machine."),
}


def transcript_of(conversation: Conversation, duration: int, known: Row) -> list[Row]:
    """The turns as the API shows them, spread evenly over the seconds of the call."""
    length = duration / len(conversation.turns)
    lines = []
    for number, (role, text) in enumerate(conversation.turns):
        lines.append(
            {
                "role": role,
                "content": filled(text, known),
                "startTime": round(number * length, 2),
                "endTime": round((number + 1) * length, 2),
            }
        )
    return lines


def filled(text: str, known: Mapping[str, Any]) -> str:
    """The text with data of the lead in it; a word in place of data that is not known."""
    for name, default in (("firstName", "there"), ("voiceMail", "Please call us back.")):
        text = text.replace("{" + name + "}", str(known.get(name) or default))
    return text
