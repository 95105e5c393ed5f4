/**
 * What are our things called: pages, plugins, commands, tokens?
 */
import { PageConfig } from '@jupyterlab/coreutils';
import { Token } from '@lumino/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Member } from './api';
import type { DocumentLink } from './documentlink';
import type { RoomModel } from './model';

/** Which of our pages this is; the empty string is JupyterLab's own page. */
export type Page = 'desk' | 'room' | 'replay' | '';

/** Prefix of every plugin id. */
export const PLUGIN = 'jupyter-interview';

/** Domain of the translation bundle. */
export const DOMAIN = 'jupyter_interview';

/** Ids of the commands. */
export namespace CommandIDs {
  export const create = 'jupyter-interview:new';
  export const past = 'jupyter-interview:past';
  export const copyLink = 'jupyter-interview:copy-link';
  export const end = 'jupyter-interview:end';
  export const runAll = 'jupyter-interview:run-all';
  export const toggleSide = 'jupyter-interview:toggle-side';
}

/** Ids of the widgets. */
export namespace WidgetIDs {
  export const past = 'jupyter-interview-past';
  export const bar = 'jupyter-interview-bar';
  export const banner = 'jupyter-interview-banner';
  export const side = 'jupyter-interview-side';
  export const people = 'jupyter-interview-people';
  export const chat = 'jupyter-interview-chat';
  export const replay = 'jupyter-interview-replay';
}

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
  return page === 'desk' || page === 'room' || page === 'replay' ? page : '';
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
