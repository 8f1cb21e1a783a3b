import { ConnectionFault, defaultFrameBytes, defaultWindowBytes, ErrorCode, maxWindowBytes, Setting } from "./protocol.ts";

/** What a peer has said of itself. */
export interface PeerSettings {
  headerTableBytes: number;
  maxStreams: number;
  windowBytes: number;
  frameBytes: number;
}

/** What holds before a peer has said anything. Source: RFC 9113 section 6.5.2. */
export function defaultSettings(): PeerSettings {
  return { headerTableBytes: 4096, maxStreams: Infinity, windowBytes: defaultWindowBytes, frameBytes: defaultFrameBytes };
}

/** Reads a SETTINGS frame into `settings`; throws a `ConnectionFault` for what may not stand there. */
export function readSettings(payload: Buffer, settings: PeerSettings): void {
  if (payload.length % 6 !== 0) throw new ConnectionFault(ErrorCode.frameSize, "a SETTINGS frame that is cut off");
  for (let at = 0; at < payload.length; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    const name = payload.readUInt16BE(at);
    if (name === Setting.headerTableSize) settings.headerTableBytes = value;
    else if (name === Setting.maxConcurrentStreams) settings.maxStreams = value;
    else if (name === Setting.initialWindowSize) {
      if (value > maxWindowBytes) throw new ConnectionFault(ErrorCode.flowControl, "a window beyond 2^31-1");
      settings.windowBytes = value;
    } else if (name === Setting.maxFrameSize) {
      if (value < defaultFrameBytes || value > 0xff_ffff) throw new ConnectionFault(ErrorCode.protocol, `frames of ${value} bytes`);
      settings.frameBytes = value;
    }
  }
}

/** The payload of a SETTINGS frame. */
export function writeSettings(entries: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.allocUnsafe(entries.length * 6);
  for (const [nth, [name, value]] of entries.entries()) {
    payload.writeUInt16BE(name, nth * 6);
    payload.writeUInt32BE(value, nth * 6 + 2);
  }
  return payload;
}
