"""Works with a calendar server as a calendar program does. Takes its URL; prints what it found as JSON."""

import datetime
import json
import sys

import caldav

UTC = datetime.timezone.utc
DAY = datetime.datetime(2027, 3, 14, tzinfo=UTC)
HOUR = datetime.timedelta(hours=1)


def events_of(calendar: caldav.Calendar, day: datetime.datetime) -> list:
    found = calendar.search(start=day, end=day + 24 * HOUR, event=True, expand=True)
    return sorted(str(event.icalendar_component["SUMMARY"]) for event in found)


with caldav.DAVClient(url=sys.argv[1], username="zoe", password="sesame") as client:
    said = {}
    principal = client.principal()
    said["principal"] = principal.url.path
    calendar = principal.make_calendar(name="Büro", cal_id="office")
    said["calendars"] = [(one.url.path, one.get_display_name()) for one in principal.get_calendars()]

    meeting = calendar.add_event(dtstart=DAY + 9 * HOUR, dtend=DAY + 10 * HOUR, summary="Frühstück ☕", uid="meeting")
    calendar.add_event(dtstart=DAY, dtend=DAY + HOUR, summary="Daily", uid="daily", rrule={"FREQ": "DAILY"})
    calendar.add_todo(summary="Write the report", uid="report")
    said["day"] = events_of(calendar, DAY)
    said["week later"] = events_of(calendar, DAY + 7 * 24 * HOUR)
    said["todos"] = [str(todo.icalendar_component["SUMMARY"]) for todo in calendar.get_todos()]

    changes = calendar.get_objects_by_sync_token(load_objects=False)
    meeting.icalendar_component["SUMMARY"] = "Lunch"
    meeting.save()
    calendar.get_event_by_uid("daily").delete()
    said["changed"] = sorted(one.url.path.split("/")[-1] for one in calendar.get_objects_by_sync_token(changes.sync_token))
    said["day after"] = events_of(calendar, DAY)

    calendar.delete()
    said["calendars after"] = len(principal.get_calendars())
    print(json.dumps(said))
