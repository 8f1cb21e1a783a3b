"""A worker of a gate in Python: the gate protocol over gRPC, with nothing but grpcio.

The protocol is told in gate.proto. A handler is a function; one that yields answers with a stream.
"""

import inspect
import json
import os
import queue
import struct
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import grpc

import msgpack_lite as msgpack

HELLO, WELCOME, ROUTES, JOB, CHUNK, CREDIT, END, FAIL, CANCEL, PING, PONG, DRAIN, GOODBYE = range(1, 14)
F_METADATA, F_INPUT, F_SERVE, F_PAYLOAD = 1, 4, 32, 128
MSGPACK, JSON = 1, 2
HEADER = struct.Struct("<IBBBBIII")
FIRST_CREDIT = 64
LEAVING = 1


class GateError(Exception):
    """What a handler raises to choose the code that its caller sees."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Worker:
    """Serves handlers until it is stopped; comes back by itself when the gate was away."""

    def __init__(self, address, methods, capacity=8, worker_id=None):
        self.address = address
        self.methods = methods
        self.capacity = capacity
        self.hello = {
            "version": 1,
            "id": worker_id or f"python-{os.getpid()}",
            "incarnation": uuid.uuid4().hex,
            "agent": f"gate_worker.py grpcio/{grpc.__version__}",
        }
        if "GATE_KEY" in os.environ:
            self.hello["key"] = os.environ["GATE_KEY"]
        self.pool = ThreadPoolExecutor(capacity)
        self.stopped = threading.Event()
        self.link = None

    def run(self):
        wait = 0.1
        while not self.stopped.is_set():
            try:
                with grpc.insecure_channel(self.address, options=[("grpc.max_receive_message_length", -1)]) as channel:
                    self.link = Link(self)
                    self.link.talk(channel)
                    wait = 0.1
            except grpc.RpcError as error:
                print(f"the link to {self.address} is lost: {error.details()}", flush=True)
            self.stopped.wait(wait)
            wait = min(wait * 2, 5)

    def stop(self):
        """Takes no new job, finishes those that run, and leaves."""
        self.stopped.set()
        if self.link is not None:
            self.link.leave()


class Link:
    """One stream to the gate: from hello to goodbye."""

    def __init__(self, worker):
        self.worker = worker
        self.frames = queue.Queue()
        self.routes = {}
        self.jobs = {}
        self.lock = threading.Lock()
        self.is_leaving = False

    def talk(self, channel):
        self.send(HELLO, msgpack.pack(self.worker.hello))
        connect = channel.stream_stream("/gate.v1.Gate/Connect", to_message, from_message)
        try:
            for frame in connect(iter(self.frames.get, None)):
                for record in records(frame):
                    self.take(*record)
        finally:
            self.frames.put(None)
            for job in list(self.jobs.values()):
                job.cancel()

    def leave(self):
        # Jobs that the gate sent before it heard of this come before its answer to the ping: they are run as well.
        self.send(DRAIN)
        self.send(PING, value=LEAVING)

    def left(self):
        with self.lock:
            self.is_leaving = True
            is_idle = not self.jobs
        if is_idle:
            self.goodbye()

    def goodbye(self):
        self.send(GOODBYE)
        self.frames.put(None)

    def ended(self, job):
        with self.lock:
            self.jobs.pop(job.number, None)
            is_last = self.is_leaving and not self.jobs
        if is_last:
            self.goodbye()

    def send(self, kind, payload=b"", flags=0, job=0, value=0):
        self.frames.put(HEADER.pack(HEADER.size + len(payload), kind, flags, 0, 0, job, value, 0) + payload)

    def take(self, header, metadata, payload):
        _, kind, flags, content_type, accept, number, value, route = header
        if kind == WELCOME:
            methods = [{"name": name, "stream": inspect.isgeneratorfunction(run)} for name, run in self.worker.methods.items()]
            self.send(ROUTES, msgpack.pack({"capacity": self.worker.capacity, "methods": methods}), F_SERVE)
            print(f"serving {', '.join(self.worker.methods)}", flush=True)
        elif kind == ROUTES:
            self.routes.update(dict(msgpack.unpack(payload).get("numbers", [])))
        elif kind == PING:
            self.send(PONG, value=value)
        elif kind == PONG and value == LEAVING:
            self.left()
        elif kind == JOB:
            job = Job(self, number, self.routes.get(route), content_type, accept, payload)
            with self.lock:
                self.jobs[number] = job
            self.worker.pool.submit(job.run)
        elif kind == CREDIT and not flags & F_INPUT:
            if number in self.jobs:
                self.jobs[number].more(value)
        elif kind == CANCEL:
            if number in self.jobs:
                self.jobs[number].cancel()
        elif kind == GOODBYE:
            reason = msgpack.unpack(payload)["message"] if payload else "the gate said goodbye"
            print(f"the gate closed the link: {reason}", flush=True)
            self.frames.put(None)


class Job:
    """One job: its handler runs in a thread of the pool, its answer leaves as records."""

    def __init__(self, link, number, target, content_type, accept, payload):
        self.link = link
        self.number = number
        self.target = target
        self.content_type = content_type
        self.accept = accept
        self.payload = payload
        self.credit = FIRST_CREDIT
        self.changed = threading.Condition()
        self.is_cancelled = False

    def run(self):
        try:
            result = self.link.worker.methods[self.target](*self.arguments())
            if inspect.isgenerator(result):
                for value in result:
                    self.chunk(encode(value, self.accept))
                self.link.send(END, job=self.number)
            else:
                self.link.send(END, encode(result, self.accept), F_PAYLOAD, self.number)
        except GateError as error:
            self.fail(error.code, str(error))
        except Exception as error:  # a handler may raise anything; its caller hears what
            self.fail("unknown", f"{type(error).__name__}: {error}")
        finally:
            self.link.ended(self)

    def arguments(self):
        if not self.payload:
            return []
        try:
            value = decode(self.payload, self.content_type)
        except ValueError as error:
            raise GateError("invalid_argument", f"the payload cannot be read: {error}") from error
        return value if isinstance(value, list) else [value]

    def chunk(self, payload):
        """Sends one value of a stream, once its reader has room for it."""
        with self.changed:
            self.changed.wait_for(lambda: self.credit > 0 or self.is_cancelled)
            if self.is_cancelled:
                raise GateError("cancelled", "the caller cancelled")
            self.credit -= 1 + (len(payload) >> 14)
        self.link.send(CHUNK, payload, job=self.number)

    def fail(self, code, message):
        self.link.send(FAIL, msgpack.pack({"code": code, "message": message}), job=self.number)

    def more(self, units):
        with self.changed:
            self.credit += units
            self.changed.notify()

    def cancel(self):
        with self.changed:
            self.is_cancelled = True
            self.changed.notify()


def records(frame):
    """The records of a frame: header, metadata (a flat list of key and value) and payload of each."""
    at = 0
    while at < len(frame):
        header = HEADER.unpack_from(frame, at)
        body = frame[at + HEADER.size : at + header[0]]
        metadata = []
        if header[2] & F_METADATA:
            (length,) = struct.unpack_from("<I", body)
            metadata, body = msgpack.unpack(body[4 : 4 + length]), body[4 + length :]
        yield header, metadata, body
        at += header[0]


def decode(payload, content_type):
    if content_type == MSGPACK:
        return msgpack.unpack(payload)
    return json.loads(payload) if content_type == JSON else payload


def encode(value, accept):
    if accept == MSGPACK:
        return msgpack.pack(value)
    if isinstance(value, bytes):
        return value
    return json.dumps(value).encode()


def to_message(frame):
    """`gate.v1.Frame`: its one field is number 1, bytes."""
    length, prefix = len(frame), bytearray([0x0A])
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + frame


def from_message(message):
    if not message:
        return b""
    at = 1
    while message[at] & 0x80:
        at += 1
    return message[at + 1 :]
