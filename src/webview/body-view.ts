import type { Side, ViewedBody } from '../shared/request-view.ts';
import { bodyKind, type BodyKind, decodeText } from './body-kind.ts';
import { h, iconButton } from './dom.ts';
import { sizeText } from '../shared/figures.ts';
import { fieldTable } from './field-table.ts';
import type { FormPart } from './forms.ts';
import { HEX_LIMIT, hexLines } from './hex.ts';
import { jsonView } from './json-view.ts';
import { visible, visibleLatin1 } from './visible.ts';

export interface BodyActions {
  readonly copy: () => void;
  readonly open: () => void;
}

type Bytes = ViewedBody & { kind: 'bytes' };

/** A way to look at a body. */
interface Mode {
  readonly label: string;
  readonly render: () => HTMLElement;
}

/** Text of a part of a form that is shown with it, in bytes. */
const PART_PREVIEW = 1024;

/** A body with its kind, size, ways to look at it, and what can be done with it. */
export function bodyView(
  body: ViewedBody | undefined,
  side: Side,
  actions: BodyActions,
): HTMLElement {
  if (body === undefined) return h('div', { class: 'body' });
  switch (body.kind) {
    case 'none':
      return note('No body');
    case 'pending':
      return note(body.size === 0 ? 'Not here yet' : `Arriving: ${sizeText(body.size)} so far`);
    case 'lost':
      return note(body.detail);
    case 'bytes':
      return bytesView(body, side, actions);
  }
}

function bytesView(body: Bytes, side: Side, actions: BodyActions): HTMLElement {
  const kind = bodyKind(body.bytes, body.contentType, body.cut);
  const modes = modesOf(kind, body);
  const content = h('div', { class: 'body-content' });
  const buttons = modes.map((mode) =>
    h(
      'button',
      {
        class: 'mode',
        attributes: { type: 'button' },
        onClick: () => {
          show(mode);
        },
      },
      mode.label,
    ),
  );
  const show = (mode: Mode | undefined): void => {
    for (const [at, button] of buttons.entries()) {
      button.setAttribute('aria-pressed', String(modes[at] === mode));
    }
    if (mode !== undefined) content.replaceChildren(mode.render());
  };
  show(modes[0]);
  const name = side === 'request' ? 'request body' : 'response body';
  return h(
    'div',
    { class: 'body' },
    h(
      'div',
      { class: 'toolbar' },
      h('span', { class: 'body-label' }, labelOf(kind, body)),
      h(
        'span',
        { class: 'actions' },
        modes.length < 2
          ? undefined
          : h(
              'span',
              { class: 'modes', role: 'group', attributes: { 'aria-label': 'Shown as' } },
              ...buttons,
            ),
        iconButton('copy', `Copy ${name}`, actions.copy),
        iconButton('open', `Open ${name} in editor`, actions.open),
      ),
    ),
    content,
    cutNote(body, actions),
  );
}

function modesOf(kind: BodyKind, body: Bytes): Mode[] {
  const hex: Mode = { label: 'Hex', render: () => hexView(body.bytes) };
  const raw = (text: string): Mode => ({ label: 'Raw', render: () => pre(visible(text)) });
  switch (kind.kind) {
    case 'json':
      return [{ label: 'Tree', render: () => jsonView(kind.json) }, raw(kind.text)];
    case 'form':
      return [
        {
          label: 'Fields',
          render: () =>
            fieldTable(kind.fields.map(({ name, value }) => [visible(name), visible(value)])),
        },
        raw(kind.text),
      ];
    case 'multipart': {
      const text = decodeText(body.bytes, '', body.cut);
      const parts: Mode = { label: 'Parts', render: () => partsView(kind.parts) };
      return [parts, text === undefined ? hex : raw(text)];
    }
    case 'image':
      return [{ label: 'Image', render: () => imageView(body.bytes, kind.mediaType) }, hex];
    case 'text':
      return [{ label: 'Text', render: () => pre(visible(kind.text)) }, hex];
    case 'binary':
      return [hex];
  }
}

function labelOf(kind: BodyKind, body: Bytes): string {
  const names = {
    json: 'JSON',
    form: 'Form',
    multipart: 'Multipart',
    image: 'Image',
    binary: 'Binary',
  };
  const name = kind.kind === 'text' ? kind.label : names[kind.kind];
  const coding = body.decoded === undefined ? '' : ` (${body.decoded})`;
  return `${name} · ${sizeText(body.size)}${coding}`;
}

/** Says what is missing, and where to see it. */
function cutNote(body: Bytes, actions: BodyActions): HTMLElement | undefined {
  const lost =
    body.kept < body.size
      ? `Only ${sizeText(body.kept)} of ${sizeText(body.size)} were kept. `
      : '';
  if (!body.cut) return lost === '' ? undefined : h('p', { class: 'faint' }, lost);
  return h(
    'p',
    { class: 'faint' },
    `${lost}Shown: the first ${sizeText(body.bytes.length)}. `,
    h(
      'button',
      { class: 'link', attributes: { type: 'button' }, onClick: actions.open },
      'Open in Editor',
    ),
  );
}

function partsView(parts: readonly FormPart[]): HTMLElement {
  return h('ul', { class: 'parts' }, ...parts.map(partView));
}

function partView(part: FormPart): HTMLElement {
  const file = part.fileName === undefined ? [] : [visibleLatin1(part.fileName)];
  const type = part.contentType === '' ? [] : [visibleLatin1(part.contentType)];
  const size = `${sizeText(part.bytes.length)}${part.complete ? '' : ' so far'}`;
  const text =
    part.bytes.length > PART_PREVIEW ? undefined : decodeText(part.bytes, part.contentType, false);
  return h(
    'li',
    {},
    h('div', { class: 'part-name' }, visibleLatin1(part.name ?? '(no name)')),
    h('div', { class: 'faint' }, [...file, ...type, size].join(' · ')),
    text === undefined || text === '' ? undefined : pre(visible(text)),
  );
}

function imageView(bytes: Uint8Array, mediaType: string): HTMLElement {
  const image = h('img', {
    class: 'image',
    attributes: { alt: `${mediaType}, ${sizeText(bytes.length)}` },
  });
  image.src = `data:${mediaType};base64,${base64(bytes)}`;
  return h('div', { class: 'image-frame' }, image);
}

function base64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  }
  return btoa(pieces.join(''));
}

function hexView(bytes: Uint8Array): HTMLElement {
  const rest = bytes.length - HEX_LIMIT;
  return h(
    'div',
    {},
    pre(hexLines(bytes), 'hex'),
    rest > 0 ? h('p', { class: 'faint' }, `${sizeText(rest)} more`) : undefined,
  );
}

function pre(text: string, extra = 'wrap'): HTMLElement {
  return h('pre', { class: extra, attributes: { tabindex: '0' } }, text);
}

function note(text: string): HTMLElement {
  return h('p', { class: 'faint' }, text);
}
