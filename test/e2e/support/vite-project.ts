import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Program } from './program.ts';
import type { Rig } from './rig.ts';

const PAGE = `<!doctype html>
<title>A page of Vite's</title>
<p id="text"></p>
<script type="module" src="/main.js"></script>
`;

const MAIN = `import { text } from './text.js';
const show = (value) => (document.querySelector('#text').textContent = value);
show(text);
import.meta.hot.accept('./text.js', (module) => show(module.text));
`;

/** Vite's development server, as a process of its own, with a page that shows a text. */
export class ViteProject {
  readonly port: number;
  readonly #folder: string;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  static async start(rig: Rig, text: string): Promise<ViteProject> {
    const folder = rig.folder();
    await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
    await writeFile(join(folder, 'index.html'), PAGE);
    await writeFile(join(folder, 'main.js'), MAIN);
    await writeFile(join(folder, 'text.js'), moduleOf(text));
    const manifest = createRequire(import.meta.url).resolve('vite/package.json');
    const vite = Program.node([join(dirname(manifest), 'bin/vite.js'), '--host', '127.0.0.1'], {
      name: 'vite',
      cwd: folder,
      env: { NO_COLOR: '1' },
    });
    const line = await rig.add(vite).text(/Local:\s+http:\/\/127\.0\.0\.1:\d+\//);
    return new ViteProject(folder, Number(/:(\d+)\/\s*$/.exec(line.text)?.[1]));
  }

  /** Edits the text on the disk, as an editor does. */
  async edit(text: string): Promise<void> {
    await writeFile(join(this.#folder, 'text.js'), moduleOf(text));
  }
}

function moduleOf(text: string): string {
  return `export const text = ${JSON.stringify(text)};\n`;
}
