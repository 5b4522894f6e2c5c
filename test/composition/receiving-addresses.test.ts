import { expect, it } from 'vitest';
import { receivingAddresses } from '../../src/composition/create-rotation-tools.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

const secret = { kind: 'value', value: new SecretValue('s') } as const;
const gitea = { url: 'https://gitea.example.org', token: secret, webhookSecret: secret };
const listen = { host: '127.0.0.1', port: 7071 };

it('is where Gitea’s deliveries reach this service, and nowhere without a secret to check them with', () => {
  const publicUrl = 'https://keyturn.example.org';
  expect(receivingAddresses({ gitea, publicUrl, listen })).toEqual([
    'https://keyturn.example.org/events/gitea',
    'http://127.0.0.1:7071/events/gitea',
  ]);
  expect(receivingAddresses({ gitea, publicUrl: null, listen: { host: '::1', port: 7071 } })).toEqual([
    'http://[::1]:7071/events/gitea',
  ]);
  expect(receivingAddresses({ gitea, publicUrl: null, listen: { ...listen, port: 0 } })).toEqual([]);
  expect(receivingAddresses({ gitea: { ...gitea, webhookSecret: null }, publicUrl, listen })).toEqual([]);
  expect(receivingAddresses({ gitea: null, publicUrl, listen })).toEqual([]);
});
