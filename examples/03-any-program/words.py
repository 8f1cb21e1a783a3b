#!/usr/bin/env python3
"""A service in Python, with nothing but its standard library: one line of JSON in, lines of JSON out."""

import json
import sys


def say(**message):
    print(json.dumps(message), flush=True)


def work(job):
    method, args = job["method"], job["args"]
    if method == "count":
        say(result=len(args[0].split()))
    elif method == "each":
        for word in args[0].split():
            say(chunk=word)
        say(end=True)
    elif method == "longest":
        if not args[0].strip():
            say(error={"code": "invalid_argument", "message": "there is no word in it"})
        else:
            say(result=max(args[0].split(), key=len))


say(methods=["count", {"name": "each", "stream": True}, {"name": "longest", "params": ["text"], "http": "POST /longest"}])
for line in sys.stdin:
    job = json.loads(line)
    # A job that nobody waits for any more comes again as {"id": …, "cancel": …}: here it is over by then.
    if "cancel" not in job:
        try:
            work(job)
        except Exception as error:
            say(error=f"{type(error).__name__}: {error}")
