import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

/**
 * An https service in a process of its own. The path says whether the connection is kept, and how many milliseconds it takes
 * for an answer: `/v1/kept/50`, `/v1/new/0`. It tells its parent where it listens, and the authority of its certificate.
 */
const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  curve: 'P-256',
  algorithm: 'sha256',
  extensions: [
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
  ],
});
const body = JSON.stringify({ items: Array.from({ length: 40 }, (_, id) => ({ id, name: `item ${String(id)}` })) });
const server = createServer({ cert, key }, (request, response) => {
  const [, , kind = 'kept', milliseconds = '0'] = request.url?.split('/') ?? [];
  if (kind === 'new') response.setHeader('connection', 'close');
  response.setHeader('content-type', 'application/json');
  setTimeout(() => response.end(body), Number(milliseconds));
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port, authority: cert });
});
process.on('disconnect', () => process.exit(0));
