import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import {
  isCode as isCodeOnTheWire,
  MAX_DEDUPE,
  MAX_PARALLEL,
  OFFLINE,
  QUEUE_DEFAULTS,
  REFUSED,
  SHARES,
} from 'caronte-proxy/protocol';
import { COMMAND, CONTEXT, HOSTING_GUIDE, ROW, VIEW } from '../../../src/extension/ids.ts';
import { isCode } from '../../../src/extension/settings/code.ts';
import {
  BOUNDS,
  CHOICES,
  DEFAULTS,
  MAX_METHODS,
  RESTRICTED,
  SECTION,
  SETTING,
} from '../../../src/extension/settings/schema.ts';

const ROOT = new URL('../../../', import.meta.url);

interface Setting {
  readonly type: string | string[];
  readonly default: unknown;
  readonly scope?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly enumDescriptions?: readonly string[];
  readonly maxItems?: number;
  readonly description?: string;
  readonly markdownDescription?: string;
}

interface Manifest {
  readonly activationEvents: string[];
  readonly extensionKind: string[];
  readonly icon: string;
  readonly capabilities: {
    untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] };
  };
  readonly contributes: {
    commands: { command: string; title: string; category: string; icon?: string }[];
    views: Record<string, { id: string; icon: string }[]>;
    viewsContainers: { activitybar: { id: string; icon: string }[] };
    viewsWelcome: { view: string; contents: string; when?: string }[];
    menus: Record<string, { command: string; when?: string; group?: string }[]>;
    configuration: { properties: Record<string, Setting> };
  };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8'));
}

describe('the manifest', () => {
  const text = readFileSync(new URL('package.json', ROOT), 'utf8');
  const manifest = readJson('package.json') as Manifest;
  const titles = readJson('package.nls.json') as Record<string, string>;
  const { contributes } = manifest;
  const commands = new Set<string>(Object.values(COMMAND));

  it('packs the hosting guide under the very name that its command opens', () => {
    const packed = readFileSync(new URL('.vscodeignore', ROOT), 'utf8').split('\n');
    assert.ok(packed.includes(`!${HOSTING_GUIDE}`));
    assert.ok(existsSync(new URL(HOSTING_GUIDE, ROOT)));
  });

  it('has exactly the commands of the table', () => {
    const declared = contributes.commands.map(({ command }) => command);
    assert.deepEqual([...declared].sort(), [...commands].sort());
  });

  it('gives each command a title, the category, and an icon where a menu shows it inline', () => {
    for (const { title, category } of contributes.commands) {
      assert.equal(category, 'Caronte');
      assert.match(title, /^%command\.\w+%$/);
    }
    const icons = new Map(contributes.commands.map(({ command, icon }) => [command, icon]));
    for (const item of Object.values(contributes.menus).flat()) {
      if (!/^(?:inline|navigation)/.test(item.group ?? '')) continue;
      assert.match(icons.get(item.command) ?? '', /^\$\([a-z-]+\)$/, item.command);
    }
  });

  it('names no command in menus and welcome texts that is not in the table', () => {
    const named = [
      ...Object.values(contributes.menus)
        .flat()
        .map(({ command }) => command),
      ...[
        ...Object.values(titles)
          .join('\n')
          .matchAll(/command:([\w.]+)/g),
      ].map(([, id = '']) => id),
    ];
    for (const id of named) assert.ok(commands.has(id), id);
  });

  it('has exactly the views of the table, in the container of the table', () => {
    assert.deepEqual(
      contributes.viewsContainers.activitybar.map(({ id }) => id),
      [VIEW.container],
    );
    assert.deepEqual(
      contributes.views[VIEW.container]?.map(({ id }) => id),
      [VIEW.tunnels, VIEW.requests, VIEW.request],
    );
    for (const { view } of contributes.viewsWelcome) {
      assert.ok((Object.values(VIEW) as string[]).includes(view), view);
    }
  });

  it('uses no context key and no kind of row that is not in the tables', () => {
    const known = new Set<string>([
      ...Object.values(CONTEXT),
      ...Object.values(VIEW),
      ...commands,
      ...Object.keys(contributes.configuration.properties),
    ]);
    const clauses = [...text.matchAll(/"(?:when|enablement)": "([^"]*)"/g)].map(
      ([, clause = '']) => clause,
    );
    assert.ok(clauses.length > 10);
    const rows = new Set<string>(Object.values(ROW));
    for (const clause of clauses) {
      for (const [name] of clause.matchAll(/caronte[.\w]+/g)) assert.ok(known.has(name), name);
      for (const [, row = ''] of clause.matchAll(/viewItem (?:==|=~ \/) ?(\w+)/g)) {
        assert.ok(rows.has(row), row);
      }
    }
    for (const key of Object.values(CONTEXT)) {
      assert.ok(
        clauses.some((clause) => clause.includes(key)),
        `${key} is used nowhere`,
      );
    }
  });

  it('has exactly the settings of the table, with its defaults and bounds', () => {
    const { properties } = contributes.configuration;
    const keys = Object.values(SETTING).map((key) => `${SECTION}.${key}`);
    assert.deepEqual(Object.keys(properties).sort(), keys.sort());
    const of = (key: string): Setting => {
      const setting = properties[`${SECTION}.${key}`];
      assert.ok(setting !== undefined, key);
      return setting;
    };
    assert.equal(of(SETTING.targetHost).default, DEFAULTS.targetHost);
    assert.equal(of(SETTING.targetProtocol).default, DEFAULTS.targetProtocol);
    assert.equal(of(SETTING.targetHostHeader).default, DEFAULTS.targetHostHeader);
    assert.equal(of(SETTING.targetInsecure).default, DEFAULTS.targetInsecure);
    assert.equal(of(SETTING.targetRewritePaths).default, DEFAULTS.targetRewritePaths);
    assert.equal(of(SETTING.sendReply).default, DEFAULTS.sendReply);
    assert.equal(of(SETTING.whenOffline).default, DEFAULTS.whenOffline);
    assert.equal(of(SETTING.queueReview).default, DEFAULTS.queueReview);
    assert.equal(of(SETTING.queueParallel).default, DEFAULTS.queueParallel);
    assert.deepEqual(of(SETTING.queueMethods).default, DEFAULTS.queueMethods);
    assert.equal(of(SETTING.queueMethods).maxItems, MAX_METHODS);
    assert.equal(of(SETTING.queueOnRefused).default, DEFAULTS.queueOnRefused);
    assert.equal(of(SETTING.queueDedupeSeconds).default, DEFAULTS.queueDedupeSeconds);
    assert.equal(of(SETTING.share).default, DEFAULTS.share);
    assert.equal(of(SETTING.autoStart).default, DEFAULTS.autoStart);
    assert.equal(of(SETTING.maxAttempts).default, DEFAULTS.maxAttempts);
    assert.equal(of(SETTING.historyLimit).default, DEFAULTS.historyLimit);
    assert.equal(of(SETTING.historyMaxBytes).default, DEFAULTS.historyMaxBytes);
    const bounds = {
      [SETTING.targetPort]: BOUNDS.port,
      [SETTING.maxAttempts]: BOUNDS.maxAttempts,
      [SETTING.queueParallel]: BOUNDS.queueParallel,
      [SETTING.queueDedupeSeconds]: BOUNDS.queueDedupeSeconds,
      [SETTING.historyLimit]: BOUNDS.historyLimit,
      [SETTING.historyMaxBytes]: BOUNDS.historyMaxBytes,
    };
    for (const [key, { min, max }] of Object.entries(bounds)) {
      assert.deepEqual([of(key).minimum, of(key).maximum], [min, max], key);
    }
    for (const [name, choices] of Object.entries(CHOICES)) {
      const setting = of(SETTING[name as keyof typeof CHOICES]);
      assert.deepEqual(setting.enum, choices, name);
      const described = setting.enumDescriptions?.length ?? choices.length;
      assert.equal(described, choices.length, name);
    }
  });

  it('has the choices, bounds and defaults of the engine', () => {
    assert.deepEqual(CHOICES.share, SHARES);
    assert.deepEqual(CHOICES.whenOffline, OFFLINE);
    assert.deepEqual(CHOICES.queueOnRefused, REFUSED);
    assert.equal(BOUNDS.queueParallel.max, MAX_PARALLEL);
    assert.equal(BOUNDS.queueDedupeSeconds.max, MAX_DEDUPE);
    assert.deepEqual(QUEUE_DEFAULTS, {
      methods: DEFAULTS.queueMethods,
      parallel: DEFAULTS.queueParallel,
      perSecond: 0,
      refused: DEFAULTS.queueOnRefused,
      dedupeSeconds: DEFAULTS.queueDedupeSeconds,
      paused: DEFAULTS.queueReview,
    });
  });

  it('says of each setting in one sentence what it is for, and where it may be set', () => {
    for (const [key, setting] of Object.entries(contributes.configuration.properties)) {
      const name = setting.description ?? setting.markdownDescription ?? '';
      const sentence = titles[name.replaceAll('%', '')] ?? '';
      assert.match(sentence, /^[A-Z].*\.$/, key);
      assert.doesNotMatch(sentence, /\. [A-Z]/, key);
      assert.equal(setting.scope, 'window', key);
    }
  });

  it('restricts what decides where traffic goes in folders that are not trusted', () => {
    const { untrustedWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    assert.deepEqual(
      untrustedWorkspaces.restrictedConfigurations,
      RESTRICTED.map((key) => `${SECTION}.${key}`),
    );
  });

  it('runs where the service runs', () => {
    assert.deepEqual(manifest.extensionKind, ['workspace']);
  });

  it('has a text for each placeholder, and no text without one', () => {
    const placeholders = new Set([...text.matchAll(/"%([\w.]+)%"/g)].map(([, name = '']) => name));
    assert.deepEqual([...placeholders].sort(), Object.keys(titles).sort());
  });

  it('names pictures that exist', () => {
    const paths = [
      manifest.icon,
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
      ...Object.values(contributes.views)
        .flat()
        .map(({ icon }) => icon),
    ];
    for (const path of paths) assert.ok(existsSync(new URL(path, ROOT)), path);
  });

  it('takes the same codes as the protocol', () => {
    const pattern = new RegExp(
      contributes.configuration.properties['caronte.code']?.pattern ?? '(?!)',
    );
    const codes = ['a', 'A-b_9', '-a', 'a-', 'ä', 'a b', 'a/b', 'x'.repeat(63), 'x'.repeat(64)];
    for (const code of codes) {
      assert.equal(isCode(code), isCodeOnTheWire(code), code);
      assert.equal(pattern.test(code), isCodeOnTheWire(code), code);
    }
  });
});
