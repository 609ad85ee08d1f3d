import assert from 'node:assert/strict';
import { type Answer, call } from './caller.ts';
import type { Fields } from './message.ts';

export function uint32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** A body of records: the version, then type, length and payload of one record. In Latin-1. */
export function record(type: number, payload: string, length = payload.length): string {
  return `\x01${String.fromCharCode(type)}${uint32(length)}${payload}`;
}

/** What an agent says first; JSON. */
export function helloOf(code: string): Readonly<Record<string, unknown>> {
  return {
    protocol: { min: 1, max: 1 },
    software: 'test/1',
    instance: '0'.repeat(32),
    installation: '1'.repeat(32),
    code,
    takeover: false,
    policy: { reply: 'wait' },
  };
}

/** Type of the record that brings an exchange. */
const EXCHANGE = 0x01;

/** An agent that sends what the test gives it, byte for byte. */
export class RawAgent {
  readonly #port: number;
  readonly #secret: string;
  #session: Fields = [];

  constructor(port: number, secret: string) {
    this.#port = port;
    this.#secret = secret;
  }

  /** Says hello; what follows belongs to the session that this gives. */
  async hello(code: string): Promise<void> {
    const answer = await this.post('/agent/hello', JSON.stringify(helloOf(code)));
    assert.equal(answer.status, 200);
    const { session } = JSON.parse(answer.body.toString()) as { session: string };
    this.#session = [['Caronte-Session', session]];
  }

  post(path: string, body: string | Buffer): Promise<Answer> {
    const fields: Fields = [['Authorization', `Bearer ${this.#secret}`], ...this.#session];
    return call(this.#port, { method: 'POST', path, fields, body });
  }

  /** Polls, and resolves with the id of the first exchange that the answer brings. */
  async take(): Promise<string> {
    const answer = await this.post('/agent/poll', '\x01');
    assert.equal(answer.status, 200);
    // The version, then records; notices may stand before the exchange.
    let at = 1;
    while (answer.body[at] !== EXCHANGE) at += 5 + answer.body.readUInt32BE(at + 1);
    // The header of the record, the length of its text, the text.
    const id = answer.body.toString('latin1', at + 9, at + 41);
    assert.match(id, /^[0-9a-f]{32}$/);
    return id;
  }
}
