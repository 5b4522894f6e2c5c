import { request } from 'node:http';

/** The two requests of one read, over node:http and nothing else: no checks, no stamp, no receipt. Resolves with the value. */
export async function bareRequests(name: string): Promise<string> {
  const { BENCH_IDENTITY: identity = '', BENCH_CLIENT: client = '', BENCH_VAULT: vault = '' } = process.env;
  const query = new URLSearchParams({
    'api-version': '2018-02-01',
    resource: 'https://vault.azure.net',
    client_id: client,
  });
  const token = await ask(`${identity}/metadata/identity/oauth2/token?${query.toString()}`, { metadata: 'true' });
  const authorization = `Bearer ${token['access_token'] ?? ''}`;
  const { value } = await ask(`${vault}/secrets/${name}?api-version=7.4`, { authorization });
  if (value === undefined) throw new Error(`The vault holds no ${name}.`);
  return value;
}

function ask(url: string, headers: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  return new Promise((resolve) => {
    // By address, as the helper does: a name would be looked up.
    const asked = request(url.replace('//localhost:', '//127.0.0.1:'), { headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, string>));
    });
    asked.end();
  });
}
