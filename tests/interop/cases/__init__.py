"""All cases, in the order in which they run: one module a client."""

import importlib

_MODULES = [
    "bad_input", "conversations", "go_clients", "kcat", "python_clients", "node_clients", "registry_clients", "schema_verdicts", "java_clients", "java_three_nodes", "java_transactions", "streams",
    "command_line", "golden", "completion", "files", "examples", "go_examples", "guide",
]


def all_cases() -> list:
    return [case for name in _MODULES for case in importlib.import_module(f"cases.{name}").registry.cases]
