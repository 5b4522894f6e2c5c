import { generate } from 'selfsigned';

/** PEM of a certificate that signs itself, and of its key. */
export interface LoopbackCertificate {
  readonly cert: string;
  readonly key: string;
}

let made: Promise<LoopbackCertificate> | null = null;

/**
 * One certificate for every https server of this process, for `localhost` and 127.0.0.1. Valid by the machine's clock,
 * since that is the one by which clients check it.
 */
export function loopbackCertificate(): Promise<LoopbackCertificate> {
  made ??= make();
  return made;
}

async function make(): Promise<LoopbackCertificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 86_400_000),
    notAfterDate: new Date(Date.now() + 365 * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert, key };
}
