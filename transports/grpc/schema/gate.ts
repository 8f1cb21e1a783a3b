/** Messages of gate.proto: protoc-gen-es wrote this file (`target=ts`, comments, enums and what nobody uses left out); do not edit it. */
import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import { fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";
import type { Message } from "@bufbuild/protobuf";

export const file_gate_v1_gate: GenFile = fileDesc(
  "ChJnYXRlL3YxL2dhdGUucHJvdG8SB2dhdGUudjEiaAoLQ2FsbFJlcXVlc3QSDgoGdGFyZ2V0GAEgASgJEg8KB3BheWxvYWQYAiABKAwSFAoMY29udGVudF90eXBlGAMgASgJEg4KBmFjY2VwdBgEIAEoCRISCgppZGVtcG90ZW50GAUgASgIIjIKCUNhbGxSZXBseRIPCgdwYXlsb2FkGAEgASgMEhQKDGNvbnRlbnRfdHlwZRgCIAEoCSIiCg9EaXNjb3ZlclJlcXVlc3QSDwoHc2VydmljZRgBIAEoCSIzCg1EaXNjb3ZlclJlcGx5EiIKCHNlcnZpY2VzGAEgAygLMhAuZ2F0ZS52MS5TZXJ2aWNlIkoKB1NlcnZpY2USDAoEbmFtZRgBIAEoCRIPCgd3b3JrZXJzGAIgASgNEiAKB21ldGhvZHMYAyADKAsyDy5nYXRlLnYxLk1ldGhvZCKDAQoGTWV0aG9kEgwKBG5hbWUYASABKAkSEwoLZGVzY3JpcHRpb24YAiABKAkSDgoGcGFyYW1zGAMgAygJEg4KBnN0cmVhbRgEIAEoCBISCgppZGVtcG90ZW50GAUgASgIEgwKBGh0dHAYBiADKAkSFAoMaW5wdXRfc2NoZW1hGAcgASgJIhUKBUZyYW1lEgwKBGRhdGEYASABKAwy3wEKBEdhdGUSMAoEQ2FsbBIULmdhdGUudjEuQ2FsbFJlcXVlc3QaEi5nYXRlLnYxLkNhbGxSZXBseRI4CgpDYWxsU3RyZWFtEhQuZ2F0ZS52MS5DYWxsUmVxdWVzdBoSLmdhdGUudjEuQ2FsbFJlcGx5MAESPAoIRGlzY292ZXISGC5nYXRlLnYxLkRpc2NvdmVyUmVxdWVzdBoWLmdhdGUudjEuRGlzY292ZXJSZXBseRItCgdDb25uZWN0Eg4uZ2F0ZS52MS5GcmFtZRoOLmdhdGUudjEuRnJhbWUoATABYgZwcm90bzM",
);

export type CallRequest = Message<"gate.v1.CallRequest"> & {
  target: string;

  payload: Uint8Array;

  contentType: string;

  accept: string;

  idempotent: boolean;
};

export const CallRequestSchema: GenMessage<CallRequest> = messageDesc(file_gate_v1_gate, 0);

export type CallReply = Message<"gate.v1.CallReply"> & {
  payload: Uint8Array;

  contentType: string;
};

export const CallReplySchema: GenMessage<CallReply> = messageDesc(file_gate_v1_gate, 1);

export type DiscoverRequest = Message<"gate.v1.DiscoverRequest"> & {
  service: string;
};

export const DiscoverRequestSchema: GenMessage<DiscoverRequest> = messageDesc(file_gate_v1_gate, 2);

export type DiscoverReply = Message<"gate.v1.DiscoverReply"> & {
  services: Service[];
};

export const DiscoverReplySchema: GenMessage<DiscoverReply> = messageDesc(file_gate_v1_gate, 3);

export type Service = Message<"gate.v1.Service"> & {
  name: string;

  workers: number;

  methods: Method[];
};

export type Method = Message<"gate.v1.Method"> & {
  name: string;

  description: string;

  params: string[];

  stream: boolean;

  idempotent: boolean;

  http: string[];

  inputSchema: string;
};

export const MethodSchema: GenMessage<Method> = messageDesc(file_gate_v1_gate, 5);

export type Frame = Message<"gate.v1.Frame"> & {
  data: Uint8Array;
};

export const FrameSchema: GenMessage<Frame> = messageDesc(file_gate_v1_gate, 6);
