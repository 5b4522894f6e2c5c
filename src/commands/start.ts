import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { dayMs } from '../secrets/duration.ts';
import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { actLive, closeThePeriod } from '../../examples/story/act-live.ts';
import { letLook } from '../../examples/story/let-look.ts';
import { replayStory } from '../../examples/story/replay.ts';
import { startStoryPeople } from '../../examples/story/story-people.ts';
import { storySettings } from '../../examples/story/story-settings.ts';
import { setTheScene, type StoryWorld } from '../../examples/story/story-world.ts';
import { readCanaryOnceAnHour } from '../audit/collection/canary-ledger.ts';
import { composeKeyturn } from '../compose.ts';
import type { Composition } from '../composition/composition.ts';
import { describeEvent } from '../composition/describe-rotation.ts';
import { reportPeriod } from '../composition/report-period.ts';
import { installedFile } from '../evidence/report/template-folder.ts';
import { startServer } from '../server.ts';
import { ServiceError } from '../service-error.ts';
import type { ExitCode, Run, Runtime } from './command.ts';
import type { startRow } from './host-rows.ts';
import { storyResult } from './story-result.ts';

const days = 30;
const marker = 'keyturn-embedded-cloud';

/** Shows everything to a newcomer, in the embedded cloud. */
export const start: Run<typeof startRow> = async ({ values }, runtime) => {
  const port = readPort(values.port, values.once);
  const directory = await freshFolder(resolve(runtime.directory, values.data ?? '.keyturn/start'));
  const tell = values.json ? runtime.say : runtime.print;
  return await tellStory({ directory, port, once: values.once, json: values.json, tell }, runtime);
};

interface Telling {
  readonly directory: string;
  readonly port: number;
  readonly once: boolean;
  readonly json: boolean;
  readonly tell: (line: string) => void;
}

async function tellStory({ directory, port, once, json, tell }: Telling, runtime: Runtime): Promise<ExitCode> {
  const liveAt = runtime.now();
  const from = new Date(liveAt.getTime() - days * dayMs);
  from.setUTCHours(0, 0, 0, 0);
  tell('Starting Key Vault, its log, Event Grid, Gitea and a runner on this machine …');
  const cloud = await startEmbeddedCloud({ clock: createClock(from), data: join(directory, 'cloud') });
  // Signing in leads back to the portal, so its port must be known before it listens.
  const people = port === 0 ? null : await startStoryPeople(`http://localhost:${String(port)}`);
  try {
    const world = await setTheScene(cloud, liveAt);
    const composition = await composeKeyturn(
      { ...(await storySettings(world, directory)), ...letLook(world), ...people?.settings },
      {
        now: () => cloud.clock.now(),
        trustLoopback: true,
        watch: (event) => tell(`  ${describeEvent(event)}`),
      },
    );
    const { keyturn } = composition;
    await cloud.eventGrid.subscribe({ handler: async (event) => void (await keyturn.handleVaultEvent(event)) });
    const server = await startServer(keyturn, { host: '127.0.0.1', port, scheduled: false });
    tell(`Portal: ${server.url}`);
    try {
      const result = await playAndReport({ world, composition, portal: server.url, from, directory, tell }, runtime);
      if (json) runtime.print(JSON.stringify(result));
      if (!once) await untilStopped(runtime, tell, { url: server.url, hasPeople: people !== null });
      return 0;
    } finally {
      await server.stop();
    }
  } finally {
    await people?.provider.stop();
    await cloud.stop();
  }
}

interface Stage {
  readonly world: StoryWorld;
  readonly composition: Composition;
  readonly portal: string;
  readonly from: Date;
  readonly directory: string;
  readonly tell: (line: string) => void;
}

async function playAndReport({ world, composition, portal, from, directory, tell }: Stage, runtime: Runtime) {
  const { keyturn } = composition;
  world.cloud.gitea.addWebhook(`${portal}/events/gitea`, world.gitea.webhookSecret);
  const service = {
    portal,
    readCanary: async () => await readCanaryOnceAnHour(composition.records, composition.canary, composition.now()),
    requestRotation: async (secret: string, reason: string) => {
      const body = JSON.stringify({ action: 'request', secret, reason });
      const { ok, status } = await fetch(`${portal}/rotations`, { method: 'POST', body });
      if (!ok) tell(`  The portal refused: ${String(status)}.`);
    },
    collectJobs: async () => await keyturn.collectJobs(),
    collectRetrievals: async () => await keyturn.collectRetrievals(),
    reconcileRotations: async () => await keyturn.reconcileRotations(),
    postReceipts: async (token: string, receipts: readonly unknown[]) => {
      const init = {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ receipts }),
      };
      await fetch(`${portal}/receipts`, init);
    },
  };
  tell(`Replaying ${String(days)} days of jobs, reads and incidents …`);
  await replayStory(world, service, { from, to: runtime.now(), progress: runtime.progress });

  tell('Now live:');
  const helper = installedFile('action/dist/keyturn-fetch.cjs');
  const { exitCode } = await actLive(world, service, { directory, helper, tell, machineNow: runtime.now });
  const to = new Date(runtime.now().getTime() + dayMs);
  to.setUTCHours(0, 0, 0, 0);
  tell('Two quiet days pass, so that late log rows can arrive and the period can be closed.');
  await closeThePeriod(world, service, 3);

  tell('Writing and sealing the report for SOC 2 and ISO/IEC 27001 …');
  const out = join(directory, 'pack');
  const pack = await reportPeriod(composition, { period: { from, to }, frameworks: ['soc2', 'iso27001'], out });
  tell(`  Read it:   ${portal}/reports/${pack.id}/report.html`);
  tell(`  The pack:  ${out}`);
  tell(`  Check it:  npx keyturn verify ${out}`);
  return {
    ...(await storyResult(composition, pack)),
    packs: [{ frameworks: pack.frameworks, directory: out }],
    portal,
    job: { exitCode },
  };
}

async function untilStopped(
  { signal }: Runtime,
  tell: (line: string) => void,
  { url, hasPeople }: { readonly url: string; readonly hasPeople: boolean },
): Promise<void> {
  tell('');
  tell(`The portal stays open on ${url}. Press Ctrl+C to end.`);
  if (hasPeople) tell(`Sign in as ann (auditor), ben or cem (operators): ${url}/sign-in`);
  if (signal.aborted) return;
  await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

/** Empties the folder if `start` made it; refuses one that holds anything else. */
async function freshFolder(directory: string): Promise<string> {
  const held = existsSync(directory) ? await readdir(directory) : [];
  if (held.length > 0 && !held.includes(marker)) {
    const reason = `${directory} is not empty and was not made by keyturn start`;
    throw new ServiceError('USAGE_WRONG', { command: 'start', reason });
  }
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, marker), 'Made by keyturn start; it is emptied at the next start.\n');
  return directory;
}

function readPort(text: string | undefined, once: boolean): number {
  if (text === undefined) return once ? 0 : 7071;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new ServiceError('USAGE_WRONG', { command: 'start', reason: '--port takes a number from 0 to 65535' });
}
