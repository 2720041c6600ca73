/** Width and height that a WebP file's header states (RFC 9649 clauses 2.5 to 2.7), before anything is decoded. */
export function webpSize(bytes: Uint8Array): readonly [number, number] | undefined {
  if (bytes.length < 30 || textAt(bytes, 0) !== 'RIFF' || textAt(bytes, 8) !== 'WEBP') return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (textAt(bytes, 12)) {
    case 'VP8X':
      return [1 + (view.getUint32(24, true) & 0xffffff), 1 + (view.getUint32(26, true) >>> 8)];
    case 'VP8L': {
      const bits = view.getUint32(21, true); // behind the signature 0x2f
      return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
    }
    case 'VP8 ': // a frame's tag and start code are six bytes
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    default:
      return undefined;
  }
}

const textAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
