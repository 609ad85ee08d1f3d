type Child = Node | string | undefined;

export interface Properties {
  readonly class?: string;
  readonly id?: string;
  readonly title?: string;
  readonly role?: string;
  readonly hidden?: boolean;
  /** Attributes by name: `aria-…`, `tabindex` and the like. Never those that run or load. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: () => void;
}

/** Makes an element. Text becomes text nodes: nothing of a request is ever read as markup. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (properties.class !== undefined) element.className = properties.class;
  if (properties.id !== undefined) element.id = properties.id;
  if (properties.title !== undefined) element.title = properties.title;
  if (properties.role !== undefined) element.setAttribute('role', properties.role);
  if (properties.hidden === true) element.hidden = true;
  for (const [name, value] of Object.entries(properties.attributes ?? {})) {
    element.setAttribute(name, value);
  }
  const { onClick } = properties;
  if (onClick !== undefined) element.addEventListener('click', onClick);
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
}

/** Outlines of 16 by 16, drawn with lines of one unit, in the manner of the editor's own icons. */
const ICONS = {
  copy: 'M5.5 3.5h7v9h-7zM3.5 5.5v9h7',
  open: 'M9.5 2.5h4v4M13.5 2.5l-6 6M6.5 3.5h-3v9h9v-3',
  pass: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13M5 8.3l2.1 2.1L11.2 6',
  problem: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13M8 4.5v4.5M8 10.6v1.2',
  pending: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13M8 4.5v3.7l2.4 1.6',
  stopped: 'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13M3.5 3.5l9 9',
} as const;

export type Icon = keyof typeof ICONS;

export function icon(name: Icon): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that is an icon, and says what it does to those who hover or hear it. */
export function iconButton(name: Icon, label: string, onClick: () => void): HTMLButtonElement {
  return h(
    'button',
    {
      class: 'icon-button',
      title: label,
      attributes: { type: 'button', 'aria-label': label },
      onClick,
    },
    icon(name),
  );
}
