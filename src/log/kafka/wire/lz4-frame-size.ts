/**
 * Returns the uncompressed size of an LZ4 frame by walking its sequences without writing: this
 * limit prevents unpacking an LZ4 bomb. Undefined if the frame is malformed. Stops early, with a
 * number beyond `limit`, once the limit is exceeded. Source: LZ4 Frame Format 1.6.4, LZ4 Block
 * Format.
 */
export function lz4FrameSize(frame: Buffer, limit: number): number | undefined {
  if (frame.length < 7 || frame.readUInt32LE(0) !== 0x184d2204) return undefined;
  const flags = frame[4] ?? 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  const blockChecksum = (flags & 0x10) !== 0 ? 4 : 0;
  let at = 7 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  let size = 0;
  while (at + 4 <= frame.length) {
    const header = frame.readUInt32LE(at);
    if (header === 0) return size;
    const length = header & 0x7fffffff;
    const end = at + 4 + length;
    if (end + blockChecksum > frame.length) return undefined;
    const stored = header >>> 31 === 1;
    const block = stored ? length : blockSize(frame, at + 4, end);
    if (block < 0) return undefined;
    size += block;
    if (size > limit) return size;
    at = end + blockChecksum;
  }
  return undefined;
}

/** Returns the uncompressed size of one block; -1 if it is malformed. */
function blockSize(bytes: Buffer, start: number, end: number): number {
  let at = start;
  let size = 0;
  while (at < end) {
    const token = bytes[at] ?? 0;
    at += 1;
    let literals = token >>> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255 && at < end) {
        byte = bytes[at] ?? 0;
        at += 1;
        literals += byte;
      }
    }
    at += literals;
    size += literals;
    if (at === end) return size;
    if (at + 2 > end) return -1;
    at += 2;
    let match = token & 15;
    if (match === 15) {
      let byte = 255;
      while (byte === 255 && at < end) {
        byte = bytes[at] ?? 0;
        at += 1;
        match += byte;
      }
    }
    size += match + 4;
  }
  return -1;
}
