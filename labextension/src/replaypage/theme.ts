/**
 * Is the page light or dark? As the reader's system is, in which the style sheet follows by itself.
 */
import type { IThemeManager } from '@jupyterlab/apputils';
import { type ISignal, Signal } from '@lumino/signaling';

const LIGHT = 'JupyterLab Light';
const DARK = 'JupyterLab Dark';

/** Tells widgets of JupyterLab what its theme manager would: the page's body has the same marks. */
export class SystemTheme implements Pick<IThemeManager, 'theme' | 'isLight'> {
  constructor() {
    this.dark.addEventListener('change', () => this.apply());
    this.apply();
  }

  get theme(): string {
    return this.dark.matches ? DARK : LIGHT;
  }

  isLight(name: string): boolean {
    return name === LIGHT;
  }

  get themeChanged(): ISignal<this, void> {
    return this._themeChanged;
  }

  private apply(): void {
    document.body.dataset.jpThemeLight = String(this.isLight(this.theme));
    document.body.dataset.jpThemeName = this.theme;
    this._themeChanged.emit();
  }

  private readonly dark = window.matchMedia('(prefers-color-scheme: dark)');
  private readonly _themeChanged = new Signal<this, void>(this);
}
