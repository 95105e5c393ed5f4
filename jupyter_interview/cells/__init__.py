"""How does a cell run in a language that has no kept kernel of its own?

A program by itself, started as ``python <this folder> LANGUAGE -f CONNECTION_FILE`` inside the sandbox: it imports the
standard library and ipykernel and nothing else of jupyter-interview, so that no image has to carry the server.

- `table`: what is known of each language: one row each
- `program`: compiles and runs a whole cell; `shell`, `node`, `sql`: keep state between cells
- `kernel`: what they have in common; `child`: a process, its output and its end
"""
