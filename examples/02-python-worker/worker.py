"""Handlers in Python: python3 worker.py [HOST:PORT]"""

import signal
import sys
import threading
import time

from gate_worker import GateError, Worker


def add(a, b):
    return a + b


def words(text):
    """A stream: one value per word, as fast as its reader takes them."""
    for at, word in enumerate(text.split()):
        yield {"at": at, "word": word}


def divide(a, b):
    if b == 0:
        raise GateError("invalid_argument", "nobody divides by zero")
    return a / b


def echo(value):
    return value


def slow(seconds):
    time.sleep(seconds)
    return "awake"


def forever():
    at = 0
    while True:
        yield at
        at += 1


if __name__ == "__main__":
    handlers = {f"python.{run.__name__}": run for run in (add, words, divide, echo, slow, forever)}
    worker = Worker(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051", handlers, worker_id="python")
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: threading.Thread(target=worker.stop).start())
    worker.run()
