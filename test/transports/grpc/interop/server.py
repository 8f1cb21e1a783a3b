"""The interoperability service by python3-grpcio: prints the port that it listens on."""
import sys
import time
from concurrent import futures

import grpc
import interop_pb2 as pb
import interop_pb2_grpc as stubs

CODES = {code.value[0]: code for code in grpc.StatusCode}


def echo_metadata(context):
    for key, value in context.invocation_metadata():
        if key == "x-grpc-test-echo-initial":
            context.send_initial_metadata([(key, value)])
        if key == "x-grpc-test-echo-trailing-bin":
            context.set_trailing_metadata([(key, value)])


def echo_status(request, context):
    if request.HasField("response_status"):
        context.abort(CODES[request.response_status.code], request.response_status.message)


class Service(stubs.TestServiceServicer):
    def EmptyCall(self, request, context):
        return pb.Empty()

    def UnaryCall(self, request, context):
        echo_metadata(context)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        echo_status(request, context)
        return pb.SimpleResponse(payload=pb.Payload(body=bytes(request.response_size)))

    def StreamingOutputCall(self, request, context):
        for one in request.response_parameters:
            yield pb.StreamingOutputCallResponse(payload=pb.Payload(body=bytes(one.size)))

    def StreamingInputCall(self, requests, context):
        return pb.StreamingInputCallResponse(aggregated_payload_size=sum(len(one.payload.body) for one in requests))

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            echo_status(request, context)
            for one in request.response_parameters:
                time.sleep(one.interval_us / 1e6)
                yield pb.StreamingOutputCallResponse(payload=pb.Payload(body=bytes(one.size)))


server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
stubs.add_TestServiceServicer_to_server(Service(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
sys.stdout.write(f"{port}\n")
sys.stdout.flush()
# The test that started us holds our stdin.
sys.stdin.read()
server.stop(None)
