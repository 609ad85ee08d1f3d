import { METHODS } from 'node:http';
import { isAbsolute } from 'node:path';
import type { Offline, Refused, Share } from '../../agent/index.ts';
import { isCode } from './code.ts';
import { readProxyUrl } from './proxy-url.ts';
import {
  BOUNDS,
  CHOICES,
  DEFAULTS,
  MAX_METHODS,
  type NumberBounds,
  SECTION,
  SETTING,
  type SettingKey,
} from './schema.ts';
import { isHost, isHostHeader, isSocketPath, type TargetManner } from './target.ts';

/** How the proxy keeps requests for a tunnel, and how it delivers them. */
export interface QueueManner {
  /** Deliveries wait for a person. */
  readonly review: boolean;
  readonly parallel: number;
  readonly methods: readonly string[];
  readonly refused: Refused;
  readonly dedupeSeconds: number;
}

/** What the settings say. `undefined` where they leave a choice to the user. */
export interface Settings {
  readonly proxyUrl: string | undefined;
  readonly code: string | undefined;
  readonly targetPort: number | undefined;
  readonly targetHost: string;
  readonly targetProtocol: 'http' | 'https';
  /** Of a Unix socket; counts in place of host, port and protocol. */
  readonly targetSocket: string | undefined;
  readonly targetManner: TargetManner;
  readonly sendReply: boolean;
  readonly whenOffline: Offline;
  readonly queue: QueueManner;
  readonly share: Share;
  readonly maxAttempts: number;
  readonly autoStart: boolean;
  /** Exchanges. */
  readonly historyLimit: number;
  /** Bytes on disk. */
  readonly historyMaxBytes: number;
}

/** A value that cannot be used, and what is wrong with it. */
export interface SettingProblem {
  readonly key: SettingKey;
  readonly detail: string;
}

export interface ReadSettings {
  readonly settings: Settings;
  readonly problems: readonly SettingProblem[];
}

/**
 * Reads all settings through `get`, which is given a key below `caronte.`. The editor does not
 * enforce the manifest's types and bounds: a value that does not fit is replaced by the default
 * (a number out of bounds by the nearest bound), and named among the problems.
 */
export function readSettings(get: (key: SettingKey) => unknown): ReadSettings {
  const problems: SettingProblem[] = [];
  const complain = (key: SettingKey, detail: string): void => {
    problems.push({ key, detail: `${SECTION}.${key} ${detail}` });
  };

  const flag = (key: SettingKey, fallback: boolean): boolean => {
    const value = get(key) ?? fallback;
    if (typeof value === 'boolean') return value;
    complain(key, `must be true or false; ${String(fallback)} is used`);
    return fallback;
  };
  const whole = <T>(key: SettingKey, bounds: NumberBounds, fallback: T): number | T => {
    const value = get(key) ?? fallback;
    if (value === fallback) return fallback;
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      complain(key, 'must be a whole number; it is ignored');
      return fallback;
    }
    const used = Math.min(bounds.max, Math.max(bounds.min, value));
    if (used !== value) {
      complain(key, `must be from ${bounds.min} to ${bounds.max}; ${used} is used`);
    }
    return used;
  };
  /** A text that `accept` turns into what is used, or refuses with undefined. */
  const text = (
    key: SettingKey,
    accept: (value: string) => string | undefined,
    rule: string,
  ): string | undefined => {
    const value = get(key) ?? '';
    if (typeof value === 'string') {
      const trimmed = value.trim();
      if (trimmed === '') return undefined;
      const accepted = accept(trimmed);
      if (accepted !== undefined) return accepted;
    }
    complain(key, `${rule}; it is ignored`);
    return undefined;
  };

  const choice = <T extends string>(key: SettingKey, known: readonly T[], fallback: T): T => {
    const value = get(key) ?? fallback;
    const found = known.find((one) => one === value);
    if (found !== undefined) return found;
    complain(key, `must be one of ${known.join(', ')}; ${fallback} is used`);
    return fallback;
  };

  const settings: Settings = {
    proxyUrl: text(
      SETTING.proxyUrl,
      (value) => {
        const result = readProxyUrl(value);
        return result.ok ? result.url : undefined;
      },
      'must be an http or https address without credentials and query',
    ),
    code: text(
      SETTING.code,
      (value) => (isCode(value) ? value : undefined),
      'must be 1 to 63 letters, digits, "-" or "_"',
    ),
    targetPort: port(SETTING.targetPort),
    targetHost:
      text(
        SETTING.targetHost,
        (value) => (isHost(value) ? value : undefined),
        'must be a host name or an address',
      ) ?? DEFAULTS.targetHost,
    targetProtocol: choice(SETTING.targetProtocol, CHOICES.targetProtocol, DEFAULTS.targetProtocol),
    targetSocket: text(
      SETTING.targetSocket,
      (value) => (isSocketPath(value) ? value : undefined),
      'must be an absolute path of at most 103 bytes',
    ),
    targetManner: {
      hostHeader:
        text(
          SETTING.targetHostHeader,
          (value) => (isHostHeader(value) ? value : undefined),
          'must be "target", "preserve" or a host, with or without port',
        ) ?? DEFAULTS.targetHostHeader,
      caFile: text(
        SETTING.targetCa,
        (value) => (isAbsolute(value) ? value : undefined),
        'must be the absolute path of a file',
      ),
      insecure: flag(SETTING.targetInsecure, DEFAULTS.targetInsecure),
      rewritePaths: flag(SETTING.targetRewritePaths, DEFAULTS.targetRewritePaths),
    },
    sendReply: flag(SETTING.sendReply, DEFAULTS.sendReply),
    whenOffline: choice(SETTING.whenOffline, CHOICES.whenOffline, DEFAULTS.whenOffline),
    queue: {
      review: flag(SETTING.queueReview, DEFAULTS.queueReview),
      parallel: whole(SETTING.queueParallel, BOUNDS.queueParallel, DEFAULTS.queueParallel),
      methods: methods(),
      refused: choice(SETTING.queueOnRefused, CHOICES.queueOnRefused, DEFAULTS.queueOnRefused),
      dedupeSeconds: whole(
        SETTING.queueDedupeSeconds,
        BOUNDS.queueDedupeSeconds,
        DEFAULTS.queueDedupeSeconds,
      ),
    },
    share: choice(SETTING.share, CHOICES.share, DEFAULTS.share),
    maxAttempts: whole(SETTING.maxAttempts, BOUNDS.maxAttempts, DEFAULTS.maxAttempts),
    autoStart: flag(SETTING.autoStart, DEFAULTS.autoStart),
    historyLimit: whole(SETTING.historyLimit, BOUNDS.historyLimit, DEFAULTS.historyLimit),
    historyMaxBytes: whole(
      SETTING.historyMaxBytes,
      BOUNDS.historyMaxBytes,
      DEFAULTS.historyMaxBytes,
    ),
  };
  return { settings, problems };

  /** Unlike other numbers, a port out of bounds means none that is near it. */
  function port(key: SettingKey): number | undefined {
    const value = get(key) ?? undefined;
    if (value === undefined || isPort(value)) return value;
    complain(key, `must be from ${BOUNDS.port.min} to ${BOUNDS.port.max}; it is ignored`);
    return undefined;
  }

  function methods(): readonly string[] {
    const value = get(SETTING.queueMethods) ?? DEFAULTS.queueMethods;
    const read = Array.isArray(value) ? [...new Set(value.map(methodOf))] : [];
    const known = read.filter((method) => method !== undefined);
    if (known.length > 0 && known.length === read.length && known.length <= MAX_METHODS) {
      return known;
    }
    const usual = DEFAULTS.queueMethods.join(', ');
    complain(SETTING.queueMethods, `must be a list of HTTP methods; ${usual} are used`);
    return DEFAULTS.queueMethods;
  }
}

/** Never forwarded, and so never queued. */
const NEVER_FORWARDED = new Set(['CONNECT', 'TRACE']);

function methodOf(value: unknown): string | undefined {
  const method = typeof value === 'string' ? value.trim().toUpperCase() : '';
  return METHODS.includes(method) && !NEVER_FORWARDED.has(method) ? method : undefined;
}

/** Whether a value is a port that something can listen on. */
export function isPort(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= BOUNDS.port.min &&
    value <= BOUNDS.port.max
  );
}
