import { parseArgs } from 'node:util';
import { ServiceError } from '../../service-error.ts';
import { readySecrets, type ReadySecret } from '../delivery/deliver-secrets.ts';
import { parseExecOptions } from './exec-options.ts';
import { readManifest } from '../configuration/manifest.ts';
import { rejectDuplicateDestinations } from '../configuration/reject-duplicate-destinations.ts';
import { startSession } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';

/** What `render`, `mask` and `env` share: values by the names the caller asked for. */
export interface NamedValues {
  readonly values: ReadonlyMap<string, string>;
  /** Values of the options named to `readNamedValues`; `null` if an option is absent. */
  readonly options: Readonly<Record<string, string | null>>;
}

/**
 * Reads `--secret NAME=[VAULT/]NAME` and `--manifest FILE`, together with further options of one command, fetches those
 * secrets, and emits the receipts.
 * @throws ServiceError COMMAND_LINE_WRONG, MANIFEST_MALFORMED, and every code of a fetch
 */
export async function readNamedValues(
  words: readonly string[],
  furtherOptions: readonly string[],
  surroundings: Surroundings,
): Promise<NamedValues> {
  const { own, shared } = splitWords(words, furtherOptions);
  // Secrets are given the way exec takes them. The command after `--` is never run.
  const { manifest, requests, patienceMs } = parseExecOptions([...shared, '--', 'true']);
  const written = manifest === null ? null : await readManifest(manifest);
  const session = startSession(surroundings, patienceMs);
  const selected = await session.select(written?.selections ?? []);
  const all = [...(written?.requests ?? []), ...requests, ...selected];
  rejectDuplicateDestinations(all);
  if (all.some(({ target }) => target.kind !== 'environment') || all.length === 0) {
    throw new ServiceError('COMMAND_LINE_WRONG', {
      place: '--secret',
      reason: 'needs NAME=[VAULT/]SECRET, and only that',
    });
  }
  const ready = readySecrets(await session.fetch(all));
  return { values: new Map(ready.map(named)), options: own };
}

function named({ request, value }: ReadySecret): readonly [string, string] {
  return [request.target.kind === 'environment' ? request.target.variable : '', value];
}

function splitWords(words: readonly string[], names: readonly string[]) {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { tokens } = parseArgs({ args: [...words], options, strict: false, tokens: true });
  const own: Record<string, string | null> = Object.fromEntries(names.map((name) => [name, null]));
  const taken = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option' || !names.includes(token.name)) continue;
    own[token.name] = token.value ?? null;
    taken.add(token.index);
    if (token.inlineValue === false) taken.add(token.index + 1);
  }
  return { own, shared: words.filter((_, index) => !taken.has(index)) };
}
