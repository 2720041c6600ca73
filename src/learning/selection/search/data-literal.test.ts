import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isHounsfieldError } from '../../../errors.ts';
import { readDataLiteral } from './data-literal.ts';

const same = {
  lr: { type: 'float', low: 1e-5, high: 0.1 },
  optimizer: { choices: ['sgd', "it's", true, null, -3] },
};
const body = `{
  // rates
  lr: { type: 'float', low: 1e-5, high: .1, },
  "optimizer": { choices: ["sgd", 'it\\'s', true, null, -3] }, /* the last */
}`;

test.each([
  ['JSON', `export default ${JSON.stringify(same)}`],
  ['comments and trailing commas', `export default ${body};`],
  [
    'satisfies',
    `import type { SearchSpace } from 'hounsfield/learning';\nexport default ${body} satisfies SearchSpace;\n`,
  ],
  [
    'an import of a type',
    `import { type SearchSpace } from "hounsfield/learning"\nexport default ${body} satisfies SearchSpace`,
  ],
  ['as const', `export default ${body} as const;`],
  ['as const satisfies', `export default (${body}) as const satisfies Readonly<Record<string, unknown>>`],
  ['a constant with a type', `const space: SearchSpace = ${body};\nexport default space;`],
  ['an exported constant', `export const space = ${body}\nexport default space`],
])('%s', (_, text) => {
  expect(readDataLiteral(text)).toEqual(same);
});

test.each([
  ['a call', 'export default { lr: Math.log(3) }', /^SPACE_UNREADABLE: line 1, column 22: expected data/],
  ['an import', "import fs from 'node:fs';\nexport default {}", /expected import type; nothing else/],
  ['a template with code', `export default { a: \`\${process.exit()}\` }`, /expected data/],
  ['nothing exported', 'const a = 3;', /expected export default/],
  ['a name twice', 'export default { a: 1, a: 2 }', /a name that is not there yet/],
  ['more after the end', 'export default {}; process.exit()', /expected the end/],
  ['no end', 'export default { a: [1, 2', /expected '\]'/],
  ['deep nesting', `export default ${'['.repeat(5000)}`, /at most 50 levels/],
])('%s is not read', (_, text, message) => {
  expect(() => readDataLiteral(text)).toThrow(message);
});

test('any JSON comes back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = `export default ${JSON.stringify(value)}`;
      expect(readDataLiteral(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { seed: 4, numRuns: 200 },
  );
});

test('any text ends in a value or in SPACE_UNREADABLE', () => {
  const pieces = fc.constantFrom(
    ...'{}[]():,;\'"`/*\\ \n',
    'export default',
    'const',
    'as const',
    'a',
    '1e',
    '-',
    '//',
  );
  fc.assert(
    fc.property(fc.array(pieces), (parts) => {
      try {
        readDataLiteral(`export default ${parts.join('')}`);
      } catch (error) {
        expect(isHounsfieldError(error, 'SPACE_UNREADABLE')).toBe(true);
      }
    }),
    { seed: 5, numRuns: 1000 },
  );
});
