import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { ROOT } from '../../scripts/paths.ts';
import { Rig } from '../e2e/support/rig.ts';
import { ANSWER_CASES } from './answer-cases.ts';
import type { Case } from './case.ts';
import { Nginx } from './nginx-process.ts';
import { REQUEST_CASES } from './request-cases.ts';
import { runCase, ScriptedTarget } from './run-case.ts';

/** Writes the table of where Caronte and nginx differ: `npm run build`, then `npm run compare:nginx`. */
const FILE = join(ROOT, 'docs', 'comparison-nginx.md');

interface Compared {
  readonly played: Case;
  readonly caronte: string;
  readonly nginx: string;
}

async function compare(nginx: Nginx, target: ScriptedTarget, rig: Rig): Promise<Compared[]> {
  const tunnel = await rig.tunnel({ targetPort: target.port });
  const rows: Compared[] = [];
  for (const played of [...REQUEST_CASES, ...ANSWER_CASES]) {
    const caronte = played.look(await runCase(played, target, tunnel.port, tunnel.base));
    const beside = played.look(await runCase(played, target, nginx.port, ''));
    rows.push({ played, caronte, nginx: beside });
    console.log(
      `${caronte === beside ? 'same  ' : 'differ'} ${played.name}: ${caronte} | ${beside}`,
    );
  }
  return rows;
}

function cell(text: string): string {
  const visible = text.replace(/[^\x20-\x7e\u2000-\u206f]/g, (byte) => {
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return visible.replaceAll('|', '\\|');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function document(rows: readonly Compared[], version: string): string {
  const differing = rows.filter(({ caronte, nginx }) => caronte !== nginx);
  const same = rows.filter(({ caronte, nginx }) => caronte === nginx);
  return `# Caronte beside nginx

The same raw requests and answers through proxy and agent, and through nginx ${version} as a reverse proxy in front of the same target, with the settings that [hosting](hosting.md) advises. \`npm run build\` and \`npm run compare:nginx\` write this page; the cases are in \`test/compare/\`.

## Where they differ

${table(
  ['case', 'Caronte', 'nginx', 'why'],
  differing.map(({ played, caronte, nginx }) => [played.name, caronte, nginx, played.why ?? '']),
)}

## Where they agree

${table(
  ['case', 'both'],
  same.map(({ played, caronte }) => [played.name, caronte]),
)}
`;
}

const target = await ScriptedTarget.listen();
const rig = new Rig();
let nginx: Nginx | undefined;
try {
  nginx = await Nginx.start(target.port);
  const rows = await compare(nginx, target, rig);
  writeFileSync(FILE, await format(document(rows, nginx.version), { parser: 'markdown' }));
  const unexplained = rows.filter(
    (row) => row.caronte !== row.nginx && row.played.why === undefined,
  );
  for (const { played } of unexplained) console.error(`no reason is given for: ${played.name}`);
  process.exitCode = unexplained.length > 0 ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await nginx?.stop();
  await rig.end();
  target.close();
}
