"""Announcement days in words; nothing here knows what day it is."""

from datetime import date

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def say_day(day: date) -> str:
    """Write a day out, whatever the machine's language: "Thursday 4 December 2025"."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def say_day_briefly(day: date) -> str:
    """Write a day where its year is plain: "4 Dec"."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]}"


def say_days(since: date | None, day: date) -> str:
    """Write a span of days out: "Monday 1 to Thursday 4 December 2025"; a single one as it is."""
    if since is None or since == day:
        return say_day(day)
    first = say_day(since)
    for shared in (f" {_MONTHS[day.month - 1]} {day.year}", f" {day.year}"):
        if first.endswith(shared):
            return f"{first.removesuffix(shared)} to {say_day(day)}"
    return f"{first} to {say_day(day)}"


def say_days_briefly(since: date | None, day: date) -> str:
    """Write a span of days where its year is plain: "1 Dec to 4 Dec"."""
    brief = say_day_briefly(day)
    return brief if since is None or since == day else f"{say_day_briefly(since)} to {brief}"
