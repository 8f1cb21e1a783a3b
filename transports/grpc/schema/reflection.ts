/** Messages of grpc/reflection/v1/reflection.proto: protoc-gen-es wrote this file (`target=ts`, comments, enums and what nobody uses left out); do not edit it. */
import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import { fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";
import type { Message } from "@bufbuild/protobuf";

export const file_grpc_reflection_v1_reflection: GenFile = fileDesc(
  "CiNncnBjL3JlZmxlY3Rpb24vdjEvcmVmbGVjdGlvbi5wcm90bxISZ3JwYy5yZWZsZWN0aW9uLnYxIoUCChdTZXJ2ZXJSZWZsZWN0aW9uUmVxdWVzdBIMCgRob3N0GAEgASgJEhoKEGZpbGVfYnlfZmlsZW5hbWUYAyABKAlIABIgChZmaWxlX2NvbnRhaW5pbmdfc3ltYm9sGAQgASgJSAASSQoZZmlsZV9jb250YWluaW5nX2V4dGVuc2lvbhgFIAEoCzIkLmdycGMucmVmbGVjdGlvbi52MS5FeHRlbnNpb25SZXF1ZXN0SAASJwodYWxsX2V4dGVuc2lvbl9udW1iZXJzX29mX3R5cGUYBiABKAlIABIXCg1saXN0X3NlcnZpY2VzGAcgASgJSABCEQoPbWVzc2FnZV9yZXF1ZXN0IkUKEEV4dGVuc2lvblJlcXVlc3QSFwoPY29udGFpbmluZ190eXBlGAEgASgJEhgKEGV4dGVuc2lvbl9udW1iZXIYAiABKAUiuAMKGFNlcnZlclJlZmxlY3Rpb25SZXNwb25zZRISCgp2YWxpZF9ob3N0GAEgASgJEkUKEG9yaWdpbmFsX3JlcXVlc3QYAiABKAsyKy5ncnBjLnJlZmxlY3Rpb24udjEuU2VydmVyUmVmbGVjdGlvblJlcXVlc3QSTgoYZmlsZV9kZXNjcmlwdG9yX3Jlc3BvbnNlGAQgASgLMiouZ3JwYy5yZWZsZWN0aW9uLnYxLkZpbGVEZXNjcmlwdG9yUmVzcG9uc2VIABJVCh5hbGxfZXh0ZW5zaW9uX251bWJlcnNfcmVzcG9uc2UYBSABKAsyKy5ncnBjLnJlZmxlY3Rpb24udjEuRXh0ZW5zaW9uTnVtYmVyUmVzcG9uc2VIABJJChZsaXN0X3NlcnZpY2VzX3Jlc3BvbnNlGAYgASgLMicuZ3JwYy5yZWZsZWN0aW9uLnYxLkxpc3RTZXJ2aWNlUmVzcG9uc2VIABI7Cg5lcnJvcl9yZXNwb25zZRgHIAEoCzIhLmdycGMucmVmbGVjdGlvbi52MS5FcnJvclJlc3BvbnNlSABCEgoQbWVzc2FnZV9yZXNwb25zZSI3ChZGaWxlRGVzY3JpcHRvclJlc3BvbnNlEh0KFWZpbGVfZGVzY3JpcHRvcl9wcm90bxgBIAMoDCJLChdFeHRlbnNpb25OdW1iZXJSZXNwb25zZRIWCg5iYXNlX3R5cGVfbmFtZRgBIAEoCRIYChBleHRlbnNpb25fbnVtYmVyGAIgAygFIksKE0xpc3RTZXJ2aWNlUmVzcG9uc2USNAoHc2VydmljZRgBIAMoCzIjLmdycGMucmVmbGVjdGlvbi52MS5TZXJ2aWNlUmVzcG9uc2UiHwoPU2VydmljZVJlc3BvbnNlEgwKBG5hbWUYASABKAkiOgoNRXJyb3JSZXNwb25zZRISCgplcnJvcl9jb2RlGAEgASgFEhUKDWVycm9yX21lc3NhZ2UYAiABKAkyiQEKEFNlcnZlclJlZmxlY3Rpb24SdQoUU2VydmVyUmVmbGVjdGlvbkluZm8SKy5ncnBjLnJlZmxlY3Rpb24udjEuU2VydmVyUmVmbGVjdGlvblJlcXVlc3QaLC5ncnBjLnJlZmxlY3Rpb24udjEuU2VydmVyUmVmbGVjdGlvblJlc3BvbnNlKAEwAWIGcHJvdG8z",
);

export type ServerReflectionRequest = Message<"grpc.reflection.v1.ServerReflectionRequest"> & {
  host: string;

  messageRequest:
    | {
        value: string;
        case: "fileByFilename";
      }
    | {
        value: string;
        case: "fileContainingSymbol";
      }
    | {
        value: ExtensionRequest;
        case: "fileContainingExtension";
      }
    | {
        value: string;
        case: "allExtensionNumbersOfType";
      }
    | {
        value: string;
        case: "listServices";
      }
    | { case: undefined; value?: undefined };
};

export const ServerReflectionRequestSchema: GenMessage<ServerReflectionRequest> = messageDesc(file_grpc_reflection_v1_reflection, 0);

export type ExtensionRequest = Message<"grpc.reflection.v1.ExtensionRequest"> & {
  containingType: string;

  extensionNumber: number;
};

export type ServerReflectionResponse = Message<"grpc.reflection.v1.ServerReflectionResponse"> & {
  validHost: string;

  originalRequest?: ServerReflectionRequest | undefined;

  messageResponse:
    | {
        value: FileDescriptorResponse;
        case: "fileDescriptorResponse";
      }
    | {
        value: ExtensionNumberResponse;
        case: "allExtensionNumbersResponse";
      }
    | {
        value: ListServiceResponse;
        case: "listServicesResponse";
      }
    | {
        value: ErrorResponse;
        case: "errorResponse";
      }
    | { case: undefined; value?: undefined };
};

export const ServerReflectionResponseSchema: GenMessage<ServerReflectionResponse> = messageDesc(file_grpc_reflection_v1_reflection, 2);

export type FileDescriptorResponse = Message<"grpc.reflection.v1.FileDescriptorResponse"> & {
  fileDescriptorProto: Uint8Array[];
};

export type ExtensionNumberResponse = Message<"grpc.reflection.v1.ExtensionNumberResponse"> & {
  baseTypeName: string;

  extensionNumber: number[];
};

export type ListServiceResponse = Message<"grpc.reflection.v1.ListServiceResponse"> & {
  service: ServiceResponse[];
};

export type ServiceResponse = Message<"grpc.reflection.v1.ServiceResponse"> & {
  name: string;
};

export type ErrorResponse = Message<"grpc.reflection.v1.ErrorResponse"> & {
  errorCode: number;

  errorMessage: string;
};
