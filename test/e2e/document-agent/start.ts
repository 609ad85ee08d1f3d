import type { RequestListener } from 'node:http';
import type { Rig } from '../support/rig.ts';
import { DocumentAgent } from './agent.ts';

export interface DocumentTunnel {
  /** The proxy's. */
  readonly port: number;
  readonly base: string;
  readonly agent: DocumentAgent;
}

/** A proxy, and the agent written from the document in front of that target. */
export async function startDocumentAgent(
  rig: Rig,
  target: RequestListener | number,
): Promise<DocumentTunnel> {
  const targetPort = typeof target === 'number' ? target : await rig.httpTarget(target);
  const { port } = await rig.proxy();
  const agent = new DocumentAgent({ port, secret: rig.secret, code: 'document', targetPort });
  await agent.start();
  return { port, base: '/forward/document', agent };
}
