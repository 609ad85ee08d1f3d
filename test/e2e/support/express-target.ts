/**
 * An application on Express, as people have behind a tunnel. The first argument is the folder that
 * it serves at `/files`.
 *
 *     POST /upload   takes a form with files; answers what it got, in JSON
 *     POST /form     takes an encoded form, answers it in JSON
 */
import express from 'express';
import multer from 'multer';
import { createHash } from 'node:crypto';

const [folder = ''] = process.argv.slice(2);
const app = express();
// File names of forms are UTF-8 in all browsers.
const upload = multer({ storage: multer.memoryStorage(), defParamCharset: 'utf8' });

app.use('/files', express.static(folder));

app.post('/upload', upload.any(), (request, response) => {
  const files = Array.isArray(request.files) ? request.files : [];
  response.status(201).json({
    fields: request.body as unknown,
    files: files.map(({ fieldname, originalname, mimetype, buffer }) => ({
      field: fieldname,
      name: originalname,
      type: mimetype,
      hash: createHash('sha256').update(buffer).digest('hex'),
    })),
  });
});

app.post('/form', express.urlencoded({ extended: true }), (request, response) => {
  response.json(request.body);
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) console.log(`port ${address.port}`);
});
