import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { EmbeddedCloud } from '../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../embedded/start-embedded-cloud.ts';
import { startStoryPeople } from '../../../examples/story/story-people.ts';
import { startTrialPage } from '../../../examples/trial/trial-page.ts';
import {
  trialSettings,
  writeBrokerConfiguration,
  writeFetchConfiguration,
  writeOwnConfiguration,
} from '../../../examples/trial/trial-settings.ts';
import { setUpTrial } from '../../../examples/trial/trial-world.ts';
import { installedHelper } from './installed-helper.ts';
import type { Run } from '../command.ts';
import { checkEnvironmentFile, environmentLines, writeEnvironmentFile } from './environment-file.ts';
import type { cloudRow } from '../host-rows.ts';
import { readPort, reservePort } from './reserve-port.ts';
import { checkScratchFolder, claimScratchFolder } from './scratch-folder.ts';
import { untilStopped } from '../until-stopped.ts';

/** Keeps the embedded cloud up, for an operator who tries the other commands against it. */
export const cloud: Run<typeof cloudRow> = async ({ values }, runtime) => {
  const directory = resolve(runtime.directory, values.data ?? '.keyturn/cloud');
  const file = values.env === undefined ? null : resolve(runtime.directory, values.env);
  const portal = new URL(`http://localhost:${String(readPort(values.portal ?? '7071', 'cloud', '--portal'))}`);
  // All that can be refused is asked for before anything is touched.
  await checkScratchFolder(directory, 'cloud');
  if (file !== null) await checkEnvironmentFile(file);
  const held = await reservePort(readPort(values.port ?? '7070', 'cloud', '--port'), '--port');
  await claimScratchFolder(directory, 'cloud');

  const embedded = await startEmbeddedCloud();
  const people = await startStoryPeople(portal.origin);
  try {
    const brokerConfiguration = await writeBrokerConfiguration(embedded, { directory, portal: portal.origin });
    const world = await setUpTrial(embedded, {
      brokerConfiguration,
      jobEnvironment: await jobEnvironment(directory, runtime.environment['PATH'] ?? ''),
      portal: portal.origin,
    });
    const settings = {
      ...(await trialSettings(embedded, world, { directory, portal })),
      ...people.settings,
      // For the person who follows docs/getting-started.md; Keyturn reads none of these.
      TRIAL_GITEA_TOKEN: world.developerToken,
      TRIAL_SERVICE_OBJECT_ID: world.keyturn.objectId,
      TRIAL_RUNNER_OBJECT_ID: world.runner.objectId,
    };
    await writeFetchConfiguration(embedded, {
      directory,
      portal: portal.origin,
      clientId: world.runner.clientId,
    });
    const laptop = await writeOwnConfiguration(embedded, directory);
    await held.release();
    const page = await startTrialPage(
      {
        cloud: embedded,
        provider: people.provider,
        portal: portal.origin,
        settingsFile: file,
        directory,
        brokerConfiguration,
        laptop,
        developer: world.developer,
      },
      held.port,
    );
    try {
      const url = `http://localhost:${String(page.port)}`;
      embedded.entra.setSignInPage(`${url}/devicelogin`);
      if (file !== null) await writeEnvironmentFile(file, settings);
      if (values.json) runtime.print(JSON.stringify({ page: url, file, ...(file === null && { settings }) }));
      else if (file === null) for (const line of environmentLines(settings)) runtime.print(line);
      explain({ file, page: url, embedded }, runtime.say);
      await untilStopped(runtime);
    } finally {
      await page.stop();
    }
    return 0;
  } finally {
    await people.provider.stop();
    await embedded.stop();
  }
};

/** What each job of the runner inherits: the helper on its path, and where its configuration is. */
async function jobEnvironment(directory: string, path: string): Promise<Readonly<Record<string, string>>> {
  const programs = join(directory, 'bin');
  await mkdir(programs);
  await symlink(installedHelper(), join(programs, 'keyturn-fetch'));
  return {
    PATH: [programs, dirname(process.execPath), path].join(':'),
    KEYTURN_FETCH_CONFIGURATION: join(directory, 'fetch.json'),
  };
}

function explain(
  { file, page, embedded }: { readonly file: string | null; readonly page: string; readonly embedded: EmbeddedCloud },
  say: (line: string) => void,
): void {
  say(`The cloud is up: Key Vault ${embedded.vault.url}, Gitea ${embedded.gitea.url}. What is where: ${page}`);
  if (file !== null) say(`In another terminal, load the settings: set -a; . ${file}; set +a`);
  say('Then follow docs/getting-started.md. Press Ctrl+C to end the cloud; nothing of it is kept.');
}
