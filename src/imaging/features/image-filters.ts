/** Names of the images that features are computed of, besides the image itself; what makes them is in filtered-images.ts. */
export const IMAGE_FILTER_NAMES = ['original'] as const;

/** What is wrong with a filter's parameters. */
export function filterFaults(
  filter: string,
  parameters: Readonly<Record<string, unknown>>,
): readonly string[] {
  const unknown = Object.keys(parameters);
  return unknown.length === 0 ? [] : [`${filter} knows no ${unknown.join(', ')}`];
}
