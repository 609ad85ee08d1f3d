/** The themes that a picture of the product should be looked at in. */
export const THEMES = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  highContrast: 'Default High Contrast',
  highContrastLight: 'Default High Contrast Light',
} as const;

export type Theme = keyof typeof THEMES;

/** Settings by their full names, as in `settings.json`. */
export type Settings = Readonly<Record<string, unknown>>;

/** Nothing opens, asks, animates or calls home by itself: what is seen is the test's doing. */
const QUIET: Settings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'npm.autoDetect': 'off',
  'remote.autoForwardPorts': false,
  'security.workspace.trust.banner': 'never',
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.showReleaseNotes': false,
  'window.autoDetectColorScheme': false,
  'window.autoDetectHighContrast': false,
  'window.commandCenter': false,
  'workbench.editor.languageDetection': false,
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.layoutControl.enabled': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
};

/** The user settings of a test: quiet ones, the theme, then what the test itself asks for. */
export function userSettings(theme: Theme, settings: Settings): Settings {
  return { ...QUIET, 'workbench.colorTheme': THEMES[theme], ...settings };
}
