import { basename } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import type { WebPorts } from '../web-ports.ts';
import type { PortalVisit } from './portal-visit.ts';

const mediaTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  gz: 'application/gzip',
  zip: 'application/zip',
  pem: 'application/x-pem-file',
};

/** The digest of templates/report.js, which searches and sorts in a report; a test compares the two. */
const reportScript = 'ZsBMbt5iqXSPteC2QmQBEDGsZv3DCdBQBOzwG/+AZcY=';

/**
 * `GET /reports/{id}/{file}`: one file of a pack, byte for byte, after it is on record who took it. A report is shown in a
 * sandbox without our origin, and with no script but the one of this release: opened under our origin, or with a script of its own, a doctored report
 * could approve rotations in its reader's name.
 */
export async function sendPackFile({ query, asking, ports, parameter }: PortalVisit): Promise<Response> {
  const [id, path, download] = [parameter('id'), parameter('file'), query.has('download')];
  if (asking.kind !== 'somebody') throw new ServiceError('REQUEST_FORBIDDEN', { reason: 'nobody is signed in' });
  const record = async () => await ports.recordDownload({ by: asking.person, pack: id, file: path });
  if (path === 'pack.zip') return await sendZip(id, ports, record);
  const bytes = await ports.packFile(id, path);
  if (bytes === null) return Response.json({ error: 'Unknown file.' }, { status: 404 });
  await record();
  const extension = path.split('.').at(-1) ?? '';
  const shown = !download && (extension === 'html' || extension === 'pdf');
  const name = basename(path).replaceAll(/[^\w.-]/g, '_');
  const policy = `sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'sha256-${reportScript}'; style-src 'unsafe-inline'; img-src data:; font-src data:`;
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': mediaTypes[extension] ?? 'text/plain; charset=utf-8',
      'content-disposition': shown ? 'inline' : `attachment; filename="${name}"`,
      ...(extension === 'html' && { 'content-security-policy': policy }),
    },
  });
}

/** All files of a pack as one zip, streamed. */
async function sendZip(id: string, ports: WebPorts, record: () => Promise<void>): Promise<Response> {
  if ((await ports.packFiles(id)) === null) return Response.json({ error: 'Unknown report.' }, { status: 404 });
  await record();
  const name = `${id.replaceAll(/[^\w.-]/g, '_')}.zip`;
  return new Response(ReadableStream.from(ports.packZip(id)), {
    headers: { 'content-type': 'application/zip', 'content-disposition': `attachment; filename="${name}"` },
  });
}
