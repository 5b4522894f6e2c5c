import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { IssuedCredential } from './ports/credential-issuer.ts';
import { forget, held, hold } from './held-credentials.ts';
import type { RotationAct } from './journal-entry.ts';
import { restsForLateRequest } from './late-request.ts';
import type { RotationWork } from './rotation-work.ts';
import { disableStaged, findStaged, placeOf, readStaged, stage } from './staging.ts';
import { parseAttemptId } from './rotation-id.ts';
import { bindingKey } from './rotation-unit.ts';
import { isOurs, markSuperseded } from './supersession.ts';
import { latestOf, operation, readValue } from './vault-access.ts';

/** Makes the attempt's credential real at the provider. The step before it depends on the class: see `stepsOf`. */
export async function issueCredential(work: RotationWork): Promise<void> {
  const { issuer } = work;
  if (issuer.credentialClass === 'minted' && !(await clearTheWay(work))) return;
  const request = await work.request('old');
  const proposed = issuer.credentialClass === 'chosen' ? await pendingCredential(work) : null;
  // The value that this attempt staged may be set twice; another one, or a key renewed once more, would end what is published.
  const isSame = ({ act, attempt }: { act: RotationAct; attempt: number }) =>
    proposed !== null && act === 'issue' && attempt === work.rotation.attempt;
  if (await restsForLateRequest(work, isSame)) return;
  await work.intent('issue');
  // What is about to be set anew must be seen as late as can be: somebody may just have published the other key, or user.
  if (proposed !== null || issuer.credentialClass === 'read-back') {
    if (!(await stillNewest(work))) return;
    work.requireTime();
  }
  const credential = await issue();
  // What the provider tells again is asked for again: another worker may have shown that to work, and not what was told here.
  if (issuer.credentialClass !== 'read-back') hold(work.tools, work.attemptId, credential);
  await work.outcome('issue', { step: 'issued', facts: { credentialId: credential.credentialId } });

  async function issue(): Promise<IssuedCredential> {
    try {
      return await issuer.issue(request, proposed?.value ?? null);
    } catch (error) {
      if (ServiceError.is(error, 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY')) await dropRefusedValue(work, proposed);
      throw error;
    }
  }
}

/** Gives false when somebody published: theirs stands, and what of it is ours after all is found by the next look. */
async function stillNewest(work: RotationWork): Promise<boolean> {
  for (const member of work.rotation.claim.members) {
    const latest = await latestOf(work.tools, member);
    if (latest.version === member.fromVersion) continue;
    if (!isOurs(work, latest)) await markSuperseded(work, member, latest);
    return false;
  }
  return true;
}

/** Stages the attempt's value: the chosen one before the provider hears of it, the minted one right after. */
export async function stageCredential(work: RotationWork): Promise<void> {
  const credential = await credentialToStage(work);
  if (credential === null) return;
  if ('version' in credential) return staged(credential.version);
  const place = placeOf(work);
  await work.intent('stage', [operation(work.tools, 'SecretSet', place.vault, place.name, null)]);
  await staged(await stageOnce(work, credential));

  async function staged(version: string): Promise<void> {
    await work.outcome('stage', { step: 'staged', facts: { stagingVersion: version } });
  }
}

/**
 * The value of the attempt under way, from memory, from staging, or from the provider that tells it again.
 * @throws ServiceError `STAGED_VALUE_LOST`, `STAGED_VALUE_REFUSED`, or `CREDENTIAL_NOT_READY` when the provider has none.
 */
export async function pendingCredential(work: RotationWork): Promise<IssuedCredential> {
  const inMemory = held(work.tools, work.attemptId);
  if (inMemory !== null) return inMemory;
  const { rotation, issuer } = work;
  const published = issuer.formFor === undefined ? await publishedPart(work) : null;
  if (published !== null) return { credentialId: rotation.credentialId ?? '', value: published };
  if (rotation.stagingVersion !== null) {
    const credential = await readStaged(work, rotation.stagingVersion);
    // A chosen value is staged before the provider has named its credential.
    return { ...credential, credentialId: rotation.credentialId ?? credential.credentialId };
  }
  const found = await issuer.describe(await work.request('old'));
  if (found.outcome === 'present' && found.value !== null)
    return { credentialId: found.credentialId, value: found.value };
  const [{ secret }] = rotation.claim.members;
  throw new ServiceError('CREDENTIAL_NOT_READY', { issuer: issuer.name, secret });
}

/** The value as a member of the group has it already, or `null` while none has. */
export async function publishedPart(work: RotationWork): Promise<SecretValue | null> {
  for (const { vault, secret } of work.rotation.claim.members) {
    const version = work.rotation.published.get(bindingKey({ vault, name: secret }));
    const value = version === undefined ? null : await readValue(work, { vault, secret, version });
    if (value !== null) return value;
  }
  return null;
}

/**
 * Withdraws what this attempt issued and begins the next one. Nothing of it was ever published, so nobody misses it.
 * `credentialId`: `null` when the provider has nothing of this attempt.
 */
export async function nextAttempt(
  work: RotationWork,
  credentialId: string | null,
  reason: string,
  attempt = work.rotation.attempt + 1,
): Promise<void> {
  if (credentialId !== null) {
    // Asked for before the intent: nothing that could sleep may stand between the last look at the lease and the act.
    const request = await work.request('old');
    await work.intent('withdraw', [], { credentialId });
    await work.issuer.revoke(request, credentialId);
  }
  await disableStaged(work);
  forget(work.tools, work.attemptId);
  await work.outcome('withdraw', { step: 'claimed', attempt, facts: { reasons: [reason] } });
}

/**
 * Looks for what earlier workers left under this rotation's name, before anything is minted: under this attempt, and under others
 * that a journal which was set back no longer knows. Gives false when that decided the step: the value was staged after all, or
 * the attempt is over.
 */
async function clearTheWay(work: RotationWork): Promise<boolean> {
  const found = await work.issuer.describe(await work.request('old'));
  if (found.outcome === 'present') {
    const staged = await findStaged(work);
    if (staged?.credential.credentialId !== found.credentialId) {
      await nextAttempt(work, found.credentialId, 'value-lost');
      return false;
    }
    hold(work.tools, work.attemptId, staged.credential);
    await work.outcome('issue', { step: 'issued', facts: { credentialId: found.credentialId } });
    return false;
  }
  const { rotationId, attempt, pending } = work.rotation;
  const { binding, signal } = await work.request('old');
  for (const { credentialId, rotationId: name } of await work.issuer.list(binding, signal)) {
    const tag = parseAttemptId(name);
    if (tag?.rotationId !== rotationId || tag.attempt === attempt) continue;
    // The versions were looked at just before: none is this rotation's, so nobody was ever given this one.
    await nextAttempt(work, credentialId, 'attempt-forgotten', Math.max(tag.attempt, attempt) + 1);
    return false;
  }
  // A request whose answer was lost may still arrive: what it makes must not meet ours under one name.
  if (pending?.act === 'issue') await nextAttempt(work, null, 'answer-lost');
  return true;
}

async function credentialToStage(work: RotationWork): Promise<IssuedCredential | { version: string } | null> {
  const { issuer, rotation } = work;
  if (
    rotation.pending?.act === 'stage' ||
    (issuer.credentialClass === 'minted' && held(work.tools, work.attemptId) === null)
  ) {
    const found = await findStaged(work);
    if (found !== null && fits(found.credential)) {
      hold(work.tools, work.attemptId, found.credential);
      return { version: found.version };
    }
  }
  if (issuer.credentialClass === 'minted') {
    const credential = held(work.tools, work.attemptId);
    if (credential !== null) return credential;
    await nextAttempt(work, rotation.credentialId, 'value-lost');
    return null;
  }
  const value = issuer.propose(await work.request('old'));
  const [{ secret }] = rotation.claim.members;
  if (value === null) throw new ServiceError('CREDENTIAL_REFUSED', { issuer: issuer.name, secret });
  return { credentialId: 'proposed', value };

  function fits({ credentialId }: IssuedCredential): boolean {
    return issuer.credentialClass !== 'minted' || credentialId === rotation.credentialId;
  }
}

/** Stages; an answer that was lost is looked up, and the value staged again only when it is not there. */
async function stageOnce(work: RotationWork, credential: IssuedCredential): Promise<string> {
  try {
    return (await stage(work, credential)).version;
  } catch (error) {
    if (!ServiceError.is(error, 'VAULT_ANSWER_UNCLEAR')) throw error;
    const found = await findStaged(work);
    // A second staging version is no harm: only the one that the journal names is ever used.
    return found === null ? (await stage(work, credential)).version : found.version;
  }
}

/** A value that the provider's policy refuses is replaced, but only when the provider shows that it did not take it. */
async function dropRefusedValue(work: RotationWork, proposed: IssuedCredential | null): Promise<void> {
  if (proposed === null) return;
  const shown = await work.issuer.verify(await work.request('old'), proposed);
  if (shown.outcome === 'refused' && !shown.authenticated) await nextAttempt(work, null, 'refused-by-provider-policy');
}
