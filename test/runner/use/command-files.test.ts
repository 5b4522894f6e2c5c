import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noteCommandFiles } from '../../../src/runner/use/command-files.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-files-'));
  path = join(folder, 'envs.txt');
  writeFileSync(path, 'BEFORE=1\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const note = () => noteCommandFiles({ GITHUB_ENV: path, GITEA_ENV: path, GITHUB_OUTPUT: join(folder, 'outputs.txt') });

describe('the files by which a step tells its runner something', () => {
  it('are what they were, in the same file, after a command that appended or rewrote', () => {
    for (const text of ['BEFORE=1\nAFTER=2\n', '', 'BEFORE=2\n']) {
      const files = note();
      const { ino } = statSync(path);
      writeFileSync(path, text);
      expect(files.takeBack()).toEqual(['GITHUB_ENV']);
      expect(readFileSync(path, 'utf8')).toBe('BEFORE=1\n');
      expect(statSync(path).ino).toBe(ino);
    }
  });

  it('are left alone, and not spoken of, if nothing was written', () => {
    expect(note().takeBack()).toEqual([]);
  });

  it('do not lead elsewhere after a command that put a link in their place', () => {
    const files = note();
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'untouched');
    rmSync(path);
    symlinkSync(elsewhere, path);
    expect(files.takeBack()).toEqual(['GITHUB_ENV']);
    expect(readFileSync(path, 'utf8')).toBe('BEFORE=1\n');
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
  });

  it('are there again after a command that moved their folder or put a folder in their place', () => {
    const files = note();
    renameSync(folder, `${folder}-moved`);
    mkdirSync(path, { recursive: true });
    files.takeBack();
    rmSync(`${folder}-moved`, { recursive: true });
    expect(readFileSync(path, 'utf8')).toBe('BEFORE=1\n');
  });

  it('are gone again if they were not there', () => {
    const files = note();
    writeFileSync(join(folder, 'outputs.txt'), 'A=b\n');
    expect(files.takeBack()).toEqual(['GITHUB_OUTPUT']);
    expect(() => statSync(join(folder, 'outputs.txt'))).toThrow('ENOENT');
  });

  it('stop a command from starting if they could not be put back', () => {
    rmSync(path);
    mkdirSync(path);
    expect(note).toThrow(expect.objectContaining({ code: 'TARGET_UNUSABLE' }));
  });

  it('are other files for a jailed command, under every name', () => {
    const given = note().redirected('/run/keyturn');
    expect(Object.fromEntries(given)).toEqual({
      GITHUB_ENV: '/run/keyturn/envs.txt',
      GITEA_ENV: '/run/keyturn/envs.txt',
      GITHUB_OUTPUT: '/run/keyturn/outputs.txt',
    });
  });
});
