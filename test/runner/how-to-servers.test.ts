import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loopbackCertificate } from '../../embedded/loopback-certificate.ts';
import { skipUnless } from '../skip-unless.ts';
import { type FetchWorld, startFetchWorld } from './fetch-world.ts';
import { has, helperOnPath, recipe, recipePage, runInJob } from './recipe.ts';

let world: FetchWorld;
let bin: string;
beforeAll(async () => {
  world = await startFetchWorld();
  bin = helperOnPath(world);
});
afterAll(() => world.stop());

const folder = (name: string) => mkdtempSync(join(world.directory, `${name}-`));
const basic = (password: string) => `Basic ${Buffer.from(`ci:${password}`).toString('base64')}`;

/** What a server on this machine was asked, and by whom. */
interface Asked {
  readonly server: Server;
  readonly port: string;
  /** Each as `METHOD PATH`, of requests with the right `Authorization`. */
  readonly granted: string[];
}

type Answer = (path: string, request: IncomingMessage, response: ServerResponse) => void;

/** Answers only requests with this `Authorization`. */
async function listen(server: Server, authorization: string, challenge: string, answer: Answer): Promise<Asked> {
  const granted: string[] = [];
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': challenge }).end('{}');
      return;
    }
    granted.push(`${request.method ?? ''} ${path}`);
    answer(path, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: String((server.address() as AddressInfo).port), granted };
}

function stop({ server }: Asked): void {
  server.closeAllConnections();
  server.close();
}

const hasDocker = has('docker', '--version');
const hasKubectl = has('kubectl', 'version', '--client');
const hasTerraform = has('terraform', 'version');
const hasMaven = has('mvn', '--version');

describe('a recipe that is run', () => {
  it(
    'docker login: signs in at a registry, and the password is not in the log',
    skipUnless(hasDocker, 'the Docker client is not installed (docker-cli)'),
    async () => {
      const password = 'registry-password-0123';
      world.cloud.vault.seed({ name: 'registry-password', value: password });
      const registry = await listen(createServer(), basic(password), 'Basic realm="test"', (_path, _request, to) => {
        to.end('{}');
      });
      const script = recipe('docker login').replaceAll('registry.example.net', `127.0.0.1:${registry.port}`);
      // No engine answers there, so that the client signs in by itself.
      const environment = { DOCKER_HOST: `unix://${world.directory}/no-engine.sock` };
      const { code, log } = await runInJob(world, bin, folder('docker'), script, environment);
      stop(registry);
      expect([code, log]).toEqual([0, expect.stringContaining('Login Succeeded')]);
      expect([registry.granted, log.includes(password)]).toEqual([['GET /v2/'], false]);
    },
  );

  it(
    'Terraform: applies with the value in a variable of its own',
    skipUnless(hasTerraform, 'Terraform is not installed'),
    async () => {
      const password = 'terraform-password-0123';
      for (const name of ['database-password', 'state-key']) world.cloud.vault.seed({ name, value: password });
      const project = folder('terraform');
      // The resource is built into Terraform: nothing is downloaded.
      writeFileSync(
        join(project, 'main.tf'),
        [
          'variable "database_password" {',
          '  type = string',
          '}',
          'resource "terraform_data" "database" {',
          '  input = length(var.database_password)',
          '}',
          'output "password" {',
          '  value = nonsensitive(var.database_password)',
          '}',
        ].join('\n'),
      );
      const script = `terraform init -input=false >/dev/null && ${recipe('Terraform')}`;
      const { code, log } = await runInJob(world, bin, project, script);
      expect([code, log.includes(password)]).toEqual([0, false]);
      expect(log).toMatch(/password = "\*\*\*"/);
      expect(readFileSync(join(project, 'terraform.tfstate'), 'utf8')).toContain(`"value": ${String(password.length)}`);
    },
  );

  it(
    'kubectl: applies with a kubeconfig that is only in memory',
    skipUnless(hasKubectl, 'kubectl is not installed (kubernetes-client)'),
    async () => {
      const token = 'cluster-token-0123456789';
      const tls = await loopbackCertificate();
      const cluster = await listen(createSecureServer(tls), `Bearer ${token}`, 'Bearer', answerAsCluster);
      const authority = Buffer.from(tls.cert).toString('base64');
      const kubeconfig = [
        'apiVersion: v1',
        'kind: Config',
        `clusters: [{name: c, cluster: {server: "https://localhost:${cluster.port}", certificate-authority-data: ${authority}}}]`,
        `users: [{name: u, user: {token: ${token}}}]`,
        'contexts: [{name: c, context: {cluster: c, user: u}}]',
        'current-context: c',
      ].join('\n');
      world.cloud.vault.seed({ name: 'kubeconfig', value: kubeconfig });
      const project = folder('kubectl');
      writeFileSync(join(project, 'deploy.yml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n');
      const { code, log } = await runInJob(world, bin, project, recipe('kubectl'));
      stop(cluster);
      expect([code, log]).toEqual([0, expect.stringContaining('configmap/shop created')]);
      expect([log.includes(token), cluster.granted.at(-1)]).toEqual([
        false,
        'POST /api/v1/namespaces/default/configmaps',
      ]);
    },
  );

  it(
    'Maven: reads from a repository that wants the password',
    skipUnless(hasMaven, 'Maven is not installed (maven)'),
    async () => {
      const password = 'maven-password-0123456';
      world.cloud.vault.seed({ name: 'maven-password', value: password });
      const parent = '<groupId>net.example</groupId><artifactId>parent</artifactId><version>1.0.0</version>';
      const pom = (inside: string) =>
        `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>${inside}<packaging>pom</packaging></project>`;
      const repository = await listen(createServer(), basic(password), 'Basic realm="test"', (path, _request, to) => {
        if (path.endsWith('.pom')) to.end(pom(parent));
        else to.writeHead(404).end();
      });
      const project = folder('maven');
      mkdirSync(join(project, 'ci'));
      const inParent = `<parent>${parent}<relativePath/></parent><artifactId>app</artifactId>`;
      writeFileSync(join(project, 'pom.xml'), pom(inParent));
      const [, line = ''] = /`(<password>[^`]+)`/.exec(recipePage) ?? [];
      writeFileSync(
        join(project, 'ci', 'settings.xml'),
        `<settings><localRepository>${project}/repository</localRepository>
        <servers><server><id>own</id><username>ci</username>${line}</server></servers>
        <mirrors><mirror><id>own</id><mirrorOf>*</mirrorOf><url>http://127.0.0.1:${repository.port}/</url></mirror></mirrors></settings>`,
      );
      // Deploying needs a plugin, which would come from the network; the first phase reads the parent alone.
      const script = recipe('Maven').replace(/ deploy$/m, ' validate');
      const { code, log } = await runInJob(world, bin, project, script);
      stop(repository);
      expect([code, log]).toEqual([0, expect.stringContaining('BUILD SUCCESS')]);
      expect(existsSync(join(project, 'repository/net/example/parent/1.0.0/parent-1.0.0.pom'))).toBe(true);
      expect([repository.granted[0], log.includes(password)]).toEqual([
        'GET /net/example/parent/1.0.0/parent-1.0.0.pom',
        false,
      ]);
    },
  );
});

/** As much of Kubernetes' API as `kubectl apply` of one ConfigMap asks for. */
function answerAsCluster(path: string, request: IncomingMessage, response: ServerResponse): void {
  const kind = { group: '', version: 'v1', kind: 'ConfigMap' };
  const parameters = [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }];
  const patch = { parameters, responses: {}, 'x-kubernetes-group-version-kind': kind };
  const configMaps = { name: 'configmaps', singularName: '', namespaced: true, kind: 'ConfigMap' };
  const documents: Readonly<Record<string, object>> = {
    '/version': { major: '1', minor: '32', gitVersion: 'v1.32.0' },
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
    '/api/v1': {
      kind: 'APIResourceList',
      groupVersion: 'v1',
      resources: [{ ...configMaps, verbs: ['create', 'get', 'patch'] }],
    },
    '/openapi/v3': { paths: { 'api/v1': { serverRelativeURL: '/openapi/v3/api/v1' } } },
    '/openapi/v3/api/v1': {
      openapi: '3.0.0',
      info: { title: 'Kubernetes', version: '1' },
      paths: { '/api/v1/namespaces/{namespace}/configmaps/{name}': { patch } },
    },
  };
  // Up to 1.26, among them Debian's, it asks for the schema in this form only; one without bytes has no definitions.
  if (path === '/openapi/v2') {
    response.setHeader('content-type', 'application/octet-stream').end();
    return;
  }
  response.setHeader('content-type', 'application/json');
  const document = documents[path];
  if (document !== undefined) response.end(JSON.stringify(document));
  else if (request.method === 'POST') request.pipe(response.writeHead(201));
  else
    response
      .writeHead(404)
      .end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }));
}
