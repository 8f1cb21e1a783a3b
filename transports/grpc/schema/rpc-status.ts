/** Messages of google/rpc/status.proto: protoc-gen-es wrote this file (`target=ts`, comments, enums and what nobody uses left out); do not edit it. */
import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import { fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";
import type { Any } from "@bufbuild/protobuf/wkt";
import { file_google_protobuf_any } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";

export const file_google_rpc_status: GenFile = fileDesc(
  "Chdnb29nbGUvcnBjL3N0YXR1cy5wcm90bxIKZ29vZ2xlLnJwYyJOCgZTdGF0dXMSDAoEY29kZRgBIAEoBRIPCgdtZXNzYWdlGAIgASgJEiUKB2RldGFpbHMYAyADKAsyFC5nb29nbGUucHJvdG9idWYuQW55YgZwcm90bzM",
  [file_google_protobuf_any],
);

export type Status = Message<"google.rpc.Status"> & {
  code: number;

  message: string;

  details: Any[];
};

export const StatusSchema: GenMessage<Status> = messageDesc(file_google_rpc_status, 0);
