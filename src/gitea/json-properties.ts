/** Returns the properties of a value from outside, each still unknown; none if it is not an object. */
export function jsonProperties(given: unknown): ReadonlyMap<string, unknown> {
  const properties = new Map<string, unknown>();
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return properties;
  for (const [name, value] of Object.entries(given as Record<string, unknown>)) properties.set(name, value);
  return properties;
}

/** A database id, from 1. */
export function idOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
