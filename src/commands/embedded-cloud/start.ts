import { join, resolve } from 'node:path';
import { dayMs } from '../../secrets/duration.ts';
import { createClock } from '../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../embedded/start-embedded-cloud.ts';
import { actLive, closeThePeriod, letRowsArrive } from '../../../examples/story/act-live.ts';
import { actBrokered } from '../../../examples/story/act-brokered.ts';
import { letLook } from '../../../examples/story/let-look.ts';
import { replayStory } from '../../../examples/story/replay.ts';
import { startStoryPeople, type StoryPeople } from '../../../examples/story/story-people.ts';
import { brokerSettings, storySettings } from '../../../examples/story/story-settings.ts';
import { startTracker, type Tracker } from '../../../examples/story/tracker.ts';
import { setTheScene, type StoryWorld } from '../../../examples/story/story-world.ts';
import { readCanaryOnceAnHour } from '../../audit/collection/canary-ledger.ts';
import { composeKeyturn } from '../../compose.ts';
import type { Composition } from '../../composition/composition.ts';
import { describeEvent } from '../../composition/describe-rotation.ts';
import { reportPeriod } from '../../composition/report-period.ts';
import { installedHelper } from './installed-helper.ts';
import { startServer } from '../../server.ts';
import type { Tone } from '../../command-line/terminal-lines.ts';
import type { ExitCode, Run, Runtime } from '../command.ts';
import type { startRow } from '../host-rows.ts';
import { readPort, type ReservedPort, reservePort } from './reserve-port.ts';
import { checkScratchFolder, claimScratchFolder } from './scratch-folder.ts';
import { storyResult, whatNeedsAPerson } from './story-result.ts';
import { untilStopped } from '../until-stopped.ts';

const days = 30;

type Tell = (line: string, tone?: Tone) => void;

/** Shows everything to a newcomer, in the embedded cloud. */
export const start: Run<typeof startRow> = async ({ values }, runtime) => {
  const { once, json } = values;
  const directory = resolve(runtime.directory, values.data ?? '.keyturn/start');
  const wanted = values.port ?? runtime.environment['KEYTURN_PORT'] ?? (once ? '0' : '7071');
  // All that can be refused is asked for before anything is touched.
  await checkScratchFolder(directory, 'start');
  const portal = await reservePort(readPort(wanted, 'start', '--port'), '--port');
  await claimScratchFolder(directory, 'start');
  return await tellStory({ directory, portal, once, json, tell: json ? runtime.say : runtime.print }, runtime);
};

interface Telling {
  readonly directory: string;
  readonly portal: ReservedPort;
  readonly once: boolean;
  readonly json: boolean;
  readonly tell: Tell;
}

async function tellStory({ directory, portal, once, json, tell }: Telling, runtime: Runtime): Promise<ExitCode> {
  const liveAt = runtime.now();
  const from = new Date(liveAt.getTime() - days * dayMs);
  from.setUTCHours(0, 0, 0, 0);
  tell('Key Vault, its log, Event Grid, Gitea and a runner start on this machine.', 'step');
  const cloud = await startEmbeddedCloud({ clock: createClock(from), data: join(directory, 'cloud') });
  // Signing in leads back to the portal, so its port must be known before it listens.
  const people = await startStoryPeople(`http://localhost:${String(portal.port)}`);
  const tracker = await startTracker();
  try {
    const world = await setTheScene(cloud, liveAt);
    const cem = { ...people.subjectOf('cem'), gitea: world.gitea.accounts.cem };
    const settings = await storySettings(world, directory, { people: { cem }, tracker: tracker.port });
    const composition = await composeKeyturn(
      { ...settings, ...letLook(world), ...people.settings },
      {
        now: () => cloud.clock.now(),
        trustLoopback: true,
        watch: (event) =>
          tell(`  ${describeEvent(event)}`, event.state === 'needs-attention' ? 'attention' : undefined),
      },
    );
    const { keyturn } = composition;
    await cloud.eventGrid.subscribe({ handler: async (event) => void (await keyturn.handleVaultEvent(event)) });
    await portal.release();
    const server = await startServer(keyturn, { host: '127.0.0.1', port: portal.port, scheduled: false });
    tell(`The portal is open: ${server.url}`);
    const broker = await startBroker({ ...settings, ...brokerSettings(world) }, cloud);
    try {
      const result = await playAndReport(
        { world, composition, portal: server.url, broker: broker.url, people, tracker, from, directory, tell },
        runtime,
      );
      if (json) runtime.print(JSON.stringify(result));
      if (!once) {
        tell('');
        tell(`The portal stays open on ${server.url}. Press Ctrl+C to end it.`, 'step');
        tell(`Sign in as ann (auditor), ben or cem (operators): ${server.url}/sign-in`);
        await untilStopped(runtime);
      }
      return 0;
    } finally {
      await broker.stop();
      await server.stop();
    }
  } finally {
    await tracker.stop();
    await people.provider.stop();
    await cloud.stop();
  }
}

/** The broker beside the service, as a process of its own would be: with its own identity and its own address. */
async function startBroker(settings: Readonly<Record<string, string>>, cloud: EmbeddedCloud) {
  const { keyturn } = await composeKeyturn(settings, { now: () => cloud.clock.now() });
  return await startServer(keyturn, { host: '127.0.0.1', port: 0, scheduled: false });
}

interface Stage {
  readonly world: StoryWorld;
  readonly composition: Composition;
  readonly portal: string;
  readonly broker: string;
  readonly people: StoryPeople;
  readonly tracker: Tracker;
  readonly from: Date;
  readonly directory: string;
  readonly tell: Tell;
}

async function playAndReport(stage: Stage, runtime: Runtime) {
  const { world, composition, portal, from, directory, tell } = stage;
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
  tell(`${String(days)} days of jobs, reads and incidents are replayed.`, 'step');
  await replayStory(world, service, { from, to: runtime.now(), progress: runtime.progress });

  tell('The past is told. From here on everything happens live.', 'step');
  const helper = installedHelper();
  const { exitCode } = await actLive(world, service, { directory, helper, tell, machineNow: runtime.now });
  const brokered = await actBrokered(world, { ...stage, helper });
  tell('The clock of the embedded cloud moves on by three hours, so that the log rows arrive and the grace ends.');
  await letRowsArrive(world, service, tell);
  const to = new Date(runtime.now().getTime() + dayMs);
  to.setUTCHours(0, 0, 0, 0);
  tell('Three quiet days pass, so that late log rows can arrive and the period can be closed.', 'step');
  await closeThePeriod(world, service, 3);

  tell('The report for SOC 2 and ISO/IEC 27001 is written and sealed.', 'step');
  const out = join(directory, 'pack');
  const pack = await reportPeriod(composition, { period: { from, to }, frameworks: ['soc2', 'iso27001'], out });
  tell(`  Read it: ${portal}/reports/${pack.id}/report.html`, 'done');
  tell(`  The pack is in ${out}.`);
  tell(`  Check it: npx keyturn verify ${out}`);
  for (const line of await whatNeedsAPerson(composition, portal)) tell(line, 'attention');
  return {
    ...(await storyResult(composition, pack)),
    packs: [{ frameworks: pack.frameworks, directory: out }],
    portal,
    job: { exitCode },
    brokered,
  };
}
