import { isAtLeast } from '../server/gitea-instance.ts';

/**
 * The step's own look at each line, before the log's: it keeps its own `::stop-commands::`, and before 2.0.0 it dropped
 * every command between that and the end token without a trace. Gives whether the log gets to see the line.
 * Source: act/runner/command.go, whose pattern is greedy: `::add-mask::a::b` is a command named `add-mask::a` to it.
 */
export function stepCommands(version: string): (line: string) => boolean {
  const pattern = /^::([^ ]+)( (.+))?::([^\r\n]*)$/;
  let endToken = '';
  return (line) => {
    const [, name, , , value = ''] = pattern.exec(line.replace(/\r$/, '')) ?? [];
    if (name === undefined) return true;
    if (endToken !== '' && name !== endToken) return isAtLeast(version, '2.0.0');
    if (endToken !== '') endToken = '';
    else if (name === 'stop-commands') endToken = value;
    return true;
  };
}
