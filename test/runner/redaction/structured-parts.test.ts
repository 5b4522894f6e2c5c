import { describe, expect, it } from 'vitest';
import { maskLines } from '../../../src/runner/redaction/masks.ts';
import { hideSecret, searchFor } from '../../../src/runner/redaction/hidden-secret.ts';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';

async function redact(value: string, text: string): Promise<string> {
  const redaction = startRedaction(searchFor([await hideSecret('name', value)]));
  return redaction.push(Buffer.from(text)).toString() + redaction.end().toString();
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: ${Buffer.from('a public certificate, long enough').toString('base64')}
    server: https://aks.example.net
  name: prod
users:
- name: deployer
  user:
    token: Zq83xT7vKw
    client-key-data: ${Buffer.from('-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234\n-----END RSA PRIVATE KEY-----\n').toString('base64')}
current-context: prod
`;
const credentials = JSON.stringify({
  type: 'service_account',
  project_id: 'shop-prod-4711',
  private_key_id: '0123456789abcdef0123456789abcdef01234567',
  private_key: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----\n',
  client_email: 'deploy@shop-prod-4711.iam.gserviceaccount.com',
  universe_domain: 'googleapis.com',
  password: 'hunter2',
  pin: 482913,
});
const docker = JSON.stringify({
  auths: { 'registry.example.net': { auth: Buffer.from('robot:p4ss-7x').toString('base64') } },
});
const dotenv =
  '# deploy\nexport DATABASE_PASSWORD="s3cr-t"\nLOG_LEVEL=debug\nAPI_KEY=k9x2\nDATABASE_URL=postgres://app:dbp4ss@db.example.net/shop\n';
const connection = 'Server=tcp:db.example.net,1433;User ID=application;Password="Zx9;k#w";Encrypt=True';
const storage =
  'DefaultEndpointsProtocol=https;AccountName=shopfiles;AccountKey=q83v/S+AbCdEfGhIjKlMnO==;EndpointSuffix=core.windows.net';

const shapes: readonly (readonly [string, string, readonly string[]])[] = [
  ['a kubeconfig', kubeconfig, ['Zq83xT7vKw', 'MIIEowIBAAKCAQEA1234']],
  ['credentials of Google', credentials, ['MIIEvQIBADANBgkqhkiG', 'hunter2', '482913']],
  ['credentials of Docker', docker, [Buffer.from('robot:p4ss-7x').toString('base64'), 'p4ss-7x']],
  ['a .env file', dotenv, ['s3cr-t', 'k9x2', 'dbp4ss']],
  ['a connection string', connection, ['Zx9;k#w']],
  ['a connection string of storage', storage, ['q83v/S+AbCdEfGhIjKlMnO==', 'q83v/S+AbCdEfGhIjKlMnO']],
  ['a connection string of libpq', 'host=db user=app password=q7Zx dbname=shop', ['q7Zx']],
  ['a URL', 'postgres://u:p%40ss-9@db.example.net/shop?sslmode=require', ['p%40ss-9', 'p@ss-9']],
  ['a URL whose password holds a slash and an @', 'amqps://app:a/b@9-x@db.example.net/prod', ['a/b@9-x']],
  ['a URL with a token for a user', 'https://ghp_aB3dE5fG7hJ9kL2m@registry.example.net/prod', ['ghp_aB3dE5fG7hJ9kL2m']],
  [
    'an address that is a credential',
    'https://registry.example.net/robot/T0AB/aB3dE5fG7hJ9kL2mN4',
    ['aB3dE5fG7hJ9kL2mN4'],
  ],
  ['a shared access signature', '?sv=2024-11-04&srt=sco&sig=aB3%2FdE5fG7h%3D', ['aB3%2FdE5fG7h%3D', 'aB3/dE5fG7h=']],
  [
    'a connection string with a shared access signature',
    'BlobEndpoint=https://shopfiles.blob.core.windows.net/;SharedAccessSignature=sv=2024-11-04&sig=aB3%2FdE5f%3D',
    ['aB3/dE5f='],
  ],
  ['a connection string of Redis', 'prod.core.windows.net:6380,password=q7Zx/9=,ssl=True', ['q7Zx/9=']],
  ['JDBC of SQL Server', 'jdbc:sqlserver://db.example.net:1433;databaseName=prod;user=robot;password=q7Zx;', ['q7Zx']],
  ['JDBC of PostgreSQL', 'jdbc:postgresql://db.example.net/prod?user=robot&password=q7Zx', ['q7Zx']],
  ['JDBC of Oracle', 'jdbc:oracle:thin:robot/q7Zx@//db.example.net:1521/prod', ['q7Zx']],
  ['MySQL of Go', 'robot:q7Zx@tcp(db.example.net:3306)/prod', ['q7Zx']],
  ['.npmrc', '//registry.example.net/:_authToken=q7Zx-9', ['q7Zx-9']],
  ['.git-credentials', 'https://robot:q7Zx@db.example.net\nhttps://robot:w3Ty@registry.example.net', ['q7Zx', 'w3Ty']],
  ['.netrc', 'machine db.example.net\n  login robot\n  password q7Zx\n', ['q7Zx']],
  ['.pgpass', 'db.example.net:5432:prod:robot:q7Zx', ['q7Zx']],
  ['pip.conf', '[global]\nindex-url = https://robot:q7Zx@registry.example.net/simple\n', ['q7Zx']],
  [
    'settings of Maven',
    '<settings><server><id>prod</id><username>robot</username><password>q7&amp;Zx</password></server></settings>',
    ['q7&amp;Zx', 'q7&Zx'],
  ],
  [
    'settings of .NET in XML',
    '<configuration><add key="UserName" value="robot" /><add key="ApiPassword" value="q7Zx" /></configuration>',
    ['q7Zx'],
  ],
  ['a header', 'Authorization: Bearer q7Zx9kLm', ['q7Zx9kLm']],
  [
    'a signed URL',
    'https://shop.blob.core.windows.net/c?sv=2024-11-04&sig=aB3%2FdE5fG7h%3D',
    ['aB3%2FdE5fG7h%3D', 'aB3/dE5fG7h='],
  ],
  [
    'a Kubernetes secret',
    `kind: Secret\ndata:\n  anything: ${Buffer.from('s3-cret').toString('base64')}\nstringData:\n  other: q1w2\n`,
    ['s3-cret', 'q1w2'],
  ],
];

describe('the secret part of a structured value, printed alone', () => {
  it.each(shapes)('is hidden: %s', async (_, value, parts) => {
    for (const part of parts) expect(await redact(value, `got <${part}>`)).toBe('got <***>');
  });

  it.each(shapes)('leaves the words of the value that are not secret, in output and masks: %s', async (_, value) => {
    const words =
      'apiVersion: v1 kind: Config users: user: cluster: storage.googleapis.com service_account db.example.net';
    const names =
      'shop-prod-4711 registry.example.net application shopfiles core.windows.net deployer prod debug robot';
    const text = `${words} ${names} a public certificate\n`;
    expect(await redact(value, text)).toBe(text);
    const masks = maskLines([await hideSecret('name', value)]).map((line) => line.slice('::add-mask::'.length));
    for (const mask of masks) expect(text).not.toContain(mask);
  });

  it('takes a value of 25 KB that imitates one of them', async () => {
    const most = 25_000;
    const pieces = ['<a', '<a b="', 'a=&', 'a;', 'a,', 'https://a:', '"', 'machine password ', 'a:', "'"];
    for (const piece of pieces) {
      const value = piece.repeat(Math.floor(most / piece.length));
      expect((await hideSecret('name', value)).texts.length).toBeGreaterThan(0);
    }
  });

  it('reads the frame and the headers of a PEM file, and hides each line of its body', async () => {
    const pem =
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEowIBAAKCAQEA1234\nq83vSAbCdEf=\n-----END RSA PRIVATE KEY-----\n';
    expect(await redact(pem, pem)).toBe(
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n***\n***\n-----END RSA PRIVATE KEY-----\n',
    );
    expect(await redact(pem, 'q83vSAbCdEf=')).toBe('***');
    const der = Buffer.from('MIIEowIBAAKCAQEA1234q83vSAbCdEf=', 'base64');
    expect(await redact(pem, der.toString('hex'))).toBe('***');
  });

  it.each([
    ['JSON', '{"first":"Xk29dPqL","second":"short"}'],
    ['YAML', 'first: Xk29dPqL\nsecond: short\n'],
    ['.env', 'FIRST=Xk29dPqL\nSECOND=short\n'],
  ])('is every long text where no key says what is secret: %s', async (_, value) => {
    expect(await redact(value, 'got <Xk29dPqL> and <short>')).toBe('got <***> and <short>');
  });

  it('leaves the host of an address without a password, and hides each of several', async () => {
    const value = 'https://host.example.net/a1/b2\nhttps://other.example.net/c3/d4';
    const text = 'host.example.net other.example.net';
    expect(await redact(value, text)).toBe(text);
    expect(await redact(value, 'https://other.example.net/c3/d4')).toBe('***');
  });

  it('does not take what names a secret for one', async () => {
    const value = JSON.stringify({
      private_key_id: 'abcd1234abcd',
      tokenUri: 'https://example.net/token',
      publicKey: 'public-key-1',
      password: 'x9Kq2',
    });
    const text = 'abcd1234abcd https://example.net/token public-key-1';
    expect(await redact(value, text)).toBe(text);
  });
});

describe("what GitHub's runner hides", () => {
  it.each([
    ['ExpressionStringEscape', "it's-a-secret", "it''s-a-secret"],
    ['TrimDoubleQuotes', '"swordfish-7"', 'swordfish-7'],
    ['PowerShellPreAmpersandEscape', 'first-part&second-part', 'first-part&'],
    ['PowerShellPostAmpersandEscape', 'first-part&second-part', 'second-part'],
    ['PowerShellPostAmpersandEscape after &+', 'first-part&+second-part', 'econd-part'],
    ['CommandLineArgumentEscape', 'a"quoted"value', 'a\\"quoted\\"value'],
    ['UriDataEscape', 'a+b/c=d e', 'a%2Bb%2Fc%3Dd%20e'],
    ['XmlDataEscape', `a<b>&"c'`, 'a&lt;b&gt;&amp;&quot;c&apos;'],
    ['JsonStringEscape', 'a"b\\c\td', 'a\\"b\\\\c\\td'],
    ['Base64StringEscape', 'swordfish-7', Buffer.from('swordfish-7').toString('base64')],
  ])('%s', async (_, value, printed) => {
    expect(await redact(value, `<${printed}>`)).toBe('<***>');
  });
});
