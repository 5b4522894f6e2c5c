import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JailedPrograms, needs, startJailedPrograms } from '../broker/jailed-programs.ts';
import { npmRegistry, pipIndex, terraformState } from '../broker/service-programs.ts';
import { jailedAsRoot } from '../runner/use/jail-here.ts';

/** Programs that take longer to start; test/broker/jailed-programs.test.ts has the others. */
let programs: JailedPrograms;

beforeAll(async () => {
  programs = await startJailedPrograms({
    'npm.example.com': 'header:authorization',
    'pip.example.com': 'basic',
    'state.example.com': 'basic',
  });
});
afterAll(async () => await programs.world.stop());

describe('a real program that uses a secret and never has it', jailedAsRoot, () => {
  it('npm: whoami with _authToken', needs('npm', 'npm', '--version'), async () => {
    const { world, hasBearer, run, write, expectNoValue } = programs;
    world.serve('npm.example.com', npmRegistry(hasBearer));
    const url = world.urlOf('npm.example.com');
    write('.npmrc', `registry=${url}/\n${url.replace('https:', '')}/:_authToken=\${TOKEN}\n`);
    const { code, text } = await run('npm whoami');
    expect([code, text]).toEqual([0, expect.stringMatching(/ agent$/m)]);
    expectNoValue(text);
  });

  it('pip: an index with Basic authentication', needs('pip', 'python3', '-m', 'pip', '--version'), async () => {
    const { world, hasBasic, run, expectNoValue } = programs;
    world.serve('pip.example.com', pipIndex(sampleWheel(), hasBasic));
    const url = world.urlOf('pip.example.com').replace('https://', 'https://job:$TOKEN@');
    const options = `--no-deps --no-cache-dir --dest out --index-url "${url}/simple/"`;
    const { code, text } = await run(`python3 -m pip download ${options} keyturn-sample && ls out`);
    expect([code, text]).toEqual([0, expect.stringContaining('keyturn_sample-1.0-py3-none-any.whl')]);
    expectNoValue(text);
  });

  it('Python: requests', needs('requests', 'python3', '-c', 'import requests'), async () => {
    const { world, hasBasic, run, write, expectNoValue } = programs;
    world.serve('pip.example.com', (request, response) => void response.end(hasBasic(request) ? 'yes' : 'no'));
    const call = `requests.get('${world.urlOf('pip.example.com')}/', auth=('job', os.environ['TOKEN']))`;
    write('client.py', `import os, requests\nprint(${call}.text)\n`);
    const { code, text } = await run('python3 client.py');
    expect([code, text]).toEqual([0, expect.stringMatching(/ yes$/m)]);
    expectNoValue(text);
  });

  it('Terraform: the http backend', needs('Terraform', 'terraform', 'version'), async () => {
    const { world, hasBasic, run, write, expectNoValue } = programs;
    world.serve('state.example.com', terraformState(hasBasic));
    mkdirSync(join(world.workspace, 'terraform'));
    const backend = `address = "${world.urlOf('state.example.com')}/state"\n    username = "job"`;
    write(
      'terraform/main.tf',
      `terraform {\n  backend "http" {\n    ${backend}\n  }\n}\noutput "answer" {\n  value = 42\n}\n`,
    );
    const { code, text } = await run(
      [
        'cd terraform && export TF_HTTP_PASSWORD="$TOKEN" CHECKPOINT_DISABLE=1 && unset TF_CLI_CONFIG_FILE',
        'terraform init -input=false -no-color >/dev/null',
        'terraform apply -auto-approve -input=false -no-color',
        'terraform output answer',
      ].join('\n'),
    );
    expect([code, text]).toEqual([0, expect.stringMatching(/ 42$/m)]);
    expectNoValue(text);
  });
});

/** A wheel without a module. Made by the zip format's simplest form: stored entries. */
function sampleWheel(): Buffer {
  const script = [
    'import sys, zipfile',
    "z = zipfile.ZipFile(sys.stdout.buffer, 'w')",
    "d = 'keyturn_sample-1.0.dist-info/'",
    "z.writestr(d + 'METADATA', 'Metadata-Version: 2.1\\nName: keyturn-sample\\nVersion: 1.0\\n')",
    "z.writestr(d + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')",
    "z.writestr(d + 'RECORD', '')",
    'z.close()',
  ];
  return execFileSync('python3', ['-c', script.join('\n')], { cwd: '/' });
}
