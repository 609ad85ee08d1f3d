import type { Offline, Refused, Share } from '../../agent/index.ts';

/** Keys below `caronte.`. A test compares names, types, defaults and bounds with the manifest. */
export const SETTING = {
  proxyUrl: 'proxyUrl',
  code: 'code',
  targetPort: 'target.port',
  targetHost: 'target.host',
  targetProtocol: 'target.protocol',
  targetSocket: 'target.socket',
  targetHostHeader: 'target.hostHeader',
  targetCa: 'target.ca',
  targetInsecure: 'target.insecure',
  targetRewritePaths: 'target.rewritePaths',
  sendReply: 'sendReply',
  whenOffline: 'whenOffline',
  queueReview: 'queue.review',
  queueParallel: 'queue.parallel',
  queueMethods: 'queue.methods',
  queueOnRefused: 'queue.onRefused',
  queueDedupeSeconds: 'queue.dedupeSeconds',
  share: 'share',
  maxAttempts: 'maxAttempts',
  autoStart: 'autoStart',
  historyLimit: 'history.limit',
  historyMaxBytes: 'history.maxBytes',
} as const;

export type SettingKey = (typeof SETTING)[keyof typeof SETTING];

/** Section of all settings. */
export const SECTION = 'caronte';

export interface NumberBounds {
  readonly min: number;
  readonly max: number;
}

export const BOUNDS = {
  port: { min: 1, max: 65_535 },
  maxAttempts: { min: 1, max: 20 },
  /** Deliveries at once. */
  queueParallel: { min: 1, max: 1024 },
  /** A week. */
  queueDedupeSeconds: { min: 0, max: 604_800 },
  /** Exchanges. */
  historyLimit: { min: 10, max: 10_000 },
  /** Bytes on disk: 1 MiB to 8 GiB. */
  historyMaxBytes: { min: 1_048_576, max: 8_589_934_592 },
} as const satisfies Record<string, NumberBounds>;

/**
 * What may be chosen, as the engine has it; to ask the engine would load it with the extension. A test
 * compares the two.
 */
export const CHOICES = {
  targetProtocol: ['http', 'https'],
  share: ['exclusive', 'balance', 'broadcast'],
  whenOffline: ['refuse', 'queue'],
  queueOnRefused: ['settle', 'dead', 'retry'],
} as const satisfies {
  readonly targetProtocol: readonly string[];
  readonly share: readonly Share[];
  readonly whenOffline: readonly Offline[];
  readonly queueOnRefused: readonly Refused[];
};

/** Most methods that a tunnel may name, as the engine has it. */
export const MAX_METHODS = 32;

export const DEFAULTS = {
  targetHost: 'localhost',
  targetProtocol: 'http',
  targetHostHeader: 'target',
  targetInsecure: false,
  targetRewritePaths: false,
  sendReply: true,
  whenOffline: 'refuse',
  queueReview: false,
  queueParallel: 1,
  queueMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  queueOnRefused: 'settle',
  queueDedupeSeconds: 0,
  share: 'exclusive',
  maxAttempts: 5,
  autoStart: false,
  historyLimit: 1000,
  historyMaxBytes: 268_435_456,
} as const;

/**
 * Settings that decide where traffic goes, what is answered in the target's stead, or that something
 * starts: only from a trusted folder.
 */
export const RESTRICTED: readonly SettingKey[] = [
  SETTING.proxyUrl,
  SETTING.code,
  SETTING.targetPort,
  SETTING.targetHost,
  SETTING.targetProtocol,
  SETTING.targetSocket,
  SETTING.targetHostHeader,
  SETTING.targetCa,
  SETTING.targetInsecure,
  SETTING.targetRewritePaths,
  SETTING.sendReply,
  SETTING.whenOffline,
  SETTING.queueReview,
  SETTING.queueParallel,
  SETTING.queueMethods,
  SETTING.queueOnRefused,
  SETTING.queueDedupeSeconds,
  SETTING.share,
  SETTING.maxAttempts,
  SETTING.autoStart,
];
