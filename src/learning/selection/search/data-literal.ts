import { HounsfieldError } from '../../../errors.ts';

/** Deepest nesting that is read. */
const DEEPEST = 50;

/**
 * The data that a TypeScript file exports by default, read without running anything: an object literal of strings,
 * numbers, booleans, null, lists and objects, with comments, trailing commas, `as const`, `satisfies Type`, `import
 * type` lines, and one constant that is exported afterwards.
 *
 * @throws SPACE_UNREADABLE with line and column of what is no data
 */
export function readDataLiteral(text: string): unknown {
  const reader = new LiteralReader(text);
  return reader.file();
}

/** Owns the place in the text. */
class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.replace(/^\uFEFF/, '');
  }

  file(): unknown {
    const constants = new Map<string, unknown>();
    for (;;) {
      this.#blank();
      if (this.#word('import')) this.#importLine();
      else if (this.#take(/export\s+default\b/y)) return this.#exported(constants);
      else {
        this.#take(/export\b/y);
        this.#blank();
        if (!this.#word('const')) this.#fail('export default { … }');
        const name = this.#identifier();
        this.#blank();
        if (this.#take(/:/y)) this.#type();
        this.#need('=');
        constants.set(name, this.#expression(0));
        this.#end();
      }
    }
  }

  #exported(constants: ReadonlyMap<string, unknown>): unknown {
    this.#blank();
    const name = /[A-Za-z_$][\w$]*/y;
    name.lastIndex = this.#at;
    const found = name.exec(this.#text)?.[0];
    let value: unknown;
    if (found !== undefined && constants.has(found)) {
      this.#at += found.length;
      value = constants.get(found);
      this.#suffixes();
    } else value = this.#expression(0);
    this.#end();
    this.#blank();
    if (this.#at < this.#text.length) this.#fail('the end of the file');
    return value;
  }

  #importLine(): void {
    this.#blank();
    if (!this.#word('type') && !this.#ahead(/\{\s*type\s/y))
      this.#fail('import type; nothing else can be imported');
    if (!this.#take(/[\w$*{}\s,]*?from\s*(?:'[^'\n]*'|"[^"\n]*")/y)) this.#fail("{ … } from '…'");
    this.#end();
  }

  #expression(depth: number): unknown {
    if (depth > DEEPEST) this.#fail(`at most ${DEEPEST} levels`);
    this.#blank();
    const value = this.#value(depth);
    this.#suffixes();
    return value;
  }

  #value(depth: number): unknown {
    if (this.#take(/\{/y)) return this.#object(depth);
    if (this.#take(/\[/y)) return this.#list(depth);
    if (this.#take(/\(/y)) {
      const value = this.#expression(depth + 1);
      this.#need(')');
      return value;
    }
    const text = this.#string();
    if (text !== undefined) return text;
    const number = this.#take(/[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return Number(number.replaceAll('_', ''));
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.#word(word)) return value;
    }
    return this.#fail('data: a number, a text, true, false, null, { … } or [ … ]');
  }

  #object(depth: number): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    for (;;) {
      this.#blank();
      if (this.#take(/\}/y)) break;
      const name = this.#string() ?? this.#identifier();
      if (entries.some(([other]) => other === name))
        this.#fail(`a name that is not there yet (it is: ${name})`);
      this.#need(':');
      entries.push([name, this.#expression(depth + 1)]);
      this.#blank();
      if (!this.#take(/,/y)) {
        this.#need('}');
        break;
      }
    }
    return Object.fromEntries(entries);
  }

  #list(depth: number): unknown[] {
    const items: unknown[] = [];
    for (;;) {
      this.#blank();
      if (this.#take(/\]/y)) return items;
      items.push(this.#expression(depth + 1));
      this.#blank();
      if (!this.#take(/,/y)) {
        this.#need(']');
        return items;
      }
    }
  }

  #string(): string | undefined {
    const raw = this.#take(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`/y);
    if (raw === undefined) return undefined;
    const escapes: Readonly<Record<string, string>> = {
      n: '\n',
      t: '\t',
      r: '\r',
      b: '\b',
      f: '\f',
      v: '\v',
      0: '\0',
    };
    return raw
      .slice(1, -1)
      .replace(
        /\\(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\s\S]))/g,
        (_, u?: string, x?: string, one?: string) =>
          one === undefined ? String.fromCharCode(Number.parseInt((u ?? x)!, 16)) : (escapes[one] ?? one),
      );
  }

  #identifier(): string {
    this.#blank();
    return this.#take(/[A-Za-z_$][\w$]*/y) ?? this.#fail('a name');
  }

  /** What TypeScript writes after a value and Node.js would not see. */
  #suffixes(): void {
    for (;;) {
      this.#blank();
      if (this.#take(/as\s+const\b/y) !== undefined) continue;
      if (!this.#word('satisfies') && !this.#word('as')) return;
      this.#type();
    }
  }

  /** A type by its name, with parameters of the same kind. */
  #type(): void {
    this.#blank();
    if (this.#take(/[A-Za-z_$][\w$.]*(?:<[\w$.,\s<>'"|]*>)?/y) === undefined)
      this.#fail('the name of a type');
    this.#blank();
  }

  #end(): void {
    this.#blank();
    this.#take(/;/y);
  }

  #need(sign: string): void {
    this.#blank();
    if (!this.#text.startsWith(sign, this.#at)) this.#fail(`'${sign}'`);
    this.#at += sign.length;
  }

  #word(word: string): boolean {
    return this.#take(new RegExp(`${word}(?![\\w$])`, 'y')) !== undefined;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #ahead(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  /** White space and comments. */
  #blank(): void {
    while (this.#take(/\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y)) {}
  }

  #fail(expected: string): never {
    const lines = this.#text.slice(0, this.#at).split('\n');
    throw new HounsfieldError(
      'SPACE_UNREADABLE',
      `line ${lines.length}, column ${lines.at(-1)!.length + 1}: expected ${expected}. A TypeScript space is read as data ` +
        'and not run: export default { … } with plain values; give what is computed as .mjs or .json.',
    );
  }
}
