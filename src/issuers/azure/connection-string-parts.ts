/** The value of one part of an Azure connection string, such as `AccountKey`: whoever wrote it may have ordered its parts otherwise. `null`: it has none. */
export function extractPart(connectionString: string, name: string): string | null {
  const part = splitParts(connectionString).find((one) => nameOf(one) === name.toLowerCase());
  return part === undefined ? null : part.slice(part.indexOf('=') + 1).trim();
}

/**
 * The names of parts that `inForce` has and `renewed` has not, or has otherwise: `EntityPath`, or the suffix of another cloud.
 * Readers would miss them. Names alone, for a part's value may be secret.
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

/** Names and addresses know no case; a key does, but only one that is in force at Azure comes to be compared here. */
function comparable(part: string): string {
  return part
    .toLowerCase()
    .replace(/\s*=\s*/, '=')
    .replace(/\/$/, '');
}
