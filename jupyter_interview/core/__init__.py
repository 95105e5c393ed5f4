"""The rules of an interview, in the standard library only: who is who, who may do what, what is refused and why."""
