/** The environment variable that carries a suite's parameters into the extension host. */
export const PARAMETERS = 'CARONTE_TEST_PARAMETERS';

/** What the outer process gave the suite, such as ports. */
export function testParameters(): unknown {
  const json = process.env[PARAMETERS];
  if (json === undefined) throw new Error('This suite runs by describeInHost only');
  return JSON.parse(json);
}
