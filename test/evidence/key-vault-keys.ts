import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Key Vault that holds one key and signs with it, on loopback, in the wire format of the REST contract 7.5. */
export interface KeyVaultOfOneKey {
  readonly keyId: string;
  readonly requests: readonly string[];
  /** From now on answers every request with this status. */
  fail(status: number): void;
  close(): Promise<void>;
}

/**
 * `curve`: the key's curve. `highS`: return the valid signature that a pack refuses. `attributes`: what the vault says of the key,
 * times in seconds.
 */
export async function keyVaultOfOneKey({
  curve = 'P-256',
  highS = false,
  attributes = {} as { readonly created?: number; readonly exp?: number },
} = {}): Promise<KeyVaultOfOneKey> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const jwk = publicKey.export({ format: 'jwk' });
  const requests: string[] = [];
  let failing: number | null = null;
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const path = (request.url ?? '').split('?')[0] ?? '';
      const answer = (status: number, body: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      if (request.headers.authorization === undefined) {
        response.setHeader(
          'www-authenticate',
          'Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"',
        );
        return answer(401, { error: { code: 'Unauthorized', message: 'AKV10000' } });
      }
      requests.push(`${request.method ?? ''} ${path}`);
      if (failing !== null) return answer(failing, { error: { code: 'Forbidden', message: 'no' } });
      const kid = `${base()}/keys/seal/0123456789abcdef0123456789abcdef`;
      if (!path.endsWith('/sign'))
        return answer(200, {
          key: { ...jwk, kid, key_ops: ['sign', 'verify'] },
          attributes: { enabled: true, ...attributes },
        });
      const { alg, value } = JSON.parse(Buffer.concat(chunks).toString()) as { alg: string; value: string };
      if (alg !== 'ES256') return answer(400, { error: { code: 'BadParameter', message: alg } });
      answer(200, { kid, value: signDigest(privateKey, Buffer.from(value, 'base64url'), highS).toString('base64url') });
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = (): string => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    keyId: `${base()}/keys/seal`,
    requests,
    fail: (status) => {
      failing = status;
    },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/**
 * ECDSA over a given digest. Node can only sign messages, so this computes the signature from the nonce of one of
 * Node's own signatures. (r, s) of a message m by nonce k gives, for digest d, s + (d − h(m)) / k.
 */
function signDigest(key: KeyObject, digest: Buffer, highS: boolean): Buffer {
  const message = Buffer.from('any message');
  const signature = sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' });
  const r = number(signature.subarray(0, 32));
  const s = number(signature.subarray(32));
  const d = number(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const hashed = number(createHash('sha256').update(message).digest());
  // s = (h + r·d) / k, so 1 / k = s / (h + r·d).
  const inverseNonce = (s * inverse((hashed + r * d) % order)) % order;
  const own = (((number(digest) + r * d) % order) * inverseNonce) % order;
  const low = own <= order / 2n ? own : order - own;
  return Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from((highS ? order - low : low).toString(16).padStart(64, '0'), 'hex'),
  ]);
}

function number(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** By Fermat: the order is prime. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let base = value % order;
  for (let exponent = order - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % order;
    base = (base * base) % order;
  }
  return result;
}
