/**
 * Takes the place of `@vscode/native-watchdog`, whose native half is not built for the tests. It ends
 * an extension host whose server is gone; here whoever ends the server ends the whole process group.
 */
exports.start = () => {};
exports.exit = (code) => process.exit(code ?? 0);
