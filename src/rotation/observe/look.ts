import { ServiceError } from '../../service-error.ts';
import type { Look, Observation, Seen } from '../decide/decision.ts';
import { patienceWith } from '../decide/patience.ts';
import { openAttempt, type TargetState } from '../journal/target-state.ts';
import { isOfSecret, parseAttemptId } from '../rotation-id.ts';
import { bindingKey } from '../rotation-unit.ts';
import { allVersions, credentialOf, valueOf } from './credential-values.ts';
import { earlierInTheWay } from './earlier-environments.ts';
import type { Sight } from './observe.ts';
import { hourlyLimitUntil } from './pace.ts';
import { reasonsToWait } from './reasons-to-wait.ts';
import { enabledStaging, findStaged, type StagingAccess } from './staging.ts';
import { firstMember, requestFor, stateOf, type Target, type Worker } from './target.ts';

/**
 * Sees one more thing that a decision asks for, and adds it to what was seen. Changes nothing outside; values that are read are
 * noted for the journal. @throws ServiceError when it could not look: that is never the same as having seen nothing.
 */
export async function look(target: Target, worker: Worker, { observation, terms }: Sight, wanted: Look): Promise<Seen> {
  const { seen } = observation;
  const state = stateOf({ target, worker });
  switch (wanted.look) {
    case 'versions':
      return { ...seen, versions: await versionsOf(target, seen) };
    case 'staging':
      return { ...seen, staging: await enabledStaging(stagingAccess(target, worker)) };
    case 'staged': {
      const found = await findStaged(stagingAccess(target, worker), wanted.credential);
      if (found !== null) worker.remembered.set(wanted.credential, found.credential);
      const told = found === null ? null : { version: found.version, credentialId: found.credential.credentialId };
      return { ...seen, staged: new Map(seen.staged).set(wanted.credential, told) };
    }
    case 'described': {
      const found = await target.issuer.describe(await questionFor(target, worker, observation, wanted.credential));
      const told = found.outcome === 'present' ? { credentialId: found.credentialId } : null;
      return { ...seen, described: new Map(seen.described).set(wanted.credential, told) };
    }
    case 'listed':
      return { ...seen, listed: await unknownAtProvider(target, state, seen) };
    case 'check':
      return { ...seen, check: await checked(target, worker, observation, state) };
    case 'pace':
      return { ...seen, pace: await hourlyLimitUntil(target, observation.now) };
    case 'earlier':
      return {
        ...seen,
        earlier: await earlierInTheWay(target, { now: observation.now, countsDue: target.terms.wish === null }),
      };
    case 'evidence': {
      const credential = state.credentials.get(wanted.credential);
      if (credential === undefined) return seen;
      const reasons = await reasonsToWait({
        state,
        credential,
        patience: patienceWith(state, credential.key, terms),
        now: observation.now,
        versions: seen.versions ?? (await versionsOf(target, seen)),
        readers: target.tools.readers,
        issuer: target.issuer,
        question: requestFor(target, { ...nothingInForce, credential: credential.key, now: observation.now }),
      });
      return { ...seen, evidence: new Map(seen.evidence).set(wanted.credential, reasons) };
    }
    default:
      return wanted satisfies never;
  }
}

const nothingInForce = { current: null, currentCredentialId: null } as const;

/** Where values of the target are staged and read, noted in the worker. */
export function stagingAccess(target: Target, worker: Worker): StagingAccess {
  return {
    tools: target.tools,
    member: firstMember(target),
    note: (operation) => void worker.operations.push(operation),
    values: worker.values,
  };
}

/** What an issuer is asked with, the value in force included. */
export async function questionFor(
  target: Target,
  worker: Worker,
  { now }: Pick<Observation, 'now'>,
  credential: string,
  withinMs?: number,
) {
  const state = stateOf({ target, worker });
  const access = stagingAccess(target, worker);
  const { desired } = state;
  const open = openAttempt(state);
  // The credential that an attempt is about to publish is not in force yet.
  const inForce = desired !== null && desired === open?.credential ? open.from : desired;
  const needsValue = target.issuer.credentialClass !== 'self' && inForce !== null;
  return requestFor(target, {
    credential,
    current: needsValue ? await valueOf(access, state, inForce) : null,
    currentCredentialId: inForce === null ? null : (state.credentials.get(inForce)?.credentialId ?? null),
    now,
    withinMs,
  });
}

async function versionsOf({ tools, terms }: Target, seen: Seen): Promise<NonNullable<Seen['versions']>> {
  return seen.versions ?? (await allVersions({ tools }, terms.bindings.map(bindingKey)));
}

/** Credentials that carry the naming of a rotation of this very secret and that no entry knows: a journal was set back. */
async function unknownAtProvider(target: Target, state: TargetState, seen: Seen): Promise<NonNullable<Seen['listed']>> {
  const { issuer, tools, terms } = target;
  const versions = await versionsOf(target, seen);
  const listed = await issuer.list(terms.bindings[0], tools.abortAfter(30_000));
  const known = new Set([...state.credentials.values()].map(({ credentialId }) => credentialId));
  return listed.flatMap(({ credentialId, rotationId: key }) => {
    const isOurs = parseAttemptId(key) !== null && isOfSecret(key, tools.vaults, versions);
    return isOurs && !known.has(credentialId) && !state.credentials.has(key) ? [{ key, credentialId }] : [];
  });
}

/** Whether the value in force works. Not to be reached is not the same as not working. */
async function checked(
  target: Target,
  worker: Worker,
  observation: Observation,
  state: TargetState,
): Promise<NonNullable<Seen['check']>> {
  const desired = state.desired ?? '';
  const credential = await credentialOf(stagingAccess(target, worker), state, desired);
  if (credential === null) return 'unreadable';
  const question = requestFor(target, {
    credential: desired,
    current: credential.value,
    currentCredentialId: credential.credentialId,
    now: observation.now,
  });
  try {
    const shown = await target.issuer.verify(question, credential);
    if (shown.outcome === 'works') worker.checkedAt = observation.now;
    return shown.outcome === 'refused' && shown.authenticated ? 'differs' : shown.outcome;
  } catch (error) {
    if (!ServiceError.is(error) || error.layer === 'record-store') throw error;
    return 'not-yet';
  }
}
