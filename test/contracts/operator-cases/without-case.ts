/** Operators that no case tries, with the reason; by name or 'domain:name'. */
export const withoutCase: Readonly<Record<string, string>> = {
  RandomUniform: 'random output: the types are tried in random.test.ts',
};
