"""An interview goes elsewhere: as a notebook, a log, a page or a zip of all, out of one server and into another."""
