import { canonicalJson } from '../../src/provenance/canonical-json.ts';
import { publishedTags } from '../../src/rotation/published-tags.ts';
import { attemptIdOf, digestName } from '../../src/rotation/rotation-id.ts';
import { appendEntry, readJournal } from '../../src/rotation/rotation-journal.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { from, rotationId, vault } from './format-examples.ts';

/** Two entries of a journal: what it begins with, and the intent before the one act that nobody can take back. */
export async function journalLines(): Promise<string> {
  const records = memoryRecordStore();
  const claimed = await appendEntry(records, rotationId, [], {
    attempt: 1,
    fence: 0,
    at: '2026-03-09T14:00:00.000Z',
    kind: 'outcome',
    act: 'claim',
    step: 'claimed',
    state: 'claimed',
    facts: {
      claim: {
        unit: 'kv-prod/deploy-token',
        members: [
          {
            vault: vault.name,
            secret: from.name,
            fromVersion: from.version,
            fromCredentialId: '17',
            knownFrom: 'journal',
          },
        ],
        issuer: 'gitea-token',
        credentialClass: 'minted',
        targetKey: digestName(['gitea-token', canonicalJson({ user: 'deploy-bot', scopes: ['read:repository'] })]),
        environment: null,
        trigger: 'event',
        reason: null,
        askedBy: null,
        emergency: false,
        validityMs: 5_184_000_000,
        graceMs: 86_400_000,
        consumersLifetimeMs: 86_400_000,
      },
    },
    operations: [],
  });
  await appendEntry(records, rotationId, [claimed], {
    attempt: 1,
    fence: 1,
    at: '2026-03-09T14:00:01.250Z',
    kind: 'intent',
    act: 'issue',
    step: 'claimed',
    state: 'claimed',
    facts: {},
    operations: [],
  });
  const entries = await readJournal(records, rotationId);
  return entries
    .map((entry) => canonicalJson(JSON.parse(JSON.stringify(entry)) as Parameters<typeof canonicalJson>[0]))
    .join('\n');
}

export function tags(): Readonly<Record<string, string>> {
  const before = { environment: 'prod', version: '4', owner: 'shop-team', CredentialId: '17' };
  return publishedTags({ vault: vault.name, secret: from.name }, before, {
    environment: null,
    expires: new Date('2026-05-08T14:00:03Z'),
    rotationId: attemptIdOf(rotationId, 1),
    rotatedFrom: from.version,
    credentialId: '18',
  });
}
