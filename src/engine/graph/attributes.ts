import type { Tensor } from '../tensor/tensor.ts';
import type { Graph } from './graph.ts';

/** A node's attribute, with the kind that the ONNX file needs to know (1 may be an int or a float). */
export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: Graph }
  /** Kinds that the engine carries but never looks into (sparse tensors, type descriptions, lists of graphs). */
  | { readonly kind: 'opaque'; readonly value: Uint8Array };

export type AttributeKind = Attribute['kind'];
export type Attributes = ReadonlyMap<string, Attribute>;

/** What a caller may write: the operator's schema turns it into an Attribute. */
export type PlainAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Tensor
  | Graph
  | Attribute;
export type PlainAttributes = Readonly<Record<string, PlainAttribute | undefined>>;

/** The element types of an attribute of an operator without a schema cannot be guessed: name it with these. */
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const int = (value: number): Attribute => ({ kind: 'int', value });

export function isAttribute(value: PlainAttribute): value is Attribute {
  return typeof value === 'object' && 'kind' in value && 'value' in value;
}
