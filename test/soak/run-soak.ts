import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { slicesOf } from '../../src/audit/collection/slice.ts';
import { folderRecordStore } from '../../src/files/folder-record-store.ts';
import { readRotationHistories } from '../../src/rotation/history/read-rotation-histories.ts';
import { createDice } from '../simulation/dice.ts';
import { openGate } from './gate.ts';
import { brokenInvariants, type Ground, journals, refusals } from './invariants.ts';
import { startMessageReceiver } from './message-receiver.ts';
import { mountSmallDisk } from './small-disk.ts';
import { startJobs } from './soak-jobs.ts';
import { setUpWorld, soakSettings, writePolicy } from './soak-world.ts';
import { type Measured, type SoakedServer, startSoakedServer } from './soaked-servers.ts';
import { troublesOf } from './troubles.ts';

export interface SoakOptions {
  readonly seed: number;
  /** How long things go wrong, of the machine's time. */
  readonly troubleMs: number;
  /** How many times as fast as the machine's the clock runs. */
  readonly speed: number;
  /** How many generated secrets there are; a third as many tokens. */
  readonly size: number;
  readonly killEveryMs: number;
  readonly progress: (line: string) => void;
  /** Every line of the servers' logs. */
  readonly line: (line: string) => void;
  /** Where the records are copied at the end; `null`: nowhere. */
  readonly keep: string | null;
}

export interface SoakResult {
  /** What is not as it must be; empty after a good soak. */
  readonly broken: readonly string[];
  /** For the table: what was counted, in order. */
  readonly figures: readonly (readonly [string, string | number])[];
  /** Of the server that lived longest, in order of time. */
  readonly memory: readonly Measured[];
}

const hourMs = 3_600_000;
/** Old values end after grace, lifetime and the log's delay; a message that was refused is tried again after hours. */
const settleHours = { least: 2, most: 8 };

export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-soak-'));
  const disk = mountSmallDisk(directory, 256);
  const closing: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true }), () => disk.remove()];
  try {
    return await soak(options, { directory, disk, closing });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

interface Place {
  readonly directory: string;
  readonly disk: ReturnType<typeof mountSmallDisk>;
  readonly closing: (() => unknown)[];
}

async function soak(options: SoakOptions, { directory, disk, closing }: Place): Promise<SoakResult> {
  const { seed, speed, size, progress, line, keep } = options;
  const dice = createDice(seed);
  const clock = createClock(new Date('2026-03-02T08:00:00Z'), speed);
  const from = clock.now();
  const cloud = await startEmbeddedCloud({ clock });
  closing.push(() => cloud.stop());
  const gate = await openGate(cloud.gitea.url);
  closing.push(() => gate.stop());
  const people = await startMessageReceiver();
  closing.push(() => people.stop());
  const world = setUpWorld(cloud, size, dice);
  const policyFile = join(directory, 'keyturn.policy.yml');
  writePolicy(world, policyFile, 0);
  const places = { directory, disk: disk.directory, gitea: gate.url, people: people.url };
  const settings = soakSettings(world, places);
  const odd: string[] = [];
  const servers: SoakedServer[] = [];
  for (const name of ['one', 'two']) {
    const port = await freePort();
    const told = { name, settings, port, clock, speed, odd: (oddity: string) => void odd.push(oddity), line };
    const server = await startSoakedServer(told);
    closing.push(() => server.stop());
    servers.push(server);
    cloud.gitea.addWebhook(`${server.url}/events/gitea`, world.gitea.webhookSecret);
  }
  const records = await folderRecordStore(settings['KEYTURN_DATA'] ?? '');
  const jobs = startJobs({ world, giteaUrl: gate.url, servers: servers.map(({ url }) => url), dice, speed });
  const troubles = troublesOf({ world, policyFile, servers, gate, people, disk, dice });
  const counts = { kills: 0, troubles: 0 };
  const memory: Measured[] = [];
  const broken = await live();

  await jobs.stop();
  writePolicy(world, policyFile, 0);
  for (const server of servers) await server.kill();
  progress('The troubles have ended; everything must settle now.');
  const { receipts, posted } = jobs;
  const ground: Ground = { world, records, from, receipts, posted, received: people.received };
  const unsettled = await settled(ground, options);
  if (keep !== null) cpSync(settings['KEYTURN_DATA'] ?? '', keep, { recursive: true });
  return {
    broken: [...new Set([...broken, ...jobs.brokenUnderway, ...unsettled, ...odd])],
    memory,
    figures: await figuresOf(ground, counts, disk.canFill),
  };

  /** Lets everything go wrong in turn while servers are killed. Returns what was broken meanwhile. */
  async function live(): Promise<readonly string[]> {
    const { troubleMs, killEveryMs } = options;
    const seen: string[] = [];
    const start = performance.now();
    const passed = () => performance.now() - start;
    const rounds = Math.max(1, Math.floor(troubleMs / (troubles.length * 12_000)));
    const turnMs = troubleMs / (troubles.length * rounds);
    const killing = (async () => {
      for (let at = killEveryMs; at < troubleMs; at += killEveryMs) {
        await wait(Math.max(0, at - passed()));
        // The second one lives three quarters of the time, so that its memory can be watched.
        const victims = at < (troubleMs * 3) / 4 ? servers.slice(0, 1) : servers;
        counts.kills += victims.length;
        await Promise.all(victims.map(async (server) => await server.kill()));
      }
    })();
    for (let turn = 0; turn < rounds * troubles.length; turn += 1) {
      const trouble = troubles[turn % troubles.length];
      counts.troubles += 1;
      progress(
        `${String(Math.round(passed() / 1000)).padStart(4)} s  ${clock.now().toISOString().slice(0, 16)}  ${trouble?.name ?? ''}`,
      );
      trouble?.begin();
      await wait(Math.max(0, (turn + 0.6) * turnMs - passed()));
      trouble?.end();
      await wait(Math.max(0, (turn + 1) * turnMs - passed()));
      seen.push(...(await journals({ records })), ...(await deadTokens()));
      if (passed() < (troubleMs * 3) / 4) memory.push(await (servers[1] as SoakedServer).measure());
    }
    await killing;
    return seen;
  }

  /** A minted token is published after it works, and ended after its successor is in force: there is no moment between. */
  async function deadTokens(): Promise<readonly string[]> {
    const minted = world.secrets.filter(({ issuer, user }) => issuer === 'gitea-token' && user !== 'nobody');
    return (await Promise.all(minted.map(async ({ name }) => await refusals(world, name)))).flat();
  }
}

/** Waits until nothing is broken; what still is after some hours is broken for good. */
async function settled(ground: Ground, { speed, progress }: SoakOptions): Promise<readonly string[]> {
  const { clock } = ground.world.cloud;
  const start = clock.now().getTime();
  let last = '';
  for (;;) {
    const broken = await brokenInvariants(ground);
    const hours = (clock.now().getTime() - start) / hourMs;
    if ((broken.length === 0 && hours > settleHours.least) || hours > settleHours.most) return broken;
    const says = broken.map((one) => `      not yet: ${one}`).join('\n');
    if (says !== last && says !== '') progress(says);
    last = says;
    await wait((hourMs / speed) * 0.1);
  }
}

async function figuresOf(
  { world, records, from, receipts, posted, received }: Ground,
  { kills, troubles }: { readonly kills: number; readonly troubles: number },
  canFill: boolean,
): Promise<SoakResult['figures']> {
  const to = world.cloud.clock.now();
  let rotations = 0;
  let done = 0;
  for await (const { publishedVersion, doneAt } of readRotationHistories(records)) {
    if (publishedVersion !== null) rotations += 1;
    if (doneAt !== null) done += 1;
  }
  let slices = 0;
  for await (const _ of slicesOf(records, { from: new Date(from.getTime() - 24 * hourMs), to })) slices += 1;
  const accepted = received.filter((one) => one.accepted);
  return [
    ['hours of the service', Math.round((to.getTime() - from.getTime()) / hourMs)],
    ['kills', kills],
    ['troubles', troubles],
    ['full disk', canFill ? 'tried' : 'not tried: no small disk can be mounted here'],
    ['secrets', world.secrets.length],
    ['rotations published', rotations],
    ['rotations over, the old value ended', done],
    ['jobs', world.cloud.gitea.jobs().length],
    ['receipts logged, posted', `${String(receipts.length)}, ${String(posted.length)}`],
    ['log rows, slices', `${String(world.cloud.auditLog.rows().length)}, ${String(slices)}`],
    ['calls for a person', new Set(accepted.map(({ id }) => id)).size],
    ['deliveries of them, refused ones', `${String(accepted.length)}, ${String(received.length - accepted.length)}`],
  ];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
