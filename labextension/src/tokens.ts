/**
 * What are our things called: pages, plugins, commands, tokens?
 */
import { PageConfig } from '@jupyterlab/coreutils';
import { Token } from '@lumino/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Member } from './api';
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
