import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock } from '../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { storySettings } from '../../examples/story/story-settings.ts';
import { setTheScene, type StoryWorld } from '../../examples/story/story-world.ts';

/** An embedded cloud with the story's secrets and people, and the variables of a service that works in it. */
export interface EmbeddedSettings {
  readonly cloud: EmbeddedCloud;
  readonly world: StoryWorld;
  /** Every `KEYTURN_…` variable of the service. */
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  stop(): Promise<void>;
}

/** One a process: the identity client keeps the first token endpoint that it used. */
export async function embeddedSettings(): Promise<EmbeddedSettings> {
  const directory = await mkdtemp(join(tmpdir(), 'keyturn-host-'));
  const cloud = await startEmbeddedCloud({ clock: createClock() });
  const world = await setTheScene(cloud, cloud.clock.now());
  return {
    cloud,
    world,
    environment: await storySettings(world, directory),
    directory,
    async stop() {
      await cloud.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
