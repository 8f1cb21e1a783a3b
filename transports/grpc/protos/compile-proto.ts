/**
 * From parsed .proto sources to file descriptors.
 *
 * protobufjs reads the text and resolves the names; what it makes of it is told here in the words of descriptor.proto, one file per
 * source, so that everything behind this page knows descriptors only. Types of google.protobuf are left to those that we carry.
 */
import { create, fromJson, type JsonValue, type MessageInitShape, setExtension } from "@bufbuild/protobuf";
import {
  type DescriptorProtoSchema,
  type EnumDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  type FieldDescriptorProtoSchema,
  FieldDescriptorProto_Type as Kind,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type MethodDescriptorProtoSchema,
  MethodOptions_IdempotencyLevel as IdempotencyLevel,
  MethodOptionsSchema,
  type ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import type protobufjs from "protobufjs";
import { GateError } from "unigate/transport";
import { http } from "../schema/api-annotations.ts";
import { HttpRuleSchema } from "../schema/api-http.ts";

type Protobufjs = typeof protobufjs;
type Known = (typeName: string) => string | undefined;

/** Descriptors of every source in `root`; `known` names the file of a type that we carry ourselves. Throws `invalid_argument`. */
export function compileProtos(library: Protobufjs, root: protobufjs.Root, known: Known): FileDescriptorProto[] {
  const { Type, Enum, Service, Namespace, MapField } = library;
  const files = new Map<string, { init: FileInit; uses: Set<string> }>();

  visit(root);
  return [...files].map(([name, { init, uses }]) =>
    create(FileDescriptorProtoSchema, { ...init, name, dependency: [...uses].filter((used) => used !== name) }),
  );

  function visit(namespace: protobufjs.NamespaceBase): void {
    for (const object of namespace.nestedArray) {
      if (object instanceof Type || object instanceof Enum || object instanceof Service) addTop(object);
      else if (object instanceof Namespace) visit(object);
    }
  }

  function addTop(object: protobufjs.Type | protobufjs.Enum | protobufjs.Service): void {
    const name = object.fullName.slice(1);
    if (known(name) !== undefined || object.filename === null) return;
    const file = fileOf(object);
    if (object instanceof Type) file.init.messageType.push(message(object, file.uses));
    else if (object instanceof Enum) file.init.enumType.push(enumeration(object));
    else file.init.service.push(service(object, file.uses));
  }

  function fileOf(object: protobufjs.ReflectionObject): { init: FileInit; uses: Set<string> } {
    const name = object.filename as string;
    const present = files.get(name);
    if (present !== undefined) return present;
    const syntax = (object as { _edition?: string })._edition ?? "proto2";
    if (syntax !== "proto2" && syntax !== "proto3")
      throw new GateError(
        "invalid_argument",
        `${name}: edition ${syntax} is read from a descriptor set only; make one: protoc --descriptor_set_out`,
      );
    const init: FileInit = { package: object.parent?.fullName.slice(1) ?? "", syntax, messageType: [], enumType: [], service: [] };
    const file = { init, uses: new Set<string>() };
    files.set(name, file);
    return file;
  }

  function message(type: protobufjs.Type, uses: Set<string>): MessageInit {
    const nested = type.nestedArray.filter((one) => one instanceof Type);
    // The oneofs that stand for `optional` come last, as protoc writes them.
    const oneofs = [...type.oneofsArray].sort((a, b) => Number(isOptional(a)) - Number(isOptional(b)));
    const maps = type.fieldsArray.filter((field) => field instanceof MapField);
    return {
      name: type.name,
      field: type.fieldsArray.map((one) => field(one, type, oneofs, uses)),
      oneofDecl: oneofs.map(({ name }) => ({ name })),
      nestedType: [...nested.map((one) => message(one, uses)), ...maps.map((map) => mapEntry(map, uses))],
      enumType: type.nestedArray.filter((one) => one instanceof Enum).map(enumeration),
    };
  }

  function field(one: protobufjs.Field, parent: protobufjs.Type, oneofs: readonly protobufjs.OneOf[], uses: Set<string>): FieldInit {
    one.resolve();
    const init: FieldInit = { name: one.name, number: one.id, jsonName: jsonNameOf(one) };
    if (one instanceof MapField)
      return { ...init, label: Label.REPEATED, type: Kind.MESSAGE, typeName: `${parent.fullName}.${entryName(one.name)}` };
    const { oneof } = one.partOf === null ? { oneof: -1 } : { oneof: oneofs.indexOf(one.partOf) };
    const fallback = one.getOption("default") as string | number | boolean | undefined;
    return {
      ...init,
      ...typeOf(one, uses),
      label: one.repeated ? Label.REPEATED : one.required ? Label.REQUIRED : Label.OPTIONAL,
      ...(oneof < 0 ? {} : { oneofIndex: oneof, ...(isOptional(oneofs[oneof] as protobufjs.OneOf) ? { proto3Optional: true } : {}) }),
      ...(one.repeated ? { options: { packed: one.packed } } : {}),
      ...(fallback === undefined ? {} : { defaultValue: String(fallback) }),
    };
  }

  function mapEntry(map: protobufjs.MapField, uses: Set<string>): MessageInit {
    const key: FieldInit = { name: "key", jsonName: "key", number: 1, label: Label.OPTIONAL, type: scalars[map.keyType] as Kind };
    const value: FieldInit = { name: "value", jsonName: "value", number: 2, label: Label.OPTIONAL, ...typeOf(map, uses) };
    return { name: entryName(map.name), field: [key, value], options: { mapEntry: true } };
  }

  function typeOf({ resolvedType, type, fullName }: protobufjs.FieldBase, uses: Set<string>): FieldInit {
    if (resolvedType === null) {
      const scalar = scalars[type];
      if (scalar === undefined)
        throw new GateError("invalid_argument", `${fullName.slice(1)}: type ${type} is not known; add the file that has it`);
      return { type: scalar };
    }
    return { type: resolvedType instanceof Enum ? Kind.ENUM : Kind.MESSAGE, typeName: use(resolvedType, uses) };
  }

  function service(one: protobufjs.Service, uses: Set<string>): ServiceInit {
    return { name: one.name, method: one.methodsArray.map((one) => method(one, uses)) };
  }

  function method(one: protobufjs.Method, uses: Set<string>): MethodInit {
    one.resolve();
    const { resolvedRequestType: input, resolvedResponseType: output } = one;
    if (input === null || output === null)
      throw new GateError("invalid_argument", `${one.fullName.slice(1)}: its messages are not known; add the file that has them`);
    const level = levels[one.getOption("idempotency_level") as string];
    const options = create(MethodOptionsSchema, level === undefined ? {} : { idempotencyLevel: level });
    const rule = httpRuleOf(one);
    if (rule !== undefined) {
      uses.add("google/api/annotations.proto");
      setExtension(options, http, fromJson(HttpRuleSchema, rule));
    }
    return {
      name: one.name,
      inputType: use(input, uses),
      outputType: use(output, uses),
      ...(one.requestStream === true ? { clientStreaming: true } : {}),
      ...(one.responseStream === true ? { serverStreaming: true } : {}),
      options,
    };
  }

  function use(type: protobufjs.Type | protobufjs.Enum, uses: Set<string>): string {
    let top: protobufjs.ReflectionObject = type;
    while (top.parent instanceof Type) top = top.parent;
    const file = known(top.fullName.slice(1)) ?? top.filename;
    if (file !== null) uses.add(file);
    return type.fullName;
  }
}

type FileInit = { package: string; syntax: string; messageType: MessageInit[]; enumType: EnumInit[]; service: ServiceInit[] };
type MessageInit = MessageInitShape<typeof DescriptorProtoSchema>;
type EnumInit = MessageInitShape<typeof EnumDescriptorProtoSchema>;
type FieldInit = Exclude<MessageInitShape<typeof FieldDescriptorProtoSchema>, { $typeName: string }>;
type ServiceInit = MessageInitShape<typeof ServiceDescriptorProtoSchema>;
type MethodInit = MessageInitShape<typeof MethodDescriptorProtoSchema>;

const levels: Readonly<Record<string, IdempotencyLevel>> = {
  NO_SIDE_EFFECTS: IdempotencyLevel.NO_SIDE_EFFECTS,
  IDEMPOTENT: IdempotencyLevel.IDEMPOTENT,
};

const scalars: Readonly<Record<string, Kind>> = {
  double: Kind.DOUBLE,
  float: Kind.FLOAT,
  int64: Kind.INT64,
  uint64: Kind.UINT64,
  int32: Kind.INT32,
  fixed64: Kind.FIXED64,
  fixed32: Kind.FIXED32,
  bool: Kind.BOOL,
  string: Kind.STRING,
  bytes: Kind.BYTES,
  uint32: Kind.UINT32,
  sfixed32: Kind.SFIXED32,
  sfixed64: Kind.SFIXED64,
  sint32: Kind.SINT32,
  sint64: Kind.SINT64,
};

function enumeration(one: protobufjs.Enum): EnumInit {
  const isAlias = new Set(Object.values(one.values)).size < Object.keys(one.values).length;
  return {
    name: one.name,
    value: Object.entries(one.values).map(([name, number]) => ({ name, number })),
    ...(isAlias ? { options: { allowAlias: true } } : {}),
  };
}

/** A oneof that protobufjs made of an `optional` field of proto3. */
function isOptional(oneof: protobufjs.OneOf): boolean {
  return oneof.isProto3Optional;
}

function jsonNameOf(field: protobufjs.Field): string {
  const named = field.getOption("json_name") as unknown;
  return typeof named === "string" ? named : field.name.replaceAll(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}

/** `foo_bar` has entries of type `FooBarEntry`. */
function entryName(field: string): string {
  return `${field.replaceAll(/(?:^|_)(.?)/g, (_, next: string) => next.toUpperCase())}Entry`;
}

function httpRuleOf({ parsedOptions }: protobufjs.Method): JsonValue | undefined {
  const all = [parsedOptions ?? []].flat() as Record<string, JsonValue>[];
  const rule = all.map((options) => options["(google.api.http)"]).find((one) => one !== undefined) as Record<string, JsonValue> | undefined;
  if (rule === undefined) return undefined;
  // The parser gives a repeated field that is written once as that one value.
  const more = rule["additional_bindings"];
  return more === undefined ? rule : { ...rule, additional_bindings: [more].flat() };
}
