// The floor of a cold start: the same two requests as one read of keyturn-fetch, over node:http, and nothing else: no
// checks, no stamp, no receipt, no redaction, no command.
const { request } = require('node:http');

const { BENCH_IDENTITY: identity, BENCH_CLIENT: client, BENCH_VAULT: vault } = process.env;
const [name] = process.argv.slice(2);

/** @param {string} url @param {Record<string, string>} headers @param {(body: any) => void} done */
function ask(url, headers, done) {
  request(url, { headers }, (answer) => {
    /** @type {Buffer[]} */
    const chunks = [];
    answer.on('data', (chunk) => chunks.push(chunk));
    answer.on('end', () => done(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
  }).end();
}

const query = new URLSearchParams({ 'api-version': '2018-02-01', resource: 'https://vault.azure.net' });
query.set('client_id', client ?? '');
ask(`${identity}/metadata/identity/oauth2/token?${query}`, { metadata: 'true' }, ({ access_token: token }) => {
  ask(`${vault}/secrets/${name}?api-version=7.4`, { authorization: `Bearer ${token}` }, ({ value }) => {
    process.exit(typeof value === 'string' ? 0 : 1);
  });
});
