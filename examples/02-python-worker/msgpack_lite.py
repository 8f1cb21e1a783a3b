"""As much of msgpack as the gate protocol needs, for machines without the msgpack package. Source: https://msgpack.org."""

import struct

_SIZES = {0xC4: "B", 0xC5: ">H", 0xC6: ">I", 0xD9: "B", 0xDA: ">H", 0xDB: ">I", 0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}
_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: "B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: "b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_EXTENSIONS = {0xC7: "B", 0xC8: ">H", 0xC9: ">I"}


def pack(value):
    """Bytes of None, bool, int, float, str, bytes, list, tuple or dict."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        if 0 <= value < 0x80:
            return bytes([value])
        if -(1 << 31) <= value < 1 << 31:
            return b"\xd2" + struct.pack(">i", value)
        if abs(value) <= 1 << 53:
            # What JavaScript reads as a number; a 64-bit integer becomes a BigInt there.
            return pack(float(value))
        return b"\xd3" + struct.pack(">q", value) if value < 1 << 63 else b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return b"\xdb" + struct.pack(">I", len(text)) + text
    if isinstance(value, (bytes, bytearray)):
        return b"\xc6" + struct.pack(">I", len(value)) + bytes(value)
    if isinstance(value, (list, tuple)):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        return b"\xdf" + struct.pack(">I", len(value)) + b"".join(pack(key) + pack(one) for key, one in value.items())
    raise TypeError(f"{type(value).__name__} cannot be sent; make it a dict, a list, a text or a number")


def unpack(data):
    """The value of bytes; ValueError when they are cut off or more than one value."""
    try:
        value, at = _read(data, 0)
    except (IndexError, struct.error) as error:
        raise ValueError("the msgpack is cut off") from error
    if at != len(data):
        raise ValueError("bytes follow the msgpack value")
    return value


def _read(data, at):
    tag = data[at]
    at += 1
    if tag < 0x80:
        return tag, at
    if tag < 0x90:
        return _read_map(data, at, tag & 0x0F)
    if tag < 0xA0:
        return _read_list(data, at, tag & 0x0F)
    if tag < 0xC0:
        return _text(data, at, tag & 0x1F)
    if tag >= 0xE0:
        return tag - 0x100, at
    if tag in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[tag], at
    if tag in _NUMBERS:
        return struct.unpack_from(_NUMBERS[tag], data, at)[0], at + struct.calcsize(_NUMBERS[tag])
    if 0xD4 <= tag <= 0xD8:
        return _extension(data, at, 1 << (tag - 0xD4))
    if tag in _EXTENSIONS:
        (size,) = struct.unpack_from(_EXTENSIONS[tag], data, at)
        return _extension(data, at + struct.calcsize(_EXTENSIONS[tag]), size)
    (size,) = struct.unpack_from(_SIZES[tag], data, at)
    at += struct.calcsize(_SIZES[tag])
    if tag <= 0xC6:
        return _bytes(data, at, size)
    if tag <= 0xDB:
        return _text(data, at, size)
    return _read_list(data, at, size) if tag <= 0xDD else _read_map(data, at, size)


def _bytes(data, at, size):
    if at + size > len(data):
        raise IndexError
    return bytes(data[at : at + size]), at + size


def _extension(data, at, size):
    body, end = _bytes(data, at + 1, size)
    # A Uint8Array: its element type, then its bytes. Others, such as JavaScript's undefined, have no value here.
    return body[1:] if data[at] == 0x74 else None, end


def _text(data, at, size):
    value, at = _bytes(data, at, size)
    return value.decode(), at


def _read_list(data, at, size):
    values = []
    for _ in range(size):
        value, at = _read(data, at)
        values.append(value)
    return values, at


def _read_map(data, at, size):
    values = {}
    for _ in range(size):
        key, at = _read(data, at)
        values[key], at = _read(data, at)
    return values, at
