import { setTimeout as wait } from 'node:timers/promises';
import { fetchAsJob } from '../../examples/story/fetch-as-job.ts';
import { parseReceiptLine } from '../../src/provenance/receipt-line.ts';
import type { Receipt } from '../../src/provenance/receipt.ts';
import type { Dice } from '../simulation/dice.ts';
import { liveTokens, repositories, runnerName, type SoakWorld } from './soak-world.ts';

/** The jobs of a soak, and what they left. */
export interface SoakJobs {
  /** Every receipt that a job wrote into its log. */
  readonly receipts: readonly Receipt[];
  /** Those of them that a server said it had accepted. */
  readonly posted: readonly Receipt[];
  /** Values that stopped working while the job that had read them ran. */
  readonly brokenUnderway: readonly string[];
  /** No job begins any more; resolves when the last one has ended. */
  stop(): Promise<void>;
}

interface Options {
  readonly world: SoakWorld;
  /** Gitea as the servers know it. */
  readonly giteaUrl: string;
  /** The servers, to which receipts are posted. */
  readonly servers: readonly string[];
  readonly dice: Dice;
  readonly speed: number;
}

const minuteMs = 60_000;
/** Jobs begin so often, and take so long. */
const everyMinutes = { least: 2, most: 6 };
const takesMinutes = { least: 1, most: 25 };

export function startJobs({ world, giteaUrl, servers, dice, speed }: Options): SoakJobs {
  const receipts: Receipt[] = [];
  const posted: Receipt[] = [];
  const brokenUnderway: string[] = [];
  const underWay = new Set<Promise<void>>();
  // The clock runs by itself here, and Gitea has the address of its gate.
  const cloud = {
    ...world.cloud,
    clock: { ...world.cloud.clock, advance: () => undefined },
    gitea: { ...world.cloud.gitea, url: giteaUrl },
  };
  const readable = world.secrets.filter(({ user }) => user !== 'nobody');
  const end = new AbortController();
  let number = 0;
  const beginning = (async () => {
    while (!end.signal.aborted) {
      number += 1;
      const names = new Set([dice.pick(readable).name, dice.pick(readable).name]);
      const job = runJob(`deploy-${String(number)}`, [...names], dice.between(takesMinutes.least, takesMinutes.most));
      underWay.add(job);
      void job.finally(() => underWay.delete(job));
      const pauseMs = (dice.between(everyMinutes.least, everyMinutes.most) * minuteMs) / speed;
      await wait(pauseMs, undefined, { signal: end.signal }).catch(() => undefined);
    }
  })();

  async function runJob(name: string, names: readonly string[], minutes: number): Promise<void> {
    const repository = dice.pick(repositories);
    const running = world.cloud.gitea.startJob({ repository, name, runner: runnerName });
    const lines = await fetchAsJob({ cloud, running, identity: world.runner, post }, names);
    const own = lines.flatMap((line) => parseReceiptLine(line) ?? []);
    receipts.push(...own);
    await wait((minutes * minuteMs) / speed);
    for (const { secret, version } of own) await checkInUse(secret, version);
    running.finish();
  }

  /** As the helper does: once to one server; what nobody accepted is in the log all the same. */
  async function post(token: string, sent: readonly Receipt[]): Promise<void> {
    const init = {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ receipts: sent }),
      signal: AbortSignal.timeout(2_000),
    };
    const answer = await fetch(`${dice.pick(servers)}/receipts`, init).catch(() => null);
    if (answer?.status === 202) posted.push(...sent);
    await answer?.body?.cancel();
  }

  /** A token that a running job read must live as long as the job; a user has one password, which changes at once. */
  async function checkInUse(secret: string, version: string | null): Promise<void> {
    const { issuer, user = '' } = world.secrets.find(({ name }) => name === secret) ?? { issuer: null };
    if (issuer !== 'gitea-token' || version === null) return;
    const tags = world.cloud.vault.versions(secret).find((one) => one.version === version)?.tags;
    const id = tags?.['CredentialId'];
    if (id === undefined || (await liveTokens(world, user)).some((token) => String(token.id) === id)) return;
    brokenUnderway.push(`${secret}@${version} was revoked while a job that had read it ran`);
  }

  return {
    receipts,
    posted,
    brokenUnderway,
    async stop() {
      end.abort();
      await beginning;
      await Promise.all(underWay);
    },
  };
}
