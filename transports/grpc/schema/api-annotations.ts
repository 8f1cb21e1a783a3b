/** Messages of google/api/annotations.proto: protoc-gen-es wrote this file (`target=ts`, comments, enums and what nobody uses left out); do not edit it. */
import type { GenExtension, GenFile } from "@bufbuild/protobuf/codegenv2";
import { extDesc, fileDesc } from "@bufbuild/protobuf/codegenv2";
import type { HttpRule } from "./api-http.ts";
import { file_google_api_http } from "./api-http.ts";
import type { MethodOptions } from "@bufbuild/protobuf/wkt";
import { file_google_protobuf_descriptor } from "@bufbuild/protobuf/wkt";

export const file_google_api_annotations: GenFile = fileDesc(
  "Chxnb29nbGUvYXBpL2Fubm90YXRpb25zLnByb3RvEgpnb29nbGUuYXBpOksKBGh0dHASHi5nb29nbGUucHJvdG9idWYuTWV0aG9kT3B0aW9ucxiwyrwiIAEoCzIULmdvb2dsZS5hcGkuSHR0cFJ1bGVSBGh0dHBiBnByb3RvMw",
  [file_google_api_http, file_google_protobuf_descriptor],
);

export const http: GenExtension<MethodOptions, HttpRule> = extDesc(file_google_api_annotations, 0);
