import { request } from 'node:http';

/**
 * The floor of a cold start: the same two requests as one read of keyturn-fetch, over node:http, and nothing else: no
 * checks, no stamp, no receipt, no redaction, no command. The benchmark bundles it, as the helper is.
 */
const { BENCH_IDENTITY: identity = '', BENCH_CLIENT: client = '', BENCH_VAULT: vault = '' } = process.env;
const [name = ''] = process.argv.slice(2);

function ask(url: string, headers: Readonly<Record<string, string>>, done: (body: Record<string, string>) => void) {
  const asked = request(url, { headers }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => done(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, string>));
  });
  asked.end();
}

const query = new URLSearchParams({
  'api-version': '2018-02-01',
  resource: 'https://vault.azure.net',
  client_id: client,
});
ask(
  `${identity}/metadata/identity/oauth2/token?${query.toString()}`,
  { metadata: 'true' },
  ({ access_token: token }) => {
    ask(`${vault}/secrets/${name}?api-version=7.4`, { authorization: `Bearer ${token ?? ''}` }, ({ value }) => {
      process.exit(value === undefined ? 1 : 0);
    });
  },
);
