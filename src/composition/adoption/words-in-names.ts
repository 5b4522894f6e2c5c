/** The words of a name with hyphens between them, lower-case: `OrdersDb_password` is `orders-db-password`. */
export function plainWords(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .toLowerCase();
}

/** Whether whole words of a name match: `redis` is a word of `orders-redis-password` and none of `predis-key`. */
export function hasWords(words: string, pattern: string): boolean {
  return new RegExp(`(?:^|-)(?:${pattern})(?:-|$)`).test(words);
}

/** The usual name of each environment, by the words that people write for it. */
const environments: ReadonlyMap<string, string> = new Map([
  ['prod', 'prod'],
  ['production', 'prod'],
  ['prd', 'prod'],
  ['live', 'prod'],
  ['staging', 'staging'],
  ['stage', 'staging'],
  ['stg', 'staging'],
  ['preprod', 'staging'],
  ['uat', 'staging'],
  ['dev', 'dev'],
  ['develop', 'dev'],
  ['development', 'dev'],
  ['test', 'test'],
  ['qa', 'test'],
]);

/** The environment that the last or first word of a name tells of; `null` if it tells of none. */
export function environmentIn(name: string): string | null {
  const words = plainWords(name).split('-');
  return environments.get(words.at(-1) ?? '') ?? environments.get(words[0] ?? '') ?? null;
}

/** The words of a name without those of its environment: what names of one credential in several places share. */
export function withoutEnvironment(name: string): string {
  const words = plainWords(name).split('-');
  if (words.length > 1 && environments.has(words.at(-1) ?? '')) words.pop();
  if (words.length > 1 && environments.has(words[0] ?? '')) words.shift();
  return words.join('-');
}
