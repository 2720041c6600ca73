import { HounsfieldError } from '../../../errors.ts';
import { checkMesh, type Mesh } from './mesh.ts';

/** Wavefront OBJ of vertices and triangles, coordinates to all their digits. */
export function writeObj({ vertices, triangles }: Mesh): Uint8Array {
  const lines = ['# surface in LPS, mm'];
  for (let i = 0; i < vertices.length; i += 3)
    lines.push(`v ${vertices[i]} ${vertices[i + 1]} ${vertices[i + 2]}`);
  for (let i = 0; i < triangles.length; i += 3) {
    lines.push(`f ${triangles[i]! + 1} ${triangles[i + 1]! + 1} ${triangles[i + 2]! + 1}`);
  }
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

/**
 * Reads an OBJ's vertices and faces, taken as LPS mm; polygons become fans, negative indices count from the end; normals,
 * textures, groups and materials are passed over. Throws MESH_INVALID.
 */
export function readObj(bytes: Uint8Array, name = 'the OBJ data'): Mesh {
  const vertices: number[] = [];
  const triangles: number[] = [];
  const text = new TextDecoder('latin1').decode(bytes);
  for (let at = 0; at < text.length; ) {
    const stop = text.indexOf('\n', at);
    const end = stop < 0 ? text.length : stop;
    const kind = text[at] === 'v' || text[at] === 'f' ? text.slice(at, at + 2) : '';
    if (kind === 'v ' || kind === 'v\t') {
      const words = text
        .slice(at + 2, end)
        .trim()
        .split(/\s+/);
      for (let k = 0; k < 3; k++) vertices.push(Number(words[k] ?? 'none'));
    } else if (kind === 'f ' || kind === 'f\t') {
      addFace(text.slice(at + 2, end), vertices.length / 3, triangles, name);
    }
    at = end + 1;
  }
  const mesh = { vertices: Float64Array.from(vertices), triangles: Uint32Array.from(triangles) };
  checkMesh(mesh, name);
  return mesh;
}

function addFace(text: string, count: number, triangles: number[], name: string): void {
  const corners = text
    .trim()
    .split(/\s+/)
    .map((word) => {
      const index = Number.parseInt(word, 10);
      return index < 0 ? count + index : index - 1;
    });
  if (corners.length < 3 || !corners.every((corner) => corner >= 0)) {
    throw new HounsfieldError(
      'MESH_INVALID',
      `${name} holds a face of fewer than three corners, or with a corner that is no vertex. Write it again.`,
    );
  }
  for (let k = 1; k + 1 < corners.length; k++) triangles.push(corners[0]!, corners[k]!, corners[k + 1]!);
}
