"""Reads a batch of events from standard input with the CloudEvents project's own SDK, which refuses what isn't one, and says how many there are."""
import json
import sys

from cloudevents.core.formats.json import JSONFormat

events = [JSONFormat().read(None, json.dumps(item)) for item in json.load(sys.stdin)]
if not events:
    sys.exit("there are no events")
for event in events:
    if event.get_extension("position") is None or event.get_data()["type"] not in event.get_type():
        sys.exit(f"not read as it was written: {event.get_attributes()}")
print(f"cloudevents: {len(events)} events, {events[0].get_type()} to {events[-1].get_type()}")
