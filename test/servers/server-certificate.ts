import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** PEM of a certificate that signs itself and of its key, or the files that hold them. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate for one name, which is its own authority. Valid by the machine's clock: servers and drivers use that. */
export async function certificateFor(name: string): Promise<ServerCertificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 86_400_000),
    notAfterDate: new Date(Date.now() + 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
  });
  return { cert, key };
}

/** Writes both into a server's folder, for its user alone. Returns the paths. */
export function writeCertificate(directory: string, { cert, key }: ServerCertificate): ServerCertificate {
  const { uid, gid } = statSync(directory);
  const write = (name: string, pem: string) => {
    const path = join(directory, name);
    writeFileSync(path, pem, { mode: 0o600 });
    chownSync(path, uid, gid);
    return path;
  };
  return { cert: write('server.pem', cert), key: write('server.key', key) };
}
