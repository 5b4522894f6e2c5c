import { tryPdfEngine } from '../../evidence/render/render-pdf.ts';
import type { Composition } from '../composition.ts';
import { type Check, lookAt, pass } from './check.ts';

/** Whether reports can be drawn as PDF on this machine; empty for a process that makes none. */
export async function checkPdfEngine({ settings }: Pick<Composition, 'settings'>): Promise<readonly Check[]> {
  if (settings.role !== 'report' && settings.role !== 'all') return [];
  const what = 'PDF engine';
  const look = async () => {
    await tryPdfEngine();
    return pass(what, `draws reports on ${process.platform}-${process.arch}`);
  };
  return [await lookAt(what, look)];
}
