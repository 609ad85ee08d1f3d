/**
 * esbuild's development server, which is written in Go. The first argument is the folder that it
 * serves; `source.js` there becomes `main.js`, again after each change.
 */
import { context } from 'esbuild';
import { join } from 'node:path';

const [folder = ''] = process.argv.slice(2);
const project = await context({
  entryPoints: [join(folder, 'source.js')],
  outfile: join(folder, 'main.js'),
  logLevel: 'silent',
});
await project.watch();
const { port } = await project.serve({ host: '127.0.0.1', port: 0, servedir: folder });
console.log(`port ${port}`);
