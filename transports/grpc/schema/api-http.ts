/** Messages of google/api/http.proto: protoc-gen-es wrote this file (`target=ts`, comments, enums and what nobody uses left out); do not edit it. */
import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import { fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";
import type { Message } from "@bufbuild/protobuf";

export const file_google_api_http: GenFile = fileDesc(
  "ChVnb29nbGUvYXBpL2h0dHAucHJvdG8SCmdvb2dsZS5hcGkiKwoESHR0cBIjCgVydWxlcxgBIAMoCzIULmdvb2dsZS5hcGkuSHR0cFJ1bGUi6gEKCEh0dHBSdWxlEg0KA2dldBgCIAEoCUgAEg0KA3B1dBgDIAEoCUgAEg4KBHBvc3QYBCABKAlIABIQCgZkZWxldGUYBSABKAlIABIPCgVwYXRjaBgGIAEoCUgAEi8KBmN1c3RvbRgIIAEoCzIdLmdvb2dsZS5hcGkuQ3VzdG9tSHR0cFBhdHRlcm5IABIQCghzZWxlY3RvchgBIAEoCRIMCgRib2R5GAcgASgJEjEKE2FkZGl0aW9uYWxfYmluZGluZ3MYCyADKAsyFC5nb29nbGUuYXBpLkh0dHBSdWxlQgkKB3BhdHRlcm4iLwoRQ3VzdG9tSHR0cFBhdHRlcm4SDAoEa2luZBgBIAEoCRIMCgRwYXRoGAIgASgJYgZwcm90bzM",
);

export type HttpRule = Message<"google.api.HttpRule"> & {
  pattern:
    | {
        value: string;
        case: "get";
      }
    | {
        value: string;
        case: "put";
      }
    | {
        value: string;
        case: "post";
      }
    | {
        value: string;
        case: "delete";
      }
    | {
        value: string;
        case: "patch";
      }
    | {
        value: CustomHttpPattern;
        case: "custom";
      }
    | { case: undefined; value?: undefined };

  selector: string;

  body: string;

  additionalBindings: HttpRule[];
};

export const HttpRuleSchema: GenMessage<HttpRule> = messageDesc(file_google_api_http, 1);

export type CustomHttpPattern = Message<"google.api.CustomHttpPattern"> & {
  kind: string;

  path: string;
};
