/**
 * Returns what is wrong with a pattern of paths; `null` if nothing is. One `*` between two slashes at most, and two `**` in
 * all: so no path, however long, takes long to hold against one.
 */
export function pathPatternFault(pattern: string): string | null {
  if (!/^\/[!-~]*$/.test(pattern) || /[?#\\]/.test(pattern)) return 'must be a path such as /v1/items/*';
  const parts = pattern.split('/').slice(1);
  if (parts.filter((part) => part === '**').length > 2) return 'may hold ** twice at most';
  if (parts.some((part) => part !== '**' && part.split('*').length > 2))
    return 'may hold one * between two slashes, or ** alone';
  return null;
}

/**
 * Whether a path matches a pattern. Pure. The path is held against it as it is written and once more decoded, because a
 * server may decode `%2F` before it looks, or not: both must match.
 */
export function matchesPath(path: string, pattern: string): boolean {
  const decodedPath = decoded(path);
  const decodedPattern = decoded(pattern);
  if (decodedPath === null || decodedPattern === null) return false;
  return patternOf(pattern).test(path) && patternOf(decodedPattern).test(decodedPath);
}

/**
 * Whether a server could read a path as another one: `..` in any spelling, a backslash, or an escape that is none. Such a
 * path is inside no pattern.
 */
export function isAmbiguousPath(path: string): boolean {
  if (decoded(path) === null) return true;
  let text = path;
  for (let depth = 0; depth < 4; depth += 1) {
    // Some servers cut off what follows a semicolon, and take a backslash for a slash.
    const parts = text.split(/[/\\]/).map((part) => part.split(';')[0] ?? '');
    // oxlint-disable-next-line no-control-regex -- these are what it refuses
    if (/[\\\u0000-\u001f\u007f]/.test(text) || parts.some((part) => part === '.' || part === '..')) return true;
    const next = text.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    if (next === text) return false;
    text = next;
  }
  // Escapes of escapes of escapes: nobody writes that for another reason than to hide a path.
  return true;
}

function patternOf(pattern: string): RegExp {
  const parts = pattern.split('/').map((part) => {
    if (part === '**') return '.*';
    return part
      .split('*')
      .map(literally)
      .join(part === '*' ? '[^/]+' : '[^/]*');
  });
  return new RegExp(`^${parts.join('/')}$`, 's');
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/** `null` for an escape that is none. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // Such as `%zz`: servers disagree on what it means.
    return null;
  }
}
