import { isDeepStrictEqual } from 'node:util';
import { jobsOf } from '../../src/audit/collection/job-ledger.ts';
import { receiptsOf } from '../../src/audit/collection/receipt-ledger.ts';
import { retrievalCollection } from '../../src/audit/collection/retrieval-collection.ts';
import { slicesOf } from '../../src/audit/collection/slice.ts';
import { receiptDigest } from '../../src/provenance/parse-receipt.ts';
import type { Receipt } from '../../src/provenance/receipt.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { journalTargets, readJournal } from '../../src/rotation/journal/target-journal.ts';
import type { TargetState } from '../../src/rotation/journal/target-state.ts';
import type { Received } from './message-receiver.ts';
import { liveTokens, secretsForPeople, type SoakWorld } from './soak-world.ts';

/** What is known of a soak without asking the service, to compare with what the service has on record. */
export interface Ground {
  readonly world: SoakWorld;
  readonly records: RecordStore;
  readonly from: Date;
  readonly receipts: readonly Receipt[];
  readonly posted: readonly Receipt[];
  readonly received: readonly Received[];
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A job that has ended is on record after two passes; a secret that is due is rotated by then, or a person is called. */
const patienceMs = 45 * minuteMs;
/** Of consumers, as the policy of the soak has it. */
const lifetimeMs = 20 * minuteMs;

/** Everything that is not as it must be once the troubles have ended, one sentence each; empty after a good soak. */
export async function brokenInvariants(ground: Ground): Promise<readonly string[]> {
  const checks = [journals, jobs, receipts, rows, secrets, tokens, calls];
  const broken = await Promise.all(checks.map(async (check) => await check(ground)));
  return broken.flat();
}

/** Each journal's chain of hashes holds, and each entry may follow. */
export async function journals({ records }: Pick<Ground, 'records'>): Promise<readonly string[]> {
  const broken: string[] = [];
  for await (const target of journalTargets(records)) {
    await readJournal(records, target).catch((error: unknown) => broken.push(`journal ${target}: ${String(error)}`));
  }
  return broken;
}

async function jobs({ world, records, from }: Ground): Promise<readonly string[]> {
  const now = world.cloud.clock.now();
  const kept = new Map<number, string>();
  for await (const { jobId, status } of jobsOf(records, { from, to: now })) kept.set(jobId, status);
  return world.cloud.gitea
    .jobs()
    .filter(({ completedAt }) => completedAt !== null && now.getTime() - completedAt.getTime() > patienceMs)
    .filter(({ jobId }) => kept.get(jobId) !== 'completed')
    .map(({ jobId }) => `job ${String(jobId)} has ended, and the ledger says ${kept.get(jobId) ?? 'nothing of it'}`);
}

async function receipts({ world, records, from, receipts: made, posted }: Ground): Promise<readonly string[]> {
  const now = world.cloud.clock.now();
  const kept = { posted: new Map<string, number>(), logged: new Map<string, number>() };
  for await (const { receipt, channel } of receiptsOf(records, { from, to: now })) {
    const digest = receiptDigest(receipt);
    kept[channel].set(digest, (kept[channel].get(digest) ?? 0) + 1);
  }
  const ended = new Map(world.cloud.gitea.jobs().map(({ jobId, completedAt }) => [jobId, completedAt]));
  const isOver = ({ job }: Receipt) => now.getTime() - (ended.get(job.jobId)?.getTime() ?? Infinity) > patienceMs;
  const name = ({ job, sequence }: Receipt) => `receipt ${String(sequence)} of job ${String(job.jobId)}`;
  return [
    ...made.filter((one) => isOver(one) && !kept.logged.has(receiptDigest(one))).map((one) => `${name(one)} is lost`),
    ...posted
      .filter((one) => !kept.posted.has(receiptDigest(one)))
      .map((one) => `${name(one)} was accepted, and is lost`),
    ...[...kept.posted, ...kept.logged]
      .filter(([, times]) => times > 1)
      .map(([digest, times]) => `receipt ${digest} is on record ${String(times)} times`),
  ];
}

/** Each row of the vault's log is in exactly one slice. */
async function rows({ world, records, from }: Ground): Promise<readonly string[]> {
  const now = world.cloud.clock.now();
  const collection = await retrievalCollection(records);
  const watermark = Date.parse(collection?.watermark ?? '');
  if (!(now.getTime() - watermark < 2 * hourMs))
    return [`log rows are collected to ${collection?.watermark ?? 'never'}`];
  if (watermark > now.getTime()) return [`log rows are said to be collected to ${String(collection?.watermark)}`];
  const kept = new Map<string, number>();
  for await (const slice of slicesOf(records, { from: new Date(from.getTime() - 24 * hourMs), to: now })) {
    if (!slice.isIntact) return [`slice ${slice.path} was changed`];
    for (const row of slice.rows) {
      const key = keyOf(row as Readonly<Record<string, unknown>>);
      kept.set(key, (kept.get(key) ?? 0) + 1);
    }
  }
  const logged = world.cloud.auditLog.rows().filter((row) => Date.parse(String(row['TimeGenerated'])) < watermark);
  const lost = logged.filter((row) => !kept.has(keyOf(row))).length;
  const twice = [...kept.values()].filter((times) => times > 1).length;
  return [
    ...(lost > 0 ? [`${String(lost)} of ${String(logged.length)} log rows are lost`] : []),
    ...(twice > 0 ? [`${String(twice)} log rows are on record twice`] : []),
  ];
}

function keyOf(row: Readonly<Record<string, unknown>>): string {
  return `${String(row['CorrelationId'])} ${String(row['OperationName'])} ${String(row['TimeGenerated'])}`;
}

/** Each secret that is due was rotated, and its value works; or a person was called. One rotation has one value. */
async function secrets({ world, records, received }: Ground): Promise<readonly string[]> {
  const { vault, clock } = world.cloud;
  const broken: string[] = [];
  const held = await heldByGaps(records, world.cloud.clock.now());
  for (const { name } of world.secrets) {
    const enabled = vault.versions(name).filter((one) => one.enabled);
    const newest = enabled.at(-1);
    if (newest === undefined) {
      broken.push(`${name} has no version in force`);
      continue;
    }
    const lead = ((newest.expires?.getTime() ?? 0) - newest.created.getTime()) / 3;
    const dueAt = (newest.expires?.getTime() ?? 0) - lead;
    const isCalled = received.some(({ accepted, data }) => accepted && isAbout(data, name));
    if (clock.now().getTime() - dueAt > patienceMs && !isCalled && !held.members.has(name))
      broken.push(`${name} is due since ${new Date(dueAt).toISOString()}, and nobody was told`);
    const rotations = enabled.flatMap(({ tags }) => tags['rotation-id'] ?? []);
    for (const id of new Set(rotations.filter((one, index) => rotations.indexOf(one) !== index)))
      broken.push(`${name} has two versions in force of rotation ${id}`);
    if (!secretsForPeople.includes(name) && !held.underWay.has(name)) broken.push(...(await refusals(world, name)));
  }
  return broken;
}

/** Whether the provider takes the value in force. */
export async function refusals(world: SoakWorld, name: string): Promise<readonly string[]> {
  const { cloud, runner, secrets } = world;
  const { issuer, user = '' } = secrets.find((one) => one.name === name) ?? { issuer: null };
  if (issuer !== 'gitea-token' && issuer !== 'gitea-user-password') return [];
  const answer = await fetch(`${cloud.vault.url}/secrets/${name}?api-version=7.5`, {
    headers: { authorization: `Bearer ${cloud.identity.tokenFor(runner, 'https://vault.azure.net')}` },
  });
  const { value } = (await answer.json().catch(() => ({}))) as { value?: string };
  // The vault is in trouble itself.
  if (value === undefined) return [];
  const basic = `Basic ${Buffer.from(`${user}:${value}`).toString('base64')}`;
  const authorization = issuer === 'gitea-token' ? `token ${value}` : basic;
  const { status } = await fetch(`${cloud.gitea.url}/api/v1/user`, { headers: { authorization } });
  return status === 200 ? [] : [`the value of ${name} in force is refused (${String(status)})`];
}

/** No token lives that nothing serves: each is the newest version's, or the one before it in its grace. */
async function tokens({ world, records }: Ground): Promise<readonly string[]> {
  const { vault, clock } = world.cloud;
  const broken: string[] = [];
  const held = await heldByGaps(records, world.cloud.clock.now());
  for (const { name, issuer, user = '' } of world.secrets) {
    if (issuer !== 'gitea-token' || user === 'nobody') continue;
    const versions = vault.versions(name);
    const newest = versions.findLast(({ enabled }) => enabled);
    // Grace, lifetime, the log's delay, and the hour until it is collected.
    const inGrace = clock.now().getTime() - (newest?.created.getTime() ?? 0) < 3 * hourMs;
    const served = versions.slice(inGrace ? -2 : -1).map(({ tags }) => tags['CredentialId']);
    const live = (await liveTokens(world, user)).filter((token) => token.name.startsWith('keyturn.'));
    for (const { id, name: token } of live)
      if (!served.includes(String(id)) && !held.ids.has(`${name} ${String(id)}`))
        broken.push(`token ${token} of ${user} lives and nothing serves it`);
    const rotations = live.map((token) => token.name.split('.')[2]);
    if (new Set(rotations).size < rotations.length) broken.push(`${user} has two live tokens of one rotation`);
  }
  return broken;
}

/**
 * What an hour without a row of the canary holds back: an old credential then lives on for thirty days, after which a person is
 * asked. That is as it must be, and longer than a soak.
 */
async function heldByGaps(records: RecordStore, now: Date): Promise<Held> {
  const states: TargetState[] = [];
  for await (const target of journalTargets(records)) states.push((await readJournal(records, target)).state);
  const reasons = states.flatMap((state) => [...state.waits.values()].flatMap((wait) => wait.reasons));
  const gaps = reasons.flatMap(({ code, until = '' }) => (code === 'gap' ? [Date.parse(until)] : []));
  const lastGap = Math.max(0, ...gaps) + hourMs;
  const held = { members: new Set<string>(), ids: new Set<string>(), underWay: new Set<string>() };
  for (const { bindings, credentials, waits, rotations } of states) {
    const begun =
      rotations.findLast(({ publishedAt, result }) => publishedAt === null && result === null)?.begunAt ?? null;
    for (const { name } of bindings) {
      if ([...waits.values()].some((wait) => wait.reasons.some(({ code }) => code === 'gap'))) held.members.add(name);
      // The journal notes a wait once an hour at most, so the gap of one tells for all that were in use then.
      for (const { credentialId, idleSince } of credentials.values())
        if (Date.parse(idleSince ?? '') - lifetimeMs < lastGap) held.ids.add(`${name} ${credentialId ?? ''}`);
      // A password changes at its provider before it is published: a server that was killed between the two goes on in its next pass.
      if (begun !== null && now.getTime() - Date.parse(begun) < patienceMs) held.underWay.add(name);
    }
  }
  return held;
}

function isAbout(data: Received['data'], name: string): boolean {
  return String(data['secret'] ?? data['subject']).endsWith(`/${name}`);
}

interface Held {
  /** Names of secrets that may wait although they are due: a chosen value is set in place of one that nobody may use any more. */
  readonly members: ReadonlySet<string>;
  /** Names with ids of old credentials. */
  readonly ids: ReadonlySet<string>;
  /** Names of secrets whose rotation began a moment ago. */
  readonly underWay: ReadonlySet<string>;
}

/** What stays the same however often one event is told. */
const facts = ['type', 'secret', 'rotation', 'step', 'reminder', 'version', 'left'] as const;

/** Each call for a person arrived, under one id. */
async function calls({ records, received }: Ground): Promise<readonly string[]> {
  const broken: string[] = [];
  const accepted = received.filter((one) => one.accepted);
  const byId = new Map<string, Received>();
  for (const one of accepted) {
    const before = byId.get(one.id);
    if (before !== undefined && !isDeepStrictEqual(before.data, one.data))
      broken.push(`message ${one.id} came with two contents`);
    byId.set(one.id, one);
  }
  const events = new Map<string, string>();
  for (const { id, data } of byId.values()) {
    const { type, secret } = data;
    if (!/^rotation\.(needs|awaits)|^secret\.ends/.test(String(type))) continue;
    const key = facts.map((fact) => String(data[fact])).join(' ');
    if (events.has(key)) broken.push(`${String(type)} of ${String(secret)} came under two ids`);
    events.set(key, id);
  }
  for await (const { vault, secret, rotationId, state } of readRotationHistories(records)) {
    const asks = {
      'needs-attention': 'needs-attention',
      'awaiting-go': 'awaits-go',
      'awaiting-approval': 'awaits-approval',
    };
    const call = state in asks ? `rotation.${asks[state as keyof typeof asks]}` : null;
    const isTold = [...byId.values()].some(
      ({ data }) => data['type'] === call && data['secret'] === `${vault}/${secret}` && data['rotation'] === rotationId,
    );
    if (call !== null && !isTold) broken.push(`nobody was told that rotation ${rotationId} of ${secret} is ${state}`);
  }
  for (const name of secretsForPeople)
    if (![...byId.values()].some(({ data }) => isAbout(data, name))) broken.push(`no call for ${name} arrived`);
  return broken;
}
