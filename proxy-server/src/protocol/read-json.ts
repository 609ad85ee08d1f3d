import { isId } from './ids.ts';
import { MalformedError } from './malformed.ts';

/** A member of a JSON document is not as it has to be. */
export function wrong(name: string): MalformedError {
  return new MalformedError(`"${name}" is missing or wrong`);
}

export function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name);
  return value as Record<string, unknown>;
}

/** Printable US-ASCII, of up to `max` characters. */
export function text(value: unknown, name: string, max: number): string {
  if (typeof value !== 'string' || value.length > max || /[^\x20-\x7e]/.test(value))
    throw wrong(name);
  return value;
}

export function id(value: unknown, name: string): string {
  if (typeof value !== 'string' || !isId(value)) throw wrong(name);
  return value;
}

/** A whole number from 0 on. */
export function whole(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(name);
  return value;
}
