/**
 * Returns a path of this portal to go back to after a sign-in; `/` for anything else. Browsers take `//host` and `/\host`
 * for another site, so a link could otherwise lead a person who just signed in to a copy of the portal.
 */
export function localPath(text: string | undefined): string {
  const isPath = text !== undefined && text.length <= 500 && /^\/(?![/\\])[!-~]*$/.test(text);
  return isPath && !text.includes('\\') && !text.startsWith('/sign-') ? text : '/';
}
