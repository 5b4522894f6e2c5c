import { styleText } from 'node:util';

/** What a line is to the person who reads it. Colour on a terminal says the same; it carries nothing of its own. */
export type Tone = 'step' | 'attention' | 'alarm' | 'done';

/** A stream that may be a terminal. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface TerminalLines {
  readonly print: (line: string, tone?: Tone) => void;
  readonly say: (line: string, tone?: Tone) => void;
  /** Shows a line in the place of the one before it, until another line is written. Nothing, if `err` is no terminal. */
  readonly progress: (line: string) => void;
}

const styles = { step: ['bold', 'cyan'], attention: ['yellow'], alarm: ['bold', 'red'], done: ['green'] } as const;
const clear = '\r\u001b[2K';

/** Lines for two streams. `colour`: whether the person wants it, as `NO_COLOR` says; nothing but a terminal ever gets it. */
export function terminalLines(out: TerminalStream, err: TerminalStream, colour: boolean): TerminalLines {
  let isShown = false;
  const line = (stream: TerminalStream) => (text: string, tone?: Tone) => {
    const isPainted = tone !== undefined && colour && stream.isTTY === true;
    if (isShown) err.write(clear);
    isShown = false;
    stream.write(`${isPainted ? styleText([...styles[tone]], text, { validateStream: false }) : text}\n`);
  };
  return {
    print: line(out),
    say: line(err),
    progress(text) {
      if (err.isTTY !== true) return;
      err.write(`${clear}${text}`);
      isShown = true;
    },
  };
}
