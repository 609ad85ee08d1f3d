import type { NetworkOptions } from '../../agent/index.ts';

/** The editor's own settings that say how the network is left. */
export interface EditorNetwork {
  /** False: extensions are to use no proxy of the network. */
  readonly allowed: boolean;
  /** `http.proxy`; undefined if it is empty. */
  readonly proxy: string | undefined;
  readonly noProxy: readonly string[];
  readonly strictTls: boolean;
}

/** Reads the editor's settings through `get`, which is given a key below `http.`. */
export function readEditorNetwork(get: (key: string) => unknown): EditorNetwork {
  const proxy = get('proxy');
  const noProxy = get('noProxy');
  return {
    allowed: get('proxySupport') !== 'off',
    proxy: typeof proxy === 'string' && proxy.trim() !== '' ? proxy.trim() : undefined,
    noProxy: Array.isArray(noProxy)
      ? noProxy.filter((entry): entry is string => typeof entry === 'string')
      : [],
    strictTls: get('proxyStrictSSL') !== false,
  };
}

/** The proxies that a tunnel uses: the editor's, else the environment's; each with its exceptions. */
export function networkOf(editor: EditorNetwork, environment: NetworkOptions): NetworkOptions {
  if (!editor.allowed) return {};
  const { proxy, noProxy, strictTls } = editor;
  return {
    httpProxy: proxy ?? environment.httpProxy,
    httpsProxy: proxy ?? environment.httpsProxy,
    noProxy: noProxy.length > 0 ? noProxy.join(',') : environment.noProxy,
    strictTls,
  };
}
