import { createServer, type Server } from 'node:net';
import type { MemoryFiles } from '../delivery/memory-file.ts';
import type { CommandRun } from '../delivery/run-command.ts';
import type { CommandFiles } from './command-files.ts';
import { listenerWords } from './jail-listener.ts';
import { reachableSockets } from './jail-places.ts';
import { jailPort } from './jail-port.ts';
import { jailAuthority, jailFolder, jailWords } from './jail-script.ts';
import type { UseProxy } from './use-proxy.ts';

/** A command that is about to be run with placeholders. */
interface Prepared {
  readonly command: readonly string[];
  readonly user: number;
  readonly group: number;
  /** The folder of the job's key. */
  readonly keys: string;
  readonly proxy: UseProxy;
  readonly commandFiles: CommandFiles;
  /** PEM. */
  readonly authority: string;
}

/** Where the command's programs connect to. */
export interface CommandDoor {
  readonly run: Pick<CommandRun, 'command' | 'openedChannel'>;
  readonly proxy: string;
  readonly authority: string;
  /** The folder for what the command writes for its runner; `null`: it gets the real files. */
  readonly scratch: string | null;
  isOpen(): boolean;
  close(): void;
}

/** A port of the loopback of a jail, whose connections are accepted here. `unshare`: the program of this machine. */
export function openInJail(
  { command, user, group, keys, proxy, commandFiles, authority }: Prepared,
  unshare: string,
): CommandDoor {
  let listening: Server | null = null;
  const words = jailWords(
    {
      unshare,
      user,
      group,
      authority,
      coveredFiles: [...reachableSockets(), ...commandFiles.paths],
      coveredFolders: keys.startsWith('/dev/') ? [] : [keys],
      scratchFiles: [...new Set(commandFiles.redirected(jailFolder).values())],
      listener: listenerWords(),
    },
    command,
  );
  return {
    run: {
      command: words,
      openedChannel(child) {
        child.once('message', (_message, handle) => {
          // The socket belongs to the jail's network; its connections are accepted here, outside.
          listening = handle as Server;
          listening.on('connection', (socket) => proxy.accept(socket));
          child.send('taken', () => child.disconnect());
        });
        // The command's end is what counts.
        child.on('error', () => undefined);
      },
    },
    proxy: `http://127.0.0.1:${String(jailPort)}`,
    authority: jailAuthority,
    scratch: jailFolder,
    isOpen: () => listening !== null,
    close: () => void listening?.close(),
  };
}

/** Without a jail of ours: a port of this machine, which every process of it can reach while the command runs. */
export async function openHere({ command, proxy, authority }: Prepared, files: MemoryFiles): Promise<CommandDoor> {
  const server = createServer((socket) => proxy.accept(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    run: { command },
    proxy: `http://127.0.0.1:${String(port)}`,
    authority: files.write(null, 'authority.pem', Buffer.from(authority)),
    scratch: null,
    isOpen: () => true,
    close: () => void server.close(),
  };
}
