"""What does an interview do? The use cases, without web server, sandbox or CRDT."""
