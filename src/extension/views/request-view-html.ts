export interface PageParts {
  /** Addresses of the script and the style, as the webview may load them. */
  readonly script: string;
  readonly style: string;
  readonly cspSource: string;
  /** Fresh for each page. */
  readonly nonce: string;
  readonly language: string;
}

/**
 * The frame of the request view. Nothing of a request is ever part of it: the script puts that in
 * as text. What the policy does not name is forbidden, so that even a mistake there runs nothing
 * and calls nobody.
 */
export function requestViewHtml(parts: PageParts): string {
  const policy = [
    "default-src 'none'",
    `style-src ${parts.cspSource}`,
    `script-src 'nonce-${parts.nonce}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${attribute(parts.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Request</title>
<link rel="stylesheet" href="${attribute(parts.style)}">
</head>
<body>
<main id="root"></main>
<script nonce="${attribute(parts.nonce)}" src="${attribute(parts.script)}"></script>
</body>
</html>
`;
}

function attribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
}
