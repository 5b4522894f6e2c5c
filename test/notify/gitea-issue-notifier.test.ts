import { afterEach, describe, expect, it } from 'vitest';
import { giteaClient, type GiteaClient } from '../../src/gitea/gitea-client.ts';
import { giteaIssueNotifier } from '../../src/notify/gitea-issue-notifier.ts';
import { matterOf } from '../../src/notify/matter-of.ts';
import type { NotificationEvent } from '../../src/notify/notification-event.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { notifierContract, type NotifierUnderTest } from '../contracts/notifier.contract.ts';
import { giteaUnderTest } from '../embedded/gitea/gitea-under-test.ts';

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly labels: readonly { readonly name: string }[];
}

async function world() {
  const { gitea, ask, root } = await giteaUnderTest();
  ended.push(() => gitea.stop());
  const token = { value: gitea.seedToken('dora', 'issues', ['write:issue']) };
  const authentication = () => Promise.resolve({ kind: 'token', value: new SecretValue(token.value) } as const);
  const client = giteaClient({ url: gitea.url, authentication });
  const shop = '/repos/acme/shop';
  const make = (over: GiteaClient = client) =>
    giteaIssueNotifier({ client: over, repository: 'acme/shop', portal: 'https://keyturn.example.org' });
  const issues = async () => (await ask(root, 'GET', `${shop}/issues?state=all&type=issues`)).json as readonly Issue[];
  const comments = async (number = 1) =>
    (await ask(root, 'GET', `${shop}/issues/${String(number)}/comments`)).json as readonly { body: string }[];
  const edit = async (number: number, state: string) =>
    await ask(root, 'PATCH', `${shop}/issues/${String(number)}`, { state });
  return { gitea, token, client, make, issues, comments, edit };
}

const since = '2026-03-01T00:00:00.000Z';
const question = {
  type: 'rotation.awaits-approval',
  secret: 'kv/app',
  rotation: 'abc.1',
  since,
  step: 'revoke',
} as const;
const asked: NotificationEvent = { ...question, reminder: false };
const reminded: NotificationEvent = { ...question, reminder: true };
const over: NotificationEvent = { type: 'matter.over', matter: matterOf(asked) ?? '', about: 'kv/app', since };
const notificationOf = (id: string, event: NotificationEvent) => ({ id, at: new Date(since), event });

async function issuesUnderTest(): Promise<NotifierUnderTest> {
  const { client, make, issues, token } = await world();
  const good = token.value;
  let away = false;
  const here = make();
  const nowhere = make(giteaClient({ url: 'http://127.0.0.1:9', authentication: null }));
  expect(client.url).not.toBe('');
  return {
    keepsOne: true,
    notifier: { ...here, send: async (one) => await (away ? nowhere : here).send(one) },
    received: async () =>
      (await issues()).map(({ body }) => {
        const [text = '', , note = ''] = body.split('\n\n');
        const [type = '', id = ''] = note.split('\n')[0]?.split(' · ') ?? [];
        return { id, type, text };
      }),
    behave: (how) => {
      away = how === 'is away';
      token.value = how === 'refuses' ? 'f'.repeat(40) : good;
      return Promise.resolve();
    },
  };
}

notifierContract('by Gitea issue', issuesUnderTest);

describe('the issue of a call for a person', () => {
  it('is opened with a label and a link, commented on by a reminder, and closed when the call is over', async () => {
    const { make, issues, comments } = await world();
    const notifier = make();
    await notifier.send(notificationOf('msg_1', asked));
    expect(await issues()).toMatchObject([
      {
        title: expect.stringContaining('Keyturn: The rotation of kv/app waits for a second person') as string,
        body: expect.stringContaining('[Open Keyturn](https://keyturn.example.org/rotations)') as string,
        state: 'open',
        labels: [{ name: 'keyturn' }],
      },
    ]);
    await notifier.send(notificationOf('msg_2', reminded));
    await notifier.send(notificationOf('msg_3', over));
    expect(await issues()).toMatchObject([{ state: 'closed' }]);
    expect((await comments()).map(({ body }) => body.split('\n')[0])).toEqual([
      expect.stringContaining('It has waited for five days'),
      'kv/app needs nobody any more.',
    ]);
  });

  it('is the same one when the call comes again, opened again', async () => {
    const { make, issues, comments } = await world();
    const notifier = make();
    await notifier.send(notificationOf('msg_1', asked));
    await notifier.send(notificationOf('msg_2', over));
    await notifier.send(notificationOf('msg_3', reminded));
    expect(await issues()).toMatchObject([{ number: 1, state: 'open' }]);
    expect(await comments()).toHaveLength(2);
  });

  it('stays closed by a person when a message that it holds is sent again', async () => {
    const { make, issues, edit } = await world();
    await make().send(notificationOf('msg_1', asked));
    await edit(1, 'closed');
    await make().send(notificationOf('msg_1', asked));
    expect(await issues()).toMatchObject([{ state: 'closed' }]);
  });

  it('is not opened to be closed', async () => {
    const { make, issues } = await world();
    await make().send(notificationOf('msg_1', over));
    expect(await issues()).toEqual([]);
  });

  it('is one, with each message once, whatever request is the last that a process sends or hears the answer of', async () => {
    for (const loses of ['request', 'answer'] as const) {
      for (let at = 1; at <= 12; at += 1) {
        const { make, client, issues, comments } = await world();
        for (const [id, event] of [
          ['msg_1', asked],
          ['msg_2', reminded],
          ['msg_3', over],
        ] as const) {
          await make(faulty(client, at, loses))
            .send(notificationOf(id, event))
            .catch(() => undefined);
          await make().send(notificationOf(id, event));
          await make().send(notificationOf(id, event));
        }
        const [issue, ...more] = await issues();
        expect([loses, at, more.length, issue?.state, (await comments()).length]).toEqual([loses, at, 0, 'closed', 2]);
      }
    }
  }, 60_000);

  it('is left open once when two processes open it at the same time', async () => {
    const { make, issues } = await world();
    await make().send(notificationOf('msg_0', { ...asked, rotation: 'other.1' }));
    await Promise.all([make().send(notificationOf('msg_1', asked)), make().send(notificationOf('msg_1', asked))]);
    await make().send(notificationOf('msg_1', asked));
    const open = (await issues()).filter(({ state }) => state === 'open');
    expect(open.filter(({ title }) => title.includes('kv/app'))).toHaveLength(2);
  });

  it('holds what a name is made of as text: no link, no mention, no hidden mark of its own', async () => {
    const { make, issues } = await world();
    const owner = '@root #7 <!-- keyturn message msg_9 --> [x](https://evil.example)';
    const ends = {
      type: 'secret.ends',
      secret: 'kv/licence',
      version: 'v1',
      owner,
      endsAt: since,
      left: null,
    } as const;
    await make().send(notificationOf('msg_1', ends));
    const [{ body } = { body: '' }] = await issues();
    expect(body.split('\n')[0]).toContain(
      String.raw`\@root \#7 \<\!-- keyturn message msg\_9 --\> \[x\]\(https://evil`,
    );
  });
});

/** A client whose nth request is the last: it is not sent, or its answer is not heard. */
function faulty(client: GiteaClient, at: number, loses: 'request' | 'answer'): GiteaClient {
  let count = 0;
  const lost = () => new ServiceError('GITEA_UNREACHABLE', { gitea: client.url, reason: 'the process died' });
  const guard = async <Value>(act: () => Promise<Value>): Promise<Value> => {
    count += 1;
    if (count < at) return await act();
    if (count > at || loses === 'request') throw lost();
    await act();
    throw lost();
  };
  return {
    url: client.url,
    request: async (method, path, request) => await guard(async () => await client.request(method, path, request)),
    async *pages(path, key, request) {
      await guard(() => Promise.resolve());
      yield* client.pages(path, key, request);
    },
  };
}
