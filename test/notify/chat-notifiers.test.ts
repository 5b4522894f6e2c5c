import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Notifier } from '../../src/notify/notifier.ts';
import { slackNotifier } from '../../src/notify/slack-notifier.ts';
import { teamsNotifier } from '../../src/notify/teams-notifier.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { notifierContract, type NotifierUnderTest } from '../contracts/notifier.contract.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function receiver(accepted: number) {
  const bodies: unknown[] = [];
  const answer = { status: accepted };
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      if (answer.status === accepted) bodies.push(JSON.parse(Buffer.concat(pieces).toString('utf8')));
      response.writeHead(answer.status).end('ok');
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { bodies, answer, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/services/T0/B0/x` };
}

const portal = 'https://keyturn.example.org';
const at = (url: string) => ({ portal, address: () => Promise.resolve(new SecretValue(url)) });

interface SlackBody {
  readonly text: string;
  readonly blocks: readonly {
    readonly type: string;
    readonly text?: { readonly type: string; readonly text: string };
    readonly elements?: readonly { readonly text: string; readonly url?: string }[];
  }[];
}
interface TeamsBody {
  readonly attachments: readonly {
    readonly contentType: string;
    readonly content: {
      readonly body: readonly { readonly type: string; readonly inlines: readonly { readonly text: string }[] }[];
      readonly actions?: readonly { readonly url: string }[];
    };
  }[];
}

/** Type and id stand in the last line of a message. */
function message(text: string, note: string) {
  const [type = '', id = ''] = note.split(' · ');
  return { id, type, text };
}

function slackReceived(body: unknown) {
  const { blocks } = body as SlackBody;
  return message(blocks[0]?.text?.text ?? '', blocks.at(-1)?.elements?.[0]?.text ?? '');
}

function teamsReceived(body: unknown) {
  const lines = (body as TeamsBody).attachments[0]?.content.body.map(({ inlines }) => inlines[0]?.text ?? '') ?? [];
  return message(lines.slice(1, -1).join('\n'), lines.at(-1) ?? '');
}

async function chatUnderTest(
  make: (settings: ReturnType<typeof at>) => Notifier,
  accepted: number,
  read: (body: unknown) => ReturnType<typeof message>,
): Promise<NotifierUnderTest> {
  const to = await receiver(accepted);
  let away = false;
  const [here, nowhere] = [make(at(to.url)), make(at('http://127.0.0.1:9/x'))];
  return {
    notifier: { ...here, send: async (one) => await (away ? nowhere : here).send(one) },
    received: () => Promise.resolve(to.bodies.map(read)),
    behave: (how) => {
      away = how === 'is away';
      to.answer.status = how === 'refuses' ? 404 : accepted;
      return Promise.resolve();
    },
  };
}

notifierContract('by Slack', async () => await chatUnderTest(slackNotifier, 200, slackReceived));
notifierContract('by Teams', async () => await chatUnderTest(teamsNotifier, 202, teamsReceived));

const hostile = {
  id: 'msg_1',
  at: new Date('2026-03-01T00:00:00Z'),
  event: {
    type: 'secret.ends',
    secret: 'kv/licence',
    version: 'v1',
    owner: '<!channel> <https://evil.example|here> & [x](https://evil.example)',
    endsAt: '2026-04-01T00:00:00.000Z',
    left: '30d',
  },
} as const;

describe('a name that is written like markup', () => {
  it('calls nobody and links nowhere in Slack', async () => {
    const { url, bodies } = await receiver(200);
    await slackNotifier(at(url)).send(hostile);
    const { text, blocks } = bodies[0] as SlackBody;
    expect(text + JSON.stringify(blocks)).not.toMatch(/<|>/);
    expect(blocks[0]?.text).toMatchObject({
      type: 'mrkdwn',
      verbatim: true,
      text: expect.stringContaining('&lt;!channel&gt; &lt;https://evil.example|here&gt; &amp; [x]') as string,
    });
  });

  it('is plain text in Teams, where a text run takes no Markdown', async () => {
    const { url, bodies } = await receiver(202);
    await teamsNotifier(at(url)).send(hostile);
    const [attachment] = (bodies[0] as TeamsBody).attachments;
    expect(attachment?.contentType).toBe('application/vnd.microsoft.card.adaptive');
    expect(new Set(attachment?.content.body.map(({ type }) => type))).toEqual(new Set(['RichTextBlock']));
    expect(JSON.stringify(attachment)).toContain('<!channel>');
  });
});

describe('a message in a chat', () => {
  it('leads to the portal, if people reach it by an address', async () => {
    const slack = await receiver(200);
    await slackNotifier(at(slack.url)).send(hostile);
    await slackNotifier({ ...at(slack.url), portal: null }).send(hostile);
    const links = slack.bodies.map((body) => (body as SlackBody).blocks.find(({ type }) => type === 'actions'));
    expect(links.map((link) => link?.elements?.[0]?.url)).toEqual([`${portal}/rotations`, undefined]);
    const teams = await receiver(202);
    await teamsNotifier(at(teams.url)).send(hostile);
    expect((teams.bodies[0] as TeamsBody).attachments[0]?.content.actions?.[0]?.url).toBe(`${portal}/rotations`);
  });

  it('stays within the length that Slack takes, and is cut within no escape', async () => {
    const { url, bodies } = await receiver(200);
    const owner = '&'.repeat(200);
    const event = { ...hostile.event, secret: `kv/${'&'.repeat(190)}`, owner };
    for (const length of [0, 1, 2, 3, 4]) {
      const id = '&'.repeat(600 + length);
      await slackNotifier(at(url)).send({ ...hostile, id, event });
    }
    for (const body of bodies) {
      const texts = (body as SlackBody).blocks.flatMap(({ text, elements }) => [text?.text, elements?.[0]?.text]);
      for (const text of texts) {
        if (typeof text !== 'string') continue;
        expect(text.length).toBeLessThanOrEqual(3_000);
        expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/);
      }
    }
  });

  it('is sent nowhere if the address is no https address, and the error shows nothing of it', async () => {
    for (const [name, make] of [['slack', slackNotifier] as const, ['teams', teamsNotifier] as const]) {
      for (const wrong of ['swordfish', 'http://swordfish.example.org/x', 'https://u:swordfish@example.org/', '']) {
        const failed = await make(at(wrong))
          .send(hostile)
          .catch((error: unknown) => error);
        expect(failed).toMatchObject({ code: 'NOTIFICATION_ADDRESS_UNUSABLE', details: { channel: name } });
        expect(JSON.stringify(failed) + String(failed)).not.toContain('swordfish');
      }
    }
  });

  it('that fails shows the host of the address alone: the rest is its secret', async () => {
    const { url, answer } = await receiver(200);
    answer.status = 403;
    for (const address of [url, 'http://127.0.0.1:9/services/T0/B0/x?sig=x']) {
      const failed = await slackNotifier(at(address))
        .send(hostile)
        .catch((error: unknown) => error);
      expect(String(failed) + JSON.stringify(failed)).not.toMatch(/services|sig/);
      expect((failed as Error).cause).toBeUndefined();
    }
  });
});
