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
