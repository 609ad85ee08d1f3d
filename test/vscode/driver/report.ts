/** What the driver leaves for the process that started VS Code. */
export interface InHostReport {
  readonly tests: readonly InHostTest[];
  /** Why the suite could not be run at all. */
  readonly fatal?: InHostError;
}

export interface InHostTest {
  /** The titles of the suites around it, from the outside in. */
  readonly suites: readonly string[];
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'pending';
  /** Milliseconds. */
  readonly duration: number;
  readonly error?: InHostError;
}

export interface InHostError {
  readonly message: string;
  readonly stack: string;
  /** For the picture of the difference; only if both are there. */
  readonly actual?: string;
  readonly expected?: string;
}

/** What the driver is told, by the file `driver.json` in its folder. */
export interface DriverOptions {
  /** Mocha's CommonJS module. */
  readonly mocha: string;
  /** Where to write the report. */
  readonly report: string;
  /** Milliseconds per test. */
  readonly timeout: number;
}
