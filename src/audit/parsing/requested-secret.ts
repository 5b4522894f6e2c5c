import { memoize } from '../../provenance/memoize.ts';

/** The secret and version that an address in an audit row names, in lower case. */
export interface RequestedSecret {
  readonly secret: string | null;
  readonly version: string | null;
}

/** Words in the position of a version: `/secrets/NAME/backup`, `/deletedsecrets/NAME/recover`. */
const verbs = new Set(['backup', 'versions', 'recover', 'restore']);
const none: RequestedSecret = { secret: null, version: null };
const address = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)([^?#]*)/i;

/**
 * Parses a secret's address as it occurs in rows: with or without a version, a trailing slash, `?api-version=` or
 * `?api%2Dversion=`, under `secrets` or `deletedsecrets`. Only the path is required.
 */
export function requestedSecret(text: string | null): RequestedSecret {
  return text === null ? none : readAddress(text);
}

const readAddress = memoize((text): RequestedSecret => {
  const path = address.exec(text)?.[2];
  if (path === undefined) return none;
  const [collection = '', name, version] = path.split('/').filter((segment) => segment !== '');
  const plural = collection.toLowerCase();
  if ((plural !== 'secrets' && plural !== 'deletedsecrets') || name === undefined) return none;
  // `/secrets/restore` names no secret; the backup in the body does.
  if (name.toLowerCase() === 'restore' && version === undefined) return none;
  const versioned = version !== undefined && !verbs.has(version.toLowerCase());
  return { secret: name.toLowerCase(), version: versioned ? version.toLowerCase() : null };
});

/**
 * The vault's short name: the segment after `vaults` in a resource id, ignoring case, or else the first label of the
 * requested host. Returns `null` if neither is present.
 */
export function vaultOf(resourceId: string | null, ...addresses: readonly (string | null)[]): string | null {
  const named = resourceId === null ? '' : vaultSegment(resourceId);
  if (named !== '') return named;
  for (const text of addresses) {
    const host = text === null ? undefined : address.exec(text)?.[1]?.toLowerCase();
    const vault = host === undefined ? null : /^([a-z0-9-]+)\.(?:vault|managedhsm)\./.exec(host);
    if (vault?.[1] !== undefined) return vault[1];
  }
  return null;
}

/** The segment after `vaults`; empty if the id has none. */
const vaultSegment = memoize((resourceId) => {
  const segments = resourceId.toLowerCase().split('/');
  const collection = segments.findIndex((segment) => segment === 'vaults' || segment === 'managedhsms');
  return collection === -1 ? '' : (segments[collection + 1] ?? '');
});
