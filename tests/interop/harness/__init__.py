"""The interop runner: brokers to test, clients to test them with, cases, and the report."""
