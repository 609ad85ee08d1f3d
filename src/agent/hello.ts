import {
  FORWARD_PREFIX,
  type HelloAnswer,
  type HelloRequest,
  PROTOCOL_VERSION,
} from 'caronte-proxy/protocol';
import { AGENT_DEFAULTS, type AgentOptions } from './options.ts';

/** What may be different in each hello of an agent. */
export interface HelloNews {
  readonly takeover: boolean;
  /** Whether deliveries from the queue wait for a person's word. */
  readonly paused: boolean;
}

/** What an agent says of itself. `instance` is made anew for each agent. */
export function helloOf(
  options: AgentOptions,
  instance: string,
  { takeover, paused }: HelloNews,
): HelloRequest {
  const { offline = AGENT_DEFAULTS.offline, queue } = options;
  return {
    protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
    software: options.software,
    instance,
    installation: options.installation,
    code: options.code,
    takeover,
    policy: {
      reply: options.sendReply ? 'wait' : 'accept',
      share: options.share,
      offline,
      queue: { ...AGENT_DEFAULTS.queue, ...queue, paused },
    },
  };
}

/** Addresses for callers, best first. */
export function publicUrls(
  answer: HelloAnswer,
  { proxyUrl, code }: AgentOptions,
): readonly [string, ...string[]] {
  const [first, ...more] = answer.publicUrls;
  if (first !== undefined) return [first, ...more];
  // The proxy does not know how it is reached from outside; the agent knows one way at least.
  return [`${proxyUrl.replace(/\/+$/, '')}${FORWARD_PREFIX}${code}/`];
}

/** How long polls are to wait, in whole seconds: the proxy's most, or five sixths of the agent's patience. */
export function waitFor(answer: HelloAnswer, { pollTimeoutMs }: AgentOptions): number {
  return Math.max(1, Math.min(Math.floor((pollTimeoutMs * 5) / 6 / 1000), answer.maxWaitSeconds));
}
