import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { brokered } from './fixtures.ts';
import { brokerFetchConfiguration } from './story-settings.ts';
import type { StoryPeople } from './story-people.ts';
import type { Tracker } from './tracker.ts';
import type { StoryWorld } from './story-world.ts';

interface Stage {
  /** Where the broker and the portal listen. */
  readonly broker: string;
  readonly portal: string;
  readonly people: StoryPeople;
  readonly tracker: Tracker;
  readonly directory: string;
  /** Path of the built fetch helper. */
  readonly helper: string;
  readonly tell: (line: string) => void;
}

/** Exit codes of the jobs. */
export interface BrokeredJobs {
  readonly served: number;
  readonly refused: number;
  readonly approved: number;
  /** Of the agent that used a secret and never had it. */
  readonly used: number;
}

/**
 * Jobs on a runner without any identity in Azure ask the broker: one gets its secret, one is refused, one waits until a second
 * person approves on the portal, and the command of an agent uses a secret that it never has. `null`: this machine has no folder in memory for the keys of jobs.
 */
export async function actBrokered(world: StoryWorld, stage: Stage): Promise<BrokeredJobs | null> {
  const { tell, broker, directory } = stage;
  if (!existsSync('/dev/shm')) {
    tell('The broker is not shown: the key of a job lies in memory, in /dev/shm, which this machine does not have.');
    return null;
  }
  const configuration = await brokerFetchConfiguration(world, broker, directory);
  const jobs = { world, stage, configuration };
  tell('Four jobs ask the broker, on a runner that has no identity in Azure.');
  const served = await execInJob(jobs, { repository: 'acme/storefront', secret: brokered.secret });
  tell(`  A job of acme/storefront gets ${brokered.secret} and ends with ${String(served)}: its namespace allows it.`);
  const refused = await execInJob(jobs, { repository: 'acme/mobile', secret: brokered.secret });
  tell(
    `  A job of acme/mobile asks for the same and ends with ${String(refused)}: the broker refuses before any read.`,
  );
  const waiting = execInJob(jobs, { repository: 'acme/storefront', secret: brokered.guarded, wait: '2m' });
  tell(
    `  A job that ben started asks for ${brokered.guarded}, which needs the approval of a second person, and waits.`,
  );
  tell(`  ${await approveAs('cem', stage)}`);
  const approved = await waiting;
  tell(`  The job gets ${brokered.guarded} with its next request and ends with ${String(approved)}.`);
  const used = await useAsAgent(jobs);
  await world.cloud.gitea.settled();
  return { served, refused, approved, used };
}

interface Jobs {
  readonly world: StoryWorld;
  readonly stage: Stage;
  readonly configuration: string;
}

async function execInJob(
  { world: { cloud }, stage: { helper }, configuration }: Jobs,
  asked: { readonly repository: string; readonly secret: string; readonly wait?: string },
): Promise<number> {
  const { repository, secret, wait: patience } = asked;
  const running = cloud.gitea.startJob({ repository, name: 'refund', runner: 'runner-prod', actor: 'ben' });
  const words = ['exec', ...(patience === undefined ? [] : ['--wait', patience]), '--secret', `VALUE=${secret}`, '--'];
  const child = ['node', '-e', 'process.exit(process.env.VALUE ? 0 : 1)'];
  const code = await running.execute(['node', helper, ...words, ...child], {
    KEYTURN_FETCH_CONFIGURATION: configuration,
  });
  running.finish(code === 0 ? 'success' : 'failure');
  return code;
}

/** An agent asks its tracker for issues. It ends with 0 if it was answered and held no more than a placeholder. */
async function useAsAgent({ world: { cloud }, stage, configuration }: Jobs): Promise<number> {
  const { helper, tracker, tell } = stage;
  const running = cloud.gitea.startJob({ repository: 'acme/storefront', name: 'agent', runner: 'runner-prod' });
  const headers = "{ headers: { authorization: 'Bearer ' + process.env.TOKEN } }";
  const holds = "process.env.TOKEN.startsWith('keyturn-use-')";
  const agent = `fetch('${tracker.url}/issues/open', ${headers}).then(async (answer) => {
    console.log('The tracker says: ' + (await answer.text()));
    process.exit(answer.ok && ${holds} ? 0 : 1);
  })`;
  const words = ['exec', '--use', '--secret', `TOKEN=${brokered.secret}`, '--', process.execPath, '-e', agent];
  const code = await running.execute(['node', helper, ...words], { KEYTURN_FETCH_CONFIGURATION: configuration });
  running.finish(code === 0 ? 'success' : 'failure');
  const log = cloud.gitea.logOf(running.job.jobId);
  const kept = log.includes('the command runs in a jail')
    ? 'in a jail'
    : 'by variables alone, since no jail can be made here';
  const [, said = 'nothing'] = /Z The tracker says: (.*)$/m.exec(log) ?? [];
  tell(
    `  An agent uses ${brokered.secret} at its tracker and ends with ${String(code)}. It holds a placeholder, kept ${kept}.`,
  );
  tell(`    The tracker echoes what it was sent, and the agent sees: ${said}`);
  return code;
}

/** Signs in at the portal and approves what waits there. */
async function approveAs(name: 'cem', { portal, people }: Stage): Promise<string> {
  const cookie = await people.signIn(name);
  const headers = { cookie, accept: 'application/json', 'content-type': 'application/json' };
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(`${portal}/access`, { headers });
    const { requests } = (await answer.json()) as {
      readonly requests: readonly { readonly grant: string; readonly standing: string }[];
    };
    const found = requests.find(({ standing }) => standing === 'waiting');
    if (found !== undefined) {
      const body = JSON.stringify({ grant: found.grant, says: 'approve', reason: 'the refund of order 4711' });
      const { ok, status } = await fetch(`${portal}/access`, { method: 'POST', headers, body });
      return ok ? `${name} signs in and approves it on the portal.` : `The portal refused ${name}: ${String(status)}.`;
    }
    await wait(100);
  }
  return 'No request for access came to the portal.';
}
