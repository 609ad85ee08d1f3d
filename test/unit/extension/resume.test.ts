import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leaveNote, RELOAD_MS, takeNote } from '../../../src/extension/tunnel/resume.ts';

describe('the note for a window that reloads', () => {
  let folder: string;
  const note = { options: { code: 'orders', port: 3000 }, localProxyPort: 8080 };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caronte-note-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('is there once', () => {
    leaveNote(join(folder, 'made'), note, 1000);
    assert.deepEqual(takeNote(join(folder, 'made'), 2000), note);
    assert.equal(takeNote(join(folder, 'made'), 2000), undefined);
  });

  it('does not count for a window that was closed: it is too old then', () => {
    leaveNote(folder, note, 1000);
    assert.equal(takeNote(folder, 1001 + RELOAD_MS), undefined);
    assert.equal(takeNote(folder, 2000), undefined, 'and it is gone');
  });

  it('does not count if it is damaged', async () => {
    for (const text of ['', '{', 'null', '{"at":1,"options":{"port":"x"}}']) {
      await writeFile(join(folder, 'resume.json'), text);
      assert.equal(takeNote(folder, 1), undefined);
    }
  });
});
