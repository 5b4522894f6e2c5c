import { childEnvironment } from '../delivery/child-environment.ts';
import { clientVariables } from './client-variables.ts';
import type { CommandDoor } from './command-door.ts';
import type { CommandFiles } from './command-files.ts';

/** Would lead past the jail, or to a key of the user that is not for this command. */
const leadsOut =
  /^(SSH_AUTH_SOCK|SSH_AGENT_PID|GPG_AGENT_INFO|DOCKER_\w+|CONTAINER_HOST|BUILDKIT_HOST|PODMAN_\w+|DBUS_\w+|XDG_RUNTIME_DIR|WAYLAND_DISPLAY|DISPLAY|KUBECONFIG)$/;

interface Given {
  /** The job's. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly placed: ReadonlyMap<string, string>;
  readonly door: Pick<CommandDoor, 'proxy' | 'authority' | 'scratch'>;
  readonly commandFiles: CommandFiles;
  readonly pristine: boolean;
  readonly keep: readonly string[];
}

/** The environment of a command that uses secrets without holding them: the job's, without what leads out of the jail. */
export function useEnvironment({
  environment,
  placed,
  door,
  commandFiles,
  pristine,
  keep,
}: Given): Record<string, string> {
  const handed = childEnvironment(environment, placed, { pristine, keep });
  const set = new Map<string, string | null>([
    ...clientVariables(door),
    ...(door.scratch === null ? [] : commandFiles.redirected(door.scratch)),
  ]);
  const kept = Object.entries(handed).filter(([name]) => !leadsOut.test(name) && !set.has(name));
  const own = [...set].flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, value]]));
  return Object.fromEntries([...kept, ...own]);
}
