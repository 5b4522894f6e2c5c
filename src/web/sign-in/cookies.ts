/** One cookie of a request's Cookie header; `null` when it is not there. */
export function readCookie(header: string | null, wanted: string): string | null {
  for (const part of header?.split(';') ?? []) {
    const [name, value] = part.trim().split('=', 2);
    if (name === wanted && value !== undefined) return value;
  }
  return null;
}
