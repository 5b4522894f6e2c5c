import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { unlessContractsAreAbsent } from '../../../published-contracts.ts';
import { differences, type MeantDifference } from './compare-answers.ts';
import { type EmbeddedHistory, playHistory } from './embedded-history.ts';
import { readDelivery, readExchange, readRecorded, recordedNames } from './recorded-exchanges.ts';

/** Where the embedded Gitea is meant to answer otherwise. Nothing else may differ. */
const meant: readonly MeantDifference[] = [
  { where: /^artifacts-running-token-one body\.count/, because: 'the double keeps no artifacts: the list is empty' },
];

/** Variables of a shell or of the machine it was recorded on. */
const machine = new Set(['PATH', 'PWD', 'SHLVL', '_', 'HOME', 'RUNNER_ARCH']);

const names = recordedNames();
const isExchange = (name: string) => !/^(delivery|job-environment|job-event-file|openid|runtime-token)-/.test(name);

describe('the embedded Gitea, put into the recorded state', unlessContractsAreAbsent, () => {
  let history: EmbeddedHistory;
  beforeAll(async () => {
    history = await playHistory();
  }, 60_000);

  const kept = (found: readonly string[]) => found.filter((one) => !meant.some(({ where }) => where.test(one)));
  const answered = (body: unknown) => ({ status: 200, headers: {}, body });
  const eventDifferences = (name: string) => {
    const recorded = readRecorded(name)['event'];
    return differences(name, answered(recorded), answered(history.events.get(name.replace('job-event-file-', ''))));
  };
  const exchangeDifferences = (name: string) => {
    const embedded = history.answers.get(name);
    expect(embedded, 'it was not asked').toBeDefined();
    return embedded === undefined ? [] : differences(name, readExchange(name).answer, embedded);
  };

  it.each(names.filter(isExchange))('answers %s as Gitea 1.26.3 did', (name) => {
    expect(kept(exchangeDifferences(name))).toEqual([]);
  });

  it.each(names.filter((name) => name.startsWith('job-event-file-')))('hands a job %s as Gitea 1.26.3 did', (name) => {
    expect(kept(eventDifferences(name))).toEqual([]);
  });

  it.each(names.filter((name) => name.startsWith('job-environment-')))('gives a job the variables of %s', (name) => {
    const recorded = readRecorded(name)['environment'] as Readonly<Record<string, string>>;
    const embedded = history.environments.get(name.replace('job-environment-', '')) ?? {};
    const names = (variables: object) => Object.keys(variables).filter((variable) => !machine.has(variable));
    expect(names(embedded).toSorted()).toEqual(names(recorded).toSorted());
    // Addresses, folders, ids and commits differ; every other value is a fact.
    const facts = (variables: Readonly<Record<string, string>>) =>
      Object.entries(variables).flatMap(([variable, value]) => {
        const moving = /(_URL|_TOKEN|_PATH|_ID|_NUMBER|_SHA|WORKFLOW|WORKSPACE|TEMP|TOOL_CACHE)$/.test(variable);
        return moving || machine.has(variable) || value.startsWith('/') ? [] : [`${variable}=${value}`];
      });
    expect(facts(embedded).toSorted()).toEqual(facts(recorded).toSorted());
  });

  it.each(names.filter((name) => name.startsWith('delivery-')))('delivers %s as Gitea 1.26.3 did', (name) => {
    const recorded = readDelivery(name);
    const [wanted, real] = [markOf(recorded.request.body), JSON.parse(recorded.request.body) as unknown];
    const delivery = history.deliveries.find((one) => markOf(one.body) === wanted);
    expect(delivery, wanted).toBeDefined();
    if (delivery === undefined) return;
    expect(kept(differences(name, answered(real), answered(JSON.parse(delivery.body))))).toEqual([]);
    const headers = (of: Readonly<Record<string, string>>) =>
      Object.keys(of)
        .map((header) => header.toLowerCase())
        .filter((header) => header.startsWith('x-'))
        .toSorted();
    expect(headers(delivery.headers)).toEqual(headers(recorded.request.headers));
    for (const [secret, { body }, signature] of [
      [recorded.secret, recorded.request, recorded.request.headers['X-Gitea-Signature']],
      [recorded.secret, delivery, delivery.headers['x-gitea-signature']],
    ] as const)
      expect(createHmac('sha256', secret).update(body).digest('hex')).toBe(signature);
  });

  it('signs runtime tokens with the recorded claims', () => {
    const { claims } = readRecorded('runtime-token-claims') as { readonly claims: object };
    const token = history.environments.get('push')?.['ACTIONS_RUNTIME_TOKEN'] ?? '';
    const ours = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as object;
    expect(Object.keys(ours)).toEqual(Object.keys(claims));
  });

  it('has no difference on its list that is none any more', () => {
    const all = [
      ...names.filter(isExchange).flatMap(exchangeDifferences),
      ...names.filter((name) => name.startsWith('job-event-file-')).flatMap(eventDifferences),
    ];
    expect(meant.filter(({ where }) => !all.some((one) => where.test(one)))).toEqual([]);
  });
});

/** What a delivery tells, by which the same one is found on both sides. */
function markOf(body: string): string {
  const {
    action,
    workflow_job: job,
    workflow_run: run,
    repository,
  } = JSON.parse(body) as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  const of = job ?? run ?? {};
  return [action, repository?.['full_name'], job?.['name'], of['run_attempt'], of['conclusion'], of['path']].join(' ');
}
