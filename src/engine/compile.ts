import { HounsfieldError } from '../errors.ts';
import type { Graph, Value } from './graph/graph.ts';
import { writeOnnx } from './graph/onnx-file.ts';
import { copyGraph } from './graph/rewrite.ts';
import { blockedChannels } from './lower/blocked-probe.ts';
import { lowerGraph } from './lower/lower.ts';
import type { Runtime, SessionSettings } from './runtime/session.ts';
import { allocate, elementCount, type NumericDType, type Tensor } from './tensor/tensor.ts';

/**
 * What lives from step to step: parameters, optimizer moments, running statistics, by the names of their
 * initializers. Each has two buffers that swap roles: a step reads `current` and writes `next`.
 * (Writing an update into the buffer it is computed from would be a race inside the graph.)
 */
export class State {
  readonly #current = new Map<string, Tensor>();
  readonly #next = new Map<string, Tensor>();

  get names(): readonly string[] {
    return [...this.#current.keys()];
  }

  has(name: string): boolean {
    return this.#current.has(name);
  }

  /** The value now. It is overwritten two steps later: copy it to keep it. @throws STATE_UNKNOWN */
  get(name: string): Tensor {
    const value = this.#current.get(name);
    if (value) return value;
    throw new HounsfieldError(
      'STATE_UNKNOWN',
      `the state has no '${name}'; it has ${this.#current.size} others.`,
    );
  }

  /** Takes a copy of `value` as the value of `name`. @throws STATE_MISFIT when its type or shape differs from before */
  set(name: string, value: Tensor): void {
    const before = this.#current.get(name);
    if (before && (before.dtype !== value.dtype || `${before.dims}` !== `${value.dims}`)) {
      throw new HounsfieldError(
        'STATE_MISFIT',
        `'${name}' is ${before.dtype}[${before.dims}] and was given ${value.dtype}[${value.dims}]. ` +
          'The checkpoint belongs to another network or other settings.',
      );
    }
    this.#current.set(name, copyTensor(value));
    if (!before) this.#next.set(name, copyTensor(value));
  }

  /** Buffer that the step under way writes into. */
  next(name: string): Tensor {
    return this.#next.get(name)!;
  }

  /** Makes what was written into the `next` buffers of these names current. */
  swap(names: readonly string[]): void {
    for (const name of names) {
      const written = this.#next.get(name)!;
      this.#next.set(name, this.#current.get(name)!);
      this.#current.set(name, written);
    }
  }
}

function copyTensor({ dtype, dims, data }: Tensor): Tensor {
  const copy = allocate(dtype as NumericDType, elementCount(dims)); // state is numeric
  copy.set(data as never); // same dtype, so the same kind of array
  return { dtype, dims, data: copy };
}

export interface CompileOptions extends SessionSettings {
  readonly runtime: Runtime;
  /** State shared with other steps; initializers of the graph that it has by name are fed from it. */
  readonly state?: State;
}

/** A graph made ready to run: a run computes the outputs and replaces the state that the graph updates. */
export interface CompiledStep {
  readonly state: State;
  /** @throws RUNTIME_FAILED; the state is then as it was before. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

/**
 * Compiles a graph with its updates into one session: forward, backward and update are one run. The same pieces can
 * be compiled apart (gradients as outputs of one graph, inputs of another) around one shared State.
 *
 * @throws MODEL_REJECTED, DEVICE_MISSING
 */
export async function compileStep(graph: Graph, options: CompileOptions): Promise<CompiledStep> {
  const state = options.state ?? new State();
  for (const target of graph.updates.keys()) {
    // Update targets are initializers (Graph.update checks it), and initializers hold data.
    if (!state.has(target.name)) state.set(target.name, target.constant!);
  }
  const updates = distinctUpdates(graph);
  const outputs = graph.outputs.map(({ name }) => name);
  const fed = new Set([...graph.initializers.keys()].filter((name) => state.has(name)));
  const device = options.device ?? options.runtime.defaultDevice;
  const block = device === 'cpu' ? await blockedChannels(options.runtime) : 0;
  const lowered = lowerGraph(copyGraph(graph, { stateAsInputs: fed }), { device, block });
  // Layouts were chosen by the lowering; the runtime's further passes cost time and memory and gain nothing (measured).
  const optimization = options.optimization ?? (device === 'cpu' ? 'basic' : 'all');
  const session = await options.runtime.open(writeOnnx(lowered), { ...options, optimization });
  const updated = [...updates.keys()];
  return {
    state,
    async run(feeds) {
      const all: Record<string, Tensor> = { ...feeds };
      for (const name of fed) all[name] = state.get(name);
      const into: Record<string, Tensor> = {};
      for (const [name, value] of updates) into[value.name] = state.next(name);
      const results = await session.run(all, into);
      state.swap(updated);
      return Object.fromEntries(outputs.map((name) => [name, results[name]!]));
    },
    close: () => session.close(),
  };
}

/** Updates by the state's name, each by a node's output of its own: a runtime writes no output twice. */
function distinctUpdates(graph: Graph): Map<string, Value> {
  const taken = new Set<Value>(graph.outputs);
  const updates = new Map<string, Value>();
  for (const [target, value] of graph.updates) {
    const own = !value.producer || taken.has(value) ? graph.op('Identity', [value]) : value;
    if (own !== value) graph.updates.set(target, own);
    taken.add(own);
    updates.set(target.name, own);
  }
  return updates;
}
