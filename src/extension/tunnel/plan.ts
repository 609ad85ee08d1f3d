import type { Offline, Share } from '../../agent/index.ts';
import { isCode } from '../settings/code.ts';
import { readProxyUrl } from '../settings/proxy-url.ts';
import { isPort, type QueueManner, type Settings } from '../settings/read.ts';
import { isHost, isSameManner, type Target, type TargetManner } from '../settings/target.ts';

/** What one run of a tunnel does, but for the secret. */
export interface TunnelPlan {
  readonly proxyUrl: string;
  readonly code: string;
  readonly target: Target;
  readonly manner: TargetManner;
  readonly sendReply: boolean;
  /** What becomes of requests that nobody can take. */
  readonly offline: Offline;
  readonly queue: QueueManner;
  readonly share: Share;
  readonly maxAttempts: number;
}

/** What a caller of the start command may say in the settings' stead. */
export interface StartOptions {
  readonly proxyUrl?: string;
  readonly code?: string;
  readonly host?: string;
  readonly port?: number;
  readonly protocol?: 'http' | 'https';
  /** Take the code from another agent that has it. */
  readonly takeover?: boolean;
}

/** A plan of which parts are still to be asked for. */
export interface Draft {
  readonly proxyUrl: string | undefined;
  readonly code: string | undefined;
  readonly port: number | undefined;
  readonly host: string;
  readonly protocol: 'http' | 'https';
  /** Of a Unix socket; host, port and protocol do not matter then. */
  readonly socket: string | undefined;
  readonly manner: TargetManner;
  readonly sendReply: boolean;
  readonly offline: Offline;
  readonly queue: QueueManner;
  readonly share: Share;
  readonly maxAttempts: number;
}

/**
 * Reads what a command was called with: other extensions, key bindings and the editor's menus pass
 * all sorts of things. Throws a TypeError for an option that is there and cannot be used.
 */
export function readStartOptions(value: unknown): StartOptions {
  if (typeof value !== 'object' || value === null) return {};
  const given = value as Record<string, unknown>;
  const pick = <K extends keyof StartOptions>(
    name: K,
    accept: (value: unknown) => StartOptions[K] | undefined,
  ): Pick<StartOptions, K> | undefined => {
    if (given[name] === undefined) return undefined;
    const accepted = accept(given[name]);
    if (accepted === undefined) throw new TypeError(`The option "${name}" cannot be used.`);
    return { [name]: accepted } as Pick<StartOptions, K>;
  };
  return {
    ...pick('proxyUrl', (url) => {
      const result = typeof url === 'string' ? readProxyUrl(url) : undefined;
      return result?.ok === true ? result.url : undefined;
    }),
    ...pick('code', (code) => (typeof code === 'string' && isCode(code) ? code : undefined)),
    ...pick('host', (host) => (typeof host === 'string' && isHost(host) ? host : undefined)),
    ...pick('port', (port) => (isPort(port) ? port : undefined)),
    ...pick('protocol', (name) => (name === 'http' || name === 'https' ? name : undefined)),
    ...pick('takeover', (takeover) => (typeof takeover === 'boolean' ? takeover : undefined)),
  };
}

/** What is known before anything is asked: options first, then settings. */
export function draftPlan(settings: Settings, options: StartOptions): Draft {
  return {
    proxyUrl: options.proxyUrl ?? settings.proxyUrl,
    code: options.code ?? settings.code,
    port: options.port ?? settings.targetPort,
    host: options.host ?? settings.targetHost,
    protocol: options.protocol ?? settings.targetProtocol,
    // Who names a host or a port means that one.
    socket:
      options.port === undefined && options.host === undefined ? settings.targetSocket : undefined,
    manner: settings.targetManner,
    sendReply: settings.sendReply,
    offline: settings.whenOffline,
    queue: settings.queue,
    share: settings.share,
    maxAttempts: settings.maxAttempts,
  };
}

/** Undefined as long as a port is missing. */
function targetOf({ protocol, host, port, socket }: Draft): Target | undefined {
  if (socket !== undefined) return { protocol: 'http', host: 'localhost', port: 80, socket };
  return port === undefined ? undefined : { protocol, host, port };
}

/** The plan of a draft; undefined as long as a part is missing. */
export function completePlan(draft: Draft): TunnelPlan | undefined {
  const { proxyUrl, code, manner, sendReply, offline, queue, share, maxAttempts } = draft;
  const target = targetOf(draft);
  if (proxyUrl === undefined || code === undefined || target === undefined) return undefined;
  return { proxyUrl, code, target, manner, sendReply, offline, queue, share, maxAttempts };
}

export function isSamePlan(a: TunnelPlan, b: TunnelPlan): boolean {
  return (
    a.proxyUrl === b.proxyUrl &&
    a.code === b.code &&
    a.target.protocol === b.target.protocol &&
    a.target.host === b.target.host &&
    a.target.port === b.target.port &&
    a.target.socket === b.target.socket &&
    isSameManner(a.manner, b.manner) &&
    a.sendReply === b.sendReply &&
    a.offline === b.offline &&
    isSameQueue(a.queue, b.queue) &&
    a.share === b.share &&
    a.maxAttempts === b.maxAttempts
  );
}

function isSameQueue(a: QueueManner, b: QueueManner): boolean {
  return (
    a.review === b.review &&
    a.parallel === b.parallel &&
    a.methods.join() === b.methods.join() &&
    a.refused === b.refused &&
    a.dedupeSeconds === b.dedupeSeconds
  );
}
