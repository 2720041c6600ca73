import { HounsfieldError } from '../../../errors.ts';
import { allocate } from '../gunzip.ts';
import { checkMesh, joinedVertices, type Mesh } from './mesh.ts';

const HEADER_BYTES = 84;
const FACET_BYTES = 50;
/** How a text file begins; a binary one may begin with the word, but not with a facet in its header. */
const TEXT = /^\s*solid\b[\s\S]*?\b(facet\s+normal|endsolid)\b/i;

/** True for "solid" with a facet after it, or for the length that a binary file's number of facets asks for. */
export function isStl(head: Uint8Array, size: number): boolean {
  const text = String.fromCharCode(...head.subarray(0, 512));
  if (TEXT.test(text)) return true;
  if (head.length < HEADER_BYTES) return false;
  const facets = new DataView(head.buffer, head.byteOffset, head.length).getUint32(80, true);
  return size === HEADER_BYTES + FACET_BYTES * facets;
}

/**
 * Reads STL, binary or text. Coordinates are taken as LPS mm (STL has no unit and no world); equal corners become one
 * vertex. Throws MESH_INVALID, MESH_TOO_LARGE.
 */
export function readStl(bytes: Uint8Array, name = 'the STL data'): Mesh {
  if (!isStl(bytes.subarray(0, 512), bytes.length)) {
    throw new HounsfieldError(
      'MESH_INVALID',
      `${name} is no STL: it begins with no "solid", and its ${bytes.length} bytes are not what its number of facets asks ` +
        'for. Copy it again from its source.',
    );
  }
  const isText = TEXT.test(String.fromCharCode(...bytes.subarray(0, 512)));
  const mesh = joinedVertices(isText ? textCorners(bytes, name) : binaryCorners(bytes));
  checkMesh(mesh, name);
  return mesh;
}

function binaryCorners(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const facets = view.getUint32(80, true);
  const corners = new Float64Array(facets * 9); // its bytes are there
  for (let f = 0; f < facets; f++) {
    const at = HEADER_BYTES + FACET_BYTES * f + 12;
    for (let k = 0; k < 9; k++) corners[f * 9 + k] = view.getFloat32(at + 4 * k, true);
  }
  return corners;
}

function textCorners(bytes: Uint8Array, name: string): Float64Array {
  const corners: number[] = [];
  const words = new TextDecoder('latin1').decode(bytes).split(/\s+/);
  for (let i = 0; i < words.length; i++) {
    if (words[i]!.toLowerCase() !== 'vertex') continue;
    for (let k = 1; k <= 3; k++) corners.push(Number(words[i + k] || 'none'));
    i += 3;
  }
  if (corners.length % 9 !== 0) {
    throw new HounsfieldError('MESH_INVALID', `${name} ends inside a facet. Copy it again from its source.`);
  }
  return Float64Array.from(corners);
}

/** STL of float32 corners and normals; `text` for the ASCII form. */
export function writeStl(mesh: Mesh, form: 'binary' | 'text' = 'binary'): Uint8Array {
  return form === 'binary' ? binaryStl(mesh) : new TextEncoder().encode(textStl(mesh));
}

function binaryStl({ vertices, triangles }: Mesh): Uint8Array {
  const facets = triangles.length / 3;
  const bytes = allocate(HEADER_BYTES + FACET_BYTES * facets, 'the STL file');
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('Surface in LPS, mm'));
  view.setUint32(80, facets, true);
  for (let f = 0; f < facets; f++) {
    const at = HEADER_BYTES + FACET_BYTES * f;
    for (const [k, value] of normalOf(vertices, triangles, f).entries())
      view.setFloat32(at + 4 * k, value, true);
    for (let k = 0; k < 9; k++) {
      view.setFloat32(at + 12 + 4 * k, vertices[triangles[f * 3 + Math.floor(k / 3)]! * 3 + (k % 3)]!, true);
    }
  }
  return bytes;
}

function textStl({ vertices, triangles }: Mesh): string {
  const lines = ['solid surface'];
  const number = (value: number) => String(Math.fround(value));
  for (let f = 0; f < triangles.length / 3; f++) {
    lines.push(`facet normal ${normalOf(vertices, triangles, f).map(number).join(' ')}`, ' outer loop');
    for (let k = 0; k < 3; k++) {
      const at = triangles[f * 3 + k]! * 3;
      lines.push(`  vertex ${[0, 1, 2].map((axis) => number(vertices[at + axis]!)).join(' ')}`);
    }
    lines.push(' endloop', 'endfacet');
  }
  lines.push('endsolid surface\n');
  return lines.join('\n');
}

function normalOf(vertices: Float64Array, triangles: Uint32Array, facet: number): [number, number, number] {
  const [a, b, c] = [0, 1, 2].map((k) => triangles[facet * 3 + k]! * 3) as [number, number, number]; // three corners
  const p = [0, 1, 2].map((axis) => vertices[b + axis]! - vertices[a + axis]!) as [number, number, number]; // three axes
  const q = [0, 1, 2].map((axis) => vertices[c + axis]! - vertices[a + axis]!) as [number, number, number]; // three axes
  const n = [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]] as const;
  const length = Math.hypot(...n) || 1;
  return [n[0] / length, n[1] / length, n[2] / length];
}
