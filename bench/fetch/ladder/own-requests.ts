import { httpExchange } from '../../../src/runner/http-exchange.ts';

/** The two requests of one read by the helper's own client: no checks, no stamp, no receipt. Resolves with the value. */
export async function ownRequests(name: string): Promise<string> {
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

async function ask(url: string, headers: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const { body } = await httpExchange({ method: 'GET', url, headers, timeoutMs: 10_000 });
  return JSON.parse(body) as Record<string, string>;
}
