/** One line about whatever was thrown. For people and logs; nothing decides by it. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
