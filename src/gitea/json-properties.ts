/** The properties of what came from outside, each still unknown; none when it is no object. */
export function jsonProperties(given: unknown): ReadonlyMap<string, unknown> {
  const properties = new Map<string, unknown>();
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return properties;
  for (const [name, value] of Object.entries(given as Record<string, unknown>)) properties.set(name, value);
  return properties;
}
