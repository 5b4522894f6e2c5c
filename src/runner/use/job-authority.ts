import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';

/** A certificate with its private key, as TLS takes them. */
interface HostCertificate {
  /** PEM, without the authority's own. */
  readonly certificate: string;
  readonly key: KeyObject;
}

/** An authority of one call of the helper: its key is in this process's memory alone, and ends with it. */
export interface JobAuthority {
  /** PEM, for the programs that must trust it. */
  readonly certificate: string;
  /** The certificate of a host, made once. `host`: a name in lower case, no address. */
  certify(host: string): HostCertificate;
}

// ecdsa-with-SHA256, and id-ecPublicKey is part of the exported key. Source: RFC 5758, 3.2.
const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
const commonName = Buffer.from('0603550403', 'hex');
const dayMs = 86_400_000;

/**
 * Makes an authority with a P-256 key. Its certificates are valid from a day before, for clocks that differ, until a week
 * after: no job runs as long. Source: RFC 5280.
 */
export function createJobAuthority(now: Date): JobAuthority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = distinguishedName('Keyturn, for one job');
  const validity = sequence(time(new Date(now.getTime() - dayMs)), time(new Date(now.getTime() + 7 * dayMs)));
  const ownKeyId = keyIdOf(own.publicKey);
  const authority = signCertificate({
    issuer: name,
    subject: name,
    validity,
    publicKey: own.publicKey,
    signer: own.privateKey,
    extensions: [
      extension('551d13', true, sequence(boolean(true), integer(0))), // basicConstraints: an authority, of hosts alone
      extension('551d0f', true, bits(1, 0x06)), // keyUsage: keyCertSign, cRLSign
      extension('551d0e', false, element(0x04, ownKeyId)), // subjectKeyIdentifier
    ],
  });
  const made = new Map<string, HostCertificate>();
  return { certificate: authority, certify };

  function certify(host: string): HostCertificate {
    const known = made.get(host);
    if (known !== undefined) return known;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const certificate = signCertificate({
      issuer: name,
      subject: distinguishedName('Keyturn'),
      validity,
      publicKey,
      signer: own.privateKey,
      extensions: [
        extension('551d13', true, sequence()), // basicConstraints: no authority
        extension('551d0f', true, bits(7, 0x80)), // keyUsage: digitalSignature
        extension('551d25', false, sequence(serverAuthentication)), // extKeyUsage
        extension('551d11', false, sequence(element(0x82, Buffer.from(host, 'latin1')))), // subjectAltName: dNSName
        extension('551d23', false, sequence(element(0x80, ownKeyId))), // authorityKeyIdentifier
        extension('551d0e', false, element(0x04, keyIdOf(publicKey))),
      ],
    });
    const pair = { certificate, key: privateKey };
    made.set(host, pair);
    return pair;
  }
}

const serverAuthentication = Buffer.from('06082b06010505070301', 'hex');

interface ToSign {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly validity: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

function signCertificate({ issuer, subject, validity, publicKey, signer, extensions }: ToSign): string {
  // A serial number is positive and at most 20 bytes: the highest bit is not set, and the first byte is not 0.
  const serial = element(0x02, Buffer.concat([Buffer.from([0x4b]), randomBytes(15)]));
  const unsigned = sequence(
    element(0xa0, integer(2)),
    serial,
    ecdsaWithSha256,
    issuer,
    validity,
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    element(0xa3, sequence(...extensions)),
  );
  const signature = bits(0, ...sign('sha256', unsigned, signer));
  return new X509Certificate(sequence(unsigned, ecdsaWithSha256, signature)).toString();
}

function keyIdOf(key: KeyObject): Buffer {
  return hash('sha256', key.export({ format: 'der', type: 'spki' }), 'buffer').subarray(0, 20);
}

function distinguishedName(name: string): Buffer {
  return sequence(element(0x31, sequence(commonName, element(0x0c, Buffer.from(name)))));
}

/** `id`: the bytes of the extension's identifier in hexadecimal. */
function extension(id: string, critical: boolean, content: Buffer): Buffer {
  const identifier = element(0x06, Buffer.from(id, 'hex'));
  return sequence(identifier, ...(critical ? [boolean(true)] : []), element(0x04, content));
}

/** UTCTime: these certificates end before 2050. Source: RFC 5280, 4.1.2.5. */
function time(at: Date): Buffer {
  const digits = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return element(0x17, Buffer.from(digits.slice(2)));
}

function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.from([value ? 0xff : 0]));
}

function integer(value: number): Buffer {
  return element(0x02, Buffer.from([value]));
}

function bits(unused: number, ...bytes: readonly number[]): Buffer {
  return element(0x03, Buffer.from([unused, ...bytes]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

/** DER: tag, length, content. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  return Buffer.concat([Buffer.from([tag, ...lengthOf(length)]), content]);
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
