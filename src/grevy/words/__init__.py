"""The words of commands that a report's directives share: arguments, and the call they ask for."""
