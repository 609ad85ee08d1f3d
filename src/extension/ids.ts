/** Every command, by a short name. A test compares the table with the manifest. */
export const COMMAND = {
  startTunnel: 'caronte.startTunnel',
  stopTunnel: 'caronte.stopTunnel',
  restartTunnel: 'caronte.restartTunnel',
  copyPublicUrl: 'caronte.copyPublicUrl',
  setSecret: 'caronte.setSecret',
  showLog: 'caronte.showLog',
  clearRequests: 'caronte.clearRequests',
  startLocalProxy: 'caronte.startLocalProxy',
  stopLocalProxy: 'caronte.stopLocalProxy',
  sendSample: 'caronte.sendSample',
  tryLocally: 'caronte.tryLocally',
  showRequests: 'caronte.showRequests',
  openSettings: 'caronte.openSettings',
  openHostingGuide: 'caronte.openHostingGuide',
  showActions: 'caronte.showActions',
  openRequest: 'caronte.openRequest',
  openRequestBody: 'caronte.openRequestBody',
  openResponseBody: 'caronte.openResponseBody',
  copyRequestUrl: 'caronte.copyRequestUrl',
  copyRequestBody: 'caronte.copyRequestBody',
  copyResponseBody: 'caronte.copyResponseBody',
  showMoreRequests: 'caronte.showMoreRequests',
  showQueue: 'caronte.showQueue',
  reviewQueue: 'caronte.reviewQueue',
  pauseDeliveries: 'caronte.pauseDeliveries',
  resumeDeliveries: 'caronte.resumeDeliveries',
  deliverQueued: 'caronte.deliverQueued',
  discardQueued: 'caronte.discardQueued',
  showQueued: 'caronte.showQueued',
  openQueuedBody: 'caronte.openQueuedBody',
  deliverAllQueued: 'caronte.deliverAllQueued',
  discardAllQueued: 'caronte.discardAllQueued',
  showMoreQueued: 'caronte.showMoreQueued',
} as const;

export type CommandId = (typeof COMMAND)[keyof typeof COMMAND];

/** Context keys of `when` and `enablement` clauses. Unset, which is false, until activation. */
export const CONTEXT = {
  /** A tunnel is up or on its way: anything but off, stopping and stopped by a trouble. */
  running: 'caronte.running',
  /** The tunnel has a public address. */
  reachable: 'caronte.reachable',
  /** There is something to stop or to restart: running, or stopped by a trouble. */
  started: 'caronte.started',
  /** The local proxy runs or is about to. */
  localProxy: 'caronte.localProxy',
  hasRequests: 'caronte.hasRequests',
  /** The tunnel is up, and its proxy keeps a queue for it. */
  queue: 'caronte.queue',
  /** Its deliveries wait. */
  queuePaused: 'caronte.queuePaused',
} as const;

export type ContextKey = (typeof CONTEXT)[keyof typeof CONTEXT];

export const VIEW = {
  container: 'caronte',
  tunnels: 'caronte.tunnels',
  requests: 'caronte.requests',
  request: 'caronte.request',
} as const;

/** The status bar's item. */
export const STATUS_ITEM = 'caronte.status';

/** The guide to a proxy of one's own, under the name that it has in the package. */
export const HOSTING_GUIDE = 'docs/hosting.md';

/** Scheme under which bodies are opened as documents. */
export const BODY_SCHEME = 'caronte';

/** The same for requests that the proxy keeps, and their bodies. */
export const QUEUED_SCHEME = 'caronte-queue';

/** `viewItem` of rows; a row may have several, divided by spaces and enclosed in them. */
export const ROW = {
  tunnel: 'tunnel',
  publicUrl: 'publicUrl',
  localProxy: 'localProxy',
  exchange: 'exchange',
  requestBody: 'requestBody',
  responseBody: 'responseBody',
  queueWaiting: 'queueWaiting',
  queueDead: 'queueDead',
  queued: 'queued',
  /** Not being delivered at the moment. */
  queuedFree: 'queuedFree',
  queuedBody: 'queuedBody',
} as const;
