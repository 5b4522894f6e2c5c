/**
 * Returns the value of one part of an Azure connection string, such as `AccountKey`, in any order of parts; `null` if
 * it is missing.
 */
export function extractPart(connectionString: string, name: string): string | null {
  const part = splitParts(connectionString).find((one) => nameOf(one) === name.toLowerCase());
  return part === undefined ? null : part.slice(part.indexOf('=') + 1).trim();
}

/**
 * Returns the names of parts of `inForce` that `renewed` lacks or changes, such as `EntityPath` or another cloud's
 * suffix, because readers would miss them. Only names, because a part's value may be secret.
 */
export function partsLost(inForce: string, renewed: string): readonly string[] {
  const kept = new Set(splitParts(renewed).map(comparable));
  const lost = splitParts(inForce).filter((part) => !kept.has(comparable(part)));
  return lost.map((part) => (part.includes('=') ? part.slice(0, part.indexOf('=')).trim().slice(0, 40) : 'address'));
}

function splitParts(connectionString: string): readonly string[] {
  return connectionString
    .split(/[;,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function nameOf(part: string): string {
  return part.includes('=') ? part.slice(0, part.indexOf('=')).trim().toLowerCase() : '';
}

/**
 * Names and addresses are case-insensitive. Keys are not, but only a key that is in force at Azure is compared here.
 */
function comparable(part: string): string {
  return part
    .toLowerCase()
    .replace(/\s*=\s*/, '=')
    .replace(/\/$/, '');
}
