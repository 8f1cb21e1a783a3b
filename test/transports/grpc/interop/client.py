"""gRPC's interoperability cases by python3-grpcio: prints how each went, as JSON."""
import json
import sys

import grpc
import interop_pb2 as pb
import interop_pb2_grpc as stubs

channel = grpc.insecure_channel(sys.argv[1])
stub = stubs.TestServiceStub(channel)
nowhere = stubs.UnimplementedServiceStub(channel)
Status = grpc.StatusCode
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
METADATA = [("x-grpc-test-echo-initial", "test_initial_metadata_value"), ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab")]


def simple(size, body, **more):
    return pb.SimpleRequest(response_size=size, payload=pb.Payload(body=bytes(body)), **more)


def output(size, body=0, interval_us=0, **more):
    parameters = [pb.ResponseParameters(size=size, interval_us=interval_us)]
    return pb.StreamingOutputCallRequest(response_parameters=parameters, payload=pb.Payload(body=bytes(body)), **more)


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def fails(code, call, details=None):
    try:
        call()
    except grpc.RpcError as error:
        equal(error.code(), code)
        if details is not None:
            equal(error.details(), details)
        return
    raise AssertionError(f"it did not fail as {code}")


class Pipe:
    """Requests that are sent one by one."""

    def __init__(self):
        import queue

        self.queue = queue.Queue()

    def send(self, request):
        self.queue.put(request)

    def close(self):
        self.queue.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        request = self.queue.get()
        if request is None:
            raise StopIteration
        return request


def empty_unary():
    equal(stub.EmptyCall(pb.Empty()), pb.Empty())


def large_unary():
    equal(len(stub.UnaryCall(simple(314159, 271828)).payload.body), 314159)


def client_streaming():
    sizes = [27182, 8, 1828, 45904]
    requests = (pb.StreamingInputCallRequest(payload=pb.Payload(body=bytes(size))) for size in sizes)
    equal(stub.StreamingInputCall(requests).aggregated_payload_size, 74922)


def server_streaming():
    sizes = [31415, 9, 2653, 58979]
    request = pb.StreamingOutputCallRequest(response_parameters=[pb.ResponseParameters(size=size) for size in sizes])
    equal([len(one.payload.body) for one in stub.StreamingOutputCall(request)], sizes)


def ping_pong():
    pipe = Pipe()
    replies = stub.FullDuplexCall(pipe)
    for size, body in [(31415, 27182), (9, 8), (2653, 1828), (58979, 45904)]:
        pipe.send(output(size, body))
        equal(len(next(replies).payload.body), size)
    pipe.close()
    equal(list(replies), [])


def empty_stream():
    equal(list(stub.FullDuplexCall(iter([]))), [])


def cancel_after_begin():
    pipe = Pipe()
    call = stub.StreamingInputCall.future(pipe)
    call.cancel()
    equal(call.cancelled(), True)
    equal(call.code(), Status.CANCELLED)
    pipe.close()


def cancel_after_first_response():
    pipe = Pipe()
    replies = stub.FullDuplexCall(pipe)
    pipe.send(output(31415, 27182))
    equal(len(next(replies).payload.body), 31415)
    replies.cancel()
    fails(Status.CANCELLED, lambda: next(replies))
    pipe.close()


def timeout_on_sleeping_server():
    pipe = Pipe()
    replies = stub.FullDuplexCall(pipe, timeout=0.05)
    pipe.send(output(31415, 27182, interval_us=500_000))
    fails(Status.DEADLINE_EXCEEDED, lambda: next(replies))
    pipe.close()


def status_code_and_message():
    status = pb.EchoStatus(code=2, message="test status message")
    fails(Status.UNKNOWN, lambda: stub.UnaryCall(pb.SimpleRequest(response_status=status)), "test status message")
    request = pb.StreamingOutputCallRequest(response_status=status)
    fails(Status.UNKNOWN, lambda: list(stub.FullDuplexCall(iter([request]))), "test status message")


def special_status_message():
    status = pb.EchoStatus(code=2, message=SPECIAL)
    fails(Status.UNKNOWN, lambda: stub.UnaryCall(pb.SimpleRequest(response_status=status)), SPECIAL)


def unimplemented_method():
    fails(Status.UNIMPLEMENTED, lambda: stub.UnimplementedCall(pb.Empty()))


def unimplemented_service():
    fails(Status.UNIMPLEMENTED, lambda: nowhere.UnimplementedCall(pb.Empty()))


def custom_metadata():
    _, call = stub.UnaryCall.with_call(simple(314159, 271828), metadata=METADATA)
    equal(dict(call.initial_metadata())["x-grpc-test-echo-initial"], "test_initial_metadata_value")
    equal(dict(call.trailing_metadata())["x-grpc-test-echo-trailing-bin"], b"\xab\xab\xab")
    replies = stub.FullDuplexCall(iter([output(314159, 271828)]), metadata=METADATA)
    equal([len(one.payload.body) for one in replies], [314159])
    equal(dict(replies.initial_metadata())["x-grpc-test-echo-initial"], "test_initial_metadata_value")
    equal(dict(replies.trailing_metadata())["x-grpc-test-echo-trailing-bin"], b"\xab\xab\xab")


def compressed():
    request = simple(314159, 271828, response_compressed=pb.BoolValue(value=True))
    equal(len(stub.UnaryCall(request, compression=grpc.Compression.Gzip).payload.body), 314159)
    request = simple(314159, 271828, response_compressed=pb.BoolValue(value=False))
    equal(len(stub.UnaryCall(request, compression=grpc.Compression.Deflate).payload.body), 314159)


CASES = [
    empty_unary,
    large_unary,
    client_streaming,
    server_streaming,
    ping_pong,
    empty_stream,
    cancel_after_begin,
    cancel_after_first_response,
    timeout_on_sleeping_server,
    status_code_and_message,
    special_status_message,
    unimplemented_method,
    unimplemented_service,
    custom_metadata,
    compressed,
]
outcomes = {}
for case in CASES:
    try:
        case()
        outcomes[case.__name__] = "ok"
    except Exception as error:
        outcomes[case.__name__] = f"{type(error).__name__}: {error}"
print(json.dumps(outcomes))
