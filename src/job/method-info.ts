/** What a worker tells of one method; also the entry of `discover()`. */
export interface MethodInfo {
  /** `Service.method`. */
  name: string;
  description?: string;
  /** Parameter names in order, when the method declares them. */
  params?: string[];
  /** JSON Schema of the input, when the method has a schema that can be shown. */
  input?: unknown;
  /** JSON Schema of its result, or of each value of its stream, when it has one that can be shown. */
  output?: unknown;
  /** It answers with a stream. */
  stream?: boolean;
  /** It may run more than once for one job. */
  idempotent?: boolean;
  /** `METHOD /path/:param`, bound at the gate's HTTP door. */
  http?: string[];
}
