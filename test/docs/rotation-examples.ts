import { publishedTags } from '../../src/rotation/published-tags.ts';
import { attemptIdOf } from '../../src/rotation/rotation-id.ts';
import { appendEntry, canonicalEntry, readJournal } from '../../src/rotation/journal/target-journal.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { targetKeyOf } from '../../src/rotation/rotation-unit.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { from, policyText, rotationId, vault } from './format-examples.ts';

/** Two entries of a journal: what a rotation begins with, and the intent before the one act that nobody can take back. */
export async function journalLines(): Promise<string> {
  const records = memoryRecordStore();
  const member = `${vault.name}/${from.name}`;
  const policy = parsePolicy(policyText, 'keyturn.policy.yml', [vault]);
  const binding = policy.secrets.get(member);
  if (binding === undefined) throw new Error('The example binds no secret.');
  const key = targetKeyOf({ key: member, members: [binding] }, { name: binding.issuer, credentialClass: 'minted' });
  const credential = attemptIdOf(rotationId, 1);
  const begun = await appendEntry(records, await readJournal(records, key), {
    writer: '0b9c6f8e',
    at: '2026-03-09T14:00:00.000Z',
    kind: 'note',
    act: 'begin',
    facts: {
      claim: {
        rotationId,
        trigger: 'event',
        askedBy: null,
        emergency: false,
        issuer: binding.issuer,
        credentialClass: 'minted',
        validityMs: binding.validityMs,
        graceMs: binding.graceMs,
        consumersLifetimeMs: binding.consumersLifetimeMs,
        from: [{ member, version: from.version }],
      },
      bindings: [binding],
      credential,
    },
    operations: [],
  });
  const { entries } = await appendEntry(records, begun, {
    writer: '0b9c6f8e',
    at: '2026-03-09T14:00:01.250Z',
    kind: 'intent',
    act: 'issue',
    facts: {
      credential,
      sendBefore: '2026-03-09T14:02:01.250Z',
      notAfter: '2026-03-09T14:17:01.250Z',
    },
    operations: [],
  });
  return entries.map(canonicalEntry).join('\n');
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
