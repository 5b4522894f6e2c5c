import type { Principal } from '../../../embedded/azure/identity/managed-identity.ts';
import { createClock } from '../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../embedded/start-embedded-cloud.ts';
import type { PostureSource } from '../../../src/audit/posture/posture-source.ts';
import { embeddedPostureSource, letLook } from './embedded-posture-source.ts';

export interface PostureWorld {
  readonly cloud: EmbeddedCloud;
  readonly reporter: Principal;
  readonly source: PostureSource;
  readonly subscription: string;
}

/** An embedded cloud at a time that stands still, and a look at it as a reporter that may look, or may not. */
export async function postureWorld(options: { readonly mayRead?: boolean } = {}): Promise<PostureWorld> {
  const cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-02T13:00:00Z')) });
  cloud.clock.stand();
  cloud.clock.set(new Date('2026-03-02T13:00:00Z'));
  const reporter = cloud.identity.define({ name: 'reporter', kind: 'managed-identity', address: '20.4.4.4' });
  if (options.mayRead ?? true) letLook(cloud, reporter);
  const subscription = cloud.vault.resourceId.split('/').slice(0, 3).join('/');
  return { cloud, reporter, source: embeddedPostureSource(cloud, reporter), subscription };
}
