// Shows that a long step goes on. Runs on Node 20.

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
/** In a file or a pipe a line now and then is enough. */
const lineMs = 10_000;

/**
 * @typedef {{ isTTY?: boolean, write(text: string): unknown }} Output
 * @typedef {{ every(ms: number, act: () => void): () => void, now(): number }} Time
 */

/** @type {Time} */
const machineTime = {
  every(ms, act) {
    const timer = setInterval(act, ms);
    return () => clearInterval(timer);
  },
  now: () => Date.now(),
};

/**
 * A line with a moving sign on a terminal, and a sentence every ten seconds elsewhere: the step and how long it has been
 * going on. `step` names what runs now, without a full stop; `end` leaves one sentence.
 * @param {Output} output
 * @param {Time} [time]
 */
export function showProgress(output, time = machineTime) {
  const began = time.now();
  let name = '';
  let turn = 0;
  const seconds = () => `${Math.round((time.now() - began) / 1000)} s`;
  const stop = time.every(output.isTTY ? frameMs : lineMs, () => {
    if (name === '') return;
    if (output.isTTY) output.write(`\r\u001b[2K${frames[turn++ % frames.length]} ${name} (${seconds()})`);
    else output.write(`${name} (${seconds()}).\n`);
  });
  return {
    /** @param {string} next */
    step(next) {
      // Not every step of hundreds is a line: the first one is, and the clock shows the others.
      if (name === '' && !output.isTTY) output.write(`${next}.\n`);
      name = next;
    },
    /** @param {string} sentence */
    end(sentence) {
      stop();
      output.write(`${output.isTTY ? '\r\u001b[2K' : ''}${sentence} (${seconds()})\n`);
    },
  };
}
