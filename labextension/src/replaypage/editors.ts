/**
 * Which editors does the player have where there is no JupyterLab around it? The same ones, from the same package.
 */
import type { YBaseCell } from '@jupyter/ydoc';
import type { IEditorServices } from '@jupyterlab/codeeditor';
import {
  CodeMirrorEditorFactory,
  CodeMirrorMimeTypeService,
  EditorExtensionRegistry,
  EditorLanguageRegistry,
  EditorThemeRegistry,
  ybinding
} from '@jupyterlab/codemirror';

import { boundedLanguage } from '../budgets/editors';
import { namedEditor } from '../editornames';
import type { Translations } from '../tokens';

/** The editors, and the languages that they know. */
export function editorServices(trans: Translations): {
  services: IEditorServices;
  languages: EditorLanguageRegistry;
} {
  const themes = new EditorThemeRegistry();
  EditorThemeRegistry.getDefaultThemes().forEach(theme => themes.addTheme(theme));
  const languages = new EditorLanguageRegistry();
  EditorLanguageRegistry.getDefaultLanguages().forEach(language => languages.addLanguage(language));
  const extensions = new EditorExtensionRegistry();
  EditorExtensionRegistry.getDefaultExtensions({ themes }).forEach(extension =>
    extensions.addExtension(extension)
  );
  extensions.addExtension(boundedLanguage);
  extensions.addExtension(namedEditor(trans));
  // In JupyterLab a plugin does this: without it an editor shows the text that it began with for ever.
  extensions.addExtension({
    name: 'shared-model-binding',
    factory: ({ model }) =>
      EditorExtensionRegistry.createImmutableExtension(
        ybinding({ ytext: (model.sharedModel as YBaseCell<never>).ysource })
      )
  });
  const services = {
    factoryService: new CodeMirrorEditorFactory({ extensions, languages }),
    mimeTypeService: new CodeMirrorMimeTypeService(languages)
  };
  return { services, languages };
}
