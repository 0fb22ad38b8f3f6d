"""The analytics of a pearl: its calls of a span of time, counted in several ways.

The fields are those of `v2/pearl/get-analytics`. What each of them counts the page does not say.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mockserver.state.changes import Row
from mockserver.vendors.nlpearl.rows import ENDED, EVENTS, IN_PROGRESS, OUTBOUND, SUCCESS

_STATUSES: Mapping[str, int | None] = {
    "needRetry": 10,
    "wrongCountryCode": 30,
    "needFollowUp": None,
    "voiceMailLeft": 70,
    "successful": SUCCESS,
    "unsuccessful": 110,
    "wrongNumber": None,
    "completed": 130,
    "unreachable": 150,
    "error": 500,
}
"""The conversation status that each counter counts; no status is known for two of them."""

_SENTIMENTS = ("negative", "slightlyNegative", "neutral", "slightlyPositive", "positive")
"""By their numbers, from 1."""

Days = Mapping[str, Sequence[Row]]
"""The calls of each day that has some, by the text of its midnight in UTC."""


def analytics(calls: Sequence[Row], pearl_type: int) -> Row:
    """The calls, in the order in which they started, as AnalyticsApiView."""
    ended = [call for call in calls if call["status"] != IN_PROGRESS]
    days = _by_day(calls)
    ended_days = _by_day(ended)
    pickups = None
    if pearl_type == OUTBOUND:
        pickups = _time_line(ended_days, "pickupRatePercentage", _pickup_rate)
    return {
        "callsStatusOverview": _statuses(calls),
        "callsSentimentOverview": _sentiments(ended),
        "callsStatusTimeLine": [_statuses(each) | {"date": date} for date, each in days.items()],
        "callsAverageTimeLine": _time_line(ended_days, "averageCallDuration", _average_duration),
        # Nothing is known of prices.
        "callsCostTimeLine": [],
        "callsPickupRateTimeLine": pickups,
        "callsSuccessRateTimeLine": _time_line(ended_days, "successRatePercentage", _success_rate),
        "callLabelCount": _labels(calls),
        "callEventsCounts": _events(calls),
        "callsByHourDayOfWeeks": _hours(calls),
        "callType": pearl_type,
    }


def _by_day(calls: Iterable[Row]) -> Days:
    days: dict[str, list[Row]] = {}
    for call in calls:
        midnight = f"{call['startTime'][:10]}T00:00:00Z"
        days.setdefault(midnight, []).append(call)
    return days


def _time_line(
    days: Days, name: str, value: Callable[[Sequence[Row]], float]
) -> list[dict[str, Any]]:
    """The value of each day under that name."""
    return [{"date": date, name: value(calls)} for date, calls in days.items()]


def _statuses(calls: Sequence[Row]) -> Row:
    found = Counter(call["conversationStatus"] for call in calls)
    leads = {call["leadId"] for call in calls} - {None}
    totals = {"totalCalls": len(calls), "totalLeads": len(leads)}
    return totals | {name: found[status] for name, status in _STATUSES.items()}


def _sentiments(calls: Iterable[Row]) -> Row:
    found = Counter(call["overallSentiment"] for call in calls)
    return {name: found[number] for number, name in enumerate(_SENTIMENTS, start=1)}


def _average_duration(calls: Sequence[Row]) -> float:
    return float(sum(call["duration"] for call in calls) / len(calls))


def _pickup_rate(calls: Sequence[Row]) -> float:
    return _percentage(call["status"] == ENDED for call in calls)


def _success_rate(calls: Sequence[Row]) -> float:
    return _percentage(call["conversationStatus"] == SUCCESS for call in calls)


def _percentage(found: Iterable[bool]) -> float:
    flags = list(found)
    return 100 * sum(flags) / len(flags)


def _labels(calls: Iterable[Row]) -> list[Row]:
    """How many calls have each tag. Ids and colours of tags are not stored."""
    found = Counter(tag for call in calls for tag in call["tags"] or ())
    return [
        {"id": None, "name": name, "color": None, "count": count}
        for name, count in sorted(found.items())
    ]


def _events(calls: Sequence[Row]) -> Row:
    found = Counter(event for call in calls for event in call["events"])
    found["callTransferred"] = sum(call["isCallTransferred"] for call in calls)
    names = [*EVENTS[:2], "callTransferred", *EVENTS[2:]]
    return {f"{name}Count": found[name] for name in names}


def _hours(calls: Iterable[Row]) -> list[Row]:
    """How many calls started in each hour of the week that has some, in UTC."""
    found = Counter(_hour_of_week(call["startTime"]) for call in calls)
    return [
        {"hourOfDay": hour, "dayOfWeek": day, "count": count}
        for (day, hour), count in sorted(found.items())
    ]


def _hour_of_week(text: str) -> tuple[int, int]:
    """Day and hour. .NET counts days from Sunday, which is 0."""
    moment = datetime.fromisoformat(text)
    return moment.isoweekday() % 7, moment.hour
