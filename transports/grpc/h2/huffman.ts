/**
 * The Huffman code of header values.
 *
 * It is canonical: among codes of one length, those of smaller bytes are smaller, so the lengths say everything. Decoding goes by half
 * bytes through a table of states, each an inner node of the code's tree; a half byte ends one code at most, for the shortest has five bits.
 *
 * Source: RFC 7541 section 5.2 and appendix B.
 */
import { ConnectionFault, ErrorCode } from "./protocol.ts";

/** Bits of the code of every byte, and of the end of a text. */
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10,
  12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7,
  7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22,
  23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22,
  23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20,
  24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const endOfText = 256;
const longest = 30;
const halfBytes = 16;
const emits = 0x1_00_00;

const codes = canonicalCodes();
/** By state and half byte: the next state, and the byte that ends there above it; -1 where no text goes on. */
const moves: Int32Array = buildMoves();
/** States in which a text may end: on the way of fewer than eight ones, which pad it. */
const mayEnd: Uint8Array = paddingStates();

/** Decodes `bytes` from `start` to `end` into `into`, which has room for 8/5 of them; gives how many bytes it wrote. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, into: Uint8Array): number {
  let state = 0;
  let written = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    let move = moves[state * halfBytes + (byte >> 4)] as number;
    if (move < 0) throw malformed();
    if ((move & emits) !== 0) into[written++] = (move >> 8) & 0xff;
    state = move & 0xff;
    move = moves[state * halfBytes + (byte & 15)] as number;
    if (move < 0) throw malformed();
    if ((move & emits) !== 0) into[written++] = (move >> 8) & 0xff;
    state = move & 0xff;
  }
  if (mayEnd[state] === 0) throw malformed();
  return written;
}

function malformed(): ConnectionFault {
  return new ConnectionFault(ErrorCode.compression, "a header's Huffman code is malformed");
}

function canonicalCodes(): number[] {
  const found = lengths.map(() => 0);
  let code = 0;
  for (let length = 1; length <= longest; length++) {
    for (const [symbol, one] of lengths.entries()) if (one === length) found[symbol] = code++;
    code *= 2;
  }
  return found;
}

/** The tree: pairs of children by node, inner nodes as their number, leaves as `~symbol`. */
function buildTree(): [number, number][] {
  const nodes: [number, number][] = [[0, 0]];
  for (const [symbol, length] of lengths.entries()) {
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const side = ((codes[symbol] as number) >> bit) & 1;
      const children = nodes[node] as [number, number];
      if (children[side] === 0) children[side] = nodes.push([0, 0]) - 1;
      node = children[side] as number;
    }
    (nodes[node] as [number, number])[(codes[symbol] as number) & 1] = ~symbol;
  }
  return nodes;
}

function buildMoves(): Int32Array {
  const tree = buildTree();
  const table = new Int32Array(tree.length * halfBytes);
  for (const state of tree.keys()) for (let half = 0; half < halfBytes; half++) table[state * halfBytes + half] = moveOf(tree, state, half);
  return table;
}

function moveOf(tree: readonly [number, number][], from: number, half: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = (tree[node] as [number, number])[(half >> bit) & 1] as number;
    if (next >= 0) {
      node = next;
      continue;
    }
    if (~next === endOfText) return -1;
    emitted = emits | (~next << 8);
    node = 0;
  }
  return emitted | node;
}

function paddingStates(): Uint8Array {
  const tree = buildTree();
  const may = new Uint8Array(tree.length);
  let node = 0;
  for (let ones = 0; ones < 8; ones++) {
    may[node] = 1;
    node = (tree[node] as [number, number])[1];
  }
  return may;
}
