import type { Logger } from '../base/logger.ts';
import type { Settings } from '../settings/read.ts';
import type { LocalProxy } from '../proxy/local-proxy.ts';
import type { EchoTarget } from './echo-target.ts';
import { completePlan, type Draft, draftPlan, isSamePlan, type StartOptions } from './plan.ts';
import { isRunning, planOf, type TunnelState } from './state.ts';
import { RESTART_GRACE_MS, type Tunnel } from './tunnel.ts';

/** The secrets of proxies, by address; a proxy's origin is what counts. */
export interface Secrets {
  get(proxyUrl: string): Promise<string | undefined>;
  set(proxyUrl: string, secret: string): Promise<void>;
}

/** What the user is asked, and has answered so far. */
export interface SetupState {
  readonly draft: Draft;
  /** Typed just now; undefined if one is stored, or none is needed. */
  readonly secret: string | undefined;
  readonly useLocalProxy: boolean;
  readonly useEcho: boolean;
}

/** Answers that are worth keeping in settings. */
export interface Answers {
  readonly proxyUrl?: string;
  readonly code?: string;
  readonly port?: number;
}

export interface LauncherParts {
  readonly readSettings: () => Settings;
  readonly secrets: Secrets;
  readonly localProxy: LocalProxy;
  readonly echo: EchoTarget;
  readonly tunnel: Tunnel;
  /** Asks for what the state lacks. Undefined if the user gives up. */
  readonly ask: (state: SetupState) => Promise<SetupState | undefined>;
  readonly suggestCode: () => string;
  /** Writes settings. Resolves with false where settings of the folder would not count. */
  readonly save: (answers: Answers) => Promise<boolean>;
  /** The settings lead to a proxy whose secret is not known. */
  readonly onSecretMissing: (proxyUrl: string) => void;
  /** A running tunnel is about to start anew, since the settings have changed. */
  readonly onRestart: () => void;
  readonly log: Logger;
}

export type StartMode =
  /** Asks for what is missing. */
  | 'ask'
  /** Asks nothing: starts if all is known. */
  | 'quiet'
  /** Uses the local proxy, and asks for no more than the port. */
  | 'try';

/** Brings together what a tunnel needs (options, settings, answers, secret), and starts it. */
export class Launcher {
  readonly #parts: LauncherParts;
  /** What the present run has from elsewhere than the settings. */
  #overrides: StartOptions = {};
  #asking: Promise<TunnelState | undefined> | undefined;
  /** Takes over the settings that changed during a start, once that has ended. */
  #recheck: Promise<void> | undefined;
  /** Grows with each start, stop and change of settings: what belongs to an earlier one is over. */
  #turn = 0;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  /** What the latest start had from elsewhere than the settings. */
  get overrides(): StartOptions {
    return this.#overrides;
  }

  /** Resolves with the state after the first try to connect; undefined if nothing was started. */
  async start(options: StartOptions, mode: StartMode): Promise<TunnelState | undefined> {
    // One sequence of questions at a time: a second start joins the first.
    if (this.#asking !== undefined) return this.#asking;
    const asking = this.#start(options, mode, ++this.#turn).finally(() => {
      if (this.#asking === asking) this.#asking = undefined;
    });
    this.#asking = asking;
    return asking;
  }

  /** Starts anew with the settings of now. Undefined if there is nothing to restart. */
  async restart(takeover = false): Promise<TunnelState | undefined> {
    const { tunnel } = this.#parts;
    if (tunnel.launch === undefined) return undefined;
    return this.start({ ...this.#overrides, takeover }, 'ask');
  }

  /**
   * To be called after any setting has changed: starts anew what runs, or failed, otherwise. While
   * a start is under way, which may have read the settings already, it waits for its end.
   */
  async onSettingsChanged(): Promise<void> {
    if (this.#asking === undefined) return this.#takeSettings();
    const again = (): Promise<void> => {
      this.#recheck = undefined;
      return this.onSettingsChanged();
    };
    this.#recheck ??= this.#asking.then(again, again);
    return this.#recheck;
  }

  async #takeSettings(): Promise<void> {
    const { tunnel, readSettings, log } = this.#parts;
    const turn = ++this.#turn;
    const before = planOf(tunnel.state);
    const isUp = isRunning(tunnel.state) || tunnel.state.kind === 'trouble';
    if (before === undefined || !isUp) return;
    const plan = completePlan(draftPlan(readSettings(), this.#overrides));
    if (plan === undefined) {
      log.warn('The settings do not say all that a tunnel needs; it goes on as it was.');
      return;
    }
    if (isSamePlan(before, plan)) return;
    const secret = await this.#secretFor(plan.proxyUrl);
    if (turn !== this.#turn) return;
    if (secret === undefined) {
      log.warn(`The secret of ${plan.proxyUrl} is not known; the tunnel goes on as it was.`);
      this.#parts.onSecretMissing(plan.proxyUrl);
      return;
    }
    log.info('Settings have changed: the tunnel restarts.');
    this.#parts.onRestart();
    await tunnel.start({ plan, secret, takeover: false });
  }

  /** Ends the tunnel, and a start that is under way: what is answered then starts nothing. */
  async stop(graceMs?: number): Promise<void> {
    this.#turn++;
    this.#asking = undefined;
    await this.#parts.tunnel.stop(graceMs);
    this.#parts.echo.dispose();
  }

  async #start(
    options: StartOptions,
    mode: StartMode,
    turn: number,
  ): Promise<TunnelState | undefined> {
    const { readSettings, log, tunnel } = this.#parts;
    const initial = this.#initialState(draftPlan(readSettings(), options), mode);
    const answered = mode === 'quiet' ? initial : await this.#parts.ask(initial);
    if (answered === undefined || turn !== this.#turn) return undefined;
    const draft = await this.#serve(answered);
    if (turn !== this.#turn) {
      // It may have come up after the stop that was to end it.
      if (this.#asking === undefined && tunnel.state.kind === 'off') this.#parts.echo.dispose();
      return undefined;
    }
    const plan = draft === undefined ? undefined : completePlan(draft);
    if (plan === undefined) {
      log.info('The tunnel does not start: the settings do not say all that it needs.');
      return undefined;
    }
    if (answered.secret !== undefined) {
      await this.#parts.secrets.set(plan.proxyUrl, answered.secret);
    }
    const secret = await this.#secretFor(plan.proxyUrl);
    if (turn !== this.#turn) return undefined;
    if (secret === undefined) {
      log.info(`The tunnel does not start: the secret of ${plan.proxyUrl} is not known.`);
      return undefined;
    }
    const { proxyUrl, target } = plan;
    const overrides = await this.#keep(options, initial, answered, proxyUrl, target.port);
    if (turn !== this.#turn) return undefined;
    this.#overrides = overrides;
    if (tunnel.state.kind !== 'off') await tunnel.stop(RESTART_GRACE_MS);
    if (turn !== this.#turn) return undefined;
    return tunnel.start({ plan, secret, takeover: options.takeover === true });
  }

  #initialState(draft: Draft, mode: StartMode): SetupState {
    const { localProxy, suggestCode } = this.#parts;
    const running = localProxy.state.kind === 'running' ? localProxy.state.url : undefined;
    if (mode !== 'try') {
      const proxyUrl = draft.proxyUrl ?? running;
      return {
        draft: { ...draft, proxyUrl },
        secret: undefined,
        useLocalProxy: false,
        useEcho: false,
      };
    }
    return {
      draft: { ...draft, proxyUrl: running, code: draft.code ?? suggestCode() },
      secret: undefined,
      useLocalProxy: running === undefined,
      useEcho: false,
    };
  }

  /** Starts what the user chose to have started, and puts its address into the draft. */
  async #serve(state: SetupState): Promise<Draft | undefined> {
    const { localProxy, echo } = this.#parts;
    let { draft } = state;
    if (state.useLocalProxy) {
      const proxy = await localProxy.start();
      if (proxy.kind !== 'running') return undefined;
      draft = { ...draft, proxyUrl: proxy.url };
    }
    if (!state.useEcho) return draft;
    const port = await echo.start();
    return { ...draft, protocol: 'http', host: '127.0.0.1', port, socket: undefined };
  }

  /** Saves what the user typed. What is not in the settings then is an override of this run. */
  async #keep(
    options: StartOptions,
    initial: SetupState,
    answered: SetupState,
    proxyUrl: string,
    port: number,
  ): Promise<StartOptions> {
    const { draft } = answered;
    const answers: Answers = {
      ...(initial.draft.proxyUrl === undefined && draft.proxyUrl !== undefined
        ? { proxyUrl: draft.proxyUrl }
        : {}),
      ...(initial.draft.code === undefined && draft.code !== undefined ? { code: draft.code } : {}),
      ...(initial.draft.port === undefined && draft.port !== undefined ? { port: draft.port } : {}),
    };
    const saved = Object.keys(answers).length > 0 && (await this.#parts.save(answers));
    const settings = this.#parts.readSettings();
    return {
      ...options,
      ...(saved ? {} : answers),
      ...(settings.proxyUrl === proxyUrl ? {} : { proxyUrl }),
      ...(draft.code === undefined || settings.code === draft.code ? {} : { code: draft.code }),
      ...(answered.useEcho ? { port, host: '127.0.0.1', protocol: 'http' as const } : {}),
    };
  }

  async #secretFor(proxyUrl: string): Promise<string | undefined> {
    return this.#parts.localProxy.secretFor(proxyUrl) ?? (await this.#parts.secrets.get(proxyUrl));
  }
}
