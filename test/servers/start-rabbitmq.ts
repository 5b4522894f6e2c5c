import { once } from 'node:events';
import { chownSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findProgram, type LocalServer, startLocalServer } from './local-server.ts';
import { type ServerCertificate, writeCertificate } from './server-certificate.ts';

const library = '/usr/lib/rabbitmq/lib';
const versions = (() => {
  try {
    return readdirSync(library);
  } catch {
    return [];
  }
})();
const epmd = findProgram(['/usr/bin/epmd']);

/** Where Debian's RabbitMQ is, or `null`. */
export const rabbitmqProgram =
  epmd === null ? null : findProgram(versions.map((version) => join(library, version, 'sbin', 'rabbitmq-server')));

export interface RabbitmqServer extends LocalServer {
  /** The address of its management API. */
  readonly management: string;
}

/**
 * A RabbitMQ on loopback with its management API and the user `guest`. Its name service, which it would otherwise leave
 * running, is a server of its own here.
 */
export async function startRabbitmq(certificate: ServerCertificate | null = null): Promise<RabbitmqServer> {
  const names = await startLocalServer({
    user: 'rabbitmq',
    prepare: ({ port }) => [epmd ?? '', '-port', String(port), '-address', '127.0.0.1'],
    ready: ({ port }) => answers(port),
  });
  const [managementPort, distributionPort] = [await freePort(), await freePort()];
  const management = `${certificate === null ? 'http' : 'https'}://localhost:${String(managementPort)}`;
  try {
    const server = await startLocalServer({
      user: 'rabbitmq',
      prepare: ({ port, directory }) => {
        const { uid, gid } = statSync(directory);
        const write = (name: string, lines: readonly string[]) => {
          const path = join(directory, name);
          writeFileSync(path, `${lines.join('\n')}\n`);
          chownSync(path, uid, gid);
          return path;
        };
        const files = certificate === null ? null : writeCertificate(directory, certificate);
        write('rabbitmq.conf', [
          ...(files === null
            ? [`listeners.tcp.1 = 127.0.0.1:${String(port)}`, 'management.tcp.ip = 127.0.0.1']
            : [
                'listeners.tcp = none',
                `listeners.ssl.1 = 127.0.0.1:${String(port)}`,
                ...['ssl_options', 'management.ssl'].flatMap((part) => [
                  `${part}.certfile = ${files.cert}`,
                  `${part}.keyfile = ${files.key}`,
                  `${part}.cacertfile = ${files.cert}`,
                ]),
                'management.ssl.ip = 127.0.0.1',
              ]),
          `management.${files === null ? 'tcp' : 'ssl'}.port = ${String(managementPort)}`,
        ]);
        const plugins = write('enabled_plugins', ['[rabbitmq_management].']);
        const environment = {
          HOME: directory,
          RABBITMQ_NODENAME: `keyturn-${String(port)}@localhost`,
          RABBITMQ_MNESIA_BASE: join(directory, 'data'),
          RABBITMQ_LOG_BASE: join(directory, 'log'),
          RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq'),
          RABBITMQ_CONF_ENV_FILE: '/dev/null',
          RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
          RABBITMQ_DIST_PORT: String(distributionPort),
          ERL_EPMD_ADDRESS: '127.0.0.1',
          ERL_EPMD_PORT: String(names.port),
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
        };
        const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
        return ['env', ...words, rabbitmqProgram ?? ''];
      },
      ready: async ({ port }) => (await answers(port)) && (await answers(managementPort)),
    });
    return {
      ...server,
      management,
      stop: async () => {
        await server.stop();
        await names.stop();
      },
    };
  } catch (error) {
    await names.stop();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
