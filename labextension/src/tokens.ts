/**
 * What are our things called: pages, plugins, commands, tokens?
 */
import { PageConfig } from '@jupyterlab/coreutils';
import { Token } from '@lumino/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Member } from './api';
import type { Attention } from './attention';
import type { DocumentLink } from './documentlink';
import type { RoomModel } from './model';

/** Which of our pages in JupyterLab this is; the empty string is JupyterLab's own page. */
export type Page = 'desk' | 'room' | '';

/** Prefix of every plugin id. */
export const PLUGIN = 'jupyter-interview';

/** Domain of the translation bundle. */
export const DOMAIN = 'jupyter_interview';

/** Ids of the commands. */
export const CommandIDs = {
  create: 'jupyter-interview:new',
  past: 'jupyter-interview:past',
  copyLink: 'jupyter-interview:copy-link',
  end: 'jupyter-interview:end',
  runAll: 'jupyter-interview:run-all',
  toggleSide: 'jupyter-interview:toggle-side'
} as const;

/** Ids of the widgets. */
export const WidgetIDs = {
  past: 'jupyter-interview-past',
  bar: 'jupyter-interview-bar',
  banner: 'jupyter-interview-banner',
  runs: 'jupyter-interview-runs',
  side: 'jupyter-interview-side',
  people: 'jupyter-interview-people',
  chat: 'jupyter-interview-chat',
  recorded: 'jupyter-interview-recorded',
  ended: 'jupyter-interview-ended'
} as const;

/** The room that this page shows; provided on the room page only. */
export const IRoomModel = new Token<RoomModel>(
  'jupyter-interview:IRoomModel',
  'The interview room of this page: its members, chat and connection.'
);

/** The connection of the shared notebook; provided on the room page only. */
export const IDocumentLink = new Token<DocumentLink>(
  'jupyter-interview:IDocumentLink',
  'The connection of the shared notebook of this page.'
);

/** What this member has not seen; provided on the room page only. */
export const IAttention = new Token<Attention>(
  'jupyter-interview:IAttention',
  'What happened in the interview of this page while it was out of sight.'
);

/** The texts of the interface. */
export type Translations = TranslationBundle;

/** The page that the server made. */
export function currentPage(): Page {
  const page = PageConfig.getOption('interviewPage');
  return page === 'desk' || page === 'room' ? page : '';
}

/** Id of the room of this page; empty where there is none. */
export function currentRoom(): string {
  return PageConfig.getOption('interviewRoom');
}

/** The member whose browser this is, as the server said; `null` where there is no room. */
export function currentMember(): Member | null {
  const text = PageConfig.getOption('interviewMember');
  return text ? (JSON.parse(text) as Member) : null;
}

/** The absolute link that is shared with others. */
export function shareLink(path: string = PageConfig.getOption('interviewShare')): string {
  return new URL(path, window.location.href).href;
}

/** Whether only the machine itself can open an address. */
export function isLocal(link: string): boolean {
  const { hostname } = new URL(link, window.location.href);
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** The address by which an interviewer enters the room of a link: where they are logged in, which leads on to the room. */
export function entrance(link: string): string {
  const { pathname } = new URL(link, window.location.href);
  return new URL(pathname, PageConfig.getOption('interviewHome') || window.location.href).href;
}

/** Where the scripts of isolated frames are; the base URL of a room's pages is one step below `interview/`. */
export function isolatedFolder(): URL {
  const prefix = new URL(PageConfig.getBaseUrl(), window.location.href);
  return new URL('../static/isolated/', prefix);
}
