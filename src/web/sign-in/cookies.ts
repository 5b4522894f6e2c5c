/** Returns one cookie of a Cookie header; `null` if it is absent. */
export function readCookie(header: string | null, wanted: string): string | null {
  for (const part of header?.split(';') ?? []) {
    const [name, value] = part.trim().split('=', 2);
    if (name === wanted && value !== undefined) return value;
  }
  return null;
}
