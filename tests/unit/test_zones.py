"""Windows and IANA names of time zones, and what must not be taken for one."""

import pytest
from tzlocal.windows_tz import win_tz

from mockserver.documents.zones import is_windows_name, offset_hours


@pytest.mark.parametrize("name", sorted(win_tz))
def test_every_windows_zone_resolves(name: str) -> None:
    offset = offset_hours(name)
    assert (is_windows_name(name), offset is not None and -12 <= offset <= 14) == (True, True)


@pytest.mark.parametrize(
    ("name", "hours", "windows"),
    [
        pytest.param("Eastern Standard Time", -5, True, id="Windows, standard time all year"),
        pytest.param("eastern STANDARD time", -5, True, id="Windows, any letter case"),
        pytest.param("AUS Eastern Standard Time", 10, True, id="Windows, southern summer"),
        pytest.param("India Standard Time", 5.5, True, id="Windows, half an hour"),
        pytest.param("Nepal Standard Time", 5.75, True, id="Windows, three quarters"),
        pytest.param("Turkey Standard Time", 3, True, id="Windows, the old name"),
        pytest.param("Türkiye Standard Time", 3, True, id="Windows, the new name"),
        pytest.param("TÜRKIYE STANDARD TIME", 3, True, id="Windows, the new name in capitals"),
        pytest.param("Mid-Atlantic Standard Time", -2, True, id="Windows, withdrawn"),
        pytest.param("Kamchatka Standard Time", 12, True, id="Windows, withdrawn in the east"),
        pytest.param("UTC", 0, True, id="UTC"),
        pytest.param("America/New_York", -5, False, id="IANA"),
        pytest.param("Asia/Kolkata", 5.5, False, id="IANA, half an hour"),
    ],
)
def test_a_zone_has_its_standard_offset(name: str, hours: float, windows: bool) -> None:
    assert (offset_hours(name), is_windows_name(name)) == (hours, windows)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Nonsense Standard Time", id="nonsense"),
        pytest.param("", id="empty"),
        pytest.param(" ", id="blank"),
        pytest.param("EST5EDT,M3.2.0", id="a POSIX rule"),
        pytest.param("../../etc/passwd", id="out of the folder"),
        pytest.param("America/../../../etc/passwd", id="out of the folder, later"),
        pytest.param("/etc/passwd", id="absolute"),
        pytest.param("America", id="a folder"),
        pytest.param("America/", id="a folder with a slash"),
        pytest.param("tzdata.zi", id="a file that is no zone"),
        pytest.param("UTC\0", id="NUL"),
        pytest.param("\ud800", id="a surrogate"),
        pytest.param("A" * 5000, id="very long"),
    ],
)
def test_other_texts_are_no_zone(name: str) -> None:
    assert (offset_hours(name), is_windows_name(name)) == (None, False)
