"""Which parts of JupyterLab does each of our pages leave out?

A page has what serves the interview and nothing else. A name switches off a plugin, or all plugins of an extension;
plugins go with those that need them, or JupyterLab logs an error at start.
"""

from __future__ import annotations

FEDERATED = frozenset(
    {
        "jupyter-interview",
        "@jupyter/docprovider-extension",
        "@jupyter/collaboration-extension",
        "jupyterlab_pygments",
    }
)
"""Extensions of other people do not run on our pages."""

_COMMON = frozenset(
    {
        "@jupyter/collaboration-extension:rtcGlobalAwareness",
        "@jupyter/collaboration-extension:rtcPanel",
        "@jupyter/collaboration-extension:shared-link",
        "@jupyter/collaboration-extension:user-menu-bar",
        "@jupyter/collaboration-extension:userMenu",
        "@jupyter/docprovider-extension:logger",
        "@jupyter/docprovider-extension:notebook-cell-executor",
        "@jupyter/docprovider-extension:statusBarTimeline",
        "@jupyter/docprovider-extension:yfile",
        "@jupyterlab/application-extension:main",
        "@jupyterlab/application-extension:property-inspector",
        "@jupyterlab/apputils-extension:announcements",
        "@jupyterlab/apputils-extension:kernel-status",
        "@jupyterlab/apputils-extension:kernels-settings",
        "@jupyterlab/apputils-extension:licenses-client",
        "@jupyterlab/apputils-extension:licenses-plugin",
        "@jupyterlab/apputils-extension:resolver",
        "@jupyterlab/apputils-extension:running-sessions-status",
        "@jupyterlab/apputils-extension:settings",
        "@jupyterlab/apputils-extension:subshell-settings",
        "@jupyterlab/apputils-extension:workspaces",
        "@jupyterlab/audio-extension",
        "@jupyterlab/celltags-extension",
        "@jupyterlab/console-extension",
        "@jupyterlab/csvviewer-extension",
        "@jupyterlab/debugger-extension",
        "@jupyterlab/docmanager-extension:download",
        "@jupyterlab/docmanager-extension:open-browser-tab",
        "@jupyterlab/docmanager-extension:path-status",
        "@jupyterlab/docmanager-extension:recents",
        "@jupyterlab/docmanager-extension:reopen-recently-closed",
        "@jupyterlab/extensionmanager-extension",
        "@jupyterlab/filebrowser-extension",
        "@jupyterlab/fileeditor-extension",
        "@jupyterlab/help-extension",
        "@jupyterlab/htmlviewer-extension",
        "@jupyterlab/hub-extension",
        "@jupyterlab/inspector-extension",
        "@jupyterlab/javascript-extension",
        "@jupyterlab/logconsole-extension",
        "@jupyterlab/lsp-extension",
        "@jupyterlab/mainmenu-extension",
        "@jupyterlab/markdownviewer-extension",
        "@jupyterlab/mermaid-extension",
        "@jupyterlab/metadataform-extension",
        "@jupyterlab/notebook-extension:active-cell-tool",
        "@jupyterlab/notebook-extension:cell-executor",
        "@jupyterlab/notebook-extension:code-console",
        "@jupyterlab/notebook-extension:export",
        "@jupyterlab/notebook-extension:kernel-status",
        "@jupyterlab/notebook-extension:language-server",
        "@jupyterlab/notebook-extension:log-output",
        "@jupyterlab/notebook-extension:metadata-editor",
        "@jupyterlab/notebook-extension:open-with-no-kernel",
        "@jupyterlab/notebook-extension:toc",
        "@jupyterlab/notebook-extension:tools",
        "@jupyterlab/notebook-extension:trust-status",
        "@jupyterlab/notebook-extension:update-raw-mimetype",
        "@jupyterlab/pdf-extension",
        "@jupyterlab/pluginmanager-extension",
        "@jupyterlab/running-extension",
        "@jupyterlab/services-extension:nbconvert-manager",
        "@jupyterlab/settingeditor-extension",
        "@jupyterlab/statusbar-extension",
        "@jupyterlab/terminal-extension",
        "@jupyterlab/toc-extension",
        "@jupyterlab/tooltip-extension:consoles",
        "@jupyterlab/tooltip-extension:files",
        "@jupyterlab/vega5-extension",
        "@jupyterlab/video-extension",
        "@jupyterlab/workspaces-extension",
    }
)

_ROOM = frozenset(
    {
        "@jupyter/docprovider-extension:ynotebook",
        "@jupyterlab/application-extension:logo",
        "@jupyterlab/launcher-extension",
        # Ours renders within budgets and without trust, formulas as well.
        "@jupyterlab/mathjax-extension",
        "@jupyterlab/rendermime-extension",
    }
)

_DESK = frozenset(
    {
        "@jupyter/collaboration-extension",
        "@jupyter/docprovider-extension",
        "@jupyterlab/cell-toolbar-extension",
        "@jupyterlab/codemirror-extension:commands",
        "@jupyterlab/completer-extension",
        "@jupyterlab/notebook-extension",
        "@jupyterlab/tooltip-extension",
    }
)

DISABLED = {"room": _COMMON | _ROOM, "desk": _COMMON | _DESK}
"""Page → what it leaves out.

JavaScript, PDF, and what interprets charts and diagrams are left out: what a member made would run in other people's
pages. The front end draws charts and diagrams in isolated frames instead (`labextension/src/isolated`), and provides
settings (`apputils-extension:settings`) without compiling their schemas.
"""
