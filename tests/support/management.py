"""The management API, as far as tests need it."""

import datetime
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

# Usage is written behind the answer. This is how long it may take, not how long it does.
USAGE_DEADLINE_S = 20


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def call(method, path, body=None):
    request = urllib.request.Request(
        os.environ["WARDGATE_ADMIN_URL"].rstrip("/") + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {os.environ['WARDGATE_API_KEY']}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error


def usage_since(start, is_wanted, count):
    """The events since a time that are wanted, as soon as there are so many of them."""
    query = urllib.parse.urlencode({"startTime": start.strftime("%Y-%m-%dT%H:%M:%S.%fZ")})
    deadline = time.monotonic() + USAGE_DEADLINE_S
    while True:
        events = call("GET", f"/usage?{query}")["aiGatewayUsage"]
        wanted = [event for event in events if is_wanted(event)]
        if len(wanted) >= count:
            return wanted
        assert time.monotonic() < deadline, f"{len(wanted)} of {count} usage events arrived; all are {events}"
        time.sleep(0.1)
