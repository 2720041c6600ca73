/** Operators that no case tries, with the reason; by name or 'domain:name'. */
export const withoutCase: Readonly<Record<string, string>> = {
  RandomUniform: 'the values are random; random-operators.test.ts has its types',
  RandomNormal: 'the values are random; random-operators.test.ts has its types',
  RandomUniformLike: 'the values are random; random-operators.test.ts has its types',
  RandomNormalLike: 'the values are random; random-operators.test.ts has its types',
};
